#include "device/cpu/small_products.h"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace grumpy {
namespace {

// Multiply-adds up to which these loops are ahead of OpenBLAS, and columns that b is copied to when its own
// do not lie side by side.
constexpr int64_t kMaxWork = 512;
constexpr int64_t kMaxPacked = 512;

#if defined(__x86_64__)

struct Doubles {
  using Item = double;
  using Lanes = __m256d;
  static constexpr int kLanes = 4;
  [[gnu::target("avx2,fma"), gnu::always_inline]] static Lanes load(const double* p) { return _mm256_loadu_pd(p); }
  [[gnu::target("avx2,fma"), gnu::always_inline]] static void store(double* p, Lanes v) { _mm256_storeu_pd(p, v); }
  [[gnu::target("avx2,fma"), gnu::always_inline]] static Lanes zero() { return _mm256_setzero_pd(); }
  [[gnu::target("avx2,fma"), gnu::always_inline]] static Lanes add_product(const double* a, Lanes b, Lanes sum) {
    return _mm256_fmadd_pd(_mm256_broadcast_sd(a), b, sum);
  }
  [[gnu::target("avx2,fma"), gnu::always_inline]] static double add_product(double a, double b, double sum) {
    return __builtin_fma(a, b, sum);
  }
};
struct Floats {
  using Item = float;
  using Lanes = __m128;  // four columns as well: matrices of four are the most frequent
  static constexpr int kLanes = 4;
  [[gnu::target("avx2,fma"), gnu::always_inline]] static Lanes load(const float* p) { return _mm_loadu_ps(p); }
  [[gnu::target("avx2,fma"), gnu::always_inline]] static void store(float* p, Lanes v) { _mm_storeu_ps(p, v); }
  [[gnu::target("avx2,fma"), gnu::always_inline]] static Lanes zero() { return _mm_setzero_ps(); }
  [[gnu::target("avx2,fma"), gnu::always_inline]] static Lanes add_product(const float* a, Lanes b, Lanes sum) {
    return _mm_fmadd_ps(_mm_broadcast_ss(a), b, sum);
  }
  [[gnu::target("avx2,fma"), gnu::always_inline]] static float add_product(float a, float b, float sum) {
    return __builtin_fmaf(a, b, sum);
  }
};

/// kRows rows of c, kColumns vectors wide.
template <class V, int kRows, int kColumns>
[[gnu::target("avx2,fma"), gnu::always_inline]]
inline void multiply_tile(const typename V::Item* a, int64_t a_row, int64_t a_col, const typename V::Item* b, int64_t b_row,
                          int64_t k, typename V::Item* c, int64_t c_row) {
  typename V::Lanes sums[kRows][kColumns];
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kColumns; ++v) sums[r][v] = V::zero();
  for (int64_t p = 0; p < k; ++p) {
    typename V::Lanes lanes[kColumns];
    for (int v = 0; v < kColumns; ++v) lanes[v] = V::load(b + p * b_row + v * V::kLanes);
    for (int r = 0; r < kRows; ++r)
      for (int v = 0; v < kColumns; ++v) sums[r][v] = V::add_product(a + r * a_row + p * a_col, lanes[v], sums[r][v]);
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kColumns; ++v) V::store(c + r * c_row + v * V::kLanes, sums[r][v]);
}

/// Columns [0, kColumns vectors) of all rows.
template <class V, int kColumns>
[[gnu::target("avx2,fma"), gnu::always_inline]]
inline void multiply_panel(int64_t m, int64_t k, const typename V::Item* a, int64_t a_row, int64_t a_col,
                           const typename V::Item* b, int64_t b_row, typename V::Item* c, int64_t c_row) {
  int64_t i = 0;
  for (; i + 4 <= m; i += 4) multiply_tile<V, 4, kColumns>(a + i * a_row, a_row, a_col, b, b_row, k, c + i * c_row, c_row);
  for (; i < m; ++i) multiply_tile<V, 1, kColumns>(a + i * a_row, a_row, a_col, b, b_row, k, c + i * c_row, c_row);
}

template <class V>
[[gnu::target("avx2,fma")]]
void multiply(const MatrixView& a, const MatrixView& b, const MatrixOut& c) {
  using Item = typename V::Item;
  const int64_t m = a.rows, n = b.cols, k = a.cols;
  const Item* const x = static_cast<const Item*>(a.data);
  const Item* y = static_cast<const Item*>(b.data);
  int64_t y_row = b.row_stride;
  Item packed[kMaxPacked];
  if (b.col_stride != 1 && n > 1) {
    for (int64_t p = 0; p < k; ++p)
      for (int64_t j = 0; j < n; ++j) packed[p * n + j] = y[p * b.row_stride + j * b.col_stride];
    y = packed;
    y_row = n;
  }
  Item* const z = static_cast<Item*>(c.data);
  int64_t j = 0;
  for (; j + 2 * V::kLanes <= n; j += 2 * V::kLanes)
    multiply_panel<V, 2>(m, k, x, a.row_stride, a.col_stride, y + j, y_row, z + j, c.row_stride);
  if (j + V::kLanes <= n) {
    multiply_panel<V, 1>(m, k, x, a.row_stride, a.col_stride, y + j, y_row, z + j, c.row_stride);
    j += V::kLanes;
  }
  for (; j < n; ++j)
    for (int64_t i = 0; i < m; ++i) {
      Item sum = 0;
      for (int64_t p = 0; p < k; ++p) sum = V::add_product(x[i * a.row_stride + p * a.col_stride], y[p * y_row + j], sum);
      z[i * c.row_stride + j] = sum;
    }
}

const bool can_multiply = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");

#endif

}  // namespace

bool is_small_product(DType t, int64_t m, int64_t n, int64_t k) {
#if defined(__x86_64__)
  if (!can_multiply || (t != DType::float64 && t != DType::float32)) return false;
  return m <= kMaxWork && n <= kMaxWork && k <= kMaxWork && m * n * k <= kMaxWork && k * n <= kMaxPacked;
#else
  (void)t, (void)m, (void)n, (void)k;
  return false;
#endif
}

bool small_product(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c) {
#if defined(__x86_64__)
  if (!is_small_product(t, a.rows, b.cols, a.cols)) return false;
  if (t == DType::float64) multiply<Doubles>(a, b, c);
  else multiply<Floats>(a, b, c);
  return true;
#else
  (void)t, (void)a, (void)b, (void)c;
  return false;
#endif
}

}  // namespace grumpy
