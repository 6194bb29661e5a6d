/// Where a mask is true, as integers.
///
/// Threads: pure.
#pragma once
#include <cstdint>

namespace grumpy {

/// first + i for each of n bytes that is not 0, one after the other from `to`; where they end. `end`: what lies from
/// there on belongs to others.
int64_t* pack_positions(const char* mask, int64_t n, int64_t first, int64_t* to, const int64_t* end);

}  // namespace grumpy
