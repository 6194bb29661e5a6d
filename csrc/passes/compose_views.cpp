#include "passes/passes.h"

namespace grumpy {

Snapshot compose_views(const Snapshot& in) {
  Snapshot out = in;
  for (SnapNode& n : out.nodes) {
    if (n.kind != NodeKind::View) continue;
    // Inputs come first, so an inner view is already composed with what lies below it.
    const SnapNode& below = out.nodes[n.in[0]];
    if (below.kind != NodeKind::View) continue;
    if (View v = compose(*below.view, *n.view)) {
      n.view = std::move(v);
      n.in[0] = below.in[0];
    }
  }
  return out;
}

}  // namespace grumpy
