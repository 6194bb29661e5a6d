// arcsinh, arccosh, arctanh, logit: logarithms of sums, roots and quotients carried in two parts.
//
// arcsinh |x| = log(1 + u), u = |x| + (sqrt(1 + x^2) - 1);  arccosh x = log(1 + u),
// u = (x - 1) + sqrt(x^2 - 1); both log 2x for huge x. arctanh x = log((1 + x) / (1 - x)) / 2 and
// logit x = log(x / (1 - x)), without computing that quotient: see Ratio.
#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

/// sqrt(x.hi + x.lo), lo to full precision; the root of a negative sum reports Invalid.
Pair sqrt_pair(Pair x) {
  const Value root = sqrt(x.hi), rest = fma(-root, root, x.hi) + x.lo;
  // rest / 2 root, by the inverse. Its estimate by halving an exponent is good to 4%; one step of
  // fourth order makes that 2^-19, for float64 another of third order 2^-58.
  const Value bits = bits_of(abs(x.hi));
  Value r = 0.5 * from_bits(bits_constant(bits, 0x5fe6eb50c7b537a9u, 0x5f375a86u) - (bits >> 1));
  const Value twice = root * -2.0;
  Value e = fma(twice, r, 1.0);
  r = fma(r * e, fma(e, e, e) + 1.0, r);
  e = fma(twice, r, 1.0);
  r = fma(x.hi.is_double() ? fma(e, e, e) : e, r, r);
  return {root, rest * r};
}

/// log(1 + u), or log 2x where x is huge; infinity passes.
Value log_one_plus_or_twice(Value x, Value is_huge, Pair u) {
  const Value is_infinite = x == __builtin_inf();
  const Value huge = select(is_infinite, 1.0, x);
  const Pair y = log_one_plus({select(is_huge, huge, u.hi), select(is_huge, 0.0, u.lo)});
  const Value ln2 = select(is_huge, x.constant(0x1.62e42fefa39efp-1, 0x1.62e43p-1), x.constant(0));
  return select(is_infinite, x, y.hi + (y.lo + ln2));
}

/// 2^n (m + m_lost), m in [sqrt 1/2, sqrt 2)
struct Scaled {
  Value n, m, m_lost;
};

/// a / b = 2^n (1 + s) / (1 - s), s = top / below. The fractions' quotient is within a factor of 2 of
/// 1, after at most one doubling within sqrt 2: their difference is then exact.
struct Ratio {
  Value n;
  Pair top, below;
};

Ratio ratio(Scaled a, Scaled b) {
  const Value one = a.m.constant(1), zero = a.m.constant(0);
  const Value is_above = a.m > b.m * 1.4142135623730951, is_below = a.m < b.m * 0.70710678118654752;
  const Value factor = select(is_above, 2.0, select(is_below, 0.5, one));
  const Value n = (a.n - b.n) + select(is_above, one, select(is_below, -1.0, zero));
  const Value b_m = b.m * factor, b_lost = b.m_lost * factor;
  Pair below = two_sum(a.m, b_m);
  below.lo = below.lo + (a.m_lost + b_lost);
  return {n, fast_two_sum(a.m - b_m, a.m_lost - b_lost), below};
}

/// 2 / below, to 1/3%: a line, and one step of Newton's
Value twice_inverse(const Ratio& r) {
  const Value line = fma(r.below.hi, -0.2353, 0.9983);
  return line * fma(-r.below.hi, line + line, 4.0);
}

/// For a normal number and what is lost of it.
Scaled scaled(Pair x) {
  const FloatFormat format = format_of(x.hi);
  const Value bits = bits_of(x.hi);
  const DecomposedBits d = decompose_bits(bits);
  const Value n = from_bits(d.exponent | bits_constant(bits, 0x1p52, 0x1p23f)) -
                  x.hi.constant(0x1p52 + 1023, 0x1p23 + 127);
  const Value inverse = from_bits((bits.constant(2 * format.bias) - d.exponent) << format.fraction_bits);
  return {n, d.f + 1.0, x.lo * inverse};
}

}  // namespace

Value arcsinh(Value x) {
  const Value magnitude = abs(x), is_huge = magnitude > x.constant(0x1p54, 0x1p26);
  const Value a = select(is_huge, 1.0, magnitude), one = x.constant(1), is_steep = a > 1.0;
  const Pair square = two_product(a, a);
  const Pair sum = fast_two_sum(select(is_steep, square.hi, one), select(is_steep, one, square.hi));
  const Pair root = sqrt_pair({sum.hi, sum.lo + square.lo});
  Pair u = fast_two_sum(a, root.hi - 1.0);
  u.lo = u.lo + root.lo;
  return copysign(log_one_plus_or_twice(magnitude, is_huge, u), x);
}

Value arccosh(Value x) {
  const Value is_huge = x > x.constant(0x1p54, 0x1p26);
  const Value a = select(is_huge, 2.0, select(x < 1.0, 0.0, x));  // below 1 the root reports Invalid
  const Pair square = two_product(a, a), less = fast_two_sum(square.hi, x.constant(-1));
  const Pair root = sqrt_pair({less.hi, less.lo + square.lo});
  Pair u = two_sum(a - 1.0, root.hi);
  u.lo = u.lo + root.lo;
  return log_one_plus_or_twice(x, is_huge, u);
}

Value arctanh(Value x) {
  const Value magnitude = abs(x), is_inside = magnitude < 1.0, one = x.constant(1), zero = x.constant(0);
  const Value a = select(is_inside, magnitude, zero);
  const Ratio r = ratio(scaled(fast_two_sum(one, a)), scaled(fast_two_sum(one, -a)));
  // The division also gives infinity with Divide for 1, NaN with Invalid beyond, and NaN for NaN.
  const Value top = select(magnitude == 1.0, one, select(magnitude > 1.0, zero, magnitude));
  const Value s = select(is_inside, r.top.hi, top) / select(is_inside, r.below.hi, zero);
  const Pair y = add_exponent(r.n, exact_log_quotient(select(is_inside, s, zero), r.top, r.below, twice_inverse(r)));
  return copysign(select(is_inside, fma(y.hi, 0.5, y.lo * 0.5), s), x);
}

Value logit(Value x) {
  const Value is_inside = (x > 0.0) & (x < 1.0), a = select(is_inside, x, 0.5);
  const Decomposed d = decompose(a);
  const Ratio r = ratio({d.n, d.f + 1.0, x.constant(0)}, scaled(fast_two_sum(x.constant(1), -a)));
  const Pair y = add_exponent(r.n, log_quotient(r.top.hi / r.below.hi, r.top, r.below, twice_inverse(r)));
  // SciPy reports nothing at the ends and beyond.
  const double infinity = __builtin_inf(), nan = __builtin_nan("");
  const Value special = select(x == 0.0, -infinity, select(x == 1.0, infinity, x.constant(nan)));
  return select(is_inside, y.hi + y.lo, special);
}

}  // namespace grumpy::math
