/// Runs a kernel on CPU threads: walks the iteration space block by block, gathers operands that
/// are not contiguous, runs the steps of the program on each block, and combines reductions and
/// scans in their fixed order.
///
/// The same driver serves both tiers (kernel/steps.h), so both give the same bits.
/// Needs:   a store may alias a load only element for element (same address, same strides), and a
///          scalar if it writes that one element;
///          results of reductions and scans alias nothing but, for a scan, a load in that way.
/// Leaves:  the caller's floating-point flags and modes as they were; behind the last element of a map's
///          store that has slack, copies of it up to a whole group of lanes.
/// Throws:  OutOfMemory for scratch; what `report` throws.
/// Threads: called under the evaluation lock; needs no GIL.
#pragma once
#include <functional>

#include "kernel/kernel_spec.h"
#include "kernel/steps.h"

namespace grumpy {

/// Told of floating-point errors: tag of the instruction, Fpe mask. Called from any worker, one at a
/// time, at most once for a (tag, error) of a run.
using FpeReport = std::function<void(uint32_t tag, uint8_t fpe)>;

/// How a run of so many points would go, were its operands known: the work of one thread, and who shares it.
struct RunEstimate {
  double work_ns;
  int workers;
};
RunEstimate estimate_run(const KernelSpec& spec, const StepList& steps, double points, int max_workers);

/// Steps must come from this spec.
void run_kernel(const KernelSpec& spec, const StepList& steps, const LaunchArgs& launch,
                int max_workers, const FpeReport& report);

}  // namespace grumpy
