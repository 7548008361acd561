/* The long table of signals as an object of R. */
#ifndef FFI_LONG_H
#define FFI_LONG_H

#include "ffi.h"
#include "summary/dm_long.h"

/* The sum of DM_LONG_ values that a list asks for: the names of fields, and whether all
   keys of the user's own are wanted (all). */
unsigned ffi_long_want(SEXP wanted);

/* A named list of the columns of a long table, which gives them up, NULL for those that
   it does not have; whether a step was given as epoch, and one below an earlier one. */
SEXP ffi_long_columns(dm_long *table);

#endif
