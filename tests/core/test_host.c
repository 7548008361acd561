/* dm_host.c: when a wait ends, and who is asked meanwhile. */
#define _POSIX_C_SOURCE 200809L
#include "base/dm_host.h"
#include "dm_system.h"
#include "dm_test.h"

typedef struct asked {
  int n;
  int most;       /* times that it says to go on */
  int fd;         /* written to when asked for the last time, or -1 */
  uint64_t bytes; /* what it was told last */
} asked;

static int check(void *ctx, uint64_t bytes) {
  asked *a = ctx;
  a->bytes = bytes;
  if (++a->n <= a->most) {
    return 0;
  }
  return a->fd < 0 || write(a->fd, "x", 1) != 1;
}

static void test_check(void) {
  asked a = {.most = 1, .fd = -1};
  dm_host host = {.check = check, .ctx = &a};
  dm_error err;
  CHECK_INT(dm_host_check(&host, 7, &err), DM_OK);
  CHECK_UINT(a.bytes, 7);
  CHECK_INT(dm_host_check(&host, UINT64_MAX, &err), DM_E_INTERRUPT);
  CHECK_UINT(a.bytes, UINT64_MAX);
  CHECK_INT(err.status, DM_E_INTERRUPT);
  host.check = NULL;
  CHECK_INT(dm_host_check(&host, 7, &err), DM_OK);
  CHECK_INT(a.n, 2);
}

#ifndef _WIN32
static void test_wait(void) {
  int ends[2];
  if (!CHECK_INT(pipe(ends), 0)) {
    return;
  }
  dm_error err;
  asked a = {.most = 2, .fd = -1};
  dm_host host = {.check = check, .ctx = &a};
  /* nobody is asked where there is room */
  CHECK_INT(dm_host_wait(&host, ends[1], DM_READY_TO_WRITE, 1, &err), DM_OK);
  CHECK_INT(a.n, 0);
  /* nothing comes: asked until it says to stop */
  CHECK_INT(dm_host_wait(&host, ends[0], DM_READY_TO_READ, 5, &err), DM_E_INTERRUPT);
  CHECK_INT(a.n, 3);
  CHECK_UINT(a.bytes, 5);
  /* something comes while it is waited for */
  a = (asked){.most = 1, .fd = ends[1]};
  CHECK_INT(dm_host_wait(&host, ends[0], DM_READY_TO_READ, 5, &err), DM_OK);
  CHECK_INT(a.n, 2);
  /* an end is as good as bytes */
  char byte;
  CHECK_INT(read(ends[0], &byte, 1), 1);
  close(ends[1]);
  CHECK_INT(dm_host_wait(&host, ends[0], DM_READY_TO_READ, 5, &err), DM_OK);
  CHECK_INT(a.n, 2);
  close(ends[0]);
}
#endif

int main(void) {
  DM_RUN(test_check);
  DM_RUN_POSIX(test_wait);
  return dm_test_end();
}
