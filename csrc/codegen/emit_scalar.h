/// One scalar operation as LLVM IR, on single values or on vectors of `lanes` of them.
///
/// Values in IR: bool_ is i1, integers iN, float16 its bits in an i16, float32 and float64
/// themselves. For CPUs floating-point operations are LLVM's constrained ones: the flags they raise
/// are looked at, so none may be folded, speculated past a select, or merged with a select into a
/// masked instruction that skips lanes. Rounding is the default one, so nothing else is lost.
/// Needs:   operations other than input, store and raise: those belong to the loop around.
/// Throws:  InternalError for those three.
/// Threads: one emitter per function being built.
#pragma once
#include <functional>
#include <vector>

#include "codegen/llvm_headers.h"
#include "codegen/target.h"
#include "ops/scalar_block.h"

namespace grumpy {

class ScalarEmitter {
 public:
  /// lanes 0: scalar values. native_half: the target converts float16 by an instruction.
  ScalarEmitter(llvm::IRBuilderBase& builder, Isa isa, bool native_half, int lanes)
      : b_(builder), isa_(isa), native_half_(native_half), lanes_(lanes) {
    b_.setIsFPConstrained(isa != Isa::Generic);
    b_.setDefaultConstrainedExcept(llvm::fp::ebMayTrap);
    b_.setDefaultConstrainedRounding(llvm::RoundingMode::NearestTiesToEven);
  }

  /// The IR value of a pure operation on these operands (those it has). The builder may end in
  /// another block than it began in.
  llvm::Value* emit(const ScalarInstr& instr, llvm::Value* a, llvm::Value* b, llvm::Value* c);

  llvm::Type* type_of(DType t) const;  // with lanes
  llvm::Value* constant(DType t, uint64_t bits) const;
  llvm::Value* splat(llvm::Value* scalar) const;

  /// An unsigned divisor that serves a whole loop: single numbers that replace it (emit_reciprocal.cpp).
  struct Reciprocal {
    llvm::Value *multiplier = nullptr, *first_shift = nullptr, *second_shift = nullptr;
  };
  /// For vectors only. The divisor is one number and not 0; is_half: as of int_div.
  Reciprocal reciprocal(llvm::Value* divisor, bool is_half) const;
  llvm::Value* divide_by(const Reciprocal& r, llvm::Value* a) const;

  /// Errors that the target's instructions do not flag by themselves: (condition, Fpe mask).
  struct Raise {
    llvm::Value* cond;
    uint8_t fpe;
  };
  std::vector<Raise> raises;

 private:
  llvm::Type* scalar_type(DType t) const;
  llvm::Type* with_lanes(llvm::Type* t) const;
  llvm::Value* integer(llvm::Type* like, uint64_t v) const;
  llvm::Value* call(llvm::Intrinsic::ID id, llvm::Value* a) const {
    return b_.CreateUnaryIntrinsic(id, a);
  }
  llvm::Value* rounded(llvm::Intrinsic::ID plain, llvm::Intrinsic::ID constrained,
                       std::initializer_list<llvm::Value*> args) const;
  llvm::Value* unrounded(llvm::Intrinsic::ID plain, llvm::Intrinsic::ID constrained,
                         llvm::Value* a) const;

  llvm::Value* compare(ScalarOp op, DType from, llvm::Value* a, llvm::Value* b) const;
  llvm::Value* compare_ordered(llvm::CmpInst::Predicate p, llvm::Value* a, llvm::Value* b) const;
  llvm::Value* fast_or_slow(llvm::Value* is_fast, llvm::Value* fast,
                            const std::function<llvm::Value*()>& slow);
  llvm::Value* divide_integers(const ScalarInstr& instr, llvm::Value* a, llvm::Value* b);
  llvm::Value* small_to_double(bool sign, llvm::Value* v, llvm::Value*& is_small) const;
  llvm::Value* double_to_small(llvm::Value* v, llvm::Type* i64) const;
  llvm::Value* shift_left(DType t, llvm::Value* a, llvm::Value* b) const;
  llvm::Value* raise_integer(llvm::Value* base, llvm::Value* exponent);
  llvm::Value* multiply_high_unsigned(llvm::Value* a, llvm::Value* b) const;
  llvm::Value* multiply_high(DType t, llvm::Value* a, llvm::Value* b) const;
  llvm::Value* remainder(DType t, llvm::Value* x, llvm::Value* y);
  llvm::Value* convert(DType from, DType to, llvm::Value* a);
  llvm::Value* float_to_int(DType to, llvm::Value* a) const;
  llvm::Value* half_to_float(llvm::Value* bits) const;
  llvm::Value* truncate_float(DType from, llvm::Type* to, llvm::Value* a) const;
  llvm::Value* float_to_half(llvm::Value* x);

  llvm::IRBuilderBase& b_;
  Isa isa_;
  bool native_half_;
  int lanes_;
};

}  // namespace grumpy
