/* The parts of decimal to double that the inline path leaves: exponents, more than 19
   digits, subnormals, and the rare decimals that only exact arithmetic decides. */
#include "number/dm_number.h"

#include <assert.h>

/* A text's digits without leading zeros, times 10^exponent. */
typedef struct decimal {
  const char *digits; /* may have one decimal point in between */
  const char *end;
  int64_t n_digits;
  int64_t exponent;
} decimal;

/* No decimal needs more digits to lie on one side of every boundary between two doubles;
   any digit further down only says that the value is a bit more. */
enum { MAX_DIGITS = 800, LIMBS = 168 };

/* An unsigned integer of any size that decimals of MAX_DIGITS digits can lead to. */
typedef struct big {
  uint32_t limb[LIMBS]; /* lowest first */
  int n;                /* limbs in use, the highest is not 0 */
} big;

static const char *scan_decimal(const char *p, decimal *d);
static uint64_t leading_digits_value(const decimal *d, int64_t *n_taken);
static uint64_t round_exactly(const decimal *d);
static void big_multiply_add(big *a, uint32_t factor, uint32_t addend);
static void big_multiply_ten_to(big *a, int64_t exponent);
static void big_shift_left(big *a, int64_t bits);
static int big_compare(const big *a, const big *b);
static void big_subtract(big *a, const big *b);
static int64_t big_bit_length(const big *a);

const char *dm_number_negative(const char *p, double *out) {
  const char *end = dm_number_unsigned(p + 1, out);
  if (end) {
    *out = -*out;
  }
  return end;
}

const char *dm_number_slow(const char *p, double *out) {
  uint64_t sign = (uint64_t)(*p == '-') << 63;
  decimal d;
  const char *end = scan_decimal(p + (*p == '-'), &d);
  if (!end) {
    return NULL;
  }
  int64_t magnitude = d.n_digits + d.exponent; /* value < 10^magnitude */
  uint64_t bits = 0;
  if (d.n_digits == 0 || magnitude < -330) {
    bits = 0;
  } else if (magnitude > 310) {
    bits = (uint64_t)2047 << 52;
  } else {
    int64_t n_taken;
    uint64_t w = leading_digits_value(&d, &n_taken);
    int64_t q = d.exponent + d.n_digits - n_taken;
    bool is_decided = dm_number_scale(w, q, &bits);
    if (is_decided && n_taken < d.n_digits) {
      /* the value lies between w and w + 1: decided if both round to the same double */
      uint64_t above;
      is_decided = dm_number_scale(w + 1, q, &above) && above == bits;
    }
    if (!is_decided) {
      bits = round_exactly(&d);
    }
  }
  *out = dm_double_from_bits(bits | sign);
  return end;
}

const char *dm_integer(const char *p, int64_t *out, bool *is_fit) {
  bool is_negative = *p == '-';
  const char *s = p + is_negative;
  if (!dm_is_digit(*s)) {
    return NULL;
  }
  uint64_t value = 0;
  uint64_t limit = (uint64_t)INT64_MAX + is_negative;
  bool fits = true;
  if (*s == '0') {
    s++;
  } else {
    for (; dm_is_digit(*s); s++) {
      uint64_t digit = (uint64_t)(*s - '0');
      if (value > (limit - digit) / 10) {
        fits = false;
      } else {
        value = value * 10 + digit;
      }
    }
  }
  *is_fit = fits;
  if (fits) {
    *out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
  }
  return s;
}

static const char *scan_decimal(const char *p, decimal *d) {
  const char *s = p;
  const char *point = NULL;
  if (*s == '0') {
    s++;
  } else if (dm_is_digit(*s)) {
    while (dm_is_digit(*s)) {
      s++;
    }
  } else {
    return NULL;
  }
  if (*s == '.') {
    point = s++;
    if (!dm_is_digit(*s)) {
      return NULL;
    }
    while (dm_is_digit(*s)) {
      s++;
    }
  }
  const char *digits_end = s;
  int64_t exponent = 0;
  if (*s == 'e' || *s == 'E') {
    s++;
    bool is_negative = *s == '-';
    s += *s == '-' || *s == '+';
    if (!dm_is_digit(*s)) {
      return NULL;
    }
    for (; dm_is_digit(*s); s++) {
      if (exponent < INT64_C(1) << 48) { /* beyond any length of the digits */
        exponent = exponent * 10 + (*s - '0');
      }
    }
    exponent = is_negative ? -exponent : exponent;
  }
  const char *first = p;
  while (first < digits_end && (*first == '0' || *first == '.')) {
    first++;
  }
  *d = (decimal){.digits = first, .end = digits_end};
  d->n_digits = digits_end - first - (point && point >= first ? 1 : 0);
  d->exponent = exponent - (point ? digits_end - point - 1 : 0);
  return s;
}

static uint64_t leading_digits_value(const decimal *d, int64_t *n_taken) {
  uint64_t w = 0;
  int64_t n = 0;
  for (const char *s = d->digits; s < d->end && n < 19; s++) {
    if (*s != '.') {
      w = w * 10 + (uint64_t)(*s - '0');
      n++;
    }
  }
  *n_taken = n;
  return w;
}

/* Long division of the exact value, bit by bit: bits without sign. */
static uint64_t round_exactly(const decimal *d) {
  big num = {.n = 0};
  big den = {.n = 0};
  int64_t n = 0;
  bool is_cut = false;
  for (const char *s = d->digits; s < d->end; s++) {
    if (*s == '.') {
      continue;
    }
    if (n < MAX_DIGITS) {
      big_multiply_add(&num, 10, (uint32_t)(*s - '0'));
      n++;
    } else if (*s != '0') {
      is_cut = true;
      break;
    }
  }
  int64_t exponent = d->exponent + d->n_digits - n;
  if (is_cut) { /* one digit further down stands for all that were left out */
    big_multiply_add(&num, 10, 1);
    exponent--;
  }
  big_multiply_add(&den, 0, 1);
  big_multiply_ten_to(exponent < 0 ? &den : &num, exponent < 0 ? -exponent : exponent);
  /* e with 2^e <= num / den < 2^(e + 1); num is scaled into [den, 2 den) */
  int64_t e = big_bit_length(&num) - big_bit_length(&den);
  big_shift_left(e < 0 ? &num : &den, e < 0 ? -e : e);
  if (big_compare(&num, &den) < 0) {
    big_shift_left(&num, 1);
    e--;
  }
  int64_t n_bits = e >= -1022 ? 53 : 53 + e + 1022; /* fewer for a subnormal */
  if (n_bits < 0) {
    return 0;
  }
  uint64_t significand = 0;
  bool round_bit = false;
  for (int64_t i = 0; i <= n_bits; i++) {
    round_bit = big_compare(&num, &den) >= 0;
    if (round_bit) {
      big_subtract(&num, &den);
    }
    if (i < n_bits) {
      significand = significand << 1 | round_bit;
    }
    big_shift_left(&num, 1);
  }
  if (round_bit && (num.n > 0 || (significand & 1))) {
    significand++;
  }
  if (e < -1022) { /* a carry into bit 52 makes it the smallest normal by itself */
    return significand;
  }
  if (significand == (uint64_t)1 << 53) {
    significand >>= 1;
    e++;
  }
  if (e > 1023) {
    return (uint64_t)2047 << 52;
  }
  return (uint64_t)(e + 1023) << 52 | (significand & (((uint64_t)1 << 52) - 1));
}

static void big_multiply_add(big *a, uint32_t factor, uint32_t addend) {
  uint64_t carry = addend;
  for (int i = 0; i < a->n; i++) {
    carry += (uint64_t)a->limb[i] * factor;
    a->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) {
    assert(a->n < LIMBS);
    a->limb[a->n++] = (uint32_t)carry;
  }
}

static void big_multiply_ten_to(big *a, int64_t exponent) {
  for (; exponent >= 9; exponent -= 9) {
    big_multiply_add(a, 1000000000, 0);
  }
  for (; exponent > 0; exponent--) {
    big_multiply_add(a, 10, 0);
  }
}

static void big_shift_left(big *a, int64_t bits) {
  if (a->n == 0) {
    return;
  }
  int words = (int)(bits / 32);
  unsigned rest = (unsigned)(bits % 32);
  if (words) {
    assert(a->n + words <= LIMBS);
    memmove(a->limb + words, a->limb, (size_t)a->n * sizeof a->limb[0]);
    memset(a->limb, 0, (size_t)words * sizeof a->limb[0]);
    a->n += words;
  }
  if (rest) {
    big_multiply_add(a, UINT32_C(1) << rest, 0);
  }
}

static int big_compare(const big *a, const big *b) {
  if (a->n != b->n) {
    return a->n < b->n ? -1 : 1;
  }
  for (int i = a->n - 1; i >= 0; i--) {
    if (a->limb[i] != b->limb[i]) {
      return a->limb[i] < b->limb[i] ? -1 : 1;
    }
  }
  return 0;
}

static void big_subtract(big *a, const big *b) {
  uint64_t borrow = 0;
  for (int i = 0; i < a->n; i++) {
    uint64_t subtrahend = (i < b->n ? b->limb[i] : 0) + borrow;
    borrow = a->limb[i] < subtrahend;
    a->limb[i] = (uint32_t)(a->limb[i] - subtrahend);
  }
  while (a->n > 0 && a->limb[a->n - 1] == 0) {
    a->n--;
  }
}

static int64_t big_bit_length(const big *a) {
  return a->n ? 32 * (int64_t)a->n - __builtin_clz(a->limb[a->n - 1]) : 0;
}
