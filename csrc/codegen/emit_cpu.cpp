#include "codegen/emit_cpu.h"

#include <map>

#include "base/error.h"
#include "codegen/emit_scalar.h"
#include "codegen/llvm_headers.h"
#include "kernel/kernel_spec.h"

namespace grumpy {

using llvm::BasicBlock;
using llvm::Type;
using llvm::Value;

namespace {

// Below this many lanes a float vector would be padded with lanes of unknown content, whose
// arithmetic could raise flags.
constexpr int kMinLanes = 4;

// Small optimised bodies do this many vectors per step, so that the loop's own instructions weigh
// little.
constexpr int kSmallBody = 12, kUnroll = 2;

// Folds do two vectors per step while all fits the registers: a sum waits for the one before.
constexpr int kSmallFold = 24, kTinyFold = 12;

int value_bytes(const ScalarInstr& i) {
  if (i.op == ScalarOp::store || i.op == ScalarOp::raise) return 1;
  return int(std::max(item_bytes(i.type), item_bytes(i.from)));
}

/// Elements of one vector, and vectors of one step.
struct Width {
  int lanes, copies;
};

// One register per value of the widest type: wider vectors would be split by LLVM, which costs
// compile time and, with the fast register allocator, spills.
Width choose_width(const ScalarBlock& block, Isa isa, OptLevel level, bool is_fold) {
  int widest = 1;
  for (const ScalarInstr& i : block.instrs) widest = std::max(widest, value_bytes(i));
  const int lanes = std::max(kMinLanes, vector_bytes(isa) / widest);
  if (is_fold) {
    // Additions wait for one another: as many sums side by side as registers hold beside the values.
    const int size = int(block.instrs.size()), most = std::max(1, kLanes / lanes);
    return {std::min(lanes, kLanes), std::min(most, size <= kTinyFold ? 4 : size <= kSmallFold ? 2 : 1)};
  }
  if (level == OptLevel::Quick) return {std::min(lanes, kLanes), 1};
  return {lanes, int(block.instrs.size()) <= kSmallBody ? kUnroll : 1};
}

class BlockEmitter {
 public:
  BlockEmitter(llvm::Module& module, const ScalarBlock& block, const BlockLayout& layout,
               const CpuTarget& target, const std::string& name)
      : block_(block), layout_(layout), isa_(target.isa), b_(module.getContext()) {
    Type* ptr = b_.getPtrTy();
    auto* type = llvm::FunctionType::get(b_.getVoidTy(), {ptr, b_.getInt64Ty(), ptr}, false);
    fn_ = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module);
    set_cpu_attributes(*fn_, target);
    fn_->addFnAttr(llvm::Attribute::StrictFP);
    for (unsigned k : {0u, 2u}) fn_->addParamAttr(k, llvm::Attribute::NoCapture);
    find_invariants();
  }

  llvm::Function* emit(Width width) {
    Value* n = fn_->getArg(1);
    b_.SetInsertPoint(new_block("entry"));
    const size_t slots = block_.inputs.size() + block_.outputs.size();
    for (size_t k = 0; k < slots; ++k) ptrs_.push_back(argument(k, b_.getPtrTy()));
    flags_ = b_.getInt32(0);
    if (layout_.is_fold) {
      emit_fold(width, n);
      if (raises_) report_flags();
      b_.CreateRetVoid();
      return fn_;
    }
    Value* done = b_.getInt64(0);
    if (const int step = width.lanes * width.copies; step > kLanes) {
      Value* whole = b_.CreateAnd(n, b_.getInt64(~uint64_t(step - 1)));
      emit_loop(width, done, whole);
      done = whole;
      width = {std::min(width.lanes, kLanes), 1};
    }
    emit_loop(width, done, n);
    if (raises_) report_flags();
    b_.CreateRetVoid();
    return fn_;
  }

 private:
  BasicBlock* new_block(const char* name) { return BasicBlock::Create(b_.getContext(), name, fn_); }

  bool is_splat(int slot) const {
    return size_t(slot) < layout_.is_splat.size() && layout_.is_splat[size_t(slot)];
  }

  // Operands of instruction i, as many as its row has.
  static int operands(const ScalarInstr& i, ValueId out[3]) {
    const int n = info(i.op).nin;
    out[0] = i.a, out[1] = i.b, out[2] = i.c;
    return n;
  }

  void find_invariants() {
    is_invariant_.resize(block_.instrs.size());
    for (size_t k = 0; k < block_.instrs.size(); ++k) {
      const ScalarInstr& i = block_.instrs[k];
      ValueId in[3];
      const int n = operands(i, in);
      bool invariant =
          i.op != ScalarOp::store && (i.op != ScalarOp::input || is_splat(int(i.imm / 2)));
      for (int j = 0; j < n; ++j) invariant = invariant && is_invariant_[in[j]];
      is_invariant_[k] = invariant;
      raises_ = raises_ || i.op == ScalarOp::raise;
    }
  }

  // for (i = first; i < end; i += lanes * copies): the builder ends in the block after the loop.
  void emit_loop(Width width, Value* first, Value* end) {
    BasicBlock* before = b_.GetInsertBlock();
    preheader_ = new_block("preheader");
    BasicBlock* const loop = loop_ = new_block("loop");
    BasicBlock* after = new_block("after");
    b_.CreateCondBr(b_.CreateICmpULT(first, end), preheader_, after);

    b_.SetInsertPoint(loop_);
    llvm::PHINode* index = b_.CreatePHI(b_.getInt64Ty(), 2, "i");
    llvm::PHINode* flags_phi = b_.CreatePHI(b_.getInt32Ty(), 2, "flags");
    ScalarEmitter emitter(b_, isa_, isa_ != Isa::V2, width.lanes);
    lanes_ = width.lanes;
    raised_.clear();
    raised_before_.clear();
    reciprocals_.clear();
    std::vector<Copy> copies;
    for (int k = 0; k < width.copies; ++k) {
      Copy copy;
      copy.index =
          k ? b_.CreateAdd(index, b_.getInt64(uint64_t(k * lanes_)), "", true, true) : index;
      emit_body(emitter, copy, k ? &copies[0] : nullptr);
      copies.push_back(std::move(copy));
    }
    raises_ = raises_ || !raised_.empty() || !raised_before_.empty();

    b_.SetInsertPoint(loop_);
    Value* next_flags = merge_raises(raised_, flags_phi);
    for (Copy& copy : copies) emit_stores(copy);
    close_loop(width, {index, flags_phi, before, loop, after, first, end}, next_flags);
  }

  struct OpenLoop {
    llvm::PHINode *index, *flags;
    BasicBlock *before, *head, *after;  // before: where the loop may be passed by
    Value *first, *end;
  };

  // Ends the loop at the builder, and lets the preheader enter it; goes on after it.
  void close_loop(Width width, const OpenLoop& l, Value* next_flags) {
    BasicBlock* const last = b_.GetInsertBlock();
    Value* next =
        b_.CreateAdd(l.index, b_.getInt64(uint64_t(width.lanes * width.copies)), "", true, true);
    b_.CreateCondBr(b_.CreateICmpULT(next, l.end), l.head, l.after);
    b_.SetInsertPoint(preheader_);
    Value* flags_entering = merge_raises(raised_before_, flags_);
    b_.CreateBr(l.head);
    l.index->addIncoming(l.first, preheader_);
    l.index->addIncoming(next, last);
    l.flags->addIncoming(flags_entering, preheader_);
    l.flags->addIncoming(next_flags, last);

    b_.SetInsertPoint(l.after);
    llvm::PHINode* merged = b_.CreatePHI(b_.getInt32Ty(), 2);
    merged->addIncoming(flags_, l.before);
    merged->addIncoming(next_flags, last);
    flags_ = merged;
  }

  // Entry k of the array of pointers.
  Value* argument(size_t k, Type* type) {
    return b_.CreateLoad(type, b_.CreateConstInBoundsGEP1_64(type, fn_->getArg(0), k));
  }

  // for (i = 0; i < n; i += lanes * copies) {
  //   for each leaf of kLeafRows rows { sums = 0; for each row: sums += body; merge sums as a binary tree would; }
  //   store what remains; }
  void emit_fold(Width width, Value* n) {
    const size_t nin = block_.inputs.size(), nout = block_.outputs.size();
    Type* i64 = b_.getInt64Ty();
    Value* rows = argument(nin + nout, i64);
    std::vector<Value*> row_steps(nin), lane_masks(nin);
    for (size_t k = 0; k < nin; ++k) {
      if (is_splat(int(k))) continue;
      row_steps[k] = argument(nin + nout + 1 + 2 * k, i64);
      lane_masks[k] = argument(nin + nout + 2 + 2 * k, i64);
    }
    BasicBlock* const entry = b_.GetInsertBlock();
    preheader_ = new_block("preheader");
    BasicBlock* const lanes = new_block("lanes");
    BasicBlock* const leaf = new_block("leaf");
    BasicBlock* const loop = loop_ = new_block("loop");
    BasicBlock* const after = new_block("after");
    b_.CreateCondBr(b_.CreateICmpULT(b_.getInt64(0), n), preheader_, after);
    ScalarEmitter emitter(b_, isa_, isa_ != Isa::V2, width.lanes);
    lanes_ = width.lanes;

    b_.SetInsertPoint(lanes);
    llvm::PHINode* index = b_.CreatePHI(i64, 2, "i");
    llvm::PHINode* flags_outside = b_.CreatePHI(b_.getInt32Ty(), 2, "flags");
    std::vector<Copy> copies(size_t(width.copies));
    for (size_t c = 0; c < copies.size(); ++c) {
      copies[c].index = c ? b_.CreateAdd(index, b_.getInt64(c * size_t(lanes_)), "", true, true) : index;
      copies[c].rows.resize(nin);
      for (size_t k = 0; k < nin; ++k) {
        if (is_splat(int(k))) continue;
        Value* at = b_.CreateMul(b_.CreateAnd(copies[c].index, lane_masks[k]),
                                 b_.getInt64(uint64_t(item_bytes(block_.inputs[k]))));
        copies[c].rows[k] = b_.CreateGEP(b_.getInt8Ty(), ptrs_[k], at);
      }
    }
    b_.CreateBr(leaf);

    // What goes from leaf to leaf and, within one, from row to row: flags, each input's offset, sums.
    const size_t nsums = copies.size() * nout;
    const auto type_of_sum = [&](size_t s) { return emitter.type_of(block_.outputs[s % nout]); };
    const auto zero = [&](size_t s) { return llvm::Constant::getNullValue(type_of_sum(s)); };
    const auto sum_of = [&](size_t s, Value* x, Value* y) {
      const DType t = block_.outputs[s % nout];
      return emitter.emit({ScalarOp::add, t, t}, x, y, nullptr);
    };
    const auto phis = [&](std::vector<llvm::PHINode*>& to, size_t count, unsigned ways, auto type) {
      for (size_t k = 0; k < count; ++k) to.push_back(b_.CreatePHI(type(k), ways));
    };
    const auto offset_type = [&](size_t) { return i64; };
    b_.SetInsertPoint(leaf);
    llvm::PHINode* first_row = b_.CreatePHI(i64, 2, "first");
    llvm::PHINode* leaf_flags = b_.CreatePHI(b_.getInt32Ty(), 2);
    std::vector<llvm::PHINode*> leaf_offsets, one, two;  // one, two: sums of so many leaves that wait for more
    phis(leaf_offsets, nin, 2, offset_type);
    phis(one, nsums, 2, type_of_sum);
    phis(two, nsums, 2, type_of_sum);
    Value* const whole = b_.CreateAdd(first_row, b_.getInt64(kLeafRows), "", true, true);
    Value* const last_row = b_.CreateSelect(b_.CreateICmpULT(whole, rows), whole, rows);
    b_.CreateBr(loop);

    b_.SetInsertPoint(loop);
    llvm::PHINode* row = b_.CreatePHI(i64, 2, "row");
    llvm::PHINode* flags_phi = b_.CreatePHI(b_.getInt32Ty(), 2);
    std::vector<llvm::PHINode*> offsets, sums;
    phis(offsets, nin, 2, offset_type);
    phis(sums, nsums, 2, type_of_sum);
    for (Copy& copy : copies)
      for (size_t k = 0; k < nin; ++k)
        if (row_steps[k]) copy.rows[k] = b_.CreateGEP(b_.getInt8Ty(), copy.rows[k], offsets[k]);
    for (Copy& copy : copies) emit_body(emitter, copy, &copy == &copies[0] ? nullptr : &copies[0]);
    b_.SetInsertPoint(loop_);
    std::vector<Value*> next;
    for (size_t s = 0; s < nsums; ++s) next.push_back(sum_of(s, sums[s], copies[s / nout].stored[s % nout].re));
    raises_ = raises_ || !raised_.empty() || !raised_before_.empty();
    Value* next_flags = merge_raises(raised_, flags_phi);
    Value* next_row = b_.CreateAdd(row, b_.getInt64(1), "", true, true);
    std::vector<Value*> next_offsets(nin);
    for (size_t k = 0; k < nin; ++k)
      next_offsets[k] = row_steps[k] ? b_.CreateAdd(offsets[k], row_steps[k]) : b_.getInt64(0);
    BasicBlock* const last = b_.GetInsertBlock();
    BasicBlock* const made = new_block("made");
    b_.CreateCondBr(b_.CreateICmpULT(next_row, last_row), loop, made);

    // A short sum has at most four leaves: ((1 + 2) + (3 + 4)), ((1 + 2) + 3).
    BasicBlock* const pair = new_block("pair");
    BasicBlock* const both = new_block("both");
    BasicBlock* const merged = new_block("merged");
    BasicBlock* const third = new_block("third");
    BasicBlock* const done = new_block("done");
    static_assert(kShortRows <= 4 * kLeafRows);
    const auto is_set = [&](int64_t bit) {
      return b_.CreateICmpNE(b_.CreateAnd(first_row, b_.getInt64(uint64_t(bit))), b_.getInt64(0));
    };
    b_.SetInsertPoint(made);
    b_.CreateCondBr(is_set(kLeafRows), pair, merged);
    b_.SetInsertPoint(pair);
    std::vector<Value*> pairs, all;
    for (size_t s = 0; s < nsums; ++s) pairs.push_back(sum_of(s, one[s], next[s]));
    b_.CreateCondBr(is_set(2 * kLeafRows), both, merged);
    b_.SetInsertPoint(both);
    for (size_t s = 0; s < nsums; ++s) all.push_back(sum_of(s, two[s], pairs[s]));
    b_.CreateBr(merged);
    b_.SetInsertPoint(merged);
    std::vector<llvm::PHINode*> next_one, next_two;
    phis(next_one, nsums, 3, type_of_sum);
    phis(next_two, nsums, 3, type_of_sum);
    for (size_t s = 0; s < nsums; ++s) {
      next_one[s]->addIncoming(next[s], made);
      next_one[s]->addIncoming(one[s], pair);
      next_one[s]->addIncoming(one[s], both);
      next_two[s]->addIncoming(two[s], made);
      next_two[s]->addIncoming(pairs[s], pair);
      next_two[s]->addIncoming(all[s], both);
    }
    BasicBlock* const finish = new_block("finish");
    b_.CreateCondBr(b_.CreateICmpULT(last_row, rows), leaf, finish);

    b_.SetInsertPoint(finish);
    const auto has_more_than = [&](int64_t leaves) { return b_.CreateICmpUGT(rows, b_.getInt64(uint64_t(leaves * kLeafRows))); };
    Value* const has_three = b_.CreateAnd(has_more_than(2), b_.CreateNot(has_more_than(3)));
    std::vector<Value*> alone, three;
    for (size_t s = 0; s < nsums; ++s) alone.push_back(b_.CreateSelect(has_more_than(1), next_two[s], next_one[s]));
    b_.CreateCondBr(has_three, third, done);
    b_.SetInsertPoint(third);
    for (size_t s = 0; s < nsums; ++s) three.push_back(sum_of(s, next_two[s], next_one[s]));
    b_.CreateBr(done);

    const auto link = [](llvm::PHINode* phi, Value* from_outside, BasicBlock* outside, Value* again, BasicBlock* inside) {
      phi->addIncoming(from_outside, outside);
      phi->addIncoming(again, inside);
    };
    link(first_row, b_.getInt64(0), lanes, last_row, merged);
    link(leaf_flags, flags_outside, lanes, next_flags, merged);
    link(row, first_row, leaf, next_row, last);
    link(flags_phi, leaf_flags, leaf, next_flags, last);
    for (size_t k = 0; k < nin; ++k) {
      link(leaf_offsets[k], b_.getInt64(0), lanes, next_offsets[k], merged);
      link(offsets[k], leaf_offsets[k], leaf, next_offsets[k], last);
    }
    for (size_t s = 0; s < nsums; ++s) {
      link(one[s], zero(s), lanes, next_one[s], merged);
      link(two[s], zero(s), lanes, next_two[s], merged);
      link(sums[s], zero(s), leaf, next[s], last);
    }

    b_.SetInsertPoint(done);
    for (size_t s = 0; s < nsums; ++s) {
      llvm::PHINode* const result = b_.CreatePHI(type_of_sum(s), 2);
      link(result, alone[s], finish, three[s], third);
      copies[s / nout].stored[s % nout].re = result;
    }
    for (Copy& copy : copies) emit_stores(copy);
    close_loop(width, {index, flags_outside, entry, lanes, after, b_.getInt64(0), n}, next_flags);
  }

  using Raise = ScalarEmitter::Raise;
  struct Parts {
    Value* re = nullptr;
    Value* im = nullptr;
  };
  /// One vector of a step.
  struct Copy {
    Value* index = nullptr;
    std::vector<Value*> rows;   // folds: where the vector of each input lies in this row
    std::vector<Value*> values;
    std::vector<Parts> loaded;  // per input slot
    std::vector<Parts> stored;  // per output slot
  };

  // Invariants are computed before the loop, by the first copy, for all.
  void emit_body(ScalarEmitter& emitter, Copy& c, const Copy* first) {
    c.values.resize(block_.instrs.size());
    c.loaded.resize(block_.inputs.size());
    c.stored.resize(block_.outputs.size());
    for (size_t k = 0; k < block_.instrs.size(); ++k) {
      const ScalarInstr& i = block_.instrs[k];
      if (is_invariant_[k] && first) {
        c.values[k] = first->values[k];
        continue;
      }
      b_.SetInsertPoint(is_invariant_[k] ? preheader_ : loop_);
      auto& raised = is_invariant_[k] ? raised_before_ : raised_;
      ValueId in[3];
      const int n = operands(i, in);
      const auto value = [&](int j) { return j < n ? c.values[in[j]] : nullptr; };
      switch (i.op) {
        case ScalarOp::input: {
          Parts& p = c.loaded[i.imm / 2];
          if (!p.re) p = load(emitter, c, int(i.imm / 2));
          c.values[k] = i.imm % 2 ? p.im : p.re;
          break;
        }
        case ScalarOp::store: {
          Parts& p = c.stored[i.imm / 2];
          (i.imm % 2 ? p.im : p.re) = value(0);
          break;
        }
        case ScalarOp::raise:
          raised.push_back({value(0), uint8_t(i.imm)});
          break;
        case ScalarOp::int_div:
          if (has_reciprocal(i) && !is_invariant_[k]) {
            c.values[k] = emitter.divide_by(reciprocal_of(emitter, i, value(1)), value(0));
            break;
          }
          [[fallthrough]];
        default:
          c.values[k] = emitter.emit(i, value(0), value(1), value(2));
      }
      raised.insert(raised.end(), emitter.raises.begin(), emitter.raises.end());
      emitter.raises.clear();
      (is_invariant_[k] ? preheader_ : loop_) = b_.GetInsertBlock();
    }
    b_.SetInsertPoint(loop_);
  }

  bool has_reciprocal(const ScalarInstr& i) const {
    return kind(i.type) == Kind::UInt && is_invariant_[i.b] && isa_ != Isa::Generic;
  }

  // Computed once before the loop, which the builder is in.
  const ScalarEmitter::Reciprocal& reciprocal_of(const ScalarEmitter& emitter, const ScalarInstr& i, Value* divisor) {
    ScalarEmitter::Reciprocal& r = reciprocals_[{i.b, i.imm}];
    if (!r.multiplier) {
      b_.SetInsertPoint(preheader_);
      r = emitter.reciprocal(b_.CreateExtractElement(divisor, uint64_t(0)), i.imm == kHalfRange);
      b_.SetInsertPoint(loop_);
    }
    return r;
  }

  // How an element of dtype t (a part of it, for complex) lies in memory.
  Type* memory_type(DType t) {
    const DType r = real_part(t);
    if (r == DType::float64) return b_.getDoubleTy();
    if (r == DType::float32) return b_.getFloatTy();
    return b_.getIntNTy(unsigned(8 * item_bytes(r)));
  }

  Value* from_memory(DType t, Value* v) {
    return t == DType::bool_ ? b_.CreateICmpNE(v, llvm::Constant::getNullValue(v->getType())) : v;
  }

  Parts load(ScalarEmitter& emitter, const Copy& copy, int slot) {
    const DType t = block_.inputs[size_t(slot)];
    Type* m = memory_type(t);
    Value* base = ptrs_[size_t(slot)];
    Value* index = copy.index;
    if (!copy.rows.empty() && copy.rows[size_t(slot)]) base = copy.rows[size_t(slot)], index = b_.getInt64(0);
    if (is_splat(slot)) {
      Parts p;
      p.re = from_memory(t, emitter.splat(b_.CreateAlignedLoad(m, base, llvm::Align(1))));
      if (is_complex(t))
        p.im = emitter.splat(
            b_.CreateAlignedLoad(m, b_.CreateConstInBoundsGEP1_64(m, base, 1), llvm::Align(1)));
      return p;
    }
    if (!is_complex(t)) {
      Type* v = llvm::FixedVectorType::get(m, unsigned(lanes_));
      return {from_memory(
                  t, b_.CreateAlignedLoad(v, b_.CreateInBoundsGEP(m, base, index), llvm::Align(1))),
              nullptr};
    }
    Type* v = llvm::FixedVectorType::get(m, unsigned(2 * lanes_));
    Type* element = llvm::ArrayType::get(m, 2);
    Value* both =
        b_.CreateAlignedLoad(v, b_.CreateInBoundsGEP(element, base, index), llvm::Align(1));
    llvm::SmallVector<int, 64> even, odd;
    for (int k = 0; k < lanes_; ++k) even.push_back(2 * k), odd.push_back(2 * k + 1);
    return {b_.CreateShuffleVector(both, even), b_.CreateShuffleVector(both, odd)};
  }

  void emit_stores(const Copy& c) {
    for (size_t slot = 0; slot < block_.outputs.size(); ++slot) {
      const DType t = block_.outputs[slot];
      Value* v = c.stored[slot].re;
      GRUMPY_ASSERT(v && (!is_complex(t) || c.stored[slot].im))
          << "output " << slot << " is not stored";
      Type* m = memory_type(t);
      Type* element = m;
      if (t == DType::bool_) v = b_.CreateZExt(v, llvm::FixedVectorType::get(m, unsigned(lanes_)));
      if (is_complex(t)) {
        llvm::SmallVector<int, 64> mask;
        for (int k = 0; k < lanes_; ++k) mask.push_back(k), mask.push_back(lanes_ + k);
        v = b_.CreateShuffleVector(v, c.stored[slot].im, mask);
        element = llvm::ArrayType::get(m, 2);
      }
      Value* at = b_.CreateInBoundsGEP(element, ptrs_[block_.inputs.size() + slot], c.index);
      b_.CreateAlignedStore(v, at, llvm::Align(1));
    }
  }

  // flags | masks of the conditions that hold in any lane.
  Value* merge_raises(const std::vector<Raise>& raises, Value* flags) {
    for (int mask = 1; mask < 16; ++mask) {
      Value* any_lane = nullptr;
      for (const Raise& r : raises)
        if (r.fpe == mask) any_lane = any_lane ? b_.CreateOr(any_lane, r.cond) : r.cond;
      if (!any_lane) continue;
      const unsigned lanes =
          llvm::cast<llvm::FixedVectorType>(any_lane->getType())->getNumElements();
      Value* any =
          b_.CreateICmpNE(b_.CreateBitCast(any_lane, b_.getIntNTy(lanes)), b_.getIntN(lanes, 0));
      flags = b_.CreateOr(flags, b_.CreateSelect(any, b_.getInt32(uint32_t(mask)), b_.getInt32(0)));
    }
    return flags;
  }

  void report_flags() {
    BasicBlock* report = new_block("report");
    BasicBlock* exit = new_block("exit");
    b_.CreateCondBr(b_.CreateICmpNE(flags_, b_.getInt32(0)), report, exit);
    b_.SetInsertPoint(report);
    Value* at = fn_->getArg(2);
    b_.CreateStore(b_.CreateOr(b_.CreateLoad(b_.getInt32Ty(), at), flags_), at);
    b_.CreateBr(exit);
    b_.SetInsertPoint(exit);
  }

  const ScalarBlock& block_;
  const BlockLayout& layout_;
  Isa isa_;
  llvm::IRBuilder<> b_;
  llvm::Function* fn_ = nullptr;
  std::vector<Value*> ptrs_;
  std::vector<bool> is_invariant_;
  bool raises_ = false;
  Value* flags_ = nullptr;  // collected by the loops so far

  // The loop being built: where invariants and where the body are appended.
  BasicBlock* preheader_ = nullptr;
  BasicBlock* loop_ = nullptr;
  int lanes_ = 0;
  std::vector<Raise> raised_, raised_before_;
  std::map<std::pair<ValueId, uint64_t>, ScalarEmitter::Reciprocal> reciprocals_;
};

}  // namespace

llvm::Function* emit_block_function(llvm::Module& module, const ScalarBlock& block,
                                    const BlockLayout& layout, const CpuTarget& target,
                                    OptLevel level, const std::string& name) {
  BlockEmitter emitter(module, block, layout, target, name);
  return emitter.emit(choose_width(block, target.isa, level, layout.is_fold));
}

}  // namespace grumpy
