/* What writes a compression. */
#ifndef DM_ENCODER_H
#define DM_ENCODER_H

#include <stdbool.h>

#include "base/dm_grow.h"

typedef struct dm_encoder {
  /* *out is NULL on failure, else to be given to close. DM_E_MEMORY. Where open is NULL,
     the library was not there when the core was built. */
  dm_status (*open)(void **out, dm_error *err);
  /* Takes n bytes, and adds to out what is ready of them; with is_end all of it, and the
     stream (a member, a frame) ends there: only close may follow. After a failure too.
     DM_E_MEMORY. */
  dm_status (*add)(void *state, const char *bytes, size_t n, bool is_end, dm_buf *out,
                   dm_error *err);
  void (*close)(void *state);
} dm_encoder;

#endif
