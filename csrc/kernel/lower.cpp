#include "kernel/lower.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "base/error.h"
#include "kernel/inner_loops.h"
#include "ops/scalar_block.h"

namespace grumpy {
namespace {

class Lowerer {
 public:
  Lowerer(const Snapshot& s, const Partition& p) : s_(s), p_(p) {}

  LoweredKernel run() {
    out_.extents.assign(p_.space->dims, p_.space->dims + p_.space->ndim);
    out_.spec.kind = p_.is_scan ? KernelKind::Scan : p_.reductions.empty() ? KernelKind::Map : KernelKind::Reduce;
    out_.spec.reduced = p_.reduced;
    add_loads();
    for (uint32_t id : p_.nodes) add_instruction(id);
    add_outputs();
    return std::move(out_);
  }

 private:
  const SnapNode& at(uint32_t id) const { return s_.nodes[id]; }
  int ndim() const { return p_.space->ndim; }

  /// The element strides with which `id` is read over the iteration space.
  ArgSource source_of(uint32_t id) const {
    const SnapNode& n = at(id);
    ArgSource a;
    a.strides.assign(size_t(ndim()), 0);
    const bool is_view = n.kind == NodeKind::View;
    const SnapNode& base = is_view ? at(n.in[0]) : n;
    a.node = is_view ? n.in[0] : id;
    a.is_constant = base.kind == NodeKind::Constant;
    if (a.is_constant) return a;
    const ShapeRep& shape = *n.shape;
    if (is_turned(id)) return turned(id, 0);
    const int lead = ndim() - shape.ndim;
    GRUMPY_ASSERT(lead >= 0) << to_string(n, id);
    int64_t step = 1;
    bool covers = true;
    for (int k = shape.ndim - 1; k >= 0; --k) {
      const int64_t stride = is_view ? n.view->strides[k] : step;
      if (shape.dims[k] != 1) a.strides[size_t(lead + k)] = stride;
      covers = covers && (shape.dims[k] == p_.space->dims[lead + k]);
      step *= shape.dims[k];
    }
    a.offset = is_view ? n.view->offset : 0;
    a.is_dense = covers && shape.size == p_.space->size && shape.size == base.shape->size &&
                 (!is_view || (n.view->is_contiguous && n.view->offset == 0));
    return a;
  }

  /// A dense node, or a contiguous view of one: whose memory, and where it begins there.
  std::pair<uint32_t, int64_t> run_of(uint32_t id) const {
    const SnapNode& n = at(id);
    return n.kind == NodeKind::View ? std::pair{n.in[0], n.view->offset} : std::pair{id, int64_t{0}};
  }

  ArgSource packed_source(uint32_t id) const {
    const SnapNode& n = at(id);
    ArgSource a;
    a.strides.assign(size_t(ndim()), 1);
    for (int k = ndim() - 2; k >= 0; --k) a.strides[size_t(k)] = a.strides[size_t(k) + 1] * p_.space->dims[k + 1];
    std::tie(a.node, a.offset) = run_of(n.in[0]);
    const auto [mask, offset] = run_of(n.in[1]);
    a.mask = mask;
    a.mask_offset = offset;
    a.mask_elements = at(n.in[1]).shape->size;
    return a;
  }

  void add_loads() {
    std::vector<std::pair<uint32_t, ArgSource>> loads, scalars;
    for (uint32_t id : p_.loads) {
      const bool is_packed = std::find(p_.packed.begin(), p_.packed.end(), id) != p_.packed.end();
      ArgSource a = is_packed ? packed_source(id) : source_of(id);
      const bool is_scalar = a.is_constant || std::all_of(a.strides.begin(), a.strides.end(), [&](const int64_t& st) {
        return st == 0 || p_.space->dims[&st - a.strides.data()] == 1; });
      (is_scalar ? scalars : loads).emplace_back(id, std::move(a));
    }
    Program& program = out_.spec.program;
    program.nloads = uint16_t(loads.size());
    program.nscalars = uint16_t(scalars.size());
    for (auto* list : {&loads, &scalars}) {
      for (auto& [id, a] : *list) {
        value_[id] = uint16_t(program.dtypes.size());
        program.dtypes.push_back(at(id).dtype);
        out_.args.push_back(std::move(a));
      }
    }
  }

  uint16_t value(uint32_t id) const {
    const auto it = value_.find(id);
    GRUMPY_ASSERT(it != value_.end()) << "partition computes no value for " << to_string(at(id), id);
    return it->second;
  }

  void add_instruction(uint32_t id) {
    const SnapNode& n = at(id);
    Program& program = out_.spec.program;
    if (n.kind == NodeKind::Foreign && join_foreign(id)) return;
    Instr i{};
    i.nin = n.nin;
    i.dtype = at(n.in[n.nin - 1]).dtype;
    i.result = n.dtype;
    i.watch = n.watch;
    i.tag = n.tag;
    i.out = uint16_t(program.dtypes.size());
    for (int k = 0; k < n.nin; ++k) i.in[k] = value(n.in[k]);
    if (n.kind == NodeKind::Foreign) {
      i.is_foreign = true;
      i.loop = n.loop;
      i.nout = n.loop->nout;
      for (int k = 0; k < i.nout; ++k) program.dtypes.push_back(n.loop->types[n.loop->nin + k]);
      value_[id] = uint16_t(i.out + n.part);
      foreign_.push_back(program.instrs.size());
    } else {
      i.op = Op(n.op);
      i.dtype = compute_dtype(i.op, i.dtype);
      i.watch &= fpe_mask(i.op, i.dtype);
      i.is_fast = n.is_fast && is_inexact(i.dtype) && i.op != Op::cast;
      if (!has_expansion(i.op, i.dtype)) {
        i.loop = find_inner_loop(i.op, i.dtype);
        GRUMPY_ASSERT(i.loop) << "no code for " << to_string(n, id);
      }
      program.dtypes.push_back(n.dtype);
      value_[id] = i.out;
    }
    program.instrs.push_back(i);
  }

  /// Outputs of one foreign call are separate nodes and one instruction.
  bool join_foreign(uint32_t id) {
    const SnapNode& n = at(id);
    for (size_t at_instr : foreign_) {
      const Instr& i = out_.spec.program.instrs[at_instr];
      if (i.loop != n.loop) continue;
      bool same = true;
      for (int k = 0; k < n.nin; ++k) same = same && i.in[k] == value(n.in[k]);
      if (!same) continue;
      value_[id] = uint16_t(i.out + n.part);
      return true;
    }
    return false;
  }

  void add_outputs() {
    for (uint32_t id : p_.stores) {
      out_.spec.stores.push_back({value(id)});
      out_.args.push_back(dense_output(id, 0));
    }
    for (uint32_t id : p_.updates) {
      const SnapNode& n = at(id);
      out_.spec.stores.push_back({value(n.in[1])});
      ArgSource a;
      a.node = id;
      a.offset = n.view->offset;
      a.strides.assign(n.view->strides, n.view->strides + n.view->ndim);
      a.is_dense = n.view->is_contiguous && n.view->offset == 0 && n.view->shape->size == n.shape->size;
      out_.args.push_back(std::move(a));
    }
    for (uint32_t id : p_.reductions) {
      const SnapNode& n = at(id);
      Reduction r{};
      r.op = ReduceOp(n.op);
      r.value = value(n.in[0]);
      r.in = at(n.in[0]).dtype;
      r.out = n.dtype;
      r.tag = n.tag;
      r.watch = n.watch & fpe_mask(r.op, r.in);
      out_.spec.reductions.push_back(r);
      out_.args.push_back(is_turned(id) ? turned(id, p_.reduced) : dense_output(id, p_.is_scan ? 0 : p_.reduced));
    }
  }

  /// C-order strides over the axes that are not in `skip`.
  ArgSource dense_output(uint32_t id, uint64_t skip) const {
    ArgSource a;
    a.node = id;
    a.is_dense = skip == 0;
    a.strides.assign(size_t(ndim()), 0);
    int64_t step = 1;
    for (int k = ndim() - 1; k >= 0; --k) {
      if (skip >> k & 1) continue;
      a.strides[size_t(k)] = step;
      step *= p_.space->dims[k];
    }
    return a;
  }

  bool is_turned(uint32_t id) const { return std::find(p_.turned.begin(), p_.turned.end(), id) != p_.turned.end(); }

  /// As dense_output, with the last of the axes outermost.
  ArgSource turned(uint32_t id, uint64_t skip) const {
    ArgSource a = dense_output(id, skip);
    a.is_dense = false;
    int last = ndim() - 1;
    while (skip >> last & 1) --last;
    const int64_t extent = p_.space->dims[last];
    for (int k = 0; k < last; ++k) a.strides[size_t(k)] /= extent;
    a.strides[size_t(last)] = at(id).shape->size / extent;
    return a;
  }

  const Snapshot& s_;
  const Partition& p_;
  LoweredKernel out_;
  std::unordered_map<uint32_t, uint16_t> value_;
  std::vector<size_t> foreign_;
};

/// Drops axes of extent 1 and merges neighbours that all arguments walk as one.
void collapse(LoweredKernel& k) {
  std::vector<int64_t> extents;
  std::vector<std::vector<int64_t>> strides(k.args.size());
  uint64_t reduced = 0;
  const bool is_scan = k.spec.kind == KernelKind::Scan;
  bool last_reduced = false;
  for (size_t axis = 0; axis < k.extents.size(); ++axis) {
    const bool is_reduced = k.spec.reduced >> axis & 1;
    const int64_t extent = k.extents[axis];
    // A scanned axis stays even when it is short: the driver needs to know it.
    if (extent == 1 && !(is_scan && is_reduced)) continue;
    bool merge = !extents.empty() && last_reduced == is_reduced && !(is_scan && is_reduced);
    for (size_t a = 0; merge && a < k.args.size(); ++a) {
      if (k.args[a].is_constant) continue;
      merge = strides[a].back() == k.args[a].strides[axis] * extent;
    }
    if (merge) {
      extents.back() *= extent;
    } else {
      if (is_reduced) reduced |= uint64_t{1} << extents.size();
      extents.push_back(extent);
    }
    last_reduced = is_reduced;
    for (size_t a = 0; a < k.args.size(); ++a) {
      const int64_t st = k.args[a].is_constant ? 0 : k.args[a].strides[axis];
      if (merge) strides[a].back() = st;
      else strides[a].push_back(st);
    }
  }
  if (k.spec.kind == KernelKind::Reduce && reduced == 0) {
    // Every reduced axis had extent 1: one remains, so that there is something to reduce over.
    reduced = uint64_t{1} << extents.size();
    extents.push_back(1);
    for (auto& st : strides) st.push_back(0);
  }
  for (size_t a = 0; a < k.args.size(); ++a) k.args[a].strides = std::move(strides[a]);
  k.extents = std::move(extents);
  k.spec.reduced = reduced;
  k.spec.ndim = uint8_t(k.extents.size());
  int64_t rows = 1;
  for (size_t axis = 0; axis < k.extents.size(); ++axis)
    if (reduced >> axis & 1) rows *= k.extents[axis];
  k.spec.is_short = k.spec.kind == KernelKind::Reduce && rows < kShortRows;
}

}  // namespace

LoweredKernel lower(const Snapshot& s, const Partition& p) {
  LoweredKernel k = Lowerer(s, p).run();
  collapse(k);
  return k;
}

LoweredKernel lower_copy(DType dtype, std::vector<int64_t> extents, ArgSource from, ArgSource to) {
  LoweredKernel k;
  k.extents = std::move(extents);
  Program& program = k.spec.program;
  program.nloads = from.is_constant ? 0 : 1;
  program.nscalars = from.is_constant ? 1 : 0;
  program.dtypes = {dtype};
  k.spec.stores = {{0}};
  k.args = {std::move(from), std::move(to)};
  collapse(k);
  return k;
}

}  // namespace grumpy
