/* Types of Arrow: those that signals can have. */
#ifndef DM_ARROW_TYPE_H
#define DM_ARROW_TYPE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum dm_arrow_type {
  DM_ARROW_OTHER, /* no signal is of such a type */
  DM_ARROW_NULL,
  DM_ARROW_BOOL,
  DM_ARROW_INT8,
  DM_ARROW_UINT8,
  DM_ARROW_INT16,
  DM_ARROW_UINT16,
  DM_ARROW_INT32,
  DM_ARROW_UINT32,
  DM_ARROW_INT64,
  DM_ARROW_UINT64,
  DM_ARROW_HALF,
  DM_ARROW_FLOAT,
  DM_ARROW_DOUBLE,
  DM_ARROW_STRING,
  DM_ARROW_LARGE_STRING,
  DM_ARROW_STRING_VIEW,
  DM_ARROW_LIST,
  DM_ARROW_LARGE_LIST,
  DM_ARROW_FIXED_LIST,
  DM_ARROW_STRUCT,
  DM_N_ARROW_TYPES
} dm_arrow_type;

/* Whether an integer or a number with a fraction. */
static inline bool dm_arrow_is_number(dm_arrow_type type) {
  return type >= DM_ARROW_INT8 && type <= DM_ARROW_DOUBLE;
}
static inline bool dm_arrow_is_string(dm_arrow_type type) {
  return type >= DM_ARROW_STRING && type <= DM_ARROW_STRING_VIEW;
}

/* The type that a format of the C data interface stands for; *width is set for a
   FIXED_LIST. */
dm_arrow_type dm_arrow_type_of(const char *format, int64_t *width);

/* What messages call it. */
const char *dm_arrow_type_name(dm_arrow_type type, const char *format);

#endif
