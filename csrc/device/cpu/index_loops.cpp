#include "device/cpu/index_loops.h"

#include <immintrin.h>

#include <cstring>
#include <limits>
#include <vector>

#include "device/cpu/index_walk.h"
#include "device/cpu/row_copy.h"

namespace grumpy {
namespace {

/// Steps in bytes of a dense C-order array.
void dense_steps(std::span<const int64_t> extents, int64_t item, int64_t* steps) {
  for (size_t k = extents.size(); k-- > 0; item *= extents[k]) steps[k] = item;
}

/// Extents of the selection: those before, the index's, those after.
int selection_extents(std::span<const int64_t> extents, const IndexSet& index, int64_t* out) {
  int n = 0;
  for (int k = 0; k < index.axis; ++k) out[n++] = extents[size_t(k)];
  for (int64_t e : index.extents) out[n++] = e;
  for (size_t k = size_t(index.axis) + index.positions.size(); k < extents.size(); ++k) out[n++] = extents[k];
  return n;
}

struct Gather {
  RowCopy copy;
  char* to;
  const char* from;
  bool takes_plain() const { return copy.is_item(); }
  void rows(int64_t array, int64_t other, const int64_t* arrays, const int64_t* others, int64_t n) const {
    copy.rows(to + other, others, from + array, arrays, n);
  }
  void plain(int64_t array, int64_t other, const PlainIndex& index, int64_t n) const {
    copy.gather_plain(to + other, from + array, index, n);
  }
};

struct Scatter {
  RowCopy copy;
  char* to;
  const char* from;
  bool takes_plain() const { return copy.is_item(); }
  void rows(int64_t array, int64_t other, const int64_t* arrays, const int64_t* others, int64_t n) const {
    copy.rows(to + array, arrays, from + other, others, n);
  }
  void plain(int64_t array, int64_t other, const PlainIndex& index, int64_t n) const {
    copy.scatter_plain(to + array, from + other, index, n);
  }
};

constexpr IndexRange kNoRange{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};

IndexRange widest(IndexRange a, IndexRange b) { return {std::min(a.least, b.least), std::max(a.most, b.most)}; }

/// Elements that follow one another, by eight.
__attribute__((target("avx2"))) IndexRange range_avx2(const int64_t* p, int64_t n) {
  const auto load = [](const int64_t* from) __attribute__((target("avx2"))) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  };
  __m256i least[2], most[2];
  for (int k = 0; k < 2; ++k) least[k] = most[k] = load(p + 4 * k);
  for (int64_t i = 8; i < n; i += 8) {
    const int64_t* const from = p + std::min(i, n - 8);
    for (int k = 0; k < 2; ++k) {
      const __m256i v = load(from + 4 * k);
      least[k] = _mm256_blendv_epi8(least[k], v, _mm256_cmpgt_epi64(least[k], v));
      most[k] = _mm256_blendv_epi8(most[k], v, _mm256_cmpgt_epi64(v, most[k]));
    }
  }
  IndexRange range = kNoRange;
  for (int k = 0; k < 2; ++k) {
    int64_t low[4], high[4];
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(low), least[k]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(high), most[k]);
    for (int lane = 0; lane < 4; ++lane) range = widest(range, {low[lane], high[lane]});
  }
  return range;
}

IndexRange range_of_run(const int64_t* p, int64_t step, int64_t n) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2 && step == 1 && n >= 8) return range_avx2(p, n);
  IndexRange a = kNoRange, b = kNoRange;  // two chains that do not wait for each other
  int64_t i = 0;
  for (; i + 2 <= n; i += 2, p += 2 * step) {
    const int64_t x = p[0], y = p[step];
    a = widest(a, {x, x});
    b = widest(b, {y, y});
  }
  if (i < n) a = widest(a, {*p, *p});
  return widest(a, b);
}

}  // namespace

void take(const TakeSource& source, int axis, const int64_t* indices, int64_t nindices, void* out) {
  const int64_t stride = 1;
  const IndexSet::Positions positions{indices, {&stride, 1}};
  gather(source, {{&nindices, 1}, {&positions, 1}, axis}, out);
}

void gather(const TakeSource& source, const IndexSet& index, void* out) {
  int64_t extents[2 * kMaxDims], steps[2 * kMaxDims];
  const size_t ndim = size_t(selection_extents(source.extents, index, extents));
  dense_steps({extents, ndim}, source.item_bytes, steps);
  const IndexWalk walk(source.extents, source.strides, source.item_bytes, index, {steps, ndim});
  const RowCopy copy(walk.row(), source.item_bytes, RowCopy::FromArray);
  walk.in_any_order(Gather{copy, static_cast<char*>(out), static_cast<const char*>(source.data)});
}

void scatter(const PutTarget& target, const IndexSet& index, const PutValues& values) {
  int64_t steps[2 * kMaxDims];
  for (size_t k = 0; k < values.strides.size(); ++k) steps[k] = values.strides[k] * target.item_bytes;
  const IndexWalk walk(target.extents, target.strides, target.item_bytes, index, {steps, values.strides.size()});
  const RowCopy copy(walk.row(), target.item_bytes, RowCopy::ToArray);
  walk.in_order(Scatter{copy, static_cast<char*>(target.data), static_cast<const char*>(values.data)});
}

IndexRange index_range(const int64_t* data, std::span<const int64_t> extents, std::span<const int64_t> strides) {
  constexpr int64_t kTask = 32 << 10;
  int64_t size = 1;
  for (int64_t e : extents) size *= e;
  const int64_t tasks = (size + kTask - 1) / kTask;
  std::vector<IndexRange> parts(size_t(tasks), kNoRange);
  parallel_for(tasks, num_threads(), [&](int64_t task, int) {
    IndexRange range = kNoRange;
    for_each_run(extents, strides, task * kTask, std::min(kTask, size - task * kTask),
                 [&](int64_t offset, int64_t step, int64_t n, int64_t) {
                   range = widest(range, range_of_run(data + offset, step, n));
                 });
    parts[size_t(task)] = range;
  });
  IndexRange all = kNoRange;
  for (const IndexRange& r : parts) all = widest(all, r);
  return all;
}

}  // namespace grumpy
