/* Values of fields, read in full. The cursor is at the value and goes behind it. */
#ifndef DM_VALUE_H
#define DM_VALUE_H

#include "signals/dm_ident.h"
#include "signals/dm_token.h"

typedef enum dm_ident_use {
  DM_USE_ID,
  DM_USE_LABEL,
  DM_USE_PRED_LABEL,
  DM_USE_S_LABEL,
  DM_N_USES
} dm_ident_use;

/* Texts are borrowed from the line, or from decoded where they have escapes. DM_E_SYNTAX,
   DM_E_FIELD, DM_E_MEMORY. */
dm_status dm_value_ident(dm_cursor *c, dm_ident_use use, dm_buf *decoded, dm_ident *out,
                         dm_error *err) DM_MUST_CHECK;

/* The rest leave *out as it is where the value is null. DM_E_SYNTAX, DM_E_FIELD for
   another type. */

/* A place is a whole number, whichever way it is written. */
dm_status dm_value_place(dm_cursor *c, int64_t *out, bool *is_null,
                         dm_error *err) DM_MUST_CHECK;

/* Also DM_E_MEMORY. */
dm_status dm_value_correct(dm_cursor *c, dm_buf *decoded, bool *out, bool *is_null,
                           dm_error *err) DM_MUST_CHECK;

/* Also DM_E_RANGE for one beyond the doubles. */
dm_status dm_value_number(dm_cursor *c, double *out, bool *is_null,
                          dm_error *err) DM_MUST_CHECK;

/* A list of them, into an array that grows; one that is empty has an array as well. Also
   DM_E_RANGE, DM_E_MEMORY. */
dm_status dm_value_numbers(dm_cursor *c, double **array, size_t *cap, size_t *n,
                           bool *is_null, dm_error *err) DM_MUST_CHECK;

#endif
