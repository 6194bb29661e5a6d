#include "graph/late_index.h"

#include "graph/frontier.h"

namespace grumpy {
namespace {

NodeRef record_check(const NodeRef& index, int64_t extent, int axis, const Site& site) {
  Node* n = new_node(NodeKind::Check, DType::int64);
  n->shape = index->shape;
  n->axis = extent;
  n->part = uint8_t(axis);
  link_input(n, index.get());
  n->may_fail = true;
  set_site(n, site);
  return NodeRef::adopt(n);
}

NodeRef number(int64_t v) { return make_constant(Scalar::of<int64_t>(DType::int64, v)); }

NodeRef pair(Op op, DType t, NodeRef a, NodeRef b) {
  const NodeRef in[] = {std::move(a), std::move(b)};
  return record_map_nodes(op, t, in, Site{});
}

/// One position for each element of the joint index, over the indexed axes as one; negative only where there
/// is but one axis.
NodeRef joint_position(const Node& in, std::span<const NodeRef> index, int axis, std::span<const int> names,
                       const Site& site) {
  if (index.size() == 1) return record_check(index[0], in.shape->dims[axis], names[0], site);
  NodeRef position;
  for (size_t k = 0; k < index.size(); ++k) {
    const int64_t extent = in.shape->dims[axis + int(k)];
    const NodeRef checked = record_check(index[k], extent, names[k], site);
    const NodeRef where[] = {pair(Op::less, DType::bool_, checked, number(0)),
                             pair(Op::add, DType::int64, checked, number(extent)), checked};
    NodeRef from_start = record_map_nodes(Op::where, DType::int64, where, Site{});
    if (!position) position = std::move(from_start);
    else position = pair(Op::add, DType::int64, pair(Op::multiply, DType::int64, position, number(extent)), std::move(from_start));
  }
  return position;
}

/// `in` with the indexed axes made one.
NodeRef with_joint_axis(NodeRef in, size_t naxes, int axis) {
  if (naxes == 1) return in;
  int64_t dims[kMaxDims];
  int nd = 0;
  for (int k = 0; k < in->shape->ndim; ++k) {
    if (k > axis && k < axis + int(naxes)) dims[nd - 1] *= in->shape->dims[k];
    else dims[nd++] = in->shape->dims[k];
  }
  return record_view(std::move(in), contiguous_view(make_shape({dims, size_t(nd)})));
}

Shape selected_shape(const Node& in, const Node& position, int axis) {
  std::vector<int64_t> dims(in.shape->dims, in.shape->dims + axis);
  dims.insert(dims.end(), position.shape->dims, position.shape->dims + position.shape->ndim);
  dims.insert(dims.end(), in.shape->dims + axis + 1, in.shape->dims + in.shape->ndim);
  return make_shape(dims);
}

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
    if (w->kind == NodeKind::Update) (again->view = w->view)->add_ref();
    else again->axis = w->axis;
    link_input(again, now.get());
    for (int j = 1; j < w->nin; ++j) link_input(again, w->in[j]);
    set_site(again, w->site);
    now = NodeRef::adopt(again);
  }
  return now;
}

}  // namespace

NodeRef record_late_take(NodeRef in, std::span<const NodeRef> index, int axis, std::span<const int> names, const Site& site) {
  NodeRef position = joint_position(*in, index, axis, names, site);
  return record_take(with_joint_axis(std::move(in), index.size(), axis), std::move(position), axis, site);
}

NodeRef record_late_put(NodeRef in, std::span<const NodeRef> index, int axis, std::span<const int> names,
                        NodeRef value, uint8_t op, const Site& site) {
  const NodeRef position = joint_position(*in, index, axis, names, site);
  const NodeRef joint = with_joint_axis(in, index.size(), axis);
  value = record_broadcast(std::move(value), selected_shape(*joint, *position, axis));
  Node* n = new_node(NodeKind::Put, in->dtype);
  n->op = op;
  n->axis = axis;
  n->part = uint8_t(index.size());
  n->shape = in->shape;
  link_input(n, in.get());
  link_input(n, position.get());
  link_input(n, value.get());
  set_site(n, site);
  return NodeRef::adopt(n);
}

std::vector<Node*> late_nodes(std::span<Node* const> wanted) {
  std::vector<Node*> list;
  const uint64_t mark = new_mark();
  for (Node* n : wanted)
    walk(n, mark, [&](Node* found) {
      if (found->kind == NodeKind::Check || found->kind == NodeKind::Put) list.push_back(found);
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
