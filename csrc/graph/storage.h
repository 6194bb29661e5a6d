/// Storage and Array: the one mutable cell, and what a Python object holds.
///
/// Arrays that are views of one another share a Storage. A write through any of them records an
/// Update and swaps Storage::value; the graph itself stays pure (functionalization).
/// Threads: under the GIL.
#pragma once
#include <new>

#include "graph/node.h"

namespace grumpy {

struct Storage {
  uint32_t refs;
  uint32_t version;          // grows with every write of ours, and when the bytes go out
  Node* value;               // owned; its elements in C order are the storage's elements
  Shape shape;               // of value
  DType dtype;
  bool is_shared = false;    // aliased for life (asarray(copy=False), writable maps)
  bool is_readonly = false;  // nobody may write: a read-only map or an immutable exporter
  Storage* prev = nullptr;   // list of live pending storages
  Storage* next = nullptr;

  void add_ref() { ++refs; }
  void drop_ref() { if (--refs == 0) destroy(this); }
  static inline void destroy(Storage*);
  bool is_pending() const { return !value->is_materialized(); }
  /// Live aliases outside, or shared for life: operations on it are evaluated at the call.
  bool is_exported() const { return is_shared || (value->data && value->data->exports > 0); }
};
using StorageRef = Ref<Storage>;

/// Keeps a value as one more storage would: unlike a NodeRef, it does not look like a user outside who
/// shares the value's work (graph/frontier.h).
class HeldValue {
 public:
  explicit HeldValue(Node* n) : node_(n) { n->add_ref(); ++n->owners; }
  HeldValue(const HeldValue&) = delete;
  HeldValue& operator=(const HeldValue&) = delete;
  ~HeldValue() { --node_->owners; node_->drop_ref(); }
  Node& operator*() const { return *node_; }

 private:
  Node* node_;
};

namespace detail {
inline Storage* free_storages = nullptr;  // linked by `next`
inline size_t num_free_storages = 0;
inline Storage* pending_head = nullptr;

inline void link(Storage* s) {
  s->prev = nullptr;
  s->next = pending_head;
  if (pending_head) pending_head->prev = s;
  pending_head = s;
}
inline bool is_linked(const Storage* s) { return s->prev || s->next || pending_head == s; }
inline void unlink(Storage* s) {
  Storage *const prev = s->prev, *const next = s->next;
  if (prev) prev->next = next;
  else if (pending_head == s) pending_head = next;
  if (next) next->prev = prev;
  s->prev = s->next = nullptr;
}

inline constexpr size_t kMaxFreeStorages = 1 << 14;
}  // namespace detail

/// Takes over `value`.
inline StorageRef new_storage(NodeRef value) {
  Storage* s = detail::free_storages;
  if (s) [[likely]] {
    detail::free_storages = s->next;
    --detail::num_free_storages;
  } else {
    s = static_cast<Storage*>(::operator new(sizeof(Storage)));
  }
  Node* const n = value.release();
  s->refs = 1;
  s->version = 0;
  s->value = n;
  new (&s->shape) Shape(n->shape);
  s->dtype = n->dtype;
  s->is_shared = s->is_readonly = false;
  ++n->owners;
  if (n->is_materialized()) s->prev = s->next = nullptr;
  else detail::link(s);
  return StorageRef::adopt(s);
}
inline void Storage::destroy(Storage* s) {
  detail::unlink(s);
  Node* const value = s->value;
  --value->owners;
  s->~Storage();
  if (detail::num_free_storages < detail::kMaxFreeStorages) [[likely]] {
    s->next = detail::free_storages;
    detail::free_storages = s;
    ++detail::num_free_storages;
  } else {
    ::operator delete(s);
  }
  value->drop_ref();
}
/// Replaces the value (same element count and dtype) and counts a version.
void set_value(Storage& s, NodeRef value);
/// First of the live storages whose value was pending when it was set; follow `next`.
Storage* first_pending();
/// The first from `s` on whose value still is; those before it are taken off the list.
inline Storage* next_pending(Storage* s) {
  while (s && !s->is_pending()) {
    Storage* const next = s->next;
    detail::unlink(s);
    s = next;
  }
  return s;
}

/// What a Python object holds. `view` null: all of the storage, in its own shape.
struct Array {
  StorageRef storage;
  View view;

  const Shape& shape() const { return view ? view->shape : storage->shape; }
  DType dtype() const { return storage->dtype; }
  int ndim() const { return shape()->ndim; }
  int64_t size() const { return shape()->size; }
  bool is_whole() const { return !view; }
  explicit operator bool() const { return bool(storage); }
};

/// The array's elements, as they are now, as a node of the array's shape. Reading a view twice makes two
/// View nodes, which common_subexpr merges: a cache here would keep dead values alive.
NodeRef read(const Array& a);
/// An array that owns a new storage with this value.
Array new_array(NodeRef value);
/// Another window on the same storage; strides and offset in elements of the storage.
Array view_of(const Array& a, View v);
/// The window of `a`, spelled out even when it is the whole.
View window(const Array& a);

}  // namespace grumpy
