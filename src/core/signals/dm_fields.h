/* What one line gives, as read from a file or a table. */
#ifndef DM_FIELDS_H
#define DM_FIELDS_H

#include "base/dm_error.h"
#include "signals/dm_ident.h"

/* The bits of a user signal that a line does not have: a NaN that no parser makes,
   and a quiet one, which no processor changes when it is copied. */
#define DM_ABSENT_BITS UINT64_C(0x7FF8DA7AC4270000)

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
  bool has_margin;   /* this and the next two are none where a class vector or */
  bool has_sum_logp; /* label_probs is given: see dm_fields_complete() */
  bool has_n_tok;
  bool has_log_probs; /* derived */
  bool has_loss;      /* where it is kept of each line, see dm_keep */
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
  double margin;         /* the logit of class 0, where that of class 1 is 0 */
  double sum_logp;
  double n_tok;
  double log_probs; /* ln of label_probs */
  double loss;
  uint32_t keys; /* of a line, a bit for each */
} dm_fields;

/* Whether there is more to dm_fields_complete() than a copy. */
static inline bool dm_fields_are_short(const dm_fields *f) {
  return f->has_margin || f->has_sum_logp;
}

/* The same fields with those that stand for others in their place: a margin as the logits
   [margin, 0], which are written to logits, and the label 0 where none is given; sum_logp
   and n_tok as label_probs. What does not count, since what it stands for is given, is
   absent then. DM_E_FIELD for a sum_logp without n_tok, DM_E_RANGE for an n_tok that is
   no whole number from 1. */
dm_status dm_fields_complete(const dm_fields *fields, double logits[2], dm_fields *out,
                             dm_error *err) DM_MUST_CHECK;

/* Whether the label's class is one of so many, and its place: label_index where that is
   given, else the label itself, if it is an integer. */
static inline bool dm_find_class(const dm_fields *f, size_t n_classes, size_t *place) {
  int64_t at = f->has_label_index ? f->label_index : f->label.value;
  *place = (size_t)at;
  return (f->has_label_index || f->label.kind == DM_IDENT_INT ||
          f->label.kind == DM_IDENT_INT_TEXT) &&
         at >= 0 && (uint64_t)at < n_classes;
}

/* Whether all that is derived from is given, and contradicts nothing. */
static inline bool dm_fields_are_plain(const dm_fields *f) {
  return f->has_label_probs && f->has_correct && !f->has_label_index && !f->probs &&
         !f->logits && f->label_probs >= 0 && f->label_probs <= 1 &&
         (f->pred_label.kind == DM_IDENT_NONE ||
          (f->pred_label.kind == DM_IDENT_INT && f->label.kind == DM_IDENT_INT &&
           (f->pred_label.value == f->label.value) == f->correct));
}

#endif
