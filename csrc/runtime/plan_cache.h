/// Plans by the structure of what they evaluate, and cursors that recognise a structure without hashing.
///
/// A program's loop evaluates the same graphs from the same lines. Each line has a cursor: the traces of
/// the last plans that an evaluation of a node recorded there took. When one of them can be followed
/// (graph/trace.h), its plan is replayed; else the frontier is taken, hashed and looked up, and if need
/// be planned.
/// Throws:  what planning throws.
/// Threads: under the evaluation lock and the GIL; a plan lives until the next call.
#pragma once
#include <list>
#include <memory>
#include <span>
#include <unordered_map>

#include "graph/trace.h"
#include "runtime/plan.h"

namespace grumpy {

class PlanCache {
 public:
  /// The plan that evaluates `wanted`; f.nodes are the nodes its tags count.
  const Plan& find(std::span<Node* const> wanted, Frontier& f);
  void clear();

 private:
  struct Known {
    Hash128 structure;
    std::shared_ptr<const Plan> plan;
    std::unique_ptr<const Trace> trace;  // made when the plan is taken again
  };
  using KnownRef = std::shared_ptr<Known>;
  static constexpr size_t kMaxPlans = 512;
  static constexpr size_t kCursors = 256;
  struct Cursor { KnownRef recent[2]; };  // two: arrays that take turns, shapes that alternate

  Cursor& cursor_of(const Node& n);
  /// Puts the frontier's plan first in `order_`. True when it had to be made.
  bool look_up(const Frontier& f);

  std::list<KnownRef> order_;  // least recently looked up last
  std::unordered_map<Hash128, std::list<KnownRef>::iterator> map_;
  Cursor cursors_[kCursors];
  KnownRef current_;
};

}  // namespace grumpy
