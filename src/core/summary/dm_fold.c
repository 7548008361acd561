/* Applies batches to the running states, in file order. Knows no text but for messages.
 */
#include "summary/dm_fold.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "number/dm_format.h"
#include "number/dm_number.h"
#include "signals/dm_keys.h"

/* How many events' memory is asked for at a time. */
enum { GROUP = 32 };

/* So many rows one behind the other are of a lane: their states end where cache lines do.
 */
enum { LANE_SHIFT = 6 };

/* A batch on its way. */
typedef struct fold {
  dm_states *states;
  const dm_sink *sink;
  const dm_batch *batch;
  const dm_origin *origin;
  size_t next_problem; /* of the batch, to be moved to the states */
  bool is_keeping;     /* more than what a summary needs */
  bool is_at_once;     /* which is added after each group of events */
  dm_lanes *lanes;     /* where that stands until then */
} fold;

static void begin_rows(fold *f, size_t first, dm_lookup *out);
static void guess_rows(fold *f, size_t first, dm_lookup *out);
static dm_status apply_events(fold *f, size_t first, const dm_lookup *guesses,
                              dm_error *err);
static dm_status apply_group(fold *f, size_t first, const dm_lookup *guesses,
                             bool is_plain, dm_error *err);
static dm_status find_row(fold *f, const dm_event *event, const dm_lookup *lookup,
                          uint32_t *row, dm_error *err);
DM_INLINE dm_status apply_event(fold *f, dm_states *states, const dm_event *event,
                                size_t i, uint32_t row, bool is_plain, dm_error *err);
static dm_status check_more(fold *f, size_t i, uint32_t row, bool *is_refused,
                            dm_error *err);
static dm_status place_event(fold *f, size_t i, uint32_t row, dm_error *err);
static dm_status place_prediction(fold *f, size_t i, const dm_accum *a, dm_placed *placed,
                                  dm_error *err);
static dm_status keep_group(fold *f, dm_error *err);
static dm_status keep_event(dm_states *states, const dm_batch *batch,
                            const dm_placed *placed, dm_error *err);
static dm_status fold_events(fold *f, dm_error *err);
static inline bool is_first(const dm_states *states, const dm_accum *a, uint32_t row);
static bool is_in_window(fold *f, size_t i, uint32_t row);
static dm_status check_step(fold *f, size_t i, uint32_t row, dm_error *err);
static dm_status check_label(fold *f, const dm_event *event, dm_accum *a, uint32_t row,
                             dm_error *err);
static dm_status check_s_label(fold *f, const dm_event *event, dm_accum *a,
                               dm_error *err);
static dm_status check_classes(fold *f, const dm_event *event, dm_accum *a, uint32_t row,
                               dm_error *err);
static dm_status check_index(fold *f, const dm_event *event, uint32_t row, dm_error *err);
static dm_status take_problems(fold *f, uint64_t last_line, dm_error *err);
static void place_error(fold *f, dm_error *err);
static const char *line_text(fold *f, const dm_event *event);
static dm_note note_at(fold *f, const dm_event *event);

dm_status dm_fold_batch(dm_states *states, const dm_sink *sink, const dm_batch *batch,
                        const dm_origin *origin, dm_error *err) {
  dm_placed group[GROUP];
  dm_lanes lanes = {.placed = group, .room = GROUP, .n_lanes = 1};
  fold f = {.states = states,
            .sink = sink,
            .batch = batch,
            .origin = origin,
            .is_at_once = true,
            .lanes = &lanes};
  return fold_events(&f, err);
}

dm_status dm_fold_place(dm_states *states, const dm_sink *sink, dm_part *part,
                        const dm_origin *origin, size_t n_lanes, dm_error *err) {
  dm_lanes *lanes = &part->lanes;
  fold f = {.states = states,
            .sink = sink,
            .batch = &part->batch,
            .origin = origin,
            .lanes = lanes};
  size_t need;
  if (!dm_size_mul(part->batch.n_events, n_lanes, &need)) {
    return dm_error_memory(err);
  }
  DM_GROW(lanes->placed, lanes->cap, need, err);
  lanes->room = part->batch.n_events;
  lanes->n_lanes = n_lanes;
  dm_part_clear(part);
  return fold_events(&f, err);
}

void dm_part_clear(dm_part *part) {
  part->lanes.widths = (dm_widths){0};
  memset(part->lanes.n, 0, sizeof part->lanes.n);
}

void dm_part_release(dm_part *part) {
  dm_batch_release(&part->batch);
  dm_free(part->lanes.placed);
}

static dm_status fold_events(fold *f, dm_error *err) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  /* Three stages, each a group of events behind the one before, so that the memory that
     one waits for is fetched while others are worked on: where the id is looked up, the
     row, the state itself. */
  dm_lookup guesses[3][GROUP];
  size_t n_groups = (batch->n_events + GROUP - 1) / GROUP;
  f->is_keeping = batch->is_keeping && dm_states_keep_more(states);
  for (size_t g = 0; g < n_groups + 2; g++) {
    if (g < n_groups) {
      begin_rows(f, g * GROUP, guesses[g % 3]);
    }
    if (g >= 1 && g - 1 < n_groups) {
      guess_rows(f, (g - 1) * GROUP, guesses[(g - 1) % 3]);
    }
    if (g >= 2) {
      DM_TRY(apply_events(f, (g - 2) * GROUP, guesses[(g - 2) % 3], err));
      if (f->is_keeping && f->is_at_once) {
        DM_TRY(keep_group(f, err));
      }
    }
  }
  DM_TRY(take_problems(f, UINT64_MAX, err));
  states->counts.lines += batch->n_lines - batch->n_elsewhere;
  states->counts.blank += batch->n_blank;
  states->counts.bad += batch->n_bad;
  states->counts.cut += batch->n_cut;
  states->keys |= batch->keys;
  DM_TRY(dm_states_check_counts(states, err));
  if (batch->has_error) {
    *err = batch->error;
    place_error(f, err);
    return err->status;
  }
  return DM_OK;
}

/* The end of the group that starts with this event. */
static inline size_t group_end(const dm_batch *batch, size_t first) {
  return batch->n_events - first < GROUP ? batch->n_events : first + GROUP;
}

static void begin_rows(fold *f, size_t first, dm_lookup *out) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  size_t end = group_end(batch, first);
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
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  size_t end = group_end(batch, first);
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
      __builtin_prefetch(dm_states_accum(states, row), 1);
      if (DM_UNLIKELY(f->is_keeping) && f->is_at_once) {
        dm_states_prefetch_more(states, row);
      }
    }
  }
}

/* Most runs and batches have nothing beside what a summary needs. */
static bool has_nothing_more(fold *f) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  return !states->has_steps && !batch->has_steps && !f->sink->take &&
         !states->has_window && !batch->is_keeping && !batch->has_label_index;
}

static dm_status apply_events(fold *f, size_t first, const dm_lookup *guesses,
                              dm_error *err) {
  return DM_LIKELY(has_nothing_more(f)) ? apply_group(f, first, guesses, true, err)
                                        : apply_group(f, first, guesses, false, err);
}

static dm_status apply_group(fold *f, size_t first, const dm_lookup *guesses,
                             bool is_plain, dm_error *err) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  size_t end = group_end(batch, first);
  for (size_t i = first; i < end; i++, guesses++) {
    const dm_event *event = &batch->events[i];
    uint32_t row = guesses->row - 1;
    if (DM_UNLIKELY(f->next_problem < batch->problems.n_kept)) {
      DM_TRY(take_problems(f, event->line, err));
    }
    if (!guesses->is_certain &&
        !dm_index_confirm(&states->ids, (dm_ident_kind)event->id_kind, event->id,
                          guesses)) {
      DM_TRY(find_row(f, event, guesses, &row, err));
    }
    DM_TRY(apply_event(f, states, event, i, row, is_plain, err));
  }
  return DM_OK;
}

static dm_status find_row(fold *f, const dm_event *event, const dm_lookup *lookup,
                          uint32_t *row, dm_error *err) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  dm_ident id = dm_batch_ident(batch, event->id_kind, event->id);
  DM_TRY(dm_index_end(&states->ids, &id, lookup, row, err));
  return dm_states_grow_rows(states, err);
}

/* states are those of f, and event is number i of its batch: at hand. */
DM_INLINE dm_status apply_event(fold *f, dm_states *states, const dm_event *event,
                                size_t i, uint32_t row, bool is_plain, dm_error *err) {
  dm_accum *a = dm_states_accum(states, row);
  if (!is_plain) {
    bool is_refused = false;
    DM_TRY(check_more(f, i, row, &is_refused, err));
    if (is_refused) {
      return DM_OK;
    }
  }
  if (DM_UNLIKELY(a->n == DM_EVALUATIONS_MAX)) {
    dm_error_expected(err, DM_E_LIMIT, "at most %d evaluations of a sample",
                      DM_EVALUATIONS_MAX);
    err->line = event->line;
    place_error(f, err);
    return DM_E_LIMIT;
  }
  uint32_t label;
  if (DM_UNLIKELY(event->label_kind != DM_IDENT_INT || a->n == 0 ||
                  !dm_index_find(&states->labels, event->label, &label) ||
                  label != a->label)) {
    DM_TRY(check_label(f, event, a, row, err));
  }
  if (event->s_label_kind != DM_IDENT_NONE &&
      DM_UNLIKELY(event->s_label_kind != DM_IDENT_INT ||
                  !dm_index_find(&states->s_labels, event->s_label, &label) ||
                  label + 1 != a->s_label)) {
    DM_TRY(check_s_label(f, event, a, err));
  }
  if (event->n_classes && DM_UNLIKELY(event->n_classes != states->common_classes ||
                                      a->classes != DM_CLASSES_COMMON)) {
    DM_TRY(check_classes(f, event, a, row, err));
  }
  if (!is_plain && event->label_index) {
    DM_TRY(check_index(f, event, row, err));
  }
  states->counts.good++;
  if (!is_plain && states->has_window && !is_in_window(f, i, row)) {
    return DM_OK;
  }
  dm_accum_add(a, event->label_probs, event->correct);
  return !is_plain && f->is_keeping ? place_event(f, i, row, err) : DM_OK;
}

/* What most runs need not ask of an event. */
static dm_status check_more(fold *f, size_t i, uint32_t row, bool *is_refused,
                            dm_error *err) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  dm_status status = DM_OK;
  if (batch->events[i].step_kind != DM_STEP_NONE || states->has_steps) {
    status = check_step(f, i, row, err);
  }
  if (f->sink->take && !status) {
    status = f->sink->take(f->sink->ctx, batch, i, row, f->origin, err);
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

static size_t n_probs_of(const dm_batch *batch, size_t i) {
  return batch->probs_end[i] - (i ? batch->probs_end[i - 1] : 0);
}

static inline size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static dm_status place_event(fold *f, size_t i, uint32_t row, dm_error *err) {
  const dm_batch *batch = f->batch;
  const dm_accum *a = dm_states_accum(f->states, row);
  dm_lanes *lanes = f->lanes;
  dm_widths *widths = &lanes->widths;
  dm_placed placed = {.event = (uint32_t)i, .row = row, .n = a->n};
  if (batch->keep.has_probs) {
    widths->class_sums = larger(widths->class_sums, n_probs_of(batch, i));
  }
  if (batch->keep.has_prediction) {
    DM_TRY(place_prediction(f, i, a, &placed, err));
  }
  size_t lane = (row >> LANE_SHIFT) & (lanes->n_lanes - 1);
  lanes->placed[lane * lanes->room + lanes->n[lane]++] = placed;
  return DM_OK;
}

static dm_status place_prediction(fold *f, size_t i, const dm_accum *a, dm_placed *placed,
                                  dm_error *err) {
  dm_states *states = f->states;
  const dm_prediction *prediction = &f->batch->predictions[i];
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
  label = dm_batch_ident(f->batch, prediction->kind, prediction->label);
  DM_TRY(dm_index_row_soon(&states->predicted, &label, &column, err));
  placed->predicted = column + 1;
  widths->predictions = larger(widths->predictions, placed->predicted);
  return DM_OK;
}

static dm_status keep_group(fold *f, dm_error *err) {
  dm_lanes *lanes = f->lanes;
  DM_TRY(dm_states_grow_kept(f->states, &lanes->widths, err));
  for (size_t i = 0; i < lanes->n[0]; i++) {
    DM_TRY(keep_event(f->states, f->batch, &lanes->placed[i], err));
  }
  lanes->n[0] = 0;
  return DM_OK;
}

dm_status dm_fold_lane(dm_states *states, const dm_part *part, size_t lane,
                       dm_error *err) {
  enum { AHEAD = 16 };
  const dm_lanes *lanes = &part->lanes;
  size_t n = lanes->n[lane];
  if (n == 0) {
    return DM_OK;
  }
  const dm_placed *placed = lanes->placed + lane * lanes->room;
  for (size_t i = 0; i < n + AHEAD; i++) {
    if (i < n) {
      dm_states_prefetch_more(states, placed[i].row);
    }
    if (i >= AHEAD) {
      DM_TRY(keep_event(states, &part->batch, &placed[i - AHEAD], err));
    }
  }
  return DM_OK;
}

static dm_status keep_event(dm_states *states, const dm_batch *batch,
                            const dm_placed *placed, dm_error *err) {
  size_t i = placed->event;
  uint32_t row = placed->row;
  dm_metric_line line = {.keep = &states->keep};
  if (batch->n_values) {
    line.values = batch->signals + i * batch->n_values;
    DM_TRY(dm_kept_add(&states->kept, row, placed->n, line.values, err));
  }
  if (batch->keep.has_probs) {
    size_t n = n_probs_of(batch, i);
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

/* --- which lines count --- */

/* Whether the line's sample has had none before, that counts or not. */
static inline bool is_first(const dm_states *states, const dm_accum *a, uint32_t row) {
  return DM_UNLIKELY(states->has_window)
             ? *(const uint32_t *)dm_rows_at(&states->seen, row) == 0
             : a->n == 0;
}

/* Whether the line counts, and that it was seen. */
static bool is_in_window(fold *f, size_t i, uint32_t row) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
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

static dm_status check_step(fold *f, size_t i, uint32_t row, dm_error *err) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  const dm_origin *origin = f->origin;
  const dm_event *event = &batch->events[i];
  const dm_accum *a = dm_states_accum(states, row);
  states->has_steps |= event->step_kind != DM_STEP_NONE;
  DM_TRY(dm_rows_grow(&states->steps, states->ids.n, err));
  dm_step_state *last = dm_rows_at(&states->steps, row);
  bool is_given = event->step_kind != DM_STEP_NONE;
  double step = is_given ? batch->steps[i] : 0;
  dm_steps_fault fault =
      dm_steps_check(last, is_first(states, a, row), is_given, step, true);
  states->has_back_steps |= fault == DM_STEPS_BACK;
  if (DM_UNLIKELY(fault == DM_STEPS_MIXED ||
                  (fault == DM_STEPS_BACK && !f->sink->take))) {
    dm_ident id = dm_index_ident(&states->ids, row);
    dm_steps_error(fault, last, is_given, step, &id, err);
    dm_error_rename(states->options.names, err);
    if (fault == DM_STEPS_BACK) {
      dm_error_advice(err,
                      "give the files in time order, or read them as a table, which is "
                      "sorted by step within id");
      err->other_file = last->file;
      err->other_line = last->line;
    }
    err->line = event->line;
    err->byte = event->offset;
    err->column = 1;
    dm_span unused;
    const char *text = line_text(f, event);
    if (text) {
      (void)dm_line_find(states->options.names, text, "step", &unused, &err->column);
    }
    place_error(f, err);
    return DM_E_FIELD;
  }
  if (!is_given) {
    return DM_OK;
  }
  if (DM_UNLIKELY(last->is_given && step == last->step &&
                  event->step_kind == DM_STEP_UNIQUE)) {
    char shown[DM_FORMAT_MAX + 1];
    shown[dm_format_double(step, shown)] = '\0';
    dm_note note = note_at(f, event);
    note.kind = DM_PROBLEM_STEP;
    note.key = "step";
    note.actual = shown;
    DM_TRY(dm_problem_note(&states->problems, &note, err,
                           "a step above %s, which this id had before", shown));
  }
  if (!last->is_given) {
    last->first = step;
    last->is_given = 1;
    last->is_first_unique = event->step_kind == DM_STEP_UNIQUE;
  }
  last->step = step;
  last->line = origin->first_line + event->line;
  last->file = origin->file;
  if (step > states->largest_step) {
    double distance = step - states->largest_step;
    if (states->largest_step > -INFINITY && distance > states->step_distance) {
      states->step_distance = distance;
    }
    states->largest_step = step;
  }
  return DM_OK;
}

/* The row of an ident of the batch in an index that has, or gets, it. */
static dm_status row_of(const fold *f, dm_index *index, uint8_t kind, int64_t value,
                        uint32_t *row, dm_error *err) {
  dm_ident ident = dm_batch_ident(f->batch, kind, value);
  return dm_index_row(index, &ident, row, err);
}

/* That the label or s_label of an event is another one than its sample had first, by
   their rows. */
static dm_status note_other(fold *f, const dm_event *event, dm_problem_kind kind,
                            uint32_t now, uint32_t first, dm_error *err) {
  bool is_label = kind == DM_PROBLEM_LABEL;
  const dm_index *index = is_label ? &f->states->labels : &f->states->s_labels;
  char shown_now[64];
  char shown_first[64];
  dm_ident ident = dm_index_ident(index, now);
  dm_ident_print(&ident, shown_now, sizeof shown_now);
  ident = dm_index_ident(index, first);
  dm_ident_print(&ident, shown_first, sizeof shown_first);
  dm_note note = note_at(f, event);
  note.kind = kind;
  note.key = is_label ? "label" : "s_label";
  note.actual = shown_now;
  return dm_problem_note(&f->states->problems, &note, err, "%s %s, the first of this id",
                         note.key, shown_first);
}

static dm_status check_label(fold *f, const dm_event *event, dm_accum *a, uint32_t row,
                             dm_error *err) {
  dm_index *labels = &f->states->labels;
  uint32_t label;
  if (event->label_kind != DM_IDENT_INT || !dm_index_find(labels, event->label, &label)) {
    DM_TRY(row_of(f, labels, event->label_kind, event->label, &label, err));
  }
  if (is_first(f->states, a, row)) {
    a->label = label;
  } else if (a->label != label) {
    return note_other(f, event, DM_PROBLEM_LABEL, label, a->label, err);
  }
  return DM_OK;
}

static dm_status check_s_label(fold *f, const dm_event *event, dm_accum *a,
                               dm_error *err) {
  dm_index *s_labels = &f->states->s_labels;
  uint32_t s_label;
  if (event->s_label_kind != DM_IDENT_INT ||
      !dm_index_find(s_labels, event->s_label, &s_label)) {
    DM_TRY(row_of(f, s_labels, event->s_label_kind, event->s_label, &s_label, err));
  }
  if (a->s_label == 0) {
    if (s_label >= DM_S_LABELS_MAX) {
      return dm_error_expected(err, DM_E_LIMIT, "at most %d different s_labels",
                               DM_S_LABELS_MAX);
    }
    a->s_label = (s_label + 1) & 0x7FFFFFF;
  } else if (DM_UNLIKELY(a->s_label != s_label + 1)) {
    return note_other(f, event, DM_PROBLEM_S_LABEL, s_label, a->s_label - 1, err);
  }
  return DM_OK;
}

/* Lengths that differ between samples are fine (the choices of a question); one that
   changes for a sample is not. */
static dm_status check_classes(fold *f, const dm_event *event, dm_accum *a, uint32_t row,
                               dm_error *err) {
  dm_states *states = f->states;
  uint32_t n = event->n_classes;
  if (a->classes == DM_CLASSES_NONE) {
    return dm_states_set_classes(states, row, n, err);
  }
  uint32_t first = dm_states_classes(states, row);
  if (first == n) {
    return DM_OK;
  }
  char now[32];
  (void)snprintf(now, sizeof now, "%llu", (unsigned long long)n);
  const char *text = line_text(f, event);
  dm_span unused_span;
  uint64_t unused;
  bool is_probs =
      !text || dm_line_find(states->options.names, text, "probs", &unused_span, &unused);
  dm_note note = note_at(f, event);
  note.kind = DM_PROBLEM_PROB_COUNT;
  note.key = is_probs ? "probs" : "logits";
  note.actual = now;
  return dm_problem_note(&states->problems, &note, err,
                         "%llu classes, as at first for this id",
                         (unsigned long long)first);
}

/* Only for the label that the sample had first: another one has a place of its own. */
static dm_status check_index(fold *f, const dm_event *event, uint32_t row,
                             dm_error *err) {
  dm_states *states = f->states;
  uint32_t label; /* which is there */
  DM_TRY(row_of(f, &states->labels, event->label_kind, event->label, &label, err));
  if (event->label_index <= event->n_classes) {
    DM_TRY(dm_states_name_class(states, event->label_index - 1, label + 1, err));
  }
  if (label != dm_states_accum(states, row)->label) {
    return DM_OK;
  }
  uint32_t first = dm_states_label_index(states, row);
  if (first == 0) {
    return dm_states_set_label_index(states, row, event->label_index, err);
  }
  if (first == event->label_index) {
    return DM_OK;
  }
  char now[32];
  (void)snprintf(now, sizeof now, "%lu", (unsigned long)event->label_index - 1);
  dm_note note = note_at(f, event);
  note.kind = DM_PROBLEM_LABEL_INDEX;
  note.key = "label_index";
  note.actual = now;
  return dm_problem_note(&states->problems, &note, err,
                         "%lu, the first for this id's label", (unsigned long)first - 1);
}

/* --- problems --- */

/* Moves the batch's problems up to a line (within the batch) to the run's. */
static dm_status take_problems(fold *f, uint64_t last_line, dm_error *err) {
  dm_states *states = f->states;
  const dm_batch *batch = f->batch;
  const dm_origin *origin = f->origin;
  const dm_problems *from = &batch->problems;
  for (; f->next_problem < from->n_kept && from->kept[f->next_problem].line <= last_line;
       f->next_problem++) {
    dm_problem problem = from->kept[f->next_problem];
    problem.line += origin->first_line;
    problem.file = origin->file;
    DM_TRY(dm_problems_add(&states->problems, &problem, err));
  }
  if (last_line == UINT64_MAX) { /* those that were only counted */
    uint64_t kept[DM_PROBLEM_KINDS] = {0};
    for (size_t i = 0; i < from->n_kept; i++) {
      kept[from->kept[i].kind]++;
    }
    for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
      states->problems.count[kind] += from->count[kind] - kept[kind];
    }
  }
  return DM_OK;
}

static void place_error(fold *f, dm_error *err) {
  const dm_origin *origin = f->origin;
  err->line += origin->first_line;
  err->byte += origin->first_byte;
  err->file = origin->file;
}

static const char *line_text(fold *f, const dm_event *event) {
  const dm_batch *batch = f->batch;
  return batch->data ? batch->data + event->offset : NULL;
}

/* A note of nothing yet, placed at the event's line. */
static dm_note note_at(fold *f, const dm_event *event) {
  const dm_origin *origin = f->origin;
  return (dm_note){.file = origin->file,
                   .line = origin->first_line + event->line,
                   .text = line_text(f, event)};
}
