#include "device/cpu/mask_pack.h"

#include <immintrin.h>

#include "device/cpu/item.h"
#include "device/cpu/mask_words.h"

namespace grumpy {
namespace {

struct Loops {
  int64_t (*count)(const char* mask, int64_t n);
  int64_t (*skip)(const char* mask, int64_t n, int64_t count);
  // by log2 of the item's bytes
  int64_t (*pack[5])(const char* mask, int64_t n, int64_t count, const char* from, char*& to, char* end);
};

// ---- for every CPU

int64_t count_plain(const char* m, int64_t n) {
  typedef uint8_t Lanes [[gnu::vector_size(16)]];
  constexpr int64_t kMost = 255 * 16;  // a lane counts to 255
  int64_t count = 0, i = 0;
  while (i + 16 <= n) {
    Lanes lanes{};  // minus how many were true
    for (const int64_t end = std::min(n - 15, i + kMost); i < end; i += 16) {
      Lanes a;
      std::memcpy(&a, m + i, 16);
      lanes += Lanes(a != 0);
    }
    for (int k = 0; k < 16; ++k) count += uint8_t(-lanes[k]);
  }
  for (; i < n; ++i) count += m[i] != 0;
  return count;
}

/// Behind the n-th true element of a word that has so many.
int64_t within_word(uint64_t truth, int64_t n) {
  for (; n > 1; --n) truth &= truth - 1;
  return std::countr_zero(truth) / 8 + 1;
}

int64_t skip_plain(const char* m, int64_t n, int64_t count) {
  constexpr int64_t kStride = 256;
  int64_t i = 0;
  for (; i + kStride <= n && count >= kStride; i += kStride) count -= count_plain(m + i, kStride);
  for (; i < n && count > 0; i += 8) {
    const uint64_t truth = truth_at(m + i, n - i);
    const int here = count_word(truth);
    if (here >= count) return i + within_word(truth, count);
    count -= here;
  }
  return std::min(i, n);
}

template <class Item>
int64_t pack_plain(const char* m, int64_t n, int64_t count, const char* from, char*& to, char* end) {
  const int64_t used = count < n ? skip_plain(m, n, count) : n;
  const Item* const items = reinterpret_cast<const Item*>(from);
  to = reinterpret_cast<char*>(pack_words(m, used, [items](int64_t i) { return items[i]; }, reinterpret_cast<Item*>(to),
                                          reinterpret_cast<const Item*>(end)));
  return used;
}

// ---- 64 elements of the mask as bits of a word

#define GRUMPY_AVX2 __attribute__((target("avx2,popcnt,bmi,bmi2")))
#define GRUMPY_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,popcnt,bmi,bmi2")))
#define GRUMPY_VBMI2 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi2,popcnt,bmi,bmi2")))

GRUMPY_AVX2 inline uint64_t bits_at(const char* m, int64_t n) {
  char few[64];
  if (n < 64) {
    std::memset(few, 0, 64);
    std::memcpy(few, m, size_t(n));
    m = few;
  }
  const __m256i zero = _mm256_setzero_si256();
  const auto* at = reinterpret_cast<const __m256i*>(m);
  const auto low = uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(at), zero)));
  const auto high = uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(at + 1), zero)));
  return ~(uint64_t(high) << 32 | low);
}

GRUMPY_AVX2 int64_t count_bits(const char* m, int64_t n) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i += 64) count += __builtin_popcountll(bits_at(m + i, n - i));
  return count;
}

/// Which bit is the count-th, count > 0, of a word that has so many.
GRUMPY_AVX2 inline int nth_bit(uint64_t bits, int64_t count) {
  return __builtin_ctzll(_pdep_u64(uint64_t{1} << (count - 1), bits));
}

GRUMPY_AVX2 int64_t skip_bits(const char* m, int64_t n, int64_t count) {
  int64_t i = 0;
  for (; i < n && count > 0; i += 64) {
    const uint64_t bits = bits_at(m + i, n - i);
    const int here = __builtin_popcountll(bits);
    if (here >= count) return i + nth_bit(bits, count) + 1;
    count -= here;
  }
  return std::min(i, n);
}

/// So few of 64 that going from one to the next is quicker than vectors.
constexpr int kFewBits = 6;

template <class Item> GRUMPY_AVX2 inline char* pack_each(uint64_t bits, const char* from, char* to) {
  for (; bits; bits &= bits - 1, to += sizeof(Item))
    std::memcpy(to, from + __builtin_ctzll(bits) * int64_t(sizeof(Item)), sizeof(Item));
  return to;
}

/// Walks the mask; Pack::run(bits, from, to) packs 64 elements, all of which may be read and have room.
template <class Item, class Pack>
GRUMPY_AVX2 int64_t walk_bits(const char* m, int64_t n, int64_t count, const char* from, char*& to, char* end) {
  if (count <= 0) return 0;
  char* at = to;
  int64_t used = n;
  for (int64_t i = 0; i < n; i += 64, from += 64 * sizeof(Item)) {
    uint64_t bits = bits_at(m + i, n - i);
    const int here = __builtin_popcountll(bits);
    const bool is_last = here >= count;
    if (is_last) {
      const int last = nth_bit(bits, count);
      bits &= ~uint64_t{0} >> (63 - last);
      used = i + last + 1;
    }
    if (here <= kFewBits || n - i < 64 || end - at < int64_t(64 * sizeof(Item))) at = pack_each<Item>(bits, from, at);
    else at = Pack::run(bits, from, at);
    if (is_last) break;
    count -= here;
  }
  to = at;
  return used;
}

/// For every set of eight lanes: which they are, from the first on.
struct LaneTable {
  uint8_t lanes[256][8] = {};
  constexpr LaneTable() {
    for (int set = 0; set < 256; ++set)
      for (int lane = 0, n = 0; lane < 8; ++lane)
        if (set >> lane & 1) lanes[set][n++] = uint8_t(lane);
  }
};
/// The same of four lanes of two words each.
struct PairTable {
  uint8_t words[16][8] = {};
  constexpr PairTable() {
    for (int set = 0; set < 16; ++set)
      for (int lane = 0, n = 0; lane < 4; ++lane)
        if (set >> lane & 1) {
          words[set][n++] = uint8_t(2 * lane);
          words[set][n++] = uint8_t(2 * lane + 1);
        }
  }
};
constexpr LaneTable kLaneTable;
constexpr PairTable kPairTable;

GRUMPY_AVX2 inline void permute_words(const uint8_t* order, const char* from, char* to) {
  const __m256i lanes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(order)));
  const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permutevar8x32_epi32(words, lanes));
}

struct Pack8Avx2 {
  GRUMPY_AVX2 static char* run(uint64_t bits, const char* from, char* to) {
    for (int k = 0; k < 16; ++k, bits >>= 4) {
      permute_words(kPairTable.words[bits & 15], from + k * 32, to);
      to += 8 * __builtin_popcount(unsigned(bits & 15));
    }
    return to;
  }
};
struct Pack4Avx2 {
  GRUMPY_AVX2 static char* run(uint64_t bits, const char* from, char* to) {
    for (int k = 0; k < 8; ++k, bits >>= 8) {
      permute_words(kLaneTable.lanes[bits & 255], from + k * 32, to);
      to += 4 * __builtin_popcount(unsigned(bits & 255));
    }
    return to;
  }
};
struct Pack8Avx512 {
  GRUMPY_AVX512 static char* run(uint64_t bits, const char* from, char* to) {
    for (int k = 0; k < 8; ++k, bits >>= 8) {
      _mm512_storeu_si512(to, _mm512_maskz_compress_epi64(__mmask8(bits), _mm512_loadu_si512(from + k * 64)));
      to += 8 * __builtin_popcount(unsigned(bits & 0xff));
    }
    return to;
  }
};
struct Pack4Avx512 {
  GRUMPY_AVX512 static char* run(uint64_t bits, const char* from, char* to) {
    for (int k = 0; k < 4; ++k, bits >>= 16) {
      _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(__mmask16(bits), _mm512_loadu_si512(from + k * 64)));
      to += 4 * __builtin_popcount(unsigned(bits & 0xffff));
    }
    return to;
  }
};
struct Pack2Vbmi2 {
  GRUMPY_VBMI2 static char* run(uint64_t bits, const char* from, char* to) {
    for (int k = 0; k < 2; ++k, bits >>= 32) {
      _mm512_storeu_si512(to, _mm512_maskz_compress_epi16(__mmask32(bits), _mm512_loadu_si512(from + k * 64)));
      to += 2 * __builtin_popcount(unsigned(bits & 0xffffffff));
    }
    return to;
  }
};
struct Pack1Vbmi2 {
  GRUMPY_VBMI2 static char* run(uint64_t bits, const char* from, char* to) {
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(from)));
    return to + __builtin_popcountll(bits);
  }
};

Loops loops_of_this_cpu() {
  Loops loops{count_plain, skip_plain,
              {pack_plain<uint8_t>, pack_plain<uint16_t>, pack_plain<uint32_t>, pack_plain<uint64_t>, pack_plain<Bytes16>}};
  if (!__builtin_cpu_supports("x86-64-v3")) return loops;
  loops.count = count_bits;
  loops.skip = skip_bits;
  loops.pack[2] = walk_bits<uint32_t, Pack4Avx2>;
  loops.pack[3] = walk_bits<uint64_t, Pack8Avx2>;
  if (!__builtin_cpu_supports("x86-64-v4")) return loops;
  loops.pack[2] = walk_bits<uint32_t, Pack4Avx512>;
  loops.pack[3] = walk_bits<uint64_t, Pack8Avx512>;
  if (!__builtin_cpu_supports("avx512vbmi2")) return loops;
  loops.pack[0] = walk_bits<uint8_t, Pack1Vbmi2>;
  loops.pack[1] = walk_bits<uint16_t, Pack2Vbmi2>;
  return loops;
}

const Loops& loops() {
  static const Loops chosen = loops_of_this_cpu();
  return chosen;
}

void copy_row(char* to, const char* from, int64_t row_bytes) {
  int64_t at = 0;
  for (; at + 16 <= row_bytes; at += 16)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at)));
  std::memcpy(to + at, from + at, size_t(row_bytes - at));
}

}  // namespace

int64_t count_run(const char* mask, int64_t n) { return loops().count(mask, n); }
int64_t skip_run(const char* mask, int64_t n, int64_t count) { return loops().skip(mask, n, count); }
int64_t pack_run(int64_t item_bytes, const char* mask, int64_t n, int64_t count, const char* from, char*& to, char* end) {
  return loops().pack[std::countr_zero(uint64_t(item_bytes))](mask, n, count, from, to, end);
}

int64_t pack_rows(int64_t row_bytes, const char* mask, int64_t n, int64_t count, const char* from, char* to) {
  constexpr int64_t kAtOnce = 1024, kAhead = 16;  // rows that are selected seldom follow one another: they are asked for early
  int32_t places[kAtOnce];
  for (int64_t first = 0; first < n; first += kAtOnce) {
    const int64_t here = std::min(count, list_true(mask + first, std::min(kAtOnce, n - first), places));
    const char* const rows = from + first * row_bytes;
    for (int64_t i = 0; i < here; ++i, to += row_bytes) {
      const char* const next = rows + places[std::min(i + kAhead, here - 1)] * row_bytes;
      for (int64_t line = 0; line < row_bytes; line += 64) __builtin_prefetch(next + line);
      copy_row(to, rows + places[i] * row_bytes, row_bytes);
    }
    count -= here;
    if (count == 0) return here ? first + places[here - 1] + 1 : first;
  }
  return n;
}

}  // namespace grumpy
