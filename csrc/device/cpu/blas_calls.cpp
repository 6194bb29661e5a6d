#include "device/cpu/blas_calls.h"

#include <algorithm>
#include <cstring>

#include "device/cpu/copy.h"
#include "device/cpu/openblas.h"
#include "device/cpu/strided_copy.h"

namespace grumpy {
namespace {

constexpr float kOneC[2] = {1, 0}, kZeroC[2] = {0, 0};
constexpr double kOneZ[2] = {1, 0}, kZeroZ[2] = {0, 0};

}  // namespace

BlasMatrix as_blas_matrix(const MatrixView& v, int64_t item) {
  const char* data = static_cast<const char*>(v.data);
  // Strides of axes of one element mean nothing; BLAS still wants a distance no shorter than a row.
  const int64_t row = v.rows == 1 ? std::max<int64_t>(1, v.cols) : v.row_stride;
  const int64_t col = v.cols == 1 ? std::max<int64_t>(1, v.rows) : v.col_stride;
  if ((v.cols == 1 || v.col_stride == 1) && row >= v.cols) return {data, false, row, {}};
  if ((v.rows == 1 || v.row_stride == 1) && col >= v.rows) return {data, true, col, {}};
  BlasMatrix m{nullptr, false, v.cols, allocate_buffer(size_t(v.rows * v.cols * item))};
  const int64_t extents[] = {v.rows, v.cols}, from[] = {v.row_stride * item, v.col_stride * item},
                to[] = {v.cols * item, item};
  copy_strided(item, 2, extents, data, from, m.packed->data, to);
  m.data = static_cast<const char*>(m.packed->data);
  return m;
}

void blas_gemm(const BlasLibrary& blas, DType t, int64_t m, int64_t n, int64_t k, const char* a, const BlasMatrix& al,
               const char* b, const BlasMatrix& bl, void* c, int64_t ldc) {
  const int ta = al.flag(), tb = bl.flag();
  const int64_t lda = al.distance, ldb = bl.distance;
  if (t == DType::float32) blas.sgemm(kRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
  else if (t == DType::float64) blas.dgemm(kRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
  else if (t == DType::complex64) blas.cgemm(kRowMajor, ta, tb, m, n, k, kOneC, a, lda, b, ldb, kZeroC, c, ldc);
  else blas.zgemm(kRowMajor, ta, tb, m, n, k, kOneZ, a, lda, b, ldb, kZeroZ, c, ldc);
}

void blas_gemv(const BlasLibrary& blas, DType t, const char* a, const BlasMatrix& al, int64_t rows, int64_t cols,
               const char* x, int64_t incx, void* y, int64_t incy) {
  const int ta = al.flag();
  const int64_t lda = al.distance, item = item_bytes(t);
  // Some kernels scale what y held, and 0 * NaN is NaN.
  const int64_t run = incy == 1 ? rows : 1;
  for (int64_t i = 0; i < rows; i += run) std::memset(static_cast<char*>(y) + i * incy * item, 0, size_t(run * item));
  if (al.is_transposed) std::swap(rows, cols);  // of the matrix as it is stored
  if (t == DType::float32) blas.sgemv(kRowMajor, ta, rows, cols, 1, a, lda, x, incx, 0, y, incy);
  else if (t == DType::float64) blas.dgemv(kRowMajor, ta, rows, cols, 1, a, lda, x, incx, 0, y, incy);
  else if (t == DType::complex64) blas.cgemv(kRowMajor, ta, rows, cols, kOneC, a, lda, x, incx, kZeroC, y, incy);
  else blas.zgemv(kRowMajor, ta, rows, cols, kOneZ, a, lda, x, incx, kZeroZ, y, incy);
}

void blas_syrk(const BlasLibrary& blas, DType t, int64_t n, int64_t k, const char* a, const BlasMatrix& al, void* c,
               int64_t ldc) {
  const int ta = al.flag();
  const int64_t lda = al.distance, item = item_bytes(t);
  if (n == 1) {  // the layout's distance may be any then
    const int64_t step = al.is_transposed ? lda : 1;
    return blas_dot(t, k, a, step, a, step, c);
  }
  for (int64_t i = 0; i < n; ++i)  // as for gemv
    std::memset(static_cast<char*>(c) + i * (ldc + 1) * item, 0, size_t((n - i) * item));
  if (t == DType::float32) blas.ssyrk(kRowMajor, kUpper, ta, n, k, 1, a, lda, 0, c, ldc);
  else if (t == DType::float64) blas.dsyrk(kRowMajor, kUpper, ta, n, k, 1, a, lda, 0, c, ldc);
  else if (t == DType::complex64) blas.csyrk(kRowMajor, kUpper, ta, n, k, kOneC, a, lda, kZeroC, c, ldc);
  else blas.zsyrk(kRowMajor, kUpper, ta, n, k, kOneZ, a, lda, kZeroZ, c, ldc);
}

void blas_dot(DType t, int64_t n, const char* x, int64_t incx, const char* y, int64_t incy, void* c) {
  own_blas();  // one thread
  if (t == DType::float32) *static_cast<float*>(c) = GRUMPY_BLAS(cblas_sdot)(n, x, incx, y, incy);
  else if (t == DType::float64) *static_cast<double*>(c) = GRUMPY_BLAS(cblas_ddot)(n, x, incx, y, incy);
  else if (t == DType::complex64) GRUMPY_BLAS(cblas_cdotu_sub)(n, x, incx, y, incy, c);
  else GRUMPY_BLAS(cblas_zdotu_sub)(n, x, incx, y, incy, c);
}

void mirror_block(const char* upper, char* lower, int64_t rows, int64_t cols, int64_t distance, int64_t item) {
  copy_matrix(lower, {distance * item, item}, upper, {item, distance * item}, cols, rows, int(item));
}

void mirror_upper(char* c, int64_t n, int64_t distance, int64_t item) {
  // Halve until what is left is small: the squares beside the diagonal go in tiles.
  if (n > 32) {
    const int64_t half = n / 2;
    mirror_upper(c, half, distance, item);
    mirror_upper(c + half * (distance + 1) * item, n - half, distance, item);
    return mirror_block(c + half * item, c + half * distance * item, half, n - half, distance, item);
  }
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j)
      std::memcpy(c + (j * distance + i) * item, c + (i * distance + j) * item, size_t(item));
}

double real_at(DType t, const void* element, int part) {
  return real_part(t) == DType::float32 ? double(static_cast<const float*>(element)[part])
                                        : static_cast<const double*>(element)[part];
}
void set_real_at(DType t, void* element, int part, double value) {
  if (real_part(t) == DType::float32) static_cast<float*>(element)[part] = float(value);
  else static_cast<double*>(element)[part] = value;
}

}  // namespace grumpy
