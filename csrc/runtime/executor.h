/// Runs a LaunchPlan on the host.
///
/// Needs:   the frontier the plan fits; the evaluation lock. Leaves: the buffer of every commit.
/// Throws:  OutOfMemory before any kernel has run, so that every array stays as it was.
/// Threads: needs no GIL.
#pragma once
#include <vector>

#include "graph/frontier.h"
#include "runtime/plan.h"

namespace grumpy {

struct FpReportItem { uint32_t tag; uint8_t fpe; };

/// Fills `slots` with the plan's buffers; a commit's buffer is slots[commit.slot].
void run_plan(const Plan& plan, const Frontier& f, std::vector<BufferRef>& slots,
              std::vector<FpReportItem>& errors);

}  // namespace grumpy
