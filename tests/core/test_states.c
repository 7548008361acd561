/* dm_states.c: what a run is asked for decides which states there are; and what is said
   of a sample or a place is what is found there. */
#include <math.h>

#include "dm_test.h"
#include "summary/dm_states.h"

static dm_states made(const dm_options *options) {
  dm_states states;
  dm_error err;
  CHECK_INT(dm_states_init(&states, options, &err), DM_OK);
  return states;
}

static uint32_t add(dm_states *states, int64_t id) {
  dm_ident ident = dm_ident_from_int(id);
  uint32_t row = UINT32_MAX;
  dm_error err;
  CHECK_INT(dm_states_sample(states, &ident, &row, &err), DM_OK);
  return row;
}

/* Which rows there are beside those of every sample. */
static void test_requests(void) {
  static const char *const signals[] = {"grad", "loss"};
  static const struct {
    dm_options options;
    size_t n_values;
    bool has_metrics, has_seen, has_class_sums, has_predictions;
  } cases[] = {
      {{.n_signals = 0}, 0, false, false, false, false},
      {{.signals = signals, .n_signals = 2}, 3, false, false, false, false},
      {{.burn_out = 1}, 0, false, true, false, false},
      {{.has_step_range = true, .last_step = 2}, 0, false, true, false, false},
      {{.metrics = DM_METRIC_BIT(DM_METRIC_AUM)}, 1, false, false, false, false},
      {{.metrics = DM_METRIC_BIT(DM_METRIC_ENTROPY_OF_MEAN)},
       0,
       true,
       false,
       true,
       false},
      {{.metrics = DM_METRIC_BIT(DM_METRIC_PRED_DIST)}, 0, false, false, false, true},
      {{.signals = signals, .n_signals = 2, .metrics = DM_METRIC_BIT(DM_METRIC_LOSS_EMA)},
       3,
       true,
       false,
       false,
       false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    dm_states states = made(&cases[i].options);
    CHECK_UINT(states.kept.n, cases[i].n_values);
    CHECK(states.largest_step == -INFINITY);
    CHECK_UINT(add(&states, 5), 0);
    CHECK_UINT(add(&states, -5), 1);
    CHECK_UINT(add(&states, 5), 0);
    CHECK_UINT(states.ids.n, 2);
    CHECK(dm_rows_cap(&states.accum) >= 2);
    CHECK_INT(dm_rows_cap(&states.kept.rows) >= 2, cases[i].n_values > 0);
    CHECK_INT(dm_rows_cap(&states.metrics) >= 2, cases[i].has_metrics);
    CHECK_INT(dm_rows_cap(&states.seen) >= 2, cases[i].has_seen);
    CHECK_INT(states.class_sums.n_rows >= 2, cases[i].has_class_sums);
    CHECK_INT(states.predictions.n_rows >= 2, cases[i].has_predictions);
    CHECK_INT(states.places.n_rows >= 2, cases[i].has_predictions);
    CHECK_UINT(dm_rows_cap(&states.steps), 0); /* no line had one */
    states.has_steps = true;
    dm_error err;
    CHECK_INT(dm_states_grow(&states, &err), DM_OK);
    CHECK(dm_rows_cap(&states.steps) >= 2);
    dm_states_release(&states);
  }
}

static void test_refused(void) {
  static const char *const signals[] = {"losses", "grad"};
  const dm_options no_loss = {
      .signals = signals, .n_signals = 2, .metrics = DM_METRIC_BIT(DM_METRIC_LOSS_EMA)};
  dm_states states;
  dm_error err;
  CHECK_INT(dm_states_init(&states, &no_loss, &err), DM_E_INPUT);
  CHECK(strstr(err.expected, "loss") != NULL);
  dm_states_release(&states);
  const char *many[DM_SIGNALS_MAX + 1];
  for (size_t i = 0; i <= DM_SIGNALS_MAX; i++) {
    many[i] = "s";
  }
  const dm_options too_many = {.signals = many, .n_signals = DM_SIGNALS_MAX + 1};
  CHECK_INT(dm_states_init(&states, &too_many, &err), DM_E_INPUT);
  dm_states_release(&states);
}

/* The first length is common to most: only other ones take memory. */
static void test_classes(void) {
  dm_states states = made(&(dm_options){.seed = 1});
  dm_error err;
  for (int64_t id = 0; id < 5; id++) {
    (void)add(&states, id);
  }
  CHECK_UINT(dm_states_classes(&states, 0), 0);
  CHECK_INT(dm_states_set_classes(&states, 0, 0, &err), DM_OK);
  CHECK_UINT(states.common_classes, 0); /* none says nothing */
  CHECK_INT(dm_states_set_classes(&states, 1, 3, &err), DM_OK);
  CHECK_INT(dm_states_set_classes(&states, 2, 3, &err), DM_OK);
  CHECK_UINT(dm_rows_cap(&states.classes), 0);
  CHECK_INT(dm_states_set_classes(&states, 3, 70000, &err), DM_OK);
  CHECK(dm_rows_cap(&states.classes) >= 4);
  static const uint32_t want[] = {0, 3, 3, 70000, 0};
  for (uint32_t row = 0; row < 5; row++) {
    DM_CASE("row %u", (unsigned)row);
    CHECK_UINT(dm_states_classes(&states, row), want[row]);
  }
  dm_states_release(&states);
}

static void test_label_index(void) {
  dm_states states = made(&(dm_options){.seed = 1});
  dm_error err;
  CHECK_UINT(dm_states_label_index(&states, 0), 0);
  CHECK_INT(dm_states_set_label_index(&states, 2, 0, &err), DM_OK);
  CHECK_UINT(dm_rows_cap(&states.indexes), 0);
  CHECK_INT(dm_states_set_label_index(&states, 2, 7, &err), DM_OK);
  CHECK_UINT(dm_states_label_index(&states, 2), 7);
  CHECK_UINT(dm_states_label_index(&states, 1), 0);
  CHECK_UINT(dm_states_label_index(&states, UINT32_MAX), 0);
  dm_states_release(&states);
}

/* A place that was given two labels is called by neither. */
static void test_class_labels(void) {
  dm_states states = made(&(dm_options){.seed = 1});
  dm_error err;
  uint32_t row;
  dm_ident cat = dm_ident_from_text("cat", 3);
  dm_ident dog = dm_ident_from_text("dog", 3);
  CHECK_INT(dm_index_row(&states.labels, &cat, &row, &err), DM_OK);
  CHECK_INT(dm_index_row(&states.labels, &dog, &row, &err), DM_OK);
  CHECK_INT(dm_states_class_label(&states, 4).value, 4);
  CHECK_INT(dm_states_name_class(&states, 2, 2, &err), DM_OK);
  CHECK_UINT(states.n_class_labels, 3);
  CHECK_INT(dm_states_name_class(&states, 0, 1, &err), DM_OK);
  CHECK_INT(dm_states_name_class(&states, 0, 1, &err), DM_OK); /* again */
  CHECK_INT(dm_states_name_class(&states, 0, 0, &err), DM_OK); /* nothing new */
  dm_ident got = dm_states_class_label(&states, 0);
  CHECK_BYTES(got.text, got.len, "cat", 3);
  got = dm_states_class_label(&states, 2);
  CHECK_BYTES(got.text, got.len, "dog", 3);
  got = dm_states_class_label(&states, 1);
  CHECK_INT(got.kind, DM_IDENT_INT);
  CHECK_INT(got.value, 1);
  CHECK_INT(dm_states_name_class(&states, 0, 2, &err), DM_OK);
  CHECK_UINT(states.class_labels[0], DM_LABELS_SEVERAL);
  CHECK_INT(dm_states_name_class(&states, 0, 1, &err), DM_OK); /* and so it stays */
  CHECK_UINT(states.class_labels[0], DM_LABELS_SEVERAL);
  got = dm_states_class_label(&states, 0);
  CHECK_INT(got.kind, DM_IDENT_INT);
  CHECK_INT(got.value, 0);
  dm_states_release(&states);
}

int main(void) {
  DM_RUN(test_requests);
  DM_RUN(test_refused);
  DM_RUN(test_classes);
  DM_RUN(test_label_index);
  DM_RUN(test_class_labels);
  return dm_test_end();
}
