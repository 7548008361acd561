/* JSON Lines of summaries: each line an object with one value per column. */
#include <string.h>

#include "files/dm_tsv_columns.h"
#include "number/dm_number.h"
#include "signals/dm_token.h"

static dm_status read_key(dm_tsv_table *table, dm_cursor *c, size_t guess, size_t *column,
                          dm_error *err);
static dm_status read_value(dm_tsv_table *table, dm_cursor *c, size_t column,
                            dm_error *err);
static dm_status take_value(dm_tsv_table *table, const dm_value *value, dm_tsv_field *f,
                            dm_error *err);
static dm_status expect(const dm_tsv_table *table, dm_cursor *c, const char *letters,
                        const char *expected, dm_error *err);
static dm_status key_error(const dm_tsv_table *table, size_t column, dm_error *err);

dm_status dm_tsv_read_json(dm_tsv_table *table, const char *line, dm_error *err) {
  DM_TRY(dm_tsv_grow(table, err));
  dm_cursor c = {.p = line, .line = line};
  DM_TRY(expect(table, &c, "{", "an object, as in the lines before", err));
  dm_token_space(&c);
  bool is_end = *c.p == '}';
  c.p += is_end;
  for (size_t guess = 0; !is_end; guess++) {
    size_t column = 0;
    dm_token_space(&c);
    DM_TRY(read_key(table, &c, guess, &column, err));
    guess = column;
    DM_TRY(expect(table, &c, ":", "a colon behind the key", err));
    dm_token_space(&c);
    DM_TRY(read_value(table, &c, column, err));
    DM_TRY(expect(table, &c, ",}", "a comma or the end of the object", err));
    is_end = c.p[-1] == '}';
  }
  DM_TRY(expect(table, &c, "\n", "the end of the line", err));
  for (size_t i = 0; i < table->n_columns; i++) {
    dm_tsv_in *column = &table->columns[i];
    if (column->n == table->n_rows) {
      dm_tsv_field none = {.form = DM_TSV_AS_NULL};
      DM_TRY(dm_tsv_add(table, column, &none, err));
    }
  }
  table->n_rows++;
  return DM_OK;
}

/* Passes one of the letters, behind space. */
static dm_status expect(const dm_tsv_table *table, dm_cursor *c, const char *letters,
                        const char *expected, dm_error *err) {
  dm_token_space(c);
  if (!*c->p || !strchr(letters, *c->p)) {
    (void)dm_token_error(c, c->p, DM_E_SYNTAX, err, "%s", expected);
    return dm_tsv_place(table, c->p, err);
  }
  c->p++;
  return DM_OK;
}

/* Which column the key names, a new one where it does so first. guess is where it stands
   if the keys come as in the lines before. */
static dm_status read_key(dm_tsv_table *table, dm_cursor *c, size_t guess, size_t *column,
                          dm_error *err) {
  const char *at = c->p;
  if (*at != '"') {
    (void)dm_token_error(c, at, DM_E_SYNTAX, err, "a key in double quotes");
    return dm_tsv_place(table, at, err);
  }
  dm_span span;
  if (dm_token_string(c, &span, err)) {
    return dm_tsv_place(table, c->line + err->byte, err);
  }
  table->unquoted.len = 0;
  DM_TRY(dm_token_unescape(&span, false, &table->unquoted, err));
  const char *name = table->unquoted.data ? table->unquoted.data : "";
  size_t len = table->unquoted.len;
  *column = guess;
  if (guess >= table->n_columns || strlen(dm_tsv_name(table, guess)) != len ||
      memcmp(dm_tsv_name(table, guess), name, len) != 0) {
    *column = dm_tsv_find(table, name, len);
  }
  if (*column == table->n_columns) {
    return dm_tsv_add_column(table, name, len, at, err);
  }
  if (table->columns[*column].n > table->n_rows) {
    (void)dm_token_error(c, at, DM_E_FIELD, err, "each key once in a line");
    (void)key_error(table, *column, err);
    return dm_tsv_place(table, at, err);
  }
  return DM_OK;
}

static dm_status read_value(dm_tsv_table *table, dm_cursor *c, size_t column,
                            dm_error *err) {
  const char *at = c->p;
  dm_value value;
  if (dm_token_value(c, &value, err)) {
    (void)key_error(table, column, err);
    return dm_tsv_place(table, c->line + err->byte, err);
  }
  bool is_too_large = value.type == DM_VALUE_NUMBER && value.is_finite_text &&
                      !dm_is_finite(value.number);
  bool has_nul = value.type == DM_VALUE_STRING && value.text.has_nul;
  if (is_too_large || has_nul || value.type == DM_VALUE_CONTAINER) {
    (void)dm_token_error(c, at, is_too_large ? DM_E_RANGE : DM_E_FIELD, err, "%s",
                         is_too_large ? "a number within the range of a double"
                         : has_nul    ? "a string without U+0000"
                                      : "a number, a string, true, false or null");
    (void)key_error(table, column, err);
    return dm_tsv_place(table, at, err);
  }
  dm_tsv_field f = {.at = at, .form = DM_TSV_AS_NULL};
  DM_TRY(take_value(table, &value, &f, err));
  return dm_tsv_add(table, &table->columns[column], &f, err);
}

static dm_status take_value(dm_tsv_table *table, const dm_value *value, dm_tsv_field *f,
                            dm_error *err) {
  char pad[DM_NUMBER_PAD] = "\n";
  dm_buf *text = &table->unquoted;
  text->len = 0;
  switch (value->type) {
    case DM_VALUE_BOOL:
      f->form = DM_TSV_AS_READ;
      DM_TRY(dm_buf_append(text, value->is_true ? "TRUE" : "FALSE",
                           value->is_true ? 4 : 5, err));
      break;
    case DM_VALUE_NUMBER:
      f->form = DM_TSV_AS_NUMBER;
      f->number = value->number;
      DM_TRY(dm_buf_append(text, value->text.start,
                           (size_t)(value->text.end - value->text.start), err));
      break;
    case DM_VALUE_STRING:
      f->form = DM_TSV_AS_TEXT;
      DM_TRY(dm_token_unescape(&value->text, false, text, err));
      break;
    default:
      return DM_OK;
  }
  f->len = text->len;
  DM_TRY(dm_buf_append(text, pad, sizeof pad, err));
  f->text = text->data;
  return DM_OK;
}

static dm_status key_error(const dm_tsv_table *table, size_t column, dm_error *err) {
  const char *name = dm_tsv_name(table, column);
  dm_error_key(err, name, strlen(name));
  return err->status;
}
