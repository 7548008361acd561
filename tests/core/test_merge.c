/* dm_merge.c: signals that were cut by time, by samples and by both, read piece by piece
   and merged, against all of them read at once. */
#include <math.h>

#include "dm_mem_fault.h"
#include "dm_reading.h"
#include "dm_signals.h"
#include "dm_test.h"
#include "summary/dm_merge.h"

static dm_options options_of(unsigned flags) {
  dm_options options = reading_options(flags);
  options.burn_out = flags & WINDOW ? 1 : 0;
  return options;
}

/* Row of run for each row of other, by the ids. */
static uint32_t row_in(dm_run *run, const dm_run *other, size_t row) {
  dm_ident id = dm_index_ident(&other->states.ids, row);
  uint32_t out = 0;
  dm_error err;
  size_t n = run->states.ids.n;
  CHECK_INT(dm_index_row(&run->states.ids, &id, &out, &err), DM_OK);
  CHECK(run->states.ids.n == n);
  return out;
}

static bool is_close(double a, double b) {
  return a == b || fabs(a - b) <= 1e-12 || (isnan(a) && isnan(b));
}

/* The same samples, whatever their order: counts exactly, numbers within 1e-12. */
static void check_same(dm_run *got, const dm_run *want, bool is_order_same) {
  if (!CHECK_UINT(got->states.ids.n, want->states.ids.n)) {
    return;
  }
  CHECK_INT(dm_index_type(&got->states.ids), dm_index_type(&want->states.ids));
  CHECK_INT(dm_index_type(&got->states.labels), dm_index_type(&want->states.labels));
  CHECK_INT(dm_index_type(&got->states.s_labels), dm_index_type(&want->states.s_labels));
  CHECK(memcmp(&got->states.counts, &want->states.counts, sizeof got->states.counts) ==
        0);
  size_t n_wrong = 0;
  for (size_t row = 0; row < want->states.ids.n; row++) {
    uint32_t at = row_in(got, want, row);
    n_wrong += is_order_same && at != row;
    const dm_accum *a = dm_rows_at(&got->states.accum, at);
    const dm_accum *b = dm_rows_at(&want->states.accum, row);
    n_wrong += a->n != b->n || a->n_correct != b->n_correct ||
               a->n_forgetting != b->n_forgetting || a->run_start != b->run_start ||
               a->first_forgetting != b->first_forgetting ||
               a->first_learning != b->first_learning ||
               a->was_correct != b->was_correct ||
               a->was_correct_first != b->was_correct_first ||
               a->is_not_finite != b->is_not_finite ||
               a->moments.smallest != b->moments.smallest ||
               a->moments.largest != b->moments.largest;
    n_wrong += !is_close(a->moments.mean, b->moments.mean);
    n_wrong += !is_close(a->moments.sum_of_squares, b->moments.sum_of_squares);
    dm_ident x = dm_index_ident(&got->states.labels, a->label);
    dm_ident y = dm_index_ident(&want->states.labels, b->label);
    n_wrong += !dm_ident_equal(&x, &y);
    n_wrong += (a->s_label == 0) != (b->s_label == 0);
    if (a->s_label && b->s_label) {
      x = dm_index_ident(&got->states.s_labels, a->s_label - 1);
      y = dm_index_ident(&want->states.s_labels, b->s_label - 1);
      n_wrong += !dm_ident_equal(&x, &y);
    }
    n_wrong += dm_states_classes(&got->states, at) !=
               dm_states_classes(&want->states, (uint32_t)row);
    n_wrong += dm_states_label_index(&got->states, at) !=
               dm_states_label_index(&want->states, row);
    if (want->states.has_steps) {
      const dm_step_state *s = dm_rows_at(&got->states.steps, at);
      const dm_step_state *t = dm_rows_at(&want->states.steps, row);
      n_wrong += s->first != t->first || s->step != t->step ||
                 s->is_given != t->is_given || s->is_first_unique != t->is_first_unique;
    }
    if (want->states.has_window) {
      n_wrong += *(uint32_t *)dm_rows_at(&got->states.seen, at) !=
                 *(uint32_t *)dm_rows_at(&want->states.seen, row);
    }
    if (want->states.has_metrics) {
      const dm_metric_accum *m = dm_rows_at(&got->states.metrics, at);
      const dm_metric_accum *k = dm_rows_at(&want->states.metrics, row);
      n_wrong += m->n_probs != k->n_probs || m->has_loss != k->has_loss ||
                 !is_close(m->loss_average, k->loss_average);
      size_t width = want->states.class_sums.width < got->states.class_sums.width
                         ? want->states.class_sums.width
                         : got->states.class_sums.width;
      for (size_t c = 0; c < width; c++) {
        n_wrong += !is_close(dm_sums_row(&got->states.class_sums, at)[c],
                             dm_sums_row(&want->states.class_sums, row)[c]);
      }
    }
    for (size_t s = 0; s < want->states.kept.n; s++) {
      dm_signal_accum g = dm_kept_get(&got->states.kept, at, a->n, s);
      dm_signal_accum w = dm_kept_get(&want->states.kept, row, b->n, s);
      n_wrong += g.n_finite != w.n_finite || g.is_given != w.is_given;
      n_wrong += w.is_given && g.last != w.last;
      n_wrong += w.n_finite && fabs(g.moments.mean - w.moments.mean) >
                                   1e-12 * fmax(1, fabs(w.moments.mean));
      if (s < want->states.keep.n_signals) { /* of measures the mean is kept */
        n_wrong += g.moments.smallest != w.moments.smallest ||
                   g.moments.largest != w.moments.largest;
        n_wrong +=
            w.n_finite && fabs(g.moments.sum_of_squares - w.moments.sum_of_squares) >
                              1e-12 * fmax(1, w.moments.sum_of_squares);
      }
    }
  }
  CHECK_UINT(n_wrong, 0);
}

/* Which piece a line goes to. */
typedef enum cut { BY_TIME, BY_SAMPLE, BY_BOTH } cut;

/* Deals the lines to pieces; BY_BOTH has two stretches of time for each set of samples.
 */
static void deal(const char *text, size_t len, cut how, size_t n_pieces, char **pieces,
                 size_t *lens) {
  size_t n_lines = 0;
  for (size_t i = 0; i < len; i++) {
    n_lines += text[i] == '\n';
  }
  for (size_t p = 0; p < n_pieces; p++) {
    pieces[p] = malloc(len + 1);
    lens[p] = 0;
  }
  size_t line = 0;
  for (const char *at = text; at < text + len; line++) {
    const char *end = memchr(at, '\n', (size_t)(text + len - at));
    size_t n = (size_t)(end - at) + 1;
    size_t sample = line % 40; /* as make_lines() goes through them */
    size_t piece = how == BY_TIME ? line * n_pieces / n_lines
                   : how == BY_SAMPLE
                       ? sample % n_pieces
                       : sample % (n_pieces / 2) + (line >= n_lines / 2) * (n_pieces / 2);
    memcpy(pieces[piece] + lens[piece], at, n);
    lens[piece] += n;
    at = end + 1;
  }
}

static void check_cut(unsigned flags, cut how, size_t n_pieces, bool is_tree) {
  DM_CASE("flags %u, cut %d into %zu, %s", flags, (int)how, n_pieces,
          is_tree ? "tree" : "one by one");
  dm_options options = options_of(flags);
  dm_error err;
  size_t len;
  char *text = make_lines(flags, &len);
  char *pieces[64];
  size_t lens[64];
  dm_run *runs[64];
  deal(text, len, how, n_pieces, pieces, lens);
  for (size_t p = 0; p < n_pieces; p++) {
    runs[p] = run_of(&options, pieces[p], lens[p]);
    free(pieces[p]);
  }
  dm_run *whole = run_of(&options, text, len);
  for (size_t width = 1; width < n_pieces; width *= 2) {
    for (size_t p = 0; p + width < n_pieces; p += is_tree ? 2 * width : width) {
      size_t with = p + width;
      size_t to = is_tree ? p : 0;
      dm_gap gap;
      CHECK_INT(
          dm_merge(&runs[to]->states, &runs[with]->states, (int32_t)width, &gap, &err),
          DM_OK);
      CHECK(!gap.is_found);
    }
    if (!is_tree) {
      break;
    }
  }
  check_same(runs[0], whole, how == BY_TIME);
  if (!(flags & DISAGREE)) {
    CHECK(memcmp(runs[0]->states.problems.count, whole->states.problems.count,
                 sizeof whole->states.problems.count) == 0);
    CHECK_UINT(runs[0]->states.problems.n_kept, whole->states.problems.n_kept);
  }
  for (size_t p = 0; p < n_pieces; p++) {
    dm_run_free(runs[p]);
  }
  dm_run_free(whole);
  free(text);
}

static void test_cuts(void) {
  static const unsigned flags[] = {0,
                                   TEXT_IDS | SIGNALS,
                                   BIG_IDS | STEPS,
                                   STEPS | SIGNALS,
                                   LOGITS | DISAGREE,
                                   SIGNALS | METRICS | INDEXES,
                                   BAD_LINES | SKIP};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    for (size_t n = 1; n <= 64; n = n < 8 ? n + 1 : n * 2) {
      for (int is_tree = 0; is_tree < 2; is_tree++) {
        check_cut(flags[i], BY_TIME, n, is_tree);
        if (!(flags[i] & BAD_LINES)) { /* then lines and samples do not go together */
          check_cut(flags[i], BY_SAMPLE, n < 40 ? n : 40, is_tree);
          check_cut(flags[i], BY_BOTH, n + n % 2, is_tree);
        }
      }
    }
  }
}

/* Texts of two runs to be merged; the problems and errors that come of it. */
static dm_status merge_texts(const char *a, const char *b, dm_run **out, dm_gap *gap,
                             dm_error *err) {
  dm_options options = options_of(0);
  *out = run_of(&options, a, strlen(a));
  dm_run *other = run_of(&options, b, strlen(b));
  dm_status status = dm_merge(&(*out)->states, &other->states, 1, gap, err);
  dm_run_free(other);
  return status;
}

#define LINE(id, label, correct, rest)                                                  \
  "{\"id\":" id ",\"label\":" label ",\"correct\":" correct ",\"label_probs\":0.5" rest \
  "}\n"

static void test_border(void) {
  dm_run *run;
  dm_gap gap;
  dm_error err;
  const char *wrong_right = LINE("1", "0", "0", "") LINE("1", "0", "1", "");
  const char *wrong = LINE("1", "0", "0", "");
  CHECK_INT(merge_texts(wrong_right, wrong, &run, &gap, &err), DM_OK);
  const dm_accum *a = dm_rows_at(&run->states.accum, 0);
  CHECK_UINT(a->n, 3);
  CHECK_UINT(a->n_forgetting, 1);
  CHECK_UINT(a->first_forgetting, 2);
  CHECK_UINT(a->first_learning, 1);
  CHECK(!gap.is_found);
  dm_run_free(run);

  DM_CASE("nothing on either side");
  CHECK_INT(merge_texts("", wrong_right, &run, &gap, &err), DM_OK);
  a = dm_rows_at(&run->states.accum, 0);
  CHECK_UINT(a->n, 2);
  CHECK_UINT(a->first_learning, 1);
  dm_run_free(run);
  CHECK_INT(merge_texts(wrong_right, "", &run, &gap, &err), DM_OK);
  CHECK_UINT(((const dm_accum *)dm_rows_at(&run->states.accum, 0))->n, 2);
  dm_run_free(run);
}

static void test_disagreements(void) {
  dm_run *run;
  dm_error err;
  const char *a = LINE("1", "0", "1", ",\"s_label\":1,\"probs\":[0.5,0.5],\"step\":2")
      LINE("2", "5", "1", ",\"epoch\":2") LINE("3", "0", "1", ",\"step\":1");
  const char *b = LINE("1", "\"x\"", "1", ",\"s_label\":2,\"probs\":[1,0,0],\"step\":2")
      LINE("2", "5", "1", ",\"s_label\":2,\"epoch\":2")
          LINE("3", "0", "1", ",\"step\":2");
  if (CHECK_INT(merge_texts(a, b, &run, NULL, &err), DM_OK)) {
    CHECK_UINT(run->states.problems.count[DM_PROBLEM_LABEL], 1);
    CHECK_UINT(run->states.problems.count[DM_PROBLEM_S_LABEL], 1);
    CHECK_UINT(run->states.problems.count[DM_PROBLEM_PROB_COUNT], 1);
    CHECK_UINT(run->states.problems.count[DM_PROBLEM_STEP], 1); /* an epoch may stay */
    if (CHECK_UINT(run->states.problems.n_kept, 4)) {
      CHECK_STR(run->states.problems.kept[0].actual, "2");
      CHECK_STR(run->states.problems.kept[0].expected,
                "a step above 2, which id 1 had before");
      CHECK_STR(run->states.problems.kept[1].expected, "label 0, the first of id 1");
      CHECK_STR(run->states.problems.kept[1].actual, "x");
      CHECK_STR(run->states.problems.kept[2].expected, "s_label 1, the first of id 1");
      CHECK_STR(run->states.problems.kept[3].expected, "2 classes, as at first for id 1");
      CHECK_UINT(run->states.problems.kept[3].line, 0);
      CHECK_INT(run->states.problems.kept[3].file, -1);
    }
    const dm_accum *second = dm_rows_at(&run->states.accum, 1);
    dm_ident s_label = dm_index_ident(&run->states.s_labels, second->s_label - 1);
    CHECK_INT(s_label.value, 2); /* the first that is given */
    CHECK_INT(dm_index_type(&run->states.labels), DM_TYPE_TEXT);
  }
  dm_run_free(run);
}

static void test_steps(void) {
  dm_run *run;
  dm_error err;
  const char *early =
      LINE("1", "0", "1", ",\"step\":1") LINE("1", "0", "1", ",\"step\":4");
  const char *late = LINE("1", "0", "1", ",\"step\":5.5");
  CHECK_INT(merge_texts(late, early, &run, NULL, &err), DM_E_FIELD);
  CHECK_STR(err.key, "step");
  CHECK_STR(err.expected, "a step of at least 5.5, the last of id 1");
  CHECK_STR(err.found, "step 1");
  CHECK_STR(err.advice, "give the earlier stretch of time first");
  dm_run_free(run);

  CHECK_INT(merge_texts(early, LINE("1", "0", "1", ",\"step\":3"), &run, NULL, &err),
            DM_E_FIELD);
  CHECK(strstr(err.advice, "cut the signals") == err.advice);
  dm_run_free(run);

  CHECK_INT(merge_texts(early, LINE("1", "0", "1", ""), &run, NULL, &err), DM_E_FIELD);
  CHECK_STR(err.expected, "a step, like the lines of id 1 before");
  dm_run_free(run);
  CHECK_INT(merge_texts(LINE("1", "0", "1", ""), late, &run, NULL, &err), DM_E_FIELD);
  CHECK_STR(err.expected, "no step, like the lines of id 1 before");
  CHECK_STR(err.found, "step 5.5");
  dm_run_free(run);

  /* other samples may lie before, and may have no steps */
  CHECK_INT(merge_texts(late, LINE("2", "0", "1", ",\"step\":1") LINE("3", "0", "1", ""),
                        &run, NULL, &err),
            DM_OK);
  dm_run_free(run);
}

typedef struct gap_case {
  const char *name;
  const char *a;
  const char *b;
  bool is_gap;
  double usual;
} gap_case;

static void test_gaps(void) {
  static const gap_case cases[] = {
      {"next", LINE("1", "0", "1", ",\"step\":1"), LINE("1", "0", "1", ",\"step\":2"),
       false, 1},
      {"one is missing", LINE("1", "0", "1", ",\"step\":1"),
       LINE("1", "0", "1", ",\"step\":3"), true, 1},
      {"wide steps",
       LINE("1", "0", "1", ",\"step\":0") LINE("1", "0", "1", ",\"step\":500"),
       LINE("1", "0", "1", ",\"step\":1000"), false, 500},
      {"wide steps of the second", LINE("1", "0", "1", ",\"step\":0"),
       LINE("1", "0", "1", ",\"step\":500") LINE("1", "0", "1", ",\"step\":1000"), false,
       500},
      {"one wide step is missing",
       LINE("1", "0", "1", ",\"step\":0") LINE("1", "0", "1", ",\"step\":500"),
       LINE("1", "0", "1", ",\"step\":1500"), true, 500},
      {"fractions",
       LINE("1", "0", "1", ",\"step\":0.1") LINE("1", "0", "1", ",\"step\":0.2"),
       LINE("1", "0", "1", ",\"step\":0.30000000000000004"), false, 0.1},
      {"a sample is missing from an evaluation",
       LINE("1", "0", "1", ",\"step\":1") LINE("2", "0", "1", ",\"step\":1")
           LINE("2", "0", "1", ",\"step\":2"),
       LINE("1", "0", "1", ",\"step\":3") LINE("2", "0", "1", ",\"step\":3"), false, 1},
      {"other samples", LINE("1", "0", "1", ",\"step\":1"),
       LINE("2", "0", "1", ",\"step\":30"), false, 1},
      {"without steps", LINE("1", "0", "1", ""), LINE("1", "0", "1", ""), false, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].name);
    dm_run *run;
    dm_gap gap;
    dm_error err;
    CHECK_INT(merge_texts(cases[i].a, cases[i].b, &run, &gap, &err), DM_OK);
    CHECK(gap.is_found == cases[i].is_gap);
    CHECK(fabs(gap.usual - cases[i].usual) < 1e-12);
    dm_run_free(run);
  }
}

/* The predicted labels of merged parts are printed as those of the whole. */
static void test_predictions(void) {
  static const char *const halves[] = {LINE("1", "0", "1", ",\"pred_label\":0")
                                           LINE("2", "\"b\"", "1", ""),
                                       LINE("1", "0", "0", ",\"pred_label\":\"z\"")
                                           LINE("3", "7", "0", ",\"pred_label\":0")};
  for (uint32_t burn_out = 0; burn_out < 3; burn_out++) {
    DM_CASE("burn-out %u", burn_out);
    dm_options options = options_of(0);
    options.metrics = DM_METRIC_BIT(DM_METRIC_PRED_DIST);
    options.burn_out = burn_out;
    dm_run *run = run_of(&options, halves[0], strlen(halves[0]));
    dm_run *other = run_of(&options, halves[1], strlen(halves[1]));
    char both[1000];
    snprintf(both, sizeof both, "%s%s", halves[0], halves[1]);
    dm_run *whole = run_of(&options, both, strlen(both));
    dm_error err;
    CHECK_INT(dm_merge(&run->states, &other->states, 1, NULL, &err), DM_OK);
    answer_len = 0;
    CHECK_INT(say_run(run, &err), DM_OK);
    size_t len = answer_len;
    char *got = malloc(len + 1);
    memcpy(got, answer, len);
    answer_len = 0;
    CHECK_INT(say_run(whole, &err), DM_OK);
    CHECK(len == answer_len && memcmp(got, answer, len) == 0);
    free(got);
    dm_run_free(run);
    dm_run_free(other);
    dm_run_free(whole);
  }
}

/* A window that counts by order is merged where it is over in the first, or not reached
   by the second. */
typedef struct window_case {
  uint32_t burn_out;
  double last_step; /* < 0: no range */
  size_t n;         /* lines of each */
  dm_status want;
  uint32_t n_counted;
} window_case;

static void test_windows(void) {
  static const window_case cases[] = {
      {1, -1, 2, DM_OK, 1},     {2, -1, 2, DM_OK, 2}, {3, -1, 2, DM_E_FIELD, 0},
      {4, -1, 2, DM_OK, 4},     {9, -1, 2, DM_OK, 4}, {0, 1, 2, DM_OK, 2},
      {0, 2, 2, DM_E_FIELD, 0}, {1, 1, 2, DM_OK, 1},  {1, 5, 2, DM_OK, 1},
  };
  char text[400] = "";
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const window_case *c = &cases[i];
    DM_CASE("window %zu", i);
    dm_options options = options_of(0);
    options.burn_out = c->burn_out;
    options.has_step_range = c->last_step >= 0;
    options.last_step = c->last_step;
    text[0] = '\0';
    for (size_t k = 0; k < c->n; k++) {
      strcat(text, LINE("1", "0", "1", ""));
    }
    dm_run *run = run_of(&options, text, strlen(text));
    dm_run *other = run_of(&options, text, strlen(text));
    dm_error err;
    if (CHECK_INT(dm_merge(&run->states, &other->states, 1, NULL, &err), c->want) &&
        c->want == DM_OK) {
      CHECK_UINT(((dm_accum *)dm_rows_at(&run->states.accum, 0))->n, c->n_counted);
      CHECK_UINT(*(uint32_t *)dm_rows_at(&run->states.seen, 0), 2 * c->n);
      CHECK_UINT(run->states.counts.good, 2 * c->n);
    } else if (c->want) {
      CHECK_STR(err.key, c->burn_out ? "burn_out" : "steps");
    }
    dm_run_free(run);
    dm_run_free(other);
  }
}

static void test_limits(void) {
  dm_options options = options_of(0);
  const char *line = LINE("1", "0", "1", "");
  dm_run *run = run_of(&options, line, strlen(line));
  dm_run *other = run_of(&options, line, strlen(line));
  ((dm_accum *)dm_rows_at(&run->states.accum, 0))->n = DM_EVALUATIONS_MAX;
  dm_error err;
  CHECK_INT(dm_merge(&run->states, &other->states, 1, NULL, &err), DM_E_LIMIT);
  dm_run_free(run);
  dm_run_free(other);
  /* lines, and problems that are only counted */
  for (int i = 0; i < 4; i++) {
    DM_CASE("case %d", i);
    run = run_of(&options, line, strlen(line));
    other = run_of(&options, line, strlen(line));
    uint64_t *count =
        i / 2 ? &run->states.problems.count[DM_PROBLEM_STEP] : &run->states.counts.lines;
    *count = (uint64_t)DM_COUNT_MAX - (i % 2 == 0);
    other->states.problems.count[DM_PROBLEM_STEP] = 1;
    CHECK_INT(dm_merge(&run->states, &other->states, 1, NULL, &err),
              i % 2 ? DM_E_LIMIT : DM_OK);
    dm_run_free(run);
    dm_run_free(other);
  }
}

static void test_allocations(void) {
  dm_options options = options_of(SIGNALS | METRICS);
  size_t len;
  char *text = make_lines(SIGNALS | STEPS | DISAGREE, &len);
  const char *middle = memchr(text + len / 2, '\n', len / 2);
  size_t half = (size_t)(middle - text) + 1;
  dm_run *other = run_of(&options, text + half, len - half);
  for (size_t k = 1;; k++) {
    size_t before = fault_live_blocks();
    dm_run *run = run_of(&options, k % 2 ? text : "", k % 2 ? half : 0);
    dm_error err;
    fault_arm_memory((k + 1) / 2, false);
    dm_status status = dm_merge(&run->states, &other->states, 1, NULL, &err);
    bool has_fired = fault_has_fired();
    fault_arm_memory(0, false);
    CHECK(status == (has_fired ? DM_E_MEMORY : DM_OK));
    dm_run_free(run);
    CHECK_UINT(fault_live_blocks(), before);
    if (!has_fired && k > 20) {
      break;
    }
  }
  dm_run_free(other);
  free(text);
}

int main(void) {
  DM_RUN(test_cuts);
  DM_RUN(test_border);
  DM_RUN(test_disagreements);
  DM_RUN(test_steps);
  DM_RUN(test_gaps);
  DM_RUN(test_predictions);
  DM_RUN(test_windows);
  DM_RUN(test_limits);
  DM_RUN(test_allocations);
  free(answer);
  return dm_test_end();
}
