/// What this process may use of the machine: processors, memory, caches.
///
/// Source:  sched_getaffinity and the CPU and memory limits of control groups, versions 1 and 2,
///          this group's and those above it.
/// Throws:  nothing; what cannot be found out counts as no limit.
/// Threads: safe.
#pragma once
#include <cstddef>

namespace grumpy {

/// Processors we may run on, less where a quota allows fewer; read anew at every call.
int usable_cpus();
/// Physical memory, or a control group's limit where that is less; read once.
size_t usable_memory_bytes();
/// What can still be had of it without swapping; read anew at every call (some 20 µs).
size_t available_memory_bytes();
/// Second-level cache of one processor; read once.
size_t second_level_cache_bytes();
/// Last-level cache that one processor sees; read once.
size_t last_level_cache_bytes();

}  // namespace grumpy
