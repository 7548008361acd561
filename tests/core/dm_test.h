/* A test program of the core in miniature: checks that count, say where they failed, and
   go on. A program is

     static void test_thing(void) {
       for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
         DM_CASE("case %zu: %s", i, cases[i].input);
         CHECK_INT(thing(cases[i].input), cases[i].want);
       }
     }

     int main(void) {
       DM_RUN(test_thing);
       return dm_test_end();
     }

   and ends with the line "N passed, N failed"; its exit status is 0 only when at least
   one check ran and none failed. One file of a program may
   include it; one thread may check.

   Where machines are slow, DM_TEST_SHARE=20 has one in 20 of the random cases tried, and
   of those that run through all there are. */
#ifndef DM_TEST_H
#define DM_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
  unsigned long passed;
  unsigned long failed;
  const char *test;  /* the running function's name */
  char context[256]; /* what DM_CASE() said last, or "" */
} dm_test_state;

/* Counts one check; returns whether it held. After a failure the place, the test and the
   case stand on stderr, and the caller may add the values. */
static inline bool dm_test_count(bool is_ok, const char *file, int line,
                                 const char *what) {
  if (is_ok) {
    dm_test_state.passed++;
    return true;
  }
  dm_test_state.failed++;
  fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
  if (dm_test_state.test) {
    fprintf(stderr, "  in %s\n", dm_test_state.test);
  }
  if (dm_test_state.context[0]) {
    fprintf(stderr, "  at %s\n", dm_test_state.context);
  }
  return false;
}

static inline bool dm_test_int(intmax_t got, intmax_t want, const char *file, int line,
                               const char *what) {
  bool is_ok = dm_test_count(got == want, file, line, what);
  if (!is_ok) {
    fprintf(stderr, "  got %" PRIdMAX ", want %" PRIdMAX "\n", got, want);
  }
  return is_ok;
}

static inline bool dm_test_uint(uintmax_t got, uintmax_t want, const char *file, int line,
                                const char *what) {
  bool is_ok = dm_test_count(got == want, file, line, what);
  if (!is_ok) {
    fprintf(stderr, "  got %" PRIuMAX ", want %" PRIuMAX "\n", got, want);
  }
  return is_ok;
}

/* The same bits: tells 0 from -0, and a NaN equals itself. */
static inline bool dm_test_double(double got, double want, const char *file, int line,
                                  const char *what) {
  uint64_t got_bits, want_bits;
  memcpy(&got_bits, &got, sizeof got);
  memcpy(&want_bits, &want, sizeof want);
  bool is_ok = dm_test_count(got_bits == want_bits, file, line, what);
  if (!is_ok) {
    fprintf(stderr, "  got %.17g (%016" PRIx64 "), want %.17g (%016" PRIx64 ")\n", got,
            got_bits, want, want_bits);
  }
  return is_ok;
}

/* The same bytes; a NULL pointer equals only a NULL pointer. */
static inline bool dm_test_bytes(const void *got, size_t got_len, const void *want,
                                 size_t want_len, const char *file, int line,
                                 const char *what) {
  bool is_same =
      got && want ? got_len == want_len && memcmp(got, want, want_len) == 0 : got == want;
  bool is_ok = dm_test_count(is_same, file, line, what);
  if (!is_ok) {
    fprintf(stderr, "  got  \"%.*s\" (%zu bytes)\n  want \"%.*s\" (%zu bytes)\n",
            got ? (int)got_len : 0, got ? (const char *)got : "", got_len,
            want ? (int)want_len : 0, want ? (const char *)want : "", want_len);
  }
  return is_ok;
}

static inline bool dm_test_string(const char *got, const char *want, const char *file,
                                  int line, const char *what) {
  return dm_test_bytes(got, got ? strlen(got) : 0, want, want ? strlen(want) : 0, file,
                       line, what);
}

/* Each yields whether the check held, so that a test can stop where going on makes no
   sense: if (!CHECK(p)) { return; }. */
#define CHECK(cond) dm_test_count((cond), __FILE__, __LINE__, #cond)
#define CHECK_INT(got, want) \
  dm_test_int((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, #got " == " #want)
#define CHECK_UINT(got, want) \
  dm_test_uint((uintmax_t)(got), (uintmax_t)(want), __FILE__, __LINE__, #got " == " #want)
#define CHECK_DOUBLE(got, want) \
  dm_test_double((got), (want), __FILE__, __LINE__, #got " == " #want)
#define CHECK_STR(got, want) \
  dm_test_string((got), (want), __FILE__, __LINE__, #got " == " #want)
#define CHECK_BYTES(got, got_len, want, want_len)                         \
  dm_test_bytes((got), (got_len), (want), (want_len), __FILE__, __LINE__, \
                #got " == " #want)
/* Fails with a text of its own, printf style. */
#define FAIL(...)                                          \
  do {                                                     \
    dm_test_count(false, __FILE__, __LINE__, "see below"); \
    fprintf(stderr, "  " __VA_ARGS__);                     \
    fputc('\n', stderr);                                   \
  } while (0)

/* How many of n cases are tried, one at least. */
static inline size_t dm_test_step(void) {
  const char *share = getenv("DM_TEST_SHARE");
  int step = share ? atoi(share) : 1;
  return step > 1 ? (size_t)step : 1;
}
static inline int dm_test_rounds(int n) {
  int rounds = n / (int)dm_test_step();
  return rounds > 1 ? rounds : 1;
}

/* Says what is not tried on this system. */
#define DM_LEAVE_OUT(what) printf("left out: %s: %s\n", dm_test_state.test, what)

/* Names the case that the checks after it belong to, printf style. */
#define DM_CASE(...) \
  (void)snprintf(dm_test_state.context, sizeof dm_test_state.context, __VA_ARGS__)

#define DM_RUN(function)             \
  do {                               \
    dm_test_state.test = #function;  \
    dm_test_state.context[0] = '\0'; \
    function();                      \
  } while (0)

/* The same for what only POSIX has: elsewhere it need not be there, which is said. */
#ifdef _WIN32
#define DM_RUN_POSIX(function) printf("left out: %s\n", #function)
#else
#define DM_RUN_POSIX(function) DM_RUN(function)
#endif

/* The same for a case of the catalogue of faults; where all its checks held, says how
   many: "fault F14 12". */
#define DM_RUN_FAULT(tag, function)                                  \
  do {                                                               \
    unsigned long passed_ = dm_test_state.passed;                    \
    unsigned long failed_ = dm_test_state.failed;                    \
    DM_RUN(function);                                                \
    if (dm_test_state.failed == failed_) {                           \
      printf("fault %s %lu\n", tag, dm_test_state.passed - passed_); \
    }                                                                \
  } while (0)

/* Prints the count; what main() returns. */
static inline int dm_test_end(void) {
  fflush(stderr);
  printf("%lu passed, %lu failed\n", dm_test_state.passed, dm_test_state.failed);
  return dm_test_state.failed > 0 || dm_test_state.passed == 0 ? EXIT_FAILURE
                                                               : EXIT_SUCCESS;
}

#endif
