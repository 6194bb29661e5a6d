#include "passes/partition.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/limits.h"

namespace grumpy {

double point_cost(const SnapNode& n) {
  if (n.kind == NodeKind::Foreign) return 30;
  const OpInfo& row = info(Op(n.op));
  if (Op(n.op) == Op::divide || Op(n.op) == Op::sqrt || Op(n.op) == Op::reciprocal) return 4;
  if (row.lowering == Lowering::Loop) return 30;
  return row.ulp > 0 ? 12 : 1;
}

namespace {

PartitionKind library_kind(NodeKind k) {
  switch (k) {
    case NodeKind::Matmul: return PartitionKind::Matmul;
    case NodeKind::Take: return PartitionKind::Take;
    case NodeKind::Compress: return PartitionKind::Compress;
    case NodeKind::Put: return PartitionKind::Put;
    default: return PartitionKind::Kernel;
  }
}

class Partitioner {
 public:
  explicit Partitioner(const Snapshot& s)
      : s_(s), stored_(s.nodes.size()), cut_(s.nodes.size()), level_(s.nodes.size()) {}

  PartitionList run() {
    mark_stored();
    keep_dear_live_nodes();
    assign_levels();
    group_roots();
    settle_shared_nodes();
    order_and_fill();
    pack_while_reading();
    turn_intermediates();
    return {std::move(groups_), std::move(stored_)};
  }

 private:
  const SnapNode& at(uint32_t id) const { return s_.nodes[id]; }

  /// Whether `user` can compute operand `id` in its own loop: same points, nothing in between.
  bool is_inline(uint32_t id, const ShapeRep& space) const {
    return at(id).is_pointwise() && same_shape(*at(id).shape, space) && !cut_[id];
  }

  const ShapeRep& space_of(uint32_t id) const {
    const SnapNode& n = at(id);
    if (n.kind == NodeKind::Reduce || n.kind == NodeKind::Scan) return *at(n.in[0]).shape;
    if (n.kind == NodeKind::Update) return *n.view->shape;
    return *n.shape;
  }

  /// Operands read point by point: all of a pointwise node's, the value of an Update, the input of
  /// a reduction; a stored View reads itself.
  void for_operands(uint32_t id, auto&& f) const {
    const SnapNode& n = at(id);
    switch (n.kind) {
      case NodeKind::Map:
      case NodeKind::Foreign:
        for (int k = 0; k < n.nin; ++k) f(n.in[k]);
        break;
      case NodeKind::Reduce:
      case NodeKind::Scan: f(n.in[0]); break;
      case NodeKind::Update: f(n.in[1]); break;
      case NodeKind::View: f(id); break;
      default: break;
    }
  }

  void mark_stored() {
    std::vector<uint32_t> size(s_.nodes.size());  // nodes computed inline for it, at most
    std::vector<uint32_t> waiting(s_.nodes.size());  // and large products that those read
    const auto store = [&](uint32_t id) { if (!at(id).is_source()) stored_[id] = true; };
    for (uint32_t id = 0; id < s_.nodes.size(); ++id) {
      const SnapNode& n = at(id);
      if (n.flags & kOutput) store(id);
      if (n.flags & kSaved) {
        store(id);
        cut_[id] = true;
      }
      switch (n.kind) {
        case NodeKind::Leaf:
        case NodeKind::Constant:
        case NodeKind::Check: break;
        case NodeKind::View:
          store(n.in[0]);  // a view reads memory; composed views lie on their source
          break;
        case NodeKind::Map:
        case NodeKind::Foreign: {
          uint32_t total = 1;
          for (int k = 0; k < n.nin; ++k) {
            waiting[id] += is_large_product(n.in[k]) ? 1 : is_inline(n.in[k], *n.shape) ? waiting[n.in[k]] : 0;
            if (is_inline(n.in[k], *n.shape)) total += size[n.in[k]];
            else if (at(n.in[k]).kind != NodeKind::View) store(n.in[k]);
          }
          if (total > kMaxKernelNodes) total = uint32_t(count_cone(id));
          if (total > kMaxKernelNodes || waiting[id] > kMaxWaitingProducts) {
            waiting[id] = 0;
            store(id);
            cut_[id] = true;
          }
          size[id] = total;
          break;
        }
        case NodeKind::Update:
          store(id);
          store(n.in[0]);
          if (!is_inline(n.in[1], *n.view->shape) && at(n.in[1]).kind != NodeKind::View) store(n.in[1]);
          break;
        case NodeKind::Reduce:
        case NodeKind::Scan: store(id); break;
        case NodeKind::Matmul:
        case NodeKind::Take:
        case NodeKind::Compress:
        case NodeKind::Put:
          store(id);
          for (int k = 0; k < n.nin; ++k)
            if (!reads_through_view(n, k)) store(n.in[k]);
          break;
      }
    }
  }

  bool is_large_product(uint32_t id) const {
    const SnapNode& n = at(id);
    return n.kind == NodeKind::Matmul && n.shape->size * item_bytes(n.dtype) >= kLargeProductBytes;
  }

  /// Whether what is no kernel takes operand k with its strides. A constant has no memory to read from.
  bool reads_through_view(const SnapNode& n, int k) const {
    if (at(n.in[k]).kind != NodeKind::View || at(at(n.in[k]).in[0]).kind == NodeKind::Constant) return false;
    if (n.kind == NodeKind::Take) return k == 0;
    return n.kind != NodeKind::Put || k > 0;
  }

  size_t count_cone(uint32_t root) const {
    std::unordered_set<uint32_t> seen{root};
    std::vector<uint32_t> todo{root};
    while (!todo.empty() && seen.size() <= 2 * kMaxKernelNodes) {
      const uint32_t id = todo.back();
      todo.pop_back();
      for_operands(id, [&](uint32_t in) {
        if (is_inline(in, *at(root).shape) && seen.insert(in).second) todo.push_back(in);
      });
    }
    return seen.size();
  }

  /// A live array that nobody asked for stays pending when computing it again later is cheap (the
  /// cube of k-means); it is stored when its history is long or dear.
  void keep_dear_live_nodes() {
    std::vector<double> cost(s_.nodes.size()), read(s_.nodes.size());
    for (uint32_t id = 0; id < s_.nodes.size(); ++id) {
      const SnapNode& n = at(id);
      if (!n.is_pointwise()) {
        read[id] = double(n.kind == NodeKind::View ? at(n.in[0]).shape->size : n.shape->size);
        continue;
      }
      cost[id] = point_cost(n);
      for (int k = 0; k < n.nin; ++k) {
        if (!stored_[n.in[k]]) cost[id] += cost[n.in[k]];
        read[id] += stored_[n.in[k]] ? double(at(n.in[k]).shape->size) : read[n.in[k]];
      }
      if (!(n.flags & kLive) || stored_[id]) continue;
      const double growth = double(n.shape->size) / std::max(1.0, read[id]);
      if (cost[id] >= kStoreCost * std::max(1.0, growth)) stored_[id] = true;
    }
  }

  uint32_t available(uint32_t id) const {  // first level that can load it
    const SnapNode& n = at(id);
    if (n.is_source()) return 0;
    if (n.kind == NodeKind::View) return at(n.in[0]).is_source() ? 0 : level_[n.in[0]] + 1;
    return level_[id] + 1;
  }

  void assign_levels() {
    for (uint32_t id = 0; id < s_.nodes.size(); ++id) {
      const SnapNode& n = at(id);
      if (n.is_source()) continue;
      uint32_t level = 0;
      if (library_kind(n.kind) != PartitionKind::Kernel) {
        for (int k = 0; k < n.nin; ++k) level = std::max(level, stored_[n.in[k]] ? level_[n.in[k]] + 1 : available(n.in[k]));
      } else if (n.kind == NodeKind::View) {
        level = available(id);
      } else {
        for_operands(id, [&](uint32_t in) {
          level = std::max(level, is_inline(in, space_of(id)) ? level_[in] : available(in));
        });
        if (n.kind == NodeKind::Update) level = std::max(level, at(n.in[0]).is_source() ? 0 : level_[n.in[0]] + 1);
      }
      level_[id] = level;
    }
  }

  /// Everything `root` computes inline at `level`, and what it loads; `visit(id, is_inline)`
  /// returns whether to go below.
  void walk(uint32_t root, uint32_t level, auto&& visit) const {
    const ShapeRep& space = space_of(root);
    std::vector<uint32_t> todo;
    const auto meet = [&](uint32_t id) {
      const bool here = is_inline(id, space) && !(stored_[id] && is_settled_ && stored_level(id) < level);
      if (visit(id, here) && here) todo.push_back(id);
    };
    if (at(root).is_pointwise()) {
      if (visit(root, true)) todo.push_back(root);
    } else {
      for_operands(root, meet);
    }
    while (!todo.empty()) {
      const uint32_t id = todo.back();
      todo.pop_back();
      for_operands(id, meet);
    }
  }

  uint32_t stored_level(uint32_t id) const { return groups_[home_.at(id)].level; }

  uint32_t base_of(uint32_t id) const { return at(id).kind == NodeKind::View ? at(id).in[0] : id; }

  struct Members { std::unordered_set<uint32_t> nodes, loads; };

  void group_roots() {
    // Reductions first, so that maps over the same points join them.
    std::vector<uint32_t> roots[2];
    for (uint32_t id = 0; id < s_.nodes.size(); ++id) {
      if (!stored_[id]) continue;
      const NodeKind k = at(id).kind;
      if (const PartitionKind kind = library_kind(k); kind != PartitionKind::Kernel) {
        Partition p;
        p.kind = kind;
        p.level = level_[id];
        p.node = id;
        add_group(std::move(p));
        home_[id] = uint32_t(groups_.size() - 1);
      } else {
        roots[k != NodeKind::Reduce && k != NodeKind::Scan].push_back(id);
      }
    }
    for (const auto& list : roots)
      for (uint32_t id : list) join(id);
  }

  void add_group(Partition p) {
    groups_.push_back(std::move(p));
    members_.emplace_back();
  }

  void join(uint32_t root) {
    const SnapNode& n = at(root);
    const ShapeRep& space = space_of(root);
    Members mine;
    walk(root, level_[root], [&](uint32_t id, bool here) {
      if (at(id).kind == NodeKind::Constant) return false;
      return here ? mine.nodes.insert(id).second : mine.loads.insert(base_of(id)).second;
    });
    const bool reduces = n.kind == NodeKind::Reduce;
    auto& candidates = by_level_[level_[root]];
    for (uint32_t g : candidates) {
      Partition& p = groups_[g];
      if (p.kind != PartitionKind::Kernel || p.is_scan || n.kind == NodeKind::Scan) continue;
      if (!same_shape(*p.space, space)) continue;
      if (reduces && !p.reductions.empty() && p.reduced != n.axes) continue;
      Members& theirs = members_[g];
      size_t nnodes = theirs.nodes.size(), nloads = theirs.loads.size();
      bool shares = false;
      for (uint32_t id : mine.nodes) theirs.nodes.contains(id) ? shares = true : ++nnodes;
      for (uint32_t id : mine.loads) theirs.loads.contains(id) ? shares = true : ++nloads;
      shares = shares || std::any_of(mine.loads.begin(), mine.loads.end(),
                                     [&](uint32_t id) { return theirs.nodes.contains(id); });
      if (!shares || nnodes > kMaxKernelNodes || nloads + nstores(p) + 1 > kMaxKernelArgs) continue;
      add_root(p, root);
      home_[root] = g;
      theirs.nodes.insert(mine.nodes.begin(), mine.nodes.end());
      theirs.loads.insert(mine.loads.begin(), mine.loads.end());
      return;
    }
    Partition p;
    p.level = level_[root];
    p.space = n.kind == NodeKind::Update ? n.view->shape
              : n.kind == NodeKind::Reduce || n.kind == NodeKind::Scan ? at(n.in[0]).shape : n.shape;
    p.is_scan = n.kind == NodeKind::Scan;
    add_root(p, root);
    add_group(std::move(p));
    home_[root] = uint32_t(groups_.size() - 1);
    members_.back() = std::move(mine);
    candidates.push_back(uint32_t(groups_.size() - 1));
  }

  static size_t nstores(const Partition& p) {
    return p.stores.size() + p.updates.size() + p.reductions.size();
  }

  void add_root(Partition& p, uint32_t root) {
    const SnapNode& n = at(root);
    switch (n.kind) {
      case NodeKind::Reduce:
        p.reductions.push_back(root);
        p.reduced = n.axes;
        break;
      case NodeKind::Scan:
        p.reductions.push_back(root);
        p.reduced = uint64_t{1} << n.axis;
        break;
      case NodeKind::Update: p.updates.push_back(root); break;
      default: p.stores.push_back(root); break;
    }
  }

  static bool writes_in_place(const Partition& p) { return !p.updates.empty() || p.kind == PartitionKind::Put; }

  std::vector<uint32_t> level_order() const {
    std::vector<uint32_t> order(groups_.size());
    for (uint32_t g = 0; g < order.size(); ++g) order[g] = g;
    // Writes in place come last in their level, so that readers of the old value are done.
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      if (groups_[a].level != groups_[b].level) return groups_[a].level < groups_[b].level;
      return !writes_in_place(groups_[a]) && writes_in_place(groups_[b]);
    });
    return order;
  }

  std::vector<uint32_t> roots_of(const Partition& p) const {
    std::vector<uint32_t> roots = p.reductions;
    roots.insert(roots.end(), p.stores.begin(), p.stores.end());
    roots.insert(roots.end(), p.updates.begin(), p.updates.end());
    return roots;
  }

  /// A node computed in one kernel and wanted by a later one: stored there when computing it again
  /// costs more than writing and reading it.
  void settle_shared_nodes() {
    is_settled_ = true;
    std::unordered_map<uint32_t, uint32_t> first;  // node -> group that computes it first
    for (uint32_t g : level_order()) {
      if (groups_[g].kind != PartitionKind::Kernel) continue;
      std::unordered_set<uint32_t> seen;
      for (uint32_t root : roots_of(groups_[g])) {
        walk(root, groups_[g].level, [&](uint32_t id, bool here) {
          if (!here || !seen.insert(id).second) return false;
          if (stored_[id]) return true;  // a root of this kernel, or of this level
          const auto [it, is_first] = first.try_emplace(id, g);
          if (is_first) return true;
          Partition& home = groups_[it->second];
          if (home.level >= groups_[g].level || home.is_scan || !is_dear(id)) return true;
          stored_[id] = true;
          home_[id] = it->second;
          home.stores.push_back(id);
          return false;
        });
      }
    }
  }

  bool is_dear(uint32_t root) const {
    double cost = 0;
    std::unordered_set<uint32_t> loads, seen;
    walk(root, 0, [&](uint32_t id, bool here) {
      if (!seen.insert(id).second) return false;
      if (here) cost += point_cost(at(id));
      else if (at(id).shape->size > 1 && at(id).kind != NodeKind::Constant) loads.insert(base_of(id));
      return true;
    });
    return cost >= kStoreCost || loads.size() >= 3;
  }

  void order_and_fill() {
    std::vector<Partition> ordered;
    const std::vector<uint32_t> order = level_order();
    for (uint32_t g : order) {
      Partition& p = groups_[g];
      if (p.kind != PartitionKind::Kernel) continue;
      std::unordered_set<uint32_t> seen;
      for (uint32_t root : roots_of(p)) {
        walk(root, p.level, [&](uint32_t id, bool here) {
          if (!seen.insert(id).second) return false;
          (here ? p.nodes : p.loads).push_back(id);
          return true;
        });
      }
      std::sort(p.nodes.begin(), p.nodes.end());  // ids are in program order
      std::sort(p.loads.begin(), p.loads.end());
      std::sort(p.stores.begin(), p.stores.end());
    }
    for (uint32_t g : order) ordered.push_back(std::move(groups_[g]));
    groups_ = std::move(ordered);
  }

  /// Its elements follow one another in somebody's memory.
  bool is_run(uint32_t id) const {
    const SnapNode& n = at(id);
    if (n.kind == NodeKind::View) return n.view->is_contiguous && at(n.in[0]).kind != NodeKind::Constant;
    return n.kind != NodeKind::Constant;
  }

  /// It does nothing but reduce rows to one, and nothing that it reads speaks for another order than row by row.
  bool reduces_rows(const Partition& p) const {
    return p.reduced == 1 && !p.is_scan && p.stores.empty() && p.updates.empty() &&
           std::all_of(p.loads.begin(), p.loads.end(), [&](uint32_t id) { return at(id).shape->size < p.space->size || is_run(id); });
  }

  /// A Compress that one kernel reads, element by element, is not stored: the kernel selects while it reads. Short
  /// rows that a mask selects are read so where they are reduced to one.
  void pack_while_reading() {
    const auto is_compress = [](const Partition& p) { return p.kind == PartitionKind::Compress; };
    if (std::none_of(groups_.begin(), groups_.end(), is_compress)) return;
    std::unordered_set<uint32_t> written;  // the kernel may run after such a write
    std::unordered_map<uint32_t, std::vector<uint32_t>> readers;  // of memory: partitions
    for (uint32_t id = 0; id < s_.nodes.size(); ++id)
      if (at(id).kind == NodeKind::Update || at(id).kind == NodeKind::Put) written.insert(at(id).in[0]);
    for (uint32_t g = 0; g < groups_.size(); ++g) {
      const Partition& p = groups_[g];
      for (uint32_t id : p.loads) readers[base_of(id)].push_back(g);
      for (uint32_t id : p.updates) readers[at(id).in[0]].push_back(g);
      if (p.kind == PartitionKind::Kernel) continue;
      for (int k = 0; k < at(p.node).nin; ++k) readers[base_of(at(p.node).in[k])].push_back(g);
    }
    const auto may_pack = [&](uint32_t id) {
      const SnapNode& n = at(id);
      const ShapeRep& mask = *at(n.in[1]).shape;
      const bool has_items = n.shape->ndim == 1 && n.shape->size > 1 && same_shape(*at(n.in[0]).shape, mask);
      const bool has_rows = n.shape->ndim == 2 && n.shape->dims[0] > 1 && n.shape->dims[1] > 1 &&
                            n.shape->dims[1] <= kShortRow && mask.ndim == 1;
      return (has_items || has_rows) && !(n.flags & (kOutput | kLive | kSaved)) && is_run(n.in[0]) && is_run(n.in[1]) &&
             !written.contains(base_of(n.in[0])) && !written.contains(base_of(n.in[1])) && !written.contains(id);
    };
    std::vector<Partition> kept;
    for (Partition& p : groups_) {
      if (!is_compress(p) || !may_pack(p.node)) continue;
      const std::vector<uint32_t>& by = readers[p.node];
      if (by.size() != 1) continue;
      Partition& reader = groups_[by[0]];
      if (reader.kind != PartitionKind::Kernel || !same_shape(*reader.space, *at(p.node).shape)) continue;
      if (std::find(reader.loads.begin(), reader.loads.end(), p.node) == reader.loads.end()) continue;  // a view of it
      if (reader.space->ndim > 1 && !reduces_rows(reader)) continue;
      reader.packed.push_back(p.node);
      stored_[p.node] = false;
      p.node = kNone;
    }
    for (Partition& p : groups_)
      if (p.node != kNone) kept.push_back(std::move(p));
    groups_ = std::move(kept);
  }

  /// Sums over something (distances of many points to some centers) that only reductions along their short last axis
  /// read (the nearest one): the last axis goes outermost, so that the kernel which writes them and the one which
  /// reads them both run along the long axes.
  void turn_intermediates() {
    std::unordered_map<uint32_t, std::vector<uint32_t>> readers;  // kernels that load the node itself
    std::unordered_set<uint32_t> other;                           // what is read in other ways
    for (uint32_t g = 0; g < groups_.size(); ++g) {
      const Partition& p = groups_[g];
      for (uint32_t id : p.loads)
        if (at(id).kind == NodeKind::Reduce) readers[id].push_back(g);
      if (p.kind != PartitionKind::Kernel)
        for (int k = 0; k < at(p.node).nin; ++k) other.insert(base_of(at(p.node).in[k]));
    }
    if (readers.empty()) return;
    for (uint32_t id = 0; id < s_.nodes.size(); ++id) {
      if (at(id).kind == NodeKind::View || at(id).kind == NodeKind::Update) other.insert(at(id).in[0]);
    }
    for (Partition& p : groups_) {
      if (p.is_scan) continue;
      for (uint32_t id : p.reductions) {
        const auto by = readers.find(id);
        if (by == readers.end() || other.contains(id) || !is_worth_turning(at(id))) continue;
        const uint64_t last_axis = uint64_t{1} << (at(id).shape->ndim - 1);
        const bool all_reduce = std::all_of(by->second.begin(), by->second.end(), [&](uint32_t g) {
          const Partition& reader = groups_[g];
          return !reader.is_scan && reader.stores.empty() && reader.updates.empty() && reader.reduced == last_axis &&
                 same_shape(*reader.space, *at(id).shape) &&
                 std::all_of(reader.reductions.begin(), reader.reductions.end(), [&](uint32_t r) { return is_any_order(at(r)); });
        });
        if (!all_reduce) continue;
        p.turned.push_back(id);
        for (uint32_t g : by->second) groups_[g].turned.push_back(id);
      }
    }
  }

  static bool is_worth_turning(const SnapNode& n) {
    if (n.flags & (kOutput | kLive | kSaved) || n.shape->ndim < 2) return false;
    const int64_t last = n.shape->dims[n.shape->ndim - 1];
    return last > 1 && last <= kShortAxis && n.shape->size >= last * kLongAxis;
  }

  /// The value does not depend on the order in which elements are combined.
  bool is_any_order(const SnapNode& reduction) const {
    const ReduceOp op = ReduceOp(reduction.op);
    const bool rounds = op == ReduceOp::add || op == ReduceOp::multiply || op == ReduceOp::moments;
    return !rounds || !is_inexact(at(reduction.in[0]).dtype);
  }

  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr int64_t kShortAxis = 64, kLongAxis = 256;
  /// Rows that a kernel packs several to a block.
  static constexpr int64_t kShortRow = 63;

  const Snapshot& s_;
  std::vector<bool> stored_;
  std::vector<bool> cut_;  // stored to bound the size of kernels; users load it
  std::vector<uint32_t> level_;
  std::vector<Partition> groups_;
  std::vector<Members> members_;
  std::unordered_map<uint32_t, uint32_t> home_;  // stored node -> group
  std::unordered_map<uint32_t, std::vector<uint32_t>> by_level_;
  bool is_settled_ = false;
};

}  // namespace

const char* kind_name(PartitionKind k) {
  switch (k) {
    case PartitionKind::Kernel: return "kernel";
    case PartitionKind::Matmul: return "library";
    case PartitionKind::Take: return "take";
    case PartitionKind::Compress: return "compress";
    case PartitionKind::Put: return "put";
  }
  return "";
}

PartitionList partition(const Snapshot& s) { return Partitioner(s).run(); }

std::string to_string(const PartitionList& list, const Snapshot& s) {
  std::ostringstream o;
  const auto ids = [&](const char* label, const std::vector<uint32_t>& v) {
    if (v.empty()) return;
    o << "  " << label;
    for (uint32_t id : v) o << " %" << id;
    o << '\n';
  };
  for (size_t i = 0; i < list.partitions.size(); ++i) {
    const Partition& p = list.partitions[i];
    o << "partition " << i << ": ";
    if (p.kind != PartitionKind::Kernel) {
      o << kind_name(p.kind) << ' ' << to_string(s.nodes[p.node], p.node) << '\n';
      continue;
    }
    o << (p.is_scan ? "map_scan" : p.reductions.empty() ? "map" : "map_reduce") << " over "
      << to_string(p.space->extents());
    if (p.reduced) {
      o << (p.is_scan ? " scans" : " reduces");
      for (int k = 0; k < p.space->ndim; ++k)
        if (p.reduced >> k & 1) o << ' ' << k;
    }
    o << '\n';
    ids("loads", p.loads);
    ids("packed", p.packed);
    ids("turned", p.turned);
    ids("nodes", p.nodes);
    ids("stores", p.stores);
    ids("updates", p.updates);
    ids("reductions", p.reductions);
  }
  return o.str();
}

}  // namespace grumpy
