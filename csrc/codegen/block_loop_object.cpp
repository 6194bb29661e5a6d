#include "codegen/block_loop_object.h"

#include "base/error.h"
#include "codegen/emit_cpu.h"
#include "codegen/llvm_headers.h"
#include "codegen/optimize.h"
#include "kernel/block_loop_tables.h"

namespace grumpy {

ScalarBlock single_op_block(Op op, DType t, DType result, bool by_number) {
  ScalarBlock block;
  block.has_one_divisor = by_number;
  PointValue in[3];
  for (int k = 0; k < info(op).nin; ++k) {
    block.inputs.push_back(input_dtype(op, t, k));
    in[k] = load_slot(block, k, block.inputs.back());
  }
  block.outputs.push_back(result);
  store_slot(block, 0, result, expand_op(block, op, t, result, in));
  return block;
}

std::vector<char> block_loop_object(Isa level) {
  const CpuTarget target = level_cpu(level);
  const auto machine = make_cpu_machine(target, 2);
  const std::string suffix = level == Isa::V4 ? "v4" : level == Isa::V3 ? "v3" : "v2";
  llvm::LLVMContext context;
  llvm::Module module("block_loops_" + suffix, context);
  module.setTargetTriple(machine->getTargetTriple().str());
  module.setDataLayout(machine->createDataLayout());

  llvm::PointerType* pointer = llvm::PointerType::get(context, 0);
  std::vector<llvm::Constant*> entries;
  const auto add_loop = [&](Op op, DType t, DType result, const std::string& name, bool by_number = false) {
    const BlockLayout layout{by_number ? std::vector<bool>{false, true} : std::vector<bool>{}};
    llvm::Function* fn =
        emit_block_function(module, single_op_block(op, t, result, by_number), layout, target, OptLevel::Full, name);
    fn->setLinkage(llvm::Function::InternalLinkage);
    entries.push_back(fn);
  };
  for (int op = 0; op < kNumOps; ++op)
    for (int t = 0; t < kNumDTypes; ++t) {
      const bool is_loop =
          Op(op) != Op::cast && in_domain(Op(op), DType(t)) && has_expansion(Op(op), DType(t));
      if (is_loop)
        add_loop(Op(op), DType(t), result_dtype(Op(op), DType(t)),
                 std::string(info(Op(op)).name) + "_" + std::string(info(DType(t)).name));
      else entries.push_back(llvm::ConstantPointerNull::get(pointer));
    }
  for (Op op : kOpsByNumber)
    for (int t = 0; t < kNumDTypes; ++t) {
      if (is_integer(DType(t)))
        add_loop(op, DType(t), result_dtype(op, DType(t)),
                 std::string(info(op).name) + "_by_number_" + std::string(info(DType(t)).name), true);
      else entries.push_back(llvm::ConstantPointerNull::get(pointer));
    }
  for (int from = 0; from < kNumDTypes; ++from)
    for (int to = 0; to < kNumDTypes; ++to)
      add_loop(
          Op::cast, DType(from), DType(to),
          "cast_" + std::string(info(DType(from)).name) + "_" + std::string(info(DType(to)).name));
  GRUMPY_ASSERT(entries.size() * sizeof(BlockFn) == sizeof(BlockLoopTable))
      << entries.size() << " entries";

  llvm::ArrayType* type = llvm::ArrayType::get(pointer, entries.size());
  auto* table = new llvm::GlobalVariable(
      module, type, /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage,
      llvm::ConstantArray::get(type, entries), "grumpy_block_loops_" + suffix);
  table->setVisibility(llvm::GlobalValue::HiddenVisibility);
  std::string problem;
  llvm::raw_string_ostream stream(problem);
  if (llvm::verifyModule(module, &stream)) throw CompileError("block loops: " + stream.str());
  optimize(module, *machine, OptLevel::Full);
  return to_object(module, *machine);
}

std::vector<char> level_object(const ScalarBlock& block, const BlockLayout& layout, Isa level,
                               OptLevel opt, const std::string& name) {
  const CpuTarget target = level_cpu(level);
  const auto machine = make_cpu_machine(target, opt == OptLevel::Quick ? 0 : 2);
  llvm::LLVMContext context;
  llvm::Module module(name, context);
  module.setTargetTriple(machine->getTargetTriple().str());
  module.setDataLayout(machine->createDataLayout());
  emit_block_function(module, block, layout, target, opt, name);
  optimize(module, *machine, opt);
  return to_object(module, *machine);
}

}  // namespace grumpy
