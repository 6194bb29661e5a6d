/// Element types: what an array is made of, and how two of them combine.
///
/// Source:  NumPy 2 promotion (NEP 50).
/// Threads: pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace grumpy {

enum class Kind : uint8_t { Bool, Int, UInt, Float, Complex };

enum class DType : uint8_t {
#define DTYPE(name, ...) name,
#include "base/dtype.def"
#undef DTYPE
};

struct DTypeInfo {
  std::string_view name;
  Kind kind;
  uint8_t item_bytes;
  std::string_view code;
};

inline constexpr DTypeInfo kDTypes[] = {
#define DTYPE(name, kind, bytes, code) {#name, Kind::kind, bytes, code},
#include "base/dtype.def"
#undef DTYPE
};
inline constexpr int kNumDTypes = int(std::size(kDTypes));

constexpr const DTypeInfo& info(DType t) { return kDTypes[int(t)]; }
constexpr Kind kind(DType t) { return info(t).kind; }
constexpr int64_t item_bytes(DType t) { return info(t).item_bytes; }
constexpr std::string_view code(DType t) { return info(t).code; }
constexpr bool is_integer(DType t) { return kind(t) == Kind::Int || kind(t) == Kind::UInt; }
constexpr bool is_float(DType t) { return kind(t) == Kind::Float; }
constexpr bool is_complex(DType t) { return kind(t) == Kind::Complex; }
constexpr bool is_inexact(DType t) { return is_float(t) || is_complex(t); }

/// float32 for complex64, float64 for complex128, t otherwise.
constexpr DType real_part(DType t) {
  return t == DType::complex64 ? DType::float32 : t == DType::complex128 ? DType::float64 : t;
}
constexpr DType complex_of(DType t) {
  return t == DType::float64 || t == DType::complex128 ? DType::complex128 : DType::complex64;
}

/// NumPy's np.can_cast(from, to, "safe").
constexpr bool can_cast_safely(DType from, DType to) {
  if (from == to) return true;
  const Kind f = kind(from), t = kind(to);
  const int fb = int(item_bytes(from)), tb = int(item_bytes(to));
  switch (f) {
    case Kind::Bool: return true;
    case Kind::UInt:
      if (t == Kind::UInt || t == Kind::Int) return tb > fb;
      if (t == Kind::Float) return tb > fb || (fb == 8 && tb == 8);
      return t == Kind::Complex && (tb / 2 > fb || tb == 16);
    case Kind::Int:
      if (t == Kind::Int) return tb > fb;
      if (t == Kind::Float) return tb > fb || (fb == 8 && tb == 8);
      return t == Kind::Complex && (tb / 2 > fb || tb == 16);
    case Kind::Float:
      if (t == Kind::Float) return tb > fb;
      return t == Kind::Complex && tb / 2 >= fb;
    case Kind::Complex: return t == Kind::Complex && tb > fb;
  }
  return false;
}

namespace detail {
constexpr DType promote_slow(DType a, DType b) {
  // The smallest type both cast to safely; rows of the table are in order of size within a kind.
  constexpr DType order[] = {DType::bool_,   DType::uint8,   DType::int8,    DType::uint16,    DType::int16,
                             DType::float16, DType::uint32,  DType::int32,   DType::float32,   DType::uint64,
                             DType::int64,   DType::float64, DType::complex64, DType::complex128};
  // NumPy never promotes two integers of one kind to a float; the order above tries integers of a
  // width before floats of that width, and int/uint mixes reach the next signed width first.
  DType best = DType::complex128;
  bool found = false;
  const bool integers = kind(a) <= Kind::UInt && kind(b) <= Kind::UInt;
  for (DType t : order) {
    if (found) break;
    if (integers && kind(t) > Kind::UInt && t != DType::float64) continue;
    if (can_cast_safely(a, t) && can_cast_safely(b, t)) { best = t; found = true; }
  }
  return best;
}
struct PromotionTable {
  DType t[kNumDTypes][kNumDTypes];
  constexpr PromotionTable() : t{} {
    for (int i = 0; i < kNumDTypes; ++i)
      for (int j = 0; j < kNumDTypes; ++j) t[i][j] = promote_slow(DType(i), DType(j));
  }
};
inline constexpr PromotionTable kPromotion{};
}  // namespace detail

/// NumPy's np.promote_types(a, b).
constexpr DType promote(DType a, DType b) { return detail::kPromotion.t[int(a)][int(b)]; }

static_assert(promote(DType::int8, DType::uint8) == DType::int16);
static_assert(promote(DType::int64, DType::uint64) == DType::float64);
static_assert(promote(DType::int64, DType::float32) == DType::float64);
static_assert(promote(DType::int16, DType::float16) == DType::float32);
static_assert(promote(DType::int8, DType::float16) == DType::float16);
static_assert(promote(DType::int16, DType::complex64) == DType::complex64);
static_assert(promote(DType::float64, DType::complex64) == DType::complex128);

}  // namespace grumpy
