/* All memory of the core comes from here, so that a test can make every allocation fail:
   it links its own dm_malloc(), dm_calloc(), dm_realloc() and dm_free() instead. */
#ifndef DM_MEM_H
#define DM_MEM_H

#include <stddef.h>

/* As the C library's, but a size of 0 is treated as 1. NULL when out of memory.
   dm_free(NULL) does nothing. */
void *dm_malloc(size_t size);
void *dm_calloc(size_t n, size_t size);
void *dm_realloc(void *old, size_t size);
void dm_free(void *p);

/* A hint that memory will be touched all over, so that large pages serve it better. */
void dm_advise_large(void *p, size_t size);

/* Zeroed memory that starts where a cache line does, and a large one where a large page
   may, with that hint; to be freed by the second, which takes NULL as well. */
void *dm_calloc_in_line(size_t size);
void dm_free_in_line(void *memory);

#endif
