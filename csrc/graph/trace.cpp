#include "graph/trace.h"

namespace grumpy {
namespace {

constexpr uint32_t kNobody = ~uint32_t{0};
constexpr uint8_t kNoSlot = 0xff;

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
    case NodeKind::View:
    case NodeKind::Update: return 0;
  }
  return 0;
}

bool is_same_view(const ViewRep& a, const ViewRep& b) {
  if (&a == &b) return true;
  if (a.offset != b.offset || !same_shape(*a.shape, *b.shape)) return false;
  for (int k = 0; k < a.ndim; ++k)
    if (a.strides[k] != b.strides[k]) return false;
  return true;
}

}  // namespace

Trace::Trace(const Frontier& f, std::span<Node* const> wanted) : nwanted_(wanted.size()) {
  if (f.has_siblings || wanted.size() >= kNoSlot) return;
  stops_.resize(f.nodes.size());
  for (size_t i = 0; i < f.nodes.size(); ++i) {
    const Node& n = *f.nodes[i];
    Stop& s = stops_[i];
    s = {kNobody, 0, n.kind, n.op, n.dtype, n.nin, n.part, watch_of(n), f.flags[i], n.uses, n.shape, {}, detail_of(n)};
    if (n.kind == NodeKind::View || n.kind == NodeKind::Update) s.view = View(n.view);
    s.slot = kNoSlot;
  }
  for (size_t k = 0; k < wanted.size(); ++k) {
    Stop& s = stops_[wanted[k]->index];
    if (s.slot != kNoSlot) {  // the same twice
      stops_.clear();
      return;
    }
    s.slot = uint8_t(k);
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

bool Trace::is_same(const Stop& s, const Node& n) {
  if (n.kind != s.kind || n.op != s.op || n.dtype != s.dtype || n.nin != s.nin) return false;
  if (n.part != s.part || watch_of(n) != s.watch || !same_shape(*n.shape, *s.shape)) return false;
  switch (n.kind) {
    case NodeKind::Constant:
    case NodeKind::Map:
    case NodeKind::Leaf:
    case NodeKind::Matmul: return true;
    case NodeKind::View:
    case NodeKind::Update: return is_same_view(*n.view, *s.view);
    case NodeKind::Foreign:
    case NodeKind::Reduce:
    case NodeKind::Scan:
    case NodeKind::Take: return detail_of(n) == s.detail;
  }
  return false;
}

bool Trace::follow(std::span<Node* const> wanted, std::vector<Node*>& nodes) const {
  if (wanted.size() != nwanted_) return false;
  nodes.resize(stops_.size());
  const uint64_t mark = new_mark();
  for (size_t i = stops_.size(); i-- > 0;) {
    const Stop& s = stops_[i];
    Node* n = s.user == kNobody ? wanted[s.slot] : nodes[s.user]->in[s.slot];
    if (n->mark == mark || !is_same(s, *n)) return false;
    n->mark = mark;
    n->index = uint32_t(i);
    n->uses = s.uses;
    nodes[i] = n;
    // Somebody outside shares this work: it may be among the live arrays.
    if (!n->is_materialized() && n->refs > s.uses + n->owners) return false;
    if (frontier_flags(*n, s.flags & kOutput) != s.flags) return false;
  }
  for (const Edge& e : edges_)
    if (nodes[e.user]->in[e.slot] != nodes[e.input]) return false;
  return true;
}

}  // namespace grumpy
