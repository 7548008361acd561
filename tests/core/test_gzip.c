/* dm_gzip.c: streams of any members, whole, cut anywhere and changed anywhere, through
   every kind of source. */
#define _DEFAULT_SOURCE
#include "dm_sources.h"
#include "io/dm_decoder.h"

static void check_gz(const unsigned char *gz, size_t len, const char *want,
                     size_t want_len) {
  static const size_t steps[] = {1, 7, 4096, 1 << 21};
  for (size_t i = want_len > 100000 ? 2 : 0; i < 4; i++) {
    result r = read_memory(gz, len, steps[i]);
    check_bytes(&r, want, want_len);
    server s = {.bytes = (const char *)gz, .len = len, .piece = 1};
    if (len < 100000) {
      r = read_server(&s, steps[i]);
      check_bytes(&r, want, want_len);
    }
  }
}

static void test_gzip_whole(void) {
  static const size_t lengths[] = {0, 1, 100, 70000, 1 << 18, (1 << 20) + 5};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    for (int level = 0; level<10; level += lengths[i]> 100000 ? 6 : 3) {
      DM_CASE("%zu bytes, level %d", lengths[i], level);
      char *text = random_text(i, lengths[i]);
      size_t len;
      unsigned char *gz = files_gzip(text, lengths[i], level, &len);
      check_gz(gz, len, text, lengths[i]);
      /* the name says nothing */
      result r = read_path(files_write("table.txt", gz, len), 5000);
      check_bytes(&r, text, lengths[i]);
      r = read_path(files_write("table.jsonl.gz", text, lengths[i]), 5000);
      check_bytes(&r, text, lengths[i]);
      free(gz);
      free(text);
    }
  }
  files_remove("table.txt");
  files_remove("table.jsonl.gz");
}

/* The compressed bytes fill the source's own buffer exactly, once and with one to spare.
 */
static void test_gzip_of_buffer_size(void) {
  for (int more = -1; more <= 1; more++) {
    size_t want = (size_t)(DM_DECODER_RAW + more);
    size_t n = want - 18 - 5 * 9; /* header, trailer and stored blocks' heads, about */
    for (int tries = 0; tries < 100; tries++) {
      char *text = random_text(3, n);
      size_t len;
      unsigned char *gz = files_gzip(text, n, 0, &len);
      if (len == want) {
        DM_CASE("%zu bytes", len);
        check_gz(gz, len, text, n);
        result r = read_memory(gz, len - 1, 5000);
        check_error(&r.err, r.status, DM_E_IO, 0, "end in the middle");
        free(r.data);
        tries = 100;
      }
      n = n + want - len;
      free(gz);
      free(text);
      CHECK(tries != 99);
    }
  }
}

static void test_gzip_members(void) {
  static const char *const texts[] = {"",         "first\n",         "",
                                      "second\n", "third, longer\n", ""};
  unsigned char all[1000];
  char want[100] = "";
  size_t len = 0;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    size_t n;
    unsigned char *gz = files_gzip(texts[i], strlen(texts[i]), 6, &n);
    memcpy(all + len, gz, n);
    len += n;
    strcat(want, texts[i]);
    free(gz);
    DM_CASE("%zu members", i + 1);
    check_gz(all, len, want, strlen(want));
  }
}

/* A header with everything that RFC 1952 allows. */
static void test_gzip_header(void) {
  unsigned char out[500];
  z_stream z;
  memset(&z, 0, sizeof z);
  gz_header header = {.text = 1,
                      .time = 12345,
                      .os = 3,
                      .extra = (Bytef *)(uintptr_t) "AB\4\0abcd",
                      .extra_len = 8,
                      .name = (Bytef *)(uintptr_t) "signals.jsonl",
                      .comment = (Bytef *)(uintptr_t) "a comment",
                      .hcrc = 1};
  CHECK_INT(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  CHECK_INT(deflateSetHeader(&z, &header), Z_OK);
  z.next_in = (Bytef *)(uintptr_t) "with a long header";
  z.avail_in = 18;
  z.next_out = out;
  z.avail_out = sizeof out;
  CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
  size_t len = sizeof out - z.avail_out;
  deflateEnd(&z);
  check_gz(out, len, "with a long header", 18);
  out[4] ^= 1; /* the time: only the header's own checksum knows */
  result r = read_memory(out, len, 100);
  check_error(&r.err, r.status, DM_E_IO, 0, "header crc");
  free(r.data);
}

/* Never silent: all the bytes, or an error. */
static void test_gzip_cut_everywhere(void) {
  char *text = random_text(14, 600);
  for (int level = 0; level < 10; level += 9) {
    size_t first, second;
    unsigned char *a = files_gzip(text, 400, level, &first);
    unsigned char *b = files_gzip(text + 400, 200, level, &second);
    unsigned char *both = malloc(first + second);
    memcpy(both, a, first);
    memcpy(both + first, b, second);
    for (size_t cut = 0; cut <= first + second; cut++) {
      for (size_t step = 1; step < 1000; step += 333) {
        DM_CASE("level %d, %zu of %zu bytes, by %zu", level, cut, first + second, step);
        result r = read_memory(both, cut, step);
        if (cut == first) {
          check_bytes(&r, text, 400);
        } else if (cut == first + second) {
          check_bytes(&r, text, 600);
        } else if (cut < 2) {
          check_bytes(&r, both, cut); /* not to be known as gzip yet */
        } else {
          check_error(&r.err, r.status, DM_E_IO, 0, "end in the middle");
          CHECK(r.len <= 600 && memcmp(r.data, text, r.len) == 0);
          free(r.data);
        }
      }
    }
    free(both);
    free(b);
    free(a);
  }
  free(text);
}

/* Every byte of a gzip stream, changed: an error, or a byte that does not matter. */
static void test_gzip_changed_everywhere(void) {
  char *text = random_text(15, 300);
  size_t len;
  unsigned char *gz = files_gzip(text, 300, 9, &len);
  for (size_t i = 0; i < len; i++) {
    for (int bit = 0; bit < 8; bit++) {
      DM_CASE("byte %zu, bit %d", i, bit);
      gz[i] ^= (unsigned char)(1 << bit);
      result r = read_memory(gz, len, 1000);
      gz[i] ^= (unsigned char)(1 << bit);
      bool is_unread = i >= 4 && i <= 9; /* time, flags of the compressor, system */
      bool is_text_flag = i == 3 && bit == 0;
      if (i < 2) {
        CHECK_INT(r.status, DM_OK); /* no gzip: those bytes themselves */
        CHECK_UINT(r.len, len);
        free(r.data);
      } else if (is_unread || is_text_flag) {
        check_bytes(&r, text, 300);
      } else {
        CHECK_INT(r.status, DM_E_IO);
        CHECK(r.err.found[0] != '\0');
        free(r.data);
      }
    }
  }
  static const struct {
    size_t from_end;
    const char *found;
  } trailer[] = {
      {8, "data check"}, {5, "data check"}, {4, "length check"}, {1, "length check"}};
  for (size_t i = 0; i < 4; i++) {
    DM_CASE("trailer, %zu from the end", trailer[i].from_end);
    gz[len - trailer[i].from_end] ^= 0x10;
    result r = read_memory(gz, len, 1000);
    gz[len - trailer[i].from_end] ^= 0x10;
    check_error(&r.err, r.status, DM_E_IO, 0, trailer[i].found);
    CHECK_STR(r.err.expected, "a whole gzip stream");
    free(r.data);
  }
  free(gz);
  free(text);
}

static void test_gzip_and_junk(void) {
  static const struct {
    const char *junk;
    size_t len;
    const char *found;
  } cases[] = {
      {"x", 1, "other bytes behind"},
      {"\n", 1, "other bytes behind"},
      {"\0", 1, "other bytes behind"},
      {"{\"id\": 1}\n", 10, "other bytes behind"},
      {"\x1F", 1, "end in the middle"},
      {"\x1F\x8B", 2, "end in the middle"},
      {"\x1F\x8C", 2, "header"},
      {"\x1Fjunk", 5, "header"},
      {"\x1F\x8B\x07\0\0\0\0\0\0\0", 10, "method"},
      {"\x1F\x8B\x08\xE0\0\0\0\0\0\0", 10, "flags"},
  };
  size_t len;
  unsigned char *gz = files_gzip("text\n", 5, 6, &len);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (size_t step = 1; step < 100; step += 49) {
      DM_CASE("case %zu by %zu", i, step);
      unsigned char both[200];
      memcpy(both, gz, len);
      memcpy(both + len, cases[i].junk, cases[i].len);
      result r = read_memory(both, len + cases[i].len, step);
      check_error(&r.err, r.status, DM_E_IO, 0, cases[i].found);
      CHECK_BYTES(r.data, r.len < 5 ? r.len : 5, "text\n", r.len < 5 ? r.len : 5);
      free(r.data);
    }
  }
  free(gz);
}

/* Forty megabytes of nothing in forty kilobytes. */
static void test_gzip_bomb(void) {
  size_t size = 40 << 20;
  char *nothing = calloc(size, 1);
  size_t len;
  unsigned char *gz = files_gzip(nothing, size, 9, &len);
  free(nothing);
  CHECK(len < size / 900);
  check_bomb(gz, len, size);
  free(gz);
}

int main(void) {
  DM_RUN(test_gzip_whole);
  DM_RUN(test_gzip_of_buffer_size);
  DM_RUN(test_gzip_members);
  DM_RUN(test_gzip_header);
  DM_RUN(test_gzip_cut_everywhere);
  DM_RUN(test_gzip_changed_everywhere);
  DM_RUN(test_gzip_and_junk);
  DM_RUN(test_gzip_bomb);
  CHECK(files_end());
  return dm_test_end();
}
