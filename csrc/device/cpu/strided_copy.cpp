#include "device/cpu/strided_copy.h"

#include <algorithm>
#include <cstring>

#include "base/shape.h"
#include "device/cpu/item.h"
#include "device/cpu/strided_copy_simd.h"

namespace grumpy {
namespace {

template <class T> T load(const char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T> void store(char* p, T v) { std::memcpy(p, &v, sizeof v); }

template <class T> void fill_run(char* to, T v, int64_t n) {
  constexpr int64_t size = sizeof(T), per_line = 64 / size;
  if constexpr (size == 1) {
    std::memset(to, v, size_t(n));
    return;
  }
  int64_t i = 0;
  if (n >= per_line) {
    alignas(64) char line[64];
    for (int64_t k = 0; k < per_line; ++k) store(line + k * size, v);
    for (; i + per_line <= n; i += per_line) std::memcpy(to + i * size, line, 64);
  }
  for (; i < n; ++i) store(to + i * size, v);
}

/// One by one, any steps.
template <class T> inline void copy_each(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t n) {
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const T a = load<T>(from), b = load<T>(from + from_step), c = load<T>(from + 2 * from_step), d = load<T>(from + 3 * from_step);
    store(to, a), store(to + to_step, b), store(to + 2 * to_step, c), store(to + 3 * to_step, d);
    from += 4 * from_step, to += 4 * to_step;
  }
  for (; i < n; ++i, from += from_step, to += to_step) store(to, load<T>(from));
}

template <class T> void copy_run(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t n) {
  constexpr int64_t size = sizeof(T);
  if (to_step == size && from_step == size) {
    copy_bytes(to, from, n * int64_t(size));
  } else if (from_step == 0 && to_step == size) {
    fill_run(to, load<T>(from), n);
  } else if (to_step == size) {
    const int64_t i = from_step == 2 * size ? pack_every_second(to, from, n, int(size))
                      : from_step == -size  ? copy_reversed(to, from, n, int(size)) : 0;
    copy_each<T>(to + i * size, size, from + i * from_step, from_step, n - i);
  } else {
    copy_each<T>(to, to_step, from, from_step, n);
  }
}

/// Rows of kCols elements, side by side at the destination.
template <class T, int kCols>
void pack_rows(char* to, const char* from, Steps2 fs, int64_t rows) {
  for (int64_t r = 0; r < rows; ++r, to += kCols * sizeof(T), from += fs.row)
    for (int64_t c = 0; c < kCols; ++c) store(to + c * int64_t(sizeof(T)), load<T>(from + c * fs.col));
}

/// One element per row, repeated kCols times at the destination.
template <class T, int kCols>
void repeat_each(char* to, int64_t to_row, const char* from, int64_t from_row, int64_t rows) {
  for (int64_t r = 0; r < rows; ++r, to += to_row, from += from_row) {
    const T v = load<T>(from);
    for (int c = 0; c < kCols; ++c) store(to + c * int64_t(sizeof(T)), v);
  }
}

/// Rows too short for a call each.
template <class T>
void copy_short_rows(char* to, Steps2 ts, const char* from, Steps2 fs, int64_t rows, int64_t cols) {
  constexpr int64_t size = sizeof(T);
  if (ts.col == size && ts.row == cols * size) {
    if (cols == 2) return pack_rows<T, 2>(to, from, fs, rows);
    if (cols == 3) return pack_rows<T, 3>(to, from, fs, rows);
    if (cols == 4) return pack_rows<T, 4>(to, from, fs, rows);
  }
  if (fs.col == 0 && ts.col == size && cols >= 4) {
    if (cols == 4) return repeat_each<T, 4>(to, ts.row, from, fs.row, rows);
    if (cols == 8) return repeat_each<T, 8>(to, ts.row, from, fs.row, rows);
    if (cols * size == 16) return repeat_each<T, 16 / size>(to, ts.row, from, fs.row, rows);
    if (cols * size == 32) return repeat_each<T, 32 / size>(to, ts.row, from, fs.row, rows);
    for (int64_t r = 0; r < rows; ++r, to += ts.row, from += fs.row) fill_run(to, load<T>(from), cols);
    return;
  }
  for (int64_t r = 0; r < rows; ++r, to += ts.row, from += fs.row) {
    const char* f = from;
    char* t = to;
    for (int64_t c = 0; c < cols; ++c, f += fs.col, t += ts.col) store(t, load<T>(f));
  }
}

}  // namespace

void copy_strided(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t n, int item) {
  with_item(item, [&](auto t) { copy_run<decltype(t)>(to, to_step, from, from_step, n); });
}

void fill_elements(char* to, const char* element, int64_t n, int item) {
  with_item(item, [&](auto t) { copy_run<decltype(t)>(to, item, element, 0, n); });
}

void copy_matrix(char* to, Steps2 ts, const char* from, Steps2 fs, int64_t rows, int64_t cols, int item) {
  if (rows <= 0 || cols <= 0) return;
  if (ts.col == item && fs.col == item) {
    if (ts.row == cols * item && fs.row == cols * item) {
      copy_bytes(to, from, rows * cols * item);
      return;
    }
    if (cols * item >= 64) {
      for (int64_t r = 0; r < rows; ++r) copy_bytes(to + r * ts.row, from + r * fs.row, cols * item);
      return;
    }
  } else if (rows >= 4 && cols >= 4 && fs.col != 0 && fs.row != 0) {
    // Unit steps on different axes: a transpose. Seen from the destination's unit axis.
    if (ts.col == item && fs.row == item) return transpose_tiles(to, ts.row, from, fs.col, rows, cols, item);
    if (ts.row == item && fs.col == item) return transpose_tiles(to, ts.col, from, fs.row, cols, rows, item);
  }
  with_item(item, [&](auto t) {
    using T = decltype(t);
    if (cols < 16 || (cols <= 32 && fs.col == 0)) return copy_short_rows<T>(to, ts, from, fs, rows, cols);
    for (int64_t r = 0; r < rows; ++r) copy_run<T>(to + r * ts.row, ts.col, from + r * fs.row, fs.col, cols);
  });
}

namespace {

/// Cuts a range into rows and matrices: f(address, row step, column step, rows, cols, done).
template <class F> void for_matrices(char* origin, const StridedRange& range, int64_t n, F f) {
  const int last = range.ndim - 1;
  int64_t index[kMaxDims + 2];
  char* row = origin;
  for (int k = 0; k < last; ++k) {
    index[k] = range.index[k];
    row += index[k] * range.steps[k];
  }
  int64_t at = range.index[last];
  const int64_t width = range.extents[last], step = range.steps[last];
  const int64_t row_step = last > 0 ? range.steps[last - 1] : 0;
  const int64_t height = last > 0 ? range.extents[last - 1] : 1;
  for (int64_t done = 0; done < n;) {
    int64_t rows = 1, cols = std::min(width - at, n - done);
    if (at == 0 && cols == width && last > 0) rows = std::min(height - index[last - 1], (n - done) / width);
    f(row + at * step, row_step, step, rows, cols, done);
    done += rows * cols;
    if (at + cols < width) return;  // the range ends inside this row
    at = 0;
    if (last == 0) return;
    index[last - 1] += rows;
    row += rows * row_step;
    for (int k = last - 1; k > 0 && index[k] == range.extents[k]; --k) {
      index[k] = 0;
      row += range.steps[k - 1] - range.extents[k] * range.steps[k];
      ++index[k - 1];
    }
  }
}

}  // namespace

void gather_range(char* to, const char* origin, const StridedRange& range, int64_t n, int item) {
  for_matrices(const_cast<char*>(origin), range, n,
               [&](const char* from, int64_t row_step, int64_t step, int64_t rows, int64_t cols, int64_t done) {
                 copy_matrix(to + done * item, {cols * item, item}, from, {row_step, step}, rows, cols, item);
               });
}

void scatter_range(char* origin, const StridedRange& range, const char* from, int64_t n, int item) {
  for_matrices(origin, range, n,
               [&](char* to, int64_t row_step, int64_t step, int64_t rows, int64_t cols, int64_t done) {
                 copy_matrix(to, {row_step, step}, from + done * item, {cols * item, item}, rows, cols, item);
               });
}

}  // namespace grumpy
