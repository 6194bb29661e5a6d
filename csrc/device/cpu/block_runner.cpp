#include "device/cpu/block_runner.h"

#include <algorithm>
#include <cstring>

#include "device/cpu/foreign_loop.h"
#include "device/cpu/mask_pack.h"
#include "device/cpu/mask_rank.h"
#include "device/cpu/strided_copy.h"

namespace grumpy {
namespace {

int64_t whole_groups(int64_t n) { return (n + kLanes - 1) & -kLanes; }

/// Lanes after the n-th up to a whole group become copies of the n-th: they raise nothing new.
void pad(char* block, int64_t n, int item) {
  if (n & (kLanes - 1)) fill_elements(block + n * item, block + (n - 1) * item, whole_groups(n) - n, item);
}

}  // namespace

BlockRunner& BlockRunner::of_this_thread(Launch& launch) {
  thread_local BlockRunner runner;
  if (runner.serial_ != launch.serial) runner.start(launch);
  return runner;
}

void BlockRunner::start(Launch& launch) {
  launch_ = &launch;
  plan_ = launch.plan;
  const BlockPlan& p = *plan_;
  const Space& s = launch.space;
  last_ = s.ndim - 1;
  base_ = scratch_.get(launch.buffer_bytes());
  offsets_.resize(size_t(p.nbuffers()));
  for (int b = 0; b < p.nbuffers(); ++b) offsets_[size_t(b)] = launch.buffer_offset(b);
  raised_ = 0;
  extents_.assign(s.extents.begin(), s.extents.end());
  index_.assign(size_t(s.ndim), 0);
  const size_t moving = size_t(launch.nmoving());
  origins_.assign(s.origins.begin(), s.origins.begin() + long(moving));
  rows_ = origins_;
  now_.assign(moving, nullptr);
  cached_.assign(size_t(p.nloads), {nullptr, -1, 0});
  kept_.assign(p.kept.size(), nullptr);
  position_ = at_ = kept_at_ = 0;

  direct_loads_.clear();
  buffered_loads_.clear();
  packed_loads_.clear();
  selections_.clear();
  selection_of_.clear();
  direct_stores_.clear();
  for (int k = 0; k < p.nloads; ++k) {
    const Fetch fetch = launch.fetch[size_t(k)];
    if (fetch == Fetch::Direct) {
      direct_loads_.push_back(uint16_t(k));
      continue;
    }
    now_[size_t(k)] = buffer(p.value_buffer[size_t(k)]);
    if (fetch == Fetch::Packed) {
      const MaskRank* const rank = launch.args->args[k].packed_by;
      const auto known = std::find_if(selections_.begin(), selections_.end(), [&](const Selection& s) { return s.rank == rank; });
      selection_of_.push_back(uint16_t(known - selections_.begin()));
      if (known == selections_.end()) selections_.push_back({rank, -1, 0, 0});
      packed_loads_.push_back(uint16_t(k));
    } else if (fetch != Fetch::Constant) buffered_loads_.push_back(uint16_t(k));
    else fill_elements(now_[size_t(k)], origins_[size_t(k)], launch.block, p.item[size_t(k)]);
  }
  for (int j = 0; j < p.nstores; ++j) {
    const StorePlan& store = p.stores[size_t(j)];
    if (!store.is_home) continue;
    now_[size_t(p.nloads + j)] = buffer(p.value_buffer[store.value]);
    if (launch.with_stores && !launch.is_streaming && launch.fetch[size_t(p.nloads + j)] == Fetch::Direct)
      direct_stores_.push_back(uint16_t(j));
  }
  copies_ = launch.with_stores && size_t(p.nstores) > direct_stores_.size();
  scalars_.resize(size_t(p.nscalars));
  for (int k = 0; k < p.nscalars; ++k) {
    scalars_[size_t(k)] = launch.scalar(k);
    if (p.value_buffer[size_t(p.nloads + k)] >= 0)
      fill_elements(buffer(p.value_buffer[size_t(p.nloads + k)]), scalars_[size_t(k)], launch.block,
                    p.item[size_t(p.nloads + k)]);
  }
  for (const StorePlan& store : p.stores)
    if (store.scalar_buffer >= 0)
      fill_elements(buffer(store.scalar_buffer), scalars_[size_t(store.value - p.nloads)], launch.block,
                    p.item[store.value]);
  for (size_t k = 0; k < p.kept.size(); ++k) {
    const int v = p.kept[k];
    if (v >= p.nloads && v < p.nloads + p.nscalars)
      fill_elements(buffer(p.kept_buffer[k]), scalars_[size_t(v - p.nloads)], launch.block, p.item[size_t(v)]);
  }
  ptrs_.resize(p.ptr_value.size());
  for (size_t u = 0; u < ptrs_.size(); ++u) {
    const int v = p.ptr_value[u], b = p.value_buffer[size_t(v)];
    ptrs_[u] = b >= 0 ? buffer(b) : const_cast<char*>(scalars_[size_t(v - p.nloads)]);
  }
  prepare_rows();
  if (p.watch) clear_cpu_fpe();
  serial_ = launch.serial;
}

void BlockRunner::prepare_rows() {
  const BlockPlan& p = *plan_;
  const int64_t row = extents_[size_t(last_)];
  runs_rows_ = launch_->by_rows && !launch_->is_tiled && last_ > 0 && launch_->spec->kind == KernelKind::Map &&
               !copies_ && !p.has_loops && !p.steps.empty() && buffered_loads_.empty() && packed_loads_.empty() &&
               row >= kLanes && row <= launch_->block && !(launch_->has_alias && row % kLanes);
  if (!runs_rows_) return;
  row_steps_.assign(ptrs_.size(), 0);
  const auto note = [&](size_t value, int operand) {
    for (uint32_t u = p.use_begin[value]; u < p.use_begin[value + 1]; ++u)
      row_steps_[p.uses[u]] = launch_->space.steps_of(operand)[last_ - 1];
  };
  for (const uint16_t k : direct_loads_) note(k, k);
  for (const uint16_t j : direct_stores_) note(p.stores[j].value, p.nloads + j);
}

/// As runs of rows over which every pointer moves on by the same step.
void BlockRunner::run_rows(int64_t rows) {
  const BlockPlan& p = *plan_;
  const int64_t n = extents_[size_t(last_)], groups = n & -kLanes;
  while (rows > 0) {
    const int64_t run = std::min(rows, extents_[size_t(last_ - 1)] - index_[size_t(last_ - 1)]);
    place_loads(n);
    place_stores(0);
    if (groups < n) pointers_at(n - kLanes);
    for (int64_t row = 0; row < run; ++row) {
      call_steps(ptrs_.data(), groups, groups);
      if (groups < n) call_steps(tail_ptrs_.data(), kLanes, kLanes);
      if (p.watch && (raised_ | cpu_fpe()) & launch_->fpe->open()) {
        for (const uint16_t k : direct_loads_) now_[k] = rows_[k] + row * launch_->space.steps_of(k)[last_ - 1];
        look_for_errors(n);
      }
      for (size_t u = 0; u < ptrs_.size(); ++u) ptrs_[u] += row_steps_[u];
      if (groups < n)
        for (size_t u = 0; u < ptrs_.size(); ++u) tail_ptrs_[u] += row_steps_[u];
    }
    seek(position_ + run * n);
    rows -= run;
  }
}

void BlockRunner::enter(const int64_t* extents, const int64_t* first) {
  const Space& s = launch_->space;
  for (int k = 0; k < s.ndim; ++k) extents_[size_t(k)] = extents[k];
  for (size_t o = 0; o < origins_.size(); ++o) {
    char* p = s.origins[o];
    for (int k = 0; k < s.ndim; ++k) p += first[k] * s.steps_of(int(o))[k];
    origins_[o] = p;
  }
  for (Cached& c : cached_) c = {nullptr, -1, 0};
  rows_ = origins_;
  std::fill(index_.begin(), index_.end(), 0);
  position_ = at_ = 0;
}

void BlockRunner::seek(int64_t position) {
  if (position == position_) return;
  position_ = position;
  int64_t rest = position;
  for (int k = last_; k >= 0; --k) {
    const int64_t extent = extents_[size_t(k)];
    const int64_t quotient = k > 0 ? rest / extent : 0;
    index_[size_t(k)] = rest - quotient * extent;
    rest = quotient;
  }
  at_ = index_[size_t(last_)];
  for (size_t o = 0; o < rows_.size(); ++o) {
    const int64_t* steps = launch_->space.steps_of(int(o));
    char* p = origins_[o];
    for (int k = 0; k < last_; ++k) p += index_[size_t(k)] * steps[k];
    rows_[o] = p;
  }
}

void BlockRunner::move_on(int64_t n) {
  if (!launch_->by_rows) {
    seek(position_ + n);
    return;
  }
  position_ += n;
  at_ += n;
  if (at_ < extents_[size_t(last_)]) return;
  at_ = 0;
  for (int k = last_ - 1; k >= 0; --k) {
    const bool wraps = ++index_[size_t(k)] == extents_[size_t(k)];
    for (size_t o = 0; o < rows_.size(); ++o) {
      const int64_t step = launch_->space.steps_of(int(o))[k];
      rows_[o] += wraps ? step - extents_[size_t(k)] * step : step;
    }
    if (!wraps) return;
    index_[size_t(k)] = 0;
  }
}

void BlockRunner::run(int64_t n) {
  if (!launch_->by_rows || n <= left_in_row()) {
    piece(n, 0);
    keep(n, 0, n);
    move_on(n);
    return;
  }
  for (int64_t done = 0; done < n;) {
    const int64_t m = std::min(n - done, left_in_row());
    piece(m, done);
    keep(m, done, n);
    move_on(m);
    done += m;
  }
}

void BlockRunner::place_loads(int64_t n) {
  const BlockPlan& p = *plan_;
  const bool by_rows = launch_->by_rows;
  for (const uint16_t k : direct_loads_) {
    const int item = p.item[k];
    set(k, now_[k] = by_rows ? rows_[k] + at_ * item : origins_[k] + position_ * item);
  }
  for (const uint16_t k : buffered_loads_) {
    const Space& s = launch_->space;
    const int item = p.item[k];
    Cached& cached = cached_[k];
    char* const to = buffer(p.value_buffer[k]);
    if (by_rows) {
      const int64_t step = s.steps_of(k)[last_];
      char* const from = rows_[k] + at_ * step;
      if (cached.from == from && cached.n >= n) continue;
      cached = {from, 0, n};
      if (launch_->fetch[k] == Fetch::Fill) {
        fill_elements(to, from, whole_groups(n), item);
        continue;
      }
      copy_strided(to, item, from, step, n, item);
    } else {
      const int64_t phase = launch_->is_tiled ? position_ : position_ % launch_->period[k];
      if (cached.from && cached.position == phase && cached.n >= n) continue;
      cached = {origins_[k], phase, n};
      gather_range(to, origins_[k], {extents_.data(), s.steps_of(k), index_.data(), s.ndim}, n, item);
    }
    pad(to, n, item);
  }
  if (!packed_loads_.empty()) pack_loads(n);
}

/// The next n elements that the masks select, into the buffers of their loads. A mask over the first of two axes
/// selects rows; ranges then are whole rows.
void BlockRunner::pack_loads(int64_t n) {
  const int64_t width = last_ > 0 ? extents_[size_t(last_)] : 1, row = position_ / width, rows = n / width;
  for (Selection& s : selections_) {
    s.first = s.position == position_ ? s.end : s.rank->find(row);
    s.position = position_ + n;
  }
  for (size_t i = 0; i < packed_loads_.size(); ++i) {
    const uint16_t k = packed_loads_[i];
    Selection& s = selections_[selection_of_[i]];
    const int item = plan_->item[k];
    const char *const mask = s.rank->mask() + s.first, *const from = origins_[k] + s.first * width * item;
    const int64_t left = s.rank->size() - s.first;
    char* const to = buffer(plan_->value_buffer[k]);
    char* behind = to;
    s.end = s.first + (last_ > 0 ? pack_rows(width * item, mask, left, rows, from, to)
                                 : pack_run(item, mask, left, n, from, behind, to + launch_->block * item));
    pad(to, n, item);
  }
}

void BlockRunner::place_stores(int64_t done) {
  const BlockPlan& p = *plan_;
  for (const uint16_t j : direct_stores_) {
    const size_t o = size_t(p.nloads + j);
    const int v = p.stores[j].value, item = p.item[size_t(v)];
    set(v, now_[o] = launch_->by_rows ? rows_[o] + at_ * item : origins_[o] + position_ * item);
  }
  if (done == kept_at_) return;
  kept_at_ = done;
  for (size_t k = 0; k < p.kept.size(); ++k) {
    const int v = p.kept[k];
    if (v >= p.nloads + p.nscalars) set(v, buffer(p.kept_buffer[k]) + done * p.item[size_t(v)]);
  }
}

void BlockRunner::piece(int64_t n, int64_t done) {
  place_loads(n);
  place_stores(done);
  if (!plan_->steps.empty()) {
    // What combined the previous block's values may have left flags, which are not this program's.
    if (plan_->watch && launch_->spec->kind != KernelKind::Map) clear_cpu_fpe();
    execute(n);
    if (plan_->watch) look_for_errors(n);
  }
  if (copies_) copy_out(n, done);
}

void BlockRunner::call_steps(char* const* ptrs, int64_t lanes, int64_t valid) {
  if (!plan_->has_loops) {
    for (const StepCall& step : plan_->steps) step.fn(ptrs + step.first, lanes, &raised_);
    return;
  }
  for (const StepCall& step : plan_->steps) {
    if (step.fn) {
      step.fn(ptrs + step.first, lanes, &raised_);
    } else {
      if (plan_->watch) raised_ |= cpu_fpe();  // some loops of NumPy clear the flags
      call_foreign_loop(*step.loop, ptrs + step.first, plan_->ptr_item.data() + step.first, valid, lanes);
    }
  }
}

char* const* BlockRunner::pointers_at(int64_t element) {
  tail_ptrs_.resize(ptrs_.size());
  for (size_t u = 0; u < ptrs_.size(); ++u) tail_ptrs_[u] = ptrs_[u] + element * plan_->ptr_item[u];
  return tail_ptrs_.data();
}

/// Whole groups only. What is left over at the end of a piece is done, in order of preference,
/// by running into padding or slack, by doing the last whole group again, or on padded copies.
void BlockRunner::execute(int64_t n) {
  const int64_t groups = n & -kLanes;
  if (groups == n) return call_steps(ptrs_.data(), n, n);
  if (!launch_->has_direct || (launch_->may_overrun && position_ + n == extents_[size_t(last_)]))
    return call_steps(ptrs_.data(), whole_groups(n), n);
  if (groups > 0 && !plan_->has_loops) {
    if (launch_->has_alias) return execute_tail_first(n);
    call_steps(ptrs_.data(), groups, groups);
    call_steps(pointers_at(n - kLanes), kLanes, kLanes);
    return;
  }
  if (groups > 0) call_steps(ptrs_.data(), groups, groups);
  execute_padded(groups, n - groups);
}

/// The last whole group goes into buffers before anything is overwritten, and is copied at the end.
void BlockRunner::execute_tail_first(int64_t n) {
  const BlockPlan& p = *plan_;
  const int64_t at = n - kLanes;
  pointers_at(at);
  const auto is_direct = [&](int j) {
    return p.stores[size_t(j)].is_home && launch_->fetch[size_t(p.nloads + j)] == Fetch::Direct;
  };
  for (int j = 0; j < p.nstores; ++j) {
    if (!is_direct(j)) continue;
    const int v = p.stores[size_t(j)].value;
    for (uint32_t u = p.use_begin[size_t(v)]; u < p.use_begin[size_t(v) + 1]; ++u)
      tail_ptrs_[p.uses[u]] = buffer(p.value_buffer[size_t(v)]);
  }
  call_steps(tail_ptrs_.data(), kLanes, kLanes);
  call_steps(ptrs_.data(), n & -kLanes, n & -kLanes);
  for (int j = 0; j < p.nstores; ++j) {
    if (!is_direct(j)) continue;
    const int v = p.stores[size_t(j)].value, item = p.item[size_t(v)];
    std::memcpy(now_[size_t(p.nloads + j)] + at * item, buffer(p.value_buffer[size_t(v)]), size_t(kLanes * item));
  }
}

/// Elements [from, from + n), n < kLanes, on padded copies of the direct operands.
void BlockRunner::execute_padded(int64_t from, int64_t n) {
  const BlockPlan& p = *plan_;
  pointers_at(from);
  const auto redirect = [&](int v) {
    char* const to = buffer(p.value_buffer[size_t(v)]);
    for (uint32_t u = p.use_begin[size_t(v)]; u < p.use_begin[size_t(v) + 1]; ++u) tail_ptrs_[p.uses[u]] = to;
    return to;
  };
  for (int k = 0; k < p.nloads; ++k) {
    if (launch_->fetch[size_t(k)] != Fetch::Direct) continue;
    const int item = p.item[size_t(k)];
    char* const to = redirect(k);
    copy_strided(to, item, now_[size_t(k)] + from * item, item, n, item);
    pad(to, n, item);
  }
  for (int j = 0; j < p.nstores; ++j)
    if (p.stores[size_t(j)].is_home && now_[size_t(p.nloads + j)] != buffer(p.value_buffer[p.stores[size_t(j)].value]))
      redirect(p.stores[size_t(j)].value);
  call_steps(tail_ptrs_.data(), kLanes, n);
  for (int j = 0; j < p.nstores; ++j) {
    const StorePlan& store = p.stores[size_t(j)];
    char* const block = buffer(p.value_buffer[store.value]);
    char* const to = now_[size_t(p.nloads + j)];
    if (!store.is_home || to == block) continue;
    const int item = p.item[store.value];
    copy_strided(to + from * item, item, block, item, n, item);
  }
}

void BlockRunner::look_for_errors(int64_t n) {
  const uint32_t seen = raised_ | cpu_fpe();
  if (!(seen & launch_->fpe->open())) return;
  raised_ = 0;
  launch_->fpe->look_again(uint8_t(seen), now_.data(), scalars_.data(), n);
}

const char* BlockRunner::source_of(int j, int64_t done) const {
  const BlockPlan& p = *plan_;
  const int v = p.stores[size_t(j)].value;
  if (v < p.nloads) return now_[size_t(v)];
  if (v < p.nloads + p.nscalars) return buffer(p.stores[size_t(j)].scalar_buffer);
  for (size_t k = 0; k < p.kept.size(); ++k)
    if (p.kept[k] == v) return buffer(p.kept_buffer[k]) + done * p.item[size_t(v)];
  for (int i = 0; i < p.nstores; ++i)
    if (p.stores[size_t(i)].value == v && p.stores[size_t(i)].is_home) return now_[size_t(p.nloads + i)];
  return nullptr;
}

void BlockRunner::copy_out(int64_t n, int64_t done) {
  const BlockPlan& p = *plan_;
  for (int j = 0; j < p.nstores; ++j) {
    const StorePlan& store = p.stores[size_t(j)];
    if (store.is_home && launch_->fetch[size_t(p.nloads + j)] == Fetch::Direct && !launch_->is_streaming) continue;
    copy_to_store(j, source_of(j, done), n);
  }
}

void BlockRunner::copy_to_store(int j, const char* from, int64_t n) {
  const BlockPlan& p = *plan_;
  const Space& s = launch_->space;
  const int o = p.nloads + j, item = p.item[p.stores[size_t(j)].value];
  const int64_t step = s.steps_of(o)[last_];
  if (launch_->fetch[size_t(o)] == Fetch::Direct) {
    char* const to = launch_->by_rows ? rows_[size_t(o)] + at_ * item : origins_[size_t(o)] + position_ * item;
    if (launch_->is_streaming) stream_copy(to, from, n * item);
    else if (to != from) copy_bytes(to, from, n * item);
  } else if (launch_->by_rows) {
    copy_strided(rows_[size_t(o)] + at_ * step, step, from, item, n, item);
  } else {
    if (launch_->is_streaming && launch_->is_tiled && step == item) {
      const int64_t width = extents_[size_t(last_)] * item, row_step = s.steps_of(o)[last_ - 1];
      for (int64_t row = 0; row < extents_[size_t(last_ - 1)]; ++row)
        stream_copy(origins_[size_t(o)] + row * row_step, from + row * width, width);
      return;
    }
    scatter_range(origins_[size_t(o)], {extents_.data(), s.steps_of(o), index_.data(), s.ndim}, from, n, item);
  }
}

/// Puts values that reductions read together over the pieces of a range.
void BlockRunner::keep(int64_t n, int64_t done, int64_t total) {
  const BlockPlan& p = *plan_;
  for (size_t k = 0; k < p.kept.size(); ++k) {
    const int v = p.kept[k];
    char* const block = buffer(p.kept_buffer[k]);
    kept_[k] = block;
    if (v >= p.nloads) continue;
    if (n == total) kept_[k] = now_[size_t(v)];
    else std::memcpy(block + done * p.item[size_t(v)], now_[size_t(v)], size_t(n * p.item[size_t(v)]));
  }
}

}  // namespace grumpy
