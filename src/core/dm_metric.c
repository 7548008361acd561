/* From the class vector of a line to the measures whose means are metrics, and the states
   of samples that are no means. Each formula is that of ?datamap-columns. */
#include "dm_metric.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dm_format.h"
#include "dm_number.h"

static const double LOG2_E = 1.4426950408889634;

static double measure_of(dm_measure measure, const dm_fields *fields, const double *probs,
                         size_t n, double label_probs);
static bool find_rival(const dm_fields *fields, const double *values, size_t n,
                       double *of_label, double *rival);
static double within_doubles(double average);
static dm_status append_key(dm_buf *keys, const dm_ident *label, dm_error *err);

const char *dm_metric_name(dm_metric metric) {
  static const char *const names[DM_N_METRICS] = {
      [DM_METRIC_AUM] = "aum",
      [DM_METRIC_PROB_MARGIN] = "prob_margin",
      [DM_METRIC_EL2N] = "el2n",
      [DM_METRIC_EL2N_LAST] = "el2n_last",
      [DM_METRIC_MEAN_ENTROPY] = "mean_entropy",
      [DM_METRIC_ENTROPY_OF_MEAN] = "entropy_of_mean",
      [DM_METRIC_ALEATORIC] = "aleatoric",
      [DM_METRIC_MEAN_LOG2_PROB] = "mean_log2_prob",
      [DM_METRIC_LOSS_EMA] = "loss_ema",
      [DM_METRIC_FIRST_CORRECT] = "first_correct",
      [DM_METRIC_LEARNED_FOR_GOOD] = "learned_for_good",
      [DM_METRIC_FORGOTTEN_FOR_GOOD] = "forgotten_for_good",
      [DM_METRIC_PRED_DIST] = "pred_dist",
  };
  return names[metric];
}

/* --- lines --- */

dm_measure dm_metric_measure_of(dm_metric metric) {
  switch (metric) {
    case DM_METRIC_AUM:
      return DM_MEASURE_LOG_MARGIN;
    case DM_METRIC_PROB_MARGIN:
      return DM_MEASURE_PROB_MARGIN;
    case DM_METRIC_EL2N:
    case DM_METRIC_EL2N_LAST:
      return DM_MEASURE_ERROR_NORM;
    case DM_METRIC_MEAN_ENTROPY:
      return DM_MEASURE_ENTROPY;
    case DM_METRIC_ALEATORIC:
      return DM_MEASURE_ALEATORIC;
    case DM_METRIC_MEAN_LOG2_PROB:
      return DM_MEASURE_LOG2_PROB;
    default:
      return DM_N_MEASURES;
  }
}

dm_keep dm_metric_keep(size_t n_signals, uint32_t metrics) {
  dm_keep keep = {.n_signals = n_signals,
                  .has_probs = metrics & DM_METRIC_BIT(DM_METRIC_ENTROPY_OF_MEAN),
                  .has_prediction = metrics & DM_METRIC_BIT(DM_METRIC_PRED_DIST)};
  for (int metric = 0; metric < DM_N_METRICS; metric++) {
    dm_measure measure = dm_metric_measure_of((dm_metric)metric);
    if ((metrics >> metric & 1) && measure != DM_N_MEASURES) {
      keep.measures |= DM_MEASURE_BIT(measure);
    }
  }
  const uint32_t of_label_probs =
      DM_MEASURE_BIT(DM_MEASURE_ALEATORIC) | DM_MEASURE_BIT(DM_MEASURE_LOG2_PROB);
  keep.needs_probs =
      keep.has_probs || keep.has_prediction || (keep.measures & ~of_label_probs);
  return keep;
}

size_t dm_metric_place(uint32_t measures, dm_measure measure) {
  size_t place = 0;
  for (int i = 0; i < (int)measure; i++) {
    place += measures >> i & 1;
  }
  return place;
}

void dm_metric_measure(uint32_t measures, const dm_fields *fields, const double *probs,
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
          return of_label - rival;
        }
      } else if (probs && find_rival(fields, probs, n, &of_label, &rival)) {
        return log(of_label) - log(rival);
      }
      break;
    case DM_MEASURE_PROB_MARGIN:
      if (probs && find_rival(fields, probs, n, &of_label, &rival)) {
        return of_label - rival;
      }
      break;
    case DM_MEASURE_ERROR_NORM:
      if (probs && dm_find_class(fields, n, &place)) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) {
          double error = probs[k] - (k == place ? 1 : 0);
          sum += error * error;
        }
        return sqrt(sum);
      }
      break;
    case DM_MEASURE_ENTROPY:
      if (probs) {
        return dm_entropy(probs, n, 1);
      }
      break;
    case DM_MEASURE_ALEATORIC:
      return label_probs * (1 - label_probs);
    case DM_MEASURE_LOG2_PROB:
      /* given or not: where it is what the logits say, these say it for p = 0 as well */
      if (fields->logits && dm_find_class(fields, fields->n_logits, &place) &&
          label_probs == dm_softmax(fields->logits, fields->n_logits, place)) {
        return dm_log_softmax(fields->logits, fields->n_logits, place) * LOG2_E;
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

double dm_entropy(const double *values, size_t n, double divisor) {
  double sum = 0;
  for (size_t k = 0; k < n; k++) {
    double p = values[k] / divisor;
    sum += p == 0 ? 0 : p * log(p);
  }
  return sum == 0 ? 0 : -sum; /* no -0 */
}

/* --- samples --- */

void dm_metric_add_loss(dm_metric_accum *a, double loss) {
  if (!a->has_loss) {
    a->has_loss = 1;
    a->loss_weight = DM_LOSS_DECAY;
    a->loss_average = a->loss_first = loss;
    return;
  }
  a->loss_weight *= DM_LOSS_DECAY;
  double average = DM_LOSS_DECAY * a->loss_average + (1 - DM_LOSS_DECAY) * loss;
  bool was_finite = dm_is_finite(a->loss_average) && dm_is_finite(loss);
  a->loss_average = was_finite ? within_doubles(average) : average;
}

/* What lies between finite values is beyond the largest double by rounding only. */
static double within_doubles(double average) {
  return average > DBL_MAX ? DBL_MAX : average < -DBL_MAX ? -DBL_MAX : average;
}

/* The average of b starts at its first loss; had it started at the average of a, the
   difference between the two would now weigh d to the power of the losses of b. */
void dm_metric_merge(dm_metric_accum *a, const dm_metric_accum *b) {
  if (!a->has_loss) {
    a->has_loss = b->has_loss;
    a->loss_average = b->loss_average;
    a->loss_first = b->loss_first;
    a->loss_weight = b->loss_weight;
  } else if (b->has_loss) {
    bool is_finite = dm_is_finite(a->loss_average) && dm_is_finite(b->loss_average);
    double half = a->loss_average / 2 - b->loss_first / 2;
    a->loss_average =
        is_finite ? within_doubles(2 * (b->loss_average / 2 + b->loss_weight * half))
                  : a->loss_average + b->loss_average;
    a->loss_weight *= b->loss_weight;
  }
  a->n_probs += b->n_probs;
}

dm_status dm_sums_grow(dm_sums *sums, size_t rows, size_t width, dm_error *err) {
  if (width > sums->width) {
    /* labels come one by one, class vectors are as long as the first */
    size_t wider = sums->width ? 2 * sums->width : width;
    wider = wider < width ? width : wider;
    size_t bytes;
    if (!dm_size_mul(sums->cap_rows, wider, &bytes) ||
        !dm_size_mul(bytes, sizeof *sums->values, &bytes)) {
      return dm_error_memory(err);
    }
    double *values = dm_calloc(1, bytes);
    if (!values) {
      return dm_error_memory(err);
    }
    for (size_t i = 0; i < sums->n_rows && sums->width; i++) {
      memcpy(values + i * wider, dm_sums_row(sums, i), sums->width * sizeof *values);
    }
    dm_free(sums->values);
    sums->values = values;
    sums->width = wider;
  }
  if (rows > sums->cap_rows) {
    size_t cap = sums->cap_rows;
    size_t size = (sums->width ? sums->width : 1) * sizeof *sums->values;
    void *grown = dm_grow(sums->values, &cap, rows, size);
    if (!grown) {
      return dm_error_memory(err);
    }
    sums->values = grown;
    sums->cap_rows = cap;
  }
  if (rows > sums->n_rows) {
    if (sums->width) {
      memset(dm_sums_row(sums, sums->n_rows), 0,
             (rows - sums->n_rows) * sums->width * sizeof *sums->values);
    }
    sums->n_rows = rows;
  }
  return DM_OK;
}

void dm_sums_release(dm_sums *sums) {
  dm_free(sums->values);
  *sums = (dm_sums){0};
}

/* --- predicted labels --- */

typedef struct placed_label {
  dm_ident label;
  uint32_t column;
} placed_label;

static int compare_labels(const void *left, const void *right) {
  const dm_ident *a = &((const placed_label *)left)->label;
  const dm_ident *b = &((const placed_label *)right)->label;
  if (!a->text && !b->text) {
    return (a->value > b->value) - (a->value < b->value);
  }
  if (!a->text || !b->text) {
    return a->text ? 1 : -1;
  }
  int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

dm_status dm_pred_dist_init(dm_pred_dist *dist, const dm_index *labels, dm_error *err) {
  enum { DIGITS_MAX = 10 }; /* of a count, at most DM_EVALUATIONS_MAX */
  dm_status status = DM_OK;
  size_t n = labels->n;
  placed_label *placed = dm_calloc(n, sizeof *placed);
  dist->column = dm_calloc(n, sizeof *dist->column);
  dist->key_end = dm_calloc(n, sizeof *dist->key_end);
  if (!placed || !dist->column || !dist->key_end) {
    status = dm_error_memory(err);
    goto done;
  }
  for (size_t i = 0; i < n; i++) {
    placed[i] = (placed_label){.label = dm_index_ident(labels, i), .column = (uint32_t)i};
  }
  qsort(placed, n, sizeof *placed, compare_labels);
  for (size_t i = 0; i < n; i++) {
    DM_TRY_DONE(append_key(&dist->keys, &placed[i].label, err));
    dist->key_end[i] = dist->keys.len;
    dist->column[i] = placed[i].column;
  }
  dist->n = n;
  dist->text = dm_malloc(dist->keys.len + n * (DIGITS_MAX + sizeof ", ") + sizeof "{}");
  status = dist->text ? DM_OK : dm_error_memory(err);
done:
  dm_free(placed);
  return status;
}

void dm_pred_dist_release(dm_pred_dist *dist) {
  dm_free(dist->text);
  dm_free(dist->column);
  dm_free(dist->key_end);
  dm_buf_release(&dist->keys);
  *dist = (dm_pred_dist){0};
}

/* As Python's repr(), but always in single quotes. */
static dm_status append_key(dm_buf *keys, const dm_ident *label, dm_error *err) {
  static const char hex[] = "0123456789abcdef";
  char digits[DM_FORMAT_MAX];
  const char *text = label->text;
  size_t len = label->len;
  if (!text) {
    text = digits;
    len = dm_format_int64(label->value, digits);
  }
  DM_TRY(dm_buf_append(keys, "'", 1, err));
  for (size_t i = 0; i < len; i++) {
    char c = text[i];
    char escape[] = {'\\', c, 0, 0};
    size_t n = 2;
    if (c == '\n' || c == '\r' || c == '\t') {
      escape[1] = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
    } else if ((unsigned char)c < 0x20 || c == 0x7F) {
      escape[1] = 'x';
      escape[2] = hex[c >> 4];
      escape[3] = hex[c & 15];
      n = 4;
    } else if (c != '\'' && c != '\\') {
      escape[0] = c;
      n = 1;
    }
    DM_TRY(dm_buf_append(keys, escape, n, err));
  }
  return dm_buf_append(keys, "': ", 3, err);
}

size_t dm_pred_dist_print(const dm_pred_dist *dist, const double *counts) {
  char *p = dist->text;
  bool is_any = false;
  *p++ = '{';
  for (size_t i = 0, start = 0; i < dist->n; i++) {
    double count = counts[dist->column[i]];
    if (i > 0) {
      *p++ = ',';
      *p++ = ' ';
    }
    memcpy(p, dist->keys.data + start, dist->key_end[i] - start);
    p += dist->key_end[i] - start;
    start = dist->key_end[i];
    p += dm_format_int64((int64_t)count, p);
    is_any |= count > 0;
  }
  *p++ = '}';
  return is_any ? (size_t)(p - dist->text) : 0;
}
