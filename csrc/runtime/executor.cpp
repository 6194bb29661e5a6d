#include "runtime/executor.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "device/cpu/allocator.h"
#include "device/cpu/blas.h"
#include "device/cpu/fpe.h"
#include "device/cpu/index_loops.h"
#include "device/cpu/mask_rank.h"
#include "device/cpu/run_kernel.h"
#include "device/cpu/sliced_kernel.h"
#include "device/cpu/thread_pool.h"
#include "graph/index_arrays.h"
#include "runtime/stats.h"

namespace grumpy {
namespace {

class Executor {
 public:
  Executor(const Plan& plan, const Frontier& f, const Buffers& slots, std::vector<FpReportItem>& errors,
           const std::function<bool()>& interrupted)
      : plan_(plan), f_(f), slots_(slots), errors_(errors), interrupted_(interrupted) {}

  void run() {
    if (Config::device() == DeviceChoice::Null) return;
    size_t wave = 0;
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      if (wave < plan_.wavefronts.size() && plan_.wavefronts[wave].first == i) {
        const Wavefront& w = plan_.wavefronts[wave++];
        if (run_wavefront(w)) {
          i += w.steps.size() - 1;
          continue;
        }
      }
      const PlanStep& step = plan_.steps[i];
      if (interrupted_) stop_if_interrupted(step);
      switch (step.kind) {
        case StepKind::Kernel: run_step(step); break;
        case StepKind::Matmul: run_matmul(step); break;
        case StepKind::Take: run_take(step); break;
        case StepKind::Compress: run_compress(step); break;
        case StepKind::Put: run_put(step); break;
      }
    }
  }

 private:
  char* address(const PlanArg& a) const {
    if (a.constant_tag >= 0) return reinterpret_cast<char*>(f_.nodes[size_t(a.constant_tag)]->constant.bytes);
    return memory_of(a.slot) + a.offset_bytes;
  }

  /// What a plan's offsets count from: further on than when it was made, where a leaf's views have moved.
  char* memory_of(uint32_t slot) const {
    char* const data = static_cast<char*>(slots_[slot].data);
    const PlanSlot& s = plan_.slots[slot];
    if (s.view_tag < 0) [[likely]] return data;
    const Node& view = *f_.nodes[size_t(s.view_tag)];
    return data + (view.view->offset - s.view_offset) * item_bytes(view.dtype);
  }

  using Clock = std::chrono::steady_clock;
  static constexpr Clock::duration kAskEvery = std::chrono::milliseconds(20);

  /// Until a leaf has been overwritten the whole evaluation can be given up and done again.
  void stop_if_interrupted(const PlanStep& next) {
    const auto now = Clock::now();
    if (can_stop_ && now - asked_ > kAskEvery) {
      if (asked_ != Clock::time_point{} && interrupted_()) throw Interrupted("interrupted");
      asked_ = now;
    }
    const size_t first_store = next.kind != StepKind::Kernel ? 2
        : next.args.size() - next.spec.stores.size() - next.spec.reductions.size();
    for (size_t a = first_store; a < next.args.size(); ++a)
      can_stop_ = can_stop_ && plan_.slots[next.args[a].slot].leaf_tag < 0;
  }

  /// False, and nothing done: its kernels are to be run one after the other.
  bool run_wavefront(const Wavefront& w) {
    if (touches_twice(w)) return false;
    const int workers = num_threads();
    const WaveChunks cut = workers == 1 ? cut_wavefront(w, 1) : chunks_for(w, workers);
    if (cut.chunks.empty()) return false;
    const std::span steps = std::span(plan_.steps).subspan(w.first, w.steps.size());
    for (const PlanStep& step : steps)
      if (interrupted_) stop_if_interrupted(step);
    const auto begin = Clock::now();
    std::mutex mutex;  // several kernels may report at a time
    const FpeReport report_error = [&](uint32_t tag, uint8_t fpe) {
      const std::lock_guard lock(mutex);
      errors_.push_back({tag, fpe});
    };
    std::deque<SlicedKernel> kernels(steps.size());
    std::vector<ArgView> args;
    for (size_t t = 0; t < steps.size(); ++t) {
      const PlanStep& step = steps[t];
      args.clear();
      for (const PlanArg& a : step.args) args.push_back({address(a), a.strides.data(), false});
      kernels[t].start(step.spec, step.code->steps_for(step.points), {step.extents.data(), args.data()}, w.steps[t].axis,
                       w.steps[t].may_stream, report_error);
    }
    {
      const FpeScope scope;
      const RunSlice run = [&](size_t t, RowRange rows) { kernels[t].run(rows.begin, rows.end); };
      const auto chunks = int64_t(cut.chunks.size());
      parallel_for(chunks, workers, [&](int64_t c, int) { run_chunk(w, cut.chunks[size_t(c)], c, chunks, run); });
      parallel_for(chunks - 1, workers, [&](int64_t c, int) { run_gap(cut.gaps[size_t(c)], run); });
    }
    double bytes = 0, points = 0;
    for (const PlanStep& step : steps) {
      pad_stores(step);
      bytes += step.bytes;
      points += step.points;
    }
    count(stats().kernels, steps.size());
    count(stats().wavefronts);
    count(stats().bytes_moved, uint64_t(bytes));
    if (is_logged(LogLevel::Kernels))
      report("wavefront", bytes, points, begin, (std::to_string(steps.size()) + " kernels").c_str());
    return true;
  }

  /// Memory of different slots is one where somebody made arrays of it that do not know of each other.
  bool touches_twice(const Wavefront& w) const {
    for (size_t i = 0; i < w.slots.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const Buffer &a = slots_[w.slots[i]], &b = slots_[w.slots[j]];
        const char *from = static_cast<const char*>(a.data), *to = static_cast<const char*>(b.data);
        if (from < to + b.nbytes && to < from + a.nbytes) return true;
      }
    }
    return false;
  }

  void pad_stores(const PlanStep& step) {
    const size_t first = step.args.size() - step.spec.stores.size() - step.spec.reductions.size();
    for (size_t a = first; a < step.args.size(); ++a)
      pad_tail(slots_[step.args[a].slot], size_t(item_bytes(step.spec.arg_dtype(int(a)))));
  }

  void run_step(const PlanStep& step) {
    ArgView small[16];
    std::vector<ArgView> many;
    ArgView* args = small;
    if (step.args.size() > std::size(small)) {
      many.resize(step.args.size());
      args = many.data();
    }
    for (size_t a = 0; a < step.args.size(); ++a)
      args[a] = {address(step.args[a]), step.args[a].strides.data(), step.args[a].has_slack};
    std::vector<MaskRank> ranks;
    if (step.is_packed) select_loads(step, args, ranks);
    const StepList& steps = step.code->steps_for(step.points);
    const bool timed = is_logged(LogLevel::Kernels);
    const auto begin = timed ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point{};
    run_kernel(step.spec, steps, {step.extents.data(), args}, num_threads(),
               [this](uint32_t tag, uint8_t fpe) { errors_.push_back({tag, fpe}); });
    // Full-space stores write whole groups of lanes; what is stored otherwise needs its padding.
    if (step.spec.kind == KernelKind::Reduce || !step.is_dense) pad_stores(step);
    count(stats().kernels);
    count(stats().bytes_moved, uint64_t(step.bytes));
    if (timed) report(step.code->name().c_str(), step.bytes, step.points, begin, steps.is_compiled ? "compiled" : "interpreted");
  }

  /// One rank for each mask, shared by the loads that it selects.
  void select_loads(const PlanStep& step, ArgView* args, std::vector<MaskRank>& ranks) const {
    ranks.reserve(step.args.size());  // they are pointed to
    for (size_t a = 0; a < step.args.size(); ++a) {
      const PlanArg& arg = step.args[a];
      if (arg.mask_elements < 0) continue;
      const char* const mask = memory_of(arg.mask_slot) + arg.mask_offset;
      const auto known = std::find_if(ranks.begin(), ranks.end(), [&](const MaskRank& r) { return r.mask() == mask; });
      args[a].packed_by = known != ranks.end() ? &*known : &ranks.emplace_back(mask, arg.mask_elements);
    }
  }

  void run_matmul(const PlanStep& step) {
    const MatmulStep& m = step.matmul;
    const auto begin = std::chrono::steady_clock::now();
    std::vector<int64_t> c_batch(m.batch.size());
    int64_t stride = m.m * m.n;
    for (size_t k = m.batch.size(); k-- > 0;) {
      c_batch[k] = stride;
      stride *= m.batch[k];
    }
    const MatmulBatch batch{int(m.batch.size()), m.batch.data(), m.a_batch.data(), m.b_batch.data(), c_batch.data()};
    {
      const FpeScope scope;
      if (m.watch) clear_cpu_fpe();
      matmul(m.dtype, batch, {address(step.args[0]), m.m, m.k, m.a_row, m.a_col},
             {address(step.args[1]), m.k, m.n, m.b_row, m.b_col}, {address(step.args[2]), m.n});
      if (const auto raised = uint8_t(cpu_fpe() & m.watch)) errors_.push_back({m.tag, raised});
    }
    pad_tail(slots_[step.args[2].slot], size_t(item_bytes(m.dtype)));
    count(stats().library_calls);
    count(stats().bytes_moved, uint64_t(step.bytes));
    if (is_logged(LogLevel::Kernels)) report("matmul", step.bytes, step.points, begin, "library");
  }

  void run_take(const PlanStep& step) {
    const TakeStep& t = step.take;
    TakeSource source;
    source.data = address(step.args[0]);
    source.item_bytes = item_bytes(t.dtype);
    source.extents = {t.shape.data(), t.shape.size()};
    source.strides = {t.strides.data(), t.strides.size()};
    take(source, t.axis, reinterpret_cast<const int64_t*>(address(step.args[1])), t.nindex, address(step.args[2]));
    pad_tail(slots_[step.args[2].slot], size_t(item_bytes(t.dtype)));
    count(stats().library_calls);
    count(stats().bytes_moved, uint64_t(step.bytes));
  }

  void run_compress(const PlanStep& step) {
    const CompressStep& c = step.compress;
    const TakeSource source{address(step.args[0]), item_bytes(c.dtype), c.shape, c.strides};
    const MaskView mask{address(step.args[1]), std::span(c.shape).first(c.mask_strides.size()), c.mask_strides};
    compress(source, mask, address(step.args[2]));
    pad_tail(slots_[step.args[2].slot], size_t(item_bytes(c.dtype)));
    count(stats().library_calls);
    count(stats().bytes_moved, uint64_t(step.bytes));
  }

  void run_put(const PlanStep& step) {
    const PutStep& p = step.put;
    const PutTarget target{address(step.args[2]), item_bytes(p.dtype), p.shape, p.strides};
    const PutValues values{address(step.args[1]), p.value_strides};
    if (p.is_masked) {
      put_masked(target, {address(step.args[0]), p.index_shape, p.index_strides}, values);
    } else {
      const IndexSet::Positions at{reinterpret_cast<const int64_t*>(address(step.args[0])), p.index_strides};
      const IndexSet index{p.index_shape, {&at, 1}, p.axis};
      if (p.op == kAssign) {
        scatter(target, index, values);
      } else {
        const ReduceOp op = ReduceOp(p.op);
        const uint8_t raised = scatter_reduce(op, p.dtype, target, index, values) & p.watch;
        if (raised && (op == ReduceOp::add || op == ReduceOp::multiply)) errors_.push_back({p.tag, raised});
      }
    }
    pad_tail(slots_[step.args[2].slot], size_t(item_bytes(p.dtype)));
    count(stats().library_calls);
    count(stats().bytes_moved, uint64_t(step.bytes));
  }

  static void report(const char* name, double bytes, double points, std::chrono::steady_clock::time_point begin,
                     const char* how) {
    const double ns = double(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::steady_clock::now() - begin).count());
    write_log(std::string(name) + " " + how + " " + std::to_string(ns / 1e3) + " us, " +
              std::to_string(bytes / ns) + " GB/s, " + std::to_string(points / ns) + " Gpoint/s");
  }

  const Plan& plan_;
  const Frontier& f_;
  const Buffers& slots_;
  std::vector<FpReportItem>& errors_;
  const std::function<bool()>& interrupted_;
  Clock::time_point asked_{};
  bool can_stop_ = true;
};

}  // namespace

void Buffers::bind(const Plan& plan, const Frontier& f) {
  const size_t count = plan.slots.size();
  at_.resize(count);
  owned_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const PlanSlot& s = plan.slots[i];
    if (s.leaf_tag >= 0) {
      at_[i] = f.nodes[size_t(s.leaf_tag)]->data;
    } else {
      owned_[i] = allocate_buffer(size_t(s.nbytes));
      at_[i] = owned_[i].get();
    }
  }
}

void Buffers::keep(const std::vector<Plan::Commit>& commits) {
  if (commits.size() < 2) return;
  for (const Plan::Commit& c : commits)
    if (!owned_[c.slot]) owned_[c.slot] = BufferRef(at_[c.slot]);
}

void run_plan(const Plan& plan, const Frontier& f, Buffers& buffers, std::vector<FpReportItem>& errors,
              const std::function<bool()>& interrupted) {
  buffers.bind(plan, f);
  Executor(plan, f, buffers, errors, interrupted).run();
}

}  // namespace grumpy
