/// One worker's walk: evaluates the program on ranges of the space, in the space's order.
///
/// A range is cut into pieces (rows, or the whole range); for each piece operands are placed (direct
/// pointers or gathered into buffers), the steps run on whole groups of kLanes elements, errors are
/// looked for, and what was computed into buffers is copied out.
/// Threads: one object per thread.
#pragma once
#include "device/cpu/launch.h"
#include "device/cpu/scratch.h"

namespace grumpy {

class BlockRunner {
 public:
  /// This thread's runner, started for this launch unless it already is.
  static BlockRunner& of_this_thread(Launch& launch);

  /// Lays out the buffers and fills those that never change. The walk begins at position 0.
  void start(Launch& launch);

  /// Tiled launches: the next ranges are positions of a tile with these extents and this index of
  /// its first point in the space.
  void enter(const int64_t* extents, const int64_t* first);

  void seek(int64_t position);
  int64_t position() const { return position_; }

  /// Evaluates the next n elements, n <= launch.block, and moves on.
  void run(int64_t n);

  /// Whether rows may be run whole: every operand is used where it lies, and nothing passes through buffers.
  bool runs_rows() const { return runs_rows_ && at_ == 0; }
  /// Evaluates the next rows.
  void run_rows(int64_t rows);

  /// Elements of plan.kept[k] over the range of the last run, one after the other.
  const char* kept(size_t k) const { return kept_[k]; }
  /// What is left of the row; by_rows only.
  int64_t left_in_row() const { return extents_[last_] - at_; }
  int64_t row_elements() const { return extents_[last_]; }

 private:
  void place_loads(int64_t n);
  void pack_loads(int64_t n);
  void place_stores(int64_t done);
  void prepare_rows();
  void piece(int64_t n, int64_t done);
  void execute(int64_t n);
  void execute_tail_first(int64_t n);
  void execute_padded(int64_t from, int64_t n);
  void call_steps(char* const* ptrs, int64_t lanes, int64_t valid);
  char* const* pointers_at(int64_t element);
  void look_for_errors(int64_t n);
  void copy_out(int64_t n, int64_t done);
  void keep(int64_t n, int64_t done, int64_t total);
  const char* source_of(int store, int64_t done) const;
  void copy_to_store(int store, const char* from, int64_t n);
  void move_on(int64_t n);
  char* buffer(int b) const { return base_ + offsets_[size_t(b)]; }
  void set(int value, char* p) {
    for (uint32_t u = plan_->use_begin[size_t(value)]; u < plan_->use_begin[size_t(value) + 1]; ++u)
      ptrs_[plan_->uses[u]] = p;
  }

  Launch* launch_ = nullptr;
  const BlockPlan* plan_ = nullptr;
  Scratch scratch_;
  char* base_ = nullptr;
  uint64_t serial_ = 0;               // of the launch this runner is started for
  int last_ = 0;                      // innermost axis
  int64_t position_ = 0, at_ = 0;     // in the space; in the row
  int64_t kept_at_ = 0;               // offset at which steps write kept values
  uint32_t raised_ = 0;
  std::vector<size_t> offsets_;       // of buffers
  std::vector<char*> ptrs_, tail_ptrs_;
  std::vector<int64_t> extents_, index_;
  std::vector<char*> origins_;        // loads and stores: index 0 of the space or tile
  std::vector<char*> rows_;           // by rows: element 0 of the current row
  std::vector<char*> now_;            // where the current piece of each operand lies
  struct Cached { const char* from; int64_t position, n; };
  std::vector<Cached> cached_;        // what each load's buffer holds
  std::vector<uint16_t> direct_loads_, buffered_loads_, packed_loads_;  // the rest is constant
  struct Selection { const MaskRank* rank; int64_t position, first, end; };  // of the mask; `end` is behind what was selected up to `position`
  std::vector<Selection> selections_;  // of each mask
  std::vector<uint16_t> selection_of_;  // of each packed load
  std::vector<uint16_t> direct_stores_;                  // that steps write where they lie
  bool copies_ = false;               // some store is copied out of a buffer
  bool runs_rows_ = false;
  std::vector<int64_t> row_steps_;    // runs_rows_: of each pointer, bytes to the next row
  std::vector<const char*> kept_;
  std::vector<const char*> scalars_;
};

}  // namespace grumpy
