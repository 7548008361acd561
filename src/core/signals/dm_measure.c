/* From the class vector of a line to the measures whose means are metrics: a function
   each, and its row in the table below. Each formula is that of ?datamap-columns. */
#include "signals/dm_measure.h"

#include <math.h>
#include <string.h>

#include "number/dm_number.h"
#include "signals/dm_scores.h"

static const double LOG2_E = 1.4426950408889634;

/* A line and its n class probabilities, as given or the softmax of its logits; NULL: it
   has none. */
typedef struct measured {
  const dm_fields *fields;
  const double *probs;
  size_t n;
  double label_probs;
} measured;

static bool find_rival(const dm_fields *fields, const double *values, size_t n,
                       double *of_label, double *rival);
static double difference(double a, double b);
static double norm_of_error(const double *probs, size_t n, size_t place);
static double log_prob(const measured *line, double unit, double (*log_of)(double));

static double absent(void) {
  return dm_double_from_bits(DM_ABSENT_BITS);
}

/* --- the measures --- */

/* ln p_y - max_{k != y} ln p_k; the softmax of logits keeps their differences. */
static double log_margin(const measured *line) {
  const dm_fields *fields = line->fields;
  double of_label;
  double rival;
  if (fields->logits) {
    if (find_rival(fields, fields->logits, fields->n_logits, &of_label, &rival)) {
      return difference(of_label, rival);
    }
  } else if (line->probs && find_rival(fields, line->probs, line->n, &of_label, &rival)) {
    return log(of_label) - log(rival);
  }
  return absent();
}

/* p_y - max_{k != y} p_k */
static double prob_margin(const measured *line) {
  double of_label;
  double rival;
  return line->probs && find_rival(line->fields, line->probs, line->n, &of_label, &rival)
             ? difference(of_label, rival)
             : absent();
}

/* ||p - onehot(y)||_2 */
static double error_norm(const measured *line) {
  size_t place;
  return line->probs && dm_find_class(line->fields, line->n, &place)
             ? norm_of_error(line->probs, line->n, place)
             : absent();
}

static double entropy(const measured *line) {
  return line->probs ? dm_entropy(line->probs, line->n, 1) : absent();
}

/* p (1 - p) of the label's probability */
static double aleatoric(const measured *line) {
  double product = line->label_probs * (1 - line->label_probs);
  return dm_is_finite(line->label_probs) ? dm_within_doubles(product) : product;
}

static double log2_prob(const measured *line) {
  return log_prob(line, LOG2_E, log2);
}

/* -ln p_y, and never -0 */
static double loss(const measured *line) {
  return 0 - log_prob(line, 1, log);
}

/* In the order of their bits: a state keeps their means in it. */
static const struct {
  const char *name;
  double (*of)(const measured *line);
} measures_there_are[] = {
    {"log_margin", log_margin},
    {"prob_margin", prob_margin},
    {"error_norm", error_norm},
    {"entropy", entropy},
    {"aleatoric", aleatoric},
    {"log2_prob", log2_prob},
    {"loss", loss}, /* the last: see dm_keep */
};

enum { N_MEASURES = sizeof measures_there_are / sizeof *measures_there_are };
_Static_assert(N_MEASURES <= 32, "more measures than a set has bits");

/* --- sets of them --- */

dm_measures dm_measure_find(const char *name) {
  dm_measures bit = 0;
  for (int i = 0; i < N_MEASURES; i++) {
    if (strcmp(measures_there_are[i].name, name) == 0) {
      bit = UINT32_C(1) << i;
    }
  }
  return bit;
}

size_t dm_measure_count(dm_measures measures) {
  size_t n = 0;
  for (; measures; measures >>= 1) {
    n += measures & 1;
  }
  return n;
}

void dm_measure_line(dm_measures measures, const dm_fields *fields, const double *probs,
                     size_t n, double label_probs, double *out) {
  measured line = {fields, probs, n, label_probs};
  for (int i = 0; i < N_MEASURES; i++) {
    if (measures >> i & 1) {
      *out++ = measures_there_are[i].of(&line);
    }
  }
}

/* --- what they share --- */

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

/* Given or not: where it is what the logits say, these say it for p = 0 as well. */
static double log_prob(const measured *line, double unit, double (*log_of)(double)) {
  const dm_fields *fields = line->fields;
  size_t place;
  double nats;
  if (fields->has_log_probs) {
    nats = fields->log_probs;
  } else if (fields->logits && dm_find_class(fields, fields->n_logits, &place) &&
             line->label_probs == dm_softmax(fields->logits, fields->n_logits, place)) {
    nats = dm_log_softmax(fields->logits, fields->n_logits, place);
  } else {
    return log_of(line->label_probs);
  }
  return dm_is_finite(nats) ? dm_within_doubles(nats * unit) : nats;
}

static double difference(double a, double b) {
  return dm_is_finite(a) && dm_is_finite(b) ? dm_within_doubles(a - b) : a - b;
}

/* What has no finite square is squared in this unit. */
static double norm_of_error(const double *probs, size_t n, size_t place) {
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
