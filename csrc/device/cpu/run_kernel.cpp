#include "device/cpu/run_kernel.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "device/cpu/block_plan.h"
#include "device/cpu/launch.h"
#include "device/cpu/mask_rank.h"

namespace grumpy {
namespace {

/// Scalars whose memory a store takes, set aside: steps and the second look at an error read scalars
/// where they lie, until the end. (Loads are looked after where blocks are placed.)
class ScalarsAside {
 public:
  static bool are_needed(const Program& p, const LaunchArgs& args, int nargs) {
    const int first_store = p.nloads + p.nscalars;
    for (int k = p.nloads; k < first_store; ++k)
      for (int j = first_store; j < nargs; ++j)
        if (args.args[j].data == args.args[k].data) return true;
    return false;
  }
  ScalarsAside(const Program& p, const LaunchArgs& args, int nargs)
      : views_(args.args, args.args + nargs), values_(p.nscalars) {
    for (int k = 0; k < p.nscalars; ++k) {
      ArgView& view = views_[size_t(p.nloads + k)];
      std::memcpy(values_[size_t(k)].bytes, view.data, size_t(item_bytes(p.dtypes[size_t(p.nloads + k)])));
      view.data = values_[size_t(k)].bytes;
    }
    args_ = {args.extents, views_.data()};
  }
  const LaunchArgs& args() const { return args_; }

 private:
  struct alignas(16) Value { char bytes[16]; };
  std::vector<ArgView> views_;
  std::vector<Value> values_;
  LaunchArgs args_;
};

double packing_work(const BlockPlan& plan, const LaunchArgs& args) {
  constexpr double kPerElement = 0.25;
  double work = 0;
  for (int k = 0; k < plan.nloads; ++k)
    if (const MaskRank* rank = args.args[k].packed_by) work += kPerElement * double(rank->size());
  return work;
}

}  // namespace

const BlockPlan& prepared_plan(const KernelSpec& spec, const StepList& steps) {
  if (!steps.prepared) steps.prepared = std::make_shared<const BlockPlan>(make_block_plan(spec, steps));
  return *static_cast<const BlockPlan*>(steps.prepared.get());
}

void run_launch(Launch& launch) {
  read_space(launch.space, *launch.spec, *launch.args);
  switch (launch.spec->kind) {
    case KernelKind::Map: return run_map(launch);
    case KernelKind::Reduce: return run_reduce(launch);
    case KernelKind::Scan: return run_scan(launch);
  }
}

uint64_t next_serial() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

RunEstimate estimate_run(const KernelSpec& spec, const StepList& steps, double points, int max_workers) {
  const double work = points * (make_block_plan(spec, steps).weight + 1);
  const bool is_small = spec.kind == KernelKind::Map && spec.ndim <= 1 && points <= double(kSmallMapElements);
  return {work * kWorkNs, is_small ? 1 : workers_for(work, max_workers)};
}

void run_kernel(const KernelSpec& spec, const StepList& steps, const LaunchArgs& args, int max_workers,
                const FpeReport& report) {
  if (const int nargs = spec.nargs(); ScalarsAside::are_needed(spec.program, args, nargs)) {
    const ScalarsAside aside(spec.program, args, nargs);
    return run_kernel(spec, steps, aside.args(), max_workers, report);
  }
  const FpeScope scope;
  const BlockPlan& plan = prepared_plan(spec, steps);
  const double packing = packing_work(plan, args);
  if (spec.kind == KernelKind::Map && spec.ndim <= 1) {
    const int64_t n = spec.ndim ? args.extents[0] : 1;
    if (n == 0) return;
    uint8_t seen = 0;
    if (n <= kSmallMapElements && packing == 0 && run_small_map(plan, args.args, spec.ndim, n, seen)) {
      if (seen && (seen &= watched(spec.program.instrs[0]))) report(spec.program.instrs[0].tag, seen);
      return;
    }
  }
  // Its vectors keep their memory, so that small kernels allocate nothing.
  thread_local Launch launch;
  thread_local FpeWatch watch;
  launch.spec = &spec;
  launch.plan = &plan;
  launch.args = &args;
  launch.max_workers = std::max(1, max_workers);
  launch.packing_work = packing;
  launch.serial = next_serial();
  launch.is_tiled = launch.is_streaming = false;
  launch.with_stores = true;
  launch.stream_elements = -1;
  launch.fpe = &watch;
  watch.start(spec, plan.watch, report);
  run_launch(launch);
}

}  // namespace grumpy
