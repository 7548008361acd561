/* Decimals by exact arithmetic: natural numbers of any size, written without a look at
   the module or at the C library's own conversion. A double is right if the decimal lies
   between the points half way to its two neighbours; on such a point itself only the even
   one is right. */
#ifndef DM_DECIMALS_H
#define DM_DECIMALS_H

#include "dm_naive.h"
#include "dm_test.h"
#include "number/dm_number.h"

/* --- natural numbers ---------------------------------------------------------------- */

enum { NAT_MAX = 320, TEN_MAX = 1600 };

typedef struct nat {
  int n; /* digits in base 2^32, lowest first, the highest is not 0 */
  uint32_t d[NAT_MAX];
} nat;

/* a * factor + addend */
static inline void nat_scale(nat *a, uint32_t factor, uint32_t addend) {
  uint64_t carry = addend;
  for (int i = 0; i < a->n; i++) {
    carry += (uint64_t)a->d[i] * factor;
    a->d[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) {
    a->d[a->n++] = (uint32_t)carry;
  }
}

static inline void nat_set(nat *a, uint64_t value) {
  a->d[0] = (uint32_t)value;
  a->d[1] = (uint32_t)(value >> 32);
  a->n = a->d[1] ? 2 : a->d[0] ? 1 : 0;
}

static inline void nat_multiply(nat *out, const nat *a, const nat *b) {
  memset(out->d, 0, (size_t)(a->n + b->n) * sizeof out->d[0]);
  for (int i = 0; i < a->n; i++) {
    uint64_t carry = 0;
    for (int k = 0; k < b->n; k++) {
      carry += (uint64_t)a->d[i] * b->d[k] + out->d[i + k];
      out->d[i + k] = (uint32_t)carry;
      carry >>= 32;
    }
    out->d[i + b->n] = (uint32_t)carry;
  }
  out->n = a->n && b->n ? a->n + b->n : 0;
  while (out->n && out->d[out->n - 1] == 0) {
    out->n--;
  }
}

static inline void nat_shift(nat *a, int64_t bits) {
  nat_scale(a, (uint32_t)1 << bits % 32, 0);
  int words = (int)(bits / 32);
  if (a->n && words) {
    memmove(a->d + words, a->d, (size_t)a->n * sizeof a->d[0]);
    memset(a->d, 0, (size_t)words * sizeof a->d[0]);
    a->n += words;
  }
}

static inline int nat_compare(const nat *a, const nat *b) {
  if (a->n != b->n) {
    return a->n < b->n ? -1 : 1;
  }
  for (int i = a->n; i-- > 0;) {
    if (a->d[i] != b->d[i]) {
      return a->d[i] < b->d[i] ? -1 : 1;
    }
  }
  return 0;
}

/* The remainder, and a becomes the quotient. */
static inline uint32_t nat_divide(nat *a, uint32_t divisor) {
  uint64_t rest = 0;
  for (int i = a->n; i-- > 0;) {
    rest = rest << 32 | a->d[i];
    a->d[i] = (uint32_t)(rest / divisor);
    rest %= divisor;
  }
  while (a->n && a->d[a->n - 1] == 0) {
    a->n--;
  }
  return (uint32_t)rest;
}

static inline const nat *ten_to(int64_t exponent) {
  static nat table[TEN_MAX + 1];
  static int64_t n_known = 0;
  if (n_known == 0) {
    nat_set(&table[0], 1);
    n_known = 1;
  }
  for (; n_known <= exponent; n_known++) {
    table[n_known] = table[n_known - 1];
    nat_scale(&table[n_known], 10, 0);
  }
  return &table[exponent];
}

/* Compares digits * 10^q with m * 2^k. */
static inline int compare_exactly(const nat *digits, int64_t q, uint64_t m, int64_t k) {
  static nat left, right, start;
  nat_set(&start, m);
  nat_multiply(&left, digits, ten_to(q > 0 ? q : 0));
  nat_multiply(&right, &start, ten_to(q < 0 ? -q : 0));
  nat_shift(k < 0 ? &left : &right, k < 0 ? -k : k);
  return nat_compare(&left, &right);
}

/* --- the oracle --------------------------------------------------------------------- */

/* Whether the bits (without sign) are those of the double nearest to digits * 10^q. */
static inline bool is_nearest(const nat *digits, int64_t q, uint64_t bits) {
  uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
  int64_t biased = (int64_t)(bits >> 52);
  if (biased > 2047 || (biased == 2047 && fraction)) {
    return false;
  }
  if (biased == 2047) { /* infinity starts half a step above the largest double */
    return compare_exactly(digits, q, (UINT64_C(1) << 54) - 1, 970) >= 0;
  }
  uint64_t m = biased ? fraction | UINT64_C(1) << 52 : fraction;
  int64_t k = (biased ? biased : 1) - 1075;
  int above = compare_exactly(digits, q, 2 * m + 1, k - 1);
  int below = 1;
  if (m == UINT64_C(1) << 52 && biased > 1) { /* the steps below are half as wide */
    below = compare_exactly(digits, q, 4 * m - 1, k - 2);
  } else if (m > 0) {
    below = compare_exactly(digits, q, 2 * m - 1, k - 1);
  }
  return m & 1 ? below > 0 && above < 0 : below >= 0 && above <= 0;
}

/* The digits and the power of ten of a number that is known to be well formed. */
static inline void split(const char *text, nat *digits, int64_t *q) {
  nat_set(digits, 0);
  *q = 0;
  bool is_behind = false;
  const char *s = text + (*text == '-');
  for (; (*s >= '0' && *s <= '9') || *s == '.'; s++) {
    if (*s == '.') {
      is_behind = true;
    } else {
      nat_scale(digits, 10, (uint32_t)(*s - '0'));
      *q -= is_behind;
    }
  }
  if (*s == 'e' || *s == 'E') {
    bool is_negative = s[1] == '-';
    int64_t exponent = 0;
    for (s += 1 + (s[1] == '-' || s[1] == '+'); *s; s++) {
      exponent = exponent > 99999 ? exponent : exponent * 10 + (*s - '0');
    }
    *q += is_negative ? -exponent : exponent;
  }
}

/* --- calling the module ------------------------------------------------------------- */

enum { TEXT_MAX = 4096 };

/* A copy of the text with just the bytes behind it that the module may read; these are
   what is worst without making the number longer. */
static inline const char *padded(const char *text, size_t len) {
  static char *room = NULL;
  static uint64_t seed = 4;
  static const char next[] = {',', ']', '}', ' ', '\n', '\0', '/', ':', 'x', '-', '\xB5'};
  static const char rest[] = {'0', '5', '9', '.', 'e', '-', '\xFF', '\0'};
  if (len > TEXT_MAX) {
    return NULL;
  }
  if (!room) {
    room = malloc(TEXT_MAX + DM_NUMBER_PAD);
  }
  char *p = room + TEXT_MAX - len;
  memcpy(p, text, len);
  for (size_t i = 0; i < DM_NUMBER_PAD; i++) {
    p[len + i] =
        i ? rest[naive_below(&seed, sizeof rest)] : next[naive_below(&seed, sizeof next)];
  }
  return p;
}

static inline void free_padded(void) {
  free((char *)(uintptr_t)padded("", 0) - TEXT_MAX);
}

/* Both paths on one text: the same end, the same bits. False if they differ. */
static inline bool parse(const char *text, size_t len, ptrdiff_t *used, double *value) {
  const char *p = padded(text, len);
  double fast = 0.125, slow = 0.125;
  const char *fast_end = dm_number(p, &fast);
  const char *slow_end = dm_number_slow(p, &slow);
  *used = fast_end ? fast_end - p : -1;
  *value = fast;
  return fast_end == slow_end && dm_double_bits(fast) == dm_double_bits(slow);
}

static unsigned long n_decimals = 0;

/* Holds the text, a whole number, against the oracle. */
static inline bool is_right(const char *text) {
  static nat digits;
  ptrdiff_t used;
  double value;
  int64_t q;
  bool is_same = parse(text, strlen(text), &used, &value);
  split(text, &digits, &q);
  uint64_t bits = dm_double_bits(value);
  n_decimals++;
  if (is_same && used == (ptrdiff_t)strlen(text) && bits >> 63 == (*text == '-') &&
      is_nearest(&digits, q, bits & ~(UINT64_C(1) << 63))) {
    return true;
  }
  DM_CASE("\"%.200s\"", text);
  FAIL("%td of %zu bytes, %016" PRIx64 ", paths %s", used, strlen(text), bits,
       is_same ? "agree" : "differ");
  return false;
}

#endif
