/* One line of signals: from its fields, as read from a file or a table, to an event, the
   compact record that is applied to a sample's running state. */
#ifndef DM_EVENT_H
#define DM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_grow.h"
#include "signals/dm_fields.h"
#include "signals/dm_measure.h"
#include "signals/dm_options.h"
#include "signals/dm_problems.h"

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

/* The label that a line predicts, as ids and labels are in dm_event; or a class, of which
   only its place in the class vector is known, as an INT. */
typedef struct dm_prediction {
  int64_t label;
  uint8_t kind; /* NONE: it tells none */
  bool is_place;
} dm_prediction;

/* What a table of lines has of a line beside its event. */
typedef struct dm_line_row {
  double loss;              /* DM_ABSENT_BITS: none */
  dm_prediction prediction; /* where it was asked for */
  bool has_log_probs;       /* label_probs was derived of sum_logp */
  uint32_t keys;            /* see dm_fields */
} dm_line_row;

/* The events of a block, in the order of its lines, and what was wrong in it. Belongs to
   one thread at a time; zero-initialise, dm_batch_reset() before each block. */
typedef struct dm_batch {
  dm_event *events;
  size_t n_events;
  size_t cap_events;
  double *steps; /* one per event; not set where the event has no step */
  size_t cap_steps;
  bool has_steps;         /* any event has one */
  bool has_label_index;   /* likewise */
  uint32_t n_classes;     /* how long class vectors are; 0: there is none */
  bool has_other_classes; /* class vectors differ in length */
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
  dm_line_row *rows;
  size_t cap_rows;
  dm_buf text; /* bytes of string ids and labels that do not stand in the block */

  const char *data; /* the block, borrowed; NULL for a table */
  size_t len;
  uint64_t n_lines;
  uint64_t n_blank;
  uint64_t n_bad;       /* lines left out, each in problems */
  uint64_t n_cut;       /* 1 if an incomplete last line was ignored */
  uint64_t n_elsewhere; /* lines that another share of the ids is to have */
  uint32_t keys;        /* a bit for each that any line has had so far */
  dm_problems problems; /* lines from 0, within the batch */
  bool has_error;       /* error is of the first bad line; nothing behind it was parsed */
  dm_error error;
} dm_batch;

void dm_batch_reset(dm_batch *batch, const dm_keep *keep);
void dm_batch_release(dm_batch *batch);

/* How many of the probs are of an event. */
static inline size_t dm_batch_n_probs(const dm_batch *batch, size_t i) {
  return batch->probs_end[i] - (i ? batch->probs_end[i - 1] : 0);
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

/* Which share a line belongs to: its id's. What can't be read or tells no id stops every
   share that stops at a bad line, and is left out and noted by the first share else: so
   all shares together are what one reading of all ids gives. */
static inline bool dm_is_of_share(const dm_options *options, const dm_ident *id) {
  return DM_LIKELY(options->n_shares == 0) || id->kind == DM_IDENT_NONE ||
         dm_ident_hash(id) % options->n_shares == options->share;
}

/* Whether a line that is left out, or blank, is left to the first share, and this is
   another. */
static inline bool dm_is_left_to_first(const dm_options *options, bool has_id) {
  return options->share > 0 && !has_id;
}

/* Takes note of how long the class vector of an event is. */
static inline void dm_batch_see_classes(dm_batch *batch, uint32_t n) {
  if (DM_UNLIKELY(n != batch->n_classes) && n) {
    batch->has_other_classes |= batch->n_classes != 0;
    batch->n_classes = n;
  }
}

/* Derives what a line does not give (label_probs from probs or logits, correct from
   pred_label and label or else from the first maximum) and appends its event, together
   with the disagreements between its fields. text is the line itself, for messages, or
   NULL. DM_E_FIELD where id, label, correct or label_probs can neither be read nor
   derived and for a class vector of less than two numbers, DM_E_RANGE for a label or
   label_index that is not among the classes, DM_E_MEMORY. */
dm_status dm_event_add(dm_batch *batch, const dm_fields *fields, uint32_t line,
                       uint32_t offset, const char *text, dm_error *err) DM_MUST_CHECK;

/* The same as dm_event_add() for nearly all lines, sooner; false: nothing is added, that
   is to be asked. */
static inline bool dm_event_add_usual(dm_batch *batch, const dm_fields *fields,
                                      uint32_t line, uint32_t offset) {
  const dm_fields *f = fields;
  if (DM_UNLIKELY(f->label.kind != DM_IDENT_INT || !dm_fields_are_plain(f) ||
                  f->id.kind == DM_IDENT_NONE || dm_is_text(f->s_label.kind) ||
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
  dm_batch_see_classes(batch, (uint32_t)f->n_classes);
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

/* What a line predicts: its pred_label, or else the class of the first maximum of probs
   or logits, none where a NaN is among them. That class is the label where it stands at
   the label's place, else it is given by its own place. */
typedef struct dm_predicted {
  dm_ident label; /* INT for a place */
  bool is_place;
  bool is_right; /* is the label */
} dm_predicted;

dm_predicted dm_fields_predict(const dm_fields *fields);

#endif
