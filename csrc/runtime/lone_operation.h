/// One operation on a few elements that are all known, run without a frontier, a plan or a kernel: what such an
/// evaluation costs is mostly what stands around the arithmetic.
///
/// Needs:   the GIL, and nobody who evaluates. Throws: OutOfMemory. Threads: the caller's alone.
#pragma once
#include "graph/node.h"

namespace grumpy {

/// The value of a pending Map, Reduce or Matmul, and which floating-point errors it met of those its site watches. Nothing when
/// the node is not such an operation, or when settings want to see it planned or compiled.
BufferRef run_lone_operation(const Node& n, uint8_t& raised);

}  // namespace grumpy
