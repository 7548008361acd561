/* What came of a run, as R's vectors. */
#ifndef FFI_RESULT_H
#define FFI_RESULT_H

#include "ffi.h"
#include "summary/dm_table.h"

/* What R is given of a run: the columns of the summary, counts, problems, and grown as it
   is. */
SEXP ffi_result(const dm_table *table, SEXP grown);

/* The same with other columns. */
SEXP ffi_result_of(const dm_states *states, SEXP columns, SEXP grown);

#endif
