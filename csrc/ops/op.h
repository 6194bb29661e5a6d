/// What each operation means: enumerators and facts, all from the tables.
///
/// Source:  ops.def (NumPy-level), scalar_ops.def (machine-level), reduce_ops.def (reductions).
/// Threads: const data.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/dtype.h"

namespace grumpy {

/// Machine-level operations: the only ones code generators know.
enum class ScalarOp : uint8_t {
#define SCALAR(name, ...) name,
#include "ops/scalar_ops.def"
#undef SCALAR
};

/// NumPy-level element-wise operations.
enum class Op : uint8_t {
#define OP(name, ...) name,
#include "ops/ops.def"
#undef OP
};

/// Result dtype as a function of the compute dtype.
enum class Result : uint8_t { Same, Bool, Real, U8, Given /* cast: whatever the node says */, Complex };

enum Flag : uint16_t {
  NoFlags = 0,
  Commutative = 1,
  NoBool = 2,           // TypeError when every input is bool
  IntToF64 = 4,         // integers and bools compute in float64
  ExactIntCompare = 8,  // mixed int64/uint64 compare as mathematical integers
  Truthy = 16,          // computes in the promoted dtype itself
  Internal = 32,        // not in NumPy's namespace as a ufunc: recorded by other names (cast, where, ...)
  FirstBool = 64,       // input 0 is bool, the rest share the compute dtype (where)
  SciPy = 128,          // a scipy.special ufunc
  DoubleOnly = 256,     // of the domain's widths only float64 and complex128 (float_power)
  DoubleFirst = 512,    // SciPy's order of loops: float32 only where it is every input's own dtype
  MixedSign = 1024,     // input 0 is int64, input 1 is uint64
};

/// Which floating-point errors an operation may report (S7).
enum Fpe : uint8_t { NoFpe = 0, Divide = 1, Over = 2, Under = 4, Invalid = 8 };

/// How a row becomes machine code.
///   Direct  one scalar op
///   Expand  a function in ops/expand*.cpp writes it in scalar ops
///   Loop    NumPy's or SciPy's own inner loop, called block by block (S9)
enum class Lowering : uint8_t { Direct, Expand, Loop };

struct OpInfo {
  std::string_view name;
  uint8_t nin;
  uint8_t domain;  // bit per Kind
  Result result;
  uint16_t flags;
  uint8_t fpe;
  Lowering lowering;
  ScalarOp scalar;  // for Direct
  std::optional<double> identity;
  double ulp;
  std::string_view doc;
};

namespace table {
inline constexpr uint8_t B = 1 << int(Kind::Bool), I = 1 << int(Kind::Int), U = 1 << int(Kind::UInt),
                         F = 1 << int(Kind::Float), C = 1 << int(Kind::Complex);
inline constexpr std::optional<double> none{};
#define direct(s) Lowering::Direct, ScalarOp::s
#define expand Lowering::Expand, ScalarOp::input
#define loop Lowering::Loop, ScalarOp::input
inline constexpr OpInfo kOps[] = {
#define OP(name, nin, domain, result, flags, fpe, lowering, identity, ulp, doc) \
  {#name, nin, uint8_t(domain), Result::result, uint16_t(flags), uint8_t(fpe), lowering, identity, ulp, doc},
#include "ops/ops.def"
#undef OP
};
#undef direct
#undef expand
#undef loop
struct ScalarInfo { std::string_view name; uint8_t nin; std::string_view libdevice; };
inline constexpr ScalarInfo kScalarOps[] = {
#define SCALAR(name, nin, libdevice) {#name, nin, libdevice},
#include "ops/scalar_ops.def"
#undef SCALAR
};
}  // namespace table

inline constexpr int kNumOps = int(std::size(table::kOps));
static_assert(kNumOps < 255, "Site::called");
inline constexpr int kNumScalarOps = int(std::size(table::kScalarOps));
constexpr const OpInfo& info(Op op) { return table::kOps[int(op)]; }
constexpr const table::ScalarInfo& info(ScalarOp op) { return table::kScalarOps[int(op)]; }
std::optional<Op> find_op(std::string_view name);

constexpr bool in_domain(Op op, DType t) { return info(op).domain >> int(kind(t)) & 1; }

/// Dtype of input k when the operation computes in t.
constexpr DType input_dtype(Op op, DType t, int k) {
  if (k == 0 && info(op).flags & FirstBool) return DType::bool_;
  if (k == 1 && info(op).flags & MixedSign) return DType::uint64;
  return t;
}

/// Dtype of the result when the operation computes in t; t itself for cast, whose node says.
constexpr DType result_dtype(Op op, DType t) {
  switch (info(op).result) {
    case Result::Same: case Result::Given: return t;
    case Result::Bool: return DType::bool_;
    case Result::Real: return real_part(t);
    case Result::U8: return DType::uint8;
    case Result::Complex: return complex_of(t);
  }
  return t;
}

/// Errors NumPy reports for the operation computing in t: the row's, less those that only other kinds
/// of numbers meet. What a kernel must watch for, and nothing besides may be reported.
constexpr uint8_t fpe_mask(Op op, DType t) {
  if (is_complex(t)) return info(op).fpe;
  if (!is_float(t)) {
    switch (op) {
      case Op::floor_divide: return Divide | Over;
      case Op::remainder: case Op::fmod: return Divide;
      case Op::reciprocal: return Divide | Invalid;
      case Op::cast: return t == DType::bool_ ? NoFpe : Over;  // into float16
      default: return NoFpe;
    }
  }
  const uint8_t tiny = t == DType::float16 ? Under : NoFpe;  // rounding to float16 underflows by itself
  switch (op) {
    case Op::less: case Op::less_equal: case Op::greater: case Op::greater_equal: case Op::sign:
    case Op::arctan: case Op::arcsinh: case Op::tanh: return NoFpe;
    case Op::remainder: case Op::fmod: case Op::sqrt: case Op::sin: case Op::cos: case Op::tan:
    case Op::arcsin: case Op::arccos: case Op::arccosh: return Invalid;
    case Op::square: case Op::exp: case Op::exp2: return Over | Under;
    case Op::expm1: return uint8_t(Over | tiny);
    case Op::sinh: case Op::cosh: return Over;
    case Op::reciprocal: return Divide | Over | Under;
    case Op::log: case Op::log2: case Op::log10: return Divide | Invalid;
    case Op::log1p: case Op::arctanh: return uint8_t(Divide | Invalid | tiny);
    default: return info(op).fpe;
  }
}

/// True when every direct lowering has the row's arity, rows are documented and names are unique.
constexpr bool table_is_sound() {
  for (const auto& r : table::kOps) {
    if (r.domain == 0 || r.doc.empty() || r.nin == 0 || r.nin > 3) return false;
    if (r.lowering == Lowering::Direct && info(r.scalar).nin != r.nin) return false;
    if (r.identity && r.nin != 2) return false;
    for (const auto& q : table::kOps)
      if (&q < &r && q.name == r.name) return false;
  }
  return true;
}
static_assert(table_is_sound(), "ops.def: rows must be unique, documented and arity-correct");

/// Reductions and scans.
enum class ReduceOp : uint8_t {
#define REDUCE(name, ...) name,
#include "ops/reduce_ops.def"
#undef REDUCE
};
enum class ReduceType : uint8_t { Widen, Keep, Bool, Index, Float };
struct ReduceInfo {
  std::string_view name;
  ReduceType type;
  bool has_identity;   // an empty reduction has a value
  bool can_scan;
  std::string_view doc;
};
namespace table {
inline constexpr ReduceInfo kReduceOps[] = {
#define REDUCE(name, type, has_identity, can_scan, doc) {#name, ReduceType::type, has_identity, can_scan, doc},
#include "ops/reduce_ops.def"
#undef REDUCE
};
}  // namespace table
constexpr const ReduceInfo& info(ReduceOp op) { return table::kReduceOps[int(op)]; }
inline constexpr int kNumReduceOps = int(std::size(table::kReduceOps));

/// Errors NumPy reports for the reduction or scan of t: choosing and comparing report none, whatever
/// flags their comparisons leave behind.
constexpr uint8_t fpe_mask(ReduceOp op, DType t) {
  switch (op) {
    case ReduceOp::add: return fpe_mask(Op::add, t);
    case ReduceOp::multiply: return fpe_mask(Op::multiply, t);
    case ReduceOp::moments: return Over | Under | Invalid;
    default: return NoFpe;
  }
}

}  // namespace grumpy
