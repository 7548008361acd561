/* dm_value.c: every form of a value for every field that may have it, in both dialects:
   taken, or refused with what should stand there; and always where the value ends. */
#include <math.h>

#include "dm_test.h"
#include "io/dm_lines.h"
#include "signals/dm_value.h"

/* The longest of a case, with what has to be readable behind it. */
enum { ROOM = 4096 };

static dm_cursor cursor_at(char line[ROOM], const char *value, bool is_python) {
  memset(line, 0, ROOM);
  size_t n = (size_t)snprintf(line, ROOM - DM_BLOCK_PAD, "%s,\n", value);
  CHECK(n < ROOM - DM_BLOCK_PAD);
  return (dm_cursor){.p = line, .line = line, .is_python = is_python};
}

static void check_end(const dm_cursor *c, const char *value) {
  CHECK_INT(c->p - c->line, strlen(value));
}

typedef struct ident_case {
  const char *value;
  const char *want[DM_N_USES]; /* of each use; NULL: refused, "": none */
  dm_ident_kind kind;
} ident_case;

static const ident_case idents[] = {
    {"7", {"7", "7", "7", "7"}, DM_IDENT_INT},
    {"-0", {"0", "0", "0", "0"}, DM_IDENT_INT},
    {"9223372036854775807",
     {"9223372036854775807", "9223372036854775807", "9223372036854775807",
      "9223372036854775807"},
     DM_IDENT_INT},
    {"9223372036854775808",
     {"9223372036854775808", "9223372036854775808", "9223372036854775808",
      "9223372036854775808"},
     DM_IDENT_BIG},
    {"\"a\"", {"a", "a", "a", NULL}, DM_IDENT_TEXT},
    {"\"\"", {"", "", "", NULL}, DM_IDENT_TEXT},
    {"\"7\"", {"7", "7", "7", NULL}, DM_IDENT_INT_TEXT},
    {"\"07\"", {"07", "07", "07", NULL}, DM_IDENT_TEXT},
    {"\"\\u00e9\\n\"", {"\xC3\xA9\n", "\xC3\xA9\n", "\xC3\xA9\n", NULL}, DM_IDENT_TEXT},
    {"\"\\u0031\"", {"1", "1", "1", NULL}, DM_IDENT_INT_TEXT},
    {"\"a\\u0000\"", {NULL, NULL, NULL, NULL}, DM_IDENT_NONE},
    {"1.0", {NULL, "1", "1", NULL}, DM_IDENT_INT},
    {"1e2", {NULL, "100", "100", NULL}, DM_IDENT_INT},
    {"1.5", {NULL, NULL, NULL, NULL}, DM_IDENT_NONE},
    {"1e300", {NULL, NULL, NULL, NULL}, DM_IDENT_NONE},
    {"NaN", {NULL, NULL, NULL, NULL}, DM_IDENT_NONE},
    {"[1]", {NULL, NULL, NULL, NULL}, DM_IDENT_NONE},
};

static void check_ident(const char *value, bool is_python, dm_ident_use use,
                        const char *want, dm_ident_kind kind) {
  DM_CASE("%s as use %d", value, (int)use);
  char line[ROOM];
  dm_cursor c = cursor_at(line, value, is_python);
  dm_buf decoded = {0};
  dm_ident got;
  dm_error err;
  dm_status status = dm_value_ident(&c, use, &decoded, &got, &err);
  if (!want) {
    CHECK(status == DM_E_FIELD || status == DM_E_SYNTAX);
    CHECK(strstr(err.expected, use == DM_USE_S_LABEL ? "an integer" : "string") != NULL);
    CHECK_UINT(err.column, 1);
  } else if (CHECK_INT(status, DM_OK)) {
    check_end(&c, value);
    CHECK_INT(got.kind, kind);
    if (dm_is_text(kind)) {
      CHECK_BYTES(got.text, got.len, want, strlen(want));
    } else {
      CHECK_INT(got.value, strtoll(want, NULL, 10));
    }
  }
  dm_buf_release(&decoded);
}

static void test_ident(void) {
  for (size_t i = 0; i < sizeof idents / sizeof *idents; i++) {
    for (int use = 0; use < DM_N_USES; use++) {
      check_ident(idents[i].value, false, (dm_ident_use)use, idents[i].want[use],
                  idents[i].kind);
    }
  }
  for (int use = 0; use < DM_N_USES; use++) {
    bool is_label = use == DM_USE_LABEL || use == DM_USE_PRED_LABEL;
    bool may_be_null = use == DM_USE_S_LABEL || use == DM_USE_PRED_LABEL;
    for (int is_python = 0; is_python < 2; is_python++) {
      check_ident(is_python ? "True" : "true", is_python, (dm_ident_use)use,
                  is_label ? "1" : NULL, DM_IDENT_INT);
      check_ident(is_python ? "False" : "false", is_python, (dm_ident_use)use,
                  is_label ? "0" : NULL, DM_IDENT_INT);
      check_ident(is_python ? "None" : "null", is_python, (dm_ident_use)use,
                  may_be_null ? "0" : NULL, DM_IDENT_NONE);
    }
  }
  check_ident("'\\x41\\u00e9'", true, DM_USE_ID, "A\xC3\xA9", DM_IDENT_TEXT);
}

static void test_place(void) {
  static const struct {
    const char *value;
    int64_t want; /* -77: null, -78: refused */
  } cases[] = {{"0", 0},
               {"12", 12},
               {"3.0", 3},
               {"2e1", 20},
               {"-1", -1},
               {"null", -77},
               {"1.5", -78},
               {"\"1\"", -78},
               {"true", -78},
               {"[1]", -78},
               {"NaN", -78},
               {"1e17", -78},
               {"9007199254740992", INT64_C(1) << 53}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].value);
    char line[ROOM];
    dm_cursor c = cursor_at(line, cases[i].value, false);
    int64_t got = -77;
    bool is_null;
    dm_error err;
    dm_status status = dm_value_place(&c, &got, &is_null, &err);
    if (cases[i].want == -78) {
      CHECK_INT(status, DM_E_FIELD);
      CHECK_STR(err.expected, "an integer from 0");
    } else if (CHECK_INT(status, DM_OK)) {
      CHECK_INT(got, cases[i].want);
      CHECK_INT(is_null, cases[i].want == -77);
      check_end(&c, cases[i].value);
    }
  }
}

static void test_correct(void) {
  static const struct {
    const char *value;
    bool is_python;
    int want; /* -1: null, -2: refused */
  } cases[] = {{"true", false, 1},
               {"false", false, 0},
               {"True", true, 1},
               {"False", true, 0},
               {"1", false, 1},
               {"0", false, 0},
               {"1.0", false, 1},
               {"0e5", false, 0},
               {"\"true\"", false, 1},
               {"\"True\"", false, 1},
               {"\"false\"", false, 0},
               {"'False'", true, 0},
               {"\"\\u0074rue\"", false, 1},
               {"null", false, -1},
               {"None", true, -1},
               {"\"TRUE\"", false, -2},
               {"\"tru\"", false, -2},
               {"\"truee\"", false, -2},
               {"\"\"", false, -2},
               {"2", false, -2},
               {"0.5", false, -2},
               {"NaN", false, -2},
               {"[true]", false, -2}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].value);
    char line[ROOM];
    dm_cursor c = cursor_at(line, cases[i].value, cases[i].is_python);
    dm_buf decoded = {0};
    bool got = false;
    bool is_null;
    dm_error err;
    dm_status status = dm_value_correct(&c, &decoded, &got, &is_null, &err);
    if (cases[i].want == -2) {
      CHECK_INT(status, DM_E_FIELD);
      CHECK_STR(err.expected, "true or false");
    } else if (CHECK_INT(status, DM_OK)) {
      CHECK_INT(got, cases[i].want == 1);
      CHECK_INT(is_null, cases[i].want == -1);
      check_end(&c, cases[i].value);
    }
    dm_buf_release(&decoded);
  }
}

static void test_number(void) {
  static const struct {
    const char *value;
    double want;
    dm_status status;
  } cases[] = {{"1.5", 1.5, DM_OK},
               {"-0", -0.0, DM_OK},
               {"1e-400", 0, DM_OK},
               {"NaN", (double)NAN, DM_OK},
               {"-Infinity", (double)-INFINITY, DM_OK},
               {"null", -77, DM_OK},
               {"1e999", 0, DM_E_RANGE},
               {"-1e999", 0, DM_E_RANGE},
               {"\"1\"", 0, DM_E_FIELD},
               {"true", 0, DM_E_FIELD},
               {"[1]", 0, DM_E_FIELD},
               {"+1", 0, DM_E_SYNTAX},
               {"1x", 0, DM_E_SYNTAX}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].value);
    char line[ROOM];
    dm_cursor c = cursor_at(line, cases[i].value, false);
    double got = -77; /* stays where the value is null */
    bool is_null;
    dm_error err;
    if (CHECK_INT(dm_value_number(&c, &got, &is_null, &err), cases[i].status) &&
        cases[i].status == DM_OK) {
      CHECK(got == cases[i].want || (isnan(got) && isnan(cases[i].want)));
      CHECK_INT(is_null, cases[i].want == -77);
      check_end(&c, cases[i].value);
    } else {
      CHECK(err.expected[0] != '\0');
      CHECK_UINT(err.column, i == 12 ? err.column : 1);
    }
  }
}

static void test_numbers(void) {
  static const struct {
    const char *value;
    bool is_python;
    int n; /* -1: null */
    dm_status status;
  } cases[] = {{"[]", false, 0, DM_OK},
               {"[ ]", false, 0, DM_OK},
               {"[1]", false, 1, DM_OK},
               {"[ 1 ,2,\t3 ]", false, 3, DM_OK},
               {"[1, NaN, Infinity]", false, 3, DM_OK},
               {"null", false, -1, DM_OK},
               {"(1, 2)", true, 2, DM_OK},
               {"(1,)", true, 1, DM_OK},
               {"[1, 2,]", true, 2, DM_OK},
               {"()", true, 0, DM_OK},
               {"(1)", true, 0, DM_E_SYNTAX}, /* a number in brackets */
               {"(1, 2)", false, 0, DM_E_SYNTAX},
               {"[1, 2,]", false, 0, DM_E_SYNTAX},
               {"[1 2]", false, 0, DM_E_SYNTAX},
               {"[1, null]", false, 0, DM_E_FIELD},
               {"[1, \"2\"]", false, 0, DM_E_FIELD},
               {"[[1]]", false, 0, DM_E_FIELD},
               {"[1e999]", false, 0, DM_E_RANGE},
               {"[1", false, 0, DM_E_SYNTAX},
               {"7", false, 0, DM_E_FIELD},
               {"\"[1]\"", false, 0, DM_E_FIELD}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].value);
    char line[ROOM];
    dm_cursor c = cursor_at(line, cases[i].value, cases[i].is_python);
    double *array = NULL;
    size_t cap = 0;
    size_t n;
    bool is_null;
    dm_error err;
    if (CHECK_INT(dm_value_numbers(&c, &array, &cap, &n, &is_null, &err),
                  cases[i].status) &&
        cases[i].status == DM_OK) {
      CHECK_INT(is_null, cases[i].n == -1);
      CHECK_UINT(n, cases[i].n == -1 ? 0 : cases[i].n);
      CHECK_INT(array != NULL, cases[i].n != -1); /* an empty list is not an absent one */
      CHECK(n == 0 || array[0] == 1);
      check_end(&c, cases[i].value);
    }
    dm_free(array);
  }
}

int main(void) {
  DM_RUN(test_ident);
  DM_RUN(test_place);
  DM_RUN(test_correct);
  DM_RUN(test_number);
  DM_RUN(test_numbers);
  return dm_test_end();
}
