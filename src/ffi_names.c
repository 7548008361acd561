/* The names that the core has for what R asks for. */
#include <stdio.h>
#include <string.h>

#include "ffi.h"
#include "io/dm_codec.h"
#include "signals/dm_keys.h"
#include "summary/dm_table.h"

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

static SEXP texts_of(const char *(*name)(int), int n) {
  SEXP out = PROTECT(Rf_allocVector(STRSXP, n));
  for (int i = 0; i < n; i++) {
    SET_STRING_ELT(out, i, ffi_char(name(i), strlen(name(i))));
  }
  UNPROTECT(1);
  return out;
}

static const char *problem_name(int i) {
  return dm_problem_kind_names[i];
}

static const char *metric_name(int i) {
  return dm_metrics[i].name;
}

static const char *column_name(int i) {
  return dm_summary_columns[i].name;
}

static const char *statistic_name(int i) {
  return dm_statistic_names[i];
}

/* What the core can be asked for, has in a summary and counts, each in its order. */
SEXP ffi_column_names(void) {
  const char *names[] = {"columns", "statistics", "metrics", "problems", ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SET_VECTOR_ELT(out, 0, texts_of(column_name, DM_N_SUMMARY));
  SET_VECTOR_ELT(out, 1, texts_of(statistic_name, DM_N_STATISTICS));
  SET_VECTOR_ELT(out, 2, texts_of(metric_name, DM_N_METRICS));
  SET_VECTOR_ELT(out, 3, texts_of(problem_name, DM_PROBLEM_KINDS));
  UNPROTECT(1);
  return out;
}

/* Whether each library that the core can do without was there, by its name. */
SEXP ffi_features(void) {
  R_xlen_t n = 0;
  while (dm_codec_library((size_t)n)) {
    n++;
  }
  SEXP out = PROTECT(Rf_allocVector(LGLSXP, n));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    const dm_decoder *library = dm_codec_library((size_t)i);
    LOGICAL(out)[i] = library->open != NULL;
    SET_STRING_ELT(names, i, ffi_char(library->name, strlen(library->name)));
  }
  Rf_setAttrib(out, R_NamesSymbol, names);
  UNPROTECT(2);
  return out;
}
