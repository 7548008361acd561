/* Turns a wait into many short ones, between which the program around is asked. */
#include "base/dm_os.h"

#include "base/dm_host.h"

dm_status dm_host_check(const dm_host *host, uint64_t bytes, dm_error *err) {
  if (host->check && host->check(host->ctx, bytes)) {
    return dm_error_set(err, DM_E_INTERRUPT);
  }
  return DM_OK;
}

dm_status dm_host_wait(const dm_host *host, int fd, dm_ready ready, uint64_t bytes,
                       dm_error *err) {
#ifdef _WIN32
  (void)host, (void)fd, (void)ready, (void)bytes, (void)err;
  return DM_OK;
#else
  struct pollfd wait = {.fd = fd, .events = ready == DM_READY_TO_READ ? POLLIN : POLLOUT};
  while (poll(&wait, 1, DM_HOST_MILLISECONDS) <= 0) { /* in vain, or a signal */
    DM_TRY(dm_host_check(host, bytes, err));
  }
  return DM_OK;
#endif
}
