/* From the class vector of a line to the measures whose means are metrics: a function
   each, and its row in the table below. Each formula is that of ?datamap-columns. */
#include "signals/dm_measure.h"

#include <math.h>
#include <string.h>

#include "number/dm_number.h"
#include "signals/dm_scores.h"

static const double LOG2_E = 1.4426950408889634;

/* A line and its n class probabilities, as given or the softmax of its logits; NULL: it
   has none. Then what one pass over them gives for all measures, so that each logarithm
   is taken once. */
typedef struct measured {
  const dm_fields *fields;
  const double *probs;
  size_t n;
  double label_probs;
  bool has_class; /* the label's is one of them; what follows needs it, but for entropy */
  bool has_logs;
  size_t place;
  double of_label;
  double rival; /* the largest of all others */
  double log_of_label;
  double log_of_rival;
  double squares; /* the sum of those of the errors */
  double entropy;
} measured;

/* In the order of their bits: a state keeps their means in it. */
#define MEASURES(MEASURE)                          \
  MEASURE(LOG_MARGIN, "log_margin", log_margin)    \
  MEASURE(PROB_MARGIN, "prob_margin", prob_margin) \
  MEASURE(ERROR_NORM, "error_norm", error_norm)    \
  MEASURE(ENTROPY, "entropy", entropy)             \
  MEASURE(ALEATORIC, "aleatoric", aleatoric)       \
  MEASURE(LOG2_PROB, "log2_prob", log2_prob)       \
  MEASURE(LOSS, "loss", loss) /* the last: see dm_keep */

enum {
#define NUMBER_OF(measure, ...) measure,
  MEASURES(NUMBER_OF)
#undef NUMBER_OF
      N_MEASURES
};
_Static_assert((int)N_MEASURES <= (int)DM_MEASURES_MAX,
               "more measures than a set has bits");

static bool find_rival(const dm_fields *fields, const double *values, size_t n,
                       double *of_label, double *rival);
static double difference(double a, double b);
static double norm_of_error(const measured *line);
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
  } else if (line->has_class) {
    return line->log_of_label - line->log_of_rival;
  }
  return absent();
}

/* p_y - max_{k != y} p_k */
static double prob_margin(const measured *line) {
  return line->has_class ? difference(line->of_label, line->rival) : absent();
}

/* ||p - onehot(y)||_2 */
static double error_norm(const measured *line) {
  return line->has_class ? norm_of_error(line) : absent();
}

static double entropy(const measured *line) {
  return line->probs ? line->entropy : absent();
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

static const char *const names[N_MEASURES] = {
#define NAME_OF(measure, name, of) name,
    MEASURES(NAME_OF)
#undef NAME_OF
};

/* --- sets of them --- */

dm_measures dm_measure_find(const char *name) {
  dm_measures bit = 0;
  for (int i = 0; i < N_MEASURES; i++) {
    if (strcmp(names[i], name) == 0) {
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

static bool are_finite(const double *probs, size_t n) {
  size_t k = 0;
  while (k < n && dm_is_finite(probs[k])) {
    k++;
  }
  return k == n;
}

/* The one pass. A NaN among the others is the rival. */
DM_INLINE void pass_probs(measured *line, bool has_all_logs) {
  const double *probs = line->probs;
  size_t y = line->has_class ? line->place : line->n;
  double rival = -INFINITY;
  double log_of_rival = NAN; /* of that */
  double squares = 0;
  double sum = 0; /* of p ln p */
  for (size_t k = 0; k < line->n; k++) {
    double p = probs[k];
    double log_of = 0;
    if (has_all_logs) {
      log_of = p == 0 ? -INFINITY : log(p);
      sum += p == 0 ? 0 : p * log_of;
    }
    double error = p - (k == y ? 1 : 0);
    squares += error * error;
    if (k == y) {
      line->of_label = p;
      line->log_of_label = log_of;
    } else if (!(p <= rival) && !dm_is_nan(rival)) {
      rival = p;
      log_of_rival = log_of;
    }
  }
  line->rival = rival;
  line->log_of_rival = log_of_rival;
  line->squares = squares;
  line->entropy =
      dm_entropy_from(sum, dm_is_finite(squares) || are_finite(probs, line->n));
}

static void look_at_probs(measured *line, dm_measures measures) {
  bool has_all_logs = measures >> ENTROPY & 1;
  line->has_class = dm_find_class(line->fields, line->n, &line->place);
  if (has_all_logs) {
    pass_probs(line, true);
  } else {
    pass_probs(line, false);
  }
  line->has_logs = line->has_class && has_all_logs;
  if (line->has_class && !has_all_logs && measures >> LOG_MARGIN & 1 &&
      !line->fields->logits) {
    line->log_of_label = log(line->of_label);
    line->log_of_rival = log(line->rival);
    line->has_logs = true;
  }
}

void dm_measure_line(dm_measures measures, const dm_fields *fields, const double *probs,
                     size_t n, double label_probs, double *out) {
  measured line = {.fields = fields, .probs = probs, .n = n, .label_probs = label_probs};
  if (probs) {
    look_at_probs(&line, measures);
  }
#define PUT(measure, name, of)   \
  if (measures >> (measure)&1) { \
    *out++ = of(&line);          \
  }
  MEASURES(PUT)
#undef PUT
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
  } else if (line->has_logs && log_of == log && line->label_probs == line->of_label) {
    return line->log_of_label;
  } else {
    return log_of(line->label_probs);
  }
  return dm_is_finite(nats) ? dm_within_doubles(nats * unit) : nats;
}

static double difference(double a, double b) {
  return dm_is_finite(a) && dm_is_finite(b) ? dm_within_doubles(a - b) : a - b;
}

/* What has no finite square is squared in this unit. */
static double norm_of_error(const measured *line) {
  const double unit = 0x1p540;
  if (dm_is_finite(line->squares)) {
    return sqrt(line->squares);
  }
  double scaled = 0;
  for (size_t k = 0; k < line->n; k++) {
    double error = line->probs[k] - (k == line->place ? 1 : 0);
    scaled += error / unit * (error / unit);
  }
  return dm_is_finite(scaled) ? dm_within_doubles(sqrt(scaled) * unit)
                              : sqrt(line->squares);
}
