/* Keeps what the run only folds. Events and their rows, which the parser made, tell the
   fields; only for class vectors, and for the user's signals where its keys say that it
   has any, is the line, which is known to be right, read once more. */
#include "summary/dm_long.h"

#include <string.h>

#include "base/dm_text.h"
#include "number/dm_format.h"
#include "signals/dm_scores.h"

static dm_status take(void *ctx, const dm_batch *batch, size_t i, uint32_t row,
                      const dm_origin *origin, dm_error *err);
static uint32_t find_own_keys(dm_long *table, uint32_t keys);
static dm_status take_part(dm_long *table, dm_error *err);
static dm_status take_event(dm_long *table, const dm_batch *batch, size_t i, uint32_t row,
                            dm_error *err);
static dm_status take_row(dm_long *table, const dm_batch *batch, size_t i, dm_error *err);
static dm_status take_classes(dm_long *table, const char *line, dm_error *err);
static dm_status set_class(dm_long *table, dm_long_classes *classes, size_t k,
                           double value, dm_error *err);
static dm_status take_own(dm_long *table, const char *line, uint32_t keys, dm_error *err);
static dm_status find_own(dm_long *table, const char *line, uint32_t keys, dm_error *err);
static dm_status find_value(dm_long *table, const dm_line_walk *walk, dm_error *err);
static dm_status set_value(dm_long *table, const dm_long_found *found, dm_error *err);
static dm_status check_name(const dm_line_walk *walk, dm_error *err);
static dm_status own_column(dm_long *table, const dm_line_walk *walk, size_t *out,
                            dm_error *err);
static bool is_wanted(const dm_long *table, const dm_line_walk *walk);
DM_INLINE dm_status set_number(dm_long *table, dm_long_column *column, double value,
                               dm_error *err);
DM_INLINE dm_status set_bool(dm_long *table, dm_long_column *column, bool value,
                             dm_error *err);
DM_INLINE dm_status set_text(dm_long *table, dm_long_column *column, uint32_t index,
                             dm_error *err);
static dm_status make_text(dm_long *table, dm_long_column *column, dm_error *err);

/* Fields that neither an event nor its row has. */
enum { FROM_LINE = DM_LONG_PROBS | DM_LONG_LOGITS };

/* --- life --- */

static void init_column(dm_long_column *column, dm_long_kind kind,
                        const dm_index *idents) {
  static const size_t sizes[] = {0, sizeof(uint64_t), sizeof(uint8_t), sizeof(uint32_t)};
  column->kind = kind;
  column->idents = idents;
  dm_rows_init(&column->cells, sizes[kind]);
}

/* A part's pred_label is what the lines give, so their classes need not be told. */
static dm_status set_sink(dm_long *table, dm_error *err) {
  const dm_sink sink = {.take = take, .ctx = table};
  bool with_label = table->want & DM_LONG_PRED_LABEL;
  return dm_run_set_sink(table->run, &sink, with_label, with_label && !table->parts.rows,
                         err);
}

dm_status dm_long_read_parts(dm_long *table, const dm_long_parts *parts, dm_error *err) {
  table->parts = *parts;
  init_column(&table->label_probs, DM_LONG_EMPTY, NULL);
  return set_sink(table, err);
}

void dm_long_empty(dm_long_column *column) {
  dm_rows_release(&column->cells);
  init_column(column, column->kind, column->idents);
}

dm_status dm_long_init(dm_long *table, dm_run *run, unsigned want,
                       const char *const *names, size_t n_names, dm_error *err) {
  *table = (dm_long){.run = run, .want = want, .names = names, .n_names = n_names};
  init_column(&table->id, DM_LONG_TEXT, &run->states.ids);
  init_column(&table->label, DM_LONG_TEXT, &run->states.labels);
  init_column(&table->s_label, DM_LONG_TEXT, &run->states.s_labels);
  init_column(&table->pred_label, DM_LONG_TEXT, &table->pred_labels);
  init_column(&table->step, DM_LONG_NUMBER, NULL);
  init_column(&table->loss, DM_LONG_NUMBER, NULL);
  init_column(&table->label_probs, DM_LONG_NUMBER, NULL);
  init_column(&table->correct, DM_LONG_BOOL, NULL);
  dm_rows_init(&table->pred_places, sizeof(uint32_t));
  dm_index_init(&table->pred_labels, run->states.options.seed);
  dm_index_init(&table->texts, run->states.options.seed);
  DM_TRY(set_sink(table, err));
  return want & FROM_LINE ? dm_parser_new(&table->parser, &run->states.options, NULL, err)
                          : DM_OK;
}

static void empty_all(dm_long *table) {
  dm_long_column *fields[] = {
      &table->id,         &table->step,        &table->label,
      &table->pred_label, &table->s_label,     &table->correct,
      &table->loss,       &table->label_probs, &table->label_index};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    dm_long_empty(fields[i]);
  }
  dm_long_classes *vectors[] = {&table->probs, &table->logits};
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    for (size_t k = 0; k < vectors[i]->n; k++) {
      dm_long_empty(&vectors[i]->columns[k]);
    }
  }
  for (size_t k = 0; k < table->n_own; k++) {
    dm_long_empty(&table->own[k]);
  }
}

void dm_long_release(dm_long *table) {
  empty_all(table);
  dm_free(table->probs.columns);
  dm_free(table->logits.columns);
  for (size_t k = 0; k < table->n_own; k++) {
    dm_free(table->own[k].name);
  }
  dm_free(table->own);
  dm_free(table->found);
  dm_rows_release(&table->pred_places);
  dm_index_release(&table->pred_labels);
  dm_index_release(&table->texts);
  dm_parser_free(table->parser);
  dm_buf_release(&table->text);
  *table = (dm_long){0};
}

/* --- lines --- */

static dm_status take(void *ctx, const dm_batch *batch, size_t i, uint32_t row,
                      const dm_origin *origin, dm_error *err) {
  dm_long *table = ctx;
  const dm_event *event = &batch->events[i];
  const char *line = batch->data + event->offset;
  if (table->n >= DM_ROW_MAX) {
    return dm_error_expected(err, DM_E_LIMIT, "at most %d lines in a table", DM_ROW_MAX);
  }
  uint32_t own_keys = find_own_keys(table, batch->rows[i].keys);
  if (own_keys) {
    dm_status status = take_own(table, line, own_keys, err);
    if (status) {
      err->line = origin->first_line + event->line;
      err->byte += origin->first_byte + event->offset;
      err->file = origin->file;
      return status;
    }
  }
  if (table->want & FROM_LINE) {
    DM_TRY(take_classes(table, line, err));
  }
  DM_TRY(take_row(table, batch, i, err));
  DM_TRY(take_event(table, batch, i, row, err));
  table->n++;
  return table->n == table->parts.rows ? take_part(table, err) : DM_OK;
}

/* Which of a line's keys may be the user's: mostly the same as of the line before. */
static uint32_t find_own_keys(dm_long *table, uint32_t keys) {
  bool is_asked = (table->want & DM_LONG_OWN) || table->n_names;
  if (keys != table->keys && is_asked) {
    table->keys = keys;
    table->own_keys = (keys & DM_KEY_OTHER_BIT) | dm_keys_late(keys);
  }
  return table->own_keys;
}

/* The texts go with the rows, since no later one needs them. */
static dm_status take_part(dm_long *table, dm_error *err) {
  if (table->parts.take) {
    DM_TRY(table->parts.take(table->parts.ctx, err));
  }
  empty_all(table);
  dm_index_release(&table->texts);
  dm_index_init(&table->texts, table->run->states.options.seed);
  table->n = 0;
  return DM_OK;
}

static dm_status take_event(dm_long *table, const dm_batch *batch, size_t i, uint32_t row,
                            dm_error *err) {
  dm_run *run = table->run;
  const dm_event *event = &batch->events[i];
  uint32_t ident_row;
  if (table->want & DM_LONG_ID) {
    DM_TRY(set_text(table, &table->id, row, err));
  }
  if (table->want & DM_LONG_LABEL) {
    dm_ident label = dm_batch_ident(batch, event->label_kind, event->label);
    DM_TRY(dm_index_row_soon(&run->states.labels, &label, &ident_row, err));
    DM_TRY(set_text(table, &table->label, ident_row, err));
  }
  if ((table->want & DM_LONG_S_LABEL) && event->s_label_kind != DM_IDENT_NONE) {
    dm_ident s_label = dm_batch_ident(batch, event->s_label_kind, event->s_label);
    DM_TRY(dm_index_row_soon(&run->states.s_labels, &s_label, &ident_row, err));
    DM_TRY(set_text(table, &table->s_label, ident_row, err));
  }
  if (table->want & DM_LONG_STEP) {
    const dm_accum *a = dm_rows_at(&run->states.accum, row);
    bool is_given = event->step_kind != DM_STEP_NONE;
    table->has_epoch |= event->step_kind == DM_STEP_EPOCH;
    DM_TRY(
        set_number(table, &table->step, is_given ? batch->steps[i] : (double)a->n, err));
  }
  if (table->want & DM_LONG_CORRECT) {
    DM_TRY(set_bool(table, &table->correct, event->correct, err));
  }
  if ((table->want & DM_LONG_LABEL_INDEX) && event->label_index) {
    DM_TRY(set_number(table, &table->label_index, event->label_index - 1.0, err));
  }
  bool is_told = table->parts.keeps_sums && batch->rows[i].has_log_probs;
  if ((table->want & DM_LONG_LABEL_PROBS) && !is_told) {
    DM_TRY(set_number(table, &table->label_probs, event->label_probs, err));
  }
  return DM_OK;
}

static dm_status take_row(dm_long *table, const dm_batch *batch, size_t i,
                          dm_error *err) {
  const dm_line_row *row = &batch->rows[i];
  const dm_prediction *prediction = &row->prediction;
  if (table->want & DM_LONG_PRED_LABEL) {
    if (prediction->is_place) {
      DM_TRY(dm_rows_grow(&table->pred_places, table->n + 1, err));
      *(uint32_t *)dm_rows_at(&table->pred_places, table->n) =
          (uint32_t)prediction->label + 1;
    } else if (prediction->kind != DM_IDENT_NONE) {
      dm_ident label = dm_batch_ident(batch, prediction->kind, prediction->label);
      uint32_t at;
      DM_TRY(dm_index_row_soon(&table->pred_labels, &label, &at, err));
      DM_TRY(set_text(table, &table->pred_label, at, err));
    }
  }
  if ((table->want & DM_LONG_LOSS) && dm_double_bits(row->loss) != DM_ABSENT_BITS) {
    DM_TRY(set_number(table, &table->loss, row->loss, err));
  }
  return DM_OK;
}

static dm_status take_classes(dm_long *table, const char *line, dm_error *err) {
  dm_fields given;
  dm_fields f;
  double logits[2];
  DM_TRY(dm_parse_fields(table->parser, line, &given, err));
  DM_TRY(dm_fields_complete(&given, logits, &f, err));
  size_t n = f.probs ? f.n_probs : f.logits ? f.n_logits : 0;
  if (table->want & DM_LONG_PROBS) {
    for (size_t k = 0; k < n; k++) {
      double p = f.probs ? f.probs[k] : dm_softmax(f.logits, n, k);
      DM_TRY(set_class(table, &table->probs, k, p, err));
    }
  }
  if ((table->want & DM_LONG_LOGITS) && f.logits) {
    for (size_t k = 0; k < f.n_logits; k++) {
      DM_TRY(set_class(table, &table->logits, k, f.logits[k], err));
    }
  }
  return DM_OK;
}

/* Which label stands at a predicted place, another line may have said. */
dm_status dm_long_finish(dm_long *table, dm_error *err) {
  size_t n = dm_rows_cap(&table->pred_places);
  n = n < table->n ? n : table->n;
  for (size_t i = 0; i < n; i++) {
    uint32_t place = *(const uint32_t *)dm_rows_at(&table->pred_places, i);
    if (place > 0) {
      dm_ident label = dm_states_class_label(&table->run->states, place - 1);
      uint32_t row;
      DM_TRY(dm_index_row(&table->pred_labels, &label, &row, err));
      DM_TRY(dm_rows_grow(&table->pred_label.cells, i + 1, err));
      *(uint32_t *)dm_rows_at(&table->pred_label.cells, i) = row + 1;
    }
  }
  dm_rows_release(&table->pred_places);
  return DM_OK;
}

/* The number of class k, which is at most one above those that there are. */
static dm_status set_class(dm_long *table, dm_long_classes *classes, size_t k,
                           double value, dm_error *err) {
  if (k == classes->n) {
    DM_GROW(classes->columns, classes->cap, k + 1, err);
    classes->columns[k] = (dm_long_column){0};
    init_column(&classes->columns[k], DM_LONG_NUMBER, NULL);
    classes->n++;
  }
  return set_number(table, &classes->columns[k], value, err);
}

/* --- the user's signals --- */

/* All values are found and checked before one is set: a line that is refused leaves no
   trace in the columns. */
static dm_status take_own(dm_long *table, const char *line, uint32_t keys,
                          dm_error *err) {
  table->n_found = 0;
  DM_TRY(find_own(table, line, keys, err));
  for (size_t i = 0; i < table->n_found; i++) {
    DM_TRY(set_value(table, &table->found[i], err));
  }
  return DM_OK;
}

/* keys are those that may be the user's: of no field, and names of fields. The line is
   walked through for each kind that it has. */
static dm_status find_own(dm_long *table, const char *line, uint32_t keys,
                          dm_error *err) {
  bool is_python = table->run->states.options.format == DM_FORMAT_PYTHON;
  for (int pass = 0; pass < 2; pass++) {
    /* late ones come behind all others */
    uint32_t of_pass = pass == 0 ? keys & DM_KEY_OTHER_BIT : keys & ~DM_KEY_OTHER_BIT;
    dm_line_walk walk = {.cursor = {.p = line, .line = line, .is_python = is_python},
                         .names = table->run->states.options.names};
    while (of_pass && dm_line_next(&walk)) {
      if (!(of_pass & DM_KEY_BIT(walk.key))) {
        continue;
      }
      if (dm_key_is_shown(walk.key)) { /* under the field's own name */
        walk.name = dm_keys[walk.key].name;
        walk.name_len = strlen(walk.name);
        walk.has_escape = false;
      }
      dm_status status = is_wanted(table, &walk) ? find_value(table, &walk, err) : DM_OK;
      if (status) {
        dm_error_key(err, walk.name, walk.name_len);
        return status;
      }
    }
  }
  return DM_OK;
}

static bool is_name(const char *name, const dm_line_walk *walk) {
  return strlen(name) == walk->name_len && memcmp(name, walk->name, walk->name_len) == 0;
}

static bool is_wanted(const dm_long *table, const dm_line_walk *walk) {
  if (!dm_key_is_shown(walk->key) &&
      dm_key_is_taken(walk->names, walk->name, walk->name_len)) {
    return false;
  }
  bool is_found = table->want & DM_LONG_OWN;
  for (size_t i = 0; i < table->n_names && !is_found; i++) {
    is_found = is_name(table->names[i], walk);
  }
  return is_found;
}

/* Whether a column can be called so. */
static dm_status check_name(const dm_line_walk *walk, dm_error *err) {
  const char *expected = NULL;
  if (memchr(walk->name, '\0', walk->name_len)) {
    expected = "a key without U+0000";
  } else if (walk->has_escape) {
    expected = "a key with escapes that has at most 256 bytes";
  } else if (walk->name_len > DM_NAME_MAX) {
    expected = "a key of at most 10000 bytes";
  }
  return expected
             ? dm_token_error(&walk->cursor, walk->at, DM_E_FIELD, err, "%s", expected)
             : DM_OK;
}

static dm_status own_column(dm_long *table, const dm_line_walk *walk, size_t *out,
                            dm_error *err) {
  for (*out = 0; *out < table->n_own; ++*out) {
    if (is_name(table->own[*out].name, walk)) {
      return DM_OK;
    }
  }
  if (table->n_own == DM_LONG_OWN_MAX) {
    return dm_error_expected(err, DM_E_LIMIT, "at most %d different keys",
                             DM_LONG_OWN_MAX);
  }
  DM_GROW(table->own, table->cap_own, table->n_own + 1, err);
  dm_long_column *column = &table->own[table->n_own];
  *column = (dm_long_column){.name = dm_malloc(walk->name_len + 1)};
  if (!column->name) {
    return dm_error_memory(err);
  }
  memcpy(column->name, walk->name, walk->name_len);
  column->name[walk->name_len] = '\0';
  for (size_t i = 0; i < table->parts.n_texts; i++) {
    if (is_name(table->parts.texts[i], walk)) {
      init_column(column, DM_LONG_TEXT, &table->texts);
    }
  }
  table->n_own++;
  return DM_OK;
}

/* Lists, objects and null are no values. */
static dm_status find_value(dm_long *table, const dm_line_walk *walk, dm_error *err) {
  dm_cursor c = walk->cursor;
  c.p = walk->value.start;
  dm_long_found found = {.is_python = c.is_python};
  dm_value *value = &found.value;
  DM_TRY(check_name(walk, err));
  DM_TRY(own_column(table, walk, &found.column, err));
  DM_TRY(dm_token_value(&c, value, err));
  found.kind = value->type == DM_VALUE_NUMBER   ? DM_LONG_NUMBER
               : value->type == DM_VALUE_BOOL   ? DM_LONG_BOOL
               : value->type == DM_VALUE_STRING ? DM_LONG_TEXT
                                                : DM_LONG_EMPTY;
  if (found.kind == DM_LONG_EMPTY) {
    return DM_OK;
  }
  for (size_t i = 0; i < table->n_found; i++) {
    if (table->found[i].column == found.column) {
      dm_token_error(&c, walk->value.start, DM_E_FIELD, err, "each key once in a record");
      dm_error_found(err, "this one again");
      return DM_E_FIELD;
    }
  }
  if (found.kind == DM_LONG_NUMBER && value->is_finite_text &&
      !dm_is_finite(value->number)) {
    return dm_token_error(&c, walk->value.start, DM_E_FIELD, err,
                          "a number within the range of a double");
  }
  if (found.kind == DM_LONG_TEXT && value->text.has_nul) {
    return dm_token_error(&c, walk->value.start, DM_E_SYNTAX, err,
                          "a string without U+0000");
  }
  DM_GROW(table->found, table->cap_found, table->n_found + 1, err);
  table->found[table->n_found++] = found;
  return DM_OK;
}

/* A column has the type of its values; where those differ it becomes one of texts. */
static dm_status set_value(dm_long *table, const dm_long_found *found, dm_error *err) {
  dm_long_column *column = &table->own[found->column];
  const dm_value *value = &found->value;
  if (column->kind == DM_LONG_EMPTY) {
    init_column(column, found->kind, &table->texts);
  } else if (column->kind != found->kind && column->kind != DM_LONG_TEXT) {
    DM_TRY(make_text(table, column, err));
  }
  if (column->kind == DM_LONG_NUMBER) {
    return set_number(table, column, value->number, err);
  }
  if (column->kind == DM_LONG_BOOL) {
    return set_bool(table, column, value->is_true, err);
  }
  dm_ident ident;
  if (found->kind == DM_LONG_TEXT) {
    table->text.len = 0;
    DM_TRY(dm_token_unescape(&value->text, found->is_python, &table->text, err));
    ident = dm_ident_from_text(table->text.data, table->text.len);
  } else if (found->kind == DM_LONG_NUMBER) {
    ident = dm_ident_from_text(value->text.start,
                               (size_t)(value->text.end - value->text.start));
  } else {
    ident = dm_ident_from_text(value->is_true ? "true" : "false", value->is_true ? 4 : 5);
  }
  uint32_t row;
  DM_TRY(dm_index_row(&table->texts, &ident, &row, err));
  return set_text(table, column, row, err);
}

/* The same column, its values written out. */
static dm_status make_text(dm_long *table, dm_long_column *column, dm_error *err) {
  dm_long_column texts = {.name = column->name};
  init_column(&texts, DM_LONG_TEXT, &table->texts);
  dm_status status = dm_rows_grow(&texts.cells, table->n + 1, err);
  for (size_t i = 0; i < table->n && !status; i++) {
    if (dm_long_is_missing(column, i)) {
      continue;
    }
    char text[DM_FORMAT_MAX];
    size_t len;
    if (column->kind == DM_LONG_BOOL) {
      len = dm_long_bool(column, i) ? 4 : 5;
      memcpy(text, dm_long_bool(column, i) ? "true" : "false", len);
    } else {
      len = dm_format_double(dm_long_number(column, i), text);
    }
    dm_ident ident = dm_ident_from_text(text, len);
    uint32_t row;
    status = dm_index_row(&table->texts, &ident, &row, err);
    if (!status) {
      *(uint32_t *)dm_rows_at(&texts.cells, i) = row + 1;
    }
  }
  if (status) {
    dm_rows_release(&texts.cells);
    return status;
  }
  dm_rows_release(&column->cells);
  *column = texts;
  return DM_OK;
}

/* --- cells --- */

/* In line, since a line has up to nine of them. */
DM_INLINE dm_status set_number(dm_long *table, dm_long_column *column, double value,
                               dm_error *err) {
  if (column->kind == DM_LONG_EMPTY) {
    init_column(column, DM_LONG_NUMBER, NULL);
  }
  DM_TRY(dm_rows_grow(&column->cells, table->n + 1, err));
  *(uint64_t *)dm_rows_at(&column->cells, table->n) =
      dm_double_bits(value) ^ DM_ABSENT_BITS;
  return DM_OK;
}

DM_INLINE dm_status set_bool(dm_long *table, dm_long_column *column, bool value,
                             dm_error *err) {
  DM_TRY(dm_rows_grow(&column->cells, table->n + 1, err));
  *(uint8_t *)dm_rows_at(&column->cells, table->n) = (uint8_t)(1 + value);
  return DM_OK;
}

DM_INLINE dm_status set_text(dm_long *table, dm_long_column *column, uint32_t index,
                             dm_error *err) {
  DM_TRY(dm_rows_grow(&column->cells, table->n + 1, err));
  *(uint32_t *)dm_rows_at(&column->cells, table->n) = index + 1;
  return DM_OK;
}
