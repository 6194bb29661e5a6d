// cbrt, hypot.
//
// cbrt: |x| = 2^(3k) a with a = m 2^j, m in [sqrt 1/2, sqrt 2), j = -1, 0 or 1. w = 1 / cbrt(a) from a
// polynomial of degree 4 in m (relative error 2^-14.6, Sollya's fpminimax) and a constant for j, then
// one step of third order, w (1 + e/3 + 2 e^2/9) with e = 1 - a w^3, and one of Newton's for y = a w^2
// with the remainder a - y^3, for float64 in two parts.
// hypot: float64 by the sum of squares in two parts, float32 in float64.
#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

constexpr double kInverseCbrt[] = {0x1.dfe07dce1efcbp0, -0x1.dca0fc18073d3p0, 0x1.8fb1bf6a12e8cp0,
                                   -0x1.679f365415c09p-1, 0x1.06e689a458ef2p-3};
constexpr double kCbrt2 = 0x1.428a2f98d728bp0, kCbrtHalf = 0x1.965fea53d6e3dp-1;

/// sqrt(a + b) for a >= 0 much larger than b; a is neither tiny nor huge.
Value root_of_sum(Value a, Value b) {
  const Value h = sqrt(a), rest = fma(-h, h, a) + b;
  // rest / 2h, dividing by an estimate: the exponent of a halved, and one step of Newton's
  const Value bits = bits_of(a);
  const Value estimate = from_bits(bits_constant(bits, 0x5fe6eb50c7b537a9u, 0u) - (bits >> 1));
  const Value half = estimate * 0.5, better = fma(-(a * half), estimate * half, half * 1.5);
  return fma(rest, better, h);
}

}  // namespace

Value cbrt(Value x) {
  const Decomposed d = decompose(abs(x));
  const Value round = x.constant(0x1.8p52 + 1023, 0x1.8p23 + 127);
  const Value shifted = fma(d.n, 1.0 / 3, round), k = shifted - round, j = fma(k, -3.0, d.n);
  const Value m = d.f + 1.0, is_down = j < 0.0, is_up = j > 0.0, one = x.constant(1);
  const Value a = m * select(is_up, 2.0, select(is_down, 0.5, one));
  Value w = polynomial(m, kInverseCbrt) * select(is_up, kCbrtHalf, select(is_down, kCbrt2, one));
  const Value e = fma(-a, w * w * w, 1.0);
  w = fma(w * e, fma(e, 2.0 / 9, 1.0 / 3), w);
  const Value square = w * w, y = a * square;
  Value rest = fma(-(y * y), y, a);
  if (x.is_double()) {
    const Pair y2 = two_product(y, y), y3 = two_product(y2.hi, y);
    rest = (a - y3.hi) - fma(y2.lo, y, y3.lo);
  }
  const Value root = fma(rest, square * (1.0 / 3), y);
  const Value scaled = root * from_bits(bits_of(shifted) << format_of(x).fraction_bits);
  const Value is_kept = (x == 0.0) | !(abs(x) < __builtin_inf());
  return select(is_kept, x, copysign(scaled, x));
}

Value hypot(Value x, Value y) {
  const Value ax = abs(x), ay = abs(y);
  const Value is_infinite = (ax == __builtin_inf()) | (ay == __builtin_inf());
  const Value is_nan = binary(ScalarOp::cmp_unordered, x, y);
  Value h = x;
  if (!x.is_double()) {
    const Value wx = convert(x, DType::float64), wy = convert(y, DType::float64);
    h = convert(sqrt(fma(wx, wx, wy * wy)), x.type());
  } else {
    const Value is_less = ax < ay, one = x.constant(1);
    const Value is_special = is_infinite | is_nan;
    const Value larger = select(is_special, one, select(is_less, ay, ax));
    const Value smaller = select(is_special, one, select(is_less, ax, ay));
    const Value is_big = larger > 0x1p500, is_small = larger < 0x1p-450;
    const Value up = select(is_big, 0x1p-600, select(is_small, 0x1p600, one));
    const Value down = select(is_big, 0x1p600, select(is_small, 0x1p-600, one));
    const Value a = larger * up, b = smaller * up;
    const Pair a2 = two_product(a, a), b2 = two_product(b, b), sum = fast_two_sum(a2.hi, b2.hi);
    h = select(is_nan, __builtin_nan(""), root_of_sum(sum.hi, sum.lo + (a2.lo + b2.lo)) * down);
  }
  return select(is_infinite, __builtin_inf(), h);
}

}  // namespace grumpy::math
