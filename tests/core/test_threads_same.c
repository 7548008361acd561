/* dm_run: threads change no bit of what one alone computes. They take their work in
   another order each time, so one run shows a difference only now and then: here are
   many. */
#include "dm_signals.h"
#include "dm_test.h"

/* All that there is to say, of lines by so many threads. */
static void read_lines(const char *text, size_t len, int threads) {
  static const char *const names[] = {"grad", "loss"};
  const dm_options options = {.max_line = 1 << 20,
                              .block_size = 4096,
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

/* Logarithms and powers of many numbers: where threads compute with other registers, or
   round otherwise, some of them differ in their last bit. */
static void test_many_runs(void) {
  enum { RUNS = 60, THREADS_USED = 3 };
  size_t len;
  char *text = make_lines(METRICS | LOGITS | MANY_IDS | SIGNALS, &len);
  read_lines(text, len, 1);
  size_t want_len = answer_len;
  char *want = malloc(want_len + 1);
  memcpy(want, answer, want_len);
  CHECK(want_len > 3000 * sizeof(double));
  int n_other = 0;
  for (int i = 0; i < RUNS; i++) {
    read_lines(text, len, THREADS_USED);
    n_other += answer_len != want_len || memcmp(answer, want, want_len) != 0;
  }
  CHECK_INT(n_other, 0);
  free(want);
  free(text);
}

int main(void) {
  DM_RUN(test_many_runs);
  free(answer);
  return dm_test_end();
}
