/* dm_usual.h: what the short ways take is what reading in full gives, to the last bit and
   byte; whatever they do not take they leave alone. */
#include "dm_naive.h"
#include "dm_test.h"
#include "io/dm_lines.h"
#include "signals/dm_usual.h"
#include "signals/dm_value.h"

enum { ROOM = 4096 };

static dm_cursor cursor_at(char line[ROOM], const char *value, bool is_python) {
  memset(line, 0, ROOM);
  (void)snprintf(line, ROOM - DM_BLOCK_PAD, "%s}\n", value);
  return (dm_cursor){.p = line, .line = line, .is_python = is_python};
}

/* How often a short way was taken. */
static unsigned long n_taken;

static void check_integer(const char *value) {
  char line[ROOM];
  dm_cursor c = cursor_at(line, value, false);
  int64_t got = -77;
  const char *end = dm_pass_plain_integer(line, &got);
  if (end && dm_is_delimiter(*end)) {
    dm_buf decoded = {0};
    dm_ident want;
    dm_error err;
    n_taken++;
    if (CHECK_INT(dm_value_ident(&c, DM_USE_ID, &decoded, &want, &err), DM_OK)) {
      CHECK_INT(want.kind, DM_IDENT_INT);
      CHECK_INT(got, want.value);
      CHECK_INT(end - line, c.p - line);
    }
    dm_buf_release(&decoded);
  }
}

static void test_integers(void) {
  uint64_t seed = 1;
  for (int i = 0; i < 20000; i++) {
    char value[64];
    size_t n = 1 + naive_below(&seed, 21);
    size_t len = 0;
    if (naive_below(&seed, 4) == 0) {
      value[len++] = '-';
    }
    for (size_t k = 0; k < n; k++) {
      value[len++] = (char)('0' + naive_below(&seed, 10));
    }
    value[len] = '\0';
    DM_CASE("%s", value);
    check_integer(value);
  }
  CHECK(n_taken > 10000);
  static const char *const others[] = {
      "", "-", "07", "-07", "00", "+1", "1234567890123456789", "\"7\"", "null"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    DM_CASE("%s", others[i]);
    char line[ROOM];
    int64_t got;
    (void)cursor_at(line, others[i], false);
    CHECK(dm_pass_plain_integer(line, &got) == NULL);
  }
}

/* What a number is skipped as. */
static void test_skipped_numbers(void) {
  static const char bytes[] = "0123456789..eE+--";
  uint64_t seed = 2;
  n_taken = 0;
  for (int i = 0; i < 200000; i++) {
    char value[24];
    size_t len = 1 + naive_below(&seed, 9);
    for (size_t k = 0; k < len; k++) {
      value[k] = bytes[naive_below(&seed, sizeof bytes - 1)];
    }
    value[len] = '\0';
    char line[ROOM];
    dm_cursor c = cursor_at(line, value, false);
    const char *end = dm_pass_plain_number(line);
    if (!end || !dm_is_delimiter(*end)) {
      continue;
    }
    DM_CASE("%s", value);
    double number;
    bool is_null;
    dm_error err;
    n_taken++;
    CHECK_INT(dm_value_number(&c, &number, &is_null, &err), DM_OK);
    CHECK_INT(end - line, c.p - line);
  }
  CHECK(n_taken > 1000);
  char digits[300] = ""; /* too many to be sure that a double is that large */
  memset(digits, '9', 299);
  char line[ROOM];
  (void)cursor_at(line, digits, false);
  CHECK(dm_pass_plain_number(line) == NULL);
}

static void test_correct(void) {
  static const char *const values[] = {
      "true",    "false",    "True",  "False",     "\"true\"", "\"false\"", "'true'",
      "'false'", "\"True\"", "tru",   "truely",    "\"true'",  "\"fals\"",  "1",
      "null",    "None",     "fulse", "\"trueX\"", "TRUE",     "'False'"};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    for (int is_python = 0; is_python < 2; is_python++) {
      DM_CASE("%s, %d", values[i], is_python);
      char line[ROOM];
      dm_cursor c = cursor_at(line, values[i], is_python);
      bool got;
      const char *end = dm_pass_plain_correct(line, is_python, &got);
      bool is_plain =
          (!is_python && (i < 2 || i == 4 || i == 5)) || (is_python && i >= 2 && i < 8);
      CHECK_INT(end && dm_is_delimiter(*end), is_plain);
      if (is_plain) {
        dm_buf decoded = {0};
        bool want;
        bool is_null;
        dm_error err;
        CHECK_INT(dm_value_correct(&c, &decoded, &want, &is_null, &err), DM_OK);
        CHECK_INT(got, want);
        CHECK_INT(end - line, c.p - line);
        dm_buf_release(&decoded);
      }
    }
  }
}

/* --- probs -------------------------------------------------------------------------- */

static void test_rough_probs(void) {
  static dm_rough_probs rough;
  uint64_t seed = 3;
  for (int i = 0; i < 5000; i++) {
    char value[ROOM] = "[";
    size_t n = 1 + naive_below(&seed, 12);
    uint32_t units[12];
    uint64_t sum = 0;
    for (size_t k = 0; k < n; k++) {
      size_t digits = 1 + naive_below(&seed, 18);
      char text[32] = "0.";
      units[k] = 0;
      for (size_t d = 0; d < digits; d++) {
        uint32_t digit = (uint32_t)naive_below(&seed, 10);
        text[2 + d] = (char)('0' + digit);
        units[k] = d < 8 ? units[k] * 10 + digit : units[k];
      }
      for (size_t d = digits; d < 8; d++) {
        units[k] *= 10;
      }
      sum += units[k];
      strcat(value, k == 0 ? "" : naive_below(&seed, 2) ? ", " : ",");
      strcat(value, text);
    }
    strcat(value, "]");
    DM_CASE("%.200s", value);
    char line[ROOM];
    (void)cursor_at(line, value, false);
    const char *end = dm_pass_rough_probs(&rough, line, false);
    if (!CHECK(end == line + strlen(value))) {
      continue;
    }
    CHECK_UINT(rough.n, n);
    CHECK_UINT(rough.sum, sum);
    CHECK(rough.at == line);
    CHECK(memcmp(rough.values, units, n * sizeof *units) == 0);
    uint32_t largest = 0;
    uint32_t second = 0;
    for (size_t k = 0; k < n; k++) {
      if (units[k] > largest) {
        second = largest;
        largest = units[k];
      } else if (units[k] > second) {
        second = units[k];
      }
    }
    CHECK_UINT(rough.largest, largest);
    CHECK_UINT(rough.second, second);
  }
  static const char *const others[] = {
      "[]",     "[1]",         "[0.5, 1.0]", "[0.]",       "[0.5,]", "[0.5 ,0.5]",
      "[-0.5]", "[0.5e1]",     "(0.5, 0.5)", "[0.5, NaN]", "[0.5",   "0.5",
      "[ 0.5]", "[0.5,  0.5]", "null",       "[.5]"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    DM_CASE("%s", others[i]);
    char line[ROOM];
    (void)cursor_at(line, others[i], false);
    CHECK(dm_pass_rough_probs(&rough, line, false) == NULL);
  }
}

/* Which lines need no exact value of their probs. */
static void test_fine_probs(void) {
  static const struct {
    const char *probs;
    double label_probs;
    int label;
    bool correct;
    bool is_fine;
  } cases[] = {
      {"[0.25, 0.75]", 0.75, 1, true, true},
      {"[0.25, 0.75]", 0.25, 0, false, true},
      {"[0.25, 0.75]", 0.75, 1, false, false}, /* correct is another */
      {"[0.25, 0.75]", 0.25, 0, true, false},
      {"[0.25, 0.75]", 0.7500009, 1, true, true},
      {"[0.25, 0.75]", 0.750002, 1, true, false}, /* not that of probs */
      {"[0.25, 0.7492]", 0.7492, 1, true, true},
      {"[0.25, 0.748]", 0.748, 1, true, false}, /* no sum of 1 */
      {"[0.25, 0.752]", 0.752, 1, true, false},
      {"[0.5, 0.5]", 0.5, 0, true, false}, /* a draw, or one beyond eight digits */
      {"[0.5, 0.5]", 0.5, 2, true, true},  /* of no class */
      {"[0.999999999]", 0.999999999, 0, true, false},
  };
  static dm_rough_probs rough;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    char line[ROOM];
    (void)cursor_at(line, cases[i].probs, false);
    CHECK(dm_pass_rough_probs(&rough, line, false) != NULL);
    dm_fields f = {.label = dm_ident_from_int(cases[i].label),
                   .has_correct = true,
                   .correct = cases[i].correct,
                   .has_label_probs = true,
                   .label_probs = cases[i].label_probs};
    CHECK_INT(dm_rough_probs_are_fine(&rough, &f), cases[i].is_fine);
    f.has_correct = false; /* then it is made of them */
    CHECK(!dm_rough_probs_are_fine(&rough, &f));
  }
}

/* --- whole fields ------------------------------------------------------------------- */

static void test_read_usual(void) {
  static const struct {
    dm_usual usual;
    const char *value;
    bool is_taken;
  } cases[] = {
      {DM_USUAL_IDENT, "17", true},
      {DM_USUAL_IDENT, "\"a b\"", true},
      {DM_USUAL_IDENT, "\"\xC3\xA9\"", false},
      {DM_USUAL_IDENT, "\"a\\n\"", false},
      {DM_USUAL_IDENT, "'a'", false},
      {DM_USUAL_IDENT, "1.5", false},
      {DM_USUAL_IDENT, "\"a\"b", false},
      {DM_USUAL_INTEGER, "-3", true},
      {DM_USUAL_INTEGER, "\"3\"", false},
      {DM_USUAL_SKIPPED, "1e-5", true},
      {DM_USUAL_SKIPPED, "null", false},
      {DM_USUAL_CORRECT, "true", true},
      {DM_USUAL_CORRECT, "1", false},
      {DM_USUAL_LABEL_PROBS, "0.5", true},
      {DM_USUAL_LABEL_PROBS, "1e999", false},
      {DM_USUAL_LABEL_PROBS, "NaN", false},
      {DM_USUAL_PROBS, "[0.5, 0.5]", true},
      {DM_USUAL_PROBS, "[1, 0]", false},
      {DM_USUAL_LOSS, "-1.5", true},
      {DM_USUAL_LOSS, "null", false},
      {DM_USUAL_VECTOR, "[0.5, 0.25,0.25]", true},
      {DM_USUAL_VECTOR, "[1, 0]", true},
      {DM_USUAL_VECTOR, "[0.25, 0.25, 0.25, 0.25]", false}, /* no room */
      {DM_USUAL_VECTOR, "[0.5, NaN]", false},
      {DM_USUAL_VECTOR, "[0.5, 0.5)", false},
      {DM_USUAL_VECTOR, "[ 0.5, 0.5]", false},
      {DM_USUAL_VECTOR, "[]", false},
      {DM_USUAL_VECTOR, "(0.5, 0.5)", false},
      {DM_USUAL_VECTOR, "null", false},
      {DM_USUAL_NONE, "1", false},
  };
  double room[3];
  const dm_vector vector = {room, 3};
  static dm_rough_probs rough;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s as %d", cases[i].value, (int)cases[i].usual);
    char line[ROOM];
    (void)cursor_at(line, cases[i].value, false);
    dm_fields f = {0};
    dm_slot slot = {.usual = cases[i].usual, .ident = offsetof(dm_fields, s_label)};
    const char *end = dm_read_usual(&f, &rough, &vector, false, &slot, line);
    CHECK(end == (cases[i].is_taken ? line + strlen(cases[i].value) : NULL));
    CHECK(f.id.kind == DM_IDENT_NONE); /* only the slot's field */
    if (cases[i].usual == DM_USUAL_VECTOR && cases[i].is_taken) {
      CHECK(f.probs == room && room[0] == (f.n_probs == 3 ? .5 : 1));
    }
  }
  char line[ROOM];
  (void)cursor_at(line, "'a'", true);
  dm_fields f = {0};
  dm_slot slot = {.usual = DM_USUAL_IDENT, .ident = offsetof(dm_fields, id)};
  CHECK(dm_read_usual(&f, &rough, &vector, true, &slot, line) == line + 3);
  CHECK_BYTES(f.id.text, f.id.len, "a", 1);
  CHECK(slot.is_long);
}

static void test_joined_digits(void) {
  dm_fields f = {0};
  dm_slot slot = {.n_digits = 2,
                  .digits = {{.at = 8, .ident = offsetof(dm_fields, label)},
                             {.at = 1, .ident = offsetof(dm_fields, id)}}};
  dm_take_digits(&f, &slot, ":3,\"x\": 7");
  CHECK_INT(f.id.kind, DM_IDENT_INT);
  CHECK_INT(f.id.value, 3);
  CHECK_INT(f.label.value, 7);
  CHECK(f.pred_label.kind == DM_IDENT_NONE);
}

int main(void) {
  DM_RUN(test_integers);
  DM_RUN(test_skipped_numbers);
  DM_RUN(test_correct);
  DM_RUN(test_rough_probs);
  DM_RUN(test_fine_probs);
  DM_RUN(test_read_usual);
  DM_RUN(test_joined_digits);
  return dm_test_end();
}
