/* Sources read to their end, and hosts that watch it; for test programs. */
#ifndef DM_SOURCES_H
#define DM_SOURCES_H

#include <time.h>

#include "dm_files.h"
#include "dm_naive.h"
#include "dm_server.h"
#include "dm_test.h"
#include "io/dm_source.h"

typedef struct result {
  dm_status status;
  dm_error err;
  char *data;
  size_t len;
} result;

/* Reads step bytes at a time until a call gives fewer, then once more: still the end. */
static inline result read_to_end(dm_source *source, size_t step) {
  result r = {.status = DM_OK};
  size_t cap = 1 << 16, got = 0;
  r.data = malloc(cap);
  memset(&r.err, 0xA5, sizeof r.err);
  do {
    if (cap - r.len < step) {
      cap = 2 * (cap + step);
      r.data = realloc(r.data, cap);
    }
    got = SIZE_MAX;
    r.status = dm_source_read(source, r.data + r.len, step, &got, &r.err);
    if (r.status) {
      return r;
    }
    r.len += got;
  } while (got == step);
  char more[8];
  CHECK_INT(dm_source_read(source, more, sizeof more, &got, &r.err), DM_OK);
  CHECK_UINT(got, 0);
  return r;
}

static inline void check_bytes(result *r, const void *want, size_t len) {
  CHECK_INT(r->status, DM_OK);
  bool is_same = r->len == len && (len == 0 || memcmp(r->data, want, len) == 0);
  if (!CHECK(is_same)) {
    fprintf(stderr, "  got %zu bytes, want %zu\n", r->len, len);
  }
  free(r->data);
}

/* The text must stand in the error's text. */
static inline void check_error(const dm_error *err, dm_status got, dm_status want,
                               int sys_errno, const char *found) {
  CHECK_INT(got, want);
  if (got == want) {
    CHECK_INT(err->status, want);
    CHECK_INT(err->sys_errno, sys_errno);
    CHECK_INT(err->file, -1);
    if (!CHECK(strstr(err->found, found) != NULL)) {
      fprintf(stderr, "  found: \"%s\"\n", err->found);
    }
    CHECK(want == DM_E_INTERRUPT || err->expected[0] != '\0');
  }
}

static inline result read_memory(const void *bytes, size_t len, size_t step) {
  /* a copy of just this size, so that the sanitizer sees a byte too many */
  char *exact = malloc(len ? len : 1);
  memcpy(exact, bytes, len);
  result r = {.status = DM_OK};
  dm_source *source = (dm_source *)&r;
  r.status = dm_source_open_memory(&source, exact, len, NULL, &r.err);
  if (r.status) {
    CHECK(source == NULL);
  } else {
    r = read_to_end(source, step);
    dm_source_close(source);
  }
  free(exact);
  return r;
}

static inline result read_path(const char *path, size_t step) {
  result r = {.status = DM_OK};
  dm_source *source = (dm_source *)&r;
  r.status = dm_source_open_file(&source, path, NULL, &r.err);
  if (r.status) {
    CHECK(source == NULL);
    return r;
  }
  r = read_to_end(source, step);
  CHECK(!dm_source_has_grown(source));
  dm_source_close(source);
  return r;
}

static inline result read_server(server *s, size_t step) {
  result r = {.status = DM_OK};
  dm_source *source = (dm_source *)&r;
  r.status = dm_source_open_callback(&source, serve, s, NULL, &r.err);
  if (r.status) {
    CHECK(source == NULL);
    return r;
  }
  r = read_to_end(source, step);
  dm_source_close(source);
  return r;
}

static inline char *random_text(uint64_t seed, size_t len) {
  char *text = malloc(len + 1);
  for (size_t i = 0; i < len; i++) {
    text[i] = (char)("0123456789abc{}:,\n"[naive_below(&seed, 18)]);
  }
  text[len] = '\0';
  return text;
}

typedef struct watch {
  int calls_until_stop; /* 0 = never */
  int n_calls;
  uint64_t last;
  uint64_t longest; /* bytes between two calls */
  bool is_ascending;
  double stop_at; /* seconds; 0 = never */
} watch;

static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline int watch_check(void *ctx, uint64_t bytes) {
  watch *w = ctx;
  w->n_calls++;
  w->is_ascending = w->is_ascending && bytes >= w->last;
  w->longest = bytes - w->last > w->longest ? bytes - w->last : w->longest;
  w->last = bytes;
  return (w->calls_until_stop && w->n_calls >= w->calls_until_stop) ||
         (w->stop_at > 0 && now() >= w->stop_at);
}

/* Few bytes that make many, size of them: given out in the caller's portions, and stopped
   when the host says so. */
static inline void check_bomb(const void *bytes, size_t len, size_t size) {
  watch w = {.is_ascending = true};
  dm_host host = {watch_check, &w};
  dm_source *source;
  dm_error err;
  CHECK_INT(dm_source_open_memory(&source, bytes, len, &host, &err), DM_OK);
  enum { PORTION = 1 << 22 };
  char *buf = malloc(PORTION);
  uint64_t total = 0;
  size_t got = PORTION;
  dm_status status = DM_OK;
  while (status == DM_OK && got == PORTION) {
    status = dm_source_read(source, buf, PORTION, &got, &err);
    total += got;
  }
  CHECK_INT(status, DM_OK);
  CHECK_UINT(total, size);
  /* after every megabyte that came out, not only that went in */
  CHECK((size_t)w.n_calls >= size >> 20);
  dm_source_close(source);
  w = (watch){.is_ascending = true, .calls_until_stop = 5};
  CHECK_INT(dm_source_open_memory(&source, bytes, len, &host, &err), DM_OK);
  CHECK_INT(dm_source_read(source, buf, PORTION, &got, &err), DM_E_INTERRUPT);
  dm_source_close(source);
  free(buf);
}

#endif
