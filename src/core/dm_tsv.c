/* Turns columns into lines and lines into columns. Reading keeps every column in the
   narrowest kind that holds what it has seen, and widens it when a value does not fit; a
   column that turns into text gets back the very bytes that stood in the file, because
   numbers whose text can't be made again from their value keep it beside it. */
#include "dm_tsv.h"

#include <stdbool.h>
#include <string.h>

#include "dm_format.h"
#include "dm_lines.h"
#include "dm_grow.h"
#include "dm_number.h"
#include "dm_text.h"

enum {
  LINE_SIZE_MAX = 64 << 20,
  COLUMNS_MAX = 100000,
  ROWS_FIRST = 1024,
  CELL_SIZE = DM_FORMAT_MAX + 4, /* a number, ".0" and the tab */
  CELLS_AT_ONCE = 512,           /* that one piece of the writer's room is for */
  ROOM_SIZE = CELLS_AT_ONCE * CELL_SIZE
};

static const int64_t WHOLE_MAX = INT64_C(1) << 53;

/* What the name of a column says about its values. */
typedef enum column_rule {
  RULE_ANY,
  RULE_ID,    /* integers or texts, never missing */
  RULE_COUNT, /* numbers, integers if possible */
  RULE_REAL   /* numbers, always double */
} column_rule;

/* A number that its text can't be made from: 1.0, 1e-05, nan. */
typedef struct spelling {
  size_t row;
  size_t start; /* in the column's bytes */
  size_t len;
} spelling;

/* A column on its way in. */
typedef struct column_in {
  size_t name; /* where it starts in the table's names */
  column_rule rule;
  dm_tsv_kind kind;
  void *values; /* int32_t, double, or size_t: the end of each text in bytes, with
                   MISSING_TEXT where it is missing */
  dm_buf bytes;
  spelling *spellings; /* only of RULE_ANY and DM_TSV_DOUBLE; by row */
  size_t n_spellings;
  size_t cap_spellings;
} column_in;

#define MISSING_TEXT (~(SIZE_MAX >> 1))

struct dm_tsv_table {
  dm_tsv_missing missing;
  column_in *columns;
  size_t n_columns;
  size_t n_rows;
  size_t cap_rows; /* that every column has room for */
  dm_buf names;
  uint64_t line; /* that is being read, from 1 */
  uint64_t line_byte;
  const char *line_start;
};

/* A column on its way out. */
typedef struct outlet {
  const dm_tsv_column *column;
  bool is_id;
  bool has_point; /* ".0" marks its numbers as doubles */
} outlet;

/* A field in the block that is being read. */
typedef struct field {
  const char *text;
  size_t len;
} field;

static dm_status check_names(const dm_tsv_column *columns, size_t n_columns,
                             dm_error *err);
static dm_status write_header(dm_writer *writer, const dm_tsv_column *columns,
                              size_t n_columns, dm_error *err);
static dm_status write_row(dm_writer *writer, const outlet *outlets, size_t n_columns,
                           size_t row, const dm_tsv_missing *missing, dm_error *err);
static dm_status write_cell(dm_writer *writer, const outlet *o, size_t row,
                            const dm_tsv_missing *missing, char **out, dm_error *err);
static dm_status write_id(double value, char **out, dm_error *err);
static dm_status write_text(dm_writer *writer, const char *text, char **out,
                            dm_error *err);
static dm_status check_text(const char *text, dm_error *err);
static bool needs_point(const dm_tsv_column *column, size_t n_rows,
                        const dm_tsv_missing *missing);
static bool is_missing_double(double value, const dm_tsv_missing *missing);
static column_rule rule_of(const char *name);

static dm_status read_block(dm_tsv_table *table, const dm_block *block, dm_error *err);
static dm_status check_line(const dm_tsv_table *table, const char *line, size_t len,
                            dm_error *err);
static dm_status read_header(dm_tsv_table *table, const char *line, dm_error *err);
static dm_status read_row(dm_tsv_table *table, const char *line, dm_error *err);
static dm_status grow_rows(dm_tsv_table *table, dm_error *err);
static dm_status add_field(dm_tsv_table *table, column_in *c, field f, dm_error *err);
static dm_status add_number(dm_tsv_table *table, column_in *c, double value,
                            dm_error *err);
static dm_status keep_spelling(dm_tsv_table *table, column_in *c, field f, double value,
                               dm_error *err);
static dm_status widen_to_double(dm_tsv_table *table, column_in *c, dm_error *err);
static dm_status widen_to_text(dm_tsv_table *table, column_in *c, dm_error *err);
static dm_status append_value(const dm_tsv_table *table, const column_in *c, size_t row,
                              size_t *n_spelt, dm_buf *texts, dm_error *err);
static dm_status field_error(const dm_tsv_table *table, const column_in *c, field f,
                             dm_error *err);
static dm_status count_error(const dm_tsv_table *table, dm_error *err);
static dm_status place_error(const dm_tsv_table *table, const char *at, dm_error *err);
static size_t value_size(dm_tsv_kind kind);
static size_t format_number(double value, char *out);
static size_t count_fields(const char *line);
static const char *find_field_end(const char *p);
static bool is_field_end(const char *p);
static bool is_infinite(double value);
static const char *read_int32(const char *p, int32_t *out);
static bool read_number(field f, double *out);
static bool is_text(field f, const char *text);

/* --- out --------------------------------------------------------------------------- */

dm_status dm_tsv_write(dm_writer *writer, const dm_tsv_column *columns, size_t n_columns,
                       size_t n_rows, const dm_tsv_missing *missing, dm_error *err) {
  DM_TRY(check_names(columns, n_columns, err));
  outlet *outlets = dm_calloc(n_columns, sizeof *outlets);
  if (!outlets) {
    return dm_error_memory(err);
  }
  for (size_t i = 0; i < n_columns; i++) {
    outlets[i].column = &columns[i];
    outlets[i].is_id = rule_of(columns[i].name) == RULE_ID;
    outlets[i].has_point = needs_point(&columns[i], n_rows, missing);
  }
  dm_status status = write_header(writer, columns, n_columns, err);
  for (size_t row = 0; row < n_rows && !status; row++) {
    status = write_row(writer, outlets, n_columns, row, missing, err);
  }
  dm_free(outlets);
  return status;
}

static dm_status check_names(const dm_tsv_column *columns, size_t n_columns,
                             dm_error *err) {
  for (size_t i = 0; i < n_columns; i++) {
    const char *name = columns[i].name;
    dm_status status = check_text(name, err);
    if (!status && !name[0]) {
      status = dm_error_expected(err, DM_E_INPUT, "a name for every column");
      dm_error_found(err, "an empty name");
    }
    for (size_t j = 0; j < i && !status; j++) {
      if (strcmp(name, columns[j].name) == 0) {
        status = dm_error_expected(err, DM_E_INPUT, "a name of its own for every column");
        dm_error_found(err, "the same name twice");
      }
    }
    if (status) {
      dm_error_key(err, name, strlen(name));
      return status;
    }
  }
  return DM_OK;
}

static dm_status write_header(dm_writer *writer, const dm_tsv_column *columns,
                              size_t n_columns, dm_error *err) {
  for (size_t i = 0; i < n_columns; i++) {
    const char *name = columns[i].name;
    DM_TRY(dm_writer_write(writer, name, strlen(name), err));
    DM_TRY(dm_writer_write(writer, i + 1 < n_columns ? "\t" : "\n", 1, err));
  }
  return DM_OK;
}

static dm_status write_row(dm_writer *writer, const outlet *outlets, size_t n_columns,
                           size_t row, const dm_tsv_missing *missing, dm_error *err) {
  char *out = NULL;
  for (size_t i = 0; i < n_columns; i++) {
    if (i % CELLS_AT_ONCE == 0) {
      if (out) {
        dm_writer_advance(writer, out);
      }
      DM_TRY(dm_writer_room(writer, ROOM_SIZE, &out, err));
    }
    dm_status status = write_cell(writer, &outlets[i], row, missing, &out, err);
    if (status) {
      if (status == DM_E_INPUT) {
        const char *name = outlets[i].column->name;
        dm_error_key(err, name, strlen(name));
        err->line = row + 1;
      }
      return status;
    }
    *out++ = i + 1 < n_columns ? '\t' : '\n';
  }
  if (out) {
    dm_writer_advance(writer, out);
  }
  return DM_OK;
}

static dm_status write_cell(dm_writer *writer, const outlet *o, size_t row,
                            const dm_tsv_missing *missing, char **out, dm_error *err) {
  const void *data = o->column->data;
  switch (o->column->kind) {
    case DM_TSV_INT32: {
      int32_t value = ((const int32_t *)data)[row];
      if (value != missing->int32) {
        *out += dm_format_int64(value, *out);
        return DM_OK;
      }
      break;
    }
    case DM_TSV_DOUBLE: {
      double value = ((const double *)data)[row];
      if (is_missing_double(value, missing)) {
        break;
      }
      if (o->is_id) {
        return write_id(value, out, err);
      }
      *out += dm_format_double(value, *out);
      if (o->has_point) {
        memcpy(*out, ".0", 2);
        *out += 2;
      }
      return DM_OK;
    }
    case DM_TSV_TEXT: {
      const char *text = ((const char *const *)data)[row];
      if (text) {
        return write_text(writer, text, out, err);
      }
      break;
    }
  }
  if (o->is_id) { /* it would come back as the text "NA" */
    dm_error_expected(err, DM_E_INPUT, "a value in every row");
    dm_error_found(err, "a missing value");
    return DM_E_INPUT;
  }
  memcpy(*out, "NA", 2);
  *out += 2;
  return DM_OK;
}

static dm_status write_id(double value, char **out, dm_error *err) {
  if (!(value >= -(double)WHOLE_MAX && value <= (double)WHOLE_MAX) ||
      value != (double)(int64_t)value) {
    char text[DM_FORMAT_MAX];
    size_t len = dm_format_double(value, text);
    dm_error_expected(err, DM_E_INPUT, "a whole number of at most 2^53, or a text");
    dm_error_found(err, "%.*s", (int)len, text);
    return DM_E_INPUT;
  }
  *out += dm_format_int64((int64_t)value, *out);
  return DM_OK;
}

static dm_status write_text(dm_writer *writer, const char *text, char **out,
                            dm_error *err) {
  DM_TRY(check_text(text, err));
  dm_writer_advance(writer, *out);
  DM_TRY(dm_writer_write(writer, text, strlen(text), err));
  return dm_writer_room(writer, ROOM_SIZE, out, err);
}

static dm_status check_text(const char *text, dm_error *err) {
  size_t len = strlen(text);
  const char *found = NULL;
  if (text[strcspn(text, "\t\r\n")]) {
    found = "a tab or line break";
  } else if (dm_utf8_valid_prefix(text, len) < len) {
    found = "invalid UTF-8";
  }
  if (!found) {
    return DM_OK;
  }
  char excerpt[DM_KEY_MAX];
  dm_text_excerpt(excerpt, sizeof excerpt, text, len);
  dm_error_expected(err, DM_E_INPUT, "a text in UTF-8 without tab and line break");
  dm_error_found(err, "%s in \"%s\"", found, excerpt);
  return DM_E_INPUT;
}

/* Whether all of a double column would be read as integers. */
static bool needs_point(const dm_tsv_column *column, size_t n_rows,
                        const dm_tsv_missing *missing) {
  if (column->kind != DM_TSV_DOUBLE || rule_of(column->name) != RULE_ANY) {
    return false;
  }
  for (size_t row = 0; row < n_rows; row++) {
    double value = ((const double *)column->data)[row];
    if (is_missing_double(value, missing)) {
      continue;
    }
    char text[DM_FORMAT_MAX + DM_NUMBER_PAD];
    size_t len = dm_format_double(value, text);
    text[len] = '\t';
    int32_t whole;
    if (!read_int32(text, &whole)) {
      return false;
    }
  }
  return true;
}

static bool is_missing_double(double value, const dm_tsv_missing *missing) {
  return value != value &&
         (uint32_t)dm_double_bits(value) == (uint32_t)missing->double_bits;
}

static column_rule rule_of(const char *name) {
  static const struct {
    const char *name;
    column_rule rule;
  } known[] = {
      {"id", RULE_ID},
      {"label", RULE_ID},
      {"s_label", RULE_COUNT},
      {"correct_times", RULE_COUNT},
      {"correct_ratio", RULE_REAL},
      {"avg_probs", RULE_REAL},
      {"label_var", RULE_REAL},
      {"max_label_probs", RULE_REAL},
      {"min_label_probs", RULE_REAL},
      {"forgetting_times", RULE_COUNT},
      {"learnt_times", RULE_COUNT},
      {"first_forget", RULE_COUNT},
      {"first_learn", RULE_COUNT},
      {"evaluations", RULE_COUNT},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(name, known[i].name) == 0) {
      return known[i].rule;
    }
  }
  return RULE_ANY;
}

/* --- in ---------------------------------------------------------------------------- */

dm_status dm_tsv_read(dm_tsv_table **out, dm_source *source, size_t block_size,
                      const dm_tsv_missing *missing, dm_error *err) {
  *out = NULL;
  dm_tsv_table *table = dm_calloc(1, sizeof *table);
  if (!table) {
    return dm_error_memory(err);
  }
  table->missing = *missing;
  dm_lines lines;
  dm_lines_init(&lines, source, block_size, LINE_SIZE_MAX);
  dm_block block = {0};
  dm_status status;
  do {
    DM_TRY_DONE(dm_lines_next(&lines, &block, err));
    DM_TRY_DONE(read_block(table, &block, err));
  } while (block.len > 0);
  if (table->n_columns == 0) {
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
  const column_in *c = &table->columns[column];
  const size_t *ends = c->values;
  size_t start = row ? ends[row - 1] & ~MISSING_TEXT : 0;
  *len = (ends[row] & ~MISSING_TEXT) - start;
  if (ends[row] & MISSING_TEXT) {
    return NULL;
  }
  return *len ? c->bytes.data + start : "";
}

void dm_tsv_drop(dm_tsv_table *table, size_t column) {
  column_in *c = &table->columns[column];
  dm_free(c->values);
  dm_free(c->spellings);
  dm_buf_release(&c->bytes);
  *c = (column_in){.name = c->name, .rule = c->rule, .kind = c->kind};
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
      return place_error(table, block->data + n_valid, err);
    }
    DM_TRY(check_line(table, line, len, err));
    bool is_blank = len == 0 || (len == 1 && line[0] == '\r');
    if (table->n_columns == 0) {
      if (!is_blank) {
        DM_TRY(read_header(table, line, err));
      }
    } else if (!is_blank || table->n_columns == 1) {
      DM_TRY(read_row(table, line, err));
    }
  }
  return DM_OK;
}

static dm_status check_line(const dm_tsv_table *table, const char *line, size_t len,
                            dm_error *err) {
  if (len > LINE_SIZE_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "lines of at most %d bytes", LINE_SIZE_MAX);
    return place_error(table, line, err);
  }
  const char *odd = memchr(line, '\r', len);
  if (odd && odd != line + len - 1) {
    dm_error_expected(err, DM_E_SYNTAX, "a newline or another character");
    dm_error_found(err, "a carriage return that ends no line");
    return place_error(table, odd, err);
  }
  odd = memchr(line, '\0', len);
  if (odd) {
    dm_error_expected(err, DM_E_SYNTAX, "text");
    dm_error_found(err, "a NUL byte");
    return place_error(table, odd, err);
  }
  return DM_OK;
}

static dm_status read_header(dm_tsv_table *table, const char *line, dm_error *err) {
  size_t n_columns = count_fields(line);
  if (n_columns > COLUMNS_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "at most %d columns", COLUMNS_MAX);
    return place_error(table, line, err);
  }
  table->columns = dm_calloc(n_columns, sizeof *table->columns);
  if (!table->columns) {
    return dm_error_memory(err);
  }
  table->n_columns = n_columns;
  const char *p = line;
  for (size_t i = 0; i < n_columns; i++) {
    field f = {p, (size_t)(find_field_end(p) - p)};
    column_in *c = &table->columns[i];
    c->name = table->names.len;
    DM_TRY(dm_buf_append(&table->names, f.text, f.len, err));
    DM_TRY(dm_buf_append(&table->names, "", 1, err));
    const char *name = dm_tsv_name(table, i);
    bool is_repeated = false;
    for (size_t j = 0; j < i && !is_repeated; j++) {
      is_repeated = strcmp(name, dm_tsv_name(table, j)) == 0;
    }
    if (is_repeated || f.len == 0) {
      dm_error_expected(err, DM_E_FIELD, "a name of its own for every column");
      dm_error_found(err, is_repeated ? "the same name twice" : "an empty name");
      dm_error_key(err, f.text, f.len);
      return place_error(table, p, err);
    }
    c->rule = rule_of(name);
    c->kind = c->rule == RULE_REAL ? DM_TSV_DOUBLE : DM_TSV_INT32;
    p += f.len + 1;
  }
  return grow_rows(table, err);
}

static dm_status read_row(dm_tsv_table *table, const char *line, dm_error *err) {
  if (table->n_rows == table->cap_rows) {
    DM_TRY(grow_rows(table, err));
  }
  size_t row = table->n_rows;
  const char *p = line;
  for (size_t i = 0; i < table->n_columns; i++) {
    column_in *c = &table->columns[i];
    const char *end = NULL;
    if (c->kind == DM_TSV_INT32) {
      end = read_int32(p, (int32_t *)c->values + row);
    } else if (c->rule == RULE_REAL) {
      double value = 0;
      end = dm_number(p, &value);
      if (end && is_field_end(end) && !is_infinite(value)) {
        ((double *)c->values)[row] = value;
      } else {
        end = NULL;
      }
    }
    if (!end) {
      end = find_field_end(p);
      DM_TRY(add_field(table, c, (field){p, (size_t)(end - p)}, err));
    }
    bool is_last = i + 1 == table->n_columns;
    if ((*end == '\t') == is_last) {
      return count_error(table, err);
    }
    p = end + 1;
  }
  table->n_rows++;
  return DM_OK;
}

static dm_status grow_rows(dm_tsv_table *table, dm_error *err) {
  size_t cap = table->cap_rows ? table->cap_rows : ROWS_FIRST / 2;
  if (cap == INT32_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "at most 2^31 - 1 rows");
    return place_error(table, table->line_start, err);
  }
  cap = cap > INT32_MAX / 2 ? INT32_MAX : 2 * cap;
  for (size_t i = 0; i < table->n_columns; i++) {
    column_in *c = &table->columns[i];
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

/* A field that the fast ways of read_row() don't take. */
static dm_status add_field(dm_tsv_table *table, column_in *c, field f, dm_error *err) {
  size_t row = table->n_rows;
  bool is_missing = c->rule != RULE_ID && is_text(f, "NA");
  if (c->kind != DM_TSV_TEXT && is_missing) {
    if (c->kind == DM_TSV_INT32) {
      ((int32_t *)c->values)[row] = table->missing.int32;
    } else {
      ((double *)c->values)[row] = dm_double_from_bits(table->missing.double_bits);
    }
    return DM_OK;
  }
  if (c->kind != DM_TSV_TEXT) {
    double value;
    if (c->rule == RULE_ID) {
      int64_t whole;
      bool is_fit;
      const char *end = dm_integer(f.text, &whole, &is_fit);
      if (end == f.text + f.len && is_fit && whole >= -WHOLE_MAX && whole <= WHOLE_MAX &&
          !is_text(f, "-0")) {
        return add_number(table, c, (double)whole, err);
      }
    } else if (read_number(f, &value)) {
      DM_TRY(add_number(table, c, value, err));
      return c->rule == RULE_ANY ? keep_spelling(table, c, f, value, err) : DM_OK;
    } else if (c->rule != RULE_ANY) {
      return field_error(table, c, f, err);
    }
    DM_TRY(widen_to_text(table, c, err));
  }
  if (!is_missing) {
    DM_TRY(dm_buf_append(&c->bytes, f.text, f.len, err));
  }
  ((size_t *)c->values)[row] = c->bytes.len | (is_missing ? MISSING_TEXT : 0);
  return DM_OK;
}

/* A number that is no int32. */
static dm_status add_number(dm_tsv_table *table, column_in *c, double value,
                            dm_error *err) {
  if (c->kind == DM_TSV_INT32) {
    DM_TRY(widen_to_double(table, c, err));
  }
  ((double *)c->values)[table->n_rows] = value;
  return DM_OK;
}

static dm_status keep_spelling(dm_tsv_table *table, column_in *c, field f, double value,
                               dm_error *err) {
  char usual[DM_FORMAT_MAX];
  size_t len = format_number(value, usual);
  if (len == f.len && memcmp(usual, f.text, len) == 0) {
    return DM_OK;
  }
  DM_GROW(c->spellings, c->cap_spellings, c->n_spellings + 1, err);
  c->spellings[c->n_spellings++] = (spelling){table->n_rows, c->bytes.len, f.len};
  return dm_buf_append(&c->bytes, f.text, f.len, err);
}

static dm_status widen_to_double(dm_tsv_table *table, column_in *c, dm_error *err) {
  size_t size;
  double *wide =
      dm_size_mul(table->cap_rows, sizeof *wide, &size) ? dm_malloc(size) : NULL;
  if (!wide) {
    return dm_error_memory(err);
  }
  const int32_t *narrow = c->values;
  double missing = dm_double_from_bits(table->missing.double_bits);
  for (size_t row = 0; row < table->n_rows; row++) {
    wide[row] = narrow[row] == table->missing.int32 ? missing : narrow[row];
  }
  dm_free(c->values);
  c->values = wide;
  c->kind = DM_TSV_DOUBLE;
  return DM_OK;
}

static dm_status widen_to_text(dm_tsv_table *table, column_in *c, dm_error *err) {
  dm_status status = DM_OK;
  dm_buf texts = {0};
  size_t size;
  size_t *ends =
      dm_size_mul(table->cap_rows, sizeof *ends, &size) ? dm_malloc(size) : NULL;
  if (!ends) {
    return dm_error_memory(err);
  }
  size_t n_spelt = 0;
  for (size_t row = 0; row < table->n_rows; row++) {
    size_t before = texts.len;
    DM_TRY_DONE(append_value(table, c, row, &n_spelt, &texts, err));
    /* no number has an empty text */
    ends[row] = texts.len | (texts.len == before ? MISSING_TEXT : 0);
  }
  dm_buf_release(&c->bytes);
  dm_free(c->spellings);
  dm_free(c->values);
  *c = (column_in){.name = c->name, .rule = c->rule, .kind = DM_TSV_TEXT};
  c->values = ends;
  c->bytes = texts;
  return DM_OK;
done:
  dm_free(ends);
  dm_buf_release(&texts);
  return status;
}

/* Appends the text that a number was read from, nothing for a missing one. n_spelt counts
   the spellings that have been passed. */
static dm_status append_value(const dm_tsv_table *table, const column_in *c, size_t row,
                              size_t *n_spelt, dm_buf *texts, dm_error *err) {
  char text[DM_FORMAT_MAX];
  if (c->kind == DM_TSV_INT32) {
    int32_t value = ((const int32_t *)c->values)[row];
    size_t len = value == table->missing.int32 ? 0 : dm_format_int64(value, text);
    return dm_buf_append(texts, text, len, err);
  }
  if (*n_spelt < c->n_spellings && c->spellings[*n_spelt].row == row) {
    spelling spelt = c->spellings[(*n_spelt)++];
    return dm_buf_append(texts, c->bytes.data + spelt.start, spelt.len, err);
  }
  double value = ((const double *)c->values)[row];
  bool is_missing = is_missing_double(value, &table->missing);
  return dm_buf_append(texts, text, is_missing ? 0 : format_number(value, text), err);
}

/* The text that numbers are expected to stand as: integers in full, else the shortest. */
static size_t format_number(double value, char *out) {
  bool is_whole = value >= -(double)WHOLE_MAX && value <= (double)WHOLE_MAX &&
                  value == (double)(int64_t)value && value != 0;
  return is_whole ? dm_format_int64((int64_t)value, out) : dm_format_double(value, out);
}

/* A text in a column of numbers. */
static dm_status field_error(const dm_tsv_table *table, const column_in *c, field f,
                             dm_error *err) {
  if (count_fields(table->line_start) != table->n_columns) {
    return count_error(table, err); /* which is why it stands in the wrong column */
  }
  const char *name = table->names.data + c->name;
  char excerpt[DM_KEY_MAX];
  dm_text_excerpt(excerpt, sizeof excerpt, f.text, f.len);
  double unused;
  if (dm_number(f.text, &unused) == f.text + f.len) {
    dm_error_expected(err, DM_E_RANGE, "a number within the range of a double");
  } else {
    dm_error_expected(err, DM_E_FIELD, "a number or NA");
  }
  dm_error_found(err, "\"%s\"", excerpt);
  dm_error_key(err, name, strlen(name));
  return place_error(table, f.text, err);
}

/* A line with more or fewer fields than the header, at the first too many or its end. */
static dm_status count_error(const dm_tsv_table *table, dm_error *err) {
  const char *p = table->line_start;
  size_t n_fields = count_fields(p);
  for (size_t i = 0; i < table->n_columns; i++) {
    p = find_field_end(p);
    if (*p != '\t') {
      break;
    }
    p++;
  }
  dm_error_expected(err, DM_E_SYNTAX, "%llu fields, as many as the header has",
                    (unsigned long long)table->n_columns);
  dm_error_found(err, "%llu", (unsigned long long)n_fields);
  return place_error(table, p, err);
}

static dm_status place_error(const dm_tsv_table *table, const char *at, dm_error *err) {
  size_t before = (size_t)(at - table->line_start);
  err->line = table->line;
  err->column = dm_utf8_count(table->line_start, before) + 1;
  err->byte = table->line_byte + before;
  return err->status;
}

static size_t value_size(dm_tsv_kind kind) {
  return kind == DM_TSV_INT32    ? sizeof(int32_t)
         : kind == DM_TSV_DOUBLE ? sizeof(double)
                                 : sizeof(size_t);
}

static size_t count_fields(const char *line) {
  size_t n = 1;
  for (; *line != '\n'; line++) {
    n += *line == '\t';
  }
  return n;
}

/* Every line has a newline at its end, and a carriage return only before that. */
static const char *find_field_end(const char *p) {
  while (*p != '\t' && *p != '\n' && *p != '\r') {
    p++;
  }
  return p;
}

static bool is_field_end(const char *p) {
  return *p == '\t' || *p == '\n' || *p == '\r';
}

static bool is_infinite(double value) {
  return dm_double_bits(value) << 1 == (uint64_t)2047 << 53;
}

/* Reads a field that is an integer as it is usually written, of 32 bits but for the
   lowest, which hosts take for a missing value. Returns its end or NULL. */
static const char *read_int32(const char *p, int32_t *out) {
  if (dm_is_digit(p[0]) && is_field_end(p + 1)) { /* most counts */
    *out = p[0] - '0';
    return p + 1;
  }
  bool is_negative = *p == '-';
  const char *first = p + is_negative;
  const char *s = first;
  uint64_t value = 0;
  while (dm_is_digit(*s) && s - first <= 10) {
    value = value * 10 + (uint64_t)(*s++ - '0');
  }
  bool is_usual = s > first && (*first != '0' || (s == first + 1 && !is_negative));
  if (!is_usual || value > INT32_MAX || !is_field_end(s)) {
    return NULL;
  }
  *out = is_negative ? -(int32_t)value : (int32_t)value;
  return s;
}

static bool read_number(field f, double *out) {
  static const struct {
    const char *text;
    uint64_t bits;
  } words[] = {
      {"NaN", 0x7FF8000000000000u},  {"nan", 0x7FF8000000000000u},
      {"Inf", 0x7FF0000000000000u},  {"inf", 0x7FF0000000000000u},
      {"-Inf", 0xFFF0000000000000u}, {"-inf", 0xFFF0000000000000u},
  };
  if (dm_number(f.text, out) == f.text + f.len) {
    return !is_infinite(*out);
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (is_text(f, words[i].text)) {
      *out = dm_double_from_bits(words[i].bits);
      return true;
    }
  }
  return false;
}

static bool is_text(field f, const char *text) {
  return f.len == strlen(text) && memcmp(f.text, text, f.len) == 0;
}
