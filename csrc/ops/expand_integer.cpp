// Integers and bools: division, powers, shifts, counts and everything that is trivial for them.
//
// Source:  numpy/_core/src/umath/loops*.c.src. Wrap-around everywhere; a divisor of zero gives 0 and
//          raises Divide, the smallest integer over -1 gives itself and raises Over.
#include "ops/expand.h"

namespace grumpy {
namespace {

constexpr int width(DType t) { return 8 * int(item_bytes(t)); }
constexpr bool is_signed(DType t) { return kind(t) == Kind::Int; }

ValueId smallest(Code code, DType t) { return code.bits(t, uint64_t(1) << (width(t) - 1)); }

struct Division {
  ValueId a, b;       // b may be divided by: neither 0 nor -1 under the smallest integer
  ValueId is_zero;    // the divisor was 0
  ValueId overflows;  // signed only
};

Division guard_division(Code code, DType t, ValueId a, ValueId b) {
  const ValueId zero = code.zero_like(b), one = code.one_like(b);
  const ValueId is_zero = code.eq(b, zero);
  code.block.raise(is_zero, Divide);
  if (!is_signed(t)) return {a, code.select(is_zero, one, b), is_zero, is_zero};
  const ValueId overflows =
      code.both(code.eq(a, smallest(code, t)), code.eq(b, code.constant(t, -1)));
  return {a, code.select(code.either(is_zero, overflows), one, b), is_zero, overflows};
}

// The quotient towards zero. Vector units divide floats, not integers: a float of more than twice the
// bits keeps a quotient just below an integer below it, so truncating is exact.
ValueId divide_towards_zero(Code code, DType t, ValueId a, ValueId b) {
  if (width(t) == 64) return code.block.binary(ScalarOp::int_div, a, b);
  const DType f = width(t) == 32 ? DType::float64 : DType::float32;
  return code.convert(code.div(code.convert(a, f), code.convert(b, f)), t);
}

// --- By one number for all points ---
// A code generator computes what it needs of such a divisor once, and then multiplies. All it must know is the quotient
// of unsigned integers: the guarded divisor depends on no dividend, and signs are dealt with here.

struct OneDivisor {
  ValueId signed_one, magnitude;  // 1 in place of 0
  ValueId keeps;                  // bits of a quotient: none for a divisor of 0
};

OneDivisor guard_one_divisor(Code code, DType t, ValueId b) {
  const ValueId is_zero = code.eq(b, code.zero_like(b));
  code.block.raise(is_zero, Divide);
  const ValueId divisor = code.select(is_zero, code.one_like(b), b);
  const ValueId keeps = code.select(is_zero, code.zero_like(b), code.bits(t, ~uint64_t(0) >> (64 - width(t))));
  if (!is_signed(t)) return {divisor, divisor, keeps};
  const ValueId sign = code.block.binary(ScalarOp::ashr, divisor, code.constant(t, width(t) - 1));
  return {divisor, code.bitcast(code.sub(code.differ(divisor, sign), sign), unsigned_of(t)), keeps};
}

struct Quotient {
  ValueId value, magnitude;  // the latter of the value, or of one less where that is negative
};

// Rounded down, and the smallest integer over -1 as itself. -(n + 1) is the negative quotient of a magnitude whose
// predecessor gives n, so no rest is looked at.
Quotient floor_by_one(Code code, DType t, ValueId a, const OneDivisor& d) {
  if (!is_signed(t)) {
    const ValueId q = code.block.binary(ScalarOp::int_div, a, d.magnitude);
    return {q, q};
  }
  const ValueId sign = code.block.binary(ScalarOp::ashr, d.signed_one, code.constant(t, width(t) - 1));
  const ValueId turned = code.differ(a, sign);
  const ValueId is_negative = code.select(code.lt(turned, sign), code.constant(t, -1), code.zero_like(a));
  const ValueId n = code.differ(code.sub(turned, sign), is_negative);
  const ValueId q = code.block.divide_half_range(code.bitcast(n, unsigned_of(t)), d.magnitude);
  return {code.differ(code.bitcast(q, t), is_negative), code.bitcast(q, t)};
}

ValueId floor_divide_by_one(Code code, DType t, ValueId a, ValueId b) {
  const OneDivisor d = guard_one_divisor(code, t, b);
  const Quotient q = floor_by_one(code, t, a, d);
  if (is_signed(t)) code.block.raise(code.lt(q.magnitude, code.zero_like(a)), Over);  // only that of the smallest over -1
  return code.both(q.value, d.keeps);
}

ValueId remainder_by_one(Code code, DType t, ValueId a, ValueId b, bool sign_of_divisor) {
  const OneDivisor d = guard_one_divisor(code, t, b);
  if (sign_of_divisor || !is_signed(t)) return code.sub(a, code.mul(floor_by_one(code, t, a, d).value, d.signed_one));
  const ValueId sign = code.block.binary(ScalarOp::ashr, a, code.constant(t, width(t) - 1));
  const ValueId n = code.bitcast(code.sub(code.differ(a, sign), sign), unsigned_of(t));
  const ValueId rest = code.sub(n, code.mul(code.block.divide_half_range(n, d.magnitude), d.magnitude));
  return code.sub(code.differ(code.bitcast(rest, t), sign), sign);
}

// --- By numbers of their own ---

ValueId floor_divide(Code code, DType t, ValueId a, ValueId b) {
  if (code.block.has_one_divisor) return floor_divide_by_one(code, t, a, b);
  const Division d = guard_division(code, t, a, b);
  ValueId quotient = divide_towards_zero(code, t, d.a, d.b);
  if (is_signed(t)) {
    code.block.raise(d.overflows, Over);  // a / 1 is then the wanted a
    // Round down where there is a rest and its sign is not the divisor's.
    const ValueId rest = code.sub(d.a, code.mul(quotient, d.b));
    const ValueId zero = code.zero_like(a);
    const ValueId goes_down =
        code.both(code.ne(rest, zero), code.lt(code.differ(rest, d.b), zero));
    quotient = code.sub(quotient, code.convert(goes_down, t));
  }
  return code.select(d.is_zero, code.zero_like(a), quotient);
}

// sign_of_divisor: Python's remainder, else C's.
ValueId remainder(Code code, DType t, ValueId a, ValueId b, bool sign_of_divisor) {
  if (code.block.has_one_divisor) return remainder_by_one(code, t, a, b, sign_of_divisor);
  const Division d = guard_division(code, t, a, b);  // guarded rests are a % 1, the wanted 0
  ValueId rest = width(t) == 64
                     ? code.block.binary(ScalarOp::int_rem, d.a, d.b)
                     : code.sub(d.a, code.mul(divide_towards_zero(code, t, d.a, d.b), d.b));
  if (sign_of_divisor && is_signed(t)) {
    const ValueId zero = code.zero_like(a);
    const ValueId is_other_sign =
        code.both(code.ne(rest, zero), code.lt(code.differ(rest, d.b), zero));
    rest = code.add(rest, code.select(is_other_sign, d.b, zero));
  }
  return rest;
}

// Negative exponents are refused by the recorder, which sees the values.
ValueId power(Code code, DType t, ValueId base, ValueId exponent) {
  const DType u = unsigned_of(t);
  return code.bitcast(code.block.binary(ScalarOp::int_pow, code.bitcast(base, u), code.bitcast(exponent, u)), t);
}

// Amounts outside the width (negative ones are huge) shift everything out.
ValueId shift(Code code, DType t, ValueId a, ValueId amount, bool to_left) {
  const DType u = unsigned_of(t);
  const ValueId limit = code.constant(u, width(t));
  const ValueId is_inside = code.lt(code.bitcast(amount, u), limit);
  if (to_left || !is_signed(t)) {
    const ValueId inside = code.select(is_inside, amount, code.zero_like(a));
    const ValueId shifted = code.block.binary(to_left ? ScalarOp::shl : ScalarOp::lshr, a, inside);
    return code.select(is_inside, shifted, code.zero_like(a));
  }
  const ValueId inside = code.select(is_inside, amount, code.constant(t, width(t) - 1));
  return code.block.binary(ScalarOp::ashr, a, inside);
}

ValueId magnitude(Code code, DType t, ValueId a) {
  return is_signed(t) ? code.select(code.lt(a, code.zero_like(a)), code.neg(a), a) : a;
}

// NumPy computes 1.0 / x in float64 and converts: 0 gives infinity, an integer that does not fit.
ValueId reciprocal(Code code, DType t, ValueId a) {
  return code.convert(code.div(code.constant(DType::float64, 1), code.convert(a, DType::float64)), t);
}

ValueId compare_mixed(Code code, Op op, ValueId a, ValueId b) {
  const ValueId is_negative = code.lt(a, code.zero_like(a));
  const ValueId u = code.bitcast(a, DType::uint64);
  const ValueId not_negative = code.invert(is_negative);
  switch (op) {
    case Op::equal_int64_uint64: return code.both(not_negative, code.eq(u, b));
    case Op::not_equal_int64_uint64: return code.either(is_negative, code.ne(u, b));
    case Op::less_int64_uint64: return code.either(is_negative, code.lt(u, b));
    case Op::less_equal_int64_uint64: return code.either(is_negative, code.le(u, b));
    case Op::greater_int64_uint64: return code.both(not_negative, code.gt(u, b));
    default: return code.both(not_negative, code.ge(u, b));
  }
}

}  // namespace

std::optional<ValueId> expand_integer(Code code, Op op, DType t, const ValueId* in) {
  const ValueId a = in[0], b = info(op).nin > 1 ? in[1] : in[0];
  if (t == DType::bool_) {
    switch (op) {
      case Op::add: return code.either(a, b);
      case Op::multiply: return code.both(a, b);
      default: break;
    }
  }
  switch (op) {
    case Op::floor_divide: return floor_divide(code, t, a, b);
    case Op::remainder: return remainder(code, t, a, b, true);
    case Op::fmod: return remainder(code, t, a, b, false);
    case Op::power: return power(code, t, a, b);
    case Op::left_shift: return shift(code, t, a, b, true);
    case Op::right_shift: return shift(code, t, a, b, false);
    case Op::absolute: return t == DType::bool_ ? a : magnitude(code, t, a);
    case Op::square: return code.mul(a, a);
    case Op::reciprocal: return reciprocal(code, t, a);
    case Op::bitwise_count:
      return code.convert(code.block.unary(ScalarOp::popcount, magnitude(code, t, a)), DType::uint8);
    case Op::sign: {
      const ValueId zero = code.zero_like(a);
      const ValueId positive = code.convert(code.gt(a, zero), t);
      return is_signed(t) ? code.sub(positive, code.convert(code.lt(a, zero), t)) : positive;
    }
    case Op::isnan: case Op::isinf: return code.constant(DType::bool_, 0);
    case Op::isfinite: return code.constant(DType::bool_, 1);
    case Op::positive: case Op::conjugate: case Op::floor: case Op::ceil: case Op::trunc: return a;
    case Op::equal_int64_uint64: case Op::not_equal_int64_uint64: case Op::less_int64_uint64:
    case Op::less_equal_int64_uint64: case Op::greater_int64_uint64: case Op::greater_equal_int64_uint64:
      return compare_mixed(code, op, a, b);
    default: return std::nullopt;
  }
}

}  // namespace grumpy
