/* Holds what a line says of its sample against what the lines before have said. */
#ifndef DM_CHECK_H
#define DM_CHECK_H

#include "summary/dm_lanes.h"

/* A batch whose events are checked in their order. Set all but the last. */
typedef struct dm_check {
  dm_states *states;
  const dm_batch *batch;
  const dm_origin *origin;
  bool may_go_back;    /* steps of an id may come in any order */
  size_t next_problem; /* of the batch, to be moved to the states */
} dm_check;

/* The row of an ident of the batch in an index that has, or gets, it. */
DM_MUST_CHECK static inline dm_status dm_check_row(const dm_check *c, dm_index *index,
                                                   uint8_t kind, int64_t value,
                                                   uint32_t *row, dm_error *err) {
  if (DM_LIKELY(kind == DM_IDENT_INT && dm_index_find(index, value, row))) {
    return DM_OK; /* without making an ident of it */
  }
  dm_ident ident = dm_batch_ident(c->batch, kind, value);
  return dm_index_row(index, &ident, row, err);
}

/* Of an event before it is added to its sample's state: gives that what it has not had
   before, and notes what contradicts it. DM_E_FIELD for a step out of order, DM_E_LIMIT,
   DM_E_MEMORY. */
dm_status dm_check_step(dm_check *c, size_t i, uint32_t row, dm_error *err) DM_MUST_CHECK;
dm_status dm_check_label(dm_check *c, const dm_event *event, dm_accum *a, uint32_t row,
                         dm_error *err) DM_MUST_CHECK;
dm_status dm_check_s_label(dm_check *c, const dm_event *event, dm_accum *a,
                           dm_error *err) DM_MUST_CHECK;
/* Lengths that differ between samples are fine (the choices of a question); one that
   changes for a sample is not. */
dm_status dm_check_classes(dm_check *c, const dm_event *event, dm_accum *a, uint32_t row,
                           dm_error *err) DM_MUST_CHECK;
/* Only for the label that the sample had first: another one has a place of its own. */
dm_status dm_check_index(dm_check *c, const dm_event *event, uint32_t row,
                         dm_error *err) DM_MUST_CHECK;

/* Notes what a lane found disputed; looks at nothing that lanes may be at work on. */
dm_status dm_check_disputed(dm_check *c, const dm_plain *disputed,
                            dm_error *err) DM_MUST_CHECK;

/* Moves the batch's problems up to a line (within the batch) to the run's; UINT64_MAX:
   all, also those that were only counted. DM_E_MEMORY. */
dm_status dm_check_problems(dm_check *c, uint64_t last_line, dm_error *err) DM_MUST_CHECK;

/* Fails: the sample of the event has as many evaluations as it may. */
dm_status dm_check_too_many(const dm_check *c, const dm_event *event,
                            dm_error *err) DM_MUST_CHECK;

/* Makes an error's place within the batch that within its file. */
void dm_check_place(const dm_check *c, dm_error *err);

#endif
