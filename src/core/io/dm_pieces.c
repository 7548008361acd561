/* A step goes right into the caller's bytes where these have room for a whole piece, else
   through a piece that is kept. */
#include "io/dm_pieces.h"

#include <string.h>

void dm_pieces_init(dm_pieces *pieces, dm_pieces_step *step) {
  pieces->step = step;
  pieces->raw.next = pieces->raw.bytes + DM_PIECES_BACK;
  pieces->raw.left = 0;
  pieces->raw.is_end = false;
  pieces->raw.n_read = 0;
  pieces->used = pieces->len = 0;
  pieces->is_end = false;
  pieces->fault = DM_OK;
}

dm_status dm_pieces_read(dm_pieces *pieces, void *state, const dm_decoder_input *input,
                         char *buf, size_t n, size_t *got, dm_error *err) {
  *got = 0;
  while (*got < n) {
    size_t room = n - *got;
    if (pieces->used == pieces->len && !pieces->fault && !pieces->is_end) {
      bool is_direct = room >= DM_PIECE_SIZE;
      size_t len = 0;
      dm_status status =
          pieces->step(state, input, is_direct ? buf + *got : pieces->piece, &len,
                       &pieces->is_end, &pieces->error);
      *got += is_direct ? len : 0;
      pieces->used = 0;
      pieces->len = is_direct ? 0 : len;
      if (status == DM_E_INTERRUPT) {
        *err = pieces->error;
        return status;
      }
      pieces->fault = status;
      DM_TRY(input->check(input->ctx, err));
    } else if (pieces->used < pieces->len) {
      size_t left = pieces->len - pieces->used;
      size_t part = left < room ? left : room;
      memcpy(buf + *got, pieces->piece + pieces->used, part);
      pieces->used += part;
      *got += part;
    } else if (pieces->fault) {
      *err = pieces->error;
      return pieces->fault;
    } else {
      break;
    }
  }
  return DM_OK;
}

dm_status dm_pieces_fill(dm_pieces_raw *raw, const dm_decoder_input *input,
                         dm_error *err) {
  if (raw->left > 0 || raw->is_end) {
    return DM_OK;
  }
  unsigned char *start = raw->bytes + DM_PIECES_BACK;
  memmove(raw->bytes, raw->next - DM_PIECES_BACK, DM_PIECES_BACK);
  raw->next = start;
  DM_TRY(input->read(input->ctx, (char *)start, DM_DECODER_RAW, &raw->left, err));
  raw->is_end = raw->left < DM_DECODER_RAW;
  raw->n_read += raw->left;
  return DM_OK;
}
