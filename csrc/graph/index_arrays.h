/// Reads and writes at index arrays and masks, as nodes: Take and Put.
///
/// Index arrays are int64, broadcast together and stand over neighbouring axes of the array; their bounds
/// have been looked at, or are looked at late (graph/late_index.h). Several of them become one array of
/// distances in memory, so that a Take or a Put has one index and no copy of what it looks into.
/// Needs:   shapes that have been checked; operands that nobody outside can change.
/// Threads: under the GIL.
#pragma once
#include <span>

#include "graph/record.h"

namespace grumpy {

/// a[axis, axis + 1, ...] at the positions. `late_names`: empty, or what errors call those axes when their
/// bounds are to be checked in the evaluation.
NodeRef record_gather(const Array& a, std::span<const NodeRef> index, int axis, std::span<const int> late_names,
                      const Site& site);

/// What Put does with the value where it is no ReduceOp: the last one wins.
inline constexpr uint8_t kAssign = 0xff;
/// Elements of dst there replaced by `value`, or combined with it by `op`, every repetition counted. The value
/// has dst's dtype and broadcasts to what the index selects.
void record_put(const Array& dst, std::span<const NodeRef> index, int axis, std::span<const int> late_names,
                NodeRef value, uint8_t op, const Site& site);
/// dst[mask] = rows, one for each true element, or one for all of them.
void record_put_masked(const Array& dst, NodeRef mask, NodeRef rows, const Site& site);

}  // namespace grumpy
