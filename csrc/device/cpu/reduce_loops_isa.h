/// The three builds of the reduction and scan loops.
/// Threads: pure.
#pragma once
#include "device/cpu/reduce_loops.h"
#include "device/cpu/scan_loops.h"

namespace grumpy {
namespace v2 {
const ReduceLoops* reduce_loops(ReduceOp op, DType t);
const ScanLoops* scan_loops(ReduceOp op, DType t);
void widen_half(float* to, const char* from, int64_t n);
}  // namespace v2
namespace v3 {
const ReduceLoops* reduce_loops(ReduceOp op, DType t);
const ScanLoops* scan_loops(ReduceOp op, DType t);
void widen_half(float* to, const char* from, int64_t n);
}  // namespace v3
namespace v4 {
const ReduceLoops* reduce_loops(ReduceOp op, DType t);
const ScanLoops* scan_loops(ReduceOp op, DType t);
void widen_half(float* to, const char* from, int64_t n);
}  // namespace v4
}  // namespace grumpy
