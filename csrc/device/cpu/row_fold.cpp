#include "device/cpu/row_fold.h"

#include <algorithm>
#include <cstring>

#include "device/cpu/strided_copy.h"

namespace grumpy {
namespace {

/// What a row shares is repeated as often as a vector of the fold may have elements: it reads each of them there.
int64_t row_lanes(int item) {
  static const int64_t line = __builtin_cpu_supports("avx512f") ? 64 : 32;
  return std::min<int64_t>(kLanes, line / std::min(item, 8));
}

/// Rows of a gathered operand: apart by more than their size, so that they fall into different sets.
int64_t row_bytes(int64_t lanes, int item) { return (lanes * item + 63) / 64 * 64 + 64; }

char* as_pointer(int64_t v) { return reinterpret_cast<char*>(v); }

/// Of each row's element as many copies, one after the other.
template <class T> void repeat_elements(char* to, int64_t copies, const char* from, int64_t from_step, int64_t rows) {
  for (int64_t r = 0; r < rows; ++r, from += from_step) {
    T v;
    std::memcpy(&v, from, sizeof v);
    for (int64_t c = 0; c < copies; ++c, to += sizeof v) std::memcpy(to, &v, sizeof v);
  }
}

void repeat_rows(char* to, int64_t copies, const char* from, int64_t from_step, int64_t rows, int item) {
  if (item == 8) return repeat_elements<uint64_t>(to, copies, from, from_step, rows);
  if (item == 4) return repeat_elements<uint32_t>(to, copies, from, from_step, rows);
  for (int64_t r = 0; r < rows; ++r) fill_elements(to + r * copies * item, from + r * from_step, copies, item);
}

}  // namespace

void RowFold::start(const Launch& launch, int64_t rows, int64_t lanes, int64_t bands) {
  if (serial_ == launch.serial && rows <= max_rows_ && lanes <= max_lanes_ && bands <= bands_) return;
  serial_ = launch.serial;
  launch_ = &launch;
  fold_ = &launch.plan->fold;
  watch_ = launch.plan->watch;
  for (const Reduction& r : launch.spec->reductions) watch_ |= r.watch;
  max_rows_ = rows;
  max_lanes_ = lanes;
  bands_ = bands;
  loads_.assign(size_t(launch.plan->nloads), {nullptr, 0, 0});
  const size_t nin = fold_->in.size(), nout = launch.spec->reductions.size();
  gathered_.assign(nin * size_t(bands), {nullptr, 0, 0});
  placed_.assign(nin, {{nullptr, 0, 0}, 0, 0});
  ptrs_.assign(nin + nout + 1 + 2 * nin, nullptr);
  offsets_.clear();
  size_t bytes = 0;
  for (size_t i = 0; i < nin; ++i) {
    offsets_.push_back(bytes);
    const int v = fold_->in[i];
    if (fold_->is_splat[i]) {
      ptrs_[i] = const_cast<char*>(launch.scalar(v - launch.plan->nloads));
      continue;
    }
    const int item = launch.plan->item[size_t(v)];
    const int64_t across = rows * row_bytes(std::max<int64_t>(lanes, kLanes), item), shared = bands * rows * row_lanes(item) * item;
    bytes += size_t(std::max(across, shared) + 63) & ~size_t(63);
  }
  buffers_ = scratch_.get(bytes);
}

void RowFold::place(size_t input, int64_t rows, int64_t lanes, int64_t band) {
  const Load& load = loads_[fold_->in[input]];
  Placed& placed = placed_[input];
  if (placed.load.at == load.at && placed.rows == rows && placed.lanes == lanes && placed.load.row_step == load.row_step &&
      placed.load.lane_step == load.lane_step)
    return;
  placed = {load, rows, lanes};
  const int item = launch_->plan->item[fold_->in[input]];
  const size_t steps = fold_->in.size() + launch_->spec->reductions.size() + 1 + 2 * input;
  const auto set = [&](const char* at, int64_t row_step, int64_t mask) {
    ptrs_[input] = const_cast<char*>(at);
    ptrs_[steps] = as_pointer(row_step);
    ptrs_[steps + 1] = as_pointer(mask);
  };
  if (load.lane_step == item) return set(load.at, load.row_step, -1);
  char* to = buffers_ + offsets_[input];
  const int64_t different = load.row_step == 0 ? 1 : rows;
  if (load.lane_step == 0) {  // what rows share is little: it is kept for every band
    const int64_t copies = row_lanes(item);
    to += band * max_rows_ * copies * item;
    Gathered& held = gathered_[input * size_t(bands_) + size_t(band)];
    if (held.from != load.at || held.rows < different || held.lanes != copies) {
      held = {load.at, different, copies};
      repeat_rows(to, copies, load.at, load.row_step, different, item);
    }
    return set(to, load.row_step == 0 ? 0 : copies * item, 0);
  }
  const int64_t step = row_bytes(lanes, item);
  Gathered& held = gathered_[input * size_t(bands_)];
  if (held.from != load.at || held.rows < different || held.lanes != lanes) {
    held = {load.at, different, lanes};
    copy_matrix(to, {step, item}, load.at, {load.row_step, load.lane_step}, different, lanes, item);
  }
  set(to, load.row_step == 0 ? 0 : step, -1);
}

void RowFold::begin() {
  raised_ = 0;
  if (watch_ && (cpu_fpe() & watch_)) clear_cpu_fpe();
}

void RowFold::run(const char* const* states, int64_t rows, int64_t lanes, int64_t band) {
  const size_t nin = fold_->in.size(), nout = launch_->spec->reductions.size();
  for (size_t i = 0; i < nin; ++i)
    if (!fold_->is_splat[i]) place(i, rows, lanes, band);
  for (size_t r = 0; r < nout; ++r) ptrs_[nin + r] = const_cast<char*>(states[r]);
  ptrs_[nin + nout] = as_pointer(rows);
  fold_->fn(ptrs_.data(), lanes, &raised_);
}

bool RowFold::is_clean() const {
  if (!watch_ || !((raised_ | cpu_fpe()) & watch_)) return true;
  clear_cpu_fpe();
  return false;
}

}  // namespace grumpy
