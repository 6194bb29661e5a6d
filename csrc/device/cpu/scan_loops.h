/// Loops that scan elements: running sums and their kin, for one operation and dtype each.
///
/// One cell: elements are scanned from a fresh start in runs of kScanRun, and each run's carry is added
/// to it; a run's carry is the carry before it combined with the total of the run before. Several
/// cells: rows are added in order. Sums of floats are carried in float64.
/// Source:  as reduce_loops.h.
/// Threads: const data.
#pragma once
#include <cstdint>

#include "ops/op.h"

namespace grumpy {

/// Bytes that hold a carry of any dtype.
inline constexpr int64_t kCarryBytes = 16;

struct ScanLoops {
  uint8_t carry_bytes;
  /// Scans n <= kBlockElements elements that begin at a multiple of kScanRun. The carry is taken when
  /// has_carry, and always left. `to` may be `from`.
  void (*scan)(char* to, DType out, const char* from, int64_t n, char* carry, bool has_carry);
  /// Totals of the runs of n elements: what skip would combine with a carry.
  void (*totals)(char* totals, const char* from, int64_t n);
  /// carry, combined with the totals of so many runs.
  void (*advance)(char* carry, bool has_carry, const char* totals, int64_t runs);
  /// Rows of `cells` elements; the carries of the cells lie side by side.
  void (*scan_rows)(char* to, DType out, const char* from, int64_t rows, int64_t cells, char* carry, bool has_carry);
};

/// Null when the pair cannot be scanned. float16 elements come as float32.
const ScanLoops* scan_loops(ReduceOp op, DType in);

}  // namespace grumpy
