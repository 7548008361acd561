/* A column of states: a member of a struct of plain numbers. */
#ifndef DM_STATE_FIELD_H
#define DM_STATE_FIELD_H

#include <stddef.h>

/* FLAG is an int32_t that is 0 or 1. */
typedef enum dm_state_type {
  DM_STATE_FLAG,
  DM_STATE_INT32,
  DM_STATE_DOUBLE
} dm_state_type;

typedef struct dm_state_field {
  const char *name;
  dm_state_type type;
  size_t offset; /* of the member, for dm_state.c */
} dm_state_field;

/* At most so many belong together. */
enum { DM_STATE_FIELDS_MAX = 32 };

#endif
