/// Kernels of a plan that follow one another and hand large arrays on, run in turn over blocks of rows: a block is
/// read again while it is in the cache, and no kernel waits for the end of the one before (time tiling).
///
/// A kernel is cut along one axis; an index of that axis is a row. Row i of a kernel touches known bytes of each slot,
/// i steps on. From that follows which rows of earlier kernels a row must come after, whether it reads what they
/// write, overwrites what they read, or overwrites what they write. Rows run in the order of the array; a kernel
/// stays behind the ones it needs by as many rows as it takes.
/// With several workers the array is cut into chunks. Of every kernel a chunk has the rows that need nothing outside
/// the chunk, fewer from kernel to kernel; the gaps between chunks run when all of these are done.
/// Threads: const once made.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace grumpy {

struct Plan;
struct PlanStep;

/// Row i touches bytes [low + i * step, high + i * step) of a slot, or part of them. step >= 0.
struct RowBytes { int64_t low, high, step; };

struct RowRange {
  int64_t begin, end;
  bool is_empty() const { return begin >= end; }
};

/// Rows of an earlier step that rows of this one must come after: they touch the same bytes, one of them writing.
struct WaveDependency {
  uint16_t on;            // index of the earlier step
  int64_t their_rows;
  RowBytes theirs, ours;

  /// Rows [0, n) need none of theirs but [0, done).
  int64_t rows_before(int64_t done) const;
  /// The first row from which on none of theirs before `first` is needed.
  int64_t rows_after(int64_t first) const;
  /// Theirs that some of these need.
  RowRange needed(RowRange ours) const;
};

struct WaveStep {
  int axis = -1;              // of the kernel: that is cut; -1: there is one row
  int64_t rows = 1;
  int64_t grain = 1;          // it is cut at multiples of
  RowBytes place{};           // where in the array that it mainly writes (or reduces) a row lies,
  int64_t place_bytes = 0;    // and how large that is
  uint32_t first_dependency = 0, end_dependency = 0;
  bool may_stream = false;    // nobody else in the wavefront touches what it writes

  /// Rows that begin before the k-th of n equal parts of the array.
  int64_t rows_until(int64_t k, int64_t n) const;
};

struct Wavefront {
  uint32_t first = 0;                    // step of the plan
  std::vector<WaveStep> steps;
  std::vector<WaveDependency> dependencies;
  std::vector<uint32_t> slots;           // what they touch
  int64_t fronts = 1;                    // blocks that the array is cut into

  std::span<const WaveDependency> needs(const WaveStep& s) const {
    return std::span(dependencies).subspan(s.first_dependency, s.end_dependency - s.first_dependency);
  }
};

using RunSlice = std::function<void(size_t step, RowRange rows)>;

/// The rows of one chunk, or of one gap, per step.
using WaveRows = std::vector<RowRange>;
struct WaveChunks { std::vector<WaveRows> chunks, gaps; };

/// `n` chunks; empty where they would be too small for what steps need of each other.
WaveChunks cut_wavefront(const Wavefront& w, int n);
/// As many as are good for so many workers, one for each at least; empty where that is not possible.
WaveChunks chunks_for(const Wavefront& w, int workers);

/// The slices of chunk k of n in an order that respects all dependencies.
void run_chunk(const Wavefront& w, const WaveRows& rows, int64_t k, int64_t n, const RunSlice& run);
/// Those of a gap: step after step.
void run_gap(const WaveRows& rows, const RunSlice& run);

/// What of a plan is worth it, in order.
std::vector<Wavefront> find_wavefronts(const Plan& plan);

/// Bytes that one argument of a step touches.
struct WaveAccess {
  uint32_t slot;
  RowBytes bytes;
  bool is_write;
  int64_t end(int64_t rows) const { return bytes.high + (rows - 1) * bytes.step; }
};
std::vector<WaveAccess> find_accesses(const PlanStep& step, int axis);
/// Whether rows of the two must be kept in order.
bool is_conflict(const WaveAccess& a, int64_t rows_a, const WaveAccess& b, int64_t rows_b);

/// Throws InternalError unless the orders for one and several workers run every row once, and none before one that it
/// needs by what the kernels touch.
void verify_wavefront(const Plan& plan, const Wavefront& w);

}  // namespace grumpy
