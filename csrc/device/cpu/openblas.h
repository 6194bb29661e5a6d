/// OpenBLAS (the scipy-openblas64 wheel: names prefixed, 64-bit integers): the functions that we call,
/// of our own copy and of NumPy's. cblas.h itself would bring a thousand more.
///
/// Threads: calls may run side by side.
#pragma once
#include <cstdint>

#define GRUMPY_BLAS(name) scipy_##name##64_

namespace grumpy {

// Enumerators of cblas.h.
inline constexpr int kRowMajor = 101, kNoTrans = 111, kTrans = 112, kUpper = 121;

template <class Scalar>
using BlasGemm = void(int order, int trans_a, int trans_b, int64_t m, int64_t n, int64_t k, Scalar alpha,
                      const void* a, int64_t lda, const void* b, int64_t ldb, Scalar beta, void* c, int64_t ldc);
template <class Scalar>
using BlasGemv = void(int order, int trans, int64_t rows, int64_t cols, Scalar alpha, const void* a, int64_t lda,
                      const void* x, int64_t incx, Scalar beta, void* y, int64_t incy);
template <class Scalar>
using BlasSyrk = void(int order, int uplo, int trans, int64_t n, int64_t k, Scalar alpha, const void* a, int64_t lda,
                      Scalar beta, void* c, int64_t ldc);

/// The functions that a library may run on several threads: DO(name, type).
#define GRUMPY_BLAS_FUNCTIONS(DO)                                                                                  \
  DO(sgemm, BlasGemm<float>) DO(dgemm, BlasGemm<double>) DO(cgemm, BlasGemm<const void*>)                          \
  DO(zgemm, BlasGemm<const void*>) DO(sgemv, BlasGemv<float>) DO(dgemv, BlasGemv<double>)                          \
  DO(cgemv, BlasGemv<const void*>) DO(zgemv, BlasGemv<const void*>) DO(ssyrk, BlasSyrk<float>)                     \
  DO(dsyrk, BlasSyrk<double>) DO(csyrk, BlasSyrk<const void*>) DO(zsyrk, BlasSyrk<const void*>)

struct BlasLibrary {
#define GRUMPY_MEMBER(name, Type) Type* name;
  GRUMPY_BLAS_FUNCTIONS(GRUMPY_MEMBER)
#undef GRUMPY_MEMBER
};

/// Ours, which runs each call on its caller's thread alone.
const BlasLibrary& own_blas();

/// NumPy's, when it is an OpenBLAS with this interface that runs a call on just so many threads; else null.
const BlasLibrary* numpys_blas(int threads);

extern "C" {
float GRUMPY_BLAS(cblas_sdot)(int64_t n, const void* x, int64_t incx, const void* y, int64_t incy);
double GRUMPY_BLAS(cblas_ddot)(int64_t n, const void* x, int64_t incx, const void* y, int64_t incy);
void GRUMPY_BLAS(cblas_cdotu_sub)(int64_t n, const void* x, int64_t incx, const void* y, int64_t incy, void* result);
void GRUMPY_BLAS(cblas_zdotu_sub)(int64_t n, const void* x, int64_t incx, const void* y, int64_t incy, void* result);
}  // extern "C"

}  // namespace grumpy
