/* Bytes in: plain and compressed files, memory, a callback. Never a memory map, because a
   file may be truncated by the training that writes it. */
#ifndef DM_SOURCE_H
#define DM_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_error.h"
#include "base/dm_host.h"

/* Reads up to n bytes into buf; 0 at the end, and then it is not called again. Negative:
   failed, the source gives up with DM_E_INTERRUPT and the callback's owner knows why. */
typedef int64_t (*dm_read_fn)(void *ctx, char *buf, size_t n);

typedef struct dm_source dm_source;

/* Open a source; *out is NULL on failure, else closed by dm_source_close().
   A file (path in UTF-8) is read up to the size that it has when opened; a pipe or device
   to its end. Compressions are known by their first bytes, wherever they come from; those
   that the core does not read (dm_codec) are refused with an advice. memory stays the
   caller's and must outlive the source. host may be NULL. One thread at a time. DM_E_IO
   (cannot open, a directory, another compression; the first bytes can't be read),
   DM_E_INTERRUPT, DM_E_MEMORY. */
dm_status dm_source_open_file(dm_source **out, const char *path, const dm_host *host,
                              dm_error *err) DM_MUST_CHECK;
dm_status dm_source_open_memory(dm_source **out, const void *memory, size_t len,
                                const dm_host *host, dm_error *err) DM_MUST_CHECK;
dm_status dm_source_open_callback(dm_source **out, dm_read_fn read, void *ctx,
                                  const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* Fills buf with n bytes, fewer only at the end of the source; *got is how many.
   DM_E_IO (reading failed, the file shrank, a broken compressed stream), DM_E_INTERRUPT,
   DM_E_MEMORY. */
dm_status dm_source_read(dm_source *source, char *buf, size_t n, size_t *got,
                         dm_error *err) DM_MUST_CHECK;

/* Plain bytes that have places (a regular file, but not on Windows; memory) can be read
   from any of them and by any thread: the source's own thread skips bytes, of which it is
   told where they stand, and whoever has time reads them there. */

/* Whether the source has places. */
bool dm_source_has_places(const dm_source *source);
/* Goes past the next n bytes, fewer only where so many are left or there are more than a
   megabyte; *from and *got say which, 0 of them at the end. DM_E_INTERRUPT. */
dm_status dm_source_skip(dm_source *source, size_t n, uint64_t *from, size_t *got,
                         dm_error *err) DM_MUST_CHECK;
/* Fills buf with n bytes that were skipped. Several threads may do so side by side, until
   the source is closed. DM_E_IO (reading failed, the file shrank). */
dm_status dm_source_read_at(const dm_source *source, uint64_t from, char *buf, size_t n,
                            dm_error *err) DM_MUST_CHECK;

/* A regular file that is compressed, opened as by dm_source_open_file() without a
   host; NULL for every other path, whatever it names or why it can't be opened. Waits for
   nothing. */
dm_source *dm_source_open_compressed(const char *path);

/* Whether the source is such a file. */
bool dm_source_is_regular_compressed(const dm_source *source);

/* Somebody who reads a source in its owner's place: read is what dm_source_read() calls
   then, close what dm_source_close() calls first. */
typedef struct dm_borrower {
  dm_status (*read)(void *ctx, char *buf, size_t n, size_t *got, dm_error *err);
  void (*close)(void *ctx);
  void *ctx;
} dm_borrower;

/* From now on the borrower reads the source, by dm_source_read_lent(), on any one thread
   at a time, and asks the host, which the source no longer does. */
void dm_source_lend(dm_source *source, const dm_borrower *borrower);
bool dm_source_is_lent(const dm_source *source);
/* As dm_source_read(); where it fails, *got bytes before the fault are in buf. */
dm_status dm_source_read_lent(dm_source *source, char *buf, size_t n, size_t *got,
                              dm_error *err) DM_MUST_CHECK;

/* How many bytes of input, as they are stored, have been read so far. */
uint64_t dm_source_bytes(const dm_source *source);

/* The name of the compression that is undone on the way; NULL: plain bytes. */
const char *dm_source_compression(const dm_source *source);

/* Of a compressed source that was read to the end or to a fault: whether its bytes ended
   in the middle of a stream (a member, a frame); *whole is then how many stand before
   that. */
bool dm_source_is_cut(const dm_source *source, uint64_t *whole);

/* Whether the file has grown since it was opened. */
bool dm_source_has_grown(const dm_source *source);

/* NULL is allowed. */
void dm_source_close(dm_source *source);

#endif
