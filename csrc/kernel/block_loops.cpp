#include "kernel/block_loops.h"

#include "base/error.h"
#include "kernel/block_loop_tables.h"

namespace grumpy {

namespace {

const BlockLoopTable& table_of_this_cpu() {
  if (__builtin_cpu_supports("x86-64-v4")) return grumpy_block_loops_v4;
  if (__builtin_cpu_supports("x86-64-v3")) return grumpy_block_loops_v3;
  GRUMPY_CHECK(__builtin_cpu_supports("x86-64-v2"), RuntimeError)
      << "grumpy needs an x86-64-v2 processor (SSE4.2 and POPCNT)";
  return grumpy_block_loops_v2;
}

const BlockLoopTable& loops() {
  static const BlockLoopTable& chosen = table_of_this_cpu();
  return chosen;
}

}  // namespace

BlockFn block_loop(Op op, DType t) { return loops().ops[int(op)][int(t)]; }
BlockFn block_loop_by_number(Op op, DType t) {
  for (size_t k = 0; k < std::size(kOpsByNumber); ++k)
    if (kOpsByNumber[k] == op) return loops().by_number[k][int(t)];
  return nullptr;
}
BlockFn cast_loop(DType from, DType to) { return loops().casts[int(from)][int(to)]; }

}  // namespace grumpy
