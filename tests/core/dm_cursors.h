/* Lines for the tokenizer as the reader gives them: '\n' and padding behind. */
#ifndef DM_CURSORS_H
#define DM_CURSORS_H

#include <stdlib.h>
#include <string.h>

#include "io/dm_lines.h"
#include "signals/dm_token.h"

enum { JSON = 0, PYTHON = 1, BOTH = 2 };

static inline char *line_of(const char *text, size_t len) {
  char *line = malloc(len + 1 + DM_BLOCK_PAD);
  memcpy(line, text, len);
  line[len] = '\n';
  memset(line + len + 1, 0, DM_BLOCK_PAD);
  return line;
}

static inline dm_cursor cursor_at(const char *line, size_t at, bool is_python) {
  return (dm_cursor){.p = line + at, .line = line, .is_python = is_python};
}

static inline dm_error rubbish(void) {
  dm_error err;
  memset(&err, 0xA5, sizeof err);
  return err;
}

#endif
