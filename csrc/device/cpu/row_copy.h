/// Copies of many equal rows between two sides, given lists of where they begin.
///
/// Threads: const once built.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "device/cpu/index_walk.h"
#include "device/cpu/item.h"
#include "device/cpu/strided_copy.h"

namespace grumpy {

class RowCopy {
  /// Elements of a larger array are asked for ahead; within L2 that costs more than it saves.
  static constexpr int64_t kPrefetchedBytes = 512 << 10, kPrefetchAhead = 64;

 public:
  enum Direction { FromArray, ToArray };
  RowCopy(const PairedAxes& row, int64_t item, Direction d) : item_(item), ndim_(row.ndim) {
    for (int k = 0; k < row.ndim; ++k) {
      extents_[k] = row.extents[k];
      from_[k] = d == FromArray ? row.array[k] : row.other[k];
      to_[k] = d == FromArray ? row.other[k] : row.array[k];
    }
    if (ndim_ == 1 && from_[0] == item && to_[0] == item) {
      run_bytes_ = extents_[0] * item;
      ndim_ = 0;
    } else if (ndim_ == 0) {
      run_bytes_ = item;
    }
  }

  /// The row is one element: the plain forms below may be used.
  bool is_item() const { return run_bytes_ == item_; }

  void gather_plain(char* to, const char* from, const PlainIndex& index, int64_t n) const {
    with_item(item_, [=](auto item) { gather_items<decltype(item)>(to, from, index, n); });
  }
  void scatter_plain(char* to, const char* from, const PlainIndex& index, int64_t n) const {
    with_item(item_, [=](auto item) { scatter_items<decltype(item)>(to, from, index, n); });
  }

  /// Row i goes from `from` + froms[i] to `to` + tos[i], in order.
  void rows(char* to, const int64_t* tos, const char* from, const int64_t* froms, int64_t n) const {
    switch (run_bytes_) {
      case 0: break;
      case 1: return runs<1>(to, tos, from, froms, n);
      case 2: return runs<2>(to, tos, from, froms, n);
      case 4: return runs<4>(to, tos, from, froms, n);
      case 8: return runs<8>(to, tos, from, froms, n);
      case 12: return runs<12>(to, tos, from, froms, n);
      case 16: return runs<16>(to, tos, from, froms, n);
      case 24: return runs<24>(to, tos, from, froms, n);
      case 32: return runs<32>(to, tos, from, froms, n);
      case 64: return runs<64>(to, tos, from, froms, n);
    }
    if (run_bytes_) {
      for (int64_t i = 0; i < n; ++i) std::memcpy(to + tos[i], from + froms[i], size_t(run_bytes_));
    } else {
      for (int64_t i = 0; i < n; ++i) strided(to + tos[i], from + froms[i], 0);
    }
  }

 private:
  // The index by value: what is reached through a pointer would be read again after each store.
  template <class Item> static void gather_items(char* to, const char* from, PlainIndex index, int64_t n) {
    constexpr int64_t kStep = sizeof(Item);
    int64_t i = 0;
    if (index.extent * std::abs(index.scale) > kPrefetchedBytes) {
      for (; i + kPrefetchAhead < n; ++i) {
        __builtin_prefetch(from + index.offset(i + kPrefetchAhead));
        copy_item<Item>(to + i * kStep, from + index.offset(i));
      }
    }
    if (index.scale == kStep) for (; i < n; ++i) copy_item<Item>(to + i * kStep, from + index.position(i) * kStep);
    else for (; i < n; ++i) copy_item<Item>(to + i * kStep, from + index.offset(i));
  }
  template <class Item> static void scatter_items(char* to, const char* from, PlainIndex index, int64_t n) {
    constexpr int64_t kStep = sizeof(Item);
    if (index.scale == kStep && index.other_step == kStep)
      for (int64_t i = 0; i < n; ++i) copy_item<Item>(to + index.position(i) * kStep, from + i * kStep);
    else
      for (int64_t i = 0; i < n; ++i) copy_item<Item>(to + index.offset(i), from + i * index.other_step);
  }
  template <class Item> static void copy_item(char* to, const char* from) {
    Item item;
    std::memcpy(&item, from, sizeof item);
    std::memcpy(to, &item, sizeof item);
  }
  template <size_t kBytes>
  static void runs(char* to, const int64_t* tos, const char* from, const int64_t* froms, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      char item[kBytes];
      std::memcpy(item, from + froms[i], kBytes);
      std::memcpy(to + tos[i], item, kBytes);
    }
  }
  void strided(char* to, const char* from, int axis) const {
    if (axis == ndim_ - 1) return copy_strided(to, to_[axis], from, from_[axis], extents_[axis], int(item_));
    if (axis == ndim_ - 2) {
      return copy_matrix(to, {to_[axis], to_[axis + 1]}, from, {from_[axis], from_[axis + 1]}, extents_[axis],
                         extents_[axis + 1], int(item_));
    }
    for (int64_t i = 0; i < extents_[axis]; ++i) strided(to + i * to_[axis], from + i * from_[axis], axis + 1);
  }

  int64_t item_;
  int ndim_;               // 0: the row is one run
  int64_t run_bytes_ = 0;
  int64_t extents_[kMaxDims], from_[kMaxDims], to_[kMaxDims];
};

}  // namespace grumpy
