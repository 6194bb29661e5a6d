#include "device/cpu/space.h"

#include <algorithm>
#include <cstdlib>

namespace grumpy {

void read_space(Space& s, const KernelSpec& spec, const LaunchArgs& launch) {
  const Program& p = spec.program;
  s.noperands = spec.nargs() - p.nscalars;
  s.extents.clear();
  s.roles.clear();
  s.origins.resize(size_t(s.noperands));
  s.items.resize(size_t(s.noperands));
  int axes[kMaxDims];
  const Role marked = spec.kind == KernelKind::Scan ? Role::Scanned : Role::Reduced;
  for (int k = 0; k < spec.ndim; ++k) {
    const bool is_marked = spec.reduced >> k & 1;
    // A scanned axis stays: the walk is laid out around it.
    if (launch.extents[k] == 1 && !(is_marked && marked == Role::Scanned)) continue;
    axes[s.extents.size()] = k;
    s.extents.push_back(launch.extents[k]);
    s.roles.push_back(is_marked ? marked : Role::Parallel);
  }
  const int kept = int(s.extents.size());
  if (kept == 0) {
    s.extents.push_back(1);
    s.roles.push_back(Role::Parallel);
  }
  s.ndim = int(s.extents.size());
  s.steps.assign(size_t(s.noperands * s.ndim), 0);
  for (int o = 0; o < s.noperands; ++o) {
    const int arg = o < p.nloads ? o : o + p.nscalars;
    const ArgView& view = launch.args[arg];
    const int64_t item = item_bytes(spec.arg_dtype(arg));
    s.origins[size_t(o)] = view.data;
    s.items[size_t(o)] = uint8_t(item);
    for (int k = 0; k < kept; ++k) s.steps[size_t(o * s.ndim + k)] = view.strides[axes[k]] * item;
  }
}

void permute_axes(Space& s, const std::vector<int>& axes) {
  const std::vector<int64_t> extents = s.extents, steps = s.steps;
  const std::vector<Role> roles = s.roles;
  for (size_t k = 0; k < axes.size(); ++k) {
    s.extents[k] = extents[size_t(axes[k])];
    s.roles[k] = roles[size_t(axes[k])];
    for (int o = 0; o < s.noperands; ++o)
      s.steps[size_t(o * s.ndim) + k] = steps[size_t(o * s.ndim + axes[k])];
  }
}

void sort_axes(Space& s, int nvoters, bool keep_reduced_order) {
  if (s.ndim < 2) return;
  // Votes of operands that tell the two axes apart: positive when `a` belongs outside `b`.
  const auto votes_outside = [&](int a, int b) {
    int votes = 0;
    for (int o = 0; o < nvoters; ++o) {
      const int64_t x = std::abs(s.steps_of(o)[a]), y = std::abs(s.steps_of(o)[b]);
      if (x != 0 && y != 0) votes += x > y ? 1 : x < y ? -1 : 0;
    }
    return votes;
  };
  std::vector<int> order(1, 0);
  bool is_changed = false;
  for (int axis = 1; axis < s.ndim; ++axis) {
    // Insertion from the inside, as NumPy's iterator does it; undecided pairs do not stop the search.
    size_t at = order.size();
    for (size_t k = order.size(); k-- > 0;) {
      const bool is_tied_down = keep_reduced_order && s.roles[size_t(axis)] == Role::Reduced &&
                                s.roles[size_t(order[k])] == Role::Reduced;
      if (is_tied_down) break;
      const int votes = votes_outside(axis, order[k]);
      if (votes > 0) at = k;
      if (votes < 0) break;
    }
    is_changed |= at != order.size();
    order.insert(order.begin() + long(at), axis);
  }
  if (is_changed) permute_axes(s, order);
}

void merge_axes(Space& s) {
  if (s.ndim < 2) return;
  int last = 0;  // axes [0, last] are done
  const auto step = [&](int o, int axis) -> int64_t& { return s.steps[size_t(o * s.ndim + axis)]; };
  for (int k = 1; k < s.ndim; ++k) {
    bool merge = s.roles[size_t(k)] == s.roles[size_t(last)] && s.roles[size_t(k)] != Role::Scanned;
    for (int o = 0; merge && o < s.noperands; ++o) merge = step(o, last) == step(o, k) * s.extents[size_t(k)];
    if (merge) {
      s.extents[size_t(last)] *= s.extents[size_t(k)];
    } else {
      ++last;
      s.extents[size_t(last)] = s.extents[size_t(k)];
      s.roles[size_t(last)] = s.roles[size_t(k)];
    }
    for (int o = 0; o < s.noperands; ++o) step(o, last) = step(o, k);
  }
  const int ndim = last + 1;
  if (ndim == s.ndim) return;
  for (int o = 0; o < s.noperands; ++o)
    for (int k = 0; k < ndim; ++k) s.steps[size_t(o * ndim + k)] = step(o, k);
  s.ndim = ndim;
  s.extents.resize(size_t(ndim));
  s.roles.resize(size_t(ndim));
  s.steps.resize(size_t(s.noperands * ndim));
}

}  // namespace grumpy
