// Runs a scalar block on the host for one point: the reference for every code generator, and
// constant folding.
//
// A value is its bits, zero-extended to 64. Every case is one IEEE or integer operation, and leaves
// the flags in this thread's floating-point environment that the operation raises; this file must
// be compiled without contraction and without fast-math.
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/error.h"
#include "base/half.h"
#include "ops/scalar_block.h"

namespace grumpy {
namespace {

template <class T>
T from_bits(uint64_t bits) {
  T v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}
template <class T>
uint64_t to_bits(T v) {
  uint64_t bits = 0;
  std::memcpy(&bits, &v, sizeof v);
  return bits;
}

struct Bit { bool v; };             // bool_ in a register
struct Half { uint16_t bits; };     // float16, never computed with

// Calls f with a value-initialised C++ value of the register type.
template <class F>
decltype(auto) with_type(DType t, F&& f) {
  switch (t) {
    case DType::bool_: return f(Bit{});
    case DType::int8: return f(int8_t{});
    case DType::uint8: return f(uint8_t{});
    case DType::int16: return f(int16_t{});
    case DType::uint16: return f(uint16_t{});
    case DType::int32: return f(int32_t{});
    case DType::uint32: return f(uint32_t{});
    case DType::int64: return f(int64_t{});
    case DType::uint64: return f(uint64_t{});
    case DType::float16: return f(Half{});
    case DType::float32: return f(float{});
    case DType::float64: return f(double{});
    case DType::complex64: case DType::complex128: break;
  }
  throw InternalError("a scalar value of complex type");
}

[[noreturn]] void bad_instr(ScalarOp op, DType t) {
  throw InternalError("scalar op " + std::string(info(op).name) + " of " + std::string(info(t).name));
}

uint64_t compare(ScalarOp op, auto a, auto b) {
  switch (op) {
    case ScalarOp::cmp_eq: return a == b;
    case ScalarOp::cmp_ne: return a != b;
    case ScalarOp::cmp_lt: return std::isless(double(a), double(b));
    case ScalarOp::cmp_le: return std::islessequal(double(a), double(b));
    case ScalarOp::cmp_gt: return std::isgreater(double(a), double(b));
    case ScalarOp::cmp_ge: return std::isgreaterequal(double(a), double(b));
    case ScalarOp::cmp_unordered: return std::isunordered(double(a), double(b));
    default: bad_instr(op, DType::float64);
  }
}

template <class T>
uint64_t float_op(ScalarOp op, DType t, uint64_t xa, uint64_t xb, uint64_t xc) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  constexpr uint64_t kSign = uint64_t(1) << (8 * sizeof(T) - 1);
  const T a = from_bits<T>(xa), b = from_bits<T>(xb), c = from_bits<T>(xc);
  switch (op) {
    case ScalarOp::add: return to_bits(T(a + b));
    case ScalarOp::sub: return to_bits(T(a - b));
    case ScalarOp::mul: return to_bits(T(a * b));
    case ScalarOp::div: return to_bits(T(a / b));
    case ScalarOp::neg: return xa ^ kSign;
    case ScalarOp::abs: return xa & (kSign - 1);
    case ScalarOp::copysign: return (xa & (kSign - 1)) | (xb & kSign);
    case ScalarOp::sqrt: return to_bits(std::sqrt(a));
    case ScalarOp::fma: return to_bits(std::fma(a, b, c));
    case ScalarOp::fmod: return to_bits(std::fmod(a, b));
    case ScalarOp::floor: return to_bits(std::floor(a));
    case ScalarOp::ceil: return to_bits(std::ceil(a));
    case ScalarOp::trunc: return to_bits(std::trunc(a));
    case ScalarOp::rint: return to_bits(std::nearbyint(a));
    case ScalarOp::cmp_eq: case ScalarOp::cmp_ne: case ScalarOp::cmp_lt: case ScalarOp::cmp_le:
    case ScalarOp::cmp_gt: case ScalarOp::cmp_ge: case ScalarOp::cmp_unordered: return compare(op, a, b);
    default: static_assert(sizeof(Bits) == sizeof(T)); bad_instr(op, t);
  }
}

template <class T>
uint64_t integer_op(ScalarOp op, DType t, uint64_t xa, uint64_t xb) {
  using U = std::make_unsigned_t<T>;
  // Unsigned arithmetic wraps; uint64_t keeps narrow types from being promoted to signed int.
  const T a = from_bits<T>(xa), b = from_bits<T>(xb);
  const uint64_t ua = U(a), ub = U(b);
  switch (op) {
    case ScalarOp::add: return to_bits(U(ua + ub));
    case ScalarOp::sub: return to_bits(U(ua - ub));
    case ScalarOp::mul: return to_bits(U(ua * ub));
    case ScalarOp::neg: return to_bits(U(0 - ua));
    case ScalarOp::int_div: return to_bits(T(a / b));
    case ScalarOp::int_rem: return to_bits(T(a % b));
    case ScalarOp::int_pow: {
      uint64_t product = 1;
      for (uint64_t square = ua, e = ub; e; e >>= 1, square *= square)
        if (e & 1) product *= square;
      return to_bits(U(product));
    }
    case ScalarOp::mul_high: {
      using Wide = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
      return to_bits(T((Wide(a) * Wide(b)) >> 8 * sizeof(T)));
    }
    case ScalarOp::shl: return to_bits(U(ua << ub));
    case ScalarOp::lshr: return to_bits(U(ua >> ub));
    case ScalarOp::ashr: return to_bits(U(std::make_signed_t<T>(a) >> ub));
    case ScalarOp::popcount: return uint64_t(std::popcount(U(a)));
    case ScalarOp::clz: return uint64_t(std::countl_zero(U(a)));
    case ScalarOp::ctz: return uint64_t(std::countr_zero(U(a)));
    case ScalarOp::bit_and: return ua & ub;
    case ScalarOp::bit_or: return ua | ub;
    case ScalarOp::bit_xor: return ua ^ ub;
    case ScalarOp::bit_not: return to_bits(U(~ua));
    case ScalarOp::cmp_eq: return a == b;
    case ScalarOp::cmp_ne: return a != b;
    case ScalarOp::cmp_lt: return a < b;
    case ScalarOp::cmp_le: return a <= b;
    case ScalarOp::cmp_gt: return a > b;
    case ScalarOp::cmp_ge: return a >= b;
    default: bad_instr(op, t);
  }
}

uint64_t bool_op(ScalarOp op, bool a, bool b) {
  switch (op) {
    case ScalarOp::bit_and: return a && b;
    case ScalarOp::bit_or: return a || b;
    case ScalarOp::bit_xor: case ScalarOp::cmp_ne: return a != b;
    case ScalarOp::bit_not: return !a;
    case ScalarOp::cmp_eq: return a == b;
    case ScalarOp::cmp_lt: return !a && b;
    case ScalarOp::cmp_le: return !a || b;
    case ScalarOp::cmp_gt: return a && !b;
    case ScalarOp::cmp_ge: return a || !b;
    default: bad_instr(op, DType::bool_);
  }
}

// Towards zero; NaN and what does not fit give the smallest integer.
template <class I, class T>
I to_integer(T v) {
  constexpr T kLimit = T(1) * (sizeof(I) == 4 ? T(0x1p31) : T(0x1p63));
  const T whole = std::trunc(v);
  if (std::isgreaterequal(whole, -kLimit) && std::isless(whole, kLimit)) return I(whole);
  std::feraiseexcept(FE_INVALID);
  return std::numeric_limits<I>::min();
}

uint16_t round_to_half(float v) {
  const uint16_t half = float_to_half(v);
  const uint16_t magnitude = half & 0x7fff;
  if (magnitude == 0x7c00 && !std::isinf(v)) std::feraiseexcept(FE_OVERFLOW);
  if (magnitude < 0x400 && half_to_float(half) != v) std::feraiseexcept(FE_UNDERFLOW);
  return half;
}

template <class From>
uint64_t convert(From v, DType to) {
  return with_type(to, [&](auto target) -> uint64_t {
    using To = decltype(target);
    if constexpr (std::is_same_v<From, Half>) {
      if constexpr (std::is_same_v<To, float>) return to_bits(half_to_float(v.bits));
    } else if constexpr (std::is_same_v<To, Half>) {
      if constexpr (std::is_same_v<From, float>) return to_bits(round_to_half(v));
    } else if constexpr (std::is_same_v<From, Bit>) {
      if constexpr (!std::is_same_v<To, Bit>) return to_bits(To(v.v ? 1 : 0));
    } else if constexpr (std::is_floating_point_v<From>) {
      if constexpr (std::is_floating_point_v<To>) return to_bits(To(v));
      if constexpr (std::is_same_v<To, int32_t> || std::is_same_v<To, int64_t>)
        return to_bits(to_integer<To>(v));
    } else if constexpr (!std::is_same_v<To, Bit>) {
      return to_bits(To(v));
    }
    bad_instr(ScalarOp::convert, to);
  });
}

uint64_t evaluate(const ScalarInstr& i, uint64_t a, uint64_t b, uint64_t c) {
  switch (i.op) {
    case ScalarOp::constant: return i.imm;
    case ScalarOp::bitcast: return a;
    case ScalarOp::select: return a ? b : c;
    case ScalarOp::convert:
      return with_type(i.from, [&](auto v) { return convert(from_bits<decltype(v)>(a), i.type); });
    default: break;
  }
  return with_type(i.from, [&](auto v) -> uint64_t {
    using T = decltype(v);
    if constexpr (std::is_same_v<T, Bit>) return bool_op(i.op, a, b);
    else if constexpr (std::is_same_v<T, Half>) bad_instr(i.op, i.from);
    else if constexpr (std::is_floating_point_v<T>) return float_op<T>(i.op, i.from, a, b, c);
    else return integer_op<T>(i.op, i.from, a, b);
  });
}

}  // namespace

uint8_t run_on_host(const ScalarBlock& block, const void* const* inputs, void* const* outputs) {
  std::vector<uint64_t> values(block.instrs.size());
  uint8_t raised = 0;
  for (size_t k = 0; k < block.instrs.size(); ++k) {
    const ScalarInstr& i = block.instrs[k];
    const size_t width = size_t(item_bytes(i.type));
    const size_t slot = i.imm / 2, at = i.imm % 2 * width;
    switch (i.op) {
      case ScalarOp::input:
        std::memcpy(&values[k], static_cast<const char*>(inputs[slot]) + at, width);
        if (i.type == DType::bool_) values[k] = values[k] != 0;
        break;
      case ScalarOp::store:
        std::memcpy(static_cast<char*>(outputs[slot]) + at, &values[i.a], width);
        break;
      case ScalarOp::raise:
        if (values[i.a]) raised |= uint8_t(i.imm);
        break;
      default: values[k] = evaluate(i, values[i.a], values[i.b], values[i.c]);
    }
  }
  return raised;
}

}  // namespace grumpy
