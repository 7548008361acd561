/* Reads running states out, in the order of the summary. */
#include "summary/dm_table.h"

#include <string.h>

#include "base/dm_threads.h"
#include "signals/dm_scores.h"
#include "summary/dm_state.h"

/* Rows at a time: few enough for their states to stay in the nearest cache. */
enum { SLICE = 256 };

/* How many rows before it is needed memory is asked for, where rows come one by one. */
enum { AHEAD = 16 };

/* A few rows, whose states have been copied to where all columns find them at hand. */
typedef struct slice {
  const dm_states *states;
  const dm_columns *columns;
  const uint32_t *order;
  size_t first; /* row of the table */
  size_t n;
  dm_accum accum[SLICE];
} slice;

static dm_status list_predicted(dm_table *table, dm_error *err);
static void fill_share(void *data);
static void fill_slice(const slice *s);
static void take_integers(const slice *s, dm_ident_column column, int32_t *out);
static void take_doubles(const slice *s, dm_ident_column column, double *out);
static void take_counts(const slice *s, dm_count_column column, int32_t *out);
static void take_numbers(const slice *s, dm_number_column column, double *out);
static void take_signal(const slice *s, size_t signal, dm_signal_statistic statistic,
                        double *out);
static void take_measure(const slice *s, const dm_metric_info *metric, double *out);
static void take_value(const slice *s, const dm_metric_info *metric, int32_t *times,
                       double *reals);

static const dm_accum *accum_at(const dm_table *table, size_t i) {
  return dm_rows_at(&table->states->accum, table->order[i]);
}

const dm_summary_column dm_summary_columns[DM_N_SUMMARY] = {
    {"id", DM_SUMMARY_IDENT, DM_COLUMN_ID},
    {"label", DM_SUMMARY_IDENT, DM_COLUMN_LABEL},
    {"s_label", DM_SUMMARY_IDENT, DM_COLUMN_S_LABEL},
    {"correct_times", DM_SUMMARY_COUNT, DM_COLUMN_CORRECT_TIMES},
    {"correct_ratio", DM_SUMMARY_NUMBER, DM_COLUMN_CORRECT_RATIO},
    {"avg_probs", DM_SUMMARY_NUMBER, DM_COLUMN_AVG_PROBS},
    {"label_var", DM_SUMMARY_NUMBER, DM_COLUMN_LABEL_VAR},
    {"max_label_probs", DM_SUMMARY_NUMBER, DM_COLUMN_MAX_LABEL_PROBS},
    {"min_label_probs", DM_SUMMARY_NUMBER, DM_COLUMN_MIN_LABEL_PROBS},
    {"forgetting_times", DM_SUMMARY_COUNT, DM_COLUMN_FORGETTING_TIMES},
    {"learnt_times", DM_SUMMARY_COUNT, DM_COLUMN_LEARNT_TIMES},
    {"first_forget", DM_SUMMARY_COUNT, DM_COLUMN_FIRST_FORGET},
    {"first_learn", DM_SUMMARY_COUNT, DM_COLUMN_FIRST_LEARN},
    {"evaluations", DM_SUMMARY_COUNT, DM_COLUMN_EVALUATIONS},
};

dm_status dm_table_init(dm_table *table, dm_states *states, dm_error *err) {
  DM_TRY(dm_table_init_live(table, states, err));
  dm_index_freeze(&states->ids);
  return DM_OK;
}

dm_status dm_table_init_live(dm_table *table, const dm_states *states, dm_error *err) {
  *table = (dm_table){.states = states, .n = states->ids.n};
  size_t bytes;
  if (!dm_size_mul(table->n, sizeof *table->order, &bytes)) {
    return dm_error_memory(err);
  }
  table->order = dm_malloc(bytes);
  if (!table->order) {
    return dm_error_memory(err);
  }
  DM_TRY(dm_index_order(&states->ids, table->order, err));
  return states->keep.has_prediction ? list_predicted(table, err) : DM_OK;
}

/* A class that was predicted by its place is the label that was said to stand there, in
   whatever line. */
static dm_status list_predicted(dm_table *table, dm_error *err) {
  const dm_states *states = table->states;
  const dm_sums *places = &states->places;
  uint32_t row;
  dm_index_init(&table->predicted, states->options.seed);
  for (size_t i = 0; i < states->predicted.n; i++) {
    dm_ident label = dm_index_ident(&states->predicted, i);
    DM_TRY(dm_index_row(&table->predicted, &label, &row, err));
  }
  table->of_place = dm_calloc(places->width + 1, sizeof *table->of_place);
  if (!table->of_place) {
    return dm_error_memory(err);
  }
  for (size_t place = 0; place < places->width; place++) {
    bool is_predicted = false;
    for (size_t i = 0; i < places->n_rows && !is_predicted; i++) {
      is_predicted = dm_sums_row(places, i)[place] > 0;
    }
    if (is_predicted) {
      dm_ident label = dm_states_class_label(states, place);
      DM_TRY(dm_index_row(&table->predicted, &label, &table->of_place[place], err));
    }
  }
  table->label_counts = dm_calloc(table->predicted.n + 1, sizeof *table->label_counts);
  if (!table->label_counts) {
    return dm_error_memory(err);
  }
  return dm_pred_dist_init(&table->dist, &table->predicted, err);
}

void dm_table_release(dm_table *table) {
  dm_free(table->order);
  dm_index_release(&table->predicted);
  dm_free(table->of_place);
  dm_free(table->label_counts);
  dm_pred_dist_release(&table->dist);
  *table = (dm_table){0};
}

/* --- columns --- */

/* What one thread fills. */
typedef struct share {
  dm_thread thread;
  const dm_table *table;
  const dm_columns *columns;
  size_t first;
  size_t end;
  bool is_started;
} share;

void dm_table_fill(const dm_table *table, const dm_columns *columns, int threads) {
  enum { WORTH_A_THREAD = 1 << 14 };
  size_t n = table->n / WORTH_A_THREAD;
  n = n > (size_t)threads ? (size_t)threads : n;
  share single;
  share *shares = n > 1 ? dm_calloc(n, sizeof *shares) : NULL;
  if (!shares) {
    shares = &single;
    n = 1;
  }
  for (size_t k = 0; k < n; k++) {
    shares[k] = (share){.table = table,
                        .columns = columns,
                        .first = table->n / n * k,
                        .end = k + 1 < n ? table->n / n * (k + 1) : table->n};
    shares[k].is_started =
        k > 0 && dm_thread_start(&shares[k].thread, fill_share, &shares[k]);
  }
  for (size_t k = 0; k < n; k++) {
    if (shares[k].is_started) {
      dm_thread_join(&shares[k].thread);
    } else {
      fill_share(&shares[k]);
    }
  }
  if (shares != &single) {
    dm_free(shares);
  }
}

static void fill_share(void *data) {
  const share *part = data;
  slice s = {.states = part->table->states, .columns = part->columns};
  for (s.first = part->first; s.first < part->end; s.first += SLICE) {
    s.n = part->end - s.first < SLICE ? part->end - s.first : SLICE;
    s.order = part->table->order + s.first;
    for (size_t i = 0; i < s.n; i++) {
      s.accum[i] = *accum_at(part->table, s.first + i);
      dm_states_prefetch_more(s.states, s.order[i]);
    }
    fill_slice(&s);
  }
}

static void fill_slice(const slice *s) {
  const dm_columns *c = s->columns;
  for (int column = 0; column < DM_N_IDENTS; column++) {
    if (c->integers[column]) {
      take_integers(s, (dm_ident_column)column, c->integers[column] + s->first);
    }
    if (c->doubles[column]) {
      take_doubles(s, (dm_ident_column)column, c->doubles[column] + s->first);
    }
  }
  for (int column = 0; column < DM_N_COUNTS; column++) {
    if (c->counts[column]) {
      take_counts(s, (dm_count_column)column, c->counts[column] + s->first);
    }
  }
  for (int column = 0; column < DM_N_NUMBERS; column++) {
    if (c->numbers[column]) {
      take_numbers(s, (dm_number_column)column, c->numbers[column] + s->first);
    }
  }
  size_t n_signals = c->signals ? s->states->options.n_signals : 0;
  for (size_t k = 0; k < n_signals * DM_N_STATISTICS; k++) {
    take_signal(s, k / DM_N_STATISTICS, (dm_signal_statistic)(k % DM_N_STATISTICS),
                c->signals[k] + s->first);
  }
  for (int metric = 0; metric < DM_N_METRICS; metric++) {
    const dm_metric_info *info = &dm_metrics[metric];
    if (c->times[metric]) {
      take_value(s, info, c->times[metric] + s->first, NULL);
    } else if (c->metrics[metric] && !info->value) {
      take_measure(s, info, c->metrics[metric] + s->first);
    } else if (c->metrics[metric]) {
      take_value(s, info, NULL, c->metrics[metric] + s->first);
    }
  }
}

/* The integer that a sample has for an id or label. */
DM_INLINE int64_t integer_of(const slice *s, dm_ident_column column, size_t i) {
  const dm_accum *a = &s->accum[i];
  switch (column) {
    case DM_COLUMN_ID:
      return dm_index_integer(&s->states->ids, s->order[i]);
    case DM_COLUMN_LABEL:
      return dm_index_integer(&s->states->labels, a->label);
    default:
      return a->s_label ? dm_index_integer(&s->states->s_labels, a->s_label - 1) : 0;
  }
}

static void take_integers(const slice *s, dm_ident_column column, int32_t *out) {
  for (size_t i = 0; i < s->n; i++) {
    out[i] = (int32_t)integer_of(s, column, i);
  }
}

static void take_doubles(const slice *s, dm_ident_column column, double *out) {
  for (size_t i = 0; i < s->n; i++) {
    out[i] = (double)integer_of(s, column, i);
  }
}

DM_INLINE uint32_t count_of(const dm_accum *a, dm_count_column column) {
  switch (column) {
    case DM_COLUMN_CORRECT_TIMES:
      return a->n_correct;
    case DM_COLUMN_FORGETTING_TIMES:
      return a->n_forgetting;
    case DM_COLUMN_LEARNT_TIMES:
      return dm_accum_n_learning(a);
    case DM_COLUMN_FIRST_FORGET:
      return a->first_forgetting;
    case DM_COLUMN_FIRST_LEARN:
      return a->first_learning;
    default:
      return a->n;
  }
}

static void take_counts(const slice *s, dm_count_column column, int32_t *out) {
  for (size_t i = 0; i < s->n; i++) {
    out[i] = (int32_t)count_of(&s->accum[i], column);
  }
}

DM_INLINE double number_of(const dm_accum *a, dm_number_column column) {
  switch (column) {
    case DM_COLUMN_CORRECT_RATIO:
      return dm_accum_correct_ratio(a);
    case DM_COLUMN_AVG_PROBS:
      return dm_accum_mean(a);
    case DM_COLUMN_LABEL_VAR:
      return dm_accum_variance(a);
    case DM_COLUMN_MAX_LABEL_PROBS:
      return dm_accum_max(a);
    default:
      return dm_accum_min(a);
  }
}

static void take_numbers(const slice *s, dm_number_column column, double *out) {
  for (size_t i = 0; i < s->n; i++) {
    const dm_accum *a = &s->accum[i];
    out[i] = a->n ? number_of(a, column) : dm_missing_double(&s->columns->missing);
  }
}

static double statistic_of(const dm_signal_accum *a, dm_signal_statistic statistic) {
  switch (statistic) {
    case DM_SIGNAL_MEAN:
      return dm_signal_mean(a);
    case DM_SIGNAL_VAR:
      return dm_signal_variance(a);
    case DM_SIGNAL_MIN:
      return dm_signal_min(a);
    case DM_SIGNAL_MAX:
      return dm_signal_max(a);
    default:
      return a->last;
  }
}

static void take_signal(const slice *s, size_t signal, dm_signal_statistic statistic,
                        double *out) {
  for (size_t i = 0; i < s->n; i++) {
    const dm_signal_accum *a = dm_kept_signal(&s->states->kept, s->order[i], signal);
    out[i] = a->is_given ? statistic_of(a, statistic)
                         : dm_missing_double(&s->columns->missing);
  }
}

/* A metric that is a statistic of a measure. */
static void take_measure(const slice *s, const dm_metric_info *metric, double *out) {
  const dm_keep *keep = &s->states->keep;
  size_t place = keep->n_signals +
                 dm_measure_place(keep->measures, dm_measure_find(metric->measure));
  bool is_mean = metric->statistic == DM_SIGNAL_MEAN;
  for (size_t i = 0; i < s->n; i++) {
    uint32_t n = s->accum[i].n;
    if (is_mean && dm_kept_mean(&s->states->kept, s->order[i], n, place, &out[i])) {
      continue;
    }
    dm_signal_accum a = dm_kept_get(&s->states->kept, s->order[i], n, place);
    out[i] = a.is_given ? statistic_of(&a, metric->statistic)
                        : dm_missing_double(&s->columns->missing);
  }
}

/* How many classes a sample's sums are of: as many as its first class vector had, or more
   where a later one did. The row goes on with zeros, which are of no class. */
static size_t n_classes_of(const dm_states *states, uint32_t row, const double *sums) {
  size_t n = states->class_sums.width;
  size_t first = dm_states_classes(states, row);
  while (n > first && sums[n - 1] == 0) {
    n--;
  }
  return n;
}

/* Of the others, those that are not NULL: a time or a real number. */
static void take_value(const slice *s, const dm_metric_info *metric, int32_t *times,
                       double *reals) {
  const dm_states *states = s->states;
  const dm_sums *sums = &states->class_sums;
  bool has_own = dm_rows_cap(&states->metrics) > 0;
  for (size_t i = 0; i < s->n; i++) {
    uint32_t row = s->order[i];
    const double *of_row = row < sums->n_rows ? dm_sums_row(sums, row) : NULL;
    dm_metric_sample sample = {
        .accum = &s->accum[i],
        .own = has_own ? dm_rows_at(&states->metrics, row) : NULL,
        .class_sums = of_row,
        .n_classes = of_row ? n_classes_of(states, row, of_row) : 0};
    double value;
    bool is_there = metric->value(&sample, &value);
    if (times) {
      times[i] = is_there ? (int32_t)value : s->columns->missing.int32;
    } else {
      reals[i] = is_there ? value : dm_missing_double(&s->columns->missing);
    }
  }
}

size_t dm_table_classes(const dm_table *table) {
  size_t most = dm_states_most_classes(table->states);
  size_t width = dm_state_width(table->states, DM_STATE_CLASS_SUMS);
  return width > most ? width : most;
}

void dm_table_probs(const dm_table *table, size_t width, const dm_missing *missing,
                    double *out) {
  const dm_states *states = table->states;
  const dm_sums *sums = &states->class_sums;
  bool has_own = dm_rows_cap(&states->metrics) > 0;
  for (size_t i = 0; i < table->n; i++) {
    uint32_t row = table->order[i];
    const dm_metric_accum *own = has_own ? dm_rows_at(&states->metrics, row) : NULL;
    int32_t n = own ? own->n_probs : 0;
    double divisor = states->options.keeps_last_probs ? 1 : n;
    const double *values = row < sums->n_rows ? dm_sums_row(sums, row) : NULL;
    for (size_t k = 0; k < width; k++) {
      double sum = values && k < sums->width ? values[k] : 0;
      out[k * table->n + i] = n ? sum / divisor : dm_missing_double(missing);
    }
  }
}

const char *dm_table_pred_dist(const dm_table *table, size_t i, size_t *len) {
  const dm_sums *labels = &table->states->predictions;
  const dm_sums *places = &table->states->places;
  uint32_t row = table->order[i];
  double *counts = table->label_counts;
  if (i + AHEAD < table->n) {
    dm_sums_prefetch(labels, table->order[i + AHEAD]);
    dm_sums_prefetch(places, table->order[i + AHEAD]);
  }
  for (size_t k = 0; k < table->predicted.n; k++) {
    counts[k] = k < labels->width ? dm_sums_row(labels, row)[k] : 0;
  }
  for (size_t place = 0; place < places->width; place++) {
    counts[table->of_place[place]] += dm_sums_row(places, row)[place];
  }
  for (size_t k = 0; k < table->predicted.n; k++) { /* more only in a state that lies */
    counts[k] = counts[k] > DM_EVALUATIONS_MAX ? DM_EVALUATIONS_MAX : counts[k];
  }
  *len = dm_pred_dist_print(&table->dist, counts);
  return *len ? table->dist.text : NULL;
}

/* --- idents --- */

static const dm_index *index_of(const dm_table *table, dm_ident_column column) {
  return column == DM_COLUMN_ID      ? &table->states->ids
         : column == DM_COLUMN_LABEL ? &table->states->labels
                                     : &table->states->s_labels;
}

dm_ident_type dm_table_ident_type(const dm_table *table, dm_ident_column column) {
  return dm_index_type(index_of(table, column));
}

dm_ident dm_table_ident(const dm_table *table, dm_ident_column column, size_t i) {
  size_t row = table->order[i];
  if (column == DM_COLUMN_LABEL) {
    row = accum_at(table, i)->label;
  } else if (column == DM_COLUMN_S_LABEL) {
    uint32_t given = accum_at(table, i)->s_label;
    if (given == 0) {
      return dm_ident_from_int(0);
    }
    row = given - 1;
  }
  return dm_index_ident(index_of(table, column), row);
}
