/* The part of folding that needs nothing but its own samples' states. */
#include "summary/dm_lanes.h"

#include <string.h>

/* How many events' memory is asked for before it is needed. */
enum { AHEAD = 16 };

static void add_plain(dm_states *states, dm_lanes *lanes, size_t lane);
static inline bool is_disputed(const dm_accum *a, const dm_plain *event);

void dm_lanes_clear(dm_lanes *lanes) {
  lanes->widths = (dm_widths){0};
  memset(lanes->n, 0, sizeof lanes->n);
  memset(lanes->n_disputed, 0, sizeof lanes->n_disputed);
}

dm_status dm_lanes_reserve(dm_lanes *lanes, size_t n_events, dm_error *err) {
  size_t need;
  if (!dm_size_mul(n_events, lanes->n_lanes, &need)) {
    return dm_error_memory(err);
  }
  if (lanes->is_plain) {
    DM_GROW(lanes->plain, lanes->cap_plain, need, err);
  } else {
    DM_GROW(lanes->placed, lanes->cap_placed, need, err);
  }
  lanes->room = n_events;
  dm_lanes_clear(lanes);
  return DM_OK;
}

void dm_lanes_release(dm_lanes *lanes) {
  dm_free(lanes->plain);
  dm_free(lanes->placed);
  *lanes = (dm_lanes){0};
}

bool dm_lanes_are_empty(const dm_lanes *lanes) {
  size_t n = 0;
  for (size_t lane = 0; lane < lanes->n_lanes; lane++) {
    n += lanes->n[lane];
  }
  return n == 0;
}

/* --- parts --- */

/* Strings stand in the lines, which are in the cache of whoever has parsed them. */
dm_status dm_part_begin(dm_part *part, const dm_states *states, dm_error *err) {
  const dm_batch *batch = &part->batch;
  part->has_lookups =
      batch->n_events > 0 && dm_is_text((dm_ident_kind)batch->events[0].id_kind);
  if (!part->has_lookups) {
    return DM_OK;
  }
  DM_GROW(part->lookups, part->cap_lookups, batch->n_events, err);
  for (size_t i = 0; i < batch->n_events; i++) {
    dm_ident id = dm_batch_ident(batch, batch->events[i].id_kind, batch->events[i].id);
    dm_index_hash(&states->ids, &id, &part->lookups[i]);
  }
  return DM_OK;
}

void dm_part_release(dm_part *part) {
  dm_batch_release(&part->batch);
  dm_lanes_release(&part->lanes);
  dm_free(part->lookups);
}

dm_status dm_part_do_lane(dm_part *part, size_t lane, dm_states *states, dm_error *err) {
  dm_lanes *lanes = &part->lanes;
  size_t n = lanes->n[lane];
  if (n == 0) {
    return DM_OK;
  }
  if (lanes->is_plain) {
    add_plain(states, lanes, lane);
    return DM_OK;
  }
  const dm_placed *placed = lanes->placed + lane * lanes->room;
  for (size_t i = 0; i < n + AHEAD; i++) {
    if (i < n) {
      dm_states_prefetch_more(states, placed[i].row);
    }
    if (i >= AHEAD) {
      DM_TRY(dm_placed_keep(states, &part->batch, &placed[i - AHEAD], err));
    }
  }
  return DM_OK;
}

/* --- plain events --- */

static void add_plain(dm_states *states, dm_lanes *lanes, size_t lane) {
  dm_plain *plain = lanes->plain + lane * lanes->room;
  size_t n = lanes->n[lane];
  size_t n_disputed = 0;
  for (size_t i = 0; i < n + AHEAD; i++) {
    if (i < n) {
      __builtin_prefetch(dm_states_accum(states, plain[i].row), 1);
    }
    if (i < AHEAD) {
      continue;
    }
    dm_plain event = plain[i - AHEAD];
    dm_accum *a = dm_states_accum(states, event.row);
    a->label = a->n == 0 ? event.label : a->label;
    a->s_label = (a->s_label == 0 ? event.s_label : a->s_label) & 0x7FFFFFF;
    if (event.classes && a->classes == DM_CLASSES_NONE) {
      a->classes = DM_CLASSES_COMMON;
    }
    if (DM_UNLIKELY(is_disputed(a, &event))) {
      event.label = a->label;
      event.s_label = event.s_label ? a->s_label : 0;
      event.classes = event.classes ? a->classes : DM_CLASSES_NONE;
      event.is_beyond = a->n == DM_EVALUATIONS_MAX;
      plain[n_disputed++] = event; /* in the place of one that is done */
    }
    if (DM_LIKELY(a->n < DM_EVALUATIONS_MAX)) {
      dm_accum_add(a, event.label_probs, event.correct);
    }
  }
  lanes->n_disputed[lane] = n_disputed;
}

static inline bool is_disputed(const dm_accum *a, const dm_plain *event) {
  return a->label != event->label || (event->s_label && a->s_label != event->s_label) ||
         (event->classes && a->classes != event->classes) || a->n == DM_EVALUATIONS_MAX;
}

const dm_plain *dm_lanes_next_disputed(const dm_lanes *lanes, size_t *next) {
  const dm_plain *first = NULL;
  size_t from = 0;
  for (size_t lane = 0; lane < lanes->n_lanes; lane++) {
    if (next[lane] == lanes->n_disputed[lane]) {
      continue;
    }
    const dm_plain *event = lanes->plain + lane * lanes->room + next[lane];
    if (!first || event->event < first->event) {
      first = event;
      from = lane;
    }
  }
  next[from] += first != NULL;
  return first;
}

/* --- what more is kept of placed events --- */

dm_status dm_placed_keep(dm_states *states, const dm_batch *batch,
                         const dm_placed *placed, dm_error *err) {
  size_t i = placed->event;
  uint32_t row = placed->row;
  dm_metric_line line = {.keep = &states->keep};
  if (batch->n_values) {
    line.values = batch->signals + i * batch->n_values;
    DM_TRY(dm_kept_add(&states->kept, row, placed->n, line.values, err));
  }
  if (batch->keep.has_probs) {
    size_t n = dm_batch_n_probs(batch, i);
    size_t from = batch->probs_end[i] - n;
    double *sums = dm_sums_row(&states->class_sums, row);
    if (states->options.keeps_last_probs && n > 0) {
      memset(sums, 0, states->class_sums.width * sizeof *sums);
    }
    for (size_t k = 0; k < n; k++) {
      sums[k] += batch->probs[from + k];
    }
    line.has_probs = n > 0;
  }
  if (states->has_metrics) {
    dm_metric_add(dm_rows_at(&states->metrics, row), states->options.metrics, &line);
  }
  if (placed->predicted) {
    dm_sums_row(&states->predictions, row)[placed->predicted - 1]++;
  } else if (batch->keep.has_prediction && batch->predictions[i].is_place) {
    dm_sums_row(&states->places, row)[batch->predictions[i].label]++;
  }
  return DM_OK;
}
