// sin and cos.
//
// float32 is computed in float64. x = n pi + r, |r| <= pi/2 (cos: (n - 1/2) pi), and the result is
// +-sin r. Up to 2^48, r = x - n pi with pi in two parts. Beyond, x / 2 pi is summed up from products
// with 29-bit pieces of 1 / 2 pi, whole turns taken away after each: every product and sum is exact
// until only the fraction is left. Pieces worth whole turns for all x >= 2^48 are left out.
// sin r = r + r^3 (...), 5 terms, relative error 2^-35 for |r| <= 1.001 pi/2 (Sollya's fpminimax).
//
// float64: |x| = q pi/2 + r, |r| <= pi/4. From 1 on, |x| 2/pi modulo 4 comes from integers: x = m 2^e
// with m of 53 bits, and the product of m with the 192 bits of 2/pi that matter for this e (those
// before are worth multiples of 4 whole numbers, those after less than 2^-124). sin and cos of r are
// polynomials (relative errors 2^-68), the terms that show in the result's last bit in two parts.
#include <array>
#include <vector>

#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

constexpr double kSin32[] = {-0x1.555555474593ep-3, 0x1.11110c403c556p-7, -0x1.a017d6574c287p-13,
                             0x1.71701181978eep-19, -0x1.9a5e8fad3d90dp-26};
// 1 / 2 pi from bit 26 on
constexpr double kTurns[] = {0x1.6e4e441p-26,  0x1.4a7f09cp-56,  0x1.5f47d4dp-84,
                             0x1.bb81b6cp-115, 0x1.4acc9ep-145, 0x1.0e4107ep-172};
constexpr double kPi = 0x1.921fb54442d18p1, kPiLost = 0x1.1a62633145c07p-53;
constexpr double kPerPi = 0x1.45f306dc9c883p-2;
constexpr double kRound = 0x1.8p52;

/// sin(x + shift pi) for x of type float64 holding a float32.
Value sin_shifted(Value x, double shift) {
  Value turns = x * kTurns[0];
  turns = turns - rint(turns);
  for (int k = 1; k < 4; ++k) {
    turns = fma(x, kTurns[k], turns);
    turns = turns - rint(turns);
  }
  turns = fma(x, kTurns[5], fma(x, kTurns[4], turns));
  const Value is_large = abs(x) > 0x1p48;
  Value halves = turns + turns, multiple = x * kPerPi;
  if (shift != 0) halves = halves + shift, multiple = multiple + shift;
  const Value shifted = select(is_large, halves, multiple) + kRound, n = shifted - kRound;
  const Value m = shift != 0 ? n - shift : n;
  const Value near = fma(m, -kPiLost, fma(m, -kPi, x)), far = (halves - n) * kPi;
  const Value r = select(is_large, far, near), z = r * r;
  const Value y = fma(z, polynomial(z, z * z, kSin32), 1.0) * r;
  return from_bits(bits_of(y) ^ (bits_of(shifted) << 63));  // odd n: the other sign
}

// 2/pi from bit -53 on (the first bit behind the point is bit 1)
constexpr uint64_t kTwoPerPi[] = {
    0x000000000000028b, 0xe60db9391054a7f0, 0x9d5f47d4d377036d, 0x8a5664f10e4107f9, 0x458eaf7aef1586dc,
    0x91b8e909374b8019, 0x24bba827464873f8, 0x77ac72c4a69cfba2, 0x08d7d4baed1213a6, 0x71c09ad17df904e6,
    0x4758e60d4ce7d272, 0x117e2ef7e4a0ec7f, 0xe25fff7816603fbc, 0xbc462d6829b47db4, 0xd9fb3c9f2c26dd3d,
    0x18fd9a797fa8b5d4, 0x9eeb1faf97c5ecf4, 0x1ce7de294a4ba9af, 0xed7ec47e35742158};
constexpr double kHalfPi = 0x1.921fb54442d18p0, kHalfPiLost = 0x1.1a62633145c07p-54;

// r^5 ..., and r^4 ... of cos
constexpr double kSin64[] = {0x1.111111111110fp-7, -0x1.a01a01a01944bp-13, 0x1.71de3a53e01e9p-19,
                             -0x1.ae6453560643fp-26, 0x1.6120fe3798217p-33, -0x1.aad552b8d3c35p-41};
constexpr double kCos64[] = {0x1.5555555555555p-5, -0x1.6c16c16c16b47p-10, 0x1.a01a01a0018bp-16,
                             -0x1.27e4fb604578cp-22, 0x1.1eed7700ea391p-29, -0x1.937d2abacdbe6p-37,
                             0x1.a1bab2312f11bp-45};

struct Quadrant {
  Value q;  // an integer; modulo 4
  Pair r;
};

/// 192 bits of 2/pi from bit o - 53 on, o in [0, 1023], as three words.
std::array<Value, 3> window(Value o) {
  std::vector<Value> words;
  for (uint64_t word : kTwoPerPi) words.push_back(bits_constant(o, word, 0u));
  for (int step : {8, 4, 2, 1}) {  // which of the words by the bits of o / 64
    const Value is_further = (o & o.constant(64.0 * step)) != o.constant(0);
    std::vector<Value> kept;
    for (int k = 0; k < 3 + step; ++k) kept.push_back(select(is_further, words[k + step], words[k]));
    words = kept;
  }
  const Value left = o & o.constant(63), right = o.constant(63) - left;
  const auto join = [&](Value a, Value b) {
    return binary(ScalarOp::shl, a, left) | binary(ScalarOp::lshr, b >> 1, right);
  };
  return {join(words[0], words[1]), join(words[1], words[2]), join(words[2], words[3])};
}

/// |x| = q pi/2 + r for finite x of type float64.
Quadrant reduce_quadrant(Value magnitude) {
  const Value bits = bits_of(magnitude), exponent = bits >> 52;
  const Value m = (bits & bits_constant(bits, 0x000fffffffffffffu, 0u)) | bits_constant(bits, 0x0010000000000000u, 0u);
  const std::array<Value, 3> w = window(exponent - exponent.constant(1023));
  // The upper 128 of the product's 192 bits are |x| 2/pi modulo 4 as a fraction of 4, give or take a
  // few units of the last: by halves of words, whose products vector units have.
  const Value mask = bits_constant(bits, 0xffffffffu, 0u), m_low = m & mask, m_high = m >> 32;
  const Value a_low = w[1] & mask, a_high = w[1] >> 32, b_low = w[2] & mask, b_high = w[2] >> 32;
  const Value first = m_low * a_low, second = m_low * a_high;
  const Value third = (first >> 32) + (second & mask) + m_high * a_low;
  const Value middle = (third << 32) | (first & mask);
  const Value lo = middle + (m_high * b_high + (m_low * b_high >> 32) + (m_high * b_low >> 32));
  const Value carry = select(lo < middle, lo.constant(1), lo.constant(0));
  const Value hi = m * w[0] + (m_high * a_high + (second >> 32) + (third >> 32)) + carry;
  const Value q = (hi + bits_constant(hi, 0x2000000000000000u, 0u)) >> 62;
  // Without the quadrant, a signed fraction of 128 bits; of its top word 53 are a number, the rest
  // and the next word another.
  const Value top = (hi << 2) | (lo >> 62), low_bits = top & top.constant(0x7ff);
  const auto number = [](Value v) {
    return convert(Value{v.block, v.block->bitcast(v.id, DType::int64)}, DType::float64);
  };
  const Pair turn = fast_two_sum(number(top ^ low_bits), number((low_bits << 52) | (lo << 2 >> 12)) * 0x1p-52);
  const double scale = 0x1p-64;
  const Value far_hi = turn.hi * (kHalfPi * scale);
  const Value far_lo = fma(turn.hi, kHalfPi * scale, -far_hi) + fma(turn.lo, kHalfPi * scale, turn.hi * (kHalfPiLost * scale));
  // Below 1 without all that.
  const Value is_small = magnitude < 1.0, is_middle = magnitude > 0x1.921fb54442d18p-1;
  const Value near_hi = magnitude - select(is_middle, kHalfPi, magnitude.constant(0));
  const Value near_lo = select(is_middle, -kHalfPiLost, magnitude.constant(0));
  return {select(is_small, select(is_middle, q.constant(1), q.constant(0)), q),
          fast_two_sum(select(is_small, near_hi, far_hi), select(is_small, near_lo, far_lo))};
}

/// sin(x + shift pi/2)
Value sin_quadrant(Value x, int shift) {
  const Value magnitude = abs(x), is_finite = magnitude < __builtin_inf();
  Quadrant reduced = reduce_quadrant(select(is_finite, magnitude, 0.0));
  const Value q = shift ? reduced.q + reduced.q.constant(1) : reduced.q;
  const Pair r = reduced.r, square = two_product(r.hi, r.hi);
  const Value z = square.hi, z_lost = fma(r.hi + r.hi, r.lo, square.lo);
  // sin r = r + r z (-1/6 + z (...)), the factor of r in two parts
  const Value sixth = z.constant(-1.0 / 6);
  const Value rest = z * polynomial(z, z * z, kSin64);
  const Pair slope = fast_two_sum(sixth, rest), bend = two_product(z, slope.hi);
  const Value bend_lost = fma(z_lost, slope.hi, fma(z, slope.lo + -0x1.5555555555555p-57, bend.lo));
  const Pair odd = two_product(r.hi, bend.hi), odd_sum = fast_two_sum(r.hi, odd.hi);
  const Value sine = odd_sum.hi + (odd_sum.lo + fma(r.hi, bend_lost, fma(r.lo, bend.hi, odd.lo + r.lo)));
  // cos r = 1 - z / 2 + z^2 (1/24 + z (...)), the last term in two parts
  const Pair even = fast_two_sum(z.constant(1), z * -0.5), fourth = two_product(z, z);
  const Pair factor = fast_two_sum(z.constant(kCos64[0]), z * polynomial(z, z * z, std::span(kCos64).subspan(1)));
  const Pair tail = product(fourth, factor), even_sum = fast_two_sum(even.hi, tail.hi);
  const Value cosine = even_sum.hi + (even_sum.lo + (even.lo + fma(z_lost, fma(z, 1.0 / 12, -0.5), tail.lo)));
  const Value y = select((q & q.constant(1)) != q.constant(0), cosine, sine);
  Value sign = (q >> 1) << 63;
  if (!shift) sign = sign ^ (bits_of(x) & bits_constant(sign, 0x8000000000000000u, 0u));
  const Value result = from_bits(bits_of(y) ^ sign);
  return select(is_finite, result, x - x);  // NaN, with Invalid for infinities
}

}  // namespace

Value sin(Value x) {
  if (x.is_double()) return sin_quadrant(x, 0);
  return convert(sin_shifted(convert(x, DType::float64), 0), x.type());
}

Value cos(Value x) {
  if (x.is_double()) return sin_quadrant(x, 1);
  return convert(sin_shifted(convert(x, DType::float64), 0.5), x.type());
}

}  // namespace grumpy::math
