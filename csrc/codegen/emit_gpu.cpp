#include "codegen/emit_gpu.h"

#include "base/error.h"
#include "codegen/gpu_kernel.h"
#include "codegen/gpu_launch.h"

namespace grumpy {

using llvm::BasicBlock;
using llvm::PHINode;
using llvm::Type;
using llvm::Value;

namespace {

constexpr unsigned kShared = 3;
constexpr size_t kMaxSharedBytes = 48 * 1024;
constexpr int kThreadsLog2 = 8;
static_assert(1 << kThreadsLog2 == kReduceThreads);

class MapKernel : GpuKernel {
 public:
  MapKernel(llvm::Module& module, const KernelSpec& spec) : GpuKernel(module, spec) {}

  void emit() {
    begin(kGpuKernelName, /*is_finish=*/false);
    Value* total = word(1);
    for (Value* e : extents_) total = b_.CreateMul(total, e);
    Value* first = b_.CreateAdd(b_.CreateMul(ctaid(), ntid()), tid());
    Value* step = b_.CreateMul(ntid(), nctaid());
    for_loop("point", first, total, step, [&](Value* point) {
      Indices at;
      split(point, false, at);
      evaluate(at);
    });
    end();
  }
};

/// A state of every reduction of a kernel, part by part.
using State = std::vector<Value*>;

class ReduceKernels : GpuKernel {
 public:
  ReduceKernels(llvm::Module& module, const KernelSpec& spec) : GpuKernel(module, spec) {}

  void emit_main() {
    begin(kGpuKernelName, /*is_finish=*/false);
    emit_reduction([this](const Indices& at, Value* row, State& s) { fold_point(at, row, s); });
    end();
  }

  void emit_finish() {
    begin(kGpuFinishName, /*is_finish=*/true);
    emit_reduction([this](const Indices&, Value* row, State& s) {
      // States lie point by point within a chunk, so that neighbouring groups read neighbours.
      Value* at = b_.CreateAdd(b_.CreateMul(row, points_), point_);
      State later;
      for (size_t k = 0; k < parts_.size(); ++k)
        later.push_back(load_part(from_[k], at, parts_[k]));
      s = combine(s, later);
    });
    end();
  }

 private:
  State fresh_state() {
    State s;
    for (const ReduceBlocks& r : reductions_)
      for (size_t k = 0; k < r.parts.size(); ++k)
        s.push_back(emitter_.constant(r.parts[k], r.fresh[k]));
    return s;
  }

  State combine(const State& earlier, const State& later) {
    State out;
    size_t first = 0;
    std::vector<ScalarEmitter::Raise> ignored;  // integer sums and orders raise nothing
    for (const ReduceBlocks& r : reductions_) {
      const size_t n = r.parts.size();
      std::vector<IrValue> in;
      for (size_t k = 0; k < n; ++k) in.push_back({earlier[first + k], nullptr});
      for (size_t k = 0; k < n; ++k) in.push_back({later[first + k], nullptr});
      for (const IrValue& v : emit_block(emitter_, r.combine, in, ignored)) out.push_back(v.re);
      first += n;
    }
    return out;
  }

  void fold_point(const Indices& parallel, Value* row, State& s) {
    Indices at = parallel;
    split(row, true, at);
    const std::vector<IrValue> values = evaluate(at);
    State lifted;
    std::vector<ScalarEmitter::Raise> ignored;
    for (size_t k = 0; k < reductions_.size(); ++k)
      for (const IrValue& v :
           emit_block(emitter_, reductions_[k].lift,
                      {values[spec_.reductions[k].value], {row, nullptr}}, ignored))
        lifted.push_back(v.re);
    s = combine(s, lifted);
  }

  void write_results(const Indices& parallel, const State& s) {
    size_t first = 0;
    std::vector<ScalarEmitter::Raise> ignored;
    const size_t first_arg = size_t(spec_.nargs()) - reductions_.size();
    for (size_t k = 0; k < reductions_.size(); ++k) {
      std::vector<IrValue> in;
      for (size_t p = 0; p < reductions_[k].parts.size(); ++p)
        in.push_back({s[first + p], nullptr});
      first += in.size();
      store(arguments_[first_arg + k], parallel,
            emit_block(emitter_, reductions_[k].finish, in, ignored)[0]);
    }
  }

  // Calls fold(parallel indices, row, state) for the rows of a chunk, combines the threads of a
  // group, and writes a result, or a state where there is more than one chunk.
  void emit_reduction(const std::function<void(const Indices&, Value*, State&)>& fold) {
    points_ = word(1);
    for (int k = 0; k < spec_.ndim; ++k)
      if (!is_reduced(k)) points_ = b_.CreateMul(points_, extents_[size_t(k)]);
    std::vector<llvm::GlobalVariable*> shared = shared_arrays();
    // Neighbouring threads take neighbouring elements: of the reduced axes where the last axis is
    // reduced, else of neighbouring results.
    const bool rows_are_inner =
        !from_.empty() ? false : spec_.ndim == 0 || is_reduced(spec_.ndim - 1);
    Value* groups_log2 = b_.CreateSub(word(kThreadsLog2), lanes_log2_);
    Value* groups = b_.CreateShl(word(1), groups_log2);
    Value* lanes = b_.CreateShl(word(1), lanes_log2_);
    Value* t = tid();
    Value* inner = rows_are_inner ? lanes : groups;
    Value* low = b_.CreateAnd(t, b_.CreateSub(inner, word(1)));
    Value* high = b_.CreateLShr(t, rows_are_inner ? lanes_log2_ : groups_log2);
    Value* lane = rows_are_inner ? low : high;
    Value* group = rows_are_inner ? high : low;
    Value* slot = b_.CreateAdd(b_.CreateMul(lane, groups), group);

    Value* work = b_.CreateMul(points_, chunks_);
    for_loop("work", b_.CreateMul(ctaid(), groups), work, b_.CreateMul(nctaid(), groups),
             [&](Value* base) {
               Value* item = b_.CreateAdd(base, group);
               Value* is_active = b_.CreateICmpULT(item, work);
               point_ = b_.CreateURem(item, points_);
               Value* chunk = b_.CreateUDiv(item, points_);
               Indices parallel;
               split(point_, false, parallel);
               State state = fold_rows(parallel, chunk, lane, lanes, is_active, fold);
               state = combine_group(shared, state, lane, lanes, groups, slot);

               BasicBlock* write = new_block("write");
               BasicBlock* written = new_block("written");
               b_.CreateCondBr(b_.CreateAnd(is_active, b_.CreateICmpEQ(lane, word(0))), write,
                               written);
               b_.SetInsertPoint(write);
               write_state(parallel, chunk, state, written);
               b_.SetInsertPoint(written);
               barrier();  // the arrays are written again by the next item
             });
  }

  std::vector<llvm::GlobalVariable*> shared_arrays() {
    std::vector<llvm::GlobalVariable*> arrays;
    size_t bytes = 0;
    for (size_t k = 0; k < parts_.size(); ++k) {
      Type* array = llvm::ArrayType::get(memory_type(parts_[k]), kReduceThreads);
      auto* v = new llvm::GlobalVariable(module_, array, false, llvm::GlobalValue::InternalLinkage,
                                         llvm::UndefValue::get(array),
                                         fn_->getName() + "_shared" + std::to_string(k), nullptr,
                                         llvm::GlobalValue::NotThreadLocal, kShared);
      v->setAlignment(llvm::Align(16));
      arrays.push_back(v);
      bytes += size_t(item_bytes(parts_[k])) * kReduceThreads;
    }
    if (bytes > kMaxSharedBytes)
      throw CompileError(std::to_string(reductions_.size()) +
                         " reductions in one kernel need more shared memory than a block has");
    return arrays;
  }

  // Rows lane, lane + lanes, ... of the chunk, in four chains that take turns.
  State fold_rows(const Indices& parallel, Value* chunk, Value* lane, Value* lanes,
                  Value* is_active,
                  const std::function<void(const Indices&, Value*, State&)>& fold) {
    constexpr size_t kChains = 4;
    Value* start = b_.CreateMul(chunk, chunk_rows_);
    Value* stop =
        b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, b_.CreateAdd(start, chunk_rows_), rows_);
    stop = b_.CreateSelect(is_active, stop, word(0));
    Value* first = b_.CreateAdd(start, lane);
    const State fresh = fresh_state();
    const size_t n = fresh.size();

    BasicBlock* before = b_.GetInsertBlock();
    BasicBlock* loop = new_block("row");
    BasicBlock* after = new_block("folded");
    b_.CreateCondBr(b_.CreateICmpULT(first, stop), loop, after);
    b_.SetInsertPoint(loop);
    PHINode* row = b_.CreatePHI(b_.getInt64Ty(), 2);
    row->addIncoming(first, before);
    std::vector<PHINode*> chains;
    for (size_t k = 0; k < kChains * n; ++k) {
      chains.push_back(b_.CreatePHI(fresh[k % n]->getType(), 2));
      chains.back()->addIncoming(fresh[k % n], before);
    }
    State turn(chains.begin(), chains.begin() + long(n));
    fold(parallel, row, turn);
    std::vector<Value*> next_chains(chains.begin() + long(n), chains.end());
    next_chains.insert(next_chains.end(), turn.begin(), turn.end());
    Value* next = b_.CreateAdd(row, lanes);
    BasicBlock* latch = b_.GetInsertBlock();
    row->addIncoming(next, latch);
    for (size_t k = 0; k < chains.size(); ++k) chains[k]->addIncoming(next_chains[k], latch);
    b_.CreateCondBr(b_.CreateICmpULT(next, stop), loop, after);

    b_.SetInsertPoint(after);
    State folded[kChains];
    for (size_t k = 0; k < kChains * n; ++k) {
      PHINode* v = b_.CreatePHI(fresh[k % n]->getType(), 2);
      v->addIncoming(fresh[k % n], before);
      v->addIncoming(next_chains[k], latch);
      folded[k / n].push_back(v);
    }
    return combine(combine(folded[0], folded[1]), combine(folded[2], folded[3]));
  }

  // A tree over the lanes of a group: halves meet in shared memory until lane 0 holds all.
  State combine_group(const std::vector<llvm::GlobalVariable*>& shared, const State& state,
                      Value* lane, Value* lanes, Value* groups, Value* slot) {
    const size_t n = state.size();
    BasicBlock* before = b_.GetInsertBlock();
    BasicBlock* level = new_block("level");
    BasicBlock* meet = new_block("meet");
    BasicBlock* met = new_block("met");
    BasicBlock* after = new_block("combined");
    Value* first_half = b_.CreateLShr(lanes, word(1));
    b_.CreateCondBr(b_.CreateICmpNE(first_half, word(0)), level, after);

    b_.SetInsertPoint(level);
    PHINode* half = b_.CreatePHI(b_.getInt64Ty(), 2);
    half->addIncoming(first_half, before);
    State held;
    for (size_t k = 0; k < n; ++k) {
      PHINode* v = b_.CreatePHI(state[k]->getType(), 2);
      v->addIncoming(state[k], before);
      held.push_back(v);
    }
    for (size_t k = 0; k < n; ++k) store_part(shared[k], slot, parts_[k], held[k]);
    barrier();
    b_.CreateCondBr(b_.CreateICmpULT(lane, half), meet, met);

    b_.SetInsertPoint(meet);
    Value* other = b_.CreateAdd(slot, b_.CreateMul(half, groups));
    State later;
    for (size_t k = 0; k < n; ++k) later.push_back(load_part(shared[k], other, parts_[k]));
    const State joined = combine(held, later);
    BasicBlock* meet_end = b_.GetInsertBlock();
    b_.CreateBr(met);

    b_.SetInsertPoint(met);
    State next;
    for (size_t k = 0; k < n; ++k) {
      PHINode* v = b_.CreatePHI(state[k]->getType(), 2);
      v->addIncoming(held[k], level);
      v->addIncoming(joined[k], meet_end);
      next.push_back(v);
    }
    barrier();  // all have read before the next level writes
    Value* next_half = b_.CreateLShr(half, word(1));
    half->addIncoming(next_half, met);
    for (size_t k = 0; k < n; ++k) llvm::cast<PHINode>(held[k])->addIncoming(next[k], met);
    b_.CreateCondBr(b_.CreateICmpNE(next_half, word(0)), level, after);

    b_.SetInsertPoint(after);
    State out;
    for (size_t k = 0; k < n; ++k) {
      PHINode* v = b_.CreatePHI(state[k]->getType(), 2);
      v->addIncoming(state[k], before);
      v->addIncoming(next[k], met);
      out.push_back(v);
    }
    return out;
  }

  void write_state(const Indices& parallel, Value* chunk, const State& s, BasicBlock* after) {
    BasicBlock* result = new_block("result");
    BasicBlock* partial = new_block("partial");
    b_.CreateCondBr(b_.CreateICmpEQ(chunks_, word(1)), result, partial);
    b_.SetInsertPoint(result);
    write_results(parallel, s);
    b_.CreateBr(after);
    b_.SetInsertPoint(partial);
    Value* at = b_.CreateAdd(b_.CreateMul(chunk, points_), point_);
    for (size_t k = 0; k < s.size(); ++k) store_part(to_[k], at, parts_[k], s[k]);
    b_.CreateBr(after);
  }

  Value *points_ = nullptr, *point_ = nullptr;
};

}  // namespace

void emit_gpu_kernels(llvm::Module& module, const KernelSpec& spec) {
  switch (spec.kind) {
    case KernelKind::Map:
      return MapKernel(module, spec).emit();
    case KernelKind::Reduce: {
      ReduceKernels kernels(module, spec);
      kernels.emit_main();
      return kernels.emit_finish();
    }
    case KernelKind::Scan:
      throw CompileError("scans have no code for GPUs");
  }
}

}  // namespace grumpy
