/// KernelKey to code, in memory, then on disk; and the choice of tier.
///
/// Tier 0 (block loops compiled ahead) runs anything at once. Tier 1 (fused segments) is compiled
/// before the run when that run alone pays for it, and behind the caller's back when several would.
/// Keys hold no sizes, addresses or scalar values: one kernel serves every shape.
/// Throws:  CompileError (jit=sync only; otherwise a kernel that does not compile stays interpreted).
/// Threads: safe.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/hash.h"
#include "base/error.h"
#include "kernel/steps.h"
#include "runtime/variants.h"

namespace grumpy {

class KernelCode {
 public:
  KernelCode(const KernelSpec& spec, const Site& site);

  /// Steps to run `points` points with: compiled ones when there are, compiled now when that pays.
  const StepList& steps_for(double points);
  /// What steps_for would do, and why, in words.
  std::string explain(double points) const;
  /// The steps that a run would have now, were nothing compiled for it.
  const StepList& present_steps() const;

  const KernelSpec& spec() const { return spec_; }
  const std::string& name() const { return name_; }

 private:
  friend class BackgroundCompiler;
  void compile(bool quick);
  const StepList& settled_steps();
  /// What compiled code saves of one run.
  double gain_ns(double points) const;
  enum class Choice : uint8_t { AsIs, Now, Behind, Capped };
  /// Whether to compile: `heat` is what compiled code would have saved so far, this run's gain included.
  Choice choose(double gain, double heat) const;
  double compile_cost_ns() const;

  KernelSpec spec_;       // of the first plan that needed it; tags are that plan's
  std::string name_;
  StepList interpreted_;
  std::atomic<const StepList*> compiled_{nullptr};  // lives as long as the process
  std::atomic<int> state_{0};                       // 0 interpreted, 1 queued, 2 quick, 3 full, 4 failed
  std::atomic<double> heat_ns_{0};                  // what compiled code would have saved so far
  std::mutex compiling_;
  std::shared_ptr<Variants> variants_;  // of the line that recorded the last operation
  size_t fused_ = 0;      // instructions that a segment would fuse
  size_t eased_ = 0;  // that fp=fast makes cheaper
  double scalar_ops_ = 0; // what they come to, about
};

/// The code for this spec; specs that differ only in tags and watched errors share it. `site` recorded it.
/// Under the GIL.
std::shared_ptr<KernelCode> find_kernel(const KernelSpec& spec, const Site& site);
Hash128 kernel_key(const KernelSpec& spec);

/// Compiles nothing more in the background; returns when nothing is being compiled. Needs: called before
/// static objects are destroyed, LLVM's among them.
void stop_compiling();

}  // namespace grumpy
