/* What every program of the benchmark prints at its end, for run.R: the seconds that the
   job took, by the clock and of all processors, and the largest memory of the process in
   KiB before and after it. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct report {
  struct timespec start;
  struct timespec start_cpu;
  long memory;
} report;

static inline long report_memory(void) {
  char line[256];
  long kib = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status)) {
    if (sscanf(line, "VmHWM: %ld", &kib) == 1) {
      break;
    }
  }
  if (status) {
    fclose(status);
  }
  return kib;
}

static inline report report_start(void) {
  report r;
  r.memory = report_memory();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &r.start_cpu);
  clock_gettime(CLOCK_MONOTONIC, &r.start);
  return r;
}

static inline double report_since(clockid_t clock, const struct timespec *start) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)(now.tv_sec - start->tv_sec) +
         1e-9 * (double)(now.tv_nsec - start->tv_nsec);
}

static inline void report_end(const report *r) {
  double seconds = report_since(CLOCK_MONOTONIC, &r->start);
  double cpu = report_since(CLOCK_PROCESS_CPUTIME_ID, &r->start_cpu);
  printf("%.6f %.6f %ld %ld\n", seconds, cpu, r->memory, report_memory());
}

#endif
