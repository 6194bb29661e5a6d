/// Arithmetic notation for scalar blocks, and sums carried in two parts, for the expansions of
/// mathematical functions.
///
/// Needs:   both operands of an operator are of one block and one type; a double beside a Value
///          becomes a constant of that Value's type.
/// Leaves:  instructions in the block; no rounding beyond those written.
/// Threads: pure.
#pragma once
#include <span>

#include "ops/scalar_block.h"

namespace grumpy::math {

/// A value of a block, with operators.
struct Value {
  ScalarBlock* block;
  ValueId id;
  DType type() const { return block->type(id); }
  bool is_double() const { return item_bytes(type()) == 8; }
  Value constant(double v) const { return {block, block->constant(type(), v)}; }
  /// One of two constants, by the width of this value's type.
  Value constant(double v64, double v32) const { return constant(is_double() ? v64 : v32); }
};

inline Value unary(ScalarOp op, Value a) { return {a.block, a.block->unary(op, a.id)}; }
inline Value binary(ScalarOp op, Value a, Value b) { return {a.block, a.block->binary(op, a.id, b.id)}; }

inline Value operator+(Value a, Value b) { return binary(ScalarOp::add, a, b); }
inline Value operator-(Value a, Value b) { return binary(ScalarOp::sub, a, b); }
inline Value operator*(Value a, Value b) { return binary(ScalarOp::mul, a, b); }
inline Value operator/(Value a, Value b) { return binary(ScalarOp::div, a, b); }
inline Value operator-(Value a) { return unary(ScalarOp::neg, a); }
inline Value operator<(Value a, Value b) { return binary(ScalarOp::cmp_lt, a, b); }
inline Value operator<=(Value a, Value b) { return binary(ScalarOp::cmp_le, a, b); }
inline Value operator>(Value a, Value b) { return binary(ScalarOp::cmp_gt, a, b); }
inline Value operator>=(Value a, Value b) { return binary(ScalarOp::cmp_ge, a, b); }
inline Value operator==(Value a, Value b) { return binary(ScalarOp::cmp_eq, a, b); }
inline Value operator!=(Value a, Value b) { return binary(ScalarOp::cmp_ne, a, b); }
inline Value operator&(Value a, Value b) { return binary(ScalarOp::bit_and, a, b); }
inline Value operator|(Value a, Value b) { return binary(ScalarOp::bit_or, a, b); }
inline Value operator^(Value a, Value b) { return binary(ScalarOp::bit_xor, a, b); }
inline Value operator!(Value a) { return unary(ScalarOp::bit_not, a); }
inline Value operator<<(Value a, int n) { return binary(ScalarOp::shl, a, a.constant(n)); }
inline Value operator>>(Value a, int n) { return binary(ScalarOp::lshr, a, a.constant(n)); }  // fills with 0

#define GRUMPY_WITH_CONSTANT(op)                                                \
  inline Value operator op(Value a, double b) { return a op a.constant(b); }    \
  inline Value operator op(double a, Value b) { return b.constant(a) op b; }
GRUMPY_WITH_CONSTANT(+) GRUMPY_WITH_CONSTANT(-) GRUMPY_WITH_CONSTANT(*) GRUMPY_WITH_CONSTANT(/)
GRUMPY_WITH_CONSTANT(<) GRUMPY_WITH_CONSTANT(<=) GRUMPY_WITH_CONSTANT(>) GRUMPY_WITH_CONSTANT(>=)
GRUMPY_WITH_CONSTANT(==) GRUMPY_WITH_CONSTANT(!=)
#undef GRUMPY_WITH_CONSTANT

inline Value fma(Value a, Value b, Value c) { return {a.block, a.block->fma(a.id, b.id, c.id)}; }
inline Value fma(Value a, double b, Value c) { return fma(a, a.constant(b), c); }
inline Value fma(Value a, Value b, double c) { return fma(a, b, a.constant(c)); }
inline Value fma(Value a, double b, double c) { return fma(a, a.constant(b), a.constant(c)); }
inline Value select(Value cond, Value a, Value b) {
  return {a.block, a.block->select(cond.id, a.id, b.id)};
}
inline Value select(Value cond, double a, Value b) { return select(cond, b.constant(a), b); }
inline Value select(Value cond, Value a, double b) { return select(cond, a, a.constant(b)); }
inline Value abs(Value a) { return unary(ScalarOp::abs, a); }
inline Value sqrt(Value a) { return unary(ScalarOp::sqrt, a); }
inline Value rint(Value a) { return unary(ScalarOp::rint, a); }
inline Value copysign(Value magnitude, Value sign) { return binary(ScalarOp::copysign, magnitude, sign); }
inline Value is_nan(Value a) { return binary(ScalarOp::cmp_unordered, a, a); }
inline Value convert(Value a, DType to) { return {a.block, a.block->convert(a.id, to)}; }

// --- representation: fraction_bits below the binary point, exponent field biased by `bias` ---
struct FloatFormat {
  DType type, integer;
  int fraction_bits, bias;
};
inline FloatFormat format_of(Value a) {
  return a.is_double() ? FloatFormat{DType::float64, DType::uint64, 52, 1023}
                       : FloatFormat{DType::float32, DType::uint32, 23, 127};
}
inline Value bits_of(Value a) { return {a.block, a.block->bitcast(a.id, format_of(a).integer)}; }
inline Value from_bits(Value bits) { return {bits.block, bits.block->bitcast(bits.id, format_of(bits).type)}; }
/// An integer constant of the type of `like`.
inline Value bits_constant(Value like, uint64_t v64, uint32_t v32) {
  return {like.block, like.block->constant_bits(like.type(), like.is_double() ? v64 : v32)};
}
/// The bits of one of two floating constants, in the integer type of `like`.
inline Value bits_constant(Value like, double v64, float v32) {
  return bits_constant(like, std::bit_cast<uint64_t>(v64), std::bit_cast<uint32_t>(v32));
}

/// c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule.
inline Value polynomial(Value x, std::span<const double> c) {
  Value y = x.constant(c.back());
  for (size_t k = c.size() - 1; k-- > 0;) y = fma(y, x, c[k]);
  return y;
}
/// The same in two independent chains, of even and of odd powers; square is x * x.
inline Value polynomial(Value x, Value square, std::span<const double> c) {
  Value even = x.constant(c[(c.size() - 1) & ~size_t(1)]), odd = x.constant(c[(c.size() - 2) | 1]);
  for (size_t k = c.size() - 1; k-- > 0;) {
    Value& chain = k & 1 ? odd : even;
    if (k + 2 < c.size()) chain = fma(chain, square, c[k]);
  }
  return fma(odd, x, even);
}

// --- sums in two parts: hi is the sum rounded, lo what the rounding lost ---
struct Pair {
  Value hi, lo;
};
/// a + b, where b is what some rounding lost: nothing is written for a constant 0.
inline Value add_lost(Value a, Value b) {
  const ScalarInstr& i = b.block->instrs[b.id];
  return i.op == ScalarOp::constant && i.imm == 0 ? a : a + b;
}
/// Exact when |a| >= |b| or a == 0.
inline Pair fast_two_sum(Value a, Value b) {
  const Value s = a + b;
  return {s, b - (s - a)};
}
inline Pair two_sum(Value a, Value b) {
  const Value s = a + b, t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
inline Pair two_product(Value a, Value b) {
  const Value p = a * b;
  return {p, fma(a, b, -p)};
}
/// To about twice the precision; lo is not small beside the last bit of hi.
inline Pair product(Pair a, Pair b) {
  const Pair p = two_product(a.hi, b.hi);
  return {p.hi, fma(a.hi, b.lo, fma(a.lo, b.hi, p.lo))};
}
inline Pair product(Value a, Pair b) {
  const Pair p = two_product(a, b.hi);
  return {p.hi, fma(a, b.lo, p.lo)};
}
/// (a.hi + a.lo) / (b.hi + b.lo), rounded nearly once.
inline Value quotient(Pair a, Pair b) {
  const Value r = 1.0 / b.hi, q = a.hi * r;
  const Value rest = fma(-q, b.lo, fma(-q, b.hi, a.hi) + a.lo);
  return fma(rest, r, q);
}

}  // namespace grumpy::math
