/* Arrow streams of R: see ffi_stream.c. */
#ifndef FFI_STREAM_H
#define FFI_STREAM_H

#include "ffi.h"
#include "summary/dm_stream.h"

/* Whether the columns that R gives are those of a stream. */
bool ffi_is_stream(SEXP input);

/* Reads a stream to its end. input: a list of the stream, of the batches that have been
   got from it (external pointers of the package nanoarrow, which releases what they point
   to), and of the places of columns, from 1, NA for none: fields (a list by their names),
   probs and logits (lists of column and parts), signals; is_epoch; classes (their names)
   and is_predicting. stream is the memory, to be released by the caller. As
   dm_stream_rest(). */
dm_status ffi_read_stream(dm_stream *stream, dm_run *run, SEXP input, const dm_host *host,
                          dm_error *err) DM_MUST_CHECK;

#endif
