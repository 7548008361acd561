/* The columns of a summary file in the making. Each is kept in the narrowest kind that
   holds what it has seen, and widened when a value does not fit; one that turns into text
   gets back the very bytes that stood in the file, because numbers whose text can't be
   made again from their value keep it beside it. */
#include "files/dm_tsv_columns.h"

#include <string.h>

#include "base/dm_text.h"
#include "number/dm_format.h"
#include "number/dm_number.h"
#include "signals/dm_keys.h"
#include "summary/dm_table.h"

enum { ROWS_FIRST = 1024 };

static const int64_t WHOLE_MAX = INT64_C(1) << 53;

/* The digits of a number that count, without zeros around them, and the power of ten of
   the first. */
typedef struct digits {
  char digit[DM_FORMAT_MAX];
  size_t n;
  int64_t power;
} digits;

static dm_status set_missing(const dm_tsv_table *table, dm_tsv_in *c);
static dm_status add_id(dm_tsv_table *table, dm_tsv_in *c, const dm_tsv_field *f,
                        bool *is_added, dm_error *err);
static dm_status add_number(dm_tsv_table *table, dm_tsv_in *c, const dm_tsv_field *f,
                            bool *is_added, dm_error *err);
static dm_status set_number(dm_tsv_table *table, dm_tsv_in *c, double value,
                            dm_error *err);
static dm_status keep_spelling(dm_tsv_in *c, const dm_tsv_field *f, double value,
                               dm_error *err);
static dm_status widen_to_double(dm_tsv_table *table, dm_tsv_in *c, dm_error *err);
static dm_status widen_to_text(dm_tsv_table *table, dm_tsv_in *c, dm_error *err);
static dm_status append_value(const dm_tsv_table *table, const dm_tsv_in *c, size_t row,
                              size_t *n_spelt, dm_buf *texts, dm_error *err);
static dm_status field_error(const dm_tsv_table *table, const dm_tsv_in *c,
                             const dm_tsv_field *f, dm_error *err);
static bool has_value(const dm_tsv_table *table, const dm_tsv_in *c);
static bool read_number(const dm_tsv_in *c, const dm_tsv_field *f, double *out);
static bool is_printed(const char *text, size_t len, double value);
static bool count_digits(const char *text, size_t len, digits *out);
static size_t format_number(double value, char *out);
static size_t value_size(dm_tsv_kind kind);
static bool is_infinite(double value);
static bool is_text(const char *text, size_t len, const char *word);

/* --- names --- */

static const struct {
  const char *name;
  const char *first; /* the column of the summary that it stands for */
} aliases[] = {
    {"confidence", "avg_probs"},
    {"variability", "label_var"},
    {"correctness", "correct_times"},
};

/* The column of the summary that a name stands for; NULL: that is its own. */
static const char *alias_of(const char *name) {
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
    if (strcmp(name, aliases[i].name) == 0) {
      return aliases[i].first;
    }
  }
  return NULL;
}

/* The names of ids before this one; 0: it is no other name of the id. */
static uint32_t ids_before(const char *name) {
  int key = dm_key_find(NULL, name, strlen(name));
  return key != DM_KEY_OTHER && dm_keys[key].field == DM_FIELD_ID ? dm_key_before(key)
                                                                  : 0;
}

dm_tsv_rule dm_tsv_rule_of(const char *name) {
  const char *first = alias_of(name);
  first = first ? first : name;
  for (int i = 0; i < DM_N_SUMMARY; i++) {
    const dm_summary_column *column = &dm_summary_columns[i];
    if (strcmp(first, column->name) != 0) {
      continue;
    }
    bool is_number = column->kind == DM_SUMMARY_NUMBER;
    bool is_id = column->kind == DM_SUMMARY_IDENT && column->column != DM_COLUMN_S_LABEL;
    return is_number ? DM_TSV_REAL : is_id ? DM_TSV_ID : DM_TSV_COUNT;
  }
  return ids_before(name) ? DM_TSV_ID : DM_TSV_ANY;
}

bool dm_tsv_gives_way(const char *name, const char *other) {
  const char *first = alias_of(name);
  if (first) {
    return strcmp(first, other) == 0;
  }
  int key = dm_key_find(NULL, other, strlen(other));
  return key != DM_KEY_OTHER && (ids_before(name) & DM_KEY_BIT(key));
}

size_t dm_tsv_find(const dm_tsv_table *table, const char *name, size_t len) {
  size_t i = 0;
  while (i < table->n_columns && !is_text(name, len, dm_tsv_name(table, i))) {
    i++;
  }
  return i;
}

dm_status dm_tsv_add_column(dm_tsv_table *table, const char *name, size_t len,
                            const char *at, dm_error *err) {
  const char *found = len == 0                  ? "an empty name"
                      : memchr(name, '\0', len) ? "U+0000"
                      : len > DM_NAME_MAX       ? "more than 10000 bytes"
                      : dm_tsv_find(table, name, len) < table->n_columns
                          ? "the same name twice"
                          : NULL;
  if (found) {
    dm_error_expected(err, DM_E_FIELD, "a name of its own for every column");
    dm_error_found(err, "%s", found);
    dm_error_key(err, name, len);
    return dm_tsv_place(table, at, err);
  }
  if (table->n_columns == DM_TSV_COLUMNS_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "at most %d columns", DM_TSV_COLUMNS_MAX);
    return dm_tsv_place(table, at, err);
  }
  DM_GROW(table->columns, table->cap_columns, table->n_columns + 1, err);
  dm_tsv_in *c = &table->columns[table->n_columns];
  *c = (dm_tsv_in){.name = table->names.len};
  DM_TRY(dm_buf_append(&table->names, name, len, err));
  DM_TRY(dm_buf_append(&table->names, "", 1, err));
  c->rule = dm_tsv_rule_of(table->names.data + c->name);
  c->kind = c->rule == DM_TSV_REAL ? DM_TSV_DOUBLE : DM_TSV_INT32;
  if (table->cap_rows) { /* rows before it have no value */
    size_t size;
    if (!dm_size_mul(table->cap_rows, value_size(c->kind), &size) ||
        !(c->values = dm_malloc(size))) {
      return dm_error_memory(err);
    }
    while (c->n < table->n_rows) {
      DM_TRY(set_missing(table, c));
    }
  }
  table->n_columns++;
  return DM_OK;
}

dm_status dm_tsv_grow(dm_tsv_table *table, dm_error *err) {
  if (table->n_rows < table->cap_rows) {
    return DM_OK;
  }
  size_t cap = table->cap_rows ? table->cap_rows : ROWS_FIRST / 2;
  if (cap == INT32_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "at most 2^31 - 1 rows");
    return dm_tsv_place(table, table->line_start, err);
  }
  cap = cap > INT32_MAX / 2 ? INT32_MAX : 2 * cap;
  for (size_t i = 0; i < table->n_columns; i++) {
    dm_tsv_in *c = &table->columns[i];
    size_t size;
    void *grown =
        dm_size_mul(cap, value_size(c->kind), &size) ? dm_realloc(c->values, size) : NULL;
    if (!grown) {
      return dm_error_memory(err);
    }
    c->values = grown;
  }
  table->cap_rows = cap;
  return DM_OK;
}

/* --- values --- */

dm_status dm_tsv_add(dm_tsv_table *table, dm_tsv_in *c, const dm_tsv_field *f,
                     dm_error *err) {
  bool is_own = c->rule == DM_TSV_ANY || c->rule == DM_TSV_ID;
  bool is_quoted = f->form == DM_TSV_AS_TEXT && is_own;
  if (f->form == DM_TSV_AS_NULL ||
      (c->rule != DM_TSV_ID && !is_quoted && is_text(f->text, f->len, "NA"))) {
    return set_missing(table, c);
  }
  if (c->kind != DM_TSV_TEXT && !is_quoted) {
    bool is_added = false;
    if (c->rule == DM_TSV_ID) {
      DM_TRY(add_id(table, c, f, &is_added, err));
    } else if (c->rule == DM_TSV_ANY && dm_tsv_is_bool(f->text, f->len)) {
      if (c->kind == DM_TSV_BOOL || !has_value(table, c)) {
        c->kind = DM_TSV_BOOL;
        ((int32_t *)c->values)[c->n++] = f->len == 4;
        is_added = true;
      }
    } else if (c->kind != DM_TSV_BOOL) {
      DM_TRY(add_number(table, c, f, &is_added, err));
    }
    if (is_added) {
      return DM_OK;
    }
  }
  if (!is_own) {
    return field_error(table, c, f, err);
  }
  if (c->kind != DM_TSV_TEXT) {
    DM_TRY(widen_to_text(table, c, err));
  }
  DM_TRY(dm_buf_append(&c->bytes, f->text, f->len, err));
  ((size_t *)c->values)[c->n++] = c->bytes.len;
  return DM_OK;
}

static dm_status set_missing(const dm_tsv_table *table, dm_tsv_in *c) {
  switch (c->kind) {
    case DM_TSV_DOUBLE:
      ((double *)c->values)[c->n++] = dm_missing_double(&table->missing);
      break;
    case DM_TSV_TEXT:
      ((size_t *)c->values)[c->n++] = c->bytes.len | DM_TSV_MISSING_TEXT;
      break;
    default:
      ((int32_t *)c->values)[c->n++] = table->missing.int32;
  }
  return DM_OK;
}

static dm_status add_id(dm_tsv_table *table, dm_tsv_in *c, const dm_tsv_field *f,
                        bool *is_added, dm_error *err) {
  int64_t whole;
  bool is_fit;
  const char *end = dm_integer(f->text, &whole, &is_fit);
  *is_added = end == f->text + f->len && is_fit && whole >= -WHOLE_MAX &&
              whole <= WHOLE_MAX && !is_text(f->text, f->len, "-0");
  return *is_added ? set_number(table, c, (double)whole, err) : DM_OK;
}

static dm_status add_number(dm_tsv_table *table, dm_tsv_in *c, const dm_tsv_field *f,
                            bool *is_added, dm_error *err) {
  double value;
  *is_added = read_number(c, f, &value);
  if (!*is_added) {
    return DM_OK;
  }
  if (c->rule == DM_TSV_ANY) {
    DM_TRY(keep_spelling(c, f, value, err));
  }
  return set_number(table, c, value, err);
}

static dm_status set_number(dm_tsv_table *table, dm_tsv_in *c, double value,
                            dm_error *err) {
  bool is_int32 = value > INT32_MIN && value <= INT32_MAX && value == (int32_t)value &&
                  dm_double_bits(value) != dm_double_bits(-0.0) && c->n_spellings == 0;
  if (c->kind == DM_TSV_INT32 && is_int32) {
    ((int32_t *)c->values)[c->n++] = (int32_t)value;
    return DM_OK;
  }
  if (c->kind == DM_TSV_INT32) {
    DM_TRY(widen_to_double(table, c, err));
  }
  ((double *)c->values)[c->n++] = value;
  return DM_OK;
}

static dm_status keep_spelling(dm_tsv_in *c, const dm_tsv_field *f, double value,
                               dm_error *err) {
  char usual[DM_FORMAT_MAX];
  size_t len = format_number(value, usual);
  if (len == f->len && memcmp(usual, f->text, len) == 0) {
    return DM_OK;
  }
  DM_GROW(c->spellings, c->cap_spellings, c->n_spellings + 1, err);
  c->spellings[c->n_spellings++] = (dm_tsv_spelling){c->n, c->bytes.len, f->len};
  return dm_buf_append(&c->bytes, f->text, f->len, err);
}

static dm_status widen_to_double(dm_tsv_table *table, dm_tsv_in *c, dm_error *err) {
  size_t size;
  double *wide =
      dm_size_mul(table->cap_rows, sizeof *wide, &size) ? dm_malloc(size) : NULL;
  if (!wide) {
    return dm_error_memory(err);
  }
  const int32_t *narrow = c->values;
  double missing = dm_missing_double(&table->missing);
  for (size_t row = 0; row < c->n; row++) {
    wide[row] = narrow[row] == table->missing.int32 ? missing : narrow[row];
  }
  dm_free(c->values);
  c->values = wide;
  c->kind = DM_TSV_DOUBLE;
  return DM_OK;
}

static dm_status widen_to_text(dm_tsv_table *table, dm_tsv_in *c, dm_error *err) {
  dm_status status = DM_OK;
  dm_buf texts = {0};
  size_t size;
  size_t *ends =
      dm_size_mul(table->cap_rows, sizeof *ends, &size) ? dm_malloc(size) : NULL;
  if (!ends) {
    return dm_error_memory(err);
  }
  size_t n_spelt = 0;
  for (size_t row = 0; row < c->n; row++) {
    size_t before = texts.len;
    DM_TRY_DONE(append_value(table, c, row, &n_spelt, &texts, err));
    /* no number has an empty text */
    ends[row] = texts.len | (texts.len == before ? DM_TSV_MISSING_TEXT : 0);
  }
  dm_buf_release(&c->bytes);
  dm_free(c->spellings);
  dm_free(c->values);
  c->spellings = NULL;
  c->n_spellings = c->cap_spellings = 0;
  c->kind = DM_TSV_TEXT;
  c->values = ends;
  c->bytes = texts;
  return DM_OK;
done:
  dm_free(ends);
  dm_buf_release(&texts);
  return status;
}

/* Appends the text that a value was read from, nothing for a missing one. n_spelt counts
   the spellings that have been passed. */
static dm_status append_value(const dm_tsv_table *table, const dm_tsv_in *c, size_t row,
                              size_t *n_spelt, dm_buf *texts, dm_error *err) {
  char text[DM_FORMAT_MAX];
  if (c->kind != DM_TSV_DOUBLE) {
    int32_t value = ((const int32_t *)c->values)[row];
    if (value == table->missing.int32) {
      return DM_OK;
    }
    if (c->kind == DM_TSV_BOOL) {
      return dm_buf_append(texts, value ? "TRUE" : "FALSE", value ? 4 : 5, err);
    }
    return dm_buf_append(texts, text, dm_format_int64(value, text), err);
  }
  if (*n_spelt < c->n_spellings && c->spellings[*n_spelt].row == row) {
    dm_tsv_spelling spelt = c->spellings[(*n_spelt)++];
    return dm_buf_append(texts, c->bytes.data + spelt.start, spelt.len, err);
  }
  double value = ((const double *)c->values)[row];
  bool is_missing = dm_is_missing(value, &table->missing);
  return dm_buf_append(texts, text, is_missing ? 0 : format_number(value, text), err);
}

static bool has_value(const dm_tsv_table *table, const dm_tsv_in *c) {
  if (c->kind != DM_TSV_INT32) {
    return true;
  }
  size_t row = 0;
  while (row < c->n && ((const int32_t *)c->values)[row] == table->missing.int32) {
    row++;
  }
  return row < c->n;
}

/* A text in a column of numbers. */
static dm_status field_error(const dm_tsv_table *table, const dm_tsv_in *c,
                             const dm_tsv_field *f, dm_error *err) {
  const char *name = table->names.data + c->name;
  char excerpt[DM_KEY_MAX];
  dm_text_excerpt(excerpt, sizeof excerpt, f->text, f->len);
  double unused;
  if (dm_number(f->text, &unused) == f->text + f->len) {
    dm_error_expected(err, DM_E_RANGE, "a number within the range of a double");
  } else {
    dm_error_expected(err, DM_E_FIELD, "a number or NA");
  }
  dm_error_found(err, "\"%s\"", excerpt);
  dm_error_key(err, name, strlen(name));
  return dm_tsv_place(table, f->at, err);
}

/* --- numbers --- */

static bool read_number(const dm_tsv_in *c, const dm_tsv_field *f, double *out) {
  static const struct {
    const char *text;
    uint64_t bits;
    bool is_ours;
  } words[] = {
      {"NaN", 0x7FF8000000000000u, true},  {"nan", 0x7FF8000000000000u, false},
      {"Inf", 0x7FF0000000000000u, true},  {"inf", 0x7FF0000000000000u, false},
      {"-Inf", 0xFFF0000000000000u, true}, {"-inf", 0xFFF0000000000000u, false},
  };
  if (f->form == DM_TSV_AS_NUMBER) {
    *out = f->number;
    return true;
  }
  if (dm_number(f->text, out) == f->text + f->len) {
    return !is_infinite(*out) &&
           (c->rule != DM_TSV_ANY || is_printed(f->text, f->len, *out));
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (is_text(f->text, f->len, words[i].text) &&
        (words[i].is_ours || c->rule != DM_TSV_ANY)) {
      *out = dm_double_from_bits(words[i].bits);
      return true;
    }
  }
  return false;
}

bool dm_tsv_is_number(const char *text, size_t len) {
  enum { LONGEST = 64 }; /* no program writes a number that long */
  if (len >= LONGEST) {
    return false;
  }
  char padded[LONGEST + DM_NUMBER_PAD] = {0};
  memcpy(padded, text, len);
  padded[len] = '\n';
  dm_tsv_in own = {.rule = DM_TSV_ANY};
  dm_tsv_field field = {.text = padded, .len = len};
  double unused;
  return read_number(&own, &field, &unused);
}

/* The shortest digits, as this package, R or Python put them: whole numbers beyond 2^53
   in full only where this package does so, no zeros at the end but one ("1.0"), one digit
   before the point where there is an exponent. */
static bool is_printed(const char *text, size_t len, double value) {
  char usual[DM_FORMAT_MAX];
  size_t usual_len = dm_format_double(value, usual);
  if (usual_len == len && memcmp(usual, text, len) == 0) {
    return true;
  }
  digits given, needed;
  if (!count_digits(text, len, &given) || !count_digits(usual, usual_len, &needed) ||
      given.n != needed.n || given.power != needed.power ||
      memcmp(given.digit, needed.digit, given.n) != 0) {
    return false;
  }
  const char *end = text + len;
  const char *first = text + (*text == '-');
  const char *point = memchr(text, '.', len);
  const char *e = memchr(text, 'e', len);
  const char *fraction_end = e ? e : end;
  if (memchr(text, 'E', len)) {
    return false;
  }
  if (point && fraction_end[-1] == '0' && (e || fraction_end - point > 2)) {
    return false;
  }
  if (e) {
    return *first != '0' && (point ? point : e) == first + 1;
  }
  return point || (value >= -(double)WHOLE_MAX && value <= (double)WHOLE_MAX);
}

/* False: more digits than any double needs. */
static bool count_digits(const char *text, size_t len, digits *out) {
  enum { DIGITS_MAX = 17 };
  const char *end = text + len;
  int64_t exponent = 0;
  int64_t place = 0; /* of the next digit before the point, counted down from it */
  bool is_past_point = false;
  size_t n_zeros = 0; /* behind the last digit that counts */
  *out = (digits){0};
  for (const char *p = text + (*text == '-'); p < end; p++) {
    if (*p == '.') {
      is_past_point = true;
    } else if (*p == 'e' || *p == 'E') {
      bool is_negative = p[1] == '-';
      for (p += 1 + (p[1] == '-' || p[1] == '+'); p < end && exponent < 100000; p++) {
        exponent = exponent * 10 + (*p - '0');
      }
      exponent = is_negative ? -exponent : exponent;
      break;
    } else {
      if (!is_past_point) {
        place++;
      }
      if (*p == '0') {
        n_zeros++;
        if (out->n == 0) {
          n_zeros = 0;
          place -= is_past_point; /* a zero behind the point, before the first digit */
          place -= !is_past_point;
        }
        continue;
      }
      if (out->n + n_zeros + 1 > DIGITS_MAX) {
        return false;
      }
      for (; n_zeros > 0; n_zeros--) {
        out->digit[out->n++] = '0';
      }
      out->digit[out->n++] = *p;
    }
  }
  out->power = out->n ? place + exponent : 0;
  return true;
}

/* The text that numbers are expected to stand as: integers in full, else the shortest. */
static size_t format_number(double value, char *out) {
  bool is_whole = value >= -(double)WHOLE_MAX && value <= (double)WHOLE_MAX &&
                  value == (double)(int64_t)value && value != 0;
  return is_whole ? dm_format_int64((int64_t)value, out) : dm_format_double(value, out);
}

const char *dm_tsv_take_int32(const char *p, char delimiter, int32_t *out) {
  bool is_negative = *p == '-';
  const char *first = p + is_negative;
  const char *s = first;
  uint64_t value = 0;
  while (dm_is_digit(*s) && s - first <= 10) {
    value = value * 10 + (uint64_t)(*s++ - '0');
  }
  bool is_usual = s > first && (*first != '0' || (s == first + 1 && !is_negative));
  bool is_end = *s == delimiter || *s == '\n' || *s == '\r';
  if (!is_usual || value > INT32_MAX || !is_end) {
    return NULL;
  }
  *out = is_negative ? -(int32_t)value : (int32_t)value;
  return s;
}

/* --- the rest --- */

bool dm_tsv_is_bool(const char *text, size_t len) {
  return is_text(text, len, "TRUE") || is_text(text, len, "FALSE");
}

dm_status dm_tsv_place(const dm_tsv_table *table, const char *at, dm_error *err) {
  size_t before = (size_t)(at - table->line_start);
  err->line = table->line;
  err->column = dm_utf8_count(table->line_start, before) + 1;
  err->byte = table->line_byte + before;
  return err->status;
}

static size_t value_size(dm_tsv_kind kind) {
  return kind == DM_TSV_DOUBLE ? sizeof(double)
         : kind == DM_TSV_TEXT ? sizeof(size_t)
                               : sizeof(int32_t);
}

static bool is_infinite(double value) {
  return dm_double_bits(value) << 1 == (uint64_t)2047 << 53;
}

static bool is_text(const char *text, size_t len, const char *word) {
  return len == strlen(word) && memcmp(text, word, len) == 0;
}
