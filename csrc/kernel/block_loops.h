/// The loops compiled ahead of time, one per (operation, dtype): tier 0.
///
/// They are emitted at build time by the same code generator that serves the JIT
/// (codegen/tools/emit_block_loops.cpp), for several instruction sets, so both tiers give the same bits.
/// Threads: const data, chosen once for the CPU we run on.
#pragma once
#include "kernel/kernel_spec.h"

namespace grumpy {

/// Elements a block function handles per step. Every call has n a multiple of it, and every
/// contiguous operand has that many readable (writable) elements.
inline constexpr int kLanes = 16;

/// ptrs: inputs, then outputs. Inputs are contiguous or, in compiled segments, a single element
/// (a splat) where the segment was compiled so. Outputs are contiguous. `flags` collects the Fpe
/// mask of scalar op `raise` by OR; the CPU's own sticky flags are left as arithmetic set them.
using BlockFn = void (*)(char* const* ptrs, int64_t n, uint32_t* flags);

/// Operations on integers that have a loop of their own for one divisor.
inline constexpr Op kOpsByNumber[] = {Op::floor_divide, Op::remainder, Op::fmod};

/// Null when the pair has no expansion (then an inner loop serves).
BlockFn block_loop(Op op, DType t);
/// The same where the second operand is one element (a block filled with it will do): null when there is no such loop.
BlockFn block_loop_by_number(Op op, DType t);
BlockFn cast_loop(DType from, DType to);

}  // namespace grumpy
