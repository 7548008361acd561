/* The rows of tables of R, each as the fields of a line. */
#include "ffi_table.h"

#include <string.h>

#include "ffi_signals.h"

/* The columns of a table of signals; NULL pointers for those that are absent. */
typedef struct table_columns {
  SEXP id;
  SEXP label;
  SEXP pred_label;
  SEXP s_label;
  const int *correct;
  const int *label_index;
  const double *label_probs;
  const double *step;
  const double *margin;
  const double *sum_logp;
  const double *n_tok;
  bool is_epoch;
  SEXP probs; /* a matrix of doubles or a list of vectors of doubles, or R_NilValue */
  SEXP logits;
  SEXP signals; /* a list of vectors of doubles */
} table_columns;

/* The class vector of row i, without the missing classes at its end (rows of a matrix are
   as long as the longest); copied to room. NULL where nothing is given. */
static const double *vector_of(SEXP column, R_xlen_t i, double *room, size_t *n) {
  *n = 0;
  if (TYPEOF(column) == VECSXP) {
    SEXP vector = VECTOR_ELT(column, i);
    *n = (size_t)Rf_xlength(vector);
    if (*n == 1 && R_IsNA(REAL(vector)[0])) {
      *n = 0;
    }
    return *n ? REAL(vector) : NULL;
  }
  if (TYPEOF(column) != REALSXP) {
    return NULL;
  }
  R_xlen_t rows = Rf_nrows(column);
  R_xlen_t classes = Rf_ncols(column);
  for (R_xlen_t k = 0; k < classes; k++) {
    room[k] = REAL(column)[i + k * rows];
    if (!R_IsNA(room[k])) {
      *n = (size_t)k + 1;
    }
  }
  return *n ? room : NULL;
}

static const double *numbers_of(SEXP column) {
  return column == R_NilValue ? NULL : REAL_RO(column);
}

/* Whether row i has a number, which is put to out then. */
static bool take_number(const double *column, R_xlen_t i, double *out) {
  bool is_given = column && !R_IsNA(column[i]);
  *out = is_given ? column[i] : *out;
  return is_given;
}

static dm_status check_optional(SEXP column, const char *name, SEXPTYPE type, R_xlen_t n,
                                dm_error *err) {
  return column == R_NilValue ? DM_OK : ffi_check_vector(column, name, type, n, err);
}

/* Class vectors: see table_columns. */
static dm_status check_classes(SEXP column, const char *name, R_xlen_t n, dm_error *err) {
  if (TYPEOF(column) != VECSXP) {
    return column == R_NilValue ? DM_OK : ffi_check_matrix(column, name, n, err);
  }
  DM_TRY(ffi_check_vector(column, name, VECSXP, n, err));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP vector = VECTOR_ELT(column, i);
    DM_TRY(ffi_check_vector(vector, name, REALSXP, Rf_xlength(vector), err));
  }
  return DM_OK;
}

/* Whether every column has as many values as there are rows, and of the right type; R has
   seen to it, and if it has not, nothing is read. */
static dm_status check_table(SEXP input, R_xlen_t n, size_t n_signals, dm_error *err) {
  const char *const idents[] = {"id", "label", "pred_label", "s_label"};
  for (size_t i = 0; i < sizeof idents / sizeof *idents; i++) {
    DM_TRY(ffi_check_idents(ffi_element(input, idents[i]), idents[i], n, err));
  }
  const char *const numbers[] = {"label_probs", "step", "margin", "sum_logp", "n_tok"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    DM_TRY(check_optional(ffi_element(input, numbers[i]), numbers[i], REALSXP, n, err));
  }
  const char *const vectors[] = {"probs", "logits"};
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    DM_TRY(check_classes(ffi_element(input, vectors[i]), vectors[i], n, err));
  }
  DM_TRY(check_optional(ffi_element(input, "correct"), "correct", LGLSXP, n, err));
  SEXP label_index = ffi_element(input, "label_index");
  DM_TRY(check_optional(label_index, "label_index", INTSXP, n, err));
  SEXP signals;
  DM_TRY(ffi_typed_element(&signals, input, "signals", VECSXP, (R_xlen_t)n_signals, err));
  for (size_t i = 0; i < n_signals; i++) {
    DM_TRY(
        ffi_check_vector(VECTOR_ELT(signals, (R_xlen_t)i), "signals", REALSXP, n, err));
  }
  SEXP order = ffi_element(input, "order");
  DM_TRY(ffi_check_vector(order, "order", INTSXP, Rf_xlength(order), err));
  for (R_xlen_t k = 0; k < Rf_xlength(order); k++) {
    if (INTEGER_RO(order)[k] < 1 || INTEGER_RO(order)[k] > n) {
      dm_error_expected(err, DM_E_INPUT, "the number of a row");
      dm_error_key(err, "order", strlen("order"));
      return DM_E_INPUT;
    }
  }
  return DM_OK;
}

static double *class_room(SEXP column) {
  bool is_matrix = TYPEOF(column) == REALSXP;
  return (double *)R_alloc(is_matrix ? (size_t)Rf_ncols(column) : 1, sizeof(double));
}

static dm_status read_table(dm_run *run, SEXP input, const dm_host *host, dm_error *err) {
  enum { ROWS_BETWEEN_CHECKS = 4096 };
  size_t n_signals = run->states.options.n_signals;
  SEXP order = ffi_element(input, "order");
  SEXP n_rows = ffi_element(input, "n_rows"); /* where not all are in order */
  R_xlen_t n = n_rows == R_NilValue ? Rf_xlength(order) : Rf_asInteger(n_rows);
  DM_TRY(check_table(input, n, n_signals, err));
  SEXP correct = ffi_element(input, "correct");
  SEXP label_index = ffi_element(input, "label_index");
  table_columns c = {
      .id = ffi_element(input, "id"),
      .label = ffi_element(input, "label"),
      .pred_label = ffi_element(input, "pred_label"),
      .s_label = ffi_element(input, "s_label"),
      .correct = correct == R_NilValue ? NULL : LOGICAL(correct),
      .label_index = label_index == R_NilValue ? NULL : INTEGER(label_index),
      .label_probs = numbers_of(ffi_element(input, "label_probs")),
      .step = numbers_of(ffi_element(input, "step")),
      .margin = numbers_of(ffi_element(input, "margin")),
      .sum_logp = numbers_of(ffi_element(input, "sum_logp")),
      .n_tok = numbers_of(ffi_element(input, "n_tok")),
      .is_epoch = Rf_asLogical(ffi_element(input, "is_epoch")) == 1,
      .probs = ffi_element(input, "probs"),
      .logits = ffi_element(input, "logits"),
      .signals = ffi_element(input, "signals"),
  };
  double *probs_room = class_room(c.probs);
  double *logits_room = class_room(c.logits);
  double signals[DM_SIGNALS_MAX];
  const int *rows = INTEGER_RO(order);
  const SEXP *ids = TYPEOF(c.id) == STRSXP ? STRING_PTR_RO(c.id) : NULL;
  R_xlen_t n_ahead = ids ? Rf_xlength(order) - FFI_TEXTS_AHEAD : 0;
  for (R_xlen_t k = 0; k < Rf_xlength(order); k++) {
    R_xlen_t i = rows[k] - 1;
    if (k < n_ahead) {
      ffi_prefetch_text(ids, rows[k + FFI_TEXTS_AHEAD] - 1);
    }
    dm_fields f = {.id = ffi_ident(c.id, i),
                   .label = ffi_ident(c.label, i),
                   .pred_label = ffi_ident(c.pred_label, i),
                   .s_label = ffi_ident(c.s_label, i),
                   .signals = signals};
    f.has_correct = c.correct && c.correct[i] != NA_LOGICAL;
    f.correct = f.has_correct && c.correct[i];
    f.has_label_probs = take_number(c.label_probs, i, &f.label_probs);
    f.has_margin = take_number(c.margin, i, &f.margin);
    f.has_sum_logp = take_number(c.sum_logp, i, &f.sum_logp);
    f.has_n_tok = take_number(c.n_tok, i, &f.n_tok);
    f.has_label_index = c.label_index && c.label_index[i] != NA_INTEGER;
    f.label_index = f.has_label_index ? c.label_index[i] : 0;
    if (take_number(c.step, i, &f.step)) {
      f.step_kind = c.is_epoch ? DM_STEP_EPOCH : DM_STEP_UNIQUE;
    }
    f.probs = vector_of(c.probs, i, probs_room, &f.n_probs);
    f.logits = vector_of(c.logits, i, logits_room, &f.n_logits);
    for (size_t s = 0; s < n_signals; s++) {
      double value = REAL(VECTOR_ELT(c.signals, (R_xlen_t)s))[i];
      signals[s] = R_IsNA(value) ? dm_double_from_bits(DM_ABSENT_BITS) : value;
    }
    DM_TRY(dm_run_row(run, &f, (uint64_t)i + 1, err));
    if (k % ROWS_BETWEEN_CHECKS == 0 && host->check(host->ctx, 0)) {
      return dm_error_set(err, DM_E_INTERRUPT);
    }
  }
  return dm_run_end_rows(run, err);
}

typedef struct stage_data {
  SEXP function;
  int number;
} stage_data;

static SEXP stage_in_r(void *data) {
  stage_data *stage = data;
  SEXP number = PROTECT(Rf_ScalarInteger(stage->number));
  SEXP call = PROTECT(Rf_lang2(stage->function, number));
  SEXP columns = Rf_eval(call, R_BaseEnv);
  UNPROTECT(2);
  return columns;
}

dm_status ffi_read_tables(dm_run *run, SEXP input, int32_t n_before, ffi_unwind *unwind,
                          const dm_host *host, dm_error *err) {
  if (TYPEOF(input) != CLOSXP) {
    return read_table(run, input, host, err);
  }
  for (int32_t i = 0;; i++) {
    stage_data stage = {.function = input, .number = i + 1};
    SEXP columns;
    if (!ffi_unwind_try(unwind, stage_in_r, &stage, &columns)) {
      return dm_error_set(err, DM_E_INTERRUPT);
    }
    if (columns == R_NilValue) {
      return DM_OK;
    }
    PROTECT(columns);
    run->table = n_before + i;
    dm_status status = read_table(run, columns, host, err);
    UNPROTECT(1);
    DM_TRY(status);
  }
}
