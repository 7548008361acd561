/* Texts read as a source, by what the flags of dm_signals.h ask for. */
#ifndef DM_READING_H
#define DM_READING_H

#include "dm_signals.h"
#include "dm_test.h"
#include "summary/dm_run.h"

/* What SKIP, CUT, LONG_LINE, THREADS, SIGNALS and METRICS say; a WINDOW is the caller's
   to set. */
static inline dm_options reading_options(unsigned flags) {
  static const char *const signals[] = {"grad", "loss"};
  return (dm_options){.is_skipping = flags & SKIP,
                      .is_cut_allowed = flags & CUT,
                      .max_line = flags & LONG_LINE ? 400 : 1 << 20,
                      .block_size = 1 << 16,
                      .threads = flags & THREADS ? 3 : 1,
                      .signals = signals,
                      .n_signals = flags & SIGNALS ? 2 : 0,
                      .metrics = flags & METRICS ? DM_METRIC_BIT(DM_N_METRICS) - 1 : 0,
                      .seed = 17};
}

/* The same with a WINDOW, and the signals that METRICS need. */
static inline dm_options options_in_blocks(unsigned flags, size_t block_size) {
  dm_options options = reading_options(flags | (flags & METRICS ? SIGNALS : 0));
  options.block_size = block_size;
  options.burn_out = flags & WINDOW ? 2 : 0;
  options.has_step_range = flags & WINDOW;
  options.first_step = 2;
  options.last_step = 5;
  options.seed = block_size * 7;
  return options;
}

/* Reads one more text into the run. */
static inline dm_status read_text(dm_run *run, const char *text, size_t len, int32_t file,
                                  dm_error *err) {
  dm_source *source = NULL;
  DM_TRY(dm_source_open_memory(&source, text, len, NULL, err));
  dm_status status = dm_run_source(run, source, file, err);
  dm_source_close(source);
  return status;
}

/* Reads a text into a new run, to be freed also when this fails. */
static inline dm_status run_text(dm_run **run, dm_options options, const char *text,
                                 size_t len, dm_error *err) {
  DM_TRY(dm_run_new(run, &options, NULL, err));
  return read_text(*run, text, len, 0, err);
}

/* The same for one that can be read. */
static inline dm_run *run_of(const dm_options *options, const char *text, size_t len) {
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(run_text(&run, *options, text, len, &err), DM_OK);
  return run;
}

/* Where the line that holds the byte ends. */
static inline size_t line_end(const char *text, size_t len, size_t at) {
  const char *end = memchr(text + at, '\n', len - at);
  return end ? (size_t)(end - text) + 1 : len;
}

/* Whether two runs have the same to say (say_run()); ends both. */
static inline void check_same_answer(dm_run *a, dm_run *b) {
  dm_error err;
  answer_len = 0;
  CHECK_INT(say_run(a, &err), DM_OK);
  size_t len = answer_len;
  CHECK_INT(say_run(b, &err), DM_OK);
  CHECK(answer_len == 2 * len && memcmp(answer, answer + len, len) == 0);
}

/* Four lines of two samples, with whatever SMALL asks for. */
enum { SMALL = SIGNALS | METRICS | WINDOW };
static const char small_text[] =
    "{\"id\":7,\"label\":0,\"probs\":[0.25,0.75],\"step\":1,\"grad\":2}\n"
    "{\"id\":8,\"label\":1,\"probs\":[0.25,0.75],\"step\":1,\"s_label\":2}\n"
    "{\"id\":7,\"label\":0,\"probs\":[0.75,0.25],\"step\":2,\"grad\":4}\n"
    "{\"id\":7,\"label\":1,\"probs\":[0.5,0.2,0.3],\"step\":2}\n";

#endif
