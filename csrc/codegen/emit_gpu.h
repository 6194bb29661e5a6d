/// Map and map-reduce kernels for a grid of threads.
///
/// Source:  grid-stride loops over points; reductions as gpu_launch.h cuts them, the tree of a
/// group
///          in shared memory.
/// Leaves:  kernels grumpy_kernel and, for reductions, grumpy_finish, whose parameters are the
/// 64-bit
///          words of gpu_arguments. They are generic in extents, strides and scalars. Memory is
///          reached through address space 1 (global) and 3 (shared); thread numbers and barriers
///          through NVPTX intrinsics; what has no scalar code through __nv_ functions. Nothing else
///          in the module is NVIDIA's, so that an emulator can run it.
/// Throws:  CompileError for scans, foreign loops, and more arguments than a launch can carry.
/// Threads: one module, one thread.
#pragma once
#include "kernel/kernel_spec.h"

namespace llvm {
class Module;
}  // namespace llvm

namespace grumpy {

void emit_gpu_kernels(llvm::Module& module, const KernelSpec& spec);

}  // namespace grumpy
