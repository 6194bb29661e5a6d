/// Every tuned constant of planning, each with what chose it. Driver and pool keep theirs beside
/// the code they steer.
#pragma once
#include <cstddef>
#include <cstdint>

namespace grumpy {

/// Pointwise nodes in one kernel. Block buffers of more than this leave L1, and compile time grows
/// faster than linearly (numbers.md §3).
inline constexpr size_t kMaxKernelNodes = 96;
/// Loads and stores of one kernel: beyond, hardware prefetchers lose track of the streams.
inline constexpr size_t kMaxKernelArgs = 28;
/// Products that wait in memory for one kernel, where they are large: adding up sixteen of 8 MB at once held
/// 128 MB, and took as long as in fours.
inline constexpr uint32_t kMaxWaitingProducts = 4;
inline constexpr int64_t kLargeProductBytes = 1 << 20;
/// A round trip of one element through memory, in additions (point_cost).
inline constexpr double kStoreCost = 8;
/// A chain this deep is evaluated when it is next extended by a write (canonical cut of loops) ...
inline constexpr uint32_t kSoftDepth = 128;
/// ... or by anything.
inline constexpr uint32_t kHardDepth = 1024;

}  // namespace grumpy
