// Builder of scalar blocks: value numbering, and NumPy's casts in terms of scalar op convert.
#include "ops/scalar_block.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/half.h"

namespace grumpy {
namespace {

constexpr bool is_pure(ScalarOp op) { return op != ScalarOp::store && op != ScalarOp::raise; }

constexpr bool is_commutative(ScalarOp op) {
  switch (op) {
    case ScalarOp::add: case ScalarOp::mul: case ScalarOp::mul_high: case ScalarOp::bit_and:
    case ScalarOp::bit_or: case ScalarOp::bit_xor: case ScalarOp::cmp_eq: case ScalarOp::cmp_ne:
    case ScalarOp::cmp_unordered: return true;
    default: return false;
  }
}

bool same_instr(const ScalarInstr& x, const ScalarInstr& y) {
  return x.op == y.op && x.type == y.type && x.from == y.from && x.a == y.a && x.b == y.b &&
         x.c == y.c && x.imm == y.imm && x.is_fast == y.is_fast;
}

size_t hash_instr(const ScalarInstr& i) {
  uint64_t h = uint64_t(i.op) | uint64_t(i.type) << 8 | uint64_t(i.from) << 16 | uint64_t(i.a) << 32 |
               uint64_t(i.b) << 48;
  h = (h ^ (i.imm + uint64_t(i.c) * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;
  h ^= h >> 32;
  h *= 0xc4ceb9fe1a85ec53u;
  return size_t(h ^ h >> 29);
}

uint64_t constant_as_bits(DType t, double v) {
  switch (t) {
    case DType::bool_: return v != 0;
    case DType::int8: case DType::int16: case DType::int32: case DType::int64: {
      const uint64_t bits = uint64_t(int64_t(v));
      return item_bytes(t) == 8 ? bits : bits & ((uint64_t(1) << 8 * item_bytes(t)) - 1);
    }
    case DType::uint8: case DType::uint16: case DType::uint32: case DType::uint64: return uint64_t(v);
    case DType::float16: return double_to_half(v);
    case DType::float32: return std::bit_cast<uint32_t>(float(v));
    case DType::float64: return std::bit_cast<uint64_t>(v);
    case DType::complex64: case DType::complex128: break;
  }
  GRUMPY_ASSERT(false) << "a scalar constant of complex type";
}

}  // namespace

ValueId ScalarBlock::push(ScalarInstr i) {
  i.is_fast = is_fast && is_pure(i.op) && is_float(i.type);
  if (is_commutative(i.op) && i.b < i.a) std::swap(i.a, i.b);
  size_t slot = 0;
  if (is_pure(i.op)) {
    if (2 * (instrs.size() + 1) > numbers_.size()) {
      numbers_.assign(std::max<size_t>(64, 4 * instrs.size()), kNone);
      const size_t mask = numbers_.size() - 1;
      if (numbers_.size() & mask) numbers_.assign(std::bit_ceil(numbers_.size()), kNone);
      for (size_t k = 0; k < instrs.size(); ++k) {
        if (!is_pure(instrs[k].op)) continue;
        size_t s = hash_instr(instrs[k]) & (numbers_.size() - 1);
        while (numbers_[s] != kNone) s = (s + 1) & (numbers_.size() - 1);
        numbers_[s] = ValueId(k);
      }
    }
    slot = hash_instr(i) & (numbers_.size() - 1);
    for (; numbers_[slot] != kNone; slot = (slot + 1) & (numbers_.size() - 1))
      if (same_instr(instrs[numbers_[slot]], i)) return numbers_[slot];
  }
  GRUMPY_ASSERT(instrs.size() < kNone) << "more than " << kNone << " instructions in a block";
  instrs.push_back(i);
  const ValueId id = ValueId(instrs.size() - 1);
  if (is_pure(i.op)) numbers_[slot] = id;
  return id;
}

ValueId ScalarBlock::input(int slot, DType part_type, int part) {
  return push({ScalarOp::input, part_type, part_type, 0, 0, 0, uint64_t(slot) * 2 + uint64_t(part)});
}

void ScalarBlock::store(int slot, ValueId v, int part) {
  push({ScalarOp::store, type(v), type(v), v, 0, 0, uint64_t(slot) * 2 + uint64_t(part)});
}

ValueId ScalarBlock::constant(DType t, double v) { return constant_bits(t, constant_as_bits(t, v)); }

ValueId ScalarBlock::constant_bits(DType t, uint64_t bits) {
  return push({ScalarOp::constant, t, t, 0, 0, 0, bits});
}

ValueId ScalarBlock::unary(ScalarOp op, ValueId a) {
  GRUMPY_ASSERT(info(op).nin == 1) << info(op).name << " is not unary";
  if (op == ScalarOp::bit_not && instrs[a].op == ScalarOp::bit_not) return instrs[a].a;
  return push({op, type(a), type(a), a});
}

ValueId ScalarBlock::binary(ScalarOp op, ValueId a, ValueId b) {
  GRUMPY_ASSERT(info(op).nin == 2) << info(op).name << " is not binary";
  GRUMPY_ASSERT(type(a) == type(b)) << info(op).name << " of " << info(type(a)).name << " and "
                                    << info(type(b)).name;
  const bool compares = op >= ScalarOp::cmp_eq && op <= ScalarOp::cmp_unordered;
  return push({op, compares ? DType::bool_ : type(a), type(a), a, b});
}

ValueId ScalarBlock::divide_half_range(ValueId a, ValueId b) {
  GRUMPY_ASSERT(type(a) == type(b) && kind(type(a)) == Kind::UInt) << "int_div of " << info(type(a)).name;
  return push({ScalarOp::int_div, type(a), type(a), a, b, 0, kHalfRange});
}

ValueId ScalarBlock::fma(ValueId a, ValueId b, ValueId c) {
  GRUMPY_ASSERT(type(a) == type(b) && type(b) == type(c)) << "fma of mixed types";
  return push({ScalarOp::fma, type(a), type(a), a, b, c});
}

ValueId ScalarBlock::select(ValueId cond, ValueId if_true, ValueId if_false) {
  GRUMPY_ASSERT(type(cond) == DType::bool_ && type(if_true) == type(if_false))
      << "select between " << info(type(if_true)).name << " and " << info(type(if_false)).name;
  if (if_true == if_false) return if_true;
  return push({ScalarOp::select, type(if_true), type(if_true), cond, if_true, if_false});
}

ValueId ScalarBlock::bitcast(ValueId a, DType to) {
  if (type(a) == to) return a;
  GRUMPY_ASSERT(item_bytes(type(a)) == item_bytes(to)) << "bitcast changes the width";
  if (instrs[a].op == ScalarOp::bitcast) return bitcast(instrs[a].a, to);
  if (instrs[a].op == ScalarOp::constant) return constant_bits(to, instrs[a].imm);
  return push({ScalarOp::bitcast, to, type(a), a});
}

void ScalarBlock::raise(ValueId cond, uint8_t fpe) {
  GRUMPY_ASSERT(type(cond) == DType::bool_) << "raise needs a condition";
  push({ScalarOp::raise, DType::bool_, DType::bool_, cond, 0, 0, fpe});
}

// NumPy's casts on x86-64, found by experiment: a float becomes an integer of up to 32 bits through
// int32 and of 64 bits through int64, the unfit and NaN giving the smallest; then it is cut to width.
// uint32 and uint64 move the upper half of their range down first (for uint32 that is what NumPy's
// vector loops do; its scalar loops go through int64 and differ outside the range only).
ValueId ScalarBlock::convert(ValueId a, DType to) {
  const DType from = type(a);
  if (from == to) return a;
  const auto primitive = [&](ValueId v, DType t) {
    return type(v) == t ? v : push({ScalarOp::convert, t, type(v), v});
  };
  if (to == DType::bool_) {
    if (from == DType::float16)  // as bits: a signalling NaN stays quiet
      return binary(ScalarOp::cmp_ne,
                    binary(ScalarOp::bit_and, bitcast(a, DType::uint16), constant(DType::uint16, 0x7fff)),
                    constant(DType::uint16, 0));
    return binary(ScalarOp::cmp_ne, a, constant(from, 0));
  }
  if (to == DType::float16) {
    // Integers: those that float32 cannot hold are beyond float16, so two roundings are one.
    if (from != DType::float64) return primitive(primitive(a, DType::float32), to);
    // Round to odd first, so that rounding again is rounding once.
    const ValueId nearest = primitive(a, DType::float32);
    const ValueId back = primitive(nearest, DType::float64);
    const ValueId one = constant(DType::uint32, 1), zero = constant(DType::uint32, 0);
    const ValueId grew =
        binary(ScalarOp::cmp_gt, unary(ScalarOp::abs, back), unary(ScalarOp::abs, a));
    const ValueId towards_zero =
        binary(ScalarOp::sub, bitcast(nearest, DType::uint32), select(grew, one, zero));
    const ValueId odd = binary(ScalarOp::bit_or, towards_zero,
                               select(binary(ScalarOp::cmp_ne, back, a), one, zero));
    return primitive(bitcast(odd, DType::float32), to);
  }
  if (is_float(to) || !is_float(from)) {
    if (from == DType::float16 && to == DType::float64) a = primitive(a, DType::float32);
    return primitive(a, to);
  }
  if (from == DType::float16) {
    const ValueId wide = primitive(a, DType::float32);
    if (to != DType::uint32) return convert(wide, to);
    // Goes through int64 in NumPy; only infinities and NaN do not fit, and their low half is 0.
    const ValueId whole = primitive(wide, DType::int32);
    const ValueId is_unfit = binary(ScalarOp::cmp_eq, whole,
                                    constant_bits(DType::int32, 0x80000000));
    return select(is_unfit, constant(to, 0), primitive(whole, to));
  }
  switch (to) {
    case DType::int32: case DType::int64: return primitive(a, to);
    case DType::uint32: case DType::uint64: {
      const DType with_sign = to == DType::uint32 ? DType::int32 : DType::int64;
      const uint64_t top = uint64_t(1) << (8 * item_bytes(to) - 1);
      const ValueId half = constant(from, double(top));
      const ValueId is_upper = binary(ScalarOp::cmp_ge, a, half);
      const ValueId low = binary(ScalarOp::sub, a, select(is_upper, half, constant(from, 0)));
      const ValueId whole = bitcast(primitive(low, with_sign), to);
      return binary(ScalarOp::bit_xor, whole,
                    select(is_upper, constant_bits(to, top), constant_bits(to, 0)));
    }
    default: return primitive(primitive(a, DType::int32), to);
  }
}

std::string ScalarBlock::to_string() const {
  std::string text;
  const auto value = [](ValueId v) { return "%" + std::to_string(v); };
  for (size_t k = 0; k < instrs.size(); ++k) {
    const ScalarInstr& i = instrs[k];
    const int nin = info(i.op).nin;
    if (is_pure(i.op)) text += value(ValueId(k)) + " = ";
    text += info(i.op).name;
    text += ' ';
    text += code(i.type);
    if (i.from != i.type) text += ' ', text += code(i.from);
    const ValueId operands[] = {i.a, i.b, i.c};
    for (int n = 0; n < nin; ++n) text += ' ' + value(operands[n]);
    switch (i.op) {
      case ScalarOp::input: case ScalarOp::store:
        text += " slot " + std::to_string(i.imm / 2) + (i.imm % 2 ? ".imag" : "");
        break;
      case ScalarOp::raise:
        for (int bit = 0; bit < 4; ++bit)
          if (i.imm >> bit & 1) text += std::array{" divide", " over", " under", " invalid"}[size_t(bit)];
        break;
      case ScalarOp::constant: {
        char buffer[40];
        double v = 0;
        switch (i.type) {
          case DType::float16: v = half_to_float(uint16_t(i.imm)); break;
          case DType::float32: v = std::bit_cast<float>(uint32_t(i.imm)); break;
          case DType::float64: v = std::bit_cast<double>(i.imm); break;
          default: break;
        }
        if (is_float(i.type))
          std::snprintf(buffer, sizeof buffer, " %.17g", v);
        else
          std::snprintf(buffer, sizeof buffer, " %llu", static_cast<unsigned long long>(i.imm));
        text += buffer;
        break;
      }
      default: break;
    }
    text += '\n';
  }
  return text;
}

}  // namespace grumpy
