#include "device/cpu/copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/shape.h"
#include "device/cpu/host_limits.h"
#include "device/cpu/strided_copy.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {
namespace {

// Two threads copy faster than one from about 256 KiB on; pieces large enough to hide their
// hand-out and small enough to even out a busy core.
constexpr size_t kParallelBytes = size_t(256) << 10;
constexpr size_t kPieceBytes = size_t(256) << 10;
// A row shorter than this is not worth stores past the caches: its ends go through them.
constexpr int64_t kStreamRowBytes = 2048;

bool streams(size_t nbytes) { return nbytes >= last_level_cache_bytes(); }

struct Axis { int64_t extent, from, to; };

/// An array copy as a list of axes, outermost of the destination first.
struct Space {
  const char* from;
  char* to;
  int64_t item;
  int ndim = 0;
  Axis axes[kMaxDims + 1];

  Space(const char* f, char* t, int64_t item_bytes) : from(f), to(t), item(item_bytes) {}

  void add(Axis a) {
    if (a.extent == 1) return;
    if (a.to < 0) {  // walk the destination upwards
      from += (a.extent - 1) * a.from;
      to += (a.extent - 1) * a.to;
      a.from = -a.from;
      a.to = -a.to;
    }
    axes[ndim++] = a;
  }

  /// Destination order, and neighbours that are one run in both arrays made one axis.
  void order_and_merge() {
    std::sort(axes, axes + ndim, [](const Axis& a, const Axis& b) { return a.to > b.to; });
    int n = 0;
    for (int k = 0; k < ndim; ++k) {
      if (n > 0 && axes[n - 1].to == axes[k].to * axes[k].extent && axes[n - 1].from == axes[k].from * axes[k].extent)
        axes[n - 1] = {axes[n - 1].extent * axes[k].extent, axes[k].from, axes[k].to};
      else
        axes[n++] = axes[k];
    }
    ndim = n;
  }

  /// Puts beside the last axis the one that makes with it the best matrix: the source's contiguous
  /// axis (a transpose in tiles), or else the longest when the neighbour is short.
  void choose_rows() {
    if (ndim < 3) return;
    const Axis& cols = axes[ndim - 1];
    int best = ndim - 2;
    if (std::abs(cols.from) != item) {
      for (int k = 0; k < ndim - 1; ++k)
        if (std::abs(axes[k].from) == item && axes[k].extent >= 8 && cols.extent >= 8) best = k;
    }
    if (best == ndim - 2 && axes[best].extent < 16 && cols.extent < 64) {
      for (int k = 0; k < ndim - 2; ++k)
        if (axes[k].extent > axes[best].extent) best = k;
    }
    std::rotate(axes + best, axes + best + 1, axes + ndim - 1);
  }
};

/// The copy cut into blocks of a matrix (the last two axes) under an odometer of the others.
struct Blocks {
  Axis rows, cols;
  int64_t block_rows, block_cols, down, across;  // blocks of one matrix
  int64_t count;                                 // blocks of all

  explicit Blocks(const Space& s) {
    cols = s.axes[s.ndim - 1];
    rows = s.ndim > 1 ? s.axes[s.ndim - 2] : Axis{1, 0, 0};
    const int64_t elements = std::max<int64_t>(1, int64_t(kPieceBytes) / s.item);
    block_cols = std::min(cols.extent, elements);
    // A transpose reads along the rows: keep its blocks near square.
    if (rows.extent > 1 && std::abs(rows.from) < std::abs(cols.from)) block_cols = std::min<int64_t>(block_cols, 512);
    block_rows = std::clamp<int64_t>(elements / block_cols, 1, rows.extent);
    across = (cols.extent + block_cols - 1) / block_cols;
    down = (rows.extent + block_rows - 1) / block_rows;
    count = across * down;
    for (int k = 0; k < s.ndim - 2; ++k) count *= s.axes[k].extent;
  }
};

void copy_block(char* to, const char* from, const Blocks& b, int64_t rows, int64_t cols, int item, bool past_caches) {
  if (past_caches) {
    for (int64_t r = 0; r < rows; ++r) stream_copy(to + r * b.rows.to, from + r * b.rows.from, cols * item);
  } else {
    copy_matrix(to, {b.rows.to, b.cols.to}, from, {b.rows.from, b.cols.from}, rows, cols, item);
  }
}

/// Blocks [first, last) in order.
void copy_blocks(const Space& s, const Blocks& b, int64_t first, int64_t last, bool past_caches) {
  for (int64_t i = first; i < last; ++i) {
    int64_t rest = i;
    const int64_t c = rest % b.across * b.block_cols;
    rest /= b.across;
    const int64_t r = rest % b.down * b.block_rows;
    rest /= b.down;
    const char* from = s.from + r * b.rows.from + c * b.cols.from;
    char* to = s.to + r * b.rows.to + c * b.cols.to;
    for (int k = s.ndim - 3; k >= 0; --k) {
      const int64_t at = rest % s.axes[k].extent;
      rest /= s.axes[k].extent;
      from += at * s.axes[k].from;
      to += at * s.axes[k].to;
    }
    copy_block(to, from, b, std::min(b.block_rows, b.rows.extent - r), std::min(b.block_cols, b.cols.extent - c),
               int(s.item), past_caches);
  }
  if (past_caches) stream_fence();
}

/// The largest part of an item that the copying loops know.
int64_t unit_of(int64_t item) {
  int64_t unit = 16;
  while (item % unit) unit /= 2;
  return unit;
}

}  // namespace

void parallel_copy(void* to, const void* from, size_t nbytes) {
  if (nbytes == 0) return;
  char* t = static_cast<char*>(to);
  const char* f = static_cast<const char*>(from);
  if (nbytes < kParallelBytes) {
    copy_bytes(t, f, int64_t(nbytes));
    return;
  }
  const bool past_caches = streams(nbytes);
  // Larger pieces where pages may be fresh: each thread then touches whole huge pages.
  const size_t piece = past_caches ? size_t(2) << 20 : kPieceBytes;
  parallel_for(int64_t((nbytes + piece - 1) / piece), num_threads(), [&](int64_t i, int) {
    const size_t first = size_t(i) * piece, n = std::min(piece, nbytes - first);
    if (past_caches) {
      stream_copy(t + first, f + first, int64_t(n));
      stream_fence();
    } else {
      copy_bytes(t + first, f + first, int64_t(n));
    }
  });
}

void copy_strided(int64_t item_bytes, int ndim, const int64_t* extents, const void* from, const int64_t* from_strides,
                  void* to, const int64_t* to_strides) {
  if (item_bytes == 0) return;
  Space s(static_cast<const char*>(from), static_cast<char*>(to), unit_of(item_bytes));
  int64_t nbytes = item_bytes;
  for (int k = 0; k < ndim; ++k) {
    if (extents[k] == 0) return;
    nbytes *= extents[k];
    s.add({extents[k], from_strides[k], to_strides[k]});
  }
  s.add({item_bytes / s.item, s.item, s.item});
  s.order_and_merge();
  if (s.ndim == 0) {
    std::memcpy(s.to, s.from, size_t(s.item));
    return;
  }
  if (s.ndim == 1 && s.axes[0].from == s.item && s.axes[0].to == s.item) return parallel_copy(s.to, s.from, size_t(nbytes));
  s.choose_rows();
  const Blocks b(s);
  const bool past_caches = b.cols.from == s.item && b.cols.to == s.item &&
                           b.block_cols * s.item >= kStreamRowBytes && streams(size_t(nbytes));
  // Blocks of a small matrix are small: several to a task.
  const int64_t group = std::max<int64_t>(1, int64_t(kPieceBytes) / (b.block_rows * b.block_cols * s.item));
  const int workers = size_t(nbytes) < kParallelBytes ? 1 : num_threads();
  parallel_for((b.count + group - 1) / group, workers, [&](int64_t task, int) {
    copy_blocks(s, b, task * group, std::min(b.count, (task + 1) * group), past_caches);
  });
}

}  // namespace grumpy
