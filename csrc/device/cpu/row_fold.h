/// Calls of a kernel's fold function (FoldStep): the program and its sums over some rows in one go,
/// with no value passing through memory in between.
///
/// Operands that lie across the lanes are gathered first, row by row, and kept for the next call.
/// Threads: one owner each.
#pragma once
#include <vector>

#include "device/cpu/launch.h"
#include "device/cpu/reduce_loops.h"
#include "device/cpu/scratch.h"

namespace grumpy {

class RowFold {
 public:
  /// Makes ready for calls of up to `rows` rows of `lanes` lanes.
  void start(const Launch& launch, int64_t rows, int64_t lanes);

  /// Where load k lies: row 0, lane 0, and the bytes to the next of each.
  void set_load(int k, const char* at, int64_t row_step, int64_t lane_step) { loads_[size_t(k)] = {at, row_step, lane_step}; }

  /// Sums of rows x lanes into `states`, one per reduction. lanes is a multiple of kLanes. False when
  /// an error was seen that somebody wants to hear of: it has to be done again, step by step.
  bool run(const char* const* states, int64_t rows, int64_t lanes);

 private:
  struct Load { const char* at; int64_t row_step, lane_step; };
  struct Gathered { const char* from; int64_t rows, lanes; };
  void place(size_t input, int64_t rows, int64_t lanes);

  const Launch* launch_ = nullptr;
  const FoldStep* fold_ = nullptr;
  uint64_t serial_ = 0;
  uint8_t watch_ = 0;
  int64_t max_rows_ = 0, max_lanes_ = 0;
  std::vector<Load> loads_;
  std::vector<Gathered> gathered_;   // what each input's buffer holds
  std::vector<size_t> offsets_;      // of each input's buffer
  std::vector<char*> ptrs_;
  Scratch scratch_;
  char* buffers_ = nullptr;
};

}  // namespace grumpy
