/* Goes through the rows of the second run: its samples are looked up in the first, its
   labels by a table that is made before. */
#include "summary/dm_merge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "number/dm_format.h"

/* Steps are made of fractions too, whose distances are not exact. */
#define TOLERANCE 1.000001

typedef struct merge {
  dm_states *states;
  const dm_states *other;
  int32_t n_files;
  uint32_t *labels;    /* row of run's labels by row of other's */
  uint32_t *s_labels;  /* likewise */
  uint32_t *predicted; /* likewise, with 1 added; 0: not listed yet */
  double last;  /* largest step in run of the samples that are in both; -Inf: none */
  double first; /* smallest one in other; Inf: none */
} merge;

static dm_status map_idents(dm_index *index, const dm_index *other, uint32_t **out,
                            dm_error *err);
static dm_status merge_rows(merge *m, dm_error *err);
static dm_status merge_row(merge *m, uint32_t row, uint32_t from, bool is_new,
                           dm_error *err);
static dm_status map_predicted(merge *m, dm_error *err);
static dm_status list_predicted(merge *m, size_t from, dm_error *err);
static dm_status check_window(merge *m, uint32_t row, uint32_t from, bool is_new,
                              bool *is_over, dm_error *err);
static dm_status merge_states(merge *m, uint32_t row, uint32_t from, dm_error *err);
static dm_status merge_predictions(merge *m, uint32_t row, uint32_t from, dm_error *err);
static dm_status merge_idents(merge *m, dm_accum *a, const dm_accum *b, uint32_t row,
                              bool is_new, dm_error *err);
static dm_status note_ident(merge *m, dm_problem_kind kind, const char *key,
                            const dm_ident *now, const dm_ident *first, uint32_t row,
                            dm_error *err);
static dm_status merge_classes(merge *m, uint32_t row, uint32_t from, dm_error *err);
static dm_status merge_label_index(merge *m, uint32_t row, uint32_t from, dm_error *err);
static dm_status merge_steps(merge *m, uint32_t row, uint32_t from, bool is_new,
                             dm_error *err);
static dm_status merge_problems(merge *m, dm_error *err);
static dm_gap find_gap(const merge *m);
static void print_id(const merge *m, uint32_t row, char *out, size_t cap);
static void print_step(double step, char *out);

dm_status dm_merge(dm_states *states, const dm_states *other, int32_t n_files,
                   dm_gap *gap, dm_error *err) {
  merge m = {.states = states,
             .other = other,
             .n_files = n_files,
             .last = -INFINITY,
             .first = INFINITY};
  dm_status status;
  DM_TRY_DONE(map_idents(&states->labels, &other->labels, &m.labels, err));
  DM_TRY_DONE(map_idents(&states->s_labels, &other->s_labels, &m.s_labels, err));
  for (size_t k = 0; k < other->n_class_labels; k++) {
    uint32_t label = other->class_labels[k];
    if (label > 0 && label != DM_LABELS_SEVERAL) {
      label = m.labels[label - 1] + 1;
    }
    DM_TRY_DONE(dm_states_name_class(states, k, label, err));
  }
  DM_TRY_DONE(map_predicted(&m, err));
  DM_TRY_DONE(merge_problems(&m, err)); /* before those that are found now */
  DM_TRY_DONE(merge_rows(&m, err));
  dm_gap found = find_gap(&m);
  if (gap) {
    *gap = found;
  }
  double distance = found.first - found.last;
  if (m.last > -INFINITY && distance > states->step_distance) {
    states->step_distance = distance;
  }
  if (other->step_distance > states->step_distance) {
    states->step_distance = other->step_distance;
  }
  if (other->largest_step > states->largest_step) {
    states->largest_step = other->largest_step;
  }
  states->counts.lines += other->counts.lines;
  states->counts.good += other->counts.good;
  states->counts.blank += other->counts.blank;
  states->counts.bad += other->counts.bad;
  states->counts.cut += other->counts.cut;
  status = dm_states_check_counts(states, err);
done:
  dm_free(m.labels);
  dm_free(m.s_labels);
  dm_free(m.predicted);
  return status;
}

/* All of them, also those that no sample had first: they tell the type of the column. */
static dm_status map_idents(dm_index *index, const dm_index *other, uint32_t **out,
                            dm_error *err) {
  *out = dm_calloc(other->n, sizeof **out);
  if (!*out) {
    return dm_error_memory(err);
  }
  for (size_t i = 0; i < other->n; i++) {
    dm_ident ident = dm_index_ident(other, i);
    DM_TRY(dm_index_row(index, &ident, &(*out)[i], err));
  }
  index->has_text |= other->has_text;
  return DM_OK;
}

/* A label is listed when a sample needs it: other may list some that one reading would
   not, of lines that a burn-out leaves out and of samples whose first label is another.
 */
static dm_status map_predicted(merge *m, dm_error *err) {
  const dm_index *other = &m->other->predicted;
  m->predicted = dm_calloc(other->n, sizeof *m->predicted);
  if (!m->predicted) {
    return dm_error_memory(err);
  }
  m->states->predicted.has_text |= other->has_text;
  return DM_OK;
}

static dm_status list_predicted(merge *m, size_t from, dm_error *err) {
  if (m->predicted[from] == 0) {
    dm_ident ident = dm_index_ident(&m->other->predicted, from);
    uint32_t row;
    DM_TRY(dm_index_row(&m->states->predicted, &ident, &row, err));
    m->predicted[from] = row + 1;
  }
  return DM_OK;
}

static dm_status merge_rows(merge *m, dm_error *err) {
  dm_states *states = m->states;
  states->has_steps |= m->other->has_steps;
  DM_TRY(dm_states_grow(states, err));
  for (size_t from = 0; from < m->other->ids.n; from++) {
    dm_ident id = dm_index_ident(&m->other->ids, from);
    size_t n = states->ids.n;
    uint32_t row;
    DM_TRY(dm_states_sample(states, &id, &row, err));
    DM_TRY(merge_row(m, row, (uint32_t)from, row == n, err));
  }
  states->ids.has_text |= m->other->ids.has_text;
  return DM_OK;
}

static dm_status merge_row(merge *m, uint32_t row, uint32_t from, bool is_new,
                           dm_error *err) {
  dm_states *states = m->states;
  dm_accum *a = dm_rows_at(&states->accum, row);
  const dm_accum *b = dm_rows_at(&m->other->accum, from);
  if (states->has_steps) {
    DM_TRY(merge_steps(m, row, from, is_new, err));
  }
  DM_TRY(merge_idents(m, a, b, row, is_new, err));
  DM_TRY(merge_classes(m, row, from, err));
  DM_TRY(merge_label_index(m, row, from, err));
  if ((uint64_t)a->n + b->n > DM_EVALUATIONS_MAX) {
    return dm_error_expected(err, DM_E_LIMIT, "at most %d evaluations of a sample",
                             DM_EVALUATIONS_MAX);
  }
  bool is_over = false;
  if (states->has_window) {
    DM_TRY(check_window(m, row, from, is_new, &is_over, err));
  }
  return is_over ? DM_OK : merge_states(m, row, from, err);
}

/* Whether the window was over in run already, so that nothing in other counts; then its
   lines are only seen. An error where it ends, or a range of places lies, within other's
   lines of the sample: there the line is not to be found any more. */
static dm_status check_window(merge *m, uint32_t row, uint32_t from, bool is_new,
                              bool *is_over, dm_error *err) {
  const dm_options *options = &m->states->options;
  uint32_t *seen = dm_rows_at(&m->states->seen, row);
  uint32_t more = *(const uint32_t *)dm_rows_at(&m->other->seen, from);
  uint32_t n_before = ((const dm_accum *)dm_rows_at(&m->states->accum, row))->n;
  uint32_t n = ((const dm_accum *)dm_rows_at(&m->other->accum, from))->n;
  uint32_t seen_before = *seen;
  *seen = more > UINT32_MAX - *seen ? UINT32_MAX : *seen + more;
  if (is_new) {
    return DM_OK;
  }
  bool has_steps = m->other->has_steps &&
                   ((const dm_step_state *)dm_rows_at(&m->other->steps, from))->is_given;
  bool is_by_place = options->has_step_range && !has_steps;
  *is_over = (options->burn_out && n_before >= options->burn_out) ||
             (is_by_place && seen_before > options->last_step);
  bool is_cut =
      options->burn_out && n_before > 0 && (uint64_t)n_before + n > options->burn_out;
  if (*is_over || (!is_by_place && !is_cut)) {
    return DM_OK;
  }
  char id[64];
  print_id(m, row, id, sizeof id);
  if (is_by_place) {
    dm_error_expected(err, DM_E_FIELD,
                      "a step in the lines of id %s, to tell which count", id);
    dm_error_found(err, "none, and their places begin anew");
  } else {
    dm_error_expected(err, DM_E_FIELD,
                      "a burn-out that ends before or behind these evaluations of id %s",
                      id);
    dm_error_found(err, "one that ends among them");
  }
  dm_error_advice(err, "update the earlier state with the signals themselves");
  const char *key = is_by_place ? "steps" : "burn_out";
  dm_error_key(err, key, strlen(key));
  return DM_E_FIELD;
}

static dm_status merge_states(merge *m, uint32_t row, uint32_t from, dm_error *err) {
  dm_states *states = m->states;
  const dm_states *other = m->other;
  dm_accum *a = dm_rows_at(&states->accum, row);
  const dm_accum *b = dm_rows_at(&other->accum, from);
  uint32_t n = a->n;
  dm_accum_merge(a, b);
  for (size_t i = 0; i < states->kept.n; i++) {
    dm_signal_accum value = dm_kept_get(&states->kept, row, n, i);
    dm_signal_accum with = dm_kept_get(&other->kept, from, b->n, i);
    dm_signal_merge(&value, &with);
    DM_TRY(dm_kept_set(&states->kept, row, a->n, i, &value, err));
  }
  if (states->has_metrics) {
    dm_metric_merge(dm_rows_at(&states->metrics, row), dm_rows_at(&other->metrics, from));
  }
  size_t width = other->class_sums.width;
  if (width > 0) {
    DM_TRY(dm_sums_grow(&states->class_sums, states->ids.n, width, err));
    const double *sums = dm_sums_row(&other->class_sums, from);
    for (size_t k = 0; k < width; k++) {
      dm_sums_row(&states->class_sums, row)[k] += sums[k];
    }
  }
  return states->keep.has_prediction ? merge_predictions(m, row, from, err) : DM_OK;
}

static dm_status merge_predictions(merge *m, uint32_t row, uint32_t from, dm_error *err) {
  dm_states *states = m->states;
  const dm_accum *a = dm_rows_at(&states->accum, row);
  uint32_t unused;
  if (a->n > 0) { /* its label is listed, predicted or not */
    dm_ident label = dm_index_ident(&states->labels, a->label);
    DM_TRY(dm_index_row(&states->predicted, &label, &unused, err));
  }
  const dm_sums *places = &m->other->places;
  if (places->width > 0) {
    DM_TRY(dm_sums_grow(&states->places, states->ids.n, places->width, err));
    for (size_t k = 0; k < places->width; k++) {
      dm_sums_row(&states->places, row)[k] += dm_sums_row(places, from)[k];
    }
  }
  const dm_sums *with = &m->other->predictions;
  for (size_t k = 0; k < with->width && k < m->other->predicted.n; k++) {
    double count = dm_sums_row(with, from)[k];
    if (count > 0) {
      DM_TRY(list_predicted(m, k, err));
      DM_TRY(dm_sums_grow(&states->predictions, states->ids.n, states->predicted.n, err));
      dm_sums_row(&states->predictions, row)[m->predicted[k] - 1] += count;
    }
  }
  return DM_OK;
}

/* The label and s_label of run's sample. */
static dm_status merge_idents(merge *m, dm_accum *a, const dm_accum *b, uint32_t row,
                              bool is_new, dm_error *err) {
  dm_states *states = m->states;
  uint32_t label = m->labels[b->label];
  if (is_new) {
    a->label = label;
  } else if (a->label != label) {
    dm_ident first = dm_index_ident(&states->labels, a->label);
    dm_ident now = dm_index_ident(&states->labels, label);
    DM_TRY(note_ident(m, DM_PROBLEM_LABEL, "label", &now, &first, row, err));
  }
  if (b->s_label == 0) {
    return DM_OK;
  }
  uint32_t s_label = m->s_labels[b->s_label - 1];
  if (s_label >= DM_S_LABELS_MAX) {
    return dm_error_expected(err, DM_E_LIMIT, "at most %d different s_labels",
                             DM_S_LABELS_MAX);
  }
  if (a->s_label == 0) {
    a->s_label = (s_label + 1) & 0x7FFFFFF;
  } else if (a->s_label != s_label + 1) {
    dm_ident first = dm_index_ident(&states->s_labels, a->s_label - 1);
    dm_ident now = dm_index_ident(&states->s_labels, s_label);
    DM_TRY(note_ident(m, DM_PROBLEM_S_LABEL, "s_label", &now, &first, row, err));
  }
  return DM_OK;
}

static dm_status note_ident(merge *m, dm_problem_kind kind, const char *key,
                            const dm_ident *now, const dm_ident *first, uint32_t row,
                            dm_error *err) {
  char shown[64];
  char expected[64];
  char id[64];
  dm_ident_print(now, shown, sizeof shown);
  dm_ident_print(first, expected, sizeof expected);
  print_id(m, row, id, sizeof id);
  return dm_problem_note(
      &m->states->problems,
      &(dm_note){.kind = kind, .file = -1, .key = key, .actual = shown}, err,
      "%s %s, the first of id %s", key, expected, id);
}

static dm_status merge_classes(merge *m, uint32_t row, uint32_t from, dm_error *err) {
  uint32_t first = dm_states_classes(m->states, row);
  uint32_t now = dm_states_classes(m->other, from);
  if (first == 0) {
    return dm_states_set_classes(m->states, row, now, err);
  }
  if (now == 0 || now == first) {
    return DM_OK;
  }
  char shown[32];
  char id[64];
  (void)snprintf(shown, sizeof shown, "%lu", (unsigned long)now);
  print_id(m, row, id, sizeof id);
  return dm_problem_note(
      &m->states->problems,
      &(dm_note){
          .kind = DM_PROBLEM_PROB_COUNT, .file = -1, .key = "probs", .actual = shown},
      err, "%lu classes, as at first for id %s", (unsigned long)first, id);
}

/* As while reading, only for the label that run's sample had first. */
static dm_status merge_label_index(merge *m, uint32_t row, uint32_t from, dm_error *err) {
  const dm_accum *a = dm_rows_at(&m->states->accum, row);
  const dm_accum *b = dm_rows_at(&m->other->accum, from);
  uint32_t first = dm_states_label_index(m->states, row);
  uint32_t now = dm_states_label_index(m->other, from);
  if (now == 0 || now == first || a->label != m->labels[b->label]) {
    return DM_OK;
  }
  if (first == 0) {
    return dm_states_set_label_index(m->states, row, now, err);
  }
  char shown[32];
  char id[64];
  (void)snprintf(shown, sizeof shown, "%lu", (unsigned long)now - 1);
  print_id(m, row, id, sizeof id);
  return dm_problem_note(&m->states->problems,
                         &(dm_note){.kind = DM_PROBLEM_LABEL_INDEX,
                                    .file = -1,
                                    .key = "label_index",
                                    .actual = shown},
                         err, "%lu, the first for the label of id %s",
                         (unsigned long)first - 1, id);
}

static dm_status merge_steps(merge *m, uint32_t row, uint32_t from, bool is_new,
                             dm_error *err) {
  dm_step_state *a = dm_rows_at(&m->states->steps, row);
  dm_step_state b = {0};
  if (m->other->has_steps) {
    b = *(const dm_step_state *)dm_rows_at(&m->other->steps, from);
    b.file += b.file < 0 ? 0 : m->n_files;
  }
  if (is_new) {
    *a = b;
    return DM_OK;
  }
  dm_steps_fault fault = dm_steps_check(a, false, b.is_given != 0, b.first, true);
  if (fault != DM_STEPS_FINE) {
    dm_ident id = dm_index_ident(&m->states->ids, row);
    dm_steps_error(fault, a, b.is_given != 0, b.first, &id, err);
    if (fault == DM_STEPS_BACK) {
      dm_error_advice(err, b.step < a->first
                               ? "give the earlier stretch of time first"
                               : "cut the signals so that no part begins before the end "
                                 "of another that has the same samples");
    } else if (!b.is_given) {
      dm_error_found(err, "lines without it");
    }
    return DM_E_FIELD;
  }
  if (!a->is_given) {
    return DM_OK;
  }
  if (b.first == a->step && b.is_first_unique) {
    char shown[DM_FORMAT_MAX + 1];
    char id[64];
    print_step(b.first, shown);
    print_id(m, row, id, sizeof id);
    DM_TRY(dm_problem_note(
        &m->states->problems,
        &(dm_note){.kind = DM_PROBLEM_STEP, .file = -1, .key = "step", .actual = shown},
        err, "a step above %s, which id %s had before", shown, id));
  }
  m->last = a->step > m->last ? a->step : m->last;
  m->first = b.first < m->first ? b.first : m->first;
  a->step = b.step;
  a->line = b.line;
  a->file = b.file;
  return DM_OK;
}

/* Those that are counted but not kept stay so. */
static dm_status merge_problems(merge *m, dm_error *err) {
  dm_problems *to = &m->states->problems;
  const dm_problems *from = &m->other->problems;
  uint64_t count[DM_PROBLEM_KINDS];
  for (size_t kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
    count[kind] = to->count[kind] + from->count[kind];
  }
  for (size_t i = 0; i < from->n_kept; i++) {
    dm_problem problem = from->kept[i];
    problem.file += problem.file < 0 ? 0 : m->n_files;
    DM_TRY(dm_problems_add(to, &problem, err));
  }
  memcpy(to->count, count, sizeof count);
  return DM_OK;
}

static dm_gap find_gap(const merge *m) {
  double a = m->states->step_distance;
  double b = m->other->step_distance;
  dm_gap gap = {.last = m->last, .first = m->first, .usual = a > b ? a : b};
  if (!(gap.usual > 0)) {
    gap.usual = 1;
  }
  gap.is_found = m->last > -INFINITY && gap.first - gap.last > gap.usual * TOLERANCE;
  return gap;
}

static void print_id(const merge *m, uint32_t row, char *out, size_t cap) {
  dm_ident id = dm_index_ident(&m->states->ids, row);
  dm_ident_print(&id, out, cap);
}

static void print_step(double step, char *out) {
  out[dm_format_double(step, out)] = '\0';
}
