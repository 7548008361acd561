/* What test programs need of the system, by POSIX's names; Windows has some of it under
   other names. What it has not is left out by DM_RUN_POSIX() (dm_test.h). */
#ifndef DM_SYSTEM_H
#define DM_SYSTEM_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where tests make their folders, with its separator. */
#ifdef _WIN32
#include <direct.h>
#include <io.h>
#define SYSTEM_TEMPORARY ""

static inline char *mkdtemp(char *path) {
  return _mktemp(path) && _mkdir(path) == 0 ? path : NULL;
}

#define mkdir(path, mode) _mkdir(path)
#else
#define SYSTEM_TEMPORARY "/tmp/"
#endif

static inline int remove_all(const char *path) {
  DIR *dir = opendir(path);
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    char inner[1024];
    snprintf(inner, sizeof inner, "%.500s/%.500s", path, entry->d_name);
    bool is_real = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (is_real && remove(inner) != 0) {
      remove_all(inner);
    }
  }
  if (dir) {
    closedir(dir);
  }
  return rmdir(path) == 0;
}

/* The folder made by mkdtemp() with all that is in it, of which the program stands in it;
   whether it is gone. */
static inline int leave_and_remove(const char *folder) {
#ifdef _WIN32
  return chdir("..") == 0 && remove_all(folder);
#else
  return chdir("/") == 0 && remove_all(folder);
#endif
}

#endif
