/* dm_source: the bytes of every kind of source, whole or with the right error. */
#define _DEFAULT_SOURCE
#include <errno.h>
#ifndef _WIN32
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#endif

#include "dm_sources.h"

/* --- plain bytes -------------------------------------------------------------------- */

static void test_plain(void) {
  static const size_t lengths[] = {
      0, 1, 2, 3, 5, 6, 7, 100, 65536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2500000};
  static const size_t steps[] = {1, 2, 5, 6, 7, 4096, 1 << 20, 3000000};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    size_t len = lengths[i];
    char *text = random_text(i, len);
    const char *path = files_write("plain", text, len);
    for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
      if (len > 300000 && steps[k] < 100) {
        continue;
      }
      DM_CASE("%zu bytes by %zu", len, steps[k]);
      result r = read_path(path, steps[k]);
      check_bytes(&r, text, len);
      r = read_memory(text, len, steps[k]);
      check_bytes(&r, text, len);
      static const size_t pieces[] = {1, 3, 1000, 1 << 21};
      for (size_t p = 0; p < 4; p++) {
        if (len > 300000 && pieces[p] < 100) {
          continue;
        }
        server s = {.bytes = text, .len = len, .piece = pieces[p]};
        r = read_server(&s, steps[k]);
        check_bytes(&r, text, len);
      }
    }
    free(text);
  }
  files_remove("plain");
}

static void test_read_of_nothing(void) {
  static const char text[] = "0123456789";
  size_t gz_len;
  unsigned char *gz = files_gzip(text, 10, 6, &gz_len);
  for (int is_gz = 0; is_gz < 2; is_gz++) {
    DM_CASE("%s", is_gz ? "gzip" : "plain");
    dm_source *source;
    dm_error err;
    char buf[16];
    size_t got = 77;
    CHECK_INT(dm_source_open_memory(&source, is_gz ? (void *)gz : (void *)(uintptr_t)text,
                                    is_gz ? gz_len : 10, NULL, &err),
              DM_OK);
    CHECK_INT(dm_source_read(source, buf, 0, &got, &err), DM_OK);
    CHECK_UINT(got, 0);
    CHECK_INT(dm_source_read(source, buf, 3, &got, &err), DM_OK);
    CHECK_BYTES(buf, got, "012", 3);
    CHECK_INT(dm_source_read(source, buf, 0, &got, &err), DM_OK);
    CHECK_UINT(got, 0);
    CHECK_INT(dm_source_read(source, buf, 16, &got, &err), DM_OK);
    CHECK_BYTES(buf, got, "3456789", 7);
    CHECK(!dm_source_has_grown(source));
    dm_source_close(source);
  }
  free(gz);
  dm_source_close(NULL);
  dm_source *source;
  dm_error err;
  CHECK_INT(dm_source_open_memory(&source, NULL, 0, NULL, &err), DM_OK);
  dm_source_close(source);
}

static void test_callback_failures(void) {
  char *text = random_text(7, 1000);
  size_t gz_len;
  unsigned char *gz = files_gzip(text, 1000, 6, &gz_len);
  for (int is_gz = 0; is_gz < 2; is_gz++) {
    for (int k = 1; k < 40; k++) {
      DM_CASE("%s, call %d fails", is_gz ? "gzip" : "plain", k);
      server s = {.bytes = is_gz ? (char *)gz : text,
                  .len = is_gz ? gz_len : 1000,
                  .piece = 5,
                  .calls_until_failure = k};
      result r = read_server(&s, 64);
      check_error(&r.err, r.status, DM_E_INTERRUPT, 0, "");
      free(r.data);
      CHECK_INT(s.n_calls, k);
    }
  }
  free(gz);
  free(text);
}

/* What a callback would give behind its end is not asked for: the answer may depend on
   the clock. */
static int64_t serve_twice(void *ctx, char *buf, size_t n) {
  int *n_calls = ctx;
  const char *text = *n_calls == 0 ? "one" : *n_calls == 2 ? "two" : "";
  (*n_calls)++;
  size_t len = strlen(text) < n ? strlen(text) : n;
  memcpy(buf, text, len);
  return (int64_t)len;
}

static void test_end_is_final(void) {
  for (size_t step = 1; step < 9; step++) {
    DM_CASE("by %zu", step);
    int n_calls = 0;
    dm_source *source;
    dm_error err;
    CHECK_INT(dm_source_open_callback(&source, serve_twice, &n_calls, NULL, &err), DM_OK);
    result r = read_to_end(source, step);
    check_bytes(&r, "one", 3);
    CHECK_INT(n_calls, 2);
    dm_source_close(source);
  }
}

/* --- files that are not there, or not files ----------------------------------------- */

#ifndef _WIN32
static void test_refused_paths(void) {
  const char *text_file = files_write("file", "abc", 3);
  const char *loop = files_path("loop");
  if (symlink(loop, loop) != 0) {
    FAIL("no symbolic link");
  }
  const char *link_name = files_path("link");
  if (symlink(text_file, link_name) != 0) {
    FAIL("no symbolic link");
  }
  char too_long[9000], behind[5000];
  memset(too_long, 'x', sizeof too_long - 1);
  too_long[0] = '/';
  too_long[sizeof too_long - 1] = '\0';
  snprintf(behind, sizeof behind, "%s/more", text_file);
  const struct {
    const char *path;
    int sys_errno;
  } cases[] = {{files_folder, EISDIR}, {files_path("missing"), ENOENT},
               {"", ENOENT},           {loop, ELOOP},
               {behind, ENOTDIR},      {too_long, ENAMETOOLONG}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("%.200s", cases[i].path);
    result r = read_path(cases[i].path, 10);
    check_error(&r.err, r.status, DM_E_IO, cases[i].sys_errno, "");
  }
  DM_CASE("a socket");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *name = files_path("socket");
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0 && strlen(name) < sizeof address.sun_path) {
    strcpy(address.sun_path, name);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0) {
      result r = read_path(name, 10);
      check_error(&r.err, r.status, DM_E_IO, ENXIO, "");
    }
  }
  close(fd);
  files_remove("socket");
  if (geteuid() != 0) {
    DM_CASE("no permission");
    chmod(text_file, 0);
    result r = read_path(text_file, 10);
    check_error(&r.err, r.status, DM_E_IO, EACCES, "");
  }
  chmod(text_file, 0600);
  DM_CASE("a link");
  result r = read_path(link_name, 10);
  check_bytes(&r, "abc", 3);
  files_remove("loop");
  files_remove("link");
  files_remove("file");
}
#endif

static void test_names(void) {
  static const char *const names[] = {
      "with space",
      "-",
#ifndef _WIN32 /* tests write by names of the code page; see test_writer.c */
      "\xC3\xA9t\xC3\xA9 \xE6\xA0\x87.gz",
      "a\tb",
#endif
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    DM_CASE("%s", names[i]);
    result r = read_path(files_write(names[i], "abc", 3), 10);
    check_bytes(&r, "abc", 3);
    files_remove(names[i]);
  }
}

#ifndef _WIN32
static void test_devices(void) {
  result r = read_path("/dev/null", 10);
  check_bytes(&r, "", 0);
  /* says that it is a regular file of 0 bytes */
  static const char *const paths[] = {"/proc/version", "/proc/cpuinfo",
                                      "/proc/self/maps"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    DM_CASE("%s", paths[i]);
    FILE *file = fopen(paths[i], "rb");
    if (!file) {
      continue; /* not Linux */
    }
    static char want[1 << 20];
    size_t len = fread(want, 1, sizeof want, file);
    fclose(file);
    r = read_path(paths[i], 1000);
    CHECK_INT(r.status, DM_OK);
    CHECK(r.len > 0);
    if (i == 0) {
      CHECK_BYTES(r.data, r.len, want, len);
    }
    free(r.data);
  }
}
#endif

/* --- files that change -------------------------------------------------------------- */

/* Opens a file of this size, changes it, reads on from where reading stood. */
static result change_file(size_t before, size_t read_first, int64_t change,
                          bool *has_grown) {
  char *text = random_text(9, before);
  const char *path = files_write("changing", text, before);
  dm_source *source;
  dm_error err;
  result r = {.status = dm_source_open_file(&source, path, NULL, &err)};
  CHECK_INT(r.status, DM_OK);
  char *head = malloc(before + 1);
  size_t got = 0;
  CHECK_INT(dm_source_read(source, head, read_first, &got, &err), DM_OK);
  CHECK_BYTES(head, got, text, read_first);
  if (change < 0) {
    CHECK_INT(truncate(path, (off_t)before + (off_t)change), 0);
  } else {
    FILE *file = fopen(path, "ab");
    for (int64_t i = 0; i < change; i++) {
      fputc('+', file);
    }
    fclose(file);
  }
  r = read_to_end(source, 4096);
  if (r.status == DM_OK) {
    CHECK_BYTES(r.data, r.len, text + read_first, before - read_first);
  }
  *has_grown = dm_source_has_grown(source);
  dm_source_close(source);
  free(head);
  free(text);
  files_remove("changing");
  return r;
}

static void test_changing_files(void) {
  static const struct {
    size_t before, read_first;
    int64_t change;
    dm_status status;
  } cases[] = {
      {100000, 0, 0, DM_OK},
      {100000, 50000, 0, DM_OK},
      {100000, 0, 1, DM_OK},
      {100000, 100000, 1, DM_OK},
      {100000, 10, 200000, DM_OK},
      {10, 10, 5, DM_OK},
      {3, 0, 100, DM_OK},
      {0, 0, 100, DM_OK},
      {100000, 0, -1, DM_E_IO},
      {100000, 0, -50000, DM_E_IO},
      {100000, 50000, -50000, DM_E_IO},
      {100000, 50000, -70000, DM_E_IO},
      {100000, 0, -99997, DM_E_IO},
      {100000, 0, -100000, DM_E_IO},
      {100000, 99999, -1, DM_E_IO},
      /* all had been read: nothing is missing */
      {100000, 100000, -1, DM_OK},
      {100000, 100000, -100000, DM_OK},
      {6, 6, -6, DM_OK},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("%zu bytes, %zu read, then %+lld", cases[i].before, cases[i].read_first,
            (long long)cases[i].change);
    bool has_grown;
    result r =
        change_file(cases[i].before, cases[i].read_first, cases[i].change, &has_grown);
    CHECK_INT(has_grown, cases[i].change > 0);
    if (cases[i].status) {
      check_error(&r.err, r.status, DM_E_IO, 0, "the file shrank");
      CHECK(strstr(r.err.expected, "100000 bytes") != NULL);
      CHECK(r.err.advice[0] != '\0');
    } else {
      CHECK_INT(r.status, DM_OK);
    }
    free(r.data);
  }
}

#ifndef _WIN32
static void test_deleted_and_replaced(void) {
  for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
    DM_CASE("%s", is_replaced ? "replaced" : "deleted");
    char *text = random_text(11, 5000);
    dm_source *source;
    dm_error err;
    CHECK_INT(dm_source_open_file(&source, files_write("old", text, 5000), NULL, &err),
              DM_OK);
    if (is_replaced) {
      files_write("new", "other", 5);
      rename(files_path("new"), files_path("old"));
    } else {
      files_remove("old");
    }
    result r = read_to_end(source, 100);
    check_bytes(&r, text, 5000);
    CHECK(!dm_source_has_grown(source));
    dm_source_close(source);
    files_remove("old");
    free(text);
  }
}

/* --- pipes -------------------------------------------------------------------------- */

static void pause_milliseconds(long milliseconds) {
  struct timespec wait = {.tv_sec = milliseconds / 1000,
                          .tv_nsec = milliseconds % 1000 * 1000000};
  nanosleep(&wait, NULL);
}

/* A child that opens the FIFO after a while and writes the bytes in pieces. */
static pid_t write_slowly(const char *path, const void *bytes, size_t len, size_t piece,
                          long first, long between) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGPIPE, SIG_IGN);
    pause_milliseconds(first);
    int fd = open(path, O_WRONLY);
    for (size_t i = 0; fd >= 0 && i < len; i += piece) {
      pause_milliseconds(between);
      size_t step = len - i < piece ? len - i : piece;
      if (write(fd, (const char *)bytes + i, step) < 0) {
        break;
      }
    }
    _exit(0);
  }
  return child;
}

static void test_fifo(void) {
  char *text = random_text(12, 300000);
  size_t gz_len;
  unsigned char *gz = files_gzip(text, 300000, 6, &gz_len);
  const struct {
    const void *bytes;
    size_t len, piece;
    long first, between;
    const char *want;
    size_t want_len;
  } cases[] = {
      {text, 20, 1, 150, 10, text, 20},
      {text, 300000, 7000, 0, 2, text, 300000},
      {text, 300000, 300000, 0, 0, text, 300000},
      {text, 0, 1, 50, 0, "", 0}, /* opened, closed */
      {gz, gz_len, 2000, 0, 1, text, 300000},
      {gz, 0, 1, 0, 0, "", 0},
  };
  const char *path = files_path("fifo");
  if (mkfifo(path, 0600) != 0) {
    FAIL("no FIFO");
  }
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    pid_t child = write_slowly(path, cases[i].bytes, cases[i].len, cases[i].piece,
                               cases[i].first, cases[i].between);
    result r = read_path(path, 4096);
    check_bytes(&r, cases[i].want, cases[i].want_len);
    waitpid(child, NULL, 0);
  }
  DM_CASE("gzip that ends too early");
  pid_t child = write_slowly(path, gz, gz_len / 2, 5000, 0, 0);
  result r = read_path(path, 4096);
  check_error(&r.err, r.status, DM_E_IO, 0, "end in the middle");
  free(r.data);
  waitpid(child, NULL, 0);
  files_remove("fifo");
  free(gz);
  free(text);
}
#endif

/* --- the host ----------------------------------------------------------------------- */

static void test_host_is_asked(void) {
  size_t len = 3300000;
  char *text = random_text(13, len);
  size_t gz_len;
  unsigned char *gz = files_gzip(text, len, 1, &gz_len);
  for (int kind = 0; kind < 6; kind++) {
    bool is_gz = kind >= 3;
    const void *bytes = is_gz ? (void *)gz : (void *)text;
    size_t n = is_gz ? gz_len : len;
    DM_CASE("kind %d%s", kind % 3, is_gz ? ", gzip" : "");
    watch w = {.is_ascending = true};
    dm_host host = {watch_check, &w};
    server s = {.bytes = bytes, .len = n, .piece = 1 << 22};
    dm_source *source = NULL;
    dm_error err;
    dm_status status =
        kind % 3 == 0 ? dm_source_open_memory(&source, bytes, n, &host, &err)
        : kind % 3 == 1
            ? dm_source_open_file(&source, files_write("big", bytes, n), &host, &err)
            : dm_source_open_callback(&source, serve, &s, &host, &err);
    CHECK_INT(status, DM_OK);
    result r = read_to_end(source, 2000000); /* more than may be read unasked */
    check_bytes(&r, text, len);
    dm_source_close(source);
    CHECK(w.is_ascending);
    CHECK_UINT(w.last, n);
    CHECK(w.longest <= 1 << 20);
    CHECK(w.n_calls >= 4);
    int n_calls = w.n_calls;
    for (int k = 1; k <= n_calls; k++) { /* stop at every one of them */
      w = (watch){.is_ascending = true, .calls_until_stop = k};
      s.at = 0;
      status = kind % 3 == 0 ? dm_source_open_memory(&source, bytes, n, &host, &err)
               : kind % 3 == 1
                   ? dm_source_open_file(&source, files_path("big"), &host, &err)
                   : dm_source_open_callback(&source, serve, &s, &host, &err);
      if (status) {
        CHECK(source == NULL);
        check_error(&err, status, DM_E_INTERRUPT, 0, "");
      } else {
        r = read_to_end(source, 2000000);
        check_error(&r.err, r.status, DM_E_INTERRUPT, 0, "");
        free(r.data);
        dm_source_close(source);
      }
      CHECK_INT(w.n_calls, k);
    }
  }
  files_remove("big");
  free(gz);
  free(text);
}

static void test_host_without_check(void) {
  dm_host host = {NULL, NULL};
  dm_source *source;
  dm_error err;
  CHECK_INT(dm_source_open_memory(&source, "abc", 3, &host, &err), DM_OK);
  result r = read_to_end(source, 2);
  check_bytes(&r, "abc", 3);
  dm_source_close(source);
}

#ifndef _WIN32
/* The host says stop while nothing comes: heard within 0.2 s. The machine may be busy,
   so one of a few attempts must do. */
static void test_interrupted_wait(void) {
  const char *path = files_path("silent");
  if (mkfifo(path, 0600) != 0) {
    FAIL("no FIFO");
  }
  /* no writer ever; a writer that says nothing; one that stops after the magic bytes */
  for (int kind = 0; kind < 3; kind++) {
    DM_CASE("kind %d", kind);
    double shortest = 1e9;
    for (int attempt = 0; attempt < 5 && shortest > 0.2; attempt++) {
      int fd = kind ? open(path, O_RDWR) : -1;
      if (kind == 2 && write(fd, "0123456789", 10) != 10) {
        FAIL("write");
      }
      watch w = {.is_ascending = true, .stop_at = now() + 0.03};
      dm_host host = {watch_check, &w};
      dm_source *source = NULL;
      dm_error err;
      char buf[100];
      size_t got;
      dm_status status = dm_source_open_file(&source, path, &host, &err);
      if (!status) {
        status = dm_source_read(source, buf, sizeof buf, &got, &err);
      }
      double late = now() - w.stop_at;
      shortest = late < shortest ? late : shortest;
      check_error(&err, status, DM_E_INTERRUPT, 0, "");
      CHECK(w.n_calls >= 1);
      dm_source_close(source);
      if (fd >= 0) {
        close(fd);
      }
    }
    CHECK(shortest <= 0.2);
  }
  files_remove("silent");
}
#endif

/* --- compression -------------------------------------------------------------------- */

static void test_other_compressions(void) {
  static const struct {
    const char *bytes;
    size_t len;
    const char *name; /* NULL: plain bytes */
    const char *advice;
  } cases[] = {
      {"BZh91AY&SY", 10, "bzip2", "bzfile"},
      {"BZh", 3, "bzip2", "bzfile"},
      {"\xFD\x37\x7A\x58\x5A\x00\x00", 7, "xz", "xzfile"},
      {"\xFD\x37\x7A\x58\x5A\x00", 6, "xz", "xzfile"},
      {"PK\x03\x04\x14\x00", 6, "zip", "unz"},
      {"PK\x03\x04", 4, "a zip archive", "unpack"},
      {"7z\xBC\xAF\x27\x1C", 6, "a 7z archive", "unpack"},
      {"\x04\x22\x4D\x18", 4, "lz4", "decompress"},
      {"\x5D\x00\x00\x80", 4, "lzma", "decompress"},
      {"\x1F\x9D\x90", 3, "compress", "decompress"},
      /* almost */
      {"\x28\xB5\x2F", 3, NULL, NULL},
      {"\x28\xB5\x2F\xFE", 4, NULL, NULL},
      {"BZ", 2, NULL, NULL},
      {"BZg", 3, NULL, NULL},
      {"\xFD\x37\x7A\x58\x5A", 5, NULL, NULL},
      {"\xFD\x37\x7A\x58\x5A\x01", 6, NULL, NULL},
      {"PK\x03", 3, NULL, NULL},
      {"PK\x05\x06", 4, NULL, NULL},
      {"7z\xBC\xAF\x27\x1D", 6, NULL, NULL},
      {"\x5D\x00\x01", 3, NULL, NULL},
      {"\x1F", 1, NULL, NULL},
      {"\x1F\x8A\x08", 3, NULL, NULL},
      {"\x8B\x1F", 2, NULL, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    server s = {.bytes = cases[i].bytes, .len = cases[i].len, .piece = 1};
    result r[3] = {read_memory(cases[i].bytes, cases[i].len, 3),
                   read_path(files_write("packed.gz", cases[i].bytes, cases[i].len), 3),
                   read_server(&s, 3)};
    for (size_t k = 0; k < 3; k++) {
      if (cases[i].name) {
        check_error(&r[k].err, r[k].status, DM_E_IO, 0, cases[i].name);
        CHECK(strstr(r[k].err.advice, cases[i].advice) != NULL);
        free(r[k].data);
      } else {
        check_bytes(&r[k], cases[i].bytes, cases[i].len);
      }
    }
  }
  files_remove("packed.gz");
}

/* The lowest file descriptor that is free. */
static int free_descriptor(void) {
  int fd = dup(2);
  close(fd);
  return fd;
}

int main(void) {
  int first_free = free_descriptor();
  DM_RUN(test_plain);
  DM_RUN(test_read_of_nothing);
  DM_RUN(test_callback_failures);
  DM_RUN(test_end_is_final);
  DM_RUN_POSIX(test_refused_paths);
  DM_RUN(test_names);
  DM_RUN_POSIX(test_devices);
  DM_RUN(test_changing_files);
  DM_RUN_POSIX(test_deleted_and_replaced);
  DM_RUN_POSIX(test_fifo);
  DM_RUN(test_host_is_asked);
  DM_RUN(test_host_without_check);
  DM_RUN_POSIX(test_interrupted_wait);
  DM_RUN(test_other_compressions);
  CHECK_INT(free_descriptor(), first_free); /* every source closed its own */
  CHECK(files_end());
  return dm_test_end();
}
