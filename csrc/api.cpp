#include "api.h"
#include "api_settle.h"

#include <algorithm>
#include <cstring>

#include "base/config.h"
#include "base/error.h"
#include "base/limits.h"
#include "device/cpu/allocator.h"
#include "device/cpu/copy.h"
#include "device/cpu/host_limits.h"
#include "graph/widen.h"
#include "device/cpu/index_loops.h"
#include "graph/frontier.h"
#include "graph/late_index.h"
#include "graph/late_release.h"
#include "passes/pipeline.h"
#include "runtime/kernel_cache.h"
#include "runtime/late_index.h"
#include "runtime/session.h"
#include "runtime/stats.h"

namespace grumpy::api {

using detail::evaluate_all_pending;
using detail::recorded;
using detail::settle;

namespace {

Counters base_counters{};
uint64_t pinned_bytes = 0;  // leaves made since the last evaluation: what pending work may keep alive

/// Of a node whose value is known.
Scalar element_of(const Node& n, int64_t offset) {
  Scalar s;
  s.dtype = n.dtype;
  const auto* bytes = n.kind == NodeKind::Constant ? n.constant.bytes
                                                   : static_cast<const unsigned char*>(n.data->data) + offset * item_bytes(s.dtype);
  std::memcpy(s.bytes, bytes, size_t(item_bytes(s.dtype)));
  return s;
}

bool is_exported(const Array* a) { return a && a->storage->is_exported(); }

bool any_exported(std::span<const Operand> in) {
  return std::any_of(in.begin(), in.end(), [](const Operand& o) { return is_exported(o.array); });
}

Array finish(NodeRef n, bool at_once) {
  Array a = new_array(std::move(n));
  settle(a.storage->value, at_once);
  return a;
}

NodeRef operand_node(const Operand& o) { return o.array ? read(*o.array) : make_constant(o.scalar); }

int64_t pending_limit_bytes() {
  static const int64_t automatic = int64_t(usable_memory_bytes() / 4);
  const int64_t set = Config::max_pending_bytes();
  return set == kAuto ? automatic : set;
}

void note_leaf(size_t nbytes) {
  pinned_bytes += nbytes;
  if (pinned_bytes > uint64_t(pending_limit_bytes()) && pending_nodes() > 0) evaluate_all_pending();
}

/// Whether some pending node below live arrays reads this leaf.
bool has_pending_readers(const Node& leaf) { return leaf.refs > leaf.owners; }

/// Replaces the storage's leaf by a copy of its own.
void make_private(Storage& s) {
  Node* leaf = s.value;
  const size_t nbytes = size_t(s.shape->size * item_bytes(s.dtype));
  BufferRef copy = allocate_buffer(nbytes);
  parallel_copy(copy->data, leaf->data->data, nbytes);
  pad_tail(*copy, size_t(item_bytes(s.dtype)));
  set_value(s, make_leaf(s.dtype, s.shape, std::move(copy)));
}

/// Gives a storage whose value is a constant a leaf of its own.
void make_leaf_of_constant(Storage& s) {
  BufferRef buffer = allocate_buffer(size_t(item_bytes(s.dtype)));
  std::memcpy(buffer->data, s.value->constant.bytes, size_t(item_bytes(s.dtype)));
  set_value(s, make_leaf(s.dtype, s.shape, std::move(buffer)));
}

/// NumPy's error for integers to negative integer powers; looks at the exponents' values.
void check_integer_powers(std::span<const Operand> in) {
  const Operand& e = in[1];
  if (is_inexact(in[0].dtype()) || kind(e.dtype()) != Kind::Int) return;
  const OperandType types[] = {{in[0].dtype(), in[0].is_weak()}, {e.dtype(), e.is_weak()}};
  if (is_inexact(infer_map(Op::power, types).compute)) return;  // uint64 with a signed integer
  Scalar least = e.scalar;
  if (in[0].array && in[0].array->size() == 0) return;
  if (e.array) {
    if (e.array->size() == 0) return;
    const int nd = e.array->ndim();
    const uint64_t all = nd == 0 ? 0 : ~uint64_t{0} >> (64 - nd);
    const Array lowest = nd == 0 ? *e.array
        : new_array(record_reduce(ReduceOp::minimum, read(*e.array), all, false, e.array->dtype(), Site{}));
    least = read_element(lowest, {});
  }
  GRUMPY_CHECK(convert(least, DType::int64).as<int64_t>() >= 0, ValueError)
      << "Integers to negative integer powers are not allowed.";
}

}  // namespace

void detail::evaluate_all_pending() {
  std::vector<Node*> wanted;
  for (Storage* s = first_pending(); s; s = s->next)
    if (s->is_pending() && !is_doomed(*s->value)) wanted.push_back(s->value);
  if (!wanted.empty()) grumpy::evaluate(wanted);
  pinned_bytes = 0;
}

void start(const Hooks& hooks) {
  set_python_hooks({hooks.release_gil, hooks.acquire_gil, hooks.interrupted, hooks.answer_signals});
  set_code_hooks(hooks.retain_code, hooks.release_code, hooks.release_shared_code);
  set_validator(hooks.validator);
  set_place_hook(hooks.place);
}

void check_settings() { check_disabled_passes(); }

void set_setting(const std::string& name, const std::string& value) {
  const std::string before = get_config(name);
  set_config(name, value);
  try {
    check_settings();
  } catch (const Error&) {
    set_config(name, before);
    throw;
  }
  if (name == "disable_passes" && value != before) clear_plan_cache();  // plans are made by passes
}

void prepare_fork() { pause_evaluations(); }
void end_fork() { resume_evaluations(); }
void prepare_exit() {
  close_evaluations();
  stop_compiling();
}

// ---- memory in and out

BufferRef allocate(size_t nbytes) { return allocate_buffer(nbytes); }

BufferRef borrow(void* data, size_t nbytes, bool is_readonly, void* owner, void (*release)(void*)) {
  struct Borrowed : Buffer {
    void (*release_owner)(void*);
  };
  auto* b = new Borrowed;
  b->data = data;
  b->nbytes = b->capacity = nbytes;
  b->is_borrowed = true;
  b->is_readonly = is_readonly;
  b->owner = owner;
  b->release_owner = release;
  b->release = [](Buffer* buffer) {
    auto* self = static_cast<Borrowed*>(buffer);
    if (self->release_owner) release_object(self->owner, self->release_owner);
    delete self;
  };
  return BufferRef::adopt(b);
}

Array copy_in(DType dtype, std::span<const int64_t> shape, const void* data, std::span<const int64_t> strides) {
  Shape extents = make_shape(shape);
  const int64_t item = item_bytes(dtype);
  BufferRef buffer = allocate_buffer(size_t(extents->size * item));
  int64_t to[kMaxDims];
  int64_t step = item;
  for (size_t k = shape.size(); k-- > 0;) {
    to[k] = step;
    step *= shape[k];
  }
  copy_strided(item, int(shape.size()), shape.data(), data, strides.data(), buffer->data, to);
  pad_tail(*buffer, size_t(item));
  note_leaf(buffer->nbytes);
  return new_array(make_leaf(dtype, std::move(extents), std::move(buffer)));
}

void make_private_for_writing(Storage& s) {
  ++s.version;
  if (s.value->kind == NodeKind::Constant) return make_leaf_of_constant(s);
  Node& leaf = *s.value;
  leaf.truths = 0;
  const bool is_alone = leaf.owners == 1 && !has_pending_readers(leaf) &&
                        leaf.data->refs.load(std::memory_order_relaxed) == 1;
  if (!is_alone && !s.is_exported()) make_private(s);
}

Array adopt(DType dtype, std::span<const int64_t> shape, BufferRef data, bool is_shared) {
  const bool is_readonly = data->is_readonly;
  data->is_shared = is_shared;
  Array a = new_array(make_leaf(dtype, make_shape(shape), std::move(data)));
  a.storage->is_shared = is_shared;
  a.storage->is_readonly = is_readonly;
  return a;
}

Buffer* export_buffer(const Array& a) {
  Storage& s = *a.storage;
  StorageRef keep = a.storage;
  while (grumpy::evaluate(s).kind == NodeKind::Constant || has_pending_readers(*s.value)) {
    if (s.value->kind == NodeKind::Constant) {
      make_leaf_of_constant(s);
      continue;
    }
    // Pending operations must read the bytes as they were when recorded.
    std::vector<Node*> readers = pending_readers(*s.value);
    std::erase_if(readers, [](Node* n) { return is_doomed(*n); });
    if (readers.empty()) break;  // they belong to nobody any more
    grumpy::evaluate(readers);
  }
  Node* leaf = s.value;
  if (!s.is_shared && (leaf->owners > 1 || has_pending_readers(*leaf) ||
                       leaf->data->refs.load(std::memory_order_relaxed) > 1 + leaf->data->exports))
    make_private(s);
  s.value->truths = 0;
  ++s.version;
  ++s.value->data->exports;
  s.value->data->add_ref();
  return s.value->data;
}

void end_export(Buffer* b, DType t) {
  if (--b->exports == 0 && !is_padded(*b, size_t(item_bytes(t)))) pad_tail(*b, size_t(item_bytes(t)));
  b->drop_ref();
}

// ---- recording

Array map(Op op, std::span<const Operand> in, const Site& site) {
  if (op == Op::power) check_integer_powers(in);
  return finish(record_map(op, in, site), any_exported(in));
}

Array map_as(Op op, DType compute, DType result, std::span<const Operand> in, const Site& site) {
  if (op == Op::power && is_integer(compute)) check_integer_powers(in);
  return finish(record_map_as(op, compute, result, in, site), any_exported(in));
}

void foreign(const InnerLoop* loop, std::span<const Operand> in, std::span<Array> out, const Site& site) {
  NodeRef nodes[3], results[8];
  for (size_t k = 0; k < in.size(); ++k) nodes[k] = operand_node(in[k]);
  record_foreign(loop, {nodes, in.size()}, {results, out.size()}, site);
  for (size_t p = 0; p < out.size(); ++p) out[p] = new_array(std::move(results[p]));
  for (const Array& a : out) settle(a.storage->value, any_exported(in));
}

Array cast(const Array& a, DType to, const Site& site) {
  if (a.dtype() == to) return copy(a);
  return finish(record_cast(read(a), to, site), is_exported(&a));
}

Array copy(const Array& a) {
  const bool at_once = is_exported(&a);
  NodeRef n = read(a);
  // Bytes that others can change are copied; everything else is shared until somebody writes.
  if (at_once && n->data) n = record_view_copy(std::move(n));
  return finish(std::move(n), at_once);
}

void note_recorded(const Array& a) { settle(a.storage->value, a.storage->value->depth > kSoftDepth); }

Array broadcast_to(const Array& a, const Shape& shape) {
  const View w = window(a);
  const int lead = shape->ndim - w->ndim;
  int64_t steps[kMaxDims];
  bool ok = lead >= 0;
  for (int k = 0; ok && k < shape->ndim; ++k) {
    const int64_t have = k < lead ? 1 : w->shape->dims[k - lead];
    ok = have == shape->dims[k] || have == 1;
    steps[k] = have == 1 ? 0 : w->strides[k - lead];  // of extents of 1 too, as NumPy's
  }
  GRUMPY_CHECK(ok, ValueError) << "operands could not be broadcast together with remapped shapes "
                               << "[original->remapped]: " << to_string(w->shape->extents())
                               << "  and requested shape " << to_string(shape->extents());
  return view_of(a, make_view(shape, {steps, size_t(shape->ndim)}, w->offset));
}

Array reduce(ReduceOp op, const Operand& in, uint64_t axes, bool keepdims, DType accumulate, DType out,
             const Site& site) {
  NodeRef n = record_cast(operand_node(in), accumulate, site);
  const bool at_once = is_exported(in.array);
  if (n->is_selected && axes & 1 && !keepdims && !at_once) {
    if (const Widened w = widen(*n, nullptr)) {
      if (NodeRef filled = fill_for(op, w, site)) {
        n = std::move(filled);
        axes = (axes >> 1) << w.mask_ndim | ((uint64_t{1} << w.mask_ndim) - 1);
      }
    }
  }
  return finish(record_reduce(op, std::move(n), axes, keepdims, out, site), at_once);
}

Array scan(ReduceOp op, const Operand& in, int axis, DType out, const Site& site) {
  NodeRef n = record_cast(operand_node(in), out, site);
  return finish(record_scan(op, std::move(n), axis, out, site), is_exported(in.array));
}

Array matmul(const Array& a, const Array& b, DType dtype, const Site& site) {
  NodeRef x = record_cast(read(a), dtype, site), y = record_cast(read(b), dtype, site);
  return finish(record_matmul(std::move(x), std::move(y), site), is_exported(&a) || is_exported(&b));
}

Array take(const Array& a, const Array& index, int axis, const Site& site) {
  return finish(record_take(read(a), read(index), axis, site), is_exported(&a) || is_exported(&index));
}

void write(const Array& dst, const Operand& value, const Site& site) {
  const bool at_once = is_exported(&dst) || is_exported(value.array);
  NodeRef v = value.array ? read(*value.array) : record_constant(value.scalar, dst.dtype(), site);
  const StorageRef keep = dst.storage;
  record_write(dst, std::move(v), site);
  Node* now = keep->value;
  settle(now, at_once || now->depth > kSoftDepth);
}

bool write_element(const Array& dst, int64_t offset, const Operand& value) {
  Storage& s = *dst.storage;
  Node& old = *s.value;
  // Who else refers to the leaf or to its bytes, pending work too, must go on seeing the old value.
  if (old.kind != NodeKind::Leaf || old.refs != 1 || old.data->refs.load(std::memory_order_acquire) != 1) return false;
  Buffer& to = *old.data;
  if (to.is_readonly || (to.is_borrowed && !to.is_shared)) return false;
  Scalar element;
  if (value.array) {
    if (value.array->dtype() != s.dtype || value.array->size() != 1 || value.array->storage->is_pending()) return false;
    element = element_at(*value.array, value.array->view ? value.array->view->offset : 0);
  } else if (value.scalar.dtype == s.dtype) {
    element = value.scalar;
  } else {
    Site wary;
    wary.watch = 0xff;  // what may overflow is cast by an operation, which warns
    const NodeRef converted = record_constant(value.scalar, s.dtype, wary);
    if (converted->kind != NodeKind::Constant) return false;
    element = converted->constant;
  }
  const int item = item_bytes(s.dtype);
  std::memcpy(static_cast<char*>(to.data) + offset * item, element.bytes, size_t(item));
  if (offset == old.shape->size - 1 && to.exports == 0) pad_tail(to, size_t(item));
  ++s.version;
  ++recorded;
  return true;
}

void write_where(const Array& dst, const Array& mask, const Operand& value, const Site& site) {
  const bool at_once = is_exported(&dst) || is_exported(&mask) || is_exported(value.array);
  const DType t = dst.dtype();
  const NodeRef where = record_cast(read(mask), DType::bool_, site);
  NodeRef v = value.array ? read(*value.array) : record_constant(value.scalar, t, site);
  const DType from = v->dtype;
  if (!can_cast_safely(from, t) && (fpe_mask(Op::cast, from) & site.watch)) {
    // What is not written is not cast: it must not report what would not fit.
    const NodeRef written[] = {where, v, make_constant(convert(Scalar::of<double>(DType::float64, 0), from))};
    v = record_map_nodes(Op::where, from, written, site);
  }
  const NodeRef in[] = {where, record_cast(std::move(v), t, site), read(dst)};
  const StorageRef keep = dst.storage;
  record_write(dst, record_map_nodes(Op::where, t, in, site), site);
  settle(keep->value, at_once || keep->value->depth > kSoftDepth);
}

Array view(const Array& a, std::span<const int64_t> shape, std::span<const int64_t> strides, int64_t offset) {
  return view_of(a, make_view(make_shape(shape), strides, offset));
}

Array try_reshape(const Array& a, std::span<const int64_t> shape) {
  const Shape want = make_shape(shape);
  View v = a.view ? reshape_view(*a.view, want) : contiguous_view(want);
  return v ? view_of(a, std::move(v)) : Array{};
}

// ---- evaluation

void evaluate(std::span<const Array* const> arrays) {
  if (arrays.size() == 1) return grumpy::evaluate(*arrays[0]->storage->value);
  std::vector<Node*> wanted;
  for (const Array* a : arrays) wanted.push_back(a->storage->value);
  grumpy::evaluate(wanted);
}

std::vector<FpEvent> take_fp_events() {
  std::vector<FpEvent> events;
  for (FpError& e : take_fp_errors())
    for (uint8_t bit = 1; bit <= Invalid; bit = uint8_t(bit << 1))
      if (e.fpe & bit) {
        // Each event owns a reference to the code object; the error's own goes to the first.
        if (e.fpe & (bit - 1) && e.site.code) retain_code(e.site.code);
        events.push_back({e.site, e.operation, bit});
      }
  return events;
}

std::vector<std::string> take_capped_places() { return grumpy::take_capped_places(); }
std::vector<PlaceCount> compiled_by_place() {
  std::vector<PlaceCount> counts;
  for (auto& [place, count] : grumpy::compiled_by_place()) counts.push_back({std::move(place), count});
  return counts;
}

Scalar read_element(const Array& a, std::span<const int64_t> index) {
  const StorageRef keep = a.storage;
  const Node& n = grumpy::evaluate(*keep);
  const View w = window(a);
  int64_t at = w->offset;
  for (size_t k = 0; k < index.size(); ++k) at += index[k] * w->strides[k];
  return element_of(n, at);
}

Scalar element_at(const Array& a, int64_t offset) { return element_of(*a.storage->value, offset); }

// ---- describing

std::string show(std::span<const Array* const> arrays, const std::string& what) {
  std::vector<Node*> wanted;
  for (const Array* a : arrays) wanted.push_back(a->storage->value);
  return describe(wanted, what);
}

Counters counters() {
  const Stats& s = stats();
  Counters c{s.evaluations, s.kernels, s.library_calls, s.compiled, s.compile_ns, s.memory_hits, s.disk_hits,
             s.interpreted, s.bytes_moved, s.run_ns, s.plans, s.plan_hits, s.replays, s.wavefronts, recorded, pending_nodes()};
  auto* value = reinterpret_cast<uint64_t*>(&c);
  const auto* base = reinterpret_cast<const uint64_t*>(&base_counters);
  for (size_t k = 0; k + 1 < sizeof c / sizeof(uint64_t); ++k) value[k] -= base[k];
  return c;
}

void reset_counters() {
  base_counters = {};
  const Counters now = counters();
  base_counters = now;
}

}  // namespace grumpy::api
