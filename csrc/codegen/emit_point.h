/// Scalar blocks and programs for one point, as straight-line IR inside somebody else's loop.
///
/// Values are held as in ScalarEmitter: one IR value for a real, two for a complex.
/// Throws:  CompileError for an operation that has neither scalar code nor a libdevice function.
/// Threads: one function being built.
#pragma once
#include <vector>

#include "codegen/emit_scalar.h"
#include "kernel/kernel_spec.h"

namespace grumpy {

struct IrValue {
  llvm::Value* re = nullptr;
  llvm::Value* im = nullptr;
};

/// The outputs of a block whose input slots are these values. Conditions of scalar op raise are
/// appended to `raises`.
std::vector<IrValue> emit_block(ScalarEmitter& emitter, const ScalarBlock& block,
                                const std::vector<IrValue>& inputs,
                                std::vector<ScalarEmitter::Raise>& raises);

/// All values of a program; `values` holds loads and scalars on entry.
void emit_program(llvm::IRBuilderBase& builder, ScalarEmitter& emitter, const Program& program,
                  std::vector<IrValue>& values, std::vector<ScalarEmitter::Raise>& raises);

}  // namespace grumpy
