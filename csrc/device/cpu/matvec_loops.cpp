#include "device/cpu/matvec_loops.h"

#include <algorithm>
#include <cstring>

#include "device/cpu/allocator.h"
#include "device/cpu/matmul_kinds.h"
#include "device/cpu/strided_copy.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {
namespace {

// Rows at once, and elements of each: what is laid out or summed stays in L1.
constexpr int64_t kRows = 4, kPart = 1024;
// Multiply-adds below which setting up costs more than it saves.
constexpr int64_t kLeast = 64;

template <class Kind> struct Vectors {
  using Sum = typename Kind::Sum;
  using Stored = typename Kind::Stored;
  static constexpr int64_t kBytes = 32, kLanes = kBytes / int64_t(sizeof(Sum));
  typedef Sum Lanes [[gnu::vector_size(kBytes)]];
  typedef Stored Elements [[gnu::vector_size(kLanes * sizeof(Stored))]];
  static constexpr bool kIsTruth = std::is_same_v<Kind, OrOfAnds>;

  [[gnu::always_inline]] static inline Lanes load(const Stored* p) {
    Elements e;
    std::memcpy(&e, p, sizeof e);
    if constexpr (kIsTruth) return Lanes(e != 0);
    else if constexpr (std::is_same_v<Sum, Stored>) return e;
    else return __builtin_convertvector(e, Lanes);
  }
  [[gnu::always_inline]] static inline Lanes add(Lanes sum, Lanes a, Lanes b) {
    if constexpr (kIsTruth) return sum | (a & b);
    else return sum + a * b;
  }

  /// sums[r] += row r, of n elements, times x. Truth values: not once a sum is known.
  template <int R>
  [[gnu::always_inline]] static inline void dot(Sum* sums, const Stored* rows, int64_t pitch, const Sum* x, int64_t n) {
    Lanes held[R] = {};
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      Lanes v;
      std::memcpy(&v, x + i, kBytes);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) held[r] = add(held[r], load(rows + r * pitch + i), v);
      if constexpr (kIsTruth) {
        uint64_t words[kBytes / 8], some = 0;
        std::memcpy(words, &held[0], kBytes);
        for (const uint64_t w : words) some |= w;
        if (some) {
          sums[0] = 0xff;
          return;
        }
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      Sum sum = sums[r];
      if constexpr (!kIsTruth)
        for (int64_t k = 0; k < kLanes; ++k) sum = Sum(sum + held[r][k]);
      for (int64_t k = i; k < n; ++k) sum = multiply_add<Kind>(sum, Kind::load(rows[r * pitch + k]), x[k]);
      sums[r] = sum;
    }
  }

  /// sums[0 .. n) += x[r] times row r.
  template <int R>
  [[gnu::always_inline]] static inline void add_rows(Sum* sums, const Stored* rows, int64_t pitch, const Sum* x, int64_t n) {
    Lanes times[R];
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) times[r] = x[r] - Lanes{};  // the same in every lane
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      Lanes held;
      std::memcpy(&held, sums + i, kBytes);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) held = add(held, load(rows + r * pitch + i), times[r]);
      std::memcpy(sums + i, &held, kBytes);
    }
    for (; i < n; ++i)
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) sums[i] = multiply_add<Kind>(sums[i], x[r], Kind::load(rows[r * pitch + i]));
  }

  using Function = void (*)(Sum*, const Stored*, int64_t, const Sum*, int64_t);
  struct Build { Function dot_one, dot_some, add_one, add_some; };
  template <int R> static void plain_dot(Sum* s, const Stored* r, int64_t p, const Sum* x, int64_t n) { dot<R>(s, r, p, x, n); }
  template <int R> static void plain_add(Sum* s, const Stored* r, int64_t p, const Sum* x, int64_t n) { add_rows<R>(s, r, p, x, n); }
  template <int R> [[gnu::target("avx2")]]
  static void avx2_dot(Sum* s, const Stored* r, int64_t p, const Sum* x, int64_t n) { dot<R>(s, r, p, x, n); }
  template <int R> [[gnu::target("avx2")]]
  static void avx2_add(Sum* s, const Stored* r, int64_t p, const Sum* x, int64_t n) { add_rows<R>(s, r, p, x, n); }
  static const Build& build() {
    static const Build best =
        __builtin_cpu_supports("avx2") ? Build{avx2_dot<1>, avx2_dot<kRows>, avx2_add<1>, avx2_add<kRows>}
                                       : Build{plain_dot<1>, plain_dot<kRows>, plain_add<1>, plain_add<kRows>};
    return best;
  }
};

/// Rows [first, end) of the matrix times x.
template <class Kind>
void multiply_rows(const MatrixView& a, const typename Kind::Sum* x, char* c, int64_t c_step, int64_t first, int64_t end) {
  using Sum = typename Kind::Sum;
  using Stored = typename Kind::Stored;
  constexpr int64_t item = int64_t(sizeof(Stored)), at_once = std::is_same_v<Kind, OrOfAnds> ? 1 : kRows;
  const auto& build = Vectors<Kind>::build();
  Stored laid_out[kRows * kPart];
  for (int64_t i = first; i < end; i += at_once) {
    const int64_t nrows = std::min(at_once, end - i);
    Sum sums[kRows] = {};
    for (int64_t at = 0; at < a.cols; at += kPart) {
      const int64_t depth = std::min(kPart, a.cols - at);
      const Stored* from = static_cast<const Stored*>(a.data) + i * a.row_stride + at * a.col_stride;
      int64_t pitch = a.row_stride;
      if (a.col_stride != 1) {
        copy_matrix(reinterpret_cast<char*>(laid_out), {kPart * item, item}, reinterpret_cast<const char*>(from),
                    {a.row_stride * item, a.col_stride * item}, nrows, depth, int(item));
        from = laid_out;
        pitch = kPart;
      }
      if (nrows == kRows) build.dot_some(sums, from, pitch, x + at, depth);
      else for (int64_t r = 0; r < nrows; ++r) build.dot_one(sums + r, from + r * pitch, pitch, x + at, depth);
      if (std::is_same_v<Kind, OrOfAnds> && sums[0]) break;
    }
    for (int64_t r = 0; r < nrows; ++r) *reinterpret_cast<Stored*>(c + (i + r) * c_step * item) = Kind::store(sums[r]);
  }
}

/// x times columns [first, end) of a matrix whose columns lie side by side: its rows are added up.
template <class Kind>
void add_up_rows(const MatrixView& b, const typename Kind::Sum* x, char* c, int64_t c_step, int64_t first, int64_t end) {
  using Sum = typename Kind::Sum;
  using Stored = typename Kind::Stored;
  const auto& build = Vectors<Kind>::build();
  alignas(64) Sum sums[kPart];
  for (int64_t j = first; j < end; j += kPart) {
    const int64_t n = std::min(kPart, end - j);
    std::memset(sums, 0, sizeof sums);
    for (int64_t p = 0; p < b.rows;) {
      if constexpr (std::is_same_v<Kind, OrOfAnds>) {
        if (p % 16 == 0 && p > 0 && !std::memchr(sums, 0, size_t(n))) break;  // all are true
        if (!x[p]) {
          ++p;
          continue;
        }
      }
      const Stored* row = static_cast<const Stored*>(b.data) + p * b.row_stride + j;
      const int64_t some = p + kRows <= b.rows ? kRows : 1;
      (some > 1 ? build.add_some : build.add_one)(sums, row, b.row_stride, x + p, n);
      p += some;
    }
    for (int64_t k = 0; k < n; ++k)
      *reinterpret_cast<Stored*>(c + (j + k) * c_step * int64_t(sizeof(Stored))) = Kind::store(sums[k]);
  }
}

/// matrix @ x; elements of the result are c_step apart.
template <class Kind>
void run(const MatrixView& matrix, const void* x, int64_t x_step, void* c, int64_t c_step, int workers) {
  using Sum = typename Kind::Sum;
  const BufferRef memory = allocate_buffer(size_t(matrix.cols) * sizeof(Sum));
  Sum* const values = static_cast<Sum*>(memory->data);
  const auto* from = static_cast<const typename Kind::Stored*>(x);
  for (int64_t k = 0; k < matrix.cols; ++k) values[k] = Kind::load(from[k * x_step]);
  const bool lies_across = matrix.row_stride == 1 && matrix.col_stride != 1;
  const MatrixView across{matrix.data, matrix.cols, matrix.rows, matrix.col_stride, matrix.row_stride};
  constexpr int64_t kLeastShare = 64;
  const int64_t share = workers == 1 ? matrix.rows : std::max(kLeastShare, (matrix.rows / (4 * workers) + kRows) & -kRows);
  parallel_for((matrix.rows + share - 1) / share, workers, [&](int64_t task, int) {
    const int64_t first = task * share, end = std::min(matrix.rows, first + share);
    char* const to = static_cast<char*>(c);
    if (lies_across) add_up_rows<Kind>(across, values, to, c_step, first, end);
    else multiply_rows<Kind>(matrix, values, to, c_step, first, end);
  });
}

}  // namespace

bool matvec_loops(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c, int workers) {
  if (t == DType::float16 || (a.rows != 1 && b.cols != 1) || a.rows * a.cols * b.cols < kLeast) return false;
  const auto run_kind = [&]<class Kind>(Kind) {
    if (b.cols == 1) return run<Kind>(a, b.data, b.row_stride, c.data, c.row_stride, workers);
    run<Kind>({b.data, b.cols, b.rows, b.col_stride, b.row_stride}, a.data, a.col_stride, c.data, 1, workers);
  };
  if (t == DType::bool_) run_kind(OrOfAnds{});
  else if (item_bytes(t) == 1) run_kind(Wrapping<uint8_t>{});
  else if (item_bytes(t) == 2) run_kind(Wrapping<uint16_t>{});
  else if (item_bytes(t) == 4) run_kind(Wrapping<uint32_t>{});
  else run_kind(Wrapping<uint64_t>{});
  return true;
}

}  // namespace grumpy
