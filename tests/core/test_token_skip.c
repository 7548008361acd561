/* dm_token_skip(): values that nobody reads are right all the same, to any depth; held
   against a reader written here. */
#include "dm_cursors.h"
#include "dm_naive.h"
#include "dm_test.h"

static const struct {
  int dialect;
  const char *text;
  int bad_at; /* -1: good, all of it */
} skipped[] = {
    {BOTH, "1", -1},
    {BOTH, "\"a\"", -1},
    {BOTH, "[]", -1},
    {BOTH, "{}", -1},
    {BOTH, "[ ]", -1},
    {BOTH, "{\t}", -1},
    {BOTH, "[1]", -1},
    {BOTH, "[1,2 , 3\r]", -1},
    {BOTH, "[[],[[]],{}]", -1},
    {BOTH, "{\"a\":1}", -1},
    {BOTH, "{ \"a\" : 1 , \"b\" : [ { } ] }", -1},
    {BOTH, "{\"a\":1,\"a\":2}", -1}, /* duplicates in here are legal */
    {BOTH, "{\"\":{\"\":\"\"}}", -1},
    {BOTH, "[\"\\u0000\"]", -1},
    {JSON, "[null,true,false,NaN,Infinity,-Infinity]", -1},
    {PYTHON, "[None,True,False,nan,inf,-inf]", -1},
    {PYTHON, "()", -1},
    {PYTHON, "( )", -1},
    {PYTHON, "(1,)", -1},
    {PYTHON, "(1 , )", -1},
    {PYTHON, "(1,2)", -1},
    {PYTHON, "(1,2,)", -1},
    {PYTHON, "((),((),),[(1,)])", -1},
    {PYTHON, "[1,]", -1},
    {PYTHON, "{'a':1,}", -1},
    {PYTHON, "{'a': 'b', \"c\": (1, 2)}", -1},
    {PYTHON, "{1: 2, 1.5: 3, None: 4, True: 5}", -1},
    {PYTHON, "[np.float64(0.5), np.int64(1), np.True_]", -1},
    /* wrong */
    {BOTH, "", 0},
    {BOTH, "[", 1},
    {BOTH, "{", 1},
    {BOTH, "]", 0},
    {BOTH, "}", 0},
    {BOTH, "[}", 1},
    {BOTH, "{]", 1},
    {BOTH, "[1", 2},
    {BOTH, "[1}", 2},
    {BOTH, "[1 2]", 3},
    {BOTH, "[,]", 1},
    {BOTH, "[,1]", 1},
    {BOTH, "[1,,2]", 3},
    {BOTH, "[1,2", 4},
    {BOTH, "[[1,2]", 6},
    {BOTH, "[[1,2}]", 5},
    {BOTH, "{,}", 1},
    {BOTH, "{\"a\"}", 4},
    {BOTH, "{\"a\",1}", 4},
    {BOTH, "{\"a\":}", 5},
    {BOTH, "{\"a\":,}", 5},
    {BOTH, "{\"a\" 1}", 5},
    {BOTH, "{\"a\"::1}", 5},
    {BOTH, "{\"a\":1", 6},
    {BOTH, "{\"a\":1]", 6},
    {BOTH, "{\"a\":1 \"b\":2}", 7},
    {BOTH, "{\"a\":1,,\"b\":2}", 7},
    {BOTH, "{\"a\":1,:2}", 7},
    {BOTH, "{[1]:2}", 1},
    {BOTH, "{{}:2}", 1},
    {BOTH, "[1:2]", 2},
    {BOTH, "[\"a\":2]", 4},
    {BOTH, "[01]", 1},
    {BOTH, "[1,-]", 3},
    {BOTH, "[\"\\uD800\"]", 2},
    {BOTH, "[\"\xFF\"]", 2},
    {BOTH, "[\"a\tb\"]", 3},
    {BOTH, "[\"a]", 4},
    {BOTH, "[1;2]", 2},
    {BOTH, "[1 // c]", 3},
    {BOTH, "[1\f]", 2},
    {BOTH, "[1\xC2\xA0]", 2},
    {JSON, "[1,]", 3},
    {JSON, "{\"a\":1,}", 7},
    {JSON, "{1:2}", 1},
    {JSON, "{a:2}", 1},
    {JSON, "{'a':2}", 1},
    {JSON, "{null:2}", 1},
    {JSON, "(1,2)", 0},
    {JSON, "[(1,2)]", 1},
    {JSON, "['a']", 1},
    {JSON, "[None]", 1},
    {PYTHON, "(1)", 2},
    {PYTHON, "((1))", 3},
    {PYTHON, "(,)", 1},
    {PYTHON, "(1,,)", 3},
    {PYTHON, "(1]", 2},
    {PYTHON, "[1)", 2},
    {PYTHON, "(1;)", 2},
    {PYTHON, "[1;", 2},
    {PYTHON, "(;", 1},
    {PYTHON, "{1}", 2},
    {PYTHON, "{1, 2}", 2},
    {PYTHON, "{'a': 1, 2}", 10},
    {PYTHON, "['a' 'b']", 5},
    {PYTHON, "[null]", 1},
};

static void test_skip(void) {
  for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++) {
    for (int is_python = skipped[i].dialect == PYTHON;
         is_python <= (skipped[i].dialect != JSON); is_python++) {
      for (int has_space = 0; has_space < 2; has_space++) {
        char text[100];
        size_t before =
            (size_t)snprintf(text, sizeof text, "\xC3\xA9%s", has_space ? " " : "");
        size_t len = strlen(skipped[i].text);
        memcpy(text + before, skipped[i].text, len);
        text[before + len] = '\0';
        DM_CASE("case %zu, %s: %s", i, is_python ? "Python" : "JSON", text);
        char *line = line_of(text, before + len);
        dm_cursor c = cursor_at(line, 2, is_python);
        dm_error err = rubbish();
        dm_status status = dm_token_skip(&c, &err);
        if (skipped[i].bad_at < 0) {
          CHECK_INT(status, DM_OK);
          CHECK_INT(c.p - line, before + len);
        } else if (CHECK_INT(status, DM_E_SYNTAX)) {
          CHECK_UINT(err.byte, before + (size_t)skipped[i].bad_at);
          CHECK(err.expected[0] != '\0');
        }
        free(line);
      }
    }
  }
}

static void test_depth(void) {
  static const int depths[] = {1, 1022, 1023, 1024, 1025, 100000};
  static const char *const brackets[] = {"[]", "()", "{}"};
  for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
    for (size_t b = 0; b < 3; b++) {
      int n = depths[d];
      char *text = malloc((size_t)n * 10);
      size_t len = 0;
      for (int i = 0; i < n; i++) {
        text[len++] = brackets[b][0];
        if (b == 2 && i + 1 < n) {
          memcpy(text + len, "\"a\":", 4);
          len += 4;
        }
      }
      for (int i = 0; i < n; i++) {
        if (b == 1 && i > 0) {
          text[len++] = ',';
        }
        text[len++] = brackets[b][1];
      }
      char *line = line_of(text, len);
      dm_cursor c = cursor_at(line, 0, b == 1);
      dm_error err = rubbish();
      dm_status status = dm_token_skip(&c, &err);
      DM_CASE("%d times %s", n, brackets[b]);
      if (n < DM_DEPTH_MAX) { /* the record around it is one more */
        CHECK_INT(status, DM_OK);
        CHECK_INT(c.p - line, len);
      } else {
        CHECK_INT(status, DM_E_LIMIT);
        CHECK_INT(err.status, DM_E_LIMIT);
        CHECK(strstr(err.expected, "1024") != NULL);
        CHECK_UINT(err.byte, (DM_DEPTH_MAX - 1) * (b == 2 ? 5 : 1));
      }
      free(line);
      free(text);
    }
  }
  /* many, but side by side */
  char text[12000];
  memset(text, ',', sizeof text);
  for (size_t i = 0; i < 3000; i++) {
    memcpy(text + 4 * i, "[{}]", 4);
  }
  text[0] = '[';
  for (size_t i = 1; i < 2999; i++) {
    memcpy(text + 4 * i, "[],", 3);
    text[4 * i + 3] = ' ';
  }
  memcpy(text, "[0, ", 4);
  memcpy(text + 4 * 2999, "[]] ", 4);
  char *line = line_of(text, sizeof text);
  dm_cursor c = cursor_at(line, 0, false);
  dm_error err = rubbish();
  CHECK_INT(dm_token_skip(&c, &err), DM_OK);
  CHECK_INT(c.p - line, sizeof text - 1);
  free(line);
}

/* A second opinion on JSON, by recursion and one byte at a time. NULL: not a value. */
static const char *naive_json(const char *s, const char *end, int depth);

static const char *naive_space(const char *s, const char *end) {
  while (s < end && (*s == ' ' || *s == '\t' || *s == '\r')) {
    s++;
  }
  return s;
}

static const char *naive_string(const char *s, const char *end) {
  if (s >= end || *s++ != '"') {
    return NULL;
  }
  while (s < end && *s != '"') {
    if (*s == '\\') {
      if (end - s >= 2 && s[1] && strchr("\"\\/bfnrt", s[1])) {
        s += 2;
        continue;
      }
      unsigned unit[2] = {0, 0};
      for (int k = 0; k < 2; k++) {
        char hex[5] = "";
        if (end - s < 6 || s[0] != '\\' || s[1] != 'u') {
          return NULL;
        }
        memcpy(hex, s + 2, 4);
        if (strspn(hex, "0123456789abcdefABCDEF") != 4) {
          return NULL;
        }
        unit[k] = (unsigned)strtoul(hex, NULL, 16);
        s += 6;
        if (unit[0] < 0xD800 || unit[0] > 0xDFFF) {
          break;
        }
      }
      if (unit[0] >= 0xD800 && unit[0] <= 0xDFFF &&
          (unit[0] >= 0xDC00 || unit[1] < 0xDC00 || unit[1] > 0xDFFF)) {
        return NULL;
      }
      continue;
    }
    size_t step = naive_utf8((const unsigned char *)s, (size_t)(end - s));
    if (step == 0 || (unsigned char)*s < 0x20) {
      return NULL;
    }
    s += step;
  }
  return s < end ? s + 1 : NULL;
}

static const char *naive_digits(const char *s, const char *end) {
  const char *first = s;
  while (s < end && *s >= '0' && *s <= '9') {
    s++;
  }
  return s > first ? s : NULL;
}

static const char *naive_scalar(const char *s, const char *end) {
  static const char *const words[] = {"null", "true",     "false",
                                      "NaN",  "Infinity", "-Infinity"};
  for (size_t i = 0; i < 6; i++) {
    size_t len = strlen(words[i]);
    if ((size_t)(end - s) >= len && memcmp(s, words[i], len) == 0) {
      return s + len;
    }
  }
  s += s < end && *s == '-';
  const char *p = s < end && *s == '0' ? s + 1 : naive_digits(s, end);
  if (p && p < end && *p == '.') {
    p = naive_digits(p + 1, end);
  }
  if (p && p < end && (*p == 'e' || *p == 'E')) {
    p++;
    p += p < end && (*p == '+' || *p == '-');
    p = naive_digits(p, end);
  }
  return p;
}

static const char *naive_json(const char *s, const char *end, int depth) {
  s = naive_space(s, end);
  if (s >= end || depth > 1023) {
    return NULL;
  }
  if (*s == '"') {
    return naive_string(s, end);
  }
  if (*s != '[' && *s != '{') {
    return naive_scalar(s, end);
  }
  char close = *s == '[' ? ']' : '}';
  bool is_object = *s == '{';
  s = naive_space(s + 1, end);
  if (s < end && *s == close) {
    return s + 1;
  }
  for (;;) {
    if (is_object) {
      s = naive_string(naive_space(s, end), end);
      s = s ? naive_space(s, end) : NULL;
      if (!s || s >= end || *s++ != ':') {
        return NULL;
      }
    }
    s = naive_json(s, end, depth + 1);
    s = s ? naive_space(s, end) : NULL;
    if (!s || s >= end || (*s != ',' && *s != close)) {
      return NULL;
    }
    if (*s++ == close) {
      return s;
    }
  }
}

static size_t random_json(uint64_t *seed, char *out, int depth) {
  static const char *const scalars[] = {"0",
                                        "-1.5e-3",
                                        "null",
                                        "true",
                                        "NaN",
                                        "\"\"",
                                        "\"a\\n\\u00e9\"",
                                        "\"\xC3\xA9\"",
                                        "\"\\ud83d\\ude00\"",
                                        "1e5",
                                        "-Infinity",
                                        "\"label\"",
                                        "12345678901234567890",
                                        "0.25",
                                        "false"};
  size_t kind = naive_below(seed, depth > 4 ? 2 : 5);
  if (kind < 2) {
    const char *text = scalars[naive_below(seed, 15)];
    memcpy(out, text, strlen(text));
    return strlen(text);
  }
  bool is_object = kind == 2;
  size_t len = 0;
  out[len++] = is_object ? '{' : '[';
  size_t n = naive_below(seed, 4);
  for (size_t i = 0; i < n; i++) {
    if (i) {
      out[len++] = ',';
    }
    if (naive_below(seed, 3) == 0) {
      out[len++] = ' ';
    }
    if (is_object) {
      memcpy(out + len, "\"k\":", 4);
      len += 4;
    }
    len += random_json(seed, out + len, depth + 1);
    if (naive_below(seed, 5) == 0) {
      out[len++] = '\t';
    }
  }
  out[len++] = is_object ? '}' : ']';
  return len;
}

static void test_skip_against_naive(void) {
  static char text[1 << 16];
  static const char spice[] = "[]{}:,\"\\ 01-+.eEtfnNIu\t\x80\xC3\x01'()x";
  uint64_t seed = 60;
  unsigned long wrong = 0, n_good = 0, n_bad = 0;
  for (int i = 0; i < 200000; i++) {
    size_t len = random_json(&seed, text, 0);
    size_t n_changes = naive_below(&seed, 3);
    for (size_t k = 0; k < n_changes && len > 0; k++) {
      size_t at = naive_below(&seed, len);
      char c = spice[naive_below(&seed, sizeof spice - 1)];
      switch (naive_below(&seed, 3)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          memmove(text + at, text + at + 1, len - at - 1);
          len--;
          break;
        default:
          memmove(text + at + 1, text + at, len - at);
          text[at] = c;
          len++;
      }
    }
    char *line = line_of(text, len);
    dm_cursor c = cursor_at(line, 0, false);
    dm_error err;
    dm_status status = dm_token_skip(&c, &err);
    const char *end = naive_json(line, line + len, 1);
    /* a number or word must end where its characters end: [1x is refused earlier */
    if (end && end < line + len && (end == line || strchr("]}\"", end[-1]) == NULL) &&
        strchr(" \t,]}:[{(\"'\\\x01", *end) == NULL) {
      end = status ? NULL : end;
    }
    bool is_same = status ? end == NULL : end == c.p;
    if (!is_same && wrong++ < 3) {
      fprintf(stderr, "%.*s: %d, %td for %td\n", (int)len, text, (int)status, c.p - line,
              end ? end - line : -1);
    }
    n_good += status == DM_OK;
    n_bad += status != DM_OK;
    free(line);
  }
  CHECK_UINT(wrong, 0);
  CHECK(n_good > 20000 && n_bad > 20000);
}

int main(void) {
  DM_RUN(test_skip);
  DM_RUN(test_depth);
  DM_RUN(test_skip_against_naive);
  return dm_test_end();
}
