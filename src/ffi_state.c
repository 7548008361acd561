/* Running states as objects of R: lists of vectors, which hold all that a run needs to be
   merged with another, to go on, or to be summarised. */
#include "ffi_state.h"

#include <string.h>

#include "ffi_problems.h"
#include "ffi_result.h"
#include "ffi_signals.h"
#include "files/dm_state_file.h"
#include "summary/dm_merge.h"
#include "summary/dm_state.h"

/* All that has to be given back, whichever way the call ends. */
typedef struct state_call {
  SEXP states;
  SEXP options;
  dm_states all;
  dm_states other;
  dm_table table;
  dm_error err;
} state_call;

static SEXP call_body(SEXP (*body)(void *), SEXP states_sexp, SEXP options_sexp);
static void state_cleanup(void *data);
static SEXP merge_body(void *data);
static SEXP summarise_body(void *data);
static SEXP save_body(void *data);
static SEXP load_body(void *data);
static void file_cleanup(void *data);
static SEXP make_version(const dm_state_file *file);
static SEXP make_loaded(const dm_state_file *file);
static SEXP make_texts(const dm_texts *texts);
static SEXP make_metrics(uint32_t metrics);
static SEXP make_gap(const dm_gap *gap);
static SEXP make_idents(const dm_index *index);
static SEXP make_part(const dm_states *states, dm_state_part part, size_t signal);
static SEXP make_matrix(const dm_states *states, dm_state_matrix which);
static SEXP make_class_labels(const dm_states *states);
static SEXPTYPE type_of(const dm_state_field *field);
static dm_status restore(dm_states *out, SEXP state, const dm_options *options,
                         dm_error *err);
static dm_status restore_idents(dm_index *index, SEXP state, const char *name,
                                dm_error *err);
static dm_status restore_part(dm_states *states, dm_state_part part, size_t signal,
                              SEXP list, dm_error *err);
static dm_status restore_matrix(dm_states *states, dm_state_matrix which, SEXP state,
                                const char *name, dm_error *err);
static dm_status restore_class_labels(dm_states *states, SEXP state, dm_error *err);
static dm_status restore_totals(dm_states *states, SEXP state, dm_error *err);

/* --- entries --- */

/* States, each to be put behind those before it, and the options of all. A list of the
   state of them all, and of the gap before each but the first: the last step, the next
   step and the usual distance, NULL where there is no gap. Or the error, whose file is
   the number of a state. */
SEXP ffi_merge_states(SEXP states_sexp, SEXP options_sexp) {
  return call_body(merge_body, states_sexp, options_sexp);
}

/* As ffi_summarise(), of a list of one state. */
SEXP ffi_summarise_state(SEXP states_sexp, SEXP options_sexp) {
  return call_body(summarise_body, states_sexp, options_sexp);
}

static SEXP call_body(SEXP (*body)(void *), SEXP states_sexp, SEXP options_sexp) {
  state_call call = {.states = states_sexp, .options = options_sexp};
  return R_ExecWithCleanup(body, &call, state_cleanup, &call);
}

static void state_cleanup(void *data) {
  state_call *call = data;
  dm_table_release(&call->table);
  dm_states_release(&call->all);
  dm_states_release(&call->other);
}

static SEXP merge_body(void *data) {
  state_call *call = data;
  dm_options options = ffi_options(call->options);
  R_xlen_t n = Rf_xlength(call->states);
  SEXP gaps = PROTECT(Rf_allocVector(VECSXP, n - 1));
  SEXP state = VECTOR_ELT(call->states, 0);
  int32_t n_files = ffi_n_files(state);
  dm_status status = restore(&call->all, state, &options, &call->err);
  R_xlen_t i = 0;
  while (!status && ++i < n) {
    state = VECTOR_ELT(call->states, i);
    dm_gap gap;
    status = restore(&call->other, state, &options, &call->err);
    if (!status) {
      status = dm_merge(&call->all, &call->other, n_files, &gap, &call->err);
    }
    if (!status) {
      SET_VECTOR_ELT(gaps, i - 1, make_gap(&gap));
    }
    dm_states_release(&call->other);
    call->other = (dm_states){0};
    n_files += ffi_n_files(state);
  }
  SEXP out = R_NilValue;
  if (status) {
    call->err.file = (int32_t)i;
    out = ffi_error(&call->err);
  } else {
    const char *names[] = {"state", "gaps", ""};
    out = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(out, 0, ffi_state(&call->all));
    SET_VECTOR_ELT(out, 1, gaps);
    UNPROTECT(1);
  }
  UNPROTECT(1);
  return out;
}

/* NULL where there is none. */
static SEXP make_gap(const dm_gap *gap) {
  if (!gap->is_found) {
    return R_NilValue;
  }
  SEXP out = Rf_allocVector(REALSXP, 3);
  REAL(out)[0] = gap->last;
  REAL(out)[1] = gap->first;
  REAL(out)[2] = gap->usual;
  return out;
}

static SEXP summarise_body(void *data) {
  state_call *call = data;
  dm_options options = ffi_options(call->options);
  dm_status status =
      restore(&call->all, VECTOR_ELT(call->states, 0), &options, &call->err);
  if (!status) {
    status = dm_table_init(&call->table, &call->all, &call->err);
  }
  return status ? ffi_error(&call->err)
                : ffi_result(&call->table, call->options, R_NilValue);
}

/* --- out --- */

SEXP ffi_state(const dm_states *states) {
  const char *names[] = {
      "line_counts",  "problem_counts", "problems",  "ids",         "labels",
      "s_labels",     "samples",        "steps",     "signals",     "metrics",
      "seen",         "class_sums",     "predicted", "predictions", "places",
      "class_labels", "step_distance",  ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SET_VECTOR_ELT(out, 0, ffi_line_counts(&states->counts));
  SET_VECTOR_ELT(out, 1, ffi_problem_counts(&states->problems));
  SET_VECTOR_ELT(out, 2, ffi_problems(&states->problems));
  SET_VECTOR_ELT(out, 3, make_idents(&states->ids));
  SET_VECTOR_ELT(out, 4, make_idents(&states->labels));
  SET_VECTOR_ELT(out, 5, make_idents(&states->s_labels));
  SET_VECTOR_ELT(out, 6, make_part(states, DM_STATE_SAMPLES, 0));
  SET_VECTOR_ELT(out, 7, make_part(states, DM_STATE_STEPS, 0));
  size_t n_signals = states->kept.n;
  SEXP signals = Rf_allocVector(VECSXP, (R_xlen_t)n_signals);
  SET_VECTOR_ELT(out, 8, signals);
  for (size_t i = 0; i < n_signals; i++) {
    SET_VECTOR_ELT(signals, (R_xlen_t)i, make_part(states, DM_STATE_SIGNAL, i));
  }
  SET_VECTOR_ELT(out, 9, make_part(states, DM_STATE_METRICS, 0));
  SET_VECTOR_ELT(out, 10, make_part(states, DM_STATE_SEEN, 0));
  SET_VECTOR_ELT(out, 11, make_matrix(states, DM_STATE_CLASS_SUMS));
  if (dm_state_has_matrix(states, DM_STATE_PREDICTIONS)) {
    SET_VECTOR_ELT(out, 12, make_idents(&states->predicted));
  }
  SET_VECTOR_ELT(out, 13, make_matrix(states, DM_STATE_PREDICTIONS));
  SET_VECTOR_ELT(out, 14, make_matrix(states, DM_STATE_PLACES));
  SET_VECTOR_ELT(out, 15, make_class_labels(states));
  SET_VECTOR_ELT(out, 16, Rf_ScalarReal(states->step_distance));
  UNPROTECT(1);
  return out;
}

static SEXP make_idents(const dm_index *index) {
  const char *names[] = {"values", "has_text", ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SEXP values = ffi_ident_column(dm_index_type(index), (R_xlen_t)index->n);
  SET_VECTOR_ELT(out, 0, values);
  for (size_t i = 0; i < index->n; i++) {
    dm_ident ident = dm_index_ident(index, i);
    ffi_set_ident(values, (R_xlen_t)i, &ident);
  }
  SET_VECTOR_ELT(out, 1, Rf_ScalarLogical(index->has_text));
  UNPROTECT(1);
  return out;
}

/* NULL where the run has none. */
static SEXP make_part(const dm_states *states, dm_state_part part, size_t signal) {
  if (!dm_state_has(states, part)) {
    return R_NilValue;
  }
  size_t n;
  const dm_state_field *fields = dm_state_fields(part, &n);
  SEXP out = PROTECT(Rf_allocVector(VECSXP, (R_xlen_t)n));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)n));
  void **columns = (void **)R_alloc(n, sizeof *columns);
  for (size_t i = 0; i < n; i++) {
    SET_STRING_ELT(names, (R_xlen_t)i, ffi_char(fields[i].name, strlen(fields[i].name)));
    SEXP column = Rf_allocVector(type_of(&fields[i]), (R_xlen_t)states->ids.n);
    SET_VECTOR_ELT(out, (R_xlen_t)i, column);
    columns[i] = TYPEOF(column) == REALSXP  ? (void *)REAL(column)
                 : TYPEOF(column) == INTSXP ? (void *)INTEGER(column)
                                            : (void *)LOGICAL(column);
  }
  Rf_setAttrib(out, R_NamesSymbol, names);
  dm_state_get(states, part, signal, dm_state_all_rows(states), columns);
  UNPROTECT(2);
  return out;
}

static SEXP make_matrix(const dm_states *states, dm_state_matrix which) {
  if (!dm_state_has_matrix(states, which)) {
    return R_NilValue;
  }
  size_t width = dm_state_width(states, which);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)(states->ids.n * width)));
  dm_state_get_matrix(states, which, width, dm_state_all_rows(states), REAL(out));
  UNPROTECT(1);
  return out;
}

static SEXP make_class_labels(const dm_states *states) {
  SEXP out = Rf_allocVector(INTSXP, (R_xlen_t)states->n_class_labels);
  for (size_t i = 0; i < states->n_class_labels; i++) {
    INTEGER(out)[i] = dm_state_class(states, i);
  }
  return out;
}

static SEXPTYPE type_of(const dm_state_field *field) {
  return field->type == DM_STATE_DOUBLE  ? REALSXP
         : field->type == DM_STATE_INT32 ? INTSXP
                                         : LGLSXP;
}

/* --- in: a user may have changed anything --- */

int32_t ffi_n_files(SEXP state) {
  return (int32_t)Rf_xlength(ffi_element(state, "files"));
}

/* New states with what a state holds; to be released also when this fails. */
static dm_status restore(dm_states *out, SEXP state, const dm_options *options,
                         dm_error *err) {
  DM_TRY(dm_states_init(out, options, err));
  return ffi_restore_state(out, state, err);
}

dm_status ffi_restore_state(dm_states *states, SEXP state, dm_error *err) {
  DM_TRY(restore_idents(&states->ids, state, "ids", err));
  DM_TRY(restore_idents(&states->labels, state, "labels", err));
  DM_TRY(restore_idents(&states->s_labels, state, "s_labels", err));
  if (dm_state_has_matrix(states, DM_STATE_PREDICTIONS)) {
    DM_TRY(restore_idents(&states->predicted, state, "predicted", err));
  }
  DM_TRY(restore_part(states, DM_STATE_SAMPLES, 0, ffi_element(state, "samples"), err));
  SEXP steps = ffi_element(state, "steps");
  if (steps != R_NilValue) {
    DM_TRY(restore_part(states, DM_STATE_STEPS, 0, steps, err));
  }
  SEXP signals;
  R_xlen_t n_signals = (R_xlen_t)states->kept.n;
  DM_TRY(ffi_typed_element(&signals, state, "signals", VECSXP, n_signals, err));
  for (R_xlen_t i = 0; i < n_signals; i++) {
    DM_TRY(restore_part(states, DM_STATE_SIGNAL, (size_t)i, VECTOR_ELT(signals, i), err));
  }
  if (dm_state_has(states, DM_STATE_METRICS)) {
    DM_TRY(restore_part(states, DM_STATE_METRICS, 0, ffi_element(state, "metrics"), err));
  }
  if (dm_state_has(states, DM_STATE_SEEN)) {
    DM_TRY(restore_part(states, DM_STATE_SEEN, 0, ffi_element(state, "seen"), err));
  }
  DM_TRY(restore_matrix(states, DM_STATE_CLASS_SUMS, state, "class_sums", err));
  DM_TRY(restore_matrix(states, DM_STATE_PREDICTIONS, state, "predictions", err));
  DM_TRY(restore_matrix(states, DM_STATE_PLACES, state, "places", err));
  DM_TRY(restore_class_labels(states, state, err));
  DM_TRY(ffi_restore_problems(states, ffi_element(state, "problems"), err));
  return restore_totals(states, state, err);
}

static dm_status restore_idents(dm_index *index, SEXP state, const char *name,
                                dm_error *err) {
  SEXP list = ffi_element(state, name);
  SEXP values = ffi_element(list, "values");
  SEXP has_text;
  DM_TRY(ffi_typed_element(&has_text, list, "has_text", LGLSXP, 1, err));
  if (TYPEOF(values) != INTSXP && TYPEOF(values) != REALSXP && TYPEOF(values) != STRSXP) {
    dm_error_expected(err, DM_E_INPUT, "an integer, double or character vector");
    dm_error_key(err, name, strlen(name));
    return DM_E_INPUT;
  }
  const double exact = 9007199254740992.0; /* 2^53 */
  for (R_xlen_t i = 0; i < Rf_xlength(values); i++) {
    dm_ident ident = {0};
    if (TYPEOF(values) != REALSXP ||
        (REAL_RO(values)[i] >= -exact && REAL_RO(values)[i] <= exact &&
         (double)(int64_t)REAL_RO(values)[i] == REAL_RO(values)[i])) {
      ident = ffi_ident(values, i);
    }
    DM_TRY(dm_state_add_ident(index, &ident, LOGICAL_RO(has_text)[0] == 1, name, err));
  }
  return DM_OK;
}

static dm_status restore_part(dm_states *states, dm_state_part part, size_t signal,
                              SEXP list, dm_error *err) {
  size_t n;
  const dm_state_field *fields = dm_state_fields(part, &n);
  const void **columns = (const void **)R_alloc(n, sizeof *columns);
  for (size_t i = 0; i < n; i++) {
    SEXP column;
    DM_TRY(ffi_typed_element(&column, list, fields[i].name, type_of(&fields[i]),
                             (R_xlen_t)states->ids.n, err));
    columns[i] = TYPEOF(column) == REALSXP  ? (const void *)REAL_RO(column)
                 : TYPEOF(column) == INTSXP ? (const void *)INTEGER_RO(column)
                                            : (const void *)LOGICAL_RO(column);
  }
  return dm_state_set(states, part, signal, dm_state_all_rows(states), columns, err);
}

static dm_status restore_matrix(dm_states *states, dm_state_matrix which, SEXP state,
                                const char *name, dm_error *err) {
  if (!dm_state_has_matrix(states, which)) {
    return DM_OK;
  }
  size_t n = states->ids.n;
  size_t n_values = (size_t)Rf_xlength(ffi_element(state, name));
  size_t width = which == DM_STATE_PREDICTIONS ? states->predicted.n
                 : n                           ? n_values / n
                                               : 0;
  SEXP values;
  DM_TRY(ffi_typed_element(&values, state, name, REALSXP, (R_xlen_t)(n * width), err));
  return dm_state_set_matrix(states, which, width, dm_state_all_rows(states),
                             REAL_RO(values), err);
}

static dm_status restore_class_labels(dm_states *states, SEXP state, dm_error *err) {
  R_xlen_t n = Rf_xlength(ffi_element(state, "class_labels"));
  SEXP labels;
  DM_TRY(ffi_typed_element(&labels, state, "class_labels", INTSXP, n, err));
  for (R_xlen_t i = 0; i < n; i++) {
    DM_TRY(dm_state_add_class(states, INTEGER_RO(labels)[i], err));
  }
  return DM_OK;
}

static dm_status restore_totals(dm_states *states, SEXP state, dm_error *err) {
  uint64_t lines[FFI_LINE_COUNTS];
  dm_state_totals totals = {.n_files = ffi_n_files(state)};
  DM_TRY(ffi_restore_counts(lines, state, "line_counts", ffi_line_count_names,
                            FFI_LINE_COUNTS, err));
  DM_TRY(ffi_restore_counts(totals.problems, state, "problem_counts",
                            dm_problem_kind_names, DM_PROBLEM_KINDS, err));
  totals.counts = (dm_counts){.lines = lines[0],
                              .good = lines[1],
                              .blank = lines[2],
                              .bad = lines[3],
                              .cut = lines[4]};
  SEXP distance;
  DM_TRY(ffi_typed_element(&distance, state, "step_distance", REALSXP, 1, err));
  totals.step_distance = REAL_RO(distance)[0];
  return dm_state_finish(states, &totals, err);
}

/* --- files --- */

/* What R keeps beside a run: its names in the state. */
static const char *const about_names[DM_N_ABOUT] = {
    [DM_ABOUT_PACKAGE] = "package",
    [DM_ABOUT_FILES] = "files",
    [DM_ABOUT_SIGNALS] = "signals",
    [DM_ABOUT_METRICS] = "metrics",
};

typedef struct file_call {
  const char *path;
  SEXP list; /* the state */
  SEXP about;
  SEXP options;
  ffi_unwind unwind;
  ffi_host host;
  dm_texts texts[DM_N_ABOUT];
  dm_states states;
  dm_source *source;
  dm_state_file file;
  dm_error err;
} file_call;

static SEXP call_file(SEXP (*body)(void *), file_call *call) {
  call->unwind.token = PROTECT(R_MakeUnwindCont());
  call->host = (ffi_host){.unwind = &call->unwind, .progress = R_NilValue};
  SEXP out = R_ExecWithCleanup(body, call, file_cleanup, call);
  UNPROTECT(1);
  return out;
}

static void file_cleanup(void *data) {
  file_call *call = data;
  for (size_t i = 0; i < DM_N_ABOUT; i++) {
    dm_texts_release(&call->texts[i]);
  }
  dm_states_release(&call->states);
  dm_source_close(call->source);
  dm_state_file_release(&call->file);
}

/* path: a string in UTF-8; state: a list; about: a list of character vectors, of which R
   has checked that they are UTF-8; options: those of the state. NULL, or the error, which
   has a file where it is not about the state. */
SEXP ffi_save_state(SEXP path_sexp, SEXP state_sexp, SEXP about_sexp, SEXP options_sexp) {
  file_call call = {.path = CHAR(STRING_ELT(path_sexp, 0)),
                    .list = state_sexp,
                    .about = about_sexp,
                    .options = options_sexp};
  return call_file(save_body, &call);
}

static SEXP save_body(void *data) {
  file_call *call = data;
  dm_options options = ffi_options(call->options);
  dm_status status = restore(&call->states, call->list, &options, &call->err);
  if (status) {
    return ffi_error(&call->err);
  }
  for (size_t i = 0; i < DM_N_ABOUT && !status; i++) {
    SEXP texts = ffi_element(call->about, about_names[i]);
    const char *const *elements = ffi_texts(texts);
    for (R_xlen_t k = 0; k < Rf_xlength(texts) && !status; k++) {
      const char *text = elements[k] ? elements[k] : "NA";
      status = dm_texts_add(&call->texts[i], text, strlen(text), &call->err);
    }
  }
  if (!status) {
    dm_host host = ffi_host_for_core(&call->host);
    status =
        dm_state_file_write(call->path, &call->states, call->texts, &host, &call->err);
  }
  ffi_unwind_continue(&call->unwind);
  call->err.file = 0;
  return status ? ffi_error(&call->err) : R_NilValue;
}

/* path: a string in UTF-8. A list of what R keeps of a state (about), the names of what
   the core was asked for (signals, metrics), burn_out, steps, ids and the state; or, of a
   file of another version, whether it is newer and the package that it names (NA: none);
   or the error. */
SEXP ffi_load_state(SEXP path_sexp) {
  file_call call = {.path = CHAR(STRING_ELT(path_sexp, 0))};
  return call_file(load_body, &call);
}

static SEXP load_body(void *data) {
  file_call *call = data;
  dm_host host = ffi_host_for_core(&call->host);
  dm_status status = dm_source_open_file(&call->source, call->path, &host, &call->err);
  if (!status) {
    status = dm_state_file_read(&call->file, call->source, ffi_seed(), &call->err);
  }
  ffi_unwind_continue(&call->unwind);
  call->err.file = 0;
  if (status == DM_E_INPUT) {
    return make_version(&call->file);
  }
  return status ? ffi_error(&call->err) : make_loaded(&call->file);
}

/* The number that objects of R and files have in common. */
SEXP ffi_state_version(void) {
  return Rf_ScalarInteger(DM_STATE_FILE_VERSION);
}

static SEXP make_version(const dm_state_file *file) {
  const char *names[] = {"is_newer", "package", ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SET_VECTOR_ELT(out, 0, Rf_ScalarLogical(file->version > DM_STATE_FILE_VERSION));
  SEXP package = make_texts(&file->about[DM_ABOUT_PACKAGE]);
  SET_VECTOR_ELT(out, 1, Rf_xlength(package) == 1 ? package : Rf_ScalarString(NA_STRING));
  UNPROTECT(1);
  return out;
}

static SEXP make_loaded(const dm_state_file *file) {
  const dm_options *options = &file->states.options;
  const char *names[] = {"about", "signals", "metrics", "burn_out",
                         "steps", "ids",     "state",   ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SEXP about = Rf_allocVector(VECSXP, DM_N_ABOUT);
  SET_VECTOR_ELT(out, 0, about);
  SEXP about_texts = PROTECT(Rf_allocVector(STRSXP, DM_N_ABOUT));
  for (int i = 0; i < DM_N_ABOUT; i++) {
    SET_STRING_ELT(about_texts, i, ffi_char(about_names[i], strlen(about_names[i])));
    SET_VECTOR_ELT(about, i, make_texts(&file->about[i]));
  }
  Rf_setAttrib(about, R_NamesSymbol, about_texts);
  SET_VECTOR_ELT(out, 1, make_texts(&file->signals));
  SET_VECTOR_ELT(out, 2, make_metrics(options->metrics));
  SET_VECTOR_ELT(out, 3, Rf_ScalarReal(options->burn_out));
  if (options->has_step_range) {
    SEXP steps = Rf_allocVector(REALSXP, 2);
    SET_VECTOR_ELT(out, 4, steps);
    REAL(steps)[0] = options->first_step;
    REAL(steps)[1] = options->last_step;
  }
  if (options->n_shares > 0) {
    SEXP ids = Rf_allocVector(REALSXP, 2);
    SET_VECTOR_ELT(out, 5, ids);
    REAL(ids)[0] = (double)options->share + 1;
    REAL(ids)[1] = options->n_shares;
  }
  SET_VECTOR_ELT(out, 6, ffi_state(&file->states));
  UNPROTECT(2);
  return out;
}

static SEXP make_texts(const dm_texts *texts) {
  SEXP out = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)texts->n));
  for (size_t i = 0; i < texts->n; i++) {
    const char *text = dm_texts_at(texts, i);
    SET_STRING_ELT(out, (R_xlen_t)i, ffi_char(text, strlen(text)));
  }
  UNPROTECT(1);
  return out;
}

static SEXP make_metrics(uint32_t metrics) {
  R_xlen_t n = 0;
  for (int i = 0; i < DM_N_METRICS; i++) {
    n += metrics >> i & 1;
  }
  SEXP out = PROTECT(Rf_allocVector(STRSXP, n));
  R_xlen_t at = 0;
  for (int i = 0; i < DM_N_METRICS; i++) {
    if (metrics >> i & 1) {
      const char *name = dm_metrics[i].name;
      SET_STRING_ELT(out, at++, ffi_char(name, strlen(name)));
    }
  }
  UNPROTECT(1);
  return out;
}
