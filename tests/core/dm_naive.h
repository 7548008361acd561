/* What several test programs need to know without asking the core: random numbers, and
   UTF-8 decoded in the plainest way. */
#ifndef DM_NAIVE_H
#define DM_NAIVE_H

#include <stddef.h>
#include <stdint.h>

/* splitmix64 (S. Vigna): any seed is good, the same everywhere. */
static inline uint64_t naive_random(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* 53 random bits as a number in [0, 1). */
static inline double naive_uniform(uint64_t *state) {
  return (double)(naive_random(state) >> 11) * 0x1p-53;
}

/* From 0 to n - 1; the small bias does not matter here. */
static inline size_t naive_below(uint64_t *state, size_t n) {
  return (size_t)(naive_random(state) % n);
}

/* The bytes of the character at s, 0 if there is none: decodes by the bit patterns of
   RFC 3629 section 3, then judges the number that came out. */
static inline size_t naive_utf8(const unsigned char *s, size_t len) {
  size_t n = len == 0          ? 0
             : s[0] >> 7 == 0  ? 1
             : s[0] >> 5 == 6  ? 2
             : s[0] >> 4 == 14 ? 3
             : s[0] >> 3 == 30 ? 4
                               : 0;
  if (n == 0 || n > len) {
    return 0;
  }
  static const uint32_t first_of[5] = {0, 0, 0x80, 0x800, 0x10000};
  uint32_t code_point = n == 1 ? s[0] : s[0] & (0xFFu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if (s[i] >> 6 != 2) {
      return 0;
    }
    code_point = code_point * 64 + s[i] % 64;
  }
  if (code_point < first_of[n] || code_point > 0x10FFFF ||
      (code_point >= 0xD800 && code_point <= 0xDFFF)) {
    return 0;
  }
  return n;
}

#endif
