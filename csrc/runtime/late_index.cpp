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

}  // namespace

void set_place_hook(std::string (*place)(const Site&)) { place_hook = place; }
std::string place_of_site(const Site& site) { return place_hook(site); }

void settle_checks(std::span<Node* const> wanted, const Compute& compute) {
  const std::vector<Node*> found = pending_checks(wanted);
  std::deque<HeldValue> held;
  for (Node* n : found) held.emplace_back(n);
  for (Node* n : found) {
    if (!n->is_materialized()) settle_check(*n, compute);
    held.pop_front();
  }
}

}  // namespace grumpy
