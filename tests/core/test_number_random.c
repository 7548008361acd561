/* dm_number on random decimals, on printed doubles and half way between two of them. */
#include <math.h>

#include "dm_decimals.h"

static void random_digits(uint64_t *seed, char *out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    out[i] = (char)('0' + naive_below(seed, 10));
  }
  if (out[0] == '0') {
    out[0] = (char)('1' + naive_below(seed, 9));
  }
  out[n] = '\0';
}

/* Writes digits * 10^q in one of the forms that writers use. */
static void write_decimal(uint64_t *seed, char *out, const char *digits, int q) {
  int n = (int)strlen(digits);
  const char *sign = naive_below(seed, 4) ? "" : "-";
  int head = 1 + (int)naive_below(seed, (size_t)n);
  switch (naive_below(seed, 4)) {
    case 0:
      sprintf(out, "%s%se%d", sign, digits, q);
      break;
    case 1: /* a point somewhere */
      if (head < n) {
        sprintf(out, "%s%.*s.%sE%+d", sign, head, digits, digits + head, q + n - head);
      } else {
        sprintf(out, "%s%s.0e%+03d", sign, digits, q);
      }
      break;
    case 2: /* zeros in front */
      sprintf(out, "%s0.%0*d%se%d", sign, head % 9 + 1, 0, digits, q + n + head % 9 + 1);
      break;
    default: /* without an exponent where that is not too long */
      if (q <= 0 && -q < n) {
        int whole = n + q;
        sprintf(out, "%s%.*s%s%s", sign, whole, digits, q ? "." : "", digits + whole);
      } else if (q < 0 && -q - n < 40) {
        sprintf(out, "%s0.%.*s%s", sign, -q - n,
                "0000000000000000000000000000000000000000", digits);
      } else {
        sprintf(out, "%s%se%+d", sign, digits, q);
      }
  }
}

static void check_random_digits(uint64_t seed, int rounds, size_t least, size_t most,
                                int q_first, int q_last) {
  char digits[1200], text[TEXT_MAX];
  for (int i = 0; i < dm_test_rounds(rounds); i++) {
    size_t n = least + naive_below(&seed, most - least + 1);
    random_digits(&seed, digits, n);
    int magnitude = q_first + (int)naive_below(&seed, (size_t)(q_last - q_first + 1));
    write_decimal(&seed, text, digits, magnitude - (int)n);
    if (!is_right(text)) {
      return;
    }
  }
  DM_CASE("%d of %zu to %zu digits", rounds, least, most);
  CHECK(true);
}

static void test_random_digits(void) {
  check_random_digits(10, 40000, 1, 18, -18, 20);
  check_random_digits(11, 25000, 1, 20, -345, 312);
  check_random_digits(12, 20000, 17, 25, -345, 312);
  check_random_digits(13, 10000, 20, 60, -345, 312);
  check_random_digits(14, 2500, 60, 800, -345, 312);
  check_random_digits(15, 500, 780, 1100, -345, 312);
  check_random_digits(16, 10000, 1, 20, -325, -306); /* subnormals */
  check_random_digits(17, 5000, 15, 40, 307, 310);
}

/* Doubles printed with 15 to 17 digits: what Python and R write. */
static void test_printed_doubles(void) {
  uint64_t seed = 20;
  for (int i = 0; i < dm_test_rounds(60000); i++) {
    uint64_t bits = naive_random(&seed);
    switch (naive_below(&seed, 4)) {
      case 0: /* about 1 */
        bits = (bits & ~(UINT64_C(2047) << 52)) |
               (uint64_t)(1023 - naive_below(&seed, 30)) << 52;
        break;
      case 1: /* few bits */
        bits &= ~UINT64_C(0) << naive_below(&seed, 53);
        break;
      default:
        break;
    }
    double value = dm_double_from_bits(bits);
    if (!isfinite(value)) {
      continue;
    }
    char text[64];
    snprintf(text, sizeof text, "%.*e", 14 + (int)naive_below(&seed, 5), value);
    if (!is_right(text)) {
      return;
    }
    ptrdiff_t used;
    double back;
    snprintf(text, sizeof text, "%.17g", value);
    if (!parse(text, strlen(text), &used, &back) ||
        dm_double_bits(back) != dm_double_bits(value)) {
      DM_CASE("%s", text);
      CHECK_DOUBLE(back, value);
      return;
    }
  }
  CHECK(true);
}

/* All digits of m * 2^k; returns their count, and *q is the power of ten. */
static size_t write_exactly(uint64_t m, int64_t k, char *out, int *q) {
  static nat value;
  nat_set(&value, m);
  *q = 0;
  if (k >= 0) {
    nat_shift(&value, k);
  } else { /* m / 2^n = m * 5^n / 10^n */
    for (int64_t i = 0; i < -k; i++) {
      nat_scale(&value, 5, 0);
    }
    *q = (int)k;
  }
  size_t n = 0;
  while (value.n) {
    out[n++] = (char)('0' + nat_divide(&value, 10));
  }
  for (size_t i = 0; i < n / 2; i++) {
    char c = out[i];
    out[i] = out[n - 1 - i];
    out[n - 1 - i] = c;
  }
  out[n] = '\0';
  return n;
}

/* The points half way between two doubles, exactly and by a hair beside. */
static bool check_tie(uint64_t *seed, uint64_t m, int64_t k) {
  char digits[1600], text[TEXT_MAX];
  int q;
  size_t n = write_exactly(2 * m + 1, k - 1, digits, &q);
  write_decimal(seed, text, digits, q);
  if (!is_right(text)) {
    return false;
  }
  /* above: some zeros and a one */
  size_t zeros = naive_below(seed, 4) ? naive_below(seed, 5) : naive_below(seed, 300);
  memset(digits + n, '0', zeros);
  strcpy(digits + n + zeros, "1");
  write_decimal(seed, text, digits, q - (int)zeros - 1);
  if (!is_right(text)) {
    return false;
  }
  /* below: the last digit, never a zero behind the point, one less, and nines */
  size_t last = n - 1;
  while (digits[last] == '0') {
    digits[last--] = '9';
  }
  digits[last]--;
  memset(digits + n, '9', zeros + 1);
  if (digits[0] == '0') {
    return true;
  }
  write_decimal(seed, text, digits, q - (int)zeros - 1);
  return is_right(text);
}

static void test_ties(void) {
  uint64_t seed = 30;
  bool is_good = true;
  for (int i = 0; i < dm_test_rounds(12000) && is_good; i++) { /* of moderate size */
    uint64_t m = naive_random(&seed) >> 12 | UINT64_C(1) << 52;
    is_good = check_tie(&seed, m, (int64_t)naive_below(&seed, 90) - 80);
  }
  CHECK(is_good);
  for (int i = 0; i < dm_test_rounds(600) && is_good; i++) { /* of any size */
    uint64_t m = naive_random(&seed) >> 12 | UINT64_C(1) << 52;
    is_good = check_tie(&seed, m, (int64_t)naive_below(&seed, 2046) - 1074);
  }
  CHECK(is_good);
  for (int i = 0; i < dm_test_rounds(300) && is_good; i++) { /* subnormals */
    is_good = check_tie(&seed, naive_random(&seed) >> (12 + i % 52), -1074);
  }
  CHECK(is_good);
  /* the borders: zero, subnormal to normal, powers of two, the largest */
  static const struct {
    uint64_t m;
    int64_t k;
  } borders[] = {{0, -1074},
                 {1, -1074},
                 {2, -1074},
                 {(UINT64_C(1) << 52) - 2, -1074},
                 {(UINT64_C(1) << 52) - 1, -1074},
                 {UINT64_C(1) << 52, -1074},
                 {(UINT64_C(1) << 53) - 1, -1074},
                 {UINT64_C(1) << 52, -1073},
                 {(UINT64_C(1) << 53) - 1, 0},
                 {UINT64_C(1) << 52, 1},
                 {(UINT64_C(1) << 53) - 2, 971},
                 {(UINT64_C(1) << 53) - 1, 971}};
  for (size_t i = 0; i < sizeof borders / sizeof borders[0]; i++) {
    DM_CASE("border %zu", i);
    for (int k = 0; k < 50 && is_good; k++) {
      is_good = check_tie(&seed, borders[i].m, borders[i].k);
    }
    CHECK(is_good);
  }
  /* just under a power of two the steps are half as wide */
  for (int64_t k = -1073; k < 972 && is_good; k += 31) {
    is_good = check_tie(&seed, (UINT64_C(1) << 53) - 1, k - 1) &&
              check_tie(&seed, UINT64_C(1) << 52, k);
  }
  CHECK(is_good);
}

static void test_enough_decimals(void) {
  CHECK(n_decimals >= (size_t)dm_test_rounds(180000));
}

int main(void) {
  DM_RUN(test_random_digits);
  DM_RUN(test_printed_doubles);
  DM_RUN(test_ties);
  DM_RUN(test_enough_decimals);
  free_padded();
  return dm_test_end();
}
