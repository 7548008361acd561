/* From the fields of a line to an event: what is given wins, the rest is derived, and
   what contradicts itself is noted. */
#include "signals/dm_event.h"

#include <math.h>
#include <string.h>

#include "number/dm_format.h"
#include "number/dm_number.h"
#include "signals/dm_keys.h"
#include "signals/dm_options.h"
#include "signals/dm_scores.h"

static const double RANGE_TOLERANCE = 1e-6; /* also of label_probs from the vector's */
static const double SUM_TOLERANCE = 1e-3;

static dm_status check_classes(const dm_fields *fields, dm_error *err);
static dm_status derive(const dm_fields *fields, double *label_probs, bool *correct,
                        dm_error *err);
static dm_status derive_label_probs(const dm_fields *fields, double *out, dm_error *err);
static dm_status derive_correct(const dm_fields *fields, bool *out, dm_error *err);
static dm_status no_class(const dm_fields *fields, const char *key, dm_error *err);
static dm_status note_disagreements(dm_batch *batch, const dm_fields *fields,
                                    double label_probs, uint32_t line, const char *text,
                                    dm_error *err);
static dm_status note_label_probs(dm_batch *batch, const dm_fields *fields, uint32_t line,
                                  const char *text, dm_error *err);
static dm_status note_contradiction(dm_batch *batch, const dm_fields *fields,
                                    uint32_t line, const char *text, dm_error *err);
static dm_status missing_field(const dm_names *names, dm_field field, dm_error *err);
static dm_status missing(const char *key, const char *expected, dm_error *err);
static dm_status keep_more(dm_batch *batch, const dm_fields *fields, double label_probs,
                           dm_error *err);
static dm_status keep_row(dm_batch *batch, const dm_fields *fields, dm_error *err);
static dm_status keep_probs(dm_batch *batch, const dm_fields *fields,
                            const double **probs, size_t *n, dm_error *err);
static dm_status store_text(dm_batch *batch, const dm_ident *ident, int64_t *value,
                            dm_error *err);

/* --- batches --- */

void dm_batch_reset(dm_batch *batch, const dm_keep *keep) {
  batch->n_events = 0;
  batch->n_probs = 0;
  batch->keep = *keep;
  batch->n_values = dm_keep_values(keep);
  batch->is_keeping = dm_keep_is_any(keep);
  batch->has_steps = false;
  batch->has_label_index = false;
  batch->n_classes = 0;
  batch->has_other_classes = false;
  batch->text.len = 0;
  batch->data = NULL;
  batch->len = 0;
  batch->n_lines = batch->n_blank = batch->n_bad = batch->n_cut = 0;
  batch->n_elsewhere = 0;
  batch->keys = 0;
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
  dm_free(batch->rows);
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

/* --- derivation --- */

/* The same as derive() for most lines with probs, by one pass over them, where nothing is
   to be noted either; false: neither is sure, and nothing is written. */
static inline bool derive_usual(const dm_fields *f, double *label_probs, bool *correct) {
  size_t y = (size_t)f->label.value;
  bool is_told = f->pred_label.kind == DM_IDENT_INT;
  if (f->label.kind != DM_IDENT_INT || f->has_label_index || f->logits ||
      f->n_probs < 2 || y >= f->n_probs ||
      (!is_told && f->pred_label.kind != DM_IDENT_NONE)) {
    return false;
  }
  const double *probs = f->probs;
  double p = probs[y];
  double sum = 0;
  double smallest = p;
  double before = 0; /* the largest before the label's */
  double behind = 0;
  for (size_t k = 0; k < y; k++) {
    sum += probs[k];
    smallest = probs[k] < smallest ? probs[k] : smallest;
    before = probs[k] > before ? probs[k] : before;
  }
  sum += p;
  for (size_t k = y + 1; k < f->n_probs; k++) {
    sum += probs[k];
    smallest = probs[k] < smallest ? probs[k] : smallest;
    behind = probs[k] > behind ? probs[k] : behind;
  }
  double rival = before > behind ? before : behind;
  bool is_right = is_told ? f->pred_label.value == f->label.value
                          : p > before && p >= behind; /* the first maximum */
  bool is_either = !is_told && p == rival; /* as note_contradiction() has it */
  double given = f->has_label_probs ? f->label_probs : p;
  if (DM_UNLIKELY(!(fabs(sum - 1) <= SUM_TOLERANCE) || /* also with NaN among them */
                  smallest < 0 || p > 1 || rival > 1 ||
                  !(fabs(given - p) <= RANGE_TOLERANCE) || given < 0 || given > 1 ||
                  (f->has_correct && !is_either && is_right != f->correct))) {
    return false;
  }
  *label_probs = given;
  *correct = f->has_correct ? f->correct : is_right;
  return true;
}

dm_status dm_event_add(dm_batch *batch, const dm_fields *fields, uint32_t line,
                       uint32_t offset, const char *text, dm_error *err) {
  dm_fields complete;
  double logits[2];
  if (DM_UNLIKELY(dm_fields_are_short(fields))) {
    DM_TRY(dm_fields_complete(fields, logits, &complete, err));
    fields = &complete;
  }
  double label_probs = fields->label_probs;
  bool correct = fields->correct;
  bool is_usual = fields->probs && derive_usual(fields, &label_probs, &correct);
  if (DM_UNLIKELY(fields->id.kind == DM_IDENT_NONE)) {
    return missing_field(batch->problems.names, DM_FIELD_ID, err);
  }
  if (DM_UNLIKELY(fields->label.kind == DM_IDENT_NONE)) {
    return missing_field(batch->problems.names, DM_FIELD_LABEL, err);
  }
  if (!is_usual) {
    DM_TRY(derive(fields, &label_probs, &correct, err));
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
  dm_batch_see_classes(batch, event->n_classes);
  event->step_kind = (uint8_t)fields->step_kind;
  event->label_index = fields->has_label_index ? (uint32_t)fields->label_index + 1 : 0;
  batch->has_label_index |= fields->has_label_index;
  if (fields->step_kind != DM_STEP_NONE) {
    DM_GROW(batch->steps, batch->cap_steps, batch->cap_events, err);
    batch->steps[batch->n_events] = fields->step;
    batch->has_steps = true;
  }
  if (batch->is_keeping) {
    DM_TRY(keep_more(batch, fields, label_probs, err));
  }
  if (DM_UNLIKELY(!is_usual && !dm_fields_are_plain(fields))) {
    DM_TRY(note_disagreements(batch, fields, label_probs, line, text, err));
  }
  batch->n_events++;
  return DM_OK;
}

static dm_status missing_field(const dm_names *names, dm_field field, dm_error *err) {
  char shown[DM_TEXT_MAX];
  dm_field_names(names, field, shown, sizeof shown);
  return missing(dm_keys[field].name, shown, err);
}

static dm_status missing(const char *key, const char *expected, dm_error *err) {
  dm_error_expected(err, DM_E_FIELD, "%s", expected);
  dm_error_key(err, key, strlen(key));
  dm_error_found(err, "a line without it");
  return DM_E_FIELD;
}

static const char *key_of_scores_of(const dm_fields *fields) {
  return fields->probs ? "probs" : fields->has_margin ? "margin" : "logits";
}

/* What the prediction is derived from; NULL: nothing. */
static const double *scores_of(const dm_fields *fields, size_t *n) {
  *n = fields->probs ? fields->n_probs : fields->logits ? fields->n_logits : 0;
  return fields->probs ? fields->probs : fields->logits;
}

/* One number is no distribution, and its softmax is 1 whatever it is. */
static dm_status check_vector(const char *key, size_t n, const char *advice,
                              dm_error *err) {
  if (DM_LIKELY(n > 1)) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_FIELD, "a number for each of two or more classes");
  dm_error_key(err, key, strlen(key));
  dm_error_found(err, n ? "one number" : "an empty list");
  dm_error_advice(err, "%s, or \"label_probs\" and \"correct\" in its place", advice);
  return DM_E_FIELD;
}

static dm_status check_classes(const dm_fields *fields, dm_error *err) {
  if (fields->probs) {
    DM_TRY(check_vector("probs", fields->n_probs,
                        "give the probabilities of both classes, [1 - p, p]", err));
  }
  if (fields->logits) {
    DM_TRY(check_vector("logits", fields->n_logits,
                        "give \"probs\" of both classes, [1 - p, p] with p = 1 / (1 + "
                        "exp(-z))",
                        err));
  }
  if (!fields->has_label_index) {
    return DM_OK;
  }
  size_t n = fields->n_classes;
  if (fields->probs || fields->logits) {
    (void)scores_of(fields, &n);
  }
  n = n && n < DM_CLASS_MAX ? n : DM_CLASS_MAX;
  int64_t index = fields->label_index;
  if (DM_LIKELY(index >= 0 && (uint64_t)index < n)) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_RANGE, "the place of a class, from 0 to %llu",
                    (unsigned long long)n - 1);
  dm_error_key(err, "label_index", 11);
  dm_error_found(err, "%lld", (long long)index);
  dm_error_advice(err, "the first number of a class vector is that of class 0");
  return DM_E_RANGE;
}

dm_predicted dm_fields_predict(const dm_fields *fields) {
  size_t n;
  size_t place;
  const double *scores = scores_of(fields, &n);
  if (fields->pred_label.kind != DM_IDENT_NONE) {
    return (dm_predicted){
        .label = fields->pred_label,
        .is_right = dm_ident_equal(&fields->pred_label, &fields->label)};
  }
  if (!scores || dm_has_nan(scores, n)) {
    return (dm_predicted){0};
  }
  size_t best = dm_first_maximum(scores, n);
  if (dm_find_class(fields, n, &place) && place == best) {
    return (dm_predicted){.label = fields->label, .is_right = true};
  }
  return (dm_predicted){.label = dm_ident_from_int((int64_t)best), .is_place = true};
}

static dm_status derive(const dm_fields *fields, double *label_probs, bool *correct,
                        dm_error *err) {
  if (fields->probs || fields->logits || fields->has_label_index) {
    DM_TRY(check_classes(fields, err));
  }
  if (!fields->has_correct) {
    DM_TRY(derive_correct(fields, correct, err));
  }
  return fields->has_label_probs ? DM_OK : derive_label_probs(fields, label_probs, err);
}

static dm_status derive_correct(const dm_fields *fields, bool *out, dm_error *err) {
  bool is_given = fields->pred_label.kind != DM_IDENT_NONE;
  if (!is_given && !fields->probs && !fields->logits) {
    return missing("correct",
                   "\"correct\", or \"pred_label\", \"probs\" or \"logits\" to derive "
                   "it from",
                   err);
  }
  /* the class of a label that is no integer is anyone's guess */
  if (!is_given && !fields->has_label_index && fields->label.kind == DM_IDENT_TEXT) {
    return no_class(fields, "correct", err);
  }
  *out = dm_fields_predict(fields).is_right;
  return DM_OK;
}

static dm_status derive_label_probs(const dm_fields *fields, double *out, dm_error *err) {
  size_t n;
  size_t place;
  const double *scores = scores_of(fields, &n);
  if (!scores) {
    return missing("label_probs",
                   "\"label_probs\", or \"probs\" or \"logits\" to derive it from", err);
  }
  if (!dm_find_class(fields, n, &place)) {
    return no_class(fields, "label_probs", err);
  }
  *out = fields->probs ? scores[place] : dm_softmax(scores, n, place);
  return DM_OK;
}

/* An error for a label whose place in the class vector is needed to derive a key. */
static dm_status no_class(const dm_fields *fields, const char *key, dm_error *err) {
  const dm_ident *label = &fields->label;
  bool is_text = label->kind == DM_IDENT_TEXT;
  size_t n;
  (void)scores_of(fields, &n);
  char shown[64];
  dm_ident_print(label, shown, sizeof shown);
  dm_error_expected(err, is_text ? DM_E_FIELD : DM_E_RANGE,
                    "an integer label from 0 to %lld to look up \"%s\" by",
                    (long long)n - 1, key);
  dm_error_key(err, "label", 5);
  dm_error_found(err, is_text ? "\"%s\"" : "%s", shown);
  dm_error_advice(err,
                  "count the classes from 0, or give \"label_index\", the place of "
                  "the label's class in the vector, from 0");
  return err->status;
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
    dm_measures measures = keep->measures;
    if (keep->loss && dm_double_bits(values[keep->loss_signal]) != DM_ABSENT_BITS) {
      measures &= ~keep->loss;
      values[batch->n_values - 1] = dm_double_from_bits(DM_ABSENT_BITS);
    }
    dm_measure_line(measures, fields, probs, n, label_probs, values + keep->n_signals);
  }
  if (keep->has_probs) {
    DM_GROW(batch->probs_end, batch->cap_probs_end, batch->cap_events, err);
    batch->n_probs += n;
    batch->probs_end[i] = batch->n_probs;
  }
  if (keep->has_row) {
    DM_TRY(keep_row(batch, fields, err));
  }
  if (keep->has_prediction) {
    DM_GROW(batch->predictions, batch->cap_predictions, batch->cap_events, err);
    dm_predicted predicted = dm_fields_predict(fields);
    dm_prediction *prediction = &batch->predictions[i];
    DM_TRY(
        store_ident(batch, &predicted.label, &prediction->label, &prediction->kind, err));
    prediction->is_place = predicted.is_place;
  }
  return DM_OK;
}

/* What a table has of the line, so that it need not be read again. */
static dm_status keep_row(dm_batch *batch, const dm_fields *fields, dm_error *err) {
  DM_GROW(batch->rows, batch->cap_rows, batch->cap_events, err);
  dm_line_row *row = &batch->rows[batch->n_events];
  *row = (dm_line_row){
      .loss = fields->has_loss ? fields->loss : dm_double_from_bits(DM_ABSENT_BITS),
      .has_log_probs = fields->has_log_probs,
      .keys = fields->keys};
  bool is_given = fields->pred_label.kind != DM_IDENT_NONE;
  if (!batch->keep.has_row_label || !(is_given || batch->keep.has_row_class)) {
    return DM_OK;
  }
  dm_predicted predicted = dm_fields_predict(fields);
  dm_prediction *prediction = &row->prediction;
  prediction->is_place = predicted.is_place;
  return store_ident(batch, &predicted.label, &prediction->label, &prediction->kind, err);
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
    dm_softmax_all(fields->logits, *n, room);
  }
  *probs = room;
  return DM_OK;
}

/* --- disagreements --- */

/* What is not finite is reported for itself or by its sum. */
static bool is_outside(double p) {
  return DM_UNLIKELY(!(p >= -RANGE_TOLERANCE && p <= 1 + RANGE_TOLERANCE)) &&
         dm_is_finite(p);
}

/* Of several that are outside a negative one, which tells most; NaN: none is. */
static double find_outside(const double *probs, size_t n) {
  double found = NAN;
  for (size_t i = 0; i < n; i++) {
    if (DM_UNLIKELY(is_outside(probs[i])) &&
        (dm_is_nan(found) || (probs[i] < 0 && found > 0))) {
      found = probs[i];
    }
  }
  return found;
}

static void print_number(double value, char *out) {
  out[dm_format_double(value, out)] = '\0';
}

static DM_NOINLINE dm_status note_disagreements(dm_batch *batch, const dm_fields *fields,
                                                double label_probs, uint32_t line,
                                                const char *text, dm_error *err) {
  dm_problems *problems = &batch->problems;
  const char *key_of_scores = key_of_scores_of(fields);
  const char *key_of_label = fields->has_log_probs ? "sum_logp" : "label_probs";
  char shown[DM_PROBLEM_TEXT_MAX];
  size_t n;
  const double *scores = scores_of(fields, &n);
  if (DM_UNLIKELY(!dm_is_finite(label_probs))) {
    const char *key = fields->has_label_probs ? key_of_label : key_of_scores;
    print_number(label_probs, shown);
    DM_TRY(dm_problem_note(problems,
                           &(dm_note){.kind = DM_PROBLEM_NOT_FINITE,
                                      .file = -1,
                                      .line = line,
                                      .text = text,
                                      .key = key,
                                      .actual = shown},
                           err, "a finite probability of the label"));
  }
  bool is_needed = !fields->has_correct && fields->pred_label.kind == DM_IDENT_NONE;
  bool is_without_maximum = is_needed && scores && dm_has_nan(scores, n);
  if (DM_UNLIKELY(is_without_maximum)) {
    DM_TRY(dm_problem_note(problems,
                           &(dm_note){.kind = DM_PROBLEM_NAN_CLASS,
                                      .file = -1,
                                      .line = line,
                                      .text = text,
                                      .key = key_of_scores,
                                      .actual = "NaN among them"},
                           err,
                           "numbers to tell the prediction by; without one, the line "
                           "counts as not right"));
  }
  bool is_label_outside = fields->has_label_probs && is_outside(label_probs);
  const char *outside = is_label_outside ? key_of_label : NULL;
  double value_outside = label_probs;
  if (fields->probs) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
      sum += fields->probs[i];
    }
    if (DM_UNLIKELY(!(fabs(sum - 1) <= SUM_TOLERANCE)) && !is_without_maximum) {
      memcpy(shown, "a sum of ", 9);
      print_number(sum, shown + 9);
      DM_TRY(dm_problem_note(problems,
                             &(dm_note){.kind = DM_PROBLEM_PROB_SUM,
                                        .file = -1,
                                        .line = line,
                                        .text = text,
                                        .key = "probs",
                                        .actual = shown},
                             err, "probs that sum to 1 within 0.001"));
    }
    double p = outside ? NAN : find_outside(fields->probs, n);
    if (DM_UNLIKELY(!dm_is_nan(p))) {
      outside = "probs";
      value_outside = p;
    }
  }
  if (DM_UNLIKELY(outside != NULL)) {
    print_number(value_outside, shown);
    DM_TRY(dm_problem_note(problems,
                           &(dm_note){.kind = DM_PROBLEM_PROB_RANGE,
                                      .file = -1,
                                      .line = line,
                                      .text = text,
                                      .key = outside,
                                      .actual = shown},
                           err, "a probability between 0 and 1"));
  }
  if (fields->has_label_probs && scores) {
    DM_TRY(note_label_probs(batch, fields, line, text, err));
  }
  return fields->has_correct ? note_contradiction(batch, fields, line, text, err) : DM_OK;
}

/* label_probs against the class vector, where both tell a number. */
static dm_status note_label_probs(dm_batch *batch, const dm_fields *fields, uint32_t line,
                                  const char *text, dm_error *err) {
  size_t n;
  size_t place;
  const double *scores = scores_of(fields, &n);
  if (!dm_find_class(fields, n, &place)) {
    return DM_OK;
  }
  double p = fields->probs ? scores[place] : dm_softmax(scores, n, place);
  double given = fields->label_probs;
  if (DM_LIKELY(fabs(given - p) <= RANGE_TOLERANCE) || !dm_is_finite(given) ||
      !dm_is_finite(p)) {
    return DM_OK;
  }
  char shown[DM_FORMAT_MAX + 1];
  char derived[DM_FORMAT_MAX + 1];
  print_number(given, shown);
  print_number(p, derived);
  return dm_problem_note(&batch->problems,
                         &(dm_note){.kind = DM_PROBLEM_LABEL_PROBS,
                                    .file = -1,
                                    .line = line,
                                    .text = text,
                                    .key = "label_probs",
                                    .actual = shown},
                         err,
                         "%s, the probability of class %llu by "
                         "the %s",
                         derived, (unsigned long long)place,
                         fields->probs ? "probs" : "logits");
}

/* correct against the prediction, given or by the maximum of probs or logits. Where the
   maximum is shared (as rounding makes it), either claim may be true. */
static dm_status note_contradiction(dm_batch *batch, const dm_fields *fields,
                                    uint32_t line, const char *text, dm_error *err) {
  size_t n;
  size_t place;
  const double *scores = scores_of(fields, &n);
  bool is_right;
  if (fields->pred_label.kind != DM_IDENT_NONE) {
    is_right = dm_ident_equal(&fields->pred_label, &fields->label);
  } else if (scores && dm_find_class(fields, n, &place) && !dm_has_nan(scores, n)) {
    size_t best = dm_first_maximum(scores, n);
    double maximum = scores[best];
    is_right = scores[place] == maximum;
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
  return dm_problem_note(&batch->problems,
                         &(dm_note){.kind = DM_PROBLEM_CORRECT,
                                    .file = -1,
                                    .line = line,
                                    .text = text,
                                    .key = "correct",
                                    .actual = fields->correct ? "true" : "false"},
                         err, "%s, since the prediction %s the label",
                         is_right ? "true" : "false", is_right ? "is" : "is not");
}
