/// The functions behind expand_math, one per NumPy-level operation and shared by both widths, and
/// the parts they lend to each other.
///
/// Needs:   arguments of type float32 or float64.
/// Leaves:  see expand_math.h.
/// Threads: pure.
#pragma once
#include "ops/expand_math_value.h"

namespace grumpy::math {

// --- expand_math_exp.cpp ---
Value exp(Value x);
Value exp2(Value x);
Value expm1(Value x);

/// x = n ln2 + r.hi + r.lo, n integral, |r| <= ln2/2 or an ulp more. `shift` is an integer with n in
/// its low bits. x finite, of magnitude below 2^8 (float32) or 2^11 (float64).
struct Reduced {
  Value shift;
  Pair r;
};
Reduced reduce(Value x);
/// e^x = 2^n (1 + p.hi + p.lo); p within 0.4 ulp.
struct ExpParts {
  Value shift;
  Pair p;
};
ExpParts exp_parts(Value x);
ExpParts exact_exp_parts(Value x);  // p within 2^-9 ulp
ExpParts rough_exp_parts(Value x);  // p within 1 ulp, p.lo of no use
/// 1 - e^x for x in [-700, 0] of type float64 where e^x is small beside 1; rough: e^x to 2^-31.
Value one_minus_exp(Pair x);
Value one_minus_rough_exp(Value x);
/// e^x to 2^-31 for x in [-700, 700] of type float64.
Value rough_exp(Value x);
/// factor e^(x.hi + x.lo) for x.hi in [-2000, 720] of type float64, over- and underflowing as it should.
Value exp_of_sum(Pair x, Value factor);
/// Two normal numbers whose product is 2^n, for n beyond the exponents of either end.
struct Powers {
  Value first, second;
};
Powers split_power_of_two(Value like, Value shift);
/// v * 2^n for v near 1, rounded once.
Value scale(Value v, Value shift);
/// 2^n and -2^n and 2^-n where those are normal numbers; like: of the floating type wanted.
Value power_of_two(Value like, Value shift);
Value negated_power_of_two(Value like, Value shift);
Value inverse_power_of_two(Value like, Value shift);

// --- expand_math_hyperbolic.cpp ---
Value sinh(Value x);
Value cosh(Value x);
Value tanh(Value x);
Value expit(Value x);

// --- expand_math_log.cpp ---
/// x = 2^n (1 + f), 1 + f in [sqrt 1/2, sqrt 2), where x is positive and finite.
struct Decomposed {
  Value n, f;
};
Decomposed decompose(Value x);
/// The same for the bits of a normal number; exponent is n + bias, an integer.
struct DecomposedBits {
  Value exponent, f;
};
DecomposedBits decompose_bits(Value bits);
/// log((1 + s) / (1 - s)) where s = top.hi / below.hi, |s| <= 3 - 2 sqrt 2, and the sum of hi and lo is
/// log of the quotient with the lost parts; twice_inverse: 2 / below, to a few percent.
Pair log_quotient(Value s, Pair top, Pair below, Value twice_inverse);
Pair exact_log_quotient(Value s, Pair top, Pair below, Value twice_inverse);  // float64: to 2^-60
/// n ln2 + y
Pair add_exponent(Value n, Pair y);
/// log(x) or log1p(x): y, or `special` for zeros, negative numbers, infinity and NaN.
struct LogParts {
  Value is_special, special;
  Pair y;
};
LogParts log_parts(Value x);
LogParts log1p_parts(Value x);
/// log(1 + u) for finite u > -1, lo small beside hi.
Pair log_one_plus(Pair u);
Value log(Value x);
Value log2(Value x);
Value log10(Value x);
Value log1p(Value x);

// --- expand_math_log_sum.cpp ---
Value logaddexp(Value x, Value y);
Value logaddexp2(Value x, Value y);
Value xlogy(Value x, Value y);
Value xlog1py(Value x, Value y);

// --- expand_math_inverse_hyperbolic.cpp ---
Value arcsinh(Value x);
Value arccosh(Value x);
Value arctanh(Value x);
Value logit(Value x);

// --- expand_math_trig.cpp ---
Value sin(Value x);
Value cos(Value x);

// --- expand_math_inverse_trig.cpp ---
Value arctan(Value x);
Value arctan2(Value y, Value x);
Value arcsin(Value x);
Value arccos(Value x);

// --- expand_math_root.cpp ---
Value cbrt(Value x);
Value hypot(Value x, Value y);

// --- expand_math_erf.cpp ---
Value erf(Value x);
Value erfc(Value x);
Value ndtr(Value x);

}  // namespace grumpy::math
