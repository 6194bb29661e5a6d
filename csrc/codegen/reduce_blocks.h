/// A reduction in scalar blocks: what a state is, and how elements enter it, states meet and a
/// result leaves. For targets that have no driver of their own for reductions.
///
/// A state is a few real values. Sums of floats are kept in float64, as on the CPU. A fresh state
/// behaves as no elements at all, so padding and empty lanes cost nothing but a combination.
/// Throws:  CompileError for a pair that makes no sense.
/// Threads: pure.
#pragma once
#include <vector>

#include "ops/scalar_block.h"

namespace grumpy {

struct ReduceBlocks {
  std::vector<DType> parts;     // of a state; never complex
  std::vector<uint64_t> fresh;  // bits of each part of a fresh state
  ScalarBlock lift;             // slots: the element, its index (int64); outputs: parts
  ScalarBlock combine;          // slots: parts of the earlier state, of the later; outputs: parts
  ScalarBlock finish;           // slots: parts; output: the result
};

ReduceBlocks reduce_blocks(ReduceOp op, DType in, DType out);

}  // namespace grumpy
