#include "graph/widen.h"

#include <limits>
#include <unordered_map>

namespace grumpy {
namespace {

// Packing pays where the selected rows are fewer than one in so many: of cheap operations when not even every
// cache line has one, of dear ones sooner.
constexpr int64_t kCheapPacking = 8, kDearPacking = 3;
constexpr int kMostNodes = 48;        // looked at, so that recording stays cheap

bool is_same_mask(const Node& a, const Node& b) {
  if (&a == &b) return true;
  return a.kind == NodeKind::View && b.kind == NodeKind::View && a.in[0] == b.in[0] && is_same_view(*a.view, *b.view);
}

NodeRef number(DType t, double v) { return make_constant(convert(Scalar::of<double>(DType::float64, v), t)); }

class Widener {
 public:
  Widener(Node& value, Node* mask) : mask_(mask), ndim_(value.shape->ndim), rows_(ndim_ ? value.shape->dims[0] : 0) {}

  Widened run(Node& value) {
    Widened w;
    if (rows_ == 0) return w;
    w.value = visit(value);
    if (!w.value) return w;
    if (rows_ * (is_dear_ ? kDearPacking : kCheapPacking) < mask_->shape->size) return {};
    w.mask = wide_mask();
    w.mask_ndim = mask_->shape->ndim;
    return w;
  }

 private:
  NodeRef visit(Node& n) {
    if (n.kind == NodeKind::Constant) return NodeRef(&n);
    const bool is_here = n.is_selected && !n.is_materialized();
    if (n.shape->ndim < ndim_ && !is_here) return NodeRef(&n);
    if (!is_here || n.shape->ndim != ndim_ || n.shape->dims[0] != rows_) return {};
    if (n.kind == NodeKind::Compress) return is_ours(*n.in[1]) ? NodeRef(n.in[0]) : NodeRef{};
    if (n.kind != NodeKind::Map) return {};
    if (const auto it = done_.find(&n); it != done_.end()) return it->second;
    if (int(done_.size()) >= kMostNodes) return {};
    NodeRef in[3];
    for (int k = 0; k < n.nin; ++k)
      if (!(in[k] = visit(*n.in[k]))) return {};
    const Op op = n.map_op();
    if (fpe_mask(op, n.in[op == Op::cast ? 0 : n.nin - 1]->dtype) & n.site.watch)
      for (int k = 0; k < n.nin; ++k) in[k] = harmless(op, std::move(in[k]));
    NodeRef wide = record_map_nodes(op, n.dtype, {in, n.nin}, n.site);
    is_dear_ |= info(op).ulp > 0 || info(op).lowering == Lowering::Loop;
    done_.emplace(&n, wide);
    return wide;
  }

  bool is_ours(Node& mask) {
    if (!mask_) mask_ = &mask;
    return is_same_mask(mask, *mask_) && rows_ * kCheapPacking >= mask.shape->size;
  }

  /// The operand, and where the mask is false a number that raises nothing.
  NodeRef harmless(Op op, NodeRef n) {
    if (n->kind == NodeKind::Constant) return n;
    const DType t = n->dtype;
    const NodeRef three[] = {wide_mask(), n, number(t, is_inexact(t) && op != Op::arccosh ? 0.5 : 1)};
    return record_map_nodes(Op::where, t, three, Site{});
  }

  NodeRef wide_mask() {
    if (wide_mask_) return wide_mask_;
    const Shape& s = mask_->shape;
    int64_t dims[kMaxDims];
    int nd = 0;
    for (; nd < s->ndim; ++nd) dims[nd] = s->dims[nd];
    for (int k = 1; k < ndim_; ++k) dims[nd++] = 1;
    wide_mask_ = NodeRef(mask_);
    if (nd != s->ndim) wide_mask_ = record_view(wide_mask_, contiguous_view(make_shape({dims, size_t(nd)})));
    return wide_mask_;
  }

  Node* mask_;
  NodeRef wide_mask_;
  const int ndim_;       // of what is selected
  const int64_t rows_;
  bool is_dear_ = false;
  std::unordered_map<Node*, NodeRef> done_;
};

}  // namespace

Widened widen(Node& value, Node* mask) {
  if (!value.is_selected || value.is_materialized()) return {};
  return Widener(value, mask).run(value);
}

NodeRef fill_for(ReduceOp op, const Widened& w, const Site& site) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const DType t = w.value->dtype;
  const bool is_real = is_float(t), is_whole = !is_inexact(t) && t != DType::bool_;
  NodeRef fill;
  switch (op) {
    case ReduceOp::add: if (is_whole) fill = number(t, 0); break;
    case ReduceOp::logical_or: fill = number(t, 0); break;
    case ReduceOp::logical_and: fill = number(t, 1); break;
    case ReduceOp::minimum: if (is_real) fill = number(t, kInfinity); break;
    case ReduceOp::maximum: if (is_real) fill = number(t, -kInfinity); break;
    default: break;
  }
  if (!fill) return {};
  const NodeRef three[] = {w.mask, w.value, fill};
  return record_map_nodes(Op::where, t, three, site);
}

}  // namespace grumpy
