/* dm_check.c: what is said of lines that disagree with those before, or can't follow
 * them.
 */
#include "dm_reading.h"
#include "dm_signals.h"
#include "dm_test.h"

#define LINE(members) "{\"id\": 1, \"label\": 0, \"correct\": true" members "}\n"
#define P ", \"label_probs\": 0.5"

static void test_errors(void) {
  static const struct {
    const char *text;
    dm_status status;
    uint64_t line, byte;
    const char *key;
    uint64_t other_line;
  } cases[] = {
      {LINE(P ", \"step\": 2") LINE(P ", \"step\": 1"), DM_E_FIELD, 2, 70, "step", 1},
      {LINE(P ", \"step\": 2") "\n" LINE(P), DM_E_FIELD, 3, 71, "step", 0},
      {LINE(P) LINE(P ", \"step\": 2"), DM_E_FIELD, 2, 59, "step", 0},
      {LINE(P ", \"epoch\": 2") LINE(P ", \"epoch\": 1.5"), DM_E_FIELD, 2, 71, "step", 1},
      {LINE(P) LINE(""), DM_E_FIELD, 2, 59, "label_probs", 0},
      {LINE(P) "{\"label\": 0}\n", DM_E_FIELD, 2, 59, "id", 0},
      {LINE(P) "\n\r\n{\n", DM_E_SYNTAX, 4, 63, "", 0},
      {LINE(P) "nothing", DM_E_SYNTAX, 2, 59, "", 0},
      {LINE(", \"label_probs\": 1e999"), DM_E_RANGE, 1, 53, "label_probs", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (size_t block = 1; block < 1000; block = block * 3 + 1) {
      DM_CASE("case %zu, blocks of %zu", i, block);
      dm_run *run = NULL;
      dm_error err;
      memset(&err, 0xA5, sizeof err);
      CHECK_INT(run_text(&run, options_in_blocks(0, block), cases[i].text,
                         strlen(cases[i].text), &err),
                cases[i].status);
      CHECK_UINT(err.line, cases[i].line);
      CHECK_STR(err.key, cases[i].key);
      CHECK_UINT(err.other_line, cases[i].other_line);
      CHECK_INT(err.file, 0);
      CHECK(err.byte >= cases[i].byte && err.byte < cases[i].byte + 30);
      CHECK(err.column >= 1);
      dm_run_free(run);
    }
  }
}

static void test_disagreements(void) {
  static const struct {
    const char *text;
    uint64_t count[DM_PROBLEM_KINDS];
  } cases[] = {
      {LINE(P) LINE(P), {0}},
      {LINE(P) "{\"id\": 1, \"label\": 1, \"correct\": true" P "}\n",
       {[DM_PROBLEM_LABEL] = 1}},
      {LINE(P) "{\"id\": \"1\", \"label\": \"0\", \"correct\": true" P "}\n", {0}},
      {LINE(P ", \"s_label\": 1") LINE(P) LINE(P ", \"s_label\": 2"),
       {[DM_PROBLEM_S_LABEL] = 1}},
      {LINE(P) LINE(P ", \"s_label\": 2") LINE(P ", \"noisy_label\": 2"), {0}},
      {LINE(P ", \"pred_label\": 1"), {[DM_PROBLEM_CORRECT] = 1}},
      {LINE(P ", \"pred_label\": 0"), {0}},
      {LINE(P ", \"step\": 1") LINE(P ", \"step\": 1") LINE(P ", \"step\": 1"),
       {[DM_PROBLEM_STEP] = 2}},
      {LINE(P ", \"epoch\": 1") LINE(P ", \"epoch\": 1"), {0}},
      {LINE(", \"label_probs\": 1.1"), {[DM_PROBLEM_PROB_RANGE] = 1}},
      {LINE(", \"label_probs\": 1.0000009") LINE(", \"label_probs\": -0.0000009"), {0}},
      {LINE(", \"label_probs\": -0.000002"), {[DM_PROBLEM_PROB_RANGE] = 1}},
      {LINE(", \"label_probs\": NaN"), {[DM_PROBLEM_NOT_FINITE] = 1}},
      {LINE(", \"label_probs\": -Infinity"), {[DM_PROBLEM_NOT_FINITE] = 1}},
      {LINE(", \"probs\": [0.5, 0.4]"), {[DM_PROBLEM_PROB_SUM] = 1}},
      {LINE(", \"probs\": [0.5, 0.4995]"), {0}},
      {LINE(", \"probs\": [0.5, 0.5]") LINE(", \"probs\": [0.5, 0.25, 0.25]"),
       {[DM_PROBLEM_PROB_COUNT] = 1}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int is_skipping = 0; is_skipping < 2; is_skipping++) {
      DM_CASE("case %zu", i);
      dm_run *run = NULL;
      dm_error err;
      CHECK_INT(run_text(&run, options_in_blocks(is_skipping ? SKIP : 0, 50),
                         cases[i].text, strlen(cases[i].text), &err),
                DM_OK);
      for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
        if (!CHECK_UINT(run->states.problems.count[kind], cases[i].count[kind])) {
          fprintf(stderr, "  kind %d\n", kind);
        }
      }
      CHECK_UINT(run->states.counts.good, run->states.counts.lines);
      dm_run_free(run);
    }
  }
}

/* A line of a sample that has as many evaluations as it may, in the file's own words, by
   any number of threads, although a line behind it is bad. */
static void test_too_many(void) {
  enum { N = 400, LAST_ALLOWED = 201, FIRST_TOO_MANY = 300, BAD = 302 };
  char *text = malloc(N * 100);
  for (int threads = 1; threads <= 3; threads++) {
    for (size_t block = 100; block <= 100000; block *= 10) {
      DM_CASE("%d threads, blocks of %zu", threads, block);
      dm_options options = options_in_blocks(0, block);
      options.threads = threads;
      static const char first[] = LINE(P);
      dm_run *run = run_of(&options, first, strlen(first));
      dm_error err;
      dm_states_accum(&run->states, 0)->n = DM_EVALUATIONS_MAX - 1;
      size_t len = 0;
      for (int i = 0; i < N; i++) {
        /* what is allowed has another label than the first, which is only noted */
        bool is_sample = i == LAST_ALLOWED || i >= FIRST_TOO_MANY;
        len += (size_t)sprintf(text + len,
                               "{\"id\": %d, \"label\": %d, \"correct\": 1" P "%s\n",
                               is_sample ? 1 : i + 2, i % 2, i == BAD ? "" : "}");
      }
      CHECK_INT(read_text(run, text, len, 4, &err), DM_E_LIMIT);
      CHECK_UINT(err.line, FIRST_TOO_MANY + 1);
      CHECK_INT(err.file, 4);
      CHECK_STR(err.expected, "at most 2147483647 evaluations of a sample");
      CHECK_UINT(run->states.problems.count[DM_PROBLEM_LABEL], 1);
      dm_run_free(run);
    }
  }
  free(text);
}

int main(void) {
  DM_RUN(test_errors);
  DM_RUN(test_disagreements);
  DM_RUN(test_too_many);
  free(answer);
  return dm_test_end();
}
