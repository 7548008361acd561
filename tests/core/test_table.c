/* dm_table: columns from one thread and from several. What stands in them is held by
   test_run.c. */
#include "dm_reading.h"
#include "summary/dm_table.h"

/* The same columns from one thread and from several. */
static void test_fill_side_by_side(void) {
  enum { N = 70001 };
  dm_options options = reading_options(SIGNALS);
  dm_run *run = NULL;
  dm_error err;
  dm_table table = {0};
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  for (uint64_t i = 0; i < N; i++) {
    const double signals[] = {(double)i, dm_double_from_bits(DM_ABSENT_BITS)};
    dm_fields fields = {.id = dm_ident_from_int((int64_t)(i * 7919 % N) + (1 << 30)),
                        .label = dm_ident_from_int((int64_t)(i % 5) << 40),
                        .s_label = dm_ident_from_int((int64_t)(i % 3)),
                        .has_correct = true,
                        .correct = i % 2,
                        .has_label_probs = true,
                        .label_probs = (double)i / N,
                        .signals = signals};
    if (dm_run_row(run, &fields, i + 1, &err)) {
      FAIL("row %d", (int)i);
    }
  }
  CHECK_INT(dm_run_end_rows(run, &err), DM_OK);
  CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
  CHECK_UINT(table.n, N);
  static int32_t integers[2][3][N];
  static double doubles[2][3][N];
  static double unused[N];
  double *statistics[2 * DM_N_STATISTICS];
  for (int k = 0; k < 2; k++) {
    dm_columns columns = {.missing = missing_as(-1)};
    columns.integers[DM_COLUMN_ID] = integers[k][0];
    columns.integers[DM_COLUMN_S_LABEL] = integers[k][1];
    columns.counts[DM_COLUMN_CORRECT_TIMES] = integers[k][2];
    columns.doubles[DM_COLUMN_LABEL] = doubles[k][0];
    columns.numbers[DM_COLUMN_AVG_PROBS] = doubles[k][1];
    for (int s = 0; s < 2 * DM_N_STATISTICS; s++) {
      statistics[s] = s == DM_SIGNAL_LAST ? doubles[k][2] : unused;
    }
    columns.signals = statistics;
    dm_table_fill(&table, &columns, k ? 4 : 1);
  }
  CHECK(memcmp(integers[0], integers[1], sizeof integers[0]) == 0);
  CHECK(memcmp(doubles[0], doubles[1], sizeof doubles[0]) == 0);
  unsigned long wrong = 0;
  for (uint64_t i = 0; i < N; i++) {
    size_t at = i * 7919 % N; /* ascending ids, each once */
    wrong += integers[1][0][at] != (int32_t)at + (1 << 30) ||
             integers[1][1][at] != (int32_t)(i % 3) ||
             integers[1][2][at] != (int32_t)(i % 2) ||
             doubles[1][0][at] != (double)(i % 5) * 0x1p40 ||
             doubles[1][1][at] != (double)i / N || doubles[1][2][at] != (double)i;
  }
  CHECK_UINT(wrong, 0);
  dm_table_release(&table);
  dm_run_free(run);
}

/* Tables one after the other: what is wrong is in the row of one of them. */
static void test_tables_in_turn(void) {
  dm_options options = reading_options(0);
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  dm_fields fields = {.id = dm_ident_from_int(5),
                      .label = dm_ident_from_int(0),
                      .has_correct = true,
                      .has_label_probs = true,
                      .label_probs = 2,
                      .step = 1,
                      .step_kind = DM_STEP_UNIQUE};
  for (int32_t i = -1; i < 2; i++, fields.step++) {
    run->table = i;
    CHECK_INT(dm_run_row(run, &fields, 7, &err), DM_OK);
    CHECK_INT(dm_run_end_rows(run, &err), DM_OK);
  }
  CHECK_UINT(run->states.problems.n_kept, 3);
  for (int32_t i = 0; i < 3; i++) {
    CHECK_INT(run->states.problems.kept[i].file, i - 1);
    CHECK_UINT(run->states.problems.kept[i].line, 7);
  }
  fields.step = 1; /* goes back */
  run->table = 2;
  CHECK_INT(dm_run_row(run, &fields, 9, &err), DM_OK);
  CHECK_INT(dm_run_end_rows(run, &err), DM_E_FIELD);
  CHECK_INT(err.file, 2);
  CHECK_UINT(err.line, 9);
  CHECK_INT(err.other_file, 1);
  fields.has_label_probs = false; /* can't be derived */
  CHECK_INT(dm_run_row(run, &fields, 11, &err), DM_E_FIELD);
  CHECK_INT(err.file, 2);
  CHECK_UINT(err.line, 11);
  dm_run_free(run);
}

/* The means of class vectors, or the last ones, in the order of the table. */
static void test_probs(void) {
  static const char text[] =
      "{\"id\": 7, \"label\": 0, \"probs\": [0.25, 0.75]}\n"
      "{\"id\": 3, \"label\": 0, \"label_probs\": 1, \"correct\": true}\n"
      "{\"id\": 5, \"label\": 0, \"probs\": [0.5, 0.5]}\n"
      "{\"id\": 7, \"label\": 0, \"probs\": [0.5, 0.25, 0.25]}\n"
      "{\"id\": 5, \"label\": 0, \"probs\": [0.25, 0.5, 0.25]}\n"
      "{\"id\": 7, \"label\": 0, \"label_probs\": 1, \"correct\": true}\n"
      "{\"id\": 5, \"label\": 0, \"probs\": [0.75, 0.25]}\n";
  enum { N = 3, WIDTH = 3 };
  static const double expected[2][WIDTH][N] = {
      {{-1, 0.5, 0.375}, {-1, 1.25 / 3, 0.5}, {-1, 0.25 / 3, 0.125}},
      {{-1, 0.75, 0.5}, {-1, 0.25, 0.25}, {-1, 0, 0.25}}};
  for (int is_last = 0; is_last < 2; is_last++) {
    dm_options options = reading_options(0);
    options.metrics = DM_METRIC_BIT(DM_METRIC_SUGGESTED_PROB);
    options.keeps_last_probs = is_last;
    dm_run *run = run_of(&options, text, sizeof text - 1);
    dm_table table = {0};
    dm_error err;
    double out[WIDTH][N];
    dm_missing missing = missing_as(-1);
    CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
    CHECK_UINT(dm_table_classes(&table), WIDTH);
    dm_table_probs(&table, WIDTH, &missing, out[0]);
    for (int k = 0; k < WIDTH; k++) {
      for (int i = 0; i < N; i++) {
        CHECK_DOUBLE(out[k][i], expected[is_last][k][i]);
      }
    }
    dm_table_release(&table);
    dm_run_free(run);
  }
}

/* No class is suggested that the sample's vectors do not have, however far the rows of
   sums were made wider, which depends on where blocks end. */
static void test_suggested(void) {
  static const char text[] =
      "{\"id\": 0, \"label\": 0, \"probs\": [-2, -1]}\n"
      "{\"id\": 1, \"label\": 0, \"probs\": [0.25, 0.25, 0.5]}\n"
      "{\"id\": 2, \"label\": 0, \"probs\": [-1, -2, -3, -4, -5]}\n"
      "{\"id\": 3, \"label\": 0, \"probs\": [-1, -1]}\n"
      "{\"id\": 3, \"label\": 0, \"probs\": [-1, -1, 0.5]}\n"
      "{\"id\": 4, \"label\": 0, \"label_probs\": 1, \"correct\": true}\n";
  enum { N = 5 };
  static const int32_t places[N] = {1, 2, 0, 2, -1};
  static const double probs[N] = {-1, 0.5, -1, 0.25, -1};
  for (int threads = 1; threads <= 3; threads++) {
    for (size_t block = 30; block <= 3000; block *= 10) {
      DM_CASE("%d threads, blocks of %zu", threads, block);
      dm_options options = reading_options(0);
      options.metrics = DM_METRIC_BIT(DM_METRIC_SUGGESTED_PLACE) |
                        DM_METRIC_BIT(DM_METRIC_SUGGESTED_PROB);
      options.threads = threads;
      options.block_size = block;
      dm_run *run = run_of(&options, text, sizeof text - 1);
      dm_table table = {0};
      dm_error err;
      int32_t place[N];
      double prob[N];
      dm_columns columns = {.missing = missing_as(-1)};
      columns.times[DM_METRIC_SUGGESTED_PLACE] = place;
      columns.metrics[DM_METRIC_SUGGESTED_PROB] = prob;
      dm_run_end_threads(run);
      CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
      dm_table_fill(&table, &columns, 1);
      for (int i = 0; i < N; i++) {
        CHECK_INT(place[i], places[i]);
        CHECK_DOUBLE(prob[i], probs[i]);
      }
      dm_table_release(&table);
      dm_run_free(run);
    }
  }
}

/* All are missing where a run was not asked for a metric that needs them. */
static void test_no_probs(void) {
  static const char text[] = "{\"id\": 7, \"label\": 0, \"probs\": [0.25, 0.75]}\n";
  dm_options options = reading_options(0);
  dm_run *run = run_of(&options, text, sizeof text - 1);
  dm_table table = {0};
  dm_error err;
  double out[2];
  dm_missing missing = missing_as(-1);
  CHECK_INT(dm_table_init(&table, &run->states, &err), DM_OK);
  CHECK_UINT(dm_table_classes(&table), 2);
  dm_table_probs(&table, 2, &missing, out);
  CHECK_DOUBLE(out[0], -1);
  CHECK_DOUBLE(out[1], -1);
  dm_table_release(&table);
  dm_run_free(run);
}

int main(void) {
  DM_RUN(test_fill_side_by_side);
  DM_RUN(test_probs);
  DM_RUN(test_no_probs);
  DM_RUN(test_suggested);
  DM_RUN(test_tables_in_turn);
  return dm_test_end();
}
