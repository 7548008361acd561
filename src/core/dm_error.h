/* Statuses and the error record that every fallible function of the core fills. */
#ifndef DM_ERROR_H
#define DM_ERROR_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define DM_MUST_CHECK __attribute__((warn_unused_result))
#define DM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define DM_LIKELY(x) __builtin_expect(!!(x), 1)
#define DM_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define DM_INLINE static inline __attribute__((always_inline))
#define DM_NOINLINE __attribute__((noinline))
#else
#define DM_MUST_CHECK
#define DM_PRINTF(fmt, args)
#define DM_LIKELY(x) (x)
#define DM_UNLIKELY(x) (x)
#define DM_INLINE static inline
#define DM_NOINLINE
#endif

/* The classes of failure; only DM_OK is zero. What each stands for:
   IO         open, read, write, a broken gzip stream, a file that shrank
   SYNTAX     bytes that are not a record of the line's dialect
   FIELD      a known key that is missing, repeated or of the wrong type; steps out of
   order RANGE      a number or label outside the range it must lie in LIMIT      a
   documented limit: line length, nesting, number of samples INPUT      an argument that
   makes no sense MEMORY     an allocation failed INTERRUPT  the host asked to stop
   (Ctrl-C, an error in a callback) */
typedef enum dm_status {
  DM_OK = 0,
  DM_E_IO,
  DM_E_SYNTAX,
  DM_E_FIELD,
  DM_E_RANGE,
  DM_E_LIMIT,
  DM_E_INPUT,
  DM_E_MEMORY,
  DM_E_INTERRUPT
} dm_status;

enum { DM_KEY_MAX = 64, DM_TEXT_MAX = 240 };

/* Where and what. Fixed buffers: nothing to free, may be copied. Texts are valid UTF-8,
   NUL-terminated, lower-case fragments with the facts; the host makes sentences of them.
 */
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
   always DM_E_IO. */
dm_status dm_error_io(dm_error *err, int sys_errno, const char *expected);

/* Fill one text of an error; they leave the rest alone and cut what is too long. */
void dm_error_key(dm_error *err, const char *key, size_t len);
void dm_error_found(dm_error *err, const char *fmt, ...) DM_PRINTF(2, 3);
void dm_error_advice(dm_error *err, const char *fmt, ...) DM_PRINTF(2, 3);

/* Copies bytes of a data file into a text of at most cap - 1 bytes: valid UTF-8 stays,
   every other byte and every control character becomes \xHH, a cut is marked by "...".
   out is always NUL-terminated; cap must be at least 16. */
void dm_text_excerpt(char *out, size_t cap, const char *bytes, size_t len);

#endif
