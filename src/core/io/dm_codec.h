/* Compressions, one row each: how to know one and, where the core reads it, how. */
#ifndef DM_CODEC_H
#define DM_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/dm_error.h"

/* What a decoder asks its source for. read fills buf with n compressed bytes, fewer only
   at the end; check, between two steps that may take long, for leave to go on. Both
   return what the source may fail with. */
typedef struct dm_codec_input {
  dm_status (*read)(void *ctx, char *buf, size_t n, size_t *got, dm_error *err);
  dm_status (*check)(void *ctx, dm_error *err);
  void *ctx;
} dm_codec_input;

typedef struct dm_codec {
  const char *name;
  const char *magic;  /* the first bytes of what it made */
  size_t magic_len;   /* at most DM_MAGIC_SIZE */
  bool is_archive;    /* of files, in which each has a name */
  const char *advice; /* what to do where the core does not read it; open is NULL then */

  /* *out is NULL on failure, else to be given to close. DM_E_MEMORY. */
  dm_status (*open)(void **out, dm_error *err);
  /* Fills buf with n decompressed bytes, fewer only at the end. Where it fails, *got
     bytes before the fault are in buf, and the fault comes at the same byte for every n.
     DM_E_IO (cut, damaged, other bytes behind it), DM_E_MEMORY, what the input returns.
   */
  dm_status (*read)(void *decoder, const dm_codec_input *input, char *buf, size_t n,
                    size_t *got, dm_error *err);
  void (*close)(void *decoder);
} dm_codec;

enum {
  DM_MAGIC_SIZE = 6,          /* the longest magic of all */
  DM_CODEC_STEP_MAX = 1 << 20 /* at most so many bytes between two checks */
};

/* The compression that bytes start with; NULL: none that is known. */
const dm_codec *dm_codec_find(const char *bytes, size_t n);

#endif
