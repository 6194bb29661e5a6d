/// Result dtype of every operation, and every TypeError NumPy would raise for it.
///
/// Source:  NumPy 2 ufunc type resolution; verified against ufunc.resolve_dtypes.
/// Threads: pure.
#pragma once
#include <optional>
#include <span>

#include "base/scalar.h"
#include "ops/op.h"

namespace grumpy {

struct MapTypes {
  DType compute;  // what inputs are cast to (input 0 of where stays bool), see input_dtype
  DType result;   // cast: the compute dtype; its caller knows better
};

/// A dtype as ufunc type resolution sees it: weak means a Python int, float or complex. (A Python
/// bool is a bool array to NumPy; whether it is called weak makes no difference.)
struct OperandType {
  DType dtype;
  bool is_weak = false;
};

/// Throws: Error TypeError or UFuncTypeError "ufunc 'x' not supported for the input types, ..." in
/// NumPy's words. Comparisons of a signed integer with uint64: ask exact_compare first.
MapTypes infer_map(Op op, std::span<const OperandType> inputs);

/// The dtype weak Python numbers take beside these others (NEP 50).
DType promote_operands(std::span<const OperandType> inputs);

/// Result dtype of a reduction of dtype t, when the caller gives no dtype=.
/// Throws: Error TypeError where the ufunc has no loop for t.
DType infer_reduce(ReduceOp op, DType t);

/// A comparison of a signed integer with uint64, which no common integer dtype holds: the internal
/// row that compares int64 with uint64 as mathematical integers (cast the signed operand to int64),
/// and whether it wants the operands the other way round. Null for all other pairs.
struct ExactCompare {
  Op op;
  bool swaps;
};
std::optional<ExactCompare> exact_compare(Op op, DType a, DType b);

/// A Python number (weak) as an element of dtype t; other scalars as convert() does.
/// Throws: Error OverflowError "Python integer 300 out of bounds for uint8".
Scalar to_dtype(const Scalar& s, DType t);
/// True when s is a weak integer that t, an integer dtype, cannot hold.
bool is_out_of_bounds(const Scalar& s, DType t);
/// Comparisons do not raise for such an integer: what `x op s` (`s op x` when s is on the left) is
/// for every x of dtype t. Needs: is_out_of_bounds(s, t) and op one of the six comparisons.
bool compare_out_of_bounds(Op op, const Scalar& s, bool s_is_left);

}  // namespace grumpy
