/// What work costs on this machine: the figures by which tiers and threads are chosen.
///
/// Leaves:  built-in figures until somebody has measured (runtime/calibration.h). They decide how work is
///          done and never what comes out: results do not depend on them (semantics.md S6).
/// Threads: safe; figures are replaced as a whole.
#pragma once

namespace grumpy {

struct Costs {
  double step_ns = 0.16;          // a value of a block written to its buffer and read back, per element
  double call_ns = 14;            // of a step of a kernel, whatever its size
  double compile_ns = 0.4e6;      // of a kernel at level Quick
  double compile_op_ns = 10e3;    // of each scalar operation in it
  double wake_ns = 23e3;          // until a parked thread works
  bool is_measured = false;
};

const Costs& costs();
/// Leaks the former figures: somebody may still be reading them.
void set_costs(const Costs& costs);

}  // namespace grumpy
