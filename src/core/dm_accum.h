/* A sample's running state: what its evaluations so far add up to. */
#ifndef DM_ACCUM_H
#define DM_ACCUM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "dm_number.h"

/* 64 bytes, one cache line. All zero is the state before the first evaluation. */
typedef struct dm_accum {
  double mean;           /* of label_probs, updated by Welford's recurrence */
  double sum_of_squares; /* of the deviations from the mean */
  double smallest;
  double largest;
  uint32_t n; /* evaluations */
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
    a->mean = a->smallest = a->largest = label_probs;
    a->was_correct = a->was_correct_first = correct;
  }
  double difference = label_probs - a->mean;
  a->mean += difference / (double)a->n;
  a->sum_of_squares += difference * (label_probs - a->mean);
  a->smallest = label_probs < a->smallest ? label_probs : a->smallest;
  a->largest = label_probs > a->largest ? label_probs : a->largest;
  a->n_correct += correct;
  if (DM_UNLIKELY(a->was_correct != correct)) { /* a forgetting or a learning event */
    a->run_start = t;
    a->was_correct = correct;
    a->n_forgetting += !correct;
    uint32_t *first = correct ? &a->first_learning : &a->first_forgetting;
    *first = *first ? *first : t;
  }
  if (DM_UNLIKELY(!dm_is_finite(label_probs))) {
    a->is_not_finite = 1;
  }
}

/* Adds the evaluations of b, which came after those of a, so that a is as if all had been
   added one by one: counts exactly, mean and variance but for rounding. The label,
   s_label and classes of a stay. Both n together must not be above DM_EVALUATIONS_MAX. */
void dm_accum_merge(dm_accum *a, const dm_accum *b);

/* A user signal's running state over the lines that have it. */
typedef struct dm_signal_accum {
  double mean; /* of the finite values */
  double sum_of_squares;
  double smallest;
  double largest;
  double last;
  uint32_t n_finite;
  uint8_t is_given; /* at least one value */
  uint8_t has_nan;
  uint8_t has_above; /* Inf */
  uint8_t has_below; /* -Inf */
} dm_signal_accum;

void dm_signal_add(dm_signal_accum *a, double value);
/* As dm_accum_merge(). */
void dm_signal_merge(dm_signal_accum *a, const dm_signal_accum *b);

/* Results of a state, NaN where a value that was not finite leaves none. n > 0. */
static inline double dm_accum_mean(const dm_accum *a) {
  return DM_UNLIKELY(a->is_not_finite) ? NAN : a->mean;
}

/* With the divisor n. */
static inline double dm_accum_variance(const dm_accum *a) {
  return DM_UNLIKELY(a->is_not_finite) ? NAN : a->sum_of_squares / (double)a->n;
}

static inline double dm_accum_max(const dm_accum *a) {
  return DM_UNLIKELY(a->is_not_finite) ? NAN : a->largest;
}

static inline double dm_accum_min(const dm_accum *a) {
  return DM_UNLIKELY(a->is_not_finite) ? NAN : a->smallest;
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
