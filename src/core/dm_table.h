/* The finished summary, column by column, into memory that the caller allocated. */
#ifndef DM_TABLE_H
#define DM_TABLE_H

#include "dm_run.h"

typedef enum dm_count_column {
  DM_COLUMN_CORRECT_TIMES,
  DM_COLUMN_FORGETTING_TIMES,
  DM_COLUMN_LEARNT_TIMES,
  DM_COLUMN_FIRST_FORGET,
  DM_COLUMN_FIRST_LEARN,
  DM_COLUMN_EVALUATIONS
} dm_count_column;

typedef enum dm_number_column {
  DM_COLUMN_CORRECT_RATIO,
  DM_COLUMN_AVG_PROBS,
  DM_COLUMN_LABEL_VAR,
  DM_COLUMN_MAX_LABEL_PROBS,
  DM_COLUMN_MIN_LABEL_PROBS
} dm_number_column;

typedef enum dm_ident_column {
  DM_COLUMN_ID,
  DM_COLUMN_LABEL,
  DM_COLUMN_S_LABEL
} dm_ident_column;

typedef enum dm_signal_statistic {
  DM_SIGNAL_MEAN,
  DM_SIGNAL_VAR,
  DM_SIGNAL_MIN,
  DM_SIGNAL_MAX,
  DM_SIGNAL_LAST
} dm_signal_statistic;

typedef struct dm_table {
  const dm_run *run; /* borrowed */
  size_t n;          /* rows */
  uint32_t *order;   /* row of the run by row of the table */
  dm_pred_dist dist; /* only for the metric */
} dm_table;

/* Orders the rows of a run that has read all it will read (its look-up tables are given
   up). Zero-initialise; release once. DM_E_MEMORY. */
dm_status dm_table_init(dm_table *table, dm_run *run, dm_error *err) DM_MUST_CHECK;
/* The same for a run that goes on: the table is valid until then. */
dm_status dm_table_init_live(dm_table *table, const dm_run *run,
                             dm_error *err) DM_MUST_CHECK;
void dm_table_release(dm_table *table);

/* Rows first to first + n - 1 as a table of their own, not to be released. Filling all
   columns slice by slice reads each state from far memory once and not once a column,
   and all of a slice at the same time. */
dm_table dm_table_slice(const dm_table *table, size_t first, size_t n);

/* Each fills table->n elements; missing stands for what a sample has none of: numbers,
   where none of its evaluations counts, a signal where no line has it, an event that
   never came. */
void dm_table_counts(const dm_table *table, dm_count_column column, int32_t *out);
void dm_table_numbers(const dm_table *table, dm_number_column column, double missing,
                      double *out);
void dm_table_signal(const dm_table *table, size_t signal, dm_signal_statistic statistic,
                     double missing, double *out);
/* The metrics that the run was asked for: first_correct, learned_for_good and
   forgotten_for_good; pred_dist, of one sample: *len bytes that are good until the next
   call, NULL where it is missing; all others. */
void dm_table_times(const dm_table *table, dm_metric metric, int32_t missing,
                    int32_t *out);
const char *dm_table_pred_dist(const dm_table *table, size_t i, size_t *len);
void dm_table_metric(const dm_table *table, dm_metric metric, double missing,
                     double *out);

/* How ids, labels or s_labels are typed, and one of them; text is borrowed. A sample
   without s_label has 0. */
dm_ident_type dm_table_ident_type(const dm_table *table, dm_ident_column column);
dm_ident dm_table_ident(const dm_table *table, dm_ident_column column, size_t i);

#endif
