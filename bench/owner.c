/* Reads a file of signals: owner FILE THREADS METRICS, where METRICS says how many of the
   first ones. Prints the seconds by the clock, those of all processors, and those of the
   thread that owns the run without what it did in the workers' place. That thread's work
   is what no number of threads shares out. Linked with --wrap=dm_crew_help. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "summary/dm_run.h"

static double helped;

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The linker gives every call to the first and the real one to the second. */
void __wrap_dm_crew_help(dm_crew *crew);
void __real_dm_crew_help(dm_crew *crew);

void __wrap_dm_crew_help(dm_crew *crew) {
  double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
  __real_dm_crew_help(crew);
  helped += seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
}

int main(int argc, char **argv) {
  static const char *const loss[] = {"loss"};
  if (argc != 4) {
    return 2;
  }
  int n_metrics = atoi(argv[3]);
  dm_options options = {.max_line = 1 << 20,
                        .block_size = 1 << 18,
                        .threads = atoi(argv[2]),
                        .signals = loss,
                        .n_signals = n_metrics > DM_METRIC_LOSS_EMA,
                        .metrics = DM_METRIC_BIT(n_metrics) - 1};
  dm_run *run = NULL;
  dm_source *source = NULL;
  dm_error err;
  double wall = seconds(CLOCK_MONOTONIC);
  double all = seconds(CLOCK_PROCESS_CPUTIME_ID);
  double own = seconds(CLOCK_THREAD_CPUTIME_ID);
  dm_status status;
  DM_TRY_DONE(dm_run_new(&run, &options, NULL, &err));
  DM_TRY_DONE(dm_source_open_file(&source, argv[1], NULL, &err));
  DM_TRY_DONE(dm_run_source(run, source, 0, &err));
  own = seconds(CLOCK_THREAD_CPUTIME_ID) - own - helped;
  dm_run_end_threads(run);
  all = seconds(CLOCK_PROCESS_CPUTIME_ID) - all;
  wall = seconds(CLOCK_MONOTONIC) - wall;
  (void)printf("%.4f %.4f %.4f\n", wall, all, own);
done:
  dm_source_close(source);
  dm_run_free(run);
  return status != DM_OK;
}
