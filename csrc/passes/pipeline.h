/// The list of passes, in order.
///
/// Throws:  InternalError from the checks of GRUMPY_VERIFY, and where said.
/// Threads: under the evaluation lock.
#pragma once
#include "graph/snapshot.h"

namespace grumpy {

/// Runs every pass that GRUMPY_DISABLE_PASSES does not name; dumps and verifies as configured.
Snapshot run_pipeline(Snapshot s);

/// Throws:  ValueError when GRUMPY_DISABLE_PASSES names a pass that is not in the list.
void check_disabled_passes();

}  // namespace grumpy
