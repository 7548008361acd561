/* Several compressed files inflated side by side, ahead of being read. */
#ifndef DM_READ_AHEAD_H
#define DM_READ_AHEAD_H

#include "io/dm_source.h"

/* The most memory that bytes which were inflated ahead take. */
enum { DM_READ_AHEAD_ROOM = 32 << 20 };

typedef struct dm_read_ahead dm_read_ahead;

/* paths: n of them (UTF-8) in the order in which they will be opened; NULL for what is no
   file. threads counts the caller: with fewer than two nothing is read ahead. host may be
   NULL. All are borrowed. *out is NULL on failure, else to be freed. DM_E_MEMORY. */
dm_status dm_read_ahead_new(dm_read_ahead **out, const char *const *paths, size_t n,
                            int threads, const dm_host *host,
                            dm_error *err) DM_MUST_CHECK;

/* Opens paths[i] as dm_source_open_file() does, in rising order of i, once each. Of a
   regular gzip file, and of those next to it in the list (as many in all as there are
   threads), what follows is inflated meanwhile; no other file is touched before its turn.
   The source reads the same bytes and fails at the same byte as any other; it is to be
   closed before the next is opened and before the ahead is freed.
   What dm_source_open_file() returns. */
dm_status dm_read_ahead_open(dm_read_ahead *ahead, size_t i, dm_source **out,
                             dm_error *err) DM_MUST_CHECK;

/* Waits for the threads and ends them. NULL is allowed. */
void dm_read_ahead_free(dm_read_ahead *ahead);

#endif
