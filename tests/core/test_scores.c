/* dm_scores against extended precision. */
#include <math.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "signals/dm_scores.h"

/* Softmax against extended precision. */
static void test_softmax(void) {
  uint64_t seed = 100;
  for (int i = 0; i < 2000; i++) {
    double logits[30];
    size_t n = 2 + naive_below(&seed, 29);
    long double sum = 0;
    for (size_t k = 0; k < n; k++) {
      logits[k] = (double)(int64_t)naive_random(&seed) * 0x1p-59;
      sum += expl((long double)logits[k]);
    }
    size_t label = naive_below(&seed, n);
    double want = (double)(expl((long double)logits[label]) / sum);
    double all[30];
    dm_softmax_all(logits, n, all);
    DM_CASE("round %d of %zu classes", i, n);
    CHECK(fabs(dm_softmax(logits, n, label) - want) <= 1e-14 * want);
    CHECK(fabs(all[label] - want) <= 1e-14 * want);
  }
}

static void test_first_maximum(void) {
  CHECK_UINT(dm_first_maximum((double[]){3, 1, 3}, 3), 0);
  CHECK_UINT(dm_first_maximum((double[]){(double)NAN, -1, 2, (double)NAN, 2}, 5), 2);
  CHECK(dm_has_nan((double[]){1, (double)NAN}, 2));
  CHECK(!dm_has_nan((double[]){1, (double)INFINITY}, 2));
}

static void test_entropy(void) {
  CHECK_DOUBLE(dm_entropy((double[]){1, 0, 0}, 3, 1), 0.0); /* and not -0 */
  CHECK_DOUBLE(dm_entropy((double[]){0, 4}, 2, 4), 0.0);
  CHECK(isnan(dm_entropy((double[]){-.5, 1.5}, 2, 1)));
}

int main(void) {
  DM_RUN(test_first_maximum);
  DM_RUN(test_softmax);
  DM_RUN(test_entropy);
  return dm_test_end();
}
