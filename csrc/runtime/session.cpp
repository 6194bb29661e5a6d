#include "runtime/session.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "base/config.h"
#include "base/error.h"
#include "graph/demand.h"
#include "graph/frontier.h"
#include "graph/index_arrays.h"
#include "graph/late_release.h"
#include "graph/storage.h"
#include "runtime/describe.h"
#include "runtime/executor.h"
#include "runtime/late_index.h"
#include "runtime/lone_operation.h"
#include "runtime/plan_cache.h"
#include "runtime/stats.h"

namespace grumpy {

std::vector<FpError> detail::fp_errors;
using detail::fp_errors;

namespace {

PythonHooks python;
Validator validator;

/// What one evaluation works with, kept for its memory; used under the evaluation lock only. Never
/// destroyed: a daemon thread may be evaluating while the process exits.
struct Workspace {
  Frontier frontier;
  Buffers buffers;
  std::vector<FpReportItem> errors;
};
Workspace& workspace() {
  static auto* one = new Workspace;
  return *one;
}

/// Work (element operations) from which letting go of the GIL costs nothing in comparison.
constexpr double kReleaseWork = 1e5;

/// Who evaluates, and who waits for it, in order of arrival: a thread that evaluates again and again
/// must not keep others out. All but `served` changes under the GIL, so that the common case, nobody
/// else there, is a plain flag; who must wait lets go of the GIL first.
struct Evaluator {
  bool is_taken = false;   // by `owner`, or on its way to the next who waits
  bool is_closed = false;  // the process ends: only `owner` evaluates
  pthread_t owner{};
  uint64_t asked = 0;      // numbers given to those who wait
  uint64_t served = 0;     // numbers whose turn has come
  std::mutex mutex;        // of `served` and `is_closed`
  std::condition_variable turn;
};
Evaluator& evaluator() {
  static auto* one = [] {
    static auto* made = new Evaluator;
    // In the child of a fork that did not wait (pause_evaluations), whoever evaluated is gone.
    pthread_atfork(nullptr, nullptr, [] {
      new (made) Evaluator;
      new (&workspace()) Workspace;
      hold_releases(false);
    });
    return made;
  }();
  return *one;
}

void wait_for_turn(Evaluator& e) {
  if (pthread_equal(e.owner, pthread_self())) {
    if (!e.is_taken) return;
    throw Error(ErrorClass::RuntimeError, "grumpy: an evaluation was asked for within another one");
  }
  const uint64_t number = ++e.asked;
  void* state = python.release();
  std::unique_lock lock(e.mutex);
  e.turn.wait(lock, [&] { return e.served >= number || e.is_closed; });
  const bool is_mine = e.served >= number;
  lock.unlock();
  while (!is_mine) ::pause();  // a daemon thread, when the process ends: the GIL is not for it any more
  python.acquire(state);
}

/// No code of the user's runs in this thread until end_turn.
void take_turn() {
  Evaluator& e = evaluator();
  if (e.is_taken || e.is_closed) wait_for_turn(e);
  e.is_taken = true;
  e.owner = pthread_self();
  hold_releases(true);
}

void end_turn() {
  Evaluator& e = evaluator();
  if (e.served == e.asked || e.is_closed) {
    e.is_taken = false;
  } else {
    e.owner = {};
    const std::lock_guard lock(e.mutex);
    ++e.served;
    e.turn.notify_all();
  }
  hold_releases(false);
  run_releases();
}

struct EvaluationLock {
  EvaluationLock() { take_turn(); }
  ~EvaluationLock() { end_turn(); }
};

uint64_t now_ns() {
  return uint64_t(std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::steady_clock::now().time_since_epoch()).count());
}

class WithoutGil {
 public:
  explicit WithoutGil(bool really) : really_(really) {
    if (!really_) return;
    hold_releases(false);  // what others let go of meanwhile is theirs
    state_ = python.release();
  }
  ~WithoutGil() {
    if (!really_) return;
    python.acquire(state_);
    hold_releases(true);
  }

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
  void* state_ = nullptr;
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
  if (n.site.called) return std::string(info(Op(n.site.called - 1)).name);
  switch (n.kind) {
    case NodeKind::Map: return std::string(info(n.map_op()).name);
    case NodeKind::Foreign: return n.foreign.loop->name;
    case NodeKind::Reduce: return n.reduce_op() == ReduceOp::moments ? "square" : "reduce";  // NumPy's words
    case NodeKind::Scan: return "accumulate";
    case NodeKind::Matmul: return "matmul";
    case NodeKind::Put: return n.op == kAssign ? "cast" : std::string(info(n.reduce_op()).name);
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

/// An array no larger than what it is computed from.
bool is_worth_keeping(const Node& n, const Frontier& f) {
  return std::any_of(f.nodes.begin(), f.nodes.end(), [&](const Node* in) {
    return in->kind == NodeKind::Leaf && in->shape->size * item_bytes(in->dtype) >= n.shape->size * item_bytes(n.dtype);
  });
}

}  // namespace

void set_python_hooks(const PythonHooks& hooks) { python = hooks; }
void set_validator(const Validator& v) { validator = v; }

static void evaluate_once(std::span<Node* const> wanted, Gil gil) {
  const auto is_done = [&] {
    for (const Node* n : wanted)
      if (!n->is_materialized()) return false;
    return true;
  };
  if (is_done()) return;
  const EvaluationLock lock;
  if (is_done()) return;  // somebody else has evaluated it while we waited
  auto& [frontier, buffers, errors] = workspace();

  const Plan& plan = plans().find(wanted, frontier);                  // what, and how
  // Another thread may drop the arrays while kernels run; what is committed keeps all else alive.
  for (const Plan::Commit& c : plan.commits) frontier.nodes[c.tag]->add_ref();
  errors.clear();
  struct Cleanup {
    const Plan& plan;
    Workspace& w;
    ~Cleanup() {
      w.buffers.clear();
      for (const Plan::Commit& c : plan.commits) w.frontier.nodes[c.tag]->drop_ref();
    }
  } cleanup{plan, workspace()};
  Validation validation(frontier);
  {
    const bool is_large = plan.work > kReleaseWork;
    WithoutGil without(is_large && gil == Gil::MayGo);
    const uint64_t begin = is_large ? now_ns() : 0;
    run_plan(plan, frontier, buffers, errors, without.question());    // the kernels
    if (is_large) count(stats().run_ns, now_ns() - begin);
  }
  if (!errors.empty()) keep_errors(frontier, errors);
  const std::string difference = validation.compare(plan, buffers);
  buffers.keep(plan.commits);
  for (const Node* n : wanted)
    if (n->was_left && is_worth_keeping(*n, frontier)) note_demand(*n);
  for (const uint32_t tag : plan.left) frontier.nodes[tag]->was_left = true;
  // While we had let go of the GIL, others may have come to know more.
  if (frontier.is_private && plan.commits.size() == 1 && plan.work <= kReleaseWork)
    materialize_alone(frontier.nodes[plan.commits[0].tag], buffers.take(plan.commits[0].slot), frontier.nodes);
  else
    for (const Plan::Commit& c : plan.commits) materialize(frontier.nodes[c.tag], buffers.take(c.slot));
  count(stats().evaluations);
  if (!difference.empty()) throw InternalError("GRUMPY_VALIDATE: " + difference);
}

static void settle_late(std::span<Node* const> wanted, Gil gil) {
  if (std::none_of(wanted.begin(), wanted.end(), [](const Node* n) { return n->may_fail; })) return;
  settle_checks(wanted, [gil](std::span<Node* const> inputs) { evaluate_once(inputs, gil); });
}

static void evaluate_held(std::span<Node* const> wanted, Gil gil) {
  for (;;) {
    try {
      settle_late(wanted, gil);
      evaluate_once(wanted, gil);
      return;
    } catch (const Interrupted&) {  // no lock is held any more: Python's own handler decides
      if (python.answer_signals()) throw;
    }
  }
}

/// One operation on a few known elements; false: it is more than that.
static bool evaluate_lone(Node& wanted) {
  const Evaluator& e = evaluator();
  if (e.is_taken || e.is_closed) return false;
  uint8_t raised = 0;
  BufferRef value = run_lone_operation(wanted, raised);
  if (!value) return false;
  if (raised) {
    note_fp_error(wanted.site, operation_name(wanted), raised);
    wanted.site.watch &= uint8_t(~raised);
  }
  const HeldValue held(&wanted);  // the end of its code object may run anything
  materialize(&wanted, std::move(value));
  return true;
}

void evaluate(Node& wanted, Gil gil) {
  if (wanted.is_materialized() || evaluate_lone(wanted)) return;
  const HeldValue held(&wanted);
  Node* const all[] = {&wanted};
  evaluate_held(all, gil);
}

void evaluate(std::span<Node* const> wanted) {
  std::deque<HeldValue> held;  // whatever other threads do to the arrays meanwhile
  for (Node* n : wanted) held.emplace_back(n);
  evaluate_held(wanted, Gil::MayGo);
}

Node& evaluate(Storage& s) {
  evaluate(*s.value, Gil::MayGo);
  // Another thread may have written while we had let go of the GIL: then it is what it wrote.
  while (s.is_pending()) evaluate(*s.value, Gil::Stays);
  return *s.value;
}

void note_fp_error(const Site& site, std::string operation, uint8_t raised) {
  const uint8_t fpe = raised & site.watch;
  if (!fpe) return;
  if (site.code) retain_code(site.code);
  fp_errors.push_back({site, std::move(operation), fpe});
}

std::vector<FpError> take_fp_errors() { return std::exchange(fp_errors, {}); }

std::string describe(std::span<Node* const> wanted, const std::string& what) {
  std::deque<HeldValue> held;
  for (Node* n : wanted) held.emplace_back(n);
  settle_late(wanted, Gil::Stays);  // no plan before its indices are known to be in bounds
  const EvaluationLock lock;
  Frontier f;
  take_frontier(wanted, f);
  return describe_plan(f, what);
}

void clear_plan_cache() {
  const EvaluationLock lock;
  plans().clear();
}

static bool is_paused = false;

void pause_evaluations() {
  take_turn();
  is_paused = true;
}

void resume_evaluations() {
  if (std::exchange(is_paused, false)) end_turn();
}

void close_evaluations() {
  take_turn();
  Evaluator& e = evaluator();
  {
    const std::lock_guard lock(e.mutex);
    e.is_closed = true;
    e.turn.notify_all();
  }
  end_turn();
}

}  // namespace grumpy
