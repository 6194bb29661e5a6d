#include "graph/index_arrays.h"

#include "graph/late_index.h"

namespace grumpy {
namespace {

/// What one index array looks into: `window` has one axis for all that are indexed.
struct Joint {
  View window;
  NodeRef position;
};

NodeRef number(int64_t v) { return make_constant(Scalar::of<int64_t>(DType::int64, v)); }

NodeRef pair(Op op, DType t, NodeRef a, NodeRef b) {
  const NodeRef in[] = {std::move(a), std::move(b)};
  return record_map_nodes(op, t, in, Site{});
}

NodeRef from_start(const NodeRef& index, int64_t extent) {
  const NodeRef three[] = {pair(Op::less, DType::bool_, index, number(0)),
                           pair(Op::add, DType::int64, index, number(extent)), index};
  return record_map_nodes(Op::where, DType::int64, three, Site{});
}

Joint join(View window, std::span<const NodeRef> index, int axis, std::span<const int> late_names, const Site& site) {
  const auto checked = [&](size_t k) {
    return late_names.empty() ? index[k] : record_check(index[k], window->shape->dims[axis + int(k)], late_names[k], site);
  };
  if (index.size() == 1) {
    NodeRef position = checked(0);
    return {std::move(window), std::move(position)};
  }
  // Elements from the one at the lowest address on: then no distance is negative.
  NodeRef position;
  int64_t lowest = 0, span = 1;
  bool is_empty = false;
  for (size_t k = 0; k < index.size(); ++k) {
    const int64_t extent = window->shape->dims[axis + int(k)], step = window->strides[axis + int(k)];
    is_empty |= extent == 0;
    if (step < 0) lowest += (extent - 1) * step;
    span += (extent - 1) * (step < 0 ? -step : step);
    NodeRef distance = pair(Op::multiply, DType::int64, from_start(checked(k), extent), number(step));
    position = position ? pair(Op::add, DType::int64, std::move(position), std::move(distance)) : std::move(distance);
  }
  if (lowest != 0) position = pair(Op::subtract, DType::int64, std::move(position), number(lowest));
  int64_t dims[kMaxDims], steps[kMaxDims];
  int nd = 0;
  for (int k = 0; k < window->ndim; ++k) {
    if (k > axis && k < axis + int(index.size())) continue;
    dims[nd] = k == axis ? (is_empty ? 0 : span) : window->shape->dims[k];
    steps[nd++] = k == axis ? 1 : window->strides[k];
  }
  return {make_view(make_shape({dims, size_t(nd)}), {steps, size_t(nd)}, window->offset + lowest), std::move(position)};
}

void put(const Array& dst, Joint at, int axis, NodeRef value, uint8_t op, const Site& site) {
  Storage& s = *dst.storage;
  if (at.window->shape->size == 0) return;
  NodeRef old(s.value);
  if (old->kind == NodeKind::Constant) old = record_view_copy(std::move(old));  // which has no memory
  Node* n = new_node(NodeKind::Put, s.dtype);
  n->op = op;
  n->part = uint8_t(axis);
  n->view = at.window.release();
  n->shape = s.shape;
  link_input(n, old.get());
  link_input(n, at.position.get());
  link_input(n, value.get());
  set_site(n, site);
  set_value(s, NodeRef::adopt(n));
}

}  // namespace

NodeRef record_gather(const Array& a, std::span<const NodeRef> index, int axis, std::span<const int> late_names,
                      const Site& site) {
  Joint at = join(window(a), index, axis, late_names, site);
  NodeRef in = index.size() == 1 ? read(a) : record_view(NodeRef(a.storage->value), std::move(at.window));
  return record_take(std::move(in), std::move(at.position), axis, site);
}

void record_put(const Array& dst, std::span<const NodeRef> index, int axis, std::span<const int> late_names,
                NodeRef value, uint8_t op, const Site& site) {
  put(dst, join(window(dst), index, axis, late_names, site), axis, std::move(value), op, site);
}

void record_put_masked(const Array& dst, NodeRef mask, NodeRef rows, const Site& site) {
  put(dst, {window(dst), std::move(mask)}, 0, std::move(rows), kAssign, site);
}

}  // namespace grumpy
