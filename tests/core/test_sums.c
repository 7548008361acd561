/* dm_sums against an array that is large enough from the start. */
#include "dm_naive.h"
#include "dm_test.h"
#include "summary/dm_sums.h"

static void test_sums(void) {
  enum { ROWS = 300, WIDTH = 50 };
  static double want[ROWS][WIDTH];
  uint64_t seed = 202;
  dm_sums sums = {0};
  dm_error err;
  size_t n = 0;
  CHECK_INT(dm_sums_grow(&sums, 5, 0, &err), DM_OK); /* rows before any width */
  CHECK(dm_sums_row(&sums, 4) == NULL);
  for (int i = 0; i < 5000; i++) {
    size_t row = naive_below(&seed, 1 + (size_t)i * ROWS / 5000);
    size_t column = naive_below(&seed, 1 + (size_t)i * WIDTH / 5000);
    n = row + 1 > n ? row + 1 : n;
    if (!CHECK_INT(dm_sums_grow(&sums, n, column + 1, &err), DM_OK)) {
      break;
    }
    dm_sums_row(&sums, row)[column] += i;
    want[row][column] += i;
  }
  for (size_t row = 0; row < n; row++) {
    for (size_t column = 0; column < sums.width; column++) {
      double value = column < WIDTH ? want[row][column] : 0;
      if (dm_sums_row(&sums, row)[column] != value) {
        FAIL("row %zu, column %zu", row, column);
      }
    }
  }
  CHECK_UINT(sums.n_rows, n);
  CHECK(sums.width >= WIDTH);
  dm_sums_release(&sums);
  CHECK(sums.chunk == NULL);
}

/* Few labels, seen early, do not cost memory for more of them. */
static void test_width(void) {
  dm_sums sums = {0};
  dm_error err;
  for (size_t width = 1; width <= 3; width++) {
    CHECK_INT(dm_sums_grow(&sums, 10 * width, width, &err), DM_OK);
    CHECK_UINT(sums.width, width);
  }
  dm_sums_row(&sums, 29)[2] = 7;
  CHECK_INT(dm_sums_grow(&sums, 100000, 3, &err), DM_OK);
  CHECK_INT(dm_sums_grow(&sums, 100000, 4, &err), DM_OK);
  CHECK_UINT(sums.width, 6); /* there is much to copy: not again for each label */
  CHECK(dm_sums_row(&sums, 29)[2] == 7);
  dm_sums_release(&sums);
  CHECK_INT(dm_sums_grow(&sums, 1, 20, &err), DM_OK);
  CHECK_INT(dm_sums_grow(&sums, 1, 21, &err), DM_OK);
  CHECK_UINT(sums.width, 40); /* there may be many more */
  dm_sums_release(&sums);
}

int main(void) {
  DM_RUN(test_sums);
  DM_RUN(test_width);
  return dm_test_end();
}
