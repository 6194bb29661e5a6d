// log, log2, log10, log1p.
//
// x = 2^n (1 + f) with 1 + f in [sqrt 1/2, sqrt 2), s = f / (2 + f) in two parts. Then
//   log(1 + f) = 2 atanh(s) = 2s + s^3 (2/3 + ...)
// with the series a polynomial in s^2 for |s| <= 3 - 2 sqrt 2, found with Sollya's fpminimax (error
// relative to log(1 + f) for float64, 7 terms: 2^-59.5; for float32, 3 terms: 2^-30). The cubic term is
// at most 1/100 of the whole, so its rounding hardly shows. The one division also makes the
// infinities, NaNs and flags of arguments that are not positive numbers.
#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

constexpr double kLog64[] = {0x1.5555555555593p-1, 0x1.999999997f99cp-2, 0x1.2492494232b5p-2,
                             0x1.c71c51cee5294p-3, 0x1.74664bdc621bep-3, 0x1.39a055ba94d68p-3,
                             0x1.2f144748ddea8p-3};
// its part after the cubic term, 8 terms: 2^-73
constexpr double kLogExact64[] = {0x1.9999999999995p-2, 0x1.2492492493155p-2, 0x1.c71c71c563334p-3,
                                  0x1.745d183e9e6d4p-3, 0x1.3b135fc5eaeb9p-3, 0x1.11211c92e67bbp-3,
                                  0x1.de2463aaf15d9p-4, 0x1.eb85d2fd044d7p-4};
constexpr double kLog32[] = {0x1.55557ap-1, 0x1.995ec4p-2, 0x1.31e3acp-2};

/// log(1 + f) where s = f.hi / (2 + f.hi); sum: log_quotient or exact_log_quotient.
Pair log_fraction(Value s, Pair f, Pair (*sum)(Value, Pair, Pair, Value) = log_quotient) {
  const Value below = f.hi + 2.0;
  return sum(s, f, {below, add_lost(f.hi - (below - 2.0), f.lo)}, 1.0 - s);  // 2 / (2 + f) = 1 - s
}

/// 1 + u = 2^n (1 + f)
struct OnePlus {
  Value whole, n;
  Pair f;
};

/// For n = 0, f is u itself. The sum is never subnormal; from 2^60 on the 1 and u.lo do not count.
OnePlus one_plus(Pair u) {
  const FloatFormat format = format_of(u.hi);
  const Value whole = u.hi + 1.0, bits = bits_of(whole);
  const DecomposedBits d = decompose_bits(bits);
  const Value is_near = d.exponent == bits.constant(format.bias), is_large = whole >= 0x1p60;
  const Value moved = select(is_large, 1.0, whole), part = select(is_large, 0.0, u.hi), t = moved - 1.0;
  const Value lost = add_lost((1.0 - (moved - t)) + (part - t), u.lo);
  const Value n = from_bits(d.exponent | bits_constant(bits, 0x1p52, 0x1p23f)) -
                  u.hi.constant(0x1p52 + 1023, 0x1p23 + 127);
  const Value inverse = from_bits((bits.constant(2 * format.bias) - d.exponent) << format.fraction_bits);
  const Value f_lost = select(is_near, u.lo, lost * select(is_large, 0.0, inverse));
  return {whole, n, {select(is_near, u.hi, d.f), f_lost}};
}

struct Slope {
  Value is_special;  // x is not a positive number
  Value s;           // f / (2 + f), or 0 where special
  Value special;     // -inf with Divide for zeros, NaN with Invalid below zero, else x
};

Slope slope(Value x, Value f) {
  const Value bits = bits_of(x);
  const Value largest = bits_constant(bits, 0x7fefffffffffffffu, 0x7f7fffffu);
  const Value is_special = bits - bits.constant(1) >= largest;
  const Value sign = bits_constant(bits, 0x8000000000000000u, 0x80000000u);
  const Value infinity = bits_constant(bits, 0x7ff0000000000000u, 0x7f800000u);
  const Value is_kept = (bits ^ sign) > infinity;  // all but negative numbers
  const Value top = select(x == 0.0, -1.0, select(is_kept, x, 0.0));
  const Value s = select(is_special, top, f) / select(is_special, 0.0, f + 2.0);
  return {is_special, select(is_special, 0.0, s), s};
}

}  // namespace

DecomposedBits decompose_bits(Value bits) {
  // The bits of 1 + f begin at those of sqrt 1/2: moved so that the exponent field changes there.
  const Value start = bits_constant(bits, 0x3fe6a09e667f3bcdu, 0x3f3504f3u);
  const Value moved = bits + (bits_constant(bits, 1.0, 1.0f) - start);
  const Value fraction = moved & bits_constant(bits, 0x000fffffffffffffu, 0x007fffffu);
  return {moved >> format_of(bits).fraction_bits, from_bits(fraction + start) - 1.0};
}

Decomposed decompose(Value x) {
  const Value bits = bits_of(x);
  const Value is_tiny = bits < bits_constant(bits, 0x1p-1022, 0x1p-126f);  // +0, subnormal
  const Value factor = select(is_tiny, x.constant(0x1p54, 0x1p25), x.constant(1));
  const DecomposedBits d = decompose_bits(bits_of(x * factor));
  const Value bias = select(is_tiny, x.constant(0x1p52 + 1023 + 54, 0x1p23 + 127 + 25),
                            x.constant(0x1p52 + 1023, 0x1p23 + 127));
  // An integer becomes a number by lying below the exponent of 2^fraction_bits.
  return {from_bits(d.exponent | bits_constant(bits, 0x1p52, 0x1p23f)) - bias, d.f};
}

Pair log_quotient(Value s, Pair top, Pair below, Value twice_inverse) {
  const Value minus_s = -s, z = s * s;
  const Value rest = fma(minus_s, below.lo, add_lost(fma(minus_s, below.hi, top.hi), top.lo));
  const Value series = s.is_double() ? polynomial(z, z * z, kLog64) : polynomial(z, kLog32);
  return {s + s, fma(z * s, series, rest * twice_inverse)};
}

Pair exact_log_quotient(Value s, Pair top, Pair below, Value twice_inverse) {
  if (!s.is_double()) return log_quotient(s, top, below, twice_inverse);
  const Value minus_s = -s, z = s * s;
  const Value rest = fma(minus_s, below.lo, add_lost(fma(minus_s, below.hi, top.hi), top.lo));
  const std::span<const double> terms(kLogExact64);
  Pair factor = fast_two_sum(s.constant(2.0 / 3), z * polynomial(z, z * z, terms));
  factor.lo = factor.lo + 0x1.5555555555555p-55;
  const Pair cubic = product(s, product({z, fma(s, s, -z)}, factor)), sum = fast_two_sum(s + s, cubic.hi);
  return {sum.hi, sum.lo + fma(rest, fma(twice_inverse, z, twice_inverse), cubic.lo)};
}

Pair add_exponent(Value n, Pair y) {
  const Pair sum = fast_two_sum(n * n.constant(0x1.62e42fefa38p-1, 0x1.62e4p-1), y.hi);
  return {sum.hi, fma(n, n.constant(0x1.ef35793c7673p-45, 0x1.7f7d1cp-20), sum.lo + y.lo)};
}

Pair log_one_plus(Pair u) {
  const OnePlus y = one_plus(u);
  const Value s = y.f.hi / (y.f.hi + 2.0);
  return add_exponent(y.n, log_fraction(s, y.f));
}

LogParts log_parts(Value x) {
  const Decomposed d = decompose(x);
  const Slope s = slope(x, d.f);
  return {s.is_special, s.special, add_exponent(d.n, log_fraction(s.s, {d.f, x.constant(0)}))};
}

LogParts log1p_parts(Value x) {
  const OnePlus y = one_plus({x, x.constant(0)});
  const Slope s = slope(y.whole, y.f.hi);
  return {s.is_special, s.special, add_exponent(y.n, log_fraction(s.s, y.f))};
}

namespace {

/// Within 2 ulp: f is at least half of what the power of two adds.
Value rough_log(Value x) {
  const Decomposed d = decompose(x);
  const Slope s = slope(x, d.f);
  const Value z = s.s * s.s;
  const Value series = x.is_double() ? polynomial(z, z * z, kLog64) : polynomial(z, kLog32);
  const Value y = fma(z * s.s, series, s.s + s.s);
  return select(s.is_special, s.special, fma(d.n, x.constant(0x1.62e42fefa39efp-1, 0x1.62e43p-1), y));
}

}  // namespace

Value log(Value x) {
  if (x.block->is_rough) return rough_log(x);
  const LogParts p = log_parts(x);
  return select(p.is_special, p.special, p.y.hi + p.y.lo);
}

Value log1p(Value x) {
  const LogParts p = log1p_parts(x);
  return select(p.is_special, p.special, copysign(p.y.hi + p.y.lo, x));
}

Value log2(Value x) {
  const Decomposed d = decompose(x);
  const Slope s = slope(x, d.f);
  const Value log2e = x.constant(0x1.71547652b82fep0, 0x1.715476p0);
  const Pair y = log_fraction(s.s, {d.f, x.constant(0)}, exact_log_quotient), product = two_product(y.hi, log2e);
  const Value lost = fma(y.lo, log2e, fma(y.hi, x.constant(0x1.777d0ffda0d24p-56, 0x1.4ae0cp-26), product.lo));
  const Pair sum = fast_two_sum(d.n, product.hi);
  return select(s.is_special, s.special, sum.hi + (sum.lo + lost));
}

Value log10(Value x) {
  const Decomposed d = decompose(x);
  const Slope s = slope(x, d.f);
  const Value log10e = x.constant(0x1.bcb7b1526e50ep-2, 0x1.bcb7b2p-2);
  const Pair y = log_fraction(s.s, {d.f, x.constant(0)}), product = two_product(y.hi, log10e);
  const Value lost = fma(y.lo, log10e, fma(y.hi, x.constant(0x1.95355baaafad3p-57, -0x1.5b235ep-27), product.lo));
  const Pair sum = fast_two_sum(d.n * x.constant(0x1.34413509f78p-2, 0x1.344p-2), product.hi);
  return select(s.is_special, s.special,
                sum.hi + fma(d.n, x.constant(0x1.fef311f12b358p-46, 0x1.3509f8p-18), sum.lo + lost));
}

}  // namespace grumpy::math
