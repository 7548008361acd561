/* What the files of the glue share: R on one side, the core on the other. */
#ifndef FFI_H
#define FFI_H

#include <Rinternals.h>
#include <stdbool.h>

#include "base/dm_error.h"
#include "io/dm_source.h"
#include "number/dm_missing.h"

/* Calls into R from inside the core. A jump (an error, Ctrl-C, a time limit) is caught
   and kept, so that the core can unwind by its statuses first; ffi_unwind_continue() then
   lets it go on. token: R_MakeUnwindCont(), protected by the caller. */
typedef struct ffi_unwind {
  SEXP token;
  bool is_jumping;
} ffi_unwind;

/* Runs fn(data) and puts its value (not protected) into *out, if that is not NULL. False:
   it jumped; nothing of R may be called until ffi_unwind_continue(). */
bool ffi_unwind_try(ffi_unwind *unwind, SEXP (*fn)(void *), void *data, SEXP *out);
/* Goes on with the jump that was caught, if any. */
void ffi_unwind_continue(ffi_unwind *unwind);

/* The host of a run: lets Ctrl-C through and shows progress. */
typedef struct ffi_host {
  ffi_unwind *unwind;
  SEXP progress;         /* function(bytes), or R_NilValue */
  double next_progress;  /* seconds of the clock when it is due */
  uint64_t bytes_before; /* of the sources that are read already */
} ffi_host;

/* A dm_host on top of it. */
dm_host ffi_host_for_core(ffi_host *host);

/* A list with the fields of err, of class "dm_error": R makes a condition of it. */
SEXP ffi_error(const dm_error *err);

/* Which of n names a string of R is, for an enum of that order; -1: none of them. */
int ffi_choice(SEXP text_sexp, const char *const *names, int n);

/* Where a vector or list has this name; -1 where it has not, or its names are no texts,
   or not as many as its elements, which bytes from elsewhere can make them. */
R_xlen_t ffi_place(SEXP vector, const char *name);

/* The element of a named list; R_NilValue where there is none, or list is no list. */
SEXP ffi_element(SEXP list, const char *name);

/* Whether R gave what it must: a vector of that type and length, a matrix of doubles with
   so many rows. Else DM_E_INPUT with the name as the key. */
dm_status ffi_check_vector(SEXP vector, const char *name, SEXPTYPE type, R_xlen_t n,
                           dm_error *err) DM_MUST_CHECK;
dm_status ffi_check_matrix(SEXP matrix, const char *name, R_xlen_t n,
                           dm_error *err) DM_MUST_CHECK;

/* The same for an element of a list. */
dm_status ffi_typed_element(SEXP *out, SEXP list, const char *name, SEXPTYPE type,
                            R_xlen_t n, dm_error *err) DM_MUST_CHECK;

/* What is missing in R's vectors. */
dm_missing ffi_missing(void);

/* A number that differs from process to process and from call to call. */
uint64_t ffi_seed(void);

/* CHARSXP of UTF-8 bytes. */
SEXP ffi_char(const char *text, size_t len);

/* The bytes of a CHARSXP in UTF-8, in memory of R_alloc(); as they are where R takes them
   for no text. */
const char *ffi_utf8(SEXP text);

/* The elements of a character vector in UTF-8, NULL where missing; in memory of
   R_alloc(). */
const char *const *ffi_texts(SEXP column);

/* The entries of .Call. */
SEXP ffi_summarise(SEXP sources_sexp, SEXP options_sexp, SEXP progress_sexp);
SEXP ffi_summarise_table(SEXP columns_sexp, SEXP options_sexp, SEXP progress_sexp);
SEXP ffi_read_signals(SEXP sources_sexp, SEXP options_sexp, SEXP progress_sexp,
                      SEXP wanted_sexp);
SEXP ffi_field_names(void);
SEXP ffi_features(void);
SEXP ffi_column_names(void);
SEXP ffi_integer64(SEXP x_sexp, SEXP is_text_sexp);
SEXP ffi_is_ascii(SEXP x_sexp);
SEXP ffi_whole_numbers(SEXP x_sexp);
SEXP ffi_write_summary(SEXP columns_sexp, SEXP path_sexp, SEXP style_sexp);
SEXP ffi_write_text(SEXP lines_sexp, SEXP path_sexp);
SEXP ffi_read_summary(SEXP input_sexp, SEXP as_texts_sexp);
SEXP ffi_recorder_open(SEXP path_sexp, SEXP start_sexp, SEXP ids_sexp, SEXP options_sexp);
SEXP ffi_recorder_add(SEXP recorder_sexp, SEXP columns_sexp, SEXP kinds_sexp,
                      SEXP n_rows_sexp, SEXP nulls_sexp);
SEXP ffi_write_lines(SEXP path_sexp, SEXP columns_sexp, SEXP kinds_sexp, SEXP n_rows_sexp,
                     SEXP nulls_sexp);
SEXP ffi_signal_lines(SEXP columns_sexp, SEXP kinds_sexp, SEXP n_rows_sexp);
SEXP ffi_recorder_close(SEXP recorder_sexp);
SEXP ffi_recorder_state(SEXP recorder_sexp);
SEXP ffi_recorder_summary(SEXP recorder_sexp);
SEXP ffi_recorder_running(SEXP recorder_sexp);
SEXP ffi_read_state(SEXP input_sexp, SEXP options_sexp, SEXP progress_sexp,
                    SEXP is_table_sexp, SEXP start_sexp);
SEXP ffi_merge_states(SEXP states_sexp, SEXP options_sexp);
SEXP ffi_summarise_state(SEXP states_sexp, SEXP options_sexp);
SEXP ffi_save_state(SEXP path_sexp, SEXP state_sexp, SEXP about_sexp, SEXP options_sexp);
SEXP ffi_load_state(SEXP path_sexp);
SEXP ffi_state_version(void);
SEXP ffi_writer_open(SEXP path_sexp);
SEXP ffi_writer_add(SEXP writer_sexp, SEXP bytes_sexp);
SEXP ffi_writer_place(SEXP writer_sexp);
SEXP ffi_writer_close(SEXP writer_sexp, SEXP is_kept_sexp);

#endif
