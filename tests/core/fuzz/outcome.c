#include "outcome.h"

#include "dm_columns.h"
#include "fuzz.h"

static void take_metrics(outcome *out, const dm_table *table);
static void check_ident_columns(const dm_table *table);

void outcome_take(outcome *out, dm_run *run, dm_status status, const dm_error *err) {
  *out = (outcome){.status = status, .run = run, .counts = run->states.counts};
  out->n_signals = run->states.options.n_signals;
  if (status) {
    out->err = *err;
  }
  out->problems = run->states.problems.kept;
  out->n_problems = run->states.problems.n_kept;
  memcpy(out->problem_counts, run->states.problems.count, sizeof out->problem_counts);
  if (status) {
    return;
  }
  dm_table table = {0};
  dm_error unused;
  FUZZ_CHECK(dm_table_init(&table, &run->states, &unused) == DM_OK);
  out->n = table.n;
  for (int c = 0; c < 3; c++) {
    out->types[c] = dm_table_ident_type(&table, (dm_ident_column)c);
    out->idents[c] = fuzz_alloc(table.n * sizeof(dm_ident));
    for (size_t i = 0; i < table.n; i++) {
      out->idents[c][i] = dm_table_ident(&table, (dm_ident_column)c, i);
    }
  }
  check_ident_columns(&table);
  for (int c = 0; c < OUTCOME_COUNTS; c++) {
    out->integers[c] = fuzz_alloc(table.n * sizeof(int32_t));
    fill_counts(&table, (dm_count_column)c, out->integers[c]);
  }
  for (int c = 0; c < OUTCOME_NUMBERS; c++) {
    out->numbers[c] = fuzz_alloc(table.n * sizeof(double));
    fill_numbers(&table, (dm_number_column)c, -1, out->numbers[c]);
  }
  out->signals =
      fuzz_alloc(table.n * out->n_signals * OUTCOME_STATISTICS * sizeof(double));
  for (size_t s = 0; s < out->n_signals; s++) {
    for (int k = 0; k < OUTCOME_STATISTICS; k++) {
      fill_signal(&table, s, (dm_signal_statistic)k, -12345.0,
                  out->signals + (s * OUTCOME_STATISTICS + (size_t)k) * table.n);
    }
  }
  take_metrics(out, &table);
  dm_table_release(&table);
}

/* Columns of integers hold what is said element by element. */
static void check_ident_columns(const dm_table *table) {
  int32_t *integers = fuzz_alloc(table->n * sizeof *integers);
  double *doubles = fuzz_alloc(table->n * sizeof *doubles);
  for (int c = 0; c < DM_N_IDENTS; c++) {
    dm_ident_type type = dm_table_ident_type(table, (dm_ident_column)c);
    dm_columns columns = {.missing = missing_as(-1)};
    columns.integers[c] = type == DM_TYPE_INT32 ? integers : NULL;
    columns.doubles[c] = type == DM_TYPE_DOUBLE ? doubles : NULL;
    dm_table_fill(table, &columns, 1);
    for (size_t i = 0; i < table->n && type != DM_TYPE_TEXT; i++) {
      int64_t value = dm_table_ident(table, (dm_ident_column)c, i).value;
      FUZZ_CHECK(type == DM_TYPE_INT32 ? integers[i] == value
                                       : doubles[i] == (double)value);
    }
  }
  free(integers);
  free(doubles);
}

/* A missing one is -12345, like that of a signal. */
static void take_metrics(outcome *out, const dm_table *table) {
  uint32_t metrics = table->states->options.metrics;
  size_t n = table->n;
  out->metrics = fuzz_alloc(DM_N_METRICS * n * sizeof *out->metrics);
  int32_t *times = fuzz_alloc(n * sizeof *times);
  for (int metric = 0; metric < DM_METRIC_PRED_DIST; metric++) {
    double *to = out->metrics + out->n_metrics * n;
    if (!(metrics & DM_METRIC_BIT(metric))) {
      continue;
    }
    out->n_metrics++;
    if (dm_metrics[metric].kind == DM_METRIC_REAL) {
      fill_metric(table, (dm_metric)metric, -12345, to);
      continue;
    }
    fill_times(table, (dm_metric)metric, -12345, times);
    for (size_t i = 0; i < n; i++) {
      to[i] = times[i];
    }
  }
  free(times);
  if (!(metrics & DM_METRIC_BIT(DM_METRIC_PRED_DIST))) {
    return;
  }
  out->pred_dists = fuzz_alloc(n * sizeof *out->pred_dists);
  for (size_t i = 0; i < n; i++) {
    size_t len;
    const char *text = dm_table_pred_dist(table, i, &len);
    out->pred_dists[i] = text ? fuzz_copy(text, len, 1) : NULL;
  }
}

void outcome_release(outcome *out) {
  for (int c = 0; c < 3; c++) {
    free(out->idents[c]);
  }
  for (int c = 0; c < OUTCOME_COUNTS; c++) {
    free(out->integers[c]);
  }
  for (int c = 0; c < OUTCOME_NUMBERS; c++) {
    free(out->numbers[c]);
  }
  free(out->signals);
  free(out->metrics);
  for (size_t i = 0; out->pred_dists && i < out->n; i++) {
    free(out->pred_dists[i]);
  }
  free(out->pred_dists);
  dm_run_free(out->run);
  *out = (outcome){0};
}

/* NaNs are all the same. */
static bool is_same_double(double a, double b) {
  return fuzz_same_double(a, b) || (a != a && b != b);
}

static void show_problem(const dm_problem *p) {
  fprintf(stderr, "problem %d: file %d, line %llu, column %llu, key %s, %s, found %s\n",
          (int)p->kind, (int)p->file, (unsigned long long)p->line,
          (unsigned long long)p->column, p->key, p->expected, p->actual);
}

void outcome_check_same(const outcome *a, const outcome *b) {
  if (a->status != b->status || (a->status && !fuzz_same_error(&a->err, &b->err))) {
    fuzz_show_error("one", &a->err);
    fuzz_show_error("other", &b->err);
    FUZZ_CHECK(a->status == b->status && fuzz_same_error(&a->err, &b->err));
  }
  if (a->status) {
    return;
  }
  FUZZ_CHECK(a->counts.lines == b->counts.lines);
  FUZZ_CHECK(a->counts.good == b->counts.good);
  FUZZ_CHECK(a->counts.blank == b->counts.blank);
  FUZZ_CHECK(a->counts.bad == b->counts.bad);
  FUZZ_CHECK(a->counts.cut == b->counts.cut);
  FUZZ_CHECK(!memcmp(a->problem_counts, b->problem_counts, sizeof a->problem_counts));
  FUZZ_CHECK(a->n_problems == b->n_problems);
  for (size_t i = 0; i < a->n_problems; i++) {
    const dm_problem *p = &a->problems[i];
    const dm_problem *q = &b->problems[i];
    bool is_same = p->line == q->line && p->column == q->column && p->file == q->file &&
                   p->kind == q->kind && !strcmp(p->key, q->key) &&
                   !strcmp(p->expected, q->expected) && !strcmp(p->actual, q->actual);
    if (!is_same) {
      show_problem(p);
      show_problem(q);
    }
    FUZZ_CHECK(is_same);
  }
  FUZZ_CHECK(a->n == b->n && a->n_signals == b->n_signals);
  for (int c = 0; c < 3; c++) {
    FUZZ_CHECK(a->types[c] == b->types[c]);
    for (size_t i = 0; i < a->n; i++) {
      FUZZ_CHECK(a->idents[c][i].kind == b->idents[c][i].kind &&
                 dm_ident_equal(&a->idents[c][i], &b->idents[c][i]));
    }
  }
  for (size_t i = 0; i < a->n; i++) {
    for (int c = 0; c < OUTCOME_COUNTS; c++) {
      FUZZ_CHECK(a->integers[c][i] == b->integers[c][i]);
    }
    for (int c = 0; c < OUTCOME_NUMBERS; c++) {
      FUZZ_CHECK(is_same_double(a->numbers[c][i], b->numbers[c][i]));
    }
  }
  for (size_t i = 0; i < a->n * a->n_signals * OUTCOME_STATISTICS; i++) {
    FUZZ_CHECK(is_same_double(a->signals[i], b->signals[i]));
  }
  FUZZ_CHECK(a->n_metrics == b->n_metrics && !a->pred_dists == !b->pred_dists);
  for (size_t i = 0; i < a->n * a->n_metrics; i++) {
    FUZZ_CHECK(is_same_double(a->metrics[i], b->metrics[i]));
  }
  for (size_t i = 0; a->pred_dists && i < a->n; i++) {
    const char *one = a->pred_dists[i];
    const char *other = b->pred_dists[i];
    FUZZ_CHECK(one && other ? strcmp(one, other) == 0 : one == other);
  }
}

void outcome_check(const outcome *out) {
  const dm_counts *c = &out->counts;
  if (out->status) {
    fuzz_check_error(&out->err, out->status);
    return;
  }
  FUZZ_CHECK(c->good + c->bad + c->blank + c->cut == c->lines);
  FUZZ_CHECK(c->bad == out->problem_counts[DM_PROBLEM_BAD_LINE]);
  uint64_t n_problems = 0;
  for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
    n_problems += out->problem_counts[kind];
  }
  FUZZ_CHECK(out->n_problems ==
             (n_problems < DM_PROBLEMS_KEPT ? n_problems : DM_PROBLEMS_KEPT));
  uint64_t n_evaluations = 0;
  for (size_t i = 0; i < out->n; i++) {
    int32_t n = out->integers[5][i];
    int32_t right = out->integers[0][i];
    int32_t forgot = out->integers[1][i];
    int32_t learnt = out->integers[2][i];
    FUZZ_CHECK((n > 0 || out->run->states.has_window) && right >= 0 && right <= n);
    FUZZ_CHECK(forgot - learnt <= 1 && learnt - forgot <= 1);
    FUZZ_CHECK(forgot + learnt < n || n == 0);
    FUZZ_CHECK((forgot > 0) == (out->integers[3][i] > 0));
    FUZZ_CHECK((learnt > 0) == (out->integers[4][i] > 0));
    double mean = out->numbers[1][i];
    FUZZ_CHECK(n == 0 || out->numbers[2][i] >= 0 || mean != mean);
    FUZZ_CHECK(out->numbers[4][i] <= out->numbers[3][i] || mean != mean);
    n_evaluations += (uint64_t)n;
    for (size_t j = 0; j < i && i < 64; j++) {
      FUZZ_CHECK(!dm_ident_equal(&out->idents[0][i], &out->idents[0][j]));
    }
  }
  FUZZ_CHECK(out->run->states.has_window ? n_evaluations <= c->good
                                         : n_evaluations == c->good);
}
