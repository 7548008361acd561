/* Running states: Welford's recurrence (1962) for mean and variance keeps its accuracy
   over a million evaluations, and gives exactly 0 for a constant. Two states are joined
   as Chan, Golub and LeVeque do (1979, "Updating formulae and a pairwise algorithm for
   computing sample variances"). Where the square of a deviation, or the deviation itself,
   may be beyond the largest double, both are done with halves and with squares in units
   that are powers of two. */
#include "summary/dm_accum.h"

#include <assert.h>
#include <math.h>

const char *const dm_statistic_names[DM_N_STATISTICS] = {
    [DM_SIGNAL_MEAN] = "mean", [DM_SIGNAL_VAR] = "var",   [DM_SIGNAL_MIN] = "min",
    [DM_SIGNAL_MAX] = "max",   [DM_SIGNAL_LAST] = "last",
};

int64_t dm_accum_first_correct(const dm_accum *a) {
  return a->was_correct_first ? 0 : a->first_learning ? a->first_learning : DM_NEVER;
}

int64_t dm_accum_learned_for_good(const dm_accum *a) {
  return a->was_correct ? a->run_start : DM_NEVER;
}

int64_t dm_accum_forgotten_for_good(const dm_accum *a) {
  return a->n_correct && !a->was_correct ? a->run_start : DM_NEVER;
}

/* --- moments --- */

/* The difference of two values in DM_FAR_UNIT, from the difference of their halves. */
static double far_difference(double half) {
  return half / (DM_FAR_UNIT / 2);
}

static double far_squares(const dm_moments *m) {
  return dm_moments_are_far(m) ? m->sum_of_squares
                               : m->sum_of_squares / DM_FAR_UNIT / DM_FAR_UNIT;
}

bool dm_moments_add_far(dm_moments *m, uint32_t n, double x) {
  if (!dm_is_finite(x)) {
    return false;
  }
  double half = x / 2 - m->mean / 2;
  double mean = 2 * (m->mean / 2 + half / (double)n);
  m->sum_of_squares =
      far_squares(m) + far_difference(half) * far_difference(x / 2 - mean / 2);
  m->mean = mean;
  m->smallest = x < m->smallest ? x : m->smallest;
  m->largest = x > m->largest ? x : m->largest;
  return true;
}

void dm_moments_merge(dm_moments *a, uint32_t n_a, const dm_moments *b, uint32_t n_b) {
  double share = (double)n_b / ((double)n_a + (double)n_b);
  dm_moments sum = *a;
  sum.smallest = b->smallest < a->smallest ? b->smallest : a->smallest;
  sum.largest = b->largest > a->largest ? b->largest : a->largest;
  if (dm_moments_are_far(&sum)) {
    double half = b->mean / 2 - a->mean / 2;
    double difference = far_difference(half);
    sum.mean = 2 * (a->mean / 2 + half * share);
    sum.sum_of_squares =
        far_squares(a) + (far_squares(b) + difference * difference * share * (double)n_a);
  } else {
    double difference = b->mean - a->mean;
    sum.mean += difference * share;
    sum.sum_of_squares +=
        b->sum_of_squares + difference * difference * share * (double)n_a;
  }
  *a = sum;
}

/* --- samples --- */

void dm_accum_merge(dm_accum *a, const dm_accum *b) {
  if (b->n == 0) {
    return;
  }
  if (a->n == 0) {
    dm_accum merged = *b;
    merged.label = a->label;
    merged.s_label = a->s_label;
    merged.classes = a->classes;
    *a = merged;
    return;
  }
  assert(b->n <= DM_EVALUATIONS_MAX - a->n);
  dm_moments_merge(&a->moments, a->n, &b->moments, b->n);
  a->is_not_finite |= b->is_not_finite;
  /* the first of b is an event of its own, beside the last of a */
  bool is_forgetting = a->was_correct && !b->was_correct_first;
  bool is_learning = !a->was_correct && b->was_correct_first;
  if (a->first_forgetting == 0 && (is_forgetting || b->first_forgetting)) {
    a->first_forgetting = a->n + (is_forgetting ? 0 : b->first_forgetting);
  }
  if (a->first_learning == 0 && (is_learning || b->first_learning)) {
    a->first_learning = a->n + (is_learning ? 0 : b->first_learning);
  }
  if (is_forgetting || is_learning || b->run_start) {
    a->run_start = a->n + b->run_start;
  }
  a->n_forgetting += b->n_forgetting + is_forgetting;
  a->n_correct += b->n_correct;
  a->was_correct = b->was_correct;
  a->n += b->n;
}

/* --- signals --- */

void dm_signal_add(dm_signal_accum *a, double value) {
  a->last = value;
  a->is_given = 1;
  if (dm_is_nan(value)) {
    a->has_nan = 1;
    return;
  }
  if (!dm_is_finite(value)) {
    a->has_above |= value > 0;
    a->has_below |= value < 0;
    return;
  }
  (void)dm_moments_add(&a->moments, ++a->n_finite, value);
}

void dm_signal_merge(dm_signal_accum *a, const dm_signal_accum *b) {
  if (a->n_finite == 0) {
    a->moments = b->moments;
  } else if (b->n_finite) {
    dm_moments_merge(&a->moments, a->n_finite, &b->moments, b->n_finite);
  }
  a->n_finite += b->n_finite;
  a->last = b->is_given ? b->last : a->last;
  a->is_given |= b->is_given;
  a->has_nan |= b->has_nan;
  a->has_above |= b->has_above;
  a->has_below |= b->has_below;
}

double dm_signal_mean(const dm_signal_accum *a) {
  if (a->has_nan || (a->has_above && a->has_below)) {
    return NAN;
  }
  return a->has_above ? INFINITY : a->has_below ? -INFINITY : a->moments.mean;
}

double dm_signal_variance(const dm_signal_accum *a) {
  return a->has_nan || a->has_above || a->has_below
             ? NAN
             : dm_moments_variance(&a->moments, a->n_finite);
}

double dm_signal_max(const dm_signal_accum *a) {
  if (a->has_nan) {
    return NAN;
  }
  return a->has_above ? INFINITY : a->n_finite ? a->moments.largest : -INFINITY;
}

double dm_signal_min(const dm_signal_accum *a) {
  if (a->has_nan) {
    return NAN;
  }
  return a->has_below ? -INFINITY : a->n_finite ? a->moments.smallest : INFINITY;
}
