/// What machine the code is for: the host we run on, or a named x86-64 level for code compiled
/// ahead.
///
/// Leaves:  target machines that never contract a*b+c and never reassociate, so that every level
///          of every tier gives the same bits.
/// Throws:  CompileError when LLVM does not know the machine.
/// Threads: pure; a target machine belongs to one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
class Function;
}  // namespace llvm

namespace grumpy {

/// Instruction sets the emitters tell apart. V2: SSE4.2; V3: AVX2, FMA, F16C; V4: AVX-512 F, BW,
/// CD, DQ, VL. Generic: target-neutral IR only (NVPTX, and the emulated grid on the host).
enum class Isa : uint8_t { V2, V3, V4, Generic };

struct CpuTarget {
  std::string cpu;       // LLVM's name
  std::string features;  // "+avx2,-avx512f,..."
  Isa isa = Isa::V2;
};

/// The CPU we run on, detected once.
const CpuTarget& host_cpu();
/// The psABI level of that name, with tuning that uses its widest vectors.
CpuTarget level_cpu(Isa isa);

/// Bytes of the widest vector register.
constexpr int vector_bytes(Isa isa) { return isa == Isa::V4 ? 64 : isa == Isa::V3 ? 32 : 16; }

/// 0: the fast path of LLVM's code generator; 2: its default.
std::unique_ptr<llvm::TargetMachine> make_cpu_machine(const CpuTarget& target, int codegen_level);

/// Attributes every function needs for the target machine's settings to hold in it.
void set_cpu_attributes(llvm::Function& fn, const CpuTarget& target);

}  // namespace grumpy
