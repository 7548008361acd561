/* dm_mem.c and the memory in lines: sizes of 0, sizes that no memory has, and where
   memory starts. */
#include "base/dm_mem.h"
#include "dm_test.h"

static void test_sizes(void) {
  char *p = dm_malloc(0);
  CHECK(p != NULL); /* not the sign of no memory */
  p = dm_realloc(p, 100);
  if (CHECK(p != NULL)) {
    memset(p, 'a', 100);
    p = dm_realloc(p, 10);
    CHECK(p != NULL && memcmp(p, "aaaaaaaaaa", 10) == 0);
  }
  p = dm_realloc(p, 0);
  CHECK(p != NULL);
  dm_free(p);
  p = dm_realloc(NULL, 1);
  CHECK(p != NULL);
  dm_free(p);
  dm_free(NULL);
  static const size_t sizes[][2] = {{0, 0}, {0, 8}, {8, 0}, {1, 1}, {1000, 24}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    DM_CASE("%zu of %zu bytes", sizes[i][0], sizes[i][1]);
    size_t n = sizes[i][0] * sizes[i][1];
    p = dm_calloc(sizes[i][0], sizes[i][1]);
    if (CHECK(p != NULL)) {
      size_t n_zero = 0;
      while (n_zero < n && p[n_zero] == 0) {
        n_zero++;
      }
      CHECK_UINT(n_zero, n);
    }
    dm_free(p);
  }
}

/* A cache line at least, and a large page where it is as large as one. */
static void test_in_line(void) {
  static const size_t sizes[] = {0,      1,       63,      64,           65,
                                 100000, 1 << 21, 3 << 20, (4 << 20) + 1};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    DM_CASE("%zu bytes", sizes[i]);
    char *p = dm_calloc_in_line(sizes[i]);
    if (CHECK(p != NULL)) {
      CHECK_UINT((uintptr_t)p % 64, 0);
      size_t n_zero = 0;
      while (n_zero < sizes[i] && p[n_zero] == 0) {
        n_zero++;
      }
      CHECK_UINT(n_zero, sizes[i]);
      memset(p, 0xA5, sizes[i]);
    }
    dm_free_in_line(p);
  }
  dm_free_in_line(NULL);
}

int main(void) {
  DM_RUN(test_sizes);
  DM_RUN(test_in_line);
  return dm_test_end();
}
