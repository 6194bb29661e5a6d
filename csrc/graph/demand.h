/// Demand: which lines of the program record arrays that are asked for after an evaluation has left them.
///
/// A live array that nobody asked for stays pending when computing it again is cheap (decision 3): most are names in a
/// function that ends. Some are not: the moments of an optimizer, which the parameters are computed from and which the
/// next step reads. Where an array recorded by a line was left and then asked for, the next ones that this line records
/// are stored by the kernel that computes them anyway.
/// Threads: under the GIL.
#pragma once
#include "graph/node.h"

namespace grumpy {

/// Arrays recorded where `n` was are worth keeping.
void note_demand(const Node& n);
/// Whether n was recorded by such a line. n is pending.
bool is_in_demand(const Node& n);

}  // namespace grumpy
