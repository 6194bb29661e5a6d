#include "passes/passes.h"

namespace grumpy {

Snapshot dead_code(const Snapshot& in) {
  std::vector<bool> needed(in.nodes.size());
  for (size_t i = in.nodes.size(); i-- > 0;) {
    const SnapNode& n = in.nodes[i];
    if (n.flags & kOutput) needed[i] = true;
    if (!needed[i]) continue;
    for (int k = 0; k < n.nin; ++k) needed[n.in[k]] = true;
  }
  Snapshot out;
  std::vector<uint32_t> id(in.nodes.size());
  for (size_t i = 0; i < in.nodes.size(); ++i) {
    if (!needed[i]) continue;
    id[i] = uint32_t(out.nodes.size());
    out.nodes.push_back(in.nodes[i]);
    SnapNode& n = out.nodes.back();
    for (int k = 0; k < n.nin; ++k) n.in[k] = id[n.in[k]];
  }
  return out;
}

}  // namespace grumpy
