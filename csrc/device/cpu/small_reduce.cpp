/// Reductions of a few elements that follow one another: the fold of short cells (Reducer) without a Launch.
#include "device/cpu/launch.h"
#include "device/cpu/reducer.h"
#include "device/cpu/scratch.h"

namespace grumpy {

bool reduce_small(ReduceOp op, DType in, DType out, const char* elements, int64_t groups, int64_t rows, int64_t cells,
                  char* results) {
  Reduction r{};
  r.op = op;
  r.in = in;
  if (rows * cells > kBlockElements / 2 || !Reducer::takes_as_they_are(r)) return false;
  const ReduceLoops* const loops = reduce_loops(op, in);
  if (!loops) return false;
  thread_local Scratch scratch;
  const States states = states_at(scratch.get(state_bytes(*loops, groups * cells)), *loops, groups * cells);
  loops->fold(states, elements, groups, rows, cells, 0);
  loops->finish(results, out, states, groups * cells, rows);
  return true;
}

bool sum_products_small(DType in, DType out, const char* a, const char* b, int64_t n, char* result) {
  Reduction r{};
  r.op = ReduceOp::add;
  r.in = in;
  if (n < kShortRows || n > kBlockElements / 2 || !Reducer::takes_as_they_are(r)) return false;
  const ReduceLoops* const loops = reduce_loops(r.op, in);
  if (!loops || !loops->fold_products) return false;
  alignas(64) char state[kMaxStateParts * 64];
  const States states = states_at(state, *loops, 1);
  loops->fold_products(states, a, b, 1, n);
  loops->finish(result, out, states, 1, n);
  return true;
}

}  // namespace grumpy
