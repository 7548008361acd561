/* Compressions, one row each: how to know one and what reads it. */
#ifndef DM_CODEC_H
#define DM_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "io/dm_decoder.h"

typedef struct dm_codec {
  const char *name;
  const char *magic;         /* the first bytes of what it made */
  size_t magic_len;          /* at most DM_MAGIC_SIZE */
  bool is_archive;           /* of files, in which each has a name */
  const dm_decoder *decoder; /* what reads it; NULL: the core does not, and then */
  const char *advice;        /* what to do instead */
} dm_codec;

enum { DM_MAGIC_SIZE = 6 /* the longest magic of all */ };

/* The compression that bytes start with; NULL: none that is known. */
const dm_codec *dm_codec_find(const char *bytes, size_t n);

#endif
