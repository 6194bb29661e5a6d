/// Matrix products on the host: OpenBLAS kernels, our threads.
///
/// Strides count elements and may be any for reading; operands BLAS cannot take as they are (no
/// unit stride in either axis) are packed first. a @ a.T is computed as such: exactly symmetric,
/// half the work. Non-BLAS dtypes (integers, bool, float16) use a blocked loop of our own, with
/// NumPy's wrap-around and bool semantics.
/// Throws:  OutOfMemory. Threads: under the evaluation lock, no GIL.
#pragma once
#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace grumpy {

struct MatrixView { const void* data; int64_t rows, cols, row_stride, col_stride; };
struct MatrixOut { void* data; int64_t row_stride; };  // unit column stride

/// c[m,n] = a[m,k] @ b[k,n]; k == 0 gives zeros. What c held is not read; c overlaps neither operand.
/// Bits depend on library, shape, strides and thread budget only; those of a dot (m = n = 1) and of
/// the non-BLAS dtypes not on the budget either.
void matmul(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c);

/// The same over `ndim` leading axes, whose strides count elements too (0: broadcast).
struct MatmulBatch {
  int ndim;
  const int64_t *extents, *a_strides, *b_strides, *c_strides;
};
void matmul(DType t, const MatmulBatch& batch, const MatrixView& a, const MatrixView& b, const MatrixOut& c);

/// Which code such a product of matrices that are not each other's transposes runs, and on how many threads: for
/// people to read.
std::string describe_product(DType t, int64_t m, int64_t n, int64_t k);

}  // namespace grumpy
