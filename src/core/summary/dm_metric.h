/* The metrics that a summary has on request: what each is made of, and what is kept of a
   sample for them. */
#ifndef DM_METRIC_H
#define DM_METRIC_H

#include "signals/dm_measure.h"
#include "summary/dm_accum.h"

/* A column of the summary each; a set of them is a sum of DM_METRIC_BIT(). */
typedef enum dm_metric {
  DM_METRIC_AUM,              /* mean of the log margin */
  DM_METRIC_PROB_MARGIN,      /* mean of the margin of the probabilities */
  DM_METRIC_EL2N,             /* mean of the error norm */
  DM_METRIC_EL2N_LAST,        /* the last one */
  DM_METRIC_MEAN_ENTROPY,     /* of the class probabilities, in nats */
  DM_METRIC_ENTROPY_OF_MEAN,  /* of their mean over the evaluations */
  DM_METRIC_ALEATORIC,        /* mean of p (1 - p), p = label_probs */
  DM_METRIC_MEAN_LOG2_PROB,   /* mean of log2 p */
  DM_METRIC_LOSS_EMA,         /* exponential moving average of the signal "loss" */
  DM_METRIC_FIRST_CORRECT,    /* these three are evaluations, from 0 */
  DM_METRIC_LEARNED_FOR_GOOD, /* see dm_accum */
  DM_METRIC_FORGOTTEN_FOR_GOOD,
  DM_METRIC_PRED_DIST, /* how often each label was predicted */
  DM_N_METRICS
} dm_metric;

#define DM_METRIC_BIT(metric) (UINT32_C(1) << (metric))

/* What metrics need of a sample beside dm_accum and the dm_signal_accum of measures. All
   zero is the state before the first evaluation. Members are of the types of dm_state.h,
   where each has its row. */
typedef struct dm_metric_accum {
  double loss_average; /* a_0 = loss_0, a_t = d a_{t-1} + (1 - d) loss_t */
  double loss_first;
  double loss_weight; /* d to the power of the number of losses */
  int32_t has_loss;
  int32_t n_probs; /* class vectors in the sample's row of class sums */
} dm_metric_accum;

typedef enum dm_metric_kind {
  DM_METRIC_REAL,
  DM_METRIC_TIME, /* an evaluation, from 0; missing where it never came */
  DM_METRIC_TEXT  /* see dm_table_pred_dist() */
} dm_metric_kind;

/* What has to be kept of each line and each sample; a sum of these. */
enum {
  DM_NEEDS_VECTOR = 1,     /* every digit of its class vector */
  DM_NEEDS_PROBS = 2,      /* its class probabilities */
  DM_NEEDS_PREDICTION = 4, /* its predicted label */
  DM_NEEDS_STATE = 8       /* a dm_metric_accum of the sample */
};

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
  /* of which measure it is which statistic; DM_N_MEASURES: of none */
  dm_measure measure;
  dm_signal_statistic statistic;
  /* else what it is of a sample; false: missing. NULL: see its kind */
  bool (*value)(const dm_metric_sample *sample, double *out);
} dm_metric_info;

extern const dm_metric_info dm_metrics[DM_N_METRICS];

/* The metric of that name; DM_N_METRICS: none. */
dm_metric dm_metric_find(const char *name);

/* What these metrics need, all together. */
unsigned dm_metric_needs(uint32_t metrics);

/* What a run of these metrics keeps of each line. */
dm_keep dm_metric_keep(size_t n_signals, uint32_t metrics);

#define DM_LOSS_DECAY 0.9 /* d */

/* What a line adds to the state of its sample. */
typedef struct dm_metric_line {
  double loss;
  bool has_loss;
  bool has_probs; /* which have been added to the class sums */
} dm_metric_line;

void dm_metric_add(dm_metric_accum *a, uint32_t metrics, const dm_metric_line *line);
/* Adds b, which came after a, as dm_accum_merge() does. */
void dm_metric_merge(dm_metric_accum *a, const dm_metric_accum *b);

#endif
