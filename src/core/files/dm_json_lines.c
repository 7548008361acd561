/* Writes rows as JSON. What a key looks like is the same in all lines, so it is escaped
   once and copied from then on. */
#include "files/dm_json_lines.h"

#include <stdbool.h>
#include <string.h>

#include "base/dm_text.h"
#include "number/dm_format.h"
#include "number/dm_number.h"

/* A byte of a text takes at most this many when escaped. */
enum { ESCAPE_MAX = 6 };

/* A column's key between quotes, with the colon: where it stands in a buffer. */
typedef struct key_span {
  size_t start;
  size_t len;
} key_span;

/* What every line is made of. */
typedef struct line_parts {
  const dm_json_column *columns;
  size_t n_columns;
  const key_span *keys;
  const char *key_bytes;
  const dm_json_nulls *nulls;
} line_parts;

static dm_status write_row(const line_parts *parts, size_t row, dm_buf *out,
                           dm_error *err);
static dm_status append_text(const char *text, dm_buf *out, dm_error *err);
static char *write_double(double value, char *p);
static char *write_null(char *p);
static bool is_list_finite(const dm_json_column *column, size_t row, size_t n);
static size_t list_length(const dm_json_column *column, size_t row,
                          const dm_missing *missing);

dm_status dm_json_lines(const dm_json_column *columns, size_t n_columns, size_t from,
                        size_t to, const dm_json_nulls *nulls, dm_buf *out,
                        dm_error *err) {
  dm_buf bytes = {0};
  dm_status status = DM_OK;
  size_t size;
  key_span *keys = dm_size_mul(n_columns, sizeof *keys, &size) ? dm_malloc(size) : NULL;
  if (!keys) {
    return dm_error_memory(err);
  }
  for (size_t i = 0; i < n_columns; i++) {
    keys[i].start = bytes.len;
    status = append_text(columns[i].name, &bytes, err);
    if (status) {
      dm_error_key(err, columns[i].name, strlen(columns[i].name));
      goto done;
    }
    DM_TRY_DONE(dm_buf_append(&bytes, ":", 1, err));
    keys[i].len = bytes.len - keys[i].start;
  }
  const line_parts parts = {.columns = columns,
                            .n_columns = n_columns,
                            .keys = keys,
                            .key_bytes = bytes.data,
                            .nulls = nulls};
  for (size_t row = from; row < to; row++) {
    DM_TRY_DONE(write_row(&parts, row, out, err));
  }
done:
  dm_buf_release(&bytes);
  dm_free(keys);
  return status;
}

static dm_status write_row(const line_parts *parts, size_t row, dm_buf *out,
                           dm_error *err) {
  char separator = '{';
  for (size_t i = 0; i < parts->n_columns; i++) {
    const dm_json_column *column = &parts->columns[i];
    const char *text = NULL;
    double number = 0;
    int64_t integer = 0;
    size_t n = 0; /* elements of a list */
    bool is_missing = false;
    switch (column->kind) {
      case DM_JSON_INT32:
      case DM_JSON_BOOL:
        integer = ((const int32_t *)column->data)[row];
        is_missing = integer == parts->nulls->missing.int32;
        break;
      case DM_JSON_INT64:
        memcpy(&integer, (const char *)column->data + row * sizeof integer,
               sizeof integer);
        is_missing = integer == INT64_MIN;
        break;
      case DM_JSON_WHOLE:
      case DM_JSON_DOUBLE:
        number = ((const double *)column->data)[row];
        is_missing = dm_is_missing(number, &parts->nulls->missing);
        break;
      case DM_JSON_TEXT:
        text = ((const char *const *)column->data)[row];
        is_missing = !text;
        break;
      case DM_JSON_LIST:
        n = list_length(column, row, &parts->nulls->missing);
        is_missing = n == 0;
        break;
    }
    if (is_missing && !parts->nulls->missing_is_null) {
      continue;
    }
    DM_TRY(dm_buf_reserve(out, parts->keys[i].len + (n + 1) * (DM_FORMAT_MAX + 2), err));
    char *p = out->data + out->len;
    *p++ = separator;
    separator = ',';
    memcpy(p, parts->key_bytes + parts->keys[i].start, parts->keys[i].len);
    p += parts->keys[i].len;
    if (is_missing) {
      p = write_null(p);
      out->len = (size_t)(p - out->data);
      continue;
    }
    switch (column->kind) {
      case DM_JSON_INT32:
      case DM_JSON_INT64:
        p += dm_format_int64(integer, p);
        break;
      case DM_JSON_BOOL:
        memcpy(p, integer ? "true" : "false", 5);
        p += integer ? 4 : 5;
        break;
      case DM_JSON_WHOLE:
        p += dm_format_int64((int64_t)number, p);
        break;
      case DM_JSON_DOUBLE:
        p = parts->nulls->infinite_is_null && !dm_is_finite(number)
                ? write_null(p)
                : write_double(number, p);
        break;
      case DM_JSON_LIST: {
        const double *element = (const double *)column->data + row;
        if (parts->nulls->infinite_is_null && !is_list_finite(column, row, n)) {
          p = write_null(p);
          break;
        }
        *p++ = '[';
        for (size_t k = 0; k < n; k++) {
          p = write_double(element[k * column->stride], p);
          *p++ = ',';
        }
        p[-1] = ']';
        break;
      }
      case DM_JSON_TEXT:
        out->len = (size_t)(p - out->data);
        dm_status status = append_text(text, out, err);
        if (status) {
          dm_error_key(err, column->name, strlen(column->name));
          err->line = row + 1;
          return status;
        }
        p = out->data + out->len;
        break;
    }
    out->len = (size_t)(p - out->data);
  }
  return separator == '{' ? dm_buf_append(out, "{}\n", 3, err)
                          : dm_buf_append(out, "}\n", 2, err);
}

static bool is_list_finite(const dm_json_column *column, size_t row, size_t n) {
  const double *first = (const double *)column->data + row;
  size_t i = 0;
  while (i < n && dm_is_finite(first[i * column->stride])) {
    i++;
  }
  return i == n;
}

static size_t list_length(const dm_json_column *column, size_t row,
                          const dm_missing *missing) {
  const double *first = (const double *)column->data + row;
  size_t n = column->width;
  while (n > 0 && dm_is_missing(first[(n - 1) * column->stride], missing)) {
    n--;
  }
  return n;
}

/* Has room for DM_FORMAT_MAX bytes. Minus zero gets a point, since many readers take
   numbers without one for integers, which have no such zero. */
static char *write_double(double value, char *p) {
  if (DM_UNLIKELY(!dm_is_finite(value))) {
    const char *word = value != value ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    size_t len = strlen(word);
    memcpy(p, word, len);
    return p + len;
  }
  p += dm_format_double(value, p);
  if (DM_UNLIKELY(dm_double_bits(value) == (uint64_t)1 << 63)) {
    memcpy(p, ".0", 2);
    p += 2;
  }
  return p;
}

static char *write_null(char *p) {
  memcpy(p, "null", 4);
  return p + 4;
}

/* In quotes. */
static dm_status append_text(const char *text, dm_buf *out, dm_error *err) {
  size_t len = strlen(text);
  if (DM_UNLIKELY(dm_utf8_valid_prefix(text, len) < len)) {
    dm_error_expected(err, DM_E_INPUT, "text in UTF-8");
    char shown[64];
    dm_text_excerpt(shown, sizeof shown, text, len);
    dm_error_found(err, "\"%s\"", shown);
    return DM_E_INPUT;
  }
  size_t room;
  if (!dm_size_mul(len, ESCAPE_MAX, &room) || !dm_size_add(room, 2, &room)) {
    return dm_error_memory(err);
  }
  DM_TRY(dm_buf_reserve(out, room, err));
  char *p = out->data + out->len;
  *p++ = '"';
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)text[i];
    if (DM_LIKELY(c >= 0x20 && c != '"' && c != '\\')) {
      *p++ = (char)c;
      continue;
    }
    *p++ = '\\';
    switch (c) {
      case '\b':
        *p++ = 'b';
        break;
      case '\t':
        *p++ = 't';
        break;
      case '\n':
        *p++ = 'n';
        break;
      case '\f':
        *p++ = 'f';
        break;
      case '\r':
        *p++ = 'r';
        break;
      case '"':
      case '\\':
        *p++ = (char)c;
        break;
      default:
        memcpy(p, "u00", 3);
        p[3] = (char)('0' + (c >> 4));
        p[4] = "0123456789abcdef"[c & 15];
        p += 5;
    }
  }
  *p++ = '"';
  out->len = (size_t)(p - out->data);
  return DM_OK;
}
