/// Workers that run one parallel loop at a time: spin briefly, then park.
///
/// Leaves:  no thread before the first loop that wants one; none that uses a CPU while idle; none
///          after exit. Bodies run with the caller's rounding and flush modes, and floating-point
///          flags they raise are raised in the caller, as if it had run them all.
/// Throws:  what a body throws.
/// Threads: any thread may call; a loop that meets a running one (of another thread, or around it)
///          runs on its caller alone. After fork the child's pool starts anew.
#pragma once
#include <cstdint>
#include <memory>
#include <type_traits>

namespace grumpy {

int num_threads();           // GRUMPY_NUM_THREADS, else the CPUs we may run on

/// A callable (task, worker) that outlives the call it is passed to; nothing is copied.
class TaskRef {
 public:
  TaskRef() = default;
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, TaskRef> && std::is_invocable_v<F&, int64_t, int>)
  TaskRef(F&& f)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, int64_t task, int worker) {
          (*static_cast<std::remove_reference_t<F>*>(object))(task, worker);
        }) {}
  void operator()(int64_t task, int worker) const { call_(object_, task, worker); }

 private:
  void* object_ = nullptr;
  void (*call_)(void*, int64_t, int) = nullptr;
};

/// Calls body(task, worker) for task in [0, ntasks), worker in [0, min(max_workers, num_threads()));
/// no two running bodies share a worker number. Returns when all are done. Tasks are handed out
/// dynamically, in order; which worker runs a task must not change results. When a body throws,
/// tasks that have not begun are dropped and the first exception is rethrown here.
/// One task or one worker costs a plain loop.
void parallel_for(int64_t ntasks, int max_workers, TaskRef body);

/// Whether a loop of some microseconds gains by a helper: one is awake, or loops like it come so often that one will
/// be. Waking a parked one takes as long as such a loop.
bool is_ready_for_small_loop();

/// Ends the workers; later loops run on their callers. Called at exit by itself.
void stop_thread_pool();

}  // namespace grumpy
