/* Columns of signals to lines of JSON: one line per row, one key per column. */
#ifndef DM_JSON_LINES_H
#define DM_JSON_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_error.h"
#include "base/dm_grow.h"
#include "number/dm_missing.h"

/* What a column's data are. */
typedef enum dm_json_kind {
  DM_JSON_INT32,  /* int32_t */
  DM_JSON_WHOLE,  /* double: whole numbers up to 2^53, written as integers */
  DM_JSON_INT64,  /* 8 bytes each, of an int64_t; INT64_MIN is missing */
  DM_JSON_DOUBLE, /* double */
  DM_JSON_BOOL,   /* int32_t, 0 or not */
  DM_JSON_TEXT,   /* const char *: UTF-8, NUL-terminated; NULL is missing */
  DM_JSON_LIST    /* double: the elements of a row lie stride apart */
} dm_json_kind;

typedef struct dm_json_column {
  const char *name; /* the key: UTF-8, NUL-terminated */
  dm_json_kind kind;
  const void *data; /* borrowed */
  size_t width;     /* LIST: elements per row; missing ones at a row's end are left out */
  size_t stride;    /* LIST: of a matrix that is stored by column, its rows */
} dm_json_column;

/* What values look like that JSON has no number for. A missing one leaves its key out of
   the line or, where missing_is_null, is written as null. Where infinite_is_null, a
   number that is not finite is written so as well, and a list with one; both are read as
   absent.
 */
typedef struct dm_json_nulls {
  dm_missing missing;
  bool infinite_is_null;
  bool missing_is_null;
} dm_json_nulls;

/* Appends the lines of rows from to to - 1. A double is written in the fewest digits that
   read back to the same bits, -0 as -0.0, what is not finite as Python's json module
   writes it (NaN, Infinity, -Infinity) or as null. Texts are escaped as RFC 8259 asks,
   and no further. out may have grown when it fails. DM_E_INPUT for a text that is no
   valid UTF-8 (key: the column, line: the row from 1), DM_E_MEMORY. Any thread. */
dm_status dm_json_lines(const dm_json_column *columns, size_t n_columns, size_t from,
                        size_t to, const dm_json_nulls *nulls, dm_buf *out,
                        dm_error *err) DM_MUST_CHECK;

#endif
