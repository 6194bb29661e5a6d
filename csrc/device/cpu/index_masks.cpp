#include <cstring>
#include <vector>

#include "device/cpu/index_loops.h"
#include "device/cpu/index_walk.h"
#include "device/cpu/item.h"
#include "device/cpu/mask_pack.h"
#include "device/cpu/mask_positions.h"
#include "device/cpu/mask_words.h"
#include "device/cpu/row_copy.h"
#include "device/cpu/strided_copy.h"

namespace grumpy {
namespace {

constexpr int64_t kChunk = 1024;            // mask elements looked at together
constexpr int64_t kTask = 16 * kChunk;      // of one task
constexpr int64_t kParallel = 64 << 10;     // from here on threads pay

/// A mask read in C order, chunk by chunk, wherever it lies.
class MaskReader {
 public:
  explicit MaskReader(const MaskView& mask) : data_(static_cast<const char*>(mask.data)) {
    for (size_t k = 0; k < mask.extents.size(); ++k) {
      size_ *= mask.extents[k];
      axes_.add(mask.extents[k], mask.strides[k], mask.strides[k]);
    }
    is_run_ = axes_.ndim == 0 || (axes_.ndim == 1 && axes_.array[0] == 1);
  }
  int64_t size() const { return size_; }
  int64_t tasks() const { return (size_ + kTask - 1) / kTask; }
  int workers() const { return size_ < kParallel ? 1 : num_threads(); }

  /// n elements from `first` on, where they lie or in `buffer`, which holds kChunk.
  const char* read(int64_t first, int64_t n, char* buffer) const {
    if (is_run_) return data_ + first;
    const size_t ndim = size_t(axes_.ndim);
    for_each_run({axes_.extents, ndim}, {axes_.array, ndim}, first, n,
                 [&](int64_t offset, int64_t step, int64_t length, int64_t done) {
                   copy_strided(buffer + done, 1, data_ + offset, step, length, 1);
                 });
    return buffer;
  }

  /// Calls f(first element, how many, they) for each chunk of a task, in order.
  template <class F> void for_each_chunk(int64_t task, const F& f) const {
    char buffer[kChunk];
    const int64_t end = std::min(size_, (task + 1) * kTask);
    for (int64_t first = task * kTask; first < end; first += kChunk) {
      const int64_t n = std::min(kChunk, end - first);
      f(first, n, read(first, n, buffer));
    }
  }

 private:
  const char* data_;
  PairedAxes axes_;
  int64_t size_ = 1;
  bool is_run_;
};

/// Positions of the true elements of a chunk, counted from its start; how many there are.
int64_t list_chunk(const char* m, int64_t n, int32_t* positions) {
  int64_t count = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t word;
    std::memcpy(&word, m + i, 8);
    if (word == 0) continue;
    word = truth_of(word);
    for (int k = 0; k < 8; ++k, word >>= 8) {  // without branches: masks are seldom predictable
      positions[count] = int32_t(i) + k;
      count += word & 1;
    }
  }
  for (; i < n; ++i) {
    positions[count] = int32_t(i);
    count += m[i] != 0;
  }
  return count;
}

/// How many true elements lie before each task, and before the end.
std::vector<int64_t> true_before(const MaskReader& mask) {
  std::vector<int64_t> before(size_t(mask.tasks()) + 1, 0);
  parallel_for(mask.tasks(), mask.workers(), [&](int64_t task, int) {
    int64_t count = 0;
    mask.for_each_chunk(task, [&](int64_t, int64_t n, const char* m) { count += count_run(m, n); });
    before[size_t(task) + 1] = count;
  });
  for (size_t t = 1; t < before.size(); ++t) before[t] += before[t - 1];
  return before;
}

/// Calls f(first element of the chunk, its true positions, how many, true elements before it) for
/// every chunk that has some; chunks in any order on many threads.
template <class F> void for_each_true(const MaskReader& mask, const F& f) {
  const std::vector<int64_t> before = mask.tasks() > 1 ? true_before(mask) : std::vector<int64_t>{0};
  parallel_for(mask.tasks(), mask.workers(), [&](int64_t task, int) {
    int64_t done = before[size_t(task)];
    int32_t positions[kChunk + 1];
    mask.for_each_chunk(task, [&](int64_t first, int64_t n, const char* m) {
      const int64_t count = list_chunk(m, n, positions);
      if (count) f(first, n, positions, count, done);
      done += count;
    });
  });
}

/// The reverse: the next of `from` for each selected item; where they end.
template <class Item> const Item* unpack(const char* m, int64_t n, Item* to, const Item* from, const Item* end) {
  for_each_word(m, n,
      [&](int64_t i) {
        std::memcpy(to + i, from, 8 * sizeof(Item));
        from += 8;
      },
      [&](int64_t i, uint64_t truth) {
        if (end - from >= 8 && n - i >= 8 && !is_sparse(truth)) {
          for (int k = 0; k < 8; ++k, truth >>= 8) {
            to[i + k] = truth & 1 ? *from : to[i + k];
            from += truth & 1;
          }
        } else {
          for (; truth; truth &= truth - 1) to[i + __builtin_ctzll(truth) / 8] = *from++;
        }
      });
  return from;
}

/// Packs what a mask of any shape selects; pack(first, n, they, to, end) does so for a chunk.
template <class Item, class Pack> void pack_all(const MaskReader& mask, Item* out, const Pack& pack) {
  const std::vector<int64_t> before = true_before(mask);
  parallel_for(mask.tasks(), mask.workers(), [&](int64_t task, int) {
    Item* to = out + before[size_t(task)];
    Item* const end = out + before[size_t(task) + 1];
    mask.for_each_chunk(task, [&](int64_t first, int64_t n, const char* m) { to = pack(first, n, m, to, end); });
  });
}

/// What a mask selects of an array: the axes under it, and the rows of those after.
struct Masked {
  PairedAxes under, row;
  int64_t item;

  Masked(std::span<const int64_t> extents, std::span<const int64_t> strides, int64_t item_bytes, size_t mask_ndim,
         std::span<const int64_t> row_steps)
      : item(item_bytes) {
    for (size_t k = 0; k < mask_ndim; ++k) under.add(extents[k], strides[k] * item, 0);
    for (size_t k = mask_ndim; k < extents.size(); ++k) row.add(extents[k], strides[k] * item, row_steps[k - mask_ndim]);
  }

  /// One item for each element of the mask, side by side.
  bool is_run() const { return row.ndim == 0 && (under.ndim == 0 || (under.ndim == 1 && under.array[0] == item)); }

  /// Byte offsets in the array of the listed positions of n elements from `first` on.
  void offsets(int64_t first, int64_t n, const int32_t* positions, int64_t count, int64_t* out) const {
    const size_t ndim = size_t(under.ndim);
    int64_t i = 0;
    for_each_run({under.extents, ndim}, {under.array, ndim}, first, n,
                 [&](int64_t offset, int64_t step, int64_t length, int64_t done) {
                   for (; i < count && positions[i] < done + length; ++i) out[i] = offset + (positions[i] - done) * step;
                 });
  }
};

}  // namespace

int64_t count_true(const MaskView& view) { return true_before(MaskReader(view)).back(); }

void nonzero(const MaskView& view, std::span<int64_t* const> coordinates) {
  const size_t ndim = view.extents.size();
  if (ndim == 0) return;
  if (ndim == 1) {
    return pack_all(MaskReader(view), coordinates[0], [](int64_t first, int64_t n, const char* m, int64_t* to, int64_t* end) {
      return pack_positions(m, n, first, to, end);
    });
  }
  // Steps that make a walk over the mask say each axis's coordinate.
  for_each_true(MaskReader(view), [&](int64_t first, int64_t n, const int32_t* positions, int64_t count, int64_t done) {
    int64_t steps[kMaxDims] = {};
    for (size_t k = 0; k < ndim; ++k) {
      steps[k] = 1;
      int64_t i = 0;
      int64_t* const to = coordinates[k] + done;
      for_each_run(view.extents, {steps, ndim}, first, n, [&](int64_t at, int64_t step, int64_t length, int64_t before) {
        for (; i < count && positions[i] < before + length; ++i) to[i] = at + (positions[i] - before) * step;
      });
      steps[k] = 0;
    }
  });
}

void compress(const TakeSource& source, const MaskView& view, void* out) {
  const size_t mask_ndim = view.extents.size(), ndim = source.extents.size();
  int64_t steps[kMaxDims], row_bytes = source.item_bytes;
  for (size_t k = ndim; k-- > mask_ndim; row_bytes *= source.extents[k]) steps[k - mask_ndim] = row_bytes;
  const Masked array(source.extents, source.strides, source.item_bytes, mask_ndim, {steps, ndim - mask_ndim});
  const RowCopy copy(array.row, source.item_bytes, RowCopy::FromArray);
  const char* const from = static_cast<const char*>(source.data);
  if (array.is_run()) {
    return with_item(source.item_bytes, [&]<class Item>(Item) {
      const auto pack = [&](int64_t first, int64_t n, const char* m, Item* to, Item* end) {
        char* at = reinterpret_cast<char*>(to);
        pack_run(sizeof(Item), m, n, n, from + first * int64_t(sizeof(Item)), at, reinterpret_cast<char*>(end));
        return reinterpret_cast<Item*>(at);
      };
      pack_all(MaskReader(view), static_cast<Item*>(out), pack);
    });
  }
  for_each_true(MaskReader(view), [&](int64_t first, int64_t n, const int32_t* positions, int64_t count, int64_t done) {
    int64_t froms[kChunk], tos[kChunk];
    array.offsets(first, n, positions, count, froms);
    for (int64_t i = 0; i < count; ++i) tos[i] = i * row_bytes;
    copy.rows(static_cast<char*>(out) + done * row_bytes, tos, from, froms, count);
  });
}

void put_masked(const PutTarget& target, const MaskView& view, const PutValues& values) {
  const size_t mask_ndim = view.extents.size();
  int64_t steps[kMaxDims + 1];
  for (size_t k = 0; k < values.strides.size(); ++k) steps[k] = values.strides[k] * target.item_bytes;
  const Masked array(target.extents, target.strides, target.item_bytes, mask_ndim, {steps + 1, values.strides.size() - 1});
  const RowCopy copy(array.row, target.item_bytes, RowCopy::ToArray);
  const char* const from = static_cast<const char*>(values.data);
  if (array.is_run() && steps[0] == target.item_bytes) {
    const MaskReader mask(view);
    const std::vector<int64_t> before = true_before(mask);
    return with_item(target.item_bytes, [&]<class Item>(Item) {
      const Item* const all = reinterpret_cast<const Item*>(from);
      parallel_for(mask.tasks(), mask.workers(), [&](int64_t task, int) {
        const Item* next = all + before[size_t(task)];
        const Item* const end = all + before.back();
        mask.for_each_chunk(task, [&](int64_t first, int64_t n, const char* m) {
          next = unpack(m, n, static_cast<Item*>(target.data) + first, next, end);
        });
      });
    });
  }
  for_each_true(MaskReader(view), [&](int64_t first, int64_t n, const int32_t* positions, int64_t count, int64_t done) {
    int64_t froms[kChunk], tos[kChunk];
    array.offsets(first, n, positions, count, tos);
    for (int64_t i = 0; i < count; ++i) froms[i] = (done + i) * steps[0];
    copy.rows(static_cast<char*>(target.data), tos, from, froms, count);
  });
}

}  // namespace grumpy
