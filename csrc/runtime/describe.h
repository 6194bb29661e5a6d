/// What an evaluation would do, in words, code and pictures.
///
/// Throws:  ValueError for a `what` that is not known; CompileError from the code generators.
/// Threads: under the GIL and the evaluation lock.
#pragma once
#include <string>

#include "graph/frontier.h"
#include "passes/partition.h"
#include "runtime/plan.h"

namespace grumpy {

/// what: "graph" (as recorded), "passes" (after them), "partitions", "kernel", "llvm", "asm",
/// "ptx" (sm_90 text; needs no GPU), "dot" (Graphviz, partitions coloured).
std::string describe_plan(const Frontier& f, const std::string& what);

/// Files of a new plan for GRUMPY_DUMP: partitions, their drawing, kernels and their code.
void dump_plan(const Snapshot& s, const PartitionList& list, const Plan& plan);
/// Kernels and their IR on stderr (GRUMPY_LOG=4).
void log_code(const Plan& plan);

}  // namespace grumpy
