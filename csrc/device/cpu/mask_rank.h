/// Where the k-th true element of a dense mask is: what a kernel needs that reads what a mask selects.
///
/// Needs:   the mask's bytes, unchanged while this lives.
/// Throws:  OutOfMemory.
/// Threads: made by one (which counts with all workers), then const.
#pragma once
#include <cstdint>
#include <vector>

namespace grumpy {

class MaskRank {
 public:
  MaskRank(const char* mask, int64_t size);

  const char* mask() const { return mask_; }
  int64_t size() const { return size_; }
  /// The first element before which k are true.
  int64_t find(int64_t k) const;

 private:
  const char* mask_;
  int64_t size_;
  std::vector<int64_t> before_;  // true elements before each stretch
};

}  // namespace grumpy
