/* Signals in, summary out: runs the core over sources or over the columns of a table, and
   makes R's vectors of what it found. */
#include <limits.h>
#include <string.h>

#include "ffi_long.h"
#include "ffi_result.h"
#include "ffi_signals.h"
#include "ffi_state.h"
#include "ffi_stream.h"
#include "io/dm_inflater.h"

/* All that has to be given back, whichever way the call ends. */
typedef struct summarise_call {
  SEXP input; /* sources, columns or a function that gives them, or a stream */
  SEXP options;
  bool is_table;
  SEXP wanted; /* columns of a long table, or R_NilValue: a summary or a state */
  bool is_state;
  SEXP start; /* the state to go on from, or R_NilValue */
  dm_long long_table;
  ffi_unwind unwind;
  ffi_host host;
  dm_run *run;
  dm_inflater *inflater;
  dm_source *source;
  dm_stream stream;
  dm_table table;
  dm_error err;
} summarise_call;

static summarise_call call_of(SEXP input_sexp, SEXP options_sexp);
static SEXP summarise(summarise_call *call, SEXP progress_sexp);
static SEXP summarise_body(void *data);
static void summarise_cleanup(void *data);
static dm_status read_sources(summarise_call *call, SEXP grown, const dm_host *host);
static const char *const *paths_of(SEXP sources);
static dm_status read_tables(summarise_call *call, const dm_host *host);

SEXP ffi_summarise(SEXP sources_sexp, SEXP options_sexp, SEXP progress_sexp) {
  summarise_call call = call_of(sources_sexp, options_sexp);
  return summarise(&call, progress_sexp);
}

/* As ffi_summarise(), but the columns are those of a long table. wanted: a list of the
   names of fields, whether all others are wanted, and the names of those that are. */
SEXP ffi_read_signals(SEXP sources_sexp, SEXP options_sexp, SEXP progress_sexp,
                      SEXP wanted_sexp) {
  summarise_call call = call_of(sources_sexp, options_sexp);
  call.wanted = wanted_sexp;
  return summarise(&call, progress_sexp);
}

/* columns: a list of them, or a function of the numbers 1, 2, ... that returns such
   lists, one table after the other, and NULL behind the last. */
SEXP ffi_summarise_table(SEXP columns_sexp, SEXP options_sexp, SEXP progress_sexp) {
  summarise_call call = call_of(columns_sexp, options_sexp);
  call.is_table = true;
  return summarise(&call, progress_sexp);
}

/* As the two above, but a list of the state that was reached and of grown. start: a state
   to go on from, or NULL. */
SEXP ffi_read_state(SEXP input_sexp, SEXP options_sexp, SEXP progress_sexp,
                    SEXP is_table_sexp, SEXP start_sexp) {
  summarise_call call = call_of(input_sexp, options_sexp);
  call.is_table = Rf_asLogical(is_table_sexp) == 1;
  call.is_state = true;
  call.start = start_sexp;
  return summarise(&call, progress_sexp);
}

static summarise_call call_of(SEXP input_sexp, SEXP options_sexp) {
  return (summarise_call){.input = input_sexp,
                          .options = options_sexp,
                          .wanted = R_NilValue,
                          .start = R_NilValue};
}

static SEXP summarise(summarise_call *call, SEXP progress_sexp) {
  call->unwind.token = PROTECT(R_MakeUnwindCont());
  call->host = (ffi_host){.unwind = &call->unwind, .progress = progress_sexp};
  SEXP out = R_ExecWithCleanup(summarise_body, call, summarise_cleanup, call);
  UNPROTECT(1);
  return out;
}

static void summarise_cleanup(void *data) {
  summarise_call *call = data;
  dm_table_release(&call->table);
  dm_long_release(&call->long_table);
  dm_source_close(call->source);
  dm_inflater_free(call->inflater);
  dm_stream_release(&call->stream);
  dm_run_free(call->run);
}

static SEXP summarise_body(void *data) {
  summarise_call *call = data;
  dm_options options = ffi_options(call->options);
  dm_host host = ffi_host_for_core(&call->host);
  R_xlen_t n_grown = call->is_table ? 0 : Rf_xlength(call->input);
  SEXP grown = PROTECT(Rf_allocVector(LGLSXP, n_grown));
  bool is_long = call->wanted != R_NilValue;
  dm_status status =
      call->start == R_NilValue
          ? dm_run_new(&call->run, &options, &host, &call->err)
          : ffi_restore_state(&call->run, call->start, &options, &host, &call->err);
  if (!status && is_long) {
    SEXP own = ffi_element(call->wanted, "own");
    status = dm_long_init(&call->long_table, call->run, ffi_long_want(call->wanted),
                          ffi_texts(own), (size_t)Rf_xlength(own), &call->err);
  }
  if (!status) {
    status =
        !call->is_table ? read_sources(call, grown, &host)
        : ffi_is_stream(call->input)
            ? ffi_read_stream(&call->stream, call->run, call->input, &host, &call->err)
            : read_tables(call, &host);
  }
  if (!status) {
    dm_run_rest(call->run);
    status = is_long ? dm_long_finish(&call->long_table, &call->err)
             : call->is_state
                 ? DM_OK
                 : dm_table_init(&call->table, &call->run->states, &call->err);
  }
  ffi_unwind_continue(&call->unwind);
  SEXP out = R_NilValue;
  if (status) {
    out = ffi_error(&call->err);
  } else if (is_long) {
    out = ffi_result_of(&call->run->states, ffi_long_columns(&call->long_table), grown);
  } else if (call->is_state) {
    const char *names[] = {"state", "grown", ""};
    out = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(out, 0, ffi_state(&call->run->states));
    SET_VECTOR_ELT(out, 1, grown);
    UNPROTECT(1);
  } else {
    out = ffi_result(&call->table, grown);
  }
  UNPROTECT(1);
  return out;
}

static dm_status read_sources(summarise_call *call, SEXP grown, const dm_host *host) {
  ffi_reader reader = {.unwind = &call->unwind};
  int32_t n_before = ffi_n_files(call->start);
  R_xlen_t n = Rf_xlength(call->input);
  DM_TRY(dm_inflater_new(&call->inflater, paths_of(call->input), (size_t)n,
                         call->run->states.options.threads, host, &call->err));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP source = VECTOR_ELT(call->input, i);
    dm_status status =
        TYPEOF(source) == STRSXP
            ? dm_inflater_open(call->inflater, (size_t)i, &call->source, &call->err)
            : ffi_open_source(&call->source, source, &reader, host, &call->err);
    if (status) {
      call->err.file = n_before + (int32_t)i;
      return status;
    }
    DM_TRY(dm_run_source(call->run, call->source, n_before + (int32_t)i, &call->err));
    LOGICAL(grown)[i] = dm_source_has_grown(call->source);
    call->host.bytes_before += dm_source_bytes(call->source);
    dm_source_close(call->source);
    call->source = NULL;
  }
  dm_inflater_free(call->inflater);
  call->inflater = NULL;
  return DM_OK;
}

/* The paths in a list of sources, NULL for the others. */
static const char *const *paths_of(SEXP sources) {
  R_xlen_t n = Rf_xlength(sources);
  const char **paths = (const char **)R_alloc((size_t)n + 1, sizeof *paths);
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP source = VECTOR_ELT(sources, i);
    paths[i] = TYPEOF(source) == STRSXP ? CHAR(STRING_ELT(source, 0)) : NULL;
  }
  return paths;
}

/* --- tables --- */

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
  const char *const numbers[] = {"label_probs", "step"};
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

static dm_status read_table(summarise_call *call, SEXP input, const dm_host *host) {
  enum { ROWS_BETWEEN_CHECKS = 4096 };
  size_t n_signals = call->run->states.options.n_signals;
  SEXP order = ffi_element(input, "order");
  SEXP n_rows = ffi_element(input, "n_rows"); /* where not all are in order */
  R_xlen_t n = n_rows == R_NilValue ? Rf_xlength(order) : Rf_asInteger(n_rows);
  DM_TRY(check_table(input, n, n_signals, &call->err));
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
      .is_epoch = Rf_asLogical(ffi_element(input, "is_epoch")) == 1,
      .probs = ffi_element(input, "probs"),
      .logits = ffi_element(input, "logits"),
      .signals = ffi_element(input, "signals"),
  };
  double *probs_room = class_room(c.probs);
  double *logits_room = class_room(c.logits);
  double signals[DM_SIGNALS_MAX];
  for (R_xlen_t k = 0; k < Rf_xlength(order); k++) {
    R_xlen_t i = INTEGER(order)[k] - 1;
    dm_fields f = {.id = ffi_ident(c.id, i),
                   .label = ffi_ident(c.label, i),
                   .pred_label = ffi_ident(c.pred_label, i),
                   .s_label = ffi_ident(c.s_label, i),
                   .signals = signals};
    f.has_correct = c.correct && c.correct[i] != NA_LOGICAL;
    f.correct = f.has_correct && c.correct[i];
    f.has_label_probs = c.label_probs && !R_IsNA(c.label_probs[i]);
    f.label_probs = f.has_label_probs ? c.label_probs[i] : 0;
    f.has_label_index = c.label_index && c.label_index[i] != NA_INTEGER;
    f.label_index = f.has_label_index ? c.label_index[i] : 0;
    if (c.step && !R_IsNA(c.step[i])) {
      f.step = c.step[i];
      f.step_kind = c.is_epoch ? DM_STEP_EPOCH : DM_STEP_UNIQUE;
    }
    f.probs = vector_of(c.probs, i, probs_room, &f.n_probs);
    f.logits = vector_of(c.logits, i, logits_room, &f.n_logits);
    for (size_t s = 0; s < n_signals; s++) {
      double value = REAL(VECTOR_ELT(c.signals, (R_xlen_t)s))[i];
      signals[s] = R_IsNA(value) ? dm_double_from_bits(DM_ABSENT_BITS) : value;
    }
    DM_TRY(dm_run_row(call->run, &f, (uint64_t)i + 1, &call->err));
    if (k % ROWS_BETWEEN_CHECKS == 0 && host->check(host->ctx, 0)) {
      return dm_error_set(&call->err, DM_E_INTERRUPT);
    }
  }
  return dm_run_end_rows(call->run, &call->err);
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

/* One table, or one after the other: there is never more than one of them. */
static dm_status read_tables(summarise_call *call, const dm_host *host) {
  if (TYPEOF(call->input) != CLOSXP) {
    return read_table(call, call->input, host);
  }
  int32_t n_before = ffi_n_files(call->start);
  for (int32_t i = 0;; i++) {
    stage_data stage = {.function = call->input, .number = i + 1};
    SEXP columns;
    if (!ffi_unwind_try(&call->unwind, stage_in_r, &stage, &columns)) {
      return dm_error_set(&call->err, DM_E_INTERRUPT);
    }
    if (columns == R_NilValue) {
      return DM_OK;
    }
    PROTECT(columns);
    call->run->table = n_before + i;
    dm_status status = read_table(call, columns, host);
    UNPROTECT(1);
    DM_TRY(status);
  }
}
