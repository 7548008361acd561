/* Turns columns into the lines of a summary file. */
#include <string.h>

#include "base/dm_text.h"
#include "files/dm_tsv_columns.h"
#include "number/dm_format.h"
#include "number/dm_number.h"

enum {
  CELL_SIZE = DM_FORMAT_MAX + 4, /* a number, ".0" and the tab */
  CELLS_AT_ONCE = 512,           /* that one piece of the writer's room is for */
  ROOM_SIZE = CELLS_AT_ONCE * CELL_SIZE
};

/* What a file is for, and how it looks. */
typedef struct table_style {
  const char *name;
  char delimiter;
  bool comes_back; /* as it was, when it is read */
  bool has_quotes; /* around texts that would end a field or be taken for no text */
} table_style;

static const table_style styles[] = {
    {"summary", '\t', true, false},
    {"table", '\t', false, false},
    {"csv", ',', false, true},
};

static const int64_t WHOLE_MAX = INT64_C(1) << 53;

/* A column on its way out. */
typedef struct outlet {
  const dm_tsv_column *column;
  const table_style *style;
  bool is_id;
  bool has_point; /* ".0" marks its numbers as doubles */
} outlet;

static const table_style *find_style(const char *name, dm_error *err);
static dm_status check_return(const dm_tsv_column *columns, size_t n_columns,
                              size_t n_rows, dm_error *err);
static dm_status check_names(const table_style *style, const dm_tsv_column *columns,
                             size_t n_columns, dm_error *err);
static dm_status check_texts(const dm_tsv_column *column, size_t n_rows, dm_error *err);
static dm_tsv_rule rule_among(const dm_tsv_column *columns, size_t n_columns, size_t i);
static dm_status write_header(dm_writer *writer, const table_style *style,
                              const dm_tsv_column *columns, size_t n_columns,
                              dm_error *err);
static dm_status write_row(dm_writer *writer, const outlet *outlets, size_t n_columns,
                           size_t row, const dm_missing *missing, dm_error *err);
static dm_status write_cell(dm_writer *writer, const outlet *o, size_t row,
                            const dm_missing *missing, char **out, dm_error *err);
static bool is_whole(double value);
static dm_status no_id(double value, dm_error *err);
static dm_status write_text(dm_writer *writer, const table_style *style, const char *text,
                            dm_error *err);
static dm_status check_text(const table_style *style, const char *text, dm_error *err);
static bool needs_quotes(const table_style *style, const char *text);
static bool needs_point(const dm_tsv_column *column, size_t n_rows,
                        const dm_missing *missing);

dm_status dm_tsv_write(dm_writer *writer, const char *style_name,
                       const dm_tsv_column *columns, size_t n_columns, size_t n_rows,
                       const dm_missing *missing, dm_error *err) {
  const table_style *style = find_style(style_name, err);
  if (!style) {
    return DM_E_INPUT;
  }
  if (style->comes_back) {
    DM_TRY(check_return(columns, n_columns, n_rows, err));
  }
  DM_TRY(check_names(style, columns, n_columns, err));
  outlet *outlets = dm_calloc(n_columns, sizeof *outlets);
  if (!outlets) {
    return dm_error_memory(err);
  }
  for (size_t i = 0; i < n_columns; i++) {
    outlets[i].column = &columns[i];
    outlets[i].style = style;
    dm_tsv_rule rule = rule_among(columns, n_columns, i);
    outlets[i].is_id = rule == DM_TSV_ID;
    outlets[i].has_point = rule == DM_TSV_ANY && !style->has_quotes &&
                           needs_point(&columns[i], n_rows, missing);
  }
  dm_status status = write_header(writer, style, columns, n_columns, err);
  for (size_t row = 0; row < n_rows && !status; row++) {
    status = write_row(writer, outlets, n_columns, row, missing, err);
  }
  dm_free(outlets);
  return status;
}

static const table_style *find_style(const char *name, dm_error *err) {
  for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
    if (strcmp(styles[i].name, name) == 0) {
      return &styles[i];
    }
  }
  dm_error_expected(err, DM_E_INPUT, "a style that tables are written in");
  dm_error_found(err, "\"%s\"", name);
  return NULL;
}

/* Whether dm_tsv_read() gives the columns back as they are. */
static dm_status check_return(const dm_tsv_column *columns, size_t n_columns,
                              size_t n_rows, dm_error *err) {
  dm_status status = DM_OK;
  size_t i = 0;
  for (; i < n_columns && !status; i++) {
    const dm_tsv_column *column = &columns[i];
    dm_tsv_rule rule = rule_among(columns, n_columns, i);
    bool is_number = column->kind == DM_TSV_INT32 || column->kind == DM_TSV_DOUBLE;
    if (i == 0 && (column->name[0] == '"' || column->name[0] == '{' ||
                   (n_columns == 1 && strchr(column->name, ',')))) {
      status = dm_error_expected(err, DM_E_INPUT,
                                 "a first name without a quote or brace at its start");
      dm_error_found(err, "another sign of how the file is to be read");
    } else if (rule == DM_TSV_ANY && column->kind == DM_TSV_TEXT) {
      status = check_texts(column, n_rows, err);
    } else if ((rule == DM_TSV_COUNT || rule == DM_TSV_REAL) && !is_number) {
      status = dm_error_expected(err, DM_E_INPUT, "numbers");
      dm_error_found(err, "other values, with which the file could not be read");
    }
  }
  if (status) {
    dm_error_key(err, columns[i - 1].name, strlen(columns[i - 1].name));
  }
  return status;
}

/* Texts that would come back as something else. */
static dm_status check_texts(const dm_tsv_column *column, size_t n_rows, dm_error *err) {
  bool are_numbers = true;
  bool are_bools = true;
  const char *first = NULL;
  for (size_t row = 0; row < n_rows; row++) {
    const char *text = ((const char *const *)column->data)[row];
    if (!text) {
      continue;
    }
    size_t len = strlen(text);
    if (strcmp(text, "NA") == 0) {
      dm_error_expected(err, DM_E_INPUT, "texts or missing values");
      dm_error_found(err, "the text \"NA\", which would come back as a missing value");
      dm_error_advice(err, "make it a missing value, or another text");
      err->line = row + 1;
      return DM_E_INPUT;
    }
    first = first ? first : text;
    are_numbers = are_numbers && dm_tsv_is_number(text, len);
    are_bools = are_bools && dm_tsv_is_bool(text, len);
    if (!are_numbers && !are_bools) {
      are_numbers = are_bools = false;
    }
  }
  if (!first || !(are_numbers || are_bools)) {
    return DM_OK;
  }
  char excerpt[DM_KEY_MAX];
  dm_text_excerpt(excerpt, sizeof excerpt, first, strlen(first));
  dm_error_expected(err, DM_E_INPUT, "a text that is no %s in one row at least",
                    are_numbers ? "number" : "TRUE or FALSE");
  dm_error_found(err, "only such as \"%s\", which would come back as %s", excerpt,
                 are_numbers ? "numbers" : "logical values");
  dm_error_advice(err, "make it a column of %s, or put a letter before each text",
                  are_numbers ? "numbers" : "logical values");
  return DM_E_INPUT;
}

/* What the column is among the others. */
static dm_tsv_rule rule_among(const dm_tsv_column *columns, size_t n_columns, size_t i) {
  dm_tsv_rule rule = dm_tsv_rule_of(columns[i].name);
  for (size_t j = 0; j < n_columns && rule != DM_TSV_ANY; j++) {
    if (dm_tsv_gives_way(columns[i].name, columns[j].name)) {
      rule = DM_TSV_ANY;
    }
  }
  return rule;
}

static dm_status check_names(const table_style *style, const dm_tsv_column *columns,
                             size_t n_columns, dm_error *err) {
  for (size_t i = 0; i < n_columns; i++) {
    const char *name = columns[i].name;
    dm_status status = check_text(style, name, err);
    if (!status && strlen(name) > DM_NAME_MAX) {
      status =
          dm_error_expected(err, DM_E_INPUT, "a name of at most %d bytes", DM_NAME_MAX);
    } else if (!status && !name[0]) {
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

static dm_status write_header(dm_writer *writer, const table_style *style,
                              const dm_tsv_column *columns, size_t n_columns,
                              dm_error *err) {
  for (size_t i = 0; i < n_columns; i++) {
    DM_TRY(write_text(writer, style, columns[i].name, err));
    DM_TRY(dm_writer_write(writer, i + 1 < n_columns ? &style->delimiter : "\n", 1, err));
  }
  return DM_OK;
}

static dm_status write_row(dm_writer *writer, const outlet *outlets, size_t n_columns,
                           size_t row, const dm_missing *missing, dm_error *err) {
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
    *out++ = i + 1 < n_columns ? outlets[i].style->delimiter : '\n';
  }
  if (out) {
    dm_writer_advance(writer, out);
  }
  return DM_OK;
}

static dm_status write_cell(dm_writer *writer, const outlet *o, size_t row,
                            const dm_missing *missing, char **out, dm_error *err) {
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
      if (dm_is_missing(value, missing)) {
        break;
      }
      if (o->is_id && is_whole(value)) {
        *out += dm_format_int64((int64_t)value, *out);
        return DM_OK;
      }
      if (o->is_id && o->style->comes_back) {
        return no_id(value, err);
      }
      *out += dm_format_double(value, *out);
      if (o->has_point) {
        memcpy(*out, ".0", 2);
        *out += 2;
      }
      return DM_OK;
    }
    case DM_TSV_BOOL: {
      int32_t value = ((const int32_t *)data)[row];
      if (value != missing->int32) {
        size_t len = value ? 4 : 5;
        memcpy(*out, value ? "TRUE" : "FALSE", len);
        *out += len;
        return DM_OK;
      }
      break;
    }
    case DM_TSV_TEXT: {
      const char *text = ((const char *const *)data)[row];
      if (text) {
        DM_TRY(check_text(o->style, text, err));
        dm_writer_advance(writer, *out);
        DM_TRY(write_text(writer, o->style, text, err));
        return dm_writer_room(writer, ROOM_SIZE, out, err);
      }
      break;
    }
  }
  if (o->is_id && o->style->comes_back) { /* it would come back as the text "NA" */
    dm_error_expected(err, DM_E_INPUT, "a value in every row");
    dm_error_found(err, "a missing value");
    return DM_E_INPUT;
  }
  memcpy(*out, "NA", 2);
  *out += 2;
  return DM_OK;
}

static bool is_whole(double value) {
  return value >= -(double)WHOLE_MAX && value <= (double)WHOLE_MAX &&
         value == (double)(int64_t)value;
}

static dm_status no_id(double value, dm_error *err) {
  char text[DM_FORMAT_MAX];
  size_t len = dm_format_double(value, text);
  dm_error_expected(err, DM_E_INPUT, "a whole number of at most 2^53, or a text");
  dm_error_found(err, "%.*s", (int)len, text);
  return DM_E_INPUT;
}

static dm_status write_text(dm_writer *writer, const table_style *style, const char *text,
                            dm_error *err) {
  if (!needs_quotes(style, text)) {
    return dm_writer_write(writer, text, strlen(text), err);
  }
  DM_TRY(dm_writer_write(writer, "\"", 1, err));
  for (const char *p = text; *p;) { /* up to and with each quote, which is doubled */
    size_t len = strcspn(p, "\"");
    bool has_quote = p[len];
    DM_TRY(dm_writer_write(writer, p, len + has_quote, err));
    if (has_quote) {
      DM_TRY(dm_writer_write(writer, "\"", 1, err));
    }
    p += len + has_quote;
  }
  return dm_writer_write(writer, "\"", 1, err);
}

/* Whether the text would be cut, joined with others or taken for what is missing. */
static bool needs_quotes(const table_style *style, const char *text) {
  if (!style->has_quotes) {
    return false;
  }
  size_t len = strlen(text);
  return len == 0 || text[strcspn(text, "\",\r\n")] || text[0] == ' ' ||
         text[0] == '\t' || text[len - 1] == ' ' || text[len - 1] == '\t' ||
         strcmp(text, "NA") == 0;
}

static dm_status check_text(const table_style *style, const char *text, dm_error *err) {
  size_t len = strlen(text);
  const char *found = NULL;
  bool is_cut = !style->has_quotes && text[strcspn(text, "\t\r\n")];
  if (is_cut) {
    found = "a tab or line break";
  } else if (dm_utf8_valid_prefix(text, len) < len) {
    found = "invalid UTF-8";
  }
  if (!found) {
    return DM_OK;
  }
  char excerpt[DM_KEY_MAX];
  dm_text_excerpt(excerpt, sizeof excerpt, text, len);
  dm_error_expected(err, DM_E_INPUT,
                    style->has_quotes ? "a text in UTF-8"
                                      : "a text in UTF-8 without tab and line break");
  dm_error_found(err, "%s in \"%s\"", found, excerpt);
  if (is_cut && !style->comes_back) {
    dm_error_advice(err, "a file whose name ends in .csv or .jsonl holds any text");
  }
  return DM_E_INPUT;
}

/* Whether all of a double column would be read as integers. */
static bool needs_point(const dm_tsv_column *column, size_t n_rows,
                        const dm_missing *missing) {
  if (column->kind != DM_TSV_DOUBLE) {
    return false;
  }
  for (size_t row = 0; row < n_rows; row++) {
    double value = ((const double *)column->data)[row];
    if (dm_is_missing(value, missing)) {
      continue;
    }
    char text[DM_FORMAT_MAX + DM_NUMBER_PAD];
    size_t len = dm_format_double(value, text);
    text[len] = '\t';
    int32_t whole;
    if (!dm_tsv_take_int32(text, '\t', &whole)) {
      return false;
    }
  }
  return true;
}
