/* What is kept of each line beside its event, and the measures: numbers that are derived
   from a line. */
#ifndef DM_MEASURE_H
#define DM_MEASURE_H

#include "signals/dm_fields.h"

/* A set of measures, numbers of a line that metrics are means of: dm_measure.c has a row
   for each. They stand behind its signals, in the order of their bits, those that no
   metric needs left out. Of finite numbers all are finite, but for the logarithm of 0:
   what is beyond the largest double counts as that. */
typedef uint32_t dm_measures;

enum { DM_MEASURES_MAX = 32 };

/* The measure of that name, as a set; 0: there is none. */
dm_measures dm_measure_find(const char *name);

/* How many there are in a set. */
size_t dm_measure_count(dm_measures measures);

/* Where a measure stands among those of a set. */
static inline size_t dm_measure_place(dm_measures measures, dm_measures measure) {
  return dm_measure_count(measures & (measure - 1));
}

/* What is kept of each line beside its event. */
typedef struct dm_keep {
  size_t n_signals;     /* that the line gives */
  size_t loss_signal;   /* which of them is "loss", where that is */
  dm_measures loss;     /* the last measure: that signal where it is not given; or 0 */
  dm_measures measures; /* derived from it, and kept behind them */
  dm_measures lasts;    /* those whose last value is kept as well as their mean */
  bool has_probs;       /* its class probabilities */
  bool has_prediction;  /* its predicted label */
  bool needs_probs;     /* every digit of its class vector counts */
  bool has_row;         /* what a table of lines has, see dm_line_row */
  bool has_row_label;   /* with the predicted label, where the line gives it, */
  bool has_row_class;   /* or else the most probable class */
} dm_keep;

/* How many numbers of a line are kept: signals and measures. */
static inline size_t dm_keep_values(const dm_keep *keep) {
  return keep->n_signals + dm_measure_count(keep->measures);
}

/* Whether anything is kept. */
static inline bool dm_keep_is_any(const dm_keep *keep) {
  return keep->n_signals || keep->measures || keep->has_probs || keep->has_prediction ||
         keep->has_row;
}

/* Writes the measures of a line to out, one after the other. probs are its n class
   probabilities, as given or the softmax of its logits, or NULL. What it
   lacks a class vector for, or a label that is one of the classes, has DM_ABSENT_BITS. */
void dm_measure_line(dm_measures measures, const dm_fields *fields, const double *probs,
                     size_t n, double label_probs, double *out);

#endif
