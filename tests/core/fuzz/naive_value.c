#include <math.h>

#include "fuzz.h"
#include "naive.h"

static void **blocks;
static size_t n_blocks;
static size_t cap_blocks;

void *naive_alloc(size_t size) {
  if (n_blocks == cap_blocks) {
    cap_blocks = 2 * cap_blocks + 64;
    blocks = realloc(blocks, cap_blocks * sizeof *blocks);
  }
  return blocks[n_blocks++] = fuzz_alloc(size);
}

void naive_forget(void) {
  while (n_blocks) {
    free(blocks[--n_blocks]);
  }
}

typedef struct reader {
  const char *p;
  const char *end;
  bool is_python;
} reader;

static dm_status read_value(reader *r, int depth, naive_value *out);

static bool at(const reader *r, char c) {
  return r->p < r->end && *r->p == c;
}

static bool pass(reader *r, const char *text) {
  size_t n = strlen(text);
  if ((size_t)(r->end - r->p) < n || memcmp(r->p, text, n) != 0) {
    return false;
  }
  r->p += n;
  return true;
}

static void pass_space(reader *r) {
  while (at(r, ' ') || at(r, '\t') || at(r, '\r')) {
    r->p++;
  }
}

static bool at_digit(const reader *r) {
  return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static bool pass_digits(reader *r) {
  const char *start = r->p;
  while (at_digit(r)) {
    r->p++;
  }
  return r->p > start;
}

static void put_character(naive_value *out, unsigned long c) {
  char *to = out->text + out->len;
  if (c < 0x80) {
    to[0] = (char)c;
    out->len += 1;
  } else if (c < 0x800) {
    to[0] = (char)(0xC0 + c / 64);
    to[1] = (char)(0x80 + c % 64);
    out->len += 2;
  } else if (c < 0x10000) {
    to[0] = (char)(0xE0 + c / 4096);
    to[1] = (char)(0x80 + c / 64 % 64);
    to[2] = (char)(0x80 + c % 64);
    out->len += 3;
  } else {
    to[0] = (char)(0xF0 + c / 262144);
    to[1] = (char)(0x80 + c / 4096 % 64);
    to[2] = (char)(0x80 + c / 64 % 64);
    to[3] = (char)(0x80 + c % 64);
    out->len += 4;
  }
}

/* n hexadecimal digits; more than any character where one is missing */
static unsigned long read_hex(reader *r, int n) {
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  unsigned long value = 0;
  for (int i = 0; i < n; i++) {
    const char *digit = r->p < r->end && *r->p ? strchr(digits, *r->p) : NULL;
    if (!digit) {
      return 0x110000;
    }
    value = value * 16 + (unsigned long)(digit - digits) % 16;
    r->p++;
  }
  return value;
}

static dm_status read_escape(reader *r, naive_value *out) {
  static const char *const json = "\"\"\\\\//b\bf\fn\nr\rt\t";
  static const char *const python = "\"\"''\\\\a\ab\bf\fn\nr\rt\tv\v";
  if (r->p == r->end) {
    return DM_E_SYNTAX;
  }
  char kind = *r->p++;
  for (const char *pair = r->is_python ? python : json; *pair; pair += 2) {
    if (*pair == kind) {
      put_character(out, (unsigned char)pair[1]);
      return DM_OK;
    }
  }
  unsigned long c;
  if (kind == 'u') {
    c = read_hex(r, 4);
    if (c >= 0xD800 && c <= 0xDBFF && !r->is_python) {
      unsigned long low = pass(r, "\\u") ? read_hex(r, 4) : 0;
      if (low < 0xDC00 || low > 0xDFFF) {
        return DM_E_SYNTAX;
      }
      c = 0x10000 + (c - 0xD800) * 1024 + (low - 0xDC00);
    }
  } else if (kind == 'x' && r->is_python) {
    c = read_hex(r, 2);
  } else if (kind == 'U' && r->is_python) {
    c = read_hex(r, 8);
  } else if (kind >= '0' && kind <= '7' && r->is_python) {
    c = (unsigned long)(kind - '0');
    for (int i = 0; i < 2 && r->p < r->end && *r->p >= '0' && *r->p <= '7'; i++) {
      c = c * 8 + (unsigned long)(*r->p++ - '0');
    }
    if (c > 255) {
      return DM_E_SYNTAX;
    }
  } else {
    return DM_E_SYNTAX;
  }
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    return DM_E_SYNTAX;
  }
  put_character(out, c);
  return DM_OK;
}

static dm_status read_string(reader *r, naive_value *out) {
  char quote = *r->p++;
  out->type = NAIVE_STRING;
  out->text = naive_alloc((size_t)(r->end - r->p) + 4);
  while (r->p < r->end) {
    if (*r->p == quote) {
      r->p++;
      return DM_OK;
    }
    if (pass(r, "\\")) {
      dm_status status = read_escape(r, out);
      if (status) {
        return status;
      }
      continue;
    }
    size_t n = naive_utf8((const unsigned char *)r->p, (size_t)(r->end - r->p));
    if (n == 0 || (n == 1 && *r->p < 0x20)) {
      return DM_E_SYNTAX;
    }
    memcpy(out->text + out->len, r->p, n);
    out->len += n;
    r->p += n;
  }
  return DM_E_SYNTAX;
}

static dm_status read_number(reader *r, naive_value *out) {
  const char *start = r->p;
  out->type = NAIVE_NUMBER;
  out->is_integer = true;
  pass(r, "-");
  if (!pass(r, "0") && !pass_digits(r)) {
    return DM_E_SYNTAX;
  }
  if (pass(r, ".")) {
    out->is_integer = false;
    if (!pass_digits(r)) {
      return DM_E_SYNTAX;
    }
  }
  if (pass(r, "e") || pass(r, "E")) {
    out->is_integer = false;
    if (!pass(r, "+")) {
      pass(r, "-");
    }
    if (!pass_digits(r)) {
      return DM_E_SYNTAX;
    }
  }
  out->len = (size_t)(r->p - start);
  out->text = naive_alloc(out->len + 1);
  memcpy(out->text, start, out->len);
  out->number = strtod(out->text, NULL);
  return DM_OK;
}

static dm_status read_word(reader *r, naive_value *out) {
  static const struct {
    const char *text;
    int dialect; /* 0: JSON */
    naive_type type;
    double value;
  } words[] = {
      {"null", 0, NAIVE_NULL, 0},
      {"true", 0, NAIVE_BOOL, 1},
      {"false", 0, NAIVE_BOOL, 0},
      {"NaN", 0, NAIVE_NUMBER, NAN},
      {"Infinity", 0, NAIVE_NUMBER, INFINITY},
      {"-Infinity", 0, NAIVE_NUMBER, -INFINITY},
      {"None", 1, NAIVE_NULL, 0},
      {"True", 1, NAIVE_BOOL, 1},
      {"False", 1, NAIVE_BOOL, 0},
      {"nan", 1, NAIVE_NUMBER, NAN},
      {"inf", 1, NAIVE_NUMBER, INFINITY},
      {"-inf", 1, NAIVE_NUMBER, -INFINITY},
      {"np.True_", 1, NAIVE_BOOL, 1},
      {"np.False_", 1, NAIVE_BOOL, 0},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (words[i].dialect == r->is_python && pass(r, words[i].text)) {
      out->type = words[i].type;
      out->is_true = words[i].value != 0;
      out->number = words[i].value;
      out->is_word = true;
      return DM_OK;
    }
  }
  return DM_E_SYNTAX;
}

static dm_status read_wrapper(reader *r, bool is_int, naive_value *out) {
  dm_status status = is_int || at(r, '-') || at_digit(r) ? DM_OK : DM_E_SYNTAX;
  const char *start = r->p;
  if (!status) {
    status = read_number(r, out);
  }
  if (status && !is_int) {
    r->p = start;
    status = read_word(r, out);
  }
  if (status || out->type != NAIVE_NUMBER || !pass(r, ")") ||
      (is_int && !out->is_integer)) {
    return DM_E_SYNTAX;
  }
  out->is_integer = is_int;
  return DM_OK;
}

static dm_status read_scalar(reader *r, naive_value *out) {
  *out = (naive_value){0};
  if (at(r, '"') || (at(r, '\'') && r->is_python)) {
    return read_string(r, out);
  }
  if (r->is_python && pass(r, "np.int64(")) {
    return read_wrapper(r, true, out);
  }
  if (r->is_python && (pass(r, "np.float64(") || pass(r, "np.float32("))) {
    return read_wrapper(r, false, out);
  }
  const char *start = r->p;
  dm_status status = at_digit(r) || at(r, '-') ? read_number(r, out) : DM_E_SYNTAX;
  if (status) {
    r->p = start;
    *out = (naive_value){0};
    status = read_word(r, out);
  }
  return status;
}

static void add(naive_value *container, const naive_value *key, const naive_value *item) {
  size_t n = container->n;
  if ((n & (n + 1)) == 0) { /* 0, 1, 3, 7: full */
    naive_value *items = naive_alloc((2 * n + 1) * sizeof *items);
    naive_value *keys = naive_alloc((2 * n + 1) * sizeof *keys);
    if (n) {
      memcpy(items, container->items, n * sizeof *items);
      memcpy(keys, container->keys, n * sizeof *keys);
    }
    container->items = items;
    container->keys = keys;
  }
  container->items[n] = *item;
  container->keys[n] = key ? *key : (naive_value){0};
  container->n++;
}

static dm_status read_list(reader *r, int depth, naive_value *out) {
  bool is_tuple = *r->p == '(';
  char close = is_tuple ? ')' : ']';
  bool has_comma = false;
  r->p++;
  out->type = NAIVE_LIST;
  pass_space(r);
  if (at(r, close)) {
    r->p++;
    return DM_OK;
  }
  for (;;) {
    naive_value item;
    pass_space(r);
    dm_status status = read_value(r, depth, &item);
    if (status) {
      return status;
    }
    add(out, NULL, &item);
    pass_space(r);
    if (pass(r, ",")) {
      has_comma = true;
      pass_space(r);
      if (!r->is_python || !at(r, close)) {
        continue;
      }
    }
    if (!at(r, close) || (is_tuple && !has_comma)) {
      return DM_E_SYNTAX;
    }
    r->p++;
    return DM_OK;
  }
}

static dm_status read_object(reader *r, int depth, bool is_record, naive_value *out) {
  r->p++;
  out->type = NAIVE_OBJECT;
  pass_space(r);
  if (pass(r, "}")) {
    return DM_OK;
  }
  for (;;) {
    naive_value key, item;
    pass_space(r);
    dm_status status = read_scalar(r, &key);
    if (status || (key.type != NAIVE_STRING && (is_record || !r->is_python))) {
      return DM_E_SYNTAX;
    }
    pass_space(r);
    if (!pass(r, ":")) {
      return DM_E_SYNTAX;
    }
    pass_space(r);
    status = read_value(r, depth, &item);
    if (status) {
      return status;
    }
    add(out, &key, &item);
    pass_space(r);
    if (pass(r, ",")) {
      pass_space(r);
      if (!r->is_python || !at(r, '}')) {
        continue;
      }
    }
    return pass(r, "}") ? DM_OK : DM_E_SYNTAX;
  }
}

/* depth: of the brackets around it */
static dm_status read_value(reader *r, int depth, naive_value *out) {
  *out = (naive_value){0};
  bool is_list = at(r, '[') || (at(r, '(') && r->is_python);
  if ((is_list || at(r, '{')) && depth == 1024) {
    return DM_E_LIMIT;
  }
  return is_list      ? read_list(r, depth + 1, out)
         : at(r, '{') ? read_object(r, depth + 1, false, out)
                      : read_scalar(r, out);
}

dm_status naive_read_value(const char *text, size_t len, bool is_python, int depth,
                           naive_value *out) {
  reader r = {text, text + len, is_python};
  pass_space(&r);
  dm_status status = read_value(&r, depth, out);
  pass_space(&r);
  return !status && r.p < r.end ? DM_E_SYNTAX : status;
}

naive_record naive_read_record(const char *line, size_t len, dm_format format) {
  naive_record out = {0};
  reader r = {line, line + len, false};
  pass_space(&r);
  if (r.p == r.end) {
    out.is_blank = true;
    return out;
  }
  const char *start = r.p;
  out.is_object = pass(&r, "{");
  if (!out.is_object) {
    out.status = DM_E_SYNTAX;
    return out;
  }
  pass_space(&r);
  r.is_python = format == DM_FORMAT_PYTHON || (format == DM_FORMAT_AUTO && at(&r, '\''));
  out.is_python = r.is_python;
  r.p = start;
  out.status = read_object(&r, 1, true, &out.value);
  pass_space(&r);
  if (!out.status && r.p < r.end) {
    out.status = DM_E_SYNTAX;
  }
  return out;
}
