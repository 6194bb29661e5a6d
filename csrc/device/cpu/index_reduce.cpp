#include <cmath>
#include <complex>
#include <cstring>
#include <type_traits>

#include "base/error.h"
#include "base/half.h"
#include "device/cpu/fpe.h"
#include "device/cpu/index_loops.h"
#include "device/cpu/index_walk.h"

namespace grumpy {
namespace {

struct Half { uint16_t bits; };
constexpr float kLeastNormalHalf = 0x1p-14f;
struct Bool { uint8_t byte; };

template <class T> constexpr bool kIsComplex = std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

template <class T> bool is_nan(T v) {
  if constexpr (kIsComplex<T>) return v.real() != v.real() || v.imag() != v.imag();
  else return v != v;
}
/// NumPy's order: complex numbers by real part, then by imaginary part.
template <class T> bool is_less(T a, T b) {
  if constexpr (kIsComplex<T>)
    return a.real() < b.real() || (a.real() == b.real() && a.imag() < b.imag());
  else return a < b;
}

template <ReduceOp op>
constexpr bool kIsOrder =
    op == ReduceOp::minimum || op == ReduceOp::maximum || op == ReduceOp::fmin || op == ReduceOp::fmax;

/// One step of the reduction, in the type itself.
template <ReduceOp op, class T> T combine(T a, T b) {
  if constexpr (std::is_same_v<T, Half>) {
    const float x = half_to_float(a.bits), y = half_to_float(b.bits);
    if (kIsOrder<op> && x == y) return a;  // the first of two zeros
    const float wide = combine<op>(x, y);
    const Half result{float_to_half(wide)};
    if ((result.bits & 0x7fff) == 0x7c00 && std::isfinite(wide)) raise_cpu_overflow();
    if (std::fabs(wide) < kLeastNormalHalf && half_to_float(result.bits) != wide) raise_cpu_underflow();
    return result;
  } else if constexpr (std::is_same_v<T, Bool>) {
    const bool x = a.byte, y = b.byte;
    constexpr bool is_or = op == ReduceOp::add || op == ReduceOp::maximum || op == ReduceOp::fmax ||
                           op == ReduceOp::logical_or || op == ReduceOp::bitwise_or;
    return Bool{uint8_t(op == ReduceOp::bitwise_xor ? x != y : is_or ? x || y : x && y)};
  } else if constexpr (op == ReduceOp::add) {
    if constexpr (std::is_integral_v<T>) return T(uint64_t(a) + uint64_t(b));
    else return a + b;
  } else if constexpr (op == ReduceOp::multiply) {
    if constexpr (std::is_integral_v<T>) return T(uint64_t(a) * uint64_t(b));
    else if constexpr (kIsComplex<T>)  // NumPy's formula; C++'s own repairs infinities
      return T(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
    else return a * b;
  } else if constexpr (kIsOrder<op> && kIsComplex<T>) {
    constexpr bool is_least = op == ReduceOp::minimum || op == ReduceOp::fmin;
    if (a == b) return a;
    if (is_nan(a) || is_nan(b)) return (op == ReduceOp::minimum || op == ReduceOp::maximum) == is_nan(a) ? a : b;
    return is_less(a, b) == is_least ? a : b;
  } else if constexpr (op == ReduceOp::minimum) {
    return is_nan(a) || is_less(a, b) ? a : b;
  } else if constexpr (op == ReduceOp::maximum) {
    return is_nan(a) || is_less(b, a) ? a : b;
  } else if constexpr (op == ReduceOp::fmin) {
    return is_nan(b) || is_less(a, b) ? a : b;
  } else if constexpr (op == ReduceOp::fmax) {
    return is_nan(b) || is_less(b, a) ? a : b;
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (op == ReduceOp::bitwise_and) return T(a & b);
    else if constexpr (op == ReduceOp::bitwise_or) return T(a | b);
    else return T(a ^ b);
  } else {
    return a;  // ruled out by can_scatter_reduce
  }
}

template <ReduceOp op, class T> void combine_at(char* array, const char* other) {
  T a, b;
  std::memcpy(&a, array, sizeof a);
  std::memcpy(&b, other, sizeof b);
  a = combine<op>(a, b);
  std::memcpy(array, &a, sizeof a);
}

/// Element by element over the axes of a row; `array` is combined with `other`.
template <ReduceOp op, class T> void combine_row(char* array, const char* other, const PairedAxes& row, int axis) {
  const int64_t n = row.extents[axis], array_step = row.array[axis], other_step = row.other[axis];
  for (int64_t i = 0; i < n; ++i) {
    if (axis + 1 == row.ndim) combine_at<op, T>(array + i * array_step, other + i * other_step);
    else combine_row<op, T>(array + i * array_step, other + i * other_step, row, axis + 1);
  }
}

template <ReduceOp op, class T> struct Combine {
  const PairedAxes& row;
  char* to;
  const char* from;
  bool takes_plain() const { return row.ndim == 0; }
  void rows(int64_t array, int64_t other, const int64_t* arrays, const int64_t* others, int64_t n) const {
    char* const t = to + array;
    const char* const f = from + other;
    if (row.ndim == 0) for (int64_t i = 0; i < n; ++i) combine_at<op, T>(t + arrays[i], f + others[i]);
    else for (int64_t i = 0; i < n; ++i) combine_row<op, T>(t + arrays[i], f + others[i], row, 0);
  }
  void plain(int64_t array, int64_t other, const PlainIndex& index, int64_t n) const {
    const PlainIndex at = index;  // not read again after each store
    char* const t = to + array;
    const char* const f = from + other;
    for (int64_t i = 0; i < n; ++i) combine_at<op, T>(t + at.offset(i), f + i * at.other_step);
  }
};

template <ReduceOp op, class T> void run(const IndexWalk& walk, char* to, const char* from) {
  walk.in_order(Combine<op, T>{walk.row(), to, from});
}

template <ReduceOp op> void run_dtype(DType t, const IndexWalk& walk, char* to, const char* from) {
  switch (t) {
    case DType::bool_: return run<op, Bool>(walk, to, from);
    case DType::int8: return run<op, int8_t>(walk, to, from);
    case DType::uint8: return run<op, uint8_t>(walk, to, from);
    case DType::int16: return run<op, int16_t>(walk, to, from);
    case DType::uint16: return run<op, uint16_t>(walk, to, from);
    case DType::int32: return run<op, int32_t>(walk, to, from);
    case DType::uint32: return run<op, uint32_t>(walk, to, from);
    case DType::int64: return run<op, int64_t>(walk, to, from);
    case DType::uint64: return run<op, uint64_t>(walk, to, from);
    case DType::float16: return run<op, Half>(walk, to, from);
    case DType::float32: return run<op, float>(walk, to, from);
    case DType::float64: return run<op, double>(walk, to, from);
    case DType::complex64: return run<op, std::complex<float>>(walk, to, from);
    case DType::complex128: return run<op, std::complex<double>>(walk, to, from);
  }
}

}  // namespace

bool can_scatter_reduce(ReduceOp op, DType t) {
  switch (op) {
    case ReduceOp::add:
    case ReduceOp::multiply:
    case ReduceOp::minimum:
    case ReduceOp::maximum:
    case ReduceOp::fmin:
    case ReduceOp::fmax: return true;
    case ReduceOp::bitwise_and:
    case ReduceOp::bitwise_or:
    case ReduceOp::bitwise_xor: return !is_inexact(t);
    case ReduceOp::logical_and:
    case ReduceOp::logical_or: return t == DType::bool_;
    case ReduceOp::count:
    case ReduceOp::argmin:
    case ReduceOp::argmax:
    case ReduceOp::moments: return false;
  }
  return false;
}

uint8_t scatter_reduce(ReduceOp op, DType t, const PutTarget& target, const IndexSet& index, const PutValues& values) {
  GRUMPY_ASSERT(can_scatter_reduce(op, t)) << info(op).name << " over " << info(t).name;
  int64_t steps[2 * kMaxDims];
  for (size_t k = 0; k < values.strides.size(); ++k) steps[k] = values.strides[k] * target.item_bytes;
  const IndexWalk walk(target.extents, target.strides, target.item_bytes, index, {steps, values.strides.size()});
  char* const to = static_cast<char*>(target.data);
  const char* const from = static_cast<const char*>(values.data);
  const FpeScope scope;
  clear_cpu_fpe();
  switch (op) {
    case ReduceOp::add: run_dtype<ReduceOp::add>(t, walk, to, from); break;
    case ReduceOp::multiply: run_dtype<ReduceOp::multiply>(t, walk, to, from); break;
    case ReduceOp::minimum: run_dtype<ReduceOp::minimum>(t, walk, to, from); break;
    case ReduceOp::maximum: run_dtype<ReduceOp::maximum>(t, walk, to, from); break;
    case ReduceOp::fmin: run_dtype<ReduceOp::fmin>(t, walk, to, from); break;
    case ReduceOp::fmax: run_dtype<ReduceOp::fmax>(t, walk, to, from); break;
    case ReduceOp::logical_and:
    case ReduceOp::bitwise_and: run_dtype<ReduceOp::bitwise_and>(t, walk, to, from); break;
    case ReduceOp::logical_or:
    case ReduceOp::bitwise_or: run_dtype<ReduceOp::bitwise_or>(t, walk, to, from); break;
    case ReduceOp::bitwise_xor: run_dtype<ReduceOp::bitwise_xor>(t, walk, to, from); break;
    case ReduceOp::count:
    case ReduceOp::argmin:
    case ReduceOp::argmax:
    case ReduceOp::moments: break;
  }
  return uint8_t(cpu_fpe());
}

}  // namespace grumpy
