/* dm_number against exact arithmetic: natural numbers of any size, written here without a
   look at the module or at the C library's own conversion. A double is right if the
   decimal lies between the points half way to its two neighbours; on such a point itself
   only the even one is right. */
#include <locale.h>
#include <math.h>

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
static void nat_scale(nat *a, uint32_t factor, uint32_t addend) {
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

static void nat_set(nat *a, uint64_t value) {
  a->d[0] = (uint32_t)value;
  a->d[1] = (uint32_t)(value >> 32);
  a->n = a->d[1] ? 2 : a->d[0] ? 1 : 0;
}

static void nat_multiply(nat *out, const nat *a, const nat *b) {
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

static void nat_shift(nat *a, int64_t bits) {
  nat_scale(a, (uint32_t)1 << bits % 32, 0);
  int words = (int)(bits / 32);
  if (a->n && words) {
    memmove(a->d + words, a->d, (size_t)a->n * sizeof a->d[0]);
    memset(a->d, 0, (size_t)words * sizeof a->d[0]);
    a->n += words;
  }
}

static int nat_compare(const nat *a, const nat *b) {
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
static uint32_t nat_divide(nat *a, uint32_t divisor) {
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

static const nat *ten_to(int64_t exponent) {
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
static int compare_exactly(const nat *digits, int64_t q, uint64_t m, int64_t k) {
  static nat left, right, start;
  nat_set(&start, m);
  nat_multiply(&left, digits, ten_to(q > 0 ? q : 0));
  nat_multiply(&right, &start, ten_to(q < 0 ? -q : 0));
  nat_shift(k < 0 ? &left : &right, k < 0 ? -k : k);
  return nat_compare(&left, &right);
}

/* --- the oracle --------------------------------------------------------------------- */

/* Whether the bits (without sign) are those of the double nearest to digits * 10^q. */
static bool is_nearest(const nat *digits, int64_t q, uint64_t bits) {
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
static void split(const char *text, nat *digits, int64_t *q) {
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
static const char *padded(const char *text, size_t len) {
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

static void free_padded(void) {
  free((char *)(uintptr_t)padded("", 0) - TEXT_MAX);
}

/* Both paths on one text: the same end, the same bits. False if they differ. */
static bool parse(const char *text, size_t len, ptrdiff_t *used, double *value) {
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
static bool is_right(const char *text) {
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

/* --- grammar and fixed values ------------------------------------------------------- */

static void test_grammar(void) {
  static const struct {
    const char *text;
    ptrdiff_t used; /* -1: no number */
    double value;
  } cases[] = {
      /* none */
      {"", -1, 0},
      {"-", -1, 0},
      {"--1", -1, 0},
      {"+1", -1, 0},
      {"-+1", -1, 0},
      {".5", -1, 0},
      {"-.5", -1, 0},
      {".", -1, 0},
      {"5.", -1, 0},
      {"-5.", -1, 0},
      {"0.", -1, 0},
      {"5.e1", -1, 0},
      {"5.-1", -1, 0},
      {"1..5", -1, 0},
      {"1e", -1, 0},
      {"1E", -1, 0},
      {"1e+", -1, 0},
      {"1e-", -1, 0},
      {"1e+-5", -1, 0},
      {"1e--5", -1, 0},
      {"1e.5", -1, 0},
      {"1ex", -1, 0},
      {"1.5e", -1, 0},
      {"0e", -1, 0},
      {"e5", -1, 0},
      {"12345678901234567890.", -1, 0},
      {"12345678901234567890e", -1, 0},
      {"0.12345678901234567890123456e", -1, 0},
      {"0.12345678901234567890123456e-", -1, 0},
      {"NaN", -1, 0},
      {"nan", -1, 0},
      {"Infinity", -1, 0},
      {"-Infinity", -1, 0},
      {"inf", -1, 0},
      {"-inf", -1, 0},
      {" 1", -1, 0},
      {"\"1\"", -1, 0},
      {"\xEF\xBC\x91", -1, 0}, /* a digit, but of full width */
      {"\xB1", -1, 0},
      {"/", -1, 0},
      {":", -1, 0},
      /* less than all: what follows is the caller's to refuse */
      {"01", 1, 0.0},
      {"-01", 2, -0.0},
      {"00", 1, 0.0},
      {"00.5", 1, 0.0},
      {"0x10", 1, 0.0},
      {"0b1", 1, 0.0},
      {"1_000", 1, 1.0},
      {"1,5", 1, 1.0},
      {"1 000", 1, 1.0},
      {"1/3", 1, 1.0},
      {"1:3", 1, 1.0},
      {"1-2", 1, 1.0},
      {"1+2", 1, 1.0},
      {"1.5.5", 3, 1.5},
      {"1.5_5", 3, 1.5},
      {"1e5.5", 3, 100000.0},
      {"1e5e5", 3, 100000.0},
      {"1.5f", 3, 1.5},
      {"1j", 1, 1.0},
      {"1L", 1, 1.0},
      {"1d5", 1, 1.0},
      {"1\x65\x35", 3, 100000.0},
      {"1\x25\x35", 1, 1.0}, /* differs from 'E' by the bit that upper case lacks */
      {"0.5\xB5", 3, 0.5},   /* a digit but for the highest bit */
      {"0.12345678/", 10, 0x1.f9add1091c895p-4},
      {"0.12345678:", 10, 0x1.f9add1091c895p-4},
      {"0.12345678\xB0", 10, 0x1.f9add1091c895p-4},
      /* all */
      {"0", 1, 0.0},
      {"-0", 2, -0.0},
      {"0.0", 3, 0.0},
      {"-0.0", 4, -0.0},
      {"0e5", 3, 0.0},
      {"-0e5", 4, -0.0},
      {"0e400", 5, 0.0},
      {"-0E-400", 7, -0.0},
      {"0e99999", 7, 0.0},
      {"0.000e99999999999999999999", 26, 0.0},
      {"1", 1, 1.0},
      {"-1", 2, -1.0},
      {"10", 2, 10.0},
      {"1e0", 3, 1.0},
      {"1e+0", 4, 1.0},
      {"1e-0", 4, 1.0},
      {"1e5", 3, 100000.0},
      {"1E5", 3, 100000.0},
      {"1e+5", 4, 100000.0},
      {"1E+05", 5, 100000.0},
      {"1e00000000000000000000000000005", 31, 100000.0},
      {"1e-00000000000000000000000000005", 32, 0x1.4f8b588e368f1p-17},
      {"1e-05", 5, 0x1.4f8b588e368f1p-17},
      {"0.1", 3, 0x1.999999999999ap-4},
      {"-0.1", 4, -0x1.999999999999ap-4},
      {"0.5", 3, 0.5},
      {"77.87", 5, 0x1.377ae147ae148p+6},
      {"0.3", 3, 0x1.3333333333333p-2},
      {"0.30000000000000004", 19, 0x1.3333333333334p-2},
      {"123456789", 9, 123456789.0},
      {"1234567890123456789", 19, 0x1.12210f47de981p+60},
      {"9999999999999999999", 19, 0x1.158e460913dp+63},
      {"18446744073709551615", 20, 0x1p64},
      {"18446744073709551616", 20, 0x1p64},
      {"0.00000000000000000001", 22, 0x1.79ca10c924223p-67},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("\"%s\"", cases[i].text);
    ptrdiff_t used;
    double value;
    CHECK(parse(cases[i].text, strlen(cases[i].text), &used, &value));
    CHECK_INT(used, cases[i].used);
    CHECK_DOUBLE(value, cases[i].used < 0 ? 0.125 : cases[i].value);
  }
}

/* Class N of the fault catalogue, and the ends of what a double can be. */
static void test_limits(void) {
  static const struct {
    const char *text;
    double value;
  } cases[] = {
      /* the largest double, and half a step above it */
      {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
      {"1.7976931348623158e308", 0x1.fffffffffffffp1023},
      {"1.797693134862315807e308", 0x1.fffffffffffffp1023},
      {"17976931348623157e292", 0x1.fffffffffffffp1023},
      {"0.00017976931348623157e312", 0x1.fffffffffffffp1023},
      {"1.7976931348623159e308", (double)INFINITY},
      {"1.797693134862315808e308", (double)INFINITY},
      {"-1.7976931348623159e308", (double)-INFINITY},
      {"1e308", 0x1.1ccf385ebc8ap1023},
      {"1e309", (double)INFINITY},
      {"1e310", (double)INFINITY},
      {"1e311", (double)INFINITY},
      {"1e400", (double)INFINITY},
      {"-1e400", (double)-INFINITY},
      {"1e9999", (double)INFINITY},
      {"1e10000", (double)INFINITY},
      {"1e2147483648", (double)INFINITY},
      {"1e4294967296", (double)INFINITY},
      {"1e18446744073709551616", (double)INFINITY},
      {"1e99999999999999999999999999999999", (double)INFINITY},
      /* subnormals */
      {"2.2250738585072014e-308", 0x1p-1022},
      {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
      {"2.2250738585072012e-308", 0x1p-1022},
      {"2.2250738585072009e-308", 0x0.fffffffffffffp-1022},
      {"1e-320", 0x0.00000000007e8p-1022},
      {"5e-324", 0x1p-1074},
      {"4.9406564584124654e-324", 0x1p-1074},
      {"3e-324", 0x1p-1074},
      {"2.5e-324", 0x1p-1074},
      {"2.4703282292062328e-324", 0x1p-1074},
      {"2.4703282292062327e-324", 0.0},
      {"-2.4703282292062327e-324", -0.0},
      {"7.4109846876186982e-324", 0x1p-1073}, /* a bit above 1.5 steps */
      {"7.4109846876186981e-324", 0x1p-1074},
      {"2e-324", 0.0},
      {"1e-324", 0.0},
      {"9.9e-325", 0.0},
      {"1e-330", 0.0},
      {"1e-342", 0.0},
      {"1e-343", 0.0},
      {"1e-400", 0.0},
      {"-1e-400", -0.0},
      {"1e-10000", 0.0},
      {"1e-2147483649", 0.0},
      {"1e-99999999999999999999999999999999", 0.0},
      /* integers at 2^53 and 2^63 */
      {"9007199254740991", 0x1.fffffffffffffp52},
      {"9007199254740992", 0x1p53},
      {"9007199254740993", 0x1p53},
      {"9007199254740994", 0x1.0000000000001p53},
      {"9007199254740995", 0x1.0000000000002p53},
      {"9007199254740993.0", 0x1p53},
      {"9007199254740993.00000000000000000000000001", 0x1.0000000000001p53},
      {"9007199254740992.99999999999999999999999999", 0x1p53},
      {"9223372036854775807", 0x1p63},
      {"-9223372036854775808", -0x1p63},
      {"9223372036854775808", 0x1p63},
      {"1000000000000000000000000000000", 0x1.93e5939a08ceap99},
      /* what other readers got wrong */
      {"2.2250738585072013e-308", 0x1p-1022},
      {"6.631236846766476e-316", 0x0.0000008000000p-1022},
      {"3.237883913302901e-319", 0x0.000000000ffffp-1022},
      {"6929495644600919.5", 0x1.89e56ee5e7a58p+52},
      {"3.7455744005952583e15", 0x1.a9d28ff412a75p+51},
      {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
      {"8.10109172351e-10", 0x1.bd5cbaef0fd0cp-31},
      {"1.00000000000000011102230246251565404", 1.0},
      {"1.00000000000000011102230246251565405", 0x1.0000000000001p0},
      {"1.00000000000000033306690738754696212", 0x1.0000000000001p0},
      {"1.00000000000000033306690738754696213", 0x1.0000000000002p0},
      {"1.000000000000000111022302462515654042363166809082031250", 1.0},
      {"1.000000000000000111022302462515654042363166809082031249", 1.0},
      {"1.000000000000000111022302462515654042363166809082031251", 0x1.0000000000001p0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("\"%s\"", cases[i].text);
    ptrdiff_t used;
    double value;
    CHECK(parse(cases[i].text, strlen(cases[i].text), &used, &value));
    CHECK_INT(used, strlen(cases[i].text));
    CHECK_DOUBLE(value, cases[i].value);
    if (strlen(cases[i].text) < 25) { /* the oracle has no room for all exponents */
      static nat digits;
      int64_t q;
      split(cases[i].text, &digits, &q);
      CHECK((q < 0 ? -q : q) > TEN_MAX || is_right(cases[i].text));
    }
  }
}

static void test_every_exponent(void) {
  static const char *const digits[] = {"1",
                                       "9",
                                       "2.5",
                                       "9007199254740993",
                                       "18446744073709551615",
                                       "9999999999999999999",
                                       "12345678901234567890123",
                                       "0.000000000000000000000000001",
                                       "1.7976931348623157"};
  for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
    bool is_good = true;
    for (int e = -400; e <= 400 && is_good; e++) {
      char text[64];
      snprintf(text, sizeof text, "%s%s%d", digits[i], e & 1 ? "e" : "E", e);
      is_good = is_right(text);
    }
    DM_CASE("%s", digits[i]);
    CHECK(is_good);
  }
}

static void fill(char *out, const char *first, char c, size_t n, const char *last) {
  size_t len = strlen(first);
  memcpy(out, first, len);
  memset(out + len, c, n);
  memcpy(out + len + n, last, strlen(last) + 1);
}

/* Digits that need a count, not a place in a word. */
static void test_long_texts(void) {
  char text[TEXT_MAX];
  for (size_t n = 0; n < 1100; n += n < 40 ? 1 : 53) {
    char exponent[16];
    static const char *const firsts[] = {"",
                                         "0.",
                                         "-1",
                                         "1.",
                                         "-0.1",
                                         "9007199254740993.",
                                         "9007199254740993",
                                         "1.7976931348623157"};
    static const char *const lasts[] = {"1", "5", "e-5", "e-300", "1e-42", "5e+40"};
    for (size_t f = 0; f < sizeof firsts / sizeof firsts[0]; f++) {
      for (size_t l = 0; l < sizeof lasts / sizeof lasts[0]; l++) {
        for (size_t d = 0; d < 2; d++) {
          if (firsts[f][0] == '\0' && d == 0) {
            continue; /* would start with zeros */
          }
          if (n == 0 && (lasts[l][0] == 'e')) {
            continue;
          }
          fill(text, firsts[f], d ? '9' : '0', n, lasts[l]);
          if (!is_right(text)) {
            return;
          }
        }
      }
    }
    /* the exponent takes back what the zeros did */
    snprintf(exponent, sizeof exponent, "e-%zu", n);
    fill(text, "15", '0', n, exponent);
    ptrdiff_t used;
    double value;
    DM_CASE("15 and %zu zeros", n);
    CHECK(parse(text, strlen(text), &used, &value));
    CHECK_DOUBLE(value, 15.0);
    snprintf(exponent, sizeof exponent, "15e%zu", n + 2);
    fill(text, "0.", '0', n, exponent);
    CHECK(parse(text, strlen(text), &used, &value));
    CHECK_DOUBLE(value, 15.0);
  }
}

/* Far more digits than any boundary has: they still decide, by being there. */
static void test_millions_of_digits(void) {
  static const struct {
    const char *first;
    const char *last;
    double value;
  } cases[] = {
      {"1.00000000000000011102230246251565404236316680908203125", "", 1.0},
      {"1.00000000000000011102230246251565404236316680908203125", "1",
       0x1.0000000000001p0},
      {"0.", "1e3000001", 1.0},
      {"0.", "1e3000010", 1e9},
      {"1", "e-3000000", 1.0},
      {"1", "e-2999999", 10.0},
      {"1", "", (double)INFINITY},
      {"0.", "1", 0.0},
      {"9007199254740993", "e-3000000", 0x1p53},
      {"9007199254740993", "1e-3000001", 0x1.0000000000001p53},
  };
  size_t n = 3000000;
  char *text = malloc(n + 100 + DM_NUMBER_PAD);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("%s ... %s", cases[i].first, cases[i].last);
    fill(text, cases[i].first, '0', n, cases[i].last);
    size_t len = strlen(text);
    memset(text + len, ',', DM_NUMBER_PAD);
    double value;
    const char *end = dm_number(text, &value);
    CHECK(end == text + len);
    CHECK_DOUBLE(value, cases[i].value);
  }
  free(text);
}

/* --- random decimals ---------------------------------------------------------------- */

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
  for (int i = 0; i < rounds; i++) {
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
  for (int i = 0; i < 60000; i++) {
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
  for (int i = 0; i < 12000 && is_good; i++) { /* of moderate size */
    uint64_t m = naive_random(&seed) >> 12 | UINT64_C(1) << 52;
    is_good = check_tie(&seed, m, (int64_t)naive_below(&seed, 90) - 80);
  }
  CHECK(is_good);
  for (int i = 0; i < 600 && is_good; i++) { /* of any size */
    uint64_t m = naive_random(&seed) >> 12 | UINT64_C(1) << 52;
    is_good = check_tie(&seed, m, (int64_t)naive_below(&seed, 2046) - 1074);
  }
  CHECK(is_good);
  for (int i = 0; i < 300 && is_good; i++) { /* subnormals */
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
  CHECK(n_decimals >= 200000);
}

/* --- pieces ------------------------------------------------------------------------- */

/* The table by its definition: 128 bits, cut off for q >= 0, rounded up below. */
static void test_powers(void) {
  static nat row, product, limit;
  for (int q = DM_POWER_FIRST; q <= DM_POWER_LAST; q++) {
    const uint64_t *power = dm_powers[q - DM_POWER_FIRST];
    row = (nat){.n = 4,
                .d = {(uint32_t)power[1], (uint32_t)(power[1] >> 32), (uint32_t)power[0],
                      (uint32_t)(power[0] >> 32)}};
    const nat *ten = ten_to(q < 0 ? -q : q);
    int64_t length = 32 * (int64_t)(ten->n - 1);
    for (uint32_t top = ten->d[ten->n - 1]; top; top >>= 1) {
      length++;
    }
    bool is_good = power[0] >> 63 == 1;
    nat one;
    nat_set(&one, 1);
    if (q >= 0) { /* row <= 10^q * 2^(128 - length) < row + 1 */
      limit = *ten;
      if (length < 128) {
        nat_shift(&limit, 128 - length);
      }
      product = row;
      if (length > 128) {
        nat_shift(&product, length - 128);
      }
      is_good = is_good && nat_compare(&product, &limit) <= 0;
      product = row;
      nat_scale(&product, 1, 1);
      if (length > 128) {
        nat_shift(&product, length - 128);
      }
      is_good = is_good && nat_compare(&limit, &product) < 0;
    } else { /* (row - 1) * 10^-q < 2^(127 + length) <= row * 10^-q */
      limit = one;
      nat_shift(&limit, 127 + length);
      nat_multiply(&product, &row, ten);
      is_good = is_good && nat_compare(&limit, &product) <= 0;
      row.d[0]--; /* never borrows here, or the next check fails */
      nat_multiply(&product, &row, ten);
      is_good = is_good && power[1] % (UINT64_C(1) << 32) != 0 &&
                nat_compare(&product, &limit) < 0;
    }
    DM_CASE("10^%d", q);
    CHECK(is_good);
  }
}

static void test_words_of_digits(void) {
  unsigned long wrong = 0;
  for (unsigned at = 0; at < 8; at++) {
    for (unsigned c = 0; c < 256; c++) {
      for (unsigned behind = 0; behind < 256; behind += 5) {
        char text[8];
        memset(text, '0' + (char)(c % 10), sizeof text);
        memset(text + at, (int)behind, sizeof text - at);
        text[at] = (char)c;
        unsigned want = 0;
        while (want < 8 && text[want] >= '0' && text[want] <= '9') {
          want++;
        }
        wrong += dm_leading_digits(dm_load8(text)) != want;
      }
    }
  }
  CHECK_UINT(wrong, 0);
  uint64_t seed = 40;
  for (int i = 0; i < 100000; i++) {
    char text[9];
    uint32_t want = (uint32_t)naive_below(&seed, 100000000);
    snprintf(text, sizeof text, "%08" PRIu32, want);
    wrong += dm_eight_digits(dm_load8(text)) != want;
  }
  CHECK_UINT(wrong, 0);
  CHECK_UINT(dm_eight_digits(dm_load8("00000000")), 0);
  CHECK_UINT(dm_eight_digits(dm_load8("99999999")), 99999999);
  CHECK_UINT(dm_eight_digits(dm_load8("12345678")), 12345678);
}

static void test_multiply(void) {
  static const uint64_t edges[] = {
      0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 1};
  uint64_t seed = 41;
  unsigned long wrong = 0;
  for (int i = 0; i < 100000; i++) {
    uint64_t a = i < 49 ? edges[i / 7] : naive_random(&seed);
    uint64_t b = i < 49 ? edges[i % 7] : naive_random(&seed);
    nat x, y, product;
    nat_set(&x, a);
    nat_set(&y, b);
    memset(product.d, 0, 4 * sizeof product.d[0]);
    nat_multiply(&product, &x, &y);
    uint64_t low;
    uint64_t high = dm_multiply(a, b, &low);
    wrong += low != (product.d[0] | (uint64_t)product.d[1] << 32) ||
             high != (product.d[2] | (uint64_t)product.d[3] << 32);
  }
  CHECK_UINT(wrong, 0);
}

static void test_integer(void) {
  static const struct {
    const char *text;
    ptrdiff_t used;
    bool is_fit;
    int64_t value;
  } cases[] = {
      {"", -1, false, 0},
      {"-", -1, false, 0},
      {"--1", -1, false, 0},
      {"+1", -1, false, 0},
      {".5", -1, false, 0},
      {"a", -1, false, 0},
      {"/", -1, false, 0},
      {":", -1, false, 0},
      {"\xB1", -1, false, 0},
      {"0", 1, true, 0},
      {"-0", 2, true, 0},
      {"00", 1, true, 0},
      {"01", 1, true, 0},
      {"-01", 2, true, 0},
      {"0x10", 1, true, 0},
      {"1", 1, true, 1},
      {"-1", 2, true, -1},
      {"1.0", 1, true, 1},
      {"1e3", 1, true, 1},
      {"1_000", 1, true, 1},
      {"12/", 2, true, 12},
      {"12:", 2, true, 12},
      {"2147483647", 10, true, 2147483647},
      {"-2147483648", 11, true, -INT64_C(2147483648)},
      {"4734364254410", 13, true, INT64_C(4734364254410)},
      {"9007199254740993", 16, true, INT64_C(9007199254740993)},
      {"999999999999999999", 18, true, INT64_C(999999999999999999)},
      {"9223372036854775799", 19, true, INT64_C(9223372036854775799)},
      {"9223372036854775806", 19, true, INT64_MAX - 1},
      {"9223372036854775807", 19, true, INT64_MAX},
      {"9223372036854775808", 19, false, 0},
      {"9223372036854775809", 19, false, 0},
      {"9223372036854775810", 19, false, 0},
      {"-9223372036854775807", 20, true, -INT64_MAX},
      {"-9223372036854775808", 20, true, INT64_MIN},
      {"-9223372036854775809", 20, false, 0},
      {"-9223372036854775810", 20, false, 0},
      {"18446744073709551615", 20, false, 0},
      {"18446744073709551616", 20, false, 0},
      {"18446744073709551617", 20, false, 0},
      {"-18446744073709551617", 21, false, 0},
      {"92233720368547758070", 20, false, 0},
      {"100000000000000000000000000000", 30, false, 0},
      {"-100000000000000000000000000000", 31, false, 0},
      {"99999999999999999999999999999999999999999999999999", 50, false, 0},
      {"92233720368547758080000000001,", 29, false, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("\"%s\"", cases[i].text);
    const char *p = padded(cases[i].text, strlen(cases[i].text));
    int64_t value = 777;
    bool is_fit = !cases[i].is_fit;
    const char *end = dm_integer(p, &value, &is_fit);
    CHECK_INT(end ? end - p : -1, cases[i].used);
    if (cases[i].used >= 0) {
      CHECK_INT(is_fit, cases[i].is_fit);
      CHECK_INT(value, cases[i].is_fit ? cases[i].value : 777);
    }
  }
  uint64_t seed = 42;
  unsigned long wrong = 0;
  for (int i = 0; i < 100000; i++) {
    int64_t want = (int64_t)(naive_random(&seed) >> naive_below(&seed, 64));
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, want);
    const char *p = padded(text, strlen(text));
    int64_t value = 777;
    bool is_fit = false;
    const char *end = dm_integer(p, &value, &is_fit);
    wrong += end != p + strlen(text) || !is_fit || value != want;
  }
  CHECK_UINT(wrong, 0);
}

/* A decimal comma would show at once. */
static void test_locales(void) {
  static const char *const locales[] = {"de_DE.UTF-8", "de_DE", "fr_CA.ISO-8859-1",
                                        "zh_CN.GB18030", "ar_SA.UTF-8"};
  for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
    DM_CASE("%s%s", locales[i],
            setlocale(LC_ALL, locales[i]) ? "" : " (not on this machine)");
    ptrdiff_t used;
    double value;
    CHECK(parse("77.87", 5, &used, &value));
    CHECK_INT(used, 5);
    CHECK_DOUBLE(value, 0x1.377ae147ae148p+6);
    CHECK(parse("77,87", 5, &used, &value));
    CHECK_INT(used, 2);
    setlocale(LC_ALL, "C");
  }
}

int main(void) {
  DM_RUN(test_grammar);
  DM_RUN(test_limits);
  DM_RUN(test_every_exponent);
  DM_RUN(test_long_texts);
  DM_RUN(test_millions_of_digits);
  DM_RUN(test_random_digits);
  DM_RUN(test_printed_doubles);
  DM_RUN(test_ties);
  DM_RUN(test_enough_decimals);
  DM_RUN(test_powers);
  DM_RUN(test_words_of_digits);
  DM_RUN(test_multiply);
  DM_RUN(test_integer);
  DM_RUN(test_locales);
  free_padded();
  return dm_test_end();
}
