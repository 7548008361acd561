/* Compressions, one row each: how to know one, what reads it and what writes it. */
#ifndef DM_CODEC_H
#define DM_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "io/dm_decoder.h"
#include "io/dm_encoder.h"

enum {
  DM_MAGIC_SIZE = 6, /* the longest magic of all */
  DM_DECODERS_MAX = 2
};

typedef struct dm_codec {
  const char *name;
  const char *suffix;      /* that the names of its files end in */
  const char *magic;       /* the first bytes of what it made; NULL: it has none */
  size_t magic_len;        /* at most DM_MAGIC_SIZE */
  unsigned char free_bits; /* of the first byte, which may be anything */
  bool is_archive;         /* of files, in which each has a name */
  const dm_decoder *decoders[DM_DECODERS_MAX]; /* what reads it, the best first */
  const dm_encoder *encoder; /* what writes it; NULL: the core does not */
  const char *advice;        /* what to do where nothing reads it, or it was not built */
  const char *write_advice;  /* where there is an encoder that was not built */
} dm_codec;

/* The compression that bytes start with, or, if its files have no first bytes of their
   own, that the end of their path tells; NULL: none that is known. path may be NULL. */
const dm_codec *dm_codec_find(const char *bytes, size_t n, const char *path);

/* What reads the compression here; NULL: the core does not. */
const dm_decoder *dm_codec_decoder(const dm_codec *codec);
/* What reads where its library was there when the core was built; NULL: no more. */
const dm_decoder *dm_codec_library(size_t i);
/* What can be read here, for a message. */
const char *dm_codec_read_names(void);

/* The compression that the end of a path asks for; NULL: none that is known. */
const dm_codec *dm_codec_of_path(const char *path);
/* What writes it: NULL where codec is. DM_E_IO with an advice where nothing does here. */
dm_status dm_codec_encoder(const dm_codec *codec, const dm_encoder **out,
                           dm_error *err) DM_MUST_CHECK;

#endif
