/* dm_numbers: both ways to read a list against dm_number(), number by number and to the
   bit, in memory that ends behind the pad and begins at the list. With
   DATACARTO_LARGE=all ten million numbers in place of one. */
#include <math.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "number/dm_format.h"
#include "number/dm_numbers.h"

typedef const char *reader(const char *p, double *out, size_t room, size_t *n);
static reader *const readers[] = {dm_numbers, dm_numbers_portable};
enum { N_READERS = 2, ROOM = 64 };

/* The text where nothing else may be read. */
static char *alone(const char *text, size_t len) {
  char *copy = malloc(len + DM_NUMBER_PAD);
  memcpy(copy, text, len);
  memset(copy + len, 0, DM_NUMBER_PAD);
  return copy;
}

static void test_forms(void) {
  static const struct {
    const char *text;
    size_t room, n, taken; /* how many numbers, and how many bytes of them */
  } cases[] = {
      {"0.5]", ROOM, 1, 3},
      {"0.5)", ROOM, 1, 3},
      {"0.5, 0.25,0.125]", ROOM, 3, 15},
      {"0.5, 0.25,0.125]", 2, 2, 9},
      {"0.5, 0.25,0.125]", 0, 0, 0},
      {"1, 2, -3]", ROOM, 3, 8},
      {"-0.5, -0, -0.0]", ROOM, 3, 14},
      {"1e-5, 2.5E+3, 1.5e300]", ROOM, 3, 21},
      {"0.5,  0.25]", ROOM, 1, 3}, /* two spaces are read in full */
      {"0.5 , 0.25]", ROOM, 0, 0},
      {"0.5, 0.25 ]", ROOM, 1, 3},
      {"0.5, ]", ROOM, 1, 3},
      {"0.5,]", ROOM, 1, 3},
      {"0.5,\t1]", ROOM, 1, 3},
      {"0.5, 0.25}", ROOM, 1, 3},
      {"0.5, 0.25", ROOM, 1, 3},
      {"0.5, null]", ROOM, 1, 3},
      {"0.5, NaN]", ROOM, 1, 3},
      {"0.5, 1e999]", ROOM, 1, 3},
      {"0.5, 01]", ROOM, 1, 3},
      {"0.5, 1.]", ROOM, 1, 3},
      {"0.5, .5]", ROOM, 1, 3},
      {"0.5, --1]", ROOM, 1, 3},
      {"0.5, 1.5e]", ROOM, 1, 3},
      {"0.5, 1.5x]", ROOM, 1, 3},
      {"]", ROOM, 0, 0},
      {"", ROOM, 0, 0},
      {"-", ROOM, 0, 0},
      {"0.", ROOM, 0, 0},
      {" 0.5]", ROOM, 0, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *text = alone(cases[i].text, strlen(cases[i].text));
    for (size_t r = 0; r < N_READERS; r++) {
      DM_CASE("case %zu: %s, reader %zu", i, cases[i].text, r);
      double out[ROOM];
      size_t n = 99;
      const char *end = readers[r](text, out, cases[i].room, &n);
      CHECK_UINT(n, cases[i].n);
      CHECK_INT(end - text, cases[i].taken);
      const char *p = text;
      for (size_t k = 0; k < n; k++) {
        double want;
        p = dm_number(p, &want);
        CHECK_DOUBLE(out[k], want);
        p += *p == ',';
        p += *p == ' ';
      }
    }
    free(text);
  }
}

static size_t write_digits(uint64_t *seed, char *out, size_t n, size_t zeros) {
  for (size_t i = 0; i < n; i++) {
    out[i] = (char)(i < zeros ? '0' : '0' + naive_below(seed, 10));
  }
  return n;
}

/* Of the forms that numbers have in class vectors: printed doubles and floats, any number
   of digits with zeros before them, exponents, integers, either sign. */
static size_t write_number(uint64_t *seed, char *out) {
  size_t len = 0;
  double unit = (double)(naive_random(seed) >> 11) * 0x1p-53;
  switch (naive_below(seed, 8)) {
    case 0:
    case 1:
      return dm_format_double(unit, out);
    case 2:
      return dm_format_double((double)(float)(unit * unit * unit), out);
    case 3:
      return dm_format_double(log(unit + 1e-300) * pow(10, (double)naive_below(seed, 8)),
                              out);
    case 4:
      return dm_format_double(dm_double_from_bits(naive_random(seed) >> 1), out);
    default:
      break;
  }
  if (naive_below(seed, 3) == 0) {
    out[len++] = '-';
  }
  if (naive_below(seed, 2)) {
    out[len++] = '0';
  } else {
    out[len++] = (char)('1' + naive_below(seed, 9));
    len += write_digits(seed, out + len, naive_below(seed, 4) ? 0 : naive_below(seed, 21),
                        0);
  }
  if (naive_below(seed, 10)) {
    out[len++] = '.';
    size_t n = 1 + naive_below(seed, 27);
    len += write_digits(seed, out + len, n, naive_below(seed, n + 1));
  }
  if (naive_below(seed, 6) == 0) {
    len += (size_t)sprintf(out + len, "%c%+03d", "eE"[naive_below(seed, 2)],
                           (int)naive_below(seed, 40) - 30);
  }
  return len;
}

/* Whether both read such a list as its numbers are read one by one. */
static bool is_same(uint64_t *seed, size_t n) {
  char text[ROOM * 72];
  double want[ROOM];
  double got[ROOM];
  size_t len = 0;
  for (size_t i = 0; i < n; i++) {
    size_t at = len;
    do {
      len = at + write_number(seed, text + at);
      memset(text + len, 0, DM_NUMBER_PAD);
    } while (!dm_number(text + at, &want[i]) || !dm_is_finite(want[i]));
    memcpy(text + len, i + 1 < n ? ", " : "]", 2);
    len += i + 1 < n ? 2 : 1;
  }
  char *copy = alone(text, len);
  bool are_same = true;
  for (size_t r = 0; r < N_READERS; r++) {
    size_t n_got;
    const char *end = readers[r](copy, got, ROOM, &n_got);
    if (n_got != n || end != copy + len - 1 || memcmp(got, want, n * sizeof *got) != 0) {
      FAIL("reader %zu on %.*s", r, (int)len, text);
      are_same = false;
    }
  }
  free(copy);
  return are_same;
}

static void test_random_lists(void) {
  const char *large = getenv("DATACARTO_LARGE");
  size_t most = large && strcmp(large, "all") == 0 ? 10000000 : 1000000;
  uint64_t seed = 1;
  size_t n = 0;
  while (n < most) {
    size_t of = 1 + naive_below(&seed, ROOM);
    if (!is_same(&seed, of)) {
      return;
    }
    n += of;
  }
  DM_CASE("%zu numbers", n);
  CHECK(true);
}

/* Any number of digits, before and behind the point, of which any may be zeros, and what
   they may be cut to. */
static void test_digits(void) {
  static const char *const whole[] = {"0.", "1.", "9.", "-0.", "-7.", "12345678.", "10."};
  uint64_t seed = 2;
  for (size_t w = 0; w < sizeof whole / sizeof *whole; w++) {
    for (size_t n = 1; n <= 40; n++) {
      for (size_t zeros = 0; zeros <= n; zeros++) {
        for (int kind = 0; kind < 3; kind++) {
          char text[128];
          size_t len = (size_t)sprintf(text, "%s", whole[w]);
          write_digits(&seed, text + len, n, zeros);
          memset(text + len + zeros, kind == 1 ? '9' : text[len + n - 1],
                 kind ? n - zeros : 0);
          len += n;
          text[len++] = ']';
          char *copy = alone(text, len);
          double want;
          const char *end = dm_number(copy, &want);
          for (size_t r = 0; r < N_READERS; r++) {
            double got;
            size_t n_got;
            bool is_right = readers[r](copy, &got, 1, &n_got) == end && n_got == 1 &&
                            dm_double_bits(got) == dm_double_bits(want);
            if (!is_right) {
              FAIL("reader %zu on %.*s", r, (int)len, text);
            }
          }
          free(copy);
        }
      }
    }
  }
  CHECK(true);
}

int main(void) {
  DM_RUN(test_forms);
  DM_RUN(test_digits);
  DM_RUN(test_random_lists);
  return dm_test_end();
}
