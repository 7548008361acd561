/* Columns of strings that are made when R looks at them. */
#ifndef FFI_TEXT_H
#define FFI_TEXT_H

#include <R_ext/Rdynload.h>

#include "ffi.h"
#include "summary/dm_table.h"

/* To be called when the library is loaded. */
void ffi_text_init(DllInfo *info);

/* The ids of all rows as a character vector. */
SEXP ffi_text_column(const dm_table *table);

#endif
