/* Running states: Welford's recurrence (1962) for mean and variance keeps its accuracy
   over a million evaluations, and gives exactly 0 for a constant. */
#include "dm_accum.h"

#include <math.h>

double dm_accum_mean(const dm_accum *a) {
  return a->is_not_finite ? NAN : a->mean;
}

double dm_accum_variance(const dm_accum *a) {
  return a->is_not_finite ? NAN : a->sum_of_squares / (double)a->n;
}

double dm_accum_max(const dm_accum *a) {
  return a->is_not_finite ? NAN : a->largest;
}

double dm_accum_min(const dm_accum *a) {
  return a->is_not_finite ? NAN : a->smallest;
}

double dm_accum_correct_ratio(const dm_accum *a) {
  return (double)a->n_correct / (double)a->n;
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
