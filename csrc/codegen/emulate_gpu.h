/// An emulated grid: the kernels of emit_gpu, run on the CPU thread by thread.
///
/// The same IR that becomes PTX (before libdevice and optimisation) is compiled for the host;
/// thread numbers come from a variable, the threads of a block are fibres that change hands at
/// barriers,
/// __nv_ functions are libm's, and every access to global or shared memory is checked.
/// Needs:   F16C for float16.
/// Throws:  DeviceError for an access outside the given buffers or a barrier that not all threads
///          reach, after the launch has ended; CompileError as emit_gpu.
/// Threads: one emulation at a time; others wait.
#pragma once
#include <cstdint>
#include <vector>

#include "kernel/kernel_spec.h"

namespace grumpy {

/// Memory a kernel may touch.
struct MemoryRange {
  const char* data;
  size_t nbytes;
};

struct EmulatedGrid {
  int blocks = 4;
  int threads = 256;      // kReduceThreads for reductions
  bool backward = false;  // blocks and threads take turns in reverse order
};

struct EmulationReport {
  int64_t accesses = 0;  // to global and shared memory
  uint8_t raised = 0;    // Fpe mask the program reported
};

EmulationReport emulate_launch(const KernelSpec& spec, const LaunchArgs& launch,
                               const EmulatedGrid& grid, const std::vector<MemoryRange>& buffers);

}  // namespace grumpy
