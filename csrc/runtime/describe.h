/// What an evaluation would do, in words, code and pictures.
///
/// Throws:  ValueError for a `what` that is not known; CompileError from the code generators.
/// Threads: under the GIL and the evaluation lock.
#pragma once
#include <string>

#include "graph/frontier.h"

namespace grumpy {

/// what: "graph" (as recorded), "passes" (after them), "partitions", "kernel", "llvm", "asm",
/// "ptx" (sm_90 text; needs no GPU), "dot" (Graphviz, partitions coloured).
std::string describe_plan(const Frontier& f, const std::string& what);

}  // namespace grumpy
