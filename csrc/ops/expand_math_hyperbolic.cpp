// sinh, cosh, tanh, expit.
//
// sinh and cosh: |x| = n ln2 + r as for exp; with c = 2^-n, a = 1 - c^2, b = 1 + c^2
//   sinh |x| = 2^(n-1) (a cosh r + b sinh r),   cosh x = 2^(n-1) (b cosh r + a sinh r)
// and sinh r = r + r^3 (...), cosh r = 1 + r^2 (...) in powers of r^2 for |r| <= 1.001 ln2/2, by
// Sollya's fpminimax (relative errors: float64 2^-61.5 and 2^-70, float32 2^-34 and 2^-33).
// tanh and expit: quotients of sums with e^x, both of them in two parts.
#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

constexpr double kSinh64[] = {0x1.5555555555559p-3, 0x1.111111110f648p-7, 0x1.a01a01b00c236p-13,
                              0x1.71ddf7f2abb5bp-19, 0x1.af5f687e93d6dp-26};
constexpr double kCosh64[] = {0x1p-1, 0x1.5555555555558p-5, 0x1.6c16c16c15p-10, 0x1.a01a01ad7d65cp-16,
                              0x1.27e4cc142185p-22, 0x1.1f8bd952dcf9ap-29};
constexpr double kSinh32[] = {0x1.555556p-3, 0x1.110fe2p-7, 0x1.a28f26p-13};
constexpr double kCosh32[] = {0x1p-1, 0x1.5554e4p-5, 0x1.6d5168p-10};

/// major cosh r + minor sinh r, times 2^(n-1), where {major, minor} = 1 +- 4^-n.
Value sinh_or_cosh(Value x, bool is_sinh) {
  const double bound = x.is_double() ? 720 : 100;
  const Value magnitude = abs(x), is_high = magnitude > bound;
  const Value bounded = select(is_high, bound, magnitude);
  const Reduced reduced = reduce(bounded);
  // From here on c^2 is nothing beside 1; later c leaves the exponent's range, and would overflow.
  const Value large = x.constant(40, 20);
  const Value c = select(bounded > large, 0.0, inverse_power_of_two(x, reduced.shift));
  const Value c2 = c * c, minus_c2 = -c2;
  const Value a = is_sinh ? minus_c2 : c2, b = is_sinh ? c2 : minus_c2;
  const Value major = 1.0 + a, minor = 1.0 + b;
  const Value major_lost = a - (major - 1.0);  // and minor the opposite
  const Value r = reduced.r.hi + reduced.r.lo, z = r * r;
  const Value even = z * (x.is_double() ? polynomial(z, kCosh64) : polynomial(z, kCosh32));
  const Value odd = fma(z * r, x.is_double() ? polynomial(z, kSinh64) : polynomial(z, kSinh32), reduced.r.lo);
  const Pair slope = two_product(minor, reduced.r.hi);
  const Pair sum = fast_two_sum(major, slope.hi);
  const Value lost = fma(major_lost, 1.0 - r, slope.lo);
  Value y = sum.hi + (sum.lo + fma(major, even, fma(minor, odd, lost)));
  y = select(is_high, magnitude, y);
  return scale(y * 0.5, reduced.shift);
}

}  // namespace

Value sinh(Value x) { return copysign(sinh_or_cosh(x, true), x); }

Value cosh(Value x) { return sinh_or_cosh(x, false); }

// tanh |x| = (e^2|x| - 1) / (e^2|x| + 1); both divided by 2^n they are 1 - c + p and 1 + c + p with
// c = 2^-n. Where 1 + c is rounded, only its distance to 1 - c matters.
Value tanh(Value x) {
  const double bound = x.is_double() ? 20 : 10;  // from here on 1 to the last bit
  const Value magnitude = abs(x), bounded = select(magnitude > bound, bound, magnitude);
  if (x.block->is_rough) {
    const ExpParts e = rough_exp_parts(bounded + bounded);
    const Value c = inverse_power_of_two(x, e.shift);
    return copysign(((1.0 - c) + e.p.hi) / ((1.0 + c) + e.p.hi), x);
  }
  const ExpParts e = exp_parts(bounded + bounded);
  const Value c = inverse_power_of_two(x, e.shift), one_and_c = 1.0 + c;
  Pair above = fast_two_sum(fma(c, -2.0, one_and_c), e.p.hi), below = fast_two_sum(one_and_c, e.p.hi);
  above.lo = above.lo + e.p.lo;
  below.lo = below.lo + e.p.lo;
  return copysign(quotient(above, below), x);
}

// 1 / (1 + e^-x) = e^x / (1 + e^x): of these the one whose power, E = 2^n (1 + p), is at most 1.
Value expit(Value x) {
  const double bound = x.is_double() ? 760 : 110;  // from here on 0 or 1
  const Value magnitude = abs(x), bounded = select(magnitude > bound, bound, magnitude);
  const ExpParts e = exp_parts(-bounded);
  const Powers power = split_power_of_two(x, e.shift);
  const Value c = power.first * power.second, one = x.constant(1);
  Pair unscaled = fast_two_sum(one, e.p.hi);
  unscaled.lo = unscaled.lo + e.p.lo;
  Pair below = fast_two_sum(one, c * unscaled.hi);
  below.lo = fma(c, unscaled.lo, below.lo);
  const Value is_negative = x < 0.0;
  const Value y = quotient({select(is_negative, unscaled.hi, one), select(is_negative, unscaled.lo, 0.0)}, below);
  return select(is_negative, y * power.first * power.second, y);
}

}  // namespace grumpy::math
