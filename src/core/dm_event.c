/* From the fields of a line to an event: what is given wins, the rest is derived, and
   what contradicts itself is noted. */
#include "dm_event.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dm_format.h"
#include "dm_metric.h"
#include "dm_number.h"
#include "dm_parse.h"
#include "dm_text.h"

static const double RANGE_TOLERANCE = 1e-6;
static const double SUM_TOLERANCE = 1e-3;

static dm_status derive_label_probs(const dm_fields *fields, double *out, dm_error *err);
static dm_status derive_correct(const dm_fields *fields, bool *out, dm_error *err);
static dm_status note_disagreements(dm_batch *batch, const dm_fields *fields,
                                    double label_probs, uint32_t line, const char *text,
                                    dm_error *err);
static dm_status note_contradiction(dm_batch *batch, const dm_fields *fields,
                                    uint32_t line, const char *text, dm_error *err);
static dm_status missing(const char *key, const char *expected, dm_error *err);
static dm_ident prediction_of(const dm_fields *fields);
static dm_status keep_more(dm_batch *batch, const dm_fields *fields, double label_probs,
                           dm_error *err);
static dm_status keep_probs(dm_batch *batch, const dm_fields *fields,
                            const double **probs, size_t *n, dm_error *err);
static dm_status store_text(dm_batch *batch, const dm_ident *ident, int64_t *value,
                            dm_error *err);

/* --- batches and idents --- */

void dm_batch_reset(dm_batch *batch, const dm_keep *keep) {
  batch->n_events = 0;
  batch->n_probs = 0;
  batch->keep = *keep;
  batch->n_values = keep->n_signals + dm_metric_place(keep->measures, DM_N_MEASURES);
  batch->is_keeping = batch->n_values || keep->has_probs || keep->has_prediction;
  batch->has_steps = false;
  batch->text.len = 0;
  batch->data = NULL;
  batch->len = 0;
  batch->n_lines = batch->n_blank = batch->n_bad = batch->n_cut = 0;
  batch->has_error = false;
  dm_problems_reset(&batch->problems);
}

void dm_batch_release(dm_batch *batch) {
  dm_free(batch->events);
  dm_free(batch->steps);
  dm_free(batch->signals);
  dm_free(batch->probs);
  dm_free(batch->probs_end);
  dm_free(batch->predictions);
  dm_buf_release(&batch->text);
  dm_problems_release(&batch->problems);
  *batch = (dm_batch){0};
}

static inline dm_status store_ident(dm_batch *batch, const dm_ident *ident,
                                    int64_t *value, uint8_t *kind, dm_error *err) {
  *kind = (uint8_t)ident->kind;
  *value = ident->value;
  return DM_UNLIKELY(dm_is_text(ident->kind)) ? store_text(batch, ident, value, err)
                                              : DM_OK;
}

static DM_NOINLINE dm_status store_text(dm_batch *batch, const dm_ident *ident,
                                        int64_t *value, dm_error *err) {
  uint64_t place = (uintptr_t)ident->text - (uintptr_t)batch->data;
  if (place >= batch->len) { /* decoded, or of a table */
    place = batch->len + batch->text.len;
    if (ident->len > UINT32_MAX || place > UINT32_MAX) {
      return dm_error_expected(err, DM_E_LIMIT, "shorter ids and labels");
    }
    /* one byte more, so that an empty text has a place as well */
    DM_TRY(dm_buf_reserve(&batch->text, ident->len + 1, err));
    memcpy(batch->text.data + batch->text.len, ident->text, ident->len);
    batch->text.len += ident->len;
  }
  *value = (int64_t)(place << 32 | ident->len);
  return DM_OK;
}

dm_ident dm_ident_from_digits(const char *text, size_t len) {
  enum { LONGEST = 20 }; /* "-9223372036854775808" */
  dm_ident ident = {.kind = DM_IDENT_TEXT, .text = text, .len = len};
  if (len > LONGEST) {
    return ident;
  }
  char copy[LONGEST + DM_NUMBER_PAD] = {0};
  memcpy(copy, text, len);
  bool is_fit = false;
  int64_t value = 0;
  const char *end = dm_integer(copy, &value, &is_fit);
  if (end == copy + len && is_fit && !(value == 0 && len > 1)) {
    ident = (dm_ident){.kind = DM_IDENT_INT_TEXT, .value = value};
  }
  return ident;
}

bool dm_ident_equal_slow(const dm_ident *a, const dm_ident *b) {
  if (dm_is_text(a->kind) != dm_is_text(b->kind)) {
    return false;
  }
  return dm_is_text(a->kind) ? a->len == b->len && memcmp(a->text, b->text, a->len) == 0
                             : a->value == b->value;
}

void dm_ident_print(const dm_ident *ident, char *out, size_t cap) {
  if (dm_is_text(ident->kind)) {
    dm_text_excerpt(out, cap, ident->text, ident->len);
  } else {
    (void)snprintf(out, cap, "%lld", (long long)ident->value);
  }
}

/* --- derivation --- */

dm_status dm_event_add(dm_batch *batch, const dm_fields *fields, uint32_t line,
                       uint32_t offset, const char *text, dm_error *err) {
  double label_probs = fields->label_probs;
  bool correct = fields->correct;
  if (DM_UNLIKELY(fields->id.kind == DM_IDENT_NONE)) {
    return missing("id", "\"id\" (or \"guid\")", err);
  }
  if (DM_UNLIKELY(fields->label.kind == DM_IDENT_NONE)) {
    return missing("label", "\"label\" (or \"gold\")", err);
  }
  if (!fields->has_correct) {
    DM_TRY(derive_correct(fields, &correct, err));
  }
  if (!fields->has_label_probs) {
    DM_TRY(derive_label_probs(fields, &label_probs, err));
  }
  DM_GROW(batch->events, batch->cap_events, batch->n_events + 1, err);
  dm_event *event = &batch->events[batch->n_events]; /* counts when it is complete */
  event->line = line;
  event->offset = offset;
  DM_TRY(store_ident(batch, &fields->id, &event->id, &event->id_kind, err));
  DM_TRY(store_ident(batch, &fields->label, &event->label, &event->label_kind, err));
  DM_TRY(
      store_ident(batch, &fields->s_label, &event->s_label, &event->s_label_kind, err));
  event->label_probs = label_probs;
  event->correct = correct;
  size_t n_classes = fields->probs    ? fields->n_probs
                     : fields->logits ? fields->n_logits
                                      : fields->n_classes;
  event->n_classes = n_classes < UINT32_MAX ? (uint32_t)n_classes : UINT32_MAX;
  event->step_kind = (uint8_t)fields->step_kind;
  if (fields->step_kind != DM_STEP_NONE) {
    DM_GROW(batch->steps, batch->cap_steps, batch->cap_events, err);
    batch->steps[batch->n_events] = fields->step;
    batch->has_steps = true;
  }
  if (batch->is_keeping) {
    DM_TRY(keep_more(batch, fields, label_probs, err));
  }
  if (DM_UNLIKELY(!dm_fields_are_plain(fields))) {
    DM_TRY(note_disagreements(batch, fields, label_probs, line, text, err));
  }
  batch->n_events++;
  return DM_OK;
}

static dm_status missing(const char *key, const char *expected, dm_error *err) {
  dm_error_expected(err, DM_E_FIELD, "%s", expected);
  dm_error_key(err, key, strlen(key));
  dm_error_found(err, "a line without it");
  return DM_E_FIELD;
}

static dm_ident prediction_of(const dm_fields *fields) {
  const double *scores = fields->probs ? fields->probs : fields->logits;
  size_t n = fields->probs ? fields->n_probs : fields->n_logits;
  if (fields->pred_label.kind != DM_IDENT_NONE || !scores || n == 0) {
    return fields->pred_label;
  }
  return dm_ident_from_int((int64_t)dm_first_maximum(scores, n));
}

static dm_status derive_correct(const dm_fields *fields, bool *out, dm_error *err) {
  dm_ident pred_label = prediction_of(fields);
  if (pred_label.kind == DM_IDENT_NONE) {
    return missing("correct",
                   "\"correct\", or \"pred_label\", \"probs\" or \"logits\" to derive "
                   "it from",
                   err);
  }
  *out = dm_ident_equal(&pred_label, &fields->label);
  return DM_OK;
}

static dm_status derive_label_probs(const dm_fields *fields, double *out, dm_error *err) {
  size_t n = fields->probs ? fields->n_probs : fields->n_logits;
  if (!fields->probs && !fields->logits) {
    return missing("label_probs",
                   "\"label_probs\", or \"probs\" or \"logits\" to derive it from", err);
  }
  const dm_ident *label = &fields->label;
  if (!dm_has_class(label, n)) {
    bool is_integer = label->kind == DM_IDENT_INT || label->kind == DM_IDENT_BIG;
    char shown[64];
    dm_ident_print(label, shown, sizeof shown);
    dm_error_expected(err, is_integer ? DM_E_RANGE : DM_E_FIELD,
                      "an integer label from 0 to %lld to look up \"label_probs\" by",
                      (long long)n - 1);
    dm_error_key(err, "label", 5);
    dm_error_found(err, is_integer ? "%s" : "\"%s\"", shown);
    return err->status;
  }
  size_t k = (size_t)label->value;
  *out = fields->probs ? fields->probs[k] : dm_softmax(fields->logits, n, k);
  return DM_OK;
}

size_t dm_first_maximum(const double *values, size_t n) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++) {
    if (!(values[i] <= values[best]) && values[i] == values[i]) { /* best may be NaN */
      best = i;
    }
  }
  return best;
}

/* Shifted by the maximum so that nothing overflows. */
double dm_softmax(const double *logits, size_t n, size_t k) {
  double shift = logits[dm_first_maximum(logits, n)];
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += exp(logits[i] - shift);
  }
  return exp(logits[k] - shift) / sum;
}

/* The same for all classes. */
static void softmax_all(const double *logits, size_t n, double *out) {
  double shift = logits[dm_first_maximum(logits, n)];
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    out[i] = exp(logits[i] - shift);
    sum += out[i];
  }
  for (size_t i = 0; i < n; i++) {
    out[i] /= sum;
  }
}

/* --- what is kept beside the event --- */

/* Of the next event of the batch. */
static DM_NOINLINE dm_status keep_more(dm_batch *batch, const dm_fields *fields,
                                       double label_probs, dm_error *err) {
  const dm_keep *keep = &batch->keep;
  size_t i = batch->n_events;
  const double *probs = NULL;
  size_t n = 0;
  if (keep->needs_probs) {
    DM_TRY(keep_probs(batch, fields, &probs, &n, err));
  }
  if (batch->n_values) {
    DM_GROW(batch->signals, batch->cap_signals, batch->cap_events * batch->n_values, err);
    double *values = batch->signals + i * batch->n_values;
    if (keep->n_signals) {
      memcpy(values, fields->signals, keep->n_signals * sizeof *values);
    }
    dm_metric_measure(keep->measures, fields, probs, n, label_probs,
                      values + keep->n_signals);
  }
  if (keep->has_probs) {
    DM_GROW(batch->probs_end, batch->cap_probs_end, batch->cap_events, err);
    batch->n_probs += n;
    batch->probs_end[i] = batch->n_probs;
  }
  if (keep->has_prediction) {
    DM_GROW(batch->predictions, batch->cap_predictions, batch->cap_events, err);
    dm_ident label = prediction_of(fields);
    dm_prediction *prediction = &batch->predictions[i];
    DM_TRY(store_ident(batch, &label, &prediction->label, &prediction->kind, err));
  }
  return DM_OK;
}

/* The class probabilities of a line, NULL where it gives none: behind those of the events
   before it where they are kept, or derived from logits. */
static dm_status keep_probs(dm_batch *batch, const dm_fields *fields,
                            const double **probs, size_t *n, dm_error *err) {
  *n = fields->probs ? fields->n_probs : fields->logits ? fields->n_logits : 0;
  *probs = *n ? fields->probs : NULL;
  if (*n == 0 || (fields->probs && !batch->keep.has_probs)) {
    return DM_OK;
  }
  DM_GROW(batch->probs, batch->cap_probs, batch->n_probs + *n, err);
  double *room = batch->probs + batch->n_probs;
  if (fields->probs) {
    memcpy(room, fields->probs, *n * sizeof *room);
  } else {
    softmax_all(fields->logits, *n, room);
  }
  *probs = room;
  return DM_OK;
}

/* --- disagreements --- */

/* What is not finite is reported for itself or by its sum. */
static bool is_outside(double p) {
  return dm_is_finite(p) && (p < -RANGE_TOLERANCE || p > 1 + RANGE_TOLERANCE);
}

static void print_number(double value, char *out) {
  out[dm_format_double(value, out)] = '\0';
}

static DM_NOINLINE dm_status note_disagreements(dm_batch *batch, const dm_fields *fields,
                                                double label_probs, uint32_t line,
                                                const char *text, dm_error *err) {
  dm_problems *problems = &batch->problems;
  char shown[DM_PROBLEM_TEXT_MAX];
  if (DM_UNLIKELY(!dm_is_finite(label_probs))) {
    const char *key = fields->has_label_probs ? "label_probs"
                      : fields->probs         ? "probs"
                                              : "logits";
    print_number(label_probs, shown);
    DM_TRY(dm_problem_note(problems, DM_PROBLEM_NOT_FINITE, -1, line, text, key, shown,
                           err, "a finite probability of the label"));
  }
  const char *outside = NULL;
  double value_outside = 0;
  if (DM_UNLIKELY(fields->has_label_probs && is_outside(label_probs))) {
    outside = "label_probs";
    value_outside = label_probs;
  }
  if (fields->probs) {
    double sum = 0;
    for (size_t i = 0; i < fields->n_probs; i++) {
      double p = fields->probs[i];
      sum += p;
      if (DM_UNLIKELY(is_outside(p) && !outside)) {
        outside = "probs";
        value_outside = p;
      }
    }
    if (DM_UNLIKELY(!(fabs(sum - 1) <= SUM_TOLERANCE))) {
      memcpy(shown, "a sum of ", 9);
      print_number(sum, shown + 9);
      DM_TRY(dm_problem_note(problems, DM_PROBLEM_PROB_SUM, -1, line, text, "probs",
                             shown, err, "probs that sum to 1 within 0.001"));
    }
  }
  if (DM_UNLIKELY(outside != NULL)) {
    print_number(value_outside, shown);
    DM_TRY(dm_problem_note(problems, DM_PROBLEM_PROB_RANGE, -1, line, text, outside,
                           shown, err, "a probability between 0 and 1"));
  }
  return fields->has_correct ? note_contradiction(batch, fields, line, text, err) : DM_OK;
}

/* correct against the prediction, given or by the maximum of probs or logits. Where the
   maximum is shared (as rounding makes it), either claim may be true. */
static dm_status note_contradiction(dm_batch *batch, const dm_fields *fields,
                                    uint32_t line, const char *text, dm_error *err) {
  const double *scores = fields->probs ? fields->probs : fields->logits;
  size_t n = fields->probs ? fields->n_probs : fields->n_logits;
  bool is_right;
  if (fields->pred_label.kind != DM_IDENT_NONE) {
    is_right = dm_ident_equal(&fields->pred_label, &fields->label);
  } else if (scores && dm_has_class(&fields->label, n)) {
    size_t best = dm_first_maximum(scores, n);
    double maximum = scores[best];
    is_right = scores[fields->label.value] == maximum;
    if (is_right) {
      for (size_t i = best + 1; i < n; i++) {
        if (scores[i] == maximum) {
          return DM_OK;
        }
      }
    }
  } else {
    return DM_OK;
  }
  if (DM_LIKELY(is_right == fields->correct)) {
    return DM_OK;
  }
  return dm_problem_note(&batch->problems, DM_PROBLEM_CORRECT, -1, line, text, "correct",
                         fields->correct ? "true" : "false", err,
                         "%s, since the prediction %s the label",
                         is_right ? "true" : "false", is_right ? "is" : "is not");
}

dm_status dm_problem_note(dm_problems *problems, dm_problem_kind kind, int32_t file,
                          uint64_t line, const char *text, const char *key,
                          const char *actual, dm_error *err, const char *expected, ...) {
  if (problems->n_kept >= DM_PROBLEMS_KEPT) {
    problems->count[kind]++;
    return DM_OK;
  }
  dm_problem problem = {.line = line, .file = file, .kind = kind};
  va_list args;
  va_start(args, expected);
  (void)vsnprintf(problem.expected, sizeof problem.expected, expected, args);
  va_end(args);
  (void)snprintf(problem.key, sizeof problem.key, "%s", key);
  (void)snprintf(problem.actual, sizeof problem.actual, "%s", actual);
  dm_span value;
  if (text) {
    (void)dm_line_find(text, key, &value, &problem.column);
  }
  return dm_problems_add(problems, &problem, err);
}
