#include "runtime/kernel_cache.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <sstream>
#include <thread>
#include <unordered_map>

#include "base/config.h"
#include "base/log.h"
#include "codegen/jit.h"
#include "device/cpu/blocked_signals.h"
#include "device/cpu/costs.h"
#include "device/cpu/thread_pool.h"
#include "runtime/calibration.h"
#include "runtime/disk_cache.h"
#include "runtime/stats.h"

namespace grumpy {

// ---- compiling behind the caller's back

/// One idle-priority thread. Leaked on purpose: it may outlive static destructors.
class BackgroundCompiler {
 public:
  static BackgroundCompiler& get() {
    static BackgroundCompiler* one = new BackgroundCompiler;
    return *one;
  }

  void add(KernelCode* code) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back(code);
    if (!running_) {
      running_ = true;
      const BlockedSignals blocked;
      std::thread([this] { run(); }).detach();
    }
    wake_.notify_one();
  }

  void stop() {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    queue_.clear();
    idle_.wait(lock, [&] { return !busy_; });
  }

 private:
  BackgroundCompiler() {
    std::atexit([] { get().stop(); });  // for programs without Python; what LLVM has made since goes earlier
    // The child of a fork has no such thread. A compilation under way holds locks, LLVM's too, that
    // nobody would give back in the child: it ends first.
    pthread_atfork([] { get().pause(); }, [] { get().mutex_.unlock(); }, [] { get().restart(); });
  }

  void pause() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return !busy_; });
    lock.release();
  }

  /// In the child, which holds the mutex. What was queued is forgotten, and may be queued again.
  void restart() {
    for (KernelCode* code : queue_) {
      int queued = 1;
      code->state_.compare_exchange_strong(queued, 0);
      code->heat_ns_ = 0;
    }
    queue_.clear();
    running_ = false;
    new (&wake_) std::condition_variable;
    new (&idle_) std::condition_variable;
    new (&mutex_) std::mutex;
  }

  void run() {
    ::setpriority(PRIO_PROCESS, id_t(::syscall(SYS_gettid)), 19);
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return !queue_.empty(); });
      KernelCode* code = queue_.front();
      queue_.pop_front();
      busy_ = true;
      lock.unlock();
      calibrate();
      try {
        code->compile(false);
      } catch (const std::exception& e) {
        GRUMPY_LOG(Device) << "background compile of " << code->name() << ": " << e.what();
      }
      lock.lock();
      busy_ = false;
      idle_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<KernelCode*> queue_;
  bool running_ = false, busy_ = false, stopping_ = false;
};

namespace {

constexpr double kEasedNs = 0.3;        // what fp=fast saves of an operation that it makes cheaper, per element
constexpr double kAlonePoints = 8192;   // fewer are the work of one thread
// Scalar operations that an expansion of an elementary function takes, about.
constexpr double kScalarOpsOfFunction = 40;

std::unordered_map<Hash128, std::shared_ptr<KernelCode>>& cache() {
  static auto* map = new std::unordered_map<Hash128, std::shared_ptr<KernelCode>>;
  return *map;
}
std::mutex& cache_mutex() {
  static auto* m = new std::mutex;
  return *m;
}

/// Grows whenever the code emitted for the same instructions changes.
constexpr uint64_t kEmitterRevision = 5;

Hash128 segment_key(const Segment& s, OptLevel level, bool is_fold) {
  Hash128 h;
  h.add_bytes(host_target());
  h.add_bytes(GRUMPY_VERSION);
  h.add(kEmitterRevision);
  h.add(uint64_t(level) | uint64_t(is_fold) << 8);
  for (const ScalarInstr& i : s.block.instrs) {
    h.add(uint64_t(i.op) | uint64_t(i.type) << 8 | uint64_t(i.from) << 16 | uint64_t(i.a) << 24 | uint64_t(i.b) << 40);
    h.add(uint64_t(i.c));
    h.add(i.imm);
  }
  for (DType t : s.block.inputs) h.add(uint64_t(t));
  h.add(0x5eed);
  for (DType t : s.block.outputs) h.add(uint64_t(t));
  for (bool b : s.is_splat) h.add(b);
  return h;
}

BlockFn compile_segment(const Segment& s, OptLevel level, bool is_fold = false) {
  const Hash128 key = segment_key(s, level, is_fold);
  const std::string name = "k" + hex(key);
  if (auto object = read_cached_object(key)) {
    if (BlockFn fn = load_object(*object, name)) {
      stats().disk_hits.fetch_add(1, std::memory_order_relaxed);
      GRUMPY_LOG(Device) << name << " from disk";
      return fn;
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<char> object = compile_to_object(s.block, {s.is_splat, is_fold}, level, name);
  BlockFn fn = load_object(object, name);
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin);
  stats().compiled.fetch_add(1, std::memory_order_relaxed);
  stats().compile_ns.fetch_add(uint64_t(ns.count()), std::memory_order_relaxed);
  GRUMPY_LOG(Device) << name << " compiled in " << double(ns.count()) / 1e6 << " ms, " << object.size() << " bytes";
  write_cached_object(key, object);
  return fn;
}

/// Whether fp=fast makes the operation alone cheaper: relax() does, or it has a rough form.
bool is_eased(const Program& p, const Instr& i) {
  if (i.op == Op::divide) return is_float(i.dtype) && i.in[1] >= p.nloads && i.in[1] < p.nloads + p.nscalars;
  if (i.op == Op::exp2 || (i.op == Op::exp && i.dtype == DType::float64)) return true;
  return i.op == Op::log || i.op == Op::tanh;
}

std::vector<uint16_t> live_values(const KernelSpec& spec) {
  std::vector<uint16_t> live;
  for (const Store& s : spec.stores) live.push_back(s.value);
  for (const Reduction& r : spec.reductions) live.push_back(r.value);
  return live;
}

}  // namespace

Hash128 kernel_key(const KernelSpec& spec) {
  Hash128 h;
  h.add(uint64_t(spec.kind) | uint64_t(spec.program.nloads) << 8 | uint64_t(spec.program.nscalars) << 24 |
        uint64_t(spec.program.instrs.size()) << 40);
  for (DType t : spec.program.dtypes) h.add(uint64_t(t));
  uint8_t watch = 0;  // what the driver's plan looks for, which is kept with the code
  for (const Instr& i : spec.program.instrs) {
    watch |= i.watch;
    h.add(uint64_t(i.op) | uint64_t(i.is_foreign) << 8 | uint64_t(i.nin) << 16 | uint64_t(i.nout) << 24 |
          uint64_t(i.dtype) << 32 | uint64_t(i.result) << 40 | uint64_t(i.is_fast) << 48);
    h.add(uint64_t(i.in[0]) | uint64_t(i.in[1]) << 16 | uint64_t(i.in[2]) << 32 | uint64_t(i.out) << 48);
    h.add(reinterpret_cast<uintptr_t>(i.loop));
  }
  for (const Store& s : spec.stores) h.add(s.value);
  for (const Reduction& r : spec.reductions) watch |= r.watch;
  h.add(0x5eed00 | watch | uint64_t(spec.is_short) << 32);
  for (const Reduction& r : spec.reductions)
    h.add(uint64_t(r.op) | uint64_t(r.value) << 8 | uint64_t(r.in) << 24 | uint64_t(r.out) << 32);
  return h;
}

KernelCode::KernelCode(const KernelSpec& spec, const Site& site)
    : spec_(spec), name_("k" + hex(kernel_key(spec)).substr(0, 12)),
      interpreted_(make_interpreted_steps(spec.program)), variants_(variants_of(site)) {
  for (const Instr& i : spec.program.instrs) {
    if (i.is_foreign || i.loop) continue;
    ++fused_;
    scalar_ops_ += info(i.op).ulp > 0 ? kScalarOpsOfFunction : 1;
    eased_ += i.is_fast && is_eased(spec.program, i);
  }
  if (can_fold(spec)) fused_ += spec.reductions.size();
}

double KernelCode::gain_ns(double points) const {
  if (fused_ < 2 && eased_ == 0) return 0;
  const double threads = points < kAlonePoints ? 1 : num_threads();
  const double fusion = fused_ < 2 ? 0 : double(fused_ - 1) * (costs().call_ns + points * costs().step_ns / threads);
  return fusion + double(eased_) * points * kEasedNs / threads;
}

double KernelCode::compile_cost_ns() const { return costs().compile_ns + costs().compile_op_ns * scalar_ops_; }

void KernelCode::compile(bool quick) {
  const std::lock_guard lock(compiling_);
  if (state_.load() >= (quick ? 2 : 3)) return;
  auto list = std::make_unique<StepList>();
  list->is_compiled = true;
  try {
    for (auto& piece : make_segments(spec_.program, live_values(spec_))) {
      if (auto* foreign = std::get_if<BlockStep>(&piece)) {
        list->steps.push_back(std::move(*foreign));
        continue;
      }
      const Segment& s = std::get<Segment>(piece);
      BlockStep step;
      step.fn = compile_segment(s, quick ? OptLevel::Quick : OptLevel::Full);
      step.in = s.in;
      step.out = s.out;
      list->steps.push_back(std::move(step));
    }
    if (can_fold(spec_)) {
      const Segment s = make_fold_segment(spec_);
      list->fold = {compile_segment(s, quick ? OptLevel::Quick : OptLevel::Full, true), s.in, s.is_splat};
    }
  } catch (...) {
    state_ = 4;
    throw;
  }
  // An older list may still be running: it is kept for the life of the process, like the code.
  if (!compiled_.exchange(list.release(), std::memory_order_acq_rel) && variants_) ++variants_->compiled;
  state_ = quick ? 2 : 3;
}

/// Which tier does not depend on what ran before: whatever fusion or fp=fast makes better is compiled.
const StepList& KernelCode::settled_steps() {
  if (fused_ < 2 && eased_ == 0) return interpreted_;
  if (state_.load() < 3) {
    try {
      compile(false);
    } catch (const CompileError& e) {
      GRUMPY_LOG(Device) << name_ << " stays interpreted: " << e.what();
    }
  }
  const StepList* compiled = compiled_.load(std::memory_order_acquire);
  return compiled && state_.load() == 3 ? *compiled : interpreted_;
}

KernelCode::Choice KernelCode::choose(double gain, double heat) const {
  const int state = state_.load(std::memory_order_relaxed);
  if (state == 1 || state >= 3) return Choice::AsIs;  // queued, done or failed
  const double cost = compile_cost_ns();
  if (state == 2) return heat > 2 * cost ? Choice::Behind : Choice::AsIs;
  const Choice choice = gain > 1.5 * cost ? Choice::Now : heat > cost ? Choice::Behind : Choice::AsIs;
  return choice != Choice::AsIs && is_capped(variants_.get()) ? Choice::Capped : choice;
}

const StepList& KernelCode::steps_for(double points) {
  const JitMode mode = Config::jit();
  if (mode == JitMode::Off || Config::device() == DeviceChoice::Interp || spec_.program.instrs.empty()) return interpreted_;
  if (Config::deterministic()) return settled_steps();
  const int state = state_.load(std::memory_order_relaxed);
  if (state == 3) return *compiled_.load(std::memory_order_acquire);
  if (mode == JitMode::Sync) {
    if (state < 2) compile(true);
    return *compiled_.load(std::memory_order_acquire);
  }
  const double gain = gain_ns(points), heat = heat_ns_.load(std::memory_order_relaxed) + gain;
  heat_ns_.store(heat, std::memory_order_relaxed);  // evaluations are one at a time
  switch (choose(gain, heat)) {
    case Choice::AsIs: break;
    case Choice::Capped: note_capped(*variants_); break;
    case Choice::Now:
      try {
        compile(true);
      } catch (const CompileError& e) {
        GRUMPY_LOG(Device) << name_ << " stays interpreted: " << e.what();
      }
      break;
    case Choice::Behind: {
      // A full compilation takes four times as long, but in a thread that runs when nobody else wants to.
      int expected = state;
      if (state_.compare_exchange_strong(expected, state == 2 ? 2 : 1)) {
        heat_ns_.store(-1e300);  // queued once
        BackgroundCompiler::get().add(this);
      }
    }
  }
  const StepList* compiled = compiled_.load(std::memory_order_acquire);
  if (compiled) return *compiled;
  count(stats().interpreted);
  return interpreted_;
}

const StepList& KernelCode::present_steps() const {
  const StepList* compiled = compiled_.load(std::memory_order_acquire);
  const bool is_off = Config::jit() == JitMode::Off || Config::device() == DeviceChoice::Interp;
  return compiled && !is_off ? *compiled : interpreted_;
}

std::string KernelCode::explain(double points) const {
  if (spec_.program.instrs.empty()) return "copied";
  if (Config::jit() == JitMode::Off) return "interpreted (jit=off)";
  if (Config::device() == DeviceChoice::Interp) return "interpreted (device=interp)";
  const int state = state_.load(std::memory_order_relaxed);
  const double gain = gain_ns(points), cost = compile_cost_ns(), heat = std::max(0.0, heat_ns_.load(std::memory_order_relaxed));
  if (Config::deterministic()) return fused_ < 2 && eased_ == 0 ? "interpreted (nothing to fuse)" : "compiled (deterministic=1)";
  if (state == 4) return "interpreted (compiling has failed)";
  std::string now = state == 3 ? "compiled, level full" : state == 2 ? "compiled, level quick" : "interpreted";
  if (state == 3) return now;
  if (state < 2 && Config::jit() == JitMode::Sync) return "compiled before it runs (jit=sync)";
  if (gain == 0) return now + " (nothing to fuse)";
  if (state == 1) return now + ", is being compiled";
  std::ostringstream text;
  text.precision(3);
  text << now << "; compiling takes " << cost / 1e3 << " us and saves " << gain / 1e3 << " us a run";
  switch (choose(gain, heat + gain)) {
    case Choice::Now: text << ": it is compiled before it runs"; break;
    case Choice::Behind: text << ": it will be compiled in the background"; break;
    case Choice::Capped: text << ": " << variants_->place << " has had too many kernels compiled"; break;
    case Choice::AsIs: text << ": so far " << heat / 1e3 << " us would have been saved";
  }
  return text.str();
}

std::shared_ptr<KernelCode> find_kernel(const KernelSpec& spec, const Site& site) {
  load_costs();
  const Hash128 key = kernel_key(spec);
  const std::lock_guard lock(cache_mutex());
  auto& slot = cache()[key];
  if (slot) stats().memory_hits.fetch_add(1, std::memory_order_relaxed);
  else slot = std::make_shared<KernelCode>(spec, site);
  return slot;
}

void stop_compiling() { BackgroundCompiler::get().stop(); }

}  // namespace grumpy
