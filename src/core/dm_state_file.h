/* A state's bytes in a file of their own, with a version and a checksum. */
#ifndef DM_STATE_FILE_H
#define DM_STATE_FILE_H

#include "dm_grow.h"
#include "dm_source.h"

/* What stands before the bytes: 8 bytes "datamap" and a newline, the version in 4 bytes,
   the number of bytes that follow in 8, and in 4 the CRC-32 (as gzip's) of the 20 bytes
   before it and of all that follow it. Numbers have their lowest byte first. */
enum { DM_STATE_FILE_HEADER = 24 };

/* Replaces the file at path (UTF-8) as a whole or not at all. Errors as of
   dm_writer_open(), dm_writer_write() and dm_writer_commit(); host may be NULL. */
dm_status dm_state_file_write(const char *path, uint32_t version, const void *bytes,
                              size_t n, const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* Appends the bytes of such a file, which is the whole source, to out. DM_E_SYNTAX where
   it is none, DM_E_IO where it is cut or damaged, DM_E_MEMORY, DM_E_INTERRUPT. */
dm_status dm_state_file_read(dm_source *source, uint32_t *version, dm_buf *out,
                             dm_error *err) DM_MUST_CHECK;

#endif
