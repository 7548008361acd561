/* dm_number: the grammar, fixed values, long texts, integers. */
#include <locale.h>
#include <math.h>

#include "dm_decimals.h"

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

static void test_multiply(void) {
  static const uint64_t edges[] = {
      0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - 1};
  uint64_t seed = 41;
  unsigned long wrong = 0;
  for (int i = 0; i < dm_test_rounds(100000); i++) {
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
  for (int i = 0; i < dm_test_rounds(100000); i++) {
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
  DM_RUN(test_multiply);
  DM_RUN(test_integer);
  DM_RUN(test_locales);
  free_padded();
  return dm_test_end();
}
