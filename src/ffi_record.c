/* Signals out: a recorder of the core behind an external pointer of R. The pointer is
   NULL in a session that did not make it (after readRDS()), which every entry checks. */
#include <string.h>

#include "ffi_result.h"
#include "ffi_signals.h"
#include "ffi_state.h"
#include "files/dm_recorder.h"
#include "number/dm_number.h"

/* All that has to be given back, whichever way the call ends. */
typedef struct record_call {
  SEXP pointer;
  SEXP path;
  SEXP start;
  SEXP ids;
  SEXP options;
  ffi_unwind unwind;
  ffi_host host;
  dm_recorder *recorder; /* while it belongs to the call */
  dm_table table;
  dm_error err;
} record_call;

static void record_cleanup(void *data) {
  record_call *call = data;
  dm_table_release(&call->table);
  dm_recorder_free(call->recorder);
}

static void free_recorder(SEXP pointer) {
  dm_recorder_free(R_ExternalPtrAddr(pointer));
  R_ClearExternalPtr(pointer);
}

/* NULL and an error where the recorder was made elsewhere. */
static dm_recorder *recorder_of(SEXP recorder_sexp, dm_error *err) {
  dm_recorder *recorder = R_ExternalPtrAddr(recorder_sexp);
  if (!recorder) {
    dm_error_expected(err, DM_E_INPUT, "a recorder that was made in this session of R");
    dm_error_found(err, "one that was saved in another and loaded");
    dm_error_advice(err, "open the file again to add to it");
  }
  return recorder;
}

/* --- opening --- */

static const char *const start_names[] = {[DM_RECORDER_NEW] = "error",
                                          [DM_RECORDER_APPEND] = "append",
                                          [DM_RECORDER_REPAIR] = "repair",
                                          [DM_RECORDER_OVERWRITE] = "overwrite"};
enum { N_STARTS = sizeof start_names / sizeof *start_names };

static SEXP open_body(void *data) {
  record_call *call = data;
  int start = ffi_choice(call->start, start_names, N_STARTS);
  start = start < 0 ? DM_RECORDER_NEW : start;
  dm_options options = ffi_options(call->options);
  dm_host host = ffi_host_for_core(&call->host);
  size_t n_ids = (size_t)Rf_xlength(call->ids);
  if (ffi_check_idents(call->ids, "ids", (R_xlen_t)n_ids, &call->err)) {
    return ffi_error(&call->err);
  }
  dm_ident *ids = (dm_ident *)R_alloc(n_ids + 1, sizeof *ids);
  for (size_t i = 0; i < n_ids; i++) {
    ids[i] = ffi_ident(call->ids, (R_xlen_t)i);
  }
  const char *path = call->path == R_NilValue ? NULL : CHAR(STRING_ELT(call->path, 0));
  dm_status status =
      dm_recorder_open(&call->recorder, path, (dm_recorder_start)start,
                       (dm_declared_ids){ids, n_ids}, &options, &host, &call->err);
  ffi_unwind_continue(&call->unwind);
  if (status) {
    return ffi_error(&call->err);
  }
  R_SetExternalPtrAddr(call->pointer, call->recorder);
  call->recorder = NULL;
  return call->pointer;
}

/* path: a string in UTF-8 or NULL; start: one of start_names; ids: a column of ids
   without missing ones, or NULL. The recorder, or the error. */
SEXP ffi_recorder_open(SEXP path_sexp, SEXP start_sexp, SEXP ids_sexp,
                       SEXP options_sexp) {
  record_call call = {
      .path = path_sexp, .start = start_sexp, .ids = ids_sexp, .options = options_sexp};
  call.pointer = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(call.pointer, free_recorder, TRUE);
  call.unwind.token = PROTECT(R_MakeUnwindCont());
  call.host = (ffi_host){.unwind = &call.unwind, .progress = R_NilValue};
  SEXP out = R_ExecWithCleanup(open_body, &call, record_cleanup, &call);
  UNPROTECT(2);
  return out;
}

/* --- recording --- */

static const void *data_of(SEXP column) {
  switch (TYPEOF(column)) {
    case INTSXP:
      return INTEGER_RO(column);
    case LGLSXP:
      return LOGICAL_RO(column);
    case REALSXP:
      return REAL_RO(column);
    default:
      return ffi_texts(column);
  }
}

/* What R calls each dm_json_kind, and must give for it; a matrix for a list. */
static const struct {
  const char *name;
  SEXPTYPE type;
} kinds[] = {[DM_JSON_INT32] = {"int32", INTSXP},  [DM_JSON_WHOLE] = {"whole", REALSXP},
             [DM_JSON_INT64] = {"int64", REALSXP}, [DM_JSON_DOUBLE] = {"double", REALSXP},
             [DM_JSON_BOOL] = {"bool", LGLSXP},    [DM_JSON_TEXT] = {"text", STRSXP},
             [DM_JSON_LIST] = {"list", REALSXP}};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static int kind_of(SEXP name) {
  int kind = 0;
  while (kind < N_KINDS && strcmp(CHAR(name), kinds[kind].name) != 0) {
    kind++;
  }
  return kind;
}

/* A named list of vectors of n_rows elements, or matrices of so many rows, with the
   name of the kind of each; in memory of R_alloc(). DM_E_INPUT where they are none. */
static dm_status columns_of(dm_json_column **out, SEXP columns_sexp, SEXP kinds_sexp,
                            size_t n_rows, dm_error *err) {
  R_xlen_t n_columns = Rf_xlength(columns_sexp);
  R_xlen_t n = (R_xlen_t)n_rows;
  DM_TRY(ffi_check_vector(columns_sexp, "columns", VECSXP, n_columns, err));
  DM_TRY(ffi_check_vector(kinds_sexp, "kinds", STRSXP, n_columns, err));
  SEXP names = Rf_getAttrib(columns_sexp, R_NamesSymbol); /* kept by the list */
  if (n_columns) {
    DM_TRY(ffi_check_vector(names, "names", STRSXP, n_columns, err));
  }
  dm_json_column *columns =
      (dm_json_column *)R_alloc((size_t)n_columns + 1, sizeof *columns);
  for (R_xlen_t i = 0; i < n_columns; i++) {
    SEXP column = VECTOR_ELT(columns_sexp, i);
    const char *name = CHAR(STRING_ELT(names, i));
    int kind = kind_of(STRING_ELT(kinds_sexp, i));
    SEXPTYPE type = kind == N_KINDS ? NILSXP : kinds[kind].type;
    if (kind == DM_JSON_LIST) {
      DM_TRY(ffi_check_matrix(column, name, n, err));
    } else {
      DM_TRY(ffi_check_vector(column, name, type, n, err));
    }
    columns[i] = (dm_json_column){
        .name = name, .kind = (dm_json_kind)kind, .data = data_of(column)};
    if (kind == DM_JSON_LIST) {
      columns[i].width = (size_t)Rf_ncols(column);
      columns[i].stride = n_rows;
    }
  }
  *out = columns;
  return DM_OK;
}

static bool has_text(SEXP texts, const char *text) {
  R_xlen_t n = TYPEOF(texts) == STRSXP ? Rf_xlength(texts) : 0;
  for (R_xlen_t i = 0; i < n; i++) {
    if (strcmp(CHAR(STRING_ELT(texts, i)), text) == 0) {
      return true;
    }
  }
  return false;
}

static dm_json_nulls nulls_of(SEXP nulls_sexp) {
  return (dm_json_nulls){.missing = ffi_missing(),
                         .infinite_is_null = has_text(nulls_sexp, "infinite"),
                         .missing_is_null = has_text(nulls_sexp, "missing")};
}

/* columns, kinds: see columns_of(); nulls: NULL, or which of "infinite" and "missing"
   values are null, see dm_json_nulls. NULL, or the error. */
SEXP ffi_recorder_add(SEXP recorder_sexp, SEXP columns_sexp, SEXP kinds_sexp,
                      SEXP n_rows_sexp, SEXP nulls_sexp) {
  dm_error err;
  dm_recorder *recorder = recorder_of(recorder_sexp, &err);
  if (!recorder) {
    return ffi_error(&err);
  }
  size_t n_rows = (size_t)Rf_asReal(n_rows_sexp);
  dm_json_column *columns;
  if (columns_of(&columns, columns_sexp, kinds_sexp, n_rows, &err)) {
    return ffi_error(&err);
  }
  const dm_json_nulls nulls = nulls_of(nulls_sexp);
  ffi_unwind unwind = {.token = PROTECT(R_MakeUnwindCont())};
  ffi_host host = {.unwind = &unwind, .progress = R_NilValue};
  dm_host core_host = ffi_host_for_core(&host);
  dm_status status = dm_recorder_add(recorder, columns, (size_t)Rf_xlength(columns_sexp),
                                     n_rows, &nulls, &core_host, &err);
  ffi_unwind_continue(&unwind);
  UNPROTECT(1);
  return status ? ffi_error(&err) : R_NilValue;
}

/* path: a string in UTF-8; the rest as for ffi_recorder_add(). */
SEXP ffi_write_lines(SEXP path_sexp, SEXP columns_sexp, SEXP kinds_sexp, SEXP n_rows_sexp,
                     SEXP nulls_sexp) {
  size_t n_rows = (size_t)Rf_asReal(n_rows_sexp);
  dm_error err;
  dm_json_column *columns;
  if (columns_of(&columns, columns_sexp, kinds_sexp, n_rows, &err)) {
    return ffi_error(&err);
  }
  const dm_json_nulls nulls = nulls_of(nulls_sexp);
  ffi_unwind unwind = {.token = PROTECT(R_MakeUnwindCont())};
  ffi_host host = {.unwind = &unwind, .progress = R_NilValue};
  dm_host core_host = ffi_host_for_core(&host);
  dm_status status = dm_recorder_write(CHAR(STRING_ELT(path_sexp, 0)), columns,
                                       (size_t)Rf_xlength(columns_sexp), n_rows, &nulls,
                                       &core_host, &err);
  ffi_unwind_continue(&unwind);
  UNPROTECT(1);
  return status ? ffi_error(&err) : R_NilValue;
}

typedef struct lines_call {
  SEXP columns;
  SEXP kinds;
  SEXP n_rows;
  dm_buf text;
} lines_call;

static void lines_cleanup(void *data) {
  lines_call *call = data;
  dm_buf_release(&call->text);
}

static SEXP lines_body(void *data) {
  lines_call *call = data;
  size_t n_rows = (size_t)Rf_asReal(call->n_rows);
  dm_error err;
  dm_json_column *columns;
  if (columns_of(&columns, call->columns, call->kinds, n_rows, &err)) {
    return ffi_error(&err);
  }
  const dm_json_nulls nulls = nulls_of(R_NilValue);
  if (dm_json_lines(columns, (size_t)Rf_xlength(call->columns), 0, n_rows, &nulls,
                    &call->text, &err)) {
    return ffi_error(&err);
  }
  SEXP out = Rf_allocVector(RAWSXP, (R_xlen_t)call->text.len);
  if (call->text.len) {
    memcpy(RAW(out), call->text.data, call->text.len);
  }
  return out;
}

/* The lines that ffi_write_lines() would write, as a raw vector, whether a reader can
   use them or not; or the error. */
SEXP ffi_signal_lines(SEXP columns_sexp, SEXP kinds_sexp, SEXP n_rows_sexp) {
  lines_call call = {.columns = columns_sexp, .kinds = kinds_sexp, .n_rows = n_rows_sexp};
  return R_ExecWithCleanup(lines_body, &call, lines_cleanup, &call);
}

/* NULL, or the error. */
SEXP ffi_recorder_close(SEXP recorder_sexp) {
  dm_error err;
  dm_recorder *recorder = recorder_of(recorder_sexp, &err);
  return recorder && !dm_recorder_close(recorder, &err) ? R_NilValue : ffi_error(&err);
}

/* --- what has been recorded --- */

/* A list, or NULL where the recorder was made elsewhere. */
SEXP ffi_recorder_state(SEXP recorder_sexp) {
  const dm_recorder *recorder = R_ExternalPtrAddr(recorder_sexp);
  if (!recorder) {
    return R_NilValue;
  }
  const dm_run *run = dm_recorder_run(recorder);
  const char *names[] = {"is_open", "lines", "samples", "is_lost", ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SET_VECTOR_ELT(out, 0, Rf_ScalarLogical(dm_recorder_is_open(recorder)));
  SET_VECTOR_ELT(out, 1, Rf_ScalarReal((double)run->states.counts.good));
  SET_VECTOR_ELT(out, 2, Rf_ScalarReal((double)run->states.ids.n));
  SET_VECTOR_ELT(out, 3, Rf_ScalarLogical(dm_recorder_is_lost(recorder)));
  UNPROTECT(1);
  return out;
}

/* The run behind a recorder; NULL and an error where it is not at hand. */
static const dm_run *run_of(SEXP recorder_sexp, dm_error *err) {
  const dm_recorder *recorder = recorder_of(recorder_sexp, err);
  if (recorder && dm_recorder_is_lost(recorder)) {
    dm_error_expected(err, DM_E_MEMORY, "a complete summary");
    dm_error_found(err, "one that memory ran out for");
    dm_error_advice(err, "summarise the file");
    return NULL;
  }
  return recorder ? dm_recorder_run(recorder) : NULL;
}

static SEXP summary_body(void *data) {
  record_call *call = data;
  const dm_run *run = run_of(call->pointer, &call->err);
  if (!run || dm_table_init_live(&call->table, &run->states, &call->err)) {
    return ffi_error(&call->err);
  }
  return ffi_result(&call->table, R_NilValue, R_NilValue);
}

/* As ffi_summarise(), of all that was recorded so far. */
SEXP ffi_recorder_summary(SEXP recorder_sexp) {
  record_call call = {.pointer = recorder_sexp};
  return R_ExecWithCleanup(summary_body, &call, record_cleanup, &call);
}

/* The state of all that was recorded so far, or the error. */
SEXP ffi_recorder_running(SEXP recorder_sexp) {
  dm_error err;
  const dm_run *run = run_of(recorder_sexp, &err);
  return run ? ffi_state(&run->states) : ffi_error(&err);
}
