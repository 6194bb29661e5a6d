// The part of api.h that makes small arrays at the call where all is known: what could be fused costs less than a plan.
#include <cstring>

#include "api.h"
#include "device/cpu/allocator.h"
#include "device/cpu/strided_copy.h"
#include "runtime/stats.h"

namespace grumpy::api {
namespace {

/// The bytes of a known array that lie in C order, else null.
const char* dense_bytes(const Array& a) {
  const Node& n = *a.storage->value;
  if (n.kind == NodeKind::Constant) return a.size() == 1 ? reinterpret_cast<const char*>(n.constant.bytes) : nullptr;
  if (n.kind != NodeKind::Leaf) return nullptr;
  const char* bytes = static_cast<const char*>(n.data->data);
  if (!a.view) return bytes;
  int64_t step = 1;
  for (int k = a.ndim(); k-- > 0; step *= a.shape()->dims[k])
    if (a.shape()->dims[k] != 1 && a.view->strides[k] != step) return nullptr;
  return bytes + a.view->offset * item_bytes(a.dtype());
}

}  // namespace

bool join_known(std::span<const Array* const> arrays, int axis, std::span<const int64_t> shape, Array& out) {
  int64_t rows = 1, row = 1;
  for (size_t k = 0; k < shape.size(); ++k) (int(k) < axis ? rows : row) *= shape[k];
  if (rows * row > kMaxAtOnce || rows == 0) return false;
  const DType t = arrays[0]->dtype();
  const int item = item_bytes(t);
  for (const Array* a : arrays)
    if (a->dtype() != t || (a->size() && !dense_bytes(*a))) return false;
  BufferRef buffer = allocate_buffer(size_t(rows * row * item));
  char* to = static_cast<char*>(buffer->data);
  for (const Array* a : arrays) {
    const size_t part = size_t(a->size() / rows * item);
    if (!part) continue;
    const char* from = dense_bytes(*a);
    for (int64_t r = 0; r < rows; ++r) std::memcpy(to + r * row * item, from + r * part, part);
    to += part;
  }
  pad_tail(*buffer, size_t(item));
  count(stats().library_calls);
  count(stats().bytes_moved, 2 * buffer->nbytes);
  out = new_array(make_leaf(t, make_shape(shape), std::move(buffer)));
  return true;
}

Array filled(const Scalar& value, std::span<const int64_t> shape) {
  Shape to = make_shape(shape);
  if (to->size > kMaxAtOnce || shape.empty()) return new_array(record_broadcast(make_constant(value), to));
  const int item = item_bytes(value.dtype);
  BufferRef buffer = allocate_buffer(size_t(to->size * item));
  fill_elements(static_cast<char*>(buffer->data), reinterpret_cast<const char*>(value.bytes), to->size, item);
  pad_tail(*buffer, size_t(item));
  return new_array(make_leaf(value.dtype, std::move(to), std::move(buffer)));
}

}  // namespace grumpy::api
