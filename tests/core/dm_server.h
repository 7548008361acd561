/* Bytes that a test serves through a callback, in pieces of at most a given size. */
#ifndef DM_SERVER_H
#define DM_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct server {
  const char *bytes;
  size_t len;
  size_t at;
  size_t piece;
} server;

/* A dm_read_fn whose context is a server. */
static inline int64_t serve(void *ctx, char *buf, size_t n) {
  server *s = ctx;
  size_t step = s->len - s->at;
  step = step < n ? step : n;
  step = step < s->piece ? step : s->piece;
  memcpy(buf, s->bytes + s->at, step);
  s->at += step;
  return (int64_t)step;
}

#endif
