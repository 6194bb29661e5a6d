/// The loops compiled ahead (kernel/block_loops.h) as one ELF object for one level of x86-64.
///
/// Leaves:  a table `grumpy_block_loops_v2` (v3, v4) laid out as BlockLoopTable; all else is local.
/// Throws:  CompileError.
/// Threads: pure.
#pragma once
#include <vector>

#include "codegen/jit.h"
#include "codegen/target.h"
#include "ops/scalar_block.h"

namespace grumpy {

/// One operation on whole arrays: inputs and outputs in memory form. For cast, `result` is the
/// target.
ScalarBlock single_op_block(Op op, DType t, DType result, bool by_number = false);

std::vector<char> block_loop_object(Isa level);

/// compile_to_object for a level instead of the host: what a JIT would make on such a machine.
std::vector<char> level_object(const ScalarBlock& block, const BlockLayout& layout, Isa level,
                               OptLevel opt, const std::string& name);

}  // namespace grumpy
