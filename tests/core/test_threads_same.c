/* dm_run: threads change no bit of what one alone computes. They take their work in
   another order each time, so one run shows a difference only now and then: here are
   many. */
#include "dm_signals.h"
#include "dm_test.h"

/* What is read of the lines: all signals and metrics, or not more than a summary needs.
 */
static bool is_all;
static bool is_skipping;  /* bad lines */
static int n_sources = 1; /* of the same lines, one after the other */

/* All that there is to say, of lines by so many threads; or what reading them fails with.
 */
static void read_lines(const char *text, size_t len, int threads, size_t block_size) {
  static const char *const names[] = {"grad", "loss"};
  const dm_options options = {.max_line = 1 << 20,
                              .block_size = block_size,
                              .threads = threads,
                              .signals = names,
                              .n_signals = is_all ? 2 : 0,
                              .metrics = is_all ? DM_METRIC_BIT(DM_N_METRICS) - 1 : 0,
                              .is_skipping = is_skipping,
                              .seed = 1};
  dm_error err = {0};
  dm_run *run = NULL;
  dm_source *source = NULL;
  answer_len = 0;
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  dm_status status = DM_OK;
  for (int i = 0; i < n_sources && !status; i++) {
    CHECK_INT(dm_source_open_memory(&source, text, len, NULL, &err), DM_OK);
    status = dm_run_source(run, source, i, &err);
    dm_source_close(source);
  }
  if (status) {
    say(&err, sizeof err);
  } else {
    CHECK_INT(say_run(run, &err), DM_OK);
  }
  dm_run_free(run);
}

static char *want;
static size_t want_len;

static void read_alone(const char *text, size_t len) {
  read_lines(text, len, 1, 4096);
  want_len = answer_len;
  want = malloc(want_len + 1);
  memcpy(want, answer, want_len);
}

static bool is_as_wanted(void) {
  return answer_len == want_len && memcmp(answer, want, want_len) == 0;
}

/* Logarithms and powers of many numbers: where threads compute with other registers, or
   round otherwise, some of them differ in their last bit. */
static void test_many_runs(void) {
  enum { RUNS = 60, THREADS_USED = 3 };
  size_t len;
  char *text = make_lines(METRICS | LOGITS | MANY_IDS | SIGNALS, &len);
  read_alone(text, len);
  CHECK(want_len > 3000 * sizeof(double));
  int n_other = 0;
  for (int i = 0; i < RUNS; i++) {
    read_lines(text, len, THREADS_USED, 4096);
    n_other += !is_as_wanted();
  }
  CHECK_INT(n_other, 0);
  free(want);
  free(text);
}

/* The same for many numbers of threads and of bytes that they take at a time. */
static void check_threads(const char *text, size_t len) {
  read_alone(text, len);
  for (int threads = 2; threads <= 18; threads = 2 * threads - 1) {
    for (size_t block = 300; block <= 30000; block *= 10) {
      DM_CASE("%d threads, blocks of %zu", threads, block);
      read_lines(text, len, threads, block);
      CHECK(is_as_wanted());
    }
  }
  free(want);
}

/* Samples of several lanes, each with several lines, so that lines that were kept in
   another order, twice or not at all would show; also where threads share what is kept of
   samples with gaps, and where rows get longer and wider meanwhile. */
static void test_lanes(void) {
  static const unsigned kinds[] = {
      0, LOGITS, GAPS, GAPS | DISAGREE, STEPS, LOGITS | INDEXES, GAPS | TEXT_IDS};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    size_t len;
    char *text = make_lines(kinds[k] | MORE_IDS | SIGNALS, &len);
    check_threads(text, len);
    free(text);
  }
}

/* Lines that threads add all of, and whose problems are put in order afterwards. */
static void test_plain(void) {
  static const unsigned kinds[] = {0,
                                   TEXT_IDS,
                                   BIG_IDS | ESCAPES,
                                   GAPS,
                                   DISAGREE | BAD_LINES,
                                   LOGITS,
                                   DISAGREE | TEXT_IDS,
                                   STEPS};
  is_all = false;
  is_skipping = true;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    size_t len;
    char *text = make_lines(kinds[k] | MORE_IDS, &len);
    check_threads(text, len);
    free(text);
  }
}

/* Between these come lines for which what is added has to be known: other classes than
   the first of a run, places of labels; or steps, which no line before has, and the
   reading fails. All that in two sources. */
static void test_plain_and_others(void) {
  static const unsigned kinds[][4] = {
      {DISAGREE, DISAGREE | LOGITS, DISAGREE, BAD_LINES},
      {DISAGREE | LOGITS, 0, DISAGREE | LOGITS, DISAGREE | TEXT_IDS},
      {0, INDEXES, DISAGREE | GAPS, INDEXES | DISAGREE | LOGITS},
      {DISAGREE, 0, STEPS, 0},
  };
  is_all = false;
  n_sources = 2;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    size_t len = 0;
    char *text = NULL;
    is_skipping = kinds[k][2] != STEPS;
    for (size_t i = 0; i < 4; i++) {
      size_t n;
      char *more = make_lines(kinds[k][i] | MORE_IDS, &n);
      text = realloc(text, len + n);
      memcpy(text + len, more, n);
      len += n;
      free(more);
    }
    check_threads(text, len);
    CHECK_INT(answer_len == sizeof(dm_error), !is_skipping); /* it fails */
    free(text);
  }
  n_sources = 1;
}

/* Class vectors first come far behind the start, across the end of a stretch or not, and
   change their length then, each time after another number of lines. */
static void test_first_classes(void) {
  enum { N_LINES = 300, LINE = 100 };
  char *text = malloc(N_LINES * LINE);
  is_all = false;
  is_skipping = true;
  for (int n_without = 20; n_without <= 35; n_without++) {
    size_t len = 0;
    for (int i = 0; i < N_LINES; i++) {
      static const char *const given[] = {"\"label_probs\": 0.5, \"correct\": 1",
                                          "\"probs\": [0.5, 0.5]",
                                          "\"probs\": [0.5, 0.3, 0.2]"};
      int behind = i - n_without;
      len += (size_t)sprintf(text + len, "{\"id\": %d, \"label\": 0, %s}\n", i % 70,
                             given[behind < 0                       ? 0
                                   : behind == 0 || behind % 9 == 8 ? 1
                                                                    : 2]);
    }
    check_threads(text, len);
  }
  free(text);
}

int main(void) {
  is_all = true;
  DM_RUN(test_many_runs);
  DM_RUN(test_lanes);
  DM_RUN(test_plain);
  DM_RUN(test_plain_and_others);
  DM_RUN(test_first_classes);
  free(answer);
  return dm_test_end();
}
