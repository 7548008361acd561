/* Tables in files, for test programs. */
#ifndef DM_TSV_FILES_H
#define DM_TSV_FILES_H

#include <float.h>

#include "dm_system.h"
#include "dm_test.h"
#include "files/dm_tsv.h"

/* R's NA signals; registers of 80 bits make a NaN of it that doesn't, and R knows both.
 */
#if FLT_EVAL_METHOD == 2
static const dm_missing missing = {INT32_MIN, 0x7FF80000000007A2u};
#else
static const dm_missing missing = {INT32_MIN, 0x7FF00000000007A2u};
#endif

/* Of the file that each writes, made by open_path(). */
static char path[] = SYSTEM_TEMPORARY "dm-tsv-XXXXXX";

static inline void open_path(void) {
  int fd = mkstemp(path);
  if (fd < 0) {
    perror(path);
    exit(1);
  }
  close(fd);
}

static inline dm_status write_as(const char *style, const dm_tsv_column *columns,
                                 size_t n_columns, size_t n_rows, dm_error *err) {
  dm_writer *writer;
  DM_TRY(dm_writer_open(&writer, path, NULL, err));
  dm_status status =
      dm_tsv_write(writer, style, columns, n_columns, n_rows, &missing, err);
  if (!status) {
    status = dm_writer_commit(writer, err);
  }
  dm_writer_close(writer);
  return status;
}

static inline void check_written(const char *want) {
  char got[4096];
  FILE *file = fopen(path, "rb");
  if (CHECK(file)) {
    size_t n = fread(got, 1, sizeof got, file);
    CHECK_BYTES(got, n, want, strlen(want));
    fclose(file);
  }
}

#endif
