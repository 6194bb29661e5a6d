/// Products of a matrix and a vector for integers and truth values: the matrix is read once, along its memory.
///
/// Throws:  OutOfMemory.  Threads: the pool's, at most `workers`; they do not change bits.
#pragma once
#include "device/cpu/blas.h"

namespace grumpy {

/// c = a @ b where one of them has one row or column. False: it is not such a product, or one of another dtype.
bool matvec_loops(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c, int workers);

}  // namespace grumpy
