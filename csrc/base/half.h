/// float16 on the host, in integer arithmetic: one definition for every compiler and CPU.
///
/// Conversions round once, to nearest even, keep subnormals, and quiet a NaN while keeping the top
/// of its payload, as F16C does. No floating-point flags are raised.
/// Threads: pure.
#pragma once
#include <bit>
#include <cstdint>

namespace grumpy {

constexpr float half_to_float(uint16_t h) {
  const uint32_t sign = uint32_t(h & 0x8000) << 16;
  const uint32_t magnitude = h & 0x7fff;
  if (magnitude >= 0x7c00) {  // infinity or NaN; a NaN becomes quiet
    const uint32_t quiet = magnitude > 0x7c00 ? 0x400000 : 0;
    return std::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13 | quiet);
  }
  if (magnitude >= 0x400)  // normal: the exponent's bias grows from 15 to 127
    return std::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));
  // Subnormal: magnitude counts units of 2**-24, exact in float32.
  return std::bit_cast<float>(std::bit_cast<uint32_t>(float(magnitude) * 0x1p-24f) | sign);
}

constexpr uint16_t float_to_half(float f) {
  const uint32_t bits = std::bit_cast<uint32_t>(f);
  const uint32_t sign = bits >> 16 & 0x8000;
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return uint16_t(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  if (magnitude >= 0x477ff000) return uint16_t(sign | 0x7c00);  // 65520 and up round to infinity
  if (magnitude < 0x33000000) return uint16_t(sign);            // below half the smallest subnormal
  const uint32_t exponent = magnitude >> 23;
  const uint32_t mantissa = (magnitude & 0x7fffff) | 0x800000;
  // Normal results drop 13 bits; a subnormal one drops one more for each step below 2**-14.
  const uint32_t drop = exponent >= 113 ? 13 : 126 - exponent;
  const uint32_t kept = mantissa >> drop;
  const uint32_t rest = mantissa & ((1u << drop) - 1), tie = 1u << (drop - 1);
  const uint32_t rounded = kept + (rest > tie || (rest == tie && (kept & 1)));
  // A carry out of the mantissa walks into the exponent, as it should.
  const uint32_t bias = exponent >= 113 ? (exponent - 113) << 10 : 0;
  return uint16_t(sign | (bias + rounded));
}

/// float64 to float32 rounded to odd: a later rounding to float16 is then as if done at once.
constexpr float round_to_odd(double d) {
  if (d != d) return float(d);
  const float nearest = d > 3.5e38 ? __builtin_inff() : d < -3.5e38 ? -__builtin_inff() : float(d);
  const double back = nearest;
  uint32_t bits = std::bit_cast<uint32_t>(nearest);
  if ((back < 0 ? -back : back) > (d < 0 ? -d : d)) --bits;
  if (back != d) bits |= 1;
  return std::bit_cast<float>(bits);
}
constexpr uint16_t double_to_half(double d) { return float_to_half(round_to_odd(d)); }

static_assert(float_to_half(1.0f) == 0x3c00 && float_to_half(65519.99f) == 0x7bff);
static_assert(float_to_half(65520.0f) == 0x7c00 && float_to_half(0x1p-25f) == 0);
static_assert(float_to_half(0x1.8p-24f) == 2 && float_to_half(0x1.000002p-25f) == 1);
static_assert(half_to_float(0x0001) == 0x1p-24f && half_to_float(0xfbff) == -65504.0f);
static_assert(double_to_half(1.0 + 0x1p-11 + 0x1p-40) == 0x3c01);  // not a tie, though float32 says so

}  // namespace grumpy
