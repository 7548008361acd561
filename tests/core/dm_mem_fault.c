/* Counts what the core allocates and reads, and fails at the appointed time. */
#include "dm_mem_fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#include "base/dm_mem.h"

typedef struct fuse {
  size_t left; /* calls up to and with the one that fails; 0 = not armed */
  bool is_lasting;
  bool has_fired;
} fuse;

static fuse memory_fuse;
static fuse read_fuse;
static int read_errno;
static size_t live_blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool burn(fuse *f) {
  pthread_mutex_lock(&lock);
  bool is_failing = f->has_fired && f->is_lasting;
  if (!is_failing && f->left > 0 && --f->left == 0) {
    f->has_fired = is_failing = true;
  }
  pthread_mutex_unlock(&lock);
  return is_failing;
}

static void count_blocks(bool is_new, bool is_gone) {
  pthread_mutex_lock(&lock);
  live_blocks += is_new;
  live_blocks -= is_gone;
  pthread_mutex_unlock(&lock);
}

void fault_arm_memory(size_t k, bool is_lasting) {
  memory_fuse = (fuse){.left = k, .is_lasting = is_lasting};
}

void fault_arm_read(size_t k, bool is_lasting, int sys_errno) {
  read_fuse = (fuse){.left = k, .is_lasting = is_lasting};
  read_errno = sys_errno;
}

bool fault_has_fired(void) {
  return memory_fuse.has_fired || read_fuse.has_fired;
}

size_t fault_live_blocks(void) {
  return live_blocks;
}

void *dm_malloc(size_t size) {
  void *p = burn(&memory_fuse) ? NULL : malloc(size ? size : 1);
  count_blocks(p != NULL, false);
  return p;
}

void *dm_calloc(size_t n, size_t size) {
  void *p = burn(&memory_fuse) ? NULL : n && size ? calloc(n, size) : calloc(1, 1);
  count_blocks(p != NULL, false);
  return p;
}

void *dm_realloc(void *old, size_t size) {
  if (burn(&memory_fuse)) {
    return NULL;
  }
  void *p = realloc(old, size ? size : 1);
  count_blocks(p != NULL && old == NULL, false);
  return p;
}

void dm_free(void *p) {
  count_blocks(false, p != NULL);
  free(p);
}

#ifndef _WIN32
/* The linker gives every call of read() to the first and the real one to the second; and
   so for pread() and the name that it has where files may be large. */
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __wrap_pread(int fd, void *buf, size_t n, off_t from);
ssize_t __real_pread(int fd, void *buf, size_t n, off_t from);
ssize_t __wrap_pread64(int fd, void *buf, size_t n, int64_t from);
ssize_t __real_pread64(int fd, void *buf, size_t n, int64_t from);

ssize_t __wrap_read(int fd, void *buf, size_t n) {
  if (burn(&read_fuse)) {
    errno = read_errno;
    return -1;
  }
  return __real_read(fd, buf, n);
}

ssize_t __wrap_pread(int fd, void *buf, size_t n, off_t from) {
  if (burn(&read_fuse)) {
    errno = read_errno;
    return -1;
  }
  return __real_pread(fd, buf, n, from);
}

ssize_t __wrap_pread64(int fd, void *buf, size_t n, int64_t from) {
  if (burn(&read_fuse)) {
    errno = read_errno;
    return -1;
  }
  return __real_pread64(fd, buf, n, from);
}
#endif
