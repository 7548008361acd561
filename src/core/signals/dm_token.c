/* Turns the bytes of a line into values, to the letter of RFC 8259 (plus NaN, Infinity
   and -Infinity) or of what Python prints for dicts of plain values and NumPy's scalars.
 */
#include "signals/dm_token.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/dm_text.h"
#include "number/dm_number.h"

/* A word of one of the dialects. */
typedef struct word {
  const char *text;
  size_t len;
  dm_value_type type;
  double number;
  bool is_true;
} word;

static dm_status read_escape(dm_cursor *c, dm_span *out, dm_error *err);
static int32_t read_hex(const char *p, int n);
static dm_status read_number(dm_cursor *c, dm_value *out, dm_error *err);
static dm_status read_word(dm_cursor *c, dm_value *out, dm_error *err);
static dm_status read_numpy(dm_cursor *c, size_t len, dm_value *out, dm_error *err);
static dm_status unknown_word(const dm_cursor *c, size_t len, dm_error *err);
static size_t excerpt_length(const char *at);
static bool is_word_char(char c);

/* --- errors --- */

dm_status dm_token_error(const dm_cursor *c, const char *at, dm_status status,
                         dm_error *err, const char *expected, ...) {
  dm_error_set(err, status);
  va_list args;
  va_start(args, expected);
  int n = vsnprintf(err->expected, sizeof err->expected, expected, args);
  va_end(args);
  if (n < 0) {
    err->expected[0] = '\0';
  }
  err->byte = (uint64_t)(at - c->line);
  err->column = 1 + dm_utf8_count(c->line, (size_t)(at - c->line));
  if (*at == '\n') {
    dm_error_found(err, "the end of the line");
  } else {
    char excerpt[DM_TEXT_MAX - 2];
    dm_text_excerpt(excerpt, sizeof excerpt, at, excerpt_length(at));
    dm_error_found(err, "`%s`", excerpt);
  }
  return status;
}

/* What a reader needs to see of the place: the word or string there, at least a
   character, at most about 40 bytes. */
static size_t excerpt_length(const char *at) {
  enum { LONGEST = 40 };
  size_t n = 0;
  if (is_word_char(*at) || *at == '-' || *at == '+' || *at == '.') {
    while (n < LONGEST && (is_word_char(at[n]) || at[n] == '-' || at[n] == '+')) {
      n++;
    }
    return n ? n : 1;
  }
  if (*at == '"' || *at == '\'') {
    for (n = 1; n < LONGEST && at[n] != '\n'; n++) {
      if (at[n] == *at) {
        return n + 1;
      }
    }
    return n;
  }
  if (*at == '[' || *at == '(' || *at == '{') {
    while (n < LONGEST && at[n] != '\n') {
      n++;
    }
    return n;
  }
  n = dm_utf8_char(at, 4);
  return n ? n : 1;
}

static bool is_letter(char c) {
  return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_word_char(char c) {
  return is_letter(c) || dm_is_digit(c) || c == '_' || c == '.';
}

/* --- strings --- */

dm_status dm_token_string(dm_cursor *c, dm_span *out, dm_error *err) {
  const char quote = *c->p;
  const char *open = c->p++;
  *out = (dm_span){.start = c->p};
  for (;;) {
    c->p = dm_pass_plain_text(c->p, quote);
    unsigned char byte = (unsigned char)*c->p;
    if (byte == (unsigned char)quote) {
      out->end = c->p++;
      return DM_OK;
    }
    if (byte == '\\') {
      DM_TRY(read_escape(c, out, err));
    } else if (byte >= 0x80) {
      size_t n = dm_utf8_char(c->p, 4); /* a newline or padding cuts what is too short */
      if (n == 0) {
        dm_token_error(c, c->p, DM_E_SYNTAX, err, "text in UTF-8");
        dm_error_advice(err, "the bytes may be Latin-1 or damaged: convert them first");
        return DM_E_SYNTAX;
      }
      c->p += n;
    } else if (byte == '\n') {
      dm_token_error(
          c, c->p, DM_E_SYNTAX, err,
          "the closing quote of the string that "
          "starts in column %llu",
          1 + (unsigned long long)dm_utf8_count(c->line, (size_t)(open - c->line)));
      return DM_E_SYNTAX;
    } else {
      return dm_token_error(c, c->p, DM_E_SYNTAX, err,
                            "no control character inside a string");
    }
  }
}

/* The cursor stands at the backslash; passes the escape. */
static dm_status read_escape(dm_cursor *c, dm_span *out, dm_error *err) {
  const char *at = c->p;
  char kind = at[1];
  out->has_escape = true;
  int digits = kind == 'u' ? 4 : c->is_python && kind == 'x' ? 2 : 0;
  digits = c->is_python && kind == 'U' ? 8 : digits;
  if (digits) {
    int32_t value = read_hex(at + 2, digits);
    if (value < 0 || value > 0x10FFFF) {
      return dm_token_error(c, at, DM_E_SYNTAX, err,
                            "%d hexadecimal digits of a character", digits);
    }
    c->p = at + 2 + digits;
    if (value >= 0xD800 && value <= 0xDFFF) {
      int32_t low = -1;
      if (!c->is_python && value < 0xDC00 && c->p[0] == '\\' && c->p[1] == 'u') {
        low = read_hex(c->p + 2, 4);
      }
      if (low < 0xDC00 || low > 0xDFFF) {
        return dm_token_error(c, at, DM_E_SYNTAX, err,
                              "no half of a surrogate pair alone");
      }
      c->p += 6;
    }
    out->has_nul |= value == 0;
    return DM_OK;
  }
  if (c->is_python && kind >= '0' && kind <= '7') {
    int value = 0;
    int n = 0;
    for (; n < 3 && at[1 + n] >= '0' && at[1 + n] <= '7'; n++) {
      value = value * 8 + (at[1 + n] - '0');
    }
    if (value > 0xFF) {
      return dm_token_error(c, at, DM_E_SYNTAX, err, "an octal escape up to \\377");
    }
    out->has_nul |= value == 0;
    c->p = at + 1 + n;
    return DM_OK;
  }
  const char *known = c->is_python ? "\\'\"abfnrtv" : "\\\"/bfnrt";
  if (kind == '\0' || !strchr(known, kind)) {
    return dm_token_error(c, at, DM_E_SYNTAX, err, "an escape sequence of %s",
                          c->is_python ? "Python" : "JSON");
  }
  c->p = at + 2;
  return DM_OK;
}

/* The value of n hexadecimal digits; -1 where one is missing or the value is too large.
 */
static int32_t read_hex(const char *p, int n) {
  uint32_t value = 0;
  for (int i = 0; i < n; i++) {
    char lower = (char)(p[i] | 0x20);
    uint32_t digit = dm_is_digit(p[i])              ? (uint32_t)(p[i] - '0')
                     : lower >= 'a' && lower <= 'f' ? (uint32_t)(lower - 'a' + 10)
                                                    : 16;
    if (digit == 16 || value > 0x10FFFF) {
      return -1;
    }
    value = value << 4 | digit;
  }
  return value > 0x10FFFF ? -1 : (int32_t)value;
}

dm_status dm_token_unescape(const dm_span *span, bool is_python, dm_buf *out,
                            dm_error *err) {
  if (span->start == span->end) {
    return DM_OK; /* there may be no memory to point into */
  }
  /* no escape stands for more bytes than it has */
  DM_TRY(dm_buf_reserve(out, (size_t)(span->end - span->start), err));
  char *to = out->data + out->len;
  const char *p = span->start;
  while (p < span->end) {
    if (*p != '\\') {
      *to++ = *p++;
      continue;
    }
    char kind = p[1];
    p += 2;
    if (kind == 'u' || (is_python && (kind == 'x' || kind == 'U'))) {
      int digits = kind == 'u' ? 4 : kind == 'x' ? 2 : 8;
      uint32_t value = (uint32_t)read_hex(p, digits);
      p += digits;
      if (value >= 0xD800 && value <= 0xDBFF) {
        uint32_t low = (uint32_t)read_hex(p + 2, 4);
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
      }
      to += dm_utf8_encode(value, to);
    } else if (is_python && kind >= '0' && kind <= '7') {
      uint32_t value = (uint32_t)(kind - '0');
      for (int n = 1; n < 3 && p < span->end && *p >= '0' && *p <= '7'; n++) {
        value = value * 8 + (uint32_t)(*p++ - '0');
      }
      to += dm_utf8_encode(value, to);
    } else {
      static const char from[] = "abfnrtv";
      static const char to_control[] = "\a\b\f\n\r\t\v";
      const char *control = strchr(from, kind);
      *to++ = control ? to_control[control - from] : kind;
    }
  }
  out->len = (size_t)(to - out->data);
  return DM_OK;
}

/* --- other values --- */

dm_status dm_token_value(dm_cursor *c, dm_value *out, dm_error *err) {
  char first = *c->p;
  *out = (dm_value){0};
  if (dm_is_digit(first) || (first == '-' && dm_is_digit(c->p[1]))) {
    return read_number(c, out, err);
  }
  if (first == '"' || (first == '\'' && c->is_python)) {
    out->type = DM_VALUE_STRING;
    return dm_token_string(c, &out->text, err);
  }
  if (first == '[' || first == '{' || (first == '(' && c->is_python)) {
    out->type = DM_VALUE_CONTAINER;
    return DM_OK;
  }
  return read_word(c, out, err);
}

static dm_status read_number(dm_cursor *c, dm_value *out, dm_error *err) {
  const char *start = c->p;
  const char *end = dm_number(start, &out->number);
  if (!end || is_word_char(*end) || *end == '+' || *end == '-') {
    return dm_token_error(c, start, DM_E_SYNTAX, err, "a number as %s writes it",
                          c->is_python ? "Python" : "JSON");
  }
  out->type = DM_VALUE_NUMBER;
  out->is_finite_text = true;
  out->text = (dm_span){.start = start, .end = end};
  out->is_integer = true;
  for (const char *s = start + 1; s < end; s++) {
    out->is_integer &= dm_is_digit(*s);
  }
  c->p = end;
  return DM_OK;
}

static dm_status read_word(dm_cursor *c, dm_value *out, dm_error *err) {
  static const word json[] = {
      {"null", 4, DM_VALUE_NULL, 0, false},
      {"true", 4, DM_VALUE_BOOL, 0, true},
      {"false", 5, DM_VALUE_BOOL, 0, false},
      {"NaN", 3, DM_VALUE_NUMBER, NAN, false},
      {"Infinity", 8, DM_VALUE_NUMBER, INFINITY, false},
      {"-Infinity", 9, DM_VALUE_NUMBER, -INFINITY, false},
  };
  static const word python[] = {
      {"None", 4, DM_VALUE_NULL, 0, false},
      {"True", 4, DM_VALUE_BOOL, 0, true},
      {"False", 5, DM_VALUE_BOOL, 0, false},
      {"nan", 3, DM_VALUE_NUMBER, NAN, false},
      {"inf", 3, DM_VALUE_NUMBER, INFINITY, false},
      {"-inf", 4, DM_VALUE_NUMBER, -INFINITY, false},
      {"np.True_", 8, DM_VALUE_BOOL, 0, true},
      {"np.False_", 9, DM_VALUE_BOOL, 0, false},
  };
  const char *start = c->p;
  size_t len = *start == '-';
  while (is_word_char(start[len])) {
    len++;
  }
  const word *words = c->is_python ? python : json;
  size_t n = c->is_python ? sizeof python / sizeof *python : sizeof json / sizeof *json;
  for (size_t i = 0; i < n; i++) {
    if (len == words[i].len && memcmp(start, words[i].text, len) == 0) {
      out->type = words[i].type;
      out->is_true = words[i].is_true;
      out->number = words[i].number;
      out->text = (dm_span){.start = start, .end = start + len};
      c->p = start + len;
      return DM_OK;
    }
  }
  if (c->is_python && start[len] == '(') {
    return read_numpy(c, len, out, err);
  }
  return unknown_word(c, len, err);
}

/* NumPy 2 prints its scalars as np.float64(0.5). */
static dm_status read_numpy(dm_cursor *c, size_t len, dm_value *out, dm_error *err) {
  const char *start = c->p;
  bool is_int = len == 8 && memcmp(start, "np.int64", 8) == 0;
  bool is_float = len == 10 && (memcmp(start, "np.float64", 10) == 0 ||
                                memcmp(start, "np.float32", 10) == 0);
  if (!is_int && !is_float) {
    return unknown_word(c, len, err);
  }
  c->p = start + len + 1;
  /* nan, inf, -inf or a number, never a wrapper in a wrapper: that would recurse */
  bool is_word = *c->p == 'i' || memcmp(c->p, "na", 2) == 0;
  if (is_word || *c->p == '-' || dm_is_digit(*c->p)) {
    DM_TRY(dm_token_value(c, out, err));
  }
  if (out->type != DM_VALUE_NUMBER || *c->p != ')' || (is_int && !out->is_integer)) {
    c->p = start;
    return dm_token_error(c, start, DM_E_SYNTAX, err,
                          "%s in the brackets of a NumPy value",
                          is_int ? "an integer" : "a number");
  }
  out->is_integer = is_int;
  c->p++;
  return DM_OK;
}

static dm_status unknown_word(const dm_cursor *c, size_t len, dm_error *err) {
  const char *start = c->p;
  char after = start[len];
  dm_token_error(c, start, DM_E_SYNTAX, err, "a value");
  if (c->is_python && len && (after == '(' || after == '\'' || after == '"')) {
    dm_error_advice(err,
                    "print plain values: convert with .item(), .tolist() or str() "
                    "before writing");
  } else if (*start == '\'') {
    dm_error_advice(err,
                    "a JSON line has double quotes only; "
                    "format = \"python\" reads printed dicts");
  } else if (*start == '+' || *start == '.') {
    dm_error_advice(err, "a number starts with a digit or a minus");
  }
  return DM_E_SYNTAX;
}

/* --- skipping --- */

/* Where the skipper stands between two bytes. */
typedef enum skip_state {
  SKIP_VALUE,     /* a value must follow */
  SKIP_FIRST,     /* a value or the end of a list or tuple */
  SKIP_KEY,       /* a key must follow */
  SKIP_FIRST_KEY, /* a key or the end of an object */
  SKIP_BEHIND     /* a value has ended */
} skip_state;

static dm_status skip_scalar(dm_cursor *c, dm_error *err) {
  dm_value unused;
  return dm_token_value(c, &unused, err);
}

static dm_status skip_key(dm_cursor *c, dm_error *err) {
  dm_value key;
  const char *start = c->p;
  if (!c->is_python && *start != '"') {
    return dm_token_error(c, start, DM_E_SYNTAX, err, "a key in double quotes");
  }
  DM_TRY(dm_token_value(c, &key, err));
  if (key.type == DM_VALUE_CONTAINER) {
    return dm_token_error(c, start, DM_E_SYNTAX, err, "a key");
  }
  dm_token_space(c);
  if (*c->p != ':') {
    dm_token_error(c, c->p, DM_E_SYNTAX, err, "':' behind the key");
    if (c->is_python && (*c->p == ',' || *c->p == '}')) {
      dm_error_advice(err, "a set can't be read: write it as a list");
    }
    return DM_E_SYNTAX;
  }
  c->p++;
  return DM_OK;
}

dm_status dm_token_skip(dm_cursor *c, dm_error *err) {
  /* per open container its closing bracket; a tuple without a comma yet has ';' */
  char closing[DM_DEPTH_MAX];
  int depth = 0;
  skip_state state = SKIP_VALUE;
  for (;;) {
    dm_token_space(c);
    char byte = *c->p;
    char close = depth ? closing[depth - 1] : '\0';
    if (state == SKIP_BEHIND) {
      if (byte == ',') {
        c->p++;
        if (close == ';') {
          close = closing[depth - 1] = ')';
        }
        bool may_end = c->is_python;
        state = close == '}' ? (may_end ? SKIP_FIRST_KEY : SKIP_KEY)
                             : (may_end ? SKIP_FIRST : SKIP_VALUE);
        continue;
      }
      if (close == ';') { /* (1) is no tuple */
        return dm_token_error(c, c->p, DM_E_SYNTAX, err, "','");
      }
      if (byte != close) {
        return dm_token_error(c, c->p, DM_E_SYNTAX, err, "',' or '%c'", close);
      }
    }
    bool is_end = close == ';' ? byte == ')' && state == SKIP_FIRST : byte == close;
    if (is_end && depth && state != SKIP_VALUE && state != SKIP_KEY) {
      c->p++;
      if (--depth == 0) {
        return DM_OK;
      }
      state = SKIP_BEHIND;
      continue;
    }
    if (state == SKIP_KEY || state == SKIP_FIRST_KEY) {
      DM_TRY(skip_key(c, err));
      state = SKIP_VALUE;
      continue;
    }
    if (byte == '[' || byte == '{' || (byte == '(' && c->is_python)) {
      if (depth + 1 == DM_DEPTH_MAX) { /* the record itself is one level */
        dm_token_error(c, c->p, DM_E_LIMIT, err, "at most %d brackets in each other",
                       DM_DEPTH_MAX);
        return DM_E_LIMIT;
      }
      closing[depth++] = byte == '[' ? ']' : byte == '{' ? '}' : ';';
      state = byte == '{' ? SKIP_FIRST_KEY : SKIP_FIRST;
      c->p++;
      continue;
    }
    DM_TRY(skip_scalar(c, err));
    if (depth == 0) {
      return DM_OK;
    }
    state = SKIP_BEHIND;
  }
}
