/* The states of all samples: made, grown and given back together. */
#include "summary/dm_states.h"

#include <math.h>
#include <string.h>

dm_status dm_states_init(dm_states *states, const dm_options *options, dm_error *err) {
  *states = (dm_states){.options = *options,
                        .largest_step = -INFINITY,
                        .problems = {.names = options->names}};
  dm_index_init(&states->ids, options->seed);
  dm_index_init(&states->labels, options->seed);
  dm_index_init(&states->s_labels, options->seed);
  dm_rows_init(&states->accum, sizeof(dm_accum));
  dm_rows_init(&states->steps, sizeof(dm_step_state));
  dm_rows_init(&states->classes, sizeof(uint32_t));
  dm_rows_init(&states->indexes, sizeof(uint32_t));
  states->keep = dm_metric_keep(options->signals, options->n_signals, options->metrics);
  states->has_metrics = dm_metric_needs(options->metrics) & DM_NEEDS_STATE;
  dm_kept_init(&states->kept, &states->keep);
  dm_rows_init(&states->metrics, sizeof(dm_metric_accum));
  dm_rows_init(&states->seen, sizeof(uint32_t));
  dm_index_init(&states->predicted, options->seed);
  states->has_window = options->burn_out > 0 || options->has_step_range;
  if (options->n_signals > DM_SIGNALS_MAX) {
    return dm_error_expected(err, DM_E_INPUT, "at most %d signals", DM_SIGNALS_MAX);
  }
  if ((options->metrics & DM_METRIC_BIT(DM_METRIC_LOSS_EMA)) && !states->keep.loss) {
    return dm_error_expected(err, DM_E_INPUT, "the signal loss, for its moving average");
  }
  return DM_OK;
}

dm_status dm_states_check_counts(const dm_states *states, dm_error *err) {
  const dm_counts *counts = &states->counts;
  uint64_t most = counts->lines;
  const uint64_t others[] = {counts->good, counts->blank, counts->bad, counts->cut};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    most = others[i] > most ? others[i] : most;
  }
  for (size_t kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
    uint64_t count = states->problems.count[kind];
    most = count > most ? count : most;
  }
  if (most <= (uint64_t)DM_COUNT_MAX) {
    return DM_OK;
  }
  return dm_error_expected(err, DM_E_LIMIT, "at most 2^53 lines, and problems of a kind");
}

size_t dm_states_infinite_losses(const dm_states *states) {
  size_t n = 0;
  for (uint32_t row = 0; states->keep.loss && row < states->ids.n; row++) {
    const dm_signal_accum *loss =
        dm_kept_signal(&states->kept, row, states->keep.loss_signal);
    n += loss->is_derived && loss->has_above;
  }
  return n;
}

void dm_states_release(dm_states *states) {
  dm_index_release(&states->ids);
  dm_index_release(&states->labels);
  dm_index_release(&states->s_labels);
  dm_rows_release(&states->accum);
  dm_rows_release(&states->steps);
  dm_rows_release(&states->classes);
  dm_rows_release(&states->indexes);
  dm_kept_release(&states->kept);
  dm_rows_release(&states->metrics);
  dm_rows_release(&states->seen);
  dm_sums_release(&states->class_sums);
  dm_sums_release(&states->predictions);
  dm_index_release(&states->predicted);
  dm_sums_release(&states->places);
  dm_free(states->class_labels);
  dm_problems_release(&states->problems);
}

dm_status dm_states_sample(dm_states *states, const dm_ident *id, uint32_t *row,
                           dm_error *err) {
  DM_TRY(dm_index_row(&states->ids, id, row, err));
  return dm_states_grow(states, err);
}

dm_status dm_states_grow(dm_states *states, dm_error *err) {
  if (states->has_steps) {
    DM_TRY(dm_rows_grow(&states->steps, states->ids.n, err));
  }
  DM_TRY(dm_states_grow_rows(states, err));
  return dm_states_grow_kept(states, &(dm_widths){0}, err);
}

dm_status dm_states_grow_rows(dm_states *states, dm_error *err) {
  DM_TRY(dm_rows_grow(&states->accum, states->ids.n, err));
  return states->has_window ? dm_rows_grow(&states->seen, states->ids.n, err) : DM_OK;
}

dm_status dm_states_grow_kept(dm_states *states, const dm_widths *widths, dm_error *err) {
  size_t n = states->ids.n;
  DM_TRY(dm_kept_grow(&states->kept, n, err));
  if (states->has_metrics) {
    DM_TRY(dm_rows_grow(&states->metrics, n, err));
  }
  if (states->keep.has_probs) {
    DM_TRY(dm_sums_grow(&states->class_sums, n, widths->class_sums, err));
  }
  if (states->keep.has_prediction) {
    DM_TRY(dm_sums_grow(&states->predictions, n, widths->predictions, err));
    DM_TRY(dm_sums_grow(&states->places, n, widths->places, err));
  }
  return DM_OK;
}

bool dm_states_has_room(const dm_states *states, const dm_widths *widths) {
  size_t n = states->ids.n;
  return n <= dm_rows_cap(&states->accum) &&
         (states->kept.n == 0 || n <= dm_rows_cap(&states->kept.rows)) &&
         (!states->has_metrics || n <= dm_rows_cap(&states->metrics)) &&
         dm_sums_has_room(&states->class_sums, n, widths->class_sums) &&
         dm_sums_has_room(&states->predictions, n, widths->predictions) &&
         dm_sums_has_room(&states->places, n, widths->places);
}

uint32_t dm_states_classes(const dm_states *states, uint32_t row) {
  switch ((dm_classes)dm_states_accum(states, row)->classes) {
    case DM_CLASSES_COMMON:
      return states->common_classes;
    case DM_CLASSES_OTHER:
      return *(const uint32_t *)dm_rows_at(&states->classes, row);
    default:
      return 0;
  }
}

uint32_t dm_states_most_classes(const dm_states *states) {
  uint32_t most = 0;
  for (uint32_t row = 0; row < states->ids.n; row++) {
    uint32_t n = dm_states_classes(states, row);
    most = n > most ? n : most;
  }
  return most;
}

dm_status dm_states_set_classes(dm_states *states, uint32_t row, uint32_t n_classes,
                                dm_error *err) {
  if (n_classes == 0) {
    return DM_OK;
  }
  if (states->common_classes == 0) {
    states->common_classes = n_classes;
  }
  bool is_common = n_classes == states->common_classes;
  dm_states_accum(states, row)->classes =
      is_common ? DM_CLASSES_COMMON : DM_CLASSES_OTHER;
  if (!is_common) {
    DM_TRY(dm_rows_grow(&states->classes, (size_t)row + 1, err));
    *(uint32_t *)dm_rows_at(&states->classes, row) = n_classes;
  }
  return DM_OK;
}

uint32_t dm_states_label_index(const dm_states *states, size_t row) {
  return row < dm_rows_cap(&states->indexes)
             ? *(const uint32_t *)dm_rows_at(&states->indexes, row)
             : 0;
}

dm_status dm_states_set_label_index(dm_states *states, size_t row, uint32_t index_plus_1,
                                    dm_error *err) {
  if (index_plus_1 > 0) {
    DM_TRY(dm_rows_grow(&states->indexes, row + 1, err));
    *(uint32_t *)dm_rows_at(&states->indexes, row) = index_plus_1;
  }
  return DM_OK;
}

dm_status dm_states_name_class(dm_states *states, size_t place, uint32_t label_plus_1,
                               dm_error *err) {
  DM_GROW(states->class_labels, states->cap_class_labels, place + 1, err);
  while (states->n_class_labels <= place) {
    states->class_labels[states->n_class_labels++] = 0;
  }
  uint32_t *label = &states->class_labels[place];
  if (*label == 0) {
    *label = label_plus_1;
  } else if (label_plus_1 > 0 && *label != label_plus_1) {
    *label = DM_LABELS_SEVERAL;
  }
  return DM_OK;
}

dm_ident dm_states_class_label(const dm_states *states, size_t place) {
  uint32_t label = place < states->n_class_labels ? states->class_labels[place] : 0;
  return label > 0 && label != DM_LABELS_SEVERAL
             ? dm_index_ident(&states->labels, label - 1)
             : dm_ident_from_int((int64_t)place);
}
