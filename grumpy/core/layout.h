/// Shapes and strides as the binding needs them, and results in the memory order NumPy would give.
///
/// NumPy allocates a ufunc's result in the order of its operands ("K"): two Fortran arrays make a
/// Fortran array. Nodes are dense in C order, so such an operation is recorded on the transposed
/// operands and its result seen through the transposed view; the loops then run along memory too.
/// Throws:  what the recorder throws. Threads: under the GIL.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>
#include <vector>

#include "api.h"

namespace grumpy::binding {

/// Strides (elements) and offset of an array's window on its storage.
inline void window_of(const Array& a, int64_t* strides, int64_t* offset) {
  if (a.view) {
    *offset = a.view->offset;
    std::copy_n(a.view->strides, a.view->ndim, strides);
    return;
  }
  *offset = 0;
  const ShapeRep& s = *a.storage->shape;
  int64_t step = 1;
  for (int k = s.ndim - 1; k >= 0; --k) {
    strides[k] = step;
    step *= s.dims[k];
  }
}

inline bool is_c_contiguous(const Array& a) { return !a.view || a.view->is_contiguous; }

inline bool is_f_contiguous(const Array& a) {
  const ShapeRep& s = *a.shape();
  if (s.size == 0) return true;
  int64_t strides[kMaxDims], offset, step = 1;
  window_of(a, strides, &offset);
  for (int k = 0; k < s.ndim; ++k) {
    if (s.dims[k] == 1) continue;
    if (strides[k] != step) return false;
    step *= s.dims[k];
  }
  return true;
}

/// The operands' axes, outermost first, in the order NumPy's iterator walks them (npyiter_sort_axes):
/// an insertion sort by absolute stride, where operands that disagree keep C order. `strides` holds
/// n rows of ndim. True when that is not C order already.
inline bool memory_order(const int64_t (*strides)[kMaxDims], int n, int ndim, int* order) {
  for (int k = 0; k < ndim; ++k) order[k] = k;
  for (int k = ndim - 2; k >= 0; --k) {  // NumPy sorts from the innermost axis outwards
    int place = k;
    const int axis = k;
    for (int j = k + 1; j < ndim; ++j) {
      bool ambiguous = true, swap = false;
      for (int i = 0; i < n; ++i) {
        const int64_t outer = std::llabs(strides[i][axis]), inner = std::llabs(strides[i][order[j]]);
        if (outer == 0 || inner == 0) continue;
        if (inner <= outer) swap = false;
        else if (ambiguous) swap = true;
        ambiguous = false;
      }
      if (ambiguous) continue;
      if (!swap) break;
      place = j;
    }
    if (place == k) continue;
    std::rotate(order + k, order + k + 1, order + place + 1);
  }
  for (int k = 0; k < ndim; ++k)
    if (order[k] != k) return true;
  return false;
}

/// `a` with its axes padded in front to `ndim` and then put in `order`.
inline Array permuted(const Array& a, const int* order, int ndim) {
  int64_t strides[kMaxDims] = {}, offset, shape[kMaxDims], moved[kMaxDims];
  const int lead = ndim - a.ndim();
  window_of(a, strides, &offset);
  for (int k = 0; k < ndim; ++k) {
    const int from = order[k] - lead;
    shape[k] = from < 0 ? 1 : a.shape()->dims[from];
    moved[k] = from < 0 ? 0 : strides[from];
  }
  return api::view(a, {shape, size_t(ndim)}, {moved, size_t(ndim)}, offset);
}

/// Undoes `permuted` on a result.
inline Array unpermuted(const Array& a, const int* order, int ndim) {
  int back[kMaxDims];
  for (int k = 0; k < ndim; ++k) back[order[k]] = k;
  return permuted(a, back, ndim);
}

inline bool may_need_order(const Array& a) { return a.view && !a.view->is_contiguous && a.view->ndim > 1; }

/// Runs record(operands) so that its result has NumPy's K order.
template <class Record>
Array in_memory_order(std::span<const Operand> in, Record record) {
  bool plain = true;
  for (const Operand& o : in) plain &= !o.array || !may_need_order(*o.array);
  if (plain) [[likely]] return record(in);
  int ndim = 0;
  for (const Operand& o : in)
    if (o.array) ndim = std::max(ndim, o.array->ndim());
  int64_t strides[4][kMaxDims];
  int order[kMaxDims], n = 0;
  for (const Operand& o : in) {
    if (!o.array) continue;
    const int lead = ndim - o.array->ndim();
    int64_t offset, *row = strides[n++];
    std::fill_n(row, lead, 0);
    window_of(*o.array, row + lead, &offset);
    for (int k = lead; k < ndim; ++k)
      if (o.array->shape()->dims[k - lead] == 1) row[k] = 0;
  }
  if (!memory_order(strides, n, ndim, order)) return record(in);
  Array moved[4];
  Operand operands[4];
  for (size_t k = 0; k < in.size(); ++k) {
    operands[k] = in[k];
    if (!in[k].array || in[k].array->ndim() == 0) continue;
    moved[k] = permuted(*in[k].array, order, ndim);
    operands[k].array = &moved[k];
  }
  Array out = record(std::span<const Operand>(operands, in.size()));
  return unpermuted(out, order, ndim);
}

/// Elements of the array's own axes, extents of 1 standing still: what memory_order looks at.
inline void steps_to_order(const Array& a, int64_t* steps) {
  int64_t offset;
  window_of(a, steps, &offset);
  for (int k = 0; k < a.ndim(); ++k)
    if (a.shape()->dims[k] == 1) steps[k] = 0;
}

/// Runs record(a, axes) so that the axes which a reduction over `axes` keeps lie in memory in the order in which NumPy's
/// iterator walks `a`. `through_mean`: NumPy reduces a - a.mean(axes) instead, as var does.
template <class Record>
Array reduction_in_memory_order(const Array& a, uint64_t axes, bool keepdims, bool through_mean, Record record) {
  if (!may_need_order(a)) [[likely]] return record(a, axes);
  const int ndim = a.ndim();
  int64_t steps[2][kMaxDims] = {};
  int order[kMaxDims];
  steps_to_order(a, steps[0]);
  if (memory_order(steps, 1, ndim, order) && through_mean) {
    int64_t step = 1;
    for (int k = ndim - 1; k >= 0; --k) {
      const int64_t extent = a.shape()->dims[order[k]];
      if (axes >> order[k] & 1 || extent == 1) continue;
      steps[1][order[k]] = step;
      step *= extent;
    }
    memory_order(steps, 2, ndim, order);
  }
  int kept[kMaxDims], rest = 0;  // of each axis of the result in memory, which one it is to the user
  uint64_t moved_axes = 0;
  for (int k = 0; k < ndim; ++k) {
    if (axes >> order[k] & 1) moved_axes |= uint64_t(1) << k;
    else kept[rest++] = order[k];
  }
  if (std::is_sorted(kept, kept + rest)) return record(a, axes);
  const Array out = record(permuted(a, order, ndim), moved_axes);
  if (keepdims) return unpermuted(out, order, ndim);
  for (int k = 0; k < rest; ++k) kept[k] -= std::popcount(axes & ((uint64_t(1) << kept[k]) - 1));
  return unpermuted(out, kept, rest);
}

/// Axes by their steps, the largest outermost and repeated ones innermost; true when that is not C order already.
inline bool order_by_steps(const int64_t* steps, int ndim, int* order) {
  for (int k = 0; k < ndim; ++k) order[k] = k;
  std::stable_sort(order, order + ndim, [&](int x, int y) { return std::llabs(steps[x]) > std::llabs(steps[y]); });
  return !std::is_sorted(order, order + ndim);
}

/// Runs record(a) so that its result has the order of a's steps, as NumPy's copies and casts have ("K").
template <class Record> Array in_order_of_steps(const Array& a, Record record) {
  int64_t steps[kMaxDims], offset;
  int order[kMaxDims];
  if (!may_need_order(a)) return record(a);
  window_of(a, steps, &offset);
  if (!order_by_steps(steps, a.ndim(), order)) return record(a);
  return unpermuted(record(permuted(a, order, a.ndim())), order, a.ndim());
}

/// Elements at index arrays in the memory order that NumPy gives them: those of an index that leaves out no axis but of
/// extent 1 in the order of the index arrays; else the index's axes outermost, in C order, and those left as in `a`.
/// record(a, index, axis) gives C order.
template <class Record>
Array selection_in_memory_order(const Array& a, const std::vector<const Array*>& index, int axis, Record record) {
  const int n = int(index.size()), rest = a.ndim() - n;
  int joint = 0;
  for (const Array* i : index) joint = std::max(joint, i->ndim());
  int64_t left_out = 1;  // elements of an axis that is not indexed
  for (int k = 0; k < rest; ++k) left_out *= a.shape()->dims[k < axis ? k : k + n];
  int order[kMaxDims];
  if (left_out == 1) {
    if (joint < 2) return record(a, index, axis);
    std::vector<int64_t[kMaxDims]> strides(index.size());
    for (size_t k = 0; k < index.size(); ++k) steps_to_order(*index[k], strides[k] + (joint - index[k]->ndim()));
    if (!memory_order(strides.data(), n, joint, order)) return record(a, index, axis);
    std::vector<Array> moved;
    for (const Array* i : index) moved.push_back(permuted(*i, order, joint));
    std::vector<const Array*> pointers;
    for (const Array& i : moved) pointers.push_back(&i);
    int all[kMaxDims];
    for (int k = 0; k < joint + rest; ++k) all[k] = k < axis || k >= axis + joint ? k : axis + order[k - axis];
    return unpermuted(record(a, pointers, axis), all, joint + rest);
  }
  int64_t all[kMaxDims], left[kMaxDims], offset;
  window_of(a, all, &offset);
  bool is_behind = false;  // some axis stands before the index's
  for (int k = 0; k < rest; ++k) {
    const int from = k < axis ? k : k + n;
    left[k] = all[from];
    is_behind |= k < axis && a.shape()->dims[k] != 1;
  }
  int sorted[kMaxDims];
  if (!order_by_steps(left, rest, sorted) && !is_behind) return record(a, index, axis);
  int from[kMaxDims];
  for (int k = 0; k < n; ++k) from[k] = axis + k;
  for (int k = 0; k < joint; ++k) order[k] = axis + k;
  for (int k = 0; k < rest; ++k) {
    from[n + k] = sorted[k] < axis ? sorted[k] : sorted[k] + n;
    order[joint + k] = sorted[k] < axis ? sorted[k] : sorted[k] + joint;
  }
  return unpermuted(record(permuted(a, from, a.ndim()), index, 0), order, joint + rest);
}

/// The same of rows that a mask over the first `n` axes selects; record(a) gives C order.
template <class Record> Array rows_in_memory_order(const Array& a, int n, Record record) {
  const int rest = a.ndim() - n;
  if (rest < 2) return record(a);
  int64_t all[kMaxDims], offset;
  window_of(a, all, &offset);
  int sorted[kMaxDims], from[kMaxDims], order[kMaxDims];
  if (!order_by_steps(all + n, rest, sorted)) return record(a);
  for (int k = 0; k < n; ++k) from[k] = k;
  order[0] = 0;
  for (int k = 0; k < rest; ++k) {
    from[n + k] = n + sorted[k];
    order[1 + k] = 1 + sorted[k];
  }
  return unpermuted(record(permuted(a, from, a.ndim())), order, 1 + rest);
}

}  // namespace grumpy::binding
