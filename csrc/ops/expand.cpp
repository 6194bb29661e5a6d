// NumPy-level operations as scalar operations: sends each operation and dtype to the stage that
// writes it, and writes what is the same for every dtype.
#include "ops/expand.h"

#include "base/error.h"
#include "ops/expand_math.h"

namespace grumpy {
namespace {

// Written by expand_math for float32 and float64, where that has them; SciPy's rows are all of this kind.
bool is_math(Op op, DType t) {
  switch (op) {
    case Op::power: return is_inexact(t);
    case Op::sqrt: return is_complex(t);
    case Op::float_power: case Op::exp: case Op::exp2: case Op::expm1: case Op::log: case Op::log2:
    case Op::log10: case Op::log1p: case Op::logaddexp: case Op::logaddexp2: case Op::sin: case Op::cos:
    case Op::tan: case Op::arcsin: case Op::arccos: case Op::arctan: case Op::arctan2: case Op::hypot:
    case Op::sinh: case Op::cosh: case Op::tanh: case Op::arcsinh: case Op::arccosh: case Op::arctanh:
    case Op::cbrt: return true;
    default: return info(op).flags & SciPy;
  }
}

// float_power is power in double precision.
constexpr Op math_row(Op op) { return op == Op::float_power ? Op::power : op; }

// True, false or NaN-is-true, of any dtype.
ValueId truth(Code code, DType t, PointValue v) {
  const ValueId re = code.convert(v.re, DType::bool_);
  return is_complex(t) ? code.either(re, code.convert(v.im, DType::bool_)) : re;
}

std::optional<ValueId> expand_logical(Code code, Op op, DType t, const PointValue* in) {
  switch (op) {
    case Op::logical_and: return code.both(truth(code, t, in[0]), truth(code, t, in[1]));
    case Op::logical_or: return code.either(truth(code, t, in[0]), truth(code, t, in[1]));
    case Op::logical_xor: return code.differ(truth(code, t, in[0]), truth(code, t, in[1]));
    case Op::logical_not: return code.invert(truth(code, t, in[0]));
    default: return std::nullopt;
  }
}

PointValue expand_cast(Code code, DType from, DType to, PointValue v) {
  if (to == DType::bool_) return {truth(code, from, v)};
  const DType part = real_part(to);
  const ValueId re = code.convert(v.re, part);
  if (!is_complex(to)) return {re};
  return {re, is_complex(from) ? code.convert(v.im, part) : code.constant(part, 0)};
}

std::optional<PointValue> expand_shape_free(Code code, Op op, DType t, DType result, const PointValue* in) {
  switch (op) {
    case Op::cast: return expand_cast(code, t, result, in[0]);
    case Op::where:
      return PointValue{code.select(in[0].re, in[1].re, in[2].re),
                        is_complex(t) ? code.select(in[0].re, in[1].im, in[2].im) : ValueId(0)};
    case Op::make_complex: {
      const DType part = real_part(result);
      return PointValue{code.convert(in[0].re, part), code.convert(in[1].re, part)};
    }
    default: break;
  }
  if (const auto v = expand_logical(code, op, t, in)) return PointValue{*v};
  return std::nullopt;
}

ValueId expand_real(Code code, Op op, DType t, const ValueId* in) {
  if (const auto v = expand_order(code, op, t, in)) return *v;
  if (is_float(t))
    if (const auto v = expand_float_bits(code, op, t, in)) return *v;
  if (t == DType::float16) {
    // In float32, and rounded once; comparisons have no result to round.
    ValueId wide[3];
    for (int k = 0; k < info(op).nin; ++k) wide[k] = code.convert(in[k], DType::float32);
    const ValueId v = expand_real(code, op, DType::float32, wide);
    return code.type(v) == DType::bool_ ? v : code.convert(v, t);
  }
  if (is_math(op, t)) return expand_math(code.block, math_row(op), t, in);
  const auto v = is_float(t) ? expand_float(code, op, t, in) : expand_integer(code, op, t, in);
  if (v) return *v;
  const OpInfo& row = info(op);
  GRUMPY_ASSERT(row.lowering == Lowering::Direct) << row.name << " of " << info(t).name;
  return row.nin == 1 ? code.block.unary(row.scalar, in[0]) : code.block.binary(row.scalar, in[0], in[1]);
}

}  // namespace

bool has_expansion(Op op, DType t) {
  if (info(op).lowering == Lowering::Loop || !in_domain(op, t)) return false;
  if ((info(op).flags & MixedSign) && t != DType::int64) return false;
  if (is_math(op, t)) {
    if (is_complex(t) || (t == DType::float16 && info(op).flags & (SciPy | DoubleOnly))) return false;
    return has_math_expansion(math_row(op), t == DType::float16 ? DType::float32 : t);
  }
  if (is_complex(t) && (op == Op::absolute || op == Op::sign))
    return has_math_expansion(Op::hypot, real_part(t));
  return true;
}

PointValue expand_op(ScalarBlock& block, Op op, DType t, DType result, const PointValue* in) {
  GRUMPY_ASSERT(has_expansion(op, t)) << info(op).name << " of " << info(t).name << " has no scalar code";
  Code code{block};
  if (const auto v = expand_shape_free(code, op, t, result, in)) return *v;
  if (is_complex(t)) {
    const auto v = expand_complex(code, op, t, in);
    GRUMPY_ASSERT(v.has_value()) << info(op).name << " of " << info(t).name;
    return *v;
  }
  ValueId parts[3];
  for (int k = 0; k < info(op).nin; ++k) parts[k] = in[k].re;
  return {expand_real(code, op, t, parts)};
}

namespace {

void declare(std::vector<DType>& slots, int slot, DType t) {
  if (slots.size() <= size_t(slot)) slots.resize(size_t(slot) + 1);
  slots[size_t(slot)] = t;
}

}  // namespace

PointValue load_slot(ScalarBlock& block, int slot, DType t) {
  declare(block.inputs, slot, t);
  if (!is_complex(t)) return {block.input(slot, t)};
  return {block.input(slot, real_part(t), 0), block.input(slot, real_part(t), 1)};
}

void store_slot(ScalarBlock& block, int slot, DType t, PointValue v) {
  declare(block.outputs, slot, t);
  block.store(slot, v.re, 0);
  if (is_complex(t)) block.store(slot, v.im, 1);
}

}  // namespace grumpy
