#include "codegen/emit_point.h"

#include "base/error.h"
#include "codegen/block_loop_object.h"

namespace grumpy {

using llvm::Value;

namespace {

/// NVIDIA's function for rows that have no expansion into scalar operations.
const char* libdevice_function(Op op) {
  switch (op) {
    case Op::gammaln:
      return "__nv_lgamma";
    case Op::erfinv:
      return "__nv_erfinv";
    case Op::power:
    case Op::float_power:
      return "__nv_pow";
    case Op::tan:
      return "__nv_tan";
    default:
      return nullptr;
  }
}

Value* convert(ScalarEmitter& emitter, DType from, DType to, Value* v) {
  ScalarInstr i{ScalarOp::convert, to, from};
  return from == to ? v : emitter.emit(i, v, nullptr, nullptr);
}

// float16 computes in float32, as every operation on it does.
Value* call_libdevice(llvm::IRBuilderBase& b, ScalarEmitter& emitter, const Instr& i,
                      const std::vector<IrValue>& values) {
  const char* name = i.is_foreign ? nullptr : libdevice_function(i.op);
  if (!name || !is_float(i.dtype)) {
    const std::string what = i.is_foreign ? i.loop->name : std::string(info(i.op).name);
    throw CompileError(what + " of " + std::string(info(i.dtype).name) + " has no code for GPUs");
  }
  const DType t = i.dtype == DType::float16 ? DType::float32 : i.dtype;
  llvm::Type* type = emitter.type_of(t);
  std::vector<Value*> arguments;
  for (int k = 0; k < i.nin; ++k)
    arguments.push_back(convert(emitter, i.dtype, t, values[i.in[k]].re));
  llvm::FunctionCallee callee = b.GetInsertBlock()->getModule()->getOrInsertFunction(
      std::string(name) + (t == DType::float32 ? "f" : ""),
      llvm::FunctionType::get(type, std::vector<llvm::Type*>(i.nin, type), false));
  return convert(emitter, t, i.result, b.CreateCall(callee, arguments));
}

}  // namespace

std::vector<IrValue> emit_block(ScalarEmitter& emitter, const ScalarBlock& block,
                                const std::vector<IrValue>& inputs,
                                std::vector<ScalarEmitter::Raise>& raises) {
  std::vector<Value*> values(block.instrs.size());
  std::vector<IrValue> outputs(block.outputs.size());
  for (size_t k = 0; k < block.instrs.size(); ++k) {
    const ScalarInstr& i = block.instrs[k];
    const int n = info(i.op).nin;
    Value* a = n > 0 ? values[i.a] : nullptr;
    switch (i.op) {
      case ScalarOp::input:
        values[k] = i.imm % 2 ? inputs[i.imm / 2].im : inputs[i.imm / 2].re;
        break;
      case ScalarOp::store:
        (i.imm % 2 ? outputs[i.imm / 2].im : outputs[i.imm / 2].re) = a;
        break;
      case ScalarOp::raise:
        raises.push_back({a, uint8_t(i.imm)});
        break;
      default:
        values[k] =
            emitter.emit(i, a, n > 1 ? values[i.b] : nullptr, n > 2 ? values[i.c] : nullptr);
    }
  }
  raises.insert(raises.end(), emitter.raises.begin(), emitter.raises.end());
  emitter.raises.clear();
  return outputs;
}

void emit_program(llvm::IRBuilderBase& builder, ScalarEmitter& emitter, const Program& program,
                  std::vector<IrValue>& values, std::vector<ScalarEmitter::Raise>& raises) {
  values.resize(size_t(program.nvalues()));
  for (const Instr& i : program.instrs) {
    if (i.is_foreign || !has_expansion(i.op, i.dtype)) {
      values[i.out].re = call_libdevice(builder, emitter, i, values);
      continue;
    }
    std::vector<IrValue> in;
    for (int k = 0; k < i.nin; ++k) in.push_back(values[i.in[k]]);
    values[i.out] = emit_block(emitter, single_op_block(i.op, i.dtype, i.result), in, raises)[0];
  }
}

}  // namespace grumpy
