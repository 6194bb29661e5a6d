#include <algorithm>

#include "device/cpu/reducer.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {

/// Short cells with a load that is neither linear nor repeats within a block. The tile's columns are
/// the longest parallel axis, its bands another one that such a load does not depend on.
bool Reducer::find_tile() {
  Space& s = l_->space;
  if (inner_ != 1 || rows_ < 2 || rows_ >= kShortRows || outer_ < 4 * kRowElements) return false;
  const int nloads = l_->plan->nloads;
  bool is_scattered = false;
  for (int k = 0; k < nloads; ++k)
    is_scattered |= !is_linear(s, k) && !is_constant(s, k) && period_of(s, k) > kBlockElements / 4;
  if (!is_scattered) return false;
  const auto is_parallel = [&](int axis) { return s.roles[size_t(axis)] == Role::Parallel; };
  int column = -1, band = -1;
  for (int k = 0; k < s.ndim; ++k)
    if (is_parallel(k) && (column < 0 || s.extents[size_t(k)] >= s.extents[size_t(column)])) column = k;
  if (s.extents[size_t(column)] < kRowElements) return false;
  for (int k = 0; k < s.ndim; ++k) {
    if (k == column || !is_parallel(k) || (band >= 0 && s.extents[size_t(k)] < s.extents[size_t(band)])) continue;
    for (int o = 0; o < nloads; ++o) {
      const int64_t step = s.steps_of(o)[column];
      if (s.steps_of(o)[k] == 0 && step != 0 && step != s.items[size_t(o)]) band = k;
    }
  }
  order_.clear();  // others, rows, band, column
  for (const Role role : {Role::Parallel, Role::Reduced})
    for (int k = 0; k < s.ndim; ++k)
      if (s.roles[size_t(k)] == role && k != column && k != band) order_.push_back(k);
  if (band >= 0) order_.push_back(band);
  order_.push_back(column);
  permute_axes(s, order_);
  column_ = s.ndim - 1;
  band_ = band >= 0 ? column_ - 1 : -1;
  row_axis_ = -1;
  for (int k = 0; k < s.ndim; ++k)
    if (s.roles[size_t(k)] == Role::Reduced && s.extents[size_t(k)] == rows_) row_axis_ = k;
  folds_ = l_->plan->fold.fn && row_axis_ >= 0;
  return true;
}

void Reducer::run_tiles() {
  Launch& l = *l_;
  const Space& s = l.space;
  size_t state = 1;
  for (const ReduceLoops* loops : loops_) state = std::max(state, state_bytes(*loops, 64) / 64);
  const int64_t cells = kTileStateBytes / int64_t(state);
  const int64_t columns = s.extents[size_t(column_)], bands = band_ < 0 ? 1 : s.extents[size_t(band_)];
  const int64_t band = std::min({bands, kMaxHoisted, cells / kRowElements});
  const int64_t fold_columns = std::clamp<int64_t>(kFoldElements / rows_ & -kLanes, kRowElements, kTileRowElements);
  const int64_t column = std::min(columns, std::clamp<int64_t>(cells / band & -kLanes, kRowElements, folds_ ? fold_columns : kTileRowElements));
  l.is_tiled = l.by_rows = true;
  choose_fetches(l, kBlockElements);
  folds_into_results_ = can_fold_into_results();
  const int first_inner = band_ < 0 ? column_ : band_;
  const int64_t others = outer_ / (columns * bands);
  const int64_t wide = div_up(columns, column), high = div_up(bands, band), tiles = others * wide * high;
  const int64_t per_task = std::max<int64_t>(
      {1, div_up(min_task_elements(l), rows_ * band * column), div_up(tiles, workers_ * kTasksPerWorker)});
  parallel_for(div_up(tiles, per_task), workers_, [&](int64_t task, int) {
    BlockRunner& runner = BlockRunner::of_this_thread(l);
    Combiner& c = Combiner::of_this_thread();
    int64_t extents[kMaxDims], first[kMaxDims] = {};
    for (int64_t tile = task * per_task; tile < std::min(tiles, (task + 1) * per_task); ++tile) {
      int64_t rest = tile;
      first[column_] = rest % wide * column;
      rest /= wide;
      if (band_ >= 0) first[band_] = rest % high * band;
      rest /= high;
      for (int k = first_inner - 1; k >= 0; --k) {
        const bool is_reduced = s.roles[size_t(k)] == Role::Reduced;
        extents[k] = is_reduced ? s.extents[size_t(k)] : 1;
        if (is_reduced) continue;
        first[k] = rest % s.extents[size_t(k)];
        rest /= s.extents[size_t(k)];
      }
      extents[column_] = std::min(column, columns - first[column_]);
      if (band_ >= 0) extents[band_] = std::min(band, bands - first[band_]);
      run_tile(runner, c, extents, first, band_ < 0 ? 1 : extents[band_], extents[column_]);
    }
  });
}

void Reducer::run_tile(BlockRunner& runner, Combiner& c, const int64_t* extents, const int64_t* first, int64_t bands,
                       int64_t columns) const {
  const Space& s = l_->space;
  const int64_t cells = bands * columns, range = std::max<int64_t>(1, kBlockElements / columns) * columns;
  const int64_t leaves = div_up(rows_, kLeafRows);
  start_trees(c, cells, leaves);
  const bool is_folded = folds_ && columns % kLanes == 0 && fold_tile(c, first, bands, columns);
  if (is_folded && folds_into_results_) return;
  if (is_folded) for_reductions([&](size_t r) { c.trees[r].push(rows_); });
  bool is_entered = false;
  for (int64_t leaf = 0; leaf < rows_ && !is_folded; leaf += kLeafRows) {
    const int64_t last = std::min(rows_, leaf + kLeafRows);
    if (!is_entered) {
      runner.enter(extents, first);
      is_entered = true;
    }
    runner.seek(leaf * cells);
    for (int64_t row = leaf; row < last; ++row) {
      for (int64_t cell = 0; cell < cells; cell += range) {
        const int64_t n = std::min(range, cells - cell);
        runner.run(n);
        for_reductions([&](size_t r) {
          loops_[r]->add_rows(at_cell(*loops_[r], c.trees[r].incoming(), cell), elements(runner, c, r, n), 1, 0, n,
                              row - leaf, row);
        });
      }
    }
    for_reductions([&](size_t r) { c.trees[r].push(last - leaf); });
  }
  for_reductions([&](size_t r) {
    const DType out = l_->spec->reductions[r].out;
    const int item = int(item_bytes(out));
    char* block = c.results.get(size_t(cells) * 16);
    loops_[r]->finish(block, out, c.trees[r].finish(), cells, rows_);
    const int64_t* steps = s.steps_of(l_->nmoving() + int(r));
    copy_matrix(result_at(r, first), {band_ < 0 ? 0 : steps[band_], steps[column_]}, block, {columns * item, item}, bands, columns, item);
  });
}

/// Where a result of a tile lies.
char* Reducer::result_at(size_t r, const int64_t* first) const {
  const Space& s = l_->space;
  const int64_t* steps = s.steps_of(l_->nmoving() + int(r));
  char* to = s.origins[size_t(l_->nmoving()) + r];
  for (int k = 0; k < s.ndim; ++k)
    if (s.roles[size_t(k)] == Role::Parallel) to += first[k] * steps[k];
  return to;
}

/// The states of the sums are the results, in columns that follow one another.
bool Reducer::can_fold_into_results() const {
  const auto& reductions = l_->spec->reductions;
  for (size_t r = 0; r < reductions.size(); ++r) {
    const bool is_state = reductions[r].in == reductions[r].out && item_bytes(reductions[r].out) == 8;
    if (!is_state || l_->space.steps_of(l_->nmoving() + int(r))[column_] != 8) return false;
  }
  return folds_;
}

/// All rows of a tile, band by band, by the kernel's fold function. False: an error was seen.
bool Reducer::fold_tile(Combiner& c, const int64_t* first, int64_t bands, int64_t columns) const {
  const Space& s = l_->space;
  const int nloads = l_->plan->nloads;
  c.fold.start(*l_, rows_, columns, bands);
  c.sums.resize(loops_.size());
  c.fold_at.resize(size_t(nloads));
  for (int o = 0; o < nloads; ++o) {
    const int64_t* steps = s.steps_of(o);
    const char* at = s.origins[size_t(o)];
    for (int k = 0; k < s.ndim; ++k)
      if (k != row_axis_) at += first[k] * steps[k];
    c.fold_at[size_t(o)] = at;
  }
  for (size_t r = 0; r < loops_.size(); ++r)
    c.sums[r] = folds_into_results_ ? result_at(r, first) : c.trees[r].incoming().part[0];
  c.fold.begin();
  for (int64_t band = 0; band < bands; ++band) {
    for (int o = 0; o < nloads; ++o) {
      const int64_t* steps = s.steps_of(o);
      c.fold.set_load(o, c.fold_at[size_t(o)], steps[row_axis_], steps[column_]);
      if (band_ >= 0) c.fold_at[size_t(o)] += steps[band_];
    }
    c.fold.run(c.sums.data(), rows_, columns, band);
    for (size_t r = 0; r < loops_.size(); ++r) {
      if (!folds_into_results_) c.sums[r] = at_cell(*loops_[r], c.trees[r].incoming(), (band + 1) * columns).part[0];
      else if (band_ >= 0) c.sums[r] += s.steps_of(l_->nmoving() + int(r))[band_];
    }
  }
  return c.fold.is_clean();
}

}  // namespace grumpy
