/// Partition to KernelSpec: index translation (paper 3.1). Views end here, as strides.
///
/// Needs:   a partition of this snapshot; every load is a source, a stored node, or a view of one.
/// Leaves:  a collapsed iteration space: axes that every argument walks as one are merged, axes of
///          extent 1 dropped, reduced and parallel axes kept apart.
/// Threads: pure, under the GIL.
#pragma once
#include <vector>

#include "kernel/kernel_spec.h"
#include "passes/partition.h"

namespace grumpy {

/// What an operation of the graph computes in, told by the dtype of its last operand.
inline DType compute_dtype(Op op, DType last) {
  return info(op).flags & MixedSign ? DType::int64 : last;  // int64 with uint64
}

/// Where an argument of a kernel lies.
struct ArgSource {
  uint32_t node = 0;              // snapshot node whose buffer (or constant) it is
  int64_t offset = 0;             // in elements
  std::vector<int64_t> strides;   // over the kernel's axes
  bool is_constant = false;
  bool is_dense = false;          // the node's elements in order, each once, from the first to the last
  int64_t mask = -1;              // snapshot node of the mask that selects what is read of them; -1: none
  int64_t mask_offset = 0, mask_elements = 0;
};

struct LoweredKernel {
  KernelSpec spec;
  std::vector<int64_t> extents;
  std::vector<ArgSource> args;    // in KernelSpec's order of arguments
};

LoweredKernel lower(const Snapshot& s, const Partition& p);

/// A kernel without arithmetic: writes `from`, seen as `extents` with `strides`, to `to`.
LoweredKernel lower_copy(DType dtype, std::vector<int64_t> extents, ArgSource from, ArgSource to);

}  // namespace grumpy
