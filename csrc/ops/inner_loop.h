/// Loops that are not ours: NumPy's, SciPy's, anybody's ufunc (semantics.md S9).
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace grumpy {

/// A foreign inner loop with NumPy's legacy signature (S9); strides in bytes, thread-safe, no GIL.
struct InnerLoop {
  void (*fn)(char** args, const intptr_t* dimensions, const intptr_t* steps, void* data);
  void* data;
  uint8_t nin, nout;
  DType types[8];          // inputs then outputs
  const char* name;        // for messages; lives as long as the process
};

}  // namespace grumpy
