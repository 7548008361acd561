/* dm_writer.c: the old file or the new one, whatever happens in between. */
#include "dm_writing.h"
#include "io/dm_source.h"

static void test_new_and_old(void) {
  dm_error err;
  mode_t before = (mode_t)umask(027);
  CHECK_INT(write_text("new", "a\n", &err), DM_OK);
  umask(before);
  CHECK(has_text("new", "a\n"));
#ifndef _WIN32
  CHECK_UINT(mode_of("new"), 0640);
#endif
  chmod("new", 0604);
  CHECK_INT(write_text("new", "b\n", &err), DM_OK);
  CHECK(has_text("new", "b\n"));
#ifndef _WIN32
  CHECK_UINT(mode_of("new"), 0604);
#endif
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

/* Somebody else may write what becomes the file. */
static void test_temporary(void) {
  dm_error err;
  dm_writer *writer;
  spit("taken", "old");
  if (CHECK_INT(dm_writer_open(&writer, "taken", NULL, &err), DM_OK)) {
    const char *place = dm_writer_temporary(writer);
    if (CHECK(place)) {
      spit(place, "by others");
    }
    CHECK(has_text("taken", "old"));
    CHECK_INT(dm_writer_commit(writer, &err), DM_OK);
    dm_writer_close(writer);
    CHECK(has_text("taken", "by others"));
  }
  const char *const others[] = {
      "packed.gz",
#ifndef _WIN32
      "/dev/null",
#endif
  };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (CHECK_INT(dm_writer_open(&writer, others[i], NULL, &err), DM_OK)) {
      CHECK(!dm_writer_temporary(writer));
      dm_writer_close(writer);
    }
  }
  CHECK_INT(count_temporaries(), 0);
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

/* Names are UTF-8 everywhere, also where the system has them in UTF-16. */
static void test_other_letters(void) {
  static const char path[] = "caf\xC3\xA9 \xE6\xA0\x87\xF0\x9F\x98\x80";
  dm_error err;
  CHECK_INT(write_text(path, "a\r\n\x1A", &err), DM_OK);
  dm_source *source;
  char got[8];
  size_t n = 0;
  if (CHECK_INT(dm_source_open_file(&source, path, NULL, &err), DM_OK)) {
    CHECK_INT(dm_source_read(source, got, sizeof got, &n, &err), DM_OK);
    CHECK_BYTES(got, n, "a\r\n\x1A", 4);
    dm_source_close(source);
  }
#ifdef _WIN32
  CHECK_INT(_wremove(L"caf\u00E9 \u6807\xD83D\xDE00"), 0);
#else
  CHECK_INT(remove(path), 0);
#endif
}

static void test_long_name(void) {
  dm_error err;
  char name[256] = {0};
  memset(name, 'n', 255);
#ifndef _WIN32
  memcpy(name + 179, "\xC3\xA9", 2); /* where the temporary name is cut */
#endif
  CHECK_INT(write_text(name, "long", &err), DM_OK);
  CHECK(has_text(name, "long"));
  CHECK_INT(remove(name), 0); /* with its folder it is too long for Windows */
  char longer[300] = {0};
  memset(longer, 'n', 299);
  CHECK_INT(write_text(longer, "long", &err), DM_E_IO);
#ifdef _WIN32
  CHECK(err.sys_errno == EINVAL || err.sys_errno == ENOENT);
#else
  CHECK_INT(err.sys_errno, ENAMETOOLONG);
#endif
}

#ifndef _WIN32
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
#endif

static void test_refused(void) {
  mkdir("dir", 0777);
  spit("plain", "");
  static const struct {
    const char *path;
    int want;
  } cases[] = {
      {"dir", EISDIR},         {"dir/", EISDIR},      {".", EISDIR},
      {"absent/file", ENOENT}, {"", ENOENT},          {"absent/", ENOENT},
#ifndef _WIN32
      {"plain/file", ENOTDIR}, {"/dev/full", ENOSPC},
#endif
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

#ifndef _WIN32
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
#endif

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

#ifndef _WIN32
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
#endif

static void test_allocations(void) {
  spit("memory", "old");
#ifdef _WIN32
  const char *const path = "memory";
#else
  const char *const path = "to-memory";
  unlink(path);
  CHECK_INT(symlink("memory", path), 0);
#endif
  size_t k = 1;
  for (;; k++) {
    fault_arm_memory(k, false);
    dm_error err;
    dm_status status = write_text(path, "new", &err);
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

int main(void) {
  if (!enter_folder()) {
    return 1;
  }
  DM_RUN(test_new_and_old);
  DM_RUN(test_room);
  DM_RUN(test_abort);
  DM_RUN(test_temporary);
  DM_RUN(test_two_writers);
  DM_RUN(test_other_letters);
  DM_RUN(test_long_name);
  DM_RUN_POSIX(test_links);
  DM_RUN(test_refused);
  DM_RUN_POSIX(test_permissions);
  DM_RUN_POSIX(test_full);
  DM_RUN_POSIX(test_killed);
  DM_RUN(test_interrupt);
  DM_RUN_POSIX(test_devices);
  DM_RUN_POSIX(test_stdout);
  DM_RUN_POSIX(test_fifo);
  DM_RUN(test_allocations);
  leave_folder();
  return dm_test_end();
}
