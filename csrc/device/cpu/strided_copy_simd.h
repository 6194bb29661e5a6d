/// The parts of strided copying that want vector instructions.
/// Threads: pure.
#pragma once
#include <cstdint>

namespace grumpy {

/// to[r][c] = from[c][r] for r < rows, c < cols: `to` has unit step over c, `from` over r; the other
/// steps are given in bytes.
void transpose_tiles(char* to, int64_t to_row_step, const char* from, int64_t from_col_step, int64_t rows,
                     int64_t cols, int item);

/// Every second element of `from`, side by side, for most of n elements; gives how many. Reads what lies
/// between the elements, and nothing beyond the last one.
int64_t pack_every_second(char* to, const char* from, int64_t n, int item);

/// The n elements that end with the one at `from`, the last one first, for most of them; gives how many.
int64_t copy_reversed(char* to, const char* from, int64_t n, int item);

}  // namespace grumpy
