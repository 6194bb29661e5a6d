#include "runtime/wavefront.h"

#include "base/error.h"

namespace grumpy {
namespace {

/// Chunks per worker where rows suffice, to even out a busy core.
constexpr int kChunksPerWorker = 2;
/// Chunks are worth it while their gaps are small beside them.
constexpr int64_t kMinChunkToGap = 4;

int64_t div_down(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
int64_t div_up(int64_t a, int64_t b) { return -div_down(-a, b); }

int64_t cut_down(const WaveStep& s, int64_t row) { return row >= s.rows ? s.rows : std::max<int64_t>(row, 0) / s.grain * s.grain; }
int64_t cut_up(const WaveStep& s, int64_t row) {
  return row >= s.rows ? s.rows : std::min(s.rows, div_up(std::max<int64_t>(row, 0), s.grain) * s.grain);
}

}  // namespace

int64_t WaveDependency::rows_before(int64_t done) const {
  if (done >= their_rows) return INT64_MAX;
  const int64_t room = theirs.low + done * theirs.step - ours.high;  // the last row's step that still fits
  if (room < 0) return 0;
  return ours.step == 0 ? INT64_MAX : room / ours.step + 1;
}

int64_t WaveDependency::rows_after(int64_t first) const {
  if (first <= 0) return 0;
  const int64_t end = theirs.high + (first - 1) * theirs.step;
  if (ours.low >= end) return 0;
  return ours.step == 0 ? INT64_MAX : div_up(end - ours.low, ours.step);
}

RowRange WaveDependency::needed(RowRange r) const {
  const int64_t low = ours.low + r.begin * ours.step, high = ours.high + (r.end - 1) * ours.step;
  if (theirs.step == 0) return low < theirs.high && theirs.low < high ? RowRange{0, their_rows} : RowRange{0, 0};
  return {std::clamp<int64_t>(div_down(low - theirs.high, theirs.step) + 1, 0, their_rows),
          std::clamp<int64_t>(div_up(high - theirs.low, theirs.step), 0, their_rows)};
}

int64_t WaveStep::rows_until(int64_t k, int64_t n) const {
  if (k >= n) return rows;
  const int64_t bytes = place_bytes / n * k + place_bytes % n * k / n;
  if (bytes <= place.low) return 0;
  return place.step == 0 ? rows : std::min(rows, div_up(bytes - place.low, place.step));
}

WaveChunks cut_wavefront(const Wavefront& w, int n) {
  WaveChunks r;
  for (int c = 0; c < n; ++c) {
    WaveRows& rows = r.chunks.emplace_back(w.steps.size());
    for (size_t t = 0; t < w.steps.size(); ++t) {
      const WaveStep& s = w.steps[t];
      RowRange mine{s.rows_until(c, n), s.rows_until(c + 1, n)};
      for (const WaveDependency& d : w.needs(s)) {
        mine.begin = std::max(mine.begin, d.rows_after(rows[d.on].begin));
        mine.end = std::min(mine.end, d.rows_before(rows[d.on].end));
      }
      rows[t] = {cut_up(s, mine.begin), cut_down(s, mine.end)};
      if (rows[t].begin > rows[t].end) return {};
    }
  }
  for (int c = 0; c + 1 < n; ++c) {
    WaveRows& gap = r.gaps.emplace_back(w.steps.size());
    for (size_t t = 0; t < w.steps.size(); ++t) {
      const WaveStep& s = w.steps[t];
      gap[t] = {r.chunks[size_t(c)][t].end, r.chunks[size_t(c) + 1][t].begin};
      if (gap[t].is_empty()) continue;
      // Other gaps run at the same time: nothing of theirs may be needed.
      for (const WaveDependency& d : w.needs(s)) {
        const RowRange needed = d.needed(gap[t]);
        if (!needed.is_empty() && (needed.begin < r.chunks[size_t(c)][d.on].begin || needed.end > r.chunks[size_t(c) + 1][d.on].end))
          return {};
      }
    }
  }
  return r;
}

WaveChunks chunks_for(const Wavefront& w, int workers) {
  for (int n = workers * kChunksPerWorker; n >= workers; --n) {
    WaveChunks r = cut_wavefront(w, n);
    if (r.chunks.empty()) continue;
    int64_t in_chunks = 0, in_gaps = 0;  // bytes of what is written
    for (size_t t = 0; t < w.steps.size(); ++t) {
      for (const WaveRows& rows : r.chunks) in_chunks += (rows[t].end - rows[t].begin) * w.steps[t].place.step;
      for (const WaveRows& rows : r.gaps) in_gaps += (rows[t].end - rows[t].begin) * w.steps[t].place.step;
    }
    if (in_gaps * kMinChunkToGap <= in_chunks) return r;
  }
  return {};
}

void run_chunk(const Wavefront& w, const WaveRows& rows, int64_t k, int64_t n, const RunSlice& run) {
  std::vector<int64_t> done(rows.size());
  for (size_t t = 0; t < rows.size(); ++t) done[t] = rows[t].begin;
  const int64_t last = w.fronts * (k + 1) / n;
  for (int64_t front = w.fronts * k / n + 1; front <= last; ++front) {
    for (size_t t = 0; t < rows.size(); ++t) {
      const WaveStep& s = w.steps[t];
      if (done[t] == rows[t].end) continue;
      int64_t end = front == last ? rows[t].end : std::min(rows[t].end, s.rows_until(front, w.fronts));
      for (const WaveDependency& d : w.needs(s)) end = std::min(end, d.rows_before(done[d.on]));
      end = cut_down(s, end);
      if (end <= done[t]) continue;
      run(t, {done[t], end});
      done[t] = end;
    }
  }
  for (size_t t = 0; t < rows.size(); ++t) GRUMPY_ASSERT(done[t] == rows[t].end) << "a wavefront stands still at step " << t;
}

void run_gap(const WaveRows& rows, const RunSlice& run) {
  for (size_t t = 0; t < rows.size(); ++t)
    if (!rows[t].is_empty()) run(t, rows[t]);
}

}  // namespace grumpy
