/// Masks eight elements at a time, in a machine word.
///
/// Threads: pure.
#pragma once
#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace grumpy {

inline constexpr uint64_t kMaskOnes = 0x0101010101010101;

/// 1 in every byte of the word that is not 0.
inline uint64_t truth_of(uint64_t word) {
  word |= word >> 4 & 0x0f0f0f0f0f0f0f0f;
  word |= word >> 2 & 0x3f3f3f3f3f3f3f3f;
  word |= word >> 1;
  return word & kMaskOnes;
}

/// truth_of the first eight of n elements.
inline uint64_t truth_at(const char* m, int64_t n) {
  uint64_t word = 0;
  std::memcpy(&word, m, size_t(std::min<int64_t>(8, n)));
  return truth_of(word);
}

inline int count_word(uint64_t truth) { return int(truth * kMaskOnes >> 56); }

/// Walks n elements: all(i) where all eight are true, some(i, truth) where some are, with 1 in every byte of
/// `truth` that stands for a true element.
template <class All, class Some> void for_each_word(const char* m, int64_t n, const All& all, const Some& some) {
  for (int64_t i = 0; i < n; i += 8) {
    const uint64_t truth = truth_at(m + i, n - i);
    if (truth == 0) continue;
    truth == kMaskOnes ? all(i) : some(i, truth);
  }
}

/// Positions of the true ones of n elements; how many there are.
inline int64_t list_true(const char* m, int64_t n, int32_t* positions) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i += 64) {
    uint64_t bits = 0;
    if (n - i >= 64) {
      for (int k = 0; k < 64; k += 16) {
        const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(m + i + k));
        bits |= uint64_t(uint16_t(~_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())))) << k;
      }
    } else {
      for (int64_t k = 0; k < n - i; ++k) bits |= uint64_t(m[i + k] != 0) << k;
    }
    for (; bits; bits &= bits - 1) positions[count++] = int32_t(i) + std::countr_zero(bits);
  }
  return count;
}

/// Whether a word of eight has so few true elements that going from one to the next is quicker.
inline bool is_sparse(uint64_t truth) {
  truth &= truth - 1;
  return (truth & (truth - 1)) == 0;
}

/// item(i) for the selected of n, one after the other from `to`; where they end. `end`: what lies from
/// there on belongs to others.
template <class Item, class Get> Item* pack_words(const char* m, int64_t n, const Get& item, Item* to, const Item* end) {
  for_each_word(m, n,
      [&](int64_t i) {
        for (int k = 0; k < 8; ++k) to[k] = item(i + k);
        to += 8;
      },
      [&](int64_t i, uint64_t truth) {
        if (end - to >= 8 && n - i >= 8 && !is_sparse(truth)) {  // without branches: masks are seldom predictable
          for (int k = 0; k < 8; ++k, truth >>= 8) {
            *to = item(i + k);
            to += truth & 1;
          }
        } else {
          for (; truth; truth &= truth - 1) *to++ = item(i + std::countr_zero(truth) / 8);
        }
      });
  return to;
}

}  // namespace grumpy
