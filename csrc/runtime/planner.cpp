#include <algorithm>
#include <unordered_map>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "passes/pipeline.h"
#include "runtime/describe.h"
#include "runtime/memory_plan.h"
#include "runtime/plan.h"

namespace grumpy {
namespace {

class Planner {
 public:
  Planner(const Frontier& f, const Snapshot& s, const PartitionList& list)
      : f_(f), s_(s), list_(list), pinned_(find_pinned(f, s, list)), memory_(s, list, pinned_) {}

  std::shared_ptr<const Plan> run() {
    for (uint32_t i = 0; i < list_.partitions.size(); ++i) {
      const Partition& p = list_.partitions[i];
      switch (p.kind) {
        case PartitionKind::Kernel: add_kernel(i, p); break;
        case PartitionKind::Matmul: add_matmul(i, p); break;
        case PartitionKind::Take: add_take(i, p); break;
        case PartitionKind::Compress: add_compress(i, p); break;
        case PartitionKind::Put: add_put(i, p); break;
      }
      memory_.finish(i);
    }
    plan_->slots = memory_.take_slots();
    for (PlanSlot& slot : plan_->slots) {
      if (slot.leaf_tag < 0 || (slot.view_tag = f_.first_view(uint32_t(slot.leaf_tag))) < 0) continue;
      slot.view_offset = f_.nodes[size_t(slot.view_tag)]->view->offset;
    }
    for (uint32_t id = 0; id < s_.nodes.size(); ++id) {
      if (is_committed(s_, list_, id)) plan_->commits.push_back({s_.nodes[id].tag, memory_.slot(id)});
    }
    note_left();
    plan_->wavefronts = find_wavefronts(*plan_);
    if (Config::verify() > 0)
      for (const Wavefront& w : plan_->wavefronts) verify_wavefront(*plan_, w);
    for (const PlanStep& st : plan_->steps) plan_->work += st.points * double(1 + st.spec.program.instrs.size());
    return plan_;
  }

 private:
  static bool is_committed(const Snapshot& s, const PartitionList& list, uint32_t id) {
    return list.is_stored[id] && !s.nodes[id].is_source() && (s.nodes[id].flags & (kOutput | kLive));
  }

  /// Tags of the leaves below live arrays that this evaluation leaves pending: they will be
  /// computed from those leaves some day, so the leaves' bytes must not go to others.
  static std::vector<bool> find_pinned(const Frontier& f, const Snapshot& s, const PartitionList& list) {
    std::vector<bool> committed(f.nodes.size()), pinned(f.nodes.size());
    for (uint32_t id = 0; id < s.nodes.size(); ++id)
      if (is_committed(s, list, id)) committed[s.nodes[id].tag] = true;
    for (size_t i = f.nodes.size(); i-- > 0;) {
      if (committed[i]) continue;
      if (!pinned[i] && !(f.flags[i] & kLive)) continue;
      pinned[i] = true;
      const Node& n = *f.nodes[i];
      for (int k = 0; k < n.nin; ++k) pinned[n.in[k]->index] = true;
    }
    return pinned;
  }

  /// Live arrays that this evaluation computes in passing, or would have to, and does not keep.
  void note_left() {
    std::vector<bool> kept(f_.nodes.size());
    for (const Plan::Commit& c : plan_->commits) kept[c.tag] = true;
    for (size_t i = 0; i < f_.nodes.size(); ++i)
      if (f_.flags[i] & kLive && !kept[i]) plan_->left.push_back(uint32_t(i));
  }

  const SnapNode& at(uint32_t id) const { return s_.nodes[id]; }

  /// Of the operation that a kernel ends with.
  Site site_of(const KernelSpec& spec) const {
    if (!spec.reductions.empty()) return f_.nodes[spec.reductions.back().tag]->site;
    return spec.program.instrs.empty() ? Site{} : f_.nodes[spec.program.instrs.back().tag]->site;
  }

  PlanArg bind(const ArgSource& a, DType t) {
    PlanArg r;
    r.strides = a.strides;
    if (a.is_constant) {
      r.constant_tag = at(a.node).tag;
      return r;
    }
    r.slot = memory_.slot(a.node);
    r.offset_bytes = a.offset * item_bytes(t);
    r.has_slack = a.is_dense && memory_.has_slack(a.node);
    if (a.mask >= 0) {
      r.mask_slot = memory_.slot(uint32_t(a.mask));
      r.mask_offset = a.mask_offset;
      r.mask_elements = a.mask_elements;
    }
    return r;
  }

  void push_kernel(LoweredKernel k) {
    PlanStep step;
    step.points = 1;
    for (int64_t e : k.extents) step.points *= double(e);
    for (size_t a = 0; a < k.args.size(); ++a) {
      const DType t = k.spec.arg_dtype(int(a));
      step.args.push_back(bind(k.args[a], t));
      step.is_packed |= k.args[a].mask >= 0;
      step.bytes += double(k.args[a].mask_elements);
      double touched = double(item_bytes(t));
      for (size_t axis = 0; axis < k.extents.size(); ++axis)
        if (!k.args[a].is_constant && k.args[a].strides[axis] != 0) touched *= double(k.extents[axis]);
      step.bytes += touched;
    }
    for (size_t a = k.spec.program.nloads + k.spec.program.nscalars; a < k.args.size(); ++a)
      step.is_dense = step.is_dense && k.args[a].is_dense;
    step.code = find_kernel(k.spec, site_of(k.spec));
    step.extents = std::move(k.extents);
    step.spec = std::move(k.spec);
    plan_->steps.push_back(std::move(step));
  }

  ArgSource dense(uint32_t id, std::span<const int64_t> extents, std::span<const int64_t> strides, int64_t offset) {
    ArgSource a;
    a.node = id;
    a.offset = offset;
    a.strides.assign(strides.begin(), strides.end());
    a.strides.resize(extents.size());
    return a;
  }

  void copy_window(uint32_t from, uint32_t to, const ViewRep& v) {
    const auto e = v.shape->extents();
    push_kernel(lower_copy(at(to).dtype, {e.begin(), e.end()}, dense(from, e, v.steps(), v.offset),
                           dense(to, e, v.steps(), v.offset)));
  }

  /// Copies what a write does not cover: the boxes around a rectangular window, else everything.
  void copy_around(uint32_t from, uint32_t to, const ViewRep& v) {
    const ShapeRep& shape = *at(to).shape;
    std::vector<int64_t> steps(size_t(shape.ndim)), low(size_t(shape.ndim)), high(size_t(shape.ndim));
    if (!is_box(v, shape, steps, low, high)) {
      copy_window(from, to, *contiguous_view(at(to).shape));
      return;
    }
    for (int axis = 0; axis < shape.ndim; ++axis) {
      const auto slab = [&](int64_t first, int64_t end) {
        if (first >= end) return;
        std::vector<int64_t> e(size_t(shape.ndim));
        int64_t offset = 0;
        for (int k = 0; k < shape.ndim; ++k) {
          const int64_t b = k < axis ? low[size_t(k)] : k == axis ? first : 0;
          const int64_t t = k < axis ? high[size_t(k)] : k == axis ? end : shape.dims[k];
          e[size_t(k)] = t - b;
          offset += b * steps[size_t(k)];
        }
        copy_window(from, to, *make_view(make_shape(e), steps, offset));
      };
      slab(0, low[size_t(axis)]);
      slab(high[size_t(axis)], shape.dims[axis]);
    }
  }

  /// Whether v is a box [low, high) of the array with unit steps.
  static bool is_box(const ViewRep& v, const ShapeRep& shape, std::vector<int64_t>& steps,
                     std::vector<int64_t>& low, std::vector<int64_t>& high) {
    if (v.ndim != shape.ndim || shape.ndim == 0) return false;
    int64_t step = 1, rest = v.offset;
    for (int k = shape.ndim - 1; k >= 0; --k) {
      steps[size_t(k)] = step;
      step *= shape.dims[k];
    }
    for (int k = 0; k < shape.ndim; ++k) {
      if (v.shape->dims[k] != 1 && v.strides[k] != steps[size_t(k)]) return false;
      low[size_t(k)] = rest / steps[size_t(k)];
      rest %= steps[size_t(k)];
      high[size_t(k)] = low[size_t(k)] + v.shape->dims[k];
      if (high[size_t(k)] > shape.dims[k]) return false;
    }
    return true;
  }

  void add_kernel(uint32_t index, const Partition& p) {
    LoweredKernel k = lower(s_, p);
    struct Late { uint32_t update, temp_slot; };
    std::vector<Late> late;
    // Where each write goes decides how the kernel's store is bound.
    for (size_t u = 0; u < p.updates.size(); ++u) {
      const uint32_t id = p.updates[u];
      const SnapNode& n = at(id);
      ArgSource& arg = k.args[k.spec.program.nloads + k.spec.program.nscalars + p.stores.size() + u];
      switch (memory_.place_update(index, id)) {
        case UpdatePlace::InPlace:
        case UpdatePlace::Kept: break;
        case UpdatePlace::Fresh:
          if (n.view->shape->size != n.shape->size || !is_injective(*n.view)) copy_around(n.in[0], id, *n.view);
          break;
        case UpdatePlace::Temporary: {
          // The value reads elements the write changes: finish reading first.
          const uint32_t slot = memory_.temporary(n.view->shape->size * item_bytes(n.dtype));
          late.push_back({id, slot});
          temporaries_[id] = slot;
          (void)arg;
          break;
        }
      }
    }
    memory_.allocate_outputs(index, p);
    const size_t first_store = k.spec.program.nloads + k.spec.program.nscalars;
    if (late.empty()) {
      push_kernel(std::move(k));
      return;
    }
    // Stores of late updates go to dense temporaries in the kernel's own axes.
    std::vector<size_t> late_args;
    for (size_t u = 0; u < p.updates.size(); ++u)
      if (temporaries_.contains(p.updates[u])) late_args.push_back(first_store + p.stores.size() + u);
    for (size_t a : late_args) {
      int64_t step = 1;
      for (size_t axis = k.extents.size(); axis-- > 0;) {
        k.args[a].strides[axis] = step;
        step *= k.extents[axis];
      }
      k.args[a].offset = 0;
      k.args[a].is_dense = false;
    }
    push_kernel(std::move(k));
    PlanStep& step = plan_->steps.back();
    for (size_t i = 0; i < late_args.size(); ++i) {
      step.args[late_args[i]].slot = late[i].temp_slot;
      step.args[late_args[i]].has_slack = true;
    }
    for (const Late& l : late) {
      const SnapNode& n = at(l.update);
      const auto e = n.view->shape->extents();
      const View whole = contiguous_view(n.view->shape);
      push_kernel(lower_copy(n.dtype, {e.begin(), e.end()}, dense(l.update, e, whole->steps(), 0),
                             dense(l.update, e, n.view->steps(), n.view->offset)));
      plan_->steps.back().args[0].slot = l.temp_slot;
      memory_.release_temporary(l.temp_slot);
      temporaries_.erase(l.update);
    }
  }

  struct Strided { uint32_t base; int64_t offset; std::vector<int64_t> strides; };

  Strided operand(uint32_t id) const {
    const SnapNode& n = at(id);
    Strided o{id, 0, {}};
    if (n.kind == NodeKind::View && !(at(n.in[0]).kind == NodeKind::Constant)) {
      o.base = n.in[0];
      o.offset = n.view->offset;
      o.strides.assign(n.view->strides, n.view->strides + n.view->ndim);
      return o;
    }
    o.strides.resize(size_t(n.shape->ndim));
    int64_t step = 1;
    for (int k = n.shape->ndim - 1; k >= 0; --k) {
      o.strides[size_t(k)] = step;
      step *= n.shape->dims[k];
    }
    return o;
  }

  PlanArg bind_raw(uint32_t base, int64_t offset) {
    PlanArg a;
    a.slot = memory_.slot(base);
    a.offset_bytes = offset * item_bytes(at(base).dtype);
    return a;
  }

  void add_matmul(uint32_t index, const Partition& p) {
    const SnapNode& n = at(p.node);
    const SnapNode &a = at(n.in[0]), &b = at(n.in[1]);
    const Strided oa = operand(n.in[0]), ob = operand(n.in[1]);
    PlanStep step;
    step.kind = StepKind::Matmul;
    MatmulStep& m = step.matmul;
    m.dtype = n.dtype;
    m.tag = n.tag;
    m.watch = n.watch;
    const int nb = n.shape->ndim - 2;
    const auto batch_strides = [&](const SnapNode& x, const Strided& o) {
      std::vector<int64_t> r(size_t(nb), 0);
      const int lead = nb - (x.shape->ndim - 2);
      for (int k = 0; k < x.shape->ndim - 2; ++k)
        if (x.shape->dims[k] != 1) r[size_t(lead + k)] = o.strides[size_t(k)];
      return r;
    };
    m.batch.assign(n.shape->dims, n.shape->dims + nb);
    m.a_batch = batch_strides(a, oa);
    m.b_batch = batch_strides(b, ob);
    const size_t ar = size_t(a.shape->ndim) - 2, br = size_t(b.shape->ndim) - 2;
    m.m = a.shape->dims[ar];
    m.k = a.shape->dims[ar + 1];
    m.n = b.shape->dims[br + 1];
    m.a_row = oa.strides[ar];
    m.a_col = oa.strides[ar + 1];
    m.b_row = ob.strides[br];
    m.b_col = ob.strides[br + 1];
    memory_.allocate_outputs(index, p);
    step.args = {bind_raw(oa.base, oa.offset), bind_raw(ob.base, ob.offset), bind_raw(p.node, 0)};
    step.points = double(n.shape->size) * double(m.k);
    step.bytes = double(a.shape->size + b.shape->size + n.shape->size) * double(item_bytes(n.dtype));
    plan_->steps.push_back(std::move(step));
  }

  void add_take(uint32_t index, const Partition& p) {
    const SnapNode& n = at(p.node);
    PlanStep step;
    step.kind = StepKind::Take;
    const SnapNode& src = at(n.in[0]);
    const Strided o = operand(n.in[0]);
    step.take.dtype = n.dtype;
    step.take.shape.assign(src.shape->dims, src.shape->dims + src.shape->ndim);
    step.take.strides = o.strides;
    step.take.axis = int(n.axis);
    step.take.nindex = at(n.in[1]).shape->size;
    memory_.allocate_outputs(index, p);
    step.args = {bind_raw(o.base, o.offset), bind_raw(n.in[1], 0), bind_raw(p.node, 0)};
    step.points = double(n.shape->size);
    step.bytes = 2 * step.points * double(item_bytes(n.dtype));
    plan_->steps.push_back(std::move(step));
  }

  void add_compress(uint32_t index, const Partition& p) {
    const SnapNode& n = at(p.node);
    const SnapNode& source = at(n.in[0]);
    const Strided from = operand(n.in[0]), mask = operand(n.in[1]);
    PlanStep step;
    step.kind = StepKind::Compress;
    step.compress.dtype = n.dtype;
    step.compress.shape.assign(source.shape->dims, source.shape->dims + source.shape->ndim);
    step.compress.strides = from.strides;
    step.compress.mask_strides = mask.strides;
    memory_.allocate_outputs(index, p);
    step.args = {bind_raw(from.base, from.offset), bind_raw(mask.base, mask.offset), bind_raw(p.node, 0)};
    step.points = double(n.shape->size);
    step.bytes = double(at(n.in[1]).shape->size) + 2 * step.points * double(item_bytes(n.dtype));
    plan_->steps.push_back(std::move(step));
  }

  void add_put(uint32_t index, const Partition& p) {
    const SnapNode& n = at(p.node);
    const ViewRep& window = *n.view;
    PlanStep step;
    step.kind = StepKind::Put;
    PutStep& put = step.put;
    put.dtype = n.dtype;
    put.op = n.op;
    put.axis = n.part;
    put.tag = n.tag;
    put.watch = n.watch;
    put.shape.assign(window.shape->dims, window.shape->dims + window.ndim);
    put.strides.assign(window.strides, window.strides + window.ndim);
    const SnapNode &where = at(n.in[1]), &value = at(n.in[2]);
    put.is_masked = where.dtype == DType::bool_;
    const Strided positions = operand(n.in[1]);
    put.index_shape.assign(where.shape->dims, where.shape->dims + where.shape->ndim);
    put.index_strides = positions.strides;
    // A mask's true elements make one axis, and it stands over several; an index array stands over one.
    const int naxes = put.is_masked ? where.shape->ndim : 1, nselected = put.is_masked ? 1 : where.shape->ndim;
    put.value_strides.assign(size_t(window.ndim - naxes + nselected), 0);
    const Strided values = value.kind == NodeKind::Constant ? Strided{n.in[2], 0, {}} : operand(n.in[2]);
    for (size_t k = values.strides.size(), to = put.value_strides.size(); k-- > 0 && to-- > 0;)
      if (value.shape->dims[k] != 1) put.value_strides[to] = values.strides[k];
    if (memory_.place_put(index, p.node) == UpdatePlace::Fresh) copy_window(n.in[0], p.node, *contiguous_view(n.shape));
    PlanArg from;
    if (value.kind == NodeKind::Constant) from.constant_tag = value.tag;
    else from = bind_raw(values.base, values.offset);
    step.args = {bind_raw(positions.base, positions.offset), std::move(from), bind_raw(p.node, window.offset)};
    step.points = double(where.shape->size);
    for (int k = 0; k < window.ndim; ++k)
      if (k < put.axis || k >= put.axis + naxes) step.points *= double(window.shape->dims[k]);
    step.bytes = double(where.shape->size * item_bytes(where.dtype)) + 2 * step.points * double(item_bytes(n.dtype));
    plan_->steps.push_back(std::move(step));
  }

  const Frontier& f_;
  const Snapshot& s_;
  const PartitionList& list_;
  const std::vector<bool> pinned_;
  MemoryPlan memory_;
  std::unordered_map<uint32_t, uint32_t> temporaries_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
};

}  // namespace

std::shared_ptr<const Plan> make_plan(const Frontier& f) {
  const Snapshot s = run_pipeline(take_snapshot(f));
  const PartitionList list = partition(s);
  std::shared_ptr<const Plan> plan = make_plan(f, s, list);
  GRUMPY_LOG(Partitions) << to_string(s) << to_string(list, s);
  if (is_logged(LogLevel::Code)) log_code(*plan);
  if (is_dumping()) dump_plan(s, list, *plan);
  return plan;
}

std::shared_ptr<const Plan> make_plan(const Frontier& f, const Snapshot& s, const PartitionList& list) {
  return Planner(f, s, list).run();
}

}  // namespace grumpy
