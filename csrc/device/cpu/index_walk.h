/// How index loops walk: the rows that an index selects, block by block, for one thread or many.
///
/// An array is seen as outer axes (before the index), indexed axes, and rows (the axes after). The
/// other side, dense result or values, has the same outer axes and rows and the index's own axes
/// between. `Apply` is called with lists of byte offsets of matching rows on both sides:
/// rows(array offset, other offset, array offsets, other offsets, how many); or, where it says
/// takes_plain and the index is one, with that: plain(array offset, other offset, index, how many).
/// Threads: const once built; the walks use the pool.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

#include "base/shape.h"
#include "device/cpu/index_loops.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {

inline constexpr int64_t kIndexBlock = 1024;               // offsets of a block: 8 KiB a side
inline constexpr int64_t kPlainBlock = 16 << 10;           // of a plain index, which needs no offsets
inline constexpr int64_t kIndexTaskBytes = 128 << 10;      // moved by one task
inline constexpr int64_t kIndexParallelBytes = 256 << 10;  // from here on threads pay
inline constexpr int64_t kDividedBytes = 8 << 20;          // from here on a scatter whose parts each read all the index
inline constexpr int64_t kMostPasses = 8;                  // readings of the index by a divided scatter

/// One index array of unit step: entry i selects the row `scale` * positions[i] (wrapped by extent)
/// bytes into the array, and lies i * other_step bytes into the other side.
struct PlainIndex {
  const int64_t* positions;
  int64_t extent, scale, other_step;
  int64_t position(int64_t i) const {
    const int64_t at = positions[i];
    return at + (at >> 63 & extent);
  }
  int64_t offset(int64_t i) const { return position(i) * scale; }
};

/// Axes with a step on each side, in bytes; neighbours that are one run on both are merged.
struct PairedAxes {
  int ndim = 0;
  int64_t extents[kMaxDims], array[kMaxDims], other[kMaxDims];

  void add(int64_t extent, int64_t array_step, int64_t other_step) {
    if (extent == 1) return;
    if (ndim > 0 && array[ndim - 1] == extent * array_step && other[ndim - 1] == extent * other_step) {
      extents[ndim - 1] *= extent;
      array[ndim - 1] = array_step;
      other[ndim - 1] = other_step;
      return;
    }
    extents[ndim] = extent;
    array[ndim] = array_step;
    other[ndim++] = other_step;
  }
  int64_t size() const {
    int64_t n = 1;
    for (int k = 0; k < ndim; ++k) n *= extents[k];
    return n;
  }
  /// Offsets of the flat position `at` on both sides.
  struct Offsets { int64_t array, other; };
  Offsets at(int64_t flat) const {
    Offsets o{0, 0};
    for (int k = ndim - 1; k >= 0; --k) {
      const int64_t i = flat % extents[k];
      flat /= extents[k];
      o.array += i * array[k];
      o.other += i * other[k];
    }
    return o;
  }
};

/// Calls f(offset of the first, step, length, how many came before) for each run along the last axis
/// of flat positions [first, first + n) of an array.
template <class F>
void for_each_run(std::span<const int64_t> extents, std::span<const int64_t> steps, int64_t first, int64_t n, F f) {
  if (n <= 0) return;
  const int last = int(extents.size()) - 1;
  if (last < 0) return f(int64_t(0), int64_t(0), n, int64_t(0));
  int64_t index[kMaxDims], rest = first, offset = 0;
  for (int k = last; k >= 0; --k) {
    index[k] = rest % extents[size_t(k)];
    rest /= extents[size_t(k)];
    offset += index[k] * steps[size_t(k)];
  }
  for (int64_t done = 0;;) {
    const int64_t length = std::min(extents[size_t(last)] - index[last], n - done);
    f(offset, steps[size_t(last)], length, done);
    done += length;
    if (done == n) return;
    offset += length * steps[size_t(last)];
    index[last] += length;
    for (int k = last; index[k] == extents[size_t(k)]; --k) {
      offset += steps[size_t(k) - 1] - index[k] * steps[size_t(k)];
      index[k] = 0;
      ++index[k - 1];
    }
  }
}

class IndexWalk {
 public:
  /// `other_steps` in bytes, over outer axes, index axes and row axes.
  IndexWalk(std::span<const int64_t> extents, std::span<const int64_t> strides, int64_t item, const IndexSet& index,
            std::span<const int64_t> other_steps);

  const PairedAxes& row() const { return row_; }
  int64_t count() const { return index_count_; }
  int64_t row_bytes() const { return row_bytes_; }

  /// Rows in any order, divided among threads.
  template <class Apply> void in_any_order(const Apply& apply) const {
    const int64_t outer = outer_.size();
    if (outer * index_count_ * row_bytes_ == 0) return;
    const int64_t most = is_plain_ && apply.takes_plain() ? kPlainBlock : kIndexBlock;
    const int64_t block = std::min(index_count_, std::clamp<int64_t>(kIndexTaskBytes / row_bytes_, 1, most));
    const int64_t chunk = std::clamp<int64_t>(kIndexTaskBytes / (block * row_bytes_), 1, outer);
    const int64_t blocks = (index_count_ + block - 1) / block, chunks = (outer + chunk - 1) / chunk;
    parallel_for(blocks * chunks, workers(), [&](int64_t task, int) {
      const int64_t first = task % chunks * chunk;
      serve(apply, task / chunks * block, block, first, std::min(outer, first + chunk), 0, 1);
    });
  }

  /// Rows of one place in the array in the order of the index. Threads share outer positions; where
  /// those are few, each reads the whole index and serves one part of the array.
  template <class Apply> void in_order(const Apply& apply) const {
    const int64_t outer = outer_.size();
    if (outer * index_count_ * row_bytes_ == 0) return;
    const int64_t all = workers();
    const bool is_divided = outer < 2 * all && outer * index_count_ * row_bytes_ >= kDividedBytes;
    const int64_t passes = is_divided ? std::min(all, kMostPasses) : 1;
    const int64_t pieces = passes > 1 ? outer : std::min(outer, 4 * all);
    parallel_for(pieces * passes, int(all), [&](int64_t task, int) {
      const int64_t piece = task / passes, first = outer * piece / pieces, last = outer * (piece + 1) / pieces;
      const int64_t block = is_plain_ && passes == 1 && apply.takes_plain() ? index_count_ : kIndexBlock;
      for (int64_t p = 0; p < index_count_; p += block) serve(apply, p, block, first, last, task % passes, passes);
    });
  }

 private:
  struct Block {
    int64_t n;
    int64_t array[kIndexBlock], other[kIndexBlock];
  };
  int workers() const { return outer_.size() * index_count_ * row_bytes_ < kIndexParallelBytes ? 1 : num_threads(); }
  void fill(Block& b, int64_t first, int64_t most) const;
  void keep_part(Block& b, int64_t part, int64_t parts) const;
  /// At most `most` index entries from p on, for outer positions [first, last).
  template <class Apply>
  void serve(const Apply& apply, int64_t p, int64_t most, int64_t first, int64_t last, int64_t part, int64_t parts) const {
    if (is_plain_ && parts == 1 && apply.takes_plain()) {
      PlainIndex plain = plain_;
      plain.positions += p;
      const int64_t n = std::min(most, index_count_ - p);
      for (int64_t o = first; o < last; ++o) {
        const PairedAxes::Offsets at = outer_.at(o);
        apply.plain(at.array, at.other + p * plain.other_step, plain, n);
      }
      return;
    }
    Block b;
    fill(b, p, most);
    if (parts > 1) keep_part(b, part, parts);
    for (int64_t o = first; o < last; ++o) {
      const PairedAxes::Offsets at = outer_.at(o);
      apply.rows(at.array, at.other, b.array, b.other, b.n);
    }
  }

  PairedAxes outer_, row_;
  int64_t row_bytes_, index_count_ = 1;
  const IndexSet& index_;
  int64_t axis_extents_[kMaxDims], axis_steps_[kMaxDims];  // of the indexed axes
  int64_t least_ = 0, most_ = 0;                           // offsets they can reach
  std::span<const int64_t> index_steps_;                   // of the other side over the index's axes
  bool is_plain_ = false;
  PlainIndex plain_{};
};

}  // namespace grumpy
