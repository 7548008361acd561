/* dm_run: threads change no bit of what one alone computes. They take their work in
   another order each time, so one run shows a difference only now and then: here are
   many. */
#include "dm_signals.h"
#include "dm_test.h"

/* All that there is to say, of lines by so many threads. */
static void read_lines(const char *text, size_t len, int threads, size_t block_size) {
  static const char *const names[] = {"grad", "loss"};
  const dm_options options = {.max_line = 1 << 20,
                              .block_size = block_size,
                              .threads = threads,
                              .signals = names,
                              .n_signals = 2,
                              .metrics = DM_METRIC_BIT(DM_N_METRICS) - 1,
                              .seed = 1};
  dm_error err;
  dm_run *run = NULL;
  dm_source *source = NULL;
  answer_len = 0;
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  CHECK_INT(dm_source_open_memory(&source, text, len, NULL, &err), DM_OK);
  CHECK_INT(dm_run_source(run, source, 0, &err), DM_OK);
  CHECK_INT(say_run(run, &err), DM_OK);
  dm_source_close(source);
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

/* Samples of several lanes, each with several lines, so that lines that were kept in
   another order, twice or not at all would show; also where threads share what is kept of
   samples with gaps, and where rows get longer and wider meanwhile. */
static void test_lanes(void) {
  static const unsigned kinds[] = {
      0, LOGITS, GAPS, GAPS | DISAGREE, STEPS, LOGITS | INDEXES, GAPS | TEXT_IDS};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    size_t len;
    char *text = make_lines(kinds[k] | MORE_IDS | SIGNALS, &len);
    read_alone(text, len);
    for (int threads = 2; threads <= 18; threads = 2 * threads - 1) {
      for (size_t block = 300; block <= 30000; block *= 10) {
        DM_CASE("kind %x, %d threads, blocks of %zu", kinds[k], threads, block);
        read_lines(text, len, threads, block);
        CHECK(is_as_wanted());
      }
    }
    free(want);
    free(text);
  }
}

int main(void) {
  DM_RUN(test_many_runs);
  DM_RUN(test_lanes);
  free(answer);
  return dm_test_end();
}
