#include "runtime/plan_cache.h"

#include "runtime/stats.h"

namespace grumpy {

PlanCache::Cursor& PlanCache::cursor_of(const Node& n) {
  const auto code = reinterpret_cast<uintptr_t>(n.site.code);
  return cursors_[(code >> 4 ^ code >> 12 ^ uint32_t(n.site.last_instruction) >> 1) % kCursors];
}

const Plan& PlanCache::find(std::span<Node* const> wanted, Frontier& f) {
  const bool has_site = wanted[0]->kind != NodeKind::Constant;
  Cursor* const cursor = has_site ? &cursor_of(*wanted[0]) : nullptr;
  for (size_t k = 0; cursor && k < std::size(cursor->recent); ++k) {
    KnownRef& known = cursor->recent[k];
    if (!known || !known->trace->follow(wanted, f)) continue;
    std::swap(known, cursor->recent[0]);
    count(stats().plan_hits);
    count(stats().replays);
    return *cursor->recent[0]->plan;
  }
  take_frontier(wanted, f);
  const bool is_new = look_up(f);
  current_ = order_.front();
  if (!cursor || is_new) return *current_->plan;  // it may never come again
  if (!current_->trace) current_->trace = std::make_unique<const Trace>(f, wanted);
  if (!current_->trace->is_empty() && cursor->recent[0] != current_ && cursor->recent[1] != current_) {
    std::swap(cursor->recent[0], cursor->recent[1]);
    cursor->recent[0] = current_;
  }
  return *current_->plan;
}

bool PlanCache::look_up(const Frontier& f) {
  if (const auto it = map_.find(f.structure); it != map_.end()) {
    order_.splice(order_.begin(), order_, it->second);
    count(stats().plan_hits);
    return false;
  }
  auto known = std::make_shared<Known>();
  known->structure = f.structure;
  known->plan = make_plan(f);
  count(stats().plans);
  order_.push_front(std::move(known));
  map_[f.structure] = order_.begin();
  if (order_.size() > kMaxPlans) {
    map_.erase(order_.back()->structure);
    order_.pop_back();
  }
  return true;
}

void PlanCache::clear() {
  map_.clear();
  order_.clear();
  for (Cursor& c : cursors_) c = {};
  current_ = nullptr;
}

}  // namespace grumpy
