#include "runtime/session.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "base/config.h"
#include "base/error.h"
#include "graph/frontier.h"
#include "runtime/describe.h"
#include "runtime/executor.h"
#include "runtime/plan_cache.h"
#include "runtime/stats.h"

namespace grumpy {
namespace {

PythonHooks python;
Validator validator;
std::vector<FpError> fp_errors;

/// Work (element operations) from which letting go of the GIL costs nothing in comparison.
constexpr double kReleaseWork = 1e5;

/// Who evaluates. `is_taken` and `waiters` change under the GIL only, so that the common case, nobody
/// else there, is a plain flag; who must wait lets go of the GIL first.
struct Evaluator {
  bool is_taken = false;
  int waiters = 0;
  std::mutex mutex;                   // of `releases`
  std::condition_variable released;
  uint64_t releases = 0;
};
Evaluator& evaluator() {
  static auto* one = [] {
    static auto* made = new Evaluator;
    // In the child of a fork, whoever evaluated in another thread is gone.
    pthread_atfork(nullptr, nullptr, [] { new (made) Evaluator; });
    return made;
  }();
  return *one;
}

class EvaluationLock {
 public:
  /// `wanted` stays alive while we wait, whatever other threads do to its arrays.
  explicit EvaluationLock(std::span<Node* const> wanted) {
    Evaluator& e = evaluator();
    if (e.is_taken) wait(e, wanted);
    e.is_taken = true;
  }
  ~EvaluationLock() {
    Evaluator& e = evaluator();
    e.is_taken = false;
    if (e.waiters == 0) return;
    const std::lock_guard lock(e.mutex);
    ++e.releases;
    e.released.notify_all();
  }

 private:
  void wait(Evaluator& e, std::span<Node* const> wanted) {
    for (Node* n : wanted) held_.emplace_back(n);
    ++e.waiters;
    while (e.is_taken) {
      std::unique_lock lock(e.mutex);
      const uint64_t seen = e.releases;
      lock.unlock();
      void* state = python.release();
      lock.lock();
      e.released.wait(lock, [&] { return e.releases != seen; });
      lock.unlock();
      python.acquire(state);
    }
    --e.waiters;
  }

  std::vector<NodeRef> held_;
};

uint64_t now_ns() {
  return uint64_t(std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::steady_clock::now().time_since_epoch()).count());
}

class WithoutGil {
 public:
  explicit WithoutGil(bool really) : state_(really ? python.release() : nullptr), really_(really) {}
  ~WithoutGil() { if (really_) python.acquire(state_); }

  /// Whether Ctrl-C has been pressed; no question where the work is too small to wait for.
  std::function<bool()> question() {
    if (!really_) return {};
    return [this] {
      python.acquire(state_);
      const bool yes = python.interrupted();
      state_ = python.release();
      return yes;
    };
  }

 private:
  void* state_;
  bool really_;
};

PlanCache& plans() {
  static auto* cache = new PlanCache;
  return *cache;
}

/// Computes what the frontier covers a second time, elsewhere, and compares what was stored.
class Validation {
 public:
  explicit Validation(const Frontier& f)
      : handle_(Config::validate() && Config::device() != DeviceChoice::Null && validator.expect
                    ? validator.expect(facts_of(f)) : nullptr) {}
  ~Validation() {
    if (handle_) validator.compare(handle_, {}, {});
  }
  /// What differs, or an empty text.
  std::string compare(const Plan& plan, const Buffers& buffers) {
    if (!handle_) return {};
    std::vector<uint32_t> stored;
    std::vector<const void*> elements;
    for (const Plan::Commit& c : plan.commits) {
      stored.push_back(c.tag);
      elements.push_back(buffers[c.slot].data);
    }
    return validator.compare(std::exchange(handle_, nullptr), stored, elements);
  }

 private:
  void* handle_;
};

std::string operation_name(const Node& n) {
  switch (n.kind) {
    case NodeKind::Map: return std::string(info(n.map_op()).name);
    case NodeKind::Foreign: return n.foreign.loop->name;
    case NodeKind::Reduce: return n.reduce_op() == ReduceOp::moments ? "square" : "reduce";  // NumPy's words
    case NodeKind::Scan: return "accumulate";
    case NodeKind::Matmul: return "matmul";
    default: return "cast";
  }
}

/// Errors keep the node's code object alive until somebody has told the user.
void keep_errors(const Frontier& f, std::vector<FpReportItem>& items) {
  std::sort(items.begin(), items.end(), [](const FpReportItem& a, const FpReportItem& b) { return a.tag < b.tag; });
  for (size_t i = 0; i < items.size(); ++i) {
    uint8_t fpe = items[i].fpe;
    while (i + 1 < items.size() && items[i + 1].tag == items[i].tag) fpe |= items[++i].fpe;
    Node& n = *f.nodes[items[i].tag];
    FpError e{n.site, operation_name(n), fpe};
    n.site.watch &= uint8_t(~fpe);  // should it stay pending and be computed again: once is enough
    if (e.site.code) retain_code(e.site.code);
    fp_errors.push_back(std::move(e));
  }
}

}  // namespace

void set_python_hooks(const PythonHooks& hooks) { python = hooks; }
void set_validator(const Validator& v) { validator = v; }

static void evaluate_once(std::span<Node* const> wanted) {
  const auto is_done = [&] {
    for (const Node* n : wanted)
      if (!n->is_materialized()) return false;
    return true;
  };
  if (is_done()) return;
  // Kept for their memory; used under the evaluation lock only.
  static Frontier frontier;
  static Buffers buffers;
  static std::vector<FpReportItem> errors;
  const EvaluationLock lock(wanted);
  if (is_done()) return;  // somebody else has evaluated it while we waited

  const Plan& plan = plans().find(wanted, frontier);                  // what, and how
  // Another thread may drop the arrays while kernels run; what is committed keeps all else alive.
  for (const Plan::Commit& c : plan.commits) frontier.nodes[c.tag]->add_ref();
  errors.clear();
  struct Cleanup {
    const Plan& plan;
    ~Cleanup() {
      buffers.clear();
      for (const Plan::Commit& c : plan.commits) frontier.nodes[c.tag]->drop_ref();
    }
  } cleanup{plan};
  Validation validation(frontier);
  {
    const bool is_large = plan.work > kReleaseWork;
    WithoutGil without(is_large);
    const uint64_t begin = is_large ? now_ns() : 0;
    run_plan(plan, frontier, buffers, errors, without.question());    // the kernels
    if (is_large) count(stats().run_ns, now_ns() - begin);
  }
  if (!errors.empty()) keep_errors(frontier, errors);
  const std::string difference = validation.compare(plan, buffers);
  buffers.keep(plan.commits);
  for (const Plan::Commit& c : plan.commits) materialize(frontier.nodes[c.tag], buffers.take(c.slot));
  count(stats().evaluations);
  if (!difference.empty()) throw InternalError("GRUMPY_VALIDATE: " + difference);
}

void evaluate(std::span<Node* const> wanted) {
  for (;;) {
    try {
      evaluate_once(wanted);
      return;
    } catch (const Interrupted&) {  // no lock is held any more: Python's own handler decides
      if (python.answer_signals()) throw;
    }
  }
}

void note_fp_error(const Site& site, std::string operation, uint8_t raised) {
  const uint8_t fpe = raised & site.watch;
  if (!fpe) return;
  if (site.code) retain_code(site.code);
  fp_errors.push_back({site, std::move(operation), fpe});
}

std::vector<FpError> take_fp_errors() { return std::exchange(fp_errors, {}); }
bool has_fp_errors() { return !fp_errors.empty(); }

std::string describe(std::span<Node* const> wanted, const std::string& what) {
  const EvaluationLock lock(wanted);
  Frontier f;
  take_frontier(wanted, f);
  return describe_plan(f, what);
}

void clear_plan_cache() {
  const EvaluationLock lock({});
  plans().clear();
}

}  // namespace grumpy
