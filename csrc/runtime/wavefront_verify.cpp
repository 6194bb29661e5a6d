#include "base/error.h"
#include "runtime/plan.h"

namespace grumpy {
namespace {

/// When a slice runs: in an earlier phase, or earlier in the same task.
struct Slice {
  RowRange rows;
  int phase;
  size_t task, at;
  bool is_before(const Slice& other) const {
    return phase < other.phase || (phase == other.phase && task == other.task && at < other.at);
  }
};
using Slices = std::vector<std::vector<Slice>>;  // per step, in the order of their rows

Slices order_of(const Wavefront& w, const WaveChunks& cut) {
  Slices r(w.steps.size());
  size_t at = 0;
  const auto note = [&](int phase, size_t task) {
    return [&, phase, task](size_t step, RowRange rows) { r[step].push_back({rows, phase, task, at++}); };
  };
  for (size_t c = 0; c < cut.chunks.size(); ++c)
    run_chunk(w, cut.chunks[c], int64_t(c), int64_t(cut.chunks.size()), note(0, c));
  for (size_t c = 0; c < cut.gaps.size(); ++c) run_gap(cut.gaps[c], note(1, c));
  for (auto& slices : r)
    std::sort(slices.begin(), slices.end(), [](const Slice& a, const Slice& b) { return a.rows.begin < b.rows.begin; });
  return r;
}

void verify_order(const Wavefront& w, const std::vector<std::vector<WaveAccess>>& accesses, const Slices& slices) {
  for (size_t t = 0; t < w.steps.size(); ++t) {
    int64_t next = 0;
    for (const Slice& s : slices[t]) {
      GRUMPY_ASSERT(s.rows.begin == next && !s.rows.is_empty()) << "wavefront at step " << w.first + t << ": row " << next;
      next = s.rows.end;
    }
    GRUMPY_ASSERT(next == w.steps[t].rows) << "wavefront at step " << w.first + t << ": row " << next;
    for (size_t s = 0; s < t; ++s) {
      for (const WaveAccess& a : accesses[s]) {
        for (const WaveAccess& b : accesses[t]) {
          if (!is_conflict(a, w.steps[s].rows, b, w.steps[t].rows)) continue;
          const WaveDependency d{uint16_t(s), w.steps[s].rows, a.bytes, b.bytes};
          for (const Slice& slice : slices[t]) {
            const RowRange needed = d.needed(slice.rows);
            auto from = std::upper_bound(slices[s].begin(), slices[s].end(), needed.begin,
                                         [](int64_t row, const Slice& x) { return row < x.rows.end; });
            for (; from != slices[s].end() && from->rows.begin < needed.end; ++from)
              GRUMPY_ASSERT(from->is_before(slice)) << "wavefront: row " << slice.rows.begin << " of step " << w.first + t
                                                    << " before row " << from->rows.begin << " of step " << w.first + s;
          }
        }
      }
    }
  }
}

}  // namespace

void verify_wavefront(const Plan& plan, const Wavefront& w) {
  std::vector<std::vector<WaveAccess>> accesses;
  for (size_t t = 0; t < w.steps.size(); ++t) accesses.push_back(find_accesses(plan.steps[w.first + t], w.steps[t].axis));
  for (const int workers : {1, 2, 3}) {
    const WaveChunks cut = workers == 1 ? cut_wavefront(w, 1) : chunks_for(w, workers);
    if (!cut.chunks.empty()) verify_order(w, accesses, order_of(w, cut));
  }
}

}  // namespace grumpy
