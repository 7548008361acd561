/* Decompresses the frames of a zstd stream, and writes one; their headers, blocks and
   checksums are the library's to check. */
#include "io/dm_zstd.h"

#ifdef DM_HAS_ZSTD

#define ZSTD_STATIC_LINKING_ONLY /* for the allocator */
#include <zstd.h>
#include <zstd_errors.h>

#include "base/dm_mem.h"
#include "io/dm_pieces.h"

/* What a frame may have the reader keep: as much as the library's own program takes. */
enum { WINDOW_SHIFT_MAX = 27 };

typedef struct zstd {
  ZSTD_DCtx *context;
  bool is_between_frames; /* the last one has ended */
  bool is_cut;
  uint64_t whole; /* where the last frame ended */
  dm_pieces pieces;
} zstd;

static dm_pieces_step step_zstd;

static void *allocate(void *unused, size_t size) {
  (void)unused;
  return dm_malloc(size);
}

static void release(void *unused, void *p) {
  (void)unused;
  dm_free(p);
}

static void close_zstd(void *state) {
  zstd *z = state;
  ZSTD_freeDCtx(z->context);
  dm_free(z);
}

static dm_status open_zstd(void **out, dm_error *err) {
  zstd *z = dm_malloc(sizeof *z);
  *out = z;
  if (!z) {
    return dm_error_memory(err);
  }
  dm_pieces_init(&z->pieces, step_zstd);
  z->is_between_frames = true;
  z->is_cut = false;
  z->whole = 0;
  z->context = ZSTD_createDCtx_advanced((ZSTD_customMem){allocate, release, NULL});
  if (!z->context || ZSTD_isError(ZSTD_DCtx_setParameter(z->context, ZSTD_d_windowLogMax,
                                                         WINDOW_SHIFT_MAX))) {
    close_zstd(z);
    *out = NULL;
    return dm_error_memory(err);
  }
  return DM_OK;
}

static dm_status stream_error(dm_error *err, const char *found) {
  dm_error_expected(err, DM_E_IO, "a whole zstd stream");
  dm_error_found(err, "%s", found);
  dm_error_advice(err, "the file was cut or damaged: compress it again");
  return DM_E_IO;
}

static dm_status library_error(const zstd *z, size_t code, dm_error *err) {
  switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
      return dm_error_memory(err);
    case ZSTD_error_frameParameter_windowTooLarge:
      dm_error_expected(err, DM_E_IO, "a zstd stream with a window of at most %d MB",
                        1 << (WINDOW_SHIFT_MAX - 20));
      dm_error_found(err, "a larger one");
      dm_error_advice(err, "compress it again without --long, or decompress it first");
      return DM_E_IO;
    case ZSTD_error_dictionary_wrong:
      dm_error_expected(err, DM_E_IO, "a zstd stream without a dictionary");
      dm_error_found(err, "one that was made with a dictionary");
      dm_error_advice(err, "decompress it first");
      return DM_E_IO;
    case ZSTD_error_checksum_wrong:
      return stream_error(err, "incorrect data check");
    case ZSTD_error_prefix_unknown:
      return stream_error(
          err, z->whole > 0 ? "other bytes behind the zstd stream" : "incorrect header");
    default:
      return stream_error(err, ZSTD_getErrorName(code));
  }
}

/* Of a frame, or of one to be skipped. */
static bool is_first_byte(unsigned char byte) {
  return byte == 0x28 || (byte & 0xF0) == 0x50;
}

static dm_status step_zstd(void *state, const dm_decoder_input *input, char *out,
                           size_t *got, bool *is_end, dm_error *err) {
  zstd *z = state;
  dm_pieces_raw *raw = &z->pieces.raw;
  DM_TRY(dm_pieces_fill(raw, input, err));
  if (z->is_between_frames) {
    if (raw->left == 0) {
      *is_end = true;
      return DM_OK;
    }
    if (!is_first_byte(*raw->next)) {
      return stream_error(err, "other bytes behind the zstd stream");
    }
    z->is_between_frames = false;
  }
  ZSTD_inBuffer from = {raw->next, raw->left, 0};
  ZSTD_outBuffer to = {out, DM_PIECE_SIZE, 0};
  size_t code = ZSTD_decompressStream(z->context, &to, &from);
  raw->next += from.pos;
  raw->left -= from.pos;
  *got = to.pos;
  if (ZSTD_isError(code)) {
    return library_error(z, code, err);
  }
  if (code == 0) {
    z->is_between_frames = true;
    z->whole = dm_pieces_used(raw);
  } else if (to.pos == 0 && raw->left == 0 && raw->is_end) {
    z->is_cut = true;
    return stream_error(err, "an end in the middle of the zstd stream");
  }
  return DM_OK;
}

static dm_status read_zstd(void *state, const dm_decoder_input *input, char *buf,
                           size_t n, size_t *got, dm_error *err) {
  zstd *z = state;
  return dm_pieces_read(&z->pieces, z, input, buf, n, got, err);
}

static bool is_zstd_cut(const void *state, uint64_t *whole) {
  const zstd *z = state;
  *whole = z->whole;
  return z->is_cut;
}

const dm_decoder dm_zstd = {.name = "zstd",
                            .open = open_zstd,
                            .read = read_zstd,
                            .is_cut = is_zstd_cut,
                            .close = close_zstd};

/* --- writing --- */

static void close_compression(void *state) {
  ZSTD_freeCCtx(state);
}

static dm_status open_compression(void **out, dm_error *err) {
  ZSTD_CCtx *context =
      ZSTD_createCCtx_advanced((ZSTD_customMem){allocate, release, NULL});
  *out = context;
  if (!context || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))) {
    close_compression(context);
    *out = NULL;
    return dm_error_memory(err);
  }
  return DM_OK;
}

static dm_status add_compressed(void *state, const char *bytes, size_t n, bool is_end,
                                dm_buf *out, dm_error *err) {
  ZSTD_CCtx *context = state;
  ZSTD_inBuffer from = {bytes, n, 0};
  size_t left;
  do {
    DM_TRY(dm_buf_reserve(out, ZSTD_CStreamOutSize(), err));
    ZSTD_outBuffer to = {out->data, out->cap, out->len};
    left =
        ZSTD_compressStream2(context, &to, &from, is_end ? ZSTD_e_end : ZSTD_e_continue);
    out->len = to.pos;
    if (ZSTD_isError(left)) {
      return dm_error_memory(err); /* nothing else can be wrong with what it is given */
    }
  } while (is_end ? left > 0 : from.pos < from.size);
  return DM_OK;
}

const dm_encoder dm_zstd_encoder = {
    .open = open_compression, .add = add_compressed, .close = close_compression};

#else

const dm_decoder dm_zstd = {.name = "zstd"};
const dm_encoder dm_zstd_encoder = {.open = NULL};

#endif
