/// The tables that emit_block_loops writes at build time, one per level of x86-64.
///
/// Source:  codegen/block_loop_object.cpp writes the objects; the order of entries is that of this
/// struct. Threads: const data.
#pragma once
#include <iterator>

#include "kernel/block_loops.h"

namespace grumpy {

struct BlockLoopTable {
  BlockFn ops[kNumOps][kNumDTypes];       // by compute dtype; null without expansion
  BlockFn by_number[std::size(kOpsByNumber)][kNumDTypes];  // integers
  BlockFn casts[kNumDTypes][kNumDTypes];  // [from][to]
};

}  // namespace grumpy

extern "C" {
extern const grumpy::BlockLoopTable grumpy_block_loops_v2, grumpy_block_loops_v3,
    grumpy_block_loops_v4;
}
