/* Folds events into the states of their samples. */
#ifndef DM_FOLD_H
#define DM_FOLD_H

#include "signals/dm_event.h"
#include "summary/dm_states.h"

/* Where a batch comes from. */
typedef struct dm_origin {
  int32_t file;        /* index of the source, or -1 for a table */
  uint64_t first_line; /* from 1 */
  uint64_t first_byte;
} dm_origin;

/* Is given every line that counts, before the line is added to its sample's state: event
   i of a batch, whose sample has this row. With DM_E_FIELD or DM_E_SYNTAX it refuses the
   line (then the line is bad), with any other status it ends the run. With a sink the
   steps of an id may come in any order. */
typedef struct dm_sink {
  dm_status (*take)(void *ctx, const dm_batch *batch, size_t i, uint32_t row,
                    const dm_origin *origin, dm_error *err);
  void *ctx;
} dm_sink;

/* Applies a batch that was parsed with these states' options. Batches must come in the
   order of the lines; then the result is the same for any way of cutting the lines into
   batches. Fails with the batch's own error, DM_E_FIELD for steps out of order,
   DM_E_LIMIT, DM_E_MEMORY. */
dm_status dm_fold_batch(dm_states *states, const dm_sink *sink, const dm_batch *batch,
                        const dm_origin *origin, dm_error *err) DM_MUST_CHECK;

#endif
