/// Calls of foreign inner loops on blocks.
/// Threads: as the loop.
#pragma once
#include "device/cpu/fpe.h"
#include "device/cpu/strided_copy.h"
#include "ops/inner_loop.h"

namespace grumpy {

/// ptrs: inputs, then outputs; items: bytes per element, 0 for one element that serves all. The loop
/// sees the n valid elements only (it may be slow, or noisy on others); the outputs' lanes up to
/// `lanes` become copies of the last one.
inline void call_foreign_loop(const InnerLoop& loop, char* const* ptrs, const uint16_t* items, int64_t n,
                              int64_t lanes) {
  char* args[8];
  intptr_t steps[8];
  for (int k = 0; k < loop.nin + loop.nout; ++k) {
    args[k] = ptrs[k];
    steps[k] = items[k];
  }
  const intptr_t dimensions[1] = {n};
  clear_x87_fpe();
  loop.fn(args, dimensions, steps, loop.data);
  take_x87_fpe();
  if (lanes == n) return;
  for (int k = loop.nin; k < loop.nin + loop.nout; ++k)
    fill_elements(ptrs[k] + n * items[k], ptrs[k] + (n - 1) * items[k], lanes - n, items[k]);
}

}  // namespace grumpy
