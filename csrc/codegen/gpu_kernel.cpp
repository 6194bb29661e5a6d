#include "codegen/gpu_kernel.h"

#include "base/error.h"
#include "codegen/gpu_launch.h"

namespace grumpy {

using llvm::BasicBlock;
using llvm::PHINode;
using llvm::Type;

namespace {

constexpr unsigned kGlobal = 1;
constexpr size_t kMaxArgumentBytes = 4096;

}  // namespace

GpuKernel::GpuKernel(llvm::Module& module, const KernelSpec& spec)
    : module_(module), spec_(spec), b_(module.getContext()), emitter_(b_, Isa::Generic, true, 0) {
  for (const Reduction& r : spec.reductions)
    reductions_.push_back(reduce_blocks(r.op, r.in, r.out));
  for (const ReduceBlocks& r : reductions_)
    parts_.insert(parts_.end(), r.parts.begin(), r.parts.end());
}

// --- small words
// -----------------------------------------------------------------------------------

llvm::Value* GpuKernel::thread_number(llvm::Intrinsic::ID id) {
  return b_.CreateZExt(b_.CreateIntrinsic(id, {}, {}), b_.getInt64Ty());
}

llvm::Value* GpuKernel::tid() { return thread_number(llvm::Intrinsic::nvvm_read_ptx_sreg_tid_x); }

llvm::Value* GpuKernel::ctaid() {
  return thread_number(llvm::Intrinsic::nvvm_read_ptx_sreg_ctaid_x);
}

llvm::Value* GpuKernel::ntid() { return thread_number(llvm::Intrinsic::nvvm_read_ptx_sreg_ntid_x); }

llvm::Value* GpuKernel::nctaid() {
  return thread_number(llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_x);
}

void GpuKernel::barrier() { b_.CreateIntrinsic(llvm::Intrinsic::nvvm_barrier0, {}, {}); }

void GpuKernel::for_loop(const char* name, Value* first, Value* end, Value* step,
                         const std::function<void(Value*)>& body) {
  BasicBlock* before = b_.GetInsertBlock();
  BasicBlock* loop = new_block(name);
  BasicBlock* after = new_block("after");
  b_.CreateCondBr(b_.CreateICmpULT(first, end), loop, after);
  b_.SetInsertPoint(loop);
  PHINode* i = b_.CreatePHI(b_.getInt64Ty(), 2);
  i->addIncoming(first, before);
  body(i);
  Value* next = b_.CreateAdd(i, step);
  i->addIncoming(next, b_.GetInsertBlock());
  b_.CreateCondBr(b_.CreateICmpULT(next, end), loop, after);
  b_.SetInsertPoint(after);
}

void GpuKernel::split(Value* flat, bool reduced, Indices& at) {
  at.resize(spec_.ndim);
  int first = 0;
  while (first < spec_.ndim && is_reduced(first) != reduced) ++first;
  for (int k = spec_.ndim - 1; k >= first; --k) {
    if (is_reduced(k) != reduced) continue;
    if (k == first) {
      at[size_t(k)] = flat;
      return;
    }
    Value* extent = extents_[size_t(k)];
    at[size_t(k)] = b_.CreateURem(flat, extent);
    flat = b_.CreateUDiv(flat, extent);
  }
}

// --- memory
// ------------------------------------------------------------------------------------------

Type* GpuKernel::memory_type(DType t) {
  return t == DType::bool_ ? b_.getInt8Ty() : emitter_.type_of(t);
}

llvm::Value* GpuKernel::load_part(Value* base, Value* index, DType t) {
  Type* m = memory_type(t);
  Value* v = b_.CreateAlignedLoad(m, b_.CreateInBoundsGEP(m, base, index),
                                  llvm::Align(uint64_t(item_bytes(t))));
  return t == DType::bool_ ? b_.CreateICmpNE(v, b_.getInt8(0)) : v;
}

void GpuKernel::store_part(Value* base, Value* index, DType t, Value* v) {
  Type* m = memory_type(t);
  if (t == DType::bool_) v = b_.CreateZExt(v, m);
  b_.CreateAlignedStore(v, b_.CreateInBoundsGEP(m, base, index),
                        llvm::Align(uint64_t(item_bytes(t))));
}

IrValue GpuKernel::load(const Argument& a, const Indices& at) {
  Value* e = element(a, at);
  if (!is_complex(a.dtype)) return {load_part(a.data, e, a.dtype), nullptr};
  const DType part = real_part(a.dtype);
  Value* first = b_.CreateShl(e, word(1));
  return {load_part(a.data, first, part), load_part(a.data, b_.CreateAdd(first, word(1)), part)};
}

void GpuKernel::store(const Argument& a, const Indices& at, IrValue v) {
  Value* e = element(a, at);
  if (!is_complex(a.dtype)) return store_part(a.data, e, a.dtype, v.re);
  const DType part = real_part(a.dtype);
  Value* first = b_.CreateShl(e, word(1));
  store_part(a.data, first, part, v.re);
  store_part(a.data, b_.CreateAdd(first, word(1)), part, v.im);
}

llvm::Value* GpuKernel::element(const Argument& a, const Indices& at) {
  Value* sum = word(0);
  for (size_t k = 0; k < at.size(); ++k)
    if (at[k]) sum = b_.CreateAdd(sum, b_.CreateMul(at[k], a.strides[k]));
  return sum;
}

// --- function and parameters
// ---------------------------------------------------------------------------

void GpuKernel::begin(const char* name, bool is_finish) {
  const std::vector<Type*> types = parameter_types(is_finish);
  if (types.size() * 8 > kMaxArgumentBytes)
    throw CompileError("a kernel of " + std::to_string(spec_.nargs()) + " arguments in " +
                       std::to_string(spec_.ndim) +
                       " dimensions has more parameters than a launch carries");
  auto* type = llvm::FunctionType::get(b_.getVoidTy(), types, false);
  fn_ = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module_);
  fn_->addFnAttr(llvm::Attribute::NoUnwind);
  mark_kernel();
  b_.SetInsertPoint(new_block("entry"));
  take_parameters(is_finish);
}

// Both functions below walk the words of gpu_arguments in its order.

std::vector<Type*> GpuKernel::parameter_types(bool is_finish) {
  std::vector<Type*> types;
  Type* pointer = b_.getPtrTy(kGlobal);
  const auto add = [&](Type* t, size_t n) { types.insert(types.end(), n, t); };
  add(b_.getInt64Ty(), spec_.ndim);
  for (int a = is_finish ? first_reduction() : 0; a < spec_.nargs(); ++a) {
    if (!is_scalar(a)) add(pointer, 1);
    add(b_.getInt64Ty(), !is_scalar(a) ? spec_.ndim : is_complex(spec_.arg_dtype(a)) ? 2 : 1);
  }
  if (spec_.kind != KernelKind::Map) {
    add(b_.getInt64Ty(), 4);
    add(pointer, parts_.size() * (is_finish ? 2 : 1));
  }
  add(pointer, 1);
  return types;
}

void GpuKernel::take_parameters(bool is_finish) {
  unsigned next = 0;
  const auto take = [&] { return fn_->getArg(next++); };
  extents_.clear();
  for (int k = 0; k < spec_.ndim; ++k) extents_.push_back(take());
  arguments_.assign(size_t(spec_.nargs()), {});
  scalars_.clear();
  for (int a = is_finish ? first_reduction() : 0; a < spec_.nargs(); ++a) {
    const DType t = spec_.arg_dtype(a);
    if (is_scalar(a)) {
      IrValue v{scalar_from_word(real_part(t), take()), nullptr};
      if (is_complex(t)) v.im = scalar_from_word(real_part(t), take());
      scalars_.push_back(v);
      continue;
    }
    Argument& view = arguments_[size_t(a)];
    view.dtype = t;
    view.data = take();
    for (int k = 0; k < spec_.ndim; ++k) view.strides.push_back(take());
  }
  const bool reduces = spec_.kind != KernelKind::Map;
  if (reduces) rows_ = take(), lanes_log2_ = take(), chunk_rows_ = take(), chunks_ = take();
  from_.clear();
  to_.clear();
  for (size_t k = 0; k < parts_.size() && is_finish; ++k) from_.push_back(take());
  for (size_t k = 0; k < parts_.size() && reduces; ++k) to_.push_back(take());
  status_ = take();
}

void GpuKernel::mark_kernel() {
  const auto note = [&](const char* key, unsigned v) {
    llvm::Metadata* m[] = {llvm::ValueAsMetadata::get(fn_),
                           llvm::MDString::get(b_.getContext(), key),
                           llvm::ConstantAsMetadata::get(b_.getInt32(v))};
    module_.getOrInsertNamedMetadata("nvvm.annotations")
        ->addOperand(llvm::MDNode::get(b_.getContext(), m));
  };
  note("kernel", 1);
  if (spec_.kind != KernelKind::Map)
    note("reqntidx", kReduceThreads), note("reqntidy", 1), note("reqntidz", 1);
}

llvm::Value* GpuKernel::scalar_from_word(DType t, Value* word) {
  if (t == DType::bool_)
    return b_.CreateICmpNE(b_.CreateTrunc(word, b_.getInt8Ty()), b_.getInt8(0));
  Value* bits = b_.CreateTrunc(word, b_.getIntNTy(unsigned(8 * item_bytes(t))));
  return t == DType::float32 || t == DType::float64 ? b_.CreateBitCast(bits, emitter_.type_of(t))
                                                    : bits;
}

// --- one point
// -------------------------------------------------------------------------------------------

std::vector<IrValue> GpuKernel::evaluate(const Indices& at) {
  std::vector<IrValue> values;
  for (int a = 0; a < spec_.program.nloads; ++a) values.push_back(load(arguments_[size_t(a)], at));
  values.insert(values.end(), scalars_.begin(), scalars_.end());
  std::vector<ScalarEmitter::Raise> raises;
  emit_program(b_, emitter_, spec_.program, values, raises);
  const size_t first = size_t(spec_.program.nloads + spec_.program.nscalars);
  for (size_t k = 0; k < spec_.stores.size(); ++k)
    store(arguments_[first + k], at, values[spec_.stores[k].value]);
  report(raises);
  return values;
}

// Errors the program raises itself; GPUs have no sticky flags for the others.

void GpuKernel::report(const std::vector<ScalarEmitter::Raise>& raises) {
  if (raises.empty()) return;
  Value* mask = b_.getInt32(0);
  for (const auto& r : raises)
    mask = b_.CreateOr(mask, b_.CreateSelect(r.cond, b_.getInt32(r.fpe), b_.getInt32(0)));
  BasicBlock* raise = new_block("raise");
  BasicBlock* after = new_block("after_raise");
  b_.CreateCondBr(b_.CreateICmpNE(mask, b_.getInt32(0)), raise, after);
  b_.SetInsertPoint(raise);
  b_.CreateAtomicRMW(llvm::AtomicRMWInst::Or, status_, mask, llvm::MaybeAlign(4),
                     llvm::AtomicOrdering::Monotonic);
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
}

}  // namespace grumpy
