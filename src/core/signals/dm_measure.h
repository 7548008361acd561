/* What is kept of each line beside its event, and the measures: numbers that are derived
   from a line. */
#ifndef DM_MEASURE_H
#define DM_MEASURE_H

#include "signals/dm_fields.h"

/* Numbers of a line that metrics are means of. They stand behind its signals, in this
   order, those that no metric needs left out. Of finite numbers all are finite, but for
   the logarithm of 0: what is beyond the largest double counts as that. */
typedef enum dm_measure {
  DM_MEASURE_LOG_MARGIN,  /* ln p_y - max_{k != y} ln p_k, the same from logits */
  DM_MEASURE_PROB_MARGIN, /* p_y - max_{k != y} p_k */
  DM_MEASURE_ERROR_NORM,  /* ||p - onehot(y)||_2 */
  DM_MEASURE_ENTROPY,
  DM_MEASURE_ALEATORIC,
  DM_MEASURE_LOG2_PROB,
  DM_N_MEASURES
} dm_measure;

#define DM_MEASURE_BIT(measure) (UINT32_C(1) << (measure))

/* What is kept of each line beside its event. */
typedef struct dm_keep {
  size_t n_signals;    /* that the line gives */
  uint32_t measures;   /* bits of dm_measure: derived from it, and kept behind them */
  bool has_probs;      /* its class probabilities */
  bool has_prediction; /* its predicted label */
  bool needs_probs;    /* every digit of its class vector counts */
} dm_keep;

/* Where a measure stands among those of a set. */
size_t dm_measure_place(uint32_t measures, dm_measure measure);

/* How many numbers of a line are kept: signals and measures. */
static inline size_t dm_keep_values(const dm_keep *keep) {
  return keep->n_signals + dm_measure_place(keep->measures, DM_N_MEASURES);
}

/* Whether anything is kept. */
static inline bool dm_keep_is_any(const dm_keep *keep) {
  return keep->n_signals || keep->measures || keep->has_probs || keep->has_prediction;
}

/* Writes the measures (bits of dm_measure) of a line to out, one after the other. probs
   are its n class probabilities, as given or the softmax of its logits, or NULL. What it
   lacks a class vector for, or a label that is one of the classes, has DM_ABSENT_BITS. */
void dm_measure_line(uint32_t measures, const dm_fields *fields, const double *probs,
                     size_t n, double label_probs, double *out);

#endif
