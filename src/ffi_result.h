/* What came of a run, as R's vectors. */
#ifndef FFI_RESULT_H
#define FFI_RESULT_H

#include "ffi.h"
#include "summary/dm_table.h"

/* What R is given of a run: the columns of the summary, counts, problems, and grown as it
   is. Where the options, a list or R_NilValue, have probs, the columns are the ids and a
   matrix of them, class by class, and classes are those of its columns. */
SEXP ffi_result(const dm_table *table, SEXP options_sexp, SEXP grown);

/* The same with other columns. */
SEXP ffi_result_of(const dm_states *states, SEXP columns, SEXP grown);

/* The names of the fields that any line had. */
SEXP ffi_found_fields(const dm_states *states);

#endif
