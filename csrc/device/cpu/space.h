/// The iteration space of one launch, its axes in the order in which they are walked.
///
/// Operands are the program's loads, then stores, then results of reductions and scans. The order of
/// axes depends on the memory order of loads and stores alone, so that a reduction's order does.
/// Threads: owned by the thread that launches, read by all workers.
#pragma once
#include <cstdint>
#include <vector>

#include "base/shape.h"
#include "kernel/kernel_spec.h"

namespace grumpy {

enum class Role : uint8_t { Parallel, Reduced, Scanned };

struct Space {
  int ndim = 0;                  // at least 1
  int noperands = 0;
  std::vector<int64_t> extents;
  std::vector<Role> roles;
  std::vector<int64_t> steps;    // bytes; operand-major: steps[operand * ndim + axis]
  std::vector<char*> origins;    // of each operand, at index 0
  std::vector<uint8_t> items;    // bytes per element

  const int64_t* steps_of(int operand) const { return steps.data() + size_t(operand) * size_t(ndim); }
  int64_t size(int first, int last) const {
    int64_t n = 1;
    for (int k = first; k < last; ++k) n *= extents[size_t(k)];
    return n;
  }
};

/// Fills `space` (whose memory is reused) in the kernel's own order of axes, extents of 1 dropped.
void read_space(Space& space, const KernelSpec& spec, const LaunchArgs& launch);

/// Sorts the axes, outermost first, by the memory order that most of the first `nvoters` operands
/// have. With `keep_reduced_order` reduced axes stay in their relative order.
void sort_axes(Space& space, int nvoters, bool keep_reduced_order);

/// Puts the axes into the order `axes` lists them in.
void permute_axes(Space& space, const std::vector<int>& axes);

/// Merges neighbouring axes of one role that every operand walks as one.
void merge_axes(Space& space);

}  // namespace grumpy
