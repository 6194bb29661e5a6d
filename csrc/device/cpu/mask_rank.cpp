#include "device/cpu/mask_rank.h"

#include <algorithm>

#include "device/cpu/mask_pack.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {
namespace {

constexpr int64_t kStretch = 4096;
constexpr int64_t kTask = 16 * kStretch;

}  // namespace

MaskRank::MaskRank(const char* mask, int64_t size)
    : mask_(mask), size_(size), before_(size_t((size + kStretch - 1) / kStretch) + 1, 0) {
  parallel_for((size + kTask - 1) / kTask, num_threads(), [&](int64_t task, int) {
    for (int64_t at = task * kTask; at < std::min(size_, (task + 1) * kTask); at += kStretch)
      before_[size_t(at / kStretch) + 1] = count_run(mask_ + at, std::min(kStretch, size_ - at));
  });
  for (size_t s = 1; s < before_.size(); ++s) before_[s] += before_[s - 1];
}

int64_t MaskRank::find(int64_t k) const {
  // The last stretch before which no more than k are true.
  const auto stretch = std::upper_bound(before_.begin(), before_.end() - 1, k) - before_.begin() - 1;
  const int64_t first = stretch * kStretch;
  return first + skip_run(mask_ + first, size_ - first, k - before_[size_t(stretch)]);
}

}  // namespace grumpy
