/* Signals from R into the core (options, ids, sources), and what came of them. */
#ifndef FFI_SIGNALS_H
#define FFI_SIGNALS_H

#include "ffi.h"
#include "summary/dm_long.h"
#include "summary/dm_table.h"

/* Reads the options list into the core's struct. The names of signals are in memory of
   R_alloc(). */
dm_options ffi_options(SEXP options_sexp);

/* Element i of a column of ids or labels: an integer vector, whole doubles up to 2^53,
   doubles of class integer64, strings. None where it is missing or the column is of
   another type; text is borrowed.
 */
dm_ident ffi_ident(SEXP column, R_xlen_t i);

/* Whether column is one of n ids or labels, or NULL; else DM_E_INPUT with its name. */
dm_status ffi_check_idents(SEXP column, const char *name, R_xlen_t n,
                           dm_error *err) DM_MUST_CHECK;

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

/* Counts of lines by what became of them, the problems that are kept, and how many there
   were of each kind. */
enum { FFI_LINE_COUNTS = 5 };
SEXP ffi_line_counts(const dm_counts *counts);
SEXP ffi_problems(const dm_problems *problems);
SEXP ffi_problem_counts(const dm_problems *problems);

/* Problems and counts again, from a list in which anything may stand; DM_E_INPUT.
   ffi_restore_counts() takes the element that is called name and fills n of them. */
dm_status ffi_restore_problems(dm_run *run, SEXP list, dm_error *err) DM_MUST_CHECK;
dm_status ffi_restore_counts(uint64_t *out, SEXP list, const char *name, R_xlen_t n,
                             dm_error *err) DM_MUST_CHECK;

/* A state as a list of vectors, without what R adds (version, signals, files). */
SEXP ffi_state(const dm_states *states);

/* A run that goes on from a state, whatever stands in that. Its signals are those of
   options. *out is to be freed also when this fails; host may be NULL. DM_E_INPUT with
   the name of the element as key, DM_E_MEMORY, DM_E_LIMIT. */
dm_status ffi_restore_state(dm_run **out, SEXP state, const dm_options *options,
                            const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* How many sources a state has had. */
int32_t ffi_n_files(SEXP state);

/* The sum of DM_LONG_ values that a list asks for: the names of fields, and whether all
   keys of the user's own are wanted (all). */
unsigned ffi_long_want(SEXP wanted);

/* A named list of the columns of a long table, which gives them up, NULL for those that
   it does not have; whether a step was given as epoch, and one below an earlier one. */
SEXP ffi_long_columns(dm_long *table);

#endif
