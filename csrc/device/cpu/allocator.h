/// Host memory that is recycled: fresh pages cost more than the arithmetic on them.
///
/// Buffers are kept by size class (four to a doubling, eight from 1 MiB on), last in first out, and
/// given out again as they are. Aligned to 64 bytes; from 2 MiB on to 2 MiB and on huge pages.
/// Unused memory stays within GRUMPY_POOL_BYTES and what the machine can spare; the longest unused
/// goes first.
/// Leaves:  Buffer::capacity counts from data to the end of the allocation, slack included:
///          at least nbytes + kBufferSlackBytes.
/// Throws:  OutOfMemory, after giving back everything unused and trying once more.
/// Threads: safe; fork and exit too.
#pragma once
#include "base/buffer.h"

namespace grumpy {

BufferRef allocate_buffer(size_t nbytes);  // with kBufferSlackBytes; contents undefined
void trim_pool();                          // gives all unused memory back

}  // namespace grumpy
