/* What was wrong with lines, and how many there were: from the core to R, and back where
   a state is restored. */
#include "ffi_problems.h"

#include <string.h>

#include "base/dm_text.h"
#include "summary/dm_state.h"

/* The columns of a table of problems, in their order. */
enum { LINE, COLUMN, EXPECTED, ACTUAL, SOURCE, KEY, KIND, N_COLUMNS };

static const struct {
  const char *name;
  SEXPTYPE type;
} columns[N_COLUMNS] = {
    [LINE] = {"row", REALSXP},         [COLUMN] = {"col", REALSXP},
    [EXPECTED] = {"expected", STRSXP}, [ACTUAL] = {"actual", STRSXP},
    [SOURCE] = {"file", INTSXP},       [KEY] = {"key", STRSXP},
    [KIND] = {"kind", STRSXP},
};

const char *const ffi_line_count_names[FFI_LINE_COUNTS] = {"lines", "good", "blank",
                                                           "bad", "cut"};

static SEXP make_counts(const uint64_t *counts, const char *const *names, R_xlen_t n);
static dm_status count_of(uint64_t *out, SEXP values, R_xlen_t i, const char *name,
                          dm_error *err);
static dm_status place_of(uint64_t *out, SEXP values, R_xlen_t i, const char *name,
                          dm_error *err);

/* --- out --- */

SEXP ffi_problems(const dm_problems *problems) {
  R_xlen_t n = (R_xlen_t)problems->n_kept;
  SEXP out = PROTECT(Rf_allocVector(VECSXP, N_COLUMNS));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, N_COLUMNS));
  for (int i = 0; i < N_COLUMNS; i++) {
    SET_STRING_ELT(names, i, ffi_char(columns[i].name, strlen(columns[i].name)));
    SET_VECTOR_ELT(out, i, Rf_allocVector(columns[i].type, n));
  }
  Rf_setAttrib(out, R_NamesSymbol, names);
  for (R_xlen_t i = 0; i < n; i++) {
    const dm_problem *p = &problems->kept[i];
    REAL(VECTOR_ELT(out, LINE))[i] = p->line ? (double)p->line : NA_REAL;
    REAL(VECTOR_ELT(out, COLUMN))[i] = p->column ? (double)p->column : NA_REAL;
    SET_STRING_ELT(VECTOR_ELT(out, EXPECTED), i,
                   ffi_char(p->expected, strlen(p->expected)));
    SET_STRING_ELT(VECTOR_ELT(out, ACTUAL), i, ffi_char(p->actual, strlen(p->actual)));
    INTEGER(VECTOR_ELT(out, SOURCE))[i] = p->file < 0 ? NA_INTEGER : p->file + 1;
    SET_STRING_ELT(VECTOR_ELT(out, KEY), i, ffi_char(p->key, strlen(p->key)));
    const char *kind = dm_problem_kind_names[p->kind];
    SET_STRING_ELT(VECTOR_ELT(out, KIND), i, ffi_char(kind, strlen(kind)));
  }
  UNPROTECT(2);
  return out;
}

SEXP ffi_problem_counts(const dm_problems *problems) {
  return make_counts(problems->count, dm_problem_kind_names, DM_PROBLEM_KINDS);
}

SEXP ffi_line_counts(const dm_counts *counts) {
  const uint64_t values[] = {counts->lines, counts->good, counts->blank, counts->bad,
                             counts->cut};
  return make_counts(values, ffi_line_count_names, FFI_LINE_COUNTS);
}

static SEXP make_counts(const uint64_t *counts, const char *const *names, R_xlen_t n) {
  SEXP out = PROTECT(Rf_allocVector(REALSXP, n));
  SEXP texts = PROTECT(Rf_allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    REAL(out)[i] = (double)counts[i];
    SET_STRING_ELT(texts, i, ffi_char(names[i], strlen(names[i])));
  }
  Rf_setAttrib(out, R_NamesSymbol, texts);
  UNPROTECT(2);
  return out;
}

/* --- back in --- */

dm_status ffi_restore_problems(dm_states *states, SEXP list, dm_error *err) {
  SEXP from[N_COLUMNS];
  R_xlen_t n = Rf_xlength(ffi_element(list, columns[LINE].name));
  for (int i = 0; i < N_COLUMNS; i++) {
    DM_TRY(ffi_typed_element(&from[i], list, columns[i].name, columns[i].type, n, err));
  }
  for (R_xlen_t i = 0; i < n; i++) {
    int file = INTEGER_RO(from[SOURCE])[i];
    SEXP kind = STRING_ELT(from[KIND], i);
    dm_problem problem = {.file = file == NA_INTEGER || file < 1 ? -1 : file - 1,
                          .kind = dm_problem_kind_find(CHAR(kind), (size_t)LENGTH(kind))};
    DM_TRY(place_of(&problem.line, from[LINE], i, columns[LINE].name, err));
    DM_TRY(place_of(&problem.column, from[COLUMN], i, columns[COLUMN].name, err));
    SEXP key = STRING_ELT(from[KEY], i);
    SEXP expected = STRING_ELT(from[EXPECTED], i);
    SEXP actual = STRING_ELT(from[ACTUAL], i);
    dm_text_excerpt(problem.key, sizeof problem.key, CHAR(key), (size_t)LENGTH(key));
    dm_text_excerpt(problem.expected, sizeof problem.expected, CHAR(expected),
                    (size_t)LENGTH(expected));
    dm_text_excerpt(problem.actual, sizeof problem.actual, CHAR(actual),
                    (size_t)LENGTH(actual));
    DM_TRY(dm_state_add_problem(states, &problem, err));
  }
  return DM_OK;
}

dm_status ffi_restore_counts(uint64_t *out, SEXP list, const char *name,
                             const char *const *names, R_xlen_t n, dm_error *err) {
  SEXP values;
  DM_TRY(ffi_typed_element(&values, list, name, REALSXP, n, err));
  for (R_xlen_t i = 0; i < n; i++) {
    R_xlen_t at = ffi_place(values, names[i]);
    if (at < 0) {
      dm_error_expected(err, DM_E_INPUT, "a count called %s", names[i]);
      dm_error_key(err, name, strlen(name));
      return DM_E_INPUT;
    }
    DM_TRY(count_of(&out[i], values, at, name, err));
  }
  return DM_OK;
}

static dm_status count_of(uint64_t *out, SEXP values, R_xlen_t i, const char *name,
                          dm_error *err) {
  const double exact = 9007199254740992.0; /* 2^53 */
  double value = REAL_RO(values)[i];
  if (!(value >= 0 && value <= exact) || (double)(uint64_t)value != value) {
    dm_error_expected(err, DM_E_INPUT, "a count");
    dm_error_key(err, name, strlen(name));
    err->line = (uint64_t)i + 1;
    return DM_E_INPUT;
  }
  *out = (uint64_t)value;
  return DM_OK;
}

/* NA is the core's 0: none. */
static dm_status place_of(uint64_t *out, SEXP values, R_xlen_t i, const char *name,
                          dm_error *err) {
  *out = 0;
  return R_IsNA(REAL_RO(values)[i]) ? DM_OK : count_of(out, values, i, name, err);
}
