/// The list of passes, in order.
#pragma once
#include "graph/snapshot.h"

namespace grumpy {

/// Runs every pass that GRUMPY_DISABLE_PASSES does not name; dumps and verifies as configured.
Snapshot run_pipeline(Snapshot s);

}  // namespace grumpy
