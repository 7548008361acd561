/* Decoders alone, fed from memory; for test programs and fuzz targets. */
#ifndef DM_DECODING_H
#define DM_DECODING_H

#include <stdlib.h>

#include "dm_server.h"
#include "io/dm_decoder.h"

typedef struct decoded {
  dm_status status;
  dm_error err;
  char *bytes; /* also those before a fault */
  size_t len;
} decoded;

/* As a source hands them over: fewer than asked for at the end only. */
static inline dm_status decoding_read(void *ctx, char *buf, size_t n, size_t *got,
                                      dm_error *err) {
  (void)err;
  *got = (size_t)serve(ctx, buf, n);
  return DM_OK;
}

static inline dm_status decoding_check(void *ctx, dm_error *err) {
  (void)ctx;
  (void)err;
  return DM_OK;
}

/* Reads by step bytes, at most room in all; bytes are to be freed. */
static inline decoded decode(const dm_decoder *decoder, const void *bytes, size_t len,
                             size_t step, size_t room) {
  server s = {.bytes = bytes, .len = len, .piece = len};
  const dm_decoder_input input = {
      .read = decoding_read, .check = decoding_check, .ctx = &s};
  decoded out = {.bytes = malloc(room + step)};
  void *state = NULL;
  out.status = decoder->open(&state, &out.err);
  size_t got = step;
  while (!out.status && got == step && out.len < room) {
    out.status = decoder->read(state, &input, out.bytes + out.len, step, &got, &out.err);
    out.len += got;
  }
  if (state) {
    decoder->close(state);
  }
  return out;
}

#endif
