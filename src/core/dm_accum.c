/* Running states: Welford's recurrence (1962) for mean and variance keeps its accuracy
   over a million evaluations, and gives exactly 0 for a constant. Two states are joined
   as Chan, Golub and LeVeque do (1979, "Updating formulae and a pairwise algorithm for
   computing sample variances"). */
#include "dm_accum.h"

#include <assert.h>
#include <math.h>

int64_t dm_accum_first_correct(const dm_accum *a) {
  return a->was_correct_first ? 0 : a->first_learning ? a->first_learning : DM_NEVER;
}

int64_t dm_accum_learned_for_good(const dm_accum *a) {
  return a->was_correct ? a->run_start : DM_NEVER;
}

int64_t dm_accum_forgotten_for_good(const dm_accum *a) {
  return a->n_correct && !a->was_correct ? a->run_start : DM_NEVER;
}

/* Mean and sum of squares of n values and n_more others, both above 0. */
static void merge_moments(double *mean, double *sum_of_squares, uint32_t n,
                          double mean_more, double sum_of_squares_more, uint32_t n_more) {
  double share = (double)n_more / ((double)n + (double)n_more);
  double difference = mean_more - *mean;
  *mean += difference * share;
  *sum_of_squares += sum_of_squares_more + difference * difference * share * (double)n;
}

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
  merge_moments(&a->mean, &a->sum_of_squares, a->n, b->mean, b->sum_of_squares, b->n);
  a->smallest = b->smallest < a->smallest ? b->smallest : a->smallest;
  a->largest = b->largest > a->largest ? b->largest : a->largest;
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
  a->n_finite++;
  if (a->n_finite == 1) {
    a->mean = a->smallest = a->largest = value;
    return;
  }
  double difference = value - a->mean;
  a->mean += difference / (double)a->n_finite;
  a->sum_of_squares += difference * (value - a->mean);
  a->smallest = value < a->smallest ? value : a->smallest;
  a->largest = value > a->largest ? value : a->largest;
}

void dm_signal_merge(dm_signal_accum *a, const dm_signal_accum *b) {
  if (a->n_finite == 0) {
    a->mean = b->mean;
    a->sum_of_squares = b->sum_of_squares;
    a->smallest = b->smallest;
    a->largest = b->largest;
  } else if (b->n_finite) {
    merge_moments(&a->mean, &a->sum_of_squares, a->n_finite, b->mean, b->sum_of_squares,
                  b->n_finite);
    a->smallest = b->smallest < a->smallest ? b->smallest : a->smallest;
    a->largest = b->largest > a->largest ? b->largest : a->largest;
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
  return a->has_above ? INFINITY : a->has_below ? -INFINITY : a->mean;
}

double dm_signal_variance(const dm_signal_accum *a) {
  return a->has_nan || a->has_above || a->has_below
             ? NAN
             : a->sum_of_squares / (double)a->n_finite;
}

double dm_signal_max(const dm_signal_accum *a) {
  if (a->has_nan) {
    return NAN;
  }
  return a->has_above ? INFINITY : a->n_finite ? a->largest : -INFINITY;
}

double dm_signal_min(const dm_signal_accum *a) {
  if (a->has_nan) {
    return NAN;
  }
  return a->has_below ? -INFINITY : a->n_finite ? a->smallest : INFINITY;
}
