/// 128-bit structural hashing: two independent multiply-mix lanes, a few ns per word.
/// Threads: value.
#pragma once
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

namespace grumpy {

struct Hash128 {
  uint64_t lo = 0x9E3779B97F4A7C15ull, hi = 0xD1B54A32D192ED03ull;

  void add(uint64_t word) {
    lo = mix(lo ^ word, 0xA0761D6478BD642Full);
    hi = mix(hi + word, 0xE7037ED1A0B428DBull);
  }
  void add_bytes(std::string_view bytes) {
    add(bytes.size());
    while (!bytes.empty()) {
      uint64_t w = 0;
      const size_t n = bytes.size() < 8 ? bytes.size() : 8;
      std::memcpy(&w, bytes.data(), n);
      add(w);
      bytes.remove_prefix(n);
    }
  }
  bool operator==(const Hash128&) const = default;

 private:
  static uint64_t mix(uint64_t a, uint64_t b) {
    const unsigned __int128 p = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(p) ^ static_cast<uint64_t>(p >> 64) ^ (a << 29);
  }
};

}  // namespace grumpy

template <>
struct std::hash<grumpy::Hash128> {
  size_t operator()(const grumpy::Hash128& h) const noexcept { return h.lo ^ h.hi; }
};
