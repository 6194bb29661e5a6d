/// The recorder's plain lane: maps over arrays of one shape, all of the dtype that the operation computes in, and over
/// such an array and a number. Nearly all of what programs record on small arrays is of this kind.
///
/// All of it is part of its callers: no calls but for memory and views, no temporaries, each field of a node written
/// once.
/// Needs:   the types to have been resolved by record_map before; until then nothing is plain.
/// Throws:  std::bad_alloc. Threads: under the GIL.
#pragma once
#include <algorithm>
#include <cstring>
#include <new>

#include "graph/storage.h"

namespace grumpy {

/// Type resolution remembered per operation and pair of operand types; weak ones have codes of
/// their own. Zero: not asked yet.
inline constexpr int kTypeCodes = kNumDTypes + 4;
inline constexpr uint16_t kResolved = 0x8000;
inline constexpr uint16_t kPlain = 0x4000;  // nothing but types decides: no values, no operand of another dtype
namespace detail {
inline uint16_t resolved[kNumOps][kTypeCodes][kTypeCodes];
}
constexpr int weak_type_code(Kind k) {
  return kNumDTypes + (k == Kind::Bool ? 0 : k == Kind::Float ? 2 : k == Kind::Complex ? 3 : 1);
}

/// A Python number, not complex, in two registers.
struct PlainNumber {
  uint64_t bits;       // its value in the array's dtype, from the lowest byte on
  uint32_t type_code;  // weak_type_code of what it was
  bool is_left;        // number op array
};

/// A quotient of integers by 2^k is a shift, its remainder a mask: the operation that does it, with the
/// constant it takes in place of the divisor. Other operations stay what they are.
Op without_division(Op op, DType t, Node*& divisor);

namespace detail {

/// The array's elements as a node; the reference is the caller's.
[[gnu::always_inline]] inline Node* elements(const Array& a) {
  if (a.view) [[unlikely]] return read(a).release();
  Node* const value = a.storage->value;
  value->add_ref();
  return value;
}

inline uint32_t height_above(const Node& in) { return in.is_materialized() ? 0 : in.depth + 1; }

/// A pending map, whole but for its inputs and what depends on them.
[[gnu::always_inline]] inline Node* new_plain_map(Op op, DType result, const Shape& shape, PlainSite site) {
  Node* const n = take_free_node();
  ++pending;
  n->refs = 1;
  n->kind = NodeKind::Map;
  n->op = uint8_t(op);
  n->dtype = result;
  n->owners = 0;
  new (&n->shape) Shape(shape);
  n->in[2] = nullptr;
  n->axes = 0;
  n->part = 0;
  n->was_left = false;
  n->data = nullptr;
  n->site.code = site.code;
  std::memcpy(&n->site.last_instruction, &site.rest, sizeof site.rest);
  n->mark = 0;
  n->index = n->uses = 0;
  return n;
}

[[gnu::always_inline]] inline void set_inputs(Node* n, Node* a) {
  n->nin = 1;
  n->in[0] = a;
  n->in[1] = nullptr;
  n->depth = height_above(*a);
  n->is_selected = a->is_selected;
  n->may_fail = a->may_fail;
}
[[gnu::always_inline]] inline void set_inputs(Node* n, Node* a, Node* b) {
  n->nin = 2;
  n->in[0] = a;
  n->in[1] = b;
  n->depth = std::max(height_above(*a), height_above(*b));
  n->is_selected = a->is_selected | b->is_selected;
  n->may_fail = a->may_fail | b->may_fail;
}

/// A constant of the dtype, from the bits of its value.
[[gnu::always_inline]] inline Node* new_plain_constant(uint64_t bits, DType t) {
  Node* const n = take_free_node();
  n->refs = 1;
  n->kind = NodeKind::Constant;
  n->op = 0;
  n->dtype = t;
  n->nin = 0;
  n->owners = n->depth = 0;
  new (&n->shape) Shape(scalar_shape());
  n->axes = 0;
  n->part = 0;
  n->is_selected = n->may_fail = n->was_left = false;
  n->data = nullptr;
  const uint64_t words[2] = {bits, 0};
  std::memcpy(n->constant.bytes, words, sizeof words);
  n->constant.dtype = t;
  n->constant.is_weak = false;
  n->mark = 0;
  n->index = n->uses = 0;
  return n;
}

/// Whether an operation whose types are `known` computes in t, and its operands are, or become, just that.
inline bool is_plain_in(uint16_t known, DType t) {
  return (known & (kPlain | 0x3f)) == (kPlain | uint16_t(t));
}
inline DType plain_result(uint16_t known) { return DType(known >> 8 & 0x3f); }

}  // namespace detail

/// The recorded map, whose reference is the caller's. Null, with nothing recorded: take record_map.
[[gnu::always_inline]] inline Node* record_plain(Op op, const Array& x, PlainSite site) {
  const DType t = x.dtype();
  const uint16_t known = detail::resolved[int(op)][int(t)][0];
  const Shape& shape = x.shape();
  if (!detail::is_plain_in(known, t) || shape->ndim == 0) return nullptr;
  Node* const n = detail::new_plain_map(op, detail::plain_result(known), shape, site);
  detail::set_inputs(n, detail::elements(x));
  return n;
}

[[gnu::always_inline]] inline Node* record_plain(Op op, const Array& x, const Array& y, PlainSite site) {
  const DType t = x.dtype();
  const uint16_t known = detail::resolved[int(op)][int(t)][int(y.dtype())];
  const Shape& shape = x.shape();
  if (!detail::is_plain_in(known, t) || shape->ndim == 0) return nullptr;
  if (shape != y.shape() && !same_shape(*shape, *y.shape())) return nullptr;
  Node* const n = detail::new_plain_map(op, detail::plain_result(known), shape, site);
  Node* const a = detail::elements(x);
  detail::set_inputs(n, a, detail::elements(y));
  return n;
}

[[gnu::always_inline]] inline Node* record_plain(Op op, const Array& x, PlainNumber s, PlainSite site) {
  const DType t = x.dtype();
  const auto& codes = detail::resolved[int(op)];
  const uint16_t known = s.is_left ? codes[s.type_code][int(t)] : codes[int(t)][s.type_code];
  const Shape& shape = x.shape();
  if (!detail::is_plain_in(known, t) || shape->ndim == 0) return nullptr;
  Node* const n = detail::new_plain_map(op, detail::plain_result(known), shape, site);
  Node* const a = detail::elements(x);
  Node* b = detail::new_plain_constant(s.bits, t);
  if ((op == Op::floor_divide || op == Op::remainder) && !s.is_left) [[unlikely]] n->op = uint8_t(without_division(op, t, b));
  if (s.is_left) detail::set_inputs(n, b, a);
  else detail::set_inputs(n, a, b);
  return n;
}

}  // namespace grumpy
