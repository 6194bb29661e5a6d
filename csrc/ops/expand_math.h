/// Transcendental functions in scalar operations, for float32 and float64.
///
/// Needs:   t is float32 or float64; in[] are values of type t, as many as the row takes.
/// Leaves:  a value of type t, within the row's ulp column, special values as NumPy's, and no
///          floating-point flag that NumPy would not raise.
/// Threads: pure.
#pragma once
#include "ops/scalar_block.h"

namespace grumpy {

/// True when expand_math writes this operation; float16 follows float32, by one rounding.
bool has_math_expansion(Op op, DType t);

/// Throws: InternalError where has_math_expansion is false.
ValueId expand_math(ScalarBlock& block, Op op, DType t, const ValueId* in);

}  // namespace grumpy
