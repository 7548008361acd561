/* The allocator proper, apart from the containers so that tests can take its place. */
#include "base/dm_mem.h"

#include <stdlib.h>

void *dm_malloc(size_t size) {
  return malloc(size ? size : 1);
}

void *dm_calloc(size_t n, size_t size) {
  return n && size ? calloc(n, size) : calloc(1, 1);
}

void *dm_realloc(void *old, size_t size) {
  return realloc(old, size ? size : 1);
}

void dm_free(void *p) {
  free(p);
}
