/* dm_zstd.c: streams of any frames, whole, cut anywhere and changed anywhere, through
   every kind of source; and what is said where the library was not there. */
#define _DEFAULT_SOURCE
#include "dm_sources.h"
#include "dm_zstd_files.h"
#include "io/dm_zstd.h"

static const size_t steps[] = {1, 7, 4096, 1 << 17, 1 << 21};
enum { N_STEPS = sizeof steps / sizeof *steps };

#ifdef DM_HAS_ZSTD

static void check_stream(const unsigned char *bytes, size_t len, const char *want,
                         size_t want_len) {
  for (size_t i = want_len > 100000 ? 2 : 0; i < N_STEPS; i++) {
    result r = read_memory(bytes, len, steps[i]);
    check_bytes(&r, want, want_len);
    server s = {.bytes = (const char *)bytes, .len = len, .piece = 1};
    if (len < 100000) {
      r = read_server(&s, steps[i]);
      check_bytes(&r, want, want_len);
    }
  }
}

static void check_broken(const unsigned char *bytes, size_t len, const char *found,
                         const char *want, size_t want_len) {
  for (size_t i = 0; i < N_STEPS; i++) {
    result r = read_memory(bytes, len, steps[i]);
    check_error(&r.err, r.status, DM_E_IO, 0, found);
    CHECK(r.len <= want_len && memcmp(r.data, want, r.len) == 0);
    free(r.data);
  }
}

/* As read_memory(), but with what a call that fails has read. */
static result read_to_fault(const unsigned char *bytes, size_t len, size_t step,
                            size_t room) {
  result r = {.data = malloc(room + step)};
  dm_source *source;
  CHECK_INT(dm_source_open_memory(&source, bytes, len, NULL, &r.err), DM_OK);
  size_t got = step;
  while (!r.status && got == step && r.len < room) {
    r.status = dm_source_read(source, r.data + r.len, step, &got, &r.err);
    r.len += got;
  }
  dm_source_close(source);
  return r;
}

static void test_whole(void) {
  static const size_t lengths[] = {0, 1, 100, 70000, 1 << 17, 1 << 18, (1 << 20) + 5};
  static const int levels[] = {-5, 3, 19};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    for (size_t k = 0; k < (lengths[i] > 100000 ? 2 : 3); k++) {
      for (int flags = 0; flags < 4; flags++) {
        DM_CASE("%zu bytes, level %d, flags %d", lengths[i], levels[k], flags);
        char *text = random_text(i, lengths[i]);
        size_t len;
        unsigned char *packed =
            files_zstd(text, lengths[i], levels[k], flags & 1, flags >> 1 & 1, &len);
        check_stream(packed, len, text, lengths[i]);
        result r = read_path(files_write("table.txt", packed, len), 5000);
        check_bytes(&r, text, lengths[i]); /* the name says nothing */
        free(packed);
        free(text);
      }
    }
  }
  files_remove("table.txt");
}

/* The compressed bytes fill the buffer for them exactly, once and with one to spare, also
   where a frame ends there. */
static void test_of_buffer_size(void) {
  static unsigned char all[DM_DECODER_RAW + 1000];
  char text[DM_DECODER_RAW + 1];
  memset(text, 'x', sizeof text);
  for (int more = -12; more <= 12; more++) {
    DM_CASE("%d more", more);
    size_t skipped = (size_t)(DM_DECODER_RAW + more - 8 - 14);
    size_t len = files_zstd_skipped(all, 3, skipped);
    len += files_zstd_stored(all + len, "first", 5);
    check_stream(all, len, "first", 5);
    len += files_zstd_stored(all + len, " and second", 11);
    check_stream(all, len, "first and second", 16);
    check_broken(all, len - 1, "end in the middle", "first and second", 15);
  }
}

static void test_frames(void) {
  unsigned char all[2000];
  char want[100] = "";
  static const char *const texts[] = {"", "first\n", "", "second\n", "third, longer\n"};
  size_t len = files_zstd_skipped(all, 0, 0);
  check_stream(all, len, "", 0);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    DM_CASE("%zu frames", i + 1);
    size_t n;
    unsigned char *packed =
        files_zstd(texts[i], strlen(texts[i]), 3, i % 2 == 0, i % 3 == 0, &n);
    memcpy(all + len, packed, n);
    free(packed);
    len += n;
    len += files_zstd_skipped(all + len, (unsigned char)(3 * i), 5 * i);
    strcat(want, texts[i]);
    check_stream(all, len, want, strlen(want));
  }
  DM_CASE("a frame of no bytes alone");
  len = files_zstd_stored(all, "", 0);
  check_stream(all, len, "", 0);
  DM_CASE("by hand");
  len = files_zstd_stored(all, "by hand", 7);
  check_stream(all, len, "by hand", 7);
}

/* Never silent: all the bytes, or an error. */
static void test_cut_everywhere(void) {
  char *text = random_text(14, 600);
  unsigned char both[2000];
  size_t first = files_zstd_skipped(both, 7, 20);
  for (int has_checksum = 0; has_checksum < 2; has_checksum++) {
    size_t n;
    unsigned char *packed = files_zstd(text, 400, 3, has_checksum, true, &n);
    size_t a = first + n;
    memcpy(both + first, packed, n);
    free(packed);
    packed = files_zstd(text + 400, 200, 3, has_checksum, false, &n);
    memcpy(both + a, packed, n);
    free(packed);
    for (size_t cut = 0; cut <= a + n; cut++) {
      for (size_t step = 1; step < 1000; step += 333) {
        DM_CASE("%zu of %zu bytes, by %zu", cut, a + n, step);
        result r = read_memory(both, cut, step);
        if (cut < 4) {
          check_bytes(&r, both, cut); /* not to be known as zstd yet */
        } else if (cut == first || cut == a || cut == a + n) {
          check_bytes(&r, text, cut == first ? 0 : cut == a ? 400 : 600);
        } else {
          check_error(&r.err, r.status, DM_E_IO, 0, "end in the middle");
          CHECK(r.len <= 600 && memcmp(r.data, text, r.len) == 0);
          free(r.data);
        }
      }
    }
  }
  free(text);
}

/* Every bit of a stream with a checksum, changed: an error, or a bit that does not
   matter. The fault comes at the same byte however many are read at a time. */
static void test_changed_everywhere(void) {
  char *text = random_text(15, 300);
  size_t len;
  unsigned char *packed = files_zstd(text, 300, 3, true, false, &len);
  size_t n_same = 0;
  for (size_t i = 4; i < len; i++) {
    for (int bit = 0; bit < 8; bit++) {
      DM_CASE("byte %zu, bit %d", i, bit);
      packed[i] ^= (unsigned char)(1 << bit);
      result r = read_to_fault(packed, len, 1 << 17, 300);
      result by_7 = read_to_fault(packed, len, 7, 300);
      packed[i] ^= (unsigned char)(1 << bit);
      CHECK_INT(by_7.status, r.status);
      CHECK_BYTES(by_7.data, by_7.len, r.data, r.len);
      if (r.status == DM_OK) {
        n_same++;
        CHECK_BYTES(r.data, r.len, text, 300);
      } else {
        CHECK_INT(r.status, DM_E_IO);
        CHECK(r.err.found[0] && r.err.expected[0] && r.err.advice[0]);
        CHECK_STR(by_7.err.found, r.err.found);
      }
      free(r.data);
      free(by_7.data);
    }
  }
  CHECK(n_same < 20); /* the window's size */
  DM_CASE("the checksum");
  packed[len - 1] ^= 1;
  check_broken(packed, len, "incorrect data check", text, 300);
  free(packed);
  free(text);
}

/* What a fault leaves before it: the blocks before its own, in pieces of any size. */
static void test_fault_in_a_later_block(void) {
  enum { N = 1000000 };
  char *text = random_text(16, N);
  for (int has_size = 0; has_size < 2; has_size++) {
    size_t len;
    unsigned char *packed = files_zstd(text, N, 1, true, has_size, &len);
    packed[len - 2] ^= 1; /* the checksum */
    for (size_t i = 2; i < N_STEPS; i++) {
      DM_CASE("size %d, by %zu", has_size, steps[i]);
      result r = read_to_fault(packed, len, steps[i], N);
      check_error(&r.err, r.status, DM_E_IO, 0, "incorrect data check");
      CHECK_UINT(r.len, N >> 17 << 17);
      CHECK_BYTES(r.data, r.len, text, r.len);
      free(r.data);
    }
    free(packed);
  }
  free(text);
}

static void test_junk(void) {
  static const struct {
    const char *junk;
    size_t len;
    const char *found;
  } cases[] = {
      {"x", 1, "other bytes behind"},
      {"\n", 1, "other bytes behind"},
      {"\0", 1, "other bytes behind"},
      {"{\"id\": 1}\n", 10, "other bytes behind"},
      {"\x28", 1, "end in the middle"},
      {"\x51", 1, "end in the middle"},
      {"\x28\xB5\x2F\xFD", 4, "end in the middle"},
      {"\x28\xB5\x2F\xFE\0\0\0\0\0", 9, "other bytes behind"},
      {"Purple prose", 12, "other bytes behind"},
      {"\x1F\x8B\x08\0\0\0\0\0\0\0", 10, "other bytes behind"},
      {"\x27\xB5\x2F\xFD\0\0\0\0\0", 9, "other bytes behind"}, /* an old format */
  };
  unsigned char both[200];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    size_t len = files_zstd_stored(both, "text\n", 5);
    memcpy(both + len, cases[i].junk, cases[i].len);
    check_broken(both, len + cases[i].len, cases[i].found, "text\n", 5);
  }
}

static void test_refused_forms(void) {
  static const struct {
    const char *bytes;
    size_t len;
    const char *expected, *found, *advice;
  } cases[] = {
      /* windows of 128 MB, the most there is, of one step above, of 2 GB, of 3.75 TB */
      {"\x28\xB5\x2F\xFD\0\x89\1\0\0", 9, "at most 128 MB", "larger", "--long"},
      {"\x28\xB5\x2F\xFD\0\xA8\1\0\0", 9, "at most 128 MB", "larger", "--long"},
      {"\x28\xB5\x2F\xFD\0\xFF\1\0\0", 9, "at most 128 MB", "larger", "--long"},
      {"\x28\xB5\x2F\xFD\x01\x58\x05\1\0\0", 10, "without a dictionary", "dictionary",
       "decompress"},
      {"\x28\xB5\x2F\xFD\x08\x58\1\0\0", 9, "whole zstd", "", "compress it again"},
      {"\x28\xB5\x2F\xFD\0\x58\x07\0\0", 9, "whole zstd", "", "compress it again"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    result r = read_memory(cases[i].bytes, cases[i].len, 100);
    check_error(&r.err, r.status, DM_E_IO, 0, cases[i].found);
    CHECK(strstr(r.err.expected, cases[i].expected) != NULL);
    CHECK(strstr(r.err.advice, cases[i].advice) != NULL);
    CHECK(r.err.found[0]);
    free(r.data);
  }
  DM_CASE("a window of 128 MB");
  result r = read_memory("\x28\xB5\x2F\xFD\0\x88\1\0\0", 9, 100);
  check_bytes(&r, "", 0);
}

/* Two hundred megabytes of nothing. */
static void test_bomb(void) {
  size_t size = 200 << 20;
  char *nothing = calloc(size, 1);
  size_t len;
  unsigned char *packed = files_zstd(nothing, size, 1, false, true, &len);
  free(nothing);
  CHECK(len < size / 5000);
  check_bomb(packed, len, size);
  free(packed);
}

/* Where the compressed bytes can't be read, it is that. */
static void test_callback_failures(void) {
  unsigned char bytes[100];
  size_t len = files_zstd_stored(bytes, "text\n", 5);
  for (int k = 1; k <= 14; k++) {
    DM_CASE("call %d fails", k);
    server s = {.bytes = (char *)bytes, .len = len, .piece = 1, .calls_until_failure = k};
    result r = read_server(&s, 100);
    check_error(&r.err, r.status, DM_E_INTERRUPT, 0, "");
    free(r.data);
  }
}

#else

/* Said with what to install, also where a frame to be skipped comes first. */
static void test_refused(void) {
  unsigned char bytes[100];
  for (int is_skipped = 0; is_skipped < 2; is_skipped++) {
    for (size_t i = 0; i < N_STEPS; i++) {
      size_t len = is_skipped ? files_zstd_skipped(bytes, 11, 3)
                              : files_zstd_stored(bytes, "text\n", 5);
      result r = read_memory(bytes, len, steps[i]);
      check_error(&r.err, r.status, DM_E_IO, 0, "zstd compression");
      CHECK_STR(r.err.expected, "plain text or gzip");
      CHECK(strstr(r.err.advice, "install zstd's library") != NULL);
    }
  }
}

#endif

int main(void) {
#ifdef DM_HAS_ZSTD
  CHECK(dm_zstd.open != NULL);
  DM_RUN(test_whole);
  DM_RUN(test_of_buffer_size);
  DM_RUN(test_frames);
  DM_RUN(test_cut_everywhere);
  DM_RUN(test_changed_everywhere);
  DM_RUN(test_fault_in_a_later_block);
  DM_RUN(test_junk);
  DM_RUN(test_refused_forms);
  DM_RUN(test_bomb);
  DM_RUN(test_callback_failures);
#else
  CHECK(dm_zstd.open == NULL);
  DM_RUN(test_refused);
#endif
  CHECK(files_end());
  return dm_test_end();
}
