// The part of api.h that records plain maps: one function from the binding to the node and its storage.
#include "api.h"
#include "api_settle.h"
#include "graph/plain_map.h"

namespace grumpy::api {
namespace {

[[gnu::always_inline]] inline Storage* finish(Node* n) {
  if (!n) return nullptr;
  StorageRef s = new_storage(NodeRef::adopt(n));
  detail::settle(n, false);
  return s.release();
}

/// x's storage holds on: its old value may be the last to know some object of the user's program.
[[gnu::always_inline]] inline bool write_over(const Array& x, Node* recorded) {
  if (!recorded) return false;
  NodeRef n = NodeRef::adopt(recorded);
  const StorageRef s = x.storage;
  set_value(*s, std::move(n));
  detail::settle(s->value, s->value->depth > kSoftDepth);
  return true;
}

/// Whether what `op` gives over operands of x's dtype can become x's value as it is.
bool can_be_overwritten(Op op, const Array& x) {
  return !x.storage->is_exported() && !x.storage->value->may_fail && result_dtype(op, x.dtype()) == x.dtype();
}

}  // namespace

Storage* map_plain(Op op, const Array& x, PlainSite site) {
  if (x.storage->is_exported()) return nullptr;
  return finish(record_plain(op, x, site));
}

Storage* map_plain(Op op, const Array& x, const Array& y, PlainSite site) {
  if (x.storage->is_exported() || y.storage->is_exported()) return nullptr;
  return finish(record_plain(op, x, y, site));
}

Storage* map_plain(Op op, const Array& x, PlainNumber s, PlainSite site) {
  if (x.storage->is_exported()) return nullptr;
  return finish(record_plain(op, x, s, site));
}

bool write_plain(Op op, const Array& x, const Array& y, PlainSite site) {
  if (!can_be_overwritten(op, x) || y.storage->is_exported() || y.storage->value->may_fail) return false;
  return write_over(x, record_plain(op, x, y, site));
}

bool write_plain(Op op, const Array& x, PlainNumber s, PlainSite site) {
  if (!can_be_overwritten(op, x)) return false;
  return write_over(x, record_plain(op, x, s, site));
}

}  // namespace grumpy::api
