// Transcendental functions in scalar operations: which there are, and their code.
#include "ops/expand_math.h"

#include "base/error.h"
#include "ops/expand_math_functions.h"

namespace grumpy {
namespace {

using UnaryFunction = math::Value (*)(math::Value);
using BinaryFunction = math::Value (*)(math::Value, math::Value);
struct Expansion {
  UnaryFunction unary = nullptr;
  BinaryFunction binary = nullptr;
};

Expansion find_expansion(Op op) {
  switch (op) {
    case Op::exp: return {.unary = math::exp};
    case Op::exp2: return {.unary = math::exp2};
    case Op::expm1: return {.unary = math::expm1};
    case Op::log: return {.unary = math::log};
    case Op::log2: return {.unary = math::log2};
    case Op::log10: return {.unary = math::log10};
    case Op::log1p: return {.unary = math::log1p};
    case Op::sinh: return {.unary = math::sinh};
    case Op::cosh: return {.unary = math::cosh};
    case Op::tanh: return {.unary = math::tanh};
    case Op::sin: return {.unary = math::sin};
    case Op::cos: return {.unary = math::cos};
    case Op::arctan: return {.unary = math::arctan};
    case Op::arctan2: return {.binary = math::arctan2};
    case Op::arcsin: return {.unary = math::arcsin};
    case Op::arccos: return {.unary = math::arccos};
    case Op::cbrt: return {.unary = math::cbrt};
    case Op::hypot: return {.binary = math::hypot};
    case Op::arcsinh: return {.unary = math::arcsinh};
    case Op::arctanh: return {.unary = math::arctanh};
    case Op::logit: return {.unary = math::logit};
    case Op::erfc: return {.unary = math::erfc};
    case Op::ndtr: return {.unary = math::ndtr};
    case Op::arccosh: return {.unary = math::arccosh};
    case Op::logaddexp: return {.binary = math::logaddexp};
    case Op::logaddexp2: return {.binary = math::logaddexp2};
    case Op::xlogy: return {.binary = math::xlogy};
    case Op::xlog1py: return {.binary = math::xlog1py};
    case Op::expit: return {.unary = math::expit};
    case Op::erf: return {.unary = math::erf};
    default: return {};
  }
}

}  // namespace

bool has_math_expansion(Op op, DType t) {
  if (t != DType::float32 && t != DType::float64) return false;
  const Expansion e = find_expansion(op);
  return e.unary || e.binary;
}

ValueId expand_math(ScalarBlock& block, Op op, DType t, const ValueId* in) {
  GRUMPY_ASSERT(has_math_expansion(op, t)) << info(op).name << " of " << info(t).name;
  const Expansion e = find_expansion(op);
  const math::Value x{&block, in[0]};
  return e.unary ? e.unary(x).id : e.binary(x, math::Value{&block, in[1]}).id;
}

}  // namespace grumpy
