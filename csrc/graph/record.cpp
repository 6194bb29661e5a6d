#include "graph/record.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "graph/plain_map.h"
#include "ops/infer.h"
#include "ops/scalar_block.h"

namespace grumpy {
namespace {

Shape broadcast_all(std::span<const NodeRef> in, const char* name) {
  Shape shape = in[0]->shape;
  for (size_t k = 1; k < in.size(); ++k) {
    if (same_shape(*shape, *in[k]->shape)) continue;
    shape = broadcast(shape, in[k]->shape);
    if (shape) continue;
    std::string shapes;
    for (const NodeRef& i : in) shapes += to_string(i->shape->extents()) + " ";
    GRUMPY_CHECK(false, ValueError) << "operands could not be broadcast together with shapes " << shapes;
  }
  (void)name;
  return shape;
}

/// A map whose inputs are all constants is a constant, when nobody could miss its error report.
NodeRef try_fold(Op op, DType compute, DType result, std::span<const NodeRef> in, const Site& site) {
  if (fpe_mask(op, compute) & site.watch) return {};
  for (const NodeRef& i : in)
    if (i->kind != NodeKind::Constant) return {};
  if (!has_expansion(op, compute)) return {};
  ScalarBlock block;
  PointValue args[3];
  const void* inputs[3];
  for (size_t k = 0; k < in.size(); ++k) {
    args[k] = load_slot(block, int(k), in[k]->dtype);
    inputs[k] = in[k]->constant.bytes;
  }
  store_slot(block, 0, result, expand_op(block, op, compute, result, args));
  Scalar s;
  s.dtype = result;
  void* output = s.bytes;
  run_on_host(block, inputs, &output);
  return make_constant(s);
}


}  // namespace

NodeRef make_leaf(DType dtype, Shape shape, BufferRef data) {
  Node* n = new_node(NodeKind::Leaf, dtype);
  n->shape = std::move(shape);
  n->data = data.release();
  return NodeRef::adopt(n);
}

NodeRef make_constant(const Scalar& s) {
  Node* n = new_node(NodeKind::Constant, s.dtype);
  n->shape = scalar_shape();
  n->constant = s;
  return NodeRef::adopt(n);
}

NodeRef record_constant(const Scalar& s, DType t, const Site& site) {
  if (s.dtype == t) return make_constant(s);
  if (s.is_weak) return make_constant(to_dtype(s, t));
  const Scalar there = convert(s, t), back = convert(there, s.dtype);
  if (std::memcmp(back.bytes, s.bytes, size_t(item_bytes(s.dtype))) == 0) return make_constant(there);
  return record_cast(make_constant(s), t, site);
}

NodeRef record_cast(NodeRef n, DType to, const Site& site) {
  if (n->dtype == to) return n;
  if (n->kind == NodeKind::Constant) {
    const NodeRef in[] = {n};
    if (NodeRef folded = try_fold(Op::cast, n->dtype, to, in, site)) return folded;
  }
  Node* c = new_node(NodeKind::Map, to);
  c->op = uint8_t(Op::cast);
  c->shape = n->shape;
  link_input(c, n.get());
  set_site(c, site);
  return NodeRef::adopt(c);
}

NodeRef record_view(NodeRef n, View v) {
  if (v->is_contiguous && v->offset == 0 && same_shape(*v->shape, *n->shape)) return n;
  if (n->kind == NodeKind::View) {
    if (View composed = compose(*n->view, *v)) return record_view(NodeRef(n->in[0]), composed);
  }
  Node* w = new_node(NodeKind::View, n->dtype);
  w->shape = v->shape;
  w->view = v.release();
  link_input(w, n.get());
  w->depth = n->depth;
  return NodeRef::adopt(w);
}

NodeRef record_broadcast(NodeRef n, const Shape& shape) {
  if (same_shape(*n->shape, *shape)) return n;
  const int nd = shape->ndim, lead = nd - n->shape->ndim;
  bool ok = lead >= 0;
  int64_t steps[kMaxDims];
  int64_t step = 1;
  for (int k = nd - 1; ok && k >= 0; --k) {
    const int64_t have = k >= lead ? n->shape->dims[k - lead] : 1;
    ok = have == shape->dims[k] || have == 1;
    steps[k] = have == 1 ? 0 : step;
    step *= have;
  }
  GRUMPY_CHECK(ok, ValueError) << "operands could not be broadcast together with remapped shapes "
                               << "[original->remapped]: " << to_string(n->shape->extents())
                               << "  and requested shape " << to_string(shape->extents());
  return record_view(std::move(n), make_view(shape, {steps, size_t(nd)}, 0));
}

NodeRef record_view_copy(NodeRef n) {
  Node* w = new_node(NodeKind::View, n->dtype);
  w->shape = n->shape;
  w->view = contiguous_view(n->shape).release();
  link_input(w, n.get());
  return NodeRef::adopt(w);
}

NodeRef record_map_nodes(Op op, DType result, std::span<const NodeRef> in, const Site& site) {
  Shape shape = broadcast_all(in, info(op).name.data());
  if (shape->ndim == 0) {
    if (NodeRef folded = try_fold(op, in.back()->dtype, result, in, site)) return folded;
  }
  Node* n = new_node(NodeKind::Map, result);
  n->op = uint8_t(op);
  n->shape = std::move(shape);
  for (const NodeRef& i : in) link_input(n, i.get());
  set_site(n, site);
  return NodeRef::adopt(n);
}

NodeRef record_map_as(Op op, DType compute, DType result, std::span<const Operand> in, const Site& site) {
  NodeRef nodes[3];
  const bool first_bool = info(op).flags & FirstBool;
  for (size_t k = 0; k < in.size(); ++k) {
    const DType want = first_bool && k == 0 ? DType::bool_ : compute;
    nodes[k] = in[k].array ? record_cast(read(*in[k].array), want, site) : record_constant(in[k].scalar, want, site);
  }
  return record_map_nodes(op, result, {nodes, in.size()}, site);
}

namespace {

/// Comparisons that no common dtype can make: signed with uint64, and Python integers out of reach.
/// Null for all others.
NodeRef record_exact_compare(Op op, std::span<const Operand> in, const Site& site) {
  for (int k = 0; k < 2; ++k) {
    const Operand &x = in[size_t(1 - k)], &s = in[size_t(k)];
    if (!s.is_weak() || x.is_weak() || !is_integer(x.dtype()) || !is_out_of_bounds(s.scalar, x.dtype())) continue;
    const bool answer = compare_out_of_bounds(op, s.scalar, k == 0);
    NodeRef value = make_constant(Scalar::of<uint8_t>(DType::bool_, answer));
    return x.array ? record_broadcast(std::move(value), x.array->shape()) : value;
  }
  if (in[0].is_weak() || in[1].is_weak()) return {};
  const auto exact = exact_compare(op, in[0].dtype(), in[1].dtype());
  if (!exact) return {};
  NodeRef nodes[2];
  for (size_t k = 0; k < 2; ++k) {
    const Operand& o = in[exact->swaps ? 1 - k : k];
    nodes[k] = o.array ? read(*o.array) : make_constant(o.scalar);
    if (kind(nodes[k]->dtype) == Kind::Int) nodes[k] = record_cast(std::move(nodes[k]), DType::int64, site);
  }
  return record_map_nodes(exact->op, DType::bool_, nodes, site);
}

}  // namespace

namespace {

int type_code(const Scalar& s) { return s.is_weak ? weak_type_code(kind(s.dtype)) : int(s.dtype); }
int type_code(const Operand& o) { return o.array ? int(o.array->dtype()) : type_code(o.scalar); }

/// Comparisons of integers with Python's look at values; other operands may be cast.
bool is_plain(Op op, const MapTypes& t, std::span<const Operand> in) {
  if (info(op).flags & FirstBool || op == Op::power) return false;
  for (const Operand& o : in) {
    if (!o.is_weak() && o.dtype() != t.compute) return false;
    if (o.is_weak() && info(op).flags & ExactIntCompare && !is_inexact(t.compute)) return false;
  }
  return true;
}

MapTypes resolve(Op op, std::span<const Operand> in) {
  OperandType types[3];
  for (size_t k = 0; k < in.size(); ++k) types[k] = {in[k].dtype(), in[k].is_weak()};
  if (in.size() > 2) return infer_map(op, {types, in.size()});
  uint16_t& known = detail::resolved[int(op)][type_code(in[0])][in.size() == 2 ? type_code(in[1]) : 0];
  if (!known) {
    const MapTypes t = infer_map(op, {types, in.size()});
    known = uint16_t(kResolved | (is_plain(op, t, in) ? kPlain : 0) | uint16_t(t.compute) |
                     uint16_t(t.result) << 8);
  }
  return {DType(known & 0x3f), DType(known >> 8 & 0x3f)};
}

/// Takes over a reference to `in`.
void add_input(const NodeRef& n, Node* in) {
  n->in[n->nin++] = in;
  n->is_selected |= in->is_selected;
  n->may_fail = n->may_fail || in->may_fail;
  if (!in->is_materialized()) n->depth = std::max(n->depth, in->depth + 1);
}

NodeRef new_map(Op op, DType result, const Shape& shape, const Site& site) {
  Node* n = new_node(NodeKind::Map, result);
  n->op = uint8_t(op);
  n->shape = shape;
  set_site(n, site);
  return NodeRef::adopt(n);
}

Node* constant_for(const Scalar& s, DType t) {
  return make_constant(s.dtype == t ? s : s.is_weak ? to_dtype(s, t) : convert(s, t)).release();
}

/// The common case without a temporary: arrays of the compute dtype and one shape, and numbers.
NodeRef record_plain_map(Op op, const MapTypes& t, std::span<const Operand> in, const Site& site) {
  const Shape* shape = nullptr;
  for (const Operand& o : in) {
    if (!o.array) continue;
    if (o.array->dtype() != t.compute) return {};
    if (!shape) shape = &o.array->shape();
    else if (!same_shape(**shape, *o.array->shape())) return {};
  }
  if (!shape || (*shape)->ndim == 0 || info(op).flags & FirstBool) return {};
  NodeRef n = new_map(op, t.result, *shape, site);
  for (size_t k = 0; k < in.size(); ++k) {
    Node* input = in[k].array ? detail::elements(*in[k].array) : constant_for(in[k].scalar, t.compute);
    if (k == 1 && !in[k].array) n->op = uint8_t(without_division(op, t.compute, input));
    add_input(n, input);
  }
  return n;
}

}  // namespace

Op without_division(Op op, DType t, Node*& divisor) {
  if ((op != Op::floor_divide && op != Op::remainder) || !is_integer(t)) return op;
  const int64_t value = convert(divisor->constant, DType::int64).as<int64_t>();
  if (value <= 0 || (value & (value - 1)) != 0) return op;
  const bool is_quotient = op == Op::floor_divide;
  const int64_t other = is_quotient ? std::countr_zero(uint64_t(value)) : value - 1;
  const NodeRef old = NodeRef::adopt(divisor);
  divisor = make_constant(convert(Scalar::of<int64_t>(DType::int64, other), t)).release();
  return is_quotient ? Op::right_shift : Op::bitwise_and;
}

NodeRef record_map(Op op, std::span<const Operand> in, const Site& site) {
  if (info(op).flags & ExactIntCompare) {
    if (NodeRef exact = record_exact_compare(op, in, site)) return exact;
  }
  const MapTypes t = resolve(op, in);
  if (NodeRef n = record_plain_map(op, t, in, site)) return n;
  return record_map_as(op, t.compute, t.result, in, site);
}

void record_foreign(const InnerLoop* loop, std::span<const NodeRef> in, std::span<NodeRef> out,
                    const Site& site) {
  NodeRef cast[3];
  GRUMPY_ASSERT(in.size() <= 3) << loop->name;
  for (size_t k = 0; k < in.size(); ++k) cast[k] = record_cast(in[k], loop->types[k], site);
  Shape shape = broadcast_all({cast, in.size()}, loop->name);
  for (size_t p = 0; p < out.size(); ++p) {
    Node* n = new_node(NodeKind::Foreign, loop->types[in.size() + p]);
    n->shape = shape;
    n->foreign.loop = loop;
    n->part = uint8_t(p);
    for (size_t k = 0; k < in.size(); ++k) link_input(n, cast[k].get());
    set_site(n, site);
    out[p] = NodeRef::adopt(n);
  }
}

NodeRef record_reduce(ReduceOp op, NodeRef in, uint64_t axes, bool keepdims, DType out, const Site& site) {
  int64_t dims[kMaxDims];
  int nd = 0;
  for (int k = 0; k < in->shape->ndim; ++k) {
    const bool reduced = axes >> k & 1;
    if (reduced && !info(op).has_identity && op != ReduceOp::moments) {
      GRUMPY_CHECK(in->shape->dims[k] > 0, ValueError)
          << (op == ReduceOp::argmin || op == ReduceOp::argmax
                  ? "attempt to get " + std::string(info(op).name) + " of an empty sequence"
                  : "zero-size array to reduction operation " + std::string(info(op).name) +
                        " which has no identity");
    }
    if (!reduced) dims[nd++] = in->shape->dims[k];
    else if (keepdims) dims[nd++] = 1;
  }
  Node* n = new_node(NodeKind::Reduce, out);
  n->op = uint8_t(op);
  n->axes = axes;
  n->shape = make_shape({dims, size_t(nd)});
  link_input(n, in.get());
  set_site(n, site);
  return NodeRef::adopt(n);
}

NodeRef record_scan(ReduceOp op, NodeRef in, int axis, DType out, const Site& site) {
  Node* n = new_node(NodeKind::Scan, out);
  n->op = uint8_t(op);
  n->axis = axis;
  n->shape = in->shape;
  link_input(n, in.get());
  set_site(n, site);
  return NodeRef::adopt(n);
}

NodeRef record_matmul(NodeRef a, NodeRef b, const Site& site) {
  const auto batch = [](const Node& n) {
    return make_shape({n.shape->dims, size_t(n.shape->ndim - 2)});
  };
  Shape lead = broadcast(batch(*a), batch(*b));
  GRUMPY_CHECK(bool(lead), ValueError) << "operands could not be broadcast together with remapped shapes "
      << "[original->remapped]: " << to_string(a->shape->extents()) << " " << to_string(b->shape->extents());
  int64_t dims[kMaxDims];
  std::copy_n(lead->dims, lead->ndim, dims);
  dims[lead->ndim] = a->shape->dims[a->shape->ndim - 2];
  dims[lead->ndim + 1] = b->shape->dims[b->shape->ndim - 1];
  Node* n = new_node(NodeKind::Matmul, a->dtype);
  n->shape = make_shape({dims, size_t(lead->ndim + 2)});
  link_input(n, a.get());
  link_input(n, b.get());
  set_site(n, site);
  return NodeRef::adopt(n);
}

NodeRef record_take(NodeRef in, NodeRef index, int axis, const Site& site) {
  int64_t dims[kMaxDims];
  int nd = 0;
  for (int k = 0; k < axis; ++k) dims[nd++] = in->shape->dims[k];
  for (int64_t d : index->shape->extents()) dims[nd++] = d;
  for (int k = axis + 1; k < in->shape->ndim; ++k) dims[nd++] = in->shape->dims[k];
  Node* n = new_node(NodeKind::Take, in->dtype);
  n->axis = axis;
  n->shape = make_shape({dims, size_t(nd)});
  link_input(n, in.get());
  link_input(n, index.get());
  set_site(n, site);
  return NodeRef::adopt(n);
}

NodeRef record_compress(NodeRef in, NodeRef mask, int64_t count) {
  int64_t dims[kMaxDims];
  int nd = 0;
  dims[nd++] = count;
  for (int k = mask->shape->ndim; k < in->shape->ndim; ++k) dims[nd++] = in->shape->dims[k];
  Node* n = new_node(NodeKind::Compress, in->dtype);
  n->shape = make_shape({dims, size_t(nd)});
  link_input(n, in.get());
  link_input(n, mask.get());
  n->is_selected = true;
  return NodeRef::adopt(n);
}

void record_write(const Array& dst, NodeRef value, const Site& site) {
  Storage& s = *dst.storage;
  value = record_cast(std::move(value), s.dtype, site);
  const Shape& want = dst.shape();
  if (!same_shape(*value->shape, *want)) {
    // Assignment drops leading axes of extent 1 from the value, as NumPy does.
    const int extra = value->shape->ndim - want->ndim;
    bool ok = true;
    for (int k = 0; k < extra; ++k) ok = ok && value->shape->dims[k] == 1;
    Shape have = value->shape;
    if (ok && extra > 0) {
      have = make_shape({value->shape->dims + extra, size_t(want->ndim)});
      value = record_view(std::move(value), contiguous_view(have));
    }
    Shape joint = ok ? broadcast(have, want) : Shape{};
    GRUMPY_CHECK(joint && same_shape(*joint, *want), ValueError)
        << "could not broadcast input array from shape " << to_string(value->shape->extents())
        << " into shape " << to_string(want->extents());
  }
  if (want->size == 0) return;
  if (!dst.view) {
    // The whole value is new. Two storages may hold one node (copy on write); only bytes that
    // somebody outside can change, or sees, must be really copied.
    value = record_broadcast(std::move(value), want);
    const bool foreign = value->data && (value->data->exports > 0 || value->data->is_borrowed);
    const bool needs_copy = s.is_exported() || foreign;
    // A write that may turn out to be none stands on the old value, as does one after it.
    const bool may_be_undone = value->may_fail || s.value->may_fail;
    if (!needs_copy && !may_be_undone) {
      set_value(s, std::move(value));
      return;
    }
  }
  Node* n = new_node(NodeKind::Update, s.dtype);
  n->shape = s.shape;
  View v = dst.view ? dst.view : contiguous_view(s.shape);
  n->view = v.release();
  link_input(n, s.value);
  link_input(n, value.get());
  set_site(n, site);
  set_value(s, NodeRef::adopt(n));
}

}  // namespace grumpy
