/* One loop over the numbers, with the digits of most in line and the rest as dm_number()
   reads them. */
#include "number/dm_numbers.h"

/* Sixteen digits at a time by SSE4.1, which compilers take for a single function, and
   nearly all processors have: dm_numbers() asks them. */
#if defined(__GNUC__) && defined(__x86_64__)
#define DM_CAN_TAKE_SIXTEEN
#define SIXTEEN __attribute__((target("sse4.1")))
#include <smmintrin.h>
#endif

/* Puts the digits at p behind *w, which is one digit. Returns how many they are; 0 where
   there is none, or so many that they have to be read otherwise. */
typedef size_t take_digits(const char *p, uint64_t *w);
enum { DIGITS_MAX = 23 };

static inline size_t take_eights(const char *p, uint64_t *w) {
  size_t n = dm_count_digits(p);
  if (DM_LIKELY(n >= 16)) {
    if (DM_UNLIKELY(n > DIGITS_MAX)) {
      return 0;
    }
    *w = *w * 100000000 + dm_eight_digits(dm_load8(p));
    *w = *w * 100000000 + dm_eight_digits(dm_load8(p + 8));
  } else if (n >= 8) {
    *w = *w * 100000000 + dm_eight_digits(dm_load8(p));
  }
  unsigned rest = n & 7;
  return dm_number_append(p + n - rest, rest, w) ? n : 0;
}

#ifdef DM_CAN_TAKE_SIXTEEN
/* The value of 16 bytes from 0 to 9: pairs, fours, eights, and the two of them. */
SIXTEEN static inline uint64_t sixteen_values(__m128i digits) {
  const __m128i tens = _mm_set1_epi16(1 << 8 | 10);
  const __m128i hundreds = _mm_set1_epi32(1 << 16 | 100);
  const __m128i thousands = _mm_set1_epi32(1 << 16 | 10000);
  __m128i pairs = _mm_maddubs_epi16(digits, tens);
  __m128i fours = _mm_madd_epi16(pairs, hundreds);
  __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), thousands);
  uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
  return (both & UINT32_MAX) * 100000000 + (both >> 32);
}

/* Bytes of a shuffle that moves the first n to the end, behind zeros: those from n on. */
static const uint8_t to_the_end[32] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                       0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                       0,    1,    2,    3,    4,    5,    6,    7,
                                       8,    9,    10,   11,   12,   13,   14,   15};

SIXTEEN static inline size_t take_sixteen(const char *p, uint64_t *w) {
  static const uint64_t ten_to[16] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000};
  __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const void *)p), _mm_set1_epi8('0'));
  __m128i are = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
  unsigned others = (unsigned)_mm_movemask_epi8(are) ^ 0xFFFF;
  if (others) {
    size_t n = (unsigned)__builtin_ctz(others);
    __m128i order = _mm_loadu_si128((const void *)(to_the_end + n));
    *w = *w * ten_to[n] + sixteen_values(_mm_shuffle_epi8(digits, order));
    return n;
  }
  unsigned rest = dm_leading_digits(dm_load8(p + 16));
  *w = *w * UINT64_C(10000000000000000) + sixteen_values(digits);
  return rest < 8 && dm_number_append(p + 16, rest, w) ? 16 + rest : 0;
}
#endif

/* Whatever else is a number. */
static DM_NOINLINE const char *read_any(const char *p, double *out) {
  return dm_number(p, out);
}

/* A minus is not guessed here, since logits have as many of either sign. */
DM_INLINE const char *read_one(const char *p, double *out, take_digits *take) {
  bool is_negative = *p == '-';
  const char *first = p + is_negative;
  if (DM_UNLIKELY(first[1] != '.' || !dm_is_digit(first[0]))) {
    return read_any(p, out);
  }
  uint64_t w = (uint64_t)(first[0] - '0');
  size_t n = take(first + 2, &w);
  if (DM_UNLIKELY(n == 0)) {
    return read_any(p, out);
  }
  const char *end = dm_number_end(first, first + 2 + n, w, -(int64_t)n, out);
  if (end) {
    *out = is_negative ? -*out : *out;
  }
  return end;
}

DM_INLINE const char *read_list(const char *p, double *out, size_t room, size_t *n,
                                take_digits *take) {
  const char *last = p;
  size_t taken = 0;
  while (taken < room) {
    const char *end = read_one(p, &out[taken], take);
    if (DM_UNLIKELY(!end || !dm_is_finite(out[taken]))) {
      break;
    }
    if (*end != ',') {
      bool is_taken = *end == ']' || *end == ')';
      last = is_taken ? end : last;
      taken += is_taken;
      break;
    }
    last = end;
    taken++;
    p = end + 1 + (end[1] == ' ');
  }
  *n = taken;
  return last;
}

const char *dm_numbers_portable(const char *p, double *out, size_t room, size_t *n) {
  return read_list(p, out, room, n, take_eights);
}

#ifdef DM_CAN_TAKE_SIXTEEN
SIXTEEN static const char *read_sixteen(const char *p, double *out, size_t room,
                                        size_t *n) {
  return read_list(p, out, room, n, take_sixteen);
}
#endif

const char *dm_numbers(const char *p, double *out, size_t room, size_t *n) {
#ifdef DM_CAN_TAKE_SIXTEEN
  if (DM_LIKELY(__builtin_cpu_supports("sse4.1"))) {
    return read_sixteen(p, out, room, n);
  }
#endif
  return dm_numbers_portable(p, out, room, n);
}
