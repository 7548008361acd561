/* The columns of a batch are looked at once, then its rows are fields like those of a
   line. Texts are borrowed from the batch no longer than dm_run_row() takes. */
#include "summary/dm_stream.h"

#include <math.h>
#include <string.h>

#include "base/dm_text.h"
#include "number/dm_number.h"
#include "signals/dm_scores.h"

static dm_status open_fields(dm_stream *stream, dm_error *err);
static dm_status open_signals(dm_stream *stream, dm_error *err);
static dm_status open_classes(dm_stream *stream, dm_error *err);
static dm_status bind_batch(dm_stream *stream, const dm_arrow_array *batch,
                            dm_error *err);
static dm_status read_row(dm_stream *stream, int64_t row, dm_fields *f, dm_error *err);
static dm_status read_number(dm_stream *stream, dm_stream_field field, int64_t row,
                             double *out, bool *is_given, dm_error *err);
static dm_status find_class(dm_stream *stream, dm_fields *f, dm_error *err);
static dm_ident predict(const dm_stream *stream, const dm_fields *f);

const char *const dm_stream_field_names[DM_N_STREAM_FIELDS] = {
    [DM_STREAM_ID] = "id",
    [DM_STREAM_LABEL] = "label",
    [DM_STREAM_PRED_LABEL] = "pred_label",
    [DM_STREAM_S_LABEL] = "s_label",
    [DM_STREAM_CORRECT] = "correct",
    [DM_STREAM_LABEL_INDEX] = "label_index",
    [DM_STREAM_LABEL_PROBS] = "label_probs",
    [DM_STREAM_STEP] = "step",
    [DM_STREAM_MARGIN] = "margin",
    [DM_STREAM_SUM_LOGP] = "sum_logp",
    [DM_STREAM_N_TOK] = "n_tok",
    [DM_STREAM_LOSS] = "loss",
};

static const dm_arrow_use uses[DM_N_STREAM_FIELDS] = {
    [DM_STREAM_ID] = DM_ARROW_AS_ID,
    [DM_STREAM_LABEL] = DM_ARROW_AS_LABEL,
    [DM_STREAM_PRED_LABEL] = DM_ARROW_AS_LABEL,
    [DM_STREAM_S_LABEL] = DM_ARROW_AS_WHOLE,
    [DM_STREAM_CORRECT] = DM_ARROW_AS_TRUTH,
    [DM_STREAM_LABEL_INDEX] = DM_ARROW_AS_NUMBER,
    [DM_STREAM_LABEL_PROBS] = DM_ARROW_AS_NUMBER,
    [DM_STREAM_STEP] = DM_ARROW_AS_NUMBER,
    [DM_STREAM_MARGIN] = DM_ARROW_AS_NUMBER,
    [DM_STREAM_SUM_LOGP] = DM_ARROW_AS_NUMBER,
    [DM_STREAM_N_TOK] = DM_ARROW_AS_NUMBER,
    [DM_STREAM_LOSS] = DM_ARROW_AS_NUMBER,
};

/* --- the source --- */

/* What the source says of its failure. */
static dm_status source_failed(dm_stream *stream, int code, const char *expected,
                               dm_error *err) {
  dm_arrow_stream *source = stream->source;
  const char *said = source->get_last_error ? source->get_last_error(source) : NULL;
  if (!said || !*said) {
    return dm_error_io(err, code, expected);
  }
  char shown[DM_TEXT_MAX];
  dm_text_excerpt(shown, sizeof shown, said, strlen(said));
  dm_error_expected(err, DM_E_IO, "%s", expected);
  dm_error_found(err, "a failure of the stream: %s", shown);
  return DM_E_IO;
}

static dm_status broken(const char *expected, dm_error *err) {
  dm_error_expected(err, DM_E_IO, "%s", expected);
  dm_error_found(err, "another or a broken one");
  return DM_E_IO;
}

static dm_status check_column(const dm_stream *stream, int32_t column, dm_error *err) {
  return column >= 0 && column < stream->schema.n_children
             ? DM_OK
             : dm_error_expected(err, DM_E_INPUT, "the number of a column");
}

dm_status dm_stream_open(dm_stream *stream, dm_arrow_stream *source,
                         const dm_stream_plan *plan, dm_run *run, const dm_host *host,
                         dm_error *err) {
  stream->source = source;
  stream->plan = plan;
  stream->run = run;
  stream->host = host;
  dm_index_init(&stream->classes, run->states.options.seed);
  if (!source || !source->release) {
    return broken("a stream that has not been read yet", err);
  }
  int code = source->get_schema(source, &stream->schema);
  if (code) {
    stream->schema = (dm_arrow_schema){0}; /* none was given */
    return source_failed(stream, code, "the schema of the stream", err);
  }
  const dm_arrow_schema *schema = &stream->schema;
  if (!schema->release || !schema->format || strcmp(schema->format, "+s") != 0 ||
      schema->n_children < 0 || (schema->n_children && !schema->children)) {
    return broken("a stream of tables, with columns", err);
  }
  DM_TRY(open_fields(stream, err));
  DM_TRY(open_signals(stream, err));
  return open_classes(stream, err);
}

static dm_status open_vector(dm_stream *stream, dm_arrow_column *column,
                             const dm_stream_vector *vector, dm_error *err) {
  if (vector->column < 0) {
    for (size_t k = 0; k < vector->n_parts; k++) {
      DM_TRY(check_column(stream, vector->parts[k], err));
    }
    return vector->n_parts ? dm_arrow_columns_init(column, &stream->schema, vector->parts,
                                                   vector->n_parts, err)
                           : DM_OK;
  }
  DM_TRY(check_column(stream, vector->column, err));
  DM_TRY(dm_arrow_column_init(column, stream->schema.children[vector->column],
                              DM_ARROW_AS_VECTOR, err));
  if (vector->n_parts && vector->n_parts != column->n_parts) {
    return dm_error_expected(err, DM_E_INPUT, "the place of each class");
  }
  for (size_t k = 0; k < vector->n_parts; k++) {
    if (vector->parts[k] < 0 || (size_t)vector->parts[k] >= column->n_parts) {
      return dm_error_expected(err, DM_E_INPUT, "the number of a class");
    }
  }
  return DM_OK;
}

static dm_status open_fields(dm_stream *stream, dm_error *err) {
  const dm_stream_plan *plan = stream->plan;
  for (int i = 0; i < DM_N_STREAM_FIELDS; i++) {
    if (plan->fields[i] >= 0) {
      DM_TRY(check_column(stream, plan->fields[i], err));
      DM_TRY(dm_arrow_column_init(
          &stream->fields[i], stream->schema.children[plan->fields[i]], uses[i], err));
    }
  }
  DM_TRY(open_vector(stream, &stream->probs, &plan->probs, err));
  return open_vector(stream, &stream->logits, &plan->logits, err);
}

static dm_status open_signals(dm_stream *stream, dm_error *err) {
  size_t n = stream->run->states.options.n_signals;
  stream->signals = dm_calloc(n + 1, sizeof *stream->signals);
  stream->values = dm_calloc(n + 1, sizeof *stream->values);
  if (!stream->signals || !stream->values) {
    return dm_error_memory(err);
  }
  stream->n_signals = n;
  for (size_t i = 0; i < n; i++) {
    int32_t at = stream->plan->signals[i];
    stream->values[i] = dm_double_from_bits(DM_ABSENT_BITS);
    if (at >= 0) {
      DM_TRY(check_column(stream, at, err));
      DM_TRY(dm_arrow_column_init(&stream->signals[i], stream->schema.children[at],
                                  DM_ARROW_AS_NUMBER, err));
    }
  }
  return DM_OK;
}

static dm_status open_classes(dm_stream *stream, dm_error *err) {
  const dm_stream_plan *plan = stream->plan;
  stream->are_whole =
      plan->fields[DM_STREAM_LABEL] >= 0 &&
      !dm_arrow_is_string(dm_arrow_value_type(&stream->fields[DM_STREAM_LABEL]));
  for (size_t i = 0; i < plan->n_classes; i++) {
    const char *name = plan->classes[i];
    dm_ident ident = dm_ident_from_text(name, strlen(name));
    uint32_t row;
    DM_TRY(dm_index_row(&stream->classes, &ident, &row, err));
    if (row != i) {
      return dm_error_expected(err, DM_E_INPUT, "different names of classes");
    }
    stream->are_whole &= ident.kind == DM_IDENT_INT_TEXT;
  }
  return DM_OK;
}

void dm_stream_release(dm_stream *stream) {
  for (int i = 0; i < DM_N_STREAM_FIELDS; i++) {
    dm_arrow_column_release(&stream->fields[i]);
  }
  for (size_t i = 0; i < stream->n_signals; i++) {
    dm_arrow_column_release(&stream->signals[i]);
  }
  dm_arrow_column_release(&stream->probs);
  dm_arrow_column_release(&stream->logits);
  dm_free(stream->signals);
  dm_free(stream->values);
  dm_free(stream->probs_of_row.room);
  dm_free(stream->logits_of_row.room);
  dm_index_release(&stream->classes);
  dm_arrow_release_array(&stream->batch);
  dm_arrow_release_schema(&stream->schema);
  *stream = (dm_stream){0};
}

/* --- batches --- */

dm_status dm_stream_rest(dm_stream *stream, dm_error *err) {
  dm_arrow_stream *source = stream->source;
  for (;;) {
    int code = source->get_next(source, &stream->batch);
    if (code) {
      stream->batch = (dm_arrow_array){0}; /* none was given */
      return source_failed(stream, code, "a batch of rows", err);
    }
    if (!stream->batch.release) { /* the end */
      return dm_run_end_rows(stream->run, err);
    }
    DM_TRY(dm_stream_take(stream, &stream->batch, err));
    dm_arrow_release_array(&stream->batch);
  }
}

dm_status dm_stream_take(dm_stream *stream, const dm_arrow_array *batch, dm_error *err) {
  enum { ROWS_BETWEEN_CHECKS = 4096, ROWS_OF_A_COUNT = 1 << 30 };
  dm_run *run = stream->run;
  uint64_t number = stream->n_rows - run->rows_before;
  DM_TRY(bind_batch(stream, batch, err));
  dm_fields f = {.signals = stream->values};
  for (int64_t i = 0; i < batch->length; i++) {
    dm_status status = read_row(stream, i, &f, err);
    number++;
    stream->n_rows++;
    if (DM_LIKELY(!status)) {
      DM_TRY(dm_run_row(run, &f, number, err));
    } else if (status == DM_E_FIELD || status == DM_E_RANGE) {
      DM_TRY(dm_run_bad_row(run, err, number, err));
    } else {
      return status;
    }
    if (number == ROWS_OF_A_COUNT) {
      DM_TRY(dm_run_end_rows(run, err));
      run->rows_before = stream->n_rows;
      number = 0;
    }
    if (stream->n_rows % ROWS_BETWEEN_CHECKS == 0 && stream->host) {
      DM_TRY(dm_host_check(stream->host, 0, err));
    }
  }
  return DM_OK;
}

static dm_status bind_vector(dm_arrow_column *column, const dm_stream_vector *vector,
                             const dm_arrow_array *batch, dm_error *err) {
  if (vector->column >= 0) {
    return dm_arrow_bind(column, batch->children[vector->column], batch->offset,
                         batch->length, err);
  }
  return vector->n_parts ? dm_arrow_columns_bind(column, batch, vector->parts, err)
                         : DM_OK;
}

static dm_status bind_batch(dm_stream *stream, const dm_arrow_array *batch,
                            dm_error *err) {
  const dm_stream_plan *plan = stream->plan;
  if (batch->length < 0 || batch->offset < 0 ||
      batch->n_children != stream->schema.n_children ||
      (batch->n_children && !batch->children)) {
    return broken("a batch of the columns that the stream has", err);
  }
  for (int i = 0; i < DM_N_STREAM_FIELDS; i++) {
    if (plan->fields[i] >= 0) {
      DM_TRY(dm_arrow_bind(&stream->fields[i], batch->children[plan->fields[i]],
                           batch->offset, batch->length, err));
    }
  }
  DM_TRY(bind_vector(&stream->probs, &plan->probs, batch, err));
  DM_TRY(bind_vector(&stream->logits, &plan->logits, batch, err));
  for (size_t s = 0; s < stream->n_signals; s++) {
    if (plan->signals[s] >= 0) {
      DM_TRY(dm_arrow_bind(&stream->signals[s], batch->children[plan->signals[s]],
                           batch->offset, batch->length, err));
    }
  }
  return DM_OK;
}

/* --- rows --- */

static inline bool has_vector(const dm_stream_vector *vector) {
  return vector->column >= 0 || vector->n_parts;
}

/* Columns side by side are in the order of the classes already. */
static inline const int32_t *order_of(const dm_stream_vector *vector) {
  return vector->column >= 0 && vector->n_parts ? vector->parts : NULL;
}

static inline dm_status read_ident(dm_stream *stream, dm_stream_field field, int64_t row,
                                   dm_ident *out, dm_error *err) {
  if (stream->plan->fields[field] < 0) {
    return DM_OK; /* it is and stays empty */
  }
  return dm_arrow_ident(&stream->fields[field], row, uses[field], out, err);
}

static dm_status read_number(dm_stream *stream, dm_stream_field field, int64_t row,
                             double *out, bool *is_given, dm_error *err) {
  *is_given = false;
  return stream->plan->fields[field] < 0
             ? DM_OK
             : dm_arrow_number(&stream->fields[field], row, out, is_given, err);
}

static dm_status bad_number(const dm_arrow_column *column, const char *expected,
                            dm_error *err) {
  dm_error_expected(err, DM_E_FIELD, "%s", expected);
  dm_error_found(err, "another number");
  dm_error_key(err, column->name, strlen(column->name));
  return DM_E_FIELD;
}

static dm_status read_step(dm_stream *stream, int64_t row, dm_fields *f, dm_error *err) {
  bool is_given;
  DM_TRY(read_number(stream, DM_STREAM_STEP, row, &f->step, &is_given, err));
  f->step_kind = !is_given                ? DM_STEP_NONE
                 : stream->plan->is_epoch ? DM_STEP_EPOCH
                                          : DM_STEP_UNIQUE;
  return is_given && !dm_is_finite(f->step)
             ? bad_number(&stream->fields[DM_STREAM_STEP], "a finite step", err)
             : DM_OK;
}

static dm_status read_label_index(dm_stream *stream, int64_t row, dm_fields *f,
                                  dm_error *err) {
  double value;
  DM_TRY(
      read_number(stream, DM_STREAM_LABEL_INDEX, row, &value, &f->has_label_index, err));
  if (!f->has_label_index || dm_is_nan(value)) {
    f->has_label_index = false;
    return DM_OK;
  }
  if (!(fabs(value) <= DM_CLASS_MAX) || value != (double)(int64_t)value) {
    return bad_number(&stream->fields[DM_STREAM_LABEL_INDEX], "the place of a class",
                      err);
  }
  f->label_index = (int64_t)value;
  return DM_OK;
}

static dm_status read_row(dm_stream *stream, int64_t row, dm_fields *f, dm_error *err) {
  const dm_stream_plan *plan = stream->plan;
  DM_TRY(read_ident(stream, DM_STREAM_ID, row, &f->id, err));
  DM_TRY(read_ident(stream, DM_STREAM_LABEL, row, &f->label, err));
  f->pred_label = (dm_ident){0};
  DM_TRY(read_ident(stream, DM_STREAM_PRED_LABEL, row, &f->pred_label, err));
  DM_TRY(read_ident(stream, DM_STREAM_S_LABEL, row, &f->s_label, err));
  if (plan->fields[DM_STREAM_CORRECT] >= 0) {
    f->correct = false;
    DM_TRY(dm_arrow_truth(&stream->fields[DM_STREAM_CORRECT], row, &f->correct,
                          &f->has_correct, err));
  }
  f->label_probs = 0;
  DM_TRY(read_number(stream, DM_STREAM_LABEL_PROBS, row, &f->label_probs,
                     &f->has_label_probs, err));
  f->margin = f->sum_logp = f->n_tok = 0;
  DM_TRY(read_number(stream, DM_STREAM_MARGIN, row, &f->margin, &f->has_margin, err));
  DM_TRY(
      read_number(stream, DM_STREAM_SUM_LOGP, row, &f->sum_logp, &f->has_sum_logp, err));
  DM_TRY(read_number(stream, DM_STREAM_N_TOK, row, &f->n_tok, &f->has_n_tok, err));
  DM_TRY(read_label_index(stream, row, f, err));
  DM_TRY(read_step(stream, row, f, err));
  if (has_vector(&plan->probs)) {
    dm_arrow_vector *v = &stream->probs_of_row;
    DM_TRY(dm_arrow_read_vector(&stream->probs, row, order_of(&plan->probs), v, err));
    f->probs = v->values;
    f->n_probs = v->n;
    if (plan->probs.is_second && v->n == 1) {
      stream->both[0] = 1 - v->values[0];
      stream->both[1] = v->values[0];
      f->probs = stream->both;
      f->n_probs = 2;
    }
  }
  if (has_vector(&plan->logits)) {
    dm_arrow_vector *v = &stream->logits_of_row;
    DM_TRY(dm_arrow_read_vector(&stream->logits, row, order_of(&plan->logits), v, err));
    f->logits = v->values;
    f->n_logits = v->n;
  }
  for (size_t s = 0; s < stream->n_signals; s++) {
    if (plan->signals[s] >= 0) {
      bool is_given;
      DM_TRY(
          dm_arrow_number(&stream->signals[s], row, &stream->values[s], &is_given, err));
      if (!is_given) {
        stream->values[s] = dm_double_from_bits(DM_ABSENT_BITS);
      }
    }
  }
  return plan->n_classes ? find_class(stream, f, err) : DM_OK;
}

/* --- classes by their names --- */

/* As a table's: the label's place by its name, unless it is given or the label says it,
   and what the class vector predicts, by the name of its class. */
static dm_status find_class(dm_stream *stream, dm_fields *f, dm_error *err) {
  if (f->label.kind == DM_IDENT_NONE || f->has_label_index) {
    return DM_OK;
  }
  uint32_t place;
  DM_TRY(dm_index_row(&stream->classes, &f->label, &place, err));
  if (place >= stream->plan->n_classes) {
    char shown[64];
    dm_ident_print(&f->label, shown, sizeof shown);
    const dm_arrow_column *column = &stream->fields[DM_STREAM_LABEL];
    dm_error_expected(err, DM_E_RANGE, "a label among the names of the classes");
    dm_error_key(err, column->name, strlen(column->name));
    dm_error_found(err, "%s", shown);
    return DM_E_RANGE;
  }
  if (stream->plan->is_predicting) {
    f->pred_label = predict(stream, f);
  }
  bool is_said = f->label.kind == DM_IDENT_INT && f->label.value == (int64_t)place;
  f->has_label_index = !is_said;
  f->label_index = place;
  return DM_OK;
}

static dm_ident predict(const dm_stream *stream, const dm_fields *f) {
  bool is_probs = has_vector(&stream->plan->probs);
  const double *scores = is_probs ? f->probs : f->logits;
  size_t n = is_probs ? f->n_probs : f->n_logits;
  dm_ident none = {0};
  if (!scores || dm_has_nan(scores, n)) {
    return none;
  }
  size_t best = dm_first_maximum(scores, n);
  if (best >= stream->plan->n_classes) {
    return none;
  }
  dm_ident name = dm_index_ident(&stream->classes, best);
  return stream->are_whole ? dm_ident_from_int(name.value) : name;
}
