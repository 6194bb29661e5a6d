#include "graph/storage.h"

#include <new>

#include "base/error.h"

namespace grumpy {
namespace {

Storage* free_storages = nullptr;  // linked by `next`
size_t num_free_storages = 0;
constexpr size_t kMaxFreeStorages = 1 << 14;
Storage* pending_head = nullptr;

void link(Storage* s) {
  s->prev = nullptr;
  s->next = pending_head;
  if (pending_head) pending_head->prev = s;
  pending_head = s;
}

bool is_linked(const Storage* s) { return s->prev || s->next || pending_head == s; }

void unlink(Storage* s) {
  if (!is_linked(s)) return;
  if (s->prev) s->prev->next = s->next;
  else pending_head = s->next;
  if (s->next) s->next->prev = s->prev;
  s->prev = s->next = nullptr;
}

}  // namespace

StorageRef new_storage(NodeRef value) {
  Storage* s;
  if (free_storages) {
    s = free_storages;
    free_storages = s->next;
    --num_free_storages;
    new (s) Storage{};
  } else {
    s = new Storage{};
  }
  s->refs = 1;
  s->shape = value->shape;
  s->dtype = value->dtype;
  s->value = value.release();
  ++s->value->owners;
  if (s->is_pending()) link(s);
  return StorageRef::adopt(s);
}

void Storage::destroy(Storage* s) {
  unlink(s);
  --s->value->owners;
  Node* value = s->value;
  s->~Storage();
  if (num_free_storages < kMaxFreeStorages) {
    s->next = free_storages;
    free_storages = s;
    ++num_free_storages;
  } else {
    ::operator delete(s);
  }
  value->drop_ref();
}

void set_value(Storage& s, NodeRef value) {
  GRUMPY_ASSERT(value->dtype == s.dtype && value->shape->size == s.shape->size)
      << "a write must keep dtype and element count";
  Node* old = s.value;
  s.value = value.release();
  ++s.value->owners;
  ++s.version;
  unlink(&s);
  if (s.is_pending()) link(&s);
  --old->owners;
  old->drop_ref();
}

void no_longer_pending(Storage& s) { unlink(&s); }
Storage* first_pending() { return pending_head; }

NodeRef read(const Array& a) {
  Node* value = a.storage->value;
  if (!a.view) return NodeRef(value);
  Node* n = new_node(NodeKind::View, value->dtype);
  n->nin = 1;
  n->in[0] = value;
  value->add_ref();
  n->shape = a.view->shape;
  n->view = a.view.get();
  n->view->add_ref();
  n->depth = value->depth;
  n->may_fail = value->may_fail;
  return NodeRef::adopt(n);
}

Array new_array(NodeRef value) {
  Array a;
  a.storage = new_storage(std::move(value));
  return a;
}

Array view_of(const Array& a, View v) {
  Array r;
  r.storage = a.storage;
  if (!(v->is_contiguous && v->offset == 0 && same_shape(*v->shape, *a.storage->shape)))
    r.view = std::move(v);
  return r;
}

View window(const Array& a) { return a.view ? a.view : contiguous_view(a.storage->shape); }

}  // namespace grumpy
