#include "device/cpu/blas.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "base/config.h"
#include "base/error.h"
#include "device/cpu/blas_calls.h"
#include "device/cpu/copy.h"
#include "device/cpu/matmul_loops.h"
#include "device/cpu/openblas.h"
#include "device/cpu/small_products.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {
namespace {

// Multiply-adds from which threads pay for their hand-over (some 10 µs of a core's work).
constexpr double kParallelWork = 1 << 20;
// Bytes of a matrix that is read once from which two threads read it faster.
constexpr int64_t kParallelBytes = 1 << 20;
// OpenBLAS reserves buffers for this many callers at once.
constexpr int kMostWorkers = 64;
// Sides of a tile of c: each tile packs its own operands, which a small side does not repay.
constexpr int64_t kMinSide = 64;
// Parts of a long sum. Fixed by the shape alone, so that threads do not change bits.
constexpr int64_t kMinDepth = 8192, kMaxParts = 64;
constexpr int64_t kDotPart = 4096;
// Rows of a matrix that one task of a matrix-vector product adds up.
constexpr int64_t kMinRun = 256;

// Workers for which work is cut under deterministic=1; fewer share its pieces.
constexpr int kFixedWorkers = 8;

/// How the work is cut depends on this, and with it the last bits.
int worker_budget() { return Config::deterministic() ? kFixedWorkers : std::min(num_threads(), kMostWorkers); }

/// What runs a whole product on all threads by itself: the library that NumPy has in this process. Its threads stay
/// awake for 0.1 s after a product, so whoever else computes then shares their cores; and its bits are NumPy's. Null:
/// products are cut into pieces for our own threads.
const BlasLibrary* whole_products() { return Config::deterministic() ? nullptr : numpys_blas(num_threads()); }

/// A vector on either side: by the bytes of the matrix; else by multiply-adds.
int product_workers(DType t, int64_t m, int64_t n, int64_t k) {
  const bool is_vector = m == 1 || n == 1;
  const double work = double(m) * double(n) * double(k);
  const bool is_small = is_vector ? work * double(item_bytes(t)) < double(kParallelBytes)
                                  : work * (is_complex(t) ? 4 : 1) < kParallelWork;
  return is_small ? 1 : worker_budget();
}

constexpr int64_t pieces_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

/// A vector BLAS can take: positive steps only.
struct Vector {
  const char* data;
  int64_t step;
  BufferRef packed;
};
Vector as_vector(const void* data, int64_t n, int64_t stride, int64_t item) {
  if (n == 1) return {static_cast<const char*>(data), 1, {}};
  if (stride > 0) return {static_cast<const char*>(data), stride, {}};
  Vector v{nullptr, 1, allocate_buffer(size_t(n * item))};
  const int64_t from = stride * item;
  copy_strided(item, 1, &n, data, &from, v.packed->data, &item);
  v.data = static_cast<const char*>(v.packed->data);
  return v;
}

// --- Sums of parts -------------------------------------------------------------------------------

/// parts[0] += parts[1] + ... as a tree; each part is `n` real numbers.
template <class T> void add_parts(T* parts, int64_t count, int64_t n) {
  for (int64_t step = 1; step < count; step *= 2)
    for (int64_t i = 0; i + step < count; i += 2 * step) {
      T* to = parts + i * n;
      const T* from = parts + (i + step) * n;
      for (int64_t j = 0; j < n; ++j) to[j] += from[j];
    }
}

/// Runs product(part of the sum, where) for each part and leaves the sum in c: m rows of n.
template <class F>
void sum_over_depth(DType t, int64_t m, int64_t n, int64_t k, int64_t min_depth, const MatrixOut& c, F product) {
  const int64_t item = item_bytes(t), size = m * n;
  const int64_t depth = std::max(min_depth, pieces_of(k, kMaxParts)), count = pieces_of(k, depth);
  const BufferRef parts = allocate_buffer(size_t(count * size * item));
  char* const data = static_cast<char*>(parts->data);
  parallel_for(count, worker_budget(), [&](int64_t part, int) {
    product(part * depth, std::min(depth, k - part * depth), data + part * size * item);
  });
  if (real_part(t) == DType::float32) add_parts(reinterpret_cast<float*>(data), count, size * item / 4);
  else add_parts(reinterpret_cast<double*>(data), count, size * item / 8);
  for (int64_t i = 0; i < m; ++i)
    std::memcpy(static_cast<char*>(c.data) + i * c.row_stride * item, data + i * n * item, size_t(n * item));
}

bool is_long(int64_t k) { return k >= 2 * kMinDepth; }

// --- Products ------------------------------------------------------------------------------------

/// Fixed parts combined in double precision: the same bits with any number of threads.
void dot(DType t, const MatrixView& a, const MatrixView& b, void* c) {
  const int64_t item = item_bytes(t), n = a.cols;
  const Vector x = as_vector(a.data, n, a.col_stride, item), y = as_vector(b.data, n, b.row_stride, item);
  const int64_t count = pieces_of(n, kDotPart);
  if (count == 1) return blas_dot(t, n, x.data, x.step, y.data, y.step, c);
  struct Sum { double re, im; };
  const BufferRef parts = allocate_buffer(size_t(count) * sizeof(Sum));
  Sum* const sums = static_cast<Sum*>(parts->data);
  constexpr int64_t kGroup = 16;
  const int workers = n * item < kParallelBytes ? 1 : worker_budget();
  parallel_for(pieces_of(count, kGroup), workers, [&](int64_t group, int) {
    for (int64_t i = group * kGroup; i < std::min(count, (group + 1) * kGroup); ++i) {
      alignas(16) char part[16];
      const int64_t first = i * kDotPart;
      blas_dot(t, std::min(kDotPart, n - first), x.data + first * x.step * item, x.step,
               y.data + first * y.step * item, y.step, part);
      sums[i] = {real_at(t, part, 0), is_complex(t) ? real_at(t, part, 1) : 0};
    }
  });
  add_parts(&sums[0].re, count, 2);
  set_real_at(t, c, 0, sums[0].re);
  if (is_complex(t)) set_real_at(t, c, 1, sums[0].im);
}

/// y = matrix @ x.
void gemv(DType t, const BlasMatrix& matrix, int64_t rows, int64_t k, const Vector& x, void* y, int64_t y_step) {
  const int64_t item = item_bytes(t);
  const int workers = product_workers(t, rows, 1, k);
  if (const BlasLibrary* whole = workers > 1 ? whole_products() : nullptr)
    return blas_gemv(*whole, t, matrix.data, matrix, rows, k, x.data, x.step, y, y_step);
  // A transposed matrix lies in memory by rows of the sum: each worker takes whole ones.
  const bool lies_across = matrix.is_transposed && k >= 2 * kMinRun;
  if (workers > 1 && (lies_across || (rows < kMinSide * workers && is_long(k)))) {
    const int64_t least = lies_across ? kMinRun : kMinDepth;
    return sum_over_depth(t, rows, 1, k, least, {y, y_step}, [&](int64_t first, int64_t depth, char* part) {
      blas_gemv(own_blas(), t, matrix.at(0, first, item), matrix, rows, depth, x.data + first * x.step * item, x.step,
                part, 1);
    });
  }
  const int64_t side = workers == 1 ? rows : std::max(kMinSide, pieces_of(rows, 4 * workers * 16) * 16);
  parallel_for(pieces_of(rows, side), workers, [&](int64_t i, int) {
    blas_gemv(own_blas(), t, matrix.at(i * side, 0, item), matrix, std::min(side, rows - i * side), k, x.data, x.step,
              static_cast<char*>(y) + i * side * y_step * item, y_step);
  });
}

/// Tiles of c for about `wanted` tasks, near square, no side below kMinSide where c allows.
struct Tiles {
  int64_t rows, cols, down, across;
  Tiles(int64_t m, int64_t n, int64_t wanted) {
    const double shape = std::sqrt(double(wanted) * double(m) / double(n));
    down = std::clamp<int64_t>(std::llround(shape), 1, std::min(wanted, pieces_of(m, kMinSide)));
    across = std::clamp<int64_t>(pieces_of(wanted, down), 1, pieces_of(n, kMinSide));
    rows = pieces_of(m, down * 16) * 16;
    cols = pieces_of(n, across * 16) * 16;
    down = pieces_of(m, rows);
    across = pieces_of(n, cols);
  }
};

void gemm(DType t, int64_t m, int64_t n, int64_t k, const BlasMatrix& a, const BlasMatrix& b, const MatrixOut& c) {
  const int64_t item = item_bytes(t);
  const int workers = product_workers(t, m, n, k);
  if (workers == 1) return blas_gemm(own_blas(), t, m, n, k, a.data, a, b.data, b, c.data, c.row_stride);
  if (const BlasLibrary* whole = whole_products())
    return blas_gemm(*whole, t, m, n, k, a.data, a, b.data, b, c.data, c.row_stride);
  const Tiles tiles(m, n, 2 * workers);
  if (tiles.down * tiles.across < workers && is_long(k)) {
    return sum_over_depth(t, m, n, k, kMinDepth, c, [&](int64_t first, int64_t depth, char* part) {
      blas_gemm(own_blas(), t, m, n, depth, a.at(0, first, item), a, b.at(first, 0, item), b, part, n);
    });
  }
  parallel_for(tiles.down * tiles.across, workers, [&](int64_t tile, int) {
    const int64_t i = tile / tiles.across * tiles.rows, j = tile % tiles.across * tiles.cols;
    blas_gemm(own_blas(), t, std::min(tiles.rows, m - i), std::min(tiles.cols, n - j), k, a.at(i, 0, item), a,
              b.at(0, j, item), b, static_cast<char*>(c.data) + (i * c.row_stride + j) * item, c.row_stride);
  });
}

/// c = a @ a.T: the upper half by rows of blocks, each mirrored as soon as it is there.
void syrk(DType t, int64_t m, int64_t k, const BlasMatrix& a, const MatrixOut& c) {
  const int64_t item = item_bytes(t);
  const double work = double(m) * double(m) * double(k) / 2 * (is_complex(t) ? 4 : 1);
  const int workers = work < kParallelWork ? 1 : worker_budget();
  BlasMatrix across = a;  // a.T
  across.is_transposed = !a.is_transposed;
  if (workers > 1 && m < 2 * kMinSide && is_long(k)) {
    return sum_over_depth(t, m, m, k, kMinDepth, c, [&](int64_t first, int64_t depth, char* part) {
      blas_syrk(own_blas(), t, m, depth, a.at(0, first, item), a, part, m);
      mirror_upper(part, m, m, item);
    });
  }
  const BlasLibrary* const whole = workers > 1 ? whole_products() : nullptr;
  if (whole) blas_syrk(*whole, t, m, k, a.data, a, c.data, c.row_stride);
  const int64_t side = workers == 1 ? m : std::max(kMinSide, pieces_of(m, 4 * workers * 16) * 16);
  parallel_for(pieces_of(m, side), workers, [&](int64_t block, int) {
    const int64_t i = block * side, rows = std::min(side, m - i), rest = i + rows;
    char* const diagonal = static_cast<char*>(c.data) + i * (c.row_stride + 1) * item;
    if (!whole) blas_syrk(own_blas(), t, rows, k, a.at(i, 0, item), a, diagonal, c.row_stride);
    mirror_upper(diagonal, rows, c.row_stride, item);
    if (rest == m) return;
    if (!whole)
      blas_gemm(own_blas(), t, rows, m - rest, k, a.at(i, 0, item), a, across.at(0, rest, item), across,
                diagonal + rows * item, c.row_stride);
    mirror_block(diagonal + rows * item, diagonal + rows * c.row_stride * item, rows, m - rest, c.row_stride, item);
  });
}

bool is_product_with_own_transpose(const MatrixView& a, const MatrixView& b) {
  return a.data == b.data && a.rows == b.cols && a.row_stride == b.col_stride && a.col_stride == b.row_stride;
}

void blas_product(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c) {
  const int64_t m = a.rows, n = b.cols, k = a.cols, item = item_bytes(t);
  if (m == 1 && n == 1) return dot(t, a, b, c.data);
  if (small_product(t, a, b, c)) return;
  if (n == 1) return gemv(t, as_blas_matrix(a, item), m, k, as_vector(b.data, k, b.row_stride, item), c.data, c.row_stride);
  if (m == 1) {
    const MatrixView transposed{b.data, b.cols, b.rows, b.col_stride, b.row_stride};
    return gemv(t, as_blas_matrix(transposed, item), n, k, as_vector(a.data, k, a.col_stride, item), c.data, 1);
  }
  // BLAS wants the distance of rows to be at least their length, even where there is but one row.
  if (is_product_with_own_transpose(a, b)) return syrk(t, m, k, as_blas_matrix(a, item), c);
  gemm(t, m, n, k, as_blas_matrix(a, item), as_blas_matrix(b, item), c);
}

}  // namespace

void matmul(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c) {
  GRUMPY_ASSERT(a.cols == b.rows) << "matmul: " << a.cols << " columns against " << b.rows << " rows";
  if (a.rows == 0 || b.cols == 0) return;
  if (a.cols == 0) {
    const int64_t item = item_bytes(t);
    for (int64_t i = 0; i < a.rows; ++i)
      std::memset(static_cast<char*>(c.data) + i * c.row_stride * item, 0, size_t(b.cols * item));
    return;
  }
  if (is_blas_dtype(t)) return blas_product(t, a, b, c);
  const double work = double(a.rows) * double(b.cols) * double(a.cols);
  matmul_loops(t, a, b, c, work < kParallelWork / 8 ? 1 : worker_budget());
}

std::string describe_product(DType t, int64_t m, int64_t n, int64_t k) {
  const int workers = product_workers(t, m, n, k);
  const std::string threads = workers == 1 ? "one thread" : std::to_string(workers) + " threads";
  const bool is_dot = m == 1 && n == 1;
  if (!is_blas_dtype(t) || (!is_dot && is_small_product(t, m, n, k))) return "loops of our own, " + threads;
  if (workers > 1 && !is_dot && whole_products()) return "NumPy's OpenBLAS, its own threads";
  return "OpenBLAS, " + threads;
}

void matmul(DType t, const MatmulBatch& batch, const MatrixView& a, const MatrixView& b, const MatrixOut& c) {
  struct Axis { int64_t extent, a, b, c; };
  Axis axes[64];
  MatrixView whole_a = a;
  MatrixOut whole_c = c;
  int ndim = 0;
  int64_t count = 1;
  for (int k = batch.ndim - 1; k >= 0; --k) {  // innermost first
    const Axis axis{batch.extents[k], batch.a_strides[k], batch.b_strides[k], batch.c_strides[k]};
    if (axis.extent == 1) continue;
    if (axis.extent == 0) return;
    // Products with one and the same b are one product with more rows.
    const int64_t rows = whole_a.rows;
    const bool continues = rows == 1 ? axis.c >= b.cols
                                     : axis.a == rows * whole_a.row_stride && axis.c == rows * whole_c.row_stride;
    if (ndim == 0 && axis.b == 0 && continues) {
      if (rows == 1) whole_a.row_stride = axis.a, whole_c.row_stride = axis.c;
      whole_a.rows *= axis.extent;
      continue;
    }
    axes[ndim++] = axis;
    count *= axis.extent;
  }
  const int64_t item = item_bytes(t);
  const double work = double(whole_a.rows) * double(b.cols) * double(a.cols);
  const auto one = [&](int64_t i) {
    MatrixView x = whole_a, y = b;
    MatrixOut z = whole_c;
    for (int k = 0; k < ndim; ++k) {
      const int64_t at = i % axes[k].extent;
      i /= axes[k].extent;
      x.data = static_cast<const char*>(x.data) + at * axes[k].a * item;
      y.data = static_cast<const char*>(y.data) + at * axes[k].b * item;
      z.data = static_cast<char*>(z.data) + at * axes[k].c * item;
    }
    matmul(t, x, y, z);
  };
  // Many small products: one thread each; few large ones: all threads on each.
  if (work >= kParallelWork || work * double(count) < kParallelWork / 8) {
    for (int64_t i = 0; i < count; ++i) one(i);
    return;
  }
  const int64_t group = std::max<int64_t>(1, int64_t(kParallelWork / 8 / std::max(work, 1.0)));
  parallel_for(pieces_of(count, group), worker_budget(), [&](int64_t task, int) {
    for (int64_t i = task * group; i < std::min(count, (task + 1) * group); ++i) one(i);
  });
}

}  // namespace grumpy
