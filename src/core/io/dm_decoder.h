/* What reads a compression. */
#ifndef DM_DECODER_H
#define DM_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_error.h"

/* What a decoder asks its source for. read fills buf with n compressed bytes, fewer only
   at the end; check, between two steps that may take long, for leave to go on. Both
   return what the source may fail with. */
typedef struct dm_decoder_input {
  dm_status (*read)(void *ctx, char *buf, size_t n, size_t *got, dm_error *err);
  dm_status (*check)(void *ctx, dm_error *err);
  void *ctx;
} dm_decoder_input;

/* Fewer in tests, where compressed bytes then come in many pieces. */
#ifndef DM_RAW_SHIFT
#define DM_RAW_SHIFT 18
#endif
enum {
  DM_DECODER_RAW = 1 << DM_RAW_SHIFT, /* compressed bytes held at a time */
  DM_DECODER_STEP_MAX = 1 << 20       /* at most so many bytes between two checks */
};

typedef struct dm_decoder {
  const char *name; /* of the library that does it */
  /* *out is NULL on failure, else to be given to close. DM_E_MEMORY. Where open is NULL,
     the library was not there when the core was built. */
  dm_status (*open)(void **out, dm_error *err);
  /* Fills buf with n decompressed bytes, fewer only at the end. Where it fails, *got
     bytes before the fault are in buf, and the fault comes at the same byte for every n.
     DM_E_IO (cut, damaged, other bytes behind it, a form that is not read), DM_E_MEMORY,
     what the input returns. */
  dm_status (*read)(void *state, const dm_decoder_input *input, char *buf, size_t n,
                    size_t *got, dm_error *err);
  /* Of one that read to the end or failed: whether the bytes ended in the middle of a
     stream (a member, a frame); *whole is where the last whole one before it ended. */
  bool (*is_cut)(const void *state, uint64_t *whole);
  void (*close)(void *state);
} dm_decoder;

#endif
