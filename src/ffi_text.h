/* Columns of strings that are made when R looks at them. */
#ifndef FFI_TEXT_H
#define FFI_TEXT_H

#include <R_ext/Rdynload.h>
#include <string.h>

#include "ffi.h"
#include "summary/dm_table.h"

/* To be called when the library is loaded. */
void ffi_text_init(DllInfo *info);

/* The ids of all rows as a character vector. */
SEXP ffi_text_column(const dm_table *table);

/* Such a column in the making, to which n texts of UTF-8, len bytes in all, are added. */
typedef struct ffi_text_fill {
  SEXP parts; /* to be protected by who fills it */
  Rbyte *next_start;
  Rbyte *bytes;
  size_t len; /* so far */
} ffi_text_fill;

ffi_text_fill ffi_text_begin(size_t n, size_t len);
SEXP ffi_text_end(const ffi_text_fill *fill);

static inline void ffi_text_add(ffi_text_fill *fill, const char *text, size_t len) {
  memcpy(fill->bytes + fill->len, text, len);
  fill->len += len;
  fill->next_start += sizeof fill->len;
  memcpy(fill->next_start, &fill->len, sizeof fill->len);
}

/* The bytes of any character vector, for which no string is made. */
typedef struct ffi_text_view {
  const SEXP *strings; /* where R has them; else NULL */
  const char *bytes;
  const Rbyte *starts; /* size_t each */
} ffi_text_view;

ffi_text_view ffi_text_look(SEXP x);

/* One of them, without a NUL behind it; as R has it where R has it, NA as "NA". */
static inline const char *ffi_text_at(const ffi_text_view *view, R_xlen_t i,
                                      size_t *len) {
  if (view->strings) {
    *len = (size_t)LENGTH(view->strings[i]);
    return CHAR(view->strings[i]);
  }
  size_t places[2];
  memcpy(places, view->starts + (size_t)i * sizeof *places, sizeof places);
  *len = places[1] - places[0];
  return view->bytes + places[0];
}

#endif
