#include <algorithm>
#include <vector>

#include "passes/passes.h"

namespace grumpy {
namespace {

constexpr int64_t kSmallPart = 8;  // of the array: a large result is cheaper computed when it is asked for

int64_t bytes_of(const SnapNode& n) { return n.shape->size * item_bytes(n.dtype); }

}  // namespace

Snapshot compute_readers(const Snapshot& in) {
  const size_t count = in.nodes.size();
  std::vector<uint32_t> memory(count);  // per node: what its elements were before anything was written
  std::vector<bool> is_written(count);
  bool any = false;
  for (uint32_t id = 0; id < count; ++id) {
    const SnapNode& n = in.nodes[id];
    const bool is_write = n.kind == NodeKind::Update || n.kind == NodeKind::Put;
    memory[id] = is_write ? memory[n.in[0]] : id;
    if (!is_write || !(in.nodes[memory[id]].flags & kDonatable)) continue;
    is_written[memory[id]] = true;
    any = true;
  }
  if (!any) return in;
  Snapshot out = in;
  std::vector<int64_t> pinned(count);  // per node: bytes of the largest written leaf that it needs while it is pending
  for (uint32_t id = 0; id < count; ++id) {
    SnapNode& n = out.nodes[id];
    if (is_written[id]) pinned[id] = bytes_of(n);
    for (int k = 0; k < n.nin; ++k) pinned[id] = std::max(pinned[id], pinned[n.in[k]]);
    if ((n.flags & kLive) && (n.is_pointwise() || n.kind == NodeKind::View) && bytes_of(n) <= pinned[id] / kSmallPart)
      n.flags |= kOutput;
    if (n.flags & kOutput) pinned[id] = 0;
  }
  return out;
}

}  // namespace grumpy
