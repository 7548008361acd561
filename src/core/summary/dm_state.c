/* A row of states and its fields in columns: first each row is put into a struct of plain
   numbers, so that a table of offsets tells where its fields are. */
#include "summary/dm_state.h"

#include <string.h>

#include "base/dm_text.h"

/* A dm_accum with the length of the class vectors and the place of the label in it. */
typedef struct sample_row {
  dm_moments moments;
  int32_t label;       /* row of labels, from 1 */
  int32_t s_label;     /* row of s_labels, from 1; 0: none */
  int32_t n_classes;   /* 0: none */
  int32_t label_place; /* the label_index, from 1; 0: none */
  int32_t n;
  int32_t n_correct;
  int32_t n_forgetting;
  int32_t first_forgetting;
  int32_t first_learning;
  int32_t run_start;
  int32_t was_correct_first;
  int32_t was_correct;
  int32_t is_not_finite;
} sample_row;

typedef struct step_row {
  double step;
  double first;
  double line;
  int32_t file; /* from 1; 0: none */
  int32_t is_given;
  int32_t is_first_unique;
} step_row;

typedef struct signal_row {
  dm_moments moments;
  double last;
  int32_t n_finite;
  int32_t is_given;
  int32_t has_nan;
  int32_t has_above;
  int32_t has_below;
} signal_row;

typedef union any_row {
  sample_row sample;
  step_row step;
  signal_row signal;
  dm_metric_accum metric; /* as it is */
  double seen;
} any_row;

static const dm_state_field sample_fields[] = {
    {"label", DM_STATE_INT32, offsetof(sample_row, label)},
    {"s_label", DM_STATE_INT32, offsetof(sample_row, s_label)},
    {"n_classes", DM_STATE_INT32, offsetof(sample_row, n_classes)},
    {"label_place", DM_STATE_INT32, offsetof(sample_row, label_place)},
    {"evaluations", DM_STATE_INT32, offsetof(sample_row, n)},
    {"correct_times", DM_STATE_INT32, offsetof(sample_row, n_correct)},
    {"forgetting_times", DM_STATE_INT32, offsetof(sample_row, n_forgetting)},
    {"first_forget", DM_STATE_INT32, offsetof(sample_row, first_forgetting)},
    {"first_learn", DM_STATE_INT32, offsetof(sample_row, first_learning)},
    {"run_start", DM_STATE_INT32, offsetof(sample_row, run_start)},
    {"was_correct_first", DM_STATE_FLAG, offsetof(sample_row, was_correct_first)},
    {"was_correct", DM_STATE_FLAG, offsetof(sample_row, was_correct)},
    {"mean", DM_STATE_DOUBLE, offsetof(sample_row, moments.mean)},
    {"sum_of_squares", DM_STATE_DOUBLE, offsetof(sample_row, moments.sum_of_squares)},
    {"min", DM_STATE_DOUBLE, offsetof(sample_row, moments.smallest)},
    {"max", DM_STATE_DOUBLE, offsetof(sample_row, moments.largest)},
    {"is_not_finite", DM_STATE_FLAG, offsetof(sample_row, is_not_finite)},
};

static const dm_state_field step_fields[] = {
    {"is_given", DM_STATE_FLAG, offsetof(step_row, is_given)},
    {"first", DM_STATE_DOUBLE, offsetof(step_row, first)},
    {"is_first_unique", DM_STATE_FLAG, offsetof(step_row, is_first_unique)},
    {"last", DM_STATE_DOUBLE, offsetof(step_row, step)},
    {"line", DM_STATE_DOUBLE, offsetof(step_row, line)},
    {"file", DM_STATE_INT32, offsetof(step_row, file)},
};

static const dm_state_field signal_fields[] = {
    {"is_given", DM_STATE_FLAG, offsetof(signal_row, is_given)},
    {"n_finite", DM_STATE_INT32, offsetof(signal_row, n_finite)},
    {"mean", DM_STATE_DOUBLE, offsetof(signal_row, moments.mean)},
    {"sum_of_squares", DM_STATE_DOUBLE, offsetof(signal_row, moments.sum_of_squares)},
    {"min", DM_STATE_DOUBLE, offsetof(signal_row, moments.smallest)},
    {"max", DM_STATE_DOUBLE, offsetof(signal_row, moments.largest)},
    {"last", DM_STATE_DOUBLE, offsetof(signal_row, last)},
    {"has_nan", DM_STATE_FLAG, offsetof(signal_row, has_nan)},
    {"has_above", DM_STATE_FLAG, offsetof(signal_row, has_above)},
    {"has_below", DM_STATE_FLAG, offsetof(signal_row, has_below)},
};

static const dm_state_field seen_fields[] = {{"lines", DM_STATE_DOUBLE, 0}};

/* Those of metrics are dm_metric_fields(). */
static const struct {
  const dm_state_field *fields;
  size_t n;
} parts[] = {
    [DM_STATE_SAMPLES] = {sample_fields, sizeof sample_fields / sizeof *sample_fields},
    [DM_STATE_STEPS] = {step_fields, sizeof step_fields / sizeof *step_fields},
    [DM_STATE_SIGNAL] = {signal_fields, sizeof signal_fields / sizeof *signal_fields},
    [DM_STATE_METRICS] = {NULL, 0},
    [DM_STATE_SEEN] = {seen_fields, sizeof seen_fields / sizeof *seen_fields},
};

_Static_assert(sizeof sample_fields / sizeof *sample_fields <= DM_STATE_FIELDS_MAX &&
                   sizeof step_fields / sizeof *step_fields <= DM_STATE_FIELDS_MAX &&
                   sizeof signal_fields / sizeof *signal_fields <= DM_STATE_FIELDS_MAX,
               "more fields in a part than there may be");

static any_row row_of(const dm_states *states, dm_state_part part, size_t signal,
                      size_t row);
static dm_status read_row(dm_state_part part, const void *const *in, size_t i, size_t row,
                          any_row *out, dm_error *err);
static dm_status set_sample(dm_states *states, size_t row, const sample_row *from,
                            dm_error *err);
static dm_status check_moments(const dm_moments *m, int32_t n, size_t row, dm_error *err);
static dm_status set_step(dm_states *states, size_t row, const step_row *from,
                          dm_error *err);
static dm_status set_signal(dm_states *states, size_t signal, size_t row,
                            const signal_row *from, dm_error *err);
static dm_status set_metric(dm_states *states, size_t row, const dm_metric_accum *from,
                            dm_error *err);
static dm_status set_seen(dm_states *states, size_t row, double from, dm_error *err);
static const dm_sums *sums_of(const dm_states *states, dm_state_matrix which);
static dm_status wrong(const char *expected, const char *key, size_t row, dm_error *err);
static bool is_integer(const dm_ident *ident);
static bool is_event(int64_t evaluation, int64_t n, int64_t last);

const dm_state_field *dm_state_fields(dm_state_part part, size_t *n) {
  if (part == DM_STATE_METRICS) {
    return dm_metric_fields(n);
  }
  *n = parts[part].n;
  return parts[part].fields;
}

bool dm_state_has(const dm_states *states, dm_state_part part) {
  switch (part) {
    case DM_STATE_STEPS:
      return states->has_steps;
    case DM_STATE_SIGNAL:
      return states->kept.n > 0;
    case DM_STATE_METRICS:
      return states->has_metrics;
    case DM_STATE_SEEN:
      return states->has_window;
    default:
      return true;
  }
}

bool dm_state_has_matrix(const dm_states *states, dm_state_matrix which) {
  return which == DM_STATE_CLASS_SUMS ? states->keep.has_probs
                                      : states->keep.has_prediction;
}

static const dm_sums *sums_of(const dm_states *states, dm_state_matrix which) {
  return which == DM_STATE_CLASS_SUMS    ? &states->class_sums
         : which == DM_STATE_PREDICTIONS ? &states->predictions
                                         : &states->places;
}

/* --- out --- */

void dm_state_get(const dm_states *states, dm_state_part part, size_t signal,
                  dm_state_rows rows, void *const *out) {
  size_t n;
  const dm_state_field *fields = dm_state_fields(part, &n);
  for (size_t i = 0; i < rows.n; i++) {
    any_row from = row_of(states, part, signal, rows.first + i);
    for (size_t f = 0; f < n; f++) {
      const char *value = (const char *)&from + fields[f].offset;
      if (fields[f].type == DM_STATE_DOUBLE) {
        memcpy((double *)out[f] + i, value, sizeof(double));
      } else {
        memcpy((int32_t *)out[f] + i, value, sizeof(int32_t));
      }
    }
  }
}

static any_row row_of(const dm_states *states, dm_state_part part, size_t signal,
                      size_t row) {
  any_row out = {0};
  switch (part) {
    case DM_STATE_SAMPLES: {
      const dm_accum *a = dm_rows_at(&states->accum, row);
      out.sample = (sample_row){
          .moments = a->moments,
          .label = (int32_t)a->label + 1,
          .s_label = (int32_t)a->s_label,
          .n_classes = (int32_t)dm_states_classes(states, (uint32_t)row),
          .label_place = (int32_t)dm_states_label_index(states, row),
          .n = (int32_t)a->n,
          .n_correct = (int32_t)a->n_correct,
          .n_forgetting = (int32_t)a->n_forgetting,
          .first_forgetting = (int32_t)a->first_forgetting,
          .first_learning = (int32_t)a->first_learning,
          .run_start = (int32_t)a->run_start,
          .was_correct_first = a->was_correct_first,
          .was_correct = a->was_correct,
          .is_not_finite = a->is_not_finite,
      };
      break;
    }
    case DM_STATE_STEPS: {
      const dm_step_state *s = dm_rows_at(&states->steps, row);
      out.step = (step_row){
          .step = s->step,
          .first = s->first,
          .line = (double)s->line,
          .file = s->is_given ? s->file + 1 : 0,
          .is_given = s->is_given,
          .is_first_unique = s->is_first_unique,
      };
      break;
    }
    case DM_STATE_SIGNAL: {
      const dm_accum *a = dm_rows_at(&states->accum, row);
      dm_signal_accum s = dm_kept_get(&states->kept, row, a->n, signal);
      out.signal = (signal_row){
          .moments = s.moments,
          .last = s.last,
          .n_finite = (int32_t)s.n_finite,
          .is_given = s.is_given,
          .has_nan = s.has_nan,
          .has_above = s.has_above,
          .has_below = s.has_below,
      };
      break;
    }
    case DM_STATE_METRICS:
      out.metric = *(const dm_metric_accum *)dm_rows_at(&states->metrics, row);
      break;
    case DM_STATE_SEEN:
      out.seen = *(const uint32_t *)dm_rows_at(&states->seen, row);
      break;
  }
  return out;
}

size_t dm_state_width(const dm_states *states, dm_state_matrix which) {
  if (which == DM_STATE_PREDICTIONS) {
    return states->predicted.n;
  }
  /* how far rows were made wider says nothing; a class whose sums are all 0 is one */
  const dm_sums *sums = sums_of(states, which);
  size_t width = which == DM_STATE_CLASS_SUMS ? dm_states_most_classes(states) : 0;
  width = width < sums->width ? width : sums->width;
  for (size_t row = 0; row < sums->n_rows; row++) {
    const double *values = dm_sums_row(sums, row);
    for (size_t k = sums->width; k > width; k--) {
      if (values[k - 1] != 0) {
        width = k;
      }
    }
  }
  return width;
}

void dm_state_get_matrix(const dm_states *states, dm_state_matrix which, size_t width,
                         dm_state_rows rows, double *out) {
  const dm_sums *sums = sums_of(states, which);
  for (size_t i = 0; i < rows.n; i++) {
    for (size_t k = 0; k < width; k++) {
      out[k * rows.n + i] = k < sums->width ? dm_sums_row(sums, rows.first + i)[k] : 0;
    }
  }
}

int32_t dm_state_class(const dm_states *states, size_t place) {
  uint32_t label = states->class_labels[place];
  return label == DM_LABELS_SEVERAL ? -1 : (int32_t)label;
}

/* --- in --- */

dm_status dm_state_add_ident(dm_index *index, const dm_ident *ident, bool has_text,
                             const char *key, dm_error *err) {
  dm_ident given = *ident;
  size_t row = index->n;
  if (given.kind == DM_IDENT_NONE) {
    return wrong("a value", key, row, err);
  }
  if (given.text && dm_utf8_valid_prefix(given.text, given.len) != given.len) {
    return wrong("UTF-8", key, row, err);
  }
  if (!has_text && given.kind == DM_IDENT_INT_TEXT) {
    given.kind = DM_IDENT_INT;
  } else if (!has_text && given.kind == DM_IDENT_TEXT) {
    if (!is_integer(&given)) {
      return wrong("an integer, since none is said to be a string", key, row, err);
    }
    given.kind = DM_IDENT_BIG;
  }
  uint32_t got;
  DM_TRY(dm_index_row(index, &given, &got, err));
  index->has_text |= has_text;
  return got == row ? DM_OK : wrong("every value once", key, row, err);
}

/* Digits as they are written, of an integer beyond 64 bits. */
static bool is_integer(const dm_ident *ident) {
  size_t i = ident->len > 0 && ident->text[0] == '-';
  bool is_good = i < ident->len && ident->text[i] != '0';
  for (; i < ident->len && is_good; i++) {
    is_good = ident->text[i] >= '0' && ident->text[i] <= '9';
  }
  return is_good;
}

dm_status dm_state_set(dm_states *states, dm_state_part part, size_t signal,
                       dm_state_rows rows, const void *const *in, dm_error *err) {
  states->has_steps |= part == DM_STATE_STEPS;
  DM_TRY(dm_states_grow(states, err));
  for (size_t i = 0; i < rows.n; i++) {
    size_t row = rows.first + i;
    any_row from;
    DM_TRY(read_row(part, in, i, row, &from, err));
    switch (part) {
      case DM_STATE_SAMPLES:
        DM_TRY(set_sample(states, row, &from.sample, err));
        break;
      case DM_STATE_STEPS:
        DM_TRY(set_step(states, row, &from.step, err));
        break;
      case DM_STATE_SIGNAL:
        DM_TRY(set_signal(states, signal, row, &from.signal, err));
        break;
      case DM_STATE_METRICS:
        DM_TRY(set_metric(states, row, &from.metric, err));
        break;
      case DM_STATE_SEEN:
        DM_TRY(set_seen(states, row, from.seen, err));
        break;
    }
  }
  return DM_OK;
}

/* Puts the fields of element i together; integers are not negative then, and flags 0 or
   1. */
static dm_status read_row(dm_state_part part, const void *const *in, size_t i, size_t row,
                          any_row *out, dm_error *err) {
  size_t n;
  const dm_state_field *fields = dm_state_fields(part, &n);
  for (size_t f = 0; f < n; f++) {
    const dm_state_field *field = &fields[f];
    char *to = (char *)out + field->offset;
    if (field->type == DM_STATE_DOUBLE) {
      memcpy(to, (const double *)in[f] + i, sizeof(double));
      continue;
    }
    int32_t value = ((const int32_t *)in[f])[i];
    if (value < 0) {
      return wrong("no negative or missing value", field->name, row, err);
    }
    if (field->type == DM_STATE_FLAG && value > 1) {
      return wrong("true or false", field->name, row, err);
    }
    memcpy(to, &value, sizeof value);
  }
  return DM_OK;
}

static dm_status set_sample(dm_states *states, size_t row, const sample_row *from,
                            dm_error *err) {
  int64_t n = from->n;
  int64_t n_forgetting = from->n_forgetting;
  int64_t n_learning = n_forgetting + from->was_correct - from->was_correct_first;
  if (n < 1 && !states->has_window) {
    return wrong("at least one evaluation", "evaluations", row, err);
  }
  if (from->n_correct > n) {
    return wrong("no more than evaluations", "correct_times", row, err);
  }
  if (n_learning < 0 || n_forgetting + n_learning > (n > 0 ? n - 1 : 0)) {
    return wrong("as many events as there can be", "forgetting_times", row, err);
  }
  if (!is_event(from->first_forgetting, n_forgetting, from->run_start)) {
    return wrong("the evaluation of an event", "first_forget", row, err);
  }
  if (!is_event(from->first_learning, n_learning, from->run_start)) {
    return wrong("the evaluation of an event", "first_learn", row, err);
  }
  if (!is_event(from->run_start, n_forgetting + n_learning, n - 1)) {
    return wrong("the evaluation of an event", "run_start", row, err);
  }
  if (!from->is_not_finite) {
    DM_TRY(check_moments(&from->moments, from->n, row, err));
  }
  if (from->label < 1 || (size_t)from->label > states->labels.n) {
    return wrong("the number of a label", "label", row, err);
  }
  if (from->label_place > DM_CLASS_MAX) {
    return wrong("the place of a class", "label_place", row, err);
  }
  if ((size_t)from->s_label > states->s_labels.n || from->s_label > DM_S_LABELS_MAX) {
    return wrong("the number of an s_label", "s_label", row, err);
  }
  *(dm_accum *)dm_rows_at(&states->accum, row) = (dm_accum){
      .moments = from->moments,
      .n = (uint32_t)from->n,
      .n_correct = (uint32_t)from->n_correct,
      .n_forgetting = (uint32_t)from->n_forgetting,
      .first_forgetting = (uint32_t)from->first_forgetting,
      .first_learning = (uint32_t)from->first_learning,
      .label = (uint32_t)from->label - 1,
      .s_label = (uint32_t)from->s_label & 0x7FFFFFF,
      .run_start = (uint32_t)from->run_start,
      .was_correct_first = (uint32_t)from->was_correct_first & 1,
      .was_correct = (uint32_t)from->was_correct & 1,
      .is_not_finite = (uint32_t)from->is_not_finite & 1,
  };
  DM_TRY(dm_states_set_label_index(states, row, (uint32_t)from->label_place, err));
  return dm_states_set_classes(states, (uint32_t)row, (uint32_t)from->n_classes, err);
}

static dm_status check_moments(const dm_moments *m, int32_t n, size_t row,
                               dm_error *err) {
  if (n == 0) {
    return DM_OK;
  }
  if (!(m->sum_of_squares >= 0) || !dm_is_finite(m->sum_of_squares)) {
    return wrong("a finite number, and no negative one", "sum_of_squares", row, err);
  }
  if (!dm_is_finite(m->smallest)) {
    return wrong("a finite number", "min", row, err);
  }
  if (!dm_is_finite(m->largest) || m->largest < m->smallest) {
    return wrong("a finite number of at least the smallest", "max", row, err);
  }
  if (!(m->mean >= m->smallest && m->mean <= m->largest)) {
    return wrong("a number between the smallest and the largest", "mean", row, err);
  }
  return DM_OK;
}

/* Whether the evaluation of one of n events may be this, which is 0 where there is none.
 */
static bool is_event(int64_t evaluation, int64_t n, int64_t last) {
  return n > 0 ? evaluation > 0 && evaluation <= last : evaluation == 0;
}

static dm_status set_step(dm_states *states, size_t row, const step_row *from,
                          dm_error *err) {
  if (!from->is_given) {
    return DM_OK;
  }
  if (!dm_is_finite(from->first)) {
    return wrong("a finite number", "first", row, err);
  }
  if (!dm_is_finite(from->step) || from->step < from->first) {
    return wrong("a finite number of at least the first", "last", row, err);
  }
  if (!(from->line >= 0 && from->line <= 9007199254740992.0)) {
    return wrong("a number of a line", "line", row, err);
  }
  *(dm_step_state *)dm_rows_at(&states->steps, row) = (dm_step_state){
      .step = from->step,
      .first = from->first,
      .line = (uint64_t)from->line,
      .file = from->file - 1,
      .is_given = 1,
      .is_first_unique = (uint32_t)from->is_first_unique & 1,
  };
  if (from->step > states->largest_step) {
    states->largest_step = from->step;
  }
  return DM_OK;
}

static dm_status set_signal(dm_states *states, size_t signal, size_t row,
                            const signal_row *from, dm_error *err) {
  const dm_accum *sample = dm_rows_at(&states->accum, row);
  dm_signal_accum value = {0};
  if (!from->is_given) {
    return dm_kept_set(&states->kept, row, sample->n, signal, &value, err);
  }
  if ((uint32_t)from->n_finite > sample->n) {
    return wrong("no more than evaluations", "n_finite", row, err);
  }
  if (from->n_finite == 0 && !from->has_nan && !from->has_above && !from->has_below) {
    return wrong("at least one value", "n_finite", row, err);
  }
  DM_TRY(check_moments(&from->moments, from->n_finite, row, err));
  value = (dm_signal_accum){
      .moments = from->moments,
      .last = from->last,
      .n_finite = (uint32_t)from->n_finite,
      .is_given = 1,
      .has_nan = (uint32_t)from->has_nan & 1,
      .has_above = (uint32_t)from->has_above & 1,
      .has_below = (uint32_t)from->has_below & 1,
  };
  return dm_kept_set(&states->kept, row, sample->n, signal, &value, err);
}

static dm_status set_metric(dm_states *states, size_t row, const dm_metric_accum *from,
                            dm_error *err) {
  const dm_accum *sample = dm_rows_at(&states->accum, row);
  const char *expected;
  const char *key = dm_metric_wrong(from, sample->n, &expected);
  if (key) {
    return wrong(expected, key, row, err);
  }
  *(dm_metric_accum *)dm_rows_at(&states->metrics, row) = *from;
  return DM_OK;
}

static dm_status set_seen(dm_states *states, size_t row, double from, dm_error *err) {
  const dm_accum *sample = dm_rows_at(&states->accum, row);
  if (!(from >= 1 && from >= sample->n && from <= UINT32_MAX) ||
      (double)(uint32_t)from != from) {
    return wrong("as many as evaluations, or more", "lines", row, err);
  }
  *(uint32_t *)dm_rows_at(&states->seen, row) = (uint32_t)from;
  return DM_OK;
}

dm_status dm_state_set_matrix(dm_states *states, dm_state_matrix which, size_t width,
                              dm_state_rows rows, const double *in, dm_error *err) {
  bool is_count = which != DM_STATE_CLASS_SUMS;
  const char *key = which == DM_STATE_PLACES ? "places" : "predictions";
  if (which == DM_STATE_PREDICTIONS && width != states->predicted.n) {
    return wrong("a column for each predicted label", key, 0, err);
  }
  DM_TRY(dm_states_grow(states, err));
  dm_sums *sums = which == DM_STATE_CLASS_SUMS    ? &states->class_sums
                  : which == DM_STATE_PREDICTIONS ? &states->predictions
                                                  : &states->places;
  DM_TRY(dm_sums_grow(sums, rows.first + rows.n, width, err));
  for (size_t i = 0; i < rows.n; i++) {
    size_t row = rows.first + i;
    const dm_accum *sample = dm_rows_at(&states->accum, row);
    for (size_t k = 0; k < width; k++) {
      double value = in[k * rows.n + i];
      if (is_count &&
          (!(value >= 0 && value <= sample->n) || (double)(uint32_t)value != value)) {
        return wrong("a count of evaluations", key, row, err);
      }
      dm_sums_row(sums, row)[k] = value;
    }
  }
  return DM_OK;
}

dm_status dm_state_add_class(dm_states *states, int32_t label, dm_error *err) {
  size_t place = states->n_class_labels;
  if (label < -1 || (label > 0 && (size_t)label > states->labels.n)) {
    return wrong("the number of a label, 0 or -1", "class_labels", place, err);
  }
  return dm_states_name_class(states, place,
                              label < 0 ? DM_LABELS_SEVERAL : (uint32_t)label, err);
}

dm_status dm_state_add_problem(dm_states *states, const dm_problem *problem,
                               dm_error *err) {
  size_t i = states->problems.n_kept;
  if (i >= DM_PROBLEMS_KEPT) {
    return wrong("no more problems than are kept", "kind", i, err);
  }
  if (problem->kind >= DM_PROBLEM_KINDS) {
    return wrong("the name of a kind", "kind", i, err);
  }
  return dm_problems_add(&states->problems, problem, err);
}

dm_status dm_state_finish(dm_states *states, const dm_state_totals *totals,
                          dm_error *err) {
  const dm_counts *counts = &totals->counts;
  if (counts->good + counts->blank + counts->bad + counts->cut != counts->lines) {
    return wrong("the sum of the others", "lines", 0, err);
  }
  uint64_t n = 0;
  for (size_t row = 0; row < states->ids.n; row++) {
    n += states->has_window ? *(const uint32_t *)dm_rows_at(&states->seen, row)
                            : ((const dm_accum *)dm_rows_at(&states->accum, row))->n;
    if (states->has_steps) {
      const dm_step_state *step = dm_rows_at(&states->steps, row);
      if (step->is_given && step->file >= totals->n_files) {
        return wrong("the number of a file", "file", row, err);
      }
    }
  }
  if (n != counts->good) {
    return wrong("as many as there are evaluations", "good", 0, err);
  }
  for (size_t i = 0; i < states->problems.n_kept; i++) {
    if (states->problems.kept[i].file >= totals->n_files) {
      return wrong("the number of a file", "file", i, err);
    }
  }
  for (size_t kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
    if (totals->problems[kind] < states->problems.count[kind]) {
      return wrong("at least as many as are kept", "problem_counts", kind, err);
    }
  }
  if (!(totals->step_distance >= 0)) {
    return wrong("no negative number", "step_distance", 0, err);
  }
  states->counts = *counts;
  memcpy(states->problems.count, totals->problems, sizeof totals->problems);
  states->step_distance = totals->step_distance;
  return DM_OK;
}

static dm_status wrong(const char *expected, const char *key, size_t row, dm_error *err) {
  dm_error_expected(err, DM_E_INPUT, "%s", expected);
  dm_error_key(err, key, strlen(key));
  err->line = row + 1;
  return DM_E_INPUT;
}
