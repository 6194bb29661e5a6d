/// One GPU kernel being built: its parameters, memory, and the program at one point.
///
/// Between emit_gpu.cpp and gpu_kernel.cpp; not for other rooms.
/// Needs:   begin() first; the builder then stands inside the kernel until end().
/// Throws:  CompileError for more parameters than a launch carries.
/// Threads: one module, one thread.
#pragma once
#include <functional>
#include <vector>

#include "codegen/emit_point.h"
#include "codegen/reduce_blocks.h"
#include "kernel/kernel_spec.h"

namespace grumpy {

class GpuKernel {
 protected:
  using Value = llvm::Value;
  using Indices = std::vector<Value*>;  // per axis; null where not known
  struct Argument {
    DType dtype;
    Value* data = nullptr;
    std::vector<Value*> strides;
  };

  GpuKernel(llvm::Module& module, const KernelSpec& spec);

  void begin(const char* name, bool is_finish);
  void end() { b_.CreateRetVoid(); }

  Value* word(int64_t v) { return b_.getInt64(uint64_t(v)); }
  Value* tid();
  Value* ctaid();
  Value* ntid();
  Value* nctaid();
  void barrier();
  llvm::BasicBlock* new_block(const char* name) {
    return llvm::BasicBlock::Create(b_.getContext(), name, fn_);
  }
  // for (i = first; i < end; i += step) body(i); the builder ends after the loop.
  void for_loop(const char* name, Value* first, Value* end, Value* step,
                const std::function<void(Value*)>& body);

  bool is_reduced(int axis) const {
    return spec_.kind != KernelKind::Map && spec_.reduced >> axis & 1;
  }
  // Splits a flat index over the axes that are reduced, or over those that are not; last axis
  // fastest.
  void split(Value* flat, bool reduced, Indices& at);

  // Values in memory: bool_ is a byte there.
  llvm::Type* memory_type(DType t);
  Value* load_part(Value* base, Value* index, DType t);
  void store_part(Value* base, Value* index, DType t, Value* v);
  // Elements of an argument: a complex one is two parts side by side.
  IrValue load(const Argument& a, const Indices& at);
  void store(const Argument& a, const Indices& at, IrValue v);

  // The program at one point; its stores are done.
  std::vector<IrValue> evaluate(const Indices& at);

  llvm::Module& module_;
  const KernelSpec& spec_;
  llvm::IRBuilder<> b_;
  ScalarEmitter emitter_;
  std::vector<ReduceBlocks> reductions_;
  std::vector<DType> parts_;  // of all reductions' states

  // Of the kernel being emitted.
  llvm::Function* fn_ = nullptr;
  std::vector<Value*> extents_;
  std::vector<Argument> arguments_;  // by number; scalars and what a finish kernel lacks are empty
  std::vector<IrValue> scalars_;
  Value *rows_ = nullptr, *lanes_log2_ = nullptr, *chunk_rows_ = nullptr, *chunks_ = nullptr;
  std::vector<Value*> from_, to_;
  Value* status_ = nullptr;

 private:
  Value* thread_number(llvm::Intrinsic::ID id);
  Value* element(const Argument& a, const Indices& at);
  void mark_kernel();
  std::vector<llvm::Type*> parameter_types(bool is_finish);
  void take_parameters(bool is_finish);
  Value* scalar_from_word(DType t, Value* word);
  void report(const std::vector<ScalarEmitter::Raise>& raises);

  int first_scalar() const { return spec_.program.nloads; }
  int end_scalars() const { return first_scalar() + spec_.program.nscalars; }
  int first_reduction() const { return end_scalars() + int(spec_.stores.size()); }
  bool is_scalar(int arg) const { return arg >= first_scalar() && arg < end_scalars(); }
};

}  // namespace grumpy
