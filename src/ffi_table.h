/* Tables of R: see ffi_table.c. */
#ifndef FFI_TABLE_H
#define FFI_TABLE_H

#include "ffi.h"
#include "summary/dm_run.h"

/* Reads the rows of a list of columns; or of those that a function of the numbers 1, 2,
   ... returns, one table after the other until it returns NULL, of which there is never
   more than one in memory. n_before is how many sources there were before the first of
   these. DM_E_INPUT with the name of a column that is not as R has to give it,
   DM_E_INTERRUPT, and as dm_run_row(). */
dm_status ffi_read_tables(dm_run *run, SEXP input, int32_t n_before, ffi_unwind *unwind,
                          const dm_host *host, dm_error *err) DM_MUST_CHECK;

#endif
