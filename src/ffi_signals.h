/* Signals from R into the core (options, ids, sources), and what came of them. */
#ifndef FFI_SIGNALS_H
#define FFI_SIGNALS_H

#include "dm_long.h"
#include "dm_table.h"
#include "ffi.h"

/* Reads the options list into the core's struct. The names of signals are in memory of
   R_alloc(). */
dm_options ffi_options(SEXP options_sexp);

/* Element i of a column of ids or labels: an integer vector, whole doubles up to 2^53,
   strings. None where it is missing or the column is of another type; text is borrowed.
 */
dm_ident ffi_ident(SEXP column, R_xlen_t i);

/* A column of n ids or labels of that type, and an element of it. */
SEXP ffi_ident_column(dm_ident_type type, R_xlen_t n);
void ffi_set_ident(SEXP out, R_xlen_t i, const dm_ident *ident);

/* Opens a source that is no path: a raw vector, or a function(n) that returns at most n
   bytes as a raw vector. reader is the memory that the source needs. */
typedef struct ffi_reader {
  ffi_unwind *unwind;
  SEXP function;
} ffi_reader;

dm_status ffi_open_source(dm_source **out, SEXP source_sexp, ffi_reader *reader,
                          const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* What R is given of a run: the columns of the summary, counts, problems, and grown as it
   is. */
SEXP ffi_result(const dm_table *table, SEXP grown);

/* A named list of the columns of a long table, which gives them up, NULL for those that
   it does not have; and whether a step was given as epoch. */
SEXP ffi_long_columns(dm_long *table);

#endif
