/// Copies between strided and contiguous runs of elements of 1, 2, 4, 8 or 16 bytes.
///
/// Steps are in bytes, may be zero (source) or negative. Source and destination do not overlap, or
/// are the same elements.
/// Threads: pure.
#pragma once
#include <cstdint>

namespace grumpy {

/// to[i * to_step] = from[i * from_step].
void copy_strided(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t n, int item);

/// The same for a matrix; transposes go tile by tile.
struct Steps2 { int64_t row, col; };
void copy_matrix(char* to, Steps2 to_step, const char* from, Steps2 from_step, int64_t rows, int64_t cols, int item);

/// n copies of one element.
void fill_elements(char* to, const char* element, int64_t n, int item);

/// memcpy of memory that does not overlap, at its usual speed wherever the two lie: the processor's own copying
/// instruction, which the C library takes, is ten times slower (AMD Zen 3 and 4) when the destination lies up
/// to 64 bytes ahead of the source within a page, as with a[3:] = b.
void copy_bytes(void* to, const void* from, int64_t nbytes);

/// memcpy past the caches; any alignment. The caller ends a series of them with stream_fence().
void stream_copy(char* to, const char* from, int64_t nbytes);
void stream_fence();

/// A walk over n elements of an ordered space, from the position `index` on.
struct StridedRange {
  const int64_t* extents;
  const int64_t* steps;   // bytes
  const int64_t* index;   // of the first element
  int ndim;               // at least 1
};
/// Elements of the range, which begins at `origin` (index 0 of every axis), to contiguous `to`.
void gather_range(char* to, const char* origin, const StridedRange& range, int64_t n, int item);
/// Contiguous `from` to the elements of the range.
void scatter_range(char* origin, const StridedRange& range, const char* from, int64_t n, int item);

}  // namespace grumpy
