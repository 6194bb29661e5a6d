#include "graph/late_index.h"

#include "graph/frontier.h"

namespace grumpy {
namespace {

bool is_pending_late(const Node& n) { return n.may_fail && !n.is_materialized(); }

/// Marks every pending node below `root` that may fail, inputs before users; `meet` sees each once.
template <class Meet> void walk(Node* root, uint64_t mark, Meet meet) {
  if (!is_pending_late(*root) || root->mark == mark) return;
  std::vector<Node*> stack{root};
  root->mark = mark;
  root->index = 0;
  while (!stack.empty()) {
    Node* n = stack.back();
    if (n->index < n->nin) {
      Node* in = n->in[n->index++];
      if (!is_pending_late(*in) || in->mark == mark) continue;
      in->mark = mark;
      in->index = 0;
      stack.push_back(in);
      continue;
    }
    stack.pop_back();
    meet(n);
  }
}

/// The storage's value without the writes that cannot be made; null where that is all of it.
NodeRef surviving(Node* value) {
  std::vector<Node*> writes;  // newest first
  Node* base = value;
  while (is_doomed(*base)) {
    if (base->kind != NodeKind::Update && base->kind != NodeKind::Put) return {};
    writes.push_back(base);
    base = base->in[0];
  }
  NodeRef now(base);
  for (size_t k = writes.size(); k-- > 0;) {
    Node* w = writes[k];
    bool fails = false;
    for (int j = 1; j < w->nin; ++j) fails = fails || is_doomed(*w->in[j]);
    if (fails) continue;
    Node* again = new_node(w->kind, w->dtype);
    again->op = w->op;
    again->part = w->part;
    again->shape = w->shape;
    (again->view = w->view)->add_ref();
    link_input(again, now.get());
    for (int j = 1; j < w->nin; ++j) link_input(again, w->in[j]);
    set_site(again, w->site);
    now = NodeRef::adopt(again);
  }
  return now;
}

}  // namespace

NodeRef record_check(const NodeRef& index, int64_t extent, int name, const Site& site) {
  Node* n = new_node(NodeKind::Check, DType::int64);
  n->shape = index->shape;
  n->axis = extent;
  n->part = uint8_t(name);
  link_input(n, index.get());
  n->may_fail = true;
  set_site(n, site);
  return NodeRef::adopt(n);
}

std::vector<Node*> pending_checks(std::span<Node* const> wanted) {
  std::vector<Node*> list;
  const uint64_t mark = new_mark();
  for (Node* n : wanted)
    walk(n, mark, [&](Node* found) {
      if (found->kind == NodeKind::Check) list.push_back(found);
    });
  return list;
}

bool is_doomed(Node& n) {
  bool doomed = false;
  walk(&n, new_mark(), [&](Node* found) { doomed = doomed || found->has_failed(); });
  return doomed;
}

void undo_doomed_writes() {
  std::vector<StorageRef> storages;
  for (Storage* s = first_pending(); s; s = s->next)
    if (is_pending_late(*s->value)) storages.emplace_back(s);
  for (const StorageRef& s : storages) {
    if (!is_doomed(*s->value)) continue;
    NodeRef rest = surviving(s->value);
    if (rest && rest->shape->size == s->shape->size) set_value(*s, std::move(rest));
  }
}

}  // namespace grumpy
