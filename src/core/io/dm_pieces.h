/* What decoders share whose libraries give more or less before a fault, depending on the
   room that they have: they always get the same, so that the fault comes at the same byte
   however many are read at a time. */
#ifndef DM_PIECES_H
#define DM_PIECES_H

#include <stdbool.h>

#include "io/dm_decoder.h"

enum { DM_PIECE_SIZE = 1 << 17 };

/* Compressed bytes on their way to the library, behind the last few of those before:
   a library may give bytes back that it took too early. */
enum { DM_PIECES_BACK = 8 };
typedef struct dm_pieces_raw {
  unsigned char *next;
  size_t left;
  bool is_end;     /* no more behind these */
  uint64_t n_read; /* so far */
  unsigned char bytes[DM_PIECES_BACK + DM_DECODER_RAW];
} dm_pieces_raw;

/* Of a decoder: gives some decompressed bytes, at most DM_PIECE_SIZE, none also in
   between; is_end where none will follow. Where it fails, *got bytes before the fault are
   in out. */
typedef dm_status dm_pieces_step(void *state, const dm_decoder_input *input, char *out,
                                 size_t *got, bool *is_end, dm_error *err);

typedef struct dm_pieces {
  dm_pieces_step *step;
  dm_pieces_raw raw;
  size_t used, len; /* of piece */
  bool is_end;
  dm_status fault; /* comes behind the bytes of piece */
  dm_error error;
  char piece[DM_PIECE_SIZE];
} dm_pieces;

/* Leaves the piece as it is, which is large. */
void dm_pieces_init(dm_pieces *pieces, dm_pieces_step *step);

/* The read of a dm_decoder, whose state the step is given. */
dm_status dm_pieces_read(dm_pieces *pieces, void *state, const dm_decoder_input *input,
                         char *buf, size_t n, size_t *got, dm_error *err) DM_MUST_CHECK;

/* Where no compressed byte is left, reads some; none at the end. What the input returns.
 */
dm_status dm_pieces_fill(dm_pieces_raw *raw, const dm_decoder_input *input,
                         dm_error *err) DM_MUST_CHECK;

/* How many compressed bytes the library has used up. */
static inline uint64_t dm_pieces_used(const dm_pieces_raw *raw) {
  return raw->n_read - raw->left;
}

#endif
