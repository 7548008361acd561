/* dm_stream.c: batches into a run, the same as rows, and everything given back once, also
   where the source, a row, the host or memory fails. */
#include <errno.h>
#include <math.h>

#include "dm_batches.h"
#include "dm_mem_fault.h"
#include "number/dm_number.h"
#include "summary/dm_stream.h"

enum { N_ROWS = 6 };

/* Three samples, twice each: ids as int64, labels as a dictionary of names, probs as
   columns in the other order, a signal with a missing value, steps. */
static const int64_t ids[] = {7, 8, 9, 7, 8, 9};
static const int8_t label_codes[] = {0, 1, 1, 0, 1, 1};
static const int32_t name_ends[] = {0, 3, 6};
static const double probs_dog[] = {0.25, 0.75, 0.5, 0.125, 1, 0};
static const double probs_cat[] = {0.75, 0.25, 0.5, 0.875, 0, 1};
static const double signal[] = {1, 2, 3, 4, 5, 6};
static const uint8_t signal_given[] = {0x3D};
static const int32_t steps[] = {1, 1, 1, 2, 2, 2};
static const char *const class_names[] = {"cat", "dog"};

typedef struct table {
  column columns[7];
  column names;
  column batch;
  batches source;
} table;

static void make_table(table *t, int n_batches) {
  make_column(&t->columns[0], "id", "l", N_ROWS, 2, (const void *[3]){NULL, ids});
  make_column(&t->columns[1], "label", "c", N_ROWS, 2,
              (const void *[3]){NULL, label_codes});
  make_column(&t->names, "", "u", 2, 3, (const void *[3]){NULL, name_ends, "catdog"});
  set_dictionary(&t->columns[1], &t->names);
  make_column(&t->columns[2], "probs_dog", "g", N_ROWS, 2,
              (const void *[3]){NULL, probs_dog});
  make_column(&t->columns[3], "probs_cat", "g", N_ROWS, 2,
              (const void *[3]){NULL, probs_cat});
  make_column(&t->columns[4], "g", "g", N_ROWS, 2,
              (const void *[3]){signal_given, signal});
  make_column(&t->columns[5], "step", "i", N_ROWS, 2, (const void *[3]){NULL, steps});
  make_column(&t->columns[6], "when", "tsu:", N_ROWS, 2, (const void *[3]){NULL, ids});
  make_batch(&t->batch, t->columns, 7, N_ROWS);
  make_stream(&t->source, &t->batch, n_batches);
  schemas_released = arrays_released = 0;
}

static const int32_t parts[] = {3, 2};
static const int32_t signal_columns[] = {4};

static dm_stream_plan plan_of_table(void) {
  dm_stream_plan plan = {.probs = {.column = -1, .parts = parts, .n_parts = 2},
                         .logits = {.column = -1},
                         .signals = signal_columns,
                         .classes = class_names,
                         .n_classes = 2,
                         .is_predicting = true};
  for (int i = 0; i < DM_N_STREAM_FIELDS; i++) {
    plan.fields[i] = -1;
  }
  plan.fields[DM_STREAM_ID] = 0;
  plan.fields[DM_STREAM_LABEL] = 1;
  plan.fields[DM_STREAM_STEP] = 5;
  return plan;
}

static dm_options options_of(bool is_skipping) {
  static const char *const names[] = {"g"};
  return (dm_options){.is_skipping = is_skipping,
                      .max_line = 1 << 20,
                      .block_size = 1 << 16,
                      .signals = names,
                      .n_signals = 1,
                      .metrics = DM_METRIC_BIT(DM_METRIC_PRED_DIST),
                      .seed = 5};
}

static dm_status read_stream(dm_run **run, table *t, const dm_stream_plan *plan,
                             const dm_options *options, const dm_host *host,
                             dm_error *err) {
  dm_stream stream = {0};
  dm_status status = dm_run_new(run, options, host, err);
  if (!status) {
    status = dm_stream_open(&stream, &t->source.stream, plan, *run, host, err);
  }
  if (!status) {
    status = dm_stream_rest(&stream, err);
  }
  dm_stream_release(&stream);
  return status;
}

static const dm_accum *sample(const dm_run *run, size_t row) {
  return dm_rows_at(&run->states.accum, row);
}

static void test_values(void) {
  table t;
  make_table(&t, 1);
  dm_stream_plan plan = plan_of_table();
  dm_options options = options_of(false);
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_stream(&run, &t, &plan, &options, NULL, &err), DM_OK);
  if (CHECK_UINT(run->states.ids.n, 3)) {
    CHECK_INT(dm_index_integer(&run->states.ids, 2), 9);
    CHECK_DOUBLE(dm_accum_mean(sample(run, 0)), 0.8125);
    CHECK_DOUBLE(dm_accum_mean(sample(run, 1)), 0.875);
    CHECK_DOUBLE(dm_accum_mean(sample(run, 2)), 0.25);
    dm_ident label = dm_index_ident(&run->states.labels, 1);
    CHECK_BYTES(label.text, label.len, "dog", 3);
    CHECK_UINT(run->states.predicted.n, 2);
  }
  CHECK_UINT(run->states.counts.good, N_ROWS);
  CHECK_INT(schemas_released, 1);
  CHECK_INT(arrays_released, 1);
  CHECK(t.source.stream.release != NULL); /* its owner's */
  dm_run_free(run);
}

/* Columns that stand for others. */
static void test_stand_ins(void) {
  for (int is_pair = 0; is_pair < 2; is_pair++) {
    DM_CASE("pairs: %d", is_pair);
    table t;
    make_table(&t, 1);
    make_column(&t.columns[2], "sum_logp", "g", N_ROWS, 2,
                (const void *[3]){NULL, (const double[]){-1, -2, -3, -4, -5, -6}});
    make_column(&t.columns[3], "correct", "g", N_ROWS, 2,
                (const void *[3]){NULL, (const double[]){1, 0, 1, 0, 1, 0}});
    dm_stream_plan plan = plan_of_table();
    plan.probs.n_parts = 0;
    plan.n_classes = 0;
    if (is_pair) {
      plan.fields[DM_STREAM_LABEL] = -1;
      plan.fields[DM_STREAM_MARGIN] = 4; /* one is missing */
    } else {
      plan.fields[DM_STREAM_SUM_LOGP] = 2;
      plan.fields[DM_STREAM_N_TOK] = 5;
      plan.fields[DM_STREAM_CORRECT] = 3;
    }
    dm_options options = options_of(true);
    dm_run *run = NULL;
    dm_error err;
    CHECK_INT(read_stream(&run, &t, &plan, &options, NULL, &err), DM_OK);
    CHECK_UINT(run->states.counts.bad, is_pair);
    if (CHECK_UINT(run->states.ids.n, 3) && !is_pair) {
      CHECK_DOUBLE(dm_accum_mean(sample(run, 0)), (exp(-1) + exp(-2)) / 2);
    } else {
      CHECK_DOUBLE(dm_accum_mean(sample(run, 1)), /* of id 9 */
                   (1 / (1 + exp(-3)) + 1 / (1 + exp(-6))) / 2);
    }
    dm_run_free(run);
  }
}

/* Rows go on being counted from batch to batch, and a bad one is told or left out. */
static void test_bad_rows(void) {
  static const uint8_t no_fifth[] = {0xEF};
  for (int skips = 0; skips < 2; skips++) {
    DM_CASE("skips %d", skips);
    table t;
    make_table(&t, 2);
    t.columns[0].buffers[0] = no_fifth;
    t.columns[0].array.null_count = 1;
    dm_stream_plan plan = plan_of_table();
    plan.fields[DM_STREAM_STEP] = -1;
    dm_options options = options_of(skips);
    dm_run *run = NULL;
    dm_error err = {0};
    dm_status status = read_stream(&run, &t, &plan, &options, NULL, &err);
    CHECK_INT(status, skips ? DM_OK : DM_E_FIELD);
    CHECK_UINT(err.line, skips ? 0 : 5);
    if (skips) {
      CHECK_UINT(run->states.counts.bad, 2);
      CHECK_UINT(run->states.counts.good, 10);
      CHECK_UINT(run->states.problems.kept[1].line, 11);
    }
    CHECK_INT(arrays_released, t.source.given - 1);
    dm_run_free(run);
  }
}

/* What a field can't be, row by row. */
static void test_bad_values(void) {
  static const double odd[] = {0.5, 0.5, 0.5, 0.5, 0.5, INFINITY};
  static const struct {
    dm_stream_field field;
    const char *expected;
    uint64_t line;
  } cases[] = {
      {DM_STREAM_STEP, "a finite step", 6},
      {DM_STREAM_LABEL_INDEX, "the place of a class", 1},
      {DM_STREAM_S_LABEL, "a whole number up to 2^53", 1},
      {DM_STREAM_PRED_LABEL, "a whole number up to 2^53", 1},
      {DM_STREAM_CORRECT, "true or false", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", dm_stream_field_names[cases[i].field]);
    table t;
    make_table(&t, 1);
    make_column(&t.columns[5], "odd", "g", N_ROWS, 2, (const void *[3]){NULL, odd});
    dm_stream_plan plan = plan_of_table();
    plan.fields[DM_STREAM_STEP] = -1;
    plan.fields[cases[i].field] = 5;
    dm_options options = options_of(false);
    dm_run *run = NULL;
    dm_error err = {0};
    CHECK_INT(read_stream(&run, &t, &plan, &options, NULL, &err), DM_E_FIELD);
    CHECK_STR(err.expected, cases[i].expected);
    CHECK_UINT(err.line, cases[i].line);
    CHECK_STR(err.key, "odd");
    dm_run_free(run);
  }
  table t;
  make_table(&t, 1);
  make_column(&t.names, "", "u", 2, 3, (const void *[3]){NULL, name_ends, "catcow"});
  dm_stream_plan plan = plan_of_table();
  dm_options options = options_of(false);
  dm_run *run = NULL;
  dm_error err = {0};
  CHECK_INT(read_stream(&run, &t, &plan, &options, NULL, &err), DM_E_RANGE);
  CHECK_STR(err.found, "cow");
  CHECK_UINT(err.line, 2);
  dm_run_free(run);
}

/* Columns and plans that there are not. */
static void test_plans(void) {
  dm_options options = options_of(false);
  for (int i = 0; i < 8; i++) {
    DM_CASE("plan %d", i);
    table t;
    make_table(&t, 1);
    dm_stream_plan plan = plan_of_table();
    const int32_t wrong[] = {7, 1};
    const char *const same[] = {"cat", "cat"};
    dm_status want = DM_E_INPUT;
    if (i == 0) {
      plan.fields[DM_STREAM_ID] = 7;
    } else if (i == 1) {
      plan.probs.parts = wrong;
    } else if (i == 2) {
      plan.probs = (dm_stream_vector){.column = 9};
    } else if (i == 3) {
      plan.signals = wrong;
    } else if (i == 4) {
      plan.classes = same;
    } else if (i == 5) {
      plan.fields[DM_STREAM_LOSS] = 6;
      want = DM_E_FIELD;
    } else if (i == 6) {
      t.batch.schema.format = "i";
      want = DM_E_IO;
    } else {
      t.source.stream.release = NULL;
      want = DM_E_IO;
    }
    dm_run *run = NULL;
    dm_error err;
    CHECK_INT(read_stream(&run, &t, &plan, &options, NULL, &err), want);
    CHECK_INT(schemas_released, t.source.given);
    dm_run_free(run);
  }
  /* parts of a struct that there are not */
  table t;
  make_table(&t, 1);
  make_column(&t.columns[6], "probs", "+s", N_ROWS, 1, NULL);
  add_child(&t.columns[6], &t.columns[2]);
  dm_stream_plan plan = plan_of_table();
  plan.probs.column = 6;
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_stream(&run, &t, &plan, &options, NULL, &err), DM_E_INPUT);
  dm_run_free(run);
}

/* Its own words, or those of an errno; and a batch of fewer columns. */
static void test_failing_source(void) {
  dm_options options = options_of(false);
  dm_stream_plan plan = plan_of_table();
  for (int i = 0; i < 5; i++) {
    DM_CASE("failure %d", i);
    table t;
    make_table(&t, 2);
    dm_run *run = NULL;
    dm_error err = {0};
    if (i < 2) {
      t.source.code = EIO;
      t.source.said = i ? "the cable was cut" : NULL;
    } else if (i == 2) {
      t.source.schema_code = ENOMEM;
      t.source.said = "";
    } else if (i == 3) {
      t.batch.array.n_children = 2;
    } else {
      t.batch.array.length = -1;
    }
    dm_status want = i == 2 ? DM_E_MEMORY : DM_E_IO;
    CHECK_INT(read_stream(&run, &t, &plan, &options, NULL, &err), want);
    if (i == 1) {
      CHECK_STR(err.found, "a failure of the stream: the cable was cut");
    } else if (i == 0) {
      CHECK_INT(err.sys_errno, EIO);
    }
    CHECK_INT(schemas_released + arrays_released, t.source.given);
    dm_run_free(run);
  }
}

static int count_down(void *ctx, uint64_t bytes) {
  (void)bytes;
  int *left = ctx;
  return --*left < 0;
}

/* Asked every so many rows; the batch and the schema are given back. */
static void test_interrupt(void) {
  dm_options options = options_of(false);
  dm_stream_plan plan = plan_of_table();
  plan.fields[DM_STREAM_STEP] = -1;
  table t;
  make_table(&t, 5000);
  int left = 2;
  dm_host host = {.check = count_down, .ctx = &left};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_stream(&run, &t, &plan, &options, &host, &err), DM_E_INTERRUPT);
  CHECK_INT(left, -1);
  CHECK_INT(schemas_released + arrays_released, t.source.given);
  dm_run_free(run);
}

/* Batches that were got before are their owner's. */
static void test_take(void) {
  table t;
  make_table(&t, 1);
  dm_stream_plan plan = plan_of_table();
  plan.fields[DM_STREAM_STEP] = -1;
  dm_options options = options_of(false);
  dm_run *run = NULL;
  dm_error err;
  dm_stream stream = {0};
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  CHECK_INT(dm_stream_open(&stream, &t.source.stream, &plan, run, NULL, &err), DM_OK);
  CHECK_INT(dm_stream_take(&stream, &t.batch.array, &err), DM_OK);
  CHECK_INT(arrays_released, 0);
  CHECK_INT(dm_stream_rest(&stream, &err), DM_OK);
  CHECK_INT(arrays_released, 1);
  CHECK_UINT(run->states.counts.good, (uint64_t)2 * N_ROWS);
  dm_stream_release(&stream);
  dm_run_free(run);
}

static void test_memory(void) {
  dm_stream_plan plan = plan_of_table();
  dm_options options = options_of(false);
  for (size_t k = 1;; k++) {
    DM_CASE("allocation %zu", k);
    table t;
    make_table(&t, 1);
    /* lists of floats, which are copied */
    static const float floats[] = {1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1};
    column items;
    make_column(&items, "item", "f", 12, 2, (const void *[3]){NULL, floats});
    make_column(&t.columns[6], "probs", "+w:2", N_ROWS, 1, NULL);
    add_child(&t.columns[6], &items);
    plan.probs = (dm_stream_vector){.column = 6};
    plan.logits = (dm_stream_vector){.column = -1, .parts = parts, .n_parts = 2};
    size_t before = fault_live_blocks();
    dm_run *run = NULL;
    dm_error err;
    fault_arm_memory(k, false);
    dm_status status = read_stream(&run, &t, &plan, &options, NULL, &err);
    bool has_fired = fault_has_fired();
    fault_arm_memory(0, false);
    CHECK(status == (has_fired ? DM_E_MEMORY : DM_OK));
    CHECK_INT(schemas_released + arrays_released, t.source.given);
    dm_run_free(run);
    CHECK_UINT(fault_live_blocks(), before);
    if (!has_fired) {
      return;
    }
  }
}

int main(void) {
  DM_RUN(test_values);
  DM_RUN(test_stand_ins);
  DM_RUN(test_bad_rows);
  DM_RUN(test_bad_values);
  DM_RUN(test_plans);
  DM_RUN(test_failing_source);
  DM_RUN(test_interrupt);
  DM_RUN(test_take);
  DM_RUN(test_memory);
  return dm_test_end();
}
