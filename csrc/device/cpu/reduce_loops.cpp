#include "device/cpu/reduce_loops.h"

#include "device/cpu/reduce_loops_isa.h"

namespace grumpy {
namespace {

struct Build {
  const ReduceLoops* (*find)(ReduceOp, DType);
  const ScanLoops* (*find_scan)(ReduceOp, DType);
  void (*widen_half)(float*, const char*, int64_t);
};

const Build& build_of_this_cpu() {
  static const Build build = __builtin_cpu_supports("x86-64-v4")   ? Build{v4::reduce_loops, v4::scan_loops, v4::widen_half}
                             : __builtin_cpu_supports("x86-64-v3") ? Build{v3::reduce_loops, v3::scan_loops, v3::widen_half}
                                                                   : Build{v2::reduce_loops, v2::scan_loops, v2::widen_half};
  return build;
}

template <class T> void truth_of(char* to, const char* from, int64_t n) {
  const T* v = reinterpret_cast<const T*>(from);
  for (int64_t i = 0; i < n; ++i) to[i] = v[i] != T(0);
}

}  // namespace

const ReduceLoops* reduce_loops(ReduceOp op, DType in) { return build_of_this_cpu().find(op, in); }

const ScanLoops* scan_loops(ReduceOp op, DType in) { return build_of_this_cpu().find_scan(op, in); }

void widen_half(float* to, const char* from, int64_t n) { build_of_this_cpu().widen_half(to, from, n); }

void to_truth(char* to, const char* from, int64_t n, DType t) {
  switch (t) {
    case DType::float32: return truth_of<float>(to, from, n);
    case DType::float64: return truth_of<double>(to, from, n);
    case DType::complex64:
      for (int64_t i = 0; i < n; ++i)
        to[i] = reinterpret_cast<const float*>(from)[2 * i] != 0 || reinterpret_cast<const float*>(from)[2 * i + 1] != 0;
      return;
    case DType::complex128:
      for (int64_t i = 0; i < n; ++i)
        to[i] = reinterpret_cast<const double*>(from)[2 * i] != 0 || reinterpret_cast<const double*>(from)[2 * i + 1] != 0;
      return;
    case DType::float16:  // but for its sign
      for (int64_t i = 0; i < n; ++i) to[i] = (reinterpret_cast<const uint16_t*>(from)[i] & 0x7fff) != 0;
      return;
    case DType::bool_:
    case DType::int8:
    case DType::uint8: return truth_of<uint8_t>(to, from, n);
    case DType::int16:
    case DType::uint16: return truth_of<uint16_t>(to, from, n);
    case DType::int32:
    case DType::uint32: return truth_of<uint32_t>(to, from, n);
    case DType::int64:
    case DType::uint64: return truth_of<uint64_t>(to, from, n);
  }
}

}  // namespace grumpy
