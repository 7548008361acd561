/* Runs that go on, and where the bytes of one that has stopped go. */
#ifndef DM_RESUME_H
#define DM_RESUME_H

#include <stdlib.h>

#include "summary/dm_run.h"

/* A run that goes on from states, which it takes over; to be freed before what their
   options point to. */
static inline dm_run *resume(dm_states *states) {
  dm_run *run = NULL;
  dm_error err;
  if (dm_run_new(&run, &states->options, NULL, &err)) {
    abort();
  }
  dm_states_release(&run->states);
  run->states = *states;
  *states = (dm_states){0};
  return run;
}

/* For a dm_pack_sink whose context is a dm_buf. */
static inline dm_status add_bytes(void *ctx, const void *bytes, size_t n, dm_error *err) {
  return dm_buf_append(ctx, bytes, n, err);
}

#endif
