/// A binary tree of partial states, built leaf by leaf with one state of memory per level.
///
/// Leaves come in order; two neighbours of one height are merged as soon as both are there. What a
/// power of two of leaves gives is thus the same whether they are pushed one by one or come merged
/// from another tree that began at a multiple of it: tasks may be any such groups.
/// Threads: one owner each.
#pragma once
#include <bit>
#include <cstring>
#include <vector>

#include "device/cpu/reduce_loops.h"
#include "device/cpu/scratch.h"

namespace grumpy {

/// Bytes of the states of `cells` cells, parts aligned to cache lines.
inline size_t state_bytes(const ReduceLoops& loops, int64_t cells) {
  size_t n = 0;
  for (int q = 0; q < loops.nparts; ++q) n += (size_t(cells * loops.part_bytes[q]) + 63) & ~size_t(63);
  return n;
}
inline States states_at(char* memory, const ReduceLoops& loops, int64_t cells) {
  States s{};
  for (int q = 0; q < loops.nparts; ++q) {
    s.part[q] = memory;
    memory += (size_t(cells * loops.part_bytes[q]) + 63) & ~size_t(63);
  }
  return s;
}
inline States at_cell(const ReduceLoops& loops, const States& s, int64_t cell) {
  States moved = s;
  for (int q = 0; q < loops.nparts; ++q) moved.part[q] += cell * loops.part_bytes[q];
  return moved;
}

class ReduceTree {
 public:
  static int levels_for(int64_t leaves) { return std::bit_width(uint64_t(leaves)) + 1; }
  static size_t bytes_for(const ReduceLoops& loops, int64_t cells, int64_t leaves) {
    return size_t(levels_for(leaves)) * state_bytes(loops, cells);
  }

  void start(const ReduceLoops& loops, char* memory, int64_t cells, int64_t leaves) {
    loops_ = &loops;
    cells_ = cells;
    count_ = 0;
    level_.resize(size_t(levels_for(leaves)));
    rows_.assign(level_.size(), 0);
    for (States& s : level_) {
      s = states_at(memory, loops, cells);
      memory += state_bytes(loops, cells);
    }
  }

  /// Where the next leaf is to be made.
  const States& incoming() const { return level_.back(); }

  /// Takes the incoming leaf, of so many rows.
  void push(int64_t rows) {
    States leaf = level_.back();
    size_t k = 0;
    for (; count_ >> k & 1; ++k) {
      loops_->merge(level_[k], leaf, cells_, rows_[k], rows);
      rows += rows_[k];
      std::swap(level_[k], leaf);
    }
    level_.back() = level_[k];
    level_[k] = leaf;
    rows_[k] = rows;
    ++count_;
  }

  /// Merges what is there; at least one leaf was pushed.
  const States& finish() {
    size_t first = size_t(std::countr_zero(uint64_t(count_)));
    for (size_t k = first + 1; k + 1 < level_.size(); ++k) {
      if (!(count_ >> k & 1)) continue;
      loops_->merge(level_[k], level_[first], cells_, rows_[k], rows_[first]);
      rows_[k] += rows_[first];
      first = k;
    }
    return level_[first];
  }

 private:
  const ReduceLoops* loops_ = nullptr;
  int64_t cells_ = 0, count_ = 0;
  std::vector<States> level_;   // the last one is the incoming leaf
  std::vector<int64_t> rows_;
};

}  // namespace grumpy
