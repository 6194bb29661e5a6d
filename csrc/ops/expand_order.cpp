// Choices between real numbers of any dtype: the chosen one keeps its bits.
//
// Source:  NumPy's loops_minmax (vectors), clip.cpp, loops.c.src. Of two zeros that compare equal the
//          second wins for float32 and float64, and the first for float16, as in NumPy's loops.
#include "ops/expand.h"

namespace grumpy {
namespace {

// What comparisons work on: float16 widened.
ValueId comparable(Code code, ValueId a) {
  return code.type(a) == DType::float16 ? code.convert(a, DType::float32) : a;
}

// nan_wins: a NaN first operand is chosen; else a NaN second operand is passed over.
ValueId extreme(Code code, DType t, ValueId a, ValueId b, bool larger, bool nan_wins) {
  if (t == DType::bool_) return larger ? code.either(a, b) : code.both(a, b);
  const ValueId x = comparable(code, a), y = comparable(code, b);
  if (!is_float(t)) return code.select(larger ? code.gt(x, y) : code.lt(x, y), a, b);
  const ValueId first = t == DType::float16 ? (larger ? code.ge(x, y) : code.le(x, y))
                                            : (larger ? code.gt(x, y) : code.lt(x, y));
  return code.select(code.either(first, code.is_nan(nan_wins ? x : y)), a, b);
}

}  // namespace

std::optional<ValueId> expand_order(Code code, Op op, DType t, const ValueId* in) {
  switch (op) {
    case Op::maximum: return extreme(code, t, in[0], in[1], true, true);
    case Op::minimum: return extreme(code, t, in[0], in[1], false, true);
    case Op::fmax: return extreme(code, t, in[0], in[1], true, false);
    case Op::fmin: return extreme(code, t, in[0], in[1], false, false);
    case Op::clip:
      return extreme(code, t, extreme(code, t, in[0], in[1], true, true), in[2], false, true);
    default: return std::nullopt;
  }
}

}  // namespace grumpy
