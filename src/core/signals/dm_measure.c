/* From the class vector of a line to the measures whose means are metrics. Each formula
   is that of ?datamap-columns. */
#include "signals/dm_measure.h"

#include <math.h>

#include "number/dm_number.h"
#include "signals/dm_scores.h"

static const double LOG2_E = 1.4426950408889634;

static double measure_of(dm_measure measure, const dm_fields *fields, const double *probs,
                         size_t n, double label_probs);
static bool find_rival(const dm_fields *fields, const double *values, size_t n,
                       double *of_label, double *rival);
static double difference(double a, double b);
static double error_norm(const double *probs, size_t n, size_t place);

size_t dm_measure_place(uint32_t measures, dm_measure measure) {
  size_t place = 0;
  for (int i = 0; i < (int)measure; i++) {
    place += measures >> i & 1;
  }
  return place;
}

void dm_measure_line(uint32_t measures, const dm_fields *fields, const double *probs,
                     size_t n, double label_probs, double *out) {
  for (int i = 0; i < DM_N_MEASURES; i++) {
    if (measures >> i & 1) {
      *out++ = measure_of((dm_measure)i, fields, probs, n, label_probs);
    }
  }
}

static double measure_of(dm_measure measure, const dm_fields *fields, const double *probs,
                         size_t n, double label_probs) {
  double of_label;
  double rival;
  size_t place;
  switch (measure) {
    case DM_MEASURE_LOG_MARGIN: /* the softmax of logits keeps their differences */
      if (fields->logits) {
        if (find_rival(fields, fields->logits, fields->n_logits, &of_label, &rival)) {
          return difference(of_label, rival);
        }
      } else if (probs && find_rival(fields, probs, n, &of_label, &rival)) {
        return log(of_label) - log(rival);
      }
      break;
    case DM_MEASURE_PROB_MARGIN:
      if (probs && find_rival(fields, probs, n, &of_label, &rival)) {
        return difference(of_label, rival);
      }
      break;
    case DM_MEASURE_ERROR_NORM:
      if (probs && dm_find_class(fields, n, &place)) {
        return error_norm(probs, n, place);
      }
      break;
    case DM_MEASURE_ENTROPY:
      if (probs) {
        return dm_entropy(probs, n, 1);
      }
      break;
    case DM_MEASURE_ALEATORIC:
      of_label = label_probs * (1 - label_probs);
      return dm_is_finite(label_probs) ? dm_within_doubles(of_label) : of_label;
    case DM_MEASURE_LOG2_PROB:
      /* given or not: where it is what the logits say, these say it for p = 0 as well */
      if (fields->logits && dm_find_class(fields, fields->n_logits, &place) &&
          label_probs == dm_softmax(fields->logits, fields->n_logits, place)) {
        double nats = dm_log_softmax(fields->logits, fields->n_logits, place);
        return dm_is_finite(nats) ? dm_within_doubles(nats * LOG2_E) : nats;
      }
      return log2(label_probs);
    case DM_N_MEASURES:
      break;
  }
  return dm_double_from_bits(DM_ABSENT_BITS);
}

/* The value of the label's class and the largest of all others; NaN among these is the
   rival. False: there is no such class. */
static bool find_rival(const dm_fields *fields, const double *values, size_t n,
                       double *of_label, double *rival) {
  size_t y;
  if (!dm_find_class(fields, n, &y)) {
    return false;
  }
  *of_label = values[y];
  *rival = -INFINITY;
  for (size_t k = 0; k < n && !dm_is_nan(*rival); k++) {
    if (k != y && !(values[k] <= *rival)) {
      *rival = values[k];
    }
  }
  return true;
}

static double difference(double a, double b) {
  return dm_is_finite(a) && dm_is_finite(b) ? dm_within_doubles(a - b) : a - b;
}

/* What has no finite square is squared in this unit. */
static double error_norm(const double *probs, size_t n, size_t place) {
  const double unit = 0x1p540;
  double sum = 0;
  double scaled = 0;
  for (size_t k = 0; k < n; k++) {
    double error = probs[k] - (k == place ? 1 : 0);
    sum += error * error;
    scaled += error / unit * (error / unit);
  }
  return dm_is_finite(sum) || !dm_is_finite(scaled)
             ? sqrt(sum)
             : dm_within_doubles(sqrt(scaled) * unit);
}
