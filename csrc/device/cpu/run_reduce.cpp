#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "device/cpu/reducer.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {
namespace {

bool is_logical(const Reduction& r) { return r.op == ReduceOp::logical_and || r.op == ReduceOp::logical_or; }
bool is_positional(const Reduction& r) { return r.op == ReduceOp::argmin || r.op == ReduceOp::argmax; }

/// Every operand is dense in the order of the space: rows follow one another, and several are one run.
bool is_one_run(const Space& s, int noperands) {
  for (int o = 0; o < noperands; ++o) {
    int64_t step = s.items[size_t(o)];
    for (int k = s.ndim - 1; k >= 0; --k) {
      if (s.steps_of(o)[k] != step && s.extents[size_t(k)] != 1) return false;
      step *= s.extents[size_t(k)];
    }
  }
  return true;
}

}  // namespace

/// Do the loops of this reduction want elements as they lie in memory?
bool Reducer::takes_as_they_are(const Reduction& r) {
  return is_logical(r) ? !is_complex(r.in) : r.in != DType::float16;
}

/// The elements of each cell of the operand follow one another, so that no block has to be set up for them;
/// is_dense_ stays true where cells do so too. Cells that lie apart are worth it when they are long.
bool Reducer::is_in_runs(int load) {
  const Space& s = l_->space;
  if (l_->fetch[size_t(load)] == Fetch::Packed) return false;
  if (is_linear(s, load)) return true;
  int64_t expected = s.items[size_t(load)];
  for (int k = s.ndim - 1; k >= 0 && (k >= cell_axis_); --k) {
    if (s.extents[size_t(k)] > 1 && s.steps_of(load)[k] != expected) return false;
    expected *= s.extents[size_t(k)];
  }
  is_dense_ = false;
  return is_narrow_;
}

/// Every reduction reads such an operand as it is.
bool Reducer::reads_memory() {
  if (!l_->plan->steps.empty() || l_->plan->nstores > 0) return false;
  for (const Reduction& r : l_->spec->reductions)
    if (r.value >= l_->plan->nloads || !takes_as_they_are(r) || !is_in_runs(int(r.value))) return false;
  return true;
}

/// An element of an outer cell.
const char* Reducer::memory_at(size_t load, int64_t cell, int64_t element) const {
  const Space& s = l_->space;
  const int64_t item = s.items[load];
  if (is_dense_) return s.origins[load] + (cell * rows_ * inner_ + element) * item;
  const int64_t* steps = s.steps_of(int(load));
  const char* at = s.origins[load] + element * item;
  for (int k = cell_axis_ - 1; k > 0; --k) {
    at += cell % s.extents[size_t(k)] * steps[k];
    cell /= s.extents[size_t(k)];
  }
  return cell_axis_ > 0 ? at + cell * steps[0] : at;
}

/// Rows of `groups` cells where they lie.
void Reducer::fold_memory(size_t r, const States& to, int64_t cell, int64_t groups, int64_t row, int64_t rows) const {
  const ReduceLoops& loops = *loops_[r];
  const size_t load = l_->spec->reductions[r].value;
  const int64_t at_once = is_dense_ ? groups : 1;
  for (int64_t g = 0; g < groups; g += at_once)
    loops.fold(at_cell(loops, to, g * inner_), memory_at(load, cell + g, row * inner_), at_once, rows, inner_, row);
}

/// Nothing but the sum of products of two such operands, over cells of one row each.
bool Reducer::multiplies_memory() {
  const KernelSpec& spec = *l_->spec;
  const Program& p = spec.program;
  if (p.instrs.size() != 1 || spec.reductions.size() != 1 || !spec.stores.empty()) return false;
  const Instr& i = p.instrs[0];
  const Reduction& r = spec.reductions[0];
  if (i.is_foreign || i.op != Op::multiply || i.dtype != r.in || r.value != i.out || r.op != ReduceOp::add) return false;
  if (!loops_[0]->fold_products || !takes_as_they_are(r) || inner_ != 1 || rows_ < kShortRows) return false;
  return std::all_of(i.in, i.in + 2, [&](uint16_t v) {
    return v < p.nloads && is_in_runs(int(v));
  });
}

/// The same for products. False where that is not possible, or an error was seen that somebody wants to hear
/// of: it is to be done step by step.
bool Reducer::fold_products(const States& to, int64_t cell, int64_t groups, int64_t row, int64_t rows) const {
  if (!multiplies_ || (rows < kShortRows && !any_order_)) return false;
  const Instr& i = l_->spec->program.instrs[0];
  const uint8_t watch = l_->plan->watch | l_->spec->reductions[0].watch;
  if (watch && (cpu_fpe() & watch)) clear_cpu_fpe();
  const int64_t at_once = is_dense_ ? groups : 1;
  for (int64_t g = 0; g < groups; g += at_once)
    loops_[0]->fold_products(at_cell(*loops_[0], to, g), memory_at(i.in[0], cell + g, row),
                             memory_at(i.in[1], cell + g, row), at_once, rows);
  return !watch || !(cpu_fpe() & watch);
}

Reducer::Combiner& Reducer::Combiner::of_this_thread() {
  thread_local Combiner combiner;
  return combiner;
}

void Reducer::run(Launch& launch) {
  l_ = &launch;
  const KernelSpec& spec = *launch.spec;
  loops_.clear();
  results_.clear();
  for (const Reduction& r : spec.reductions) {
    const ReduceLoops* loops = reduce_loops(r.op, r.in);
    GRUMPY_ASSERT(loops) << info(r.op).name << " of " << info(r.in).name;
    loops_.push_back(loops);
  }
  order_axes();
  if (outer_ * inner_ == 0) return;
  if (rows_ == 0) return write_empty();
  const int64_t points = outer_ * rows_ * inner_;
  workers_ = workers_for(launch, points);
  if (find_tile()) return run_tiles();
  const bool is_short = rows_ * inner_ <= kBlockElements / 2;
  launch.by_rows = has_long_rows(launch.space) && !(is_short && is_one_run(launch.space, launch.nmoving()));
  choose_fetches(launch, std::min(kBlockElements, points));
  is_narrow_ = inner_ < kNarrowCells && rows_ >= kShortRows;
  cell_axis_ = 0;
  while (cell_axis_ < launch.space.ndim && launch.space.roles[size_t(cell_axis_)] == Role::Parallel) ++cell_axis_;
  is_dense_ = true;
  reads_memory_ = reads_memory();
  multiplies_ = !reads_memory_ && multiplies_memory();
  adds_selected_ = !is_short && adds_selected();
  // Multiplied as they are read, products cost what reading does.
  if (multiplies_) workers_ = int(std::clamp<double>(double(points) / (kParallelWork / 2), 1, workers_));
  any_order_ = inner_ == 1 && std::all_of(loops_.begin(), loops_.end(), [](const ReduceLoops* l) { return l->any_order; });
  if (is_short) run_short_cells();
  else run_leaves();
}

/// Outer parallel axes, reduced axes, parallel axes inside all of these: each in memory order.
void Reducer::order_axes() {
  Space& s = l_->space;
  const auto& reductions = l_->spec->reductions;
  // What comes first is told by the order of rows.
  sort_axes(s, l_->nmoving(), std::any_of(reductions.begin(), reductions.end(), is_positional));
  int first_inner = s.ndim;
  while (first_inner > 0 && s.roles[size_t(first_inner - 1)] == Role::Parallel) --first_inner;
  if (first_inner == 0) first_inner = s.ndim;  // nothing is reduced: cells of one row each
  order_.clear();
  for (const Role role : {Role::Parallel, Role::Reduced})
    for (int k = 0; k < first_inner; ++k)
      if (s.roles[size_t(k)] == role) order_.push_back(k);
  for (int k = first_inner; k < s.ndim; ++k) order_.push_back(k);
  if (!std::is_sorted(order_.begin(), order_.end())) permute_axes(s, order_);
  outer_ = rows_ = inner_ = 1;
  bool is_inside = false;
  for (int k = 0; k < s.ndim; ++k) {
    const bool is_reduced = s.roles[size_t(k)] == Role::Reduced;
    is_inside |= is_reduced;
    (is_reduced ? rows_ : is_inside ? inner_ : outer_) *= s.extents[size_t(k)];
  }
  merge_axes(s);
  for (size_t r = 0; r < loops_.size(); ++r) results_.emplace_back(s, l_->nmoving() + int(r), Role::Parallel);
}

/// The elements of reduction r over the runner's last range, as its loops want them.
const char* Reducer::elements(BlockRunner& runner, Combiner& c, size_t r, int64_t n) const {
  const Reduction& red = l_->spec->reductions[r];
  const auto& kept = l_->plan->kept;
  const char* v = runner.kept(size_t(std::find(kept.begin(), kept.end(), red.value) - kept.begin()));
  if (takes_as_they_are(red)) return v;
  char* to = c.elements.get(size_t(kBlockElements) * 4);
  if (is_logical(red)) to_truth(to, v, n, red.in);
  else widen_half(reinterpret_cast<float*>(to), v, n);
  return to;
}

void Reducer::write_results(Combiner& c, size_t r, const States& states, int64_t first_cell, int64_t cells) const {
  char* block = c.results.get(size_t(cells) * 16);
  loops_[r]->finish(block, l_->spec->reductions[r].out, states, cells, rows_);
  results_[r].write(first_cell, block, cells);
}

void Reducer::write_empty() const {
  Combiner& c = Combiner::of_this_thread();
  const int64_t cells = outer_ * inner_;
  for (size_t r = 0; r < loops_.size(); ++r) {
    const Reduction& red = l_->spec->reductions[r];
    GRUMPY_ASSERT(loops_[r]->empty) << info(red.op).name << " of nothing";
    for (int64_t cell = 0; cell < cells; cell += kBlockElements) {
      const int64_t n = std::min(kBlockElements, cells - cell);
      char* block = c.results.get(size_t(n) * 16);
      loops_[r]->empty(block, n);
      if (red.out == DType::float16) {  // the loops gave float32, 0 or 1
        for (int64_t i = 0; i < n; ++i) {
          float value;
          std::memcpy(&value, block + 4 * i, 4);
          const uint16_t half = value == 1 ? 0x3c00 : 0;
          std::memcpy(block + 2 * i, &half, 2);
        }
      }
      results_[r].write(cell, block, n);
    }
  }
}

void Reducer::run_short_cells() {
  const int64_t cell_elements = rows_ * inner_;
  const int64_t block = reads_memory_ ? kRunElements : kBlockElements;
  const int64_t per_block = block / cell_elements;  // outer cells
  const int64_t blocks = div_up(outer_, per_block);
  const int64_t per_task =
      std::max<int64_t>({1, div_up(min_task_elements(*l_), block), div_up(blocks, workers_ * kTasksPerWorker)});
  parallel_for(div_up(blocks, per_task), workers_, [&](int64_t task, int) {
    Combiner& c = Combiner::of_this_thread();
    for (int64_t b = task * per_task; b < std::min(blocks, (task + 1) * per_task); ++b) {
      const int64_t groups = std::min(per_block, outer_ - b * per_block);
      const int64_t n = groups * cell_elements, cells = groups * inner_;
      const int64_t first = b * per_block * cell_elements;
      if (multiplies_) {
        const States states = states_at(c.states.get(state_bytes(*loops_[0], cells)), *loops_[0], cells);
        if (fold_products(states, b * per_block, groups, 0, rows_)) {
          write_results(c, 0, states, b * per_block, cells);
          continue;
        }
      }
      BlockRunner* const runner = reads_memory_ ? nullptr : &BlockRunner::of_this_thread(*l_);
      if (runner) {
        runner->seek(first);
        runner->run(n);
      }
      for_reductions([&](size_t r) {
        const States states = states_at(c.states.get(state_bytes(*loops_[r], cells)), *loops_[r], cells);
        if (runner) loops_[r]->fold(states, elements(*runner, c, r, n), groups, rows_, inner_, 0);
        else fold_memory(r, states, b * per_block, groups, 0, rows_);
        write_results(c, r, states, b * per_block * inner_, cells);
      });
    }
  });
}

void run_reduce(Launch& launch) {
  thread_local Reducer reducer;  // its vectors keep their memory
  reducer.run(launch);
}

}  // namespace grumpy
