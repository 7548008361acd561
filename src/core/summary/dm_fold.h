/* Folds events into the states of their samples. */
#ifndef DM_FOLD_H
#define DM_FOLD_H

#include "summary/dm_lanes.h"

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
   DM_E_LIMIT, DM_E_MEMORY; then the states are to be released, not read. */
dm_status dm_fold_batch(dm_states *states, const dm_sink *sink, const dm_batch *batch,
                        const dm_origin *origin, dm_error *err) DM_MUST_CHECK;

/* --- the same by several threads --- */

/* Whether all of a batch's events may be left to lanes: nothing of it has to be known
   while others are placed. */
bool dm_fold_is_plain(const dm_states *states, const dm_sink *sink,
                      const dm_batch *batch);

/* Does of dm_fold_batch() what has to be done by one thread, one part after the other,
   and leaves the rest in the part's lanes, whose kind and number are said before: of
   plain ones all but finding the samples. What it fails with is the same; then the lanes
   are worth nothing. New samples' states are to be grown before lanes are done, plain
   lanes to be done before batches of any other kind are placed. */
dm_status dm_fold_place(dm_states *states, const dm_sink *sink, dm_part *part,
                        const dm_origin *origin, dm_error *err) DM_MUST_CHECK;

/* Does what is left when all lanes of a part are done, by the thread that places, one
   part after the other: puts the problems of plain events in order. DM_E_LIMIT,
   DM_E_MEMORY. */
dm_status dm_fold_conclude(dm_states *states, const dm_part *part,
                           dm_error *err) DM_MUST_CHECK;

#endif
