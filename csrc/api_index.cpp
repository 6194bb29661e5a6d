// The part of api.h that reads and writes by index arrays and masks.
#include <algorithm>

#include "api.h"
#include "base/error.h"
#include "device/cpu/allocator.h"
#include "device/cpu/copy.h"
#include "device/cpu/index_loops.h"
#include "graph/frontier.h"
#include "graph/index_arrays.h"
#include "graph/widen.h"
#include "runtime/session.h"
#include "runtime/stats.h"

namespace grumpy::api {
namespace {

/// Memory and strides of an evaluated array; `keep` holds both.
struct Located {
  NodeRef node;
  View window;
  char* data;
  DType dtype;
  std::span<const int64_t> extents() const { return window->shape->extents(); }
  std::span<const int64_t> strides() const { return window->steps(); }
};

Located locate(const Array& a) {
  Array dense = a;
  while (grumpy::evaluate(*dense.storage).kind == NodeKind::Constant) {
    // A constant has no buffer: give it one.
    dense = new_array(record_view_copy(NodeRef(dense.storage->value)));
    dense.view = a.view;
  }
  Located l{NodeRef(dense.storage->value), grumpy::window(dense), nullptr, a.dtype()};
  l.data = static_cast<char*>(l.node->data->data) + l.window->offset * item_bytes(l.dtype);
  return l;
}

/// Evaluated, and nobody else's: its bytes may be written in place.
Located locate_for_writing(const Array& a) {
  Storage& s = *a.storage;
  locate(a);
  make_private_for_writing(s);
  return locate(a);
}

/// `a`, or a copy of it when the bytes may change under us while the target is written.
Array stable(const Array& a) {
  return a.storage->is_exported() ? new_array(record_view_copy(read(a))) : a;
}

TakeSource source_of(const Located& l) { return {l.data, item_bytes(l.dtype), l.extents(), l.strides()}; }
PutTarget target_of(const Located& l) { return {l.data, item_bytes(l.dtype), l.extents(), l.strides()}; }
MaskView mask_of(const Located& l) { return {l.data, l.extents(), l.strides()}; }

Array leaf(DType t, std::span<const int64_t> shape, BufferRef buffer) {
  count(stats().library_calls);
  count(stats().bytes_moved, 2 * buffer->nbytes);
  pad_tail(*buffer, size_t(item_bytes(t)));
  return new_array(make_leaf(t, make_shape(shape), std::move(buffer)));
}

/// Index arrays broadcast to one shape.
struct Indices {
  std::vector<Located> located;
  std::vector<std::vector<int64_t>> strides;
  std::vector<IndexSet::Positions> positions;
  Shape shape;
  IndexSet set;

  Indices(std::span<const Array* const> index, int axis) {
    shape = scalar_shape();
    for (const Array* a : index) {
      shape = broadcast(shape, a->shape());
      GRUMPY_CHECK(bool(shape), IndexError) << "shape mismatch: indexing arrays could not be broadcast together with shapes "
          << shapes_of(index);
    }
    for (const Array* a : index) {
      located.push_back(locate(stable(*a)));
      std::vector<int64_t>& st = strides.emplace_back(size_t(shape->ndim), 0);
      const auto have = located.back().strides();
      const size_t lead = size_t(shape->ndim) - have.size();
      for (size_t k = 0; k < have.size(); ++k)
        if (a->shape()->dims[k] != 1) st[lead + k] = have[k];
    }
    for (size_t k = 0; k < located.size(); ++k)
      positions.push_back({reinterpret_cast<const int64_t*>(located[k].data), strides[k]});
    set = {shape->extents(), positions, axis};
  }

  static std::string shapes_of(std::span<const Array* const> index) {
    std::string text;
    for (const Array* a : index) text += to_string(a->shape()->extents()) + " ";
    return text;
  }
};

/// The value, cast to t and broadcast to `extents`; strides over them.
struct Values {
  Located located;
  std::vector<int64_t> strides;

  Values(const Operand& value, DType t, std::span<const int64_t> extents, const Site& site, const char* what) {
    strides.assign(extents.size(), 0);
    NodeRef n = value.array ? record_cast(read(*value.array), t, site) : record_constant(value.scalar, t, site);
    if (!value.array && n->kind == NodeKind::Constant) {
      located.node = std::move(n);
      located.data = reinterpret_cast<char*>(located.node->constant.bytes);
      return;
    }
    const bool is_as_given = value.array && n->dtype == value.array->dtype();
    const Array a = is_as_given ? stable(*value.array) : new_array(value.array ? std::move(n) : record_view_copy(std::move(n)));
    located = locate(a);
    const auto have = located.extents();
    size_t drop = 0;  // leading axes of extent 1 beyond the target's
    while (have.size() - drop > extents.size() && have[drop] == 1) ++drop;
    bool ok = have.size() - drop <= extents.size();
    for (size_t k = drop; ok && k < have.size(); ++k) {
      const size_t at = extents.size() - have.size() + k;
      ok = have[k] == extents[at] || have[k] == 1;
      if (have[k] != 1) strides[at] = located.strides()[k];
    }
    GRUMPY_CHECK(ok, ValueError) << what << to_string(have) << " could not be broadcast to indexing result of shape "
                                 << to_string(extents);
  }
};

std::vector<int64_t> result_extents(const Array& a, const Indices& i, int axis, size_t naxes) {
  std::vector<int64_t> dims(a.shape()->dims, a.shape()->dims + axis);
  dims.insert(dims.end(), i.shape->dims, i.shape->dims + i.shape->ndim);
  dims.insert(dims.end(), a.shape()->dims + axis + int(naxes), a.shape()->dims + a.ndim());
  return dims;
}

}  // namespace

int64_t count_true(const Array& mask) {
  const Located m = locate(mask);
  const bool can_keep = mask.is_whole() && !mask.storage->is_exported() && !m.node->data->is_borrowed;
  if (can_keep && m.node->truths) return m.node->truths - 1;
  const int64_t found = grumpy::count_true(mask_of(m));
  if (can_keep) m.node->truths = found + 1;
  return found;
}

Array compress(const Array& a, const Array& mask) {
  const int64_t rows = count_true(mask);
  Array out = new_array(record_compress(read(a), read(mask), rows));
  if (a.storage->is_exported() || mask.storage->is_exported()) grumpy::evaluate(*out.storage->value);
  else note_recorded(out);
  return out;
}

std::vector<Array> nonzero(const Array& mask) {
  const Located m = locate(mask);
  const int64_t count = count_true(mask);
  std::vector<BufferRef> buffers;
  std::vector<int64_t*> coordinates;
  for (int k = 0; k < mask.ndim(); ++k) {
    buffers.push_back(allocate_buffer(size_t(count) * 8));
    coordinates.push_back(static_cast<int64_t*>(buffers.back()->data));
  }
  grumpy::nonzero(mask_of(m), coordinates);
  std::vector<Array> result;
  for (BufferRef& b : buffers) result.push_back(leaf(DType::int64, {&count, 1}, std::move(b)));
  return result;
}

IndexBounds index_bounds(const Array& index) {
  const Located l = locate(index);
  const IndexRange r = index_range(reinterpret_cast<const int64_t*>(l.data), l.extents(), l.strides());
  return {r.least, r.most};
}

namespace {

/// Whether to wait for somebody who asks. With all operands at hand there is nothing to wait for, and what may be
/// seen or written from outside cannot wait.
bool is_for_later(const Array& a, const Operand* value, std::span<const int> late_names) {
  if (a.storage->is_exported()) return false;
  return a.storage->is_pending() || !late_names.empty() || (value && value->array && value->array->storage->is_pending());
}

/// The operand's elements as they are now, whoever may write to them later.
NodeRef lasting(const Array& a) {
  const Array s = stable(a);
  if (s.storage != a.storage) grumpy::evaluate(*s.storage);
  return read(s);
}

std::vector<NodeRef> lasting_index(std::span<const Array* const> index) {
  std::vector<NodeRef> nodes;
  for (const Array* a : index) nodes.push_back(lasting(*a));
  return nodes;
}

/// The value as dtype t; not broadcast.
NodeRef lasting_value(const Operand& value, DType t, const Site& site) {
  if (!value.array) return record_constant(value.scalar, t, site);
  return record_cast(lasting(*value.array), t, site);
}

void put(uint8_t op, const Array& dst, std::span<const Array* const> index, int axis, std::span<const int> late_names,
         const Operand& value, const Site& site) {
  const StorageRef keep = dst.storage;
  record_put(dst, lasting_index(index), axis, late_names, lasting_value(value, dst.dtype(), site), op, site);
  note_recorded(dst);
}

}  // namespace

Array gather(const Array& a, std::span<const Array* const> index, int axis, std::span<const int> late_names,
             const Site& site) {
  if (is_for_later(a, nullptr, late_names)) {
    Array out = new_array(record_gather(a, lasting_index(index), axis, late_names, site));
    note_recorded(out);
    return out;
  }
  const Indices i(index, axis);
  const Located source = locate(a);
  const std::vector<int64_t> dims = result_extents(a, i, axis, index.size());
  const Shape shape = make_shape(dims);
  BufferRef out = allocate_buffer(size_t(shape->size * item_bytes(a.dtype())));
  grumpy::gather(source_of(source), i.set, out->data);
  return leaf(a.dtype(), dims, std::move(out));
}

void scatter(const Array& dst, std::span<const Array* const> index, int axis, std::span<const int> late_names,
             const Operand& value, const Site& site) {
  if (is_for_later(dst, &value, late_names)) return put(kAssign, dst, index, axis, late_names, value, site);
  const Indices i(index, axis);
  const std::vector<int64_t> dims = result_extents(dst, i, axis, index.size());
  const Values v(value, dst.dtype(), dims, site, "shape mismatch: value array of shape ");
  // The value and the indices are located first: if they share dst's memory, they keep the old one.
  const Located target = locate_for_writing(dst);
  grumpy::scatter(target_of(target), i.set, {v.located.data, v.strides});
}

bool scatter_reduce(ReduceOp op, const Array& dst, std::span<const Array* const> index, int axis,
                    std::span<const int> late_names, const Operand& value, const Site& site) {
  if (!can_scatter_reduce(op, dst.dtype())) return false;
  if (is_for_later(dst, &value, late_names)) {
    put(uint8_t(op), dst, index, axis, late_names, value, site);
    return true;
  }
  const Indices i(index, axis);
  const std::vector<int64_t> dims = result_extents(dst, i, axis, index.size());
  const Values v(value, dst.dtype(), dims, site, "array is not broadcastable to correct shape: ");
  const Located target = locate_for_writing(dst);
  const uint8_t raised =
      grumpy::scatter_reduce(op, dst.dtype(), target_of(target), i.set, {v.located.data, v.strides});
  const bool has_errors = op == ReduceOp::add || op == ReduceOp::multiply;
  note_fp_error(site, std::string(info(op).name), has_errors ? raised : 0);
  return true;
}

namespace {

/// The write as one of all elements, where the rows are made of rows that the same mask selects.
bool put_widened(const Array& dst, const Array& mask, const Operand& value, const Site& site) {
  if (!value.array || value.array->ndim() != dst.ndim() - mask.ndim() + 1) return false;
  for (const Array* a : {&dst, &mask, value.array})
    if (a->storage->is_exported()) return false;
  const NodeRef rows = record_cast(read(*value.array), dst.dtype(), site), where = read(mask);
  const Widened w = widen(*rows, where.get());
  if (!w) return false;
  const NodeRef three[] = {w.mask, w.value, read(dst)};
  const StorageRef keep = dst.storage;
  record_write(dst, record_map_nodes(Op::where, dst.dtype(), three, site), site);
  note_recorded(dst);
  return true;
}

}  // namespace

void put_masked(const Array& dst, const Array& mask, const Operand& value, const Site& site) {
  if (put_widened(dst, mask, value, site)) return;
  const Located m = locate(mask);
  std::vector<int64_t> dims{count_true(mask)};
  dims.insert(dims.end(), dst.shape()->dims + mask.ndim(), dst.shape()->dims + dst.ndim());
  if (is_for_later(dst, &value, {})) {
    const StorageRef keep = dst.storage;
    record_put_masked(dst, lasting(mask), lasting_value(value, dst.dtype(), site), site);
    note_recorded(dst);
    return;
  }
  const Values v(value, dst.dtype(), dims, site, "shape mismatch: value array of shape ");
  const Located target = locate_for_writing(dst);
  grumpy::put_masked(target_of(target), mask_of(m), {v.located.data, v.strides});
}

}  // namespace grumpy::api
