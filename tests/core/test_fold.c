/* dm_fold.c: what lines do to the states of their samples: which of them count, and what
   a sink is given and may refuse. */
#include <math.h>

#include "dm_columns.h"
#include "dm_reading.h"
#include "dm_signals.h"
#include "dm_test.h"
#include "summary/dm_run.h"

/* Lines of one sample: in and out of the window of the steps and of the first ones. */
static void test_window(void) {
  enum { N = 6 };
  static const struct {
    const char *steps; /* a digit each, or "" */
    uint32_t burn_out;
    double first, last; /* first > last: none */
    const char *want;   /* which lines count */
  } cases[] = {
      {"", 0, 1, 0, "012345"},    {"", 2, 1, 0, "01"},
      {"", 6, 1, 0, "012345"},    {"", 9, 1, 0, "012345"},
      {"", 0, 2, 3, "23"},        {"", 0, -INFINITY, 0.5, "0"},
      {"", 0, 5, INFINITY, "5"},  {"", 0, 6, 9, ""},
      {"", 2, 2, 4, "23"}, /* the first two of those */
      {"224468", 0, 3, 6, "234"}, {"224468", 3, 1, 0, "012"},
      {"224468", 1, 4, 9, "2"},   {"224468", 0, 7, 7, ""},
      {"224468", 0, 2, 2, "01"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    char text[2000];
    size_t len = 0;
    for (int t = 0; t < N; t++) {
      char step[32] = "";
      if (cases[i].steps[0]) {
        sprintf(step, ", \"step\": %c", cases[i].steps[t]);
      }
      len += (size_t)sprintf(text + len,
                             "{\"id\": 5, \"label\": %d, \"correct\": %d, "
                             "\"label_probs\": 0.%d, \"loss\": %d%s}\n",
                             t == 0 ? 3 : 4, t % 2, t, t, step);
    }
    dm_options options = options_in_blocks(METRICS, 100);
    options.burn_out = cases[i].burn_out;
    options.has_step_range = cases[i].first <= cases[i].last;
    options.first_step = cases[i].first;
    options.last_step = cases[i].last;
    dm_run *run = NULL;
    dm_error err;
    dm_table table = {0};
    CHECK_INT(run_text(&run, options, text, strlen(text), &err), DM_OK);
    CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
    CHECK_UINT(table.n, 1); /* whatever counts, the sample is there */
    CHECK_UINT(run->states.counts.good, N);
    CHECK_UINT(run->states.problems.count[DM_PROBLEM_LABEL], N - 1); /* all are checked */
    CHECK_INT(dm_table_ident(&table, DM_COLUMN_LABEL, 0).value, 3);
    int32_t evaluations, correct_times, first_correct, want_correct = 0, want_first = -1;
    int n = (int)strlen(cases[i].want);
    double sum = 0;
    for (int k = 0; k < n; k++) {
      int t = cases[i].want[k] - '0';
      sum += t;
      want_correct += t % 2;
      want_first = want_first < 0 && t % 2 ? k : want_first;
    }
    fill_counts(&table, DM_COLUMN_EVALUATIONS, &evaluations);
    fill_counts(&table, DM_COLUMN_CORRECT_TIMES, &correct_times);
    fill_times(&table, DM_METRIC_FIRST_CORRECT, -1, &first_correct);
    CHECK_INT(evaluations, n);
    CHECK_INT(correct_times, want_correct);
    CHECK_INT(first_correct, want_first); /* counted within the window */
    double ratio, mean, loss;
    fill_numbers(&table, DM_COLUMN_CORRECT_RATIO, -77, &ratio);
    fill_numbers(&table, DM_COLUMN_AVG_PROBS, -77, &mean);
    fill_signal(&table, 1, DM_SIGNAL_MEAN, -77, &loss);
    CHECK(fabs(ratio - (n ? (double)want_correct / n : -77)) < 1e-15);
    CHECK(fabs(mean - (n ? sum / n / 10 : -77)) < 1e-15);
    CHECK(fabs(loss - (n ? sum / n : -77)) < 1e-15);
    dm_table_release(&table);
    dm_run_free(run);
  }
}

/* A loss that no line of a sample gives is derived; of one that some give, only these
   count. */
static void test_losses(void) {
  static const char text[] =
      "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}\n"
      "{\"id\": 2, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}\n"
      "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.25}\n"
      "{\"id\": 2, \"label\": 0, \"correct\": true, \"label_probs\": 0, \"loss\": 3}\n"
      "{\"id\": 2, \"label\": 0, \"correct\": true, \"label_probs\": 0}\n"
      "{\"id\": 3, \"label\": 0, \"correct\": true, \"label_probs\": 0}\n";
  const double ln2 = 0.6931471805599453;
  const double inf = (double)INFINITY;
  const double want[][3] = {{1.5 * ln2, 3, inf},
                            {0.25 * ln2 * ln2, 0, (double)NAN},
                            {ln2, 3, inf},
                            {2 * ln2, 3, inf},
                            {2 * ln2, 3, inf}};
  dm_run *run = NULL;
  dm_error err;
  dm_table table = {0};
  CHECK_INT(run_text(&run, options_in_blocks(SIGNALS, 64), text, strlen(text), &err),
            DM_OK);
  CHECK_UINT(dm_states_infinite_losses(&run->states), 1);
  CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
  for (int k = 0; k < 5; k++) {
    double got[3];
    fill_signal(&table, 1, (dm_signal_statistic)k, -77, got);
    for (int i = 0; i < 3; i++) {
      DM_CASE("statistic %d of sample %d", k, i);
      CHECK(isnan(want[k][i])   ? isnan(got[i])
            : isinf(want[k][i]) ? got[i] == want[k][i]
                                : fabs(got[i] - want[k][i]) < 1e-15);
    }
  }
  dm_table_release(&table);
  dm_run_free(run);
}

/* A signal counts over the lines that have it; without any, it is missing. */
static void test_signals(void) {
  static const char text[] =
      "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 1, \"grad\": 3}\n"
      "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 1}\n"
      "{\"id\": 2, \"label\": 0, \"correct\": true, \"label_probs\": 1}\n"
      "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 1, \"grad\": 5}\n"
      "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 1, \"grad\": "
      "null}\n";
  static const double want[] = {4, 1, 3, 5, 5}; /* in the order of dm_signal_statistic */
  dm_run *run = NULL;
  dm_error err;
  dm_table table = {0};
  CHECK_INT(run_text(&run, options_in_blocks(SIGNALS, 64), text, strlen(text), &err),
            DM_OK);
  CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
  CHECK_UINT(table.n, 2);
  for (int k = 0; k < 5; k++) {
    double got[2];
    DM_CASE("statistic %d", k);
    fill_signal(&table, 0, (dm_signal_statistic)k, -77, got);
    CHECK_DOUBLE(got[0], want[k]);
    CHECK_DOUBLE(got[1], -77);
    fill_signal(&table, 1, (dm_signal_statistic)k, -77, got);
    CHECK_DOUBLE(got[0], 0); /* the loss is derived: -ln 1 */
  }
  dm_table_release(&table);
  dm_run_free(run);
}

#define LINE(members) "{\"id\": 1, \"label\": 0, \"correct\": true" members "}\n"
#define P ", \"label_probs\": 0.5"

/* --- a sink ------------------------------------------------------------------------- */

typedef struct taken {
  size_t n;
  uint32_t rows[8];
  uint64_t lines[8];
  size_t bad; /* the call that is refused, from 1; 0: none */
  dm_status status;
} taken;

/* What can be read can also be kept. */
static void test_counts(void) {
  static const char line[] =
      "{\"id\": 1, \"label\": 0, \"label_probs\": 0.5, "
      "\"correct\": 1}\n";
  for (int i = 0; i < 4; i++) {
    DM_CASE("case %d", i);
    dm_options options = options_in_blocks(0, 100);
    dm_run *run = NULL;
    dm_error err;
    CHECK_INT(run_text(&run, options, line, strlen(line), &err), DM_OK);
    uint64_t *count = i / 2 ? &run->states.problems.count[DM_PROBLEM_CORRECT]
                            : &run->states.counts.lines;
    *count = (uint64_t)DM_COUNT_MAX - (i % 2 == 0);
    /* correct contradicts the probability, for each of them */
    static const char more[] =
        "{\"id\": 2, \"label\": 0, \"probs\": [0.9, 0.1], "
        "\"correct\": 0}\n";
    dm_source *source = NULL;
    CHECK_INT(dm_source_open_memory(&source, more, strlen(more), NULL, &err), DM_OK);
    CHECK_INT(dm_run_source(run, source, 1, &err), i % 2 ? DM_E_LIMIT : DM_OK);
    dm_source_close(source);
    dm_run_free(run);
  }
}

static dm_status take(void *ctx, const dm_batch *batch, size_t i, uint32_t row,
                      const dm_origin *origin, dm_error *err) {
  taken *t = ctx;
  t->rows[t->n] = row;
  t->lines[t->n] = origin->first_line + batch->events[i].line;
  t->n++;
  if (t->n != t->bad) {
    return DM_OK;
  }
  return dm_error_expected(err, t->status, "another line");
}

/* Folds the lines, as those of a file from line 11 on. */
static dm_status fold_with(dm_run *run, taken *t, char *text, size_t len, dm_error *err) {
  dm_block block = {.data = text, .len = len};
  const dm_origin origin = {.file = 2, .first_line = 11, .first_byte = 500};
  const dm_sink sink = {.take = take, .ctx = t};
  DM_TRY(dm_parse_block(run->parser, &block, &run->batch, err));
  return dm_fold_batch(&run->states, &sink, &run->batch, &origin, err);
}

static void test_sink(void) {
  static const char text[] =
      LINE(P ", \"step\": 5") "\n"
      "{\"id\": 2, \"label\": 0, \"correct\": true" P ", \"step\": 1}\n"
      LINE(P ", \"step\": 4") /* back, which a table may */
      LINE("") /* bad */
      LINE(P ", \"step\": 6");
  static const struct {
    size_t bad;
    dm_status given;
    dm_status want;
    size_t n_taken;
    uint64_t n_bad;
  } cases[] = {
      {0, DM_OK, DM_OK, 4, 1},           {2, DM_E_FIELD, DM_OK, 4, 2},
      {4, DM_E_SYNTAX, DM_OK, 4, 2},     {1, DM_E_MEMORY, DM_E_MEMORY, 1, 0},
      {3, DM_E_LIMIT, DM_E_LIMIT, 3, 0},
  };
  char data[sizeof text + DM_BLOCK_PAD] = {0};
  memcpy(data, text, sizeof text - 1);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    dm_options options = options_in_blocks(SKIP, 1000);
    dm_run *run = NULL;
    dm_error err;
    taken t = {.bad = cases[i].bad, .status = cases[i].given};
    CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
    CHECK_INT(fold_with(run, &t, data, sizeof text - 1, &err), cases[i].want);
    CHECK_UINT(t.n, cases[i].n_taken);
    static const uint32_t rows[] = {0, 1, 0, 0};
    static const uint64_t lines[] = {11, 13, 14, 16};
    for (size_t k = 0; k < t.n; k++) {
      CHECK_UINT(t.rows[k], rows[k]);
      CHECK_UINT(t.lines[k], lines[k]);
    }
    if (cases[i].want == DM_OK) {
      CHECK_UINT(run->states.counts.lines, 6);
      CHECK_UINT(run->states.counts.bad, cases[i].n_bad);
      CHECK_UINT(run->states.counts.good, 5 - cases[i].n_bad);
      CHECK_UINT(run->states.problems.count[DM_PROBLEM_BAD_LINE], cases[i].n_bad);
    }
    dm_run_free(run);
  }
}

int main(void) {
  DM_RUN(test_window);
  DM_RUN(test_losses);
  DM_RUN(test_signals);
  DM_RUN(test_counts);
  DM_RUN(test_sink);
  free(answer);
  return dm_test_end();
}
