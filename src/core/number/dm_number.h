/* Decimal text to double, correctly rounded (nearest, ties to even), in every locale. */
#ifndef DM_NUMBER_H
#define DM_NUMBER_H

#include <float.h>

#include "number/dm_scan.h"

/* The bytes that must be readable behind any text that is parsed here. */
enum { DM_NUMBER_PAD = DM_SCAN_PAD };

enum { DM_POWER_FIRST = -342, DM_POWER_LAST = 324 };
extern const uint64_t dm_powers[DM_POWER_LAST - DM_POWER_FIRST + 1][2];

/* Reads the number of JSON's grammar at p: an optional minus, digits without a leading
   zero, an optional fraction, an optional exponent. Returns the first byte after it, or
   NULL where no such number stands. The longest match is taken, so the caller checks what
   follows ("01" is the number 0 followed by a 1). A magnitude that rounds beyond the
   largest double gives an infinity, one below the smallest gives a zero of its sign.
   DM_NUMBER_PAD bytes behind the number must be readable. */
DM_INLINE const char *dm_number(const char *p, double *out);

/* The same where a minus stands. */
const char *dm_number_negative(const char *p, double *out);

/* The same for any length, without the fast path. */
const char *dm_number_slow(const char *p, double *out);

/* The double nearest to w * 10^q, as its bits without the sign, for w > 0. False where
   128 bits of the power do not decide it or the result is not a normal double. */
DM_INLINE bool dm_number_scale(uint64_t w, int64_t q, uint64_t *bits);

/* Reads an integer: an optional minus, then digits without a leading zero. Returns the
   first byte after it, or NULL where none stands. *is_fit says whether it fits *out. */
const char *dm_integer(const char *p, int64_t *out, bool *is_fit);

/* --- inline parts --- */

static inline double dm_double_from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint64_t dm_double_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline bool dm_is_finite(double value) {
  return (dm_double_bits(value) >> 52 & 0x7FF) != 0x7FF;
}

static inline bool dm_is_nan(double value) {
  return value != value;
}

/* What was computed of finite numbers: beyond the largest double, that one. */
static inline double dm_within_doubles(double value) {
  return value > DBL_MAX ? DBL_MAX : value < -DBL_MAX ? -DBL_MAX : value;
}

/* 64 x 64 -> 128 bits; returns the high half. */
static inline uint64_t dm_multiply(uint64_t a, uint64_t b, uint64_t *low) {
#if defined(__SIZEOF_INT128__)
  __extension__ typedef unsigned __int128 dm_u128;
  dm_u128 product = (dm_u128)a * b;
  *low = (uint64_t)product;
  return (uint64_t)(product >> 64);
#else
  uint64_t al = a & 0xFFFFFFFFu, ah = a >> 32, bl = b & 0xFFFFFFFFu, bh = b >> 32;
  uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
  uint64_t mid = (ll >> 32) + (lh & 0xFFFFFFFFu) + (hl & 0xFFFFFFFFu);
  *low = (mid << 32) | (ll & 0xFFFFFFFFu);
  return hh + (lh >> 32) + (hl >> 32) + (mid >> 32);
#endif
}

DM_INLINE bool dm_number_scale(uint64_t w, int64_t q, uint64_t *bits) {
  if (q < DM_POWER_FIRST || q > DM_POWER_LAST) {
    return false;
  }
  /* After Lemire 2021: multiply by the leading bits of the power; the product's leading
     55 bits are the significand with a round bit, unless the bits below are all ones. */
  int zeros = __builtin_clzll(w);
  w <<= zeros;
  const uint64_t *power = dm_powers[q - DM_POWER_FIRST];
  uint64_t low;
  uint64_t high = dm_multiply(w, power[0], &low);
  if (DM_UNLIKELY((high & 0x1FF) == 0x1FF)) {
    uint64_t unused;
    uint64_t more = dm_multiply(w, power[1], &unused);
    low += more;
    high += low < more;
    if (low == UINT64_MAX && (q < -27 || q > 55)) {
      return false;
    }
  }
  int upper = (int)(high >> 63);
  uint64_t significand = high >> (upper + 9);
  /* floor(q * log2(10)) by a fixed-point constant, exact for the table's range */
  int64_t exponent = ((217706 * q) >> 16) + 63 + upper - zeros + 1023;
  if (DM_UNLIKELY(exponent <= 0)) {
    return false;
  }
  /* a tie can only come from a product that is exact; then round to even */
  if (DM_UNLIKELY(low <= 1 && q >= -4 && q <= 23 && (significand & 3) == 1 &&
                  significand << (upper + 9) == high)) {
    significand &= ~(uint64_t)1;
  }
  significand = (significand + (significand & 1)) >> 1;
  if (significand == (uint64_t)1 << 53) {
    significand >>= 1;
    exponent++;
  }
  if (DM_UNLIKELY(exponent >= 2047)) {
    return false;
  }
  *bits = (significand & (((uint64_t)1 << 52) - 1)) | (uint64_t)exponent << 52;
  return true;
}

/* The number at p, without a sign, of which the digits have been read up to s as w times
   10^q: its exponent, if there is one, and its double. */
DM_INLINE const char *dm_number_end(const char *p, const char *s, uint64_t w, int64_t q,
                                    double *out) {
  if (DM_UNLIKELY((*s | 0x20) == 'e')) {
    const char *e = s + 1;
    bool is_below = *e == '-';
    e += *e == '-' || *e == '+';
    int64_t exponent = 0;
    int n = 0;
    for (; dm_is_digit(e[n]) && n < 4; n++) {
      exponent = exponent * 10 + (e[n] - '0');
    }
    if (n == 0 || dm_is_digit(e[n])) {
      return dm_number_slow(p, out);
    }
    q += is_below ? -exponent : exponent;
    s = e + n;
  }
  uint64_t bits = 0;
  if (DM_UNLIKELY(w != 0 && !dm_number_scale(w, q, &bits))) {
    return dm_number_slow(p, out);
  }
  *out = dm_double_from_bits(bits);
  return s;
}

/* Puts n < 8 digits at p behind those of w; false where 64 bits may not hold them. */
DM_INLINE bool dm_number_append(const char *p, unsigned n, uint64_t *w) {
  static const uint32_t ten_to[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
  /* from here on n more digits could leave 64 bits */
  static const uint64_t too_large[8] = {
      UINT64_C(10000000000000000000), UINT64_C(1000000000000000000),
      UINT64_C(100000000000000000),   UINT64_C(10000000000000000),
      UINT64_C(1000000000000000),     UINT64_C(100000000000000),
      UINT64_C(10000000000000),       UINT64_C(1000000000000)};
  if (DM_UNLIKELY(*w >= too_large[n])) {
    return false;
  }
  *w = *w * ten_to[n] + dm_few_digits(dm_load8(p), n);
  return true;
}

DM_INLINE const char *dm_number_unsigned(const char *p, double *out) {
  const char *s = p;
  if (DM_UNLIKELY(!dm_is_digit(*s))) {
    return NULL;
  }
  uint64_t w = (uint64_t)(*s++ - '0');
  if (DM_UNLIKELY(dm_is_digit(*s) && w != 0)) { /* behind a 0 no digit belongs to it */
    while (dm_is_digit(*s)) {
      w = w * 10 + (uint64_t)(*s++ - '0');
    }
    if (s - p > 19) {
      return dm_number_slow(p, out);
    }
  }
  int64_t q = 0;
  if (*s == '.') {
    const char *fraction = s + 1;
    s = dm_pass_digits(fraction);
    q = fraction - s;
    size_t n = (size_t)(s - fraction);
    if (DM_LIKELY(n >= 16)) {
      if (DM_UNLIKELY(n >= 24 || w >= 1000)) {
        return dm_number_slow(p, out);
      }
      w = w * 100000000 + dm_eight_digits(dm_load8(fraction));
      w = w * 100000000 + dm_eight_digits(dm_load8(fraction + 8));
    } else if (n >= 8) {
      if (DM_UNLIKELY(w >= UINT64_C(100000000000))) {
        return dm_number_slow(p, out);
      }
      w = w * 100000000 + dm_eight_digits(dm_load8(fraction));
    } else if (DM_UNLIKELY(n == 0)) {
      return NULL;
    }
    unsigned rest = n & 7;
    if (DM_UNLIKELY(!dm_number_append(s - rest, rest, &w))) {
      return dm_number_slow(p, out);
    }
  }
  return dm_number_end(p, s, w, q, out);
}

/* Whether there is a sign is guessed, so that the first digit's place need not be waited
   for. */
DM_INLINE const char *dm_number(const char *p, double *out) {
  return DM_UNLIKELY(*p == '-') ? dm_number_negative(p, out) : dm_number_unsigned(p, out);
}

#endif
