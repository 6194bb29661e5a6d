/// Products of matrices so small that a library's call takes longer than the arithmetic.
///
/// Sums run in order along the inner axis, each product and its sum rounded once.
/// Needs:   float32 or float64; c overlaps neither operand.
/// Threads: pure.
#pragma once
#include "device/cpu/blas.h"

namespace grumpy {

/// Whether the matrices are small enough, and the processor has the instructions.
bool is_small_product(DType t, int64_t m, int64_t n, int64_t k);
/// False, and nothing done: it is no small product.
bool small_product(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c);

}  // namespace grumpy
