/* A summary in the making: sources or rows of signals in, running states of samples out.
 */
#ifndef DM_RUN_H
#define DM_RUN_H

#include "signals/dm_crew.h"
#include "signals/dm_parse.h"
#include "summary/dm_accum.h"
#include "summary/dm_index.h"
#include "summary/dm_metric.h"
#include "summary/dm_sums.h"

/* The steps of a sample, and where its last line stands. All zero: none. */
typedef struct dm_step_state {
  double step;   /* the last one */
  double first;  /* so that a later stretch of time can be put behind an earlier one */
  uint64_t line; /* from 1 */
  int32_t file;
  uint8_t is_given;
  uint8_t is_first_unique; /* the first one was no epoch */
} dm_step_state;

typedef struct dm_counts {
  uint64_t lines; /* good + blank + bad + cut */
  uint64_t good;
  uint64_t blank;
  uint64_t bad; /* skipped */
  uint64_t cut; /* incomplete last lines that were ignored */
} dm_counts;

/* Where a batch comes from. */
typedef struct dm_origin {
  int32_t file;        /* index of the source, or -1 for a table */
  uint64_t first_line; /* from 1 */
  uint64_t first_byte;
} dm_origin;

/* Is given every line that counts, before the line is added to its sample's state: event
   i of a batch, whose sample has this row. With DM_E_FIELD or DM_E_SYNTAX it refuses the
   line (then the line is bad), with any other status it ends the run. With a sink the
   steps of an id may come in any order. */
typedef struct dm_sink {
  dm_status (*take)(void *ctx, const dm_batch *batch, size_t i, uint32_t row,
                    const dm_origin *origin, dm_error *err);
  void *ctx;
} dm_sink;

/* All of a run; read it freely, change it only by the functions below. */
typedef struct dm_run {
  dm_options options;
  dm_host host;
  dm_index ids;
  dm_index labels;
  dm_index s_labels;
  dm_rows accum;   /* dm_accum per row of ids */
  dm_rows steps;   /* dm_step_state per row; none while no line has a step */
  dm_rows classes; /* uint32_t per row; none while all class vectors are equally long */
  dm_rows indexes; /* uint32_t per row: label_index of its label, + 1; 0, and none while
                      no line has one */
  dm_rows signals; /* dm_signal_accum per row for each signal and measure */
  dm_rows metrics; /* dm_metric_accum per row; only for metrics that need it */
  dm_rows seen;    /* uint32_t per row: lines that count or not; only with a window */
  dm_sums class_sums;     /* class probabilities, summed per row; only for a metric */
  dm_sums predictions;    /* per row and row of predicted; only for a metric */
  dm_index predicted;     /* labels that were predicted or given */
  dm_sums places;         /* predictions of which only the place in the class vector is
                             known: per row and place; only for the same metric */
  uint32_t *class_labels; /* per place: the label that was said to stand there, as its row
                             in labels, + 1; 0: none; DM_LABELS_SEVERAL */
  size_t n_class_labels;
  size_t cap_class_labels;
  dm_keep keep;
  size_t loss_signal;      /* which of the signals is "loss", for a metric */
  bool has_window;         /* not all evaluations count */
  uint32_t common_classes; /* length of the first class vector */
  bool has_steps;
  bool has_back_steps;  /* a step below one that its id had before */
  double largest_step;  /* -Inf: none */
  double step_distance; /* the largest between a step and the largest before it */
  dm_counts counts;
  dm_problems problems;
  dm_parser *parser;
  dm_crew *crew; /* NULL until a source has more than a block, and with one thread */
  dm_batch batch;
  dm_block block;
  dm_sink sink; /* may be set before anything is read; take is NULL: none */
} dm_run;

/* options is copied, what it points to must outlive the run; host may be NULL. *out is to
   be freed also when this fails. DM_E_MEMORY; DM_E_INPUT for an option out of its range.
 */
dm_status dm_run_new(dm_run **out, const dm_options *options, const dm_host *host,
                     dm_error *err) DM_MUST_CHECK;
/* NULL is allowed. */
void dm_run_free(dm_run *run);

/* Reads the source to its end. file is what errors and problems call it. Everything that
   dm_source_read(), dm_lines_next() and a bad line can fail with. */
dm_status dm_run_source(dm_run *run, dm_source *source, int32_t file,
                        dm_error *err) DM_MUST_CHECK;

/* Applies a batch that was parsed with this run's options. Batches must come in the order
   of the lines; then the result is the same for any way of cutting the lines into
   batches. Fails with the batch's own error, DM_E_FIELD for steps out of order,
   DM_E_LIMIT, DM_E_MEMORY. */
dm_status dm_run_apply(dm_run *run, const dm_batch *batch, const dm_origin *origin,
                       dm_error *err) DM_MUST_CHECK;

/* The row of a sample, a new one of zeros where it is seen for the first time.
   DM_E_MEMORY, DM_E_LIMIT. */
dm_status dm_run_sample(dm_run *run, const dm_ident *id, uint32_t *row,
                        dm_error *err) DM_MUST_CHECK;

/* Makes the states of all rows of ids exist. DM_E_MEMORY. */
dm_status dm_run_grow(dm_run *run, dm_error *err) DM_MUST_CHECK;

/* Whether the run has rows in its metrics. */
static inline bool dm_run_has_metrics(const dm_run *run) {
  return run->keep.has_probs || run->options.metrics & DM_METRIC_BIT(DM_METRIC_LOSS_EMA);
}

/* How long the class vectors of a sample are, 0 for none; and to say so. DM_E_MEMORY. */
uint32_t dm_run_classes(const dm_run *run, uint32_t row);
dm_status dm_run_set_classes(dm_run *run, uint32_t row, uint32_t n_classes,
                             dm_error *err) DM_MUST_CHECK;

/* The label_index that a sample's label had first, + 1; 0: none; and to say so.
   DM_E_MEMORY. */
uint32_t dm_run_label_index(const dm_run *run, size_t row);
dm_status dm_run_set_label_index(dm_run *run, size_t row, uint32_t index_plus_1,
                                 dm_error *err) DM_MUST_CHECK;

/* The label of the class at a place of the class vectors: that which was said to stand
   there, its number where none was or several were; and to say so. DM_E_MEMORY. */
#define DM_LABELS_SEVERAL UINT32_MAX
dm_ident dm_run_class_label(const dm_run *run, size_t place);
dm_status dm_run_name_class(dm_run *run, size_t place, uint32_t label_plus_1,
                            dm_error *err) DM_MUST_CHECK;

/* Ends the threads; the run may read on, and then starts them again. */
void dm_run_rest(dm_run *run);

/* Takes one row of a table; number is its place, from 1 to 2^32. What fails is reported
   like a line of a file, bad rows are skipped if the options say so. Call
   dm_run_end_rows() at last. */
dm_status dm_run_row(dm_run *run, const dm_fields *fields, uint64_t number,
                     dm_error *err) DM_MUST_CHECK;
dm_status dm_run_end_rows(dm_run *run, dm_error *err) DM_MUST_CHECK;

#endif
