/* Two runs over parts of the same signals become one: stretches of time, sets of samples,
   or both. */
#ifndef DM_MERGE_H
#define DM_MERGE_H

#include "summary/dm_states.h"

/* What lies between the stretches of the samples that are in both, where that is more
   than the usual distance of steps. */
typedef struct dm_gap {
  bool is_found;
  double last;  /* step of the first run */
  double first; /* step of the second */
  double usual; /* the largest distance of steps within either; 1 where both have one */
} dm_gap;

/* Adds other to states, as if its lines had come after theirs. Rows are in order of first
   appearance, those of states before others. n_files is how many sources states have had:
   other's are numbered from there on. Both must have been made with the same signals,
   metrics and window. gap may be NULL.

   For a sample that is in both, counts are those of one reading, and the numbers are
   within rounding; the others stay as they are. What is learnt only now is reported among
   the problems of states, without a place: a label, s_label or number of classes that
   differs from theirs, once for a sample; a first step that equals their last, unless it
   is an epoch.

   DM_E_FIELD with key "step" for a sample whose steps in other do not come after those in
   states, or that has steps in one of them only; with key "burn_out" or "steps" where the
   window counts by order and leaves out lines of other that count, or the other way
   round; DM_E_LIMIT, DM_E_MEMORY. states are then good for being released only. */
dm_status dm_merge(dm_states *states, const dm_states *other, int32_t n_files,
                   dm_gap *gap, dm_error *err) DM_MUST_CHECK;

#endif
