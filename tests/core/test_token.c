/* dm_token: every word of both dialects, and the place of everything that is wrong. */
#include <math.h>

#include "dm_cursors.h"
#include "dm_naive.h"
#include "dm_test.h"
#include "number/dm_number.h"

/* --- strings ------------------------------------------------------------------------ */

static const struct {
  int dialect;
  const char *text;
  size_t len;
  size_t bad_at;    /* byte of the error */
  const char *want; /* NULL: DM_E_SYNTAX */
  size_t want_len;
  bool has_nul;
} strings[] = {
#define GOOD(dialect, text, want) \
  { dialect, text, sizeof(text) - 1, 0, want, sizeof(want) - 1, false }
#define BAD(dialect, text, at) \
  { dialect, text, sizeof(text) - 1, at, NULL, 0, false }
    GOOD(BOTH, "\"\"", ""),
    GOOD(BOTH, "\"a\"", "a"),
    GOOD(BOTH, "\"label_probs\"", "label_probs"),
    GOOD(BOTH, "\"a\" : 1", "a"),
    GOOD(BOTH, "\"it's\"", "it's"),
    GOOD(PYTHON, "''", ""),
    GOOD(PYTHON, "'a'", "a"),
    GOOD(PYTHON, "'say \"a\"'", "say \"a\""),
    GOOD(BOTH, "\"\x7F\"", "\x7F"), /* DEL is no control character of JSON's */
    GOOD(BOTH, "\"\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80\"",
         "\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80"),
    GOOD(BOTH, "\"e\xCC\x81\"", "e\xCC\x81"), /* not normalised */
    GOOD(BOTH, "\"\xEF\xBF\xBF\"", "\xEF\xBF\xBF"),
    /* escapes */
    GOOD(JSON, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"),
    GOOD(PYTHON, "'\\\"\\\\\\'\\a\\b\\f\\n\\r\\t\\v'", "\"\\'\a\b\f\n\r\t\v"),
    GOOD(BOTH, "\"l\\u0061bel\"", "label"),
    GOOD(BOTH, "\"\\u00e9\\u00E9\"", "\xC3\xA9\xC3\xA9"),
    GOOD(BOTH, "\"\\u20aC\"", "\xE2\x82\xAC"),
    GOOD(JSON, "\"\\uD83D\\uDE00\"", "\xF0\x9F\x98\x80"),
    GOOD(JSON, "\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"),
    GOOD(PYTHON, "'\\U0001f600\\U0010FFFF'", "\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF"),
    GOOD(PYTHON, "'\\xe9\\x41\\x7f'",
         "\xC3\xA9"
         "A\x7F"),
    GOOD(PYTHON, "'\\101\\60\\7x\\377\\1234'", "A0\7x\xC3\xBFS4"),
    GOOD(PYTHON, "'\\18'",
         "\1"
         "8"),
    {BOTH, "\"\\u0000\"", 8, 0, "\0", 1, true},
    {BOTH, "\"a\\u0000b\\u0001\"", 16, 0, "a\0b\1", 4, true},
    {PYTHON, "'\\x00'", 6, 0, "\0", 1, true},
    {PYTHON, "'\\0'", 4, 0, "\0", 1, true},
    {PYTHON, "'\\000\\1'", 8, 0, "\0\1", 2, true},
    {PYTHON, "'\\U00000000'", 12, 0, "\0", 1, true},
    /* not closed */
    BAD(BOTH, "\"", 1),
    BAD(BOTH, "\"abc", 4),
    BAD(BOTH, "\"abc'", 5),
    BAD(PYTHON, "'abc\"", 5),
    BAD(BOTH, "\"abcdefghijklmnop", 17),
    BAD(BOTH, "\"abc\\\"", 6),
    BAD(BOTH, "\"\\", 1),
    /* control characters */
    BAD(BOTH, "\"a\tb\"", 2),
    BAD(BOTH, "\"a\rb\"", 2),
    BAD(BOTH, "\"a\0b\"", 2),
    BAD(BOTH, "\"\x1F\"", 1),
    BAD(BOTH, "\"\1\"", 1),
    /* not UTF-8 */
    BAD(BOTH, "\"\x80\"", 1),
    BAD(BOTH, "\"caf\xE9\"", 4),
    BAD(BOTH, "\"\xC0\xAF\"", 1),
    BAD(BOTH, "\"\xE0\x80\xAF\"", 1),
    BAD(BOTH, "\"\xF0\x80\x80\xAF\"", 1),
    BAD(BOTH, "\"\xED\xA0\x80\"", 1),
    BAD(BOTH, "\"\xF4\x90\x80\x80\"", 1),
    BAD(BOTH, "\"ok\xC3\xA9\xE2\x82\"", 5),
    BAD(BOTH, "\"\xF0\x9F\x98", 1),
    BAD(BOTH, "\"\xC3", 1),
    BAD(BOTH, "\"\xFF\xFE\"", 1),
    /* escapes that are none */
    BAD(JSON, "\"\\'\"", 1),
    BAD(JSON, "\"\\a\"", 1),
    BAD(JSON, "\"\\v\"", 1),
    BAD(JSON, "\"\\x41\"", 1),
    BAD(JSON, "\"\\0\"", 1),
    BAD(JSON, "\"\\101\"", 1),
    BAD(JSON, "\"\\U0001F600\"", 1),
    BAD(PYTHON, "'\\/'", 1),
    BAD(PYTHON, "'\\N{DASH}'", 1),
    BAD(PYTHON, "'\\8'", 1),
    BAD(PYTHON, "'\\400'", 1),
    BAD(PYTHON, "'\\777'", 1),
    BAD(BOTH, "\"\\e\"", 1),
    BAD(BOTH, "\"\\B\"", 1),
    BAD(BOTH, "\"\\ \"", 1),
    BAD(BOTH, "\"\\\0\"", 1),
    BAD(BOTH, "\"ab\\u\"", 3),
    BAD(BOTH, "\"ab\\u12\"", 3),
    BAD(BOTH, "\"ab\\u123\"", 3),
    BAD(BOTH, "\"\\u123g\"", 1),
    BAD(BOTH, "\"\\u 123\"", 1),
    BAD(BOTH, "\"\\u-123\"", 1),
    BAD(BOTH, "\"\\u+123\"", 1),
    BAD(BOTH, "\"\\U123\"", 1),
    BAD(BOTH, "\"\\u", 1),
    BAD(BOTH, "\"\\u00", 1),
    BAD(PYTHON, "'\\x'", 1),
    BAD(PYTHON, "'\\x1'", 1),
    BAD(PYTHON, "'\\xg1'", 1),
    BAD(PYTHON, "'\\U00110000'", 1),
    BAD(PYTHON, "'\\UFFFFFFFF'", 1),
    BAD(PYTHON, "'\\U0001F60'", 1),
    /* halves of pairs */
    BAD(BOTH, "\"a\\uD800\"", 2),
    BAD(BOTH, "\"\\uDC00\"", 1),
    BAD(BOTH, "\"\\uDFFF\\uD800\"", 1),
    BAD(BOTH, "\"\\uD83Dx\"", 1),
    BAD(BOTH, "\"\\uD83D\\n\"", 1),
    BAD(BOTH, "\"\\uD83D\\uD83D\"", 1),
    BAD(BOTH, "\"\\uD83D\\u0041\"", 1),
    BAD(BOTH, "\"\\uD83D\\u", 1),
    BAD(BOTH, "\"\\uD83D\\uDE0\"", 1),
    BAD(JSON, "\"\\uD83D\\uE000\"", 1),
    BAD(PYTHON, "'\\ud83d\\ude00'", 1),
    BAD(PYTHON, "'\\U0000D800'", 1),
};

/* Behind a prefix of every length to 9, so that every word border is met; two bytes to a
   character, so that columns differ from bytes. */
static void check_string(size_t i, bool is_python) {
  for (size_t n = 0; n < 10; n++) {
    char text[200];
    size_t before = 0;
    for (size_t k = 0; k < n; k++, before += 2) {
      memcpy(text + before, "\xC3\xA9", 2);
    }
    memcpy(text + before, strings[i].text, strings[i].len);
    char *line = line_of(text, before + strings[i].len);
    dm_cursor c = cursor_at(line, before, is_python);
    dm_span span = {0};
    dm_error err = rubbish();
    DM_CASE("string %zu, dialect %d: %s", i, is_python, strings[i].text);
    dm_status status = dm_token_string(&c, &span, &err);
    if (strings[i].want) {
      CHECK_INT(status, DM_OK);
      if (status == DM_OK) {
        CHECK(c.p == span.end + 1);
        CHECK(span.start == line + before + 1);
        CHECK_INT(span.has_escape,
                  memchr(span.start, '\\', (size_t)(span.end - span.start)) != NULL);
        CHECK_INT(span.has_nul, strings[i].has_nul);
        dm_buf out = {0};
        CHECK_INT(dm_buf_append(&out, "+", 1, &err), DM_OK);
        CHECK_INT(dm_token_unescape(&span, is_python, &out, &err), DM_OK);
        CHECK_BYTES(out.data + 1, out.len - 1, strings[i].want, strings[i].want_len);
        CHECK_INT(out.data[0], '+');
        dm_buf_release(&out);
      }
    } else {
      CHECK_INT(status, DM_E_SYNTAX);
      CHECK_INT(err.status, DM_E_SYNTAX);
      CHECK_UINT(err.byte, before + strings[i].bad_at);
      size_t characters = 0; /* of what is before: all that is whole there */
      for (size_t k = 0; k < strings[i].bad_at; characters++) {
        k += naive_utf8((const unsigned char *)strings[i].text + k, strings[i].len - k);
      }
      CHECK_UINT(err.column, 1 + n + characters);
      CHECK(err.expected[0] != '\0');
      CHECK(err.found[0] != '\0');
    }
    free(line);
  }
}

static void test_strings(void) {
  for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
    if (strings[i].dialect != PYTHON) {
      check_string(i, false);
    }
    if (strings[i].dialect != JSON) {
      check_string(i, true);
    }
  }
}

/* One byte of every value at every place of a plain string. */
static void test_every_byte_in_strings(void) {
  unsigned long wrong = 0;
  for (int is_python = 0; is_python < 2; is_python++) {
    for (char quote = '"'; quote; quote = is_python && quote == '"' ? '\'' : '\0') {
      for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 1; at < 20; at++) {
          char text[24];
          memset(text, 'x', sizeof text);
          text[0] = text[22] = quote;
          text[at] = (char)byte;
          char *line = line_of(text, 23);
          dm_cursor c = cursor_at(line, 0, is_python);
          dm_span span;
          dm_error err;
          dm_status status = dm_token_string(&c, &span, &err);
          bool is_bad = byte < 0x20 || byte >= 0x80 || byte == '\\';
          if (is_bad) {
            wrong += status != DM_E_SYNTAX || err.byte != at;
          } else {
            wrong +=
                status != DM_OK || c.p != line + (byte == quote ? at : (size_t)22) + 1;
          }
          free(line);
        }
      }
    }
  }
  CHECK_UINT(wrong, 0);
}

/* All code units after \u, and after \uD83D\u. */
static void test_every_unicode_escape(void) {
  unsigned long wrong = 0;
  dm_buf out = {0};
  for (int is_pair = 0; is_pair < 2; is_pair++) {
    for (unsigned unit = 0; unit < 0x10000; unit++) {
      char text[32];
      int len =
          snprintf(text, sizeof text, "\"%s\\u%04x\"", is_pair ? "\\uD83D" : "", unit);
      char *line = line_of(text, (size_t)len);
      dm_cursor c = cursor_at(line, 0, false);
      dm_span span;
      dm_error err;
      dm_status status = dm_token_string(&c, &span, &err);
      bool is_good =
          is_pair ? unit >= 0xDC00 && unit <= 0xDFFF : unit < 0xD800 || unit > 0xDFFF;
      wrong += (status == DM_OK) != is_good;
      if (status == DM_OK) {
        unsigned want = is_pair ? 0x1F400 + (unit - 0xDC00) : unit;
        out.len = 0;
        wrong += dm_token_unescape(&span, false, &out, &err) != DM_OK;
        const unsigned char *b = (unsigned char *)out.data;
        unsigned got = out.len == 1   ? b[0]
                       : out.len == 2 ? (b[0] & 31u) << 6 | (b[1] & 63u)
                       : out.len == 3
                           ? (b[0] & 15u) << 12 | (b[1] & 63u) << 6 | (b[2] & 63u)
                           : (b[0] & 7u) << 18 | (b[1] & 63u) << 12 | (b[2] & 63u) << 6 |
                                 (b[3] & 63u);
        wrong += got != want || naive_utf8(b, out.len) != out.len ||
                 span.has_nul != (want == 0);
      }
      free(line);
    }
  }
  dm_buf_release(&out);
  CHECK_UINT(wrong, 0);
}

/* --- values ------------------------------------------------------------------------- */

static void test_values(void) {
  static const struct {
    const char *text;
    int dialect;
    size_t used; /* 0: DM_E_SYNTAX at the first byte */
    dm_value_type type;
    double number;
    bool is_true, is_integer, is_finite_text;
  } cases[] = {
      {"null", JSON, 4, DM_VALUE_NULL, 0, false, false, false},
      {"None", PYTHON, 4, DM_VALUE_NULL, 0, false, false, false},
      {"true", JSON, 4, DM_VALUE_BOOL, 0, true, false, false},
      {"false,", JSON, 5, DM_VALUE_BOOL, 0, false, false, false},
      {"True", PYTHON, 4, DM_VALUE_BOOL, 0, true, false, false},
      {"False}", PYTHON, 5, DM_VALUE_BOOL, 0, false, false, false},
      {"np.True_", PYTHON, 8, DM_VALUE_BOOL, 0, true, false, false},
      {"np.False_", PYTHON, 9, DM_VALUE_BOOL, 0, false, false, false},
      {"NaN", JSON, 3, DM_VALUE_NUMBER, (double)NAN, false, false, false},
      {"Infinity", JSON, 8, DM_VALUE_NUMBER, (double)INFINITY, false, false, false},
      {"-Infinity", JSON, 9, DM_VALUE_NUMBER, (double)-INFINITY, false, false, false},
      {"nan", PYTHON, 3, DM_VALUE_NUMBER, (double)NAN, false, false, false},
      {"inf", PYTHON, 3, DM_VALUE_NUMBER, (double)INFINITY, false, false, false},
      {"-inf]", PYTHON, 4, DM_VALUE_NUMBER, (double)-INFINITY, false, false, false},
      {"0", BOTH, 1, DM_VALUE_NUMBER, 0, false, true, true},
      {"-0", BOTH, 2, DM_VALUE_NUMBER, -0.0, false, true, true},
      {"7 ", BOTH, 1, DM_VALUE_NUMBER, 7, false, true, true},
      {"-12,", BOTH, 3, DM_VALUE_NUMBER, -12, false, true, true},
      {"4734364254410}", BOTH, 13, DM_VALUE_NUMBER, 4734364254410.0, false, true, true},
      {"1000000000000000000000000000000", BOTH, 31, DM_VALUE_NUMBER, 1e30, false, true,
       true},
      {"1.0", BOTH, 3, DM_VALUE_NUMBER, 1, false, false, true},
      {"1e3", BOTH, 3, DM_VALUE_NUMBER, 1000, false, false, true},
      {"-1.5E-1]", BOTH, 7, DM_VALUE_NUMBER, -0.15, false, false, true},
      {"1e-05", BOTH, 5, DM_VALUE_NUMBER, 1e-5, false, false, true},
      {"1e400", BOTH, 5, DM_VALUE_NUMBER, (double)INFINITY, false, false, true},
      {"1e-400", BOTH, 6, DM_VALUE_NUMBER, 0, false, false, true},
      {"np.float64(0.5)", PYTHON, 15, DM_VALUE_NUMBER, 0.5, false, false, true},
      {"np.float32(-1e-05)", PYTHON, 18, DM_VALUE_NUMBER, -1e-5, false, false, true},
      {"np.float64(1)", PYTHON, 13, DM_VALUE_NUMBER, 1, false, false, true},
      {"np.float64(nan)", PYTHON, 15, DM_VALUE_NUMBER, (double)NAN, false, false, false},
      {"np.float64(inf)", PYTHON, 15, DM_VALUE_NUMBER, (double)INFINITY, false, false,
       false},
      {"np.float32(-inf)", PYTHON, 16, DM_VALUE_NUMBER, (double)-INFINITY, false, false,
       false},
      {"np.int64(7),", PYTHON, 11, DM_VALUE_NUMBER, 7, false, true, true},
      {"np.int64(-7)", PYTHON, 12, DM_VALUE_NUMBER, -7, false, true, true},
      /* of the other dialect */
      {"null", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"None", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"true", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"True", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"nan", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"NaN", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"inf", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"-inf", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"Infinity", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"-Infinity", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"'a'", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"(1, 2)", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64(0.5)", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.True_", JSON, 0, DM_VALUE_NULL, 0, false, false, false},
      /* of none */
      {"", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {",", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"]", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"}", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"+1", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {".5", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"-.5", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"-", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"--1", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"5.", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"01", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"-01", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"0x10", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"1_000", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"1e", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"1e+", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"1.5.5", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"1-2", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"1+2j", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"2j", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"5L", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"NULL", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"Null", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"TRUE", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"tru", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"truee", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"Nonee", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"-NaN", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"-nan", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"+Infinity", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"+inf", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"infinity", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"undefined", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"# comment", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"\xEF\xBC\x91", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"\xFF", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"tensor(0.5)", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"array([1.])", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"b'a'", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"r'a'", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"f'a'", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"u\"a\"", BOTH, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64()", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64(", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64(0.5", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64(0.5]", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64('0.5')", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64(None)", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64([1])", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64(np.True_)", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64(np.float64(1))", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.int64(np.int64(1))", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.int64(0.5)", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.int64(nan)", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float64 (1)", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.float128(1)", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"np.str_('a')", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
      {"float64(1)", PYTHON, 0, DM_VALUE_NULL, 0, false, false, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int is_python = cases[i].dialect == PYTHON;
         is_python <= (cases[i].dialect != JSON); is_python++) {
      DM_CASE("%s in %s", cases[i].text, is_python ? "Python" : "JSON");
      char text[100];
      snprintf(text, sizeof text, "\xC3\xA9 %s", cases[i].text);
      char *line = line_of(text, strlen(text));
      dm_cursor c = cursor_at(line, 3, is_python);
      dm_value value;
      dm_error err = rubbish();
      dm_status status = dm_token_value(&c, &value, &err);
      if (cases[i].used == 0) {
        CHECK_INT(status, DM_E_SYNTAX);
        if (status) {
          CHECK_UINT(err.byte, 3);
          CHECK_UINT(err.column, 3);
          CHECK(err.expected[0] != '\0');
          CHECK(err.found[0] != '\0');
        }
      } else if (CHECK_INT(status, DM_OK)) {
        CHECK_INT(c.p - line, cases[i].used + 3);
        CHECK_INT(value.type, cases[i].type);
        CHECK_INT(value.is_true, cases[i].is_true);
        CHECK_INT(value.is_integer, cases[i].is_integer);
        CHECK_INT(value.is_finite_text, cases[i].is_finite_text);
        if (isnan(cases[i].number)) {
          CHECK(isnan(value.number));
        } else {
          CHECK_DOUBLE(value.number, cases[i].number);
        }
      }
      free(line);
    }
  }
}

static void test_advice(void) {
  static const struct {
    const char *text;
    bool is_python;
    const char *advice;
  } cases[] = {{"tensor(0.5)", true, ".item()"}, {"array([1.])", true, ".tolist()"},
               {"b'a'", true, "plain values"},   {"np.str_('a')", true, "plain values"},
               {"'a'", false, "double quotes"},  {"+1", false, "digit or a minus"},
               {".5", true, "digit or a minus"}, {"nul", false, ""}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("%s", cases[i].text);
    char *line = line_of(cases[i].text, strlen(cases[i].text));
    dm_cursor c = cursor_at(line, 0, cases[i].is_python);
    dm_value value;
    dm_error err = rubbish();
    CHECK_INT(dm_token_value(&c, &value, &err), DM_E_SYNTAX);
    CHECK(strstr(err.advice, cases[i].advice) != NULL);
    CHECK_INT(err.advice[0] == '\0', cases[i].advice[0] == '\0');
    free(line);
  }
}

/* No depth of anything may reach the end of the stack. */
static void test_wrappers_in_wrappers(void) {
  size_t n = 2000000;
  char *text = malloc(n * 11);
  for (size_t i = 0; i < n; i++) {
    memcpy(text + i * 11, "np.float64(", 11);
  }
  char *line = line_of(text, n * 11);
  free(text);
  dm_cursor c = cursor_at(line, 0, true);
  dm_value value;
  dm_error err = rubbish();
  CHECK_INT(dm_token_value(&c, &value, &err), DM_E_SYNTAX);
  c = cursor_at(line, 0, true);
  CHECK_INT(dm_token_skip(&c, &err), DM_E_SYNTAX);
  free(line);
}

/* --- errors ------------------------------------------------------------------------- */

static void test_error_place(void) {
  static const struct {
    const char *text;
    size_t at;
    uint64_t column;
    const char *found; /* somewhere in it */
  } cases[] = {
      {"abc", 0, 1, "abc"},
      {"abc", 3, 4, "end of the line"},
      {"", 0, 1, "end of the line"},
      {"x = word_1.5-2 rest", 4, 5, "word_1.5-2"},
      {"\"a string\" rest", 0, 1, "\"a string\""},
      {"\"not closed", 0, 1, "\"not closed"},
      {"\xC3\xA9\xC3\xA9!", 4, 3, "!"},
      {"\xF0\x9F\x98\x80\xE2\x82\xAC", 4, 2, "\xE2\x82\xAC"},
      {"a\xFFz", 1, 2, "\\xFF"},
      {"a\xFFz", 2, 3, "z"},
      {"a\x01", 1, 2, "\\x01"},
      {"[1, 2] x", 0, 1, "[1, 2]"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("%s at %zu", cases[i].text, cases[i].at);
    char *line = line_of(cases[i].text, strlen(cases[i].text));
    dm_cursor c = cursor_at(line, 0, false);
    dm_error err = rubbish();
    CHECK_INT(dm_token_error(&c, line + cases[i].at, DM_E_RANGE, &err, "%d things", 3),
              DM_E_RANGE);
    CHECK_INT(err.status, DM_E_RANGE);
    CHECK_UINT(err.byte, cases[i].at);
    CHECK_UINT(err.column, cases[i].column);
    CHECK_STR(err.expected, "3 things");
    if (!CHECK(strstr(err.found, cases[i].found) != NULL)) {
      fprintf(stderr, "  found: %s\n", err.found);
    }
    CHECK(!strstr(err.found, "rest"));
    free(line);
  }
  /* what is long is cut, whatever it is */
  for (const char *first = "w\"'[({"; *first; first++) {
    char text[5000];
    memset(text, 'w', sizeof text);
    text[0] = *first;
    char *line = line_of(text, sizeof text);
    dm_cursor c = cursor_at(line, 0, false);
    dm_error err = rubbish();
    (void)dm_token_error(&c, line, DM_E_SYNTAX, &err, "%s", "");
    DM_CASE("%c", *first);
    CHECK(strlen(err.found) >= 20 && strlen(err.found) < 60);
    free(line);
  }
}

int main(void) {
  DM_RUN(test_strings);
  DM_RUN(test_every_byte_in_strings);
  DM_RUN(test_every_unicode_escape);
  DM_RUN(test_values);
  DM_RUN(test_advice);
  DM_RUN(test_wrappers_in_wrappers);
  DM_RUN(test_error_place);
  return dm_test_end();
}
