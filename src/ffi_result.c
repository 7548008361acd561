/* What came of a run, as R's vectors: the columns of the summary under their names, the
   counts of lines and the problems. */
#include "ffi_result.h"

#include <stdio.h>
#include <string.h>

#include "ffi_problems.h"
#include "ffi_signals.h"
#include "ffi_text.h"
#include "signals/dm_keys.h"

static SEXP make_columns(const dm_table *table, const dm_options *options);
static SEXP add_column(SEXP out, R_xlen_t *place, const char *name, SEXP column);
static SEXP ident_column(const dm_table *table, dm_ident_column column,
                         dm_columns *columns);
static void fill_pred_dist(const dm_table *table, SEXP out);
static SEXP make_probs(const dm_table *table, size_t width);
static SEXP class_labels(const dm_states *states, size_t n);

/* The place of the labels of the classes in the result. */
enum { RESULT_CLASSES = 7, RESULT_FIELDS };

SEXP ffi_result(const dm_table *table, SEXP options_sexp, SEXP grown) {
  const dm_states *states = table->states;
  if (ffi_element(options_sexp, "probs") == R_NilValue) {
    return ffi_result_of(states, make_columns(table, &states->options), grown);
  }
  size_t width = dm_table_classes(table);
  SEXP out = PROTECT(ffi_result_of(states, make_probs(table, width), grown));
  SET_VECTOR_ELT(out, RESULT_CLASSES, class_labels(states, width));
  UNPROTECT(1);
  return out;
}

SEXP ffi_result_of(const dm_states *states, SEXP columns, SEXP grown) {
  PROTECT(columns);
  const char *names[] = {
      "columns",        "counts",          "problems", "problem_counts", "grown",
      "common_classes", "infinite_losses", "classes",  "fields",         ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SET_VECTOR_ELT(out, 0, columns);
  SET_VECTOR_ELT(out, 1, ffi_line_counts(&states->counts));
  SET_VECTOR_ELT(out, 2, ffi_problems(&states->problems));
  SET_VECTOR_ELT(out, 3, ffi_problem_counts(&states->problems));
  SET_VECTOR_ELT(out, 4, grown);
  /* 0: no line had a class vector */
  SET_VECTOR_ELT(out, 5, Rf_ScalarReal((double)states->common_classes));
  SET_VECTOR_ELT(out, 6, Rf_ScalarReal((double)dm_states_infinite_losses(states)));
  SET_VECTOR_ELT(out, RESULT_CLASSES, class_labels(states, states->class_sums.width));
  SET_VECTOR_ELT(out, RESULT_FIELDS, ffi_found_fields(states));
  UNPROTECT(2);
  return out;
}

SEXP ffi_found_fields(const dm_states *states) {
  bool is_found[DM_N_FIELDS] = {false};
  R_xlen_t n = 0;
  for (int key = 0; key < dm_n_keys; key++) {
    is_found[dm_keys[key].field] |= states->keys >> key & 1;
  }
  for (int field = 0; field < DM_N_FIELDS; field++) {
    n += is_found[field];
  }
  SEXP out = PROTECT(Rf_allocVector(STRSXP, n));
  for (int field = 0, at = 0; field < DM_N_FIELDS; field++) {
    if (is_found[field]) {
      const char *name = dm_keys[field].name;
      SET_STRING_ELT(out, at++, ffi_char(name, strlen(name)));
    }
  }
  UNPROTECT(1);
  return out;
}

/* The labels of the first n classes, by their places. */
static SEXP class_labels(const dm_states *states, size_t n) {
  SEXP out = PROTECT(ffi_ident_column(dm_index_type(&states->labels), (R_xlen_t)n));
  for (size_t place = 0; place < n; place++) {
    dm_ident label = dm_states_class_label(states, place);
    ffi_set_ident(out, (R_xlen_t)place, &label);
  }
  UNPROTECT(1);
  return out;
}

static SEXP make_probs(const dm_table *table, size_t width) {
  const char *names[] = {"id", "probs", ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  dm_columns columns = {.missing = ffi_missing()};
  SET_VECTOR_ELT(out, 0, ident_column(table, DM_COLUMN_ID, &columns));
  dm_table_fill(table, &columns, 1);
  SEXP probs = Rf_allocVector(REALSXP, (R_xlen_t)table->n * (R_xlen_t)width);
  SET_VECTOR_ELT(out, 1, probs);
  dm_table_probs(table, width, &columns.missing, REAL(probs));
  UNPROTECT(1);
  return out;
}

/* Those of every summary, those of signals, then the metrics in the order of dm_metric.
 */
static SEXP make_columns(const dm_table *table, const dm_options *options) {
  static const SEXPTYPE types[] = {
      [DM_METRIC_REAL] = REALSXP, [DM_METRIC_TIME] = INTSXP, [DM_METRIC_TEXT] = STRSXP};
  R_xlen_t n = (R_xlen_t)table->n;
  R_xlen_t n_statistics = DM_N_STATISTICS * (R_xlen_t)options->n_signals;
  R_xlen_t n_columns = DM_N_SUMMARY + n_statistics;
  for (int metric = 0; metric < DM_N_METRICS; metric++) {
    n_columns += options->metrics >> metric & 1;
  }
  SEXP out = PROTECT(Rf_allocVector(VECSXP, n_columns));
  Rf_setAttrib(out, R_NamesSymbol, Rf_allocVector(STRSXP, n_columns));
  R_xlen_t place = 0;
  dm_columns columns = {.missing = ffi_missing()};
  for (int i = 0; i < DM_N_SUMMARY; i++) {
    const dm_summary_column *column = &dm_summary_columns[i];
    SEXP vector = column->kind == DM_SUMMARY_IDENT
                      ? ident_column(table, (dm_ident_column)column->column, &columns)
                  : column->kind == DM_SUMMARY_COUNT ? Rf_allocVector(INTSXP, n)
                                                     : Rf_allocVector(REALSXP, n);
    add_column(out, &place, column->name, vector);
    if (column->kind == DM_SUMMARY_COUNT) {
      columns.counts[column->column] = INTEGER(vector);
    } else if (column->kind == DM_SUMMARY_NUMBER) {
      columns.numbers[column->column] = REAL(vector);
    }
  }
  columns.signals = (double **)R_alloc((size_t)n_statistics + 1, sizeof *columns.signals);
  for (R_xlen_t i = 0; i < n_statistics; i++) {
    const char *signal = options->signals[i / DM_N_STATISTICS];
    const char *statistic = dm_statistic_names[i % DM_N_STATISTICS];
    size_t size = strlen(signal) + strlen(statistic) + 2;
    char *name = R_alloc(size, 1);
    (void)snprintf(name, size, "%s_%s", signal, statistic);
    columns.signals[i] = REAL(add_column(out, &place, name, Rf_allocVector(REALSXP, n)));
  }
  for (int metric = 0; metric < DM_N_METRICS; metric++) {
    if (!(options->metrics >> metric & 1)) {
      continue;
    }
    const dm_metric_info *info = &dm_metrics[metric];
    SEXP column =
        add_column(out, &place, info->name, Rf_allocVector(types[info->kind], n));
    switch (info->kind) {
      case DM_METRIC_REAL:
        columns.metrics[metric] = REAL(column);
        break;
      case DM_METRIC_TIME:
        columns.times[metric] = INTEGER(column);
        break;
      case DM_METRIC_TEXT:
        fill_pred_dist(table, column);
        break;
    }
  }
  dm_table_fill(table, &columns, options->threads > 1 ? options->threads : 1);
  UNPROTECT(1);
  return out;
}

/* Puts a column, which need not be protected, at the place, and passes that. */
static SEXP add_column(SEXP out, R_xlen_t *place, const char *name, SEXP column) {
  SET_VECTOR_ELT(out, *place, column);
  SEXP names = Rf_getAttrib(out, R_NamesSymbol);
  SET_STRING_ELT(names, *place, ffi_char(name, strlen(name)));
  ++*place;
  return column;
}

/* A column of ids or labels, full if it is one of strings, else to be filled. */
static SEXP ident_column(const dm_table *table, dm_ident_column column,
                         dm_columns *columns) {
  dm_ident_type type = dm_table_ident_type(table, column);
  if (type == DM_TYPE_TEXT && column == DM_COLUMN_ID) {
    return ffi_text_column(table);
  }
  SEXP out = PROTECT(ffi_ident_column(type, (R_xlen_t)table->n));
  switch (type) {
    case DM_TYPE_INT32:
      columns->integers[column] = INTEGER(out);
      break;
    case DM_TYPE_DOUBLE:
      columns->doubles[column] = REAL(out);
      break;
    default:
      for (size_t i = 0; i < table->n; i++) {
        dm_ident ident = dm_table_ident(table, column, i);
        ffi_set_ident(out, (R_xlen_t)i, &ident);
      }
  }
  UNPROTECT(1);
  return out;
}

static void fill_pred_dist(const dm_table *table, SEXP out) {
  for (size_t i = 0; i < table->n; i++) {
    size_t len;
    const char *text = dm_table_pred_dist(table, i, &len);
    SET_STRING_ELT(out, (R_xlen_t)i, text ? ffi_char(text, len) : NA_STRING);
  }
}
