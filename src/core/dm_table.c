/* Reads running states out, in the order of the summary. */
#include "dm_table.h"

#include <string.h>

static const dm_accum *accum_at(const dm_table *table, size_t i) {
  return dm_rows_at(&table->run->accum, table->order[i]);
}

dm_status dm_table_init(dm_table *table, dm_run *run, dm_error *err) {
  dm_index_freeze(&run->ids);
  return dm_table_init_live(table, run, err);
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
  return dm_index_order(&run->ids, table->order, err);
}

dm_table dm_table_slice(const dm_table *table, size_t first, size_t n) {
  return (dm_table){.run = table->run, .n = n, .order = table->order + first};
}

void dm_table_release(dm_table *table) {
  dm_free(table->order);
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

void dm_table_numbers(const dm_table *table, dm_number_column column, double *out) {
  for (size_t i = 0; i < table->n; i++) {
    const dm_accum *a = accum_at(table, i);
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
