/* dm_problems: counted in full, kept up to a bound. */
#include "dm_naive.h"
#include "dm_test.h"
#include "signals/dm_problems.h"

static void test_counts_and_bound(void) {
  dm_problems problems = {0};
  dm_error err;
  enum { N = DM_PROBLEMS_KEPT + 500 };
  for (int round = 0; round < 2; round++) {
    for (uint64_t i = 0; i < N; i++) {
      dm_problem problem = {.line = i + 1,
                            .kind = (dm_problem_kind)(i % DM_PROBLEM_KINDS)};
      CHECK_INT(dm_problems_add(&problems, &problem, &err), DM_OK);
    }
    CHECK_UINT(problems.n_kept, DM_PROBLEMS_KEPT);
    uint64_t sum = 0;
    for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
      sum += problems.count[kind];
      CHECK(problems.count[kind] == N / DM_PROBLEM_KINDS ||
            problems.count[kind] == N / DM_PROBLEM_KINDS + 1);
    }
    CHECK_UINT(sum, N);
    bool is_in_order = true; /* the first ones are kept */
    for (size_t i = 0; i < problems.n_kept; i++) {
      is_in_order = is_in_order && problems.kept[i].line == i + 1;
    }
    CHECK(is_in_order);
    const dm_problem *before = problems.kept;
    dm_problems_reset(&problems);
    CHECK(problems.kept == before);
    CHECK_UINT(problems.n_kept, 0);
    for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
      CHECK_UINT(problems.count[kind], 0);
    }
  }
  dm_problems_release(&problems);
  CHECK(problems.kept == NULL);
  dm_problems_release(&problems);
}

static void test_from_error(void) {
  dm_error err;
  dm_error_expected(&err, DM_E_FIELD, "a number");
  dm_error_found(&err, "a list");
  dm_error_key(&err, "loss", 4);
  err.line = 17;
  err.column = 4;
  err.file = 2;
  dm_problem problem = dm_problem_from_error(DM_PROBLEM_BAD_LINE, &err);
  CHECK_INT(problem.kind, DM_PROBLEM_BAD_LINE);
  CHECK_UINT(problem.line, 17);
  CHECK_UINT(problem.column, 4);
  CHECK_INT(problem.file, 2);
  CHECK_STR(problem.key, "loss");
  CHECK_STR(problem.expected, "a number");
  CHECK_STR(problem.actual, "a list");
}

/* Longer texts lose their end between two characters. */
static void test_long_texts(void) {
  static const char *const characters[] = {"b", "\xC3\xA9", "\xE2\x82\xAC",
                                           "\xF0\x9F\x98\x80"};
  for (size_t c = 0; c < 4; c++) {
    for (size_t prefix = 0; prefix < 5; prefix++) {
      for (size_t n = 110 / (c + 1); n < 232 / (c + 1); n++) {
        char text[DM_TEXT_MAX];
        size_t len = prefix;
        memset(text, 'a', prefix);
        for (size_t i = 0; i < n && len + c + 1 < sizeof text; i++, len += c + 1) {
          memcpy(text + len, characters[c], c + 1);
        }
        text[len] = '\0';
        dm_error err;
        dm_error_expected(&err, DM_E_FIELD, "%s", text);
        dm_error_found(&err, "%s", text);
        dm_problem problem = dm_problem_from_error(DM_PROBLEM_BAD_LINE, &err);
        size_t room = DM_PROBLEM_TEXT_MAX - 1;
        size_t want = len <= room ? len : room - (room - prefix) % (c + 1);
        DM_CASE("%zu and %zu of %zu bytes", prefix, n, c + 1);
        CHECK_BYTES(problem.expected, strlen(problem.expected), text, want);
        CHECK_BYTES(problem.actual, strlen(problem.actual), text, want);
      }
    }
  }
}

int main(void) {
  DM_RUN(test_counts_and_bound);
  DM_RUN(test_from_error);
  DM_RUN(test_long_texts);
  return dm_test_end();
}
