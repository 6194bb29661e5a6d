// logaddexp, logaddexp2, xlogy, xlog1py: formulas around logarithms and exponentials.
#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

/// The larger operand, and -|x - y|; 0 for equal operands, infinite ones too.
struct Ordered {
  Value larger, distance;
};

Ordered order(Value x, Value y) {
  // NumPy compares the difference with 0, which reports Invalid for NaN, quiet or not.
  x.block->raise(binary(ScalarOp::cmp_unordered, x, y).id, Fpe::Invalid);
  const Value is_equal = x == y;
  const Value difference = select(is_equal, 0.0, x) - select(is_equal, 0.0, y);
  return {select(x > y, x, y), -abs(difference)};
}

/// 1 + e^-d or 1 + 2^-d has its logarithm added in two parts, where there are two to add.
Value add_logarithm(Value larger, Pair y) {
  const Value is_finite = abs(larger) < __builtin_inf();
  const Pair sum = two_sum(select(is_finite, larger, 0.0), y.hi);
  return select(is_finite, sum.hi + (sum.lo + y.lo), larger + y.lo);  // hi is finite for NaN too
}

/// factor * log(x) or log1p(x) in parts, rounded nearly once. `factor` is not 0 unless x is NaN.
Value product(Value factor, const LogParts& log, Pair y) {
  // An infinite factor must not meet a lost part of 0.
  const Value finite = select(abs(factor) < __builtin_inf(), factor, 0.0);
  const Value lost = finite * select(log.is_special, 0.0, y.lo);
  return fma(factor, select(log.is_special, log.special, y.hi), lost);
}

}  // namespace

Value logaddexp(Value x, Value y) {
  const Ordered o = order(x, y);
  return add_logarithm(o.larger, log_one_plus({exp(o.distance), x.constant(0)}));
}

Value logaddexp2(Value x, Value y) {
  const Ordered o = order(x, y);
  const Pair sum = log_one_plus({exp2(o.distance), x.constant(0)});
  const Value log2e = x.constant(0x1.71547652b82fep0, 0x1.715476p0);
  Pair product = two_product(sum.hi, log2e);
  product.lo = fma(sum.hi, x.constant(0x1.777d0ffda0d24p-56, 0x1.4ae0cp-26), product.lo);
  return add_logarithm(o.larger, fast_two_sum(product.hi, fma(sum.lo, log2e, product.lo)));
}

// 0 where the factor is 0 and the other argument a number: that is then replaced by a harmless one.
Value xlogy(Value x, Value y) {
  const Value is_zero = (x == 0.0) & !is_nan(y);
  const LogParts log = log_parts(select(is_zero, 1.0, y));
  return select(is_zero, 0.0, product(x, log, fast_two_sum(log.y.hi, log.y.lo)));
}

Value xlog1py(Value x, Value y) {
  const Value is_zero = (x == 0.0) & !is_nan(y), safe = select(is_zero, 0.0, y);
  const LogParts log = log1p_parts(safe);
  Pair sum = fast_two_sum(log.y.hi, log.y.lo);
  sum = {copysign(sum.hi, safe), select(safe == 0.0, safe, sum.lo)};  // -0 stays itself
  return select(is_zero, 0.0, product(x, log, sum));
}

}  // namespace grumpy::math
