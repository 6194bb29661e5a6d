/// Widening: what was recorded on rows that a mask selects, recorded anew on all rows. Then nothing has
/// to be packed and unpacked: a[m] = f(a[m], b[m]) becomes a = where(m, f(a, b), a), which fuses.
///
/// Needs:   a pending value of maps over Compress nodes of one mask, numbers, and arrays that reach over
///          the axes behind the mask only.
/// Leaves:  new nodes; the recorded ones stay as they are. Operations that may report a floating-point
///          error get harmless operands where the mask is false, so that nothing else is reported.
/// Threads: under the GIL.
#pragma once
#include "graph/record.h"

namespace grumpy {

struct Widened {
  NodeRef value;  // null: it must be computed row by row
  NodeRef mask;   // with axes of extent 1 for those of `value` behind it
  int mask_ndim = 0;
  explicit operator bool() const { return bool(value); }
};

/// `mask` null: whichever the value has. Not where few rows are selected, or the value is long.
Widened widen(Node& value, Node* mask);

/// What a reduction of all selected rows, in any order, is a reduction of; null where the order shows.
NodeRef fill_for(ReduceOp op, const Widened& w, const Site& site);

}  // namespace grumpy
