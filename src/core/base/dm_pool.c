/* The life of threads that wait for work. */
#include "base/dm_pool.h"

#include "base/dm_mem.h"

void dm_pool_init(dm_pool *pool) {
  *pool = (dm_pool){0};
  dm_mutex_init(&pool->mutex);
  dm_cond_init(&pool->has_work);
}

size_t dm_pool_start(dm_pool *pool, size_t n, void (*body)(void *), void *data) {
  if (!pool->threads && n > 0) {
    pool->threads = dm_calloc(n, sizeof *pool->threads);
  }
  while (pool->threads && pool->n_started < n &&
         dm_thread_start(&pool->threads[pool->n_started], body, data)) {
    pool->n_started++;
  }
  return pool->n_started;
}

void dm_pool_end(dm_pool *pool) {
  dm_mutex_lock(&pool->mutex);
  pool->is_ending = true;
  dm_cond_broadcast(&pool->has_work);
  dm_mutex_unlock(&pool->mutex);
  for (; pool->n_started > 0; pool->n_started--) {
    dm_thread_join(&pool->threads[pool->n_started - 1]);
  }
}

void dm_pool_release(dm_pool *pool) {
  dm_cond_release(&pool->has_work);
  dm_mutex_release(&pool->mutex);
  dm_free(pool->threads);
}
