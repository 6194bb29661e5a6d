#include "graph/frontier.h"

#include <algorithm>

#include "base/error.h"
#include "graph/demand.h"

namespace grumpy {
namespace {

uint64_t epoch = 0;
constexpr uint32_t kWanted = 0x80000000u;  // in Node::uses while a frontier is taken
constexpr size_t kSiblingBudget = 8192;  // nodes looked at for arrays that share work

// Appends every node below `root` that is not yet in the frontier, inputs first. True when some
// pending node already marked with `shared_with` was met.
bool visit(Node* root, uint64_t mark, uint64_t shared_with, std::vector<Node*>& order,
           std::vector<Node*>& stack) {
  bool shares = false;
  if (root->mark == mark) return false;
  stack.push_back(root);
  root->mark = mark;
  root->index = 0;
  root->uses = 0;
  while (!stack.empty()) {
    Node* n = stack.back();
    if (n->index < n->nin) {
      Node* in = n->in[n->index++];
      if (in->mark == shared_with) {
        shares |= !in->is_materialized();
      } else if (in->mark != mark) {
        in->mark = mark;
        in->index = 0;
        in->uses = 0;
        stack.push_back(in);
      }
      continue;
    }
    stack.pop_back();
    order.push_back(n);
  }
  return shares;
}

bool has_outside_users(const Frontier& f) {
  for (const Node* n : f.nodes)
    if (!n->is_materialized() && n->refs > n->uses + n->owners) return true;
  return false;
}

void count_uses(const Frontier& f, size_t from) {
  for (size_t i = from; i < f.nodes.size(); ++i) {
    Node* n = f.nodes[i];
    n->index = uint32_t(i);
    for (int k = 0; k < n->nin; ++k) ++n->in[k]->uses;
  }
}

void add_view(Hash128& h, const ViewRep& v, int64_t origin) {
  h.add(uint64_t(v.offset - origin));
  for (int k = 0; k < v.ndim; ++k) {
    h.add(uint64_t(v.shape->dims[k]));
    h.add(uint64_t(v.strides[k]));
  }
}

void add_node(Hash128& h, const Node& n, uint8_t flags, int64_t origin) {
  h.add(uint64_t(n.kind) | uint64_t(n.op) << 8 | uint64_t(n.dtype) << 16 | uint64_t(n.nin) << 24 |
        uint64_t(n.part) << 32 | uint64_t(mode_of(n)) << 40 | uint64_t(flags) << 48 |
        uint64_t(n.shape->ndim) << 56);
  for (int k = 0; k < n.shape->ndim; ++k) h.add(uint64_t(n.shape->dims[k]));
  for (int k = 0; k < n.nin; ++k) h.add(n.in[k]->index);
  switch (n.kind) {
    case NodeKind::Leaf:
    case NodeKind::Constant:
    case NodeKind::Map:
    case NodeKind::Matmul:
    case NodeKind::Compress: break;
    case NodeKind::Foreign: h.add(reinterpret_cast<uintptr_t>(n.foreign.loop)); break;
    case NodeKind::View:
    case NodeKind::Update:
    case NodeKind::Put: add_view(h, *n.view, origin); break;
    case NodeKind::Reduce: h.add(n.axes); break;
    case NodeKind::Scan:
    case NodeKind::Take: h.add(uint64_t(n.axis)); break;
    case NodeKind::Check: GRUMPY_ASSERT(false) << "a check in a frontier";
  }
}

bool is_view_of_leaf(const Node& n) { return n.kind == NodeKind::View && n.in[0]->kind == NodeKind::Leaf; }

/// Finds the leaves of Frontier::moving, and marks them by kMoves. Memory that may be reused or written to is no
/// such leaf: what happens to it depends on where in it a view lies.
void find_moving(Frontier& f) {
  static std::vector<uint32_t> views;  // of each node, and behind them the first one: under the GIL
  const size_t count = f.nodes.size();
  views.assign(2 * count, 0);
  for (size_t i = 0; i < count; ++i) {
    if (!is_view_of_leaf(*f.nodes[i])) continue;
    const uint32_t leaf = f.nodes[i]->in[0]->index;
    if (views[leaf]++ == 0) views[count + leaf] = uint32_t(i);
  }
  for (size_t i = 0; i < count; ++i) {
    if (views[i] == 0 || views[i] != f.nodes[i]->uses || (f.flags[i] & kDonatable)) continue;
    f.flags[i] |= kMoves;
    f.moving.push_back({uint32_t(i), views[count + i]});
  }
}

}  // namespace

uint64_t new_mark() { return ++epoch; }

uint8_t frontier_flags(const Node& n, bool is_wanted) {
  switch (n.kind) {
    case NodeKind::Constant: return 0;
    case NodeKind::Leaf: return leaf_flags(n);
    case NodeKind::Map:
    case NodeKind::Foreign:
    case NodeKind::View:
    case NodeKind::Update:
    case NodeKind::Reduce:
    case NodeKind::Scan:
    case NodeKind::Matmul:
    case NodeKind::Take:
    case NodeKind::Compress:
    case NodeKind::Check:
    case NodeKind::Put: return is_wanted || (n.owners > 0 && is_in_demand(n)) ? kOutput : n.owners > 0 || n.refs > n.uses ? kLive : 0;
  }
  return 0;
}

void take_frontier(std::span<Node* const> wanted, Frontier& f) {
  static std::vector<Node*> stack, extra;  // under the GIL: kept for their memory
  f.nodes.clear();
  f.flags.clear();
  f.structure = Hash128{};
  f.siblings.clear();
  f.moving.clear();
  f.is_private = false;
  const uint64_t mark = new_mark(), probe = new_mark();
  for (Node* n : wanted) visit(n, mark, ~uint64_t{0}, f.nodes, stack);
  count_uses(f, 0);

  if (has_outside_users(f)) {
    size_t budget = kSiblingBudget;
    uint32_t position = 0;
    for (Storage* s = next_pending(first_pending()); s && budget > 0; s = next_pending(s->next), ++position) {
      // What waits for an index to be checked is nobody else's business.
      if (s->value->mark == mark || s->value->may_fail) continue;
      extra.clear();
      const bool shares = visit(s->value, probe, mark, extra, stack);
      budget -= std::min(budget, extra.size());
      for (Node* n : extra) n->mark = shares ? mark : 0;
      if (!shares) continue;
      const size_t before = f.nodes.size();
      f.nodes.insert(f.nodes.end(), extra.begin(), extra.end());
      count_uses(f, before);
      // The sibling itself is wanted now, so that the shared work is done once.
      s->value->uses |= kWanted;
      f.siblings.push_back({s->value->index, position});
    }
  }

  f.flags.resize(f.nodes.size());
  for (Node* n : wanted) n->uses |= kWanted;
  for (size_t i = 0; i < f.nodes.size(); ++i) {
    Node* n = f.nodes[i];
    const bool is_wanted = n->uses & kWanted;
    n->uses &= ~kWanted;
    f.flags[i] = frontier_flags(*n, is_wanted);
  }

  find_moving(f);
  f.structure.add(f.nodes.size());
  for (size_t i = 0; i < f.nodes.size(); ++i) {
    const Node& n = *f.nodes[i];
    const int64_t first = is_view_of_leaf(n) ? f.first_view(n.in[0]->index) : -1;
    add_node(f.structure, n, f.flags[i], first < 0 ? 0 : f.nodes[size_t(first)]->view->offset);
  }
}

std::vector<Node*> pending_readers(Node& leaf) {
  // Two colours: `reads` for nodes known to lead to the leaf, `other` for nodes known not to.
  const uint64_t reads = new_mark(), other = new_mark();
  leaf.mark = reads;
  std::vector<Node*> stack, readers;
  for (Storage* s = first_pending(); s; s = s->next) {
    if (!s->is_pending()) continue;
    stack.push_back(s->value);
    while (!stack.empty()) {
      Node* n = stack.back();
      if (n->mark == reads || n->mark == other) {
        stack.pop_back();
        continue;
      }
      bool is_reader = false, is_ready = true;
      for (int k = 0; k < n->nin; ++k) {
        Node* in = n->in[k];
        if (in->mark == reads) is_reader = true;
        else if (in->mark != other) {
          stack.push_back(in);
          is_ready = false;
        }
      }
      if (is_reader) n->mark = reads;
      else if (is_ready) n->mark = other;
    }
    if (s->value->mark == reads) readers.push_back(s->value);
  }
  return readers;
}

}  // namespace grumpy
