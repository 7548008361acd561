/* A crew of threads that read and parse blocks side by side, and afterwards add to the
   states of their lines' samples. */
#ifndef DM_CREW_H
#define DM_CREW_H

#include "signals/dm_parse.h"
#include "summary/dm_fold.h"

enum { DM_THREADS_MAX = 256 };

/* Jobs go round in a ring: filled by the thread that owns the crew, parsed by anyone,
   placed by the owner in the order in which they were filled, added by anyone, concluded
   by the owner. */
typedef struct dm_job {
  bool is_stretch;    /* what the owner fills: a stretch that is to be read first, or */
  dm_stretch stretch; /* else a block */
  dm_block block;     /* the line across the end of the stretch before, the owner's, or
                         what the owner fills */
  dm_part edge;       /* of that line */
  dm_part lines;
  dm_status status; /* of dm_stretch_read(), dm_parse_block() and dm_part_begin() */
  dm_error error;
  int state; /* see dm_crew.c */
} dm_job;

typedef struct dm_crew dm_crew;

/* states are what the owner places lines in. Their option threads counts the owner, so
   one worker less is started, or as many as the system gives. keep is as for a parser;
   both must outlive the crew. *out is to be freed also when this fails. DM_E_MEMORY. */
dm_status dm_crew_new(dm_crew **out, dm_states *states, const dm_keep *keep,
                      dm_error *err) DM_MUST_CHECK;
/* Waits for the workers and ends them. NULL is allowed. */
void dm_crew_free(dm_crew *crew);

/* All of these are the owner's: */

/* Concludes what has been added. Then *empty is a job whose block or stretch may be
   filled, NULL while all are under way; and *parsed the oldest job that is not placed, if
   it is parsed, else NULL. What a lane, or dm_fold_conclude(), failed with. */
dm_status dm_crew_look(dm_crew *crew, dm_job **empty, dm_job **parsed,
                       dm_error *err) DM_MUST_CHECK;
/* Hands over the empty one. */
void dm_crew_submit(dm_crew *crew);

/* Places the parsed one, and its edge if its block is not empty: does what
   dm_fold_place() does, makes room for what is left to do, and hands it over. origin says
   which lines come next, and is moved behind them. */
dm_status dm_crew_place(dm_crew *crew, const dm_sink *sink, dm_origin *origin,
                        dm_error *err) DM_MUST_CHECK;

/* Whether any job is under way. */
bool dm_crew_is_busy(dm_crew *crew);
/* Does what a worker could do, or waits for what workers do. */
void dm_crew_help(dm_crew *crew);
/* Sees to it that all that was placed is added and concluded. What that failed with; else
   err is left. */
dm_status dm_crew_settle(dm_crew *crew, dm_error *err) DM_MUST_CHECK;
/* Takes back all jobs, once they are settled; waits for those that somebody is parsing.
 */
void dm_crew_cancel(dm_crew *crew);

#endif
