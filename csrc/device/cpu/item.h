/// Elements as bits: what copies move, whatever the dtype.
///
/// Threads: pure.
#pragma once
#include <cstdint>

namespace grumpy {

struct Bytes16 { uint64_t part[2]; };

/// Calls f with a value of the unsigned type of so many bytes: 1, 2, 4, 8 or 16.
template <class F> decltype(auto) with_item(int64_t bytes, F&& f) {
  switch (bytes) {
    case 1: return f(uint8_t{});
    case 2: return f(uint16_t{});
    case 4: return f(uint32_t{});
    case 8: return f(uint64_t{});
    default: return f(Bytes16{});
  }
}

}  // namespace grumpy
