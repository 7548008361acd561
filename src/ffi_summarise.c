/* Signals in, summary out: runs the core over sources, tables or a stream, and makes R's
   vectors of what it found. */
#include "ffi_long.h"
#include "ffi_result.h"
#include "ffi_signals.h"
#include "ffi_state.h"
#include "ffi_stream.h"
#include "ffi_table.h"
#include "io/dm_read_ahead.h"

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
  dm_read_ahead *ahead;
  dm_source *source;
  dm_stream stream;
  dm_table table;
  dm_error err;
} summarise_call;

static summarise_call call_of(SEXP input_sexp, SEXP options_sexp);
static SEXP summarise(summarise_call *call, SEXP progress_sexp);
static SEXP summarise_body(void *data);
static void summarise_cleanup(void *data);
static dm_status start_long(summarise_call *call);
static dm_status take_part(void *ctx, dm_error *err);
static SEXP give_part(void *data);
static dm_status read_sources(summarise_call *call, SEXP grown, const dm_host *host);
static const char *const *paths_of(SEXP sources);

SEXP ffi_summarise(SEXP sources_sexp, SEXP options_sexp, SEXP progress_sexp) {
  summarise_call call = call_of(sources_sexp, options_sexp);
  return summarise(&call, progress_sexp);
}

/* As ffi_summarise(), but the columns are those of a long table. wanted: a list of the
   names of fields, whether all others are wanted, and the names of those that are. With
   part, a number of rows, the table is read in such parts: take, a function or NULL, is
   given each but the last, which is returned. keeps_sums, texts: see dm_long_parts. */
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
  dm_read_ahead_free(call->ahead);
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
  dm_status status = dm_run_new(&call->run, &options, &host, &call->err);
  if (!status && call->start != R_NilValue) {
    status = ffi_restore_state(&call->run->states, call->start, &call->err);
  }
  if (!status && is_long) {
    status = start_long(call);
  }
  if (!status) {
    status =
        !call->is_table ? read_sources(call, grown, &host)
        : ffi_is_stream(call->input)
            ? ffi_read_stream(&call->stream, call->run, call->input, &host, &call->err)
            : ffi_read_tables(call->run, call->input, ffi_n_files(call->start),
                              &call->unwind, &host, &call->err);
  }
  if (!status) {
    dm_run_end_threads(call->run);
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
    const char *names[] = {"state", "grown", "fields", ""};
    out = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(out, 0, ffi_state(&call->run->states));
    SET_VECTOR_ELT(out, 1, grown);
    SET_VECTOR_ELT(out, 2, ffi_found_fields(&call->run->states));
    UNPROTECT(1);
  } else {
    out = ffi_result(&call->table, call->options, grown);
  }
  UNPROTECT(1);
  return out;
}

static dm_status start_long(summarise_call *call) {
  SEXP own = ffi_element(call->wanted, "own");
  SEXP part = ffi_element(call->wanted, "part");
  DM_TRY(dm_long_init(&call->long_table, call->run, ffi_long_want(call->wanted),
                      ffi_texts(own), (size_t)Rf_xlength(own), &call->err));
  if (part != R_NilValue) {
    SEXP texts = ffi_element(call->wanted, "texts");
    bool is_taken = ffi_element(call->wanted, "take") != R_NilValue;
    const dm_long_parts parts = {
        .rows = (size_t)Rf_asReal(part),
        .take = is_taken ? take_part : NULL,
        .ctx = call,
        .keeps_sums = Rf_asLogical(ffi_element(call->wanted, "keeps_sums")) == 1,
        .texts = ffi_texts(texts),
        .n_texts = (size_t)Rf_xlength(texts)};
    DM_TRY(dm_long_read_parts(&call->long_table, &parts, &call->err));
  }
  return DM_OK;
}

static dm_status take_part(void *ctx, dm_error *err) {
  summarise_call *call = ctx;
  return ffi_unwind_try(&call->unwind, give_part, call, NULL)
             ? DM_OK
             : dm_error_set(err, DM_E_INTERRUPT);
}

static SEXP give_part(void *data) {
  summarise_call *call = data;
  SEXP columns = PROTECT(ffi_long_columns(&call->long_table));
  SEXP take = PROTECT(Rf_lang2(ffi_element(call->wanted, "take"), columns));
  Rf_eval(take, R_BaseEnv);
  UNPROTECT(2);
  return R_NilValue;
}

static dm_status read_sources(summarise_call *call, SEXP grown, const dm_host *host) {
  ffi_reader reader = {.unwind = &call->unwind};
  int32_t n_before = ffi_n_files(call->start);
  R_xlen_t n = Rf_xlength(call->input);
  DM_TRY(dm_read_ahead_new(&call->ahead, paths_of(call->input), (size_t)n,
                           call->run->states.options.threads, host, &call->err));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP source = VECTOR_ELT(call->input, i);
    dm_status status =
        TYPEOF(source) == STRSXP
            ? dm_read_ahead_open(call->ahead, (size_t)i, &call->source, &call->err)
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
  dm_read_ahead_free(call->ahead);
  call->ahead = NULL;
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
