/* Decimal text to double and back. The grammar is held against a plain scan, values
   against the C library's strtod() in the locale "C", texts of doubles against being the
   shortest. */
#include <errno.h>
#include <math.h>

#include "fuzz.h"
#include "number/dm_format.h"
#include "number/dm_numbers.h"

static size_t count_digits(const char *p) {
  size_t n = 0;
  while (p[n] >= '0' && p[n] <= '9') {
    n++;
  }
  return n;
}

/* The length of the integer at p, 0 if there is none: -?(0|[1-9][0-9]*) */
static size_t integer_length(const char *p) {
  size_t sign = p[0] == '-';
  size_t digits = p[sign] == '0' ? 1 : count_digits(p + sign);
  return digits ? sign + digits : 0;
}

/* The same for a number: integer(\.[0-9]+)?([eE][+-]?[0-9]+)?, where a point or an e that
   nothing follows spoils all. */
static size_t number_length(const char *p) {
  size_t n = integer_length(p);
  if (n && p[n] == '.') {
    size_t digits = count_digits(p + n + 1);
    n = digits ? n + 1 + digits : 0;
  }
  if (n && (p[n] == 'e' || p[n] == 'E')) {
    size_t sign = p[n + 1] == '+' || p[n + 1] == '-';
    size_t digits = count_digits(p + n + 1 + sign);
    n = digits ? n + 1 + sign + digits : 0;
  }
  return n;
}

static void check_text(const char *text, size_t len) {
  double got = 0;
  double slow = 0;
  int64_t whole = 0;
  bool is_fit = false;
  const char *end = dm_number(text, &got);
  const char *slow_end = dm_number_slow(text, &slow);
  const char *whole_end = dm_integer(text, &whole, &is_fit);
  size_t n = number_length(text);
  FUZZ_CHECK(end == (n ? text + n : NULL) && slow_end == end);
  FUZZ_CHECK(n <= len);
  if (n) {
    char *copy = fuzz_copy(text, n, 1);
    double want = strtod(copy, NULL);
    free(copy);
    FUZZ_CHECK(fuzz_same_double(got, want));
    FUZZ_CHECK(fuzz_same_double(slow, want));
  }
  n = integer_length(text);
  FUZZ_CHECK(whole_end == (n ? text + n : NULL));
  if (n) {
    char *copy = fuzz_copy(text, n, 1);
    errno = 0;
    long long want = strtoll(copy, NULL, 10);
    FUZZ_CHECK(is_fit == (errno == 0));
    FUZZ_CHECK(!is_fit || whole == want);
    free(copy);
  }
}

/* What is taken of a list, either way, is what its numbers are one by one. */
static void check_list(const char *text) {
  enum { ROOM = 16 };
  double got[ROOM];
  double other[ROOM];
  size_t n;
  size_t n_other;
  const char *end = dm_numbers(text, got, ROOM, &n);
  FUZZ_CHECK(dm_numbers_portable(text, other, ROOM, &n_other) == end && n == n_other);
  const char *p = text;
  for (size_t i = 0; i < n; i++) {
    double want = 0;
    p += i > 0;
    p += i > 0 && *p == ' ';
    p = dm_number(p, &want);
    FUZZ_CHECK(p && isfinite(want));
    FUZZ_CHECK(fuzz_same_double(got[i], want) && fuzz_same_double(other[i], want));
  }
  FUZZ_CHECK(p == end);
}

static void check_double(double value) {
  char text[DM_FORMAT_MAX + DM_NUMBER_PAD] = {0};
  size_t n = dm_format_double(value, text);
  FUZZ_CHECK(n > 0 && n <= DM_FORMAT_MAX);
  memset(text + n, 0, sizeof text - n);
  if (!isfinite(value)) {
    FUZZ_CHECK(!strcmp(text, isnan(value) ? "NaN" : value < 0 ? "-Inf" : "Inf"));
    return;
  }
  double again = 0;
  FUZZ_CHECK(dm_number(text, &again) == text + n && fuzz_same_double(again, value));
  FUZZ_CHECK(fuzz_same_double(strtod(text, NULL), value));
  /* significant digits */
  int digits = 0;
  int zeros = 0;
  for (const char *p = text; *p && *p != 'e'; p++) {
    if (*p >= '1' && *p <= '9') {
      digits += zeros + 1;
      zeros = 0;
    } else if (*p == '0' && digits) {
      zeros++;
    }
  }
  FUZZ_CHECK(digits <= 17);
  char other[64];
  if (digits > 1) {
    (void)snprintf(other, sizeof other, "%.*e", digits - 2, value);
    FUZZ_CHECK(!fuzz_same_double(strtod(other, NULL), value));
  }
  if (digits > 0) { /* of those as short it is the nearest */
    (void)snprintf(other, sizeof other, "%.*e", digits - 1, value);
    if (fuzz_same_double(strtod(other, NULL), value)) {
      char shown[64];
      (void)snprintf(shown, sizeof shown, "%.*e", digits - 1, strtod(text, NULL));
      FUZZ_CHECK(!strcmp(shown, other));
    }
  }
}

static void check_integer(int64_t value) {
  char text[DM_FORMAT_MAX + 1] = {0};
  char want[32];
  size_t n = dm_format_int64(value, text);
  int len = snprintf(want, sizeof want, "%lld", (long long)value);
  FUZZ_CHECK(n == (size_t)len && memcmp(text, want, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = fuzz_copy(data, size, DM_NUMBER_PAD);
  for (size_t i = 0; i < size && i < 4; i++) { /* and what starts a bit further */
    check_text(text + i, size - i);
    check_list(text + i);
  }
  double value = 0;
  if (dm_number(text, &value)) {
    check_double(value);
    check_double(nextafter(value, INFINITY));
    check_double(nextafter(value, 0));
  }
  free(text);
  if (size >= sizeof value) {
    int64_t whole;
    memcpy(&value, data, sizeof value);
    memcpy(&whole, data, sizeof whole);
    check_double(value);
    check_integer(whole);
  }
  return 0;
}
