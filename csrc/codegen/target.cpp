#include "codegen/target.h"

#include <mutex>

#include "base/error.h"
#include "codegen/llvm_headers.h"

namespace grumpy {

namespace {

void initialize_x86() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

CpuTarget detect_host() {
  CpuTarget host;
  host.cpu = llvm::sys::getHostCPUName().str();
  const llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  std::vector<std::string> words;
  for (const auto& f : features) words.push_back((f.second ? "+" : "-") + f.first().str());
  std::sort(words.begin(), words.end());  // a cache key must not depend on hash order
  for (const std::string& w : words) host.features += (host.features.empty() ? "" : ",") + w;
  const auto has = [&](std::initializer_list<const char*> names) {
    for (const char* n : names)
      if (!features.lookup(n)) return false;
    return true;
  };
  const bool v3 = has({"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"});
  const bool v4 = v3 && has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"});
  host.isa = v4 ? Isa::V4 : v3 ? Isa::V3 : Isa::V2;
  return host;
}

}  // namespace

const CpuTarget& host_cpu() {
  static const CpuTarget& host = *new CpuTarget(detect_host());  // a thread may compile while statics die
  return host;
}

CpuTarget level_cpu(Isa isa) {
  CpuTarget t;
  t.isa = isa;
  t.cpu = isa == Isa::V4 ? "x86-64-v4" : isa == Isa::V3 ? "x86-64-v3" : "x86-64-v2";
  // The level's own tuning is that of its first, slow implementation.
  if (isa == Isa::V4) t.features = "-prefer-256-bit,+fast-variable-crosslane-shuffle";
  return t;
}

std::unique_ptr<llvm::TargetMachine> make_cpu_machine(const CpuTarget& target, int codegen_level) {
  initialize_x86();
  const std::string triple = "x86_64-unknown-linux-gnu";
  std::string error;
  const llvm::Target* t = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!t) throw CompileError("no code generator for " + triple + ": " + error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.UnsafeFPMath = false;
  options.NoTrappingFPMath = false;  // the sticky flags are looked at
  const auto level =
      codegen_level == 0 ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default;
  auto machine = std::unique_ptr<llvm::TargetMachine>(
      t->createTargetMachine(triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
                             llvm::CodeModel::Small, level));
  if (!machine) throw CompileError("LLVM cannot target " + target.cpu);
  machine->setFastISel(false);  // vectors fall out of it one by one, which costs more than it saves
  return machine;
}

void set_cpu_attributes(llvm::Function& fn, const CpuTarget& target) {
  fn.addFnAttr(llvm::Attribute::NoUnwind);
  fn.addFnAttr("target-cpu", target.cpu);
  fn.addFnAttr("target-features", target.features);
  fn.addFnAttr("prefer-vector-width", std::to_string(8 * vector_bytes(target.isa)));
  fn.addFnAttr("no-trapping-math", "false");
}

}  // namespace grumpy
