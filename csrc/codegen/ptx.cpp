#include "codegen/ptx.h"

#include <cstdlib>
#include <mutex>

#include "base/error.h"
#include "codegen/emit_gpu.h"
#include "codegen/llvm_headers.h"
#include "codegen/optimize.h"

extern "C" {
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

namespace grumpy {

namespace {

constexpr const char* kTriple = "nvptx64-nvidia-cuda";
constexpr int kOldest = 70,
              kNewest = 90;  // of PTX text we emit; drivers assemble it for newer chips

/// "sm_86" for "sm_86"; "sm_90" for what is newer.
std::string architecture(const std::string& sm) {
  const bool is_word = sm.rfind("sm_", 0) == 0 && sm.size() > 3 &&
                       sm.find_first_not_of("0123456789", 3) == std::string::npos && sm.size() < 8;
  const int number = is_word ? std::atoi(sm.c_str() + 3) : 0;
  if (number < kOldest)
    throw CompileError("no GPU architecture \"" + sm + "\": expected sm_" +
                       std::to_string(kOldest) + " or newer");
  return "sm_" + std::to_string(std::min(number, kNewest));
}

std::unique_ptr<llvm::TargetMachine> make_gpu_machine(const std::string& sm) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(kTriple, error);
  if (!target) throw CompileError("no code generator for NVPTX: " + error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  auto machine = std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      kTriple, architecture(sm), "+ptx80", options, {}, {}, llvm::CodeGenOptLevel::Default));
  if (!machine) throw CompileError("LLVM cannot target " + sm);
  return machine;
}

std::unique_ptr<llvm::MemoryBuffer> read_libdevice() {
  std::vector<std::string> places;
  if (const char* file = std::getenv("GRUMPY_LIBDEVICE")) places.push_back(file);
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char* root = std::getenv(variable))
      places.push_back(std::string(root) + "/nvvm/libdevice/libdevice.10.bc");
  for (const char* root : {"/usr/local/cuda", "/usr/lib/cuda", "/opt/cuda"})
    places.push_back(std::string(root) + "/nvvm/libdevice/libdevice.10.bc");
  for (const std::string& place : places)
    if (auto file = llvm::MemoryBuffer::getFile(place)) return std::move(*file);
  throw CompileError(
      "this kernel calls NVIDIA's libdevice.10.bc, which was not found; "
      "install the CUDA toolkit, or set GRUMPY_LIBDEVICE to the file");
}

bool calls_libdevice(const llvm::Module& module) {
  for (const llvm::Function& fn : module)
    if (fn.isDeclaration() && fn.getName().starts_with("__nv_")) return true;
  return false;
}

// Only the functions that are called come in, and they become ours.
void link_libdevice(llvm::Module& module) {
  const auto buffer = read_libdevice();
  auto library = llvm::getLazyBitcodeModule(buffer->getMemBufferRef(), module.getContext());
  if (!library) throw CompileError("libdevice: " + llvm::toString(library.takeError()));
  (*library)->setDataLayout(module.getDataLayout());
  (*library)->setTargetTriple(module.getTargetTriple());
  if (llvm::Linker::linkModules(module, std::move(*library), llvm::Linker::LinkOnlyNeeded))
    throw CompileError("libdevice does not link");
  for (llvm::Function& fn : module)
    if (!fn.isDeclaration() && fn.getName().starts_with("__"))
      fn.setLinkage(llvm::GlobalValue::InternalLinkage);
}

void optimize_for_gpu(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

}  // namespace

std::string emit_ptx(const KernelSpec& spec, const std::string& sm) {
  const auto machine = make_gpu_machine(sm);
  llvm::LLVMContext context;
  llvm::Module module("grumpy", context);
  module.setTargetTriple(kTriple);
  module.setDataLayout(machine->createDataLayout());
  emit_gpu_kernels(module, spec);
  std::string problem;
  llvm::raw_string_ostream stream(problem);
  GRUMPY_ASSERT(!llvm::verifyModule(module, &stream)) << stream.str() << to_string(spec);
  if (calls_libdevice(module)) link_libdevice(module);
  optimize_for_gpu(module, *machine);
  return to_assembly(module, *machine);
}

std::string emit_gpu_text(const KernelSpec& spec) {
  llvm::LLVMContext context;
  llvm::Module module("grumpy", context);
  module.setTargetTriple(kTriple);
  emit_gpu_kernels(module, spec);
  return to_text(module);
}

}  // namespace grumpy
