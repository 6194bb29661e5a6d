/// What products of matrices are made of, for dtypes that BLAS does not know.
/// Threads: pure.
#pragma once
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "base/half.h"
#include "device/cpu/float_state.h"

namespace grumpy {

/// How elements are held while they are summed. Sums modulo 2^16 are right modulo 2^8, and vector
/// units multiply no bytes.
template <class T> struct Wrapping {
  using Stored = T;
  using Sum = std::conditional_t<sizeof(T) == 1, uint16_t, T>;
  static Sum load(T v) { return v; }
  static T store(Sum s) { return T(s); }
};
struct HalfSum {
  using Stored = uint16_t;
  using Sum = float;
  static float load(uint16_t v) { return half_to_float(v); }
  static uint16_t store(float s) {
    const uint16_t h = float_to_half(s);
    if ((h & 0x7fff) == 0x7c00 && std::isfinite(s)) FloatState::raise_flags(FE_OVERFLOW | FE_INEXACT);  // as NumPy's cast
    return h;
  }
};
/// Truth values as all bits or none, summed by or.
struct OrOfAnds {
  using Stored = uint8_t;
  using Sum = uint8_t;
  static uint8_t load(uint8_t v) { return v ? 0xff : 0; }
  static uint8_t store(uint8_t s) { return s & 1; }
};

template <class Kind, class S> [[gnu::always_inline]] inline S multiply_add(S sum, S a, S b) {
  if constexpr (std::is_same_v<Kind, OrOfAnds>) return S(sum | (a & b));
  else return S(sum + a * b);
}

/// A matrix addressed by any strides, which count elements.
template <class T> struct Elements {
  T* data;
  int64_t row, col;
  T& at(int64_t i, int64_t j) const { return data[i * row + j * col]; }
};

}  // namespace grumpy
