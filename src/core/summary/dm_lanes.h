/* What is left to do of a batch's events once their samples are found, in lanes that
   different threads may do side by side. */
#ifndef DM_LANES_H
#define DM_LANES_H

#include "signals/dm_event.h"
#include "summary/dm_states.h"

/* An event of which nothing is done yet. All that is needed stands here, so that the
   memory of the events, where another thread may have parsed them, is read once. Of a
   disputed one, the lane has put label, s_label and classes as the sample had them first
   in the place of its own. */
typedef struct dm_plain {
  double label_probs;
  uint32_t event;   /* its place in the batch */
  uint32_t row;     /* of its sample */
  uint32_t label;   /* as its row in that index */
  uint32_t s_label; /* likewise, + 1; 0: none */
  uint8_t classes;  /* dm_classes: NONE, or COMMON */
  bool correct;
  bool is_beyond; /* disputed since its sample can have no more */
} dm_plain;

/* An event that is added to its sample's dm_accum, and of which more is kept. */
typedef struct dm_placed {
  uint32_t event;
  uint32_t row;
  uint32_t n;         /* it is the sample's n-th that counts */
  uint32_t predicted; /* the label that the line predicts, as its row in that index, + 1;
                         0: none */
} dm_placed;

/* Those of a batch, lane by lane, with room for all events in each. Each sample has one
   lane, so that lanes share no memory, and the events of a lane are in the order of their
   lines. Zero-initialise; say is_plain and n_lanes; release once. */
enum { DM_LANES_MAX = 16 };
typedef struct dm_lanes {
  bool is_plain;  /* plain ones, else placed ones */
  size_t n_lanes; /* a power of 2 */
  dm_plain *plain;
  size_t cap_plain;
  dm_placed *placed;
  size_t cap_placed;
  size_t room; /* for so many in each lane */
  size_t n[DM_LANES_MAX];
  size_t n_disputed[DM_LANES_MAX]; /* of the plain ones; when a lane is done they are in
                                      front */
  dm_widths widths;                /* that the placed ones need */
} dm_lanes;

/* Empties the lanes. */
void dm_lanes_clear(dm_lanes *lanes);
/* Empties them, and makes room for as many events. DM_E_MEMORY. */
dm_status dm_lanes_reserve(dm_lanes *lanes, size_t n_events, dm_error *err) DM_MUST_CHECK;
void dm_lanes_release(dm_lanes *lanes);
bool dm_lanes_are_empty(const dm_lanes *lanes);

/* Where the next event of the sample goes. */
static inline size_t dm_lanes_next(dm_lanes *lanes, uint32_t row) {
  /* so many rows one behind the other are of a lane: their states end where cache lines
     do */
  enum { SHIFT = 6 };
  size_t lane = (row >> SHIFT) & (lanes->n_lanes - 1);
  return lane * lanes->room + lanes->n[lane]++;
}

/* Of lanes that are done: the next disputed event, in the order of the lines, which
   contradicts what its sample had first, or is beyond; NULL: there is no other. next says
   how many of each lane were given out. */
const dm_plain *dm_lanes_next_disputed(const dm_lanes *lanes, size_t *next);

/* Where a batch comes from. */
typedef struct dm_origin {
  int32_t file;        /* index of the source, or -1 for a table */
  uint64_t first_line; /* from 1 */
  uint64_t first_byte;
} dm_origin;

/* Lines that were parsed together, and what is left to do of them once they are placed.
   Zero-initialise; release once. */
typedef struct dm_part {
  dm_batch batch;
  dm_origin origin;
  dm_lanes lanes;
  dm_lookup *lookups; /* of all events' ids, begun; or not, where that gains nothing */
  size_t cap_lookups;
  bool has_lookups;
} dm_part;

void dm_part_release(dm_part *part);

/* What any thread can do for placing a batch, once it is parsed. DM_E_MEMORY. */
dm_status dm_part_begin(dm_part *part, const dm_states *states,
                        dm_error *err) DM_MUST_CHECK;

/* Does what is left of a lane, once its samples' states exist. Different lanes may be at
   work side by side; parts must come in order within each. DM_E_LIMIT, DM_E_MEMORY. */
dm_status dm_part_do_lane(dm_part *part, size_t lane, dm_states *states,
                          dm_error *err) DM_MUST_CHECK;

/* Keeps what more is kept of an event; where a lane is too much. */
dm_status dm_placed_keep(dm_states *states, const dm_batch *batch,
                         const dm_placed *placed, dm_error *err) DM_MUST_CHECK;

#endif
