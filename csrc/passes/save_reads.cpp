#include <algorithm>
#include <vector>

#include "passes/passes.h"

namespace grumpy {
namespace {

/// Bytes of an array from which copying all of it costs more than one kernel for a small part.
constexpr int64_t kWorthSaving = 16 << 10;
constexpr int64_t kSmallPart = 8;  // of the whole

/// Per node: the last node in program order that makes a kernel read it; pointwise nodes may be computed
/// in the kernel of any later one.
std::vector<uint32_t> last_readers(const Snapshot& s) {
  std::vector<uint32_t> last(s.nodes.size());
  for (uint32_t id = uint32_t(s.nodes.size()); id-- > 0;) {
    const SnapNode& n = s.nodes[id];
    const uint32_t here = n.is_pointwise() || n.kind == NodeKind::View ? std::max(last[id], id) : id;
    for (int k = 0; k < n.nin; ++k) last[n.in[k]] = std::max(last[n.in[k]], here);
  }
  return last;
}

}  // namespace

Snapshot save_reads(const Snapshot& in) {
  const uint32_t count = uint32_t(in.nodes.size());
  std::vector<uint32_t> first_write(count, count);  // per node: the first write to it
  bool any = false;
  for (uint32_t id = 0; id < count; ++id) {
    const SnapNode& n = in.nodes[id];
    if ((n.kind != NodeKind::Update && n.kind != NodeKind::Put) || n.shape->size * item_bytes(n.dtype) < kWorthSaving) continue;
    first_write[n.in[0]] = std::min(first_write[n.in[0]], id);
    any = true;
  }
  if (!any) return in;
  const std::vector<uint32_t> last = last_readers(in);
  Snapshot out;
  out.nodes.reserve(count);
  std::vector<uint32_t> place(count);  // where a node's value is read in `out`
  for (uint32_t id = 0; id < count; ++id) {
    SnapNode n = in.nodes[id];
    for (int k = 0; k < n.nin; ++k) n.in[k] = place[n.in[k]];
    place[id] = uint32_t(out.nodes.size());
    out.nodes.push_back(n);
    if (n.kind != NodeKind::View) continue;
    const uint32_t old = in.nodes[id].in[0];
    if (first_write[old] >= last[id] || n.shape->size > in.nodes[old].shape->size / kSmallPart) continue;
    SnapNode copy = n;
    copy.kind = NodeKind::Map;
    copy.op = uint8_t(Op::cast);
    copy.view = {};
    copy.watch = 0;
    copy.flags = kSaved;
    copy.in[0] = place[id];
    place[id] = uint32_t(out.nodes.size());
    out.nodes.push_back(std::move(copy));
  }
  return out;
}

}  // namespace grumpy
