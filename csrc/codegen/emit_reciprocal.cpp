// Division of unsigned integers by one number for a whole loop: by the upper half of a product.
//
// Source:  T. Granlund, P. L. Montgomery, Division by Invariant Integers using Multiplication (1994), figure 4.1:
//          with l = ceil(log2 d) and m = floor(2^N (2^l - d) / d) + 1, which fits N bits, the quotient is
//          (t + ((n - t) >> min(l, 1))) >> max(l - 1, 0), t the upper half of m n. Exact for every n and d.
//          Of a dividend up to 2^(N-1) it is m n >> (N - 1 + l) with m = ceil(2^(N-1+l) / d), which fits N bits too.
//          That is used of 8 bits, whose products are 16 bits wide; of more it would save nothing.
#include "codegen/emit_scalar.h"

namespace grumpy {

using llvm::Type;
using llvm::Value;

namespace {

// high * 2^64 / d for high < d: two digits of 32 bits (D. E. Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D).
Value* divide_double_width(llvm::IRBuilderBase& b, Value* high, Value* d) {
  Type* i64 = b.getInt64Ty();
  const auto number = [&](uint64_t v) { return llvm::ConstantInt::get(i64, v); };
  Value* places = b.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, d, b.getFalse());
  Value *divisor = b.CreateShl(d, places), *rest = b.CreateShl(high, places);
  Value *upper = b.CreateLShr(divisor, number(32)), *lower = b.CreateAnd(divisor, number(0xffffffff));
  Value* quotient = number(0);
  for (int digit = 0; digit < 2; ++digit) {
    Value* q = b.CreateUDiv(rest, upper);
    Value* r = b.CreateSub(rest, b.CreateMul(q, upper));
    for (int correction = 0; correction < 2; ++correction) {  // at most 2 too large; a rest of more than a digit ends that
      Value* is_wide = b.CreateICmpUGE(q, number(uint64_t(1) << 32));
      Value* is_beyond = b.CreateICmpUGT(b.CreateMul(q, lower), b.CreateShl(r, number(32)));
      Value* is_open = b.CreateICmpULT(r, number(uint64_t(1) << 32));
      Value* is_large = b.CreateAnd(is_open, b.CreateOr(is_wide, is_beyond));
      q = b.CreateSub(q, b.CreateZExt(is_large, i64));
      r = b.CreateAdd(r, b.CreateSelect(is_large, upper, number(0)));
    }
    quotient = b.CreateOr(b.CreateShl(quotient, number(32)), q);
    rest = b.CreateSub(b.CreateShl(rest, number(32)), b.CreateMul(q, divisor));
  }
  return quotient;
}

}  // namespace

ScalarEmitter::Reciprocal ScalarEmitter::reciprocal(Value* divisor, bool is_half) const {
  const unsigned bits = divisor->getType()->getIntegerBitWidth();
  Type *wide = b_.getIntNTy(bits == 64 ? 64 : 2 * bits), *type = bits == 8 ? wide : divisor->getType();
  Value *d = b_.CreateZExt(divisor, wide), *one = integer(wide, 1);
  Value* is_one = b_.CreateICmpEQ(d, one);
  Reciprocal r;
  // log is l - 1 or 0; the power of two is 0 where it is 2^64.
  Value* zeros = b_.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, b_.CreateSub(d, one), b_.getFalse());
  Value* log = b_.CreateSelect(is_one, integer(wide, 0), b_.CreateSub(integer(wide, wide->getIntegerBitWidth() - 1), zeros));
  if (bits == 8 && is_half) {
    r.second_shift = b_.CreateAdd(log, integer(wide, 8));
    r.multiplier = b_.CreateAdd(b_.CreateUDiv(b_.CreateSub(b_.CreateShl(one, r.second_shift), one), d), one);
    return r;
  }
  Value* over = b_.CreateSelect(is_one, integer(wide, 0), b_.CreateSub(b_.CreateShl(integer(wide, 2), log), d));
  Value* m = bits == 64 ? divide_double_width(b_, over, d) : b_.CreateUDiv(b_.CreateShl(over, integer(wide, bits)), d);
  r.multiplier = b_.CreateTrunc(b_.CreateAdd(m, one), type);
  r.first_shift = b_.CreateSelect(is_one, integer(type, 0), integer(type, 1));
  r.second_shift = b_.CreateTrunc(log, type);
  return r;
}

// Shifts see next to them that their distance is the same for all lanes: there are no others of 16 bits, and slower ones
// of more.
Value* ScalarEmitter::divide_by(const Reciprocal& r, Value* a) const {
  Type* const type = a->getType();
  const bool is_byte = type->getScalarSizeInBits() == 8;
  Value *multiplier = splat(r.multiplier), *t;
  if (is_byte) {
    a = b_.CreateZExt(a, with_lanes(b_.getInt16Ty()));
    t = b_.CreateMul(a, multiplier);
    if (!r.first_shift) return b_.CreateTrunc(b_.CreateLShr(t, splat(r.second_shift)), type);
    t = b_.CreateLShr(t, integer(t->getType(), 8));
  } else {
    t = multiply_high_unsigned(a, multiplier);
  }
  Value* half = b_.CreateLShr(b_.CreateSub(a, t), splat(r.first_shift));
  Value* quotient = b_.CreateLShr(b_.CreateAdd(t, half), splat(r.second_shift));
  return is_byte ? b_.CreateTrunc(quotient, type) : quotient;
}

// Vector units multiply 32 bits to 64 at most.
Value* ScalarEmitter::multiply_high_unsigned(Value* a, Value* b) const {
  const unsigned bits = a->getType()->getScalarSizeInBits();
  if (bits < 64) {
    Type* wide = with_lanes(b_.getIntNTy(2 * bits));
    Value* product = b_.CreateMul(b_.CreateZExt(a, wide), b_.CreateZExt(b, wide));
    return b_.CreateTrunc(b_.CreateLShr(product, integer(wide, bits)), a->getType());
  }
  Type* type = a->getType();
  const auto low = [&](Value* v) { return b_.CreateAnd(v, integer(type, 0xffffffff)); };
  const auto high = [&](Value* v) { return b_.CreateLShr(v, integer(type, 32)); };
  Value* lowest = b_.CreateMul(low(a), low(b));
  Value* middle = b_.CreateAdd(b_.CreateMul(high(a), low(b)), high(lowest));
  Value* other = b_.CreateAdd(b_.CreateMul(low(a), high(b)), low(middle));
  return b_.CreateAdd(b_.CreateAdd(b_.CreateMul(high(a), high(b)), high(middle)), high(other));
}

}  // namespace grumpy
