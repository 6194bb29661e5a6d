#include "graph/trace.h"

#include <cstddef>
#include <cstring>

#include "graph/demand.h"

namespace grumpy {
namespace {

constexpr uint32_t kNobody = ~uint32_t{0};
constexpr uint8_t kNoSlot = 0xff;
constexpr size_t kMaxSiblings = 16;
constexpr uint32_t kMaxPosition = 64;  // walking further costs as much as searching

/// Kind, op, dtype and nin, which stand side by side.
uint32_t head_of(const Node& n) {
  static_assert(offsetof(Node, op) == offsetof(Node, kind) + 1 && offsetof(Node, dtype) == offsetof(Node, kind) + 2 &&
                offsetof(Node, nin) == offsetof(Node, kind) + 3);
  uint32_t head;
  std::memcpy(&head, reinterpret_cast<const char*>(&n) + offsetof(Node, kind), sizeof head);
  return head;
}

bool is_plain(NodeKind k) {
  return k == NodeKind::Leaf || k == NodeKind::Constant || k == NodeKind::Map || k == NodeKind::Matmul ||
         k == NodeKind::Compress;
}

uint64_t detail_of(const Node& n) {
  switch (n.kind) {
    case NodeKind::Foreign: return reinterpret_cast<uintptr_t>(n.foreign.loop);
    case NodeKind::Reduce: return n.axes;
    case NodeKind::Scan:
    case NodeKind::Take: return uint64_t(n.axis);
    case NodeKind::Leaf:
    case NodeKind::Constant:
    case NodeKind::Map:
    case NodeKind::Matmul:
    case NodeKind::Compress:
    case NodeKind::View:
    case NodeKind::Check:
    case NodeKind::Put:
    case NodeKind::Update: return 0;
  }
  return 0;
}

}  // namespace

Trace::Trace(const Frontier& f, std::span<Node* const> wanted) : nwanted_(wanted.size()) {
  if (f.siblings.size() > kMaxSiblings || wanted.size() + f.siblings.size() >= kNoSlot) return;
  if (!f.siblings.empty() && f.siblings.back().position > kMaxPosition) return;
  stops_.resize(f.nodes.size());
  for (size_t i = 0; i < f.nodes.size(); ++i) {
    const Node& n = *f.nodes[i];
    Stop& s = stops_[i];
    s = {kNobody, head_of(n), kNoSlot, n.part, mode_of(n), f.flags[i], !is_plain(n.kind),
         n.kind == NodeKind::Leaf || n.kind == NodeKind::Constant, n.uses, n.shape, {}, detail_of(n), kNobody};
    if (n.kind == NodeKind::View || n.kind == NodeKind::Update || n.kind == NodeKind::Put) s.view = View(n.view);
  }
  std::vector<uint32_t> last_view(f.moving.empty() ? 0 : f.nodes.size(), kNobody);
  for (size_t i = last_view.size(); i-- > 0;) {
    const Node& n = *f.nodes[i];
    if (n.kind != NodeKind::View || !(f.flags[n.in[0]->index] & kMoves)) continue;
    uint32_t& last = last_view[n.in[0]->index];
    if (last == kNobody) last = uint32_t(i);
    stops_[i].leader = last;
  }
  for (size_t k = 0; k < wanted.size(); ++k) {
    Stop& s = stops_[wanted[k]->index];
    if (s.slot != kNoSlot) {  // the same twice
      stops_.clear();
      return;
    }
    s.slot = uint8_t(k);
  }
  for (const Frontier::Sibling& sibling : f.siblings) {
    stops_[sibling.node].slot = uint8_t(nwanted_ + siblings_.size());
    siblings_.push_back(sibling.position);
  }
  // A user stands behind its inputs, so going back each node is reached before it is looked at.
  for (size_t i = f.nodes.size(); i-- > 0;) {
    for (int k = 0; k < f.nodes[i]->nin; ++k) {
      const uint32_t input = f.nodes[i]->in[k]->index;
      if (stops_[input].slot == kNoSlot) {
        stops_[input].user = uint32_t(i);
        stops_[input].slot = uint8_t(k);
      } else {
        edges_.push_back({uint32_t(i), input, uint8_t(k)});
      }
    }
  }
}

bool Trace::has_same_detail(size_t i, Node* const* nodes) const {
  const Stop& s = stops_[i];
  const Node& n = *nodes[i];
  if (n.part != s.part) return false;
  if (!s.view) return detail_of(n) == s.detail;
  if (s.leader == kNobody) return is_same_view(*n.view, *s.view);
  // All views of a leaf have moved as far as the last one, which has been looked at already.
  return has_same_steps(*n.view, *s.view) &&
         n.view->offset - s.view->offset == nodes[s.leader]->view->offset - stops_[s.leader].view->offset;
}

bool Trace::find_siblings(Node** found) const {
  Storage* s = next_pending(first_pending());
  uint32_t position = 0;
  for (const uint32_t wanted : siblings_) {
    for (; s && position < wanted; ++position) s = next_pending(s->next);
    if (!s || s->value->may_fail) return false;
    *found++ = s->value;
  }
  return true;
}

bool Trace::follow(std::span<Node* const> wanted, Frontier& f) const {
  if (wanted.size() != nwanted_) return false;
  Node* siblings[kMaxSiblings];
  if (!siblings_.empty() && !find_siblings(siblings)) return false;
  f.nodes.resize(stops_.size());
  const uint64_t mark = new_mark();
  Node** const at = f.nodes.data();
  uint32_t owners = 0;
  for (size_t i = stops_.size(); i-- > 0;) {
    const Stop& s = stops_[i];
    Node* n = s.user != kNobody ? at[s.user]->in[s.slot] : s.slot < nwanted_ ? wanted[s.slot] : siblings[s.slot - nwanted_];
    if (head_of(*n) != s.head || n->mark == mark) return false;
    if (n->shape.get() != s.shape.get() && !same_shape(*n->shape, *s.shape)) [[unlikely]] return false;
    at[i] = n;
    if (s.has_detail && !has_same_detail(i, at)) return false;
    n->mark = mark;
    n->index = uint32_t(i);
    n->uses = s.uses;
    if (s.is_known) {
      if (n->data && leaf_flags(*n) != (s.flags & ~kMoves)) return false;
      continue;
    }
    // Somebody outside who shares this work may be a live array.
    if (uint8_t(n->site.watch | n->site.is_fast << 7) != s.mode || n->refs > s.uses + n->owners) return false;
    if (s.user == kNobody) continue;
    owners |= n->owners;
    const uint8_t kept = n->owners == 0 ? 0 : is_in_demand(*n) ? kOutput : kLive;
    if (kept != (s.flags & (kOutput | kLive))) return false;
  }
  for (const Edge& e : edges_)
    if (at[e.user]->in[e.slot] != at[e.input]) return false;
  f.is_private = owners == 0 && siblings_.empty() && nwanted_ == 1;
  return true;
}

}  // namespace grumpy
