/// Runs of mask bytes: counting, finding and packing what they select. A byte that is not 0 is true.
///
/// Threads: pure.
#pragma once
#include <cstdint>

namespace grumpy {

/// How many of n are true.
int64_t count_run(const char* mask, int64_t n);
/// The element behind the count-th true one of n; at most so many are there.
int64_t skip_run(const char* mask, int64_t n, int64_t count);
/// Puts items of 1, 2, 4, 8 or 16 bytes, the first `count` that the mask selects of n, one after the other to `to`, which
/// then is where they end. What lies between there and `end` may be written to. Gives how many elements of the mask that
/// took: up to the last item, or n where there are fewer.
int64_t pack_run(int64_t item_bytes, const char* mask, int64_t n, int64_t count, const char* from, char*& to, char* end);
/// The same for rows of any size, one for each element of the mask; exactly these are written.
int64_t pack_rows(int64_t row_bytes, const char* mask, int64_t n, int64_t count, const char* from, char* to);

}  // namespace grumpy
