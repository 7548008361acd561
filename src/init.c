/* Registers the entries of .Call. */
#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>

#include "ffi.h"

#define ENTRY(name, n) \
  { #name, (DL_FUNC)&name, n }

static const R_CallMethodDef entries[] = {
    ENTRY(ffi_summarise, 3),
    ENTRY(ffi_summarise_table, 3),
    ENTRY(ffi_write_summary, 2),
    ENTRY(ffi_read_summary, 1),
    {NULL, NULL, 0},
};

attribute_visible void R_init_datacarto(DllInfo *info) {
  R_registerRoutines(info, NULL, entries, NULL, NULL);
  R_useDynamicSymbols(info, FALSE);
  R_forceSymbols(info, TRUE);
}
