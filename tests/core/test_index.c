/* dm_index against a list that is searched from its start, and by its own promises where
   that would take too long. */
#include <stdlib.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "summary/dm_index.h"

static dm_ident ident_of_text(const char *text) {
  return (dm_ident){.kind = DM_IDENT_TEXT, .text = text, .len = strlen(text)};
}

static dm_ident ident_of_big(const char *text) {
  return (dm_ident){.kind = DM_IDENT_BIG, .text = text, .len = strlen(text)};
}

/* Guesses by a hash that another ident has as well; hardly any. */
static unsigned long n_wrong_guesses;

static uint32_t row_of(dm_index *index, dm_ident ident) {
  dm_error err;
  uint32_t row = UINT32_MAX;
  size_t n = index->n;
  dm_lookup lookup;
  dm_index_begin(index, &ident, &lookup);
  dm_index_guess(index, &ident, &lookup);
  bool is_confirmed = dm_index_confirm(index, ident.kind, ident.value, &lookup);
  CHECK_INT(dm_index_end(index, &ident, &lookup, &row, &err), DM_OK);
  bool is_new = index->n > n;
  n_wrong_guesses += lookup.row != (is_new ? 0 : row + 1);
  CHECK(!(lookup.is_certain || is_confirmed) || (!is_new && lookup.row == row + 1));
  uint32_t again = UINT32_MAX;
  CHECK_INT(dm_index_row(index, &ident, &again, &err), DM_OK);
  CHECK_UINT(again, row);
  return row;
}

static void check_ident(const dm_index *index, size_t row, dm_ident want) {
  dm_ident got = dm_index_ident(index, row);
  CHECK_INT(got.kind, want.kind);
  if (want.kind == DM_IDENT_TEXT || want.kind == DM_IDENT_BIG) {
    CHECK_BYTES(got.text, got.len, want.text, want.len);
  } else {
    CHECK_INT(got.value, want.value);
  }
}

/* 1 and "1" are one id; 1 and "01" are two. */
static void test_same_and_other(void) {
  dm_index index;
  dm_index_init(&index, 5);
  const struct {
    dm_ident ident;
    uint32_t row;
  } cases[] = {
      {dm_ident_from_int(1), 0},
      {dm_ident_from_text("1", 1), 0},
      {dm_ident_from_text("01", 2), 1},
      {dm_ident_from_text("1.0", 3), 2},
      {dm_ident_from_text("", 0), 3},
      {dm_ident_from_text(" 1", 2), 4},
      {dm_ident_from_text("-1", 2), 5},
      {dm_ident_from_int(-1), 5},
      {dm_ident_from_int(0), 6},
      {dm_ident_from_text("-0", 2), 7},
      {dm_ident_from_text("0", 1), 6},
      {dm_ident_from_int(INT64_MAX), 8},
      {dm_ident_from_text("9223372036854775807", 19), 8},
      {dm_ident_from_text("9223372036854775808", 19), 9},
      {ident_of_big("9223372036854775808"), 9},
      {ident_of_big("-9223372036854775809"), 10},
      {dm_ident_from_text("-9223372036854775809", 20), 10},
      {dm_ident_from_int(INT64_MIN), 11},
      {dm_ident_from_text("-9223372036854775808", 20), 11},
      {dm_ident_from_text("e\xCC\x81", 3), 12}, /* not normalised */
      {dm_ident_from_text("\xC3\xA9", 2), 13},
      {dm_ident_from_text("a\0b", 3), 14},
      {dm_ident_from_text("a\0c", 3), 15},
      {dm_ident_from_text("a", 1), 16},
      {dm_ident_from_text("a\0", 2), 17},
      {dm_ident_from_text("12345678", 8), 18},
      {dm_ident_from_int(12345678), 18},
      {dm_ident_from_text("abcdefgh", 8), 19},
      {dm_ident_from_text("abcdefghi", 9), 20},
      {dm_ident_from_text("abcdefgh\0", 9), 21},
      {dm_ident_from_text("NA", 2), 22},
      {dm_ident_from_text("1e3", 3), 23},
      {dm_ident_from_int(1000), 24},
      {dm_ident_from_text("+7", 2), 25},
      {dm_ident_from_int(7), 26},
  };
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
      DM_CASE("case %zu", i);
      CHECK_UINT(row_of(&index, cases[i].ident), cases[i].row);
    }
    CHECK_UINT(index.n, 27);
  }
  check_ident(&index, 0, dm_ident_from_int(1)); /* as first given */
  check_ident(&index, 6, dm_ident_from_int(0));
  check_ident(&index, 5, (dm_ident){.kind = DM_IDENT_INT_TEXT, .value = -1});
  check_ident(&index, 9, ident_of_text("9223372036854775808"));
  check_ident(&index, 10, ident_of_big("-9223372036854775809"));
  check_ident(&index, 15, (dm_ident){.kind = DM_IDENT_TEXT, .text = "a\0c", .len = 3});
  dm_index_release(&index);
}

/* Random idents of every kind, few enough to meet again. */
static void test_random(void) {
  for (uint64_t seed = 1; seed <= 3; seed++) {
    dm_index index;
    dm_index_init(&index, seed * 1234567);
    enum { MOST = 1500 };
    static int64_t values[MOST];
    static char texts[MOST][24];
    static bool is_text[MOST];
    size_t n = 0;
    unsigned long wrong = 0;
    uint64_t state = seed;
    for (int i = 0; i < 3000; i++) {
      int64_t value = 0;
      char text[24] = "";
      bool is_text_now = naive_below(&state, 3) == 0;
      switch (naive_below(&state, 4)) {
        case 0:
          value = (int64_t)naive_below(&state, 200);
          break;
        case 1:
          value = (int64_t)naive_below(&state, 200) * (INT64_C(1) << 33) - 100;
          break;
        case 2:
          value = -(int64_t)naive_below(&state, 200) * 8192;
          break;
        default:
          value = INT64_C(4734364254410) + (int64_t)naive_below(&state, 200);
      }
      if (is_text_now) {
        snprintf(text, sizeof text, "id %d", (int)(value % 300));
      }
      size_t want = 0;
      while (want < n && (is_text[want] != is_text_now ||
                          (is_text_now ? memcmp(texts[want], text, sizeof text) != 0
                                       : values[want] != value))) {
        want++;
      }
      if (want == n && n < MOST) {
        values[n] = value;
        memcpy(texts[n], text, sizeof text);
        is_text[n++] = is_text_now;
      }
      wrong += row_of(&index, is_text_now ? ident_of_text(text)
                                          : dm_ident_from_int(value)) != want;
    }
    DM_CASE("seed %d", (int)seed);
    CHECK_UINT(wrong, 0);
    CHECK_UINT(index.n, n);
    CHECK(n > 400 && n < MOST);
    dm_index_release(&index);
  }
}

/* Texts of all lengths that differ in a single byte, wherever it stands: none is guessed
   to be another. The memory of a text ends with it, so that a sanitizer sees what is read
   beyond. */
static void test_text_lengths(void) {
  enum { LONGEST = 70 };
  dm_index index;
  dm_index_init(&index, 8);
  uint32_t next = 0;
  for (size_t len = 0; len <= LONGEST; len++) {
    char *text = malloc(len ? len : 1);
    if (!text) {
      exit(2);
    }
    memset(text, 'a', len ? len : 1);
    dm_ident ident = {.kind = DM_IDENT_TEXT, .text = text, .len = len};
    DM_CASE("length %zu", len);
    CHECK_UINT(row_of(&index, ident), next++);
    for (size_t i = 0; i < len; i++) {
      text[i] = 'b';
      CHECK_UINT(row_of(&index, ident), next++);
      check_ident(&index, next - 1, ident);
      text[i] = 'a';
    }
    CHECK_UINT(row_of(&index, ident), next - 1 - (uint32_t)len);
    free(text);
  }
  dm_index_release(&index);
}

/* Growth through every size of the tables. */
static void test_growth(void) {
  static const struct {
    int64_t first, step;
    size_t n;
  } cases[] = {
      {0, 1, 200000},
      {199999, -1, 200000},
      {-50000, 1, 100000},
      {0, 8192, 100000},
      {0, INT64_C(1) << 32, 50000},
      {INT64_MIN, 1, 50000},
      {0, 1000003, 4000},
      {(INT64_C(1) << 31) - 5000, 1, 10000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dm_index index;
    dm_index_init(&index, 99 + i);
    DM_CASE("from %lld by %lld", (long long)cases[i].first, (long long)cases[i].step);
    unsigned long wrong = 0;
    for (int round = 0; round < 2; round++) {
      int64_t value = cases[i].first;
      for (size_t k = 0; k < cases[i].n; k++) {
        dm_ident ident = dm_ident_from_int(value);
        uint32_t row = UINT32_MAX;
        dm_error err;
        wrong += dm_index_row(&index, &ident, &row, &err) != DM_OK || row != k;
        value = (int64_t)((uint64_t)value + (uint64_t)cases[i].step);
      }
    }
    CHECK_UINT(wrong, 0);
    CHECK_UINT(index.n, cases[i].n);
    dm_index_release(&index);
  }
}

/* The longest run of full buckets: how far a look-up may have to go. */
static size_t longest_run(const dm_index *index) {
  size_t longest = 0, run = 0;
  for (size_t i = 0; i < 2 * index->n_buckets; i++) { /* twice: runs go round the end */
    const dm_bucket *bucket = &index->buckets[i % index->n_buckets];
    run = bucket->row[DM_BUCKET_ENTRIES - 1] ? run + 1 : 0;
    longest = run > longest ? run : longest;
  }
  return longest;
}

/* Patterns that a weak hash sends to few slots; with any seed they are spread. */
static void test_spread(void) {
  static const uint64_t seeds[] = {0, 1, 2, UINT64_MAX, UINT64_C(0x9E3779B97F4A7C15)};
  for (size_t s = 0; s < sizeof seeds / sizeof seeds[0]; s++) {
    for (int pattern = 0; pattern < 6; pattern++) {
      dm_index index;
      dm_index_init(&index, seeds[s]);
      for (int64_t i = 0; i < 12000; i++) {
        char text[64];
        dm_ident ident;
        switch (pattern) {
          case 0:
            ident = dm_ident_from_int(-i - 1);
            break;
          case 1:
            ident = dm_ident_from_int((i + 1) << 32);
            break;
          case 2:
            ident = dm_ident_from_int((int64_t)((uint64_t)(i + 1) << 50));
            break;
          case 3:
            snprintf(text, sizeof text, "sample-%06d", (int)i);
            ident = ident_of_text(text);
            break;
          case 4:
            snprintf(text, sizeof text, "%06d-the-same-end-of-all-of-them", (int)i);
            ident = ident_of_text(text);
            break;
          default:
            snprintf(text, sizeof text, "aaaaaaaa%08d", (int)i * 1000);
            ident = ident_of_text(text);
        }
        (void)row_of(&index, ident);
      }
      DM_CASE("pattern %d, seed %zu", pattern, s);
      CHECK(index.n == 12000);
      CHECK(index.n_hashed <= index.n_buckets * 5 + 1);
      CHECK(longest_run(&index) < 16);
      dm_index_release(&index);
    }
  }
}

/* So many texts and integers that some have the same hash, of 32 bits. */
static void check_same_hashes(int width) {
  enum { N = 400000 };
  dm_index index;
  dm_index_init(&index, 11);
  unsigned long wrong = 0;
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < N; i++) {
      char text[96];
      uint32_t row = UINT32_MAX;
      dm_error err;
      snprintf(text, sizeof text, "%0*u", width, i);
      dm_ident ident = i % 2 ? ident_of_text(text) : dm_ident_from_int(-1 - (int64_t)i);
      if (round == 0) {
        wrong += dm_index_row(&index, &ident, &row, &err) != DM_OK || row != i;
      } else {
        wrong += row_of(&index, ident) != i;
      }
    }
  }
  CHECK_UINT(wrong, 0);
  CHECK_UINT(index.n, N);
  size_t same[2] = {0, 0}; /* of one kind, of both */
  for (size_t b = 0; b < index.n_buckets; b++) {
    const dm_bucket *bucket = &index.buckets[b];
    for (size_t k = 0; k < DM_BUCKET_ENTRIES && bucket->row[k]; k++) {
      for (size_t j = 0; j < k; j++) {
        same[(bucket->row[k] ^ bucket->row[j]) & 1] += bucket->hash[k] == bucket->hash[j];
      }
    }
  }
  CHECK(same[0] > 0);
  CHECK(same[1] > 0);
  dm_index_release(&index);
}

static void test_same_hashes(void) {
  static const int widths[] = {20, 40, 80}; /* in the key, in its own row, elsewhere */
  for (int i = 0; i < 3; i++) {
    DM_CASE("texts of %d bytes", widths[i]);
    check_same_hashes(widths[i]);
  }
}

static void test_guesses(void) {
  CHECK(n_wrong_guesses > 0 && n_wrong_guesses < 200); /* of 1,600,000 */
}

static void test_type(void) {
  const struct {
    dm_ident idents[3];
    size_t n;
    dm_ident_type want;
  } cases[] = {
      {{{.kind = DM_IDENT_NONE}}, 0, DM_TYPE_INT32},
      {{dm_ident_from_int(0)}, 1, DM_TYPE_INT32},
      {{dm_ident_from_int(INT32_MAX), dm_ident_from_int(-INT32_MAX)}, 2, DM_TYPE_INT32},
      {{dm_ident_from_int(INT32_MIN)}, 1, DM_TYPE_DOUBLE}, /* R's NA */
      {{dm_ident_from_int((int64_t)INT32_MAX + 1)}, 1, DM_TYPE_DOUBLE},
      {{dm_ident_from_int(INT64_C(4734364254410))}, 1, DM_TYPE_DOUBLE},
      {{dm_ident_from_int(INT64_C(1) << 53), dm_ident_from_int(-(INT64_C(1) << 53))},
       2,
       DM_TYPE_DOUBLE},
      {{dm_ident_from_int((INT64_C(1) << 53) + 1)}, 1, DM_TYPE_TEXT},
      {{dm_ident_from_int(-(INT64_C(1) << 53) - 1)}, 1, DM_TYPE_TEXT},
      {{dm_ident_from_int(INT64_MIN)}, 1, DM_TYPE_TEXT},
      {{ident_of_big("9223372036854775808")}, 1, DM_TYPE_TEXT},
      {{ident_of_text("a")}, 1, DM_TYPE_TEXT},
      {{dm_ident_from_int(1), dm_ident_from_text("2", 1)}, 2, DM_TYPE_TEXT},
      {{dm_ident_from_int(1), dm_ident_from_text("1", 1)}, 2, DM_TYPE_TEXT},
      {{dm_ident_from_text("1", 1), dm_ident_from_int(1)}, 2, DM_TYPE_TEXT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_index index;
    dm_index_init(&index, i);
    for (size_t k = 0; k < cases[i].n; k++) {
      (void)row_of(&index, cases[i].idents[k]);
    }
    CHECK_INT(dm_index_type(&index), cases[i].want);
    dm_index_freeze(&index);
    CHECK_INT(dm_index_type(&index), cases[i].want);
    dm_index_release(&index);
  }
}

static void check_order(dm_index *index, const uint32_t *want, size_t n) {
  uint32_t *order = malloc((index->n + 1) * sizeof *order);
  dm_error err;
  CHECK_UINT(index->n, n);
  dm_index_freeze(index);
  CHECK_INT(dm_index_order(index, order, &err), DM_OK);
  CHECK_BYTES((char *)order, n * sizeof *order, (const char *)want, n * sizeof *want);
  free(order);
  dm_index_release(index);
}

static void test_order(void) {
  dm_index index;
  DM_CASE("none");
  dm_index_init(&index, 1);
  check_order(&index, (uint32_t[]){0}, 0);
  DM_CASE("one");
  dm_index_init(&index, 1);
  (void)row_of(&index, dm_ident_from_int(5));
  check_order(&index, (uint32_t[]){0}, 1);
  DM_CASE("integers");
  dm_index_init(&index, 1);
  static const int64_t values[] = {3, -1, INT64_MAX, 0, INT64_MIN, 1 << 20, 2};
  for (size_t i = 0; i < 7; i++) {
    (void)row_of(&index, dm_ident_from_int(values[i]));
  }
  check_order(&index, (uint32_t[]){4, 1, 3, 6, 0, 5, 2}, 7);
  DM_CASE("a text among them");
  dm_index_init(&index, 1);
  (void)row_of(&index, dm_ident_from_int(3));
  (void)row_of(&index, dm_ident_from_int(1));
  (void)row_of(&index, dm_ident_from_text("2", 1));
  check_order(&index, (uint32_t[]){0, 1, 2}, 3);
  DM_CASE("big integers");
  dm_index_init(&index, 1);
  static const char *const big[] = {"99999999999999999999",     "-9223372036854775809",
                                    "9223372036854775808",      "-100000000000000000000",
                                    "100000000000000000000000", "9223372036854775809",
                                    "-9223372036854775810"};
  for (size_t i = 0; i < 7; i++) {
    (void)row_of(&index, ident_of_big(big[i]));
    (void)row_of(&index, dm_ident_from_int(values[i]));
  }
  check_order(&index, (uint32_t[]){6, 12, 2, 9, 3, 7, 13, 1, 11, 5, 4, 10, 0, 8}, 14);
}

static int compare_values(const void *a, const void *b) {
  const int64_t *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

static void test_order_random(void) {
  uint64_t seed = 95;
  for (int round = 0; round < 20; round++) {
    enum { N = 3000 };
    static int64_t values[N];
    static uint32_t order[N];
    dm_index index;
    dm_index_init(&index, seed);
    unsigned shift = (unsigned)naive_below(&seed, 64);
    for (size_t i = 0; i < N; i++) {
      values[i] = (int64_t)naive_random(&seed) >> shift;
      (void)row_of(&index, dm_ident_from_int(values[i]));
    }
    dm_error err;
    CHECK_INT(dm_index_order(&index, order, &err), DM_OK);
    qsort(values, N, sizeof values[0], compare_values);
    size_t n = 0, wrong = 0; /* without those that came again */
    for (size_t i = 0; i < N; i++) {
      if (i == 0 || values[i] != values[i - 1]) {
        wrong += dm_index_ident(&index, order[n++]).value != values[i];
      }
    }
    DM_CASE("round %d, shift %u", round, shift);
    CHECK_UINT(n, index.n);
    CHECK_UINT(wrong, 0);
    dm_index_release(&index);
  }
}

int main(void) {
  DM_RUN(test_same_and_other);
  DM_RUN(test_random);
  DM_RUN(test_text_lengths);
  DM_RUN(test_growth);
  DM_RUN(test_spread);
  DM_RUN(test_same_hashes);
  DM_RUN(test_type);
  DM_RUN(test_order);
  DM_RUN(test_order_random);
  DM_RUN(test_guesses);
  return dm_test_end();
}
