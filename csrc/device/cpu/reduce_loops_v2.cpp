/// Reduction and scan loops for x86-64-v2; the target covers what stands below it, not the headers above.
#include <immintrin.h>

#include <cstdint>
#include <type_traits>
#include <utility>

#include "base/half.h"
#include "device/cpu/fpe.h"
#include "device/cpu/reduce_loops.h"
#include "device/cpu/reduce_loops_isa.h"
#include "device/cpu/scan_loops.h"
#include "device/cpu/strided_copy.h"
#include "device/cpu/tuning.h"

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed to inlined functions only
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v2")
#define GRUMPY_VECTOR_BYTES 16
namespace grumpy::v2 {
#include "device/cpu/combine_ops.inc"
#include "device/cpu/reduce_runs.inc"
#include "device/cpu/reduce_loops.inc"
#include "device/cpu/scan_loops.inc"
}  // namespace grumpy::v2
#pragma GCC pop_options
