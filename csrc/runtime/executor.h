/// Runs a LaunchPlan on the host.
///
/// Needs:   the frontier the plan fits; the evaluation lock. Leaves: the buffer of every commit.
/// Throws:  OutOfMemory before any kernel has run, Interrupted before any leaf has been written to:
///          every array stays as it was.
/// Threads: needs no GIL.
#pragma once
#include <functional>
#include <vector>

#include "graph/frontier.h"
#include "runtime/plan.h"

namespace grumpy {

struct FpReportItem { uint32_t tag; uint8_t fpe; };

/// The plan's slots during one evaluation. Leaves' buffers are borrowed: whoever evaluates holds the nodes.
class Buffers {
 public:
  void bind(const Plan& plan, const Frontier& f);
  Buffer& operator[](uint32_t slot) const { return *at_[slot]; }
  /// Before the first of several commits is taken: with its inputs, leaves of the others may go.
  void keep(const std::vector<Plan::Commit>& commits);
  /// The slot's buffer for a commit; what the plan allocated goes to the first that asks.
  BufferRef take(uint32_t slot) {
    return owned_[slot] ? BufferRef(std::move(owned_[slot])) : BufferRef(at_[slot]);
  }
  void clear() { owned_.clear(); }

 private:
  std::vector<Buffer*> at_;
  std::vector<BufferRef> owned_;  // null for leaves
};

/// Binds the plan's slots and runs its steps; a commit's buffer is then buffers[commit.slot].
/// `interrupted` is asked now and then between kernels.
void run_plan(const Plan& plan, const Frontier& f, Buffers& buffers, std::vector<FpReportItem>& errors,
              const std::function<bool()>& interrupted);

}  // namespace grumpy
