/* What the fuzz targets share. A target is LLVMFuzzerTestOneInput(); whatever does not
   hold ends the program with a message, which the fuzzer takes for a crash and keeps the
   input of. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dm_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_fail(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  abort();
}

#define FUZZ_CHECK(cond) ((cond) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #cond))

static inline void *fuzz_alloc(size_t size) {
  void *p = calloc(size ? size : 1, 1);
  if (!p) {
    abort();
  }
  return p;
}

/* A copy with n zero bytes behind it and not one more, so that a read too far is seen. */
static inline char *fuzz_copy(const void *bytes, size_t len, size_t n) {
  char *copy = fuzz_alloc(len + n);
  if (len) {
    memcpy(copy, bytes, len);
  }
  return copy;
}

static inline bool fuzz_same_double(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

static inline void fuzz_check_text(const char *text, size_t cap);

/* Holds for every error: a status, texts that end, places that make sense. */
static inline void fuzz_check_error(const dm_error *err, dm_status status) {
  FUZZ_CHECK(status != DM_OK && err->status == status);
  fuzz_check_text(err->key, sizeof err->key);
  fuzz_check_text(err->found, sizeof err->found);
  fuzz_check_text(err->expected, sizeof err->expected);
  fuzz_check_text(err->advice, sizeof err->advice);
  FUZZ_CHECK(status == DM_E_INTERRUPT || err->expected[0]);
}

/* Whether two errors say the same, apart from where they are. */
static inline bool fuzz_same_words(const dm_error *a, const dm_error *b) {
  return a->status == b->status && a->sys_errno == b->sys_errno &&
         strcmp(a->key, b->key) == 0 && strcmp(a->found, b->found) == 0 &&
         strcmp(a->expected, b->expected) == 0 && strcmp(a->advice, b->advice) == 0;
}

static inline bool fuzz_same_error(const dm_error *a, const dm_error *b) {
  return fuzz_same_words(a, b) && a->file == b->file && a->line == b->line &&
         a->column == b->column && a->byte == b->byte && a->other_file == b->other_file &&
         a->other_line == b->other_line;
}

static inline void fuzz_show_error(const char *name, const dm_error *err) {
  fprintf(stderr,
          "%s: status %d, line %llu, column %llu, byte %llu, key %s, found %s, "
          "expected %s, advice %s\n",
          name, (int)err->status, (unsigned long long)err->line,
          (unsigned long long)err->column, (unsigned long long)err->byte, err->key,
          err->found, err->expected, err->advice);
}

#include "dm_naive.h"

static inline void fuzz_check_text(const char *text, size_t cap) {
  const char *end = memchr(text, '\0', cap);
  FUZZ_CHECK(end != NULL);
  for (const char *p = text; p < end;) {
    size_t n = naive_utf8((const unsigned char *)p, (size_t)(end - p));
    FUZZ_CHECK(n > 0);
    p += n;
  }
}

#endif
