/* Statuses and the error record that every fallible function of the core fills. */
#ifndef DM_ERROR_H
#define DM_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "base/dm_compiler.h"

/* The classes of failure; only DM_OK is zero. */
typedef enum dm_status {
  DM_OK = 0,
  DM_E_IO,       /* open, read, write, a broken compressed stream, a file that shrank */
  DM_E_SYNTAX,   /* bytes that are not a record of the line's dialect */
  DM_E_FIELD,    /* a known key missing, twice or of the wrong type; steps out of order */
  DM_E_RANGE,    /* a number or label outside the range that it must lie in */
  DM_E_LIMIT,    /* a documented limit: line length, nesting, number of samples */
  DM_E_INPUT,    /* an argument that makes no sense */
  DM_E_MEMORY,   /* an allocation failed */
  DM_E_INTERRUPT /* the host asked to stop: Ctrl-C, an error in a callback */
} dm_status;

/* "ok", "io", "syntax", ...: what hosts know them by. */
extern const char *const dm_status_names[];

enum { DM_KEY_MAX = 64, DM_TEXT_MAX = 240 };

/* Where and what. Fixed buffers: nothing to free, may be copied. Texts are valid UTF-8,
   NUL-terminated, lower-case fragments with the facts, of which the host makes
   sentences. */
typedef struct dm_error {
  dm_status status;
  int sys_errno;              /* errno of a failed system call, or 0 */
  int32_t file;               /* index of the source in the order given, or -1 */
  uint64_t line;              /* from 1; 0 = none */
  uint64_t column;            /* character (not byte) in the line, from 1; 0 = none */
  uint64_t byte;              /* offset in the source, from 0; only with a line */
  int32_t other_file;         /* a second place that the error is about, or -1 */
  uint64_t other_line;        /* from 1; 0 = none */
  char key[DM_KEY_MAX];       /* the field concerned, or "" */
  char found[DM_TEXT_MAX];    /* what stood there, or "" */
  char expected[DM_TEXT_MAX]; /* what was expected, or "" */
  char advice[DM_TEXT_MAX];   /* what to do about it, or "" */
} dm_error;

/* Returns from the calling function when expr is not DM_OK. */
#define DM_TRY(expr)                   \
  do {                                 \
    dm_status dm_try_status_ = (expr); \
    if (DM_UNLIKELY(dm_try_status_)) { \
      return dm_try_status_;           \
    }                                  \
  } while (0)

/* Goes to the label done with status set when expr is not DM_OK. */
#define DM_TRY_DONE(expr)      \
  do {                         \
    status = (expr);           \
    if (DM_UNLIKELY(status)) { \
      goto done;               \
    }                          \
  } while (0)

/* Empties err and sets its status; returns that status. */
dm_status dm_error_set(dm_error *err, dm_status status);

/* The same with a text of what was expected (printf format of integers and strings). */
dm_status dm_error_expected(dm_error *err, dm_status status, const char *fmt, ...)
    DM_PRINTF(3, 4);

/* dm_error_expected() for an allocation that failed: always DM_E_MEMORY. */
dm_status dm_error_memory(dm_error *err);

/* dm_error_expected() for a system call that failed with sys_errno, or 0 where none did:
   DM_E_IO, but DM_E_MEMORY for ENOMEM. */
dm_status dm_error_io(dm_error *err, int sys_errno, const char *expected);

/* Fill one text of an error; they leave the rest alone and cut what is too long. */
void dm_error_key(dm_error *err, const char *key, size_t len);
void dm_error_found(dm_error *err, const char *fmt, ...) DM_PRINTF(2, 3);
void dm_error_advice(dm_error *err, const char *fmt, ...) DM_PRINTF(2, 3);

#endif
