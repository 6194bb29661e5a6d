/// Between the files that write NumPy-level operations in scalar operations. Not for other rooms.
///
/// Code is a ScalarBlock with short names; each function writes the operations of one stage, and
/// answers nothing (nullopt) for an operation that is not of its stage.
/// Threads: pure.
#pragma once
#include <optional>

#include "ops/scalar_block.h"

namespace grumpy {

struct Code {
  ScalarBlock& block;

  DType type(ValueId v) const { return block.type(v); }
  ValueId constant(DType t, double v) { return block.constant(t, v); }
  ValueId bits(DType t, uint64_t v) { return block.constant_bits(t, v); }
  ValueId zero_like(ValueId v) { return block.constant(type(v), 0); }
  ValueId one_like(ValueId v) { return block.constant(type(v), 1); }

  ValueId add(ValueId a, ValueId b) { return block.binary(ScalarOp::add, a, b); }
  ValueId sub(ValueId a, ValueId b) { return block.binary(ScalarOp::sub, a, b); }
  ValueId mul(ValueId a, ValueId b) { return block.binary(ScalarOp::mul, a, b); }
  ValueId div(ValueId a, ValueId b) { return block.binary(ScalarOp::div, a, b); }
  ValueId neg(ValueId a) { return block.unary(ScalarOp::neg, a); }
  ValueId abs(ValueId a) { return block.unary(ScalarOp::abs, a); }
  ValueId trunc(ValueId a) { return block.unary(ScalarOp::trunc, a); }
  ValueId floor(ValueId a) { return block.unary(ScalarOp::floor, a); }
  ValueId copysign(ValueId a, ValueId b) { return block.binary(ScalarOp::copysign, a, b); }

  ValueId both(ValueId a, ValueId b) { return block.binary(ScalarOp::bit_and, a, b); }
  ValueId either(ValueId a, ValueId b) { return block.binary(ScalarOp::bit_or, a, b); }
  ValueId differ(ValueId a, ValueId b) { return block.binary(ScalarOp::bit_xor, a, b); }
  ValueId invert(ValueId a) { return block.unary(ScalarOp::bit_not, a); }

  ValueId eq(ValueId a, ValueId b) { return block.binary(ScalarOp::cmp_eq, a, b); }
  ValueId ne(ValueId a, ValueId b) { return block.binary(ScalarOp::cmp_ne, a, b); }
  ValueId lt(ValueId a, ValueId b) { return block.binary(ScalarOp::cmp_lt, a, b); }
  ValueId le(ValueId a, ValueId b) { return block.binary(ScalarOp::cmp_le, a, b); }
  ValueId gt(ValueId a, ValueId b) { return block.binary(ScalarOp::cmp_gt, a, b); }
  ValueId ge(ValueId a, ValueId b) { return block.binary(ScalarOp::cmp_ge, a, b); }
  ValueId is_nan(ValueId a) { return block.binary(ScalarOp::cmp_unordered, a, a); }

  ValueId select(ValueId c, ValueId a, ValueId b) { return block.select(c, a, b); }
  ValueId convert(ValueId a, DType t) { return block.convert(a, t); }
  ValueId bitcast(ValueId a, DType t) { return block.bitcast(a, t); }
};

/// Unsigned integer as wide as t.
constexpr DType unsigned_of(DType t) {
  switch (item_bytes(t)) {
    case 1: return DType::uint8;
    case 2: return DType::uint16;
    case 4: return DType::uint32;
    default: return DType::uint64;
  }
}

/// bool_, integers.
std::optional<ValueId> expand_integer(Code code, Op op, DType t, const ValueId* in);
/// float32, float64; integers too for operations that only compare, choose and test signs.
std::optional<ValueId> expand_float(Code code, Op op, DType t, const ValueId* in);
/// float16, float32, float64 through their bits alone.
std::optional<ValueId> expand_float_bits(Code code, Op op, DType t, const ValueId* in);
/// Comparisons and choices between two reals of any kind, float16 too, without touching their bits.
std::optional<ValueId> expand_order(Code code, Op op, DType t, const ValueId* in);
/// complex64, complex128; results that are real have no second part.
std::optional<PointValue> expand_complex(Code code, Op op, DType t, const PointValue* in);

}  // namespace grumpy
