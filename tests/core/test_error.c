/* dm_error: the texts of an error are short, valid UTF-8 and honest about what was cut.
 */
#include "base/dm_error.h"
#include "base/dm_text.h"
#include "dm_naive.h"
#include "dm_test.h"

/* A record full of rubbish, as a caller's stack has it. */
static dm_error rubbish(void) {
  dm_error err;
  memset(&err, 0xA5, sizeof err);
  return err;
}

static bool is_valid(const char *text) {
  size_t len = strlen(text);
  for (size_t i = 0; i < len;) {
    size_t step = naive_utf8((const unsigned char *)text + i, len - i);
    if (step == 0) {
      return false;
    }
    i += step;
  }
  return true;
}

static void check_empty_but(const dm_error *err, dm_status status, const char *expected) {
  CHECK_INT(err->status, status);
  CHECK_INT(err->sys_errno, 0);
  CHECK_INT(err->file, -1);
  CHECK_UINT(err->line, 0);
  CHECK_UINT(err->column, 0);
  CHECK_UINT(err->byte, 0);
  CHECK_INT(err->other_file, -1);
  CHECK_UINT(err->other_line, 0);
  CHECK_STR(err->key, "");
  CHECK_STR(err->found, "");
  CHECK_STR(err->expected, expected);
  CHECK_STR(err->advice, "");
}

static void test_set_empties(void) {
  static const dm_status statuses[] = {DM_OK,      DM_E_IO,     DM_E_SYNTAX,
                                       DM_E_FIELD, DM_E_RANGE,  DM_E_LIMIT,
                                       DM_E_INPUT, DM_E_MEMORY, DM_E_INTERRUPT};
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    DM_CASE("status %d", (int)statuses[i]);
    CHECK_INT(statuses[i], i);
    dm_error err = rubbish();
    CHECK_INT(dm_error_set(&err, statuses[i]), statuses[i]);
    check_empty_but(&err, statuses[i], "");
    err = rubbish();
    CHECK_INT(dm_error_expected(&err, statuses[i], "%d or %s", 7, "more"), statuses[i]);
    check_empty_but(&err, statuses[i], "7 or more");
  }
  dm_error err = rubbish();
  CHECK_INT(dm_error_memory(&err), DM_E_MEMORY);
  check_empty_but(&err, DM_E_MEMORY, "enough memory");
}

static void test_texts_leave_the_rest(void) {
  dm_error err = rubbish();
  dm_error_set(&err, DM_E_FIELD);
  dm_error_key(&err, "label", 5);
  err.line = 17;
  dm_error_found(&err, "%s and %d", "nothing", -3);
  dm_error_advice(&err, "try %llu", 18446744073709551615ULL);
  CHECK_INT(err.status, DM_E_FIELD);
  CHECK_UINT(err.line, 17);
  CHECK_STR(err.key, "label");
  CHECK_STR(err.found, "nothing and -3");
  CHECK_STR(err.expected, "");
  CHECK_STR(err.advice, "try 18446744073709551615");
  dm_error_found(&err, "%s", "");
  CHECK_STR(err.found, "");
  CHECK_STR(err.key, "label");
}

/* Each text is prefix bytes of 'a', then a character over and over. */
static void test_long_texts_are_cut_between_characters(void) {
  static const char *const characters[] = {"b", "\xC3\xA9", "\xE2\x82\xAC",
                                           "\xF0\x9F\x98\x80"};
  for (size_t c = 0; c < 4; c++) {
    size_t size = c + 1;
    for (size_t prefix = 0; prefix < 8; prefix++) {
      for (size_t n = 0; n < 300; n++) {
        char text[1400];
        size_t len = prefix;
        memset(text, 'a', prefix);
        for (size_t i = 0; i < n; i++, len += size) {
          memcpy(text + len, characters[c], size);
        }
        text[len] = '\0';
        char want[DM_TEXT_MAX];
        if (len < DM_TEXT_MAX) {
          memcpy(want, text, len + 1);
        } else {
          size_t room = DM_TEXT_MAX - 4;
          size_t keep = room - (room - prefix) % size;
          memcpy(want, text, keep);
          memcpy(want + keep, "...", 4);
        }
        dm_error err = rubbish();
        dm_error_expected(&err, DM_E_SYNTAX, "%s", text);
        dm_error_found(&err, "%s", text);
        dm_error_advice(&err, "%s", text);
        if (strcmp(err.expected, want) != 0 || strcmp(err.found, want) != 0 ||
            strcmp(err.advice, want) != 0) {
          DM_CASE("%zu bytes, then %zu of %zu bytes", prefix, n, size);
          CHECK_STR(err.expected, want);
          CHECK_STR(err.found, want);
          CHECK_STR(err.advice, want);
        }
      }
      DM_CASE("characters of %zu bytes behind %zu", size, prefix);
      CHECK(true);
    }
  }
}

static void test_excerpt_table(void) {
  static const struct {
    const char *bytes;
    size_t len;
    size_t cap;
    const char *want;
  } cases[] = {
      {"", 0, 16, ""},
      {NULL, 0, 16, ""},
      {"label", 5, 16, "label"},
      {"label", 3, 16, "lab"},
      {"\0", 1, 16, "\\x00"},
      {"a\0b", 3, 16, "a\\x00b"},
      {"\t\r\n", 3, 16, "\\x09\\x0D\\x0A"},
      {"\x1F \x7F~", 4, 16, "\\x1F \\x7F~"},
      /* the C1 controls are characters of two bytes; a terminal obeys them */
      {"\xC2\x80", 2, 16, "\\xC2\\x80"},
      {"\xC2\x9B"
       "31m",
       5, 16, "\\xC2\\x9B31m"},
      {"\xC2\x9F\xC2\xA0", 4, 16, "\\xC2\\x9F\xC2\xA0"},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9, 16,
       "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
      /* cut inside a character by the caller */
      {"\xC3\xA9", 1, 16, "\\xC3"},
      {"\xE2\x82\xAC", 2, 16, "\\xE2\\x82"},
      {"\xF0\x9F\x98\x80", 3, 16, "\\xF0\\x9F\\x98"},
      /* not UTF-8 */
      {"\x80", 1, 16, "\\x80"},
      {"\xC0\xAF", 2, 16, "\\xC0\\xAF"},
      {"\xED\xA0\x80", 3, 16, "\\xED\\xA0\\x80"},
      {"\xFF\xFE", 2, 16, "\\xFF\\xFE"},
      {"a\xE9z", 3, 16, "a\\xE9z"},
      /* lengths about the capacity: what fits is whole */
      {"123456789012", 12, 16, "123456789012"},
      {"1234567890123", 13, 16, "1234567890123"},
      {"12345678901234", 14, 16, "12345678901234"},
      {"123456789012345", 15, 16, "123456789012345"},
      {"1234567890123456", 16, 16, "123456789012..."},
      {"12345678901234567", 17, 16, "123456789012..."},
      {"12345678901\xC3\xA9", 13, 16, "12345678901\xC3\xA9"},
      {"12345678901\xC3\xA9xx", 15, 16, "12345678901\xC3\xA9xx"},
      {"12345678901\xC3\xA9xxx", 16, 16, "12345678901..."},
      {"1234567890\xE2\x82\xACxx", 15, 16, "1234567890\xE2\x82\xACxx"},
      {"1234567890\xE2\x82\xACxxx", 16, 16, "1234567890..."},
      {"123456789\xF0\x9F\x98\x80xx", 15, 16, "123456789\xF0\x9F\x98\x80xx"},
      {"123456789\xF0\x9F\x98\x80xxx", 16, 16, "123456789..."},
      {"\1\2\3", 3, 16, "\\x01\\x02\\x03"},
      {"\1\2\3zzz", 6, 16, "\\x01\\x02\\x03zzz"},
      {"\1\2\3zzzz", 7, 16, "\\x01\\x02\\x03..."},
      {"\1\2\3\4", 4, 16, "\\x01\\x02\\x03..."},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    char out[16 + 1];
    memset(out, '#', sizeof out);
    dm_text_excerpt(out, cases[i].cap, cases[i].bytes, cases[i].len);
    CHECK_STR(out, cases[i].want);
    CHECK_INT(out[cases[i].cap], '#');
  }
}

/* The excerpt in full, then cut where the whole does not fit. */
static void naive_excerpt(char *out, size_t cap, const unsigned char *bytes, size_t len) {
  char whole[1024];
  size_t used = 0, fits = 0;
  for (size_t i = 0; i < len;) {
    size_t step = naive_utf8(bytes + i, len - i);
    bool is_control = bytes[i] < 0x20 || bytes[i] == 0x7F ||
                      (step == 2 && bytes[i] == 0xC2 && bytes[i + 1] < 0xA0);
    if (step && !is_control) {
      memcpy(whole + used, bytes + i, step);
      used += step;
    } else {
      step = 1;
      used += (size_t)snprintf(whole + used, 5, "\\x%02X", bytes[i]);
    }
    i += step;
    fits = used <= cap - 4 ? used : fits;
  }
  whole[used] = '\0';
  if (used >= cap) {
    memcpy(whole + fits, "...", 4);
  }
  memcpy(out, whole, strlen(whole) + 1);
}

static void test_excerpt_random(void) {
  static const unsigned char alphabet[] = {
      'a',  'b',  '"',  0,    '\n', 0x1F, 0x7F, 0x80, 0x85, 0x9F, 0xA0, 0xBF, 0xC0,
      0xC1, 0xC2, 0xC3, 0xDF, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF3, 0xF4, 0xF5, 0xFF};
  uint64_t seed = 1;
  for (int i = 0; i < dm_test_rounds(100000); i++) {
    unsigned char bytes[128];
    size_t len = naive_below(&seed, sizeof bytes);
    size_t plain = naive_below(&seed, 4); /* some runs are mostly text */
    for (size_t k = 0; k < len; k++) {
      bytes[k] = plain && naive_below(&seed, 8)
                     ? 'x'
                     : alphabet[naive_below(&seed, sizeof alphabet)];
    }
    char got[128], want[1024];
    size_t cap = 16 + naive_below(&seed, 100);
    dm_text_excerpt(got, cap, (const char *)bytes, len);
    naive_excerpt(want, cap, bytes, len);
    if (strcmp(got, want) != 0 || strlen(got) >= cap || !is_valid(got)) {
      DM_CASE("round %d, cap %zu", i, cap);
      CHECK_STR(got, want);
      return;
    }
  }
  CHECK(true);
}

static void test_key(void) {
  static const struct {
    size_t len;
    size_t want_len;
  } cases[] = {{0, 0}, {1, 1}, {62, 62}, {63, 63}, {64, 63}, {65, 63}, {999, 63}};
  char key[1000];
  memset(key, 'k', sizeof key);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("%zu bytes", cases[i].len);
    dm_error err = rubbish();
    dm_error_set(&err, DM_E_FIELD);
    dm_error_key(&err, key, cases[i].len);
    CHECK_UINT(strlen(err.key), cases[i].want_len);
    CHECK_INT(strstr(err.key, "...") != NULL, cases[i].len > cases[i].want_len);
    check_empty_but(
        &(dm_error){.status = err.status, .file = err.file, .other_file = err.other_file},
        DM_E_FIELD, "");
    CHECK_STR(err.found, "");
  }
  dm_error err = rubbish();
  dm_error_set(&err, DM_E_FIELD);
  dm_error_key(&err, "l\xE9\n", 3);
  CHECK_STR(err.key, "l\\xE9\\x0A");
}

static dm_status try_it(dm_status inner, int *reached) {
  DM_TRY(inner);
  (*reached)++;
  return DM_OK;
}

static dm_status try_done(dm_status inner, int *reached) {
  dm_status status = DM_OK;
  DM_TRY_DONE(inner);
  (*reached)++;
done:
  (*reached) += 10;
  return status;
}

static void test_try(void) {
  int reached = 0;
  CHECK_INT(try_it(DM_E_LIMIT, &reached), DM_E_LIMIT);
  CHECK_INT(reached, 0);
  CHECK_INT(try_it(DM_OK, &reached), DM_OK);
  CHECK_INT(reached, 1);
  CHECK_INT(try_done(DM_E_LIMIT, &reached), DM_E_LIMIT);
  CHECK_INT(reached, 11);
  CHECK_INT(try_done(DM_OK, &reached), DM_OK);
  CHECK_INT(reached, 22);
}

static void test_io(void) {
  dm_error err;
  CHECK_INT(dm_error_io(&err, 5, "a file of 100 %"), DM_E_IO);
  CHECK_INT(err.status, DM_E_IO);
  CHECK_INT(err.sys_errno, 5);
  CHECK_STR(err.expected, "a file of 100 %");
  CHECK_INT(dm_error_io(&err, 0, "x"), DM_E_IO);
  CHECK_INT(err.sys_errno, 0);
}

int main(void) {
  DM_RUN(test_io);
  DM_RUN(test_set_empties);
  DM_RUN(test_texts_leave_the_rest);
  DM_RUN(test_long_texts_are_cut_between_characters);
  DM_RUN(test_excerpt_table);
  DM_RUN(test_excerpt_random);
  DM_RUN(test_key);
  DM_RUN(test_try);
  return dm_test_end();
}
