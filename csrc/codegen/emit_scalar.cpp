#include "codegen/emit_scalar.h"

#include <cmath>

#include "base/error.h"

namespace grumpy {

using llvm::Type;
using llvm::Value;
using llvm::Intrinsic::ID;

Type* ScalarEmitter::scalar_type(DType t) const {
  switch (kind(t)) {
    case Kind::Bool:
      return b_.getInt1Ty();
    case Kind::Int:
    case Kind::UInt:
      return b_.getIntNTy(unsigned(8 * item_bytes(t)));
    case Kind::Float:
      return t == DType::float64   ? b_.getDoubleTy()
             : t == DType::float32 ? b_.getFloatTy()
                                   : b_.getInt16Ty();
    case Kind::Complex:
      break;
  }
  GRUMPY_ASSERT(false) << "complex value in a scalar block";
  return nullptr;
}

Type* ScalarEmitter::with_lanes(Type* t) const {
  return lanes_ ? llvm::FixedVectorType::get(t, unsigned(lanes_)) : t;
}

Type* ScalarEmitter::type_of(DType t) const { return with_lanes(scalar_type(t)); }

Value* ScalarEmitter::integer(Type* like, uint64_t v) const {
  return llvm::ConstantInt::get(like, v);
}

Value* ScalarEmitter::constant(DType t, uint64_t bits) const {
  Type* s = scalar_type(t);
  if (!is_float(t) || t == DType::float16) return integer(with_lanes(s), bits);
  const auto& semantics = s->getFltSemantics();
  return llvm::ConstantFP::get(
      with_lanes(s), llvm::APFloat(semantics, llvm::APInt(unsigned(8 * item_bytes(t)), bits)));
}

Value* ScalarEmitter::splat(Value* scalar) const {
  return lanes_ ? b_.CreateVectorSplat(unsigned(lanes_), scalar) : scalar;
}

namespace {
Value* metadata(llvm::IRBuilderBase& b, llvm::StringRef word) {
  return llvm::MetadataAsValue::get(b.getContext(), llvm::MDString::get(b.getContext(), word));
}
}  // namespace

Value* ScalarEmitter::rounded(ID plain, ID constrained, std::initializer_list<Value*> args) const {
  Type* t = (*args.begin())->getType();
  llvm::SmallVector<Value*, 5> all(args);
  if (isa_ == Isa::Generic) return b_.CreateIntrinsic(plain, {t}, all);
  all.push_back(metadata(b_, "round.tonearest"));
  all.push_back(metadata(b_, "fpexcept.maytrap"));
  llvm::CallInst* c = b_.CreateIntrinsic(constrained, {t}, all);
  b_.setConstrainedFPCallAttr(c);
  return c;
}

Value* ScalarEmitter::unrounded(ID plain, ID constrained, Value* a) const {
  if (isa_ == Isa::Generic) return call(plain, a);
  llvm::CallInst* c =
      b_.CreateIntrinsic(constrained, {a->getType()}, {a, metadata(b_, "fpexcept.maytrap")});
  b_.setConstrainedFPCallAttr(c);
  return c;
}

Value* ScalarEmitter::emit(const ScalarInstr& instr, Value* a, Value* b, Value* c) {
  const DType t = instr.type;
  const bool is_fp = is_float(t);
  switch (instr.op) {
    case ScalarOp::input:
    case ScalarOp::store:
    case ScalarOp::raise:
      break;
    case ScalarOp::constant:
      return constant(t, instr.imm);
    case ScalarOp::add:
      return is_fp ? b_.CreateFAdd(a, b) : b_.CreateAdd(a, b);
    case ScalarOp::sub:
      return is_fp ? b_.CreateFSub(a, b) : b_.CreateSub(a, b);
    case ScalarOp::mul:
      return is_fp ? b_.CreateFMul(a, b) : b_.CreateMul(a, b);
    case ScalarOp::neg:
      return is_fp ? b_.CreateFNeg(a) : b_.CreateNeg(a);
    case ScalarOp::div:
      return b_.CreateFDiv(a, b);
    case ScalarOp::abs:
      return call(llvm::Intrinsic::fabs, a);
    case ScalarOp::copysign:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, a, b);
    case ScalarOp::sqrt:
      return rounded(llvm::Intrinsic::sqrt, llvm::Intrinsic::experimental_constrained_sqrt, {a});
    case ScalarOp::fma:
      return rounded(llvm::Intrinsic::fma, llvm::Intrinsic::experimental_constrained_fma,
                     {a, b, c});
    case ScalarOp::fmod:
      return remainder(t, a, b);
    case ScalarOp::floor:
      return unrounded(llvm::Intrinsic::floor, llvm::Intrinsic::experimental_constrained_floor, a);
    case ScalarOp::ceil:
      return unrounded(llvm::Intrinsic::ceil, llvm::Intrinsic::experimental_constrained_ceil, a);
    case ScalarOp::trunc:
      return unrounded(llvm::Intrinsic::trunc, llvm::Intrinsic::experimental_constrained_trunc, a);
    case ScalarOp::rint:
      return rounded(llvm::Intrinsic::nearbyint,
                     llvm::Intrinsic::experimental_constrained_nearbyint, {a});
    case ScalarOp::int_div:
    case ScalarOp::int_rem:
      return divide_integers(instr, a, b);
    case ScalarOp::int_pow:
      return raise_integer(a, b);
    case ScalarOp::mul_high:
      return multiply_high(t, a, b);
    case ScalarOp::shl:
      return shift_left(t, a, b);
    case ScalarOp::lshr:
      return b_.CreateLShr(a, b);
    case ScalarOp::ashr:
      return b_.CreateAShr(a, b);
    case ScalarOp::popcount:
      return call(llvm::Intrinsic::ctpop, a);
    case ScalarOp::clz:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, a, b_.getFalse());
    case ScalarOp::ctz:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, a, b_.getFalse());
    case ScalarOp::bit_and:
      return b_.CreateAnd(a, b);
    case ScalarOp::bit_or:
      return b_.CreateOr(a, b);
    case ScalarOp::bit_xor:
      return b_.CreateXor(a, b);
    case ScalarOp::bit_not:
      return b_.CreateNot(a);
    case ScalarOp::cmp_eq:
    case ScalarOp::cmp_ne:
    case ScalarOp::cmp_lt:
    case ScalarOp::cmp_le:
    case ScalarOp::cmp_gt:
    case ScalarOp::cmp_ge:
    case ScalarOp::cmp_unordered:
      return compare(instr.op, instr.from, a, b);
    case ScalarOp::select:
      return b_.CreateSelect(a, b, c);
    case ScalarOp::convert:
      return convert(instr.from, t, a);
    case ScalarOp::bitcast:
      return a->getType() == type_of(t) ? a : b_.CreateBitCast(a, type_of(t));
  }
  GRUMPY_ASSERT(false) << info(instr.op).name << " is not a pure scalar operation";
  return nullptr;
}

// --- comparisons ---

Value* ScalarEmitter::compare(ScalarOp op, DType from, Value* a, Value* b) const {
  using P = llvm::CmpInst;
  const bool fp = is_float(from), sign = kind(from) == Kind::Int;
  switch (op) {
    // These three are quiet instructions on every target.
    case ScalarOp::cmp_eq:
      return fp ? b_.CreateFCmpOEQ(a, b) : b_.CreateICmpEQ(a, b);
    case ScalarOp::cmp_ne:
      return fp ? b_.CreateFCmpUNE(a, b) : b_.CreateICmpNE(a, b);
    case ScalarOp::cmp_unordered:
      return b_.CreateFCmpUNO(a, b);
    case ScalarOp::cmp_lt:
      return fp ? compare_ordered(P::FCMP_OLT, a, b)
                : b_.CreateICmp(sign ? P::ICMP_SLT : P::ICMP_ULT, a, b);
    case ScalarOp::cmp_le:
      return fp ? compare_ordered(P::FCMP_OLE, a, b)
                : b_.CreateICmp(sign ? P::ICMP_SLE : P::ICMP_ULE, a, b);
    case ScalarOp::cmp_gt:
      return fp ? compare_ordered(P::FCMP_OLT, b, a)
                : b_.CreateICmp(sign ? P::ICMP_SGT : P::ICMP_UGT, a, b);
    case ScalarOp::cmp_ge:
      return fp ? compare_ordered(P::FCMP_OLE, b, a)
                : b_.CreateICmp(sign ? P::ICMP_SGE : P::ICMP_UGE, a, b);
    default:
      break;
  }
  GRUMPY_ASSERT(false) << info(op).name << " is not a comparison";
  return nullptr;
}

// a < b and a <= b. Constrained comparisons become AVX's quiet predicates; SSE has only signalling
// ones, so there NaN lanes are replaced first (LLVM would go lane by lane).
Value* ScalarEmitter::compare_ordered(llvm::CmpInst::Predicate p, Value* a, Value* b) const {
  if (isa_ != Isa::V2) return b_.CreateFCmp(p, a, b);
  llvm::IRBuilderBase::FastMathFlagGuard restore(b_);
  b_.setIsFPConstrained(false);
  Value* ordered = b_.CreateFCmpORD(a, b);
  Value* zero = llvm::Constant::getNullValue(a->getType());
  Value* r = b_.CreateFCmp(p, b_.CreateSelect(ordered, a, zero), b_.CreateSelect(ordered, b, zero));
  return b_.CreateAnd(r, ordered);
}

// Without AVX2 LLVM multiplies by a power of two made by a float conversion, which raises Invalid
// for 2^31; there the bits of the distance are taken one by one.
Value* ScalarEmitter::shift_left(DType t, Value* a, Value* b) const {
  if (isa_ != Isa::V2 || item_bytes(t) != 4) return b_.CreateShl(a, b);
  Type* type = a->getType();
  for (uint64_t step = 1; step < 32; step *= 2) {
    Value* is_set = b_.CreateICmpNE(b_.CreateAnd(b, integer(type, step)), integer(type, 0));
    a = b_.CreateSelect(is_set, b_.CreateShl(a, integer(type, step)), a);
  }
  return a;
}

// Square and multiply, for as long as any lane has bits of its exponent left.
Value* ScalarEmitter::raise_integer(Value* base, Value* exponent) {
  llvm::BasicBlock* here = b_.GetInsertBlock();
  llvm::BasicBlock* loop =
      llvm::BasicBlock::Create(b_.getContext(), "power", here->getParent(), here->getNextNode());
  llvm::BasicBlock* after = llvm::BasicBlock::Create(b_.getContext(), "raised", here->getParent(),
                                                     loop->getNextNode());
  Type* type = base->getType();
  Value *zero = integer(type, 0), *one = integer(type, 1);
  b_.CreateBr(loop);
  b_.SetInsertPoint(loop);
  llvm::PHINode *square = b_.CreatePHI(type, 2), *product = b_.CreatePHI(type, 2),
                *left = b_.CreatePHI(type, 2);
  Value* is_set = b_.CreateICmpNE(b_.CreateAnd(left, one), zero);
  Value* next = b_.CreateMul(product, b_.CreateSelect(is_set, square, one));
  Value* rest = b_.CreateLShr(left, one);
  Value* squared = b_.CreateMul(square, square);
  Value* more = b_.CreateICmpNE(rest, zero);
  if (lanes_) more = b_.CreateICmpNE(b_.CreateBitCast(more, b_.getIntNTy(unsigned(lanes_))),
                                     llvm::ConstantInt::get(b_.getIntNTy(unsigned(lanes_)), 0));
  b_.CreateCondBr(more, loop, after);
  const auto link = [&](llvm::PHINode* phi, Value* first, Value* then) {
    phi->addIncoming(first, here);
    phi->addIncoming(then, loop);
  };
  link(square, base, squared);
  link(product, one, next);
  link(left, exponent, rest);
  b_.SetInsertPoint(after);
  return next;
}

Value* ScalarEmitter::multiply_high(DType t, Value* a, Value* b) const {
  const unsigned bits = unsigned(8 * item_bytes(t));
  Type* wide = with_lanes(b_.getIntNTy(2 * bits));
  const auto widen = [&](Value* v) {
    return kind(t) == Kind::Int ? b_.CreateSExt(v, wide) : b_.CreateZExt(v, wide);
  };
  Value* product = b_.CreateMul(widen(a), widen(b));
  return b_.CreateTrunc(b_.CreateLShr(product, integer(wide, bits)), a->getType());
}

// --- changes of type ---

Value* ScalarEmitter::convert(DType from, DType to, Value* a) {
  const Kind f = kind(from), k = kind(to);
  Type* type = type_of(to);
  if (f != Kind::Float && k != Kind::Float) {
    if (item_bytes(to) < item_bytes(from)) return b_.CreateTrunc(a, type);
    return f == Kind::Int ? b_.CreateSExtOrTrunc(a, type) : b_.CreateZExtOrTrunc(a, type);
  }
  if (f == Kind::Bool)
    return b_.CreateSelect(a, llvm::ConstantFP::get(type, 1.0), llvm::ConstantFP::get(type, 0.0));
  if (f != Kind::Float) return f == Kind::Int ? b_.CreateSIToFP(a, type) : b_.CreateUIToFP(a, type);
  if (k != Kind::Float) return float_to_int(to, a);
  if (from == to) return a;
  if (from == DType::float16) return half_to_float(a);
  if (to == DType::float16) return float_to_half(a);
  return to == DType::float64 ? b_.CreateFPExt(a, type) : truncate_float(from, scalar_type(to), a);
}

// Signed: as x86 does it, what does not fit gives the smallest value. Unsigned: the truncated value
// fits. Without AVX-512 an unsigned conversion is built from the signed one; LLVM's way of doing
// that converts large values too and raises Invalid for them.
Value* ScalarEmitter::float_to_int(DType to, Value* a) const {
  Type* type = type_of(to);
  if (kind(to) == Kind::Int) {
    if (isa_ != Isa::Generic) return b_.CreateFPToSI(a, type);
    const unsigned bits = unsigned(8 * item_bytes(to));
    const double limit = std::ldexp(1.0, int(bits) - 1);
    Value* fits = b_.CreateAnd(b_.CreateFCmpOGE(a, llvm::ConstantFP::get(a->getType(), -limit)),
                               b_.CreateFCmpOLT(a, llvm::ConstantFP::get(a->getType(), limit)));
    return b_.CreateSelect(fits, b_.CreateFPToSI(a, type),
                           integer(type, uint64_t(1) << (bits - 1)));
  }
  if (isa_ == Isa::V4 || isa_ == Isa::Generic) return b_.CreateFPToUI(a, type);
  const unsigned bits = unsigned(8 * item_bytes(to));
  Value* half_range = llvm::ConstantFP::get(a->getType(), bits == 64 ? 0x1p63 : 0x1p31);
  Value* is_large = compare_ordered(llvm::CmpInst::FCMP_OLE, half_range, a);
  Value* low = b_.CreateFSub(
      a, b_.CreateSelect(is_large, half_range, llvm::ConstantFP::get(a->getType(), 0.0)));
  Value* top =
      b_.CreateSelect(is_large, integer(type, uint64_t(1) << (bits - 1)), integer(type, 0));
  return b_.CreateXor(b_.CreateFPToSI(low, type), top);
}

Value* ScalarEmitter::half_to_float(Value* bits) const {
  if (native_half_)
    return b_.CreateFPExt(b_.CreateBitCast(bits, with_lanes(b_.getHalfTy())),
                          type_of(DType::float32));
  Type* i32 = with_lanes(b_.getInt32Ty());
  Type* f32 = type_of(DType::float32);
  Value* wide = b_.CreateZExt(bits, i32);
  Value* magnitude = b_.CreateAnd(wide, integer(i32, 0x7fff));
  Value* sign = b_.CreateShl(b_.CreateAnd(wide, integer(i32, 0x8000)), integer(i32, 16));
  Value* shifted = b_.CreateShl(magnitude, integer(i32, 13));
  Value* normal = b_.CreateAdd(shifted, integer(i32, 112u << 23));
  Value* special = b_.CreateOr(shifted, integer(i32, 0x7f800000));
  Value* subnormal = b_.CreateBitCast(
      b_.CreateFMul(b_.CreateSIToFP(magnitude, f32), llvm::ConstantFP::get(f32, 0x1p-24)), i32);
  Value* r = b_.CreateSelect(b_.CreateICmpUGE(magnitude, integer(i32, 0x7c00)), special, normal);
  r = b_.CreateSelect(b_.CreateICmpULT(magnitude, integer(i32, 0x0400)), subnormal, r);
  return b_.CreateBitCast(b_.CreateOr(r, sign), f32);
}

// LLVM 19 crashes when it has to split this conversion, so no operand is wider than a register.
Value* ScalarEmitter::truncate_float(DType from, llvm::Type* to, Value* a) const {
  const int native = vector_bytes(isa_) / int(item_bytes(from));
  if (lanes_ <= native) return b_.CreateFPTrunc(a, with_lanes(to));
  std::vector<Value*> pieces;
  for (int first = 0; first < lanes_; first += native) {
    std::vector<int> mask;
    for (int k = 0; k < native; ++k) mask.push_back(first + k);
    pieces.push_back(b_.CreateFPTrunc(b_.CreateShuffleVector(a, mask),
                                      llvm::FixedVectorType::get(to, unsigned(native))));
  }
  return llvm::concatenateVectors(b_, pieces);
}

// Rounds to nearest even. Without the instruction, overflow and underflow are reported by `raises`.
Value* ScalarEmitter::float_to_half(Value* x) {
  Type* i16 = with_lanes(b_.getInt16Ty());
  if (native_half_) return b_.CreateBitCast(truncate_float(DType::float32, b_.getHalfTy(), x), i16);
  Type* i32 = with_lanes(b_.getInt32Ty());
  Type* f32 = type_of(DType::float32);
  Value* bits = b_.CreateBitCast(x, i32);
  Value* magnitude = b_.CreateAnd(bits, integer(i32, 0x7fffffff));
  Value* sign = b_.CreateLShr(b_.CreateAnd(bits, integer(i32, 0x80000000)), integer(i32, 16));
  Value* odd = b_.CreateAnd(b_.CreateLShr(magnitude, integer(i32, 13)), integer(i32, 1));
  Value* rounded = b_.CreateAdd(magnitude, b_.CreateAdd(odd, integer(i32, 0xfff)));
  Value* normal = b_.CreateSub(b_.CreateLShr(rounded, integer(i32, 13)), integer(i32, 112u << 10));
  // The last place of 0.5 is the half's smallest subnormal: the sum rounds where the half must.
  Value* half_one = llvm::ConstantFP::get(f32, 0.5);
  Value* absolute = b_.CreateBitCast(magnitude, f32);
  Value* sum = b_.CreateFAdd(absolute, half_one);
  Value* subnormal = b_.CreateSub(b_.CreateBitCast(sum, i32), integer(i32, 0x3f000000));
  Value* is_nan = b_.CreateICmpUGT(magnitude, integer(i32, 0x7f800000));
  Value* is_large = b_.CreateICmpUGE(magnitude, integer(i32, 0x47800000));
  Value* is_small = b_.CreateICmpULT(magnitude, integer(i32, 0x38800000));
  Value* special = b_.CreateSelect(is_nan, integer(i32, 0x7e00), integer(i32, 0x7c00));
  Value* r = b_.CreateSelect(is_large, special, b_.CreateSelect(is_small, subnormal, normal));

  Value* overflows = b_.CreateAnd(b_.CreateICmpUGE(magnitude, integer(i32, 0x477ff000)),
                                  b_.CreateICmpULT(magnitude, integer(i32, 0x7f800000)));
  // Tiny after rounding to 11 bits, and not exact.
  Value* back = b_.CreateFSub(sum, half_one);
  Value* underflows = b_.CreateAnd(b_.CreateICmpULT(magnitude, integer(i32, 0x387ff000)),
                                   b_.CreateFCmpUNE(back, absolute));
  raises.push_back({overflows, Over});
  raises.push_back({underflows, Under});
  return b_.CreateTrunc(b_.CreateOr(r, sign), i16);
}

}  // namespace grumpy
