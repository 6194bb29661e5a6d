/// Every pass: one line of contract and its function. A pass keeps values, dtypes, shapes and
/// outputs; ids may change, tags never do.
///
/// Needs:   a verified Snapshot. Leaves: a verified Snapshot. Threads: pure, under the GIL.
#pragma once
#include "graph/snapshot.h"

namespace grumpy {

/// Small arrays that nobody asked for, but that need memory which is written to here, are computed, too:
/// while they are pending, each write would have to copy all of that memory.
Snapshot compute_readers(const Snapshot&);
/// Views of views become one view of the source, where that is strided; views of constants go.
Snapshot compose_views(const Snapshot&);
/// Writes that the next write to the same elements covers go; who reads them reads what was written.
Snapshot covered_writes(const Snapshot&);
/// Algebra that is exact in IEEE arithmetic and in integers: double negation, cast chains that lose
/// nothing, where with equal arms. Sums of truth values become counts; any() and all() need no cast.
Snapshot simplify(const Snapshot&);
/// Equal nodes become one.
Snapshot common_subexpr(const Snapshot&);
/// Nodes no output needs go.
Snapshot dead_code(const Snapshot&);

/// Small reads of an array that is written before they are used get memory of their own (kSaved), so that
/// the write need not copy the whole array: a[i], a[j] = a[j], a[i].
Snapshot save_reads(const Snapshot&);

/// Throws InternalError naming the node when an invariant is broken.
void verify(const Snapshot&, const char* after);

}  // namespace grumpy
