/* dm_source: bytes that are read where they stand. */
#define _DEFAULT_SOURCE
#include "dm_sources.h"

#ifdef _WIN32
#define FILES_HAVE_PLACES 0
#else
#define FILES_HAVE_PLACES 1
#endif

/* Skips what is left and reads it, the last bytes first; whether it is what the text has
   behind the first bytes, which have been read. */
static bool reads_by_places(dm_source *source, const char *text, size_t len, size_t first,
                            size_t step) {
  enum { PLACES = 5000 };
  static uint64_t from[PLACES];
  static size_t n[PLACES];
  dm_error err;
  size_t n_places = 0, at = first;
  do {
    CHECK_INT(dm_source_skip(source, step, &from[n_places], &n[n_places], &err), DM_OK);
    CHECK_UINT(from[n_places], at);
    at += n[n_places];
    CHECK_UINT(dm_source_bytes(source), at);
  } while (n[n_places] && ++n_places < PLACES);
  char *got = malloc(len + 1);
  for (size_t i = n_places; i-- > 0;) {
    CHECK_INT(dm_source_read_at(source, from[i], got + from[i], n[i], &err), DM_OK);
  }
  bool is_same = at == len && memcmp(got + first, text + first, len - first) == 0;
  free(got);
  return is_same;
}

static void test_places(void) {
#ifdef _WIN32
  DM_LEAVE_OUT("files, which have none");
#endif
  static const size_t lengths[] = {1, 6, 7, 4000, 2500000};
  static const size_t firsts[] = {0, 1, 5, 6, 7, 3000};
  static const size_t steps[] = {1, 6, 4096, 1 << 20, 3000000};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    size_t len = lengths[i];
    char *text = random_text(i, len);
    const char *path = files_write("places", text, len);
    for (size_t k = 0; k < sizeof firsts / sizeof *firsts; k++) {
      for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        for (int is_file = 0; is_file < 1 + FILES_HAVE_PLACES; is_file++) {
          size_t first = firsts[k] < len ? firsts[k] : len;
          if (len / steps[s] > 4000) {
            continue;
          }
          DM_CASE("%zu bytes behind %zu by %zu", len, first, steps[s]);
          dm_source *source;
          dm_error err;
          char head[3000];
          size_t got;
          CHECK_INT(is_file ? dm_source_open_file(&source, path, NULL, &err)
                            : dm_source_open_memory(&source, text, len, NULL, &err),
                    DM_OK);
          CHECK(dm_source_has_places(source));
          CHECK_INT(dm_source_read(source, head, first, &got, &err), DM_OK);
          CHECK(reads_by_places(source, text, len, first, steps[s]));
          CHECK_INT(dm_source_read(source, head, 1, &got, &err), DM_OK);
          CHECK_UINT(got, 0);
          dm_source_close(source);
        }
      }
    }
    free(text);
  }
  files_remove("places");
}

/* What has none: an empty file may be one of /proc, and only its start has been read. */
static void test_no_places(void) {
  size_t gz_len;
  unsigned char *gz = files_gzip("text", 4, 6, &gz_len);
  const char *paths[] = {"/dev/null", "/proc/version", files_write("gz", gz, gz_len),
                         files_write("empty", "", 0)};
  dm_source *source;
  dm_error err;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    DM_CASE("%s", paths[i]);
    if (dm_source_open_file(&source, paths[i], NULL, &err) == DM_OK) {
      CHECK(!dm_source_has_places(source));
      dm_source_close(source);
    }
  }
  server s = {.bytes = "text", .len = 4, .piece = 1};
  CHECK_INT(dm_source_open_callback(&source, serve, &s, NULL, &err), DM_OK);
  CHECK(!dm_source_has_places(source));
  dm_source_close(source);
  files_remove("gz");
  files_remove("empty");
  free(gz);
}

#ifndef _WIN32
static void test_changing_places(void) {
  char *text = random_text(21, 100000);
  const char *path = files_write("changing", text, 100000);
  dm_source *source;
  dm_error err;
  char buf[60000];
  uint64_t from;
  size_t got;
  CHECK_INT(dm_source_open_file(&source, path, NULL, &err), DM_OK);
  FILE *file = fopen(path, "ab");
  fputs("more", file);
  fclose(file);
  CHECK_INT(dm_source_skip(source, 60000, &from, &got, &err), DM_OK);
  CHECK_INT(dm_source_skip(source, 60000, &from, &got, &err), DM_OK);
  CHECK_UINT(from, 60000);
  CHECK_UINT(got, 40000); /* what has been added is not read */
  CHECK_INT(truncate(path, 70000), 0);
  CHECK_INT(dm_source_read_at(source, 0, buf, 60000, &err), DM_OK);
  CHECK_BYTES(buf, 60000, text, 60000);
  CHECK_INT(dm_source_read_at(source, 60000, buf, 10000, &err), DM_OK);
  check_error(&err, dm_source_read_at(source, 60000, buf, 40000, &err), DM_E_IO, 0,
              "an end after 70000 bytes: the file shrank");
  CHECK(strstr(err.expected, "100000 bytes") != NULL);
  CHECK(err.advice[0] != '\0');
  dm_source_close(source);
  files_remove("changing");
  free(text);
}
#endif

static void test_host_of_places(void) {
  size_t len = 3300000;
  char *text = random_text(22, len);
  dm_source *source;
  dm_error err;
  uint64_t from;
  size_t got;
  watch w = {.is_ascending = true, .calls_until_stop = 3};
  dm_host host = {watch_check, &w};
  CHECK_INT(dm_source_open_memory(&source, text, len, &host, &err), DM_OK);
  w.n_calls = 0;
  CHECK_INT(dm_source_skip(source, len, &from, &got, &err), DM_OK);
  CHECK_UINT(got, 1 << 20);
  CHECK_INT(dm_source_skip(source, len, &from, &got, &err), DM_OK);
  CHECK_INT(dm_source_skip(source, len, &from, &got, &err), DM_E_INTERRUPT);
  CHECK(w.is_ascending && w.longest <= 1 << 20);
  dm_source_close(source);
  free(text);
}

int main(void) {
  DM_RUN(test_places);
  DM_RUN(test_no_places);
  DM_RUN_POSIX(test_changing_places);
  DM_RUN(test_host_of_places);
  CHECK(files_end());
  return dm_test_end();
}
