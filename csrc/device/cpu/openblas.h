/// The functions of OpenBLAS (the scipy-openblas64 wheel: names prefixed, 64-bit integers) that we
/// call. cblas.h itself would bring a thousand more.
///
/// Threads: calls may run side by side; OpenBLAS itself is kept to the caller's thread
///          (use_one_blas_thread), for its own would spin beside ours.
#pragma once
#include <cstdint>

#define GRUMPY_BLAS(name) scipy_##name##64_

namespace grumpy {

// Enumerators of cblas.h.
inline constexpr int kRowMajor = 101, kNoTrans = 111, kTrans = 112, kUpper = 121;

extern "C" {

#define GRUMPY_BLAS_TYPE(letter, Scalar)                                                                           \
  void GRUMPY_BLAS(cblas_##letter##gemm)(int order, int trans_a, int trans_b, int64_t m, int64_t n, int64_t k,     \
                                         Scalar alpha, const void* a, int64_t lda, const void* b, int64_t ldb,     \
                                         Scalar beta, void* c, int64_t ldc);                                       \
  void GRUMPY_BLAS(cblas_##letter##gemv)(int order, int trans, int64_t rows, int64_t cols, Scalar alpha,           \
                                         const void* a, int64_t lda, const void* x, int64_t incx, Scalar beta,     \
                                         void* y, int64_t incy);                                                   \
  void GRUMPY_BLAS(cblas_##letter##syrk)(int order, int uplo, int trans, int64_t n, int64_t k, Scalar alpha,       \
                                         const void* a, int64_t lda, Scalar beta, void* c, int64_t ldc);
GRUMPY_BLAS_TYPE(s, float)
GRUMPY_BLAS_TYPE(d, double)
GRUMPY_BLAS_TYPE(c, const void*)
GRUMPY_BLAS_TYPE(z, const void*)
#undef GRUMPY_BLAS_TYPE

float GRUMPY_BLAS(cblas_sdot)(int64_t n, const void* x, int64_t incx, const void* y, int64_t incy);
double GRUMPY_BLAS(cblas_ddot)(int64_t n, const void* x, int64_t incx, const void* y, int64_t incy);
void GRUMPY_BLAS(cblas_cdotu_sub)(int64_t n, const void* x, int64_t incx, const void* y, int64_t incy, void* result);
void GRUMPY_BLAS(cblas_zdotu_sub)(int64_t n, const void* x, int64_t incx, const void* y, int64_t incy, void* result);

void GRUMPY_BLAS(openblas_set_num_threads)(int n);

}  // extern "C"

}  // namespace grumpy
