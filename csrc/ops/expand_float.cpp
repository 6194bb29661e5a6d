// Reals: NumPy's arithmetic beyond the machine's own instructions.
//
// Source:  numpy/_core/src/npymath (npy_divmod, npy_heaviside), umath/loops.c.src. The operations
//          are NumPy's in NumPy's order, so that the floating-point flags are too; where NumPy
//          branches, the operands of the branch not taken are replaced by harmless ones.
#include "ops/expand.h"

namespace grumpy {
namespace {

// The rest of fmod moved to the sign of the divisor; a rest of zero takes the divisor's sign. By
// zero it is fmod's NaN, which counts as a rest.
ValueId remainder(Code code, ValueId a, ValueId b) {
  const ValueId zero = code.zero_like(a);
  const ValueId rest = code.block.binary(ScalarOp::fmod, a, b);
  const ValueId moves = code.differ(code.lt(b, zero), code.lt(rest, zero));
  return code.select(code.ne(rest, zero), code.add(rest, code.select(moves, b, zero)),
                     code.copysign(zero, b));
}

// (a - rest) / b snapped to an integer; a / b itself where b is 0, and its sign where that is 0.
ValueId floor_divide(Code code, ValueId a, ValueId b) {
  const ValueId zero = code.zero_like(a), one = code.one_like(a);
  const ValueId by_zero = code.eq(b, zero);
  const ValueId dividend = code.select(by_zero, zero, a), divisor = code.select(by_zero, one, b);
  const ValueId rest = code.block.binary(ScalarOp::fmod, dividend, divisor);
  const ValueId steps_down = code.both(code.ne(rest, zero),
                                       code.differ(code.lt(divisor, zero), code.lt(rest, zero)));
  const ValueId quotient = code.sub(code.div(code.sub(dividend, rest), divisor),
                                    code.select(steps_down, one, zero));
  const ValueId is_zero = code.eq(quotient, zero);  // where b is 0 too
  const ValueId below = code.floor(quotient);
  const ValueId steps_up = code.gt(code.sub(quotient, below), code.constant(code.type(a), 0.5));
  const ValueId whole = code.add(below, code.select(steps_up, one, zero));
  const ValueId direct = code.div(code.select(is_zero, a, zero), b);
  return code.select(is_zero, code.select(by_zero, direct, code.copysign(zero, direct)), whole);
}

ValueId sign(Code code, ValueId a) {
  const ValueId zero = code.zero_like(a), one = code.one_like(a);
  const ValueId not_positive =
      code.select(code.lt(a, zero), code.neg(one), code.select(code.eq(a, zero), zero, a));
  return code.select(code.gt(a, zero), one, not_positive);
}

ValueId heaviside(Code code, ValueId a, ValueId at_zero) {
  const ValueId zero = code.zero_like(a);
  const ValueId step = code.select(code.lt(a, zero), zero, code.one_like(a));
  return code.select(code.is_nan(a), a, code.select(code.eq(a, zero), at_zero, step));
}

// Infinity has no fraction; every fraction, zero too, has the sign of its number.
ValueId fraction(Code code, ValueId a) {
  const ValueId infinity = code.constant(code.type(a), __builtin_inf());
  const ValueId is_infinite = code.eq(code.abs(a), infinity);
  const ValueId finite = code.select(is_infinite, code.zero_like(a), a);
  return code.copysign(code.sub(finite, code.trunc(finite)), a);
}

// Constants as NumPy computes them, in the arithmetic of the dtype.
ValueId scale_angle(Code code, ValueId a, bool to_radians) {
  constexpr float kPi32 = 3.14159274101257324f;
  constexpr double kPi64 = 3.141592653589793238;
  const DType t = code.type(a);
  const double factor = t == DType::float32 ? double(to_radians ? kPi32 / 180.0f : 180.0f / kPi32)
                                            : (to_radians ? kPi64 / 180.0 : 180.0 / kPi64);
  return code.mul(a, code.constant(t, factor));
}

}  // namespace

std::optional<ValueId> expand_float(Code code, Op op, DType, const ValueId* in) {
  const ValueId a = in[0], b = info(op).nin > 1 ? in[1] : in[0];
  switch (op) {
    case Op::floor_divide: return floor_divide(code, a, b);
    case Op::remainder: return remainder(code, a, b);
    case Op::fmod: return code.block.binary(ScalarOp::fmod, a, b);
    case Op::absolute: return code.abs(a);
    case Op::sign: return sign(code, a);
    case Op::square: return code.mul(a, a);
    case Op::reciprocal: return code.div(code.one_like(a), a);
    case Op::heaviside: return heaviside(code, a, b);
    case Op::floor: return code.floor(a);
    case Op::ceil: return code.block.unary(ScalarOp::ceil, a);
    case Op::trunc: case Op::modf_whole: return code.trunc(a);
    case Op::rint: return code.block.unary(ScalarOp::rint, a);
    case Op::modf_fraction: return fraction(code, a);
    case Op::deg2rad: case Op::radians: return scale_angle(code, a, true);
    case Op::rad2deg: case Op::degrees: return scale_angle(code, a, false);
    default: return std::nullopt;
  }
}

}  // namespace grumpy
