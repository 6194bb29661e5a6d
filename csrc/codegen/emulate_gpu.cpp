#include "codegen/emulate_gpu.h"

#include <ucontext.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <sstream>

#include "base/error.h"
#include "codegen/emit_gpu.h"
#include "codegen/gpu_launch.h"
#include "codegen/linker.h"
#include "codegen/llvm_headers.h"
#include "codegen/optimize.h"
#include "codegen/target.h"

namespace grumpy {

namespace {

constexpr size_t kFibreStackBytes = 64 * 1024;
constexpr size_t kMaxAccessBytes = 16;

/// The thread that is running, as kernels read it.
struct ThreadNumbers {
  uint32_t tid, ctaid, ntid, nctaid;
};

/// One emulated device. Compiled code and fibres reach it through `running`.
struct Machine {
  ThreadNumbers thread{};
  std::vector<MemoryRange> ranges;
  std::vector<std::vector<char>> shared;  // shared arrays, one set: blocks run one after the other
  int64_t accesses = 0;
  std::string problem;  // the first
  alignas(16) char sink[kMaxAccessBytes] = {};

  // Fibres of the block at hand.
  ucontext_t scheduler{};
  std::vector<ucontext_t> fibres;
  std::vector<std::unique_ptr<char[]>> stacks;
  std::vector<char> is_finished;
  void (*kernel)(const uint64_t*) = nullptr;
  const uint64_t* words = nullptr;
};
Machine* running = nullptr;

void note_problem(Machine& m, const std::string& text) {
  if (!m.problem.empty()) return;
  std::ostringstream where;
  where << text << " (block " << m.thread.ctaid << ", thread " << m.thread.tid << ")";
  m.problem = where.str();
}

// An access that is not allowed goes to a sink, so that the launch can end in order.
void* check_access(char* p, int64_t size, int32_t is_store) {
  Machine& m = *running;
  ++m.accesses;
  for (const MemoryRange& r : m.ranges)
    if (p >= r.data && p + size <= r.data + r.nbytes) return p;
  std::ostringstream text;
  text << "emulated kernel " << (is_store ? "writes " : "reads ") << size << " bytes at "
       << static_cast<const void*>(p) << ", outside its buffers";
  int64_t nearest = INT64_MAX;
  size_t which = 0;
  for (size_t k = 0; k < m.ranges.size(); ++k) {
    const int64_t past = p - (m.ranges[k].data + m.ranges[k].nbytes), before = m.ranges[k].data - p;
    const int64_t distance = past >= 0 ? past : before;
    if (std::llabs(distance) < nearest) nearest = std::llabs(distance), which = k;
  }
  if (nearest < (1 << 20))
    text << "; buffer " << which << " of " << m.ranges[which].nbytes << " bytes begins at "
         << static_cast<const void*>(m.ranges[which].data);
  note_problem(m, text.str());
  return m.sink;
}

void wait_at_barrier() {
  Machine& m = *running;
  const uint32_t tid = m.thread.tid;
  swapcontext(&m.fibres[tid], &m.scheduler);
}

void fibre_main() {
  Machine& m = *running;
  const uint32_t tid = m.thread.tid;
  m.kernel(m.words);
  m.is_finished[tid] = 1;
  swapcontext(&m.fibres[tid], &m.scheduler);
}

/// erfinv: Winitzki's closed form, then Newton steps on libm's erf, or erfc where erf is flat.
double inverse_erf(double x) {
  const double a = std::fabs(x);
  if (!(a <= 1)) return std::nan("");
  if (a == 1) return std::copysign(INFINITY, x);
  const double w = -std::log1p(-a * a), p = 2 / (3.14159265358979323846 * 0.147) - w / 2;
  double y = std::sqrt(std::sqrt(p * p + w / 0.147) - p);
  for (int k = 0; k < 4; ++k) {
    const double excess = a > 0.5 ? (1 - a) - std::erfc(y) : std::erf(y) - a;
    const double slope = 1.12837916709551257390 * std::exp(-y * y);
    if (slope > 0) y -= excess / slope;
  }
  return std::copysign(y, x);
}
float inverse_erf_f(float x) { return float(inverse_erf(x)); }

Symbols device_symbols(Machine& m) {
  const auto address = [](auto* fn) { return reinterpret_cast<void*>(fn); };
  return {{"grumpy_emulated_thread", &m.thread},
          {"grumpy_emulated_check", address(&check_access)},
          {"grumpy_emulated_barrier", address(&wait_at_barrier)},
          {"__nv_fmod", address(static_cast<double (*)(double, double)>(&::fmod))},
          {"__nv_fmodf", address(static_cast<float (*)(float, float)>(&::fmodf))},
          {"__nv_lgamma", address(static_cast<double (*)(double)>(&::lgamma))},
          {"__nv_lgammaf", address(static_cast<float (*)(float)>(&::lgammaf))},
          {"__nv_erfinv", address(&inverse_erf)},
          {"__nv_erfinvf", address(&inverse_erf_f)}};
}

// --- from the GPU's module to the host's
// -----------------------------------------------------------

int thread_number_index(const llvm::Function& fn) {
  switch (fn.getIntrinsicID()) {
    case llvm::Intrinsic::nvvm_read_ptx_sreg_tid_x:
      return 0;
    case llvm::Intrinsic::nvvm_read_ptx_sreg_ctaid_x:
      return 1;
    case llvm::Intrinsic::nvvm_read_ptx_sreg_ntid_x:
      return 2;
    case llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_x:
      return 3;
    default:
      return -1;
  }
}

void replace_device_calls(llvm::Module& module) {
  llvm::IRBuilder<> b(module.getContext());
  auto* thread = new llvm::GlobalVariable(module, llvm::ArrayType::get(b.getInt32Ty(), 4), false,
                                          llvm::GlobalValue::ExternalLinkage, nullptr,
                                          "grumpy_emulated_thread");
  const llvm::FunctionCallee barrier =
      module.getOrInsertFunction("grumpy_emulated_barrier", b.getVoidTy());
  std::vector<llvm::CallInst*> calls;
  for (llvm::Function& fn : module)
    for (llvm::BasicBlock& block : fn)
      for (llvm::Instruction& i : block)
        if (auto* call = llvm::dyn_cast<llvm::CallInst>(&i)) calls.push_back(call);
  for (llvm::CallInst* call : calls) {
    const llvm::Function& callee = *call->getCalledFunction();
    b.SetInsertPoint(call);
    if (const int k = thread_number_index(callee); k >= 0)
      call->replaceAllUsesWith(b.CreateLoad(
          b.getInt32Ty(), b.CreateConstGEP1_32(b.getInt32Ty(), thread, unsigned(k)), true));
    else if (callee.getIntrinsicID() == llvm::Intrinsic::nvvm_barrier0) b.CreateCall(barrier);
    else continue;
    call->eraseFromParent();
  }
}

void check_accesses(llvm::Module& module) {
  llvm::IRBuilder<> b(module.getContext());
  llvm::Type* pointer = b.getPtrTy();
  const llvm::FunctionCallee check = module.getOrInsertFunction(
      "grumpy_emulated_check", pointer, pointer, b.getInt64Ty(), b.getInt32Ty());
  std::vector<llvm::Instruction*> accesses;
  for (llvm::Function& fn : module)
    for (llvm::BasicBlock& block : fn)
      for (llvm::Instruction& i : block)
        if (llvm::isa<llvm::LoadInst, llvm::StoreInst, llvm::AtomicRMWInst>(i))
          accesses.push_back(&i);
  for (llvm::Instruction* i : accesses) {
    const bool is_load = llvm::isa<llvm::LoadInst>(i);
    const unsigned operand = llvm::isa<llvm::StoreInst>(i) ? 1 : 0;
    llvm::Value* p = i->getOperand(operand);
    const unsigned space = p->getType()->getPointerAddressSpace();
    if (space == 0) continue;
    llvm::Type* type = is_load ? i->getType() : i->getOperand(operand == 1 ? 0 : 1)->getType();
    const uint64_t size = module.getDataLayout().getTypeStoreSize(type);
    b.SetInsertPoint(i);
    llvm::Value* allowed = b.CreateCall(
        check, {b.CreateAddrSpaceCast(p, pointer), b.getInt64(size), b.getInt32(!is_load)});
    i->setOperand(operand, b.CreateAddrSpaceCast(allowed, p->getType()));
  }
}

// Shared arrays become memory of the machine, checked like any other.
void place_shared_arrays(llvm::Module& module, Machine& m, Symbols& symbols) {
  for (llvm::GlobalVariable& v : module.globals()) {
    if (v.getAddressSpace() == 0) continue;
    m.shared.emplace_back(module.getDataLayout().getTypeAllocSize(v.getValueType()));
    v.setInitializer(nullptr);
    v.setLinkage(llvm::GlobalValue::ExternalLinkage);
    v.setDSOLocal(false);  // far away: reached through a table
    symbols.push_back({v.getName().str(), m.shared.back().data()});
    m.ranges.push_back({m.shared.back().data(), m.shared.back().size()});
  }
}

// void name.emulated(ptr words): calls the kernel with its parameters from an array of words.
void add_entry(llvm::Module& module, llvm::Function& kernel) {
  llvm::IRBuilder<> b(module.getContext());
  auto* type = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false);
  auto* entry = llvm::Function::Create(type, llvm::Function::ExternalLinkage,
                                       kernel.getName() + ".emulated", module);
  set_cpu_attributes(*entry, host_cpu());
  b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "entry", entry));
  std::vector<llvm::Value*> values;
  for (const llvm::Argument& a : kernel.args())
    values.push_back(b.CreateLoad(
        a.getType(), b.CreateConstGEP1_32(b.getInt64Ty(), entry->getArg(0), a.getArgNo())));
  b.CreateCall(&kernel, values);
  b.CreateRetVoid();
}

using Kernel = void (*)(const uint64_t*);
struct Kernels {
  Kernel main = nullptr, finish = nullptr;
};

Kernels compile_for_host(const KernelSpec& spec, Machine& m) {
  const auto machine = make_cpu_machine(host_cpu(), 0);
  llvm::LLVMContext context;
  llvm::Module module("grumpy", context);
  module.setTargetTriple(machine->getTargetTriple().str());
  module.setDataLayout(machine->createDataLayout());
  emit_gpu_kernels(module, spec);
  std::vector<llvm::Function*> kernels;
  for (llvm::Function& fn : module)
    if (!fn.isDeclaration()) kernels.push_back(&fn);
  replace_device_calls(module);
  check_accesses(module);
  std::vector<std::string> names;
  for (llvm::Function* fn : kernels) {
    set_cpu_attributes(*fn, host_cpu());
    add_entry(module, *fn);
    names.push_back(fn->getName().str() + ".emulated");
  }
  Symbols symbols = device_symbols(m);
  place_shared_arrays(module, m, symbols);
  std::string problem;
  llvm::raw_string_ostream stream(problem);
  GRUMPY_ASSERT(!llvm::verifyModule(module, &stream)) << stream.str() << to_string(spec);
  const std::vector<void*> addresses = link_object(to_object(module, *machine), names, symbols);
  Kernels k;
  k.main = reinterpret_cast<Kernel>(addresses[0]);
  if (addresses.size() > 1) k.finish = reinterpret_cast<Kernel>(addresses[1]);
  return k;
}

// --- running
// ---------------------------------------------------------------------------------------

void start_fibre(Machine& m, size_t tid) {
  getcontext(&m.fibres[tid]);
  m.fibres[tid].uc_stack.ss_sp = m.stacks[tid].get();
  m.fibres[tid].uc_stack.ss_size = kFibreStackBytes;
  m.fibres[tid].uc_link = nullptr;
  makecontext(&m.fibres[tid], fibre_main, 0);
}

// Phase after phase: every thread runs to its next barrier, or to its end.
void run_block(Machine& m, int threads, bool backward) {
  const size_t n = size_t(threads);
  m.is_finished.assign(n, 0);
  for (size_t t = 0; t < n; ++t) start_fibre(m, t);
  for (size_t finished = 0; finished < n;) {
    for (size_t k = 0; k < n; ++k) {
      const size_t t = backward ? n - 1 - k : k;
      m.thread.tid = uint32_t(t);
      swapcontext(&m.scheduler, &m.fibres[t]);
    }
    finished = size_t(std::count(m.is_finished.begin(), m.is_finished.end(), 1));
    if (finished > 0 && finished < n) {
      note_problem(m, "emulated kernel: " + std::to_string(n - finished) + " of " +
                          std::to_string(n) +
                          " threads wait at a barrier that the others never reach");
      return;
    }
  }
}

void run_stage(Machine& m, Kernel kernel, const std::vector<uint64_t>& words,
               const EmulatedGrid& grid, bool has_barriers) {
  m.kernel = kernel;
  m.words = words.data();
  m.thread.ntid = uint32_t(grid.threads);
  m.thread.nctaid = uint32_t(grid.blocks);
  for (int k = 0; k < grid.blocks; ++k) {
    m.thread.ctaid = uint32_t(grid.backward ? grid.blocks - 1 - k : k);
    for (auto& array : m.shared)
      std::memset(array.data(), 0xff, array.size());  // nothing to rely on
    if (has_barriers) {
      run_block(m, grid.threads, grid.backward);
      continue;
    }
    for (int t = 0; t < grid.threads; ++t) {
      m.thread.tid = uint32_t(grid.backward ? grid.threads - 1 - t : t);
      kernel(m.words);
    }
  }
}

}  // namespace

EmulationReport emulate_launch(const KernelSpec& spec, const LaunchArgs& launch,
                               const EmulatedGrid& grid, const std::vector<MemoryRange>& buffers) {
  const bool reduces = spec.kind != KernelKind::Map;
  if (grid.blocks < 1 || grid.threads < 1 || (reduces && grid.threads != kReduceThreads))
    throw DeviceError("emulated grid of " + std::to_string(grid.blocks) + " blocks of " +
                      std::to_string(grid.threads) + " threads: reductions take blocks of " +
                      std::to_string(kReduceThreads));
  static std::mutex one_at_a_time;
  const std::lock_guard<std::mutex> hold(one_at_a_time);
  Machine m;
  running = &m;
  m.ranges = buffers;
  const Kernels kernels = compile_for_host(spec, m);
  if (reduces) {
    m.fibres.resize(size_t(grid.threads));
    for (int t = 0; t < grid.threads; ++t)
      m.stacks.push_back(std::make_unique<char[]>(kFibreStackBytes));
  }

  uint32_t status = 0;
  m.ranges.push_back({reinterpret_cast<char*>(&status), sizeof status});
  const GpuPlan plan = plan_gpu_launch(spec, launch.extents);
  const std::vector<int> part_bytes = state_part_bytes(spec);
  std::vector<std::vector<char>> from_memory, to_memory;
  const size_t fixed_ranges = m.ranges.size();
  for (const GpuStage& stage : plan.stages) {
    from_memory = std::move(to_memory);
    to_memory.clear();
    for (size_t k = 0; k < part_bytes.size() && stage.chunks > 1; ++k)
      to_memory.emplace_back(size_t(plan.points * stage.chunks * part_bytes[k]));
    std::vector<void*> from, to(part_bytes.size(), nullptr);
    m.ranges.resize(fixed_ranges);
    for (auto& a : from_memory) from.push_back(a.data()), m.ranges.push_back({a.data(), a.size()});
    for (size_t k = 0; k < to_memory.size(); ++k)
      to[k] = to_memory[k].data(), m.ranges.push_back({to_memory[k].data(), to_memory[k].size()});
    run_stage(m, stage.is_finish ? kernels.finish : kernels.main,
              gpu_arguments(spec, launch, stage, from, to, &status), grid, reduces);
    if (!m.problem.empty()) throw DeviceError(m.problem);
  }
  return {m.accesses, uint8_t(status)};
}

}  // namespace grumpy
