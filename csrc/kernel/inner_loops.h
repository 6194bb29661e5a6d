/// NumPy's and SciPy's own inner loops, for the rows of the op table that are lowered to loops.
///
/// The binding registers them at import, after asking each ufunc for the loop of each dtype.
/// Threads: registered under the GIL before anything is evaluated; found from anywhere afterwards.
#pragma once
#include "ops/inner_loop.h"
#include "ops/op.h"

namespace grumpy {

/// A later registration of the same pair replaces the earlier one.
void register_inner_loop(Op op, DType t, const InnerLoop& loop);

/// Null when nobody registered one. The pointer stays valid for the life of the process.
const InnerLoop* find_inner_loop(Op op, DType t);

}  // namespace grumpy
