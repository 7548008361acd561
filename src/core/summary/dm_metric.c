/* What each metric is made of, and the states of samples that are no means. Each formula
   is that of ?datamap-columns. */
#include "summary/dm_metric.h"

#include <string.h>

#include "number/dm_number.h"
#include "signals/dm_scores.h"

static bool loss_average_of(const dm_metric_sample *sample, double *out) {
  *out = sample->own->loss_average;
  return sample->own->has_loss;
}

static bool entropy_of_mean_of(const dm_metric_sample *sample, double *out) {
  if (sample->own->n_probs) {
    *out = dm_entropy(sample->class_sums, sample->n_classes, sample->own->n_probs);
  }
  return sample->own->n_probs;
}

static bool time_of(int64_t evaluation, double *out) {
  *out = (double)evaluation;
  return evaluation != DM_NEVER;
}

static bool first_correct_of(const dm_metric_sample *sample, double *out) {
  return time_of(dm_accum_first_correct(sample->accum), out);
}

static bool learned_for_good_of(const dm_metric_sample *sample, double *out) {
  return time_of(dm_accum_learned_for_good(sample->accum), out);
}

static bool forgotten_for_good_of(const dm_metric_sample *sample, double *out) {
  return time_of(dm_accum_forgotten_for_good(sample->accum), out);
}

#define OF_MEASURE(name, needs, measure, statistic) \
  { name, DM_METRIC_REAL, needs, DM_MEASURE_##measure, DM_SIGNAL_##statistic, NULL }
#define OF_SAMPLE(name, kind, needs, value) \
  { name, DM_METRIC_##kind, needs, DM_N_MEASURES, DM_SIGNAL_LAST, value }

const dm_metric_info dm_metrics[DM_N_METRICS] = {
    [DM_METRIC_AUM] = OF_MEASURE("aum", DM_NEEDS_VECTOR, LOG_MARGIN, MEAN),
    [DM_METRIC_PROB_MARGIN] =
        OF_MEASURE("prob_margin", DM_NEEDS_VECTOR, PROB_MARGIN, MEAN),
    [DM_METRIC_EL2N] = OF_MEASURE("el2n", DM_NEEDS_VECTOR, ERROR_NORM, MEAN),
    [DM_METRIC_EL2N_LAST] = OF_MEASURE("el2n_last", DM_NEEDS_VECTOR, ERROR_NORM, LAST),
    [DM_METRIC_MEAN_ENTROPY] = OF_MEASURE("mean_entropy", DM_NEEDS_VECTOR, ENTROPY, MEAN),
    [DM_METRIC_ENTROPY_OF_MEAN] =
        OF_SAMPLE("entropy_of_mean", REAL,
                  DM_NEEDS_VECTOR | DM_NEEDS_PROBS | DM_NEEDS_STATE, entropy_of_mean_of),
    [DM_METRIC_ALEATORIC] = OF_MEASURE("aleatoric", 0, ALEATORIC, MEAN),
    [DM_METRIC_MEAN_LOG2_PROB] = OF_MEASURE("mean_log2_prob", 0, LOG2_PROB, MEAN),
    [DM_METRIC_LOSS_EMA] = OF_SAMPLE("loss_ema", REAL, DM_NEEDS_STATE, loss_average_of),
    [DM_METRIC_FIRST_CORRECT] = OF_SAMPLE("first_correct", TIME, 0, first_correct_of),
    [DM_METRIC_LEARNED_FOR_GOOD] =
        OF_SAMPLE("learned_for_good", TIME, 0, learned_for_good_of),
    [DM_METRIC_FORGOTTEN_FOR_GOOD] =
        OF_SAMPLE("forgotten_for_good", TIME, 0, forgotten_for_good_of),
    [DM_METRIC_PRED_DIST] =
        OF_SAMPLE("pred_dist", TEXT, DM_NEEDS_VECTOR | DM_NEEDS_PREDICTION, NULL),
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

dm_keep dm_metric_keep(size_t n_signals, uint32_t metrics) {
  dm_keep keep = {.n_signals = n_signals};
  unsigned needs = dm_metric_needs(metrics);
  for (int metric = 0; metric < DM_N_METRICS; metric++) {
    if (metrics >> metric & 1) {
      dm_measure measure = dm_metrics[metric].measure;
      keep.measures |= measure == DM_N_MEASURES ? 0 : DM_MEASURE_BIT(measure);
    }
  }
  keep.needs_probs = needs & DM_NEEDS_VECTOR;
  keep.has_probs = needs & DM_NEEDS_PROBS;
  keep.has_prediction = needs & DM_NEEDS_PREDICTION;
  return keep;
}

static void add_loss(dm_metric_accum *a, double loss);

void dm_metric_add(dm_metric_accum *a, uint32_t metrics, const dm_metric_line *line) {
  if (metrics & DM_METRIC_BIT(DM_METRIC_LOSS_EMA) && line->has_loss) {
    add_loss(a, line->loss);
  }
  a->n_probs += line->has_probs;
}

static void add_loss(dm_metric_accum *a, double loss) {
  if (!a->has_loss) {
    a->has_loss = 1;
    a->loss_weight = DM_LOSS_DECAY;
    a->loss_average = a->loss_first = loss;
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
  if (!a->has_loss) {
    a->has_loss = b->has_loss;
    a->loss_average = b->loss_average;
    a->loss_first = b->loss_first;
    a->loss_weight = b->loss_weight;
  } else if (b->has_loss) {
    bool is_finite = dm_is_finite(a->loss_average) && dm_is_finite(b->loss_average);
    double half = a->loss_average / 2 - b->loss_first / 2;
    a->loss_average =
        is_finite ? dm_within_doubles(2 * (b->loss_average / 2 + b->loss_weight * half))
                  : a->loss_average + b->loss_average;
    a->loss_weight *= b->loss_weight;
  }
  a->n_probs += b->n_probs;
}
