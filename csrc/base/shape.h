/// Shape and View: extents, and where each element lies in a flat run of elements.
///
/// Both are immutable and shared by reference, so that a thousand nodes of one shape cost one
/// object and comparing them is usually comparing pointers.
/// Threads: counted under the GIL; const data may be read anywhere while a holder lives.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "base/ref.h"

namespace grumpy {

inline constexpr int kMaxDims = 64;  // NumPy's NPY_MAXDIMS

/// Extents of an array; ndim, dims[ndim], size = product.
struct ShapeRep {
  uint32_t refs;
  int32_t ndim;
  int64_t size;
  int64_t dims[];
  void add_ref() { ++refs; }
  void drop_ref() { if (--refs == 0) destroy(this); }
  static void destroy(ShapeRep*);
  std::span<const int64_t> extents() const { return {dims, size_t(ndim)}; }
};
using Shape = Ref<ShapeRep>;

/// Throws ValueError when the element count does not fit in int64 or an extent is negative.
Shape make_shape(std::span<const int64_t> dims);
namespace detail {
inline constinit ShapeRep no_axes{1, 0, 1};
}
inline Shape scalar_shape() { return Shape(&detail::no_axes); }  // ndim 0, size 1; one shared object

inline bool same_shape(const ShapeRep& a, const ShapeRep& b) {
  if (&a == &b) return true;
  if (a.ndim != b.ndim) return false;
  for (int k = 0; k < a.ndim; ++k)
    if (a.dims[k] != b.dims[k]) return false;
  return true;
}
/// "(3,2)" as NumPy writes it in broadcasting errors.
std::string to_string(std::span<const int64_t> dims);

/// NumPy broadcasting of two shapes; null when they do not broadcast.
Shape broadcast(const Shape& a, const Shape& b);

/// A strided window on `storage_size` flat elements: element (i0, i1, ...) lies at
/// offset + sum(i_k * strides[k]). Strides count elements, may be negative or 0.
struct ViewRep {
  uint32_t refs;
  int32_t ndim;
  int64_t offset;
  Shape shape;
  bool is_contiguous;  // C order, unit inner stride (extents of 1 and empty arrays ignored)
  int64_t strides[];
  void add_ref() { ++refs; }
  void drop_ref() { if (--refs == 0) destroy(this); }
  static void destroy(ViewRep*);
  std::span<const int64_t> steps() const { return {strides, size_t(ndim)}; }
};
using View = Ref<ViewRep>;

View make_view(Shape shape, std::span<const int64_t> strides, int64_t offset);
/// The whole of a C-contiguous array of this shape.
View contiguous_view(const Shape& shape);
/// The same elements in the same order.
bool is_same_view(const ViewRep& a, const ViewRep& b);
/// The same but for where it begins.
bool has_same_steps(const ViewRep& a, const ViewRep& b);
/// First and one-past-last flat element a view touches; {0, 0} when it is empty.
struct Range { int64_t first, end; };
Range touched(const ViewRep& v);
/// True when two views of one storage can touch a common element (exact for one dimension and for
/// nested strides, conservative otherwise).
bool may_overlap(const ViewRep& a, const ViewRep& b);
/// True when no element of the storage is touched twice.
bool is_injective(const ViewRep& v);
/// The view of `shape` that NumPy's reshape would give without a copy, or null.
View reshape_view(const ViewRep& v, const Shape& shape);
/// `inner` is a view over the elements of an array whose own layout is `outer`; null when the
/// composition is not strided.
View compose(const ViewRep& outer, const ViewRep& inner);

}  // namespace grumpy
