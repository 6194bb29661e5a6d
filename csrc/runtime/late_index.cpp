#include "runtime/late_index.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <vector>

#include "base/error.h"
#include "device/cpu/allocator.h"
#include "device/cpu/copy.h"
#include "device/cpu/index_loops.h"
#include "graph/late_index.h"
#include "runtime/session.h"
#include "runtime/stats.h"

namespace grumpy {
namespace {

using Compute = std::function<void(std::span<Node* const>)>;

std::string (*place_hook)(const Site&) = [](const Site&) { return std::string(); };

const char* data_of(const Node& n) {
  return n.kind == NodeKind::Constant ? reinterpret_cast<const char*>(n.constant.bytes)
                                      : static_cast<const char*>(n.data->data);
}

std::vector<int64_t> dense_strides(std::span<const int64_t> extents) {
  std::vector<int64_t> strides(extents.size());
  int64_t step = 1;
  for (size_t k = extents.size(); k-- > 0; step *= extents[k]) strides[k] = step;
  return strides;
}

void compute_inputs(const Node& n, const Compute& compute) {
  std::vector<Node*> missing;
  for (int k = 0; k < n.nin; ++k)
    if (!n.in[k]->is_materialized() && std::find(missing.begin(), missing.end(), n.in[k]) == missing.end())
      missing.push_back(n.in[k]);
  if (!missing.empty()) compute(missing);
}

/// A buffer with the node's elements, which others may hold too but nobody writes.
BufferRef buffer_of(const Node& n) {
  if (n.kind != NodeKind::Constant && !n.data->exports && !n.data->is_shared && !n.data->is_borrowed) return BufferRef(n.data);
  const size_t nbytes = size_t(n.shape->size * item_bytes(n.dtype));
  BufferRef copy = allocate_buffer(nbytes);
  parallel_copy(copy->data, data_of(n), nbytes);
  pad_tail(*copy, size_t(item_bytes(n.dtype)));
  return copy;
}

void settle_check(Node& n, const Compute& compute) {
  if (n.has_failed()) throw Error(ErrorClass::IndexError, *n.failure);
  compute_inputs(n, compute);
  if (n.is_materialized()) return;  // another thread was faster
  if (n.has_failed()) throw Error(ErrorClass::IndexError, *n.failure);
  const Node& index = *n.in[0];
  const int64_t extent = n.axis, size = index.shape->size;
  const auto* data = reinterpret_cast<const int64_t*>(data_of(index));
  const int64_t step = 1;
  const IndexRange range = size ? index_range(data, {&size, 1}, {&step, 1}) : IndexRange{0, -1};
  if (range.least >= -extent && range.most < extent) return materialize(&n, buffer_of(index));
  const int64_t bad = *std::find_if(data, data + size, [&](int64_t i) { return i < -extent || i >= extent; });
  std::string text = "index " + std::to_string(bad) + " is out of bounds for axis " + std::to_string(n.part) +
                     " with size " + std::to_string(extent);
  if (const std::string place = place_hook(n.site); !place.empty()) text += " (recorded at " + place + ")";
  fail(&n, text);
  undo_doomed_writes();
  throw Error(ErrorClass::IndexError, text);
}

void settle_put(Node& n, const Compute& compute) {
  compute_inputs(n, compute);
  if (n.is_materialized()) return;
  const Node &old = *n.in[0], &position = *n.in[1], &value = *n.in[2];
  const Buffer& bytes = *old.data;
  const bool in_place = old.refs == 1 && bytes.refs.load(std::memory_order_relaxed) == 1 && !bytes.exports &&
                        !bytes.is_shared && !bytes.is_borrowed && !bytes.is_readonly;
  BufferRef out(old.data);
  if (!in_place) {
    out = allocate_buffer(size_t(n.shape->size * item_bytes(n.dtype)));
    parallel_copy(out->data, bytes.data, size_t(n.shape->size * item_bytes(n.dtype)));
    pad_tail(*out, size_t(item_bytes(n.dtype)));
  }
  const int axis = int(n.axis), naxes = n.part;
  std::vector<int64_t> extents(n.shape->dims, n.shape->dims + axis + 1);
  for (int k = 1; k < naxes; ++k) extents[size_t(axis)] *= n.shape->dims[axis + k];
  extents.insert(extents.end(), n.shape->dims + axis + naxes, n.shape->dims + n.shape->ndim);
  const std::vector<int64_t> strides = dense_strides(extents), index_strides = dense_strides(position.shape->extents()),
                             value_strides = dense_strides(value.shape->extents());
  const IndexSet::Positions at{reinterpret_cast<const int64_t*>(data_of(position)), index_strides};
  const PutTarget target{out->data, item_bytes(n.dtype), extents, strides};
  const IndexSet index{position.shape->extents(), {&at, 1}, axis};
  const PutValues values{data_of(value), value_strides};
  if (value.shape->size > 0) {
    if (n.op == kAssign) {
      scatter(target, index, values);
    } else {
      const ReduceOp op = n.reduce_op();
      const uint8_t raised = scatter_reduce(op, n.dtype, target, index, values);
      note_fp_error(n.site, std::string(info(op).name), op == ReduceOp::add || op == ReduceOp::multiply ? raised : 0);
    }
  }
  count(stats().library_calls);
  count(stats().bytes_moved, uint64_t(2 * value.shape->size * item_bytes(n.dtype)));
  materialize(&n, std::move(out));
}

}  // namespace

void set_place_hook(std::string (*place)(const Site&)) { place_hook = place; }

void settle_late_nodes(std::span<Node* const> wanted, const Compute& compute) {
  const std::vector<Node*> found = late_nodes(wanted);
  std::deque<HeldValue> held;
  for (Node* n : found) held.emplace_back(n);
  for (Node* n : found) {
    if (!n->is_materialized()) n->kind == NodeKind::Check ? settle_check(*n, compute) : settle_put(*n, compute);
    held.pop_front();
  }
}

}  // namespace grumpy
