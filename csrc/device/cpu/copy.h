/// Copies of whole arrays with all threads.
///
/// Source and destination do not overlap. Any alignment.
/// Throws:  nothing.  Threads: any thread may call.
#pragma once
#include <cstddef>
#include <cstdint>

namespace grumpy {

/// memcpy with all threads, past the caches where the destination does not fit them.
void parallel_copy(void* to, const void* from, size_t nbytes);

/// An array of any layout into one of any other: extents, and strides in bytes, of ndim axes.
/// Source strides may be zero or negative; no element of the destination is named twice.
void copy_strided(int64_t item_bytes, int ndim, const int64_t* extents, const void* from,
                  const int64_t* from_strides, void* to, const int64_t* to_strides);

}  // namespace grumpy
