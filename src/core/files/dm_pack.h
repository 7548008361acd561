/* Tables of typed columns in one file, the same on every machine: what states are kept
   in.

   A file is 8 bytes "datamap" and a newline, a version in 4, tables, and behind them the
   number of all bytes so far in 8 and the CRC-32 (as gzip's) of all bytes so far in 4.
   That much is so in every version. Numbers have their lowest byte first.

   A table is its name; the number of its columns in 4 bytes; of each column the type in
   1, the name, and in 4 how many values a row has; the number of rows in 8; then the
   rows in groups. A name is its length in 1 byte, and the bytes. Values that are no text
   have the size of their type, of a text the length stands in their place, in 4 bytes.
   A group is as many rows as that makes DM_PACK_GROUP bytes of, at least one and no more
   than are left: column by column, value by value, row by row. Behind these the texts of
   its rows, again column by column.

   So nothing is longer than what was read before says, and a reader needs no more memory
   than a small multiple of the bytes that it was given, whatever numbers stand there. */
#ifndef DM_PACK_H
#define DM_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_grow.h"
#include "io/dm_source.h"

enum { DM_PACK_GROUP = 1 << 18, DM_PACK_HEADER = 12, DM_PACK_TRAILER = 12 };

/* The letter in the file, and what the values are in memory. */
typedef enum dm_pack_type {
  DM_PACK_FLAG = 'f',   /* 1 byte; int32_t, 0 or 1 (or more in a file that lies) */
  DM_PACK_INT32 = 'i',  /* int32_t */
  DM_PACK_INT64 = 'l',  /* int64_t */
  DM_PACK_DOUBLE = 'd', /* double, to the last bit */
  DM_PACK_TEXT = 't'    /* dm_pack_text: UTF-8 without a NUL */
} dm_pack_type;

typedef struct dm_pack_text {
  const char *text; /* not NUL-terminated */
  size_t len;
} dm_pack_text;

typedef struct dm_pack_column {
  const char *name;
  dm_pack_type type;
  uint32_t width; /* values of a row */
} dm_pack_column;

/* The table at hand, and a group of its rows. Value k of row i of the group is element
   k * n + i of the column's vector. */
typedef struct dm_pack_table {
  uint64_t n_rows; /* of the table */
  uint64_t first;  /* row of the group */
  size_t n;        /* rows in it */
  void **values;   /* a vector for each column */
  const dm_pack_column *columns;
  size_t n_columns;
  uint64_t row_size;   /* bytes in the file, apart from texts */
  uint64_t group_rows; /* in a full group */
  size_t *cap_values;  /* bytes of each vector */
  size_t n_values;     /* vectors that there are */
} dm_pack_table;

/* --- out --- */

/* Where the bytes go. */
typedef struct dm_pack_sink {
  dm_status (*write)(void *ctx, const void *bytes, size_t n, dm_error *err);
  void *ctx;
} dm_pack_sink;

/* What fails in writing fails with a status of the sink, or with DM_E_MEMORY. */
typedef struct dm_pack_writer {
  dm_pack_table table;
  dm_pack_sink sink;
  uint64_t size;
  uint32_t sum;
  dm_buf bytes; /* that wait to be written */
} dm_pack_writer;

/* *out is to be released also when this fails. */
dm_status dm_pack_start(dm_pack_writer *out, const dm_pack_sink *sink, uint32_t version,
                        dm_error *err) DM_MUST_CHECK;

/* Begins a table; names have at most 255 bytes, and columns must stay until its end. Then
   as long as dm_pack_room() is true, the caller fills out->table.values for the rows
   that out->table names, and dm_pack_put() takes them. */
dm_status dm_pack_begin(dm_pack_writer *out, const char *name,
                        const dm_pack_column *columns, size_t n_columns, uint64_t n_rows,
                        dm_error *err) DM_MUST_CHECK;
bool dm_pack_room(const dm_pack_writer *out);
dm_status dm_pack_put(dm_pack_writer *out, dm_error *err) DM_MUST_CHECK;

/* Ends the file. */
dm_status dm_pack_end(dm_pack_writer *out, dm_error *err) DM_MUST_CHECK;
void dm_pack_writer_release(dm_pack_writer *out);

/* --- in ---

   Nothing that is read is believed. Beside the statuses of dm_source_read() and
   DM_E_MEMORY, these fail with DM_E_SYNTAX where something else stands there than was
   asked for. Whatever it is, dm_pack_finish() says at last whether the file is whole. */

typedef struct dm_pack_reader {
  dm_pack_table table;
  dm_source *source;
  char *block; /* bytes from at to end have been read and not yet taken */
  size_t at;
  size_t end;
  uint64_t size; /* taken */
  uint32_t sum;
  const char *name; /* of the table */
  dm_buf bytes;
  dm_buf texts;
} dm_pack_reader;

/* Reads the header. *in is to be released also when this fails. DM_E_SYNTAX where the
   source is another kind of file, DM_E_IO where it ends too early to be one. */
dm_status dm_pack_open(dm_pack_reader *in, dm_source *source, uint32_t *version,
                       dm_error *err) DM_MUST_CHECK;

/* Goes on to the next table, which must be called name and have these columns; name must
   stay until the next one. A type or width of 0 may be any (but not another 0), and is
   filled in. */
dm_status dm_pack_expect(dm_pack_reader *in, const char *name, dm_pack_column *columns,
                         size_t n_columns, dm_error *err) DM_MUST_CHECK;

/* Reads the next group of its rows; in->table.n is 0 behind the last one. Values are
   there until the next call. */
dm_status dm_pack_next(dm_pack_reader *in, dm_error *err) DM_MUST_CHECK;
bool dm_pack_is_done(const dm_pack_reader *in);

/* Goes to the end of the source, also where reading it or using what was read has failed
   with a status that err tells of. Returns DM_E_IO, in its place, where the file is
   damaged; else that status; where that was DM_OK, DM_E_SYNTAX if more tables follow. */
dm_status dm_pack_finish(dm_pack_reader *in, dm_status status,
                         dm_error *err) DM_MUST_CHECK;
void dm_pack_reader_release(dm_pack_reader *in);

/* What a reader of tables says of one that is whole but can't be true: a row from 1, or 0
   where it is about none of them. Returns DM_E_SYNTAX. */
dm_status dm_pack_wrong(dm_error *err, const char *key, uint64_t row,
                        const char *expected);

#endif
