#include "device/cpu/thread_pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/config.h"
#include "device/cpu/blocked_signals.h"
#include "device/cpu/float_state.h"
#include "device/cpu/host_limits.h"

namespace grumpy {
namespace {

// Covers the 10 to 20 µs between one kernel and the next; much longer would take CPU from others
// (numbers.md, section 7).
constexpr int kSpins = 2000;

/// What a helper may take longer than our own tasks did before we sleep: a helper that has lost its CPU
/// to somebody's spinning thread is put on ours then, which otherwise would wait for it at full speed.
constexpr uint64_t kPatience = 2;
constexpr uint64_t kMinWaitTicks = 20000;  // some 5 to 10 µs: less than going to sleep and waking up

/// A loop as small as this wakes no parked worker unless such loops come often.
constexpr uint64_t kOftenTicks = 300000;   // some 100 µs

void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}
uint64_t now_ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}
void futex_wait(std::atomic<uint32_t>& word, uint32_t expected) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
void futex_wake(std::atomic<uint32_t>& word, int count) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

thread_local bool is_inside = false;  // in a body, where a further loop runs alone

/// One job at a time. `state_` is the door: open or closed, seats left, workers inside. A worker
/// that comes late finds no seat and goes back to wait, so nobody waits for a worker that has not
/// begun: on a busy machine the caller simply does all tasks itself.
class Pool {
 public:
  bool run(int64_t ntasks, int helpers, TaskRef body);
  void stop();
  bool is_ready_for_small_loop();

 private:
  static constexpr uint32_t kOpen = 1u << 31, kCallerWaits = 1u << 30;
  static constexpr uint32_t kSeat = 1u << 15, kInside = kSeat - 1, kSeats = kInside << 15;

  struct Job {
    TaskRef body;
    int64_t ntasks = 0;
    int helpers = 0;
    FloatState floats;
  };

  void ensure_workers(int count);
  void publish(int helpers);
  void wait_for_helpers(uint64_t patience);
  void worker_main();
  uint32_t wait_for_job(uint32_t seen);
  int take_seat();
  int64_t run_tasks(int worker) noexcept;

  alignas(64) std::atomic<uint32_t> epoch_{0};  // one more for each job; what idle workers watch
  std::atomic<int> parked_{0}, num_workers_{0};
  std::atomic<uint64_t> last_small_loop_{0};
  alignas(64) std::atomic<uint32_t> state_{0};
  alignas(64) std::atomic<int64_t> next_task_{0};
  alignas(64) Job job_;       // const while the door is open or workers are inside
  std::exception_ptr error_;  // written by who sets has_error_
  std::atomic<bool> has_error_{false};
  std::atomic<uint32_t> float_flags_{0};
  alignas(64) std::atomic<bool> is_busy_{false};  // owns all that follows, and job_
  bool is_stopped_ = false;
  std::atomic<bool> is_stopping_{false};
  std::vector<std::thread> workers_;
};

/// False: the pool is taken or stopped, and nothing was done.
bool Pool::run(int64_t ntasks, int helpers, TaskRef body) {
  if (is_busy_.exchange(true, std::memory_order_acquire)) return false;
  if (!is_stopped_) ensure_workers(helpers);
  helpers = std::min(helpers, int(workers_.size()));
  if (helpers == 0) {
    is_busy_.store(false, std::memory_order_release);
    return false;
  }
  job_ = {body, ntasks, helpers, FloatState::control_of_this_thread()};
  next_task_.store(0, std::memory_order_relaxed);
  float_flags_.store(0, std::memory_order_relaxed);
  publish(helpers);

  is_inside = true;
  const uint64_t begin = now_ticks();
  const int64_t done = run_tasks(0);
  wait_for_helpers(kPatience * (now_ticks() - begin) / uint64_t(std::max<int64_t>(done, 1)));
  is_inside = false;

  FloatState::raise_flags(float_flags_.load(std::memory_order_relaxed));
  std::exception_ptr error;
  if (has_error_.exchange(false, std::memory_order_relaxed)) std::swap(error, error_);
  is_busy_.store(false, std::memory_order_release);
  if (error) std::rethrow_exception(std::move(error));
  return true;
}

/// As many as can be had; a refused thread is no error.
void Pool::ensure_workers(int count) {
  if (int(workers_.size()) >= count) return;
  const BlockedSignals blocked;
  try {
    workers_.reserve(size_t(count));
    while (int(workers_.size()) < count) {
      workers_.emplace_back([this] { worker_main(); });
      num_workers_.fetch_add(1, std::memory_order_relaxed);
      char name[16];
      std::snprintf(name, sizeof name, "grumpy-%d", int(workers_.size()) % 10000);
      pthread_setname_np(workers_.back().native_handle(), name);
    }
  } catch (const std::exception&) {  // no more threads or memory
  }
}

void Pool::publish(int helpers) {
  state_.store(kOpen | uint32_t(helpers) * kSeat, std::memory_order_release);
  // In one order with the worker's parked_ and its look at epoch_: either it sees the new epoch,
  // or we see it parked.
  epoch_.fetch_add(1, std::memory_order_seq_cst);
  const int parked = parked_.load(std::memory_order_seq_cst);
  const int awake = int(workers_.size()) - parked;
  if (parked > 0 && helpers > awake) futex_wake(epoch_, std::min(parked, helpers - awake));
}

/// `patience`: ticks of the clock to spin before sleeping.
void Pool::wait_for_helpers(uint64_t patience) {
  uint32_t state = state_.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen;
  if ((state & kInside) == 0) return;
  const uint64_t end = now_ticks() + std::max(patience, kMinWaitTicks);
  do {
    if (now_ticks() < end) {
      pause_cpu();
    } else if (state & kCallerWaits ||
               state_.compare_exchange_strong(state, state | kCallerWaits, std::memory_order_relaxed)) {
      futex_wait(state_, state | kCallerWaits);
    }
    state = state_.load(std::memory_order_acquire);
  } while ((state & kInside) != 0);
}

uint32_t Pool::wait_for_job(uint32_t seen) {
  for (int i = 0; i < kSpins; ++i) {
    const uint32_t now = epoch_.load(std::memory_order_acquire);
    if (now != seen) return now;
    pause_cpu();
  }
  parked_.fetch_add(1, std::memory_order_seq_cst);
  uint32_t now;
  while ((now = epoch_.load(std::memory_order_seq_cst)) == seen) futex_wait(epoch_, seen);
  parked_.fetch_sub(1, std::memory_order_seq_cst);
  return now;
}

/// The worker number of the open job, or 0 when there is no seat.
int Pool::take_seat() {
  uint32_t state = state_.load(std::memory_order_relaxed);
  do {
    if (!(state & kOpen) || (state & kSeats) == 0) return 0;
  } while (!state_.compare_exchange_weak(state, state - kSeat + 1, std::memory_order_acquire,
                                         std::memory_order_relaxed));
  return job_.helpers + 1 - int((state & kSeats) / kSeat);
}

void Pool::worker_main() {
  is_inside = true;
  // A job published before this thread ran may be found with the first look.
  for (uint32_t seen = epoch_.load(std::memory_order_acquire);; seen = wait_for_job(seen)) {
    if (is_stopping_.load(std::memory_order_acquire)) return;
    const int worker = take_seat();
    if (worker == 0) continue;
    job_.floats.set();
    run_tasks(worker);
    float_flags_.fetch_or(FloatState::flags_of_this_thread(), std::memory_order_relaxed);
    const uint32_t before = state_.fetch_sub(1, std::memory_order_acq_rel);
    if ((before & kCallerWaits) && (before & kInside) == 1) futex_wake(state_, 1);
  }
}

/// How many.
int64_t Pool::run_tasks(int worker) noexcept {
  const int64_t ntasks = job_.ntasks;
  const TaskRef body = job_.body;
  int64_t done = 0;
  for (int64_t task; (task = next_task_.fetch_add(1, std::memory_order_relaxed)) < ntasks;) {
    try {
      body(task, worker);
      ++done;
    } catch (...) {
      if (!has_error_.exchange(true, std::memory_order_relaxed)) error_ = std::current_exception();
      next_task_.store(ntasks, std::memory_order_relaxed);
    }
  }
  return done;
}

/// Whether a helper is awake, or would soon be needed again.
bool Pool::is_ready_for_small_loop() {
  const uint64_t now = now_ticks();
  const uint64_t last = last_small_loop_.exchange(now, std::memory_order_relaxed);
  if (now - last < kOftenTicks) return true;
  return parked_.load(std::memory_order_relaxed) < int(num_workers_.load(std::memory_order_relaxed));
}

void Pool::stop() {
  // A loop of a daemon thread may be running; it is not worth hanging at exit for.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (is_busy_.exchange(true, std::memory_order_acquire)) {
    if (is_inside || std::chrono::steady_clock::now() > deadline) return;
    std::this_thread::yield();
  }
  is_stopping_.store(true, std::memory_order_release);
  epoch_.fetch_add(1, std::memory_order_seq_cst);
  futex_wake(epoch_, INT_MAX);
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  num_workers_.store(0, std::memory_order_relaxed);
  is_stopped_ = true;
  is_busy_.store(false, std::memory_order_release);
}

// Never destroyed: a daemon thread may call while the process exits.
std::atomic<Pool*> current_pool{nullptr};
std::atomic<int> usable_cpus_seen{0};

/// The threads of the parent do not exist here, and its pool may be in the midst of a job.
void forget_pool() {
  current_pool.store(nullptr, std::memory_order_relaxed);
  usable_cpus_seen.store(0, std::memory_order_relaxed);
}

Pool& pool() {
  Pool* p = current_pool.load(std::memory_order_acquire);
  if (p) [[likely]] return *p;
  static const bool is_registered = [] {
    pthread_atfork(nullptr, nullptr, forget_pool);
    std::atexit(stop_thread_pool);
    return true;
  }();
  (void)is_registered;
  Pool* fresh = new Pool;
  if (current_pool.compare_exchange_strong(p, fresh, std::memory_order_acq_rel)) return *fresh;
  delete fresh;
  return *p;
}

}  // namespace

int num_threads() {
  const int64_t asked = Config::num_threads();
  if (asked != kAuto) return int(asked);
  int cpus = usable_cpus_seen.load(std::memory_order_relaxed);
  if (cpus == 0) {
    cpus = std::min(usable_cpus(), 4096);
    usable_cpus_seen.store(cpus, std::memory_order_relaxed);
  }
  return cpus;
}

void parallel_for(int64_t ntasks, int max_workers, TaskRef body) {
  if (ntasks > 1 && max_workers > 1 && !is_inside) {
    const int64_t workers = std::min<int64_t>({ntasks, max_workers, num_threads()});
    if (workers > 1 && pool().run(ntasks, int(workers) - 1, body)) return;
  }
  for (int64_t task = 0; task < ntasks; ++task) body(task, 0);
}

bool is_ready_for_small_loop() { return pool().is_ready_for_small_loop(); }

void stop_thread_pool() {
  if (Pool* p = current_pool.load(std::memory_order_acquire)) p->stop();
}

}  // namespace grumpy
