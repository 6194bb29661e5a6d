/// A scalar block as a loop over a block of elements: the body of every BlockFn.
///
/// Source:  whole vectors are emitted directly, nothing is left to a vectorizer, so compile time
/// and
///          results do not depend on what LLVM happens to recognise.
/// Leaves:  a function `void name(ptr ptrs, i64 n, ptr flags)`. All loads of a step come before its
///          stores, so an output may be the very array of an input. What depends on splats alone is
///          computed once, before the loop.
/// Throws:  InternalError for a block that breaks its own rules.
/// Threads: one module, one thread.
#pragma once
#include <string>

#include "codegen/jit.h"
#include "codegen/target.h"

namespace llvm {
class Module;
class Function;
}  // namespace llvm

namespace grumpy {

llvm::Function* emit_block_function(llvm::Module& module, const ScalarBlock& block,
                                    const BlockLayout& layout, const CpuTarget& target,
                                    OptLevel level, const std::string& name);

}  // namespace grumpy
