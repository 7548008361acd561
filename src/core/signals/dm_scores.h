/* The numbers of a class vector: largest, softmax, entropy. */
#ifndef DM_SCORES_H
#define DM_SCORES_H

#include <stdbool.h>
#include <stddef.h>

bool dm_has_nan(const double *values, size_t n);

/* Where the first of the largest of n > 0 values stands, whatever NaN lie between, and
   exp(z_k) / sum exp(z). */
size_t dm_first_maximum(const double *values, size_t n);
double dm_softmax(const double *logits, size_t n, size_t k);
/* ln of that, also where it is too small for a double; NaN where it is NaN. Of finite
   logits it is finite: at least minus the largest double. */
double dm_log_softmax(const double *logits, size_t n, size_t k);
/* The softmax of all of them. */
void dm_softmax_all(const double *logits, size_t n, double *out);

/* - sum p ln p in nats, where p is each of n values over the divisor and 0 ln 0 = 0. NaN
   for a p below 0; of finite p finite. */
double dm_entropy(const double *values, size_t n, double divisor);
/* The same from the sum of p ln p, and whether all p were finite. */
double dm_entropy_from(double sum, bool are_finite);

#endif
