/// Maps: every element by itself, so the walk may take any order and be cut anywhere.
#include <algorithm>
#include <cstdlib>

#include "device/cpu/block_runner.h"
#include "device/cpu/host_limits.h"
#include "device/cpu/strided_copy.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {
namespace {

/// The axis along which some operand that strides over the innermost axis lies contiguous; -1: none.
int find_tile_axis(const Launch& l) {
  const Space& s = l.space;
  const int last = s.ndim - 1;
  if (last < 1 || s.extents[size_t(last)] < 16 || s.size(0, s.ndim) < kMinTiledElements) return -1;
  for (int o = 0; o < l.nmoving(); ++o) {
    const int64_t* steps = s.steps_of(o);
    const int64_t item = s.items[size_t(o)];
    if (std::abs(steps[last]) <= item) continue;
    for (int k = 0; k < last; ++k)
      if (steps[k] == item && s.extents[size_t(k)] >= 4) return k;
  }
  return -1;
}

/// Moves the tile axis next to the innermost one.
void bring_inside(Space& s, int axis) {
  std::vector<int> order;
  for (int k = 0; k < s.ndim; ++k)
    if (k != axis) order.push_back(k);
  order.insert(order.end() - 1, axis);
  permute_axes(s, order);
}

int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Written data that will not be in the cache when it is next wanted need not pass through it, unless
/// it takes the place of data that was read.
bool should_stream(const Launch& l, int64_t n) {
  const BlockPlan& p = *l.plan;
  if (l.stream_elements >= 0) n = l.stream_elements;
  int64_t bytes = 0;
  for (int o = p.nloads; o < l.nmoving(); ++o) {
    for (int k = 0; k < p.nloads; ++k)
      if (l.space.origins[size_t(k)] == l.space.origins[size_t(o)]) return false;
    if (l.space.steps_of(o)[l.space.ndim - 1] == l.space.items[size_t(o)]) bytes += n * l.space.items[size_t(o)];
  }
  return leaves_caches(bytes);
}

/// Operands that lie across each other: tiles small enough that what one of them reads of a cache
/// line, all of it is used before the line is gone.
void run_tiles(Launch& l) {
  Space& s = l.space;
  const int inner = s.ndim - 1, outer = s.ndim - 2;
  int64_t item = 1;
  for (int o = 0; o < l.nmoving(); ++o) item = std::max<int64_t>(item, s.items[size_t(o)]);
  const int64_t height = std::min(s.extents[size_t(outer)], std::max<int64_t>(4, kTileColumnBytes / item));
  const int64_t width = std::min(s.extents[size_t(inner)], kTileColumns);
  l.is_tiled = true;
  l.by_rows = false;
  choose_fetches(l, height * width);
  l.is_streaming = should_stream(l, s.size(0, s.ndim));

  const int64_t high = div_up(s.extents[size_t(outer)], height), wide = div_up(s.extents[size_t(inner)], width);
  const int64_t tiles = s.size(0, outer) * high * wide;
  const int workers = workers_for(l, s.size(0, s.ndim));
  const int64_t per_task = std::max<int64_t>(
      {1, div_up(min_task_elements(l), height * width), div_up(tiles, workers * kTasksPerWorker)});
  parallel_for(div_up(tiles, per_task), workers, [&](int64_t task, int) {
    BlockRunner& runner = BlockRunner::of_this_thread(l);
    int64_t extents[kMaxDims], first[kMaxDims];
    for (int64_t tile = task * per_task; tile < std::min(tiles, (task + 1) * per_task); ++tile) {
      int64_t rest = tile;
      first[inner] = rest % wide * width;
      rest /= wide;
      first[outer] = rest % high * height;
      rest /= high;
      for (int k = outer - 1; k >= 0; --k) {
        first[k] = rest % s.extents[size_t(k)];
        rest /= s.extents[size_t(k)];
        extents[k] = 1;
      }
      extents[outer] = std::min(height, s.extents[size_t(outer)] - first[outer]);
      extents[inner] = std::min(width, s.extents[size_t(inner)] - first[inner]);
      runner.enter(extents, first);
      runner.run(extents[outer] * extents[inner]);
    }
    if (l.is_streaming) stream_fence();
  });
}

void run_span(Launch& l, int64_t begin, int64_t end, int64_t range) {
  BlockRunner& runner = BlockRunner::of_this_thread(l);
  runner.seek(begin);
  if (l.by_rows) {
    if (runner.runs_rows()) runner.run_rows((end - begin) / runner.row_elements());
    while (runner.position() < end)
      runner.run(std::min({range, runner.left_in_row(), end - runner.position()}));
  } else {
    while (runner.position() < end) runner.run(std::min(range, end - runner.position()));
  }
  if (l.is_streaming) stream_fence();
}

/// Ranges that hold whole periods of the inner axes, so that what repeats is gathered once.
int64_t range_of(const Launch& l) {
  if (l.by_rows) return l.block;
  int64_t inner = 1;
  for (int k = l.space.ndim - 1; k >= 0 && inner * l.space.extents[size_t(k)] <= l.block; --k)
    inner *= l.space.extents[size_t(k)];
  return l.block / inner * inner;
}

void run_any(Launch& l, int64_t n) {
  Space& s = l.space;
  sort_axes(s, l.nmoving(), false);
  merge_axes(s);
  if (const int axis = find_tile_axis(l); axis >= 0) {
    bring_inside(s, axis);
    return run_tiles(l);
  }
  l.by_rows = has_long_rows(s);
  l.is_streaming = should_stream(l, n);
  choose_fetches(l, 0);
  const int64_t range = range_of(l);
  const int workers = workers_for(l, n);
  if (workers == 1 && n < min_task_elements(l)) return run_span(l, 0, n, range);

  int64_t per_task = std::max(min_task_elements(l), div_up(n, workers * kTasksPerWorker));
  const int64_t row = l.by_rows ? s.extents[size_t(s.ndim - 1)] : range;
  const int64_t groups = div_up(per_task, kLanes) * kLanes;
  const int64_t unit = row <= per_task ? row : std::min(l.block, groups);  // tasks begin at rows, or at groups of lanes
  per_task = div_up(per_task, unit) * unit;
  parallel_for(div_up(n, per_task), workers, [&](int64_t task, int) {
    run_span(l, task * per_task, std::min(n, (task + 1) * per_task), range);
  });
}

/// Whoever reads whole groups of lanes then meets no value that is not there anyway.
void pad_stores(const Launch& l, int64_t n) {
  const int64_t whole = (n + kLanes - 1) & -kLanes;
  for (int j = 0; whole != n && j < l.plan->nstores; ++j) {
    const ArgView& store = l.args->args[l.plan->nloads + l.plan->nscalars + j];
    if (!store.has_slack) continue;
    const int item = l.plan->item[l.plan->stores[size_t(j)].value];
    fill_elements(store.data + n * item, store.data + (n - 1) * item, whole - n, item);
  }
}

}  // namespace

void run_map(Launch& l) {
  const int64_t n = l.space.size(0, l.space.ndim);
  if (n == 0) return;
  run_any(l, n);
  pad_stores(l, n);
}

}  // namespace grumpy
