#include "device/cpu/mask_positions.h"

#include <immintrin.h>

#include <array>
#include <bit>

#include "device/cpu/mask_words.h"

namespace grumpy {
namespace {

/// Entry w: the places of the bits of w, a byte each, lowest first.
constexpr std::array<uint64_t, 256> make_places() {
  std::array<uint64_t, 256> places{};
  for (unsigned w = 0; w < 256; ++w) {
    int filled = 0;
    for (unsigned bit = 0; bit < 8; ++bit)
      if (w >> bit & 1) places[w] |= uint64_t(bit) << 8 * filled++;
  }
  return places;
}
constexpr std::array<uint64_t, 256> kPlaces = make_places();

int64_t* by_words(const char* m, int64_t n, int64_t first, int64_t* to, const int64_t* end) {
  return pack_words(m, n, [first](int64_t i) { return first + i; }, to, end);
}

/// Eight elements of the mask at a time, without a branch on how many of them are true.
__attribute__((target("avx2"))) int64_t* by_tables(const char* m, int64_t n, int64_t first, int64_t* to, const int64_t* end) {
  int64_t i = 0;
  for (; i + 8 <= n && end - to >= 8; i += 8) {
    const uint64_t truth = truth_at(m + i, 8);
    if (truth == 0) continue;
    const unsigned bits = unsigned(truth * 0x0102040810204080 >> 56);  // bit k: byte k
    const __m128i places = _mm_cvtsi64_si128(int64_t(kPlaces[bits]));
    const __m256i base = _mm256_set1_epi64x(first + i);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_add_epi64(base, _mm256_cvtepu8_epi64(places)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 4),
                        _mm256_add_epi64(base, _mm256_cvtepu8_epi64(_mm_srli_si128(places, 4))));
    to += count_word(truth);
  }
  return by_words(m + i, n - i, first + i, to, end);
}

}  // namespace

int64_t* pack_positions(const char* mask, int64_t n, int64_t first, int64_t* to, const int64_t* end) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  return has_avx2 ? by_tables(mask, n, first, to, end) : by_words(mask, n, first, to, end);
}

}  // namespace grumpy
