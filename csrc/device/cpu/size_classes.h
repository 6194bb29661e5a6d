/// Sizes in which host memory is kept: 64 bytes, then steps of a quarter, from 1 MiB on of an
/// eighth, of the power of two below.
///
/// Threads: pure.
#pragma once
#include <bit>
#include <cstddef>

namespace grumpy {

inline constexpr size_t kMostBytes = size_t(1) << 62;
inline constexpr int kFirstLog = 6, kFineLog = 20, kLastLog = 62;
inline constexpr int kFirstFine = 1 + 4 * (kFineLog - kFirstLog);
inline constexpr int kNumClasses = kFirstFine + 8 * (kLastLog - kFineLog);

/// The smallest class that holds nbytes, which is at most kMostBytes.
constexpr int class_of(size_t nbytes) {
  if (nbytes <= 64) return 0;
  const int log = std::bit_width(nbytes - 1) - 1;  // nbytes in (2^log, 2^(log+1)]
  const size_t above = nbytes - 1 - (size_t(1) << log);
  return log < kFineLog ? 1 + 4 * (log - kFirstLog) + int(above >> (log - 2))
                        : kFirstFine + 8 * (log - kFineLog) + int(above >> (log - 3));
}
constexpr size_t class_bytes(int c) {
  if (c == 0) return 64;
  const bool is_fine = c >= kFirstFine;
  const int k = is_fine ? c - kFirstFine : c - 1, steps = is_fine ? 8 : 4;
  const size_t base = size_t(1) << ((is_fine ? kFineLog : kFirstLog) + k / steps);
  return base + base / size_t(steps) * size_t(k % steps + 1);
}
static_assert(class_of(65) == 1 && class_bytes(1) == 80 && class_of(128) == 4 && class_bytes(4) == 128);
static_assert(class_bytes(class_of(1 << 20)) == 1 << 20 && class_bytes(class_of((1 << 20) + 1)) == (1 << 17) * 9);
static_assert(class_of(kMostBytes) == kNumClasses - 1);

}  // namespace grumpy
