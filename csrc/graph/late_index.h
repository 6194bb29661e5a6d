/// Index arrays whose bounds are checked late (index_check=late, semantics.md S2).
///
/// A Check is an index array that becomes known to be in bounds: nothing that needs it is computed before. It is
/// never part of a plan: runtime/late_index.cpp settles those below what is wanted, inputs first, before an
/// evaluation takes its frontier. One that fails stays, with its error: whatever is made of it raises that
/// error, whoever asks, and the writes that need it are taken back.
/// Threads: under the GIL; uses the scratch fields of nodes.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "graph/record.h"

namespace grumpy {

/// `index`, once it is known to lie in [-extent, extent); errors call the axis `name`.
NodeRef record_check(const NodeRef& index, int64_t extent, int name, const Site& site);

/// The checks that must be settled before these can be evaluated, inputs first.
std::vector<Node*> pending_checks(std::span<Node* const> wanted);
/// Whether its value needs a Check that has failed.
bool is_doomed(Node& n);
/// Takes back the writes to live storages that need a failed Check; later ones that do not, stay.
void undo_doomed_writes();

}  // namespace grumpy
