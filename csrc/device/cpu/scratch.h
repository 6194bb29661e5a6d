/// Memory of one thread that is reused from kernel to kernel.
///
/// Throws:  OutOfMemory.  Threads: one owner each.
#pragma once
#include <cstdlib>

#include "base/buffer.h"
#include "base/error.h"

namespace grumpy {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(data_); }

  /// At least nbytes, aligned to kBufferAlign; what an earlier call returned is gone.
  char* get(size_t nbytes) {
    if (nbytes > capacity_) grow(nbytes);
    return data_;
  }

 private:
  void grow(size_t nbytes) {
    std::free(data_);
    capacity_ = 0;
    const size_t wanted = (nbytes + nbytes / 4 + 4095) & ~size_t(4095);
    data_ = static_cast<char*>(std::aligned_alloc(kBufferAlign, wanted));
    if (!data_) throw OutOfMemory("no memory for a kernel's scratch of " + std::to_string(wanted) + " bytes");
    capacity_ = wanted;
  }

  char* data_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace grumpy
