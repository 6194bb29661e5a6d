/// Measures what work costs on this machine, once, and keeps it beside the compiled kernels.
///
/// Needs:   a thread whose time nobody waits for (the background compiler's): some milliseconds.
/// Leaves:  costs() as measured, no further from the built-in figures than a busy machine could explain.
/// Throws:  nothing: what cannot be measured stays as it is built in.
/// Threads: load_costs from any thread, calibrate from one at a time.
#pragma once

namespace grumpy {

/// Takes what an earlier process has measured; does so at the first call.
void load_costs();
/// Measures unless that has been done, here or by an earlier process, or GRUMPY_CALIBRATE is 0.
void calibrate();

}  // namespace grumpy
