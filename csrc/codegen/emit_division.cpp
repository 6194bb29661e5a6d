// Division without an instruction for it: integers through floats, and fmod.
#include "base/error.h"
#include "codegen/emit_scalar.h"

namespace grumpy {

using llvm::Type;
using llvm::Value;

// The value of `fast` where all lanes may take it, else what `slow` computes for all of them. Both
// give the same bits for a lane that may be fast.
Value* ScalarEmitter::fast_or_slow(Value* is_fast, Value* fast,
                                   const std::function<Value*()>& slow) {
  llvm::BasicBlock* here = b_.GetInsertBlock();
  llvm::Function* fn = here->getParent();
  llvm::BasicBlock* rare = llvm::BasicBlock::Create(b_.getContext(), "slow", fn);
  llvm::BasicBlock* after =
      llvm::BasicBlock::Create(b_.getContext(), "joined", fn, here->getNextNode());
  Value* all = b_.CreateBitCast(is_fast, b_.getIntNTy(unsigned(lanes_)));
  b_.CreateCondBr(b_.CreateICmpEQ(all, llvm::Constant::getAllOnesValue(all->getType())), after,
                  rare);
  b_.SetInsertPoint(rare);
  Value* computed = slow();
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
  llvm::PHINode* result = b_.CreatePHI(fast->getType(), 2);
  result->addIncoming(fast, here);
  result->addIncoming(computed, rare);
  return result;
}

// Vectors have no integer division. A quotient of integers below 2^p is exact through a float of p
// bits: what is not whole is further from a whole number than one rounding of the division reaches.
Value* ScalarEmitter::divide_integers(const ScalarInstr& instr, Value* a, Value* b) {
  const DType t = instr.type;
  const bool sign = kind(t) == Kind::Int, rem = instr.op == ScalarOp::int_rem;
  const auto scalar = [&]() -> Value* {
    if (rem) return sign ? b_.CreateSRem(a, b) : b_.CreateURem(a, b);
    return sign ? b_.CreateSDiv(a, b) : b_.CreateUDiv(a, b);
  };
  if (lanes_ == 0 || isa_ == Isa::Generic || (item_bytes(t) == 8 && isa_ == Isa::V2))
    return scalar();
  const auto result = [&](Value* q) { return rem ? b_.CreateSub(a, b_.CreateMul(q, b)) : q; };
  if (item_bytes(t) == 8) {
    Value *small_a = nullptr, *small_b = nullptr;
    Value *fa = small_to_double(sign, a, small_a), *fb = small_to_double(sign, b, small_b);
    Value* is_fast = b_.CreateAnd(small_a, small_b);
    Value* one = llvm::ConstantFP::get(fb->getType(), 1.0);
    Value* q = double_to_small(b_.CreateFDiv(fa, b_.CreateSelect(is_fast, fb, one)), a->getType());
    return fast_or_slow(is_fast, result(q), scalar);
  }
  const bool wide = item_bytes(t) == 4;
  Type* f = with_lanes(wide ? b_.getDoubleTy() : b_.getFloatTy());
  const auto to_float = [&](Value* v) {
    return sign ? b_.CreateSIToFP(v, f) : b_.CreateUIToFP(v, f);
  };
  Value* q = b_.CreateFDiv(to_float(a), to_float(b));
  // Unsigned 32-bit quotients do not fit in int32; all others do.
  Value* n = wide && !sign ? float_to_int(DType::uint32, q)
                           : b_.CreateFPToSI(q, with_lanes(b_.getInt32Ty()));
  return result(wide ? n : b_.CreateTrunc(n, a->getType()));
}

// 64-bit integers as float64 where that is exact. AVX2 has no such conversion: there the integer is
// added to the bits of 1.5 * 2^52, whose last place is 1, and that number taken off again.
constexpr uint64_t kMagicBits = 0x4338000000000000;
constexpr double kMagic = 0x1.8p52;

Value* ScalarEmitter::small_to_double(bool sign, Value* v, Value*& is_small) const {
  Type *i64 = v->getType(), *f64 = with_lanes(b_.getDoubleTy());
  const uint64_t limit = uint64_t(1) << (isa_ == Isa::V4 ? 53 : 51);
  is_small = sign ? b_.CreateICmpULT(b_.CreateAdd(v, integer(i64, limit)), integer(i64, 2 * limit))
                  : b_.CreateICmpULT(v, integer(i64, limit));
  Value* whole = b_.CreateSelect(is_small, v, integer(i64, 0));
  if (isa_ == Isa::V4) return b_.CreateSIToFP(whole, f64);
  return b_.CreateFSub(b_.CreateBitCast(b_.CreateAdd(whole, integer(i64, kMagicBits)), f64),
                       llvm::ConstantFP::get(f64, kMagic));
}

Value* ScalarEmitter::double_to_small(Value* v, Type* i64) const {
  if (isa_ == Isa::V4) return b_.CreateFPToSI(v, i64);
  Value* whole =
      unrounded(llvm::Intrinsic::trunc, llvm::Intrinsic::experimental_constrained_trunc, v);
  Value* moved = b_.CreateFAdd(whole, llvm::ConstantFP::get(v->getType(), kMagic));
  return b_.CreateSub(b_.CreateBitCast(moved, i64), integer(i64, kMagicBits));
}

// Where operands are finite, b normal and the quotient below 2^(mantissa bits - 1), x -
// trunc(x/y)*y is exact in one fma: trunc of the rounded quotient is right or one too large, which
// shows in the sign. Lanes outside that take part with harmless operands; a step that has any calls
// fmod.
Value* ScalarEmitter::remainder(DType t, Value* x, Value* y) {
  if (isa_ == Isa::Generic) {
    llvm::Module* m = b_.GetInsertBlock()->getModule();
    const std::string name =
        std::string(info(ScalarOp::fmod).libdevice) + (t == DType::float32 ? "f" : "");
    Type* s = x->getType();
    return b_.CreateCall(m->getOrInsertFunction(name, s, s, s), {x, y});
  }
  if (isa_ == Isa::V2) return b_.CreateFRem(x, y);  // no fma

  const bool dbl = t == DType::float64;
  const uint64_t mantissa = dbl ? 52 : 23, special = dbl ? 0x7ff : 0xff;
  Type* bits = with_lanes(dbl ? b_.getInt64Ty() : b_.getInt32Ty());
  Type* type = x->getType();
  const auto magnitude = [&](Value* v) {
    return b_.CreateAnd(b_.CreateBitCast(v, bits),
                        integer(bits, dbl ? ~uint64_t(0) >> 1 : 0x7fffffff));
  };
  Value *ax = magnitude(x), *ay = magnitude(y);
  Value *ex = b_.CreateLShr(ax, integer(bits, mantissa)),
        *ey = b_.CreateLShr(ay, integer(bits, mantissa));
  Value* is_fast = b_.CreateAnd(
      b_.CreateICmpULT(ex, integer(bits, special)),
      b_.CreateICmpULT(b_.CreateSub(ey, integer(bits, 1)), integer(bits, special - 1)));
  is_fast =
      b_.CreateAnd(is_fast, b_.CreateICmpSLE(b_.CreateSub(ex, ey), integer(bits, mantissa - 2)));
  Value* zero = llvm::ConstantFP::get(type, 0.0);
  Value* divisor = b_.CreateSelect(is_fast, y, llvm::ConstantFP::get(type, 1.0));
  Value* from = b_.CreateSelect(is_fast, x, zero);
  Value* dividend = b_.CreateSelect(b_.CreateICmpULT(ax, ay), zero, from);
  Value* quotient =
      unrounded(llvm::Intrinsic::trunc, llvm::Intrinsic::experimental_constrained_trunc,
                b_.CreateFDiv(dividend, divisor));
  Value* rest = rounded(llvm::Intrinsic::fma, llvm::Intrinsic::experimental_constrained_fma,
                        {b_.CreateFNeg(quotient), divisor, from});
  const auto is_negative = [&](Value* v) {
    return b_.CreateICmpSLT(b_.CreateBitCast(v, bits), integer(bits, 0));
  };
  Value* is_beyond = b_.CreateAnd(b_.CreateXor(is_negative(rest), is_negative(from)),
                                  b_.CreateICmpNE(magnitude(rest), integer(bits, 0)));
  Value* back = b_.CreateSelect(
      is_beyond, b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, divisor, from), zero);
  Value* fast =
      b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, b_.CreateFAdd(rest, back), from);

  return fast_or_slow(is_fast, fast, [&] { return b_.CreateFRem(x, y); });
}

}  // namespace grumpy
