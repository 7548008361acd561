/* Reads running states out, in the order of the summary. */
#include "dm_table.h"

#include <string.h>

static const dm_accum *accum_at(const dm_table *table, size_t i) {
  return dm_rows_at(&table->run->accum, table->order[i]);
}

dm_status dm_table_init(dm_table *table, dm_run *run, dm_error *err) {
  DM_TRY(dm_table_init_live(table, run, err));
  dm_index_freeze(&run->ids);
  return DM_OK;
}

dm_status dm_table_init_live(dm_table *table, const dm_run *run, dm_error *err) {
  *table = (dm_table){.run = run, .n = run->ids.n};
  size_t bytes;
  if (!dm_size_mul(table->n, sizeof *table->order, &bytes)) {
    return dm_error_memory(err);
  }
  table->order = dm_malloc(bytes);
  if (!table->order) {
    return dm_error_memory(err);
  }
  DM_TRY(dm_index_order(&run->ids, table->order, err));
  return run->keep.has_prediction ? dm_pred_dist_init(&table->dist, &run->predicted, err)
                                  : DM_OK;
}

dm_table dm_table_slice(const dm_table *table, size_t first, size_t n) {
  for (size_t i = first; i < first + n; i++) {
    dm_touch(accum_at(table, i));
    dm_index_touch(&table->run->ids, table->order[i]);
  }
  dm_table slice = *table;
  slice.n = n;
  slice.order += first;
  return slice;
}

void dm_table_release(dm_table *table) {
  dm_free(table->order);
  dm_pred_dist_release(&table->dist);
  *table = (dm_table){0};
}

void dm_table_counts(const dm_table *table, dm_count_column column, int32_t *out) {
  for (size_t i = 0; i < table->n; i++) {
    const dm_accum *a = accum_at(table, i);
    uint32_t value = 0;
    switch (column) {
      case DM_COLUMN_CORRECT_TIMES:
        value = a->n_correct;
        break;
      case DM_COLUMN_FORGETTING_TIMES:
        value = a->n_forgetting;
        break;
      case DM_COLUMN_LEARNT_TIMES:
        value = dm_accum_n_learning(a);
        break;
      case DM_COLUMN_FIRST_FORGET:
        value = a->first_forgetting;
        break;
      case DM_COLUMN_FIRST_LEARN:
        value = a->first_learning;
        break;
      case DM_COLUMN_EVALUATIONS:
        value = a->n;
        break;
    }
    out[i] = (int32_t)value;
  }
}

void dm_table_numbers(const dm_table *table, dm_number_column column, double missing,
                      double *out) {
  for (size_t i = 0; i < table->n; i++) {
    const dm_accum *a = accum_at(table, i);
    if (a->n == 0) {
      out[i] = missing;
      continue;
    }
    switch (column) {
      case DM_COLUMN_CORRECT_RATIO:
        out[i] = dm_accum_correct_ratio(a);
        break;
      case DM_COLUMN_AVG_PROBS:
        out[i] = dm_accum_mean(a);
        break;
      case DM_COLUMN_LABEL_VAR:
        out[i] = dm_accum_variance(a);
        break;
      case DM_COLUMN_MAX_LABEL_PROBS:
        out[i] = dm_accum_max(a);
        break;
      case DM_COLUMN_MIN_LABEL_PROBS:
        out[i] = dm_accum_min(a);
        break;
    }
  }
}

void dm_table_signal(const dm_table *table, size_t signal, dm_signal_statistic statistic,
                     double missing, double *out) {
  for (size_t i = 0; i < table->n; i++) {
    const dm_signal_accum *a =
        (const dm_signal_accum *)dm_rows_at(&table->run->signals, table->order[i]) +
        signal;
    if (!a->is_given) {
      out[i] = missing;
      continue;
    }
    switch (statistic) {
      case DM_SIGNAL_MEAN:
        out[i] = dm_signal_mean(a);
        break;
      case DM_SIGNAL_VAR:
        out[i] = dm_signal_variance(a);
        break;
      case DM_SIGNAL_MIN:
        out[i] = dm_signal_min(a);
        break;
      case DM_SIGNAL_MAX:
        out[i] = dm_signal_max(a);
        break;
      case DM_SIGNAL_LAST:
        out[i] = a->last;
        break;
    }
  }
}

void dm_table_times(const dm_table *table, dm_metric metric, int32_t missing,
                    int32_t *out) {
  for (size_t i = 0; i < table->n; i++) {
    const dm_accum *a = accum_at(table, i);
    int64_t t = metric == DM_METRIC_FIRST_CORRECT      ? dm_accum_first_correct(a)
                : metric == DM_METRIC_LEARNED_FOR_GOOD ? dm_accum_learned_for_good(a)
                                                       : dm_accum_forgotten_for_good(a);
    out[i] = t == DM_NEVER ? missing : (int32_t)t;
  }
}

const char *dm_table_pred_dist(const dm_table *table, size_t i, size_t *len) {
  const dm_sums *counts = &table->run->predictions;
  *len = counts->width
             ? dm_pred_dist_print(&table->dist, dm_sums_row(counts, table->order[i]),
                                  counts->width)
             : 0;
  return *len ? table->dist.text : NULL;
}

static double number_of(const dm_run *run, dm_metric metric, uint32_t row,
                        double missing) {
  const dm_metric_accum *a = dm_rows_at(&run->metrics, row);
  if (metric == DM_METRIC_LOSS_EMA) {
    return a->has_loss ? a->loss_average : missing;
  }
  return a->n_probs ? dm_entropy(dm_sums_row(&run->class_sums, row),
                                 run->class_sums.width, a->n_probs)
                    : missing;
}

void dm_table_metric(const dm_table *table, dm_metric metric, double missing,
                     double *out) {
  const dm_run *run = table->run;
  dm_measure measure = dm_metric_measure_of(metric);
  if (measure != DM_N_MEASURES) {
    size_t place = run->keep.n_signals + dm_metric_place(run->keep.measures, measure);
    dm_table_signal(table, place,
                    metric == DM_METRIC_EL2N_LAST ? DM_SIGNAL_LAST : DM_SIGNAL_MEAN,
                    missing, out);
    return;
  }
  for (size_t i = 0; i < table->n; i++) {
    out[i] = number_of(run, metric, table->order[i], missing);
  }
}

static const dm_index *index_of(const dm_table *table, dm_ident_column column) {
  return column == DM_COLUMN_ID      ? &table->run->ids
         : column == DM_COLUMN_LABEL ? &table->run->labels
                                     : &table->run->s_labels;
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
