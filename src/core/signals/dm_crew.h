/* A crew of threads that parse blocks side by side, and read them where they can. */
#ifndef DM_CREW_H
#define DM_CREW_H

#include "signals/dm_parse.h"

enum { DM_THREADS_MAX = 256 };

/* Jobs go round in a ring: filled by the thread that owns the crew, parsed by anyone,
   taken out by the owner in the order in which they were filled. */
typedef struct dm_job {
  bool is_stretch;    /* what the owner fills: a stretch that is to be read first, or */
  dm_stretch stretch; /* else a block */
  dm_block block;
  dm_batch batch;
  dm_status status; /* of dm_stretch_read() and dm_parse_block() */
  dm_error error;
  int state; /* see dm_crew.c */
} dm_job;

typedef struct dm_crew dm_crew;

/* threads counts the owner, so threads - 1 workers are started, or as many as the system
   gives. options must outlive the crew; keep is as for a parser. *out is to be freed also
   when this fails. DM_E_MEMORY. */
dm_status dm_crew_new(dm_crew **out, const dm_options *options, const dm_keep *keep,
                      int threads, dm_error *err) DM_MUST_CHECK;
/* Waits for the workers and ends them. NULL is allowed. */
void dm_crew_free(dm_crew *crew);

/* All of these are the owner's: */

/* A job whose block or stretch may be filled; NULL while all are under way. */
dm_job *dm_crew_free_job(dm_crew *crew);
/* Hands over the job that dm_crew_free_job() gave. */
void dm_crew_submit(dm_crew *crew);
/* The oldest job under way if it is parsed, else NULL. */
dm_job *dm_crew_parsed_job(dm_crew *crew);
/* Gives back the job that dm_crew_parsed_job() gave. */
void dm_crew_finish(dm_crew *crew);
/* Whether any job is under way. */
bool dm_crew_is_busy(const dm_crew *crew);
/* Parses a job that nobody has begun, or waits until the oldest one is parsed. */
void dm_crew_help(dm_crew *crew);
/* Takes back all jobs; waits for those that somebody is parsing. */
void dm_crew_cancel(dm_crew *crew);

#endif
