/* Bytes that a test serves through a callback, in pieces of at most a given size, until
   it fails. */
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
  int calls_until_failure; /* 0 = never */
  int n_calls;
  int n_after_end;
} server;

/* A dm_read_fn whose context is a server. */
static inline int64_t serve(void *ctx, char *buf, size_t n) {
  server *s = ctx;
  s->n_calls++;
  if (s->calls_until_failure && s->n_calls >= s->calls_until_failure) {
    return -1;
  }
  s->n_after_end += s->at == s->len;
  size_t step = s->len - s->at;
  step = step < n ? step : n;
  step = step < s->piece ? step : s->piece;
  memcpy(buf, s->bytes + s->at, step);
  s->at += step;
  return (int64_t)step;
}

#endif
