// Complex numbers as two values.
//
// Source:  numpy/_core/src/umath/loops.c.src and loops_arithm_fp.dispatch.c.src: Smith's division,
//          lexicographic order, and products with one fused operation a part, as NumPy's vector
//          loops compute them (its loops for CPUs without FMA round twice).
#include "ops/expand.h"
#include "ops/expand_math.h"

namespace grumpy {
namespace {

ValueId is_nan(Code code, PointValue a) { return code.either(code.is_nan(a.re), code.is_nan(a.im)); }

PointValue multiply(Code code, PointValue a, PointValue b) {
  return {code.block.fma(a.re, b.re, code.neg(code.mul(a.im, b.im))),
          code.block.fma(a.re, b.im, code.mul(a.im, b.re))};
}

// With p the larger part of b and q the smaller: rat = q / p, scale = 1 / (p + q * rat).
PointValue divide(Code code, PointValue a, PointValue b) {
  const ValueId zero = code.zero_like(a.re), one = code.one_like(a.re);
  const ValueId size_re = code.abs(b.re), size_im = code.abs(b.im);
  const ValueId re_leads = code.ge(size_re, size_im);
  code.block.raise(is_nan(code, b), Invalid);  // C's >= signals
  const ValueId by_zero = code.both(code.eq(size_re, zero), code.eq(size_im, zero));
  const ValueId larger = code.select(by_zero, one, code.select(re_leads, b.re, b.im));
  const ValueId smaller = code.select(re_leads, b.im, b.re);
  const ValueId ratio = code.div(smaller, larger);
  const ValueId scale = code.div(one, code.add(larger, code.mul(smaller, ratio)));
  // By zero the parts are divided by zero on their own; nothing else may be reported there.
  const ValueId ar = code.select(by_zero, zero, a.re), ai = code.select(by_zero, zero, a.im);
  const ValueId re_ratio = code.mul(ar, ratio), im_ratio = code.mul(ai, ratio);
  const ValueId re_sum = code.add(code.select(re_leads, ar, re_ratio), code.select(re_leads, im_ratio, ai));
  const ValueId im_sum = code.sub(code.select(re_leads, ai, im_ratio), code.select(re_leads, re_ratio, ar));
  const ValueId no_size = code.select(by_zero, size_re, one);
  const ValueId direct_re = code.div(code.select(by_zero, a.re, zero), no_size);
  const ValueId direct_im = code.div(code.select(by_zero, a.im, zero), no_size);
  return {code.select(by_zero, direct_re, code.mul(re_sum, scale)),
          code.select(by_zero, direct_im, code.mul(im_sum, scale))};
}

// Zero is not special here: NumPy gives (NaN, NaN) for it and reports Invalid and Divide by itself.
PointValue reciprocal(Code code, PointValue a) {
  const ValueId one = code.one_like(a.re);
  const ValueId re_leads = code.le(code.abs(a.im), code.abs(a.re));
  code.block.raise(is_nan(code, a), Invalid);  // C's <= signals
  const ValueId larger = code.select(re_leads, a.re, a.im), smaller = code.select(re_leads, a.im, a.re);
  const ValueId ratio = code.div(smaller, larger);
  const ValueId divisor = code.add(larger, code.mul(smaller, ratio));
  return {code.div(code.select(re_leads, one, ratio), divisor),
          code.div(code.neg(code.select(re_leads, ratio, one)), divisor)};
}

// Ordered by real part, then by imaginary part; a NaN in any part compares false. Reported like C's
// signalling comparisons, in the order NumPy makes them; choices between operands report nothing.
ValueId compare(Code code, PointValue a, PointValue b, ScalarOp by_re, ScalarOp by_im, bool reports) {
  const ValueId im_is_number = code.invert(code.block.binary(ScalarOp::cmp_unordered, a.im, b.im));
  const ValueId re_is_same = code.eq(a.re, b.re);
  if (reports) {
    const ValueId re_is_nan = code.block.binary(ScalarOp::cmp_unordered, a.re, b.re);
    code.block.raise(code.either(re_is_nan, code.both(re_is_same, code.invert(im_is_number))), Invalid);
  }
  return code.either(code.both(code.block.binary(by_re, a.re, b.re), im_is_number),
                     code.both(re_is_same, code.block.binary(by_im, a.im, b.im)));
}

PointValue choose(Code code, ValueId c, PointValue a, PointValue b) {
  return {code.select(c, a.re, b.re), code.select(c, a.im, b.im)};
}

// Clip's own order: strict, and blind to a NaN in the other imaginary part.
PointValue limit(Code code, PointValue a, PointValue bound, ScalarOp wins) {
  const ValueId is_same_re = code.eq(a.re, bound.re);
  const ValueId by_re = code.block.binary(wins, a.re, bound.re);
  const ValueId by_im = code.block.binary(wins, a.im, bound.im);
  const ValueId keeps = code.either(code.both(is_same_re, by_im), code.both(code.invert(is_same_re), by_re));
  return choose(code, code.either(is_nan(code, a), keeps), a, bound);
}

// x / |x|, a unit along an axis when one part is infinite, NaN when both are.
PointValue sign(Code code, PointValue a) {
  const DType t = code.type(a.re);
  const ValueId zero = code.zero_like(a.re), one = code.one_like(a.re);
  const ValueId infinity = code.constant(t, __builtin_inf());
  const ValueId nan = code.constant(t, __builtin_nan(""));
  const ValueId parts[] = {a.re, a.im};
  const ValueId size = expand_math(code.block, Op::hypot, t, parts);
  const ValueId is_infinite = code.eq(size, infinity);
  const ValueId is_plain = code.both(code.ne(size, zero), code.invert(is_infinite));
  const ValueId divisor = code.select(is_plain, size, one);
  const ValueId re_infinite = code.eq(code.abs(a.re), infinity);
  const ValueId im_infinite = code.eq(code.abs(a.im), infinity);
  // An infinite |x| of finite parts is an overflow: NumPy calls it a unit along the imaginary axis.
  const ValueId no_axis = code.either(code.is_nan(size), code.both(re_infinite, im_infinite));
  const auto part = [&](ValueId v, ValueId has_unit) {
    const ValueId finite = code.select(is_plain, v, zero);
    const ValueId unit = code.select(code.gt(v, zero), one, code.neg(one));
    const ValueId special = code.select(code.both(is_infinite, has_unit), unit, zero);
    return code.select(no_axis, nan, code.select(is_plain, code.div(finite, divisor), special));
  };
  return {part(a.re, re_infinite), part(a.im, code.invert(re_infinite))};
}

std::optional<ValueId> compare_op(Code code, Op op, PointValue a, PointValue b, bool reports) {
  switch (op) {
    case Op::equal: return code.both(code.eq(a.re, b.re), code.eq(a.im, b.im));
    case Op::not_equal: return code.either(code.ne(a.re, b.re), code.ne(a.im, b.im));
    case Op::less: return compare(code, a, b, ScalarOp::cmp_lt, ScalarOp::cmp_lt, reports);
    case Op::less_equal: return compare(code, a, b, ScalarOp::cmp_lt, ScalarOp::cmp_le, reports);
    case Op::greater: return compare(code, a, b, ScalarOp::cmp_gt, ScalarOp::cmp_gt, reports);
    case Op::greater_equal: return compare(code, a, b, ScalarOp::cmp_gt, ScalarOp::cmp_ge, reports);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<PointValue> expand_complex(Code code, Op op, DType t, const PointValue* in) {
  const PointValue a = in[0], b = info(op).nin > 1 ? in[1] : in[0];
  const auto each = [&](auto f) { return PointValue{f(a.re), f(a.im)}; };
  if (const auto c = compare_op(code, op, a, b, true)) return PointValue{*c, *c};
  switch (op) {
    case Op::add: return PointValue{code.add(a.re, b.re), code.add(a.im, b.im)};
    case Op::subtract: return PointValue{code.sub(a.re, b.re), code.sub(a.im, b.im)};
    case Op::multiply: return multiply(code, a, b);
    case Op::square: return multiply(code, a, a);
    case Op::divide: return divide(code, a, b);
    case Op::reciprocal: return reciprocal(code, a);
    case Op::negative: return each([&](ValueId v) { return code.neg(v); });
    case Op::rint: return each([&](ValueId v) { return code.block.unary(ScalarOp::rint, v); });
    case Op::positive: return a;
    case Op::conjugate: return PointValue{a.re, code.neg(a.im)};
    case Op::real: return PointValue{a.re, a.re};
    case Op::imag: return PointValue{a.im, a.im};
    case Op::isnan: case Op::isinf: case Op::isfinite: {
      const DType part = real_part(t);
      const ValueId re = *expand_float_bits(code, op, part, &a.re);
      const ValueId im = *expand_float_bits(code, op, part, &a.im);
      const ValueId c = op == Op::isfinite ? code.both(re, im) : code.either(re, im);
      return PointValue{c, c};
    }
    case Op::maximum: case Op::minimum: {
      const Op order = op == Op::maximum ? Op::greater_equal : Op::less_equal;
      return choose(code, code.either(is_nan(code, a), *compare_op(code, order, a, b, false)), a, b);
    }
    case Op::fmax: case Op::fmin: {
      const Op order = op == Op::fmax ? Op::greater_equal : Op::less_equal;
      return choose(code, code.either(is_nan(code, b), *compare_op(code, order, a, b, false)), a, b);
    }
    case Op::clip:
      return limit(code, limit(code, a, b, ScalarOp::cmp_gt), in[2], ScalarOp::cmp_lt);
    case Op::absolute: {
      const ValueId parts[] = {a.re, a.im};
      const ValueId size = expand_math(code.block, Op::hypot, real_part(t), parts);
      return PointValue{size, size};
    }
    case Op::sign: return sign(code, a);
    default: return std::nullopt;
  }
}

}  // namespace grumpy
