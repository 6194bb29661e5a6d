/// Session: owns the plan cache and the evaluation lock; evaluate() is the second story of this
/// project, after passes/pipeline.cpp.
///
/// Threads: called under the GIL. One evaluation runs at a time, in the order they were asked for; who
///          must wait lets go of the GIL first, so no grumpy lock is ever waited for while holding it.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "graph/storage.h"
#include "runtime/validator.h"

namespace grumpy {

/// All but release are called with the GIL held.
struct PythonHooks {
  void* (*release)() = [] { return static_cast<void*>(nullptr); };
  void (*acquire)(void*) = [](void*) {};
  bool (*interrupted)() = [] { return false; };     // asked between kernels
  bool (*answer_signals)() = [] { return false; };  // no lock is held; true: stop with Interrupted
};
void set_python_hooks(const PythonHooks& hooks);
void set_validator(const Validator& v);

/// Floating-point errors of an operation that has been evaluated.
struct FpError {
  Site site;             // holds a reference to its code object
  std::string operation;
  uint8_t fpe;
};

/// Whether an evaluation that takes long may let go of the GIL.
enum class Gil : uint8_t { MayGo, Stays };

/// Gives these nodes, and what shares work with them, their buffers. Interrupted between kernels,
/// everything stays pending as it was. Other threads may meanwhile write to the arrays whose values
/// these are: who goes on with the nodes holds them (HeldValue).
void evaluate(std::span<Node* const> wanted);
void evaluate(Node& wanted, Gil gil = Gil::MayGo);
/// The storage's value, evaluated; it stays so until somebody else has the GIL.
Node& evaluate(Storage& s);

/// For a fork: no evaluation begins between the two calls, in any thread, and none is under way.
/// The child, like the parent, calls the second.
void pause_evaluations();
void resume_evaluations();
/// When the process ends: from now on only this thread evaluates, others wait for ever. CPython ends a
/// daemon thread that comes for the GIL too late by unwinding its stack, which our frames do not survive.
void close_evaluations();

/// For what runs outside evaluate(): remembers those of the raised errors that the site watches for.
void note_fp_error(const Site& site, std::string operation, uint8_t raised);

/// Errors since the last call, in program order.
std::vector<FpError> take_fp_errors();
namespace detail {
extern std::vector<FpError> fp_errors;  // not yet taken
}
inline bool has_fp_errors() { return !detail::fp_errors.empty(); }

/// The text of what evaluate(wanted) would do, as describe_plan names it; evaluates nothing but indices
/// that are checked late.
std::string describe(std::span<Node* const> wanted, const std::string& what);
/// For settings that plans depend on.
void clear_plan_cache();

}  // namespace grumpy
