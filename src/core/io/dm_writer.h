/* Bytes out: a file that is replaced as a whole or not at all, or one that grows by whole
   pieces. */
#ifndef DM_WRITER_H
#define DM_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_error.h"
#include "io/dm_source.h"

/* The most that dm_writer_room() gives at once. */
enum { DM_WRITER_ROOM_MAX = 1 << 16 };

/* How the names of temporary files end: FILE.PID-NUMBER.dmtmp beside FILE. One stays
   behind only where the process was killed; nothing ever reads one, so that they may be
   swept at any time when nothing writes. */
#define DM_WRITER_SUFFIX ".dmtmp"

typedef struct dm_writer dm_writer;

/* Starts to write the file at path (UTF-8). What is written goes to a temporary file in
   the same folder until dm_writer_commit(); until then an old file stays as it is, and
   after a failure too. The new file has the old one's permissions, else those that the
   umask leaves. Through a symbolic link, the file that it leads to is replaced. What is
   no regular file (/dev/stdout, a FIFO) is written to directly. A name that ends as those
   of a compression do (dm_codec) gets a file compressed by it. *out is NULL on failure,
   else released by dm_writer_close(). host may be NULL; check() is called after every
   quarter of a megabyte and while a FIFO waits, with the number of bytes written. One
   thread at a time.
   DM_E_IO with errno (a directory, no permission, a read-only file), without one where
   the compression is none that is written here; DM_E_MEMORY, DM_E_INTERRUPT. */
dm_status dm_writer_open(dm_writer **out, const char *path, const dm_host *host,
                         dm_error *err) DM_MUST_CHECK;

/* Gives room for n bytes (at most DM_WRITER_ROOM_MAX) in *out, valid until the next call;
   dm_writer_advance() says where what was written there ends. DM_E_IO, DM_E_INTERRUPT. */
dm_status dm_writer_room(dm_writer *writer, size_t n, char **out,
                         dm_error *err) DM_MUST_CHECK;
void dm_writer_advance(dm_writer *writer, const char *end);

/* Writes n bytes. DM_E_IO, DM_E_INTERRUPT. */
dm_status dm_writer_write(dm_writer *writer, const void *bytes, size_t n,
                          dm_error *err) DM_MUST_CHECK;

/* The path of the temporary file, for others who write it in the writer's place: what is
   there at dm_writer_commit() is the file then. NULL where there is none, or where what
   is written is compressed. Borrowed. */
const char *dm_writer_temporary(const dm_writer *writer);

/* Makes the file what was written, safely on the disk; after dm_writer_open_append() it
   has all of that already, and is only put on the disk and closed. After it, and after
   any failure, only dm_writer_close() may follow. DM_E_IO: also as dm_writer_append();
   DM_E_INTERRUPT. */
dm_status dm_writer_commit(dm_writer *writer, dm_error *err) DM_MUST_CHECK;

/* Opens the file at path (UTF-8) to add to it by dm_writer_append() alone, which makes a
   stream of each call's bytes where the name asks for a compression; one that is
   not there is made, empty, with the permissions that the umask leaves. Where is_new, it
   must not be there, or be empty. Devices and FIFOs are written to as they are. *out is
   NULL on failure, else released by dm_writer_close(). host as for dm_writer_open(), for
   this call only. DM_E_IO as dm_writer_open(), EEXIST where it had to be new;
   DM_E_MEMORY, DM_E_INTERRUPT. */
dm_status dm_writer_open_append(dm_writer **out, const char *path, bool is_new,
                                const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* Adds n bytes behind the end. When it fails, none of them are in the file and the writer
   can go on, unless is_broken says that they may be: then only dm_writer_close() may
   follow. (A process that is killed may leave some.) host may be NULL. DM_E_IO: also
   where the file has not the size that it had, because somebody else writes to it, and
   where it was deleted, moved or replaced (which Windows does to no open file);
   DM_E_INTERRUPT. */
dm_status dm_writer_append(dm_writer *writer, const void *bytes, size_t n,
                           const dm_host *host, bool *is_broken,
                           dm_error *err) DM_MUST_CHECK;

/* Of a writer for appending: the size of the file, 0 for a device; whether it is one. */
uint64_t dm_writer_size(const dm_writer *writer);
bool dm_writer_is_device(const dm_writer *writer);
/* Cuts the file, which is a regular one, to a smaller size. DM_E_IO. */
dm_status dm_writer_cut(dm_writer *writer, uint64_t size, dm_error *err) DM_MUST_CHECK;

/* Without a commit before it, leaves everything as it was and removes the temporary file;
   what was appended stays.
   NULL is allowed. */
void dm_writer_close(dm_writer *writer);

#endif
