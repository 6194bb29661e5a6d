#include "device/cpu/launch.h"

#include <algorithm>

#include "device/cpu/costs.h"
#include "device/cpu/host_limits.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {

bool is_constant(const Space& s, int o) {
  for (int k = 0; k < s.ndim; ++k)
    if (s.steps_of(o)[k] != 0 && s.extents[size_t(k)] > 1) return false;
  return true;
}

bool is_linear(const Space& s, int o) {
  int64_t expected = s.items[size_t(o)];
  for (int k = s.ndim - 1; k >= 0; --k) {
    if (s.extents[size_t(k)] > 1 && s.steps_of(o)[k] != expected) return false;
    expected *= s.extents[size_t(k)];
  }
  return true;
}

int64_t period_of(const Space& s, int o) {
  int first = 0;
  while (first < s.ndim && s.steps_of(o)[first] == 0) ++first;
  return s.size(first, s.ndim);
}

namespace {

Fetch fetch_of(const Launch& l, int o) {
  const Space& s = l.space;
  if (o < l.plan->nloads && l.args->args[o].packed_by) return Fetch::Packed;
  if (is_constant(s, o)) return Fetch::Constant;
  if (!l.by_rows) return is_linear(s, o) && !l.is_tiled ? Fetch::Direct : Fetch::Buffer;
  const int64_t step = s.steps_of(o)[s.ndim - 1];
  if (step == s.items[size_t(o)]) return Fetch::Direct;
  return step == 0 ? Fetch::Fill : Fetch::Buffer;
}

/// Stores that overwrite a load in place. Whoever still needs the load must not find it changed.
void resolve_aliases(Launch& l) {
  const BlockPlan& p = *l.plan;
  l.has_alias = false;
  for (int j = 0; j < p.nstores; ++j) {
    const StorePlan& store = p.stores[size_t(j)];
    Fetch& of_store = l.fetch[size_t(p.nloads + j)];
    for (int k = 0; k < p.nloads; ++k) {
      if (l.space.origins[size_t(k)] != l.space.origins[size_t(p.nloads + j)]) continue;
      const bool is_plain = std::find(p.plain_loads.begin(), p.plain_loads.end(), k) != p.plain_loads.end();
      if (is_plain && l.fetch[size_t(k)] == Fetch::Direct) l.fetch[size_t(k)] = Fetch::Buffer;
      if (of_store != Fetch::Direct || !store.is_home) continue;
      const bool is_read_after = store.read_after >> std::min(k, 63) & 1;
      // A second look at an error needs the inputs as they were.
      if (is_read_after || p.has_second_look) of_store = Fetch::Buffer;
      else l.has_alias = true;
    }
  }
}

int64_t choose_block(const Launch& l) {
  const BlockPlan& p = *l.plan;
  int64_t bytes = 0;  // per lane, of buffers that are used for more than tails
  for (int b = 0; b < p.nbuffers(); ++b) {
    bool is_idle = false;
    for (int k = 0; k < p.nloads; ++k) is_idle |= p.value_buffer[size_t(k)] == b && l.fetch[size_t(k)] == Fetch::Direct;
    for (int j = 0; j < p.nstores; ++j) {
      const StorePlan& s = p.stores[size_t(j)];
      is_idle |= s.is_home && p.value_buffer[s.value] == b && l.fetch[size_t(p.nloads + j)] == Fetch::Direct && !l.is_streaming;
    }
    if (!is_idle) bytes += p.buffer_begin[size_t(b) + 1] - p.buffer_begin[size_t(b)];
  }
  if (bytes == 0) return kDirectBlock;
  // What is gathered passes through the cache as well, with what lies between its elements.
  const int last = l.space.ndim - 1;
  for (int k = 0; k < p.nloads && l.by_rows; ++k)
    if (l.fetch[size_t(k)] == Fetch::Buffer) bytes += 2 * std::min<int64_t>(std::abs(l.space.steps_of(k)[last]), 64);
  return std::clamp(kMapScratchBytes / bytes, kMinMapBlock, kBlockElements);
}

}  // namespace

bool has_long_rows(const Space& s) { return s.ndim == 1 || s.extents[size_t(s.ndim - 1)] >= kRowElements; }

void choose_fetches(Launch& l, int64_t block) {
  const BlockPlan& p = *l.plan;
  const Space& s = l.space;
  l.fetch.resize(size_t(l.nmoving()));
  l.period.resize(size_t(p.nloads));
  for (int o = 0; o < l.nmoving(); ++o) {
    Fetch f = fetch_of(l, o);
    // A store to one element: of a space of one point.
    if (o >= p.nloads && f != Fetch::Direct) f = s.size(0, s.ndim) == 1 ? Fetch::Direct : Fetch::Buffer;
    l.fetch[size_t(o)] = f;
    if (o < p.nloads && !l.by_rows) l.period[size_t(o)] = period_of(s, o);
  }
  if (p.nstores) resolve_aliases(l);

  l.has_direct = false;
  l.may_overrun = s.ndim == 1 && !p.has_loops && !l.is_tiled;
  for (int o = 0; o < l.nmoving(); ++o) {
    const bool is_home = o < p.nloads || p.stores[size_t(o - p.nloads)].is_home;
    if (l.fetch[size_t(o)] != Fetch::Direct || !is_home) continue;
    l.has_direct = true;
    const int arg = o < p.nloads ? o : o + p.nscalars;
    l.may_overrun &= l.args->args[arg].has_slack;
  }
  if (block == 0) {
    const int64_t row = s.extents[size_t(s.ndim - 1)];
    block = std::min(choose_block(l), l.by_rows ? row : s.size(0, s.ndim));
  }
  l.block = (block + kLanes - 1) & -kLanes;
}

int workers_for(const Launch& l, int64_t n) {
  return workers_for(double(n) * (l.plan->weight + 1) + l.packing_work, l.max_workers);
}

bool leaves_caches(int64_t bytes) { return bytes > int64_t(last_level_cache_bytes()); }

int workers_for(double work, int max_workers) {
  if (max_workers <= 1) return 1;
  const int workers = int(std::clamp<double>(work / (kParallelWork / 2), 1, max_workers));
  // Less than waking a helper takes: only when none need be woken.
  return workers > 1 && work * kWorkNs < costs().wake_ns && !is_ready_for_small_loop() ? 1 : workers;
}

int64_t min_task_elements(const Launch& l) {
  const int64_t enough = int64_t(kMinTaskWork / (l.plan->weight + 1)) & -kLanes;
  return std::clamp(enough, kMinDearTaskElements, kMinTaskElements);
}

}  // namespace grumpy
