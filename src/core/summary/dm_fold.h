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
   DM_E_LIMIT, DM_E_MEMORY; then the states are to be released, not read. */
dm_status dm_fold_batch(dm_states *states, const dm_sink *sink, const dm_batch *batch,
                        const dm_origin *origin, dm_error *err) DM_MUST_CHECK;

/* --- the same by several threads --- */

/* An event that counts and of which more is kept than what a summary needs. */
typedef struct dm_placed {
  uint32_t event;     /* its place in the batch */
  uint32_t row;       /* of its sample */
  uint32_t n;         /* it is the sample's n-th that counts */
  uint32_t predicted; /* the label that the line predicts, as its row in that index, + 1;
                         0: none */
} dm_placed;

/* Those of a batch, by lanes. Each sample has one, so that lanes share no memory, and the
   events of a lane are in the order of their lines. */
enum { DM_LANES_MAX = 16 };
typedef struct dm_lanes {
  dm_placed *placed; /* lane by lane, with room for all events in each */
  size_t cap;
  size_t room;
  size_t n_lanes; /* a power of 2 */
  size_t n[DM_LANES_MAX];
  dm_widths widths; /* that the events need */
} dm_lanes;

/* Lines that were parsed together, and what is left to do of them once they are placed.
   Zero-initialise; release once. */
typedef struct dm_part {
  dm_batch batch;
  dm_lanes lanes;
} dm_part;

void dm_part_release(dm_part *part);

/* Leaves nothing to do, until the part is placed. */
void dm_part_clear(dm_part *part);

/* Does of dm_fold_batch() what has to be done by one thread, one part after the other,
   and leaves the rest in so many lanes. What it fails with is the same; then the lanes
   are worth nothing. */
dm_status dm_fold_place(dm_states *states, const dm_sink *sink, dm_part *part,
                        const dm_origin *origin, size_t n_lanes,
                        dm_error *err) DM_MUST_CHECK;

/* Does the rest of a lane, once there is room for it (dm_states_grow_kept()). Different
   lanes may be at work side by side; parts must come in order within each. DM_E_LIMIT,
   DM_E_MEMORY. */
dm_status dm_fold_lane(dm_states *states, const dm_part *part, size_t lane,
                       dm_error *err) DM_MUST_CHECK;

#endif
