/* The summary file: R's vectors to a table of the core, and back; lines of text. */
#include <string.h>

#include "ffi_signals.h"
#include "ffi_text.h"
#include "files/dm_tsv.h"
#include "io/dm_writer.h"
#include "number/dm_number.h"

/* All that has to be given back, whichever way the call ends. */
typedef struct summary_call {
  SEXP columns; /* when writing; the lines of a text */
  SEXP style;
  SEXP input; /* when reading */
  bool as_texts;
  const char *path; /* NULL: it is no path */
  ffi_reader reader;
  ffi_unwind unwind;
  ffi_host host;
  dm_writer *writer;
  dm_source *source;
  dm_tsv_table *table;
  dm_error err;
} summary_call;

static SEXP run_summary(SEXP (*body)(void *), summary_call *call, SEXP path_sexp);
static void summary_cleanup(void *data);
static SEXP write_body(void *data);
static SEXP text_body(void *data);
static dm_status check_columns(SEXP list, R_xlen_t n_columns, R_xlen_t n_rows,
                               dm_error *err);
static SEXP read_body(void *data);
static dm_status write_file(summary_call *call, const dm_tsv_column *columns,
                            size_t n_columns, size_t n_rows, const dm_host *host);
static dm_status read_file(summary_call *call, const dm_host *host);
static SEXP make_column(const dm_tsv_table *table, size_t i);
static SEXP make_texts(const dm_tsv_table *table, size_t i);
static SEXP file_error(summary_call *call);

/* columns: a named list of integer, double, logical and character vectors of one length;
   style: as dm_tsv_write() has it. NULL, or the error. */
SEXP ffi_write_summary(SEXP columns_sexp, SEXP path_sexp, SEXP style_sexp) {
  summary_call call = {.columns = columns_sexp, .style = style_sexp};
  return run_summary(write_body, &call, path_sexp);
}

/* lines: strings, each of which becomes a line. NULL, or the error. */
SEXP ffi_write_text(SEXP lines_sexp, SEXP path_sexp) {
  summary_call call = {.columns = lines_sexp};
  return run_summary(text_body, &call, path_sexp);
}

/* input: a path, or a function(n) that returns at most n bytes; as_texts: whether all
   columns are texts as they stand between tabs. A named list of vectors, or the error. */
SEXP ffi_read_summary(SEXP input_sexp, SEXP as_texts_sexp) {
  summary_call call = {.input = input_sexp, .as_texts = Rf_asLogical(as_texts_sexp) == 1};
  return run_summary(read_body, &call, input_sexp);
}

static SEXP run_summary(SEXP (*body)(void *), summary_call *call, SEXP path_sexp) {
  if (TYPEOF(path_sexp) == STRSXP) {
    call->path = Rf_translateCharUTF8(STRING_ELT(path_sexp, 0));
  }
  call->unwind.token = PROTECT(R_MakeUnwindCont());
  call->host = (ffi_host){.unwind = &call->unwind, .progress = R_NilValue};
  call->reader.unwind = &call->unwind;
  SEXP out = R_ExecWithCleanup(body, call, summary_cleanup, call);
  UNPROTECT(1);
  return out;
}

static void summary_cleanup(void *data) {
  summary_call *call = data;
  dm_writer_close(call->writer);
  dm_source_close(call->source);
  dm_tsv_release(call->table);
}

static SEXP write_body(void *data) {
  summary_call *call = data;
  R_xlen_t n_columns = Rf_xlength(call->columns);
  R_xlen_t n_rows = n_columns ? Rf_xlength(VECTOR_ELT(call->columns, 0)) : 0;
  if (ffi_check_vector(call->style, "style", STRSXP, 1, &call->err) ||
      check_columns(call->columns, n_columns, n_rows, &call->err)) {
    return file_error(call);
  }
  SEXP names = Rf_getAttrib(call->columns, R_NamesSymbol);
  dm_tsv_column *columns = (dm_tsv_column *)R_alloc((size_t)n_columns, sizeof *columns);
  for (R_xlen_t i = 0; i < n_columns; i++) {
    SEXP column = VECTOR_ELT(call->columns, i);
    columns[i].name = ffi_utf8(STRING_ELT(names, i));
    switch (TYPEOF(column)) {
      case INTSXP:
        columns[i].kind = DM_TSV_INT32;
        columns[i].data = INTEGER_RO(column);
        break;
      case REALSXP:
        columns[i].kind = DM_TSV_DOUBLE;
        columns[i].data = REAL_RO(column);
        break;
      case LGLSXP:
        columns[i].kind = DM_TSV_BOOL;
        columns[i].data = LOGICAL_RO(column);
        break;
      default:
        columns[i].kind = DM_TSV_TEXT;
        columns[i].data = ffi_texts(column);
    }
  }
  dm_host host = ffi_host_for_core(&call->host);
  dm_status status = write_file(call, columns, (size_t)n_columns, (size_t)n_rows, &host);
  ffi_unwind_continue(&call->unwind);
  return status ? file_error(call) : R_NilValue;
}

static dm_status write_file(summary_call *call, const dm_tsv_column *columns,
                            size_t n_columns, size_t n_rows, const dm_host *host) {
  dm_missing missing = ffi_missing();
  const char *style = CHAR(STRING_ELT(call->style, 0));
  DM_TRY(dm_writer_open(&call->writer, call->path, host, &call->err));
  DM_TRY(dm_tsv_write(call->writer, style, columns, n_columns, n_rows, &missing,
                      &call->err));
  return dm_writer_commit(call->writer, &call->err);
}

static SEXP text_body(void *data) {
  summary_call *call = data;
  R_xlen_t n = Rf_xlength(call->columns);
  if (ffi_check_vector(call->columns, "lines", STRSXP, n, &call->err)) {
    return file_error(call);
  }
  dm_host host = ffi_host_for_core(&call->host);
  dm_status status = dm_writer_open(&call->writer, call->path, &host, &call->err);
  for (R_xlen_t i = 0; i < n && !status; i++) {
    const char *line = ffi_utf8(STRING_ELT(call->columns, i));
    status = dm_writer_write(call->writer, line, strlen(line), &call->err);
    if (!status) {
      status = dm_writer_write(call->writer, "\n", 1, &call->err);
    }
  }
  if (!status) {
    status = dm_writer_commit(call->writer, &call->err);
  }
  ffi_unwind_continue(&call->unwind);
  return status ? file_error(call) : R_NilValue;
}

/* Whether they are named vectors of one length that can be written. */
static dm_status check_columns(SEXP list, R_xlen_t n_columns, R_xlen_t n_rows,
                               dm_error *err) {
  SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  if (n_columns) {
    DM_TRY(ffi_check_vector(names, "names", STRSXP, n_columns, err));
  }
  for (R_xlen_t i = 0; i < n_columns; i++) {
    SEXP column = VECTOR_ELT(list, i);
    SEXPTYPE type = TYPEOF(column);
    bool is_text = type != INTSXP && type != REALSXP && type != LGLSXP;
    DM_TRY(ffi_check_vector(column, CHAR(STRING_ELT(names, i)), is_text ? STRSXP : type,
                            n_rows, err));
  }
  return DM_OK;
}

static SEXP read_body(void *data) {
  summary_call *call = data;
  dm_host host = ffi_host_for_core(&call->host);
  dm_status status = read_file(call, &host);
  ffi_unwind_continue(&call->unwind);
  if (status) {
    return file_error(call);
  }
  R_xlen_t n = (R_xlen_t)dm_tsv_n_columns(call->table);
  SEXP out = PROTECT(Rf_allocVector(VECSXP, n));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    const char *name = dm_tsv_name(call->table, (size_t)i);
    SET_STRING_ELT(names, i, ffi_char(name, strlen(name)));
    SET_VECTOR_ELT(out, i,
                   call->as_texts ? make_texts(call->table, (size_t)i)
                                  : make_column(call->table, (size_t)i));
    dm_tsv_drop(call->table, (size_t)i);
  }
  Rf_setAttrib(out, R_NamesSymbol, names);
  UNPROTECT(2);
  return out;
}

static dm_status read_file(summary_call *call, const dm_host *host) {
  dm_missing missing = ffi_missing();
  DM_TRY(call->path ? dm_source_open_file(&call->source, call->path, host, &call->err)
                    : ffi_open_source(&call->source, call->input, &call->reader, host,
                                      &call->err));
  return dm_tsv_read(&call->table, call->source, DM_TSV_BLOCK, call->as_texts, &missing,
                     &call->err);
}

static SEXP make_column(const dm_tsv_table *table, size_t i) {
  size_t n = dm_tsv_n_rows(table);
  SEXP out = R_NilValue;
  switch (dm_tsv_kind_of(table, i)) {
    case DM_TSV_INT32:
      out = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n));
      memcpy(INTEGER(out), dm_tsv_int32(table, i), n * sizeof(int));
      break;
    case DM_TSV_BOOL:
      out = PROTECT(Rf_allocVector(LGLSXP, (R_xlen_t)n));
      memcpy(LOGICAL(out), dm_tsv_int32(table, i), n * sizeof(int));
      break;
    case DM_TSV_DOUBLE:
      out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
      memcpy(REAL(out), dm_tsv_double(table, i), n * sizeof(double));
      break;
    case DM_TSV_TEXT:
      out = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)n));
      for (size_t row = 0; row < n; row++) {
        size_t len;
        const char *text = dm_tsv_text(table, i, row, &len);
        SET_STRING_ELT(out, (R_xlen_t)row, text ? ffi_char(text, len) : NA_STRING);
      }
      break;
  }
  UNPROTECT(1);
  return out;
}

/* A column of a table of which only some rows may be looked at; none is missing. */
static SEXP make_texts(const dm_tsv_table *table, size_t i) {
  size_t n = dm_tsv_n_rows(table);
  size_t total = 0;
  size_t len;
  for (size_t row = 0; row < n; row++) {
    (void)dm_tsv_text(table, i, row, &len);
    total += len;
  }
  ffi_text_fill fill = ffi_text_begin(n, total);
  PROTECT(fill.parts);
  for (size_t row = 0; row < n; row++) {
    const char *text = dm_tsv_text(table, i, row, &len);
    ffi_text_add(&fill, text, len);
  }
  SEXP out = ffi_text_end(&fill);
  UNPROTECT(1);
  return out;
}

static SEXP file_error(summary_call *call) {
  call->err.file = 0; /* the only one there is */
  return ffi_error(&call->err);
}
