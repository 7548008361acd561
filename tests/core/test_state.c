/* dm_state.c: a run through columns and back is the same run, also for what it reads
   after that; columns that can be of no run are refused, whatever is in them. */
#include <math.h>

#include "dm_mem_fault.h"
#include "dm_reading.h"
#include "dm_signals.h"
#include "dm_test.h"
#include "summary/dm_state.h"

enum { PARTS_MAX = 16, FIELDS_MAX = 24, N_MATRICES = DM_STATE_PLACES + 1 };

static dm_options options_of(unsigned flags) {
  dm_options options = reading_options(flags);
  options.burn_out = flags & WINDOW ? 3 : 0;
  return options;
}

/* A run as columns. */
typedef struct kept {
  size_t n;
  size_t n_parts;
  dm_state_part parts[PARTS_MAX];
  size_t signal[PARTS_MAX];
  size_t n_fields[PARTS_MAX];
  void *columns[PARTS_MAX][FIELDS_MAX];
  double *matrix[N_MATRICES]; /* by dm_state_matrix; NULL: none */
  size_t width[N_MATRICES];
  dm_state_totals totals;
  const dm_run *run; /* whose idents and problems are taken as they are */
} kept;

static void keep_part(kept *k, dm_state_part part, size_t signal) {
  size_t i = k->n_parts++;
  k->parts[i] = part;
  k->signal[i] = signal;
  const dm_state_field *fields = dm_state_fields(part, &k->n_fields[i]);
  for (size_t f = 0; f < k->n_fields[i]; f++) {
    size_t size = fields[f].type == DM_STATE_DOUBLE ? sizeof(double) : sizeof(int32_t);
    k->columns[i][f] = malloc((k->n + 1) * size);
  }
  dm_state_get(&k->run->states, part, signal, dm_state_all_rows(&k->run->states),
               k->columns[i]);
}

static kept keep(const dm_run *run) {
  kept k = {.n = run->states.ids.n, .run = run};
  k.totals.counts = run->states.counts;
  memcpy(k.totals.problems, run->states.problems.count, sizeof k.totals.problems);
  k.totals.step_distance = run->states.step_distance;
  k.totals.n_files = 1;
  keep_part(&k, DM_STATE_SAMPLES, 0);
  if (run->states.has_steps) {
    keep_part(&k, DM_STATE_STEPS, 0);
  }
  for (size_t s = 0; s < run->states.kept.n; s++) {
    keep_part(&k, DM_STATE_SIGNAL, s);
  }
  for (int part = DM_STATE_METRICS; part <= DM_STATE_SEEN; part++) {
    if (dm_state_has(&run->states, (dm_state_part)part)) {
      keep_part(&k, (dm_state_part)part, 0);
    }
  }
  for (int which = 0; which < N_MATRICES; which++) {
    if (dm_state_has_matrix(&run->states, (dm_state_matrix)which)) {
      k.width[which] = dm_state_width(&run->states, (dm_state_matrix)which);
      k.matrix[which] = malloc((k.n * k.width[which] + 1) * sizeof(double));
      dm_state_get_matrix(&run->states, (dm_state_matrix)which, k.width[which],
                          dm_state_all_rows(&run->states), k.matrix[which]);
    }
  }
  return k;
}

static void forget(kept *k) {
  for (size_t i = 0; i < k->n_parts; i++) {
    for (size_t f = 0; f < k->n_fields[i]; f++) {
      free(k->columns[i][f]);
    }
  }
  for (int which = 0; which < N_MATRICES; which++) {
    free(k->matrix[which]);
  }
}

static dm_status restore_idents(dm_index *to, const dm_index *from, dm_error *err) {
  for (size_t i = 0; i < from->n; i++) {
    dm_ident ident = dm_index_ident(from, i);
    DM_TRY(dm_state_add_ident(to, &ident, from->has_text, "ids", err));
  }
  return DM_OK;
}

static dm_status restore(const kept *k, const dm_options *options, dm_run **out,
                         dm_error *err) {
  DM_TRY(dm_run_new(out, options, NULL, err));
  DM_TRY(restore_idents(&(*out)->states.ids, &k->run->states.ids, err));
  DM_TRY(restore_idents(&(*out)->states.labels, &k->run->states.labels, err));
  DM_TRY(restore_idents(&(*out)->states.s_labels, &k->run->states.s_labels, err));
  DM_TRY(restore_idents(&(*out)->states.predicted, &k->run->states.predicted, err));
  for (size_t i = 0; i < k->n_parts; i++) {
    DM_TRY(dm_state_set(&(*out)->states, k->parts[i], k->signal[i],
                        dm_state_all_rows(&(*out)->states),
                        (const void *const *)k->columns[i], err));
  }
  for (int which = 0; which < N_MATRICES; which++) {
    if (k->matrix[which]) {
      DM_TRY(dm_state_set_matrix(&(*out)->states, (dm_state_matrix)which, k->width[which],
                                 dm_state_all_rows(&(*out)->states), k->matrix[which],
                                 err));
    }
  }
  for (size_t i = 0; i < k->run->states.n_class_labels; i++) {
    DM_TRY(dm_state_add_class(&(*out)->states, dm_state_class(&k->run->states, i), err));
  }
  for (size_t i = 0; i < k->run->states.problems.n_kept; i++) {
    DM_TRY(dm_state_add_problem(&(*out)->states, &k->run->states.problems.kept[i], err));
  }
  return dm_state_finish(&(*out)->states, &k->totals, err);
}

/* Reads the first part, goes through columns and reads the rest: as if nothing had been
   between. */
static void check_flags(unsigned flags, size_t tenths) {
  DM_CASE("flags %u, cut at %zu", flags, tenths);
  dm_options options = options_of(flags);
  dm_error err;
  size_t len;
  char *text = make_lines(flags, &len);
  size_t cut = line_end(text, len, len / 10 * tenths);
  dm_run *whole = NULL;
  dm_run *begun = NULL;
  dm_run *gone_on = NULL;
  CHECK_INT(dm_run_new(&whole, &options, NULL, &err), DM_OK);
  CHECK_INT(dm_run_new(&begun, &options, NULL, &err), DM_OK);
  CHECK_INT(read_text(whole, text, cut, 0, &err), DM_OK);
  dm_status status = read_text(whole, text + cut, len - cut, 1, &err);
  dm_error first_error = err;
  CHECK_INT(read_text(begun, text, cut, 0, &err), DM_OK);
  kept k = keep(begun);
  if (CHECK_INT(restore(&k, &options, &gone_on, &err), DM_OK)) {
    CHECK_INT(read_text(gone_on, text + cut, len - cut, 1, &err), status);
    if (status) { /* the same error, which names a line of before */
      CHECK_STR(err.expected, first_error.expected);
      CHECK_UINT(err.other_line, first_error.other_line);
      CHECK_INT(err.other_file, first_error.other_file);
    } else {
      CHECK_DOUBLE(gone_on->states.step_distance, whole->states.step_distance);
      CHECK_DOUBLE(gone_on->states.largest_step, whole->states.largest_step);
      check_same_answer(gone_on, whole);
    }
  }
  forget(&k);
  free(text);
  dm_run_free(whole);
  dm_run_free(begun);
  dm_run_free(gone_on);
}

static void test_there_and_back(void) {
  static const unsigned flags[] = {0,
                                   TEXT_IDS | SIGNALS,
                                   BIG_IDS | STEPS,
                                   STEPS | SIGNALS | DISAGREE,
                                   LOGITS | DISAGREE,
                                   BAD_LINES | SKIP | DISAGREE | TEXT_IDS,
                                   STEPS | STEP_BACK,
                                   SIGNALS | METRICS,
                                   SIGNALS | METRICS | INDEXES,
                                   SIGNALS | METRICS | INDEXES | DISAGREE,
                                   SIGNALS | METRICS | WINDOW | STEPS | TEXT_IDS,
                                   LOGITS | DISAGREE | WINDOW,
                                   MANY_IDS | SIGNALS};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    for (size_t tenths = 1; tenths < 6; tenths += 2) { /* before a step that goes back */
      check_flags(flags[i], tenths);
    }
  }
}

static dm_run *small_run(void) {
  dm_options options = options_of(SMALL);
  return run_of(&options, small_text, strlen(small_text));
}

static void test_fields(void) {
  dm_run *run = small_run();
  kept k = keep(run);
  size_t n;
  const dm_state_field *fields = dm_state_fields(DM_STATE_SAMPLES, &n);
  for (size_t f = 0; f < n; f++) {
    DM_CASE("%s", fields[f].name);
    if (strcmp(fields[f].name, "evaluations") == 0) {
      CHECK_INT(((int32_t *)k.columns[0][f])[0], 3);
      CHECK_INT(((int32_t *)k.columns[0][f])[1], 1);
    } else if (strcmp(fields[f].name, "mean") == 0) {
      CHECK_DOUBLE(((double *)k.columns[0][f])[1], 0.75);
    } else if (strcmp(fields[f].name, "n_classes") == 0) {
      CHECK_INT(((int32_t *)k.columns[0][f])[0], 2);
    } else if (strcmp(fields[f].name, "s_label") == 0) {
      CHECK_INT(((int32_t *)k.columns[0][f])[0], 0);
      CHECK_INT(((int32_t *)k.columns[0][f])[1], 1);
    } else if (strcmp(fields[f].name, "run_start") == 0) {
      CHECK_INT(((int32_t *)k.columns[0][f])[0], 2);
    }
  }
  forget(&k);
  dm_run_free(run);
}

/* What must not get in: value v in the first row of a field. */
typedef struct bad_value {
  dm_state_part part;
  const char *field;
  double value;
  const char *key; /* of the error, where it is another field's */
} bad_value;

static const bad_value bad_values[] = {
    {DM_STATE_SAMPLES, "label", 0, NULL},
    {DM_STATE_SAMPLES, "label", 3, NULL},
    {DM_STATE_SAMPLES, "label", -2147483647.0 - 1, NULL},
    {DM_STATE_SAMPLES, "s_label", 2, NULL},
    {DM_STATE_SAMPLES, "s_label", 2147483647, NULL},
    {DM_STATE_SAMPLES, "n_classes", -1, NULL},
    {DM_STATE_SAMPLES, "label_place", -1, NULL},
    {DM_STATE_SAMPLES, "label_place", DM_CLASS_MAX + 1.0, NULL},
    {DM_STATE_SAMPLES, "evaluations", 0, "correct_times"},
    {DM_STATE_SAMPLES, "evaluations", 4, "lines"},
    {DM_STATE_SAMPLES, "correct_times", 4, NULL},
    {DM_STATE_SAMPLES, "forgetting_times", 2, NULL},
    {DM_STATE_SAMPLES, "forgetting_times", 2147483647, NULL},
    {DM_STATE_SAMPLES, "first_forget", 3, NULL},
    {DM_STATE_SAMPLES, "first_forget", 0, NULL},
    {DM_STATE_SAMPLES, "first_learn", 2147483647, NULL},
    {DM_STATE_SAMPLES, "run_start", 3, NULL},
    {DM_STATE_SAMPLES, "run_start", 0, "first_forget"},
    {DM_STATE_SAMPLES, "was_correct_first", 2, NULL},
    {DM_STATE_SAMPLES, "was_correct_first", -1, NULL},
    {DM_STATE_SAMPLES, "was_correct", 2, NULL},
    {DM_STATE_SAMPLES, "sum_of_squares", -1, NULL},
    {DM_STATE_SAMPLES, "sum_of_squares", NAN, NULL},
    {DM_STATE_SAMPLES, "sum_of_squares", INFINITY, NULL},
    {DM_STATE_SAMPLES, "max", -1, NULL},
    {DM_STATE_SAMPLES, "max", INFINITY, NULL},
    {DM_STATE_SAMPLES, "min", NAN, NULL},
    {DM_STATE_SAMPLES, "min", -INFINITY, NULL},
    {DM_STATE_SAMPLES, "mean", 2, NULL},
    {DM_STATE_SAMPLES, "mean", -1, NULL},
    {DM_STATE_SAMPLES, "mean", NAN, NULL},
    {DM_STATE_STEPS, "is_given", 3, NULL},
    {DM_STATE_STEPS, "first", INFINITY, NULL},
    {DM_STATE_STEPS, "first", NAN, NULL},
    {DM_STATE_STEPS, "first", 3, "last"},
    {DM_STATE_STEPS, "last", NAN, NULL},
    {DM_STATE_STEPS, "line", -1, NULL},
    {DM_STATE_STEPS, "line", 1e300, NULL},
    {DM_STATE_STEPS, "line", NAN, NULL},
    {DM_STATE_STEPS, "file", 2, NULL},
    {DM_STATE_SIGNAL, "n_finite", 4, NULL},
    {DM_STATE_SIGNAL, "n_finite", 0, NULL},
    {DM_STATE_SIGNAL, "sum_of_squares", -1, NULL},
    {DM_STATE_SIGNAL, "sum_of_squares", NAN, NULL},
    {DM_STATE_SIGNAL, "max", -100, NULL},
    {DM_STATE_SIGNAL, "min", NAN, NULL},
    {DM_STATE_SIGNAL, "mean", INFINITY, NULL},
    {DM_STATE_SIGNAL, "has_nan", 7, NULL},
    {DM_STATE_METRICS, "n_probs", 4, NULL},
    {DM_STATE_METRICS, "has_loss", DM_N_LOSS_KINDS, NULL},
    {DM_STATE_SEEN, "lines", 2, NULL},
    {DM_STATE_SEEN, "lines", 3.5, NULL},
    {DM_STATE_SEEN, "lines", NAN, NULL},
    {DM_STATE_SEEN, "lines", 4, "good"},
    {DM_STATE_SEEN, "lines", 1e18, NULL},
};

static void test_bad_values(void) {
  dm_run *run = small_run();
  dm_options options = options_of(SMALL);
  for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++) {
    const bad_value *bad = &bad_values[i];
    DM_CASE("%s is %g", bad->field, bad->value);
    kept k = keep(run);
    size_t part = 0;
    while (k.parts[part] != bad->part) {
      part++;
    }
    size_t n;
    const dm_state_field *fields = dm_state_fields(bad->part, &n);
    size_t f = 0;
    while (f < n && strcmp(fields[f].name, bad->field) != 0) {
      f++;
    }
    if (CHECK(f < n)) {
      if (fields[f].type == DM_STATE_DOUBLE) {
        ((double *)k.columns[part][f])[0] = bad->value;
      } else {
        ((int32_t *)k.columns[part][f])[0] = (int32_t)bad->value;
      }
      dm_run *copy = NULL;
      dm_error err;
      CHECK_INT(restore(&k, &options, &copy, &err), DM_E_INPUT);
      CHECK_STR(err.key, bad->key ? bad->key : bad->field);
      CHECK_UINT(err.line, 1);
      dm_run_free(copy);
    }
    forget(&k);
  }
  dm_run_free(run);
}

/* Whatever numbers stand there, it is refused or a run comes of it that can be read. */
static void test_random_damage(void) {
  static const double values[] = {0, 1, -1, 2, 3, 2147483647, -2147483648.0, 1e300, -0.5};
  dm_run *run = small_run();
  dm_options options = options_of(SMALL);
  uint64_t seed = 5;
  size_t n_taken = 0;
  for (int i = 0; i < 3000; i++) {
    kept k = keep(run);
    size_t part = naive_below(&seed, k.n_parts);
    size_t f = naive_below(&seed, k.n_fields[part]);
    size_t n;
    const dm_state_field *field = dm_state_fields(k.parts[part], &n) + f;
    double value = values[naive_below(&seed, sizeof values / sizeof *values)];
    size_t row = naive_below(&seed, k.n);
    if (field->type == DM_STATE_DOUBLE) {
      ((double *)k.columns[part][f])[row] = value;
    } else if (value < 2147483648.0) {
      ((int32_t *)k.columns[part][f])[row] = (int32_t)value;
    }
    dm_run *copy = NULL;
    dm_error err;
    dm_status status = restore(&k, &options, &copy, &err);
    CHECK(status == DM_OK || status == DM_E_INPUT);
    if (!status) {
      n_taken++;
      answer_len = 0;
      CHECK_INT(say_run(copy, &err), DM_OK);
    }
    dm_run_free(copy);
    forget(&k);
  }
  CHECK(n_taken > 100 && n_taken < 2900);
  dm_run_free(run);
}

static void test_matrices(void) {
  static const double bad[] = {-1, 0.5, 4, NAN, INFINITY};
  dm_run *run = small_run();
  dm_options options = options_of(SMALL);
  enum { N_BAD = sizeof bad / sizeof *bad };
  for (size_t i = 0; i <= 2 * N_BAD; i++) {
    DM_CASE("case %zu", i);
    kept k = keep(run);
    CHECK_UINT(k.width[DM_STATE_CLASS_SUMS], 3);
    CHECK_UINT(k.width[DM_STATE_PLACES], 2);
    if (i < 2 * N_BAD) {
      k.matrix[i < N_BAD ? DM_STATE_PREDICTIONS : DM_STATE_PLACES][0] = bad[i % N_BAD];
    } else {
      k.width[DM_STATE_PREDICTIONS]--;
    }
    dm_run *copy = NULL;
    dm_error err;
    CHECK_INT(restore(&k, &options, &copy, &err), DM_E_INPUT);
    CHECK_STR(err.key, i / N_BAD == 1 ? "places" : "predictions");
    dm_run_free(copy);
    forget(&k);
  }
  dm_error err;
  CHECK_INT(dm_state_add_class(&run->states, -2, &err), DM_E_INPUT);
  CHECK_STR(err.key, "class_labels");
  CHECK_INT(dm_state_add_class(&run->states, 3, &err), DM_E_INPUT);
  CHECK_INT(dm_state_add_class(&run->states, 2, &err), DM_OK);
  CHECK_INT(dm_state_add_class(&run->states, -1, &err), DM_OK);
  CHECK_INT(dm_state_add_class(&run->states, 0, &err), DM_OK);
  CHECK_UINT(run->states.n_class_labels, 3);
  CHECK_INT(dm_states_class_label(&run->states, 0).value, 1); /* the second label */
  CHECK_INT(dm_states_class_label(&run->states, 1).value, 1); /* the place */
  CHECK_INT(dm_states_class_label(&run->states, 3).value, 3);
  dm_run_free(run);
}

/* Without a window every sample has an evaluation, and every line counts. */
static void test_whole_window(void) {
  dm_options options = options_of(0);
  dm_error err;
  dm_run *run = NULL;
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  CHECK_INT(read_text(run, small_text, strlen(small_text), 0, &err), DM_OK);
  for (int32_t n = 0; n < 6; n += 5) {
    kept k = keep(run);
    size_t n_fields;
    const dm_state_field *fields = dm_state_fields(DM_STATE_SAMPLES, &n_fields);
    for (size_t f = 0; f < n_fields; f++) {
      if (strcmp(fields[f].name, "evaluations") == 0) {
        ((int32_t *)k.columns[0][f])[0] = n;
      }
    }
    dm_run *copy = NULL;
    CHECK_INT(restore(&k, &options, &copy, &err), DM_E_INPUT);
    CHECK_STR(err.key, n ? "good" : "evaluations");
    dm_run_free(copy);
    forget(&k);
  }
  dm_run_free(run);
}

static void test_totals(void) {
  dm_run *run = small_run();
  dm_options options = options_of(SMALL);
  for (int i = 0; i < 7; i++) {
    DM_CASE("case %d", i);
    kept k = keep(run);
    dm_state_totals *t = &k.totals;
    const char *key = "lines";
    switch (i) {
      case 0:
        t->counts.lines++;
        break;
      case 1:
        t->counts.bad++;
        break;
      case 2:
        t->counts.good++;
        t->counts.lines++;
        key = "good";
        break;
      case 3:
        t->problems[DM_PROBLEM_LABEL] = 0;
        key = "problem_counts";
        break;
      case 4:
        t->step_distance = NAN;
        key = "step_distance";
        break;
      case 5:
        t->step_distance = -1;
        key = "step_distance";
        break;
      default:
        t->n_files = 0;
        key = "file";
    }
    dm_run *copy = NULL;
    dm_error err;
    CHECK_INT(restore(&k, &options, &copy, &err), DM_E_INPUT);
    CHECK_STR(err.key, key);
    dm_run_free(copy);
    forget(&k);
  }
  dm_problem problem = {.kind = DM_PROBLEM_KINDS, .file = -1};
  dm_error err;
  CHECK_INT(dm_state_add_problem(&run->states, &problem, &err), DM_E_INPUT);
  problem.kind = DM_PROBLEM_STEP;
  while (run->states.problems.n_kept < DM_PROBLEMS_KEPT) {
    if (!CHECK_INT(dm_state_add_problem(&run->states, &problem, &err), DM_OK)) {
      break;
    }
  }
  CHECK_INT(dm_state_add_problem(&run->states, &problem, &err), DM_E_INPUT);
  dm_run_free(run);
}

typedef struct ident_case {
  const char *text; /* NULL: none */
  bool has_text;
  dm_status want;
  dm_ident_kind kind;
} ident_case;

static void test_idents(void) {
  static const ident_case cases[] = {
      {"a", true, DM_OK, DM_IDENT_TEXT},
      {"7", true, DM_OK, DM_IDENT_INT_TEXT},
      {"7", false, DM_OK, DM_IDENT_INT},
      {"-9223372036854775808", false, DM_OK, DM_IDENT_INT},
      {"9223372036854775808", false, DM_OK, DM_IDENT_BIG},
      {"-123456789012345678901234567890", false, DM_OK, DM_IDENT_BIG},
      {"a", false, DM_E_INPUT, DM_IDENT_NONE},
      {"", false, DM_E_INPUT, DM_IDENT_NONE},
      {"-", false, DM_E_INPUT, DM_IDENT_NONE},
      {"07", false, DM_E_INPUT, DM_IDENT_NONE},
      {"-0", false, DM_E_INPUT, DM_IDENT_NONE},
      {"1.5", false, DM_E_INPUT, DM_IDENT_NONE},
      {"", true, DM_OK, DM_IDENT_TEXT},
      {"\xFF", true, DM_E_INPUT, DM_IDENT_NONE},
      {NULL, true, DM_E_INPUT, DM_IDENT_NONE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const ident_case *c = &cases[i];
    DM_CASE("ident %zu", i);
    dm_index index;
    dm_index_init(&index, 3);
    dm_ident ident =
        c->text ? dm_ident_from_text(c->text, strlen(c->text)) : (dm_ident){0};
    dm_error err;
    if (CHECK_INT(dm_state_add_ident(&index, &ident, c->has_text, "labels", &err),
                  c->want) &&
        c->want == DM_OK) {
      CHECK_INT(dm_index_ident(&index, 0).kind, c->kind);
      CHECK(index.has_text == c->has_text);
      /* once more */
      CHECK_INT(dm_state_add_ident(&index, &ident, c->has_text, "labels", &err),
                DM_E_INPUT);
      CHECK_STR(err.key, "labels");
      CHECK_UINT(err.line, 2);
    }
    dm_index_release(&index);
  }
}

static void test_allocations(void) {
  dm_run *run = small_run();
  dm_options options = options_of(SMALL);
  kept k = keep(run);
  for (size_t i = 1;; i++) {
    size_t before = fault_live_blocks();
    dm_run *copy = NULL;
    dm_error err;
    fault_arm_memory(i, false);
    dm_status status = restore(&k, &options, &copy, &err);
    bool has_fired = fault_has_fired();
    fault_arm_memory(0, false);
    CHECK(status == (has_fired ? DM_E_MEMORY : DM_OK));
    dm_run_free(copy);
    CHECK_UINT(fault_live_blocks(), before);
    if (!has_fired) {
      break;
    }
  }
  forget(&k);
  dm_run_free(run);
}

int main(void) {
  DM_RUN(test_there_and_back);
  DM_RUN(test_fields);
  DM_RUN(test_bad_values);
  DM_RUN(test_random_damage);
  DM_RUN(test_matrices);
  DM_RUN(test_whole_window);
  DM_RUN(test_totals);
  DM_RUN(test_idents);
  DM_RUN(test_allocations);
  free(answer);
  return dm_test_end();
}
