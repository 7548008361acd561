/* Passing over many bytes at a time: sixteen where the processor surely can, else eight.
   No function knows where the text ends, so DM_SCAN_PAD bytes behind it must be
   readable, the first of which it stops at. */
#ifndef DM_SCAN_H
#define DM_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__ /* every x86-64 */
#include <emmintrin.h>
#endif

#include "base/dm_error.h"

enum { DM_SCAN_PAD = 32 };

static inline bool dm_is_digit(char c) {
  return (unsigned char)(c - '0') < 10;
}

/* The word whose bytes in memory are those of this one, lowest first; and back. */
static inline uint64_t dm_in_memory(uint64_t word) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

/* The first byte lowest. */
static inline uint64_t dm_load8(const char *p) {
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return dm_in_memory(word);
}

/* How many of the 8 bytes (first byte lowest) are digits before the first other one. */
static inline unsigned dm_leading_digits(uint64_t word) {
  uint64_t x = word ^ 0x3030303030303030u; /* digits become 0 to 9 */
  /* a byte above 9 gets its high nibble set; no carry leaves a byte that has it clear */
  uint64_t odd = ((x + 0x7676767676767676u) | x) & 0x8080808080808080u;
  return odd ? (unsigned)__builtin_ctzll(odd) / 8 : 8;
}

/* The value of 8 bytes from 0 to 9: pairs, then fours, then all. A factor such as
   10 * 256 + 1 adds ten times a part to the next one, which the shift brings down. */
static inline uint32_t dm_eight_values(uint64_t word) {
  word = word * (10 << 8 | 1) >> 8;
  word = (word & 0x00FF00FF00FF00FFu) * (100 << 16 | 1) >> 16;
  return (uint32_t)((word & 0x0000FFFF0000FFFFu) * (UINT64_C(10000) << 32 | 1) >> 32);
}

/* The value of 8 digits. */
static inline uint32_t dm_eight_digits(uint64_t word) {
  return dm_eight_values(word ^ 0x3030303030303030u);
}

/* The value of the first n < 8 digits of the word, whatever stands behind them. */
static inline uint32_t dm_few_digits(uint64_t word, unsigned n) {
  /* the digits move to the top, zeros fill the bottom; in two steps, since no shift
     takes 64 bits */
  return dm_eight_values((word ^ 0x3030303030303030u) << 8 << (56 - 8 * n));
}

/* How many digits there are. That a run of sixteen or eight goes on is guessed by the
   processor, which works on behind it meanwhile; only the place of the end has to be
   waited for, and a word of eight gives that soonest. */
static inline size_t dm_count_digits(const char *p) {
  size_t n = 0;
#ifdef __SSE2__
  __m128i above = _mm_sub_epi8(_mm_loadu_si128((const void *)p), _mm_set1_epi8('0'));
  __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(9)), above);
  unsigned others = (unsigned)_mm_movemask_epi8(is_digit) ^ 0xFFFF;
  if (others) {
    return (unsigned)__builtin_ctz(others);
  }
  n = 16;
#endif
  unsigned more;
  while ((more = dm_leading_digits(dm_load8(p + n))) == 8) {
    n += 8;
  }
  return n + more;
}

/* The first byte that is no digit. */
static inline const char *dm_pass_digits(const char *p) {
  return p + dm_count_digits(p);
}

/* The first byte of a string that is not simply a character of ASCII: the quote, a
   backslash, a control character or a byte from 0x80 on. */
static inline const char *dm_pass_plain_text(const char *p, char quote) {
#ifdef __SSE2__
  const __m128i quotes = _mm_set1_epi8(quote);
  const __m128i backslashes = _mm_set1_epi8('\\');
  const __m128i spaces = _mm_set1_epi8(' ');
  for (;; p += 16) {
    __m128i text = _mm_loadu_si128((const void *)p);
    __m128i is_special = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(text, quotes), _mm_cmpeq_epi8(text, backslashes)),
        _mm_cmplt_epi8(text, spaces)); /* signed: also from 0x80 on */
    int special = _mm_movemask_epi8(is_special);
    if (special) {
      return p + __builtin_ctz((unsigned)special);
    }
  }
#else
  const uint64_t ones = 0x0101010101010101u;
  const uint64_t quotes = ones * (unsigned char)quote;
  for (;; p += 8) {
    uint64_t text = dm_load8(p);
    uint64_t is_quote = text ^ quotes;
    uint64_t is_escape = text ^ (ones * '\\');
    /* the high bit of each special byte up to the first; behind it some may be wrong */
    uint64_t special =
        (((is_quote - ones) & ~is_quote) | ((is_escape - ones) & ~is_escape) |
         ((text - ones * ' ') & ~text) | text) &
        (ones * 0x80);
    if (special) {
      return p + __builtin_ctzll(special) / 8;
    }
  }
#endif
}

/* Whether none of n bytes, 16 or 32 and so on, is below the one given, nor above it by
   more than slack, all taken modulo 256: a slack of 0 asks for that byte, of 9 on '0' for
   a digit, and of 255 for nothing. */
static inline bool dm_is_like(const char *p, const uint8_t *bytes, const uint8_t *slack,
                              size_t n) {
#ifdef __SSE2__
  size_t i = 0;
  do {
    __m128i above = _mm_sub_epi8(_mm_loadu_si128((const void *)(p + i)),
                                 _mm_load_si128((const void *)(bytes + i)));
    __m128i least = _mm_min_epu8(above, _mm_load_si128((const void *)(slack + i)));
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(least, above)) != 0xFFFF) {
      return false;
    }
    i += 16;
  } while (i < n);
  return true;
#else
  for (size_t i = 0; i < n; i += 16) { /* no further than the pad goes */
    unsigned n_unlike = 0; /* without a branch, so that compilers make vectors of it */
    for (size_t k = i; k < i + 16; k++) {
      n_unlike += (uint8_t)((uint8_t)p[k] - bytes[k]) > slack[k];
    }
    if (n_unlike) {
      return false;
    }
  }
  return true;
#endif
}

#endif
