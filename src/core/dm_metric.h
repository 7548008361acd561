/* The metrics that a summary has on request: what is kept of each line for them, and what
   of each sample. */
#ifndef DM_METRIC_H
#define DM_METRIC_H

#include "dm_accum.h"
#include "dm_event.h"
#include "dm_index.h"

/* A column of the summary each; a set of them is a sum of DM_METRIC_BIT(). R has the
   names that dm_metric_name() tells in the same order. */
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

/* Numbers of a line that metrics are means of. They stand behind its signals, in this
   order, those that no metric needs left out. */
typedef enum dm_measure {
  DM_MEASURE_LOG_MARGIN,  /* ln p_y - max_{k != y} ln p_k, the same from logits */
  DM_MEASURE_PROB_MARGIN, /* p_y - max_{k != y} p_k */
  DM_MEASURE_ERROR_NORM,  /* ||p - onehot(y)||_2 */
  DM_MEASURE_ENTROPY,
  DM_MEASURE_ALEATORIC,
  DM_MEASURE_LOG2_PROB,
  DM_N_MEASURES
} dm_measure;

#define DM_MEASURE_BIT(measure) (UINT32_C(1) << (measure))

const char *dm_metric_name(dm_metric metric);

/* The measure whose mean or last value a metric is; DM_N_MEASURES: it is none. */
dm_measure dm_metric_measure_of(dm_metric metric);

/* Where a measure stands among those of a set. */
size_t dm_metric_place(uint32_t measures, dm_measure measure);

/* What a run of these metrics keeps of each line. */
dm_keep dm_metric_keep(size_t n_signals, uint32_t metrics);

/* Writes the measures (bits of dm_measure) of a line to out, one after the other. probs
   are its n class probabilities, as given or the softmax of its logits, or NULL. What it
   lacks a class vector for, or a label that is one of the classes, has DM_ABSENT_BITS. */
void dm_metric_measure(uint32_t measures, const dm_fields *fields, const double *probs,
                       size_t n, double label_probs, double *out);

/* - sum p ln p in nats, where p is each of n values over the divisor and 0 ln 0 = 0. NaN
   for a p below 0. */
double dm_entropy(const double *values, size_t n, double divisor);

/* What metrics need of a sample beside dm_accum and the dm_signal_accum of measures. All
   zero is the state before the first evaluation. */
typedef struct dm_metric_accum {
  double loss_average; /* a_0 = loss_0, a_t = d a_{t-1} + (1 - d) loss_t */
  double loss_first;
  double loss_weight; /* d to the power of the number of losses */
  uint32_t has_loss;
  uint32_t n_probs; /* class vectors in the sample's row of class sums */
} dm_metric_accum;

#define DM_LOSS_DECAY 0.9 /* d */

void dm_metric_add_loss(dm_metric_accum *a, double loss);
/* Adds b, which came after a, as dm_accum_merge() does. */
void dm_metric_merge(dm_metric_accum *a, const dm_metric_accum *b);

/* Rows of sums, each as wide as the widest needs to be so far; what no row was given is
   0. Zero-initialise; release once. */
typedef struct dm_sums {
  double *values; /* row by row */
  size_t width;
  size_t n_rows;
  size_t cap_rows;
} dm_sums;

/* Makes rows 0 to rows - 1 exist, at least so wide. DM_E_MEMORY. */
dm_status dm_sums_grow(dm_sums *sums, size_t rows, size_t width,
                       dm_error *err) DM_MUST_CHECK;
void dm_sums_release(dm_sums *sums);

static inline double *dm_sums_row(const dm_sums *sums, size_t row) {
  return sums->values + row * sums->width;
}

/* Prints counts by label as a Python dict does: {'0': 1, '1': 7}. All labels of an index
   are in it, ascending: integers by value, then strings by their bytes. */
typedef struct dm_pred_dist {
  char *text;       /* room for the longest */
  uint32_t *column; /* of the counts, which is the label's row in the index */
  size_t *key_end;  /* in keys */
  dm_buf keys;      /* "'0': " and so on, one behind the other */
  size_t n;
} dm_pred_dist;

/* Zero-initialise; release also where this fails: DM_E_MEMORY. */
dm_status dm_pred_dist_init(dm_pred_dist *dist, const dm_index *labels,
                            dm_error *err) DM_MUST_CHECK;
void dm_pred_dist_release(dm_pred_dist *dist);
/* Prints to dist->text and returns how many bytes; 0 where all of the counts, one per row
   of the index, are 0. */
size_t dm_pred_dist_print(const dm_pred_dist *dist, const double *counts);

#endif
