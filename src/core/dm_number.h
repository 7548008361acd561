/* Decimal text to double, correctly rounded (nearest, ties to even), in every locale. */
#ifndef DM_NUMBER_H
#define DM_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dm_error.h"

/* The bytes that must be readable behind any text that is parsed here. */
enum { DM_NUMBER_PAD = 8 };

enum { DM_POWER_FIRST = -342, DM_POWER_LAST = 324 };
extern const uint64_t dm_powers[DM_POWER_LAST - DM_POWER_FIRST + 1][2];

static inline bool dm_is_digit(char c) {
  return (unsigned char)(c - '0') < 10;
}

/* Reads the number of JSON's grammar at p: an optional minus, digits without a leading
   zero, an optional fraction, an optional exponent. Returns the first byte after it, or
   NULL where no such number stands. The longest match is taken, so the caller checks what
   follows ("01" is the number 0 followed by a 1). A magnitude that rounds beyond the
   largest double gives an infinity, one below the smallest gives a zero of its sign.
   DM_NUMBER_PAD bytes behind the number must be readable. */
static inline const char *dm_number(const char *p, double *out);

/* The same for any length, without the fast path. */
const char *dm_number_slow(const char *p, double *out);

/* The double nearest to w * 10^q, as its bits without the sign, for w > 0. False where
   128 bits of the power do not decide it or the result is not a normal double. */
static inline bool dm_number_scale(uint64_t w, int64_t q, uint64_t *bits);

/* Reads an integer: an optional minus, then digits without a leading zero. Returns the
   first byte after it, or NULL where none stands. *is_fit says whether it fits *out. */
const char *dm_integer(const char *p, int64_t *out, bool *is_fit);

/* --- inline parts --- */

static inline uint64_t dm_load8(const char *p) {
  uint64_t word;
  memcpy(&word, p, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

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

/* How many of the 8 bytes (first byte lowest) are digits before the first other one. */
static inline unsigned dm_leading_digits(uint64_t word) {
  uint64_t x = word ^ 0x3030303030303030u; /* digits become 0 to 9 */
  /* a byte above 9 gets its high nibble set; no carry leaves a byte that has it clear */
  uint64_t odd = ((x + 0x7676767676767676u) | x) & 0x8080808080808080u;
  return odd ? (unsigned)__builtin_ctzll(odd) / 8 : 8;
}

/* The value of 8 digits: pairs, then fours, then all, each by one multiplication. */
static inline uint32_t dm_eight_digits(uint64_t word) {
  word -= 0x3030303030303030u;
  word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FFu;
  word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFFu;
  return (uint32_t)(word * 10000 + (word >> 32));
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

static inline bool dm_number_scale(uint64_t w, int64_t q, uint64_t *bits) {
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

static inline const char *dm_number(const char *p, double *out) {
  static const uint32_t ten_to[9] = {1,      10,      100,      1000,     10000,
                                     100000, 1000000, 10000000, 100000000};
  const char *s = p;
  bool is_negative = *s == '-';
  s += is_negative;
  uint64_t w = 0;
  int64_t n_digits = 0; /* that may make w overflow */
  if (*s == '0') {
    s++;
  } else {
    const char *first = s;
    while (dm_is_digit(*s)) {
      w = w * 10 + (uint64_t)(*s++ - '0');
    }
    n_digits = s - first;
    if (DM_UNLIKELY(n_digits == 0)) {
      return NULL;
    }
  }
  int64_t q = 0;
  if (*s == '.') {
    const char *fraction = ++s;
    uint64_t word = dm_load8(s);
    unsigned n = dm_leading_digits(word);
    /* a third full word would pass the 19 digits that w holds: the slow path's business
     */
    if (n == 8) {
      w = w * 100000000 + dm_eight_digits(word);
      s += 8;
      word = dm_load8(s);
      n = dm_leading_digits(word);
      if (n == 8) {
        w = w * 100000000 + dm_eight_digits(word);
        s += 8;
        word = dm_load8(s);
        n = dm_leading_digits(word);
      }
    }
    if (n) {
      if (DM_UNLIKELY(n == 8)) {
        return dm_number_slow(p, out);
      }
      /* the digits move to the top, zeros fill the bottom */
      word = word << (64 - 8 * n) | (uint64_t)0x3030303030303030u >> (8 * n);
      w = w * ten_to[n] + dm_eight_digits(word);
      s += n;
    }
    q = fraction - s;
    n_digits -= q;
    if (DM_UNLIKELY(q == 0)) {
      return NULL;
    }
  }
  if (DM_UNLIKELY(n_digits > 19)) {
    return dm_number_slow(p, out);
  }
  if ((*s | 0x20) == 'e') {
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
  *out = dm_double_from_bits(bits | (uint64_t)is_negative << 63);
  return s;
}

#endif
