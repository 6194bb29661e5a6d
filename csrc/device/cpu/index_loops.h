/// Reading and writing elements by index arrays and masks, with all threads.
///
/// Strides count elements and may be any (0 only where an array is read). Indices have been checked:
/// each lies in [-extent, extent). Items are of 1, 2, 4, 8 or 16 bytes. Results are dense in C
/// order. Repeated indices: the last write wins, whatever the number of threads.
/// Throws:  OutOfMemory.  Threads: under the evaluation lock, no GIL.
#pragma once
#include <cstdint>
#include <span>

#include "base/dtype.h"
#include "ops/op.h"

namespace grumpy {

struct TakeSource {
  const void* data = nullptr;
  int64_t item_bytes = 0;
  std::span<const int64_t> extents, strides;
};
struct PutTarget {
  void* data = nullptr;
  int64_t item_bytes = 0;
  std::span<const int64_t> extents, strides;
};

// --- Index arrays --------------------------------------------------------------------------------

/// One int64 array for each indexed axis, broadcast to one shape (strides 0).
struct IndexSet {
  struct Positions { const int64_t* data; std::span<const int64_t> strides; };
  std::span<const int64_t> extents;      // shape of the index
  std::span<const Positions> positions;  // for the axes `axis`, `axis` + 1, ... of the array
  int axis = 0;
};
/// Values written to a[..., index, ...]: strides over its axes (those before, the index's, those after).
struct PutValues {
  const void* data = nullptr;
  std::span<const int64_t> strides;
};

/// np.take along one axis; the result has the n indices in its place.
void take(const TakeSource& source, int axis, const int64_t* indices, int64_t nindices, void* out);
/// source[..., index, ...]: the index's axes stand where the indexed axes stood.
void gather(const TakeSource& source, const IndexSet& index, void* out);
/// target[..., index, ...] = values.
void scatter(const PutTarget& target, const IndexSet& index, const PutValues& values);

/// target[..., index, ...] op= values, every repetition counted, in order (ufunc.at). Gives the
/// floating-point errors met, an Fpe mask.
bool can_scatter_reduce(ReduceOp op, DType t);
uint8_t scatter_reduce(ReduceOp op, DType t, const PutTarget& target, const IndexSet& index, const PutValues& values);

/// Smallest and largest of an int64 array of at least one element.
struct IndexRange { int64_t least, most; };
IndexRange index_range(const int64_t* data, std::span<const int64_t> extents, std::span<const int64_t> strides);

// --- Masks ---------------------------------------------------------------------------------------

/// A bool array; a byte that is not 0 is true.
struct MaskView {
  const void* data = nullptr;
  std::span<const int64_t> extents, strides;
};

int64_t count_true(const MaskView& mask);
/// Coordinates of the true elements in C order: coordinates[k][i] is axis k of the i-th.
void nonzero(const MaskView& mask, std::span<int64_t* const> coordinates);
/// source[mask]: the mask stands over the source's first axes; rows of the others where it is true.
void compress(const TakeSource& source, const MaskView& mask, void* out);
/// target[mask] = values; values have one row for each true element: strides over that axis and the
/// target's axes after the mask's.
void put_masked(const PutTarget& target, const MaskView& mask, const PutValues& values);

}  // namespace grumpy
