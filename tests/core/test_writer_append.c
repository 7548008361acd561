/* dm_writer.c: files that grow by whole pieces. */
#include "dm_writing.h"

#ifdef _WIN32
#define LINKED "grown"
#define symlink(to, path) 0 /* there is none: the file itself */
#else
#define LINKED "grown-link"
#endif

static dm_status append_text(dm_writer *writer, const char *text, bool *is_broken,
                             dm_error *err) {
  return dm_writer_append(writer, text, strlen(text), NULL, is_broken, err);
}

static void test_append(void) {
  dm_error err;
  dm_writer *writer;
  bool is_broken;
  mode_t before = (mode_t)umask(027);
  CHECK_INT(dm_writer_open_append(&writer, "grown", true, NULL, &err), DM_OK);
  umask(before);
  CHECK(has_text("grown", ""));
#ifndef _WIN32
  CHECK_UINT(mode_of("grown"), 0640);
#endif
  CHECK_INT(append_text(writer, "a\n", &is_broken, &err), DM_OK);
  CHECK(has_text("grown", "a\n"));
  CHECK_INT(append_text(writer, "", &is_broken, &err), DM_OK);
  CHECK_INT(append_text(writer, "b\n", &is_broken, &err), DM_OK);
  CHECK(has_text("grown", "a\nb\n"));
  CHECK_UINT(dm_writer_size(writer), 4);
  CHECK(!dm_writer_is_device(writer));
  CHECK_INT(dm_writer_commit(writer, &err), DM_OK);
  dm_writer_close(writer);
  CHECK(has_text("grown", "a\nb\n"));
  /* what is there already stays, through a link as well */
  CHECK_INT(symlink("grown", LINKED), 0);
  CHECK_INT(dm_writer_open_append(&writer, LINKED, false, NULL, &err), DM_OK);
  CHECK_UINT(dm_writer_size(writer), 4);
  CHECK_INT(append_text(writer, "c\n", &is_broken, &err), DM_OK);
  CHECK_INT(dm_writer_cut(writer, 2, &err), DM_OK);
  CHECK(has_text("grown", "a\n"));
  CHECK_INT(append_text(writer, "d\n", &is_broken, &err), DM_OK);
  dm_writer_close(writer); /* without a commit nothing is lost either */
  CHECK(has_text("grown", "a\nd\n"));
  CHECK_INT(dm_writer_open_append(&writer, "grown", true, NULL, &err), DM_E_IO);
  CHECK_INT(err.sys_errno, EEXIST);
  CHECK(writer == NULL);
  CHECK(has_text("grown", "a\nd\n"));
  spit("empty", "");
  CHECK_INT(dm_writer_open_append(&writer, "empty", true, NULL, &err), DM_OK);
  dm_writer_close(writer);
  CHECK_INT(count_temporaries(), 0);
}

static void test_append_refused(void) {
  mkdir("dir", 0777);
  spit("plain", "");
  static const struct {
    const char *path;
    int want;
  } cases[] = {
      {"dir", EISDIR},
      {"absent/file", ENOENT},
      {"", ENOENT},
#ifndef _WIN32
      {"plain/file", ENOTDIR},
#endif
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].path);
    dm_error err;
    dm_writer *writer;
    CHECK_INT(dm_writer_open_append(&writer, cases[i].path, false, NULL, &err), DM_E_IO);
    CHECK_INT(err.sys_errno, cases[i].want);
    CHECK(writer == NULL);
  }
}

/* Somebody else's bytes are neither written over nor cut off. */
static void test_append_disturbed(void) {
  dm_error err;
  dm_writer *first, *second;
  bool is_broken;
  CHECK_INT(dm_writer_open_append(&first, "shared", true, NULL, &err), DM_OK);
  CHECK_INT(dm_writer_open_append(&second, "shared", true, NULL, &err), DM_OK);
  CHECK_INT(append_text(first, "first\n", &is_broken, &err), DM_OK);
  CHECK_INT(append_text(second, "second\n", &is_broken, &err), DM_E_IO);
  CHECK(!is_broken && err.found[0] && err.advice[0]);
  CHECK_INT(append_text(first, "again\n", &is_broken, &err), DM_OK);
  CHECK(has_text("shared", "first\nagain\n"));
  dm_writer_close(first);
  dm_writer_close(second);
}

#ifndef _WIN32
/* Deleted, moved away, replaced, or its folder gone: nothing is written, and once the
   file is back the writer goes on. Each opens the file by another path, and the working
   folder is another one then. */
static void test_append_lost(void) {
  static const struct {
    const char *path;
    const char *found;
  } cases[] = {{"away/a", "none: it was deleted or moved away"},
               {"away-link", "another one in its place"},
               {"./away/a", "none: it was deleted or moved away"}};
  CHECK_INT(mkdir("away", 0777), 0);
  CHECK_INT(symlink("away/a", "away-link"), 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    dm_writer *writer;
    dm_error err;
    bool is_broken;
    CHECK_INT(dm_writer_open_append(&writer, cases[i].path, true, NULL, &err), DM_OK);
    CHECK_INT(chdir("/"), 0);
    CHECK_INT(append_text(writer, "a\n", &is_broken, &err), DM_OK);
    CHECK_INT(chdir(folder), 0);
    CHECK_INT(link("away/a", "away-kept"), 0); /* a name is left, so it is not deleted */
    switch (i) {
      case 0:
        CHECK_INT(unlink("away/a"), 0);
        break;
      case 1:
        spit("away-other", "b\n"); /* of the same size */
        CHECK_INT(rename("away-other", "away/a"), 0);
        break;
      default:
        CHECK_INT(unlink("away/a"), 0);
        CHECK_INT(rmdir("away"), 0);
        spit("away", "a file where the folder was");
    }
    CHECK_INT(append_text(writer, "c\n", &is_broken, &err), DM_E_IO);
    CHECK(!is_broken);
    CHECK_STR(err.found, cases[i].found);
    CHECK(has_text("away-kept", "a\n"));
    unlink("away/a");
    if (i == 0) {
      CHECK_INT(rename("away-kept", "away/a"), 0);
      CHECK_INT(append_text(writer, "d\n", &is_broken, &err), DM_OK);
      CHECK(has_text("away/a", "a\nd\n"));
      CHECK_INT(dm_writer_commit(writer, &err), DM_OK);
      unlink("away/a");
    } else {
      CHECK_INT(dm_writer_commit(writer, &err), DM_E_IO);
      CHECK_STR(err.expected, "the file where it was opened");
      unlink("away-kept");
    }
    dm_writer_close(writer);
  }
}

static void append_until_full(void) {
  signal(SIGXFSZ, SIG_IGN);
  dm_error err;
  dm_writer *writer;
  bool is_broken;
  CHECK_INT(dm_writer_open_append(&writer, "filled", true, NULL, &err), DM_OK);
  CHECK_INT(append_text(writer, "kept\n", &is_broken, &err), DM_OK);
  static char text[4000000];
  memset(text, 'x', sizeof text);
  for (rlim_t limit = 5; limit < 4000000; limit += 900000) {
    struct rlimit cap = {.rlim_cur = limit, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &cap);
    CHECK_INT(dm_writer_append(writer, text, sizeof text, NULL, &is_broken, &err),
              DM_E_IO);
    CHECK_INT(err.sys_errno, EFBIG);
    CHECK(!is_broken);
    CHECK(has_text("filled", "kept\n"));
  }
  /* goes on when there is room again */
  struct rlimit cap = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &cap);
  CHECK_INT(append_text(writer, "more\n", &is_broken, &err), DM_OK);
  CHECK(has_text("filled", "kept\nmore\n"));
  dm_writer_close(writer);
}

static void test_append_full(void) {
  in_child(append_until_full);
}

static void test_append_devices(void) {
  dm_error err;
  dm_writer *writer;
  bool is_broken;
  if (CHECK_INT(dm_writer_open_append(&writer, "/dev/full", true, NULL, &err), DM_OK)) {
    CHECK(dm_writer_is_device(writer));
    CHECK_INT(append_text(writer, "text", &is_broken, &err), DM_E_IO);
    CHECK_INT(err.sys_errno, ENOSPC);
    CHECK(is_broken);
    dm_writer_close(writer);
  }
  if (CHECK_INT(dm_writer_open_append(&writer, "/dev/null", false, NULL, &err), DM_OK)) {
    CHECK_INT(append_text(writer, "text", &is_broken, &err), DM_OK);
    CHECK_UINT(dm_writer_size(writer), 0);
    CHECK_INT(dm_writer_commit(writer, &err), DM_OK);
    dm_writer_close(writer);
  }
}
#endif

static void test_append_interrupt(void) {
  dm_error err;
  dm_writer *writer;
  bool is_broken;
  CHECK_INT(dm_writer_open_append(&writer, "stopped", true, NULL, &err), DM_OK);
  CHECK_INT(append_text(writer, "kept\n", &is_broken, &err), DM_OK);
  int left = 2;
  dm_host host = {.check = count_down, .ctx = &left};
  static char text[5000000];
  CHECK_INT(dm_writer_append(writer, text, sizeof text, &host, &is_broken, &err),
            DM_E_INTERRUPT);
  CHECK(!is_broken);
  CHECK(has_text("stopped", "kept\n"));
  CHECK_INT(append_text(writer, "more\n", &is_broken, &err), DM_OK);
  CHECK(has_text("stopped", "kept\nmore\n"));
  dm_writer_close(writer);
}

#ifndef _WIN32
/* Of a writer that is killed, all that was complete is there. */
static void test_append_killed(void) {
  static char text[1000000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\n';
  for (int i = 0; i < 20; i++) {
    unlink("killed-append");
    int reports[2];
    CHECK_INT(pipe(reports), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
      dm_error err;
      dm_writer *writer;
      bool is_broken;
      bool is_good =
          dm_writer_open_append(&writer, "killed-append", true, NULL, &err) == DM_OK;
      while (is_good) {
        is_good = dm_writer_append(writer, text, sizeof text, NULL, &is_broken, &err) ==
                      DM_OK &&
                  write(reports[1], "x", 1) == 1;
      }
      _exit(1);
    }
    close(reports[1]);
    nanosleep(&(struct timespec){.tv_nsec = 2000000L + i * 150000L}, NULL);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    char reported[10000];
    ssize_t n = 0, got;
    while ((got = read(reports[0], reported, sizeof reported)) > 0) {
      n += got;
    }
    close(reports[0]);
    struct stat info;
    off_t size = stat("killed-append", &info) == 0 ? info.st_size : 0;
    CHECK(size >= n * (off_t)sizeof text && size <= (n + 2) * (off_t)sizeof text);
  }
  unlink("killed-append");
}
#endif

static void test_append_allocations(void) {
  dm_error err;
  size_t k = 1;
  for (; k < 10; k++) {
    fault_arm_memory(k, false);
    dm_writer *writer;
    dm_status status = dm_writer_open_append(&writer, LINKED, false, NULL, &err);
    dm_writer_close(writer);
    if (!fault_has_fired()) {
      CHECK_INT(status, DM_OK);
      break;
    }
    CHECK_INT(status, DM_E_MEMORY);
    CHECK(writer == NULL);
  }
  CHECK(k > 2);
  fault_arm_memory(0, false);
  CHECK_UINT(fault_live_blocks(), 0);
}

int main(void) {
  if (!enter_folder()) {
    return 1;
  }
  DM_RUN(test_append);
  DM_RUN(test_append_refused);
  DM_RUN(test_append_disturbed);
  DM_RUN_POSIX(test_append_lost);
  DM_RUN_POSIX(test_append_full);
  DM_RUN_POSIX(test_append_devices);
  DM_RUN(test_append_interrupt);
  DM_RUN_POSIX(test_append_killed);
  DM_RUN(test_append_allocations);
  leave_folder();
  return dm_test_end();
}
