/* The tables of a state's file, always all of them and in the same order. What is written
   and what is read stand side by side. */
#include "files/dm_state_file.h"

#include <stdio.h>
#include <string.h>

#include "files/dm_state_problems.h"
#include "io/dm_writer.h"
#include "summary/dm_state.h"

enum { INTEGER_MAX = 24 /* digits of 64 bits, with a sign */ };

static const char *const about_names[DM_N_ABOUT] = {
    [DM_ABOUT_PACKAGE] = "package",
    [DM_ABOUT_FILES] = "files",
    [DM_ABOUT_SIGNALS] = "asked_signals",
    [DM_ABOUT_METRICS] = "asked_metrics",
};

static const char *const part_names[] = {
    [DM_STATE_SAMPLES] = "samples", [DM_STATE_STEPS] = "steps",
    [DM_STATE_SIGNAL] = "signal",   [DM_STATE_METRICS] = "metrics",
    [DM_STATE_SEEN] = "seen",
};

static const char *const matrix_names[] = {
    [DM_STATE_CLASS_SUMS] = "class_sums",
    [DM_STATE_PREDICTIONS] = "predictions",
    [DM_STATE_PLACES] = "places",
};

/* What there is one of: the table "run", which has one row. */
enum {
  BURN_OUT,
  HAS_STEP_RANGE,
  FIRST_STEP,
  LAST_STEP,
  SHARE,
  N_SHARES,
  HAS_STEPS,
  STEP_DISTANCE,
  LINES,
  GOOD,
  BLANK,
  BAD,
  CUT,
  HAS_TEXT, /* of each index, in the order of index_of() */
  N_INDEXES = 4,
  N_SCALARS = HAS_TEXT + N_INDEXES
};

static const dm_pack_column scalars[N_SCALARS] = {
    [BURN_OUT] = {"burn_out", DM_PACK_INT64, 1},
    [HAS_STEP_RANGE] = {"has_step_range", DM_PACK_FLAG, 1},
    [FIRST_STEP] = {"first_step", DM_PACK_DOUBLE, 1},
    [LAST_STEP] = {"last_step", DM_PACK_DOUBLE, 1},
    [SHARE] = {"share", DM_PACK_INT64, 1},
    [N_SHARES] = {"n_shares", DM_PACK_INT64, 1},
    [HAS_STEPS] = {"has_steps", DM_PACK_FLAG, 1},
    [STEP_DISTANCE] = {"step_distance", DM_PACK_DOUBLE, 1},
    [LINES] = {"lines", DM_PACK_INT64, 1},
    [GOOD] = {"good", DM_PACK_INT64, 1},
    [BLANK] = {"blank", DM_PACK_INT64, 1},
    [BAD] = {"bad", DM_PACK_INT64, 1},
    [CUT] = {"cut", DM_PACK_INT64, 1},
    [HAS_TEXT] = {"ids_have_text", DM_PACK_FLAG, 1},
    [HAS_TEXT + 1] = {"labels_have_text", DM_PACK_FLAG, 1},
    [HAS_TEXT + 2] = {"s_labels_have_text", DM_PACK_FLAG, 1},
    [HAS_TEXT + 3] = {"predicted_have_text", DM_PACK_FLAG, 1},
};

static const char *const index_names[N_INDEXES] = {"ids", "labels", "s_labels",
                                                   "predicted"};

/* All that reading needs at hand. */
typedef struct reading {
  dm_pack_reader in;
  dm_state_file *out;
  dm_options options;
  dm_state_totals totals;
  bool has_steps;
  bool has_text[N_INDEXES];
} reading;

static dm_status put_request(dm_pack_writer *out, const dm_options *options,
                             dm_error *err);
static dm_status get_request(reading *r, dm_error *err);
static dm_status put_scalars(dm_pack_writer *out, const dm_states *states, dm_error *err);
static dm_status get_scalars(reading *r, dm_error *err);
static dm_status put_index(dm_pack_writer *out, const dm_states *states, size_t which,
                           dm_error *err);
static void fill_integers(dm_pack_writer *out, const dm_index *index);
static dm_status fill_texts(dm_pack_writer *out, const dm_index *index, dm_buf *digits,
                            dm_error *err);
static dm_status get_index(reading *r, size_t which, dm_error *err);
static dm_status put_part(dm_pack_writer *out, const dm_states *states,
                          dm_state_part part, size_t signal, dm_error *err);
static dm_status get_part(reading *r, dm_state_part part, size_t signal, dm_error *err);
static dm_status put_matrix(dm_pack_writer *out, const dm_states *states,
                            dm_state_matrix which, dm_error *err);
static dm_status get_matrix(reading *r, dm_state_matrix which, dm_error *err);
static dm_status put_class_labels(dm_pack_writer *out, const dm_states *states,
                                  dm_error *err);
static dm_status get_class_labels(reading *r, dm_error *err);
static dm_status read_tables(reading *r, dm_error *err);
static dm_status other_version(reading *r, dm_error *err);

/* --- a file --- */

dm_status dm_state_file_put(const dm_states *states, const dm_texts about[DM_N_ABOUT],
                            const dm_pack_sink *sink, dm_error *err) {
  dm_pack_writer out;
  dm_status status;
  DM_TRY_DONE(dm_pack_start(&out, sink, DM_STATE_FILE_VERSION, err));
  for (size_t i = 0; i < DM_N_ABOUT; i++) {
    DM_TRY_DONE(dm_texts_put(&out, about_names[i], &about[i], err));
  }
  DM_TRY_DONE(put_request(&out, &states->options, err));
  DM_TRY_DONE(put_scalars(&out, states, err));
  for (size_t i = 0; i < N_INDEXES; i++) {
    DM_TRY_DONE(put_index(&out, states, i, err));
  }
  for (size_t p = 0; p < sizeof part_names / sizeof *part_names; p++) {
    dm_state_part part = (dm_state_part)p;
    size_t n = part == DM_STATE_SIGNAL ? states->kept.n : dm_state_has(states, part);
    for (size_t i = 0; i < n; i++) {
      DM_TRY_DONE(put_part(&out, states, part, i, err));
    }
  }
  for (size_t m = 0; m < sizeof matrix_names / sizeof *matrix_names; m++) {
    if (dm_state_has_matrix(states, (dm_state_matrix)m)) {
      DM_TRY_DONE(put_matrix(&out, states, (dm_state_matrix)m, err));
    }
  }
  DM_TRY_DONE(put_class_labels(&out, states, err));
  DM_TRY_DONE(dm_state_problems_put(&out, &states->problems, err));
  DM_TRY_DONE(dm_pack_end(&out, err));
done:
  dm_pack_writer_release(&out);
  return status;
}

static dm_status read_tables(reading *r, dm_error *err) {
  dm_state_file *out = r->out;
  for (size_t i = 0; i < DM_N_ABOUT; i++) {
    DM_TRY(dm_texts_get(&r->in, about_names[i], &out->about[i], err));
  }
  if (out->about[DM_ABOUT_PACKAGE].n != 1) {
    return dm_pack_wrong(err, "package", 0, "one text");
  }
  if (out->about[DM_ABOUT_FILES].n >= INT32_MAX) {
    return dm_pack_wrong(err, "files", 0, "fewer of them");
  }
  r->totals.n_files = (int32_t)out->about[DM_ABOUT_FILES].n;
  DM_TRY(get_request(r, err));
  DM_TRY(get_scalars(r, err));
  dm_states *states = &out->states;
  DM_TRY(dm_states_init(states, &r->options, err));
  for (size_t i = 0; i < N_INDEXES; i++) {
    DM_TRY(get_index(r, i, err));
  }
  for (size_t p = 0; p < sizeof part_names / sizeof *part_names; p++) {
    dm_state_part part = (dm_state_part)p;
    size_t n = part == DM_STATE_SIGNAL  ? states->kept.n
               : part == DM_STATE_STEPS ? r->has_steps
                                        : dm_state_has(states, part);
    for (size_t i = 0; i < n; i++) {
      DM_TRY(get_part(r, part, i, err));
    }
  }
  for (size_t m = 0; m < sizeof matrix_names / sizeof *matrix_names; m++) {
    if (dm_state_has_matrix(states, (dm_state_matrix)m)) {
      DM_TRY(get_matrix(r, (dm_state_matrix)m, err));
    }
  }
  DM_TRY(get_class_labels(r, err));
  DM_TRY(dm_state_problems_get(&r->in, states, r->totals.problems, err));
  return dm_state_finish(states, &r->totals, err);
}

static dm_status write_bytes(void *ctx, const void *bytes, size_t n, dm_error *err) {
  return dm_writer_write(ctx, bytes, n, err);
}

dm_status dm_state_file_write(const char *path, const dm_states *states,
                              const dm_texts about[DM_N_ABOUT], const dm_host *host,
                              dm_error *err) {
  dm_writer *writer = NULL;
  dm_status status;
  DM_TRY_DONE(dm_writer_open(&writer, path, host, err));
  dm_pack_sink sink = {write_bytes, writer};
  DM_TRY_DONE(dm_state_file_put(states, about, &sink, err));
  DM_TRY_DONE(dm_writer_commit(writer, err));
done:
  dm_writer_close(writer);
  return status;
}

dm_status dm_state_file_read(dm_state_file *out, dm_source *source, uint64_t seed,
                             dm_error *err) {
  reading r = {
      .out = out,
      .options = {
          .max_line = DM_LINE_MAX, .block_size = 1 << 18, .threads = 1, .seed = seed}};
  dm_status status = dm_pack_open(&r.in, source, &out->version, err);
  if (!status && out->version != DM_STATE_FILE_VERSION) {
    status = other_version(&r, err);
  } else if (!status) {
    status = read_tables(&r, err);
    if (status == DM_E_INPUT) { /* what is wrong about columns is so about the file */
      status = err->status = DM_E_SYNTAX;
    }
    status = dm_pack_finish(&r.in, status, err);
    if (status == DM_E_SYNTAX) {
      dm_error_advice(err, "no state is like that: make it again from its signals");
    }
  }
  dm_pack_reader_release(&r.in);
  return status;
}

static dm_status other_version(reading *r, dm_error *err) {
  dm_state_file *out = r->out;
  dm_error unused;
  dm_status status = DM_OK;
  if (out->version != DM_STATE_FILE_UNRELEASED) { /* which has another checksum */
    (void)!dm_texts_get(&r->in, about_names[DM_ABOUT_PACKAGE],
                        &out->about[DM_ABOUT_PACKAGE], &unused);
    status = dm_pack_finish(&r->in, DM_E_INPUT, err);
  } else {
    status = DM_E_INPUT;
  }
  if (status != DM_E_INPUT) {
    return status;
  }
  dm_error_expected(err, DM_E_INPUT, "version %d", DM_STATE_FILE_VERSION);
  dm_error_found(err, "version %lu", (unsigned long)out->version);
  dm_error_key(err, "version", 7);
  return DM_E_INPUT;
}

void dm_state_file_release(dm_state_file *file) {
  dm_states_release(&file->states);
  for (size_t i = 0; i < DM_N_ABOUT; i++) {
    dm_texts_release(&file->about[i]);
  }
  dm_texts_release(&file->signals);
  dm_free(file->names);
}

/* --- what the run was asked for --- */

static dm_status put_request(dm_pack_writer *out, const dm_options *options,
                             dm_error *err) {
  dm_texts signals = {0};
  dm_texts metrics = {0};
  dm_status status;
  for (size_t i = 0; i < options->n_signals; i++) {
    const char *name = options->signals[i];
    DM_TRY_DONE(dm_texts_add(&signals, name, strlen(name), err));
  }
  for (int i = 0; i < DM_N_METRICS; i++) {
    if (options->metrics & DM_METRIC_BIT(i)) {
      const char *name = dm_metrics[i].name;
      DM_TRY_DONE(dm_texts_add(&metrics, name, strlen(name), err));
    }
  }
  DM_TRY_DONE(dm_texts_put(out, "run_signals", &signals, err));
  DM_TRY_DONE(dm_texts_put(out, "run_metrics", &metrics, err));
done:
  dm_texts_release(&signals);
  dm_texts_release(&metrics);
  return status;
}

static dm_status get_request(reading *r, dm_error *err) {
  dm_texts *signals = &r->out->signals;
  DM_TRY(dm_texts_get(&r->in, "run_signals", signals, err));
  if (signals->n > DM_SIGNALS_MAX) {
    return dm_pack_wrong(err, "run_signals", 0, "fewer of them");
  }
  r->out->names = dm_calloc(signals->n, sizeof *r->out->names);
  if (!r->out->names) {
    return dm_error_memory(err);
  }
  for (size_t i = 0; i < signals->n; i++) {
    const char *name = dm_texts_at(signals, i);
    for (size_t k = 0; k < i; k++) {
      if (strcmp(r->out->names[k], name) == 0) {
        return dm_pack_wrong(err, "run_signals", i + 1, "every name once");
      }
    }
    r->out->names[i] = name;
  }
  r->options.signals = r->out->names;
  r->options.n_signals = signals->n;
  dm_texts metrics = {0};
  dm_status status = dm_texts_get(&r->in, "run_metrics", &metrics, err);
  for (size_t i = 0; i < metrics.n && !status; i++) {
    dm_metric metric = dm_metric_find(dm_texts_at(&metrics, i));
    if (metric == DM_N_METRICS) {
      status = dm_pack_wrong(err, "run_metrics", i + 1, "the name of a metric");
    } else {
      r->options.metrics |= DM_METRIC_BIT(metric);
    }
  }
  dm_texts_release(&metrics);
  return status;
}

static dm_status put_scalars(dm_pack_writer *out, const dm_states *states,
                             dm_error *err) {
  const dm_options *options = &states->options;
  DM_TRY(dm_pack_begin(out, "run", scalars, N_SCALARS, 1, err));
  void **values = out->table.values;
  *(int64_t *)values[BURN_OUT] = options->burn_out;
  *(int32_t *)values[HAS_STEP_RANGE] = options->has_step_range;
  *(double *)values[FIRST_STEP] = options->has_step_range ? options->first_step : 0;
  *(double *)values[LAST_STEP] = options->has_step_range ? options->last_step : 0;
  *(int64_t *)values[SHARE] = options->share;
  *(int64_t *)values[N_SHARES] = options->n_shares;
  *(int32_t *)values[HAS_STEPS] = states->has_steps;
  *(double *)values[STEP_DISTANCE] = states->step_distance;
  *(int64_t *)values[LINES] = (int64_t)states->counts.lines;
  *(int64_t *)values[GOOD] = (int64_t)states->counts.good;
  *(int64_t *)values[BLANK] = (int64_t)states->counts.blank;
  *(int64_t *)values[BAD] = (int64_t)states->counts.bad;
  *(int64_t *)values[CUT] = (int64_t)states->counts.cut;
  const dm_index *const indexes[N_INDEXES] = {&states->ids, &states->labels,
                                              &states->s_labels, &states->predicted};
  for (size_t i = 0; i < N_INDEXES; i++) {
    *(int32_t *)values[HAS_TEXT + i] = indexes[i]->has_text;
  }
  return dm_pack_put(out, err);
}

static dm_status get_scalars(reading *r, dm_error *err) {
  dm_pack_column columns[N_SCALARS];
  memcpy(columns, scalars, sizeof columns);
  DM_TRY(dm_pack_expect(&r->in, "run", columns, N_SCALARS, err));
  if (r->in.table.n_rows != 1) {
    return dm_pack_wrong(err, "run", 0, "one row");
  }
  DM_TRY(dm_pack_next(&r->in, err));
  void *const *values = r->in.table.values;
  for (size_t c = 0; c < N_SCALARS; c++) {
    bool is_good = true;
    if (scalars[c].type == DM_PACK_FLAG) {
      is_good = *(const int32_t *)values[c] <= 1;
    } else if (scalars[c].type == DM_PACK_INT64) {
      is_good = dm_state_is_count(*(const int64_t *)values[c]);
    } else {
      double value = *(const double *)values[c];
      is_good = value == value;
    }
    if (!is_good) {
      return dm_pack_wrong(err, scalars[c].name, 0, "a flag, a count or a number");
    }
  }
  int64_t burn_out = *(const int64_t *)values[BURN_OUT];
  if (burn_out > INT32_MAX) {
    return dm_pack_wrong(err, "burn_out", 0, "a number of evaluations");
  }
  r->options.burn_out = (uint32_t)burn_out;
  r->options.has_step_range = *(const int32_t *)values[HAS_STEP_RANGE];
  r->options.first_step = *(const double *)values[FIRST_STEP];
  r->options.last_step = *(const double *)values[LAST_STEP];
  int64_t share = *(const int64_t *)values[SHARE];
  int64_t n_shares = *(const int64_t *)values[N_SHARES];
  if (n_shares > INT32_MAX || (share > 0 && share >= n_shares)) {
    return dm_pack_wrong(err, "share", 0, "one of the shares");
  }
  r->options.share = (uint32_t)share;
  r->options.n_shares = (uint32_t)n_shares;
  r->has_steps = *(const int32_t *)values[HAS_STEPS];
  r->totals.step_distance = *(const double *)values[STEP_DISTANCE];
  r->totals.counts = (dm_counts){.lines = *(const uint64_t *)values[LINES],
                                 .good = *(const uint64_t *)values[GOOD],
                                 .blank = *(const uint64_t *)values[BLANK],
                                 .bad = *(const uint64_t *)values[BAD],
                                 .cut = *(const uint64_t *)values[CUT]};
  for (size_t i = 0; i < N_INDEXES; i++) {
    r->has_text[i] = *(const int32_t *)values[HAS_TEXT + i];
  }
  return DM_OK;
}

/* --- idents --- */

/* Integers, unless one of them is a string or too large for that; then all are texts. */
static dm_status put_index(dm_pack_writer *out, const dm_states *states, size_t which,
                           dm_error *err) {
  const dm_index *const indexes[N_INDEXES] = {&states->ids, &states->labels,
                                              &states->s_labels, &states->predicted};
  const dm_index *index = indexes[which];
  bool is_text = index->has_text || index->has_big;
  dm_pack_column column = {"value", is_text ? DM_PACK_TEXT : DM_PACK_INT64, 1};
  dm_buf digits = {0};
  dm_status status;
  DM_TRY_DONE(dm_pack_begin(out, index_names[which], &column, 1, index->n, err));
  while (dm_pack_room(out)) {
    if (is_text) {
      DM_TRY_DONE(fill_texts(out, index, &digits, err));
    } else {
      fill_integers(out, index);
    }
    DM_TRY_DONE(dm_pack_put(out, err));
  }
done:
  dm_buf_release(&digits);
  return status;
}

static void fill_integers(dm_pack_writer *out, const dm_index *index) {
  int64_t *to = out->table.values[0];
  for (size_t i = 0; i < out->table.n; i++) {
    to[i] = dm_index_integer(index, (size_t)out->table.first + i);
  }
}

static dm_status fill_texts(dm_pack_writer *out, const dm_index *index, dm_buf *digits,
                            dm_error *err) {
  dm_pack_text *to = out->table.values[0];
  digits->len = 0;
  DM_TRY(dm_buf_reserve(digits, out->table.n * INTEGER_MAX, err));
  for (size_t i = 0; i < out->table.n; i++) {
    dm_ident ident = dm_index_ident(index, (size_t)out->table.first + i);
    to[i] = (dm_pack_text){ident.text, ident.len};
    if (!ident.text) {
      to[i].text = digits->data + i * INTEGER_MAX;
      to[i].len = (size_t)snprintf(digits->data + i * INTEGER_MAX, INTEGER_MAX, "%lld",
                                   (long long)ident.value);
    }
  }
  return DM_OK;
}

static dm_status get_index(reading *r, size_t which, dm_error *err) {
  dm_states *states = &r->out->states;
  dm_index *const indexes[N_INDEXES] = {&states->ids, &states->labels, &states->s_labels,
                                        &states->predicted};
  const char *name = index_names[which];
  dm_pack_column column = {"value", 0, 1};
  DM_TRY(dm_pack_expect(&r->in, name, &column, 1, err));
  bool is_text = column.type == DM_PACK_TEXT;
  if (!is_text && column.type != DM_PACK_INT64) {
    return dm_pack_wrong(err, name, 0, "integers or texts");
  }
  if (indexes[which] == &states->predicted && r->in.table.n_rows > 0 &&
      !dm_state_has_matrix(states, DM_STATE_PREDICTIONS)) {
    return dm_pack_wrong(err, name, 0, "none, without the metric");
  }
  do {
    DM_TRY(dm_pack_next(&r->in, err));
    for (size_t i = 0; i < r->in.table.n; i++) {
      const void *values = r->in.table.values[0];
      dm_ident ident;
      if (is_text) {
        const dm_pack_text *text = (const dm_pack_text *)values + i;
        ident = dm_ident_from_text(text->text, text->len);
      } else {
        ident = dm_ident_from_int(((const int64_t *)values)[i]);
      }
      DM_TRY(dm_state_add_ident(indexes[which], &ident, r->has_text[which], name, err));
    }
  } while (!dm_pack_is_done(&r->in));
  indexes[which]->has_text |= r->has_text[which];
  return DM_OK;
}

/* --- states --- */

static size_t columns_of(dm_state_part part, dm_pack_column *out) {
  size_t n;
  const dm_state_field *fields = dm_state_fields(part, &n);
  for (size_t i = 0; i < n; i++) {
    dm_pack_type type = fields[i].type == DM_STATE_DOUBLE  ? DM_PACK_DOUBLE
                        : fields[i].type == DM_STATE_INT32 ? DM_PACK_INT32
                                                           : DM_PACK_FLAG;
    out[i] = (dm_pack_column){fields[i].name, type, 1};
  }
  return n;
}

static dm_state_rows rows_of(const dm_pack_table *table) {
  return (dm_state_rows){(size_t)table->first, table->n};
}

static dm_status put_part(dm_pack_writer *out, const dm_states *states,
                          dm_state_part part, size_t signal, dm_error *err) {
  dm_pack_column columns[DM_STATE_FIELDS_MAX];
  size_t n = columns_of(part, columns);
  DM_TRY(dm_pack_begin(out, part_names[part], columns, n, states->ids.n, err));
  while (dm_pack_room(out)) {
    dm_state_get(states, part, signal, rows_of(&out->table), out->table.values);
    DM_TRY(dm_pack_put(out, err));
  }
  return DM_OK;
}

static dm_status get_part(reading *r, dm_state_part part, size_t signal, dm_error *err) {
  dm_pack_column columns[DM_STATE_FIELDS_MAX];
  size_t n = columns_of(part, columns);
  dm_pack_table *table = &r->in.table;
  DM_TRY(dm_pack_expect(&r->in, part_names[part], columns, n, err));
  if (table->n_rows != r->out->states.ids.n) {
    return dm_pack_wrong(err, part_names[part], 0, "a row for each id");
  }
  do {
    DM_TRY(dm_pack_next(&r->in, err));
    DM_TRY(dm_state_set(&r->out->states, part, signal, rows_of(table),
                        (const void *const *)table->values, err));
  } while (!dm_pack_is_done(&r->in));
  return DM_OK;
}

static dm_status put_matrix(dm_pack_writer *out, const dm_states *states,
                            dm_state_matrix which, dm_error *err) {
  size_t width = dm_state_width(states, which);
  dm_pack_column column = {"value", DM_PACK_DOUBLE, (uint32_t)width};
  DM_TRY(dm_pack_begin(out, matrix_names[which], &column, 1, states->ids.n, err));
  while (dm_pack_room(out)) {
    dm_state_get_matrix(states, which, width, rows_of(&out->table), out->table.values[0]);
    DM_TRY(dm_pack_put(out, err));
  }
  return DM_OK;
}

static dm_status get_matrix(reading *r, dm_state_matrix which, dm_error *err) {
  dm_pack_column column = {"value", DM_PACK_DOUBLE, 0};
  dm_pack_table *table = &r->in.table;
  DM_TRY(dm_pack_expect(&r->in, matrix_names[which], &column, 1, err));
  if (table->n_rows != r->out->states.ids.n) {
    return dm_pack_wrong(err, matrix_names[which], 0, "a row for each id");
  }
  do {
    DM_TRY(dm_pack_next(&r->in, err));
    DM_TRY(dm_state_set_matrix(&r->out->states, which, column.width, rows_of(table),
                               table->values[0], err));
  } while (!dm_pack_is_done(&r->in));
  return DM_OK;
}

/* --- labels of classes --- */

/* A row of labels, from 1; 0: none; -1: several. */
static const dm_pack_column class_label_column = {"label", DM_PACK_INT32, 1};

static dm_status put_class_labels(dm_pack_writer *out, const dm_states *states,
                                  dm_error *err) {
  DM_TRY(dm_pack_begin(out, "class_labels", &class_label_column, 1,
                       states->n_class_labels, err));
  while (dm_pack_room(out)) {
    int32_t *to = out->table.values[0];
    for (size_t i = 0; i < out->table.n; i++) {
      to[i] = dm_state_class(states, (size_t)out->table.first + i);
    }
    DM_TRY(dm_pack_put(out, err));
  }
  return DM_OK;
}

static dm_status get_class_labels(reading *r, dm_error *err) {
  dm_pack_column column = class_label_column;
  DM_TRY(dm_pack_expect(&r->in, "class_labels", &column, 1, err));
  do {
    DM_TRY(dm_pack_next(&r->in, err));
    const int32_t *from = r->in.table.values[0];
    for (size_t i = 0; i < r->in.table.n; i++) {
      DM_TRY(dm_state_add_class(&r->out->states, from[i], err));
    }
  } while (!dm_pack_is_done(&r->in));
  return DM_OK;
}
