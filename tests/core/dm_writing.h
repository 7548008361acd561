/* What the tests of the writer share: a folder to work in, files as text, a child. */
#ifndef DM_WRITING_H
#define DM_WRITING_H

#define _XOPEN_SOURCE 700
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#ifndef _WIN32
#include <sys/resource.h>
#include <sys/wait.h>
#endif

#include "dm_child.h"
#include "dm_mem_fault.h"
#include "dm_system.h"
#include "dm_test.h"
#include "io/dm_writer.h"

/* The folder that a test works in. */
static char folder[] = SYSTEM_TEMPORARY "dm-writer-XXXXXX";

static inline size_t slurp(const char *path, char *out, size_t cap) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    return SIZE_MAX;
  }
  size_t n = fread(out, 1, cap, file);
  fclose(file);
  return n;
}

static inline void spit(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  if (CHECK(file)) {
    fputs(text, file);
    fclose(file);
  }
}

static inline bool has_text(const char *path, const char *want) {
  char got[256];
  size_t n = slurp(path, got, sizeof got);
  return n == strlen(want) && memcmp(got, want, n) == 0;
}

static inline int count_temporaries(void) {
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

static inline dm_status write_text(const char *path, const char *text, dm_error *err) {
  dm_writer *writer;
  DM_TRY(dm_writer_open(&writer, path, NULL, err));
  dm_status status = dm_writer_write(writer, text, strlen(text), err);
  if (!status) {
    status = dm_writer_commit(writer, err);
  }
  dm_writer_close(writer);
  return status;
}

static inline unsigned mode_of(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? (unsigned)info.st_mode & 07777 : 0;
}

static inline int count_down(void *ctx, uint64_t bytes) {
  (void)bytes;
  int *left = ctx;
  return (*left)-- == 0;
}

/* Makes the folder and goes there; false where that can't be. */
static inline bool enter_folder(void) {
  if (!mkdtemp(folder) || chdir(folder) != 0) {
    perror(folder);
    return false;
  }
  return true;
}

static inline void leave_folder(void) {
  CHECK(leave_and_remove(folder));
}

#endif
