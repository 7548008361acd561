/* One line of signals: from its fields, as read from a file or a table, to an event, the
   compact record that is applied to a sample's running state. */
#ifndef DM_EVENT_H
#define DM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dm_grow.h"
#include "dm_problems.h"
#include "dm_scan.h"

/* The bits of a user signal that a line does not have: a NaN that no parser makes,
   and a quiet one, which no processor changes when it is copied. */
#define DM_ABSENT_BITS UINT64_C(0x7FF8DA7AC4270000)

enum {
  DM_SIGNALS_MAX = 64,      /* user signals at a time */
  DM_LINE_MAX = 0x7FFFFF00, /* offsets within a block fit 32 bits */
  DM_CLASS_MAX = 0x7FFFFF00 /* places of classes that a label_index may name */
};

/* How an id or label was given. INT and INT_TEXT with the same value are the same id, as
   are BIG and TEXT with the same bytes. */
typedef enum dm_ident_kind {
  DM_IDENT_NONE = 0,
  DM_IDENT_INT,      /* an integer that fits 64 bits */
  DM_IDENT_INT_TEXT, /* a string that looks exactly like such an integer */
  DM_IDENT_TEXT,     /* any other string */
  DM_IDENT_BIG /* an integer beyond 64 bits, kept as its digits: text from TEXT on */
} dm_ident_kind;

typedef struct dm_ident {
  dm_ident_kind kind;
  int64_t value;    /* INT, INT_TEXT */
  const char *text; /* TEXT, BIG: UTF-8, not NUL-terminated, borrowed */
  size_t len;
} dm_ident;

/* dm_ident_from_text() for a text that starts like an integer. */
dm_ident dm_ident_from_digits(const char *text, size_t len);

/* Classifies a string: INT_TEXT if it is written as the integer would be ("7", "-3", not
   "07", "+7", "-0"), else TEXT. */
static inline dm_ident dm_ident_from_text(const char *text, size_t len) {
  if (DM_LIKELY(len == 0 || (!dm_is_digit(text[0]) && text[0] != '-'))) {
    return (dm_ident){.kind = DM_IDENT_TEXT, .text = text, .len = len};
  }
  return dm_ident_from_digits(text, len);
}

static inline dm_ident dm_ident_from_int(int64_t value) {
  return (dm_ident){.kind = DM_IDENT_INT, .value = value};
}

/* The same without the short cut for integers. */
bool dm_ident_equal_slow(const dm_ident *a, const dm_ident *b);

static inline bool dm_ident_equal(const dm_ident *a, const dm_ident *b) {
  return DM_LIKELY(a->kind == DM_IDENT_INT && b->kind == DM_IDENT_INT)
             ? a->value == b->value
             : dm_ident_equal_slow(a, b);
}

typedef enum dm_step_kind {
  DM_STEP_NONE = 0,
  DM_STEP_UNIQUE, /* "step" or "logits_epoch_N": the same twice is reported */
  DM_STEP_EPOCH   /* "epoch": may stay the same over several evaluations */
} dm_step_kind;

/* What one line gives. A kind of NONE, a NULL vector or a false has_ means absent. */
typedef struct dm_fields {
  dm_ident id;
  dm_ident label;
  dm_ident pred_label;
  dm_ident s_label;
  bool has_correct;
  bool has_label_probs;
  bool has_label_index;
  bool correct;
  dm_step_kind step_kind;
  double label_probs;
  int64_t label_index; /* the place of the label's class in probs or logits, from 0 */
  double step;
  const double *probs; /* borrowed */
  size_t n_probs;
  const double *logits; /* borrowed */
  size_t n_logits;
  size_t n_classes;      /* length of probs that have been checked and are not given */
  const double *signals; /* one per requested signal, borrowed; absent: DM_ABSENT_BITS */
} dm_fields;

typedef struct dm_event {
  int64_t id;      /* INT, INT_TEXT: the value; TEXT, BIG: see dm_batch_ident() */
  int64_t label;   /* likewise */
  int64_t s_label; /* likewise */
  double label_probs;
  uint32_t line;      /* from 0, within the batch */
  uint32_t offset;    /* of the line's first byte in the block; 0 for a table */
  uint32_t n_classes; /* length of the class vector; 0 = none */
  uint8_t id_kind;
  uint8_t label_kind;
  uint8_t s_label_kind;
  uint8_t step_kind;
  bool correct;
  uint32_t label_index; /* that was given, + 1; 0: none */
} dm_event;

/* What is kept of each line beside its event; dm_metric_keep() tells what metrics need.
 */
typedef struct dm_keep {
  size_t n_signals;    /* that the line gives */
  uint32_t measures;   /* bits of dm_measure: derived from it, and kept behind them */
  bool has_probs;      /* its class probabilities */
  bool has_prediction; /* its predicted label */
  bool needs_probs;    /* every digit of its class vector counts */
} dm_keep;

/* The label that a line predicts, as ids and labels are in dm_event; or a class, of which
   only its place in the class vector is known, as an INT. */
typedef struct dm_prediction {
  int64_t label;
  uint8_t kind; /* NONE: it tells none */
  bool is_place;
} dm_prediction;

/* The events of a block, in the order of its lines, and what was wrong in it. Belongs to
   one thread at a time; zero-initialise, dm_batch_reset() before each block. */
typedef struct dm_batch {
  dm_event *events;
  size_t n_events;
  size_t cap_events;
  double *steps; /* one per event; not set where the event has no step */
  size_t cap_steps;
  bool has_steps;       /* any event has one */
  bool has_label_index; /* likewise */
  dm_keep keep;
  bool is_keeping; /* any of that */
  double *signals; /* n_values per event: signals and measures */
  size_t cap_signals;
  size_t n_values;
  double *probs; /* of the events, one behind the other; where they end */
  size_t n_probs;
  size_t cap_probs;
  size_t *probs_end;
  size_t cap_probs_end;
  dm_prediction *predictions;
  size_t cap_predictions;
  dm_buf text; /* bytes of string ids and labels that do not stand in the block */

  const char *data; /* the block, borrowed; NULL for a table */
  size_t len;
  uint64_t n_lines;
  uint64_t n_blank;
  uint64_t n_bad;       /* lines left out, each in problems */
  uint64_t n_cut;       /* 1 if an incomplete last line was ignored */
  dm_problems problems; /* lines from 0, within the batch */
  bool has_error;       /* error is of the first bad line; nothing behind it was parsed */
  dm_error error;
} dm_batch;

void dm_batch_reset(dm_batch *batch, const dm_keep *keep);
void dm_batch_release(dm_batch *batch);

static inline bool dm_is_text(dm_ident_kind kind) {
  return kind >= DM_IDENT_TEXT;
}

/* The ident of an event as a value; text is borrowed from the block or the batch: in 32
   bits each the event has where it stands, counted through both, and how long it is. */
static inline dm_ident dm_batch_ident(const dm_batch *batch, uint8_t kind,
                                      int64_t value) {
  dm_ident ident = {.kind = (dm_ident_kind)kind, .value = value};
  if (DM_UNLIKELY(dm_is_text(ident.kind))) {
    size_t place = (size_t)((uint64_t)value >> 32);
    ident.value = 0;
    ident.text = place < batch->len ? batch->data + place
                                    : batch->text.data + (place - batch->len);
    ident.len = (size_t)((uint64_t)value & UINT32_MAX);
  }
  return ident;
}

/* Derives what a line does not give (label_probs from probs or logits, correct from
   pred_label and label or else from the first maximum) and appends its event, together
   with the disagreements between its fields. text is the line itself, for messages, or
   NULL. DM_E_FIELD where id, label, correct or label_probs can neither be read nor
   derived and for a class vector of less than two numbers, DM_E_RANGE for a label or
   label_index that is not among the classes, DM_E_MEMORY. */
dm_status dm_event_add(dm_batch *batch, const dm_fields *fields, uint32_t line,
                       uint32_t offset, const char *text, dm_error *err) DM_MUST_CHECK;

/* Whether all that is derived from is given, and contradicts nothing. */
static inline bool dm_fields_are_plain(const dm_fields *f) {
  bool is_integer = f->pred_label.kind == DM_IDENT_INT && f->label.kind == DM_IDENT_INT;
  return f->has_label_probs && f->label_probs >= 0 && f->label_probs <= 1 && !f->probs &&
         !f->logits && f->has_correct && !f->has_label_index &&
         (f->pred_label.kind == DM_IDENT_NONE ||
          (is_integer && (f->pred_label.value == f->label.value) == f->correct));
}

/* The same as dm_event_add() for nearly all lines, sooner; false: nothing is added, that
   is to be asked. */
static inline bool dm_event_add_usual(dm_batch *batch, const dm_fields *fields,
                                      uint32_t line, uint32_t offset) {
  const dm_fields *f = fields;
  if (DM_UNLIKELY(!dm_fields_are_plain(f) || f->id.kind == DM_IDENT_NONE ||
                  f->label.kind != DM_IDENT_INT || dm_is_text(f->s_label.kind) ||
                  f->step_kind != DM_STEP_NONE || batch->is_keeping ||
                  batch->n_events == batch->cap_events)) {
    return false;
  }
  int64_t id = f->id.value;
  if (dm_is_text(f->id.kind)) {
    size_t place = (size_t)((uintptr_t)f->id.text - (uintptr_t)batch->data);
    if (DM_UNLIKELY(place >= batch->len)) {
      return false;
    }
    id = (int64_t)((uint64_t)place << 32 | f->id.len); /* no longer than the block */
  }
  batch->events[batch->n_events++] = (dm_event){.id = id,
                                                .label = f->label.value,
                                                .s_label = f->s_label.value,
                                                .label_probs = f->label_probs,
                                                .line = line,
                                                .offset = offset,
                                                .n_classes = (uint32_t)f->n_classes,
                                                .id_kind = (uint8_t)f->id.kind,
                                                .label_kind = DM_IDENT_INT,
                                                .s_label_kind = (uint8_t)f->s_label.kind,
                                                .step_kind = DM_STEP_NONE,
                                                .correct = f->correct};
  return true;
}

/* Whether the label's class is one of so many, and its place: label_index where that is
   given, else the label itself, if it is an integer. */
static inline bool dm_find_class(const dm_fields *f, size_t n_classes, size_t *place) {
  int64_t at = f->has_label_index ? f->label_index : f->label.value;
  *place = (size_t)at;
  return (f->has_label_index || f->label.kind == DM_IDENT_INT ||
          f->label.kind == DM_IDENT_INT_TEXT) &&
         at >= 0 && (uint64_t)at < n_classes;
}

/* What a line predicts: its pred_label, or else the class of the first maximum of probs
   or logits, none where a NaN is among them. That class is the label where it stands at
   the label's place, else it is given by its own place. */
typedef struct dm_predicted {
  dm_ident label; /* INT for a place */
  bool is_place;
  bool is_right; /* is the label */
} dm_predicted;

dm_predicted dm_fields_predict(const dm_fields *fields);

/* Where the first of the largest of n > 0 values stands, whatever NaN lie between, and
   exp(z_k) / sum exp(z). */
size_t dm_first_maximum(const double *values, size_t n);
double dm_softmax(const double *logits, size_t n, size_t k);
/* ln of that, also where it is too small for a double; NaN where it is NaN. */
double dm_log_softmax(const double *logits, size_t n, size_t k);

/* Counts a problem of a line and keeps its texts while there is room: what was expected
   (printf format) and what there is. The column is that of the key's value. line is
   counted as those that are there; text is the line itself or NULL. */
dm_status dm_problem_note(dm_problems *problems, dm_problem_kind kind, int32_t file,
                          uint64_t line, const char *text, const char *key,
                          const char *actual, dm_error *err, const char *expected, ...)
    DM_PRINTF(9, 10) DM_MUST_CHECK;

/* Writes an ident as a message shows it; out has cap >= 32 bytes. */
void dm_ident_print(const dm_ident *ident, char *out, size_t cap);

#endif
