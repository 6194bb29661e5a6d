#include "codegen/optimize.h"

#include "base/error.h"
#include "codegen/llvm_headers.h"

namespace grumpy {

// Equal operations were merged when the scalar block was built and invariants were hoisted when the
// loop was, so the middle end has next to nothing to do: common subexpressions that address
// arithmetic and conversions brought in.
void optimize(llvm::Module& module, llvm::TargetMachine& machine, OptLevel level) {
  if (level == OptLevel::Quick) return;
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::DCEPass());
  for (llvm::Function& fn : module)
    if (!fn.isDeclaration()) passes.run(fn, functions);
}

std::vector<char> to_object(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  llvm::MCContext* context = nullptr;
  if (machine.addPassesToEmitMC(passes, context, stream, /*DisableVerify=*/true))
    throw CompileError("LLVM cannot emit objects for " + machine.getTargetTriple().str());
  passes.run(module);
  return {bytes.begin(), bytes.end()};
}

std::string to_assembly(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    throw CompileError("LLVM cannot emit assembly for " + machine.getTargetTriple().str());
  passes.run(module);
  return {bytes.begin(), bytes.end()};
}

std::string to_text(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

}  // namespace grumpy
