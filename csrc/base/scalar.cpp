// Conversion of one value between element types.
#include "base/scalar.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include "base/half.h"

namespace grumpy {
namespace {

// Towards zero; NaN and what does not fit give the smallest integer, as x86 does.
template <class I>
I to_integer(double v) {
  constexpr double kLimit = std::is_same_v<I, int32_t> ? 0x1p31 : 0x1p63;
  const double whole = std::trunc(v);
  return whole >= -kLimit && whole < kLimit ? I(whole) : std::numeric_limits<I>::min();
}

// The same routes as ScalarBlock::convert; float32 values are exact in float64 throughout.
template <class I>
I from_double(double v, DType from) {
  if constexpr (sizeof(I) < 4 || std::is_same_v<I, int32_t>) {
    return I(to_integer<int32_t>(v));
  } else if constexpr (std::is_same_v<I, uint32_t>) {
    if (from == DType::float16) return uint32_t(to_integer<int64_t>(v));
    return v >= 0x1p31 ? uint32_t(to_integer<int32_t>(v - 0x1p31)) ^ 0x80000000u
                       : uint32_t(to_integer<int32_t>(v));
  } else if constexpr (std::is_same_v<I, uint64_t>) {
    return v >= 0x1p63 ? uint64_t(to_integer<int64_t>(v - 0x1p63)) ^ (uint64_t(1) << 63)
                       : uint64_t(to_integer<int64_t>(v));
  } else {
    return to_integer<I>(v);
  }
}

// One real number, kept without loss.
struct Number {
  Kind kind;
  int64_t i = 0;   // Bool and Int
  uint64_t u = 0;  // UInt
  double f = 0;    // Float
};

Number read(const Scalar& s, DType t, size_t at) {
  const auto load = [&]<class T>(T v) { std::memcpy(&v, s.bytes + at, sizeof v); return v; };
  switch (t) {
    case DType::bool_: return {Kind::Bool, load(uint8_t{}) != 0};
    case DType::int8: return {Kind::Int, load(int8_t{})};
    case DType::int16: return {Kind::Int, load(int16_t{})};
    case DType::int32: return {Kind::Int, load(int32_t{})};
    case DType::int64: return {Kind::Int, load(int64_t{})};
    case DType::uint8: return {Kind::UInt, 0, load(uint8_t{})};
    case DType::uint16: return {Kind::UInt, 0, load(uint16_t{})};
    case DType::uint32: return {Kind::UInt, 0, load(uint32_t{})};
    case DType::uint64: return {Kind::UInt, 0, load(uint64_t{})};
    case DType::float16: return {Kind::Float, 0, 0, half_to_float(load(uint16_t{}))};
    case DType::float32: return {Kind::Float, 0, 0, load(float{})};
    case DType::float64: return {Kind::Float, 0, 0, load(double{})};
    case DType::complex64: return read(s, DType::float32, at);
    case DType::complex128: return read(s, DType::float64, at);
  }
  return {};
}

template <class I>
I to_int(const Number& n, DType from) {
  if (n.kind == Kind::Float) return from_double<I>(n.f, from);
  return n.kind == Kind::UInt ? I(n.u) : I(n.i);
}
template <class F>
F to_float(const Number& n) {
  if (n.kind == Kind::Float) return F(n.f);
  return n.kind == Kind::UInt ? F(n.u) : F(n.i);
}
bool is_true(const Number& n) { return n.kind == Kind::Float ? n.f != 0 : (n.i != 0 || n.u != 0); }

}  // namespace

Scalar convert(const Scalar& s, DType to) {
  Scalar out;
  out.dtype = to;
  if (s.dtype == to) {
    std::memcpy(out.bytes, s.bytes, size_t(item_bytes(to)));
    return out;
  }
  const DType part = real_part(s.dtype);
  const Number re = read(s, part, 0);
  const Number im = is_complex(s.dtype) ? read(s, part, size_t(item_bytes(part))) : Number{Kind::Float};
  const auto put = [&]<class T>(T v, size_t at = 0) { std::memcpy(out.bytes + at, &v, sizeof v); };
  switch (to) {
    case DType::bool_: put(uint8_t(is_true(re) || is_true(im))); break;
    case DType::int8: put(to_int<int8_t>(re, part)); break;
    case DType::int16: put(to_int<int16_t>(re, part)); break;
    case DType::int32: put(to_int<int32_t>(re, part)); break;
    case DType::int64: put(to_int<int64_t>(re, part)); break;
    case DType::uint8: put(to_int<uint8_t>(re, part)); break;
    case DType::uint16: put(to_int<uint16_t>(re, part)); break;
    case DType::uint32: put(to_int<uint32_t>(re, part)); break;
    case DType::uint64: put(to_int<uint64_t>(re, part)); break;
    case DType::float16:
      put(re.kind == Kind::Float ? double_to_half(re.f) : float_to_half(to_float<float>(re)));
      break;
    case DType::float32: put(to_float<float>(re)); break;
    case DType::float64: put(to_float<double>(re)); break;
    case DType::complex64: put(to_float<float>(re)); put(to_float<float>(im), 4); break;
    case DType::complex128: put(to_float<double>(re)); put(to_float<double>(im), 8); break;
  }
  return out;
}

}  // namespace grumpy
