/// Operators between numbers that are known already, as a loop over elements meets them.
///
/// Needs:   float64 or int64 operands (a Python number of the other's kind included).
/// Leaves:  NumPy's value. Whatever could report an error, overflow or need another dtype is refused: the
///          general way decides.
/// Threads: under the GIL.
#pragma once
#include <cmath>
#include <optional>

#include "api.h"
#include "ops/op.h"

namespace grumpy::binding {

/// The value of a 0-d array, if it need not be computed first.
inline bool known_value(const Array& a, Scalar* out) {
  if (a.ndim() != 0 || a.storage->is_pending()) return false;
  *out = api::read_element(a, {});
  return true;
}

template <class T> std::optional<bool> compared(Op op, T a, T b) {
  switch (op) {
    case Op::less: return a < b;
    case Op::less_equal: return a <= b;
    case Op::greater: return a > b;
    case Op::greater_equal: return a >= b;
    case Op::equal: return a == b;
    case Op::not_equal: return a != b;
    default: return {};
  }
}

/// A result beyond doubt: finite, and either normal or a zero that no rounding made.
inline std::optional<double> computed(Op op, double a, double b) {
  double r;
  switch (op) {
    case Op::add: r = a + b; break;
    case Op::subtract: r = a - b; break;
    case Op::multiply: r = a * b; break;
    case Op::divide:
      if (b == 0) return {};
      r = a / b;
      break;
    default: return {};
  }
  if (std::isnormal(r)) return r;
  const bool is_exact_zero = r == 0 && (op == Op::add || op == Op::subtract || a == 0 || (op == Op::multiply && b == 0));
  if (is_exact_zero) return r;
  return {};
}

inline std::optional<int64_t> computed(Op op, int64_t a, int64_t b) {
  int64_t r;
  switch (op) {
    case Op::add: return __builtin_add_overflow(a, b, &r) ? std::nullopt : std::optional(r);
    case Op::subtract: return __builtin_sub_overflow(a, b, &r) ? std::nullopt : std::optional(r);
    case Op::multiply: return __builtin_mul_overflow(a, b, &r) ? std::nullopt : std::optional(r);
    default: return {};
  }
}

template <class T> bool compute_as(Op op, DType t, T a, T b, Scalar* out) {
  if (const auto truth = compared(op, a, b)) {
    *out = Scalar::of(DType::bool_, uint8_t(*truth));
    return true;
  }
  const auto r = computed(op, a, b);
  if (r) *out = Scalar::of(t, *r);
  return r.has_value();
}

/// A Python integer beside a float64, where the conversion is exact.
inline bool as_double(const Scalar& s, double* out) {
  if (s.dtype == DType::float64) {
    *out = s.as<double>();
    return true;
  }
  if (!s.is_weak || s.dtype != DType::int64) return false;
  *out = double(s.as<int64_t>());
  return std::abs(*out) <= 0x1p53;
}

/// op(a, b); false: take the general way.
inline bool compute_known(int op, const Scalar& a, const Scalar& b, Scalar* out) {
  if (a.is_weak && b.is_weak) return false;
  if (a.dtype == DType::int64 && b.dtype == DType::int64)
    return compute_as(Op(op), DType::int64, a.as<int64_t>(), b.as<int64_t>(), out);
  if ((a.is_weak ? b : a).dtype != DType::float64) return false;
  double x, y;
  return as_double(a, &x) && as_double(b, &y) && compute_as(Op(op), DType::float64, x, y, out);
}

}  // namespace grumpy::binding
