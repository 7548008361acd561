/* dm_igzip.c beside dm_gzip.c: the two take and refuse the same streams, and say the same
   of their headers and trailers. What sources make of gzip is in test_gzip.c, for the one
   that is used. */
#define _DEFAULT_SOURCE
#include "dm_decoding.h"
#include "dm_sources.h"
#include "io/dm_codec.h"
#include "io/dm_gzip.h"
#include "io/dm_igzip.h"

static void test_which_is_used(void) {
  const dm_decoder *used = dm_codec_decoder(dm_codec_find("\x1F\x8B", 2, NULL));
  CHECK_STR(used->name, dm_igzip.open ? "igzip" : "zlib");
}

#ifdef DM_HAS_ISAL

enum { ROOM = 1 << 22 };

/* What zlib says of the frame around the data, and of what ends too early. */
static bool is_of_frame(const char *found) {
  static const char *const words[] = {"incorrect header check",
                                      "unknown compression method",
                                      "unknown header flags set",
                                      "header crc mismatch",
                                      "incorrect data check",
                                      "incorrect length check",
                                      "an end in the middle of the gzip stream",
                                      "other bytes behind the gzip stream"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(found, words[i]) == 0) {
      return true;
    }
  }
  return false;
}

/* Whether both read the stream. */
static bool check_both(const void *bytes, size_t len, size_t step, size_t room) {
  decoded zlib = decode(&dm_gzip, bytes, len, step, room);
  decoded igzip = decode(&dm_igzip, bytes, len, step, room);
  CHECK_INT(igzip.status, zlib.status);
  if (zlib.status) {
    CHECK_STR(igzip.err.expected, zlib.err.expected);
    CHECK_STR(igzip.err.advice, zlib.err.advice);
    if (is_of_frame(zlib.err.found) && is_of_frame(igzip.err.found)) {
      CHECK_STR(igzip.err.found, zlib.err.found);
    }
  }
  /* of a broken stream one may see further than the other */
  size_t len_both = igzip.len < zlib.len ? igzip.len : zlib.len;
  CHECK(memcmp(igzip.bytes, zlib.bytes, len_both) == 0);
  CHECK(zlib.status || igzip.len == zlib.len);
  bool is_read = !igzip.status;
  free(igzip.bytes);
  free(zlib.bytes);
  return is_read;
}

/* The same whatever is read at a time. */
static void check_steps(const void *bytes, size_t len, size_t room) {
  static const size_t steps[] = {1, 1000, 1 << 17, (1 << 17) + 1, 1 << 20};
  decoded whole = decode(&dm_igzip, bytes, len, ROOM, room);
  for (size_t i = room > 100000 ? 1 : 0; i < sizeof steps / sizeof *steps; i++) {
    decoded again = decode(&dm_igzip, bytes, len, steps[i], room);
    CHECK_INT(again.status, whole.status);
    CHECK_BYTES(again.bytes, again.len, whole.bytes, whole.len);
    if (whole.status) {
      CHECK_STR(again.err.found, whole.err.found);
    }
    free(again.bytes);
  }
  free(whole.bytes);
}

/* Texts of many kinds: few letters, all bytes, long repeats. */
static char *make_text(uint64_t *seed, size_t len) {
  char *text = malloc(len + 1);
  unsigned kind = (unsigned)naive_below(seed, 4);
  for (size_t i = 0; i < len; i++) {
    bool is_repeat = kind == 2 ? i >= 300 && naive_below(seed, 50) : false;
    text[i] = is_repeat   ? text[i - 300]
              : kind == 0 ? (char)naive_below(seed, 256)
              : kind == 3 ? 'x'
                          : (char)("0123456789abc{}:,\n"[naive_below(seed, 18)]);
  }
  return text;
}

static unsigned char *make_stream(uint64_t *seed, size_t longest, size_t *len) {
  unsigned char *all = NULL;
  *len = 0;
  for (int members = 1 + (int)naive_below(seed, 3); members > 0; members--) {
    size_t n = naive_below(seed, longest), n_packed;
    char *text = make_text(seed, n);
    unsigned char *packed = files_gzip(text, n, (int)naive_below(seed, 10), &n_packed);
    all = realloc(all, *len + n_packed);
    memcpy(all + *len, packed, n_packed);
    *len += n_packed;
    free(packed);
    free(text);
  }
  return all;
}

static void test_whole(void) {
  uint64_t seed = 1;
  for (int i = 0; i < 60; i++) {
    size_t len;
    DM_CASE("stream %d", i);
    unsigned char *all = make_stream(&seed, i % 10 ? 5000 : 1000000, &len);
    size_t step = i % 10 ? 1 + naive_below(&seed, 3000) : 70000;
    CHECK(check_both(all, len, step, i % 10 ? 15000 : ROOM));
    free(all);
  }
}

static void test_cut_and_changed(void) {
  uint64_t seed = 2;
  size_t n_read = 0;
  for (int i = 0; i < 1000; i++) {
    size_t len;
    size_t longest = i % 50 ? 1 + naive_below(&seed, 1500) : 400000;
    unsigned char *all = make_stream(&seed, longest, &len);
    DM_CASE("stream %d", i);
    if (i % 3 == 0) {
      len = naive_below(&seed, len + 1);
    } else {
      for (int k = 1 + (int)naive_below(&seed, 3); k > 0; k--) {
        all[naive_below(&seed, len)] ^= (unsigned char)(1 << naive_below(&seed, 8));
      }
    }
    n_read += check_both(all, len, 1 << 20, 3 * longest);
    if (i % 50 < 2) {
      check_steps(all, len, 3 * longest);
    }
    free(all);
  }
  CHECK(n_read > 7 && n_read < 300);
}

/* Bytes behind a header that are no deflate stream, or by chance the start of one. */
static void test_random(void) {
  uint64_t seed = 3;
  unsigned char bytes[300] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
  for (int i = 0; i < 4000; i++) {
    DM_CASE("random bytes %d", i);
    for (size_t k = 10; k < sizeof bytes; k++) {
      bytes[k] = (unsigned char)naive_below(&seed, 256);
    }
    check_both(bytes, sizeof bytes, 1 << 16, 1 << 16);
  }
}

/* Headers of every combination of flags, cut anywhere. */
static void test_headers(void) {
  unsigned char bytes[100];
  for (unsigned flags = 0; flags < 64; flags++) {
    size_t n = 0;
    const unsigned char start[] = {0x1F, 0x8B, 8, (unsigned char)flags, 1, 2, 3, 4, 5, 6};
    memcpy(bytes, start, sizeof start);
    n = sizeof start;
    if (flags & 4) {
      memcpy(bytes + n, "\5\0extra", 7);
      n += 7;
    }
    if (flags & 8) {
      memcpy(bytes + n, "name", 5);
      n += 5;
    }
    if (flags & 16) {
      memcpy(bytes + n, "", 1);
      n += 1;
    }
    if (flags & 2) {
      unsigned long crc = crc32(0, bytes, (uInt)n);
      bytes[n++] = (unsigned char)crc;
      bytes[n++] = (unsigned char)(crc >> 8);
    }
    memcpy(bytes + n, "\3\0\0\0\0\0\0\0\0\0", 10);
    n += 10;
    DM_CASE("flags %u", flags);
    CHECK_INT(check_both(bytes, n, 10, 10), flags < 32);
    for (size_t cut = 0; cut < n; cut++) {
      CHECK(!check_both(bytes, cut, 10, 10));
      bytes[cut] ^= 0x55;
      check_both(bytes, n, 10, 10);
      bytes[cut] ^= 0x55;
    }
  }
}

#endif

int main(void) {
  DM_RUN(test_which_is_used);
#ifdef DM_HAS_ISAL
  DM_RUN(test_whole);
  DM_RUN(test_cut_and_changed);
  DM_RUN(test_random);
  DM_RUN(test_headers);
#endif
  return dm_test_end();
}
