// erf, erfc, ndtr.
//
// erf: to 1 the series x (1 + ...) in powers of x^2; beyond 1 - e^(x (...)). erfc and ndtr = erfc / 2:
// to 3/4 from that series; beyond e^(-x^2) P(t) / (1 + 2x) with t = (x - K) / (x + K), which is smooth to
// infinity, and x^2 in two parts. Coefficients by Sollya: fpminimax for the series, remez with the
// weight that makes errors relative to the result for the others. float32 in float64, with terms for
// 2^-33. Errors of the formulas, relative to the result:
#include "ops/expand_math_functions.h"

namespace grumpy::math {
namespace {

// erf(x) / x - 1 in even powers of x, |x| <= 1: 2^-56.3 and 2^-34.5
constexpr double kErfLow64[] = {0x1.06eba8214db69p-3, -0x1.812746b0379fdp-2, 0x1.ce2f21a043629p-4,
                                -0x1.b82ce312abcf5p-6, 0x1.565bcd1292584p-8, -0x1.c02db49990f99p-11,
                                0x1.f9a3350747955p-14, -0x1.f4d32f69495c4p-17, 0x1.b9ee5bcafc31p-20,
                                -0x1.5f9619ede8344p-23, 0x1.fc6136a269a5cp-27, -0x1.462c4a7f5ec71p-30,
                                0x1.289d6e0fd4f63p-34};
constexpr double kErfLow32[] = {0x1.06eba8202ce3bp-3, -0x1.812746673d183p-2, 0x1.ce2f0968a2194p-4,
                                -0x1.b829d1c5423a5p-6, 0x1.562ac14ba23a6p-8, -0x1.bcd36f16a29aep-11,
                                0x1.d89c8ea38e4e2p-14, -0x1.448ac4295ffc5p-17};
// log(erfc(x)) / x, x >= 1: 2^-57 (x <= 5.95) and 2^-34.4 (x <= 4)
constexpr double kErfHigh64[] = {-0x1.20dd747bc4026p0, -0x1.45f30f38d372dp-1, -0x1.a4f415dedd612p-4,
                                 0x1.39636778679cdp-6, 0x1.b1f4a660cf34dp-13, -0x1.b9e05effbe7e8p-10,
                                 0x1.297e39e79d81p-11, 0x1.c71159058a45bp-18, -0x1.9fd1938181407p-14,
                                 0x1.e5472747af4bdp-15, -0x1.6150d9cb472f7p-16, 0x1.77f31cdba0353p-18,
                                 -0x1.2f35a1322898fp-20, 0x1.71ee145a34d1fp-23, -0x1.4c5a3ed4fcffdp-26,
                                 0x1.9fc5852b72e2ep-30, -0x1.43af6ae8781eep-34, 0x1.d854cc5491ec2p-40};
constexpr double kErfHigh32[] = {-0x1.20e3b7a4456b2p0, -0x1.45a89fc810ce2p-1, -0x1.ab034ad521a38p-4,
                                 0x1.5d9039124cfccp-6, -0x1.e4b4bfe2849b4p-10, -0x1.04112086034fap-11,
                                 0x1.bfcf62e7b5997p-13, -0x1.1b342d7571b25p-15, 0x1.1b5548e0ba9e1p-19};

// (1 + 2x) e^(x^2) erfc(x) in powers of t, x >= 3/4: K = 3, 2^-56.6 (x <= 27.5) and K = 2, 2^-33.2
// (x <= 10.3)
constexpr double kErfcHigh64[] = {0x1.40c522d7e4987p0, -0x1.15c084bb9e8ffp-3, -0x1.85a15c58aa60dp-5,
                                  0x1.098366a5b4e06p-3, -0x1.e88b803a48e44p-4, 0x1.17ca2877c8282p-4,
                                  -0x1.8574c40bbae27p-6, 0x1.4b884ead1a4d8p-9, 0x1.ef1bdcea72b02p-10,
                                  -0x1.98db636169fbbp-11, -0x1.b9120c73014b5p-14, 0x1.065c16b868bc1p-13,
                                  0x1.4bebd02d384eap-18, -0x1.517620db8dcecp-16, -0x1.7f91307f4f768p-21,
                                  0x1.d6333d666ea31p-19, 0x1.4b5568a70fc23p-22, -0x1.5d718e4d371e6p-21,
                                  -0x1.1eecaa3f5de1cp-24, 0x1.d25728db187a1p-24, -0x1.82b35f6078259p-27};
constexpr double kErfcHigh32[] = {0x1.46e80e21e97b6p0, -0x1.7bf5ec41bbd18p-4, -0x1.5407bb26edc13p-3,
                                  0x1.4ffa224297a3ep-3, -0x1.bc2d7e144369ep-5, -0x1.0743048d0ae21p-7,
                                  0x1.1e30460723d9ep-7, 0x1.4bb548117e0afp-10, -0x1.8cc8de788349ep-10,
                                  -0x1.9feeaa6527197p-12, 0x1.43f2fbd79d318p-12};

struct Terms {
  double bound;  // from here on erf is 1
  std::span<const double> low, high, tail;
  double center, far;       // K, and the x from where on erfc is 0
  bool is_precise;
};
constexpr Terms kTerms64{6, kErfLow64, kErfHigh64, kErfcHigh64, 3, 28, true};
constexpr Terms kTerms32{4, kErfLow32, kErfHigh32, kErfcHigh32, 2, 12, false};

/// erf(x) for small x.
Value erf_low(Value x, const Terms& terms) { return fma(x, polynomial(x * x, terms.low), x); }

/// x of type float64, whatever the precision of the terms; so below.
Value erf_double(Value x, const Terms& terms) {
  const Value magnitude = abs(x), a = select(magnitude > terms.bound, terms.bound, magnitude);
  // The logarithm's rounding is multiplied by its size: the last steps keep it small.
  const Value rest = polynomial(a, a * a, terms.high.subspan(2));
  const Value slope = fma(a, fma(a, rest, terms.high[1]), terms.high[0]);
  const Value high = terms.is_precise ? one_minus_exp(two_product(a, slope)) : one_minus_rough_exp(a * slope);
  return copysign(select(a < 1.0, erf_low(a, terms), high), x);
}

/// erfc(a) for a >= 3/4, where square = a^2.
Value erfc_tail(Value a, Pair square, const Terms& terms) {
  const Value twice = fma(a, 2.0, 1.0), sum = a + terms.center, inverse = 1.0 / (sum * twice);
  const Value t = (a - terms.center) * twice * inverse;
  const Value p = polynomial(t, t * t, terms.tail) * (sum * inverse);
  if (!terms.is_precise) return rough_exp(-square.hi) * p;
  return exp_of_sum({-square.hi, -square.lo}, p);
}

Value erfc_double(Value x, const Terms& terms) {
  const Value magnitude = abs(x), a = select(magnitude > terms.far, terms.far, magnitude);
  const Value tail = erfc_tail(a, two_product(a, a), terms);
  const Value high = select(x < 0.0, 2.0 - tail, tail);
  return select(a < 0.75, 1.0 - erf_low(copysign(a, x), terms), high);
}

Value ndtr_double(Value x, const Terms& terms) {
  const double far = terms.far * 1.5;
  const Value magnitude = abs(x), a = select(magnitude > far, far, magnitude);
  const Value z = a * 0.70710678118654752;
  const Value tail = erfc_tail(z, two_product(a, a * 0.5), terms) * 0.5;
  const Value high = select(x < 0.0, tail, 1.0 - tail);
  return select(z < 0.75, fma(copysign(erf_low(z, terms), x), 0.5, 0.5), high);
}

Value by_width(Value x, Value (*f)(Value, const Terms&)) {
  return x.is_double() ? f(x, kTerms64) : convert(f(convert(x, DType::float64), kTerms32), x.type());
}

}  // namespace

Value erf(Value x) { return by_width(x, erf_double); }
Value erfc(Value x) { return by_width(x, erfc_double); }
Value ndtr(Value x) { return by_width(x, ndtr_double); }

}  // namespace grumpy::math
