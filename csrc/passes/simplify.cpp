#include "passes/passes.h"

namespace grumpy {
namespace {

/// The node that node `id` is equal to, or `id`.
uint32_t equal_node(const Snapshot& s, uint32_t id) {
  const SnapNode& n = s.nodes[id];
  if (n.kind != NodeKind::Map) return id;
  const auto input = [&](int k) -> const SnapNode& { return s.nodes[n.in[k]]; };
  const auto is_map = [&](const SnapNode& m, Op op) { return m.kind == NodeKind::Map && Op(m.op) == op; };
  const auto same_extent = [&](uint32_t other) {
    return same_shape(*s.nodes[other].shape, *n.shape) && s.nodes[other].dtype == n.dtype;
  };
  switch (Op(n.op)) {
    case Op::negative:     // -(-x), integers wrap both times
    case Op::invert:
    case Op::conjugate:
      if (is_map(input(0), Op(n.op)) && input(0).dtype == n.dtype && same_extent(input(0).in[0]))
        return input(0).in[0];
      return id;
    case Op::logical_not:  // not(not(b)) for bool only
      if (is_map(input(0), Op::logical_not) && s.nodes[input(0).in[0]].dtype == DType::bool_)
        return input(0).in[0];
      return id;
    case Op::positive:
      return same_extent(n.in[0]) ? n.in[0] : id;
    case Op::where:
      return n.in[1] == n.in[2] && same_extent(n.in[1]) ? n.in[1] : id;
    case Op::cast: {
      if (input(0).dtype == n.dtype) return n.in[0];
      // a -> wider -> a gives a back: every value of a survives a safe cast.
      if (is_map(input(0), Op::cast)) {
        const uint32_t source = input(0).in[0];
        if (s.nodes[source].dtype == n.dtype && can_cast_safely(n.dtype, input(0).dtype)) {
          // int64 -> float64 is "safe" to NumPy and loses bits.
          const bool exact = !(is_integer(n.dtype) && is_inexact(input(0).dtype) && item_bytes(n.dtype) == 8);
          if (exact) return source;
        }
      }
      return id;
    }
    default:
      return id;
  }
}

/// From so many elements a cell on, counting bytes beats adding int64; fewer are added in registers.
constexpr int64_t kCountedRows = 64;

/// A sum of truth values as integers counts them, without an array of integers between.
void count_truths(const Snapshot& s, SnapNode& n) {
  if (n.kind != NodeKind::Reduce || ReduceOp(n.op) != ReduceOp::add || !is_integer(n.dtype) || item_bytes(n.dtype) != 8) return;
  const SnapNode& cast = s.nodes[n.in[0]];
  if (cast.kind != NodeKind::Map || Op(cast.op) != Op::cast || cast.dtype != n.dtype) return;
  if (s.nodes[cast.in[0]].dtype != DType::bool_ || !same_shape(*s.nodes[cast.in[0]].shape, *cast.shape)) return;
  int64_t rows = 1;
  for (int k = 0; k < cast.shape->ndim; ++k)
    if (n.axes >> k & 1) rows *= cast.shape->dims[k];
  if (rows < kCountedRows) return;
  n.op = uint8_t(ReduceOp::count);
  n.in[0] = cast.in[0];
}

/// Whether numbers are true is asked of the numbers themselves.
void test_numbers(const Snapshot& s, SnapNode& n) {
  if (n.kind != NodeKind::Reduce) return;
  if (ReduceOp(n.op) != ReduceOp::logical_and && ReduceOp(n.op) != ReduceOp::logical_or) return;
  const SnapNode& cast = s.nodes[n.in[0]];
  if (cast.kind != NodeKind::Map || Op(cast.op) != Op::cast || cast.dtype != DType::bool_) return;
  const SnapNode& source = s.nodes[cast.in[0]];
  if (!is_complex(source.dtype) && same_shape(*source.shape, *cast.shape)) n.in[0] = cast.in[0];
}

}  // namespace

Snapshot simplify(const Snapshot& in) {
  Snapshot out = in;
  std::vector<uint32_t> same(out.nodes.size());
  for (uint32_t id = 0; id < out.nodes.size(); ++id) {
    SnapNode& n = out.nodes[id];
    for (int k = 0; k < n.nin; ++k) n.in[k] = same[n.in[k]];
    same[id] = id;
    count_truths(out, n);
    test_numbers(out, n);
    // A node somebody holds keeps a buffer of its own.
    if (!(n.flags & (kOutput | kLive))) same[id] = equal_node(out, id);
  }
  return out;
}

}  // namespace grumpy
