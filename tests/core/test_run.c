/* dm_run and dm_parse together: however the lines are cut, whoever parses them and when,
   the table has the same bits; and those bits are what plain arithmetic says. */
#include <math.h>

#include "dm_columns.h"
#include "dm_reading.h"
#include "dm_signals.h"
#include "dm_test.h"
#include "summary/dm_run.h"

/* All that there is to know of an error. */
static void say_error(const dm_error *err) {
  say(&err->status, sizeof err->status);
  say(&err->file, sizeof err->file);
  say(&err->line, sizeof err->line);
  say(&err->column, sizeof err->column);
  say(&err->byte, sizeof err->byte);
  say(&err->other_file, sizeof err->other_file);
  say(&err->other_line, sizeof err->other_line);
  say(err->key, strlen(err->key));
  say(err->found, strlen(err->found));
  say(err->expected, strlen(err->expected));
  say(err->advice, strlen(err->advice));
}

/* Reads the text as one source; the answer is the table, or the error. */
static dm_status read_whole(unsigned flags, const char *text, size_t len,
                            size_t block_size) {
  dm_options options = options_in_blocks(flags, block_size);
  dm_run *run = NULL;
  dm_source *source = NULL;
  dm_error err;
  dm_status status;
  answer_len = 0;
  DM_TRY_DONE(dm_run_new(&run, &options, NULL, &err));
  DM_TRY_DONE(dm_source_open_memory(&source, text, len, NULL, &err));
  DM_TRY_DONE(dm_run_source(run, source, 3, &err));
  CHECK_UINT(run->states.counts.lines,
             run->states.counts.good + run->states.counts.blank + run->states.counts.bad +
                 run->states.counts.cut);
  DM_TRY_DONE(say_run(run, &err));
done:
  if (status) {
    say_error(&err);
  }
  dm_source_close(source);
  dm_run_free(run);
  return status;
}

typedef struct piece {
  dm_block block;
  dm_batch batch;
} piece;

/* Cuts the text behind the first line end after every size bytes. */
static piece *cut(const char *text, size_t len, size_t size, size_t *n) {
  size_t cap = len / size + 2;
  piece *pieces = calloc(cap, sizeof *pieces);
  *n = 0;
  for (size_t from = 0; from < len;) {
    size_t to = from + size < len ? from + size : len;
    while (to < len && text[to - 1] != '\n') {
      to++;
    }
    bool is_open = text[to - 1] != '\n';
    dm_block *block = &pieces[(*n)++].block;
    block->len = to - from + is_open;
    block->first_byte = from;
    block->is_last_line_open = is_open;
    block->data = dm_calloc(1, block->len + DM_BLOCK_PAD);
    memcpy(block->data, text + from, to - from);
    if (is_open) {
      block->data[to - from] = '\n';
    }
    from = to;
  }
  return pieces;
}

/* Parses the pieces in shuffled order by three parsers, applies them in file order. */
static dm_status read_pieces(unsigned flags, const char *text, size_t len, size_t size,
                             uint64_t seed) {
  enum { PARSERS = 3 };
  dm_options options = options_in_blocks(flags, 1 << 20);
  dm_run *run = NULL;
  dm_parser *parsers[PARSERS] = {NULL};
  dm_error err;
  dm_status status;
  size_t n;
  piece *pieces = cut(text, len, size, &n);
  size_t *order = malloc((n + 1) * sizeof *order);
  answer_len = 0;
  DM_TRY_DONE(dm_run_new(&run, &options, NULL, &err));
  for (size_t i = 0; i < PARSERS; i++) {
    DM_TRY_DONE(dm_parser_new(&parsers[i], &options, &run->states.keep, &err));
  }
  for (size_t i = 0; i < n; i++) {
    order[i] = i;
  }
  for (size_t i = n; i > 1; i--) {
    size_t other = naive_below(&seed, i);
    size_t swap = order[i - 1];
    order[i - 1] = order[other];
    order[other] = swap;
  }
  for (size_t i = 0; i < n; i++) {
    piece *p = &pieces[order[i]];
    dm_parser *parser = parsers[naive_below(&seed, PARSERS)];
    DM_TRY_DONE(dm_parse_block(parser, &p->block, &p->batch, &err));
  }
  dm_origin origin = {.file = 3, .first_line = 1};
  for (size_t i = 0; i < n; i++) {
    origin.first_byte = pieces[i].block.first_byte;
    DM_TRY_DONE(dm_fold_batch(&run->states, &run->sink, &pieces[i].batch, &origin, &err));
    origin.first_line += pieces[i].batch.n_lines;
  }
  DM_TRY_DONE(say_run(run, &err));
done:
  if (status) {
    say_error(&err);
  }
  for (size_t i = 0; i < n; i++) {
    dm_batch_release(&pieces[i].batch);
    dm_block_release(&pieces[i].block);
  }
  for (size_t i = 0; i < PARSERS; i++) {
    dm_parser_free(parsers[i]);
  }
  dm_run_free(run);
  free(order);
  free(pieces);
  return status;
}

static const unsigned kinds[] = {
    0,
    PYTHON,
    TEXT_IDS,
    BIG_IDS,
    TEXT_IDS | ESCAPES | PYTHON,
    LOGITS,
    STEPS | TEXT_IDS,
    SIGNALS,
    DISAGREE,
    DISAGREE | STEPS | SIGNALS | PYTHON,
    DISAGREE | LOGITS | TEXT_IDS,
    BAD_LINES | SKIP | DISAGREE,
    BAD_LINES | SKIP | STEPS | STEP_BACK,
    BAD_LINES,
    STEPS | STEP_BACK,
    CUT,
    CUT | PYTHON | DISAGREE,
    MANY_IDS,
    MANY_IDS | TEXT_IDS | DISAGREE | SIGNALS | BAD_LINES | SKIP,
    METRICS,
    METRICS | LOGITS | THREADS,
    METRICS | DISAGREE | LOGITS | TEXT_IDS,
    METRICS | DISAGREE | STEPS | PYTHON | WINDOW,
    METRICS | MANY_IDS | BAD_LINES | SKIP,
    WINDOW,
    WINDOW | STEPS | TEXT_IDS | SIGNALS,
};

static void test_pieces(void) {
  static const size_t sizes[] = {64, 100, 500, 4096, 65536, 1 << 20};
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    size_t len;
    char *text = make_lines(kinds[k], &len);
    dm_status want_status = read_whole(kinds[k], text, len, 1 << 22);
    size_t want_len = answer_len;
    CHECK(want_len > 0);
    char *want = malloc(want_len);
    memcpy(want, answer, want_len);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      for (uint64_t seed = 1; seed <= 3; seed++) {
        DM_CASE("kind %u in pieces of %zu", kinds[k], sizes[i]);
        CHECK_INT(read_pieces(kinds[k], text, len, sizes[i], seed), want_status);
        CHECK_BYTES(answer, answer_len, want, want_len);
      }
    }
    static const size_t blocks[] = {1, 2, 7, 63, 64, 65, 1000, 4096, 1 << 20};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
      if (kinds[k] & MANY_IDS && blocks[i] < 60) {
        continue;
      }
      DM_CASE("kind %u in blocks of %zu", kinds[k], blocks[i]);
      CHECK_INT(read_whole(kinds[k], text, len, blocks[i]), want_status);
      CHECK_BYTES(answer, answer_len, want, want_len);
      if (blocks[i] > 60) {
        CHECK_INT(read_whole(kinds[k] | THREADS, text, len, blocks[i]), want_status);
        CHECK_BYTES(answer, answer_len, want, want_len);
      }
    }
    free(want);
    free(text);
  }
}

/* A megabyte and more, so that every size of piece cuts it. */
static void test_pieces_of_megabytes(void) {
  size_t len;
  unsigned flags = MANY_IDS | DISAGREE | SKIP | BAD_LINES;
  char *one = make_lines(flags, &len);
  size_t n = (3 << 20) / len + 1;
  char *text = malloc(n * len);
  for (size_t i = 0; i < n; i++) {
    memcpy(text + i * len, one, len);
  }
  CHECK_INT(read_whole(flags, text, n * len, 1 << 24), DM_OK);
  size_t want_len = answer_len;
  char *want = malloc(want_len);
  memcpy(want, answer, want_len);
  static const size_t sizes[] = {64, 10000, 1 << 20};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    DM_CASE("pieces of %zu", sizes[i]);
    CHECK_INT(read_pieces(flags, text, n * len, sizes[i], i + 10), DM_OK);
    bool is_same = answer_len == want_len && memcmp(answer, want, want_len) == 0;
    CHECK(is_same);
  }
  free(want);
  free(text);
  free(one);
}

/* --- what a parser has seen before must not matter -----------------------------------
 */

/* Lines that tempt a parser to take a key for another: the same members in any order,
   with any space, in both dialects, with keys that start alike, with and without escapes,
   twice, and broken. */
static size_t tempting_line(uint64_t *seed, char *out) {
  static const char *const members[] = {"'id': 7",
                                        "'label': 1",
                                        "'label_probs': 0.5",
                                        "'correct': 'true'",
                                        "'pred_label': 1",
                                        "'probs': [0.25, 0.75]",
                                        "'s_label': 2",
                                        "'noisy_label': 1",
                                        "'loss': 0.125",
                                        "'labels': {'id': 3}",
                                        "'i': []",
                                        "'guid': 12",
                                        "'gold': 0",
                                        "'epoch': 3",
                                        "'step': 4",
                                        "'grad': 1e-3",
                                        "'logits': [1, -1]",
                                        "'logits_epoch_2': [0.5, 0.25]",
                                        "'pro\\u0062s': [1, 0]",
                                        "'label': '1'",
                                        "'id': 'seven'",
                                        "'correct': 1",
                                        "'probs': [0.5]",
                                        "'probs': [0.333333333, 0.666666667]",
                                        "'x': 'a, \"id\": 5'",
                                        "'': 0"};
  enum { N = sizeof members / sizeof members[0] };
  bool is_python = naive_below(seed, 3) == 0;
  size_t len = 0;
  bool is_wide = naive_below(seed, 8) == 0;
  out[len++] = '{';
  size_t first = naive_below(seed, 4) ? 0 : naive_below(seed, N);
  size_t n = 3 + naive_below(seed, 7);
  for (size_t i = 0; i < n; i++) {
    const char *s =
        members[naive_below(seed, 5) ? (first + i) % N : naive_below(seed, N)];
    if (i) {
      out[len++] = ',';
      if (naive_below(seed, 16)) {
        out[len++] = ' ';
      }
    }
    for (; *s; s++) {
      if (is_wide && *s == ':') {
        out[len++] = ' ';
      }
      out[len++] = *s == '\'' && !is_python ? '"' : *s == '"' ? '\'' : *s;
    }
  }
  out[len++] = '}';
  if (naive_below(seed, 12) == 0) { /* broken somewhere */
    out[naive_below(seed, len)] = "x,}{\":'0"[naive_below(seed, 8)];
  }
  out[len++] = '\n';
  return len;
}

static void say_event(const dm_batch *batch, size_t i) {
  const dm_event *event = &batch->events[i];
  const dm_ident idents[] = {dm_batch_ident(batch, event->id_kind, event->id),
                             dm_batch_ident(batch, event->label_kind, event->label),
                             dm_batch_ident(batch, event->s_label_kind, event->s_label)};
  for (size_t k = 0; k < 3; k++) {
    say(&idents[k].kind, sizeof idents[k].kind);
    if (idents[k].kind != DM_IDENT_NONE) {
      say(&idents[k].value, sizeof idents[k].value);
      say(idents[k].text, idents[k].len);
    }
  }
  say(&event->label_probs, sizeof event->label_probs);
  say(&event->n_classes, sizeof event->n_classes);
  say(&event->step_kind, sizeof event->step_kind);
  say(&event->correct, sizeof event->correct);
  if (event->step_kind != DM_STEP_NONE) {
    say(&batch->steps[i], sizeof batch->steps[i]);
  }
  say(batch->signals + i * batch->n_values, batch->n_values * sizeof(double));
}

/* One line by the parser: its event, or what was wrong with it, and disagreements. */
static void say_line(dm_parser *parser, const char *text, size_t len) {
  dm_block block = {.len = len};
  block.data = dm_calloc(1, len + DM_BLOCK_PAD);
  memcpy(block.data, text, len);
  dm_batch batch = {0};
  dm_error err;
  CHECK_INT(dm_parse_block(parser, &block, &batch, &err), DM_OK);
  CHECK_UINT(batch.n_lines, 1);
  for (size_t i = 0; i < batch.n_events; i++) {
    say_event(&batch, i);
  }
  for (size_t i = 0; i < batch.problems.n_kept; i++) {
    const dm_problem *problem = &batch.problems.kept[i];
    say(&problem->kind, sizeof problem->kind);
    say(&problem->column, sizeof problem->column);
    say(problem->key, strlen(problem->key));
    say(problem->expected, strlen(problem->expected));
    say(problem->actual, strlen(problem->actual));
  }
  dm_batch_release(&batch);
  dm_block_release(&block);
}

static void test_parsers_without_memory(void) {
  dm_options options = options_in_blocks(SIGNALS | SKIP, 1000);
  dm_error err;
  dm_parser *old = NULL;
  CHECK_INT(dm_parser_new(&old, &options, NULL, &err), DM_OK);
  uint64_t seed = 70;
  unsigned long n_wrong = 0, n_good = 0;
  for (int i = 0; i < dm_test_rounds(20000); i++) {
    char line[2000];
    size_t len = tempting_line(&seed, line);
    dm_parser *new = NULL;
    CHECK_INT(dm_parser_new(&new, &options, NULL, &err), DM_OK);
    answer_len = 0;
    say_line(new, line, len);
    size_t want_len = answer_len;
    char *want = malloc(want_len + 1);
    memcpy(want, answer, want_len);
    answer_len = 0;
    say_line(old, line, len);
    if (answer_len != want_len || memcmp(answer, want, want_len) != 0) {
      if (n_wrong++ < 3) {
        DM_CASE("%.*s", (int)len, line);
        FAIL("an old parser gives %zu bytes of answer, a new one %zu", answer_len,
             want_len);
      }
    }
    n_good += want_len > 0;
    free(want);
    dm_parser_free(new);
  }
  dm_parser_free(old);
  CHECK_UINT(n_wrong, 0);
  CHECK(n_good > (unsigned long)dm_test_rounds(15000));
}

/* --- the numbers -------------------------------------------------------------------- */

static void test_by_hand(void) {
  static const struct {
    const char *c;
    double p[6];
    int32_t counts[6]; /* in the order of dm_count_column */
    double mean, var;
  } cases[] = {
      {"01101", {.2, .6, .8, .4, .9}, {3, 1, 2, 3, 1, 5}, .58, .0656},
      {"111", {.5, .5, .5}, {3, 0, 0, 0, 0, 3}, .5, 0},
      {"1", {.3}, {1, 0, 0, 0, 0, 1}, .3, 0},
      {"0", {.3}, {0, 0, 0, 0, 0, 1}, .3, 0},
      {"10", {1, 0}, {1, 1, 0, 1, 0, 2}, .5, .25},
      {"01", {0, 1}, {1, 0, 1, 0, 1, 2}, .5, .25},
      {"101010", {0, 0, 0, 0, 0, 0}, {3, 3, 2, 1, 2, 6}, 0, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("%s", cases[i].c);
    char text[2000];
    size_t len = 0;
    int n = (int)strlen(cases[i].c);
    double least = INFINITY, most = -INFINITY;
    for (int t = 0; t < n; t++) {
      len += (size_t)sprintf(
          text + len,
          "{\"id\": 5, \"label\": 1, \"correct\": %s, \"label_probs\": %.2f}\n",
          cases[i].c[t] == '1' ? "true" : "false", cases[i].p[t]);
      least = fmin(least, cases[i].p[t]);
      most = fmax(most, cases[i].p[t]);
    }
    dm_run *run = NULL;
    dm_error err;
    dm_table table = {0};
    CHECK_INT(run_text(&run, options_in_blocks(0, 100), text, strlen(text), &err), DM_OK);
    CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
    CHECK_UINT(table.n, 1);
    for (int k = 0; k < 6; k++) {
      int32_t count = -1;
      fill_counts(&table, (dm_count_column)k, &count);
      CHECK_INT(count, cases[i].counts[k]);
    }
    double number[5];
    for (int k = 0; k < 5; k++) {
      fill_numbers(&table, (dm_number_column)k, -1, &number[k]);
    }
    CHECK_DOUBLE(number[DM_COLUMN_CORRECT_RATIO], (double)cases[i].counts[0] / n);
    CHECK(fabs(number[DM_COLUMN_AVG_PROBS] - cases[i].mean) < 1e-15);
    CHECK(fabs(number[DM_COLUMN_LABEL_VAR] - cases[i].var) < 1e-15);
    CHECK_DOUBLE(number[DM_COLUMN_MAX_LABEL_PROBS], most);
    CHECK_DOUBLE(number[DM_COLUMN_MIN_LABEL_PROBS], least);
    dm_table_release(&table);
    dm_run_free(run);
  }
}

/* Each metric of two samples by hand, the second without class vectors or predictions. */
static void test_metrics_by_hand(void) {
  static const char text[] =
      "{\"id\": 1, \"label\": 1, \"probs\": [0.5, 0.25, 0.25], \"loss\": 2}\n"
      "{\"id\": 2, \"label\": \"x\", \"correct\": true, \"label_probs\": 0.5}\n"
      "{\"id\": 1, \"label\": 1, \"logits\": [0, 3], \"label_probs\": 0.5}\n"
      "{\"id\": 1, \"label\": 1, \"probs\": [0, 1, 0], \"pred_label\": 2, \"loss\": "
      "4}\n";
  const double q = 1 / (1 + exp(-3)); /* softmax of the second line */
  const double infinite = (double)INFINITY;
  const double want[][2] = {
      [DM_METRIC_AUM] = {infinite, -77}, /* log 1 - log 0 at last */
      [DM_METRIC_PROB_MARGIN] = {(-.25 + (2 * q - 1) + 1) / 3, -77},
      [DM_METRIC_EL2N] = {(sqrt(.25 + .5625 + .0625) + sqrt(2) * (1 - q)) / 3, -77},
      [DM_METRIC_EL2N_LAST] = {0, -77},
      [DM_METRIC_MEAN_ENTROPY] = {(1.5 * log(2) - q * log(q) - (1 - q) * log(1 - q)) / 3,
                                  -77},
      [DM_METRIC_ENTROPY_OF_MEAN] = {0, -77}, /* below */
      [DM_METRIC_ALEATORIC] = {(.1875 + .25 + 0) / 3, .25},
      [DM_METRIC_MEAN_LOG2_PROB] = {(-2 - 1 + 0) / 3.0, -1},
      [DM_METRIC_LOSS_EMA] = {.9 * 2 + .1 * 4, -log(.5)},
  };
  /* the second vector is shorter: it says nothing of class 2 */
  const double mean[] = {(.5 + 1 - q) / 3, (.25 + q + 1) / 3, .25 / 3};
  double entropy = 0;
  for (int k = 0; k < 3; k++) {
    entropy -= mean[k] * log(mean[k]);
  }
  dm_run *run = NULL;
  dm_error err;
  dm_table table = {0};
  CHECK_INT(run_text(&run, options_in_blocks(METRICS, 64), text, strlen(text), &err),
            DM_OK);
  CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
  CHECK_UINT(table.n, 2);
  for (int metric = 0; metric <= DM_METRIC_LOSS_EMA; metric++) {
    DM_CASE("metric %d", metric);
    double got[2];
    fill_metric(&table, (dm_metric)metric, -77, got);
    double first = metric == DM_METRIC_ENTROPY_OF_MEAN ? entropy : want[metric][0];
    CHECK(got[0] == first || fabs(got[0] - first) < 1e-15);
    CHECK_DOUBLE(got[1], want[metric][1]);
  }
  static const int32_t times[][2] = {{1, 0}, {-1, 0}, {2, -1}};
  for (int k = 0; k < 3; k++) {
    DM_CASE("time %d", k);
    int32_t got[2];
    fill_times(&table, (dm_metric)(DM_METRIC_FIRST_CORRECT + k), -1, got);
    CHECK_INT(got[0], times[k][0]); /* wrong, right, wrong */
    CHECK_INT(got[1], times[k][1]);
  }
  size_t len;
  const char *dist = dm_table_pred_dist(&table, 0, &len);
  static const char counts[] = "{'0': 1, '1': 1, '2': 1, 'x': 0}";
  CHECK_BYTES(dist, len, counts, strlen(counts));
  CHECK(dm_table_pred_dist(&table, 1, &len) == NULL);
  dm_table_release(&table);
  dm_run_free(run);

  /* an average of no loss */
  dm_options options = options_in_blocks(METRICS, 64);
  options.n_signals = 1; /* without "loss" */
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_E_INPUT);
  dm_run_free(run);
}

static void test_options(void) {
  static const struct {
    size_t max_line, block_size, n_signals;
    dm_status want;
  } cases[] = {{1, 1, 0, DM_OK},
               {DM_LINE_MAX, DM_LINE_MAX, DM_SIGNALS_MAX, DM_OK},
               {0, 1, 0, DM_E_INPUT},
               {(size_t)DM_LINE_MAX + 1, 1, 0, DM_E_INPUT},
               {1, 0, 0, DM_E_INPUT},
               {1, (size_t)DM_LINE_MAX + 1, 0, DM_E_INPUT},
               {1, 1, DM_SIGNALS_MAX + 1, DM_E_INPUT}};
  const char *signals[DM_SIGNALS_MAX + 1];
  for (size_t i = 0; i <= DM_SIGNALS_MAX; i++) {
    signals[i] = "s";
  }
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_options options = {.max_line = cases[i].max_line,
                          .block_size = cases[i].block_size,
                          .signals = signals,
                          .n_signals = cases[i].n_signals};
    dm_run *run = NULL;
    dm_error err;
    CHECK_INT(dm_run_new(&run, &options, NULL, &err), cases[i].want);
    dm_run_free(run);
  }
  dm_run_free(NULL);
}

/* A text of no bytes, before there was any other. */
static void test_empty_id(void) {
  static const char text[] =
      "{\"id\": \"\", \"label\": \"\", \"correct\": 1, \"label_probs\": 0.5}\n"
      "{\"id\": \"\", \"label\": \"\", \"correct\": 1, \"label_probs\": 0.5}\n";
  CHECK_INT(read_whole(0, text, sizeof text - 1, 1000), DM_OK);
}

/* Each id in one share, which has all of its lines; what tells no id in the first. */
static void test_shares(void) {
  enum { N_LINES = 600, N_IDS = 40, N_SHARES = 7, BLOCK = 300 };
  static const char *const others[] = {"\n", "oops\n", "{\"label\": 1}\n",
                                       "{\"id\": 3, \"probs\": [1]}\n"};
  char *text = malloc(N_LINES * 100);
  size_t len = 0;
  for (int i = 0; i < N_LINES; i++) {
    int id = i * 7 % N_IDS;
    len += (size_t)sprintf(text + len,
                           "{\"id\": %s%d%s, \"label\": 0, \"probs\": [0.%d, 0.1]}\n",
                           id % 3 ? "\"s" : "", id, id % 3 ? "\"" : "", i % 9 + 1);
    len += (size_t)sprintf(text + len, "%s", i % 50 ? "" : others[i / 50 % 4]);
  }
  len += (size_t)sprintf(text + len, "{\"id\": 5, \"la"); /* cut */
  static const unsigned ways[] = {0, THREADS, METRICS, THREADS | METRICS};
  for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
    dm_options options = options_in_blocks(ways[way], BLOCK);
    options.is_skipping = options.is_cut_allowed = true;
    dm_run *whole = run_of(&options, text, len);
    dm_counts sum = {0};
    bool has[N_IDS] = {false};
    size_t n_ids = 0;
    uint64_t n_problems = 0;
    options.n_shares = N_SHARES;
    for (options.share = 0; options.share < N_SHARES; options.share++) {
      dm_run *run = run_of(&options, text, len);
      const dm_counts *counts = &run->states.counts;
      sum.lines += counts->lines;
      sum.good += counts->good;
      sum.blank += counts->blank;
      sum.bad += counts->bad;
      sum.cut += counts->cut;
      CHECK_UINT(counts->lines, counts->good + counts->blank + counts->bad + counts->cut);
      n_problems += run->states.problems.count[DM_PROBLEM_BAD_LINE];
      n_ids += run->states.ids.n;
      for (uint32_t row = 0; row < run->states.ids.n; row++) {
        dm_ident ident = dm_index_ident(&run->states.ids, row);
        CHECK_UINT(dm_ident_hash(&ident) % N_SHARES, options.share);
        CHECK_UINT(dm_states_accum(&run->states, row)->n, N_LINES / N_IDS);
        int id = dm_is_text(ident.kind) ? atoi(ident.text + 1) : (int)ident.value;
        CHECK(!has[id]);
        has[id] = true;
      }
      dm_run_free(run);
    }
    CHECK_UINT(n_ids, N_IDS);
    CHECK_UINT(whole->states.ids.n, N_IDS);
    CHECK(memcmp(&sum, &whole->states.counts, sizeof sum) == 0);
    CHECK_UINT(n_problems, whole->states.problems.count[DM_PROBLEM_BAD_LINE]);
    CHECK(sum.blank && sum.bad && sum.cut);
    dm_run_free(whole);
  }
  free(text);
}

int main(void) {
  answer_cap = 1 << 20;
  answer = malloc(answer_cap);
  DM_RUN(test_pieces);
  DM_RUN(test_pieces_of_megabytes);
  DM_RUN(test_parsers_without_memory);
  DM_RUN(test_by_hand);
  DM_RUN(test_metrics_by_hand);
  DM_RUN(test_options);
  DM_RUN(test_empty_id);
  DM_RUN(test_shares);
  free(answer);
  return dm_test_end();
}
