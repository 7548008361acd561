/* The words of one line: strings, numbers and literals of both dialects, and whole values
   that nobody reads, which are checked all the same. */
#ifndef DM_TOKEN_H
#define DM_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dm_grow.h"

/* Lists, tuples and objects may stand this deep in each other, the record being the
 * first. */
enum { DM_DEPTH_MAX = 1024 };

/* A place in a line. Lines end in '\n' and have DM_BLOCK_PAD readable bytes behind them,
   so no function needs to know the line's length. */
typedef struct dm_cursor {
  const char *p;
  const char *line; /* its first byte, for columns */
  bool is_python;
} dm_cursor;

/* A string's bytes between its quotes, as they stand in the line. */
typedef struct dm_span {
  const char *start;
  const char *end;
  bool has_escape;
  bool has_nul; /* an escape that stands for U+0000 */
} dm_span;

typedef enum dm_value_type {
  DM_VALUE_NULL,
  DM_VALUE_BOOL,
  DM_VALUE_NUMBER,
  DM_VALUE_STRING,
  DM_VALUE_CONTAINER /* a list, tuple or object; the cursor stays before it */
} dm_value_type;

typedef struct dm_value {
  dm_value_type type;
  bool is_true;        /* DM_VALUE_BOOL */
  bool is_integer;     /* DM_VALUE_NUMBER: written without fraction and exponent */
  double number;       /* may be an infinity where the text is beyond every double */
  bool is_finite_text; /* the number was written in digits, not as a word */
  dm_span text;        /* the string's bytes, or those of the number */
} dm_value;

static inline bool dm_is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* Whether a value may end before this byte. */
static inline bool dm_is_delimiter(char c) {
  return c == ',' || c == '}' || c == ']' || dm_is_space(c) || c == ')' || c == '\n';
}

static inline void dm_token_space(dm_cursor *c) {
  while (dm_is_space(*c->p)) {
    c->p++;
  }
}

/* Fills err for what stands at the place at: column, byte (both within the line), an
   excerpt as found, and expected (printf format). Returns status. */
dm_status dm_token_error(const dm_cursor *c, const char *at, dm_status status,
                         dm_error *err, const char *expected, ...) DM_PRINTF(5, 6);

/* Reads the string whose opening quote stands at the cursor: checks UTF-8, control
   characters and every escape. DM_E_SYNTAX. */
dm_status dm_token_string(dm_cursor *c, dm_span *out, dm_error *err) DM_MUST_CHECK;

/* Appends the characters that a checked string stands for to out. DM_E_MEMORY. */
dm_status dm_token_unescape(const dm_span *span, bool is_python, dm_buf *out,
                            dm_error *err) DM_MUST_CHECK;

/* Reads any value that is not a container. DM_E_SYNTAX. */
dm_status dm_token_value(dm_cursor *c, dm_value *out, dm_error *err) DM_MUST_CHECK;

/* Passes any value, checking it to its last byte. DM_E_SYNTAX; DM_E_LIMIT for depth. */
dm_status dm_token_skip(dm_cursor *c, dm_error *err) DM_MUST_CHECK;

#endif
