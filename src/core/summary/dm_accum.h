/* A sample's running state: what its evaluations so far add up to. */
#ifndef DM_ACCUM_H
#define DM_ACCUM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "number/dm_number.h"

/* Mean and variance in the making, of finite values. All zero is the state before the
   first of them. */
typedef struct dm_moments {
  double mean;           /* updated by Welford's recurrence */
  double sum_of_squares; /* of the deviations from the mean; in units of DM_FAR_UNIT
                            squared where dm_moments_are_far() */
  double smallest;
  double largest;
} dm_moments;

/* 2^31 deviations up to here can be squared and added up, and in this unit those of any
   two doubles. */
#define DM_FAR 0x1p480
#define DM_FAR_UNIT 0x1p540

static inline bool dm_moments_are_far(const dm_moments *m) {
  return !(m->largest - m->smallest <= DM_FAR);
}

/* The same as dm_moments_add() for values that lie anywhere. */
bool dm_moments_add_far(dm_moments *m, uint32_t n, double x);

/* Adds x, the n-th value. False: it is not finite, and what m has from now on is worth
   nothing. */
static inline bool dm_moments_add(dm_moments *m, uint32_t n, double x) {
  if (n == 1) {
    m->mean = m->smallest = m->largest = x;
  }
  double smallest = x < m->smallest ? x : m->smallest;
  double largest = x > m->largest ? x : m->largest;
  if (DM_UNLIKELY(!(largest - smallest + 0 * x <= DM_FAR))) { /* also by NaN and Inf */
    return dm_moments_add_far(m, n, x);
  }
  double difference = x - m->mean;
  m->mean += difference / (double)n;
  m->sum_of_squares += difference * (x - m->mean);
  m->smallest = smallest;
  m->largest = largest;
  return true;
}

/* Adds b, of n_b values, to a, of n_a; both above 0. */
void dm_moments_merge(dm_moments *a, uint32_t n_a, const dm_moments *b, uint32_t n_b);

/* With the divisor n > 0; infinite only where the variance is beyond the largest double.
 */
static inline double dm_moments_variance(const dm_moments *m, uint32_t n) {
  double variance = m->sum_of_squares / (double)n;
  return DM_UNLIKELY(dm_moments_are_far(m)) ? variance * DM_FAR_UNIT * DM_FAR_UNIT
                                            : variance;
}

/* What a summary has of a signal; the names are the ends of its columns'. */
typedef enum dm_signal_statistic {
  DM_SIGNAL_MEAN,
  DM_SIGNAL_VAR,
  DM_SIGNAL_MIN,
  DM_SIGNAL_MAX,
  DM_SIGNAL_LAST,
  DM_N_STATISTICS
} dm_signal_statistic;

extern const char *const dm_statistic_names[DM_N_STATISTICS];

/* 64 bytes, one cache line. All zero is the state before the first evaluation. */
typedef struct dm_accum {
  dm_moments moments; /* of label_probs */
  uint32_t n;         /* evaluations */
  uint32_t n_correct;
  uint32_t n_forgetting; /* right, then wrong */
  uint32_t run_start;    /* since which evaluation all have been right, or all wrong */
  uint32_t first_forgetting; /* evaluation of the first event, from 0; 0 = never */
  uint32_t first_learning;
  uint32_t label;             /* row in the run's index of labels */
  uint32_t s_label : 27;      /* row in the run's index of s_labels, + 1; 0 = not given */
  uint32_t classes : 2;       /* dm_classes */
  uint32_t was_correct : 1;   /* at the last evaluation */
  uint32_t is_not_finite : 1; /* a label_probs was NaN or infinite */
  uint32_t was_correct_first : 1; /* at evaluation 0 */
} dm_accum;

enum { DM_EVALUATIONS_MAX = 0x7FFFFFFF };

enum { DM_S_LABELS_MAX = 0x7FFFFFE };

/* How long the class vectors of a sample are. */
typedef enum dm_classes {
  DM_CLASSES_NONE = 0, /* it has had none */
  DM_CLASSES_COMMON,   /* as long as the first of the run */
  DM_CLASSES_OTHER     /* of a length of its own, kept elsewhere */
} dm_classes;

/* Adds an evaluation. n must be below DM_EVALUATIONS_MAX. */
static inline void dm_accum_add(dm_accum *a, double label_probs, bool correct) {
  uint32_t t = a->n++;
  if (t == 0) {
    a->was_correct = a->was_correct_first = correct;
  }
  if (DM_UNLIKELY(!dm_moments_add(&a->moments, a->n, label_probs))) {
    a->is_not_finite = 1;
  }
  a->n_correct += correct;
  if (DM_UNLIKELY(a->was_correct != correct)) { /* a forgetting or a learning event */
    a->run_start = t;
    a->was_correct = correct;
    a->n_forgetting += !correct;
    uint32_t *first = correct ? &a->first_learning : &a->first_forgetting;
    *first = *first ? *first : t;
  }
}

/* Adds the evaluations of b, which came after those of a, so that a is as if all had been
   added one by one: counts exactly, mean and variance but for rounding. The label,
   s_label and classes of a stay. Both n together must not be above DM_EVALUATIONS_MAX. */
void dm_accum_merge(dm_accum *a, const dm_accum *b);

/* A user signal's running state over the lines that have it. */
typedef struct dm_signal_accum {
  dm_moments moments; /* of the finite values */
  double last;
  uint32_t n_finite;
  uint32_t is_given : 1; /* at least one value */
  uint32_t has_nan : 1;
  uint32_t has_above : 1;  /* Inf */
  uint32_t has_below : 1;  /* -Inf */
  uint32_t is_derived : 1; /* dm_kept's: its values are no line's */
} dm_signal_accum;

void dm_signal_add(dm_signal_accum *a, double value);
/* As dm_accum_merge(). */
void dm_signal_merge(dm_signal_accum *a, const dm_signal_accum *b);

/* Results of a state, NaN where a value that was not finite leaves none. n > 0. */
static inline double dm_accum_mean(const dm_accum *a) {
  return DM_UNLIKELY(a->is_not_finite) ? NAN : a->moments.mean;
}

/* With the divisor n. */
static inline double dm_accum_variance(const dm_accum *a) {
  return DM_UNLIKELY(a->is_not_finite) ? NAN : dm_moments_variance(&a->moments, a->n);
}

static inline double dm_accum_max(const dm_accum *a) {
  return DM_UNLIKELY(a->is_not_finite) ? NAN : a->moments.largest;
}

static inline double dm_accum_min(const dm_accum *a) {
  return DM_UNLIKELY(a->is_not_finite) ? NAN : a->moments.smallest;
}

static inline double dm_accum_correct_ratio(const dm_accum *a) {
  return (double)a->n_correct / (double)a->n;
}

/* Learning events (wrong, then right): between two of them lies a forgetting, so their
   number follows. */
static inline uint32_t dm_accum_n_learning(const dm_accum *a) {
  return a->n_forgetting + a->was_correct - a->was_correct_first;
}

/* Evaluations counted from 0, DM_NEVER where there is none: the first that is right; that
   since which all are right; that since which all are wrong, after one that was right. */
#define DM_NEVER INT64_C(-1)
int64_t dm_accum_first_correct(const dm_accum *a);
int64_t dm_accum_learned_for_good(const dm_accum *a);
int64_t dm_accum_forgotten_for_good(const dm_accum *a);

/* The same for a signal that is given; infinities count as in sums and comparisons. */
double dm_signal_mean(const dm_signal_accum *a);
double dm_signal_variance(const dm_signal_accum *a);
double dm_signal_max(const dm_signal_accum *a);
double dm_signal_min(const dm_signal_accum *a);

#endif
