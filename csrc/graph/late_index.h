/// Index arrays whose bounds are checked late (index_check=late, semantics.md S2): reads and writes that
/// are recorded before anybody knows the index.
///
/// A Check is an index array that becomes known to be in bounds: nothing that needs it is computed before.
/// A Put is a value with elements at such an index replaced, or combined with others. Neither is ever part
/// of a plan: runtime/late_index.cpp settles them, inputs first, before an evaluation takes its frontier.
/// A Check that fails stays, with its error: whatever is made of it raises that error, whoever asks.
/// Threads: under the GIL; uses the scratch fields of nodes.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "graph/record.h"

namespace grumpy {

/// in[axis, axis + 1, ...] at int64 positions, one array per axis; they broadcast together. Shapes have been
/// checked, values have not. names: what errors call the axes.
NodeRef record_late_take(NodeRef in, std::span<const NodeRef> index, int axis, std::span<const int> names, const Site& site);
/// `in` with its elements there replaced by `value`, or combined with it by `op` where that is not kAssign.
/// The value has in's dtype, and broadcasts.
inline constexpr uint8_t kAssign = 0xff;
NodeRef record_late_put(NodeRef in, std::span<const NodeRef> index, int axis, std::span<const int> names,
                        NodeRef value, uint8_t op, const Site& site);

/// What must be settled before these can be evaluated: Check and Put nodes, inputs first.
std::vector<Node*> late_nodes(std::span<Node* const> wanted);
/// Whether its value needs a Check that has failed.
bool is_doomed(Node& n);
/// Takes back the writes to live storages that need a failed Check; later ones that do not, stay.
void undo_doomed_writes();

}  // namespace grumpy
