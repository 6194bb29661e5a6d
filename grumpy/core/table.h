/// The op table's facts as plain numbers, for Cython.
/// Threads: const data.
#pragma once
#include <string>

#include "ops/infer.h"
#include "ops/op.h"

namespace grumpy::binding {

inline constexpr int kOpCount = kNumOps;
inline constexpr int kReduceCount = kNumReduceOps;

inline std::string op_name(int op) { return std::string(info(Op(op)).name); }
inline std::string op_doc(int op) { return std::string(info(Op(op)).doc); }
inline int op_nin(int op) { return info(Op(op)).nin; }
inline int op_flags(int op) { return info(Op(op)).flags; }
inline int op_fpe(int op) { return info(Op(op)).fpe; }
inline int op_domain(int op) { return info(Op(op)).domain; }
inline double op_ulp(int op) { return info(Op(op)).ulp; }
inline bool op_is_loop(int op) { return info(Op(op)).lowering == Lowering::Loop; }
inline bool op_takes(int op, int dtype) { return in_domain(Op(op), DType(dtype)); }
inline int op_result(int op, int dtype) { return int(result_dtype(Op(op), DType(dtype))); }
inline bool op_is_internal(int op) { return info(Op(op)).flags & Internal; }
inline bool op_is_scipy(int op) { return info(Op(op)).flags & SciPy; }
inline bool op_has_identity(int op) { return info(Op(op)).identity.has_value(); }
inline double op_identity(int op) { return info(Op(op)).identity.value_or(0); }

inline constexpr int kWeak = 64;  // added to a dtype: a Python number
/// Compute dtype, and the result's shifted by 8. Throws Error as NumPy would.
inline int infer_types(int op, const int* dtypes, int n) {
  OperandType types[3];
  for (int k = 0; k < n; ++k) types[k] = {DType(dtypes[k] % kWeak), dtypes[k] >= kWeak};
  if (n == 2 && !types[0].is_weak && !types[1].is_weak && exact_compare(Op(op), types[0].dtype, types[1].dtype))
    return int(DType::int64) | int(DType::bool_) << 8;
  const MapTypes t = infer_map(Op(op), {types, size_t(n)});
  return int(t.compute) | int(t.result) << 8;
}

inline std::string reduce_name(int op) { return std::string(info(ReduceOp(op)).name); }
inline bool reduce_has_identity(int op) { return info(ReduceOp(op)).has_identity; }
inline bool reduce_can_scan(int op) { return info(ReduceOp(op)).can_scan; }
inline int reduce_dtype(int op, int dtype) { return int(infer_reduce(ReduceOp(op), DType(dtype))); }

inline std::string dtype_name(int t) {
  return DType(t) == DType::bool_ ? "bool" : std::string(info(DType(t)).name);
}
inline int dtype_kind(int t) { return int(kind(DType(t))); }
inline int dtype_bytes(int t) { return int(item_bytes(DType(t))); }
inline int dtype_promote(int a, int b) { return int(promote(DType(a), DType(b))); }
inline int dtype_real(int t) { return int(real_part(DType(t))); }

}  // namespace grumpy::binding
