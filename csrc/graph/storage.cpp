#include "graph/storage.h"

#include <new>

#include "base/error.h"

namespace grumpy {
using detail::link;
using detail::unlink;

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

Storage* first_pending() { return detail::pending_head; }

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
