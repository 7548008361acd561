/* The program around the core: asked whether to go on, also while a pipe is waited for.
 */
#ifndef DM_HOST_H
#define DM_HOST_H

#include <stdint.h>

#include "base/dm_error.h"

/* What the core asks of the program around it. check() is called at least every megabyte
   read and every 0.1 s of waiting for a pipe, on the thread that called the core, with
   the number of bytes of input consumed so far; a result other than 0 makes the core give
   up with DM_E_INTERRUPT. NULL: never. */
typedef struct dm_host {
  int (*check)(void *ctx, uint64_t bytes);
  void *ctx;
} dm_host;

enum { DM_HOST_MILLISECONDS = 100 /* the longest wait between two checks */ };

typedef enum dm_ready { DM_READY_TO_READ, DM_READY_TO_WRITE } dm_ready;

/* Asks. bytes is what check() is told. DM_E_INTERRUPT. */
dm_status dm_host_check(const dm_host *host, uint64_t bytes, dm_error *err) DM_MUST_CHECK;

/* Returns when the descriptor is ready, or at an end or an error, of which read() and
   write() tell; on Windows at once. DM_E_INTERRUPT. */
dm_status dm_host_wait(const dm_host *host, int fd, dm_ready ready, uint64_t bytes,
                       dm_error *err) DM_MUST_CHECK;

#endif
