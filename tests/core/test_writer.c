/* dm_writer.c: the old file or the new one, whatever happens in between; and files that
   grow by whole pieces. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dm_mem_fault.h"
#include "dm_test.h"
#include "io/dm_writer.h"

/* The folder that a test works in; main() makes it current. */
static char folder[] = "/tmp/dm-writer-XXXXXX";

static size_t slurp(const char *path, char *out, size_t cap) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    return SIZE_MAX;
  }
  size_t n = fread(out, 1, cap, file);
  fclose(file);
  return n;
}

static void spit(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  if (CHECK(file)) {
    fputs(text, file);
    fclose(file);
  }
}

static bool has_text(const char *path, const char *want) {
  char got[256];
  size_t n = slurp(path, got, sizeof got);
  return n == strlen(want) && memcmp(got, want, n) == 0;
}

static int count_temporaries(void) {
  int n = 0;
  DIR *dir = opendir(".");
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    n += strstr(entry->d_name, DM_WRITER_SUFFIX) != NULL;
  }
  if (dir) {
    closedir(dir);
  }
  return n;
}

static dm_status write_text(const char *path, const char *text, dm_error *err) {
  dm_writer *writer;
  DM_TRY(dm_writer_open(&writer, path, NULL, err));
  dm_status status = dm_writer_write(writer, text, strlen(text), err);
  if (!status) {
    status = dm_writer_commit(writer, err);
  }
  dm_writer_close(writer);
  return status;
}

static unsigned mode_of(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? (unsigned)info.st_mode & 07777 : 0;
}

static void test_new_and_old(void) {
  dm_error err;
  mode_t before = umask(027);
  CHECK_INT(write_text("new", "a\n", &err), DM_OK);
  umask(before);
  CHECK(has_text("new", "a\n"));
  CHECK_UINT(mode_of("new"), 0640);
  chmod("new", 0604);
  CHECK_INT(write_text("new", "b\n", &err), DM_OK);
  CHECK(has_text("new", "b\n"));
  CHECK_UINT(mode_of("new"), 0604);
  CHECK_INT(write_text("new", "", &err), DM_OK);
  CHECK(has_text("new", ""));
  CHECK_INT(count_temporaries(), 0);
}

static void test_room(void) {
  enum { N = 50000 };
  dm_error err;
  dm_writer *writer;
  if (!CHECK_INT(dm_writer_open(&writer, "room", NULL, &err), DM_OK)) {
    return;
  }
  for (int i = 0; i < N; i++) {
    char *out;
    CHECK_INT(dm_writer_room(writer, DM_WRITER_ROOM_MAX, &out, &err), DM_OK);
    memset(out, 'a' + i % 26, 9);
    out[9] = '\n';
    dm_writer_advance(writer, out + 10);
  }
  char big[300000];
  memset(big, '-', sizeof big);
  CHECK_INT(dm_writer_write(writer, big, sizeof big, &err), DM_OK);
  CHECK_INT(dm_writer_commit(writer, &err), DM_OK);
  dm_writer_close(writer);
  enum { SIZE = N * 10 + sizeof big };
  char *got = malloc(SIZE + 1);
  if (CHECK(got) && CHECK_UINT(slurp("room", got, SIZE + 1), SIZE)) {
    bool is_same = memcmp(got + N * 10, big, sizeof big) == 0;
    for (int i = 0; i < N; i++) {
      is_same = is_same && got[i * 10 + 8] == 'a' + i % 26 && got[i * 10 + 9] == '\n';
    }
    CHECK(is_same);
  }
  free(got);
}

static void test_abort(void) {
  dm_error err;
  spit("kept", "old");
  dm_writer *writer;
  if (CHECK_INT(dm_writer_open(&writer, "kept", NULL, &err), DM_OK)) {
    char text[400000] = {0};
    CHECK_INT(dm_writer_write(writer, text, sizeof text, &err), DM_OK);
    CHECK_INT(count_temporaries(), 1);
    CHECK(has_text("kept", "old"));
    dm_writer_close(writer);
  }
  CHECK(has_text("kept", "old"));
  CHECK_INT(count_temporaries(), 0);
  dm_writer_close(NULL);
}

static void test_two_writers(void) {
  dm_error err;
  dm_writer *first, *second;
  CHECK_INT(dm_writer_open(&first, "two", NULL, &err), DM_OK);
  CHECK_INT(dm_writer_open(&second, "two", NULL, &err), DM_OK);
  CHECK_INT(count_temporaries(), 2);
  CHECK_INT(dm_writer_write(first, "first", 5, &err), DM_OK);
  CHECK_INT(dm_writer_write(second, "second", 6, &err), DM_OK);
  CHECK_INT(dm_writer_commit(second, &err), DM_OK);
  CHECK(has_text("two", "second"));
  CHECK_INT(dm_writer_commit(first, &err), DM_OK);
  CHECK(has_text("two", "first"));
  dm_writer_close(first);
  dm_writer_close(second);
  CHECK_INT(count_temporaries(), 0);
}

static void test_long_name(void) {
  dm_error err;
  char name[256] = {0};
  memset(name, 'n', 255);
  memcpy(name + 179, "\xC3\xA9", 2); /* where the temporary name is cut */
  CHECK_INT(write_text(name, "long", &err), DM_OK);
  CHECK(has_text(name, "long"));
  char longer[300] = {0};
  memset(longer, 'n', 299);
  CHECK_INT(write_text(longer, "long", &err), DM_E_IO);
  CHECK_INT(err.sys_errno, ENAMETOOLONG);
}

static void test_links(void) {
  dm_error err;
  mkdir("sub", 0777);
  spit("sub/file", "old");
  CHECK_INT(symlink("sub/file", "link"), 0);
  CHECK_INT(symlink("../link", "sub/second"), 0);
  CHECK_INT(write_text("sub/second", "through", &err), DM_OK);
  CHECK(has_text("sub/file", "through"));
  struct stat info;
  CHECK(lstat("link", &info) == 0 && S_ISLNK(info.st_mode));
  CHECK(lstat("sub/second", &info) == 0 && S_ISLNK(info.st_mode));
  CHECK_INT(symlink("sub/absent", "dangling"), 0);
  CHECK_INT(write_text("dangling", "made", &err), DM_OK);
  CHECK(has_text("sub/absent", "made"));
  char absolute[sizeof folder + 16];
  snprintf(absolute, sizeof absolute, "%s/absolute", folder);
  CHECK_INT(symlink(absolute, "to-absolute"), 0);
  CHECK_INT(write_text("to-absolute", "made", &err), DM_OK);
  CHECK(has_text("absolute", "made"));
  CHECK_INT(symlink("loop", "loop"), 0);
  CHECK_INT(write_text("loop", "", &err), DM_E_IO);
  CHECK_INT(err.sys_errno, ELOOP);
}

static void test_refused(void) {
  mkdir("dir", 0777);
  spit("plain", "");
  static const struct {
    const char *path;
    int want;
  } cases[] = {
      {"dir", EISDIR},         {"dir/", EISDIR},      {".", EISDIR},
      {"absent/file", ENOENT}, {"", ENOENT},          {"absent/", ENOENT},
      {"plain/file", ENOTDIR}, {"/dev/full", ENOSPC},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].path);
    dm_error err;
    CHECK_INT(write_text(cases[i].path, "text", &err), DM_E_IO);
    CHECK_INT(err.sys_errno, cases[i].want);
    CHECK(err.expected[0] != '\0');
  }
  CHECK_INT(count_temporaries(), 0);
}

/* Runs body in a process of its own; the number of its failed checks comes back. */
static void in_child(void (*body)(void)) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    dm_test_state.failed = 0;
    body();
    _exit(dm_test_state.failed > 0);
  }
  int status = -1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK_INT(status, 0);
}

/* Permissions bind nobody but root. */
static void write_as_nobody(void) {
  if (getuid() == 0) {
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
  }
  dm_error err;
  CHECK_INT(write_text("guarded", "new", &err), DM_E_IO);
  CHECK_INT(err.sys_errno, EACCES);
  CHECK_INT(write_text("closed/file", "new", &err), DM_E_IO);
  CHECK_INT(err.sys_errno, EACCES);
  CHECK_INT(write_text("closed/absent", "new", &err), DM_E_IO);
  CHECK_INT(err.sys_errno, EACCES);
  CHECK(err.advice[0] != '\0');
}

static void test_permissions(void) {
  chmod(".", 0777);
  spit("guarded", "old");
  chmod("guarded", 0444);
  mkdir("closed", 0777);
  spit("closed/file", "old");
  chmod("closed/file", 0666);
  chmod("closed", 0555);
  in_child(write_as_nobody);
  chmod("closed", 0777);
  CHECK(has_text("guarded", "old"));
  CHECK(has_text("closed/file", "old"));
}

static void write_until_full(void) {
  signal(SIGXFSZ, SIG_IGN);
  for (rlim_t limit = 0; limit < 1000000; limit += 90000) {
    struct rlimit cap = {.rlim_cur = limit, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &cap);
    static char text[1000000];
    memset(text, 'x', sizeof text - 1);
    dm_error err;
    CHECK_INT(write_text("full", text, &err), DM_E_IO);
    CHECK_INT(err.sys_errno, EFBIG);
    CHECK(has_text("full", "old"));
    CHECK_INT(count_temporaries(), 0);
  }
}

static void test_full(void) {
  spit("full", "old");
  in_child(write_until_full);
}

static void test_killed(void) {
  spit("killed", "old");
  for (int i = 0; i < 20; i++) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
      static char text[2000000];
      memset(text, 'x', sizeof text - 1);
      dm_error err;
      _exit(write_text("killed", text, &err) != DM_OK);
    }
    nanosleep(&(struct timespec){.tv_nsec = i * 150000L}, NULL);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    char start[8];
    size_t n = slurp("killed", start, sizeof start);
    struct stat info;
    bool is_old = n == 3 && memcmp(start, "old", 3) == 0;
    CHECK(stat("killed", &info) == 0 && (is_old || info.st_size == 1999999));
  }
  /* what the killed ones left is in nobody's way, and can be told by its name */
  dm_error err;
  CHECK_INT(write_text("killed", "after", &err), DM_OK);
  CHECK(has_text("killed", "after"));
  DIR *dir = opendir(".");
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    if (strstr(entry->d_name, DM_WRITER_SUFFIX)) {
      CHECK(strncmp(entry->d_name, "killed.", 7) == 0);
      unlink(entry->d_name);
    }
  }
  closedir(dir);
}

static int count_down(void *ctx, uint64_t bytes) {
  (void)bytes;
  int *left = ctx;
  return (*left)-- == 0;
}

static void test_interrupt(void) {
  spit("interrupted", "old");
  int left = 2;
  dm_host host = {.check = count_down, .ctx = &left};
  dm_error err;
  dm_writer *writer;
  if (!CHECK_INT(dm_writer_open(&writer, "interrupted", &host, &err), DM_OK)) {
    return;
  }
  static char text[5000000];
  CHECK_INT(dm_writer_write(writer, text, sizeof text, &err), DM_E_INTERRUPT);
  dm_writer_close(writer);
  CHECK(has_text("interrupted", "old"));
  CHECK_INT(count_temporaries(), 0);
}

static void test_devices(void) {
  dm_error err;
  CHECK_INT(write_text("/dev/null", "text", &err), DM_OK);
  struct stat info;
  CHECK(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
}

/* /dev/stdout goes on behind what a redirected output has, and replaces nothing. */
static void write_to_stdout(void) {
  int fd = open("redirected", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  CHECK(dup2(fd, 1) == 1 && write(1, "before ", 7) == 7);
  dm_error err;
  CHECK_INT(write_text("/dev/stdout", "middle ", &err), DM_OK);
  CHECK_INT(write_text("/dev/fd/1", "end", &err), DM_OK);
  CHECK(write(1, " after", 6) == 6);
  CHECK(has_text("redirected", "before middle end after"));
  CHECK_INT(write_text("/dev/fd/999", "text", &err), DM_E_IO);
}

static void test_stdout(void) {
  in_child(write_to_stdout);
}

static void test_fifo(void) {
  CHECK_INT(mkfifo("fifo", 0666), 0);
  dm_error err;
  /* nobody reads: waits, and can be interrupted */
  int left = 2;
  dm_host host = {.check = count_down, .ctx = &left};
  dm_writer *writer;
  CHECK_INT(dm_writer_open(&writer, "fifo", &host, &err), DM_E_INTERRUPT);
  CHECK(writer == NULL);
  /* a reader that takes all, more than the pipe holds at once */
  static char text[1000001];
  memset(text, 'x', sizeof text - 1);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    static char got[2000000];
    _exit(slurp("fifo", got, sizeof got) != sizeof text - 1);
  }
  CHECK_INT(write_text("fifo", text, &err), DM_OK);
  int status = -1;
  waitpid(child, &status, 0);
  CHECK_INT(status, 0);
  /* a reader that goes: an error, and no signal */
  fflush(NULL);
  child = fork();
  if (child == 0) {
    char got[10];
    _exit(slurp("fifo", got, sizeof got) != sizeof got);
  }
  CHECK_INT(write_text("fifo", text, &err), DM_E_IO);
  CHECK_INT(err.sys_errno, EPIPE);
  waitpid(child, &status, 0);
  CHECK_INT(status, 0);
  /* a reader that doesn't read: waits, and can be interrupted */
  int fd = open("fifo", O_RDONLY | O_NONBLOCK);
  left = 5;
  if (CHECK_INT(dm_writer_open(&writer, "fifo", &host, &err), DM_OK)) {
    CHECK_INT(dm_writer_write(writer, text, sizeof text, &err), DM_E_INTERRUPT);
    dm_writer_close(writer);
  }
  close(fd);
}

static void test_allocations(void) {
  spit("memory", "old");
  unlink("to-memory");
  CHECK_INT(symlink("memory", "to-memory"), 0);
  size_t k = 1;
  for (;; k++) {
    fault_arm_memory(k, false);
    dm_error err;
    dm_status status = write_text("to-memory", "new", &err);
    CHECK_INT(count_temporaries(), 0);
    if (!fault_has_fired()) {
      CHECK_INT(status, DM_OK);
      break;
    }
    /* the last one only serves to sync the folder, when all is done */
    CHECK(status ? has_text("memory", "old") : has_text("memory", "new"));
    CHECK(status == DM_OK || status == DM_E_MEMORY);
  }
  CHECK(k > 4);
  fault_arm_memory(0, false);
  CHECK_UINT(fault_live_blocks(), 0);
}

/* --- appending --- */

static dm_status append_text(dm_writer *writer, const char *text, bool *is_broken,
                             dm_error *err) {
  return dm_writer_append(writer, text, strlen(text), NULL, is_broken, err);
}

static void test_append(void) {
  dm_error err;
  dm_writer *writer;
  bool is_broken;
  mode_t before = umask(027);
  CHECK_INT(dm_writer_open_append(&writer, "grown", true, NULL, &err), DM_OK);
  umask(before);
  CHECK(has_text("grown", ""));
  CHECK_UINT(mode_of("grown"), 0640);
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
  CHECK_INT(symlink("grown", "grown-link"), 0);
  CHECK_INT(dm_writer_open_append(&writer, "grown-link", false, NULL, &err), DM_OK);
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
  static const struct {
    const char *path;
    int want;
  } cases[] = {
      {"dir", EISDIR}, {"absent/file", ENOENT}, {"", ENOENT}, {"plain/file", ENOTDIR}};
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

static void test_append_allocations(void) {
  dm_error err;
  size_t k = 1;
  for (; k < 10; k++) {
    fault_arm_memory(k, false);
    dm_writer *writer;
    dm_status status = dm_writer_open_append(&writer, "grown-link", false, NULL, &err);
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
  if (!mkdtemp(folder) || chdir(folder) != 0) {
    perror(folder);
    return 1;
  }
  DM_RUN(test_new_and_old);
  DM_RUN(test_room);
  DM_RUN(test_abort);
  DM_RUN(test_two_writers);
  DM_RUN(test_long_name);
  DM_RUN(test_links);
  DM_RUN(test_refused);
  DM_RUN(test_permissions);
  DM_RUN(test_full);
  DM_RUN(test_killed);
  DM_RUN(test_interrupt);
  DM_RUN(test_devices);
  DM_RUN(test_stdout);
  DM_RUN(test_fifo);
  DM_RUN(test_allocations);
  DM_RUN(test_append);
  DM_RUN(test_append_refused);
  DM_RUN(test_append_disturbed);
  DM_RUN(test_append_lost);
  DM_RUN(test_append_full);
  DM_RUN(test_append_devices);
  DM_RUN(test_append_interrupt);
  DM_RUN(test_append_killed);
  DM_RUN(test_append_allocations);
  if (chdir("/") == 0) {
    char command[sizeof folder + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    CHECK_INT(system(command), 0);
  }
  return dm_test_end();
}
