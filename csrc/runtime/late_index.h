/// Settles index arrays that are checked late, before an evaluation.
///
/// Threads: under the GIL, outside the evaluation lock.
#pragma once
#include <functional>
#include <span>
#include <string>

#include "graph/node.h"

namespace grumpy {

/// Gives every Check below `wanted` its buffer, inputs first; `compute` evaluates nodes below which
/// none is left. When an index is out of bounds nothing that needs it has been computed, no memory has been
/// overwritten, and the writes that need it are taken back.
/// Throws: IndexError with NumPy's text and the recording line; what `compute` throws.
void settle_checks(std::span<Node* const> wanted, const std::function<void(std::span<Node* const>)>& compute);

/// "file:line" of a site, for messages; set once by the binding.
void set_place_hook(std::string (*place)(const Site&));
std::string place_of_site(const Site& site);

}  // namespace grumpy
