/* What the numbers of a class vector tell. */
#include "signals/dm_scores.h"

#include <math.h>

#include "number/dm_number.h"

bool dm_has_nan(const double *values, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (dm_is_nan(values[i])) {
      return true;
    }
  }
  return false;
}

size_t dm_first_maximum(const double *values, size_t n) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++) {
    if (!(values[i] <= values[best]) && values[i] == values[i]) { /* best may be NaN */
      best = i;
    }
  }
  return best;
}

/* Shifted by the maximum so that nothing overflows. */
double dm_softmax(const double *logits, size_t n, size_t k) {
  double shift = logits[dm_first_maximum(logits, n)];
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += exp(logits[i] - shift);
  }
  return exp(logits[k] - shift) / sum;
}

double dm_log_softmax(const double *logits, size_t n, size_t k) {
  size_t best = dm_first_maximum(logits, n);
  double shift = logits[best];
  double others = shift - shift; /* 0, or NaN */
  for (size_t i = 0; i < n; i++) {
    others += i == best ? 0 : exp(logits[i] - shift);
  }
  double difference = logits[k] - shift;
  if (dm_is_finite(logits[k]) && dm_is_finite(shift)) {
    difference = dm_within_doubles(difference);
  }
  return difference - log1p(others);
}

void dm_softmax_all(const double *logits, size_t n, double *out) {
  double shift = logits[dm_first_maximum(logits, n)];
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    out[i] = exp(logits[i] - shift);
    sum += out[i];
  }
  for (size_t i = 0; i < n; i++) {
    out[i] /= sum;
  }
}

double dm_entropy(const double *values, size_t n, double divisor) {
  double sum = 0;
  bool are_finite = true;
  for (size_t k = 0; k < n; k++) {
    double p = values[k] / divisor;
    sum += p == 0 ? 0 : p * log(p);
    are_finite = are_finite && dm_is_finite(p);
  }
  return dm_entropy_from(sum, are_finite);
}

double dm_entropy_from(double sum, bool are_finite) {
  sum = are_finite ? dm_within_doubles(sum) : sum;
  return sum == 0 ? 0 : -sum; /* no -0 */
}
