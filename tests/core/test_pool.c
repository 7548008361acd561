/* dm_pool: threads start once, do the work that there is, and end when told to. */
#include "base/dm_pool.h"
#include "dm_test.h"

typedef struct shared {
  dm_pool pool;
  int to_do;
  int done;
  int n_ended;
} shared;

static void work(void *data) {
  shared *s = data;
  dm_mutex_lock(&s->pool.mutex);
  while (!s->pool.is_ending || s->to_do) {
    if (s->to_do) {
      s->to_do--;
      s->done++;
    } else {
      dm_cond_wait(&s->pool.has_work, &s->pool.mutex);
    }
  }
  s->n_ended++;
  dm_mutex_unlock(&s->pool.mutex);
}

static void test_work(void) {
  for (int n = 0; n < 4; n++) {
    DM_CASE("%d threads", n);
    shared s = {0};
    dm_pool_init(&s.pool);
    CHECK_UINT(dm_pool_start(&s.pool, (size_t)n, work, &s), (size_t)n);
    CHECK_UINT(dm_pool_start(&s.pool, (size_t)n, work, &s), (size_t)n); /* not again */
    dm_mutex_lock(&s.pool.mutex);
    s.to_do = 1000;
    dm_cond_broadcast(&s.pool.has_work);
    dm_mutex_unlock(&s.pool.mutex);
    dm_pool_end(&s.pool);
    CHECK_INT(s.done, n > 0 ? 1000 : 0);
    CHECK_INT(s.n_ended, n);
    dm_pool_release(&s.pool);
  }
}

int main(void) {
  DM_RUN(test_work);
  return dm_test_end();
}
