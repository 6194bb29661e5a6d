#include "runtime/memory_plan.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "runtime/plan.h"

namespace grumpy {

/// Writes that are looked back on for memory that still holds the rest of an array: programs alternate between two
/// or three buffers.
constexpr int kMaxEarlier = 4;

struct MemoryPlan::State {
  const Snapshot& s;
  const PartitionList& list;
  const std::vector<bool>& pinned;
  std::vector<PlanSlot> slots;
  std::vector<int64_t> slot_of;        // per node; -1: none yet
  std::vector<int64_t> last_use;       // per node: last partition that reads it; -1: none
  std::vector<bool> taken;             // per node: its memory went to another node
  std::vector<int64_t> holds;          // per slot: the node whose value it got last; -1: none
  std::multimap<int64_t, uint32_t> free_slots;  // by size

  State(const Snapshot& snapshot, const PartitionList& partitions, const std::vector<bool>& pins)
      : s(snapshot), list(partitions), pinned(pins), slot_of(s.nodes.size(), -1), last_use(s.nodes.size(), -1),
        taken(s.nodes.size()) {
    for (size_t i = 0; i < list.partitions.size(); ++i) {
      const Partition& p = list.partitions[i];
      const auto use = [&](uint32_t id) { last_use[base(id)] = int64_t(i); };
      for (uint32_t id : p.loads) use(id);
      for (uint32_t id : p.packed) for_selection(id, [&](uint32_t from) { last_use[from] = int64_t(i); });
      for (uint32_t id : p.updates) last_use[s.nodes[id].in[0]] = int64_t(i);  // a stored view's own memory
      if (p.kind != PartitionKind::Kernel) for_operands(p, [&](uint32_t id) { last_use[id] = int64_t(i); });
    }
  }

  /// Whose memory a Compress reads: rows and mask.
  template <class F> void for_selection(uint32_t id, F f) const {
    for (int k = 0; k < 2; ++k) f(base(at(id).in[k]));
  }

  /// Whose memory what is no kernel reads; a Put writes to that of its first operand, be it a stored view.
  template <class F> void for_operands(const Partition& p, F f) const {
    const SnapNode& n = s.nodes[p.node];
    for (int k = 0; k < n.nin; ++k) f(k == 0 && n.kind == NodeKind::Put ? n.in[0] : base(n.in[k]));
  }

  const SnapNode& at(uint32_t id) const { return s.nodes[id]; }
  /// Whose memory a read of `id` touches; a view of a constant has memory of its own, or needs none.
  uint32_t base(uint32_t id) const {
    return at(id).kind == NodeKind::View && at(at(id).in[0]).kind != NodeKind::Constant ? at(id).in[0] : id;
  }
  int64_t nbytes(uint32_t id) const { return at(id).shape->size * item_bytes(at(id).dtype); }

  /// Its bytes are nobody's business after its last reader.
  bool is_private(uint32_t id) const {
    const SnapNode& n = at(id);
    if (taken[id]) return false;
    if (n.kind == NodeKind::Leaf) return (n.flags & kDonatable) && !pinned[n.tag];
    if (n.kind == NodeKind::Constant) return false;
    return list.is_stored[id] && !(n.flags & (kOutput | kLive));
  }

  uint32_t new_slot(int64_t bytes) {
    const auto it = free_slots.find(bytes);
    if (it != free_slots.end()) {
      const uint32_t slot = it->second;
      free_slots.erase(it);
      holds[slot] = -1;
      return slot;
    }
    return add_slot({-1, bytes});
  }

  uint32_t add_slot(PlanSlot s) {
    slots.push_back(s);
    holds.push_back(-1);
    return uint32_t(slots.size() - 1);
  }

  void put_into(uint32_t slot, uint32_t id) {
    slot_of[id] = slot;
    holds[slot] = id;
  }

  /// Free memory of an earlier value of `old`, which has become `old` by writes to `window` alone; -1: none.
  int64_t earlier_slot(uint32_t old, const ViewRep& window, int64_t bytes) {
    const auto [first, last] = free_slots.equal_range(bytes);
    if (first == last) return -1;
    uint32_t id = old;
    for (int step = 0; step < kMaxEarlier && at(id).kind == NodeKind::Update && same_window(*at(id).view, window); ++step) {
      id = at(id).in[0];
      const auto it = std::find_if(first, last, [&](const auto& free) { return holds[free.second] == int64_t(id); });
      if (it == last) continue;
      const uint32_t slot = it->second;
      free_slots.erase(it);
      return slot;
    }
    return -1;
  }

  uint32_t slot(uint32_t id) {
    if (slot_of[id] < 0) {
      GRUMPY_ASSERT(at(id).kind == NodeKind::Leaf) << to_string(at(id), id) << " has no memory";
      put_into(add_slot({int64_t(at(id).tag), nbytes(id), bool(at(id).flags & kSlack)}), id);
    }
    return uint32_t(slot_of[id]);
  }

  void take(uint32_t from, uint32_t to) {
    put_into(slot(from), to);
    taken[from] = true;
  }

  static bool same_window(const ViewRep& a, const ViewRep& b) {
    if (a.offset != b.offset || !same_shape(*a.shape, *b.shape)) return false;
    for (int k = 0; k < a.ndim; ++k)
      if (a.strides[k] != b.strides[k] && a.shape->dims[k] > 1) return false;
    return true;
  }

  /// Every read of `old` in this kernel happens at the point that is written, or elsewhere entirely.
  bool reads_before_writes(const Partition& p, uint32_t old, const ViewRep& window) const {
    if (!is_injective(window)) return false;
    for (uint32_t id : p.loads) {
      if (base(id) != old) continue;
      const View v = at(id).kind == NodeKind::View ? at(id).view : contiguous_view(at(id).shape);
      if (!same_window(*v, window) && may_overlap(*v, window)) return false;
    }
    return true;
  }

  /// A dying operand read densely, point by point, whose memory the store can have.
  int64_t donor(uint32_t partition, const Partition& p, uint32_t store) const {
    if (!p.reductions.empty()) return -1;
    for (uint32_t id : p.loads) {
      const uint32_t b = base(id);
      if (!is_private(b) || last_use[b] > int64_t(partition) || nbytes(b) != nbytes(store)) continue;
      if (at(b).dtype != at(store).dtype) continue;
      bool dense = true;
      for (uint32_t other : p.loads) {
        if (base(other) != b) continue;
        const SnapNode& n = at(other);
        dense = dense && same_shape(*n.shape, *p.space) &&
                (n.kind != NodeKind::View || (n.view->is_contiguous && n.view->offset == 0));
      }
      // What is selected while it is read is not where it is written.
      for (uint32_t id2 : p.packed) for_selection(id2, [&](uint32_t from) { dense = dense && from != b; });
      // An Update of this kernel may still copy from it.
      for (uint32_t u : p.updates) dense = dense && at(u).in[0] != b;
      if (dense) return b;
    }
    return -1;
  }
};

MemoryPlan::MemoryPlan(const Snapshot& s, const PartitionList& list, const std::vector<bool>& pinned)
    : state_(new State(s, list, pinned)) {}
MemoryPlan::~MemoryPlan() { delete state_; }

UpdatePlace MemoryPlan::place_update(uint32_t partition, uint32_t update) {
  State& m = *state_;
  const SnapNode& n = m.at(update);
  const uint32_t old = n.in[0];
  const Partition& p = m.list.partitions[partition];
  const bool is_safe = m.reads_before_writes(p, old, *n.view);
  if (m.at(old).flags & kExported) {
    m.put_into(m.slot(old), update);
    return is_safe ? UpdatePlace::InPlace : UpdatePlace::Temporary;
  }
  const bool can_reuse = m.is_private(old) && m.last_use[old] <= int64_t(partition);
  const int64_t size = n.shape->size, window = n.view->shape->size;
  if (!can_reuse || (!is_safe && size - window < window)) {
    const int64_t earlier = m.earlier_slot(old, *n.view, m.nbytes(update));
    m.put_into(earlier >= 0 ? uint32_t(earlier) : m.new_slot(m.nbytes(update)), update);
    return earlier >= 0 ? UpdatePlace::Kept : UpdatePlace::Fresh;
  }
  m.take(old, update);
  return is_safe ? UpdatePlace::InPlace : UpdatePlace::Temporary;
}

void MemoryPlan::allocate_outputs(uint32_t partition, const Partition& p) {
  State& m = *state_;
  for (uint32_t id : p.stores) {
    const int64_t donor = m.donor(partition, p, id);
    if (donor >= 0) m.take(uint32_t(donor), id);
    else m.put_into(m.new_slot(m.nbytes(id)), id);
  }
  for (uint32_t id : p.reductions) m.put_into(m.new_slot(m.nbytes(id)), id);
  if (p.kind != PartitionKind::Kernel && p.kind != PartitionKind::Put) m.put_into(m.new_slot(m.nbytes(p.node)), p.node);
}

UpdatePlace MemoryPlan::place_put(uint32_t partition, uint32_t put) {
  State& m = *state_;
  const SnapNode& n = m.at(put);
  const uint32_t old = n.in[0];
  const bool reads_old = m.base(n.in[1]) == old || m.base(n.in[2]) == old;
  if (!reads_old && m.is_private(old) && m.last_use[old] <= int64_t(partition)) {
    m.take(old, put);
    return UpdatePlace::InPlace;
  }
  m.put_into(m.new_slot(m.nbytes(put)), put);
  return UpdatePlace::Fresh;
}

uint32_t MemoryPlan::temporary(int64_t nbytes) { return state_->new_slot(nbytes); }
void MemoryPlan::release_temporary(uint32_t slot) {
  state_->free_slots.emplace(state_->slots[slot].nbytes, slot);
}

void MemoryPlan::finish(uint32_t partition) {
  State& m = *state_;
  const Partition& p = m.list.partitions[partition];
  const auto retire = [&](uint32_t id) {
    if (!m.is_private(id) || m.last_use[id] > int64_t(partition)) return;
    if (m.slot_of[id] < 0 || !m.slots[size_t(m.slot_of[id])].has_slack) return;
    m.taken[id] = true;
    m.free_slots.emplace(m.slots[size_t(m.slot_of[id])].nbytes, uint32_t(m.slot_of[id]));
  };
  // A leaf that is only read keeps its bytes: until one is written to, the evaluation can be given up.
  const auto retire_read = [&](uint32_t id) {
    if (!m.at(id).is_source()) retire(id);
  };
  for (uint32_t id : p.loads) retire_read(m.base(id));
  for (uint32_t id : p.packed) m.for_selection(id, retire_read);
  for (uint32_t id : p.updates) retire(m.at(id).in[0]);
  if (p.kind != PartitionKind::Kernel) m.for_operands(p, retire_read);
}

uint32_t MemoryPlan::slot(uint32_t node) const { return state_->slot(node); }

bool MemoryPlan::has_slack(uint32_t node) const {
  return state_->slots[state_->slot(node)].has_slack;  // a write in place has its leaf's memory
}

std::vector<PlanSlot> MemoryPlan::take_slots() { return std::move(state_->slots); }

}  // namespace grumpy
