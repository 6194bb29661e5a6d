/// What every recording function of the api room does last. Not for the binding.
#pragma once
#include "base/config.h"
#include "base/limits.h"
#include "graph/node.h"
#include "runtime/session.h"

namespace grumpy::api::detail {

inline uint64_t recorded = 0;
void evaluate_all_pending();

/// Keeps the graph bounded (S8), and operations on exported memory immediate (S5).
inline void settle(Node* n, bool at_once) {
  ++recorded;
  if (n->is_materialized()) return;
  if (at_once || n->depth > kHardDepth) [[unlikely]] {
    grumpy::evaluate(*n);
  } else if (pending_nodes() > uint64_t(Config::max_pending_nodes())) [[unlikely]] {
    evaluate_all_pending();
  }
}

}  // namespace grumpy::api::detail
