// The one dtype rule: an operation computes in the promoted dtype of its inputs if that is in its
// domain, else in the first dtype of its domain, in NumPy's order of loops, that holds them all.
// The flags column of ops.def says where NumPy departs from it.
#include "ops/infer.h"

#include <limits>
#include <string>

#include "base/error.h"

namespace grumpy {
namespace {

constexpr DType default_dtype(Kind k) {
  switch (k) {
    case Kind::Bool: return DType::bool_;
    case Kind::Int: case Kind::UInt: return DType::int64;
    case Kind::Float: return DType::float64;
    case Kind::Complex: return DType::complex128;
  }
  return DType::float64;
}

// Order of kinds a weak number can lift others through: bool, integer, float, complex.
constexpr int rank(DType t) {
  switch (kind(t)) {
    case Kind::Bool: return 0;
    case Kind::Int: case Kind::UInt: return 1;
    case Kind::Float: return 2;
    case Kind::Complex: return 3;
  }
  return 0;
}

constexpr bool is_weak(const OperandType& o) { return o.is_weak && o.dtype != DType::bool_; }

bool is_width_allowed(Op op, DType t) {
  const uint16_t flags = info(op).flags;
  if (flags & DoubleOnly) return t == DType::float64 || t == DType::complex128;
  if (flags & SciPy) return t != DType::float16;
  return true;
}

std::string dtype_class(const OperandType& o) {
  if (is_weak(o)) {
    const char* word = rank(o.dtype) == 1 ? "Long" : rank(o.dtype) == 2 ? "Float" : "Complex";
    return std::string("<class 'numpy.dtypes._Py") + word + "DType'>";
  }
  std::string name(o.dtype == DType::bool_ ? "bool" : info(o.dtype).name);
  const size_t letters = kind(o.dtype) == Kind::UInt ? 2 : 1;  // UInt8, Int8, Bool, Float16, ...
  for (size_t k = 0; k < letters; ++k) name[k] = char(name[k] - 'a' + 'A');
  return "<class 'numpy.dtypes." + name + "DType'>";
}

[[noreturn]] void refuse(Op op, std::span<const OperandType> inputs) {
  switch (op) {
    case Op::negative:
      if (inputs[0].dtype != DType::bool_) break;
      GRUMPY_CHECK(false, TypeError)
          << "The numpy boolean negative, the `-` operator, is not supported, use the `~` operator or "
             "the logical_not function instead.";
      break;
    case Op::subtract:
      GRUMPY_CHECK(false, TypeError)
          << "numpy boolean subtract, the `-` operator, is not supported, use the bitwise_xor, the `^` "
             "operator, or the logical_xor function instead.";
      break;
    case Op::positive: case Op::sign: case Op::gcd: case Op::lcm: {
      // These resolve by promotion of dtype classes, whose failure NumPy words differently.
      std::string classes;
      for (const OperandType& o : inputs) classes += (classes.empty() ? "" : ", ") + dtype_class(o);
      if (inputs.size() > 1) classes = "(" + classes + ")";
      GRUMPY_CHECK(false, UFuncTypeError)
          << "ufunc '" << info(op).name << "' did not contain a loop with signature matching types "
          << classes << " -> None";
      break;
    }
    default: break;
  }
  throw Error(ErrorClass::TypeError,
              "ufunc '" + std::string(info(op).name) +
                  "' not supported for the input types, and the inputs could not be safely coerced to "
                  "any supported types according to the casting rule ''safe''");
}

DType compute_dtype(Op op, std::span<const OperandType> inputs) {
  const uint16_t flags = info(op).flags;
  const DType promoted = promote_operands(inputs);
  bool all_bool = true, all_alike = true;
  for (const OperandType& o : inputs) {
    all_bool &= o.dtype == DType::bool_;
    all_alike &= o.dtype == inputs[0].dtype && (!is_weak(o) || inputs.size() == 1);
  }
  if ((flags & NoBool) && all_bool) refuse(op, inputs);
  if (flags & (Truthy | ExactIntCompare)) return promoted;
  if ((flags & IntToF64) && rank(promoted) <= 1) return DType::float64;
  const bool takes_promoted = flags & DoubleFirst ? all_alike : true;
  if (takes_promoted && in_domain(op, promoted) && is_width_allowed(op, promoted)) return promoted;
  // NumPy's loops stand in this order; SciPy's doubles come first, so its floats are never reached.
  constexpr DType kOrder[] = {DType::bool_,  DType::int8,    DType::uint8,   DType::int16,     DType::uint16,
                              DType::int32,  DType::uint32,  DType::int64,   DType::uint64,    DType::float16,
                              DType::float32, DType::float64, DType::complex64, DType::complex128};
  for (DType t : kOrder) {
    if (!in_domain(op, t) || !is_width_allowed(op, t)) continue;
    if ((flags & DoubleFirst) && t != DType::float64 && t != DType::complex128) continue;
    bool holds = true;
    for (const OperandType& o : inputs) holds &= can_cast_safely(is_weak(o) ? promoted : o.dtype, t);
    if (holds) return t;
  }
  refuse(op, inputs);
}

}  // namespace

DType promote_operands(std::span<const OperandType> inputs) {
  if (inputs.size() == 1) return inputs[0].dtype;  // a lone Python number is an array of its own
  std::optional<DType> highest;  // of the strong ones
  std::optional<DType> weak;     // default dtype of the highest weak kind
  for (const OperandType& o : inputs) {
    if (is_weak(o)) {
      const DType t = default_dtype(kind(o.dtype));
      if (!weak || rank(*weak) < rank(t)) weak = t;
    } else if (!highest || rank(*highest) < rank(o.dtype)) {
      highest = o.dtype;
    }
  }
  // Promotion is not associative: int8, uint16 and float16 meet in float32, since each of them
  // meets the float on its own and not, by way of int32, in float64.
  std::optional<DType> strong = highest;
  for (const OperandType& o : inputs)
    if (!is_weak(o)) strong = promote(*strong, promote(*highest, o.dtype));
  if (!weak) return *strong;
  if (!strong) return *weak;
  if (rank(*strong) >= rank(*weak)) return *strong;
  // A float's width survives a Python complex; nothing of a bool or integer does.
  if (is_complex(*weak) && is_float(*strong)) return complex_of(*strong);
  return *weak;
}

MapTypes infer_map(Op op, std::span<const OperandType> inputs) {
  GRUMPY_ASSERT(inputs.size() == info(op).nin) << info(op).name << " of " << inputs.size() << " inputs";
  const uint16_t flags = info(op).flags;
  if (flags & MixedSign) return {DType::int64, DType::bool_};
  const DType t = compute_dtype(op, flags & FirstBool ? inputs.subspan(1) : inputs);
  return {t, result_dtype(op, t)};
}

DType infer_reduce(ReduceOp op, DType t) {
  switch (op) {
    case ReduceOp::bitwise_and: case ReduceOp::bitwise_or: case ReduceOp::bitwise_xor:
      GRUMPY_CHECK(kind(t) <= Kind::UInt, TypeError)
          << "ufunc '" << info(op).name
          << "' not supported for the input types, and the inputs could not be safely coerced to any "
             "supported types according to the casting rule ''safe''";
      break;
    default: break;
  }
  switch (info(op).type) {
    case ReduceType::Widen:
      if (t == DType::bool_ || kind(t) == Kind::Int) return DType::int64;
      return kind(t) == Kind::UInt ? DType::uint64 : t;
    case ReduceType::Keep: return t;
    case ReduceType::Bool: return DType::bool_;
    case ReduceType::Index: return DType::int64;
    case ReduceType::Float: return is_inexact(t) ? real_part(t) : DType::float64;
  }
  return t;
}

std::optional<ExactCompare> exact_compare(Op op, DType a, DType b) {
  const bool swaps = a == DType::uint64 && kind(b) == Kind::Int;
  if (!swaps && !(kind(a) == Kind::Int && b == DType::uint64)) return std::nullopt;
  switch (op) {
    case Op::equal: return ExactCompare{Op::equal_int64_uint64, swaps};
    case Op::not_equal: return ExactCompare{Op::not_equal_int64_uint64, swaps};
    case Op::less: return ExactCompare{swaps ? Op::greater_int64_uint64 : Op::less_int64_uint64, swaps};
    case Op::less_equal:
      return ExactCompare{swaps ? Op::greater_equal_int64_uint64 : Op::less_equal_int64_uint64, swaps};
    case Op::greater: return ExactCompare{swaps ? Op::less_int64_uint64 : Op::greater_int64_uint64, swaps};
    case Op::greater_equal:
      return ExactCompare{swaps ? Op::less_equal_int64_uint64 : Op::greater_equal_int64_uint64, swaps};
    default: return std::nullopt;
  }
}

bool is_out_of_bounds(const Scalar& s, DType t) {
  if (!s.is_weak || !is_integer(s.dtype) || !is_integer(t)) return false;
  const int bits = 8 * int(item_bytes(t)) - (kind(t) == Kind::Int);
  const uint64_t highest = ~uint64_t(0) >> (64 - bits);
  const bool is_negative = kind(s.dtype) == Kind::Int && s.as<int64_t>() < 0;
  if (!is_negative) return s.as<uint64_t>() > highest;
  return kind(t) == Kind::UInt || s.as<int64_t>() < -int64_t(highest) - 1;
}

Scalar to_dtype(const Scalar& s, DType t) {
  if (is_out_of_bounds(s, t)) {
    GRUMPY_CHECK(t != DType::int64, OverflowError) << "Python int too large to convert to C long";
    const std::string text = kind(s.dtype) == Kind::Int ? std::to_string(s.as<int64_t>())
                                                        : std::to_string(s.as<uint64_t>());
    GRUMPY_CHECK(false, OverflowError) << "Python integer " << text << " out of bounds for "
                                       << info(t).name;
  }
  return convert(s, t);
}

bool compare_out_of_bounds(Op op, const Scalar& s, bool s_is_left) {
  const bool s_is_low = kind(s.dtype) == Kind::Int && s.as<int64_t>() < 0;
  const bool left_is_low = s_is_left == s_is_low;
  switch (op) {
    case Op::equal: return false;
    case Op::not_equal: return true;
    case Op::less: case Op::less_equal: return left_is_low;
    case Op::greater: case Op::greater_equal: return !left_is_low;
    default: break;
  }
  GRUMPY_ASSERT(false) << info(op).name << " is no comparison";
  return false;
}

}  // namespace grumpy
