#include "device/cpu/sliced_kernel.h"

#include "device/cpu/launch.h"

namespace grumpy {

void SlicedKernel::start(const KernelSpec& spec, const StepList& steps, const LaunchArgs& args, int axis, bool may_stream,
                         const FpeReport& report) {
  spec_ = &spec;
  plan_ = &prepared_plan(spec, steps);
  axis_ = axis;
  extents_.assign(args.extents, args.extents + spec.ndim);
  const int nargs = spec.nargs();
  args_.assign(args.args, args.args + nargs);
  steps_.assign(size_t(nargs), 0);
  stream_elements_ = may_stream ? 1 : 0;
  for (int64_t e : extents_) stream_elements_ *= e;
  for (int a = 0; a < nargs; ++a) {
    args_[size_t(a)].has_slack = false;
    const bool is_scalar = a >= spec.program.nloads && a < spec.program.nloads + spec.program.nscalars;
    if (axis >= 0 && !is_scalar) steps_[size_t(a)] = args.args[a].strides[axis] * item_bytes(spec.arg_dtype(a));
  }
  watch_.start(spec, plan_->watch, report);
}

void SlicedKernel::run(int64_t begin, int64_t end) {
  // Their vectors keep their memory.
  thread_local Launch launch;
  thread_local std::vector<int64_t> extents;
  thread_local std::vector<ArgView> views;
  extents = extents_;
  views = args_;
  if (axis_ >= 0) extents[size_t(axis_)] = end - begin;
  for (size_t a = 0; a < views.size(); ++a) views[a].data += begin * steps_[a];
  if (spec_->kind == KernelKind::Map && spec_->ndim <= 1) {
    const int64_t n = spec_->ndim ? extents[0] : 1;
    uint8_t seen = 0;
    if (n <= kSmallMapElements && run_small_map(*plan_, views.data(), spec_->ndim, n, seen)) {
      if (seen & watch_.open()) watch_.look_again(seen, nullptr, nullptr, n);  // of one instruction: which is known
      return;
    }
  }
  const LaunchArgs args{extents.data(), views.data()};
  launch.spec = spec_;
  launch.plan = plan_;
  launch.args = &args;
  launch.max_workers = 1;
  launch.packing_work = 0;
  launch.serial = next_serial();
  launch.is_tiled = launch.is_streaming = false;
  launch.with_stores = true;
  launch.stream_elements = stream_elements_;
  launch.fpe = &watch_;
  run_launch(launch);
}

}  // namespace grumpy
