/// From an LLVM module to object bytes or assembly text.
///
/// Quick runs no IR pass and LLVM's fast code generator; Full a short list of passes and the
/// default one. No pass here may change the bits of a result or the flags raised on the way.
/// Throws:  CompileError with LLVM's words.
/// Threads: the machine and the module belong to the caller's thread.
#pragma once
#include <string>
#include <vector>

#include "codegen/jit.h"

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace grumpy {

void optimize(llvm::Module& module, llvm::TargetMachine& machine, OptLevel level);
std::vector<char> to_object(llvm::Module& module, llvm::TargetMachine& machine);
std::string to_assembly(llvm::Module& module, llvm::TargetMachine& machine);
std::string to_text(const llvm::Module& module);

}  // namespace grumpy
