/* A pool of threads that do the same work: one lock, one signal, one way to end. */
#ifndef DM_POOL_H
#define DM_POOL_H

#include <stddef.h>

#include "base/dm_threads.h"

typedef struct dm_pool {
  dm_mutex mutex;   /* of all that the threads share */
  dm_cond has_work; /* there is something to do, or the pool ends */
  bool is_ending;   /* under the mutex: every thread is to return */
  dm_thread *threads;
  size_t n_started;
} dm_pool;

/* Before all else; release once, after dm_pool_end(). */
void dm_pool_init(dm_pool *pool);

/* Starts threads until n run in all, each with body(data), which looks at is_ending
   whenever it has the mutex. Returns how many there are: fewer where the system has no
   more to give, or no memory for them. n must be the same each time. */
size_t dm_pool_start(dm_pool *pool, size_t n, void (*body)(void *), void *data);

/* Tells the threads to end and waits until all have. */
void dm_pool_end(dm_pool *pool);

void dm_pool_release(dm_pool *pool);

#endif
