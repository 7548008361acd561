/* dm_threads: what a thread has from the one that starts it. */
#include <fenv.h>
#include <math.h>

#include "base/dm_threads.h"
#include "dm_test.h"

typedef struct seen {
  int rounding;
  volatile double third; /* divided there and then */
} seen;

static volatile double one = 1;

static void look(void *data) {
  seen *out = data;
  out->rounding = fegetround();
  out->third = one / 3;
}

static void test_floating_point(void) {
  static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    DM_CASE("rounding mode %zu", i);
    seen here, there;
    dm_thread thread;
    fesetround(modes[i]);
    look(&here); /* valgrind computes to the nearest whatever the mode */
    bool is_started = dm_thread_start(&thread, look, &there);
    fesetround(FE_TONEAREST);
    if (CHECK(is_started)) {
      dm_thread_join(&thread);
      CHECK_INT(there.rounding, modes[i]);
      CHECK_DOUBLE(there.third, here.third);
    }
  }
}

int main(void) {
  DM_RUN(test_floating_point);
  return dm_test_end();
}
