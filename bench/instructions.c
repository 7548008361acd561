/* Reads a file TIMES times into one summary, for instructions.sh to count what that
   takes: instructions FILE TIMES */
#include <stdio.h>
#include <stdlib.h>

#include "summary/dm_run.h"

/* One file, after it has been brought into memory: callgrind counts in here alone. */
static DM_NOINLINE dm_status count_here(dm_run *run, const char *bytes, size_t n,
                                        long times, dm_error *err) {
  for (long i = 0; i < times; i++) {
    dm_source *source = NULL;
    DM_TRY(dm_source_open_memory(&source, bytes, n, NULL, err));
    dm_status status = dm_run_source(run, source, 0, err);
    dm_source_close(source);
    DM_TRY(status);
  }
  return DM_OK;
}

int main(int argc, char **argv) {
  enum { FILE_MAX = 1 << 24 };
  char *bytes = malloc(FILE_MAX);
  FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
  if (!bytes || !file) {
    return 2;
  }
  size_t n = fread(bytes, 1, FILE_MAX, file);
  (void)fclose(file);
  dm_options options = {.max_line = 1 << 20, .block_size = 1 << 18, .threads = 1};
  dm_run *run = NULL;
  dm_error err;
  dm_status status = dm_run_new(&run, &options, NULL, &err);
  if (!status) {
    status = count_here(run, bytes, n, atol(argv[2]), &err);
  }
  (void)printf("%llu\n", status ? 0 : (unsigned long long)run->states.counts.good);
  dm_run_free(run);
  free(bytes);
  return status != DM_OK;
}
