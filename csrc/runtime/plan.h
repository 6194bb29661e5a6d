/// LaunchPlan: the ordered steps of one evaluation, free of addresses and scalar values, so that an
/// evaluation of equal structure reuses it.
///
/// A slot is a piece of memory during one evaluation: a leaf's buffer, or one the plan allocates.
/// Threads: const once made.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "kernel/lower.h"
#include "runtime/kernel_cache.h"
#include "runtime/wavefront.h"

namespace grumpy {

struct PlanSlot {
  int64_t leaf_tag = -1;   // a leaf of the frontier, or
  int64_t nbytes = 0;      // memory to allocate
  bool has_slack = true;   // whole groups of lanes may be written; not so in somebody else's memory
  int64_t view_tag = -1;   // of a leaf that moves (Frontier::moving): its first view,
  int64_t view_offset = 0; // and where that lay, in elements, when the plan was made
};

struct PlanArg {
  uint32_t slot = 0;
  int64_t offset_bytes = 0;
  std::vector<int64_t> strides;   // elements
  int64_t constant_tag = -1;      // a constant of the frontier instead of a slot
  bool has_slack = false;
  int64_t mask_elements = -1;     // of the mask that selects what is read; -1: none
  int64_t mask_offset = 0;
  uint32_t mask_slot = 0;
};

struct MatmulStep {
  DType dtype;
  std::vector<int64_t> batch;               // extents
  std::vector<int64_t> a_batch, b_batch;    // element strides, 0 where broadcast
  int64_t m, n, k, a_row, a_col, b_row, b_col;
  uint32_t tag;
  uint8_t watch;                            // Fpe mask somebody wants to hear of
};

struct TakeStep {
  DType dtype;
  std::vector<int64_t> shape, strides;  // of the source
  int axis;
  int64_t nindex;
};

struct CompressStep {
  DType dtype;
  std::vector<int64_t> shape, strides;  // of the source
  std::vector<int64_t> mask_strides;    // over its first axes
};

struct PutStep {
  DType dtype;
  uint8_t op;                           // ReduceOp, or kAssign
  bool is_masked;                       // the index is a mask over the first axes
  int axis;
  std::vector<int64_t> shape, strides;  // of the window that is written to
  std::vector<int64_t> index_shape, index_strides;
  std::vector<int64_t> value_strides;   // over the axes before, the index's (of a mask: one) and those after
  uint32_t tag;
  uint8_t watch;                        // Fpe mask somebody wants to hear of
};

enum class StepKind : uint8_t { Kernel, Matmul, Take, Compress, Put };

struct PlanStep {
  StepKind kind = StepKind::Kernel;
  KernelSpec spec;
  std::shared_ptr<KernelCode> code;
  std::vector<int64_t> extents;
  std::vector<PlanArg> args;     // of what is no kernel: a, b, out; of a Put: index, value, what is written to
  MatmulStep matmul;
  TakeStep take;
  CompressStep compress;
  PutStep put;
  bool is_packed = false;        // some load is selected by a mask
  bool is_dense = true;          // every store covers its buffer in order
  double points = 0;             // of the iteration space (multiply-adds of a product)
  double bytes = 0;              // read and written at least
};

struct Plan {
  std::vector<PlanSlot> slots;
  std::vector<PlanStep> steps;
  std::vector<Wavefront> wavefronts;  // steps that run in turn, block by block; in order
  struct Commit { uint32_t tag, slot; };
  std::vector<Commit> commits;   // pending nodes that become leaves
  std::vector<uint32_t> left;    // live arrays that stay pending, though their values were computed or could be
  double work = 0;               // element operations; decides whether to let go of the GIL
};

/// Passes, partition, lowering and memory of one frontier.
std::shared_ptr<const Plan> make_plan(const Frontier& f);

/// The last part of it: from partitions on.
std::shared_ptr<const Plan> make_plan(const Frontier& f, const Snapshot& s, const PartitionList& list);

}  // namespace grumpy
