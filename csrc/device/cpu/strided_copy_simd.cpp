#include "device/cpu/strided_copy_simd.h"

#include <immintrin.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "device/cpu/item.h"
#include "device/cpu/strided_copy.h"

namespace grumpy {
namespace {

template <class T> T load(const char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

/// Any part of a tile, element by element.
template <class T>
void transpose_part(char* to, int64_t ts, const char* from, int64_t fs, int64_t rows, int64_t cols) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) {
      const T v = load<T>(from + c * fs + r * int64_t(sizeof(T)));
      std::memcpy(to + r * ts + c * int64_t(sizeof(T)), &v, sizeof v);
    }
}

/// 4 x 4 of 8 bytes in SSE2, which every x86-64 has: two loads and two stores a row.
void transpose_4x4_8(char* to, int64_t ts, const char* from, int64_t fs) {
  for (int half = 0; half < 2; ++half) {
    const char* f = from + half * 16;
    const __m128d a = _mm_loadu_pd(reinterpret_cast<const double*>(f));
    const __m128d b = _mm_loadu_pd(reinterpret_cast<const double*>(f + fs));
    const __m128d c = _mm_loadu_pd(reinterpret_cast<const double*>(f + 2 * fs));
    const __m128d d = _mm_loadu_pd(reinterpret_cast<const double*>(f + 3 * fs));
    char* t = to + half * 2 * ts;
    _mm_storeu_pd(reinterpret_cast<double*>(t), _mm_unpacklo_pd(a, b));
    _mm_storeu_pd(reinterpret_cast<double*>(t + 16), _mm_unpacklo_pd(c, d));
    _mm_storeu_pd(reinterpret_cast<double*>(t + ts), _mm_unpackhi_pd(a, b));
    _mm_storeu_pd(reinterpret_cast<double*>(t + ts + 16), _mm_unpackhi_pd(c, d));
  }
}

void transpose_4x4_4(char* to, int64_t ts, const char* from, int64_t fs) {
  __m128 a = _mm_loadu_ps(reinterpret_cast<const float*>(from));
  __m128 b = _mm_loadu_ps(reinterpret_cast<const float*>(from + fs));
  __m128 c = _mm_loadu_ps(reinterpret_cast<const float*>(from + 2 * fs));
  __m128 d = _mm_loadu_ps(reinterpret_cast<const float*>(from + 3 * fs));
  _MM_TRANSPOSE4_PS(a, b, c, d);
  _mm_storeu_ps(reinterpret_cast<float*>(to), a);
  _mm_storeu_ps(reinterpret_cast<float*>(to + ts), b);
  _mm_storeu_ps(reinterpret_cast<float*>(to + 2 * ts), c);
  _mm_storeu_ps(reinterpret_cast<float*>(to + 3 * ts), d);
}

/// One tile. The side with the larger steps is done a line at a time: lines that lie a power of two
/// apart share few places in the caches and would not be there the next time.
template <class T, void (*kSquare)(char*, int64_t, const char*, int64_t)>
void transpose_tile(char* to, int64_t ts, const char* from, int64_t fs, int64_t rows, int64_t cols) {
  constexpr int64_t size = sizeof(T);
  const int64_t r4 = rows & ~int64_t(3), c4 = cols & ~int64_t(3);
  if (std::abs(fs) > std::abs(ts)) {
    for (int64_t c = 0; c < c4; c += 4)
      for (int64_t r = 0; r < r4; r += 4) kSquare(to + r * ts + c * size, ts, from + c * fs + r * size, fs);
  } else {
    for (int64_t r = 0; r < r4; r += 4)
      for (int64_t c = 0; c < c4; c += 4) kSquare(to + r * ts + c * size, ts, from + c * fs + r * size, fs);
  }
  if (c4 < cols) transpose_part<T>(to + c4 * size, ts, from + c4 * fs, fs, r4, cols - c4);
  if (r4 < rows) transpose_part<T>(to + r4 * ts, ts, from + r4 * size, fs, rows - r4, cols);
}

#define GRUMPY_AVX2 __attribute__((target("avx2")))

const bool has_avx2 = __builtin_cpu_supports("avx2");

GRUMPY_AVX2 inline void transpose_4x4_8_avx2(char* to, int64_t ts, const char* from, int64_t fs) {
  const __m256d a = _mm256_loadu_pd(reinterpret_cast<const double*>(from));
  const __m256d b = _mm256_loadu_pd(reinterpret_cast<const double*>(from + fs));
  const __m256d c = _mm256_loadu_pd(reinterpret_cast<const double*>(from + 2 * fs));
  const __m256d d = _mm256_loadu_pd(reinterpret_cast<const double*>(from + 3 * fs));
  const __m256d ab0 = _mm256_unpacklo_pd(a, b), ab1 = _mm256_unpackhi_pd(a, b);
  const __m256d cd0 = _mm256_unpacklo_pd(c, d), cd1 = _mm256_unpackhi_pd(c, d);
  _mm256_storeu_pd(reinterpret_cast<double*>(to), _mm256_permute2f128_pd(ab0, cd0, 0x20));
  _mm256_storeu_pd(reinterpret_cast<double*>(to + ts), _mm256_permute2f128_pd(ab1, cd1, 0x20));
  _mm256_storeu_pd(reinterpret_cast<double*>(to + 2 * ts), _mm256_permute2f128_pd(ab0, cd0, 0x31));
  _mm256_storeu_pd(reinterpret_cast<double*>(to + 3 * ts), _mm256_permute2f128_pd(ab1, cd1, 0x31));
}

/// transpose_tile of 8 bytes.
GRUMPY_AVX2 void transpose_tile_8_avx2(char* to, int64_t ts, const char* from, int64_t fs, int64_t rows, int64_t cols) {
  const int64_t r4 = rows & ~int64_t(3), c4 = cols & ~int64_t(3);
  if (std::abs(fs) > std::abs(ts)) {
    for (int64_t c = 0; c < c4; c += 4)
      for (int64_t r = 0; r < r4; r += 4) transpose_4x4_8_avx2(to + r * ts + c * 8, ts, from + c * fs + r * 8, fs);
  } else {
    for (int64_t r = 0; r < r4; r += 4)
      for (int64_t c = 0; c < c4; c += 4) transpose_4x4_8_avx2(to + r * ts + c * 8, ts, from + c * fs + r * 8, fs);
  }
  if (c4 < cols) transpose_part<uint64_t>(to + c4 * 8, ts, from + c4 * fs, fs, r4, cols - c4);
  if (r4 < rows) transpose_part<uint64_t>(to + r4 * ts, ts, from + r4 * 8, fs, rows - r4, cols);
}

template <class F>
void for_tiles(int64_t rows, int64_t cols, int64_t side, F f) {
  for (int64_t r = 0; r < rows; r += side)
    for (int64_t c = 0; c < cols; c += side) f(r, c, std::min(side, rows - r), std::min(side, cols - c));
}

}  // namespace

void transpose_tiles(char* to, int64_t ts, const char* from, int64_t fs, int64_t rows, int64_t cols, int item) {
  const int64_t side = std::max<int64_t>(4, 128 / item);
  for_tiles(rows, cols, side, [&](int64_t r, int64_t c, int64_t nr, int64_t nc) {
    char* t = to + r * ts + c * item;
    const char* f = from + c * fs + r * item;
    switch (item) {
      case 1: return transpose_part<uint8_t>(t, ts, f, fs, nr, nc);
      case 2: return transpose_part<uint16_t>(t, ts, f, fs, nr, nc);
      case 4: return transpose_tile<uint32_t, transpose_4x4_4>(t, ts, f, fs, nr, nc);
      case 8: return has_avx2 ? transpose_tile_8_avx2(t, ts, f, fs, nr, nc)
                              : transpose_tile<uint64_t, transpose_4x4_8>(t, ts, f, fs, nr, nc);
      default: return transpose_part<Bytes16>(t, ts, f, fs, nr, nc);
    }
  });
}

namespace {

__m128i load16(const char* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }

/// 16 bytes of every second element, from 32 bytes.
__m128i every_second(const char* from, int item) {
  const __m128i a = load16(from), b = load16(from + 16);
  if (item == 1) {
    const __m128i even = _mm_set1_epi16(0xff);
    return _mm_packus_epi16(_mm_and_si128(a, even), _mm_and_si128(b, even));
  }
  if (item == 2)  // sign-extended, so that packing saturates nothing
    return _mm_packs_epi32(_mm_srai_epi32(_mm_slli_epi32(a, 16), 16), _mm_srai_epi32(_mm_slli_epi32(b, 16), 16));
  if (item == 4) return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), 0x88));
  return _mm_unpacklo_epi64(a, b);
}

template <int item> int64_t pack_second(char* to, const char* from, int64_t n) {
  constexpr int64_t kAtOnce = 16 / item;
  int64_t i = 0;
  for (; i + 2 * kAtOnce < n; i += 2 * kAtOnce, from += 64, to += 32) {
    const __m128i a = every_second(from, item), b = every_second(from + 32, item);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), a);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), b);
  }
  return i;
}

GRUMPY_AVX2 inline __m256i load32(const char* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
GRUMPY_AVX2 inline void store32(char* p, __m256i v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }

/// As pack_second, of 4 or 8 bytes.
template <int item> GRUMPY_AVX2 int64_t pack_second_avx2(char* to, const char* from, int64_t n) {
  constexpr int64_t kAtOnce = 32 / item;
  int64_t i = 0;
  for (; i + kAtOnce < n; i += kAtOnce, from += 64, to += 32) {
    const __m256i a = load32(from), b = load32(from + 32);
    const __m256i both = item == 8 ? _mm256_unpacklo_epi64(a, b)
                                   : _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x88));
    store32(to, _mm256_permute4x64_epi64(both, 0xd8));
  }
  return i;
}

/// 32 bytes of elements, the last one first.
template <int item> GRUMPY_AVX2 inline __m256i reversed(__m256i v) {
  if constexpr (item == 8) return _mm256_permute4x64_epi64(v, 0x1b);
  if constexpr (item == 4) return _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0));
  const __m256i places = item == 1 ? _mm256_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12,
                                                      11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
                                   : _mm256_setr_epi8(14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1, 14, 15, 12, 13,
                                                      10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1);
  return _mm256_permute4x64_epi64(_mm256_shuffle_epi8(v, places), 0x4e);
}

template <int item> GRUMPY_AVX2 int64_t reverse_avx2(char* to, const char* from, int64_t n) {
  constexpr int64_t kAtOnce = 32 / item;
  int64_t i = 0;
  for (; i + kAtOnce <= n; i += kAtOnce) store32(to + i * item, reversed<item>(load32(from - (i + kAtOnce - 1) * item)));
  return i;
}

}  // namespace

int64_t copy_reversed(char* to, const char* from, int64_t n, int item) {
  if (!has_avx2) return 0;
  switch (item) {
    case 1: return reverse_avx2<1>(to, from, n);
    case 2: return reverse_avx2<2>(to, from, n);
    case 4: return reverse_avx2<4>(to, from, n);
    case 8: return reverse_avx2<8>(to, from, n);
    default: return 0;
  }
}

int64_t pack_every_second(char* to, const char* from, int64_t n, int item) {
  switch (item) {
    case 1: return pack_second<1>(to, from, n);
    case 2: return pack_second<2>(to, from, n);
    case 4: return has_avx2 ? pack_second_avx2<4>(to, from, n) : pack_second<4>(to, from, n);
    case 8: return has_avx2 ? pack_second_avx2<8>(to, from, n) : pack_second<8>(to, from, n);
    default: return 0;
  }
}

void copy_bytes(void* to, const void* from, int64_t nbytes) {
  constexpr uintptr_t kPage = 4096;
  constexpr int64_t kByInstruction = 1024;  // the C library copies less by plain loads and stores
  const uintptr_t ahead = (reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from)) % kPage;
  if (nbytes < kByInstruction || ahead == 0 || ahead >= 64) {
    std::memcpy(to, from, size_t(nbytes));
    return;
  }
  char* t = static_cast<char*>(to);
  const char* f = static_cast<const char*>(from);
  int64_t at = 0;
  for (; at + 64 <= nbytes; at += 64) {
    __m128i line[4];
    for (int k = 0; k < 4; ++k) line[k] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(f + at + 16 * k));
    for (int k = 0; k < 4; ++k) _mm_storeu_si128(reinterpret_cast<__m128i*>(t + at + 16 * k), line[k]);
  }
  std::memcpy(t + at, f + at, size_t(nbytes - at));
}

void stream_copy(char* to, const char* from, int64_t nbytes) {
  const int64_t head = std::min<int64_t>(nbytes, int64_t(-reinterpret_cast<intptr_t>(to) & 63));
  std::memcpy(to, from, size_t(head));
  int64_t at = head;
  for (; at + 64 <= nbytes; at += 64) {  // whole lines, or the write buffers are flushed half full
    for (int k = 0; k < 64; k += 16)
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + at + k),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at + k)));
  }
  std::memcpy(to + at, from + at, size_t(nbytes - at));
}

void stream_fence() { _mm_sfence(); }

}  // namespace grumpy
