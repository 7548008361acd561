/* The signals of a training in progress: added to a file of JSON Lines call by call, and
   summarised while they come. */
#ifndef DM_RECORDER_H
#define DM_RECORDER_H

#include "files/dm_json_lines.h"
#include "summary/dm_run.h"

typedef enum dm_recorder_start {
  DM_RECORDER_NEW,      /* the file must not be there, or be empty */
  DM_RECORDER_APPEND,   /* what the file holds is read and gone on with */
  DM_RECORDER_REPAIR,   /* the same, and an incomplete last line, of a compressed file an
                           incomplete last call, is cut off first */
  DM_RECORDER_OVERWRITE /* what the file holds is lost */
} dm_recorder_start;

typedef struct dm_recorder dm_recorder;

typedef struct dm_declared_ids {
  const dm_ident *ids; /* borrowed */
  size_t n;
} dm_declared_ids;

/* Starts to record into the file at path (UTF-8), or into memory only where path is NULL.
   ids are the only ones that will be accepted; any are where there are none. options are
   those of the summary; they are copied, and so are the names of signals. *out is to be
   freed also when this fails. host may be NULL, as below. One thread at a time. DM_E_IO
   as dm_writer_open_append(); all that reading an existing file can fail with:
   DM_E_SYNTAX with an advice for an incomplete last line, DM_E_IO with one for an
   incomplete last call of a compressed file, DM_E_INPUT for one whose compression is not
   what its name says; DM_E_FIELD (key "id") for an id that is not among ids, or twice
   there (line: its place, file -1); DM_E_MEMORY; DM_E_INTERRUPT. */
dm_status dm_recorder_open(dm_recorder **out, const char *path, dm_recorder_start start,
                           dm_declared_ids ids, const dm_options *options,
                           const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* Adds n_rows lines. Either all of them are in the file and in the summary, or none.
   Errors have the row (from 1) as their line, and no file:
   DM_E_FIELD, DM_E_RANGE what the reader would not accept; an id that was not declared;
              a step that is not above the last of its id; an id twice in one call without
              steps; a step for some lines of an id only
   DM_E_INPUT text that is no UTF-8; a recorder that is closed (line 0)
   DM_E_IO    as dm_writer_append()
   DM_E_LIMIT, DM_E_MEMORY, DM_E_INTERRUPT. Where the recorder can't go on after that (see
   dm_recorder_is_open()), it is closed. */
dm_status dm_recorder_add(dm_recorder *recorder, const dm_json_column *columns,
                          size_t n_columns, size_t n_rows, const dm_json_nulls *nulls,
                          const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* Writes a whole table as lines, beside any recorder, which keeps no rule of order: only
   what the reader would not accept of a line for itself is refused; nothing but text that
   is no UTF-8 where missing_is_null, for then it is a table of any kind. Then the file is
   left as it was. Errors as of dm_recorder_add(), DM_E_IO as of dm_writer_open(). */
dm_status dm_recorder_write(const char *path, const dm_json_column *columns,
                            size_t n_columns, size_t n_rows, const dm_json_nulls *nulls,
                            const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* What has been recorded so far; valid until the next call with this recorder. Where
   dm_recorder_is_lost(), memory ran out while a call was taken in, and the states of
   samples are not to be read. */
const dm_run *dm_recorder_run(const dm_recorder *recorder);
bool dm_recorder_is_open(const dm_recorder *recorder);
bool dm_recorder_is_lost(const dm_recorder *recorder);

/* Puts the file on the disk and closes it; nothing more can be added. The summary stays.
   DM_E_IO. */
dm_status dm_recorder_close(dm_recorder *recorder, dm_error *err) DM_MUST_CHECK;

/* NULL is allowed. Also closes the file. */
void dm_recorder_free(dm_recorder *recorder);

#endif
