/* The finished summary, into columns that the caller allocated. */
#ifndef DM_TABLE_H
#define DM_TABLE_H

#include "number/dm_missing.h"
#include "summary/dm_pred_dist.h"
#include "summary/dm_states.h"

typedef enum dm_count_column {
  DM_COLUMN_CORRECT_TIMES,
  DM_COLUMN_FORGETTING_TIMES,
  DM_COLUMN_LEARNT_TIMES,
  DM_COLUMN_FIRST_FORGET,
  DM_COLUMN_FIRST_LEARN,
  DM_COLUMN_EVALUATIONS,
  DM_N_COUNTS
} dm_count_column;

typedef enum dm_number_column {
  DM_COLUMN_CORRECT_RATIO,
  DM_COLUMN_AVG_PROBS,
  DM_COLUMN_LABEL_VAR,
  DM_COLUMN_MAX_LABEL_PROBS,
  DM_COLUMN_MIN_LABEL_PROBS,
  DM_N_NUMBERS
} dm_number_column;

typedef enum dm_ident_column {
  DM_COLUMN_ID,
  DM_COLUMN_LABEL,
  DM_COLUMN_S_LABEL,
  DM_N_IDENTS
} dm_ident_column;

/* The columns that every summary has, in its order. */
typedef enum dm_summary_kind {
  DM_SUMMARY_IDENT,
  DM_SUMMARY_COUNT,
  DM_SUMMARY_NUMBER
} dm_summary_kind;

typedef struct dm_summary_column {
  const char *name;
  dm_summary_kind kind;
  int column; /* a dm_ident_column, dm_count_column or dm_number_column */
} dm_summary_column;

enum { DM_N_SUMMARY = DM_N_IDENTS + DM_N_COUNTS + DM_N_NUMBERS };
extern const dm_summary_column dm_summary_columns[DM_N_SUMMARY];

typedef struct dm_table {
  const dm_states *states; /* borrowed */
  size_t n;                /* rows */
  uint32_t *order;         /* row of the run by row of the table */
  /* only for the metric pred_dist */
  dm_index predicted;   /* those of the run, then what stands at places that were */
  uint32_t *of_place;   /* by place in the class vector: a row of predicted */
  double *label_counts; /* of a sample, per row of predicted */
  dm_pred_dist dist;
} dm_table;

/* Orders the rows of a run that has read all it will read (its look-up tables are given
   up). Zero-initialise; release once. DM_E_MEMORY. */
dm_status dm_table_init(dm_table *table, dm_states *states, dm_error *err) DM_MUST_CHECK;
/* The same for a run that goes on: the table is valid until then. */
dm_status dm_table_init_live(dm_table *table, const dm_states *states,
                             dm_error *err) DM_MUST_CHECK;
void dm_table_release(dm_table *table);

/* Where columns of table->n elements go; NULL for those that are not wanted. What a
   sample has none of is missing: numbers, where none of its evaluations counts, a signal
   where no line has it; of times, an event that never came (a count is 0 then). */
typedef struct dm_columns {
  int32_t *counts[DM_N_COUNTS];
  double *numbers[DM_N_NUMBERS];
  int32_t *integers[DM_N_IDENTS]; /* idents of DM_TYPE_INT32 */
  double *doubles[DM_N_IDENTS];   /* of DM_TYPE_DOUBLE */
  double **signals; /* DM_N_STATISTICS of each requested signal; NULL: none at all */
  int32_t *times[DM_N_METRICS];  /* those of DM_METRIC_TIME */
  double *metrics[DM_N_METRICS]; /* those of DM_METRIC_REAL */
  dm_missing missing;
} dm_columns;

/* Fills them, in so many threads (at least 1, the caller's among them). The metrics must
   be among those that the run was asked for. */
void dm_table_fill(const dm_table *table, const dm_columns *columns, int threads);

/* How many classes the class vectors have, the longest of them; and per sample and class
   the mean probability, or the last one where the run kept that, missing where a sample
   has no class vector: table->n times width of them, class by class. For runs that were
   asked for a metric that needs class sums. */
size_t dm_table_classes(const dm_table *table);
void dm_table_probs(const dm_table *table, size_t width, const dm_missing *missing,
                    double *out);

/* The metric pred_dist of one sample: *len bytes that are good until the next call, NULL
   where it is missing. */
const char *dm_table_pred_dist(const dm_table *table, size_t i, size_t *len);

/* How ids, labels or s_labels are typed, and one of them; text is borrowed. A sample
   without s_label has 0. */
dm_ident_type dm_table_ident_type(const dm_table *table, dm_ident_column column);
dm_ident dm_table_ident(const dm_table *table, dm_ident_column column, size_t i);

#endif
