/* What was read: the running states of all samples, and what they were asked for. */
#ifndef DM_STATES_H
#define DM_STATES_H

#include "signals/dm_measure.h"
#include "signals/dm_options.h"
#include "signals/dm_problems.h"
#include "summary/dm_accum.h"
#include "summary/dm_index.h"
#include "summary/dm_kept.h"
#include "summary/dm_metric.h"
#include "summary/dm_steps.h"
#include "summary/dm_sums.h"

typedef struct dm_counts {
  uint64_t lines; /* good + blank + bad + cut */
  uint64_t good;
  uint64_t blank;
  uint64_t bad; /* skipped */
  uint64_t cut; /* incomplete last lines that were ignored */
} dm_counts;

/* Of a run; also those that an object or a file has kept of one that has stopped. */
typedef struct dm_states {
  dm_options options;
  dm_index ids;
  dm_index labels;
  dm_index s_labels;
  dm_rows accum;   /* dm_accum per row of ids */
  dm_rows steps;   /* dm_step_state per row; none while no line has a step */
  dm_rows classes; /* uint32_t per row; none while all class vectors are equally long */
  dm_rows indexes; /* uint32_t per row: label_index of its label, + 1; 0, and none while
                      no line has one */
  dm_kept kept;    /* of signals and measures */
  dm_rows metrics; /* dm_metric_accum per row; only for metrics that need it */
  dm_rows seen;    /* uint32_t per row: lines that count or not; only with a window */
  dm_sums class_sums;     /* class probabilities, summed per row; only for a metric */
  dm_sums predictions;    /* per row and row of predicted; only for a metric */
  dm_index predicted;     /* labels that were predicted or given */
  dm_sums places;         /* predictions of which only the place in the class vector is
                             known: per row and place; only for the same metric */
  uint32_t *class_labels; /* per place: the label that was said to stand there, as its row
                             in labels, + 1; 0: none; DM_LABELS_SEVERAL */
  size_t n_class_labels;
  size_t cap_class_labels;
  dm_keep keep;            /* of each line */
  bool has_metrics;        /* there are rows in metrics */
  bool has_window;         /* not all evaluations count */
  uint32_t common_classes; /* length of the first class vector */
  bool has_steps;
  bool has_back_steps;  /* a step below one that its id had before */
  double largest_step;  /* -Inf: none */
  double step_distance; /* the largest between a step and the largest before it */
  dm_counts counts;
  uint32_t keys; /* a bit for each that any line read here has had */
  dm_problems problems;
} dm_states;

/* options is copied, what it points to must outlive the states. To be released also when
   this fails: DM_E_INPUT where a metric needs a signal that is not asked for. */
dm_status dm_states_init(dm_states *states, const dm_options *options,
                         dm_error *err) DM_MUST_CHECK;
void dm_states_release(dm_states *states);

/* The row of a sample, a new one of zeros where it is seen for the first time.
   DM_E_MEMORY, DM_E_LIMIT. */
dm_status dm_states_sample(dm_states *states, const dm_ident *id, uint32_t *row,
                           dm_error *err) DM_MUST_CHECK;

/* The largest count that a double of the host still holds exactly. DM_E_LIMIT where lines
   or problems are more: what has been counted could not be given to anybody. */
#define DM_COUNT_MAX (INT64_C(1) << 53)
dm_status dm_states_check_counts(const dm_states *states, dm_error *err) DM_MUST_CHECK;

/* Of how many samples the loss is derived, since no line gives it, and infinite. */
size_t dm_states_infinite_losses(const dm_states *states);

/* Makes the states of all rows of ids exist. DM_E_MEMORY. */
dm_status dm_states_grow(dm_states *states, dm_error *err) DM_MUST_CHECK;

/* How long the class vectors of a sample are, 0 for none, and the longest of all samples;
   and to say so. DM_E_MEMORY. */
uint32_t dm_states_classes(const dm_states *states, uint32_t row);
uint32_t dm_states_most_classes(const dm_states *states);
dm_status dm_states_set_classes(dm_states *states, uint32_t row, uint32_t n_classes,
                                dm_error *err) DM_MUST_CHECK;

/* The label_index that a sample's label had first, + 1; 0: none; and to say so.
   DM_E_MEMORY. */
uint32_t dm_states_label_index(const dm_states *states, size_t row);
dm_status dm_states_set_label_index(dm_states *states, size_t row, uint32_t index_plus_1,
                                    dm_error *err) DM_MUST_CHECK;

/* The label of the class at a place of the class vectors: that which was said to stand
   there, its number where none was or several were; and to say so. DM_E_MEMORY. */
#define DM_LABELS_SEVERAL UINT32_MAX
dm_ident dm_states_class_label(const dm_states *states, size_t place);
dm_status dm_states_name_class(dm_states *states, size_t place, uint32_t label_plus_1,
                               dm_error *err) DM_MUST_CHECK;

/* As dm_rows_at(), whose multiplication by the size becomes a shift here. */
static inline dm_accum *dm_states_accum(const dm_states *states, uint32_t row) {
  return (dm_accum *)(void *)states->accum.chunk[row >> DM_ROWS_SHIFT] +
         (row & (DM_ROWS_CHUNK - 1));
}

/* Asks for what a sample has beside its dm_accum before it is needed; inline as
   dm_sums_prefetch(). */
DM_INLINE void dm_states_prefetch_more(const dm_states *states, uint32_t row) {
  enum { LINE = 64 };
  if (states->kept.n) {
    const char *kept = dm_rows_at(&states->kept.rows, row);
    size_t size = states->kept.rows.elem_size;
    for (size_t i = 0; i < size; i += LINE) {
      __builtin_prefetch(kept + i, 1);
    }
    __builtin_prefetch(kept + size - 1, 1); /* rows begin anywhere in a line */
  }
  if (states->metrics.n_chunks) {
    __builtin_prefetch(dm_rows_at(&states->metrics, row), 1);
  }
  dm_sums_prefetch(&states->class_sums, row);
  dm_sums_prefetch(&states->predictions, row);
  dm_sums_prefetch(&states->places, row);
}

/* How wide rows of sums have to be. */
typedef struct dm_widths {
  size_t class_sums;
  size_t predictions;
  size_t places;
} dm_widths;

/* dm_states_grow() in two parts: what a summary needs, and what only some runs keep. What
   lanes are at work on (dm_part_do_lane()) may grow only where there is room: then
   nothing is moved. DM_E_MEMORY. */
dm_status dm_states_grow_rows(dm_states *states, dm_error *err) DM_MUST_CHECK;
dm_status dm_states_grow_kept(dm_states *states, const dm_widths *widths,
                              dm_error *err) DM_MUST_CHECK;
bool dm_states_has_room(const dm_states *states, const dm_widths *widths);

/* Whether anything is kept of a line that only some runs ask for. */
static inline bool dm_states_keep_more(const dm_states *states) {
  return dm_keep_is_any(&states->keep) || states->has_metrics;
}

#endif
