/* A body of checks in a process of its own, which may spoil what belongs to that. */
#ifndef DM_CHILD_H
#define DM_CHILD_H

#include <stdio.h>
#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "dm_test.h"

#ifndef _WIN32
/* Runs body in a process of its own; the number of its failed checks comes back. */
static inline void in_child(void (*body)(void)) {
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
#endif

#endif
