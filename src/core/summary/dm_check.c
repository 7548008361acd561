/* What lines of a sample say one after the other: the first counts, and what follows
   otherwise is noted, or refused. */
#include "summary/dm_check.h"

#include <math.h>
#include <stdio.h>

#include "number/dm_format.h"
#include "signals/dm_keys.h"

static dm_status note_other(dm_check *c, const dm_event *event, dm_problem_kind kind,
                            uint32_t now, uint32_t first, dm_error *err);
static dm_status note_classes(dm_check *c, const dm_event *event, uint32_t first,
                              dm_error *err);
static const char *line_text(const dm_check *c, const dm_event *event);
static dm_note note_at(const dm_check *c, const dm_event *event);

/* Whether the line's sample has had none before, that counts or not. */
static inline bool is_first(const dm_states *states, const dm_accum *a, uint32_t row) {
  return DM_UNLIKELY(states->has_window)
             ? *(const uint32_t *)dm_rows_at(&states->seen, row) == 0
             : a->n == 0;
}

dm_status dm_check_step(dm_check *c, size_t i, uint32_t row, dm_error *err) {
  dm_states *states = c->states;
  const dm_batch *batch = c->batch;
  const dm_origin *origin = c->origin;
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
                  (fault == DM_STEPS_BACK && !c->may_go_back))) {
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
    const char *text = line_text(c, event);
    if (text) {
      (void)dm_line_find(states->options.names, text, "step", &unused, &err->column);
    }
    dm_check_place(c, err);
    return DM_E_FIELD;
  }
  if (!is_given) {
    return DM_OK;
  }
  if (DM_UNLIKELY(last->is_given && step == last->step &&
                  event->step_kind == DM_STEP_UNIQUE)) {
    char shown[DM_FORMAT_MAX + 1];
    shown[dm_format_double(step, shown)] = '\0';
    dm_note note = note_at(c, event);
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

dm_status dm_check_label(dm_check *c, const dm_event *event, dm_accum *a, uint32_t row,
                         dm_error *err) {
  dm_index *labels = &c->states->labels;
  uint32_t label;
  DM_TRY(dm_check_row(c, labels, event->label_kind, event->label, &label, err));
  if (is_first(c->states, a, row)) {
    a->label = label;
  } else if (a->label != label) {
    return note_other(c, event, DM_PROBLEM_LABEL, label, a->label, err);
  }
  return DM_OK;
}

dm_status dm_check_s_label(dm_check *c, const dm_event *event, dm_accum *a,
                           dm_error *err) {
  dm_index *s_labels = &c->states->s_labels;
  uint32_t s_label;
  DM_TRY(dm_check_row(c, s_labels, event->s_label_kind, event->s_label, &s_label, err));
  if (a->s_label == 0) {
    if (s_label >= DM_S_LABELS_MAX) {
      return dm_error_expected(err, DM_E_LIMIT, "at most %d different s_labels",
                               DM_S_LABELS_MAX);
    }
    a->s_label = (s_label + 1) & 0x7FFFFFF;
  } else if (DM_UNLIKELY(a->s_label != s_label + 1)) {
    return note_other(c, event, DM_PROBLEM_S_LABEL, s_label, a->s_label - 1, err);
  }
  return DM_OK;
}

dm_status dm_check_classes(dm_check *c, const dm_event *event, dm_accum *a, uint32_t row,
                           dm_error *err) {
  dm_states *states = c->states;
  uint32_t n = event->n_classes;
  if (a->classes == DM_CLASSES_NONE) {
    return dm_states_set_classes(states, row, n, err);
  }
  uint32_t first = dm_states_classes(states, row);
  return first == n ? DM_OK : note_classes(c, event, first, err);
}

dm_status dm_check_index(dm_check *c, const dm_event *event, uint32_t row,
                         dm_error *err) {
  dm_states *states = c->states;
  uint32_t label; /* which is there */
  DM_TRY(dm_check_row(c, &states->labels, event->label_kind, event->label, &label, err));
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
  dm_note note = note_at(c, event);
  note.kind = DM_PROBLEM_LABEL_INDEX;
  note.key = "label_index";
  note.actual = now;
  return dm_problem_note(&states->problems, &note, err,
                         "%lu, the first for this id's label", (unsigned long)first - 1);
}

dm_status dm_check_disputed(dm_check *c, const dm_plain *disputed, dm_error *err) {
  dm_states *states = c->states;
  const dm_event *event = &c->batch->events[disputed->event];
  uint32_t now;
  DM_TRY(dm_check_row(c, &states->labels, event->label_kind, event->label, &now, err));
  if (now != disputed->label) {
    DM_TRY(note_other(c, event, DM_PROBLEM_LABEL, now, disputed->label, err));
  }
  if (disputed->s_label) {
    uint32_t first = disputed->s_label - 1;
    DM_TRY(dm_check_row(c, &states->s_labels, event->s_label_kind, event->s_label, &now,
                        err));
    if (now != first) {
      DM_TRY(note_other(c, event, DM_PROBLEM_S_LABEL, now, first, err));
    }
  }
  if (disputed->classes != DM_CLASSES_OTHER) {
    return DM_OK;
  }
  return note_classes(c, event, *(uint32_t *)dm_rows_at(&states->classes, disputed->row),
                      err);
}

/* That the label or s_label of an event is another one than its sample had first, by
   their rows. */
static dm_status note_other(dm_check *c, const dm_event *event, dm_problem_kind kind,
                            uint32_t now, uint32_t first, dm_error *err) {
  bool is_label = kind == DM_PROBLEM_LABEL;
  const dm_index *index = is_label ? &c->states->labels : &c->states->s_labels;
  char shown_now[64];
  char shown_first[64];
  dm_ident ident = dm_index_ident(index, now);
  dm_ident_print(&ident, shown_now, sizeof shown_now);
  ident = dm_index_ident(index, first);
  dm_ident_print(&ident, shown_first, sizeof shown_first);
  dm_note note = note_at(c, event);
  note.kind = kind;
  note.key = is_label ? "label" : "s_label";
  note.actual = shown_now;
  return dm_problem_note(&c->states->problems, &note, err, "%s %s, the first of this id",
                         note.key, shown_first);
}

static dm_status note_classes(dm_check *c, const dm_event *event, uint32_t first,
                              dm_error *err) {
  char now[32];
  (void)snprintf(now, sizeof now, "%llu", (unsigned long long)event->n_classes);
  const char *text = line_text(c, event);
  dm_span unused_span;
  uint64_t unused;
  bool is_probs = !text || dm_line_find(c->states->options.names, text, "probs",
                                        &unused_span, &unused);
  dm_note note = note_at(c, event);
  note.kind = DM_PROBLEM_PROB_COUNT;
  note.key = is_probs ? "probs" : "logits";
  note.actual = now;
  return dm_problem_note(&c->states->problems, &note, err,
                         "%llu classes, as at first for this id",
                         (unsigned long long)first);
}

/* --- problems --- */

dm_status dm_check_problems(dm_check *c, uint64_t last_line, dm_error *err) {
  dm_states *states = c->states;
  const dm_batch *batch = c->batch;
  const dm_origin *origin = c->origin;
  const dm_problems *from = &batch->problems;
  for (; c->next_problem < from->n_kept && from->kept[c->next_problem].line <= last_line;
       c->next_problem++) {
    dm_problem problem = from->kept[c->next_problem];
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

dm_status dm_check_too_many(const dm_check *c, const dm_event *event, dm_error *err) {
  dm_error_expected(err, DM_E_LIMIT, "at most %d evaluations of a sample",
                    DM_EVALUATIONS_MAX);
  err->line = event->line;
  dm_check_place(c, err);
  return DM_E_LIMIT;
}

void dm_check_place(const dm_check *c, dm_error *err) {
  const dm_origin *origin = c->origin;
  err->line += origin->first_line;
  err->byte += origin->first_byte;
  err->file = origin->file;
}

static const char *line_text(const dm_check *c, const dm_event *event) {
  const dm_batch *batch = c->batch;
  return batch->data ? batch->data + event->offset : NULL;
}

/* A note of nothing yet, placed at the event's line. */
static dm_note note_at(const dm_check *c, const dm_event *event) {
  const dm_origin *origin = c->origin;
  return (dm_note){.file = origin->file,
                   .line = origin->first_line + event->line,
                   .text = line_text(c, event)};
}
