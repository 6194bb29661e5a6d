/// Which slot every stored node lives in: donation, in-place writes, reuse of dead temporaries.
///
/// Needs:   partitions in the order they run. Call in that order: place_update or place_put, and
///          allocate_outputs, for a partition, then finish(index).
/// Leaves:  no slot is handed on while a later step reads it; what anybody outside can see is never
///          overwritten, except exported leaves by their own Update.
/// Threads: pure, under the GIL.
#pragma once
#include <vector>

#include "passes/partition.h"

namespace grumpy {

struct PlanSlot;

enum class UpdatePlace : uint8_t {
  InPlace,     // into the old value's memory, safe at every point
  Fresh,       // into new memory; what the window does not cover is copied
  Kept,        // into memory of an earlier value that still holds what the window does not cover
  Temporary,   // into the old value's memory, through a temporary of the window
};

class MemoryPlan {
 public:
  /// `pinned`, by tag: leaves that arrays which stay pending still need.
  MemoryPlan(const Snapshot& s, const PartitionList& list, const std::vector<bool>& pinned);
  ~MemoryPlan();

  UpdatePlace place_update(uint32_t partition, uint32_t update);
  /// InPlace or Fresh; the latter is to be a copy of all of the old value first.
  UpdatePlace place_put(uint32_t partition, uint32_t put);
  void allocate_outputs(uint32_t partition, const Partition& p);
  uint32_t temporary(int64_t nbytes);
  void release_temporary(uint32_t slot);
  /// Memory whose last reader was this partition becomes free.
  void finish(uint32_t partition);

  uint32_t slot(uint32_t node) const;
  bool has_slack(uint32_t node) const;
  std::vector<PlanSlot> take_slots();

 private:
  struct State;
  State* state_;
};

}  // namespace grumpy
