#include "device/cpu/index_walk.h"

namespace grumpy {

IndexWalk::IndexWalk(std::span<const int64_t> extents, std::span<const int64_t> strides, int64_t item,
                     const IndexSet& index, std::span<const int64_t> other_steps)
    : row_bytes_(item), index_(index) {
  const size_t naxes = index.positions.size(), first = size_t(index.axis), ndim = extents.size();
  const size_t nindex = index.extents.size();
  for (size_t k = 0; k < first; ++k) outer_.add(extents[k], strides[k] * item, other_steps[k]);
  for (size_t k = first + naxes; k < ndim; ++k) {
    row_.add(extents[k], strides[k] * item, other_steps[k - naxes + nindex]);
    row_bytes_ *= extents[k];
  }
  for (size_t k = 0; k < naxes; ++k) {
    axis_extents_[k] = extents[first + k];
    axis_steps_[k] = strides[first + k] * item;
    (axis_steps_[k] < 0 ? least_ : most_) += (extents[first + k] - 1) * axis_steps_[k];
  }
  for (int64_t e : index.extents) index_count_ *= e;
  index_steps_ = other_steps.subspan(first, nindex);
  if (naxes == 1) {
    PairedAxes merged;
    for (size_t k = 0; k < nindex; ++k) merged.add(index.extents[k], index.positions[0].strides[k], index_steps_[k]);
    is_plain_ = merged.ndim == 0 || (merged.ndim == 1 && merged.array[0] == 1);
    plain_ = {index.positions[0].data, axis_extents_[0], axis_steps_[0], merged.ndim ? merged.other[0] : 0};
  }
}

void IndexWalk::fill(Block& b, int64_t first, int64_t most) const {
  b.n = std::min(most, index_count_ - first);
  for_each_run(index_.extents, index_steps_, first, b.n, [&](int64_t offset, int64_t step, int64_t n, int64_t done) {
    for (int64_t i = 0; i < n; ++i) b.other[done + i] = offset + i * step;
  });
  for (size_t k = 0; k < index_.positions.size(); ++k) {
    const int64_t extent = axis_extents_[k], scale = axis_steps_[k];
    const IndexSet::Positions& positions = index_.positions[k];
    for_each_run(index_.extents, positions.strides, first, b.n, [&](int64_t offset, int64_t step, int64_t n, int64_t done) {
      const int64_t* const p = positions.data + offset;
      int64_t* const to = b.array + done;
      for (int64_t i = 0; i < n; ++i) {
        const int64_t at = p[i * step];
        const int64_t o = (at + (at < 0 ? extent : 0)) * scale;
        to[i] = k == 0 ? o : to[i] + o;
      }
    });
  }
}

/// Rows whose place lies in one of equal parts of what the indices can reach.
void IndexWalk::keep_part(Block& b, int64_t part, int64_t parts) const {
  const int64_t span = most_ - least_ + 1, size = (span + parts - 1) / parts;
  const int64_t low = least_ + part * size;
  int64_t kept = 0;
  for (int64_t i = 0; i < b.n; ++i) {
    const int64_t array = b.array[i], other = b.other[i];
    b.array[kept] = array;
    b.other[kept] = other;
    kept += uint64_t(array - low) < uint64_t(size);
  }
  b.n = kept;
}

}  // namespace grumpy
