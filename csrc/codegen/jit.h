/// Scalar blocks as machine code: LLVM behind three verbs.
///
/// Needs:   nothing but a ScalarBlock. Leaves: code that lives as long as the process.
/// Throws:  CompileError with LLVM's words.
/// Threads: compile_block may be called from several threads; one warm target machine per thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "kernel/block_loops.h"

namespace grumpy {

enum class OptLevel : uint8_t { Quick /* codegen None */, Full /* passes and codegen Default */ };

struct BlockLayout {
  std::vector<bool> is_splat;   // per input slot
  bool is_fold = false;         // outputs are sums over rows: see FoldFn in kernel/steps.h
};

/// Code for a whole block: ptrs = input slots then output slots.
BlockFn compile_block(const ScalarBlock& block, const BlockLayout& layout, OptLevel level,
                      const std::string& name);

/// Object bytes for the disk cache, and back. `name` must be the one compiled with.
std::vector<char> compile_to_object(const ScalarBlock& block, const BlockLayout& layout, OptLevel level,
                                    const std::string& name);
BlockFn load_object(const std::vector<char>& object, const std::string& name);

/// For grumpy.inspect.
std::string llvm_text(const ScalarBlock& block, const BlockLayout& layout, OptLevel level);
std::string asm_text(const ScalarBlock& block, const BlockLayout& layout, OptLevel level);

/// CPU name and features the code is for: part of every cache key.
const std::string& host_target();

}  // namespace grumpy
