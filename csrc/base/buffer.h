/// Bytes on a device, with one owner count.
///
/// Owned buffers come from a Device's allocator, are aligned to 64 bytes and are at least
/// kBufferSlackBytes longer than nbytes says, so that whole vectors can be read and written at
/// their end. Borrowed buffers belong to somebody else (a NumPy array, a map) and have neither.
/// Threads: the count is atomic; bytes belong to whoever runs a kernel on them.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/ref.h"

namespace grumpy {

inline constexpr size_t kBufferAlign = 64;
inline constexpr size_t kBufferSlackBytes = 256;  // 16 lanes of complex128

struct Buffer {
  std::atomic<uint32_t> refs{1};
  uint32_t exports = 0;      // live aliases outside grumpy; > 0: operations are evaluated at the call
  bool is_borrowed = false;  // no slack, no alignment promised
  bool is_shared = false;    // borrowed, and others read or write it for life: written in place
  bool is_readonly = false;
  void* data = nullptr;
  size_t nbytes = 0;         // as asked for
  size_t capacity = 0;       // as allocated
  void (*release)(Buffer*) = nullptr;  // gives the bytes back and deletes the Buffer
  void* owner = nullptr;               // for release

  void add_ref() { refs.fetch_add(1, std::memory_order_relaxed); }
  void drop_ref() {
    // Of the only reference nobody can make another.
    if (refs.load(std::memory_order_acquire) == 1 || refs.fetch_sub(1, std::memory_order_acq_rel) == 1) release(this);
  }
};
using BufferRef = Ref<Buffer>;

/// Elements a block of code reads and writes at once (kernel/block_loops.h).
inline constexpr size_t kLaneGroup = 16;

/// Repeats the last element behind the last one, up to a whole group of lanes: code that computes on
/// the padding then meets no value, and raises no floating-point flag, that it does not meet anyway.
inline void pad_tail(Buffer& b, size_t item_bytes) {
  const size_t n = b.nbytes / item_bytes, whole = (n + kLaneGroup - 1) / kLaneGroup * kLaneGroup;
  if (n == 0 || b.is_borrowed) return;
  auto* bytes = static_cast<unsigned char*>(b.data);
  for (size_t i = n; i < whole; ++i) std::memcpy(bytes + i * item_bytes, bytes + (n - 1) * item_bytes, item_bytes);
}

/// Whether that still holds, after others may have written the last element.
inline bool is_padded(const Buffer& b, size_t item_bytes) {
  if (b.is_borrowed || b.nbytes % (kLaneGroup * item_bytes) == 0) return true;
  const auto* end = static_cast<const unsigned char*>(b.data) + b.nbytes;
  return std::memcmp(end - item_bytes, end, item_bytes) == 0;
}

}  // namespace grumpy
