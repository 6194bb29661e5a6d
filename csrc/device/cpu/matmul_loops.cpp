#include "device/cpu/matmul_loops.h"

#include <algorithm>
#include <cstring>

#include "device/cpu/allocator.h"
#include "device/cpu/matmul_kinds.h"
#include "device/cpu/matvec_loops.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {
namespace {

// A panel is two 64-byte vectors wide; a task is a block of rows under a group of panels. Operands
// are packed in parts of the inner axis: the part of one panel (16 KiB) stays in L1, rows and sums in
// L2.
constexpr int64_t kPanelBytes = 128;
constexpr int64_t kRowBlock = 64;
constexpr int64_t kPanelGroup = 8;
constexpr int64_t kDepth = 128;
// Products of up to so many multiply-adds are done where they lie: packing would cost more.
constexpr int64_t kTiny = 512;

template <class Kind> struct Product {
  using Stored = typename Kind::Stored;
  using Sum = typename Kind::Sum;
  static constexpr int64_t kPanel = kPanelBytes / int64_t(sizeof(Sum));

  Elements<const Stored> a, b;
  Elements<Stored> c;
  int64_t m, n, k;

  void run_tiny() const {
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        Sum sum{};
        for (int64_t p = 0; p < k; ++p) sum = multiply_add<Kind>(sum, Kind::load(a.at(i, p)), Kind::load(b.at(p, j)));
        c.at(i, j) = Kind::store(sum);
      }
  }

  struct Scratch {
    alignas(64) Sum sums[kPanelGroup * kRowBlock * kPanel];  // [panel][row][column]
    alignas(64) Sum panel[kDepth * kPanel];                  // [inner][column]
    alignas(64) Sum rows[kDepth * kRowBlock];                // [group][inner][row]
  };

  void pack_panel(Sum* to, int64_t p, int64_t depth, int64_t j, int64_t ncols) const {
    if (ncols < kPanel) std::memset(to, 0, size_t(depth * kPanel) * sizeof(Sum));
    if (b.row == 1 && b.col != 1) {  // along the columns, which are contiguous
      for (int64_t s = 0; s < ncols; ++s) {
        const Stored* const from = &b.at(p, j + s);
        for (int64_t q = 0; q < depth; ++q) to[q * kPanel + s] = Kind::load(from[q]);
      }
      return;
    }
    for (int64_t q = 0; q < depth; ++q) {
      const Stored* const from = &b.at(p + q, j);
      if (b.col == 1) for (int64_t s = 0; s < ncols; ++s) to[q * kPanel + s] = Kind::load(from[s]);
      else for (int64_t s = 0; s < ncols; ++s) to[q * kPanel + s] = Kind::load(from[s * b.col]);
    }
  }

  void pack_rows(Sum* to, int64_t i, int64_t nrows, int64_t p, int64_t depth, int64_t at_once) const {
    for (int64_t r = 0; r < (nrows + at_once - 1) / at_once * at_once; ++r) {
      Sum* const lane = to + r / at_once * at_once * depth + r % at_once;
      for (int64_t q = 0; q < depth; ++q) lane[q * at_once] = r < nrows ? Kind::load(a.at(i + r, p + q)) : Sum{};
    }
  }

  /// True when nothing more can change these rows of sums: all true. Dense truth values are soon so.
  static bool is_settled(const Sum* sums, int64_t nrows) {
    if constexpr (!std::is_same_v<Kind, OrOfAnds>) return false;
    uint64_t all = ~uint64_t(0);
    for (int64_t i = 0; i < nrows * kPanel && all == ~uint64_t(0); i += 8) {
      uint64_t some;
      std::memcpy(&some, reinterpret_cast<const char*>(sums) + i, 8);
      all &= some;
    }
    return nrows > 0 && all == ~uint64_t(0);
  }

  /// Rows [i, i + nrows) under columns [j, j + ncols), of at most kPanelGroup panels.
  template <class Kernel>
  void run_block(Scratch& w, int64_t i, int64_t nrows, int64_t j, int64_t ncols, int64_t at_once, Kernel kernel) const {
    const int64_t groups = (nrows + at_once - 1) / at_once, panels = (ncols + kPanel - 1) / kPanel;
    for (int64_t g = 0; g < panels; ++g)
      std::memset(w.sums + g * kRowBlock * kPanel, 0, size_t(groups * at_once * kPanel) * sizeof(Sum));
    for (int64_t p = 0; p < k; p += kDepth) {
      const int64_t depth = std::min(kDepth, k - p);
      pack_rows(w.rows, i, nrows, p, depth, at_once);
      for (int64_t g = 0; g < panels; ++g) {
        const int64_t left = g * kPanel, width = std::min(kPanel, ncols - left);
        if (p > 0 && is_settled(w.sums + g * kRowBlock * kPanel, width == kPanel ? nrows : 0)) continue;
        const Sum* panel = w.panel;
        int64_t pitch = kPanel;
        if constexpr (std::is_same_v<Stored, Sum> && !std::is_same_v<Kind, OrOfAnds>) {
          if (groups == 1 && width == kPanel && b.col == 1) {  // read once: no use in packing it
            panel = &b.at(p, j + left);
            pitch = b.row;
          }
        }
        if (panel == w.panel) pack_panel(w.panel, p, depth, j + left, width);
        kernel(w.sums + g * kRowBlock * kPanel, w.rows, panel, pitch, groups, depth);
      }
    }
    for (int64_t r = 0; r < nrows; ++r)
      for (int64_t s = 0; s < ncols; ++s)
        c.at(i + r, j + s) = Kind::store(w.sums[(s / kPanel * kRowBlock + r) * kPanel + s % kPanel]);
  }
};

/// sums[group] += rows[group] @ panel for every group of kRows rows: two vectors of the processor's width at a
/// time (GCC keeps wider ones in memory), so that sums and operands fit its registers.
template <class Kind, int kRows, int kBytes, class Sum>
[[gnu::always_inline]] inline void multiply_groups(Sum* sums, const Sum* rows, const Sum* panel, int64_t pitch,
                                                   int64_t groups, int64_t depth) {
  typedef Sum Lanes [[gnu::vector_size(kBytes)]];
  constexpr int64_t kLanes = kBytes / int64_t(sizeof(Sum)), kPanel = kPanelBytes / int64_t(sizeof(Sum));
  for (int64_t g = 0; g < groups; ++g) {
    for (int64_t part = 0; part < kPanel; part += 2 * kLanes) {
      Lanes left[kRows], right[kRows];
      Sum* const to = sums + g * kRows * kPanel + part;
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        std::memcpy(&left[r], to + r * kPanel, kBytes);
        std::memcpy(&right[r], to + r * kPanel + kLanes, kBytes);
      }
      const Sum* row = rows + g * kRows * depth;
      for (int64_t q = 0; q < depth; ++q, row += kRows) {
        Lanes x, y;
        std::memcpy(&x, panel + q * pitch + part, kBytes);
        std::memcpy(&y, panel + q * pitch + part + kLanes, kBytes);
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) {
          const Lanes v = row[r] - Lanes{};  // the same in every lane
          if constexpr (std::is_same_v<Kind, OrOfAnds>) {
            left[r] |= v & x;
            right[r] |= v & y;
          } else {
            left[r] += v * x;
            right[r] += v * y;
          }
        }
      }
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        std::memcpy(to + r * kPanel, &left[r], kBytes);
        std::memcpy(to + r * kPanel + kLanes, &right[r], kBytes);
      }
    }
  }
}

/// multiply_groups for the processor we run on, by fours of rows or one by one.
template <class Kind> struct Kernels {
  using Sum = typename Kind::Sum;
  using Function = void (*)(Sum*, const Sum*, const Sum*, int64_t, int64_t, int64_t);
  template <int R> static void plain(Sum* s, const Sum* r, const Sum* p, int64_t pitch, int64_t g, int64_t d) {
    multiply_groups<Kind, R, 16>(s, r, p, pitch, g, d);
  }
#if defined(__x86_64__)
  template <int R>
  [[gnu::target("avx2")]] static void avx2(Sum* s, const Sum* r, const Sum* p, int64_t pitch, int64_t g, int64_t d) {
    multiply_groups<Kind, R, 32>(s, r, p, pitch, g, d);
  }
  template <int R>
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl")]]
  static void avx512(Sum* s, const Sum* r, const Sum* p, int64_t pitch, int64_t g, int64_t d) {
    multiply_groups<Kind, R, 64>(s, r, p, pitch, g, d);
  }
  template <int R> static Function best() {
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      return avx512<R>;
    return __builtin_cpu_supports("avx2") ? avx2<R> : plain<R>;
  }
#else
  template <int R> static Function best() { return plain<R>; }
#endif
};

template <class Kind> void run(const MatrixView& a, const MatrixView& b, const MatrixOut& c, int workers) {
  using P = Product<Kind>;
  using Stored = typename Kind::Stored;
  P p{{static_cast<const Stored*>(a.data), a.row_stride, a.col_stride},
      {static_cast<const Stored*>(b.data), b.row_stride, b.col_stride},
      {static_cast<Stored*>(c.data), c.row_stride, 1},
      a.rows, b.cols, a.cols};
  if (p.m * p.n * p.k <= kTiny) return p.run_tiny();
  if (p.n < P::kPanel && p.n < p.m) {  // the wider side across the panel: c.T = b.T @ a.T
    std::swap(p.a, p.b);
    std::swap(p.a.row, p.a.col);
    std::swap(p.b.row, p.b.col);
    std::swap(p.c.row, p.c.col);
    std::swap(p.m, p.n);
  }
  static const typename Kernels<Kind>::Function by_four = Kernels<Kind>::template best<4>(),
                                                by_one = Kernels<Kind>::template best<1>();
  const int64_t at_once = p.m < 4 ? 1 : 4;
  const auto kernel = at_once == 1 ? by_one : by_four;
  const int64_t down = (p.m + kRowBlock - 1) / kRowBlock, panels = (p.n + P::kPanel - 1) / P::kPanel;
  // Fewer panels to a task where that gives every worker something to do.
  const int64_t group = std::clamp<int64_t>(panels * down / (2 * workers), 1, kPanelGroup);
  const int64_t across = (panels + group - 1) / group, width = group * P::kPanel;
  parallel_for(down * across, workers, [&](int64_t task, int) {
    const BufferRef scratch = allocate_buffer(sizeof(typename P::Scratch));
    const int64_t i = task / across * kRowBlock, j = task % across * width;
    p.run_block(*static_cast<typename P::Scratch*>(scratch->data), i, std::min(kRowBlock, p.m - i), j,
                std::min(width, p.n - j), at_once, kernel);
  });
}

}  // namespace

void matmul_loops(DType t, const MatrixView& a, const MatrixView& b, const MatrixOut& c, int workers) {
  if (matvec_loops(t, a, b, c, workers)) return;
  if (t == DType::bool_) return run<OrOfAnds>(a, b, c, workers);
  if (t == DType::float16) return run<HalfSum>(a, b, c, workers);
  switch (item_bytes(t)) {
    case 1: return run<Wrapping<uint8_t>>(a, b, c, workers);
    case 2: return run<Wrapping<uint16_t>>(a, b, c, workers);
    case 4: return run<Wrapping<uint32_t>>(a, b, c, workers);
    default: return run<Wrapping<uint64_t>>(a, b, c, workers);
  }
}

}  // namespace grumpy
