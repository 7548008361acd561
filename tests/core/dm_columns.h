/* One column of a table at a time. */
#ifndef DM_COLUMNS_H
#define DM_COLUMNS_H

#include <stdlib.h>

#include "summary/dm_run.h"
#include "summary/dm_table.h"

/* A missing value as this number, whatever the column. */
static inline dm_missing missing_as(double value) {
  return (dm_missing){.int32 = value == value ? (int32_t)value : -1,
                      .double_bits = dm_double_bits(value)};
}

static inline void fill_counts(const dm_table *table, dm_count_column column,
                               int32_t *out) {
  dm_columns columns = {.missing = missing_as(-1)};
  columns.counts[column] = out;
  dm_table_fill(table, &columns, 1);
}

static inline void fill_numbers(const dm_table *table, dm_number_column column,
                                double missing, double *out) {
  dm_columns columns = {.missing = missing_as(missing)};
  columns.numbers[column] = out;
  dm_table_fill(table, &columns, 1);
}

static inline void fill_signal(const dm_table *table, size_t signal,
                               dm_signal_statistic statistic, double missing,
                               double *out) {
  size_t n = table->states->options.n_signals * DM_N_STATISTICS;
  double **signals = malloc(n * sizeof *signals);
  double *unused = malloc((table->n + 1) * sizeof *unused);
  if (!signals || !unused) {
    abort();
  }
  for (size_t i = 0; i < n; i++) {
    signals[i] = i == signal * DM_N_STATISTICS + statistic ? out : unused;
  }
  dm_table_fill(table, &(dm_columns){.missing = missing_as(missing), .signals = signals},
                1);
  free(signals);
  free(unused);
}

static inline void fill_times(const dm_table *table, dm_metric metric, int32_t missing,
                              int32_t *out) {
  dm_columns columns = {.missing = missing_as(missing)};
  columns.times[metric] = out;
  dm_table_fill(table, &columns, 1);
}

static inline void fill_metric(const dm_table *table, dm_metric metric, double missing,
                               double *out) {
  dm_columns columns = {.missing = missing_as(missing)};
  columns.metrics[metric] = out;
  dm_table_fill(table, &columns, 1);
}

#endif
