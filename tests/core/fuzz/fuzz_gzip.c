/* Sources: compressed bytes, whole and broken. The first three bytes choose what is done
   with the rest. */
#define _DEFAULT_SOURCE
#include <zlib.h>

#include "../dm_server.h"
#include "dm_files.h"
#include "fuzz.h"
#include "io/dm_codec.h"
#include "io/dm_source.h"

enum { HEADER = 3, LONGEST = 1 << 20 };

typedef struct result {
  dm_status status;
  dm_error err;
  char *bytes;
  size_t len;
} result;

/* Reads at most LONGEST bytes, so many at a time; by a callback if piece is not 0. */
static result read_all(const char *bytes, size_t len, size_t at_once, size_t piece) {
  result out = {.bytes = fuzz_alloc(LONGEST + at_once)};
  server s = {.bytes = bytes, .len = len, .piece = piece};
  dm_source *source = NULL;
  out.status = piece ? dm_source_open_callback(&source, serve, &s, NULL, &out.err)
                     : dm_source_open_memory(&source, bytes, len, NULL, &out.err);
  FUZZ_CHECK((source == NULL) == (out.status != DM_OK));
  size_t got = at_once;
  while (!out.status && got == at_once && out.len < LONGEST) {
    out.status = dm_source_read(source, out.bytes + out.len, at_once, &got, &out.err);
    out.len += out.status ? 0 : got;
  }
  dm_source_close(source);
  if (out.status) {
    fuzz_check_error(&out.err, out.status);
  }
  return out;
}

/* zlib alone, member by member. False: broken, or more than LONGEST bytes. */
static bool inflate_naively(const char *bytes, size_t len, char *out, size_t *out_len,
                            bool *is_too_long) {
  *out_len = 0;
  *is_too_long = false;
  size_t at = 0;
  while (at < len) {
    z_stream z;
    memset(&z, 0, sizeof z);
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
      abort();
    }
    z.next_in = (Bytef *)(uintptr_t)(bytes + at);
    z.avail_in = (uInt)(len - at);
    z.next_out = (Bytef *)out + *out_len;
    z.avail_out = (uInt)(LONGEST - *out_len);
    int code = inflate(&z, Z_FINISH);
    *out_len = LONGEST - z.avail_out;
    at = len - z.avail_in;
    *is_too_long = z.avail_out == 0;
    inflateEnd(&z);
    if (code != Z_STREAM_END) {
      return false;
    }
  }
  return true;
}

static void check_same(const result *a, const result *b) {
  FUZZ_CHECK(a->status == b->status);
  FUZZ_CHECK(!a->status || fuzz_same_error(&a->err, &b->err));
  FUZZ_CHECK(a->status || (a->len == b->len && !memcmp(a->bytes, b->bytes, a->len)));
}

/* The bytes as they are, whatever they are. */
static void check_as_is(const char *bytes, size_t len, size_t piece) {
  result whole = read_all(bytes, len, 4096, 0);
  result pieces = read_all(bytes, len, 4096, piece);
  check_same(&whole, &pieces);
  free(pieces.bytes);
  if (whole.len < LONGEST) { /* what was read before an error may differ */
    pieces = read_all(bytes, len, 1 + piece % 100, piece);
    check_same(&whole, &pieces);
    free(pieces.bytes);
  }
  const dm_codec *codec = dm_codec_find(bytes, len, NULL);
  bool is_read = codec && dm_codec_decoder(codec);
  if (is_read && codec->name[0] == 'g') { /* gzip, by whatever decoder */
    char *want = fuzz_alloc(LONGEST);
    size_t want_len;
    bool is_too_long;
    bool is_right = inflate_naively(bytes, len, want, &want_len, &is_too_long);
    if (!is_too_long) {
      FUZZ_CHECK(is_right == (whole.status == DM_OK));
      FUZZ_CHECK(!is_right ||
                 (want_len == whole.len && !memcmp(want, whole.bytes, want_len)));
    }
    free(want);
  } else if (!whole.status && !is_read) {
    FUZZ_CHECK(whole.len == len && (len == 0 || !memcmp(whole.bytes, bytes, len)));
  } else {
    FUZZ_CHECK(!whole.status || (whole.status == DM_E_IO && whole.err.advice[0]));
  }
  free(whole.bytes);
}

/* The bytes compressed, then whole, cut short and with one byte changed. */
static void check_compressed(const char *bytes, size_t len, unsigned place,
                             size_t piece) {
  size_t gz_len;
  char *gz = (char *)files_gzip(bytes, len, (int)(place % 10), &gz_len);
  result out = read_all(gz, gz_len, 1000, piece);
  FUZZ_CHECK(out.status == DM_OK && out.len == len);
  FUZZ_CHECK(len == 0 || memcmp(out.bytes, bytes, len) == 0);
  free(out.bytes);
  size_t cut = place * 31 % gz_len;
  out = read_all(gz, cut, 1000, piece);
  FUZZ_CHECK(cut < 2 || out.status == DM_E_IO);
  free(out.bytes);
  if (cut >= 2) { /* the first two make it gzip */
    gz[cut] = (char)(gz[cut] ^ (1 << place % 8));
    out = read_all(gz, gz_len, 1000, piece);
    FUZZ_CHECK(out.status == DM_E_IO ||
               (out.len == len && (len == 0 || !memcmp(out.bytes, bytes, len))));
    free(out.bytes);
  }
  free(gz);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < HEADER) {
    return 0;
  }
  char *bytes = fuzz_copy(data + HEADER, size - HEADER, 0);
  size_t len = size - HEADER;
  size_t piece = data[0] < 100 ? 1 + data[0] % 20u : 1000u * data[0];
  if (data[1] & 1) {
    check_compressed(bytes, len, (unsigned)(data[2] << 8 | data[1]), piece);
  } else {
    check_as_is(bytes, len, piece);
  }
  free(bytes);
  return 0;
}
