/* dm_file.c: what each call does to a file, and what errno says where it can't. */
#define _DEFAULT_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>

#include "base/dm_mem.h"
#include "dm_files.h"
#include "dm_test.h"
#include "io/dm_file.h"

static void check_errno(bool has_failed, int want) {
  int got = errno;
  CHECK(has_failed);
  CHECK_INT(got, want);
}

static void test_paths(void) {
  static const struct {
    const char *path;
    size_t folder;
  } cases[] = {{"", 0},     {"a", 0},      {"a/b", 2},  {"/", 1},
               {"/a", 1},   {"a/b/", 4},   {"a//b", 3}, {"caf\xC3\xA9/a", 6},
#ifndef _WIN32
               {"a\\b", 0},
#else
               {"a\\b", 2}, {"c:b", 2},
#endif
               {"../a", 3}, {"./a.b/c", 6}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].path);
    CHECK_UINT(dm_file_folder(cases[i].path), cases[i].folder);
    char *copy = dm_file_copy_path(cases[i].path);
    CHECK(copy != cases[i].path);
    CHECK_STR(copy, cases[i].path);
    dm_free(copy);
  }
}

static void test_create_and_open(void) {
  const char *path = files_path("made");
  struct stat info;
  check_errno(dm_file_look_up(path, &info) != 0, ENOENT);
  check_errno(dm_file_open(path) < 0, ENOENT);
  CHECK(!dm_file_is_writable(path));
  int fd = dm_file_create(path);
  CHECK(fd >= 0);
  check_errno(dm_file_create(path) < 0, EEXIST);
  CHECK_INT(dm_file_look_up(path, &info), 0);
  CHECK(S_ISREG(info.st_mode));
  CHECK(dm_file_is_writable(path));
  CHECK_INT(write(fd, "0123456789", 10), 10);
  close(fd);
  fd = dm_file_open(path); /* for writing, with what is in it */
  CHECK(fd >= 0);
  uint64_t size = 0;
  CHECK(dm_file_size(fd, &size));
  CHECK_UINT(size, 10);
  CHECK_INT(write(fd, "ab", 2), 2);
  CHECK(dm_file_seek(fd, 8));
  CHECK_INT(write(fd, "yz", 2), 2);
  CHECK(dm_file_cut(fd, 9));
  CHECK(dm_file_sync(fd));
  CHECK(dm_file_size(fd, &size));
  CHECK_UINT(size, 9);
  CHECK(dm_file_seek(fd, UINT64_C(5) << 30)); /* beyond 32 bits */
  CHECK(dm_file_cut(fd, UINT64_C(5) << 30));
  CHECK(dm_file_size(fd, &size));
  CHECK_UINT(size, UINT64_C(5) << 30);
  CHECK(dm_file_cut(fd, 9));
  close(fd);
  FILE *file = fopen(path, "rb");
  char bytes[16];
  CHECK_UINT(fread(bytes, 1, sizeof bytes, file), 9);
  CHECK_BYTES(bytes, 9, "ab234567y", 9);
  fclose(file);
  dm_file_remove(path);
  check_errno(dm_file_look_up(path, &info) != 0, ENOENT);
  dm_file_remove(path); /* of none: nothing */
}

static void test_no_file(void) {
  uint64_t size;
  errno = EBADF; /* wine leaves it as it is */
  check_errno(!dm_file_size(-1, &size), EBADF);
  check_errno(!dm_file_seek(-1, 0), EBADF);
  check_errno(!dm_file_cut(-1, 0), EBADF);
  check_errno(!dm_file_sync(-1), EBADF);
  check_errno(!dm_file_replace(files_path("none"), files_path("none")), ENOENT);
  check_errno(dm_file_create(files_path("no/folder")) < 0, ENOENT);
#ifndef _WIN32
  int ends[2];
  CHECK_INT(pipe(ends), 0);
  check_errno(!dm_file_seek(ends[1], 0), ESPIPE);
  CHECK(dm_file_sync(ends[1])); /* there is no such thing as syncing one */
  close(ends[0]);
  close(ends[1]);
#endif
}

#ifndef _WIN32
static void test_place(void) {
  char *path = dm_file_copy_path(files_path("placed"));
  char *other = dm_file_copy_path(files_path("other"));
  int fd = dm_file_create(path);
  close(dm_file_create(other));
  CHECK_INT(dm_file_place(fd, path), DM_PLACE_SAME);
  CHECK_INT(dm_file_place(fd, other), DM_PLACE_OTHER);
  CHECK(dm_file_replace(other, path)); /* another one of its name */
  CHECK_INT(dm_file_place(fd, path), DM_PLACE_OTHER);
  struct stat info;
  check_errno(dm_file_look_up(other, &info) != 0, ENOENT);
  dm_file_remove(path);
  CHECK_INT(dm_file_place(fd, path), DM_PLACE_EMPTY);
  CHECK_INT(dm_file_place(-1, path), DM_PLACE_SAME); /* the next step will tell */
  close(fd);
  dm_file_sync_folder(path); /* which tells nothing, whatever there is */
  dm_file_sync_folder("no/such/folder/file");
  dm_file_sync_folder("file");
  dm_free(path);
  dm_free(other);
}
#endif

int main(void) {
  DM_RUN(test_paths);
  DM_RUN(test_create_and_open);
  DM_RUN(test_no_file);
  DM_RUN_POSIX(test_place);
  CHECK(files_end());
  return dm_test_end();
}
