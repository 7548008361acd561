/* The long table of signals as R's vectors. Each column of the core is given up as soon
   as R has it, so that there are never two of all. */
#include "ffi_long.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ffi_signals.h"

static SEXP make_column(dm_long *table, dm_long_column *column);
static void set_numbers(const dm_long_column *column, size_t n, double *out);
static void set_bools(const dm_long_column *column, size_t n, int *out);
static void set_integers(const dm_long_column *column, size_t n, int *out);
static void set_doubles(const dm_long_column *column, size_t n, double *out);
static SEXP ident_column(const dm_long *table, const dm_long_column *column);
static SEXP text_column(const dm_long *table, const dm_long_column *column);

/* The columns that a long table may have: what R calls them, what asks for them, and
   where they are, but for those of classes. */
static const struct {
  const char *name;
  unsigned want;
  size_t column;
} fields[] = {
    {"id", DM_LONG_ID, offsetof(dm_long, id)},
    {"step", DM_LONG_STEP, offsetof(dm_long, step)},
    {"label", DM_LONG_LABEL, offsetof(dm_long, label)},
    {"label_index", DM_LONG_LABEL_INDEX, offsetof(dm_long, label_index)},
    {"pred_label", DM_LONG_PRED_LABEL, offsetof(dm_long, pred_label)},
    {"s_label", DM_LONG_S_LABEL, offsetof(dm_long, s_label)},
    {"correct", DM_LONG_CORRECT, offsetof(dm_long, correct)},
    {"loss", DM_LONG_LOSS, offsetof(dm_long, loss)},
    {"label_probs", DM_LONG_LABEL_PROBS, offsetof(dm_long, label_probs)},
    {"probs", DM_LONG_PROBS, 0},
    {"logits", DM_LONG_LOGITS, 0},
};
enum { N_WANTED = sizeof fields / sizeof *fields, N_FIELDS = N_WANTED - 2 };

unsigned ffi_long_want(SEXP wanted) {
  SEXP names = ffi_element(wanted, "fields");
  unsigned want = Rf_asLogical(ffi_element(wanted, "all")) == 1 ? DM_LONG_OWN : 0;
  for (R_xlen_t i = 0; i < Rf_xlength(names); i++) {
    for (int k = 0; k < N_WANTED; k++) {
      bool is_it = strcmp(CHAR(STRING_ELT(names, i)), fields[k].name) == 0;
      want |= is_it ? fields[k].want : 0;
    }
  }
  return want;
}

/* There is a label_index only where a line has one; a part may lack label_probs too. */
SEXP ffi_long_columns(dm_long *table) {
  R_xlen_t n = (R_xlen_t)(N_FIELDS + table->probs.n + table->logits.n + table->n_own);
  SEXP out = PROTECT(Rf_allocVector(VECSXP, n));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, n));
  R_xlen_t at = 0;
  for (int i = 0; i < N_FIELDS; i++) {
    SET_STRING_ELT(names, at, ffi_char(fields[i].name, strlen(fields[i].name)));
    dm_long_column *column = (dm_long_column *)(void *)((char *)table + fields[i].column);
    bool is_there = column->kind != DM_LONG_EMPTY;
    if ((table->want & fields[i].want) && is_there) {
      SET_VECTOR_ELT(out, at, make_column(table, column));
    }
    at++;
  }
  const struct {
    const char *name;
    dm_long_classes *classes;
  } vectors[] = {{"probs", &table->probs}, {"logits", &table->logits}};
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    for (size_t k = 0; k < vectors[i].classes->n; k++) {
      char name[32];
      int len =
          snprintf(name, sizeof name, "%s_%llu", vectors[i].name, (unsigned long long)k);
      SET_STRING_ELT(names, at, ffi_char(name, (size_t)len));
      SET_VECTOR_ELT(out, at++, make_column(table, &vectors[i].classes->columns[k]));
    }
  }
  for (size_t k = 0; k < table->n_own; k++) {
    dm_long_column *own = &table->own[k];
    SET_STRING_ELT(names, at, ffi_char(own->name, strlen(own->name)));
    if (own->kind != DM_LONG_EMPTY) {
      SET_VECTOR_ELT(out, at, make_column(table, own));
    }
    at++;
  }
  Rf_setAttrib(out, R_NamesSymbol, names);
  const char *parts[] = {"columns", "has_epoch", "has_back_steps", ""};
  SEXP both = PROTECT(Rf_mkNamed(VECSXP, parts));
  SET_VECTOR_ELT(both, 0, out);
  SET_VECTOR_ELT(both, 1, Rf_ScalarLogical(table->has_epoch));
  SET_VECTOR_ELT(both, 2, Rf_ScalarLogical(table->run->states.has_back_steps));
  UNPROTECT(3);
  return both;
}

static SEXP make_column(dm_long *table, dm_long_column *column) {
  R_xlen_t n = (R_xlen_t)table->n;
  SEXP out;
  if (column->kind == DM_LONG_NUMBER) {
    out = PROTECT(Rf_allocVector(REALSXP, n));
    set_numbers(column, table->n, REAL(out));
  } else if (column->kind == DM_LONG_TEXT) {
    out = PROTECT(column->idents == &table->texts ? text_column(table, column)
                                                  : ident_column(table, column));
  } else {
    out = PROTECT(Rf_allocVector(LGLSXP, n));
    set_bools(column, table->n, LOGICAL(out));
  }
  dm_long_empty(column);
  UNPROTECT(1);
  return out;
}

/* What these are given is R's vector itself: to ask R for its place is a call. */
static void set_numbers(const dm_long_column *column, size_t n, double *out) {
  for (size_t i = 0; i < n; i++) {
    out[i] = dm_long_is_missing(column, i) ? NA_REAL : dm_long_number(column, i);
  }
}

static void set_bools(const dm_long_column *column, size_t n, int *out) {
  for (size_t i = 0; i < n; i++) {
    out[i] = dm_long_is_missing(column, i) ? NA_LOGICAL : dm_long_bool(column, i);
  }
}

static void set_integers(const dm_long_column *column, size_t n, int *out) {
  for (size_t i = 0; i < n; i++) {
    out[i] = dm_long_is_missing(column, i)
                 ? NA_INTEGER
                 : (int)dm_index_integer(column->idents, dm_long_text(column, i));
  }
}

static void set_doubles(const dm_long_column *column, size_t n, double *out) {
  for (size_t i = 0; i < n; i++) {
    out[i] = dm_long_is_missing(column, i)
                 ? NA_REAL
                 : (double)dm_index_integer(column->idents, dm_long_text(column, i));
  }
}

/* Ids and labels, typed by all of them. */
static SEXP ident_column(const dm_long *table, const dm_long_column *column) {
  dm_ident_type type = dm_index_type(column->idents);
  if (type == DM_TYPE_TEXT) {
    return text_column(table, column);
  }
  SEXP out = PROTECT(ffi_ident_column(type, (R_xlen_t)table->n));
  if (type == DM_TYPE_INT32) {
    set_integers(column, table->n, INTEGER(out));
  } else {
    set_doubles(column, table->n, REAL(out));
  }
  UNPROTECT(1);
  return out;
}

/* Each text is made once, however many rows have it. */
static SEXP text_column(const dm_long *table, const dm_long_column *column) {
  R_xlen_t n = (R_xlen_t)table->n;
  R_xlen_t n_texts = (R_xlen_t)column->idents->n;
  SEXP texts = PROTECT(Rf_allocVector(STRSXP, n_texts));
  for (R_xlen_t i = 0; i < n_texts; i++) {
    dm_ident ident = dm_index_ident(column->idents, (size_t)i);
    ffi_set_ident(texts, i, &ident);
  }
  SEXP out = PROTECT(Rf_allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    bool is_missing = dm_long_is_missing(column, (size_t)i);
    SET_STRING_ELT(
        out, i,
        is_missing ? NA_STRING : STRING_ELT(texts, dm_long_text(column, (size_t)i)));
  }
  UNPROTECT(2);
  return out;
}
