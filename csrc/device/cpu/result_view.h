/// Where results of reductions and scans lie: some axes of the space, in walk order.
/// Threads: const once made.
#pragma once
#include "device/cpu/space.h"
#include "device/cpu/strided_copy.h"

namespace grumpy {

class ResultView {
 public:
  /// All axes.
  ResultView(const Space& s, int operand) : origin_(s.origins[size_t(operand)]), item_(s.items[size_t(operand)]) {
    for (int k = 0; k < s.ndim; ++k) add(s, operand, k);
  }
  /// The axes of `role` only.
  ResultView(const Space& s, int operand, Role role)
      : origin_(s.origins[size_t(operand)]), item_(s.items[size_t(operand)]) {
    for (int k = 0; k < s.ndim; ++k)
      if (s.roles[size_t(k)] == role) add(s, operand, k);
    if (ndim_ > 0) return;
    extents_[0] = 1;
    steps_[0] = item_;
    ndim_ = 1;
  }

  /// Contiguous elements to the positions [first, first + n).
  void write(int64_t first, const char* from, int64_t n) const {
    int64_t index[kMaxDims];
    find(first, index);
    scatter_range(origin_, {extents_, steps_, index, ndim_}, from, n, item_);
  }

  /// Where [first, first + n) lies when that is one contiguous run, else null.
  char* run_at(int64_t first, int64_t n) const {
    const int last = ndim_ - 1;
    if (steps_[last] != item_) return nullptr;
    int64_t index[kMaxDims];
    find(first, index);
    if (index[last] + n > extents_[last]) return nullptr;
    char* p = origin_;
    for (int k = 0; k <= last; ++k) p += index[k] * steps_[k];
    return p;
  }

  int item() const { return item_; }

 private:
  void add(const Space& s, int operand, int axis) {
    extents_[ndim_] = s.extents[size_t(axis)];
    steps_[ndim_++] = s.steps_of(operand)[axis];
  }
  void find(int64_t position, int64_t* index) const {
    for (int k = ndim_ - 1; k > 0; --k) {
      index[k] = position % extents_[k];
      position /= extents_[k];
    }
    index[0] = position;
  }

  char* origin_;
  int item_, ndim_ = 0;
  int64_t extents_[kMaxDims], steps_[kMaxDims];
};

}  // namespace grumpy
