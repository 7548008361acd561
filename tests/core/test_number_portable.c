/* dm_number.h as a compiler without 128-bit integers sees it, against the slow path,
   which was compiled with them where there are any. */
#include "dm_test.h" /* before it is: the system's headers may look at it as well */
#undef __SIZEOF_INT128__
#include "dm_naive.h"
#include "number/dm_number.h"

static void test_multiply(void) {
  static const struct {
    uint64_t a, b, high, low;
  } cases[] = {
      {0, UINT64_MAX, 0, 0},
      {1, UINT64_MAX, 0, UINT64_MAX},
      {2, UINT64_MAX, 1, UINT64_MAX - 1},
      {UINT64_MAX, UINT64_MAX, UINT64_MAX - 1, 1},
      {UINT32_MAX, UINT32_MAX, 0, UINT64_C(0xFFFFFFFE00000001)},
      {UINT64_C(1) << 32, UINT64_C(1) << 32, 1, 0},
      {UINT64_C(1) << 63, UINT64_C(1) << 63, UINT64_C(1) << 62, 0},
      {UINT64_C(0x1FFFFFFFF), UINT64_C(0x1FFFFFFFF), 3, UINT64_C(0xFFFFFFFC00000001)},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    uint64_t low;
    CHECK_UINT(dm_multiply(cases[i].a, cases[i].b, &low), cases[i].high);
    CHECK_UINT(low, cases[i].low);
    CHECK_UINT(dm_multiply(cases[i].b, cases[i].a, &low), cases[i].high);
    CHECK_UINT(low, cases[i].low);
  }
  /* modulo 2^61 - 1, where 2^64 is 8 */
  const uint64_t prime = (UINT64_C(1) << 61) - 1;
  uint64_t seed = 50;
  unsigned long wrong = 0;
  for (int i = 0; i < dm_test_rounds(100000); i++) {
    uint64_t a = naive_random(&seed);
    uint64_t b = naive_random(&seed);
    uint64_t low;
    uint64_t high = dm_multiply(a, b, &low);
    uint64_t want = 0; /* double and add */
    for (int bit = 63; bit >= 0; bit--) {
      want = want * 2 % prime;
      if (b >> bit & 1) {
        want = (want + a % prime) % prime;
      }
    }
    wrong += low != a * b || (high % prime * 8 % prime + low % prime) % prime != want;
  }
  CHECK_UINT(wrong, 0);
}

static void test_same_as_slow(void) {
  uint64_t seed = 51;
  unsigned long wrong = 0;
  for (int i = 0; i < 50000; i++) {
    char text[64];
    snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64 "e%d       ",
             naive_random(&seed) >> naive_below(&seed, 64),
             naive_random(&seed) >> naive_below(&seed, 64),
             (int)naive_below(&seed, 700) - 350);
    double fast = 1, slow = 2;
    const char *fast_end = dm_number(text, &fast);
    wrong += fast_end == NULL || dm_number_slow(text, &slow) != fast_end ||
             dm_double_bits(fast) != dm_double_bits(slow);
  }
  CHECK_UINT(wrong, 0);
}

int main(void) {
  DM_RUN(test_multiply);
  DM_RUN(test_same_as_slow);
  return dm_test_end();
}
