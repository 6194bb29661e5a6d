/// What the host must know to launch the kernels of emit_gpu: their names, their arguments as
/// 64-bit words, and how a reduction is cut into chunks.
///
/// A reduction runs in stages. The first folds chunks of the reduced elements, a group of `lanes`
/// threads each, and leaves one state per chunk in scratch memory; each further stage folds chunks
/// of states, until one is left. Lanes and chunks follow from extents alone, and a group combines
/// in a fixed tree, so results do not depend on grid, scheduling or device. Shapes:  n reduced
/// elements: depth of the tree 2 + log2 n (+ 2 for each 4096-fold chunk). Threads: pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "kernel/kernel_spec.h"

namespace grumpy {

/// Threads of a block in reduction kernels: what their shared memory is laid out for.
inline constexpr int kReduceThreads = 256;

inline constexpr const char* kGpuKernelName = "grumpy_kernel";
inline constexpr const char* kGpuFinishName = "grumpy_finish";

struct GpuStage {
  bool is_finish = false;  // kGpuFinishName, else kGpuKernelName
  int64_t rows = 0;        // elements or states folded into each result
  int lanes_log2 = 0;      // threads of a group
  int64_t chunk_rows = 0;  // rows of a chunk
  int64_t chunks = 0;      // per result; 1: the stage writes results
};

/// Number of results (parallel points) and the stages; for a map one stage without chunks.
struct GpuPlan {
  int64_t points = 1;
  std::vector<GpuStage> stages;
};
GpuPlan plan_gpu_launch(const KernelSpec& spec, const int64_t* extents);

/// Bytes of each part of a reduction's state, over all reductions in order.
std::vector<int> state_part_bytes(const KernelSpec& spec);

/// Arguments of a stage, in the order of the kernel's parameters. `from` and `to` are the scratch
/// arrays of the state parts: points * chunks of the stage before, and of this one.
std::vector<uint64_t> gpu_arguments(const KernelSpec& spec, const LaunchArgs& launch,
                                    const GpuStage& stage, const std::vector<void*>& from,
                                    const std::vector<void*>& to, uint32_t* status);

/// Blocks of `threads` threads that keep a device of this many resident threads busy.
int64_t gpu_grid(const GpuPlan& plan, const GpuStage& stage, int threads, int64_t resident_threads);

}  // namespace grumpy
