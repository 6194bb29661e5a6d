/// Loops that combine elements: the inner parts of reductions, for one operation and dtype each.
///
/// A state is what is known of one cell (one result) after some of its elements; states of
/// neighbouring cells lie side by side, one array per part (value, index, mean ...). Sums of floats
/// are held in float64. The order of combination is fixed by the numbers of rows and cells alone.
/// Source:  compiled for several instruction sets from reduce_loops.inc; chosen once for this CPU.
/// Threads: const data.
#pragma once
#include <cstdint>

#include "ops/op.h"

namespace grumpy {

inline constexpr int kMaxStateParts = 2;

struct States {
  char* part[kMaxStateParts];  // of the first cell
};

struct ReduceLoops {
  uint8_t nparts;
  uint8_t part_bytes[kMaxStateParts];
  uint8_t value_bytes;
  /// Fresh states of `groups` x `cells` cells from groups x rows x cells elements, in this order of
  /// axes. rows * cells <= kBlockElements. `first_row`: index of row 0 within the reduction.
  void (*fold)(const States& to, const char* elements, int64_t groups, int64_t rows, int64_t cells, int64_t first_row);
  /// Adds rows, row_bytes apart, in order to states that hold `before` rows; 0: they are made.
  void (*add_rows)(const States& to, const char* elements, int64_t rows, int64_t row_bytes, int64_t cells,
                   int64_t before, int64_t first_row);
  /// `from` holds the rows after those of `to`.
  void (*merge)(const States& to, const States& from, int64_t cells, int64_t to_rows, int64_t from_rows);
  /// Results, one after the other. The dtype is the reduction's `out`.
  void (*finish)(char* to, DType out, const States& from, int64_t cells, int64_t rows);
  /// The result of no elements, for operations that have one.
  void (*empty)(char* to, int64_t cells);
  /// The order and number of rows in a fold of one cell change nothing: it takes any number of them.
  bool any_order = false;
  /// What `fold` gives for one cell's rows of products of a's and b's elements, rows >= kShortRows; null
  /// where there is none.
  void (*fold_products)(const States& to, const char* a, const char* b, int64_t groups, int64_t rows) = nullptr;
  /// What `fold` gives for one group of cells, 1 < cells < kNarrowCells and rows >= kShortRows, of whose rows all but
  /// the `count` listed ones are zeros. Rows lie row_bytes apart; `places` ascend. Null where there is none.
  void (*fold_rows)(const States& to, const char* elements, int64_t row_bytes, const int32_t* places, int64_t count,
                    int64_t rows, int64_t cells) = nullptr;
};

/// Null when the pair makes no sense. float16 elements come as float32 (half_to_float), complex ones
/// that are asked whether they are 0 as bool; all others as they are.
const ReduceLoops* reduce_loops(ReduceOp op, DType in);

/// Elements as the loops above want them: float16 to float32, truth values to bool.
void widen_half(float* to, const char* from, int64_t n);
void to_truth(char* to, const char* from, int64_t n, DType t);

}  // namespace grumpy
