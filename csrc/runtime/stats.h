/// Counters of everything that costs: what report() shows and tests assert.
/// Threads: relaxed atomics.
#pragma once
#include <atomic>
#include <cstdint>

namespace grumpy {

struct Stats {
  std::atomic<uint64_t> evaluations{0}, kernels{0}, library_calls{0}, compiled{0}, compile_ns{0},
      memory_hits{0}, disk_hits{0}, interpreted{0}, bytes_moved{0}, run_ns{0}, plans{0}, plan_hits{0},
      replays{0}, wavefronts{0};
};
Stats& stats();

/// Adds to a counter that only the holder of the evaluation lock (or of the GIL, for what is counted
/// outside evaluations) writes: no locked instruction.
inline void count(std::atomic<uint64_t>& counter, uint64_t n = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace grumpy
