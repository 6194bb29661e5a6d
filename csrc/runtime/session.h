/// Session: owns the plan cache and the evaluation lock; evaluate() is the second story of this
/// project, after passes/pipeline.cpp.
///
/// Threads: called under the GIL. One evaluation runs at a time; who must wait lets go of the GIL
///          first, so no grumpy lock is ever waited for while holding it.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "graph/node.h"
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

/// Gives these nodes, and what shares work with them, their buffers. Interrupted between kernels,
/// everything stays pending as it was.
void evaluate(std::span<Node* const> wanted);

/// For what runs outside evaluate(): remembers those of the raised errors that the site watches for.
void note_fp_error(const Site& site, std::string operation, uint8_t raised);

/// Errors since the last call, in program order.
std::vector<FpError> take_fp_errors();
bool has_fp_errors();

/// The text of what evaluate(wanted) would do, as describe_plan names it; evaluates nothing.
std::string describe(std::span<Node* const> wanted, const std::string& what);
void clear_plan_cache();

}  // namespace grumpy
