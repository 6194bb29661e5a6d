/// Objects in memory, made callable: LLVM's linker behind one verb.
///
/// Leaves:  code that lives as long as the process.
/// Throws:  CompileError with LLVM's words.
/// Threads: safe.
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace grumpy {

using Symbols = std::vector<std::pair<std::string, void*>>;

/// Addresses of `names` in the object. Beside `symbols` the object may use only what LLVM itself
/// calls where an instruction set has no instruction: fma, fmod, memcpy, memset. Each object has a
/// name space of its own, so a kernel compiled again, at another level or read from disk, never
/// clashes with itself.
std::vector<void*> link_object(const std::vector<char>& object,
                               const std::vector<std::string>& names, const Symbols& symbols = {});

}  // namespace grumpy
