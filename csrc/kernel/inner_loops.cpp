#include "kernel/inner_loops.h"

namespace grumpy {
namespace {

struct Entry { InnerLoop loop; bool is_set; };
Entry g_loops[kNumOps][kNumDTypes];

}  // namespace

void register_inner_loop(Op op, DType t, const InnerLoop& loop) {
  g_loops[int(op)][int(t)] = {loop, true};
}

const InnerLoop* find_inner_loop(Op op, DType t) {
  const Entry& entry = g_loops[int(op)][int(t)];
  return entry.is_set ? &entry.loop : nullptr;
}

}  // namespace grumpy
