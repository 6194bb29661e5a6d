#include "device/cpu/row_fold.h"

#include <algorithm>

#include "device/cpu/strided_copy.h"

namespace grumpy {
namespace {

/// What a row shares is repeated as often as a vector of the fold may have elements: it reads each of them there.
int64_t row_lanes(int item) { return item >= 8 ? 8 : kLanes; }

/// Rows of a gathered operand: apart by more than their size, so that they fall into different sets.
int64_t row_bytes(int64_t lanes, int item) { return (lanes * item + 63) / 64 * 64 + 64; }

char* as_pointer(int64_t v) { return reinterpret_cast<char*>(v); }

}  // namespace

void RowFold::start(const Launch& launch, int64_t rows, int64_t lanes) {
  if (serial_ == launch.serial && rows <= max_rows_ && lanes <= max_lanes_) return;
  serial_ = launch.serial;
  launch_ = &launch;
  fold_ = &launch.plan->fold;
  watch_ = launch.plan->watch;
  for (const Reduction& r : launch.spec->reductions) watch_ |= r.watch;
  max_rows_ = rows;
  max_lanes_ = lanes;
  loads_.assign(size_t(launch.plan->nloads), {nullptr, 0, 0});
  const size_t nin = fold_->in.size(), nout = launch.spec->reductions.size();
  gathered_.assign(nin, {nullptr, 0, 0});
  ptrs_.assign(nin + nout + 1 + 2 * nin, nullptr);
  offsets_.clear();
  size_t bytes = 0;
  for (size_t i = 0; i < nin; ++i) {
    offsets_.push_back(bytes);
    const int v = fold_->in[i];
    if (fold_->is_splat[i]) ptrs_[i] = const_cast<char*>(launch.scalar(v - launch.plan->nloads));
    else bytes += size_t(rows * row_bytes(std::max<int64_t>(lanes, kLanes), launch.plan->item[size_t(v)]));
  }
  buffers_ = scratch_.get(bytes);
}

void RowFold::place(size_t input, int64_t rows, int64_t lanes) {
  const int item = launch_->plan->item[fold_->in[input]];
  const Load& load = loads_[fold_->in[input]];
  const size_t steps = fold_->in.size() + launch_->spec->reductions.size() + 1 + 2 * input;
  const auto set = [&](const char* at, int64_t row_step, int64_t mask) {
    ptrs_[input] = const_cast<char*>(at);
    ptrs_[steps] = as_pointer(row_step);
    ptrs_[steps + 1] = as_pointer(mask);
  };
  if (load.lane_step == item) return set(load.at, load.row_step, -1);
  char* const to = buffers_ + offsets_[input];
  const bool is_row = load.lane_step == 0;
  const int64_t width = is_row ? row_lanes(item) : lanes, step = row_bytes(width, item);
  const int64_t different = load.row_step == 0 ? 1 : rows;
  Gathered& held = gathered_[input];
  if (held.from != load.at || held.rows < different || held.lanes != width) {
    held = {load.at, different, width};
    if (is_row) {
      for (int64_t r = 0; r < different; ++r) fill_elements(to + r * step, load.at + r * load.row_step, width, item);
    } else {
      copy_matrix(to, {step, item}, load.at, {load.row_step, load.lane_step}, different, lanes, item);
    }
  }
  set(to, load.row_step == 0 ? 0 : step, is_row ? 0 : -1);
}

bool RowFold::run(const char* const* states, int64_t rows, int64_t lanes) {
  const size_t nin = fold_->in.size(), nout = launch_->spec->reductions.size();
  for (size_t i = 0; i < nin; ++i)
    if (!fold_->is_splat[i]) place(i, rows, lanes);
  for (size_t r = 0; r < nout; ++r) ptrs_[nin + r] = const_cast<char*>(states[r]);
  ptrs_[nin + nout] = as_pointer(rows);
  if (watch_ && (cpu_fpe() & watch_)) clear_cpu_fpe();
  uint32_t raised = 0;
  fold_->fn(ptrs_.data(), lanes, &raised);
  if (!watch_ || !((raised | cpu_fpe()) & watch_)) return true;
  clear_cpu_fpe();
  return false;
}

}  // namespace grumpy
