#include <algorithm>
#include <vector>

#include "passes/passes.h"

namespace grumpy {
namespace {

constexpr size_t kMaxCone = 64;  // nodes looked at below one write

class CoveredWrites {
 public:
  explicit CoveredWrites(const Snapshot& s) : s_(s), covering_(s.nodes.size(), kNobody) {
    for (uint32_t id = 0; id < s.nodes.size(); ++id)
      for (int k = 0; k < at(id).nin; ++k)
        if (at(at(id).in[k]).kind == NodeKind::Update) note_user(at(id).in[k], id, k);
  }

  /// Whether nobody needs the array as write `id` leaves it: what is read of it is what was written,
  /// and the next write to the array covers it.
  bool is_covered(uint32_t id) const {
    const SnapNode& n = at(id);
    return n.kind == NodeKind::Update && covering_[id] != kNobody && covering_[id] != kSomebody &&
           !(n.flags & (kOutput | kLive)) && same_shape(*at(n.in[1]).shape, *n.view->shape) &&
           !loses_its_operands(n.in[1], id, covering_[id]);
  }

 private:
  static constexpr uint32_t kNobody = ~uint32_t{0}, kSomebody = kNobody - 1;

  const SnapNode& at(uint32_t id) const { return s_.nodes[id]; }

  void note_user(uint32_t write, uint32_t user, int operand) {
    const SnapNode& n = at(user);
    const bool is_same = n.view && operand == 0 && is_same_view(*n.view, *at(write).view);
    if (is_same && n.kind == NodeKind::View && !(n.flags & (kOutput | kLive))) return;
    const bool covers = is_same && n.kind == NodeKind::Update && covering_[write] == kNobody;
    covering_[write] = covers ? user : kSomebody;
  }

  /// The array that an operand lies in, as it was before anything was written to it.
  uint32_t memory_of(uint32_t id) const {
    while (at(id).kind == NodeKind::View || at(id).kind == NodeKind::Update || at(id).kind == NodeKind::Put) id = at(id).in[0];
    return id;
  }

  /// Whether something that `value` is computed from is written to between the two writes: computed
  /// as late as the second one it would need a copy.
  bool loses_its_operands(uint32_t value, uint32_t first, uint32_t second) const {
    std::vector<uint32_t> written;
    for (uint32_t id = first + 1; id < second; ++id)
      if (at(id).kind == NodeKind::Update || at(id).kind == NodeKind::Put) written.push_back(memory_of(id));
    if (written.empty()) return false;
    std::vector<uint32_t> cone{value};
    for (size_t i = 0; i < cone.size(); ++i) {
      const SnapNode& n = at(cone[i]);
      if (!n.is_pointwise()) {
        if (std::find(written.begin(), written.end(), memory_of(cone[i])) != written.end()) return true;
        continue;
      }
      if (cone.size() > kMaxCone) return true;
      for (int k = 0; k < n.nin; ++k)
        if (std::find(cone.begin(), cone.end(), n.in[k]) == cone.end()) cone.push_back(n.in[k]);
    }
    return false;
  }

  const Snapshot& s_;
  std::vector<uint32_t> covering_;  // per write: the write that covers it, if nothing else uses the array
};

}  // namespace

Snapshot covered_writes(const Snapshot& in) {
  const CoveredWrites writes(in);
  Snapshot out = in;
  std::vector<uint32_t> same(in.nodes.size());
  std::vector<bool> is_covered(in.nodes.size());
  for (uint32_t id = 0; id < in.nodes.size(); ++id) {
    SnapNode& n = out.nodes[id];
    is_covered[id] = writes.is_covered(id);
    same[id] = id;
    // A view of what a covered write has written is the value that was written.
    if (n.kind == NodeKind::View && is_covered[n.in[0]]) same[id] = same[in.nodes[n.in[0]].in[1]];
    for (int k = 0; k < n.nin; ++k) n.in[k] = same[n.in[k]];
    if (n.kind == NodeKind::Update && is_covered[in.nodes[id].in[0]]) n.in[0] = out.nodes[in.nodes[id].in[0]].in[0];
  }
  return out;
}

}  // namespace grumpy
