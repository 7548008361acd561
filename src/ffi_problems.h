/* What was wrong with lines, and how many there were, as objects of R. */
#ifndef FFI_PROBLEMS_H
#define FFI_PROBLEMS_H

#include "ffi.h"
#include "summary/dm_states.h"

/* Counts of lines by what became of them, the problems that are kept, and how many there
   were of each kind. */
enum { FFI_LINE_COUNTS = 5 };
extern const char *const ffi_line_count_names[FFI_LINE_COUNTS];
SEXP ffi_line_counts(const dm_counts *counts);
SEXP ffi_problems(const dm_problems *problems);
SEXP ffi_problem_counts(const dm_problems *problems);

/* Problems and counts again, from a list in which anything may stand; DM_E_INPUT.
   ffi_restore_counts() takes the element that is called name, and from it the n counts of
   these names. */
dm_status ffi_restore_problems(dm_states *states, SEXP list, dm_error *err) DM_MUST_CHECK;
dm_status ffi_restore_counts(uint64_t *out, SEXP list, const char *name,
                             const char *const *names, R_xlen_t n,
                             dm_error *err) DM_MUST_CHECK;

#endif
