// Shapes and views: making them, broadcasting, reshaping and composing.
#include "base/shape.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <vector>

#include "base/error.h"

namespace grumpy {
namespace {

// Header and trailing array in one allocation.
template <class Rep>
Rep* allocate_rep(size_t count) {
  void* memory = std::malloc(sizeof(Rep) + count * sizeof(int64_t));
  if (!memory) throw std::bad_alloc();
  return new (memory) Rep{};
}

// Axes of one flat run: `weight` elements of C order apart, `stride` elements of storage apart.
struct Axis { int64_t extent, stride, weight; };

// Drops axes of extent 1 and merges neighbours that one stride serves.
std::vector<Axis> collapse(const ViewRep& v) {
  std::vector<Axis> axes;
  int64_t weight = 1;
  for (int k = v.ndim - 1; k >= 0; --k) {
    const int64_t n = v.shape->dims[k], s = v.strides[k];
    if (n == 1) continue;
    if (!axes.empty() && s == axes.back().stride * axes.back().extent)
      axes.back().extent *= n;
    else
      axes.push_back({n, s, weight});
    weight *= n;
  }
  std::reverse(axes.begin(), axes.end());
  return axes;
}

// Writes the step of one inner axis in digits of the outer axes so that no digit carries anywhere
// in the inner box; then the composition is strided. low/high: range each digit already spans.
struct DigitSearch {
  const std::vector<Axis>& axes;
  std::vector<int64_t>& low;
  std::vector<int64_t>& high;

  // Moves are n - 1 >= 1 steps long. On success the ranges are widened and the storage stride added.
  bool find(size_t k, int64_t step, int64_t moves, int64_t& stride) {
    if (k == axes.size()) return step == 0;
    const Axis& axis = axes[k];
    int64_t digit = step / axis.weight;
    if (step % axis.weight < 0) --digit;
    for (int64_t d : {digit, digit + 1}) {
      int64_t reach;
      if (__builtin_mul_overflow(d, moves, &reach)) continue;
      const int64_t new_low = low[k] + std::min<int64_t>(reach, 0);
      const int64_t new_high = high[k] + std::max<int64_t>(reach, 0);
      if (new_low < 0 || new_high >= axis.extent) continue;
      const int64_t old_low = std::exchange(low[k], new_low), old_high = std::exchange(high[k], new_high);
      if (find(k + 1, step - d * axis.weight, moves, stride)) {
        stride += d * axis.stride;
        return true;
      }
      low[k] = old_low;
      high[k] = old_high;
    }
    return false;
  }
};

}  // namespace

void ShapeRep::destroy(ShapeRep* s) { std::free(s); }

void ViewRep::destroy(ViewRep* v) {
  v->~ViewRep();
  std::free(v);
}

Shape make_shape(std::span<const int64_t> dims) {
  GRUMPY_CHECK(dims.size() <= size_t(kMaxDims), ValueError)
      << "maximum supported dimension for an ndarray is currently " << kMaxDims << ", found "
      << dims.size();
  int64_t size = 1;  // of the extents that are not 0: NumPy refuses (2**40, 2**40, 0) too
  bool is_empty = false;
  for (int64_t n : dims) {
    GRUMPY_CHECK(n >= 0, ValueError) << "negative dimensions are not allowed";
    is_empty |= n == 0;
    GRUMPY_CHECK(n == 0 || !__builtin_mul_overflow(size, n, &size), ValueError)
        << "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size.";
  }
  ShapeRep* rep = allocate_rep<ShapeRep>(dims.size());
  rep->ndim = int32_t(dims.size());
  rep->size = is_empty ? 0 : size;
  std::copy(dims.begin(), dims.end(), rep->dims);
  return Shape(rep);
}

std::string to_string(std::span<const int64_t> dims) {
  std::string text = "(";
  for (size_t k = 0; k < dims.size(); ++k) {
    if (k) text += ',';
    text += std::to_string(dims[k]);
  }
  return text + (dims.size() == 1 ? ",)" : ")");
}

Shape broadcast(const Shape& a, const Shape& b) {
  if (a == b) return a;
  const Shape& longer = a->ndim >= b->ndim ? a : b;
  const Shape& shorter = a->ndim >= b->ndim ? b : a;
  const int lead = longer->ndim - shorter->ndim;
  int64_t dims[kMaxDims];
  bool is_longer = true, is_shorter = lead == 0;
  for (int k = 0; k < longer->ndim; ++k) {
    const int64_t m = longer->dims[k], n = k < lead ? 1 : shorter->dims[k - lead];
    if (m != n && m != 1 && n != 1) return nullptr;
    dims[k] = m == 1 ? n : m;
    is_longer &= dims[k] == m;
    is_shorter &= dims[k] == n;
  }
  if (is_longer) return longer;
  if (is_shorter) return shorter;
  return make_shape({dims, size_t(longer->ndim)});
}

View make_view(Shape shape, std::span<const int64_t> strides, int64_t offset) {
  GRUMPY_ASSERT(strides.size() == size_t(shape->ndim)) << "a stride for each axis";
  ViewRep* rep = allocate_rep<ViewRep>(strides.size());
  rep->ndim = shape->ndim;
  rep->offset = offset;
  std::copy(strides.begin(), strides.end(), rep->strides);
  rep->is_contiguous = true;
  if (shape->size != 0) {
    int64_t expected = 1;
    for (int k = shape->ndim - 1; k >= 0; --k) {
      const int64_t n = shape->dims[k];
      if (n == 1) continue;
      if (strides[k] != expected) rep->is_contiguous = false;
      expected *= n;
    }
  }
  rep->shape = std::move(shape);
  return View(rep);
}

View contiguous_view(const Shape& shape) {
  int64_t strides[kMaxDims];
  int64_t step = 1;
  for (int k = shape->ndim - 1; k >= 0; --k) {
    strides[k] = step;
    step *= std::max<int64_t>(shape->dims[k], 1);
  }
  return make_view(shape, {strides, size_t(shape->ndim)}, 0);
}

Range touched(const ViewRep& v) {
  if (v.shape->size == 0) return {0, 0};
  int64_t first = v.offset, last = v.offset;
  for (int k = 0; k < v.ndim; ++k) {
    const int64_t reach = (v.shape->dims[k] - 1) * v.strides[k];
    (reach < 0 ? first : last) += reach;
  }
  return {first, last + 1};
}

View reshape_view(const ViewRep& v, const Shape& shape) {
  if (shape->size != v.shape->size) return nullptr;
  if (v.is_contiguous) {
    const View flat = contiguous_view(shape);
    return make_view(shape, flat->steps(), v.offset);
  }
  // Each run of old axes that one stride serves must be filled exactly by a run of new axes.
  const std::vector<Axis> axes = collapse(v);  // not empty, sizes equal and not 0 or 1
  int64_t strides[kMaxDims];
  int k = shape->ndim - 1;
  for (size_t a = axes.size(); a-- > 0;) {
    int64_t step = axes[a].stride, filled = 1;
    while (filled < axes[a].extent) {
      const int64_t n = shape->dims[k];
      if (axes[a].extent % (filled * n) != 0) return nullptr;
      strides[k--] = step;
      step *= n;
      filled *= n;
    }
    // As NumPy has it, extents of 1 go with the run behind them.
    while (k >= 0 && shape->dims[k] == 1) strides[k--] = step;
  }
  return make_view(shape, {strides, size_t(shape->ndim)}, v.offset);
}

View compose(const ViewRep& outer, const ViewRep& inner) {
  int64_t strides[kMaxDims] = {};
  const std::span<int64_t> steps(strides, size_t(inner.ndim));
  if (inner.shape->size == 0) return make_view(inner.shape, steps, outer.offset);
  if (outer.is_contiguous) {
    std::copy_n(inner.strides, inner.ndim, strides);
    return make_view(inner.shape, steps, outer.offset + inner.offset);
  }
  const std::vector<Axis> axes = collapse(outer);
  std::vector<int64_t> low(axes.size());
  int64_t offset = outer.offset, rest = inner.offset;
  for (size_t k = 0; k < axes.size(); ++k) {
    low[k] = rest / axes[k].weight;
    rest %= axes[k].weight;
    offset += low[k] * axes[k].stride;
  }
  std::vector<int64_t> high = low;
  DigitSearch search{axes, low, high};
  for (int j = 0; j < inner.ndim; ++j) {
    const int64_t n = inner.shape->dims[j];
    if (n == 1) continue;
    if (!search.find(0, inner.strides[j], n - 1, strides[j])) return nullptr;
  }
  return make_view(inner.shape, steps, offset);
}

bool is_same_view(const ViewRep& a, const ViewRep& b) { return &a == &b || (a.offset == b.offset && has_same_steps(a, b)); }

bool has_same_steps(const ViewRep& a, const ViewRep& b) {
  if (!same_shape(*a.shape, *b.shape)) return false;
  for (int k = 0; k < a.ndim; ++k)
    if (a.strides[k] != b.strides[k]) return false;
  return true;
}

}  // namespace grumpy
