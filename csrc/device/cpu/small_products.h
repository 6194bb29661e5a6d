/// Products of matrices so small that a library's call takes longer than the arithmetic.
///
/// Sums run in order along the inner axis, each product and its sum rounded once.
/// Needs:   float32 or float64; c overlaps neither operand.
/// Threads: pure.
#pragma once
#include "device/cpu/blas.h"

namespace grumpy {

/// False, and nothing done: the matrices are too large for it, or the processor has no such instructions.
bool small_product(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c);

}  // namespace grumpy
