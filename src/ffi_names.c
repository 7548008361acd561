/* The names that the core has for what R asks for. */
#include <stdio.h>
#include <string.h>

#include "signals/dm_keys.h"
#include "ffi.h"

static SEXP names_of(dm_field field) {
  R_xlen_t n = 0;
  for (int key = 0; key < dm_n_keys; key++) {
    n += dm_keys[key].field == field;
  }
  SEXP out = PROTECT(Rf_allocVector(STRSXP, n));
  R_xlen_t at = 0;
  for (int key = 0; key < dm_n_keys; key++) {
    if (dm_keys[key].field == field) {
      char name[64];
      int len = snprintf(name, sizeof name, "%s%s", dm_keys[key].name,
                         dm_keys[key].form == DM_KEY_NUMBERED ? "N" : "");
      SET_STRING_ELT(out, at++, ffi_char(name, (size_t)len));
    }
  }
  UNPROTECT(1);
  return out;
}

/* A list of the names of each field, its own first; N stands for a number. */
SEXP ffi_field_names(void) {
  SEXP out = PROTECT(Rf_allocVector(VECSXP, DM_N_FIELDS));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, DM_N_FIELDS));
  for (int field = 0; field < DM_N_FIELDS; field++) {
    const char *name = dm_keys[field].name;
    SET_STRING_ELT(names, field, ffi_char(name, strlen(name)));
    SET_VECTOR_ELT(out, field, names_of((dm_field)field));
  }
  Rf_setAttrib(out, R_NamesSymbol, names);
  UNPROTECT(2);
  return out;
}
