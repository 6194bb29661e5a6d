#include "codegen/jit.h"

#include "base/config.h"
#include "base/error.h"
#include "codegen/emit_cpu.h"
#include "codegen/linker.h"
#include "codegen/llvm_headers.h"
#include "codegen/optimize.h"
#include "codegen/target.h"

namespace grumpy {

namespace {

llvm::TargetMachine& warm_machine(OptLevel level) {
  thread_local std::unique_ptr<llvm::TargetMachine> machines[2];
  auto& machine = machines[int(level)];
  if (!machine) machine = make_cpu_machine(host_cpu(), level == OptLevel::Quick ? 0 : 2);
  return *machine;
}

// Builds, verifies where asked, and optimises the module of one block; then `use` gets it.
template <class Use>
auto with_module(const ScalarBlock& block, const BlockLayout& layout, OptLevel level,
                 const std::string& name, Use use) {
  llvm::TargetMachine& machine = warm_machine(level);
  llvm::LLVMContext context;
  llvm::Module module(name, context);
  module.setTargetTriple(machine.getTargetTriple().str());
  module.setDataLayout(machine.createDataLayout());
  emit_block_function(module, block, layout, host_cpu(), level, name);
  if (Config::verify() > 0) {
    std::string problem;
    llvm::raw_string_ostream stream(problem);
    GRUMPY_ASSERT(!llvm::verifyModule(module, &stream)) << stream.str() << block.to_string();
  }
  optimize(module, machine, level);
  return use(module, machine);
}

}  // namespace

BlockFn compile_block(const ScalarBlock& block, const BlockLayout& layout, OptLevel level,
                      const std::string& name) {
  return load_object(compile_to_object(block, layout, level, name), name);
}

std::vector<char> compile_to_object(const ScalarBlock& block, const BlockLayout& layout,
                                    OptLevel level, const std::string& name) {
  return with_module(block, layout, level, name,
                     [](llvm::Module& m, llvm::TargetMachine& t) { return to_object(m, t); });
}

BlockFn load_object(const std::vector<char>& object, const std::string& name) {
  return reinterpret_cast<BlockFn>(link_object(object, {name})[0]);
}

std::string llvm_text(const ScalarBlock& block, const BlockLayout& layout, OptLevel level) {
  return with_module(block, layout, level, "kernel",
                     [](llvm::Module& m, llvm::TargetMachine&) { return to_text(m); });
}

std::string asm_text(const ScalarBlock& block, const BlockLayout& layout, OptLevel level) {
  return with_module(block, layout, level, "kernel",
                     [](llvm::Module& m, llvm::TargetMachine& t) { return to_assembly(m, t); });
}

const std::string& host_target() {
  static const std::string& text = *new std::string(host_cpu().cpu + " " + host_cpu().features);
  return text;
}

}  // namespace grumpy
