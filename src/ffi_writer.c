/* Bytes out, piece by piece, to a file that is replaced as a whole or not at all: a
   writer of the core behind an external pointer of R. */
#include <string.h>

#include "ffi.h"
#include "io/dm_writer.h"

static void free_writer(SEXP pointer) {
  dm_writer_close(R_ExternalPtrAddr(pointer));
  R_ClearExternalPtr(pointer);
}

/* path: a string in UTF-8. The writer, or the error. */
SEXP ffi_writer_open(SEXP path_sexp) {
  SEXP pointer = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(pointer, free_writer, TRUE);
  dm_writer *writer;
  dm_error err;
  dm_status status = dm_writer_open(&writer, CHAR(STRING_ELT(path_sexp, 0)), NULL, &err);
  R_SetExternalPtrAddr(pointer, status ? NULL : writer);
  SEXP out = status ? ffi_error(&err) : pointer;
  UNPROTECT(1);
  return out;
}

/* bytes: a raw vector. NULL, or the error. */
SEXP ffi_writer_add(SEXP writer_sexp, SEXP bytes_sexp) {
  dm_error err;
  dm_writer *writer = R_ExternalPtrAddr(writer_sexp);
  size_t n = (size_t)Rf_xlength(bytes_sexp);
  return writer && dm_writer_write(writer, RAW_RO(bytes_sexp), n, &err) ? ffi_error(&err)
                                                                        : R_NilValue;
}

/* Where somebody else may write the file, or NULL, see dm_writer_temporary(). */
SEXP ffi_writer_place(SEXP writer_sexp) {
  const dm_writer *writer = R_ExternalPtrAddr(writer_sexp);
  const char *place = writer ? dm_writer_temporary(writer) : NULL;
  return place ? Rf_ScalarString(ffi_char(place, strlen(place))) : R_NilValue;
}

/* Ends it, and makes the file what was written if it is to be kept. NULL, or the error.
 */
SEXP ffi_writer_close(SEXP writer_sexp, SEXP is_kept_sexp) {
  dm_error err;
  dm_writer *writer = R_ExternalPtrAddr(writer_sexp);
  bool is_kept = writer && Rf_asLogical(is_kept_sexp) == 1;
  dm_status status = is_kept ? dm_writer_commit(writer, &err) : DM_OK;
  free_writer(writer_sexp);
  return status ? ffi_error(&err) : R_NilValue;
}
