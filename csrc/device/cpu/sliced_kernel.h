/// A kernel that is run slice by slice along one of its axes, so that others can run between its slices.
///
/// Every slice gives the elements, bit for bit, that run_kernel would: maps are cut anywhere; of reductions only
/// an axis outside all reduced ones is cut, and their order depends on what is inside it.
/// Needs:   what run_kernel needs; no scalar lies where a store writes; slices together cover each index once.
/// Leaves:  the padding behind stores to the caller, unlike run_kernel. Slices neither read nor write it.
/// Threads: start by one; run by any, several slices at a time where the caller knows that they do not touch
///          each other's elements. Floating-point modes are the caller's to set (FpeScope).
#pragma once
#include <vector>

#include "device/cpu/fpe.h"
#include "device/cpu/run_kernel.h"

namespace grumpy {

struct BlockPlan;

class SlicedKernel {
 public:
  /// `axis`: that is cut; -1 where there is only one slice, [0, 1). `args` are copied, what they point to is not.
  /// `may_stream`: stores may leave past the caches when the whole kernel's would.
  void start(const KernelSpec& spec, const StepList& steps, const LaunchArgs& args, int axis, bool may_stream,
             const FpeReport& report);
  void run(int64_t begin, int64_t end);

 private:
  const KernelSpec* spec_ = nullptr;
  const BlockPlan* plan_ = nullptr;
  int axis_ = -1;
  int64_t stream_elements_ = 0;
  std::vector<int64_t> extents_;
  std::vector<ArgView> args_;
  std::vector<int64_t> steps_;   // bytes from one index of the axis to the next, per argument
  FpeWatch watch_;
};

}  // namespace grumpy
