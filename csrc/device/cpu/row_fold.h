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
  /// Makes ready for calls of up to `rows` rows of `lanes` lanes, in so many bands.
  void start(const Launch& launch, int64_t rows, int64_t lanes, int64_t bands);

  /// Where load k lies: row 0, lane 0, and the bytes to the next of each.
  void set_load(int k, const char* at, int64_t row_step, int64_t lane_step) { loads_[size_t(k)] = {at, row_step, lane_step}; }

  /// Before a series of calls, and after it: whether no error was seen that somebody wants to hear of. Else all has to
  /// be done again, step by step.
  void begin();
  bool is_clean() const;

  /// Sums of rows x lanes into `states`, one per reduction. lanes is a multiple of kLanes. Loads that lie across the
  /// lanes are the same in every band of a series, others may move.
  void run(const char* const* states, int64_t rows, int64_t lanes, int64_t band);

 private:
  struct Load { const char* at; int64_t row_step, lane_step; };
  struct Gathered { const char* from; int64_t rows, lanes; };
  struct Placed { Load load; int64_t rows, lanes; };
  void place(size_t input, int64_t rows, int64_t lanes, int64_t band);

  const Launch* launch_ = nullptr;
  const FoldStep* fold_ = nullptr;
  uint64_t serial_ = 0;
  uint8_t watch_ = 0;
  uint32_t raised_ = 0;
  int64_t max_rows_ = 0, max_lanes_ = 0, bands_ = 0;
  std::vector<Load> loads_;
  std::vector<Gathered> gathered_;   // what each input's buffer holds, of every band
  std::vector<Placed> placed_;       // what each input's pointers are for
  std::vector<size_t> offsets_;      // of each input's buffer
  std::vector<char*> ptrs_;
  Scratch scratch_;
  char* buffers_ = nullptr;
};

}  // namespace grumpy
