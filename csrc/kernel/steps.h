/// A program as steps over blocks of elements: what the CPU driver runs.
///
/// A step is one ahead-of-time loop (tier 0), one compiled segment of several operations (tier 1),
/// or one foreign inner loop. No device is needed to make them.
/// Threads: pure; a StepList is const once made, but for `prepared`.
#pragma once
#include <memory>
#include <variant>
#include <vector>

#include "kernel/block_loops.h"
#include "kernel/kernel_spec.h"

namespace grumpy {

/// One step: reads and writes value slots of the block.
struct BlockStep {
  BlockFn fn = nullptr;               // null: `loop` is called instead
  const InnerLoop* loop = nullptr;
  std::vector<uint16_t> in;           // value ids
  std::vector<uint16_t> out;          // value ids
  bool is_by_number = false;          // of the second operand one element is read
};
/// A whole program with its sums: for each lane, the sum over rows of every reduction's value, added as the driver
/// does: kLeafRows in order to 0, such leaves by a binary tree. A BlockFn whose ptrs are: inputs; states (one per
/// reduction, `n` lanes); the number of rows (>= 1, < kShortRows); then for each input the bytes from row to row and
/// a lane mask: -1, or 0 for an input of which every vector reads the same elements of a row. n is a multiple of kLanes.
struct FoldStep {
  BlockFn fn = nullptr;               // null: there is none
  std::vector<uint16_t> in;           // value ids
  std::vector<bool> is_splat;         // per input: a scalar of the program
};
struct StepList {
  std::vector<BlockStep> steps;
  FoldStep fold;
  bool is_compiled = false;           // scalars are splats (one element), else filled blocks
  /// What the driver worked out about these steps at their first run; belongs to the driver.
  mutable std::shared_ptr<const void> prepared;
};

/// Tier 0: one step per instruction.
/// Throws: InternalError when neither an ahead-of-time loop nor an inner loop exists.
StepList make_interpreted_steps(const Program& program);
BlockStep interpreted_step(const Program& program, const Instr& instr);

/// A run of instructions without inner loops, as a block whose inputs are the values it needs from
/// before and whose outputs are the values needed after.
struct Segment {
  ScalarBlock block;
  std::vector<uint16_t> in, out;      // value ids of the block's slots
  std::vector<bool> is_splat;         // per input: a scalar of the program
};
/// Cuts the program at inner loops; what remains are segments and single foreign steps. Everything
/// that is ready joins a segment before the next inner loop runs, so there are as few as possible.
/// `live_out` are the values that stores and reductions read.
std::vector<std::variant<Segment, BlockStep>> make_segments(const Program& program,
                                                            const std::vector<uint16_t>& live_out);

/// Whether the program shall have a FoldStep: its rows are few, it stores nothing, calls no inner loop, and only adds
/// numbers whose states are as wide as an int64.
bool can_fold(const KernelSpec& spec);
/// The program and its sums as one block; out are the reductions' values, in their order.
Segment make_fold_segment(const KernelSpec& spec);

}  // namespace grumpy
