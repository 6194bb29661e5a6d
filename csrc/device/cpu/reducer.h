/// Reductions of one launch: the space is walked as (outer cells, reduced rows, inner cells), and for
/// every cell the rows are combined in an order that depends on the numbers of rows and inner cells
/// alone.
///
///   short cells   several outer cells to a block, each folded at once
///   tiles         short cells whose operands lie across the cells (distances of all pairs): a tile of
///                 cells is taken as if they were inner ones, so that operands are gathered in runs
///   narrow        inner cells fewer than kNarrowCells: rows are cut into leaves of a block each, a
///                 leaf's rows spread over lanes; longer leaves where rows lie in memory and any order
///                 of them will do
///   wide          panels of inner cells; leaves of kLeafRows rows added element by element
///
/// Narrow sums of rows that masks select add those rows only, in the order in which zeros would be added too.
/// Products of two operands that lie in memory are summed without being stored, in the same order.
///
/// Leaves are merged by a binary tree. Tasks are blocks, tiles, panels, and runs of 2^k leaves.
/// Threads: made and run by the thread that launches; const to its workers.
#pragma once
#include <atomic>
#include <vector>

#include "device/cpu/block_runner.h"
#include "device/cpu/reduce_tree.h"
#include "device/cpu/result_view.h"
#include "device/cpu/row_fold.h"

namespace grumpy {

class Reducer {
 public:
  void run(Launch& launch);
  static bool takes_as_they_are(const Reduction& r);

 private:
  /// What a worker needs.
  struct Combiner {
    std::vector<ReduceTree> trees;   // per reduction
    Scratch states, elements, results;
    RowFold fold;
    std::vector<const char*> sums;   // states the fold writes
    std::vector<const char*> fold_at;  // where its next band lies in each load
    static Combiner& of_this_thread();
  };
  /// Rows that a mask selects, one element of it for each.
  struct Selected {
    const char *mask, *rows;
    int64_t row_bytes;
  };
  /// A part of the work: some leaves of some inner cells of one outer cell.
  struct Unit {
    int64_t outer, first_cell, cells;   // inner cells
    int64_t first_leaf, last_leaf;
  };

  // run_reduce.cpp
  void order_axes();
  bool is_in_runs(int load);
  bool reads_memory();
  bool multiplies_memory();
  const char* memory_at(size_t load, int64_t cell, int64_t element) const;
  void fold_memory(size_t r, const States& to, int64_t cell, int64_t groups, int64_t row, int64_t rows) const;
  bool fold_products(const States& to, int64_t cell, int64_t groups, int64_t row, int64_t rows) const;
  const char* elements(BlockRunner& runner, Combiner& c, size_t r, int64_t n) const;
  void write_results(Combiner& c, size_t r, const States& states, int64_t first_cell, int64_t cells) const;
  void write_empty() const;
  void run_short_cells();
  template <class F> void for_reductions(F f) const;

  // reduce_leaves.cpp
  void run_leaves();
  void run_parts(int64_t units, int64_t parts, int64_t leaves_per_task);
  Unit unit_of(int64_t unit, int64_t part, int64_t leaves_per_task) const;
  bool can_add_in_place() const;
  bool can_settle() const;
  void start_trees(Combiner& c, int64_t cells, int64_t leaves) const;
  void grow_trees(Combiner& c, const Unit& unit) const;
  void fold_leaves(Combiner& c, const Unit& unit) const;
  void settle(const Combiner& c, int64_t leaf) const;
  void add_in_place(Combiner& c, const Unit& unit) const;
  void copy_states(size_t r, const States& to, const States& from, int64_t cells) const;
  void write_unit(Combiner& c, size_t r, const Unit& unit) const;

  // reduce_selected.cpp
  bool adds_selected();
  void touch_selected(size_t r, int64_t next) const;
  void fold_selected(Combiner& c, size_t r, int64_t first, int64_t rows) const;

  // reduce_tiles.cpp
  bool find_tile();
  void run_tiles();
  void run_tile(BlockRunner& runner, Combiner& c, const int64_t* extents, const int64_t* first, int64_t bands,
                int64_t columns) const;
  char* result_at(size_t r, const int64_t* first) const;
  bool can_fold_into_results() const;
  bool fold_tile(Combiner& c, const int64_t* first, int64_t bands, int64_t columns) const;

  Launch* l_ = nullptr;
  std::vector<const ReduceLoops*> loops_;
  std::vector<ResultView> results_;
  std::vector<int> order_;
  int64_t outer_ = 1, rows_ = 1, inner_ = 1;
  int workers_ = 1;
  bool is_narrow_ = false, in_place_ = false, folds_ = false, folds_into_results_ = false;
  int cell_axis_ = 0;                            // the first axis of a cell: outer ones are before it
  bool is_dense_ = true;                         // outer cells that are folded where they lie follow one another
  bool reads_memory_ = false;                    // elements are folded where they lie
  bool multiplies_ = false;                      // products of what lies in memory are summed as they are made
  bool any_order_ = false;                       // cells of one row each fold any number of rows at once
  bool adds_selected_ = false;                   // rows are added where they lie, if their mask is true
  std::vector<Selected> selected_;               // of each reduction
  bool may_settle_ = false;                      // one element may decide the only result
  mutable std::atomic<int64_t> settled_ = 0;     // leaves beyond it are of no interest
  int64_t leaf_rows_ = 0, panel_ = 0;
  int column_ = 0, band_ = -1, row_axis_ = -1;   // axes of tiles; -1: none
};

/// Calls f(r) for each reduction, listening for errors that somebody wants to hear of.
template <class F> void Reducer::for_reductions(F f) const {
  for (size_t r = 0; r < loops_.size(); ++r) {
    const uint8_t watch = l_->spec->reductions[r].watch;
    if (watch && (cpu_fpe() & watch)) clear_cpu_fpe();
    f(r);
    if (watch && (cpu_fpe() & watch)) l_->fpe->report_reduction(r, uint8_t(cpu_fpe()));
  }
}

inline int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace grumpy
