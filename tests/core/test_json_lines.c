/* dm_json_lines.c: rows of columns as lines of JSON. */
#include <math.h>

#include "dm_test.h"
#include "files/dm_json_lines.h"
#include "number/dm_number.h"

enum { NONE = INT32_MIN, NA_BITS = 1954 };

static const dm_json_nulls nulls = {.missing = {.int32 = NONE, .double_bits = NA_BITS}};

static double na(void) {
  return dm_double_from_bits(UINT64_C(0x7FF0000000000000) | NA_BITS);
}

/* The line of one row. */
static void check_line(const dm_json_column *columns, size_t n, const char *want) {
  dm_buf out = {0};
  dm_error err;
  CHECK_INT(dm_json_lines(columns, n, 0, 1, &nulls, &out, &err), DM_OK);
  CHECK_BYTES(out.data, out.len, want, strlen(want));
  dm_buf_release(&out);
}

static void test_kinds(void) {
  static const int32_t integers[] = {7, NONE, -2147483647, 0};
  double wholes[] = {9007199254740992.0, na(), -1, 1e15};
  static const int64_t longs[] = {INT64_MAX, INT64_MIN, -INT64_MAX, 9007199254740993};
  double doubles[] = {0.1, na(), -0.0, 1e22};
  static const int32_t bools[] = {1, NONE, 0, 5};
  static const char *const texts[] = {"a", NULL, "", "b"};
  double lists[] = {0.5, na(), 1, 2, 0.25, na(), na(), NAN};
  const dm_json_column columns[] = {
      {.name = "i", .kind = DM_JSON_INT32, .data = integers},
      {.name = "w", .kind = DM_JSON_WHOLE, .data = wholes},
      {.name = "n", .kind = DM_JSON_INT64, .data = longs},
      {.name = "d", .kind = DM_JSON_DOUBLE, .data = doubles},
      {.name = "b", .kind = DM_JSON_BOOL, .data = bools},
      {.name = "t", .kind = DM_JSON_TEXT, .data = texts},
      {.name = "l", .kind = DM_JSON_LIST, .data = lists, .width = 2, .stride = 4},
  };
  static const char want[] =
      "{\"i\":7,\"w\":9007199254740992,\"n\":9223372036854775807,\"d\":0.1,\"b\":true,"
      "\"t\":\"a\",\"l\":[0.5,0.25]}\n"
      "{}\n"
      "{\"i\":-2147483647,\"w\":-1,\"n\":-9223372036854775807,\"d\":-0.0,\"b\":false,"
      "\"t\":\"\",\"l\":[1]}\n"
      "{\"i\":0,\"w\":1000000000000000,\"n\":9007199254740993,\"d\":1e22,\"b\":true,"
      "\"t\":\"b\",\"l\":[2,NaN]}"
      "\n";
  dm_buf out = {0};
  dm_error err;
  CHECK_INT(dm_json_lines(columns, 7, 0, 4, &nulls, &out, &err), DM_OK);
  CHECK_BYTES(out.data, out.len, want, sizeof want - 1);
  /* a stretch of rows, appended */
  size_t len = out.len;
  CHECK_INT(dm_json_lines(columns, 7, 1, 2, &nulls, &out, &err), DM_OK);
  CHECK_BYTES(out.data + len, out.len - len, "{}\n", 3);
  dm_buf_release(&out);
}

/* Absent to any reader: also a list with one such element, but not the gap at its end. */
static void test_null(void) {
  static const dm_json_nulls as_null = {
      .missing = {.int32 = NONE, .double_bits = NA_BITS}, .infinite_is_null = true};
  double na = dm_double_from_bits(UINT64_C(0x7FF0000000000000) | NA_BITS);
  double doubles[] = {INFINITY, 0.5, -INFINITY, NAN, na};
  double lists[] = {0.5, NAN, 0.25, 0.5, na, 0.25, 0.5, 0.75, INFINITY, na};
  dm_json_column columns[] = {
      {.name = "d", .kind = DM_JSON_DOUBLE, .data = doubles},
      {.name = "l", .kind = DM_JSON_LIST, .data = lists, .width = 2, .stride = 5},
  };
  static const char want[] =
      "{\"d\":null,\"l\":[0.5,0.25]}\n"
      "{\"d\":0.5,\"l\":null}\n"
      "{\"d\":null,\"l\":[0.25,0.75]}\n"
      "{\"d\":null,\"l\":null}\n"
      "{}\n";
  dm_buf out = {0};
  dm_error err;
  CHECK_INT(dm_json_lines(columns, 2, 0, 5, &as_null, &out, &err), DM_OK);
  CHECK_BYTES(out.data, out.len, want, sizeof want - 1);
  dm_buf_release(&out);
}

/* Every key in every line. */
static void test_missing_as_null(void) {
  static const dm_json_nulls as_null = {
      .missing = {.int32 = NONE, .double_bits = NA_BITS}, .missing_is_null = true};
  double doubles[] = {INFINITY, na()};
  double lists[] = {0.5, na(), 0.25, na()};
  int32_t ints[] = {NONE, 1};
  int64_t int64s[] = {INT64_MIN, 2};
  const char *texts[] = {NULL, "a"};
  dm_json_column columns[] = {
      {.name = "i", .kind = DM_JSON_INT32, .data = ints},
      {.name = "n", .kind = DM_JSON_INT64, .data = int64s},
      {.name = "d", .kind = DM_JSON_DOUBLE, .data = doubles},
      {.name = "b", .kind = DM_JSON_BOOL, .data = ints},
      {.name = "t", .kind = DM_JSON_TEXT, .data = texts},
      {.name = "l", .kind = DM_JSON_LIST, .data = lists, .width = 2, .stride = 2},
  };
  static const char want[] =
      "{\"i\":null,\"n\":null,\"d\":Infinity,\"b\":null,\"t\":null,\"l\":[0.5,0.25]}\n"
      "{\"i\":1,\"n\":2,\"d\":null,\"b\":true,\"t\":\"a\",\"l\":null}\n";
  dm_buf out = {0};
  dm_error err;
  CHECK_INT(dm_json_lines(columns, 6, 0, 2, &as_null, &out, &err), DM_OK);
  CHECK_BYTES(out.data, out.len, want, sizeof want - 1);
  dm_buf_release(&out);
}

static void test_missing_after_arithmetic(void) {
  /* the processor makes a NaN quiet, and keeps its lower half */
  double value = dm_double_from_bits(dm_double_bits(na()) | UINT64_C(1) << 51);
  dm_json_column column = {.name = "d", .kind = DM_JSON_DOUBLE, .data = &value};
  check_line(&column, 1, "{}\n");
  value = dm_double_from_bits(dm_double_bits(na()) | UINT64_C(1) << 63);
  check_line(&column, 1, "{}\n");
}

static void test_not_finite(void) {
  double values[] = {NAN, INFINITY, -INFINITY};
  dm_json_column column = {.name = "d", .kind = DM_JSON_DOUBLE, .data = values};
  check_line(&column, 1, "{\"d\":NaN}\n");
  column.data = values + 1;
  check_line(&column, 1, "{\"d\":Infinity}\n");
  column.data = values + 2;
  check_line(&column, 1, "{\"d\":-Infinity}\n");
  column = (dm_json_column){
      .name = "l", .kind = DM_JSON_LIST, .data = values, .width = 3, .stride = 1};
  check_line(&column, 1, "{\"l\":[NaN,Infinity,-Infinity]}\n");
}

static void test_texts(void) {
  static const struct {
    const char *text;
    const char *want;
  } cases[] = {
      {"plain", "plain"},
      {"\"", "\\\""},
      {"\\", "\\\\"},
      {"/", "/"},
      {"\b\f\n\r\t", "\\b\\f\\n\\r\\t"},
      {"\x01\x0B\x1F", "\\u0001\\u000b\\u001f"},
      {"\x7F", "\x7F"},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
      {"\xE2\x80\xA8", "\xE2\x80\xA8"}, /* a line separator is no end of a line here */
      {"{'a': 1}", "{'a': 1}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].want);
    char want[100];
    dm_json_column column = {.name = "t", .kind = DM_JSON_TEXT, .data = &cases[i].text};
    snprintf(want, sizeof want, "{\"t\":\"%s\"}\n", cases[i].want);
    check_line(&column, 1, want);
    static const int32_t one = 1;
    column = (dm_json_column){.name = cases[i].text, .kind = DM_JSON_INT32, .data = &one};
    snprintf(want, sizeof want, "{\"%s\":1}\n", cases[i].want);
    check_line(&column, 1, want);
  }
}

static void test_refused(void) {
  static const char *const bad[] = {"\xFF", "a\xC3", "\xED\xA0\x80", "\xC0\xAF"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    DM_CASE("%zu", i);
    const char *texts[] = {"good", bad[i]};
    dm_json_column column = {.name = "t", .kind = DM_JSON_TEXT, .data = texts};
    dm_buf out = {0};
    dm_error err;
    CHECK_INT(dm_json_lines(&column, 1, 0, 2, &nulls, &out, &err), DM_E_INPUT);
    CHECK_STR(err.key, "t");
    CHECK_UINT(err.line, 2);
    CHECK(err.found[0] && err.expected[0]);
    static const int32_t one = 1;
    column = (dm_json_column){.name = bad[i], .kind = DM_JSON_INT32, .data = &one};
    CHECK_INT(dm_json_lines(&column, 1, 0, 1, &nulls, &out, &err), DM_E_INPUT);
    dm_buf_release(&out);
  }
}

/* Against the C library, which reads correctly rounded. */
static void test_round_trip(void) {
  double values[20000];
  enum { N = sizeof values / sizeof *values };
  uint64_t state = 88172645463325252u;
  for (size_t i = 0; i < N; i++) {
    do {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      values[i] = dm_double_from_bits(state);
    } while (!dm_is_finite(values[i]));
  }
  static const double special[] = {1e-300, 5e-324, 2.2250738585072014e-308,
                                   1e300,  -0.0,   1.7976931348623157e308,
                                   0.1,    1e22,   1e23,
                                   1,      0};
  memcpy(values, special, sizeof special);
  dm_json_column column = {
      .name = "l", .kind = DM_JSON_LIST, .data = values, .width = N, .stride = 1};
  dm_buf out = {0};
  dm_error err;
  CHECK_INT(dm_json_lines(&column, 1, 0, 1, &nulls, &out, &err), DM_OK);
  CHECK_INT(dm_buf_append(&out, "", 1, &err), DM_OK);
  char *p = strchr(out.data, '[');
  size_t n_same = 0;
  for (size_t i = 0; i < N && p; i++) {
    double value = strtod(p + 1, &p);
    n_same += dm_double_bits(value) == dm_double_bits(values[i]);
  }
  CHECK_UINT(n_same, N);
  CHECK_STR(p, "]}\n");
  dm_buf_release(&out);
}

static void test_nothing(void) {
  dm_buf out = {0};
  dm_error err;
  CHECK_INT(dm_json_lines(NULL, 0, 0, 2, &nulls, &out, &err), DM_OK);
  CHECK_BYTES(out.data, out.len, "{}\n{}\n", 6);
  out.len = 0;
  CHECK_INT(dm_json_lines(NULL, 0, 3, 3, &nulls, &out, &err), DM_OK);
  CHECK_UINT(out.len, 0);
  dm_buf_release(&out);
}

int main(void) {
  DM_RUN(test_kinds);
  DM_RUN(test_null);
  DM_RUN(test_missing_as_null);
  DM_RUN(test_missing_after_arithmetic);
  DM_RUN(test_not_finite);
  DM_RUN(test_texts);
  DM_RUN(test_refused);
  DM_RUN(test_round_trip);
  DM_RUN(test_nothing);
  return dm_test_end();
}
