/// One value of one element type, or a Python number that has no width of its own (NEP 50 "weak").
/// Threads: value.
#pragma once
#include <cstring>

#include "base/dtype.h"

namespace grumpy {

struct Scalar {
  alignas(16) unsigned char bytes[16] = {};  // the element as it lies in memory
  DType dtype = DType::float64;
  bool is_weak = false;  // from a Python bool, int, float or complex

  template <class T> static Scalar of(DType t, T v) {
    Scalar s;
    s.dtype = t;
    std::memcpy(s.bytes, &v, sizeof v);
    return s;
  }
  template <class T> T as() const {
    T v;
    std::memcpy(&v, bytes, sizeof v);
    return v;
  }
};

/// The value converted as NumPy's astype would (wrap-around, truncation, x86 float-to-int).
Scalar convert(const Scalar& s, DType to);

}  // namespace grumpy
