/// Matrix products of the dtypes BLAS does not know: integers wrap around, bool is an or of ands,
/// float16 is summed in float32 in the order of the inner axis and rounded once.
///
/// Throws:  what parallel_for throws.  Threads: the pool's, at most `workers`; they do not change bits.
#pragma once
#include "device/cpu/blas.h"

namespace grumpy {

/// c = a @ b with at least one row, column and inner element; any dtype of the above, any strides.
void matmul_loops(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c, int workers);

}  // namespace grumpy
