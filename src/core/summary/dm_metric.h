/* The metrics that a summary has on request: what each is made of, and what is kept of a
   sample for them. */
#ifndef DM_METRIC_H
#define DM_METRIC_H

#include "signals/dm_measure.h"
#include "summary/dm_accum.h"
#include "summary/dm_state_field.h"

/* What has to be kept of each line and each sample; a sum of these. */
enum {
  DM_NEEDS_VECTOR = 1,     /* every digit of its class vector */
  DM_NEEDS_PROBS = 2,      /* its class probabilities */
  DM_NEEDS_PREDICTION = 4, /* its predicted label */
  DM_NEEDS_STATE = 8       /* a dm_metric_accum of the sample */
};

/* The metrics: each is a column of the summary, in this order.
   OF_MEASURE: the mean or the last value, all that is kept, of a measure of dm_measure.c,
   by its name.
   OF_SAMPLE: REAL, a TIME or a TEXT (dm_metric_kind) of what is kept of a sample, by a
   function of dm_metric.c; where that takes a measure of each line, its name. */
#define DM_METRICS(OF_MEASURE, OF_SAMPLE)                                                \
  OF_MEASURE(AUM, "aum", DM_NEEDS_VECTOR, "log_margin", MEAN)                            \
  OF_MEASURE(PROB_MARGIN, "prob_margin", DM_NEEDS_VECTOR, "prob_margin", MEAN)           \
  OF_MEASURE(EL2N, "el2n", DM_NEEDS_VECTOR, "error_norm", MEAN)                          \
  OF_MEASURE(EL2N_LAST, "el2n_last", DM_NEEDS_VECTOR, "error_norm", LAST)                \
  OF_MEASURE(MEAN_ENTROPY, "mean_entropy", DM_NEEDS_VECTOR, "entropy", MEAN)             \
  OF_SAMPLE(ENTROPY_OF_MEAN, "entropy_of_mean", REAL,                                    \
            DM_NEEDS_VECTOR | DM_NEEDS_PROBS | DM_NEEDS_STATE, NULL, entropy_of_mean)    \
  OF_MEASURE(ALEATORIC, "aleatoric", 0, "aleatoric", MEAN)                               \
  OF_MEASURE(MEAN_LOG2_PROB, "mean_log2_prob", 0, "log2_prob", MEAN)                     \
  OF_SAMPLE(LOSS_EMA, "loss_ema", REAL, DM_NEEDS_STATE, NULL, loss_average)              \
  OF_SAMPLE(FIRST_CORRECT, "first_correct", TIME, 0, NULL, first_correct)                \
  OF_SAMPLE(LEARNED_FOR_GOOD, "learned_for_good", TIME, 0, NULL, learned_for_good)       \
  OF_SAMPLE(FORGOTTEN_FOR_GOOD, "forgotten_for_good", TIME, 0, NULL, forgotten_for_good) \
  OF_SAMPLE(PRED_DIST, "pred_dist", TEXT, DM_NEEDS_VECTOR | DM_NEEDS_PREDICTION, NULL,   \
            NULL)                                                                        \
  OF_SAMPLE(SUGGESTED_PLACE, "suggested_place", TIME,                                    \
            DM_NEEDS_VECTOR | DM_NEEDS_PROBS | DM_NEEDS_STATE, NULL, suggested_place)    \
  OF_SAMPLE(SUGGESTED_PROB, "suggested_prob", REAL,                                      \
            DM_NEEDS_VECTOR | DM_NEEDS_PROBS | DM_NEEDS_STATE, NULL, suggested_prob)

/* Their numbers; a set of them is a sum of DM_METRIC_BIT(). */
typedef enum dm_metric {
#define NUMBER_OF(metric, ...) DM_METRIC_##metric,
  DM_METRICS(NUMBER_OF, NUMBER_OF)
#undef NUMBER_OF
      DM_N_METRICS
} dm_metric;

#define DM_METRIC_BIT(metric) (UINT32_C(1) << (metric))

/* Where the losses of a sample are from: derived ones count as long as none is given. */
typedef enum dm_loss_kind {
  DM_LOSS_NONE,
  DM_LOSS_GIVEN,
  DM_LOSS_DERIVED,
  DM_N_LOSS_KINDS
} dm_loss_kind;

/* What metrics need of a sample beside dm_accum and the means of measures (dm_kept). All
   zero is the state before the first evaluation. Each member has its row in the table of
   dm_metric_fields(). */
typedef struct dm_metric_accum {
  double loss_average; /* a_0 = loss_0, a_t = d a_{t-1} + (1 - d) loss_t */
  double loss_first;
  double loss_weight; /* d to the power of the number of losses */
  int32_t has_loss;   /* dm_loss_kind */
  int32_t n_probs;    /* class vectors in the sample's row of class sums */
} dm_metric_accum;

typedef enum dm_metric_kind {
  DM_METRIC_REAL,
  DM_METRIC_TIME, /* an evaluation or a place, from 0; missing where it never came */
  DM_METRIC_TEXT  /* see dm_table_pred_dist() */
} dm_metric_kind;

/* The states of a sample. */
typedef struct dm_metric_sample {
  const dm_accum *accum;
  const dm_metric_accum *own; /* NULL where no metric needs one, and then */
  const double *class_sums;   /* n_classes of them */
  size_t n_classes;
} dm_metric_sample;

typedef struct dm_metric_info {
  const char *name;
  dm_metric_kind kind;
  unsigned needs;
  const char *measure; /* that is derived from each line; NULL: none */
  /* what it is of a sample; false: missing. NULL: that of the measure, or a text */
  bool (*value)(const dm_metric_sample *sample, double *out);
  dm_signal_statistic statistic;
} dm_metric_info;

extern const dm_metric_info dm_metrics[DM_N_METRICS];

/* The metric of that name; DM_N_METRICS: none. */
dm_metric dm_metric_find(const char *name);

/* What these metrics need, all together. */
unsigned dm_metric_needs(uint32_t metrics);

/* What a run of these signals and metrics keeps of each line. */
dm_keep dm_metric_keep(const char *const *signals, size_t n_signals, uint32_t metrics);

#define DM_LOSS_DECAY 0.9 /* d */

/* What a line adds to the state of its sample. */
typedef struct dm_metric_line {
  const dm_keep *keep;
  const double *values; /* its signals, then its measures, as keep says */
  bool has_probs;       /* which have been added to the class sums */
} dm_metric_line;

void dm_metric_add(dm_metric_accum *a, uint32_t metrics, const dm_metric_line *line);
/* Adds b, which came after a, as dm_accum_merge() does. */
void dm_metric_merge(dm_metric_accum *a, const dm_metric_accum *b);

/* The members of dm_metric_accum as columns. */
const dm_state_field *dm_metric_fields(size_t *n);

/* Whether what was kept somewhere else can be that of a sample with n evaluations: NULL,
   or the name of the member that can't, and in *expected what it has to be. */
const char *dm_metric_wrong(const dm_metric_accum *a, uint32_t n, const char **expected);

#endif
