// arctan, arctan2, arcsin, arccos.
//
// The angle of (x, y) in the first quadrant is a multiple of pi/4 and arctan t, |t| <= sqrt 2 - 1:
// t is y / x, (y - x) / (y + x) or -x / y, a quotient in two parts. arctan t = t + t^3 (...) in powers
// of t^2 (relative errors 2^-63.7 with 12 terms, float32 2^-30.4 with 5).
// arcsin x = x + x^3 (...) for |x| <= 1/2 (2^-63.8 with 14 terms, float32 2^-31.7 with 6); above,
// arcsin x = pi/2 - 2 arcsin sqrt((1 - x) / 2), the root in two parts.
// All polynomials by Sollya's fpminimax, coefficients of the format they are used in.
#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

constexpr double kArctan64[] = {-0x1.5555555555554p-2, 0x1.99999999995bap-3, -0x1.2492492471dffp-3,
                                0x1.c71c71b5d5ba8p-4, -0x1.745d148c07286p-4, 0x1.3b136a9540c38p-4,
                                -0x1.110c42ad49312p-4, 0x1.e16e9e3310be8p-5, -0x1.ab694a88efe29p-5,
                                0x1.70a057d3823eep-5, -0x1.118edf3ac9fd2p-5, 0x1.ef5e1b89029c8p-7};
constexpr double kArctan32[] = {-0x1.55554ap-2, 0x1.9991ep-3, -0x1.23b956p-3, 0x1.b21dfcp-4,
                                -0x1.f2bccp-5};
constexpr double kArcsin64[] = {0x1.5555555555553p-3, 0x1.33333333339e6p-4, 0x1.6db6db6d4c7a8p-5,
                                0x1.f1c71ca6cd0b2p-6, 0x1.6e8b9b1bffd67p-6, 0x1.1c4f8242372b4p-6,
                                0x1.c98136c1630fep-7, 0x1.7ba10e85aaf91p-7, 0x1.36d7ea53e7262p-7,
                                0x1.47a7594bb8195p-7, 0x1.778543a9dca57p-11, 0x1.9593587862c87p-6,
                                -0x1.aaf639f4a198ap-6, 0x1.133317590f09fp-5};
constexpr double kArcsin32[] = {0x1.55554cp-3, 0x1.33389ep-4, 0x1.6caab6p-5, 0x1.04af34p-5, 0x1.d7924cp-7,
                                0x1.33d432p-5};

/// k pi/4, and what is lost when it is rounded.
constexpr double kAngle64[] = {0, 0x1.921fb54442d18p-1, 0x1.921fb54442d18p0, 0x1.2d97c7f3321d2p1,
                               0x1.921fb54442d18p1};
constexpr double kAngleLost64[] = {0, 0x1.1a62633145c07p-55, 0x1.1a62633145c07p-54,
                                   0x1.a79394c9e8a0ap-54, 0x1.1a62633145c07p-53};
constexpr double kAngle32[] = {0, 0x1.921fb6p-1, 0x1.921fb6p0, 0x1.2d97c8p1, 0x1.921fb6p1};
constexpr double kAngleLost32[] = {0, -0x1.777a5cp-26, -0x1.777a5cp-25, -0x1.99bc5cp-28, -0x1.777a5cp-24};

Value angle(Value like, int k) { return like.constant(kAngle64[k], kAngle32[k]); }
Value angle_lost(Value like, int k) { return like.constant(kAngleLost64[k], kAngleLost32[k]); }

/// Which multiple of pi/4 is nearest to the angle of (x, y), x, y >= 0.
struct Octant {
  Value is_steep, is_middle;
  Octant(Value y, Value x) : is_steep(y > x * 0x1.3504f3p1), is_middle(y > x * 0x1.a8279ap-2) {}
  Value choose(Value steep, Value middle, Value flat) const {
    return select(is_steep, steep, select(is_middle, middle, flat));
  }
};

/// base +- arctan(top / below), base a multiple of pi/4; flip: the sign bit to change arctan's with.
Value add_arctan(Pair base, Pair top, Pair below, const Value* flip) {
  const Value r = 1.0 / below.hi, q = top.hi * r;
  Value t = q, t_lost = fma(-q, below.lo, fma(-q, below.hi, top.hi) + top.lo) * r;
  if (flip) t = from_bits(bits_of(t) ^ *flip), t_lost = from_bits(bits_of(t_lost) ^ *flip);
  const Pair sum = fast_two_sum(base.hi, t);
  const Value z = t * t, lost = fma(-z, t_lost, t_lost) + base.lo;
  if (!t.is_double()) return sum.hi + (sum.lo + fma(z * t, polynomial(z, kArctan32), lost));
  // t^3 is up to 6% of the result: in two parts too
  const std::span<const double> terms(kArctan64);
  const Pair factor = fast_two_sum(t.constant(terms[0]), z * polynomial(z, z * z, terms.subspan(1)));
  const Pair cubic = product(t, product({z, fma(t, t, -z)}, factor)), whole = fast_two_sum(sum.hi, cubic.hi);
  return whole.hi + (whole.lo + (sum.lo + (cubic.lo + lost)));
}

struct Arcsine {
  Value is_large;  // |x| > 1/2
  Pair root;       // |x|, or sqrt((1 - |x|) / 2)
  Pair bend;       // arcsin(root) - root
};

Arcsine arcsine(Value x) {
  Value magnitude = abs(x);
  magnitude = select(magnitude > 2.0, 2.0, magnitude);  // the root reports Invalid
  const Value is_large = magnitude > 0.5;
  const Value w = fma(magnitude, -0.5, 0.5), s = sqrt(w);
  // (w - s^2) / 2s, dividing by an estimate good to 4%: that of halving the exponent of w
  const Value bits = bits_of(w);
  const Value estimate = from_bits(bits_constant(bits, 0x5fe6eb50c7b537a9u, 0x5f375a86u) - (bits >> 1));
  const Value s_lost = fma(-s, s, w) * (estimate * 0.5);
  const Value root = select(is_large, s, magnitude), root_lost = select(is_large, s_lost, 0.0);
  const Pair square = two_product(magnitude, magnitude);
  const Value z = select(is_large, w, square.hi);
  if (!w.is_double()) return {is_large, {root, root_lost}, {z * root * polynomial(z, z * z, kArcsin32), w.constant(0)}};
  // up to 5% of the result: in two parts too
  const std::span<const double> terms(kArcsin64);
  const Pair factor = fast_two_sum(w.constant(terms[0]), z * polynomial(z, z * z, terms.subspan(1)));
  const Pair cubic = product({root, root_lost}, {z, select(is_large, 0.0, square.lo)});
  return {is_large, {root, root_lost}, product(cubic, factor)};
}

/// base + factor arcsin(root), base a multiple of pi/4, factor 1 or 2 or their negatives.
Value add_arcsine(Pair base, const Arcsine& a, Value factor) {
  const Pair sum = fast_two_sum(base.hi, a.root.hi * factor);
  if (!factor.is_double()) return sum.hi + fma(a.bend.hi + a.root.lo, factor, sum.lo + base.lo);
  const Pair whole = fast_two_sum(sum.hi, a.bend.hi * factor);
  return whole.hi + (whole.lo + fma(a.bend.lo + a.root.lo, factor, sum.lo + base.lo));
}

}  // namespace

Value arctan(Value x) {
  const double bound = x.is_double() ? 0x1p60 : 0x1p30;  // from here on pi/2
  const Value magnitude = abs(x), y = select(magnitude > bound, bound, magnitude), one = x.constant(1);
  const Octant octant(y, one);
  const Value less = y - 1.0, more = y + 1.0, zero = x.constant(0);
  const Value less_lost = y - (less + 1.0);  // 1 is the larger where something is lost
  const Value more_lost = y - (more - 1.0);
  const Pair top{octant.choose(-one, less, y), octant.choose(zero, less_lost, zero)};
  const Pair below{octant.choose(y, more, one), octant.choose(zero, more_lost, zero)};
  const Pair base{octant.choose(angle(x, 2), angle(x, 1), zero), octant.choose(angle_lost(x, 2), angle_lost(x, 1), zero)};
  return copysign(add_arctan(base, top, below, nullptr), x);
}

Value arctan2(Value y, Value x) {
  Value ay = abs(y), ax = abs(x);
  const Value zero = x.constant(0), one = x.constant(1), infinity = x.constant(__builtin_inf());
  const Value is_nan = binary(ScalarOp::cmp_unordered, y, x);
  // Infinities and zeros: points in the same direction.
  const Value y_is_infinite = ay == infinity, x_is_infinite = ax == infinity;
  const Value is_infinite = (y_is_infinite | x_is_infinite) & !is_nan;
  ay = select(is_infinite, select(y_is_infinite, one, zero), ay);
  ax = select(is_infinite, select(x_is_infinite, one, zero), ax);
  ax = select(ay > 0.0, ax, one);  // on the axis, or NaN: no division by zero
  // Scaled so that neither sum nor reciprocal leaves the range.
  const double big = x.is_double() ? 0x1p500 : 0x1p60, small = x.is_double() ? 0x1p-500 : 0x1p-60;
  const Value larger = select(ay > ax, ay, ax);
  const Value scale = select(larger > big, small, select(larger < small, x.constant(big), one));
  ay = ay * scale, ax = ax * scale;
  const Octant octant(ay, ax);
  const Pair less = two_sum(ay, -ax), more = two_sum(ay, ax);
  const Pair top{octant.choose(-ax, less.hi, ay), octant.choose(zero, less.lo, zero)};
  const Pair below{octant.choose(ay, more.hi, ax), octant.choose(zero, more.lo, zero)};
  // To the left the angle is pi less that.
  const Value flip = bits_of(x) & bits_constant(bits_of(x), 0x8000000000000000u, 0x80000000u);
  const Value is_left = flip != flip.constant(0);
  const auto pick = [&](auto table) {
    return octant.choose(table(x, 2), select(is_left, table(x, 3), table(x, 1)), select(is_left, table(x, 4), zero));
  };
  const Value result = add_arctan({pick(angle), pick(angle_lost)}, top, below, &flip);
  return copysign(select(is_nan, __builtin_nan(""), result), y);
}

Value arcsin(Value x) {
  const Arcsine a = arcsine(x);
  const Value twice = select(a.is_large, -2.0, x.constant(1));  // pi/2 - 2 arcsin, or arcsin itself
  const Pair base{select(a.is_large, angle(x, 2), x.constant(0)), select(a.is_large, angle_lost(x, 2), x.constant(0))};
  return copysign(add_arcsine(base, a, twice), x);
}

Value arccos(Value x) {
  const Arcsine a = arcsine(x);
  const Value is_negative = x < 0.0, zero = x.constant(0);
  // pi/2 - arcsin x; 2 arcsin root; pi - 2 arcsin root
  const Value sign = select(is_negative, -1.0, x.constant(1));
  const Value factor = select(a.is_large, sign + sign, -sign);
  const auto pick = [&](auto table) {
    return select(a.is_large, select(is_negative, table(x, 4), zero), table(x, 2));
  };
  return add_arcsine({pick(angle), pick(angle_lost)}, a, factor);
}

}  // namespace grumpy::math
