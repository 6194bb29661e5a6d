/// Cuts a snapshot into partitions that run in order.
///
/// Source:  Ravishankar & Grover, Algorithm 1, and beyond it: library calls, reductions, scans and
///          writes materialize; a kernel has several outputs; reductions over the same data share a
///          kernel with each other and with the maps that feed them; a node used by two kernels is
///          stored where recomputing it is dearer than a round trip through memory.
/// Needs:   views composed, no dead nodes.
/// Leaves:  every output materialized by exactly one partition; inputs precede users.
/// Shapes:  n nodes, e edges; O(n + e) but for cones shared by kernels.
/// Threads: pure, under the GIL.
#pragma once
#include <string>
#include <vector>

#include "graph/snapshot.h"

namespace grumpy {

enum class PartitionKind : uint8_t { Kernel, Matmul, Take, Compress, Put };
/// "library", "take", "compress", "put": of what is no kernel.
const char* kind_name(PartitionKind k);

struct Partition {
  PartitionKind kind = PartitionKind::Kernel;
  uint32_t level = 0;                 // partitions of one level do not depend on one another
  Shape space;                        // iteration space of a kernel
  uint64_t reduced = 0;               // axes its reductions reduce
  bool is_scan = false;
  std::vector<uint32_t> stores;       // nodes whose values are written over the whole space
  std::vector<uint32_t> updates;      // Update nodes: values written through a view
  std::vector<uint32_t> reductions;   // Reduce or Scan nodes
  std::vector<uint32_t> nodes;        // pointwise nodes computed here, inputs first
  std::vector<uint32_t> loads;        // nodes read from memory: sources, stored nodes, views of them
  std::vector<uint32_t> packed;       // those of the loads that are Compress nodes: selected while they are read
  std::vector<uint32_t> turned;       // reductions and loads that lie in memory with their last axis outermost
  uint32_t node = 0;                  // Matmul, Take, Compress, Put
};

struct PartitionList {
  std::vector<Partition> partitions;  // in an order that can run
  std::vector<bool> is_stored;        // per node: some partition gives it a buffer
};

PartitionList partition(const Snapshot& s);
std::string to_string(const PartitionList& p, const Snapshot& s);

/// Relative cost of one element of a pointwise node; 1 is an addition.
double point_cost(const SnapNode& n);

}  // namespace grumpy
