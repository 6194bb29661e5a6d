/// The floating-point control and flags of a thread, so that work done on another thread behaves
/// as if its owner had done it.
///
/// Threads: each function speaks of the thread that calls it.
#pragma once
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#else
#include <cfenv>
#endif

namespace grumpy {

#if defined(__x86_64__)
/// MXCSR: the x87 unit computes nothing here.
class FloatState {
 public:
  static FloatState control_of_this_thread() { return FloatState(_mm_getcsr() & ~kFlags); }
  FloatState() = default;
  /// Takes the control bits and clears all flags.
  void set() const { if (_mm_getcsr() != bits_) _mm_setcsr(bits_); }
  static uint32_t flags_of_this_thread() { return _mm_getcsr() & kFlags; }
  static void raise_flags(uint32_t flags) {
    const uint32_t now = _mm_getcsr();
    if (flags & ~now) _mm_setcsr(now | flags);
  }

 private:
  static constexpr uint32_t kFlags = 0x3f;
  explicit FloatState(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0x1f80;
};
#else
class FloatState {
 public:
  static FloatState control_of_this_thread() {
    FloatState state;
    std::fegetenv(&state.environment_);
    return state;
  }
  void set() const {
    std::fesetenv(&environment_);
    std::feclearexcept(FE_ALL_EXCEPT);
  }
  static uint32_t flags_of_this_thread() { return uint32_t(std::fetestexcept(FE_ALL_EXCEPT)); }
  static void raise_flags(uint32_t flags) { if (flags) std::feraiseexcept(int(flags)); }

 private:
  std::fenv_t environment_{};
};
#endif

}  // namespace grumpy
