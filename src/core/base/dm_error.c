/* The error record: turns bytes of broken files into short texts that can be shown. */
#include "base/dm_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/dm_text.h"

const char *const dm_status_names[] = {
    [DM_OK] = "ok",         [DM_E_IO] = "io",         [DM_E_SYNTAX] = "syntax",
    [DM_E_FIELD] = "field", [DM_E_RANGE] = "range",   [DM_E_LIMIT] = "limit",
    [DM_E_INPUT] = "input", [DM_E_MEMORY] = "memory", [DM_E_INTERRUPT] = "interrupt",
};

static void format_text(char *out, size_t cap, const char *fmt, va_list args)
    DM_PRINTF(3, 0);

dm_status dm_error_set(dm_error *err, dm_status status) {
  memset(err, 0, sizeof *err);
  err->status = status;
  err->file = -1;
  err->other_file = -1;
  return status;
}

dm_status dm_error_expected(dm_error *err, dm_status status, const char *fmt, ...) {
  dm_error_set(err, status);
  va_list args;
  va_start(args, fmt);
  format_text(err->expected, sizeof err->expected, fmt, args);
  va_end(args);
  return status;
}

dm_status dm_error_memory(dm_error *err) {
  return dm_error_expected(err, DM_E_MEMORY, "enough memory");
}

dm_status dm_error_io(dm_error *err, int sys_errno, const char *expected) {
  if (sys_errno == ENOMEM) {
    return dm_error_memory(err);
  }
  dm_error_expected(err, DM_E_IO, "%s", expected);
  err->sys_errno = sys_errno;
  return DM_E_IO;
}

void dm_error_key(dm_error *err, const char *key, size_t len) {
  dm_text_excerpt(err->key, sizeof err->key, key, len);
}

void dm_error_found(dm_error *err, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  format_text(err->found, sizeof err->found, fmt, args);
  va_end(args);
}

void dm_error_advice(dm_error *err, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  format_text(err->advice, sizeof err->advice, fmt, args);
  va_end(args);
}

static void format_text(char *out, size_t cap, const char *fmt, va_list args) {
  int n = vsnprintf(out, cap, fmt, args);
  if (n < 0) {
    out[0] = '\0';
    return;
  }
  if ((size_t)n < cap) {
    return;
  }
  /* a cut may have gone through a character */
  size_t keep = dm_utf8_valid_prefix(out, cap - 4);
  memcpy(out + keep, "...", 4);
}
