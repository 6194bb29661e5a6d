/// Floating-point errors of a launch: noticed by the CPU's sticky flags, found by a second look.
///
/// Threads: FpeWatch is shared by the workers of one launch; the flags are the calling thread's.
#pragma once
#include <immintrin.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "device/cpu/run_kernel.h"

namespace grumpy {

/// The sticky flags as an Fpe mask, and back to none.
inline uint32_t cpu_fpe_of(uint32_t mxcsr) {
  return (mxcsr & 4) >> 2 /* Divide */ | (mxcsr & 8) >> 2 /* Over */ | (mxcsr & 16) >> 2 /* Under */ |
         (mxcsr & 1) << 3 /* Invalid */;
}
inline uint32_t cpu_fpe() { return cpu_fpe_of(_mm_getcsr()); }
inline void raise_cpu_overflow() { _mm_setcsr(_mm_getcsr() | 8); }
inline void raise_cpu_underflow() { _mm_setcsr(_mm_getcsr() | 16); }
/// Clears them; "inexact", which Python's own arithmetic leaves set and nobody asks for, may stay.
inline void clear_cpu_fpe() {
  const uint32_t now = _mm_getcsr();
  if (now & 0x1d) _mm_setcsr(now & ~0x3fu);
}
/// The old unit's sticky flags, forgotten or taken over as the CPU's: the C library raises overflow and
/// underflow there, for loops that find them by themselves (NumPy's of float16).
inline void clear_x87_fpe() {
  uint16_t status;
  asm volatile("fnstsw %0" : "=am"(status));
  if (status & 0x1d) asm volatile("fnclex");
}
inline void take_x87_fpe() {
  uint16_t status;
  asm volatile("fnstsw %0" : "=am"(status));
  if (!(status & 0x1d)) return;
  asm volatile("fnclex");
  _mm_setcsr(_mm_getcsr() | (status & 0x1du));
}

/// Runs its scope with IEEE defaults (rounding to nearest, no flushing) and puts the thread's own
/// modes and flags back.
class FpeScope {
 public:
  FpeScope() : saved_(_mm_getcsr()) {
    if ((saved_ & ~0x3fu) != kDefault) _mm_setcsr(kDefault);
  }
  ~FpeScope() {
    if (_mm_getcsr() != saved_) _mm_setcsr(saved_);
  }
  FpeScope(const FpeScope&) = delete;
  FpeScope& operator=(const FpeScope&) = delete;

 private:
  static constexpr uint32_t kDefault = 0x1f80;
  uint32_t saved_;
};

/// Errors of an instruction that somebody wants to hear of.
inline uint8_t watched(const Instr& i) { return i.is_foreign ? i.watch : uint8_t(i.watch & info(i.op).fpe); }

/// Who still wants to hear of what.
class FpeWatch {
 public:
  void start(const KernelSpec& spec, uint8_t watch, const FpeReport& report);

  /// Errors worth a second look; shrinks as they are reported.
  uint8_t open() const { return open_.load(std::memory_order_relaxed); }

  /// Reports the guilty of the errors seen. A program of several instructions is run again, one by one,
  /// on n elements of each load, as they were before. `loads`: contiguous elements. `scalars`: one each.
  void look_again(uint8_t seen, const char* const* loads, const char* const* scalars, int64_t n);

  /// Reports an error of a reduction, once.
  void report_reduction(size_t reduction, uint8_t fpe);

 private:
  void report_only_instruction(uint8_t seen);

  const KernelSpec* spec_ = nullptr;
  const FpeReport* report_ = nullptr;
  std::atomic<uint8_t> open_{0};
  std::mutex mutex_;                 // of the members below and of calls to report_
  std::vector<uint8_t> left_;        // per instruction; empty until the first second look
  std::vector<uint8_t> reductions_;  // per reduction
};

}  // namespace grumpy
