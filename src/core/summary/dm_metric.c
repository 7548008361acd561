/* What each metric is made of, and the states of samples that are no means. Each formula
   is that of ?datamap-columns. */
#include "summary/dm_metric.h"

#include <float.h>

#include "number/dm_number.h"

static double within_doubles(double average);

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
