/* Temporary files and gzip streams for test programs. */
#ifndef DM_FILES_H
#define DM_FILES_H

#include <stdint.h>
#include <zlib.h>

#include "dm_system.h"

static char files_folder[4000] = "";

/* A path in a folder of this program's own; valid until the fourth call after it. */
static inline const char *files_path(const char *name) {
  static char path[4][4096];
  static unsigned next = 0;
  if (!files_folder[0]) {
    const char *tmp = getenv("TMPDIR");
    snprintf(files_folder, sizeof files_folder, "%s%sdm-test-XXXXXX",
             tmp ? tmp : SYSTEM_TEMPORARY, tmp ? "/" : "");
    if (!mkdtemp(files_folder)) {
      perror(files_folder);
      exit(2);
    }
  }
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", files_folder, name);
  return path[next];
}

/* Writes the bytes to the file and returns its path. */
static inline const char *files_write(const char *name, const void *bytes, size_t len) {
  const char *path = files_path(name);
  FILE *file = fopen(path, "wb");
  if (!file || (len && fwrite(bytes, 1, len, file) != len) || fclose(file) != 0) {
    perror(path);
    exit(2);
  }
  return path;
}

static inline void files_remove(const char *name) {
  remove(files_path(name));
}

/* At the program's end; every file must be gone by then. Returns whether it was so. */
static inline int files_end(void) {
  return !files_folder[0] || rmdir(files_folder) == 0;
}

/* One gzip member of the bytes at level 0 to 9, in memory to be freed. */
static inline unsigned char *files_gzip(const void *bytes, size_t len, int level,
                                        size_t *gz_len) {
  z_stream z;
  memset(&z, 0, sizeof z);
  if (deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    exit(2);
  }
  size_t room = (size_t)deflateBound(&z, (uLong)len) + 64;
  unsigned char *out = malloc(room);
  z.next_in = (Bytef *)(uintptr_t)bytes;
  z.avail_in = (uInt)len;
  z.next_out = out;
  z.avail_out = (uInt)room;
  if (!out || deflate(&z, Z_FINISH) != Z_STREAM_END) {
    exit(2);
  }
  *gz_len = room - z.avail_out;
  deflateEnd(&z);
  return out;
}

#endif
