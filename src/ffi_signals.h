/* Signals from R into the core: options, ids, sources. */
#ifndef FFI_SIGNALS_H
#define FFI_SIGNALS_H

#include "ffi.h"
#include "io/dm_source.h"
#include "signals/dm_ident.h"
#include "signals/dm_options.h"
#include "summary/dm_index.h"

/* Reads the options list into the core's struct. The names of signals are in memory of
   R_alloc(). */
dm_options ffi_options(SEXP options_sexp);

/* Element i of a column of ids or labels: an integer vector, whole doubles up to 2^53,
   doubles of class integer64, strings. None where it is missing or the column is of
   another type; text is borrowed.
 */
dm_ident ffi_ident(SEXP column, R_xlen_t i);

/* Asks for an element of strings before it is looked at: where R has a string, its length
   and first bytes lie together, and in a long column nothing of them is at hand. */
static inline void ffi_prefetch_text(const SEXP *texts, R_xlen_t i) {
  enum { LINE = 64 };
  const char *text = (const void *)texts[i];
  __builtin_prefetch(text);
  __builtin_prefetch(text + LINE - 1);
}

enum { FFI_TEXTS_AHEAD = 16 }; /* so many rows before, that it has come by then */

/* Whether column is one of n ids or labels, or NULL; else DM_E_INPUT with its name. */
dm_status ffi_check_idents(SEXP column, const char *name, R_xlen_t n,
                           dm_error *err) DM_MUST_CHECK;

/* A column of n ids or labels of that type, and an element of it. */
SEXP ffi_ident_column(dm_ident_type type, R_xlen_t n);
void ffi_set_ident(SEXP out, R_xlen_t i, const dm_ident *ident);

/* Opens a source that is no path: a raw vector, or a function(n) that returns at most n
   bytes as a raw vector. reader is the memory that the source needs. */
typedef struct ffi_reader {
  ffi_unwind *unwind;
  SEXP function;
} ffi_reader;

dm_status ffi_open_source(dm_source **out, SEXP source_sexp, ffi_reader *reader,
                          const dm_host *host, dm_error *err) DM_MUST_CHECK;

#endif
