/* What metrics are of a sample, and the states of samples that are no means. Each formula
   is that of ?datamap-columns. */
#include "summary/dm_metric.h"

#include <string.h>

#include "number/dm_number.h"
#include "signals/dm_scores.h"

static bool loss_average(const dm_metric_sample *sample, double *out) {
  *out = sample->own->loss_average;
  return sample->own->has_loss;
}

static bool entropy_of_mean(const dm_metric_sample *sample, double *out) {
  if (sample->own->n_probs) {
    *out = dm_entropy(sample->class_sums, sample->n_classes, sample->own->n_probs);
  }
  return sample->own->n_probs;
}

/* The class of the largest mean probability; none where one is NaN. */
static bool suggested_place(const dm_metric_sample *sample, double *out) {
  bool is_there =
      sample->own->n_probs && !dm_has_nan(sample->class_sums, sample->n_classes);
  if (is_there) {
    *out = (double)dm_first_maximum(sample->class_sums, sample->n_classes);
  }
  return is_there;
}

static bool suggested_prob(const dm_metric_sample *sample, double *out) {
  double place;
  bool is_there = suggested_place(sample, &place);
  if (is_there) { /* without classes only in a state that lies */
    *out =
        sample->n_classes ? sample->class_sums[(size_t)place] / sample->own->n_probs : 0;
  }
  return is_there;
}

static bool time_of(int64_t evaluation, double *out) {
  *out = (double)evaluation;
  return evaluation != DM_NEVER;
}

static bool first_correct(const dm_metric_sample *sample, double *out) {
  return time_of(dm_accum_first_correct(sample->accum), out);
}

static bool learned_for_good(const dm_metric_sample *sample, double *out) {
  return time_of(dm_accum_learned_for_good(sample->accum), out);
}

static bool forgotten_for_good(const dm_metric_sample *sample, double *out) {
  return time_of(dm_accum_forgotten_for_good(sample->accum), out);
}

const dm_metric_info dm_metrics[DM_N_METRICS] = {
#define OF_MEASURE(metric, name, needs, measure, statistic) \
  {name, DM_METRIC_REAL, needs, measure, NULL, DM_SIGNAL_##statistic},
#define OF_SAMPLE(metric, name, kind, needs, measure, value) \
  {name, DM_METRIC_##kind, needs, measure, value, DM_SIGNAL_LAST},
    DM_METRICS(OF_MEASURE, OF_SAMPLE)
#undef OF_MEASURE
#undef OF_SAMPLE
};

dm_metric dm_metric_find(const char *name) {
  int metric = 0;
  while (metric < DM_N_METRICS && strcmp(dm_metrics[metric].name, name) != 0) {
    metric++;
  }
  return (dm_metric)metric;
}

unsigned dm_metric_needs(uint32_t metrics) {
  unsigned needs = 0;
  for (int metric = 0; metric < DM_N_METRICS; metric++) {
    needs |= metrics >> metric & 1 ? dm_metrics[metric].needs : 0;
  }
  return needs;
}

dm_keep dm_metric_keep(const char *const *signals, size_t n_signals, uint32_t metrics) {
  dm_keep keep = {.n_signals = n_signals};
  while (keep.loss_signal < n_signals && strcmp(signals[keep.loss_signal], "loss") != 0) {
    keep.loss_signal++;
  }
  keep.loss = keep.loss_signal < n_signals ? dm_measure_find("loss") : 0;
  keep.measures = keep.loss;
  unsigned needs = dm_metric_needs(metrics);
  for (int metric = 0; metric < DM_N_METRICS; metric++) {
    if (metrics >> metric & 1) {
      const dm_metric_info *info = &dm_metrics[metric];
      dm_measures measure = info->measure ? dm_measure_find(info->measure) : 0;
      keep.measures |= measure;
      keep.lasts |= info->statistic == DM_SIGNAL_LAST ? measure : 0;
    }
  }
  keep.needs_probs = needs & DM_NEEDS_VECTOR;
  keep.has_probs = needs & DM_NEEDS_PROBS;
  keep.has_prediction = needs & DM_NEEDS_PREDICTION;
  return keep;
}

/* --- states of their own --- */

static const dm_state_field fields[] = {
    {"has_loss", DM_STATE_INT32, offsetof(dm_metric_accum, has_loss)},
    {"loss_average", DM_STATE_DOUBLE, offsetof(dm_metric_accum, loss_average)},
    {"loss_first", DM_STATE_DOUBLE, offsetof(dm_metric_accum, loss_first)},
    {"loss_weight", DM_STATE_DOUBLE, offsetof(dm_metric_accum, loss_weight)},
    {"n_probs", DM_STATE_INT32, offsetof(dm_metric_accum, n_probs)},
};

_Static_assert(sizeof fields / sizeof *fields <= DM_STATE_FIELDS_MAX,
               "more members than there may be columns");

const dm_state_field *dm_metric_fields(size_t *n) {
  *n = sizeof fields / sizeof *fields;
  return fields;
}

const char *dm_metric_wrong(const dm_metric_accum *a, uint32_t n, const char **expected) {
  if ((uint32_t)a->n_probs > n) {
    *expected = "no more than evaluations";
    return "n_probs";
  }
  if (a->has_loss < 0 || a->has_loss >= DM_N_LOSS_KINDS) {
    *expected = "a kind of losses";
    return "has_loss";
  }
  return NULL;
}

static void add_loss(dm_metric_accum *a, double loss, dm_loss_kind kind);

void dm_metric_add(dm_metric_accum *a, uint32_t metrics, const dm_metric_line *line) {
  const dm_keep *keep = line->keep;
  if (metrics & DM_METRIC_BIT(DM_METRIC_LOSS_EMA) && keep->loss) {
    double given = line->values[keep->loss_signal];
    if (dm_double_bits(given) != DM_ABSENT_BITS) {
      add_loss(a, given, DM_LOSS_GIVEN);
    } else {
      add_loss(a, line->values[dm_keep_values(keep) - 1], DM_LOSS_DERIVED);
    }
  }
  a->n_probs += line->has_probs;
}

/* Whether what is there gives way to another kind of losses. */
static bool is_outdone(const dm_metric_accum *a, dm_loss_kind by) {
  return a->has_loss == DM_LOSS_NONE ||
         (a->has_loss == DM_LOSS_DERIVED && by == DM_LOSS_GIVEN);
}

static void add_loss(dm_metric_accum *a, double loss, dm_loss_kind kind) {
  if (is_outdone(a, kind)) {
    a->has_loss = (int32_t)kind;
    a->loss_weight = DM_LOSS_DECAY;
    a->loss_average = a->loss_first = loss;
    return;
  }
  if (a->has_loss != (int32_t)kind) {
    return;
  }
  a->loss_weight *= DM_LOSS_DECAY;
  double average = DM_LOSS_DECAY * a->loss_average + (1 - DM_LOSS_DECAY) * loss;
  /* what lies between finite values is beyond the largest double by rounding only */
  bool was_finite = dm_is_finite(a->loss_average) && dm_is_finite(loss);
  a->loss_average = was_finite ? dm_within_doubles(average) : average;
}

/* The average of b starts at its first loss; had it started at the average of a, the
   difference between the two would now weigh d to the power of the losses of b. */
void dm_metric_merge(dm_metric_accum *a, const dm_metric_accum *b) {
  if (is_outdone(a, (dm_loss_kind)b->has_loss)) {
    a->has_loss = b->has_loss;
    a->loss_average = b->loss_average;
    a->loss_first = b->loss_first;
    a->loss_weight = b->loss_weight;
  } else if (b->has_loss == a->has_loss) {
    bool is_finite = dm_is_finite(a->loss_average) && dm_is_finite(b->loss_average);
    double half = a->loss_average / 2 - b->loss_first / 2;
    a->loss_average =
        is_finite ? dm_within_doubles(2 * (b->loss_average / 2 + b->loss_weight * half))
                  : a->loss_average + b->loss_average;
    a->loss_weight *= b->loss_weight;
  }
  a->n_probs += b->n_probs;
}
