/// Errors. A user's mistake carries the class NumPy would raise; our own mistakes say so.
///
/// GRUMPY_CHECK(cond, ValueError) << "add: shapes ...";    the user did it; raised while recording
/// GRUMPY_ASSERT(cond) << "...";                           we did it
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace grumpy {

enum class ErrorClass : uint8_t {
  ValueError, TypeError, IndexError, AxisError, ZeroDivisionError, OverflowError,
  MemoryError, FloatingPointError, NotImplementedError, RuntimeError,
  UFuncTypeError,    // numpy._core._exceptions._UFuncNoLoopError family; a TypeError
  UFuncCastingError, // _UFuncOutputCastingError family; a TypeError
};

class Error : public std::runtime_error {
 public:
  Error(ErrorClass c, const std::string& what) : std::runtime_error(what), error_class(c) {}
  ErrorClass error_class;
};

/// A broken promise inside grumpy, never the user's fault.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};
class CompileError : public std::runtime_error { public: using std::runtime_error::runtime_error; };
class DeviceError : public std::runtime_error { public: using std::runtime_error::runtime_error; };
/// Somebody pressed Ctrl-C; Python knows which exception that is.
class Interrupted : public std::runtime_error { public: using std::runtime_error::runtime_error; };
class OutOfMemory : public std::runtime_error { public: using std::runtime_error::runtime_error; };

namespace detail {
template <class Thrower>
class Raise {
 public:
  explicit Raise(Thrower t) : thrower_(t) {}
  template <class T> Raise& operator<<(const T& v) { text_ << v; return *this; }
  [[noreturn]] ~Raise() noexcept(false) { thrower_(text_.str()); __builtin_unreachable(); }
 private:
  Thrower thrower_;
  std::ostringstream text_;
};
template <class T> Raise(T) -> Raise<T>;
}  // namespace detail

#define GRUMPY_CHECK(cond, cls)                                                        \
  if (__builtin_expect(!!(cond), 1)) {} else                                           \
    ::grumpy::detail::Raise([](const std::string& text) {                              \
      throw ::grumpy::Error(::grumpy::ErrorClass::cls, text); })
#define GRUMPY_ASSERT(cond)                                                            \
  if (__builtin_expect(!!(cond), 1)) {} else                                           \
    ::grumpy::detail::Raise([](const std::string& text) {                              \
      throw ::grumpy::InternalError("internal error, please report: " #cond ": " + text); })

}  // namespace grumpy
