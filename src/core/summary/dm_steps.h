/* The steps of a sample: how far it is in time, and the rule for lines and parts. */
#ifndef DM_STEPS_H
#define DM_STEPS_H

#include "signals/dm_fields.h"

/* Where a sample is, and where its last line stands. All zero: it has no step. */
typedef struct dm_step_state {
  double step;   /* the last one */
  double first;  /* so that a later stretch of time can be put behind an earlier one */
  uint64_t line; /* from 1 */
  int32_t file;
  uint8_t is_given;
  uint8_t is_first_unique; /* the first one was no epoch */
} dm_step_state;

typedef enum dm_steps_fault {
  DM_STEPS_FINE,
  DM_STEPS_MIXED,    /* some lines of an id have a step, others have none */
  DM_STEPS_BACK,     /* below the last one */
  DM_STEPS_NOT_ABOVE /* it, where each comes once */
} dm_steps_fault;

/* What comes behind last, which nothing has come before where is_first. */
dm_steps_fault dm_steps_check(const dm_step_state *last, bool is_first, bool is_given,
                              double step, bool may_repeat);

/* Writes the error, DM_E_FIELD without a place, of a line with such a step. */
void dm_steps_error(dm_steps_fault fault, const dm_step_state *last, bool is_given,
                    double step, const dm_ident *id, dm_error *err);

#endif
