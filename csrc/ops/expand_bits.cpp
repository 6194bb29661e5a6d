// Floats of any width, float16 too, as their bits: signs, classes and neighbours.
//
// Source:  glibc nextafter; npy_spacing, npy_half_spacing, npy_half_nextafter.
#include "ops/expand.h"

namespace grumpy {
namespace {

// Masks and patterns of a float format, over the unsigned integer of its width.
struct Format {
  DType t, u;
  uint64_t sign, infinity, quiet_nan;

  explicit Format(DType dtype) : t(dtype), u(unsigned_of(dtype)) {
    const int mantissa = t == DType::float16 ? 10 : t == DType::float32 ? 23 : 52;
    sign = uint64_t(1) << (8 * item_bytes(t) - 1);
    infinity = sign - (uint64_t(1) << mantissa);
    quiet_nan = infinity | uint64_t(1) << (mantissa - 1);
  }
};

struct Bits {
  ValueId all, magnitude;
};

Bits split(Code code, const Format& f, ValueId a) {
  const ValueId all = code.bitcast(a, f.u);
  return {all, code.both(all, code.bits(f.u, f.sign - 1))};
}

ValueId next_after(Code code, const Format& f, ValueId x, ValueId y) {
  const bool is_half = f.t == DType::float16;  // of two zeros NumPy then gives the first
  const Bits bx = split(code, f, x), by = split(code, f, y);
  const ValueId zero = code.constant(f.u, 0), one = code.constant(f.u, 1);
  const ValueId sign = code.bits(f.u, f.sign), infinity = code.bits(f.u, f.infinity);
  const ValueId is_nan = code.either(code.gt(bx.magnitude, infinity), code.gt(by.magnitude, infinity));
  const ValueId x_is_zero = code.eq(bx.magnitude, zero);
  const ValueId is_same = code.either(code.eq(bx.all, by.all),
                                      code.both(x_is_zero, code.eq(by.magnitude, zero)));
  const ValueId other_sign = code.ne(code.both(code.differ(bx.all, by.all), sign), zero);
  const ValueId shrinks = code.either(other_sign, code.gt(bx.magnitude, by.magnitude));
  const ValueId step = code.select(shrinks, code.sub(bx.all, one), code.add(bx.all, one));
  const ValueId moved = code.select(x_is_zero, code.either(code.both(by.all, sign), one), step);
  const ValueId result = code.select(
      is_nan, code.bits(f.u, f.quiet_nan), code.select(is_same, is_half ? bx.all : by.all, moved));

  const ValueId moves = code.invert(code.either(is_nan, is_same));
  const ValueId exponent = code.both(result, infinity);
  code.block.raise(code.both(code.both(moves, code.eq(exponent, infinity)),
                             code.lt(bx.magnitude, infinity)), Over);
  if (!is_half)  // NumPy's half functions do not report underflow here
    code.block.raise(code.both(moves, code.eq(exponent, zero)), Under);
  return code.bitcast(result, f.t);
}

// The step away from zero, with the sign of x; the one at zero is exact, so it reports nothing.
ValueId spacing(Code code, const Format& f, ValueId x) {
  const Bits bx = split(code, f, x);
  const ValueId infinity = code.bits(f.u, f.infinity), zero = code.constant(f.u, 0);
  const ValueId is_finite = code.lt(bx.magnitude, infinity);
  const ValueId from = code.select(is_finite, x, code.constant(f.t, 0));
  const ValueId start = code.select(code.eq(bx.magnitude, zero), zero, code.bitcast(from, f.u));
  const ValueId next = code.add(start, code.constant(f.u, 1));
  const ValueId exponent = code.both(next, infinity);
  code.block.raise(code.both(is_finite, code.eq(exponent, infinity)), Over);
  const ValueId is_small = code.both(code.eq(exponent, zero), code.ne(bx.magnitude, zero));
  code.block.raise(code.both(is_finite, is_small), Under);
  return code.select(is_finite, code.sub(code.bitcast(next, f.t), from),
                     code.bits(f.t, f.quiet_nan));
}

// npy_half_spacing: always positive; below a negative power of two the step towards zero.
ValueId half_spacing(Code code, const Format& f, ValueId x) {
  const auto bits = [&](uint64_t v) { return code.bits(f.u, v); };
  const ValueId all = code.bitcast(x, f.u), zero = bits(0);
  const ValueId exponent = code.both(all, bits(0x7c00));
  const ValueId is_negative_boundary =
      code.both(code.both(code.eq(code.both(all, bits(0x83ff)), bits(0x8000)), code.ne(exponent, zero)),
                code.ne(exponent, bits(0x7c00)));
  const ValueId e = code.select(is_negative_boundary, code.sub(exponent, bits(0x400)), exponent);
  const ValueId is_normal = code.gt(e, bits(0x2800)), is_subnormal = code.gt(e, bits(0x400));
  const ValueId amount = code.select(
      is_subnormal, code.sub(code.block.binary(ScalarOp::lshr, e, bits(10)), bits(1)), zero);
  const ValueId power = code.block.binary(
      ScalarOp::shl, bits(1), code.both(amount, bits(15)));  // at most 30, used up to 9
  const ValueId finite = code.select(is_normal, code.sub(e, bits(0x2800)), power);
  const ValueId is_largest = code.eq(all, bits(0x7bff));
  const ValueId is_unfit = code.eq(exponent, bits(0x7c00));
  code.block.raise(is_largest, Over);
  code.block.raise(is_unfit, Invalid);
  return code.bitcast(
      code.select(is_unfit, bits(0x7e00), code.select(is_largest, bits(0x7c00), finite)), f.t);
}

}  // namespace

std::optional<ValueId> expand_float_bits(Code code, Op op, DType t, const ValueId* in) {
  const Format f(t);
  const bool is_half = t == DType::float16;
  const ValueId a = in[0];
  switch (op) {
    case Op::positive: case Op::conjugate: return a;
    case Op::nextafter: return next_after(code, f, a, in[1]);
    case Op::spacing: return is_half ? half_spacing(code, f, a) : spacing(code, f, a);
    case Op::signbit:
      return code.ne(code.both(code.bitcast(a, f.u), code.bits(f.u, f.sign)), code.constant(f.u, 0));
    case Op::isnan:
      if (!is_half) return code.is_nan(a);
      return code.gt(split(code, f, a).magnitude, code.bits(f.u, f.infinity));
    case Op::isinf:
      return code.eq(split(code, f, a).magnitude, code.bits(f.u, f.infinity));
    case Op::isfinite:
      return code.lt(split(code, f, a).magnitude, code.bits(f.u, f.infinity));
    default: break;
  }
  if (!is_half) return std::nullopt;  // wider floats have instructions
  const Bits bits = split(code, f, a);
  const ValueId sign = code.bits(f.u, f.sign);
  switch (op) {
    case Op::negative: return code.bitcast(code.differ(bits.all, sign), t);
    case Op::absolute: case Op::fabs: return code.bitcast(bits.magnitude, t);
    case Op::copysign:
      return code.bitcast(
          code.either(bits.magnitude, code.both(code.bitcast(in[1], f.u), sign)), t);
    default: return std::nullopt;
  }
}

}  // namespace grumpy
