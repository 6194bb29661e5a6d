/// BLAS on operands of a dtype known at run time; row-major, alpha 1, beta 0.
///
/// Throws:  OutOfMemory where a matrix is packed.
/// Threads: any; a call runs on those of its library.
#pragma once
#include <cstdint>

#include "base/dtype.h"
#include "device/cpu/allocator.h"
#include "device/cpu/blas.h"
#include "device/cpu/openblas.h"

namespace grumpy {

constexpr bool is_blas_dtype(DType t) {
  return t == DType::float32 || t == DType::float64 || t == DType::complex64 || t == DType::complex128;
}

/// A matrix as BLAS takes it: stored by rows, or by columns when transposed.
struct BlasMatrix {
  const char* data;
  bool is_transposed;
  int64_t distance;  // elements between stored rows (columns)
  BufferRef packed;  // holds data when the matrix had to be packed

  const char* at(int64_t row, int64_t col, int64_t item) const {
    return data + (is_transposed ? row + col * distance : row * distance + col) * item;
  }
  int flag() const { return is_transposed ? kTrans : kNoTrans; }
};
/// As it lies where BLAS can read it so, else a packed copy.
BlasMatrix as_blas_matrix(const MatrixView& view, int64_t item);

// The data pointers say where in the matrices the operands begin.
void blas_gemm(const BlasLibrary& blas, DType t, int64_t m, int64_t n, int64_t k, const char* a,
               const BlasMatrix& a_layout, const char* b, const BlasMatrix& b_layout, void* c, int64_t c_distance);
void blas_gemv(const BlasLibrary& blas, DType t, const char* a, const BlasMatrix& a_layout, int64_t rows, int64_t cols,
               const char* x, int64_t x_step, void* y, int64_t y_step);
/// The upper triangle of a @ a.T; what lies below the diagonal is left alone.
void blas_syrk(const BlasLibrary& blas, DType t, int64_t n, int64_t k, const char* a, const BlasMatrix& a_layout,
               void* c, int64_t c_distance);
void blas_dot(DType t, int64_t n, const char* x, int64_t x_step, const char* y, int64_t y_step, void* c);

/// Copies what is above the diagonal of an n x n matrix to below it.
void mirror_upper(char* c, int64_t n, int64_t distance, int64_t item);
/// lower[j][i] = upper[i][j] for i < rows, j < cols; both have this distance of rows.
void mirror_block(const char* upper, char* lower, int64_t rows, int64_t cols, int64_t distance, int64_t item);

/// Part 0 (real) or 1 (imaginary) of one BLAS-typed element.
double real_at(DType t, const void* element, int part);
void set_real_at(DType t, void* element, int part, double value);

}  // namespace grumpy
