/* Inflates the members of a gzip stream, and deflates one; its header and trailer are
   zlib's to check and to write. */
#include "io/dm_gzip.h"

#include <stdbool.h>
#include <zlib.h>

#include "base/dm_mem.h"

typedef struct gzip {
  z_stream zlib;
  bool is_between_members; /* the last one has ended */
  bool is_raw_end;
  bool is_cut;
  uint64_t n_raw;           /* compressed bytes read so far */
  uint64_t whole;           /* where the last member ended */
  char raw[DM_DECODER_RAW]; /* on their way to zlib */
} gzip;

static voidpf zlib_alloc(voidpf unused, uInt n, uInt size) {
  (void)unused;
  return dm_calloc(n, size);
}

static void zlib_free(voidpf unused, voidpf p) {
  (void)unused;
  dm_free(p);
}

static dm_status open_gzip(void **out, dm_error *err) {
  gzip *g = dm_malloc(sizeof *g);
  *out = g;
  if (!g) {
    return dm_error_memory(err);
  }
  g->zlib = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free};
  g->is_between_members = g->is_raw_end = g->is_cut = false;
  g->n_raw = g->whole = 0;
  /* 16: a gzip header and trailer, both checked */
  if (inflateInit2(&g->zlib, 16 + MAX_WBITS) != Z_OK) {
    dm_free(g);
    *out = NULL;
    return dm_error_memory(err);
  }
  return DM_OK;
}

static void close_gzip(void *state) {
  gzip *g = state;
  inflateEnd(&g->zlib);
  dm_free(g);
}

static dm_status gzip_error(dm_error *err, const char *found) {
  dm_error_expected(err, DM_E_IO, "a whole gzip stream");
  dm_error_found(err, "%s", found);
  dm_error_advice(err, "the file was cut or damaged: compress it again");
  return DM_E_IO;
}

static dm_status read_gzip(void *state, const dm_decoder_input *input, char *buf,
                           size_t n, size_t *got, dm_error *err) {
  gzip *g = state;
  z_stream *z = &g->zlib;
  size_t done = *got = 0;
  while (done < n) {
    if (z->avail_in == 0 && !g->is_raw_end) {
      size_t raw = 0;
      DM_TRY(input->read(input->ctx, g->raw, DM_DECODER_RAW, &raw, err));
      g->is_raw_end = raw < DM_DECODER_RAW;
      g->n_raw += raw;
      z->next_in = (Bytef *)g->raw;
      z->avail_in = (uInt)raw;
    }
    if (g->is_between_members) {
      if (z->avail_in == 0) {
        break;
      }
      if (z->next_in[0] != 0x1F) {
        return gzip_error(err, "other bytes behind the gzip stream");
      }
      inflateReset(z);
      g->is_between_members = false;
    }
    size_t room = n - done < DM_DECODER_STEP_MAX ? n - done : DM_DECODER_STEP_MAX;
    z->next_out = (Bytef *)buf + done;
    z->avail_out = (uInt)room;
    int code = inflate(z, Z_NO_FLUSH);
    size_t step = room - z->avail_out;
    done += step;
    *got = done;
    DM_TRY(input->check(input->ctx, err));
    if (code == Z_STREAM_END) {
      g->is_between_members = true;
      g->whole = g->n_raw - z->avail_in;
    } else if (done == n) {
      break; /* a fault comes with the bytes behind it, however many are read at a time */
    } else if (code == Z_MEM_ERROR) {
      return dm_error_memory(err);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return gzip_error(err, z->msg ? z->msg : "broken data");
    } else if (step == 0 && z->avail_in == 0 && g->is_raw_end) {
      g->is_cut = true;
      return gzip_error(err, "an end in the middle of the gzip stream");
    }
  }
  return DM_OK;
}

static bool is_gzip_cut(const void *state, uint64_t *whole) {
  const gzip *g = state;
  *whole = g->whole;
  return g->is_cut;
}

const dm_decoder dm_gzip = {.name = "zlib",
                            .open = open_gzip,
                            .read = read_gzip,
                            .is_cut = is_gzip_cut,
                            .close = close_gzip};

/* --- writing --- */

/* What has been deflated is taken over in pieces of this size. */
enum { DEFLATED_ROOM = 1 << 15, MEMORY_LEVEL = 8 /* zlib's own choice */ };

static dm_status open_deflate(void **out, dm_error *err) {
  z_stream *z = dm_malloc(sizeof *z);
  *out = z;
  if (!z) {
    return dm_error_memory(err);
  }
  *z = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free};
  /* 16: a gzip header, without a time, and a trailer */
  if (deflateInit2(z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, MEMORY_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    dm_free(z);
    *out = NULL;
    return dm_error_memory(err);
  }
  return DM_OK;
}

static dm_status add_deflated(void *state, const char *bytes, size_t n, bool is_end,
                              dm_buf *out, dm_error *err) {
  z_stream *z = state;
  do {
    size_t step = n < DM_DECODER_STEP_MAX ? n : DM_DECODER_STEP_MAX;
    z->next_in = (Bytef *)bytes; /* which zlib only reads */
    z->avail_in = (uInt)step;
    bytes += step;
    n -= step;
    bool is_last = is_end && n == 0;
    int code;
    do {
      DM_TRY(dm_buf_reserve(out, DEFLATED_ROOM, err));
      z->next_out = (Bytef *)out->data + out->len;
      z->avail_out = DEFLATED_ROOM;
      code = deflate(z, is_last ? Z_FINISH : Z_NO_FLUSH);
      out->len += DEFLATED_ROOM - z->avail_out;
    } while (is_last ? code != Z_STREAM_END : z->avail_out == 0);
  } while (n > 0);
  return DM_OK;
}

static void close_deflate(void *state) {
  deflateEnd(state);
  dm_free(state);
}

const dm_encoder dm_gzip_encoder = {
    .open = open_deflate, .add = add_deflated, .close = close_deflate};
