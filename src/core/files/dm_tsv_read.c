/* Turns the lines of a summary file into columns: values with tabs or commas between
   them, or JSON Lines. */
#include <string.h>

#include "base/dm_text.h"
#include "files/dm_tsv_columns.h"
#include "io/dm_lines.h"
#include "number/dm_number.h"

enum { LINE_SIZE_MAX = 64 << 20 };

static dm_status read_block(dm_tsv_table *table, const dm_block *block, dm_error *err);
static dm_status read_line(dm_tsv_table *table, const char *line, dm_error *err);
static dm_status check_line(const dm_tsv_table *table, const char *line, size_t len,
                            dm_error *err);
static dm_status read_header(dm_tsv_table *table, const char *line, dm_error *err);
static dm_status read_row(dm_tsv_table *table, const char *line, dm_error *err);
static const char *add_usual(dm_tsv_table *table, dm_tsv_in *c, const char *p);
static dm_status take_field(dm_tsv_table *table, const char *p, dm_tsv_field *out,
                            const char **end, dm_error *err);
static dm_status take_quoted(dm_tsv_table *table, const char *p, dm_tsv_field *out,
                             const char **end, dm_error *err);
static dm_status check_count(const dm_tsv_table *table, dm_error *err);
static bool is_field_end(const dm_tsv_table *table, const char *p);
static const char *find_field_end(const dm_tsv_table *table, const char *p);

dm_status dm_tsv_read(dm_tsv_table **out, dm_source *source, size_t block_size,
                      bool as_texts, const dm_missing *missing, dm_error *err) {
  *out = NULL;
  dm_tsv_table *table = dm_calloc(1, sizeof *table);
  if (!table) {
    return dm_error_memory(err);
  }
  table->missing = *missing;
  table->as_texts = as_texts;
  dm_lines lines;
  dm_lines_init(&lines, source, block_size, LINE_SIZE_MAX);
  dm_block block = {0};
  dm_status status;
  do {
    DM_TRY_DONE(dm_lines_next(&lines, &block, err));
    DM_TRY_DONE(read_block(table, &block, err));
  } while (block.len > 0);
  if (table->layout == DM_TSV_UNKNOWN) {
    status =
        dm_error_expected(err, DM_E_SYNTAX, "a header with the names of the columns");
    dm_error_found(err, "an empty file");
    goto done;
  }
  *out = table;
  table = NULL;
done:
  dm_tsv_release(table);
  dm_block_release(&block);
  dm_lines_release(&lines);
  return status;
}

size_t dm_tsv_n_rows(const dm_tsv_table *table) {
  return table->n_rows;
}

size_t dm_tsv_n_columns(const dm_tsv_table *table) {
  return table->n_columns;
}

const char *dm_tsv_name(const dm_tsv_table *table, size_t column) {
  return table->names.data + table->columns[column].name;
}

dm_tsv_kind dm_tsv_kind_of(const dm_tsv_table *table, size_t column) {
  return table->columns[column].kind;
}

const int32_t *dm_tsv_int32(const dm_tsv_table *table, size_t column) {
  return table->columns[column].values;
}

const double *dm_tsv_double(const dm_tsv_table *table, size_t column) {
  return table->columns[column].values;
}

const char *dm_tsv_text(const dm_tsv_table *table, size_t column, size_t row,
                        size_t *len) {
  const dm_tsv_in *c = &table->columns[column];
  const size_t *ends = c->values;
  size_t start = row ? ends[row - 1] & ~DM_TSV_MISSING_TEXT : 0;
  *len = (ends[row] & ~DM_TSV_MISSING_TEXT) - start;
  if (ends[row] & DM_TSV_MISSING_TEXT) {
    return NULL;
  }
  return *len ? c->bytes.data + start : "";
}

void dm_tsv_drop(dm_tsv_table *table, size_t column) {
  dm_tsv_in *c = &table->columns[column];
  dm_free(c->values);
  dm_free(c->spellings);
  dm_buf_release(&c->bytes);
  *c = (dm_tsv_in){.name = c->name, .rule = c->rule, .kind = c->kind};
}

void dm_tsv_release(dm_tsv_table *table) {
  if (!table) {
    return;
  }
  for (size_t i = 0; i < table->n_columns; i++) {
    dm_tsv_drop(table, i);
  }
  dm_free(table->columns);
  dm_buf_release(&table->names);
  dm_buf_release(&table->unquoted);
  dm_free(table);
}

static dm_status read_block(dm_tsv_table *table, const dm_block *block, dm_error *err) {
  size_t n_valid = dm_utf8_valid_prefix(block->data, block->len);
  const char *end = block->data + block->len;
  const char *next = block->data;
  while (next < end) {
    const char *line = next;
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    size_t len = (size_t)(newline - line);
    next = newline + 1;
    table->line++;
    table->line_start = line;
    table->line_byte = block->first_byte + (uint64_t)(line - block->data);
    if ((size_t)(next - block->data) > n_valid && len <= LINE_SIZE_MAX) {
      dm_error_expected(err, DM_E_SYNTAX, "text in UTF-8");
      dm_error_found(err, "byte \\x%02X", (unsigned char)block->data[n_valid]);
      return dm_tsv_place(table, block->data + n_valid, err);
    }
    DM_TRY(check_line(table, line, len, err));
    bool is_blank = len == 0 || (len == 1 && line[0] == '\r');
    bool is_one = table->layout == DM_TSV_DELIMITED && table->n_columns == 1;
    if (!is_blank || is_one || table->as_texts) {
      DM_TRY(read_line(table, line, err));
    }
  }
  return DM_OK;
}

/* The first line tells what the others are. */
static dm_status read_line(dm_tsv_table *table, const char *line, dm_error *err) {
  if (table->layout == DM_TSV_UNKNOWN) {
    if (*line != '{' || table->as_texts) {
      return read_header(table, line, err);
    }
    table->layout = DM_TSV_JSON;
  }
  return table->layout == DM_TSV_JSON ? dm_tsv_read_json(table, line, err)
                                      : read_row(table, line, err);
}

static dm_status check_line(const dm_tsv_table *table, const char *line, size_t len,
                            dm_error *err) {
  if (len > LINE_SIZE_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "lines of at most %d bytes", LINE_SIZE_MAX);
    return dm_tsv_place(table, line, err);
  }
  const char *odd = memchr(line, '\r', len);
  if (odd && odd != line + len - 1) {
    dm_error_expected(err, DM_E_SYNTAX, "a newline or another character");
    dm_error_found(err, "a carriage return that ends no line");
    return dm_tsv_place(table, odd, err);
  }
  odd = memchr(line, '\0', len);
  if (odd) {
    dm_error_expected(err, DM_E_SYNTAX, "text");
    dm_error_found(err, "a NUL byte");
    return dm_tsv_place(table, odd, err);
  }
  return DM_OK;
}

/* Names of columns, with tabs between them or else with commas. Behind commas, and where
   the first name stands in quotes, so may all fields. */
static dm_status read_header(dm_tsv_table *table, const char *line, dm_error *err) {
  const char *end = line + strcspn(line, "\n");
  bool has_tab = table->as_texts || memchr(line, '\t', (size_t)(end - line));
  table->delimiter = !has_tab && memchr(line, ',', (size_t)(end - line)) ? ',' : '\t';
  table->is_quoting = !table->as_texts && (table->delimiter == ',' || *line == '"');
  table->layout = DM_TSV_DELIMITED;
  size_t n_delimiters = 0; /* before names are compared with each other */
  for (const char *p = line; p < end; p++) {
    n_delimiters += *p == table->delimiter;
  }
  if (n_delimiters >= DM_TSV_COLUMNS_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "at most %d columns", DM_TSV_COLUMNS_MAX);
    return dm_tsv_place(table, line, err);
  }
  const char *p = line;
  for (bool is_last = false; !is_last; p++) {
    const char *at = p;
    dm_tsv_field f;
    DM_TRY(take_field(table, p, &f, &p, err));
    DM_TRY(dm_tsv_add_column(table, f.text, f.len, at, err));
    is_last = *p != table->delimiter;
  }
  for (size_t i = 0; i < table->n_columns; i++) {
    dm_tsv_in *c = &table->columns[i];
    if (table->as_texts) {
      c->rule = DM_TSV_ANY;
      c->kind = DM_TSV_TEXT;
    }
    for (size_t j = 0; j < table->n_columns && c->rule != DM_TSV_ANY; j++) {
      if (dm_tsv_gives_way(dm_tsv_name(table, i), dm_tsv_name(table, j))) {
        c->rule = DM_TSV_ANY;
        c->kind = DM_TSV_INT32;
      }
    }
  }
  return dm_tsv_grow(table, err);
}

static dm_status read_row(dm_tsv_table *table, const char *line, dm_error *err) {
  DM_TRY(dm_tsv_grow(table, err));
  const char *p = line;
  for (size_t i = 0; i < table->n_columns; i++) {
    dm_tsv_in *c = &table->columns[i];
    const char *end = add_usual(table, c, p);
    if (!end) {
      dm_tsv_field f;
      DM_TRY(take_field(table, p, &f, &end, err));
      dm_status status = dm_tsv_add(table, c, &f, err);
      if (status == DM_E_FIELD) {
        DM_TRY(check_count(table, err)); /* which is why it stands in the wrong column */
        return dm_tsv_add(table, c, &f, err);
      }
      DM_TRY(status);
    }
    bool is_last = i + 1 == table->n_columns;
    if ((*end == table->delimiter) == is_last) {
      return check_count(table, err);
    }
    p = end + 1;
  }
  table->n_rows++;
  return DM_OK;
}

/* Adds what most fields hold, a digit, an integer or a number; returns its end or NULL.
 */
static const char *add_usual(dm_tsv_table *table, dm_tsv_in *c, const char *p) {
  const char *end = NULL;
  if (c->kind == DM_TSV_INT32) {
    int32_t *value = (int32_t *)c->values + c->n;
    if (dm_is_digit(p[0]) && is_field_end(table, p + 1)) {
      *value = p[0] - '0';
      end = p + 1;
    } else {
      end = dm_tsv_take_int32(p, table->delimiter, value);
    }
  } else if (c->rule == DM_TSV_REAL) {
    double value = 0;
    end = dm_number(p, &value);
    bool is_finite = dm_double_bits(value) << 1 < (uint64_t)2047 << 53;
    if (end && is_field_end(table, end) && is_finite) {
      ((double *)c->values)[c->n] = value;
    } else {
      end = NULL;
    }
  }
  c->n += end != NULL;
  return end;
}

/* The field at p; *end is the delimiter or line end behind it. */
static dm_status take_field(dm_tsv_table *table, const char *p, dm_tsv_field *out,
                            const char **end, dm_error *err) {
  if (table->is_quoting && *p == '"') {
    return take_quoted(table, p, out, end, err);
  }
  *end = find_field_end(table, p);
  *out = (dm_tsv_field){.form = table->as_texts ? DM_TSV_AS_TEXT : DM_TSV_AS_READ,
                        .text = p,
                        .len = (size_t)(*end - p),
                        .at = p};
  const char *quote = table->is_quoting ? memchr(p, '"', out->len) : NULL;
  if (quote) {
    dm_error_expected(err, DM_E_SYNTAX, "quotes around all of a field or none of it");
    return dm_tsv_place(table, quote, err);
  }
  return DM_OK;
}

/* Two quotes within a field stand for one, as RFC 4180 has it. */
static dm_status take_quoted(dm_tsv_table *table, const char *p, dm_tsv_field *out,
                             const char **end, dm_error *err) {
  const char *open = p++;
  table->unquoted.len = 0;
  for (;;) {
    const char *part = p;
    p += strcspn(p, "\"\n");
    DM_TRY(dm_buf_append(&table->unquoted, part, (size_t)(p - part), err));
    if (*p == '\n') {
      dm_error_expected(err, DM_E_SYNTAX, "a quote that ends the field, on its line");
      return dm_tsv_place(table, open, err);
    }
    if (*++p != '"') {
      break;
    }
    DM_TRY(dm_buf_append(&table->unquoted, p++, 1, err));
  }
  if (!is_field_end(table, p)) {
    dm_error_expected(err, DM_E_SYNTAX, "the end of the field behind its quote");
    return dm_tsv_place(table, p, err);
  }
  size_t len = table->unquoted.len;
  char pad[DM_NUMBER_PAD] = "\n";
  DM_TRY(dm_buf_append(&table->unquoted, pad, sizeof pad, err));
  *out = (dm_tsv_field){
      .form = DM_TSV_AS_TEXT, .text = table->unquoted.data, .len = len, .at = open};
  *end = p;
  return DM_OK;
}

/* An error where the line has more or fewer fields than the header, at the first too many
   or its end. */
static dm_status check_count(const dm_tsv_table *table, dm_error *err) {
  const char *p = table->line_start;
  const char *odd = NULL;
  size_t n = 0;
  for (bool is_last = false; !is_last; p++) {
    odd = n == table->n_columns ? p : odd;
    if (table->is_quoting && *p == '"') {
      do {
        p++;
        p += strcspn(p, "\"\n");
      } while (*p == '"' && *++p == '"');
    }
    p = find_field_end(table, p);
    is_last = *p != table->delimiter;
    n++;
  }
  if (n == table->n_columns) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_SYNTAX, "%llu fields, as many as the header has",
                    (unsigned long long)table->n_columns);
  dm_error_found(err, "%llu", (unsigned long long)n);
  return dm_tsv_place(table, odd ? odd : p - 1, err);
}

/* Every line has a newline at its end, and a carriage return only before that. */
static const char *find_field_end(const dm_tsv_table *table, const char *p) {
  while (!is_field_end(table, p)) {
    p++;
  }
  return p;
}

static bool is_field_end(const dm_tsv_table *table, const char *p) {
  return *p == table->delimiter || *p == '\n' || *p == '\r';
}
