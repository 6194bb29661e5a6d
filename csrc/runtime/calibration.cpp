#include "runtime/calibration.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "base/config.h"
#include "base/log.h"
#include "codegen/jit.h"
#include "device/cpu/blocked_signals.h"
#include "device/cpu/costs.h"
#include "kernel/block_loops.h"
#include "runtime/disk_cache.h"

namespace grumpy {
namespace {

using Clock = std::chrono::steady_clock;

double ns_since(Clock::time_point begin) { return std::chrono::duration<double, std::nano>(Clock::now() - begin).count(); }

/// The least of several times: whatever else runs only adds to them.
template <class F>
double least_ns(int rounds, F f) {
  double least = 1e18;
  for (int i = 0; i < rounds; ++i) {
    const Clock::time_point begin = Clock::now();
    f();
    least = std::min(least, ns_since(begin));
  }
  return least;
}

/// An addition of float64 in L1, per element: it reads and writes what a step does.
double measure_step() {
  constexpr int64_t kElements = 1024, kCalls = 32;
  const BlockFn add = block_loop(Op::add, DType::float64);
  if (!add) return Costs{}.step_ns;
  std::vector<double> values(3 * kElements, 1.0);
  char* const ptrs[] = {reinterpret_cast<char*>(values.data()), reinterpret_cast<char*>(values.data() + kElements),
                        reinterpret_cast<char*>(values.data() + 2 * kElements)};
  uint32_t flags = 0;
  return least_ns(30, [&] {
    for (int64_t i = 0; i < kCalls; ++i) add(ptrs, kElements, &flags);
  }) / double(kElements * kCalls);
}

/// From one thread's word to another's first step, the other asleep.
double measure_wake() {
  std::mutex mutex;
  std::condition_variable asleep;
  enum { Idle, Asked, Answered, Over } state = Idle;
  const BlockedSignals blocked;
  Clock::time_point asked, begun;
  std::thread other([&] {
    std::unique_lock lock(mutex);
    for (;;) {
      asleep.wait(lock, [&] { return state == Asked || state == Over; });
      if (state == Over) return;
      begun = Clock::now();
      state = Answered;
      asleep.notify_all();
    }
  });
  std::vector<double> times;  // the middle one counts: how deep a core sleeps differs
  for (int i = 0; i < 11; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    std::unique_lock lock(mutex);
    asked = Clock::now();
    state = Asked;
    asleep.notify_all();
    asleep.wait(lock, [&] { return state == Answered; });
    times.push_back(std::chrono::duration<double, std::nano>(begun - asked).count());
  }
  {
    const std::lock_guard lock(mutex);
    state = Over;
  }
  asleep.notify_all();
  other.join();
  std::nth_element(times.begin(), times.begin() + 5, times.end());
  return times[5];
}

/// (x + y) * y + y ... of so many operations, compiled at level Quick.
double measure_compiling(int operations) {
  ScalarBlock block;
  block.inputs = {DType::float64, DType::float64};
  block.outputs = {DType::float64};
  const ValueId y = block.input(1, DType::float64);
  ValueId x = block.input(0, DType::float64);
  for (int i = 0; i < operations; ++i) x = block.binary(i % 2 ? ScalarOp::mul : ScalarOp::add, x, y);
  block.store(0, x);
  return least_ns(3, [&] { compile_to_object(block, {{false, false}, false}, OptLevel::Quick, "calibration"); });
}

/// No further from what is built in than a slow or busy machine explains.
double bounded(double measured, double built_in) { return std::clamp(measured, built_in / 3, built_in * 3); }

Costs measure() {
  constexpr int kFew = 2, kMany = 22;
  const Costs built_in;
  Costs c;
  c.step_ns = bounded(measure_step(), built_in.step_ns);
  c.call_ns = built_in.call_ns * c.step_ns / built_in.step_ns;  // the same instructions whatever the machine
  const double few = measure_compiling(kFew), many = measure_compiling(kMany);
  c.compile_op_ns = bounded((many - few) / (kMany - kFew), built_in.compile_op_ns);
  c.compile_ns = bounded(few - kFew * c.compile_op_ns, built_in.compile_ns);
  c.wake_ns = bounded(measure_wake(), built_in.wake_ns);
  c.is_measured = true;
  return c;
}

Hash128 costs_key() {
  Hash128 key;
  key.add_bytes("costs");
  key.add_bytes(host_target());
  key.add_bytes(GRUMPY_VERSION);
  key.add(sizeof(Costs));
  return key;
}

void log_costs(const char* where) {
  const Costs& c = costs();
  GRUMPY_LOG(Device) << "costs " << where << ": step " << c.step_ns << " ns an element, call " << c.call_ns
                     << " ns, compiling " << c.compile_ns / 1e6 << " ms and " << c.compile_op_ns / 1e3
                     << " us an operation, waking a thread " << c.wake_ns / 1e3 << " us";
}

}  // namespace

void load_costs() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (!Config::calibrate()) return;
    const auto bytes = read_cached_object(costs_key());
    if (!bytes || bytes->size() != sizeof(Costs)) return;
    Costs c;
    std::memcpy(&c, bytes->data(), sizeof c);
    set_costs(c);
    log_costs("from disk");
  });
}

void calibrate() {
  if (costs().is_measured || !Config::calibrate()) return;
  try {
    const Costs c = measure();
    std::vector<char> bytes(sizeof c);
    std::memcpy(bytes.data(), &c, sizeof c);
    write_cached_object(costs_key(), bytes);
    set_costs(c);
    log_costs("measured");
  } catch (const std::exception& e) {
    GRUMPY_LOG(Device) << "costs stay as built in: " << e.what();
  }
}

}  // namespace grumpy
