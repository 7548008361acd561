/* Applies batches to the running states, in file order. Knows no text but for messages.
 */
#include "summary/dm_fold.h"

#include "summary/dm_check.h"

/* How many events' memory is asked for at a time, and how many groups before it is
   needed: where more is asked for at once, processors wait until they can ask. */
enum { GROUP = 8, LAG = 2 };

/* A batch on its way. */
typedef struct fold {
  dm_check check; /* has the states and the batch */
  const dm_sink *sink;
  bool is_keeping;    /* more than what a summary needs */
  bool is_at_once;    /* which is added after each group of events */
  dm_lanes *lanes;    /* where what is left to do stands until then */
  dm_lookup *lookups; /* begun for all events, or NULL */
} fold;

static void begin_rows(fold *f, size_t first, dm_lookup *out);
static void guess_rows(fold *f, size_t first, dm_lookup *out);
static dm_status apply_events(fold *f, size_t first, const dm_lookup *guesses,
                              dm_error *err);
static dm_status apply_group(fold *f, size_t first, const dm_lookup *guesses,
                             bool has_no_more, dm_error *err);
static dm_status place_plain(fold *f, size_t first, const dm_lookup *guesses,
                             dm_error *err);
DM_INLINE dm_status apply_event(fold *f, dm_states *states, const dm_event *event,
                                size_t i, uint32_t row, bool has_no_more, dm_error *err);
static dm_status check_more(fold *f, size_t i, uint32_t row, bool *is_refused,
                            dm_error *err);
static dm_status place_event(fold *f, size_t i, uint32_t row, dm_error *err);
static dm_status place_prediction(fold *f, size_t i, const dm_accum *a, dm_placed *placed,
                                  dm_error *err);
static dm_status keep_group(fold *f, dm_error *err);
static dm_status fold_events(fold *f, dm_error *err);
static bool is_in_window(fold *f, size_t i, uint32_t row);

static dm_check check_of(dm_states *states, const dm_sink *sink, const dm_batch *batch,
                         const dm_origin *origin) {
  return (dm_check){.states = states,
                    .batch = batch,
                    .origin = origin,
                    .may_go_back = sink->take != NULL};
}

dm_status dm_fold_batch(dm_states *states, const dm_sink *sink, const dm_batch *batch,
                        const dm_origin *origin, dm_error *err) {
  dm_placed group[GROUP];
  dm_lanes lanes = {.placed = group, .room = GROUP, .n_lanes = 1};
  fold f = {.check = check_of(states, sink, batch, origin),
            .sink = sink,
            .is_at_once = true,
            .lanes = &lanes};
  return fold_events(&f, err);
}

dm_status dm_fold_place(dm_states *states, const dm_sink *sink, dm_part *part,
                        const dm_origin *origin, dm_error *err) {
  dm_lanes *lanes = &part->lanes;
  fold f = {.check = check_of(states, sink, &part->batch, origin),
            .sink = sink,
            .lanes = lanes,
            .lookups = part->has_lookups ? part->lookups : NULL};
  DM_TRY(dm_lanes_reserve(lanes, part->batch.n_events, err));
  part->origin = *origin;
  if (lanes->is_plain && states->common_classes == 0) {
    states->common_classes = part->batch.n_classes;
  }
  return fold_events(&f, err);
}

/* Those of a group of events, in a ring for as many groups as are under way. */
enum { RING = 2 * LAG + 1 };
static inline dm_lookup *lookups_of(const fold *f, dm_lookup (*ring)[GROUP], size_t g) {
  return f->lookups ? f->lookups + g * GROUP : ring[g % RING];
}

static dm_status fold_events(fold *f, dm_error *err) {
  dm_states *states = f->check.states;
  const dm_batch *batch = f->check.batch;
  /* Three stages, each a few groups of events behind the one before, so that the memory
     that one waits for is fetched while others are worked on: where the id is looked up,
     the row, the state itself. */
  dm_lookup ring[RING][GROUP];
  size_t n_groups = (batch->n_events + GROUP - 1) / GROUP;
  f->is_keeping = batch->is_keeping && dm_states_keep_more(states);
  for (size_t g = 0; g < n_groups + RING - 1; g++) {
    if (g < n_groups) {
      begin_rows(f, g * GROUP, lookups_of(f, ring, g));
    }
    if (g >= LAG && g - LAG < n_groups) {
      guess_rows(f, (g - LAG) * GROUP, lookups_of(f, ring, g - LAG));
    }
    if (g >= RING - 1) {
      size_t last = g - (RING - 1);
      DM_TRY(apply_events(f, last * GROUP, lookups_of(f, ring, last), err));
      if (f->is_keeping && f->is_at_once) {
        DM_TRY(keep_group(f, err));
      }
    }
  }
  if (f->lanes->is_plain) {
    states->counts.good += batch->n_events;
  } else {
    DM_TRY(dm_check_problems(&f->check, UINT64_MAX, err));
  }
  states->counts.lines += batch->n_lines - batch->n_elsewhere;
  states->counts.blank += batch->n_blank;
  states->counts.bad += batch->n_bad;
  states->counts.cut += batch->n_cut;
  states->keys |= batch->keys;
  DM_TRY(dm_states_check_counts(states, err));
  if (batch->has_error) {
    *err = batch->error;
    dm_check_place(&f->check, err);
    return err->status;
  }
  return DM_OK;
}

/* The end of the group that starts with this event. */
static inline size_t group_end(const dm_batch *batch, size_t first) {
  return batch->n_events - first < GROUP ? batch->n_events : first + GROUP;
}

static void begin_rows(fold *f, size_t first, dm_lookup *out) {
  dm_states *states = f->check.states;
  const dm_batch *batch = f->check.batch;
  size_t end = group_end(batch, first);
  if (f->lookups) {
    for (size_t i = first; i < end; i++, out++) {
      dm_index_fetch(&states->ids, out);
    }
    return;
  }
  for (size_t i = first; i < end; i++, out++) {
    const dm_event *event = &batch->events[i];
    if (event->id_kind == DM_IDENT_INT && dm_index_begin_dense(&states->ids, event->id)) {
      out->row = 0;
    } else {
      dm_ident id = dm_batch_ident(batch, event->id_kind, event->id);
      dm_index_begin(&states->ids, &id, out);
    }
  }
}

static void guess_rows(fold *f, size_t first, dm_lookup *out) {
  dm_states *states = f->check.states;
  const dm_batch *batch = f->check.batch;
  size_t end = group_end(batch, first);
  bool is_added = !f->lanes->is_plain; /* here, and not by lanes */
  bool is_kept = f->is_keeping && f->is_at_once;
  for (size_t i = first; i < end; i++, out++) {
    const dm_event *event = &batch->events[i];
    uint32_t row;
    out->is_certain =
        event->id_kind == DM_IDENT_INT && dm_index_find(&states->ids, event->id, &row);
    if (DM_LIKELY(out->is_certain)) {
      out->row = row + 1;
    } else {
      dm_ident id = dm_batch_ident(batch, event->id_kind, event->id);
      dm_index_guess(&states->ids, &id, out);
    }
    if (DM_LIKELY(out->row != 0)) {
      row = out->row - 1;
      if (is_added) {
        __builtin_prefetch(dm_states_accum(states, row), 1);
      }
      if (DM_UNLIKELY(is_kept)) {
        dm_states_prefetch_more(states, row);
      }
    }
  }
}

/* Most runs and batches have nothing beside what a summary needs. */
static bool has_nothing_more(const dm_states *states, const dm_sink *sink,
                             const dm_batch *batch) {
  return !states->has_steps && !batch->has_steps && !sink->take && !states->has_window &&
         !batch->is_keeping && !batch->has_label_index;
}

bool dm_fold_is_plain(const dm_states *states, const dm_sink *sink,
                      const dm_batch *batch) {
  uint32_t n = states->common_classes;
  return has_nothing_more(states, sink, batch) && !batch->has_error &&
         !batch->has_other_classes &&
         (n == 0 || batch->n_classes == 0 || batch->n_classes == n) &&
         states->s_labels.n + batch->n_events < DM_S_LABELS_MAX;
}

static dm_status apply_events(fold *f, size_t first, const dm_lookup *guesses,
                              dm_error *err) {
  if (f->lanes->is_plain) {
    return place_plain(f, first, guesses, err);
  }
  return DM_LIKELY(has_nothing_more(f->check.states, f->sink, f->check.batch))
             ? apply_group(f, first, guesses, true, err)
             : apply_group(f, first, guesses, false, err);
}

/* Whether the row that was guessed is that of the event's sample. */
static inline bool is_found(const dm_states *states, const dm_event *event,
                            const dm_lookup *guess) {
  return guess->is_certain ||
         dm_index_confirm(&states->ids, (dm_ident_kind)event->id_kind, event->id, guess);
}

/* Else: the row that it has, or gets. */
static dm_status find_row(fold *f, const dm_event *event, const dm_lookup *guess,
                          uint32_t *row, dm_error *err) {
  dm_states *states = f->check.states;
  dm_ident id = dm_batch_ident(f->check.batch, event->id_kind, event->id);
  DM_TRY(dm_index_end(&states->ids, &id, guess, row, err));
  return f->lanes->is_plain ? DM_OK : dm_states_grow_rows(states, err);
}

static dm_status apply_group(fold *f, size_t first, const dm_lookup *guesses,
                             bool has_no_more, dm_error *err) {
  dm_states *states = f->check.states;
  const dm_batch *batch = f->check.batch;
  size_t end = group_end(batch, first);
  for (size_t i = first; i < end; i++, guesses++) {
    const dm_event *event = &batch->events[i];
    uint32_t row = guesses->row - 1;
    if (DM_UNLIKELY(f->check.next_problem < batch->problems.n_kept)) {
      DM_TRY(dm_check_problems(&f->check, event->line, err));
    }
    if (!is_found(states, event, guesses)) {
      DM_TRY(find_row(f, event, guesses, &row, err));
    }
    DM_TRY(apply_event(f, states, event, i, row, has_no_more, err));
  }
  return DM_OK;
}

static dm_status place_plain(fold *f, size_t first, const dm_lookup *guesses,
                             dm_error *err) {
  dm_states *states = f->check.states;
  const dm_batch *batch = f->check.batch;
  dm_lanes *lanes = f->lanes;
  size_t end = group_end(batch, first);
  for (size_t i = first; i < end; i++, guesses++) {
    const dm_event *event = &batch->events[i];
    uint32_t row = guesses->row - 1;
    uint32_t label;
    uint32_t s_label = 0;
    if (!is_found(states, event, guesses)) {
      DM_TRY(find_row(f, event, guesses, &row, err));
    }
    DM_TRY(dm_check_row(&f->check, &states->labels, event->label_kind, event->label,
                        &label, err));
    if (event->s_label_kind != DM_IDENT_NONE) {
      DM_TRY(dm_check_row(&f->check, &states->s_labels, event->s_label_kind,
                          event->s_label, &s_label, err));
      s_label++;
    }
    lanes->plain[dm_lanes_next(lanes, row)] =
        (dm_plain){.label_probs = event->label_probs,
                   .event = (uint32_t)i,
                   .row = row,
                   .label = label,
                   .s_label = s_label,
                   .classes = event->n_classes ? DM_CLASSES_COMMON : DM_CLASSES_NONE,
                   .correct = event->correct};
  }
  return DM_OK;
}

/* states are those of f, and event is number i of its batch: at hand. */
DM_INLINE dm_status apply_event(fold *f, dm_states *states, const dm_event *event,
                                size_t i, uint32_t row, bool has_no_more, dm_error *err) {
  dm_accum *a = dm_states_accum(states, row);
  if (!has_no_more) {
    bool is_refused = false;
    DM_TRY(check_more(f, i, row, &is_refused, err));
    if (is_refused) {
      return DM_OK;
    }
  }
  if (DM_UNLIKELY(a->n == DM_EVALUATIONS_MAX)) {
    return dm_check_too_many(&f->check, event, err);
  }
  uint32_t label;
  if (DM_UNLIKELY(event->label_kind != DM_IDENT_INT || a->n == 0 ||
                  !dm_index_find(&states->labels, event->label, &label) ||
                  label != a->label)) {
    DM_TRY(dm_check_label(&f->check, event, a, row, err));
  }
  if (event->s_label_kind != DM_IDENT_NONE &&
      DM_UNLIKELY(event->s_label_kind != DM_IDENT_INT ||
                  !dm_index_find(&states->s_labels, event->s_label, &label) ||
                  label + 1 != a->s_label)) {
    DM_TRY(dm_check_s_label(&f->check, event, a, err));
  }
  if (event->n_classes && DM_UNLIKELY(event->n_classes != states->common_classes ||
                                      a->classes != DM_CLASSES_COMMON)) {
    DM_TRY(dm_check_classes(&f->check, event, a, row, err));
  }
  if (!has_no_more && event->label_index) {
    DM_TRY(dm_check_index(&f->check, event, row, err));
  }
  states->counts.good++;
  if (!has_no_more && states->has_window && !is_in_window(f, i, row)) {
    return DM_OK;
  }
  dm_accum_add(a, event->label_probs, event->correct);
  return !has_no_more && f->is_keeping ? place_event(f, i, row, err) : DM_OK;
}

/* What most runs need not ask of an event. */
static dm_status check_more(fold *f, size_t i, uint32_t row, bool *is_refused,
                            dm_error *err) {
  dm_states *states = f->check.states;
  const dm_batch *batch = f->check.batch;
  dm_status status = DM_OK;
  if (batch->events[i].step_kind != DM_STEP_NONE || states->has_steps) {
    status = dm_check_step(&f->check, i, row, err);
  }
  if (f->sink->take && !status) {
    status = f->sink->take(f->sink->ctx, batch, i, row, f->check.origin, err);
  }
  if (DM_LIKELY(!status)) {
    return DM_OK;
  }
  if ((status != DM_E_FIELD && status != DM_E_SYNTAX) || !states->options.is_skipping) {
    return status;
  }
  *is_refused = true;
  states->counts.bad++;
  dm_problem problem = dm_problem_from_error(DM_PROBLEM_BAD_LINE, err);
  return dm_problems_add(&states->problems, &problem, err);
}

/* --- what is kept of an event beside the event itself --- */

static inline size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static dm_status place_event(fold *f, size_t i, uint32_t row, dm_error *err) {
  const dm_batch *batch = f->check.batch;
  const dm_accum *a = dm_states_accum(f->check.states, row);
  dm_lanes *lanes = f->lanes;
  dm_widths *widths = &lanes->widths;
  dm_placed placed = {.event = (uint32_t)i, .row = row, .n = a->n};
  if (batch->keep.has_probs) {
    widths->class_sums = larger(widths->class_sums, dm_batch_n_probs(batch, i));
  }
  if (batch->keep.has_prediction) {
    DM_TRY(place_prediction(f, i, a, &placed, err));
  }
  lanes->placed[dm_lanes_next(lanes, row)] = placed;
  return DM_OK;
}

static dm_status place_prediction(fold *f, size_t i, const dm_accum *a, dm_placed *placed,
                                  dm_error *err) {
  dm_states *states = f->check.states;
  const dm_prediction *prediction = &f->check.batch->predictions[i];
  dm_widths *widths = &f->lanes->widths;
  uint32_t column;
  dm_ident label = dm_index_ident(&states->labels, a->label);
  /* listed as well */
  DM_TRY(dm_index_row_soon(&states->predicted, &label, &column, err));
  if (prediction->kind == DM_IDENT_NONE) {
    return DM_OK;
  }
  if (prediction->is_place) {
    widths->places = larger(widths->places, (size_t)prediction->label + 1);
    return DM_OK;
  }
  label = dm_batch_ident(f->check.batch, prediction->kind, prediction->label);
  DM_TRY(dm_index_row_soon(&states->predicted, &label, &column, err));
  placed->predicted = column + 1;
  widths->predictions = larger(widths->predictions, placed->predicted);
  return DM_OK;
}

static dm_status keep_group(fold *f, dm_error *err) {
  dm_lanes *lanes = f->lanes;
  DM_TRY(dm_states_grow_kept(f->check.states, &lanes->widths, err));
  for (size_t i = 0; i < lanes->n[0]; i++) {
    DM_TRY(dm_placed_keep(f->check.states, f->check.batch, &lanes->placed[i], err));
  }
  lanes->n[0] = 0;
  return DM_OK;
}

dm_status dm_fold_conclude(dm_states *states, const dm_part *part, dm_error *err) {
  const dm_batch *batch = &part->batch;
  dm_check check = {.states = states, .batch = batch, .origin = &part->origin};
  size_t next[DM_LANES_MAX] = {0};
  const dm_plain *disputed;
  if (!part->lanes.is_plain) {
    return DM_OK;
  }
  while ((disputed = dm_lanes_next_disputed(&part->lanes, next))) {
    const dm_event *event = &batch->events[disputed->event];
    DM_TRY(dm_check_problems(&check, event->line, err));
    if (disputed->is_beyond) {
      return dm_check_too_many(&check, event, err);
    }
    DM_TRY(dm_check_disputed(&check, disputed, err));
  }
  DM_TRY(dm_check_problems(&check, UINT64_MAX, err));
  return dm_states_check_counts(states, err);
}

/* --- which lines count --- */

/* Whether the line counts, and that it was seen. */
static bool is_in_window(fold *f, size_t i, uint32_t row) {
  dm_states *states = f->check.states;
  const dm_batch *batch = f->check.batch;
  const dm_options *options = &states->options;
  uint32_t *seen = dm_rows_at(&states->seen, row);
  double step = batch->events[i].step_kind == DM_STEP_NONE ? *seen : batch->steps[i];
  *seen += *seen < UINT32_MAX;
  if (options->has_step_range &&
      !(step >= options->first_step && step <= options->last_step)) {
    return false;
  }
  return options->burn_out == 0 || dm_states_accum(states, row)->n < options->burn_out;
}
