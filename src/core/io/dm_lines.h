/* A source's bytes in blocks of whole lines. */
#ifndef DM_LINES_H
#define DM_LINES_H

#include "base/dm_grow.h"
#include "io/dm_source.h"

/* Zero bytes that are readable behind a block, so that the parser can load eight bytes
   anywhere and compare a few words at once. */
enum { DM_BLOCK_PAD = 64 };

/* Whole lines, each ended by '\n' (the last line of a source gets one if it has none).
   Zero-initialise; fill by dm_lines_next() as often as wanted; release once. Blocks are
   independent of each other: several can be parsed side by side. */
typedef struct dm_block {
  char *data;
  size_t len;
  size_t cap;
  uint64_t first_byte;    /* where the block starts in the source */
  bool is_last_line_open; /* the source ended without a newline, which was added */
} dm_block;

void dm_block_release(dm_block *block);

typedef struct dm_lines {
  dm_source *source; /* borrowed */
  size_t block_size;
  size_t max_line;
  dm_buf carry; /* the start of a line whose end has not been read */
  uint64_t next_byte;
  uint64_t open_line; /* where the last line starts, if it has no newline; UINT64_MAX:
                         it has, or has not been given out yet */
  bool is_started;
  bool is_end;
  bool is_discarding; /* behind max_line bytes of a line that is too long */
} dm_lines;

/* block_size is how many bytes are read at a time, at least 1; a longer line makes the
   block grow. Of a line longer than max_line the first max_line + 1 bytes are given out,
   so that whoever parses it finds it too long; the rest is read and dropped. */
void dm_lines_init(dm_lines *lines, dm_source *source, size_t block_size,
                   size_t max_line);

/* Fills block with the next lines; an empty block (len 0) is the end. A byte order mark
   of UTF-8 is left out. DM_E_SYNTAX where the source looks like UTF-16 or UTF-32, DM_E_IO
   where it is a tar archive, and all that dm_source_read() returns. */
dm_status dm_lines_next(dm_lines *lines, dm_block *block, dm_error *err) DM_MUST_CHECK;

void dm_lines_release(dm_lines *lines);

/* Bytes of a source that has places, to be read by any thread: the whole lines among
   them, and what is left at both ends, from which dm_lines_join() makes lines.
   Zero-initialise; use as often as wanted; release once. */
typedef struct dm_stretch {
  const dm_source *source; /* borrowed */
  uint64_t first_byte;
  size_t len;
  char *room;
  size_t cap;
  char *data;     /* the bytes, within the room */
  size_t head;    /* bytes up to and with the first newline; all, if there is none */
  dm_block lines; /* behind that; its data are the stretch's */
  dm_buf tail;    /* the bytes behind the last newline */
} dm_stretch;

void dm_stretch_release(dm_stretch *stretch);

/* In place of dm_lines_next(), which must have given out the first block, of a source for
   which dm_source_has_places(): the next stretch, not read yet; one of no bytes is the
   end. What dm_source_skip() returns. */
dm_status dm_lines_next_stretch(dm_lines *lines, dm_stretch *stretch,
                                dm_error *err) DM_MUST_CHECK;
/* Reads the stretch and finds its lines. What dm_source_read_at() returns, DM_E_MEMORY.
 */
dm_status dm_stretch_read(dm_stretch *stretch, dm_error *err) DM_MUST_CHECK;
/* For one stretch after the other, in their order, once read: gives the line that began
   before it and ends in it, or an empty block. Behind the last one dm_lines_next() has
   what is left. DM_E_MEMORY. */
dm_status dm_lines_join(dm_lines *lines, const dm_stretch *stretch, dm_block *block,
                        dm_error *err) DM_MUST_CHECK;

#endif
