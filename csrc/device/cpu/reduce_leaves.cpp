#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "device/cpu/reducer.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {

void Reducer::run_leaves() {
  const bool in_runs = any_order_ && (reads_memory_ || (multiplies_ && !l_->plan->watch));
  leaf_rows_ = !is_narrow_ ? kLeafRows : in_runs ? kRunElements : kBlockElements / inner_;
  panel_ = std::min(inner_, kPanelCells);
  in_place_ = can_add_in_place();
  may_settle_ = can_settle();
  settled_ = std::numeric_limits<int64_t>::max();
  const int64_t leaves = div_up(rows_, leaf_rows_), panels = div_up(inner_, panel_);
  const int64_t units = outer_ * panels, leaf_elements = leaf_rows_ * panel_;
  // A task has 2^k leaves of one unit, all of them when units are enough to share out.
  int64_t leaves_per_task = int64_t(std::bit_ceil(uint64_t(leaves)));
  while (workers_ > 1 && units * div_up(leaves, leaves_per_task) < workers_ * kTasksPerWorker && leaves_per_task > 1 &&
         leaves_per_task * leaf_elements > min_task_elements(*l_))
    leaves_per_task /= 2;
  const int64_t parts = div_up(leaves, leaves_per_task);
  if (parts > 1) return run_parts(units, parts, leaves_per_task);
  const int64_t per_task = std::max<int64_t>(
      {1, div_up(min_task_elements(*l_), leaves * leaf_elements), div_up(units, workers_ * kTasksPerWorker)});
  parallel_for(div_up(units, per_task), workers_, [&](int64_t task, int) {
    Combiner& c = Combiner::of_this_thread();
    for (int64_t k = task * per_task; k < std::min(units, (task + 1) * per_task); ++k) {
      const Unit unit = unit_of(k, 0, leaves_per_task);
      grow_trees(c, unit);
      for_reductions([&](size_t r) { write_unit(c, r, unit); });
    }
  });
}

Reducer::Unit Reducer::unit_of(int64_t unit, int64_t part, int64_t leaves_per_task) const {
  const int64_t panels = div_up(inner_, panel_), first = unit % panels * panel_;
  return {unit / panels, first, std::min(panel_, inner_ - first), part * leaves_per_task,
          std::min(div_up(rows_, leaf_rows_), (part + 1) * leaves_per_task)};
}

/// Parts of units go to tasks; their states are merged here, as one tree would have merged them.
void Reducer::run_parts(int64_t units, int64_t parts, int64_t leaves_per_task) {
  size_t part_bytes = 0;
  std::vector<size_t> offsets;
  for (const ReduceLoops* loops : loops_) {
    offsets.push_back(part_bytes);
    part_bytes += state_bytes(*loops, panel_);
  }
  Scratch memory;
  char* const states = memory.get(part_bytes * size_t(units * parts));
  const auto states_of = [&](int64_t k, int64_t part, size_t r, int64_t cells) {
    return states_at(states + part_bytes * size_t(k * parts + part) + offsets[r], *loops_[r], cells);
  };
  parallel_for(units * parts, workers_, [&](int64_t task, int) {
    Combiner& c = Combiner::of_this_thread();
    const int64_t k = task / parts, part = task % parts;
    const Unit unit = unit_of(k, part, leaves_per_task);
    grow_trees(c, unit);
    for_reductions([&](size_t r) { copy_states(r, states_of(k, part, r, unit.cells), c.trees[r].finish(), unit.cells); });
  });
  Combiner& c = Combiner::of_this_thread();
  const int64_t part_rows = leaves_per_task * leaf_rows_;
  for (int64_t k = 0; k < units; ++k) {
    const Unit unit = unit_of(k, 0, leaves_per_task);
    start_trees(c, unit.cells, parts);
    for_reductions([&](size_t r) {
      for (int64_t part = 0; part < parts; ++part) {
        copy_states(r, c.trees[r].incoming(), states_of(k, part, r, unit.cells), unit.cells);
        c.trees[r].push(std::min(rows_, (part + 1) * part_rows) - part * part_rows);
      }
      write_unit(c, r, unit);
    });
  }
}

void Reducer::copy_states(size_t r, const States& to, const States& from, int64_t cells) const {
  for (int q = 0; q < loops_[r]->nparts; ++q)
    std::memcpy(to.part[q], from.part[q], size_t(cells * loops_[r]->part_bytes[q]));
}

void Reducer::write_unit(Combiner& c, size_t r, const Unit& unit) const {
  write_results(c, r, c.trees[r].finish(), unit.outer * inner_ + unit.first_cell, unit.cells);
}

void Reducer::start_trees(Combiner& c, int64_t cells, int64_t leaves) const {
  size_t bytes = 0;
  for (const ReduceLoops* loops : loops_) bytes += ReduceTree::bytes_for(*loops, cells, leaves);
  char* memory = c.states.get(bytes);
  if (c.trees.size() < loops_.size()) c.trees.resize(loops_.size());
  for (size_t r = 0; r < loops_.size(); ++r) {
    c.trees[r].start(*loops_[r], memory, cells, leaves);
    memory += ReduceTree::bytes_for(*loops_[r], cells, leaves);
  }
}

void Reducer::grow_trees(Combiner& c, const Unit& unit) const {
  start_trees(c, unit.cells, unit.last_leaf - unit.first_leaf);
  if (in_place_) return add_in_place(c, unit);
  if (is_narrow_) return fold_leaves(c, unit);
  BlockRunner& runner = BlockRunner::of_this_thread(*l_);
  const int64_t base = unit.outer * rows_ * inner_;
  const bool is_whole = unit.cells == inner_;  // rows follow one another
  const int64_t rows_per_block = is_whole ? std::max<int64_t>(1, kBlockElements / inner_) : 1;
  for (int64_t leaf = unit.first_leaf; leaf < unit.last_leaf; ++leaf) {
    const int64_t first = leaf * leaf_rows_, last = std::min(rows_, first + leaf_rows_);
    for (int64_t row = first; row < last; row += rows_per_block) {
      const int64_t rows = std::min(rows_per_block, last - row), n = rows * unit.cells;
      runner.seek(base + row * inner_ + unit.first_cell);
      runner.run(n);
      for_reductions([&](size_t r) {
        loops_[r]->add_rows(c.trees[r].incoming(), elements(runner, c, r, n), rows, unit.cells * loops_[r]->value_bytes,
                            unit.cells, row - first, row);
      });
    }
    for_reductions([&](size_t r) { c.trees[r].push(last - first); });
  }
}

/// Leaves of narrow reductions.
void Reducer::fold_leaves(Combiner& c, const Unit& unit) const {
  const int64_t base = unit.outer * rows_ * inner_;
  for (int64_t leaf = unit.first_leaf; leaf < unit.last_leaf; ++leaf) {
    if (settled_.load(std::memory_order_relaxed) < leaf && leaf > unit.first_leaf) break;
    const int64_t first = leaf * leaf_rows_, rows = std::min(rows_ - first, leaf_rows_), n = rows * inner_;
    if (adds_selected_) {
      for_reductions([&](size_t r) {
        fold_selected(c, r, first, rows);
        c.trees[r].push(rows);
      });
      continue;
    }
    if (fold_products(c.trees[0].incoming(), unit.outer, 1, first, rows)) {
      c.trees[0].push(rows);
      continue;
    }
    BlockRunner* const runner = reads_memory_ ? nullptr : &BlockRunner::of_this_thread(*l_);
    if (runner) {
      runner->seek(base + first * inner_);
      runner->run(n);
    }
    for_reductions([&](size_t r) {
      const States& leaf_states = c.trees[r].incoming();
      if (runner) loops_[r]->fold(leaf_states, elements(*runner, c, r, n), 1, rows, inner_, first);
      else fold_memory(r, leaf_states, unit.outer, 1, first, rows);
    });
    if (may_settle_) settle(c, leaf);
    for_reductions([&](size_t r) { c.trees[r].push(rows); });
  }
}

namespace {

/// The truth value that decides a reduction as soon as an element has it; -1: there is none.
int deciding_value(const Reduction& r) {
  const bool is_bool = r.in == DType::bool_;
  switch (r.op) {
    case ReduceOp::logical_or: return 1;
    case ReduceOp::logical_and: return 0;
    case ReduceOp::maximum:
    case ReduceOp::fmax:
    case ReduceOp::bitwise_or:
    case ReduceOp::argmax: return is_bool ? 1 : -1;
    case ReduceOp::minimum:
    case ReduceOp::fmin:
    case ReduceOp::bitwise_and:
    case ReduceOp::argmin: return is_bool ? 0 : -1;
    case ReduceOp::add:
    case ReduceOp::multiply:
    case ReduceOp::bitwise_xor:
    case ReduceOp::count:
    case ReduceOp::moments: break;
  }
  return -1;
}

}  // namespace

/// One result of truth values, where nobody would miss what the rest of the elements give.
bool Reducer::can_settle() const {
  const KernelSpec& spec = *l_->spec;
  if (!is_narrow_ || outer_ * inner_ != 1 || spec.reductions.size() != 1 || !spec.stores.empty()) return false;
  if (deciding_value(spec.reductions[0]) < 0) return false;
  return std::none_of(spec.program.instrs.begin(), spec.program.instrs.end(),
                      [](const Instr& i) { return i.watch || i.is_foreign; });
}

/// Looks at the leaf that was just made. Any that decides makes all others idle, but for the first place
/// of a value, which those before it may hold.
void Reducer::settle(const Combiner& c, int64_t leaf) const {
  const Reduction& red = l_->spec->reductions[0];
  if (bool(*c.trees[0].incoming().part[0]) != bool(deciding_value(red))) return;
  const bool has_place = red.op == ReduceOp::argmin || red.op == ReduceOp::argmax;
  const int64_t last = has_place ? leaf : -1;
  int64_t held = settled_.load(std::memory_order_relaxed);
  while (last < held && !settled_.compare_exchange_weak(held, last, std::memory_order_relaxed)) {}
}

/// Wide reductions of loads as they are, along one axis: a leaf's rows are added where they lie.
bool Reducer::can_add_in_place() const {
  const Space& s = l_->space;
  if (is_narrow_ || !l_->by_rows || !l_->plan->steps.empty() || l_->plan->nstores > 0) return false;
  if (s.ndim < 2 || s.roles[size_t(s.ndim - 2)] != Role::Reduced || s.extents[size_t(s.ndim - 2)] != rows_) return false;
  return std::all_of(l_->spec->reductions.begin(), l_->spec->reductions.end(), [this](const Reduction& r) {
    return r.value < l_->plan->nloads && l_->fetch[r.value] == Fetch::Direct && takes_as_they_are(r);
  });
}

void Reducer::add_in_place(Combiner& c, const Unit& unit) const {
  const Space& s = l_->space;
  for_reductions([&](size_t r) {
    const int load = l_->spec->reductions[r].value;
    const int64_t* steps = s.steps_of(load);
    const char* from = s.origins[size_t(load)] + unit.first_cell * s.items[size_t(load)];
    int64_t rest = unit.outer;
    for (int k = s.ndim - 3; k >= 0; --k) {
      from += rest % s.extents[size_t(k)] * steps[k];
      rest /= s.extents[size_t(k)];
    }
    const int64_t row_bytes = steps[s.ndim - 2];
    for (int64_t leaf = unit.first_leaf; leaf < unit.last_leaf; ++leaf) {
      const int64_t first = leaf * leaf_rows_, rows = std::min(rows_ - first, leaf_rows_);
      loops_[r]->add_rows(c.trees[r].incoming(), from + first * row_bytes, rows, row_bytes, unit.cells, 0, first);
      c.trees[r].push(rows);
    }
  });
}

}  // namespace grumpy
