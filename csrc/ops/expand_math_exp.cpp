// exp, exp2, expm1, and e^x in parts for the functions made of it.
//
// x = n ln2 + r with n the nearest integer, |r| <= ln2/2: x / ln2 is rounded by adding a number so
// large that its last bit is worth 1; that bit pattern then holds n for the exponent. ln2 is in two
// parts, the first so short that n times it is exact. e^r = 1 + r + r^2 q(r), where q minimises the
// relative error of e^r - 1 (float64: degree 10, 2^-61.5) or the error of e^r (float32: degree 4,
// 2^-27.9) over |r| <= 1.001 ln2/2; found with Sollya's fpminimax with coefficients of that format.
// 1 + r is split exactly, so that errs by 0.5 ulp and a little of r^2 q(r). exp and exp2 themselves split
// 1 + r + r^2/2 (exp for float64 only), and err by 0.51 ulp.
#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

constexpr double kExp64[] = {0x1p-1,                0x1.5555555555559p-3,  0x1.555555555554dp-5,
                             0x1.111111110f64bp-7,  0x1.6c16c16c1abp-10,   0x1.a01a01b00a51fp-13,
                             0x1.a01a018e11cbap-16, 0x1.71ddf7f82a5c3p-19, 0x1.27e51326d5c93p-22,
                             0x1.af5f5df4cc69fp-26, 0x1.1f1a6d88ce10dp-29};
constexpr double kExp32[] = {0x1.fffffep-2, 0x1.55548ep-3, 0x1.555658p-5, 0x1.123bfcp-7, 0x1.6c5392p-10};
// relative error of e^r - 1 2^-31
constexpr double kExpm132[] = {0x1p-1,        0x1.555554p-3,  0x1.5554fp-5,
                               0x1.111306p-7, 0x1.6d4386p-10, 0x1.9e0c94p-13};
constexpr double kLog2e = 0x1.71547652b82fep0;

/// The number that rounds to integers when added; what is beyond a power of two puts twice the
/// exponent's bias into the low bits, so that they can be halved without regard to sign.
constexpr double kRound64 = 0x1.8p52 + 2 * 1023, kRound32 = 0x1.8p23 + 2 * 127;

/// Bits of 2^m where the low bits of `biased` are m + bias.
Value from_exponent(Value like, Value biased) {
  return from_bits(biased << format_of(like).fraction_bits);
}

/// e^r, r in two parts within +-ln2/2.
Value exp_of_rest(Pair rest) {
  const Pair s = fast_two_sum(rest.hi.constant(1), rest.hi);
  const Value r = rest.hi + rest.lo, square = r * r;
  const Value q = r.is_double() ? polynomial(r, square, kExp64) : polynomial(r, square, kExp32);
  return s.hi + fma(square, q, s.lo + rest.lo);
}

/// The same, rounded nearly once: of the series only powers from the third on are rounded before the last sum.
Value precise_exp_of_rest(Pair rest) {
  const Value r = rest.hi, half = r * 0.5;
  const Pair bent = two_product(half, r), line = fast_two_sum(r.constant(1), r);
  const Pair sum = fast_two_sum(line.hi, bent.hi);
  const auto terms = r.is_double() ? std::span<const double>(kExp64) : std::span<const double>(kExpm132);
  const Value square = bent.hi + bent.hi, series = polynomial(r, square, terms.subspan(1));
  const Value lost = fma(square * r, series, (line.lo + sum.lo) + bent.lo);
  return sum.hi + fma(rest.lo, sum.hi + lost, lost);  // e^(hi + lo) = e^hi (1 + lo)
}

/// The same to 2^-31.
Value rough_exp_of_rest(Pair rest) {
  const Value r = rest.hi + rest.lo;
  return fma(r, fma(r, polynomial(r, kExpm132), 1.0), 1.0);
}

}  // namespace

Reduced reduce(Value x) {
  const Value round = x.constant(kRound64, kRound32);
  const Value shifted = fma(x, kLog2e, round);
  const Value n = shifted - round;
  return {bits_of(shifted), {fma(n, x.constant(-0x1.62e42fefa4p-1, -0x1.62e4p-1), x),
                             n * x.constant(0x1.8432a1b0e2634p-43, -0x1.7f7d1cp-20)}};
}

ExpParts exp_parts(Value x) {
  const Reduced reduced = reduce(x);
  const Value r = reduced.r.hi + reduced.r.lo, square = r * r;
  const Value q = x.is_double() ? polynomial(r, square, kExp64) : polynomial(r, square, kExpm132);
  const Pair p = fast_two_sum(reduced.r.hi, fma(square, q, reduced.r.lo));
  return {reduced.shift, p};
}

ExpParts rough_exp_parts(Value x) {
  const Reduced reduced = reduce(x);
  const Value r = reduced.r.hi + reduced.r.lo, square = r * r;
  const Value q = x.is_double() ? polynomial(r, square, kExp64) : polynomial(r, square, kExpm132);
  const Value p = fma(square, q, r);
  return {reduced.shift, {p, p}};
}

// r is made exact in two parts. e^r - 1 = r + r^2/2 (1 + r (1/3 + ...)): for float64 the products too
// are carried in two parts.
ExpParts exact_exp_parts(Value x) {
  const Reduced reduced = reduce(x);
  const Pair r = fast_two_sum(reduced.r.hi, reduced.r.lo);
  const Pair bent = two_product(r.hi * 0.5, r.hi), head = fast_two_sum(r.hi, bent.hi);
  const Value square = r.hi * r.hi, lost = fma(r.lo, head.hi, r.lo);
  if (!x.is_double()) {
    const Value series = polynomial(r.hi, square, std::span(kExpm132).subspan(1));
    const Value rest = fma(square * r.hi, series, lost);
    return {reduced.shift, fast_two_sum(head.hi, head.lo + (bent.lo + rest))};
  }
  const std::span<const double> terms(kExp64);
  const Value rest = (r.hi + r.hi) * polynomial(r.hi, square, terms.subspan(2));
  const Pair factor = product(r.hi, fast_two_sum(x.constant(2 * terms[1]), rest));
  const Pair cubic = product(bent, factor), sum = fast_two_sum(head.hi, cubic.hi);
  return {reduced.shift, fast_two_sum(sum.hi, sum.lo + (head.lo + (bent.lo + (cubic.lo + lost))))};
}

Powers split_power_of_two(Value like, Value shift) {
  const Value half = shift >> 1;
  return {from_exponent(like, half), from_exponent(like, shift - half)};
}

Value scale(Value v, Value shift) {
  const Powers power = split_power_of_two(v, shift);
  return v * power.first * power.second;
}

Value power_of_two(Value like, Value shift) {
  return from_exponent(like, shift - shift.constant(1023, 127));
}

Value negated_power_of_two(Value like, Value shift) {  // one more bit reaches the sign
  return from_exponent(like, shift + shift.constant(2048 - 1023, 256 - 127));
}

Value inverse_power_of_two(Value like, Value shift) {  // bias - n = 3 bias - (n + 2 bias)
  return from_exponent(like, shift.constant(3 * 1023, 3 * 127) - shift);
}

Value one_minus_exp(Pair x) {
  const Reduced reduced = reduce(x.hi);
  const Value r = reduced.r.hi + (reduced.r.lo + x.lo), square = r * r;
  const Value power = 1.0 + fma(square, polynomial(r, square, kExp64), r);
  return fma(power, negated_power_of_two(r, reduced.shift), 1.0);
}

Value one_minus_rough_exp(Value x) {
  const Reduced reduced = reduce(x);
  return fma(rough_exp_of_rest(reduced.r), negated_power_of_two(x, reduced.shift), 1.0);
}

Value rough_exp(Value x) {
  const Reduced reduced = reduce(x);
  return rough_exp_of_rest(reduced.r) * power_of_two(x, reduced.shift);
}

namespace {

/// 2^n y for x; infinities come through without the overflow and underflow of large numbers.
Value scaled_exp(Value x, Value y, Value shift, Value is_high) {
  y = select(is_high, x, y);
  y = select(x == -__builtin_inf(), 0, y);
  return scale(y, shift);
}

}  // namespace

Value exp_of_sum(Pair x, Value factor) {
  const Reduced reduced = reduce(x.hi);
  return scale(exp_of_rest({reduced.r.hi, reduced.r.lo + x.lo}) * factor, reduced.shift);
}

Value exp(Value x) {
  // Beyond these bounds the scaling overflows or gives 0 whatever the rest.
  const double high = x.is_double() ? 720 : 100, low = x.is_double() ? -760 : -110;
  const Value is_high = x > high;
  const Value bounded = select(x < low, low, select(is_high, high, x));
  const Reduced reduced = reduce(bounded);
  const bool is_precise = x.is_double() && !x.block->is_rough;
  const Value y = is_precise ? precise_exp_of_rest(reduced.r) : exp_of_rest(reduced.r);
  return scaled_exp(x, y, reduced.shift, is_high);
}

// x = n + f, r = f ln2 in two parts.
Value exp2(Value x) {
  const double high = x.is_double() ? 1040 : 140, low = x.is_double() ? -1100 : -160;
  const Value is_high = x > high;
  const Value bounded = select(x < low, low, select(is_high, high, x));
  const Value round = x.constant(kRound64, kRound32), shifted = bounded + round;
  const Value f = bounded - (shifted - round);
  Pair r = two_product(f, x.constant(0x1.62e42fefa39efp-1, 0x1.62e43p-1));
  r.lo = fma(f, x.constant(0x1.abc9e3b39803fp-56, -0x1.05c61p-29), r.lo);
  return scaled_exp(x, x.block->is_rough ? exp_of_rest(r) : precise_exp_of_rest(r), bits_of(shifted), is_high);
}

// 2^n ((1 - c) + p) with c = 2^-n, the first difference in two parts.
Value expm1(Value x) {
  const double high = x.is_double() ? 720 : 100, low = x.is_double() ? -40 : -20;  // below: -1
  const Value is_high = x > high;
  const Value bounded = select(x < low, low, select(is_high, high, x));
  const ExpParts e = exact_exp_parts(bounded);
  // c has left the exponent's range where it no longer matters.
  const Value is_large = bounded > (x.is_double() ? 100.0 : 50.0);
  const Value c = select(is_large, 0.0, inverse_power_of_two(x, e.shift));
  const Pair whole = two_sum(x.constant(1), -c), sum = fast_two_sum(whole.hi, e.p.hi);
  Value y = sum.hi + (sum.lo + (whole.lo + e.p.lo));
  y = select(is_high, x, y);
  return copysign(scale(y, e.shift), x);
}

}  // namespace grumpy::math
