/* Turns a double into its shortest decimal, after R. Giulietti, The Schubfach way to
   render doubles, 2020.

   v = c * 2^q. Every real number in the interval that reaches half-way to v's neighbours
   reads back as v. With k the largest power for which the steps of 10^k are no wider than
   the interval, at least one multiple of 10^k lies in it, and at most one of 10^(k+1): if
   there is one, it is shorter than any other; if not, the nearer of the two multiples of
   10^k around v is the answer. All is decided on v and the two ends as multiples of
   10^k / 4, rounded to odd: the lowest bit of such a number says whether anything was cut
   off, so comparing with a multiple of 10^k is exact. */
#include "number/dm_format.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "number/dm_number.h"

/* digits * 10^exponent; digits may end in zeros */
typedef struct decimal {
  uint64_t digits;
  int exponent;
} decimal;

enum {
  DIGITS_MAX = 17,
  COPIED = DIGITS_MAX, /* bytes that are copied where so many digits may stand */
  EXACT_POWER_MAX = 55 /* the highest power of ten that 128 bits hold */
};

static decimal shortest_decimal(uint64_t bits);
static uint64_t scale_to_odd(const uint64_t power[2], uint64_t factor);
DM_INLINE size_t layout(const char *digits, int n, int point, char *out);
static char *write_pair(uint32_t value, char *out);
DM_INLINE uint64_t eight_digits(uint32_t value);
static void store_eight(uint64_t digits, char *out);
static int zeros_before(uint64_t digits);
static int zeros_behind(uint64_t digits);
static size_t write_uint(uint64_t value, char *out);

static const char pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940"
    "4142434445464748495051525354555657585960616263646566676869707172737475767778798081"
    "828384858687888990919293949596979899";

size_t dm_format_double(double value, char *out) {
  uint64_t bits = dm_double_bits(value);
  bool is_negative = bits >> 63;
  bits &= UINT64_MAX >> 1;
  if (bits > (uint64_t)2047 << 52) {
    memcpy(out, "NaN", 3);
    return 3;
  }
  char *start = out;
  if (is_negative) {
    *out++ = '-';
  }
  if (bits == (uint64_t)2047 << 52) {
    memcpy(out, "Inf", 3);
    return (size_t)(out - start) + 3;
  }
  if (bits == 0) {
    *out = '0';
    return (size_t)(out - start) + 1;
  }
  decimal d = shortest_decimal(bits);
  /* all digits, with zeros in front up to DIGITS_MAX */
  char text[DIGITS_MAX + COPIED] = {0};
  uint64_t high = d.digits / 100000000;
  uint64_t middle = eight_digits((uint32_t)(high % 100000000));
  uint64_t low = eight_digits((uint32_t)(d.digits % 100000000));
  text[0] = (char)('0' + high / 100000000);
  store_eight(middle, text + 1);
  store_eight(low, text + 9);
  int first = text[0] != '0' ? 0
              : middle       ? 1 + zeros_before(middle)
                             : 9 + zeros_before(low);
  int end = low ? DIGITS_MAX - zeros_behind(low) : middle ? 9 - zeros_behind(middle) : 1;
  int point = DIGITS_MAX - first + d.exponent;
  return (size_t)(out - start) + layout(text + first, end - first, point, out);
}

size_t dm_format_int64(int64_t value, char *out) {
  if (value < 0) {
    *out = '-';
    return 1 + write_uint(0 - (uint64_t)value, out + 1);
  }
  return write_uint((uint64_t)value, out);
}

/* bits: of a finite double above 0. */
static decimal shortest_decimal(uint64_t bits) {
  uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
  int biased = (int)(bits >> 52);
  uint64_t c = biased ? fraction | (uint64_t)1 << 52 : fraction;
  int q = (biased ? biased : 1) - 1075;
  /* below a power of two the neighbours lie half as far apart */
  bool is_narrow = fraction == 0 && biased > 1;

  /* floor(log10(2^q)), or of 3/4 * 2^q, the width of the interval */
  int k = (q * 1262611 - (is_narrow ? 524031 : 0)) >> 22;
  assert(-k <= DM_POWER_LAST && -k >= DM_POWER_FIRST);
  uint64_t power[2];
  memcpy(power, dm_powers[-k - DM_POWER_FIRST], sizeof power);
  if (-k > EXACT_POWER_MAX) {
    power[1]++; /* the table cuts these off, the proof rounds them up; none wraps */
    assert(power[1] != 0);
  }
  /* so that the product of the power, seen as a fraction in [1/2, 1), is v * 4 / 10^k */
  int shift = q + ((-k * 217706) >> 16) + 1;
  assert(shift >= 1 && shift <= 4);
  uint64_t v = scale_to_odd(power, (4 * c) << shift);
  uint64_t low = scale_to_odd(power, (4 * c - (is_narrow ? 1 : 2)) << shift);
  uint64_t high = scale_to_odd(power, (4 * c + 2) << shift);
  /* a number half-way between two doubles is read as the one with the even c */
  low += c & 1;
  high -= c & 1;

  uint64_t digits = v / 4;
  if (digits >= 10) {
    uint64_t tens = digits / 10;
    bool is_below_in = low <= 40 * tens;
    bool is_above_in = 40 * tens + 40 <= high;
    if (is_below_in != is_above_in) {
      return (decimal){tens + is_above_in, k + 1};
    }
  }
  bool is_below_in = low <= 4 * digits;
  bool is_above_in = 4 * digits + 4 <= high;
  if (is_below_in != is_above_in) {
    return (decimal){digits + is_above_in, k};
  }
  uint64_t middle = 4 * digits + 2;
  bool is_up = v > middle || (v == middle && (digits & 1));
  return (decimal){digits + is_up, k};
}

/* The integer part of power * factor / 2^128, its lowest bit set if there is a rest. What
   the power was rounded up by can reach the lowest bit of the rest, but no further. */
static uint64_t scale_to_odd(const uint64_t power[2], uint64_t factor) {
  uint64_t unused, rest;
  uint64_t carried = dm_multiply(power[1], factor, &unused);
  uint64_t whole = dm_multiply(power[0], factor, &rest);
  rest += carried;
  whole += rest < carried;
  return whole | (rest > 1);
}

/* The n digits with the decimal point behind the first point of them (which may be below
   0 or beyond n). Copies as much as there could be, since a fixed size takes no call:
   COPIED bytes behind any digit are readable. */
DM_INLINE size_t layout(const char *digits, int n, int point, char *out) {
  int exponent = point - 1;
  int magnitude = exponent < 0 ? -exponent : exponent;
  int exponent_len =
      n + (n > 1) + 1 + (exponent < 0) + 1 + (magnitude >= 10) + (magnitude >= 100);
  int fixed_len = point <= 0 ? 2 - point + n : point < n ? n + 1 : point;
  if (exponent_len < fixed_len) {
    *out++ = digits[0];
    if (n > 1) {
      *out++ = '.';
      memcpy(out, digits + 1, COPIED - 1);
      out += n - 1;
    }
    *out++ = 'e';
    if (exponent < 0) {
      *out++ = '-';
    }
    write_uint((uint64_t)magnitude, out);
    return (size_t)exponent_len;
  }
  if (point <= 0) {
    assert(-point <= 6); /* else the exponent would have been shorter */
    memcpy(out, "0.000000", 8);
    memcpy(out + 2 - point, digits, COPIED);
  } else if (point < n) {
    memcpy(out, digits, COPIED);
    memcpy(out + point + 1, digits + point, COPIED - 1);
    out[point] = '.';
  } else {
    memcpy(out, digits, COPIED);
    memset(out + n, '0', (size_t)(point - n));
  }
  return (size_t)fixed_len;
}

/* The digits of a value below 10^8 as bytes from 0 to 9, the first one lowest: halves,
   then pairs, then single digits, each by one multiplication. */
DM_INLINE uint64_t eight_digits(uint32_t value) {
  uint64_t x = (uint64_t)(value % 10000) << 32 | value / 10000;
  uint64_t hundreds = x * 10486 >> 20 & UINT64_C(0x7F0000007F);
  x = hundreds | (x - 100 * hundreds) << 16;
  uint64_t tens = x * 103 >> 10 & UINT64_C(0x000F000F000F000F);
  return tens | (x - 10 * tens) << 8;
}

/* As text, the first one first. */
static void store_eight(uint64_t digits, char *out) {
  digits |= UINT64_C(0x3030303030303030);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  digits = __builtin_bswap64(digits);
#endif
  memcpy(out, &digits, sizeof digits);
}

/* How many of the eight digits, not all of which are 0, are zeros before the first other
   one, and behind the last. */
static int zeros_before(uint64_t digits) {
  return __builtin_ctzll(digits) / 8;
}

static int zeros_behind(uint64_t digits) {
  return __builtin_clzll(digits) / 8;
}

static char *write_pair(uint32_t value, char *out) {
  memcpy(out, pairs + 2 * (size_t)value, 2);
  return out + 2;
}

static size_t write_uint(uint64_t value, char *out) {
  if (value < 10) {
    *out = (char)('0' + value);
    return 1;
  }
  char text[20];
  size_t start = sizeof text;
  while (value >= 100) {
    start -= 2;
    write_pair((uint32_t)(value % 100), text + start);
    value /= 100;
  }
  if (value >= 10) {
    start -= 2;
    write_pair((uint32_t)value, text + start);
  } else {
    text[--start] = (char)('0' + value);
  }
  memcpy(out, text + start, sizeof text - start);
  return sizeof text - start;
}
