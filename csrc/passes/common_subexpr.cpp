#include <algorithm>
#include <unordered_map>

#include "passes/passes.h"

namespace grumpy {
namespace {

Hash128 hash_of(const SnapNode& n) {
  Hash128 h;
  h.add(uint64_t(n.kind) | uint64_t(n.op) << 8 | uint64_t(n.dtype) << 16 | uint64_t(n.part) << 24 |
        uint64_t(n.watch) << 32 | uint64_t(n.is_fast) << 40);
  h.add(reinterpret_cast<uintptr_t>(n.loop));
  h.add(n.axes);
  h.add(uint64_t(n.axis));
  for (int64_t d : n.shape->extents()) h.add(uint64_t(d));
  if (n.view) {
    h.add(uint64_t(n.view->offset));
    for (int64_t d : n.view->shape->extents()) h.add(uint64_t(d));
    for (int64_t d : n.view->steps()) h.add(uint64_t(d));
  }
  for (int k = 0; k < n.nin; ++k) h.add(n.in[k]);
  return h;
}

/// Commutative to the bit. Of two equal zeros the order functions return one by position.
bool is_symmetric(Op op) {
  return (info(op).flags & Commutative) && op != Op::maximum && op != Op::minimum && op != Op::fmax &&
         op != Op::fmin;
}

}  // namespace

Snapshot common_subexpr(const Snapshot& in) {
  Snapshot out = in;
  std::unordered_map<Hash128, uint32_t> first;
  std::vector<uint32_t> same(out.nodes.size());
  for (uint32_t id = 0; id < out.nodes.size(); ++id) {
    SnapNode& n = out.nodes[id];
    for (int k = 0; k < n.nin; ++k) n.in[k] = same[n.in[k]];
    same[id] = id;
    if (n.is_source() || n.kind == NodeKind::Update || n.kind == NodeKind::Put) continue;
    if (n.kind == NodeKind::Map && is_symmetric(Op(n.op)) && n.in[0] > n.in[1])
      std::swap(n.in[0], n.in[1]);
    const auto [it, is_new] = first.try_emplace(hash_of(n), id);
    // Two held nodes stay two: each has a buffer that may be written later.
    if (!is_new && !(n.flags & (kOutput | kLive))) same[id] = it->second;
  }
  return out;
}

}  // namespace grumpy
