/* A crew of threads that read and parse blocks side by side, and afterwards keep of their
   lines what only some runs ask for. */
#ifndef DM_CREW_H
#define DM_CREW_H

#include "signals/dm_parse.h"
#include "summary/dm_fold.h"

enum { DM_THREADS_MAX = 256 };

/* Jobs go round in a ring: filled by the thread that owns the crew, parsed by anyone,
   placed by the owner in the order in which they were filled, kept by anyone. */
typedef struct dm_job {
  bool is_stretch;    /* what the owner fills: a stretch that is to be read first, or */
  dm_stretch stretch; /* else a block */
  dm_block block;
  dm_part edge; /* of the line across the end of the stretch before: the owner's */
  dm_part lines;
  dm_status status; /* of dm_stretch_read() and dm_parse_block() */
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

/* A job whose block or stretch may be filled, NULL while all are under way; and the
   oldest job that is not placed, if it is parsed, else NULL. */
void dm_crew_look(dm_crew *crew, dm_job **empty, dm_job **parsed);
/* Hands over the empty one. */
void dm_crew_submit(dm_crew *crew);

/* Does for a part of the parsed one what dm_fold_place() does, and makes room for what is
   left to do. */
dm_status dm_crew_place(dm_crew *crew, const dm_sink *sink, dm_part *part,
                        const dm_origin *origin, dm_error *err) DM_MUST_CHECK;
/* Hands over what was placed. What a lane has failed with by now, if any has. */
dm_status dm_crew_finish(dm_crew *crew, dm_error *err) DM_MUST_CHECK;

/* Whether any job is under way. */
bool dm_crew_is_busy(dm_crew *crew);
/* Does what a worker could do, or waits for what workers do. */
void dm_crew_help(dm_crew *crew);
/* Sees to it that all that was placed is kept. What that failed with; else err is left.
 */
dm_status dm_crew_settle(dm_crew *crew, dm_error *err) DM_MUST_CHECK;
/* Takes back all jobs, once they are settled; waits for those that somebody is parsing.
 */
void dm_crew_cancel(dm_crew *crew);

#endif
