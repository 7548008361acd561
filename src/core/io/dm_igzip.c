/* Inflates the members of a gzip stream. Their headers and trailers (RFC 1952) are read
   here, in zlib's order and with its words, so that the two decoders say the same. */
#include "io/dm_igzip.h"

#ifdef DM_HAS_ISAL

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include "base/dm_mem.h"
#include "io/dm_pieces.h"

/* Bits of a header's flags. */
enum {
  HAS_HEADER_CRC = 1 << 1,
  HAS_EXTRA = 1 << 2,
  HAS_NAME = 1 << 3,
  HAS_COMMENT = 1 << 4,
  FLAGS_RESERVED = 0xE0
};

enum { METHOD_DEFLATE = 8 };

typedef enum place { PLACE_BETWEEN, PLACE_HEADER, PLACE_DATA, PLACE_TRAILER } place;

typedef struct igzip {
  place place;
  uint32_t crc;
  uint32_t len;
  bool is_cut;
  uint64_t whole; /* where the last member ended */
  struct inflate_state inflate;
  dm_pieces pieces;
} igzip;

static dm_pieces_step step_igzip;

static dm_status open_igzip(void **out, dm_error *err) {
  igzip *g = dm_malloc(sizeof *g);
  *out = g;
  if (!g) {
    return dm_error_memory(err);
  }
  g->place = PLACE_HEADER;
  g->is_cut = false;
  g->whole = 0;
  isal_inflate_init(&g->inflate);
  dm_pieces_init(&g->pieces, step_igzip);
  return DM_OK;
}

static dm_status gzip_error(dm_error *err, const char *found) {
  dm_error_expected(err, DM_E_IO, "a whole gzip stream");
  dm_error_found(err, "%s", found);
  dm_error_advice(err, "the file was cut or damaged: compress it again");
  return DM_E_IO;
}

static dm_status cut_error(igzip *g, dm_error *err) {
  g->is_cut = true;
  return gzip_error(err, "an end in the middle of the gzip stream");
}

/* --- the frame around the data --- */

/* The next n bytes, at most four, as a number with its lowest byte first. */
static dm_status take_number(igzip *g, const dm_decoder_input *input, size_t n,
                             uint32_t *number, dm_error *err) {
  dm_pieces_raw *raw = &g->pieces.raw;
  *number = 0;
  for (size_t i = 0; i < n; i++) {
    DM_TRY(dm_pieces_fill(raw, input, err));
    if (raw->left == 0) {
      return cut_error(g, err);
    }
    if (g->place == PLACE_HEADER) {
      g->crc = crc32_gzip_refl(g->crc, raw->next, 1);
    }
    *number |= (uint32_t)*raw->next << 8 * i;
    raw->next++;
    raw->left--;
  }
  return DM_OK;
}

static dm_status pass_text(igzip *g, const dm_decoder_input *input, dm_error *err) {
  uint32_t byte;
  do {
    DM_TRY(take_number(g, input, 1, &byte, err));
  } while (byte);
  return DM_OK;
}

static dm_status read_header(igzip *g, const dm_decoder_input *input, dm_error *err) {
  uint32_t magic, method, rest, extra;
  g->crc = 0;
  DM_TRY(take_number(g, input, 2, &magic, err));
  if (magic != 0x8B1F) {
    return gzip_error(err, "incorrect header check");
  }
  DM_TRY(take_number(g, input, 2, &method, err));
  uint32_t flags = method >> 8;
  if ((method & 0xFF) != METHOD_DEFLATE) {
    return gzip_error(err, "unknown compression method");
  }
  if (flags & FLAGS_RESERVED) {
    return gzip_error(err, "unknown header flags set");
  }
  DM_TRY(take_number(g, input, 4, &rest, err)); /* the time */
  DM_TRY(take_number(g, input, 2, &rest, err)); /* flags of the compressor, system */
  if (flags & HAS_EXTRA) {
    DM_TRY(take_number(g, input, 2, &extra, err));
    for (uint32_t i = 0; i < extra; i++) {
      DM_TRY(take_number(g, input, 1, &rest, err));
    }
  }
  if (flags & HAS_NAME) {
    DM_TRY(pass_text(g, input, err));
  }
  if (flags & HAS_COMMENT) {
    DM_TRY(pass_text(g, input, err));
  }
  if (flags & HAS_HEADER_CRC) {
    uint32_t crc = g->crc & 0xFFFF;
    DM_TRY(take_number(g, input, 2, &rest, err));
    if (rest != crc) {
      return gzip_error(err, "header crc mismatch");
    }
  }
  return DM_OK;
}

static dm_status read_trailer(igzip *g, const dm_decoder_input *input, dm_error *err) {
  uint32_t crc, len;
  DM_TRY(take_number(g, input, 4, &crc, err));
  if (crc != g->crc) {
    return gzip_error(err, "incorrect data check");
  }
  DM_TRY(take_number(g, input, 4, &len, err));
  return len == g->len ? DM_OK : gzip_error(err, "incorrect length check");
}

/* --- the data --- */

static const char *fault_of(int code) {
  switch (code) {
    case ISAL_INVALID_BLOCK:
      return "invalid block";
    case ISAL_INVALID_SYMBOL:
      return "invalid code";
    case ISAL_INVALID_LOOKBACK:
      return "invalid distance too far back";
    default:
      return "broken data";
  }
}

/* Inflates into a piece. The room is always the same, and more than the library keeps
   behind a fault, so that all before that is given out. */
static dm_status inflate_some(igzip *g, const dm_decoder_input *input, char *out,
                              size_t *got, dm_error *err) {
  struct inflate_state *z = &g->inflate;
  dm_pieces_raw *raw = &g->pieces.raw;
  DM_TRY(dm_pieces_fill(raw, input, err));
  z->next_in = raw->next;
  z->avail_in = (uint32_t)raw->left;
  z->next_out = (uint8_t *)out;
  z->avail_out = DM_PIECE_SIZE;
  int code = isal_inflate(z);
  size_t back = 0;
  if (z->block_state == ISAL_BLOCK_FINISH) {
    /* taken too early; later versions of the library give it back themselves */
    back = (size_t)z->read_in_length / 8;
    z->read_in_length = 0;
  }
  raw->next = z->next_in - back;
  raw->left = z->avail_in + back;
  *got = DM_PIECE_SIZE - z->avail_out;
  g->crc = crc32_gzip_refl(g->crc, (unsigned char *)out, *got);
  g->len += (uint32_t)*got;
  if (code < 0) {
    return gzip_error(err, fault_of(code));
  }
  if (z->block_state == ISAL_BLOCK_FINISH) {
    g->place = PLACE_TRAILER;
  } else if (*got == 0 && raw->left == 0 && raw->is_end) {
    return cut_error(g, err);
  }
  return DM_OK;
}

static dm_status step_igzip(void *state, const dm_decoder_input *input, char *out,
                            size_t *got, bool *is_end, dm_error *err) {
  igzip *g = state;
  dm_pieces_raw *raw = &g->pieces.raw;
  *got = 0;
  if (g->place == PLACE_BETWEEN) {
    DM_TRY(dm_pieces_fill(raw, input, err));
    if (raw->left == 0) {
      *is_end = true;
      return DM_OK;
    }
    if (*raw->next != 0x1F) {
      return gzip_error(err, "other bytes behind the gzip stream");
    }
    g->place = PLACE_HEADER;
  }
  if (g->place == PLACE_HEADER) {
    DM_TRY(read_header(g, input, err));
    g->crc = g->len = 0;
    isal_inflate_reset(&g->inflate);
    g->place = PLACE_DATA;
  }
  if (g->place == PLACE_DATA) {
    return inflate_some(g, input, out, got, err);
  }
  DM_TRY(read_trailer(g, input, err));
  g->place = PLACE_BETWEEN;
  g->whole = dm_pieces_used(raw);
  return DM_OK;
}

static dm_status read_igzip(void *state, const dm_decoder_input *input, char *buf,
                            size_t n, size_t *got, dm_error *err) {
  igzip *g = state;
  return dm_pieces_read(&g->pieces, g, input, buf, n, got, err);
}

static bool is_igzip_cut(const void *state, uint64_t *whole) {
  const igzip *g = state;
  *whole = g->whole;
  return g->is_cut;
}

static void close_igzip(void *state) {
  dm_free(state);
}

const dm_decoder dm_igzip = {.name = "igzip",
                             .open = open_igzip,
                             .read = read_igzip,
                             .is_cut = is_igzip_cut,
                             .close = close_igzip};

#else

const dm_decoder dm_igzip = {.name = "igzip"};

#endif
