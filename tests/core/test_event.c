/* dm_event: what a line's fields add up to, given and derived. */
#include <math.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "number/dm_number.h"
#include "signals/dm_event.h"
#include "signals/dm_options.h"

/* --- derivations -------------------------------------------------------------------- */

/* What a line may give. label -1: none; pred_label -1: none; correct -1: none; index is
   the label_index + 1, 0: none. */
typedef struct line {
  int label, pred_label, correct;
  double label_probs; /* -9: none */
  double probs[4];
  size_t n_probs;
  double logits[4];
  size_t n_logits;
  int index;
} line;

static dm_fields fields_of(const line *l) {
  dm_fields fields = {.id = dm_ident_from_int(1)};
  if (l->label >= 0) {
    fields.label = dm_ident_from_int(l->label);
  }
  if (l->pred_label >= 0) {
    fields.pred_label = dm_ident_from_int(l->pred_label);
  }
  fields.has_correct = l->correct >= 0;
  fields.correct = l->correct == 1;
  fields.has_label_probs = l->label_probs > -9;
  fields.label_probs = l->label_probs;
  fields.probs = l->n_probs ? l->probs : NULL;
  fields.n_probs = l->n_probs;
  fields.logits = l->n_logits ? l->logits : NULL;
  fields.n_logits = l->n_logits;
  fields.has_label_index = l->index != 0;
  fields.label_index = l->index - 1;
  return fields;
}

#define NONE -9

static void test_derived(void) {
  const double inf = (double)INFINITY;
  const double nan = (double)NAN;
  const struct {
    line given;
    bool correct;
    double label_probs;
    uint32_t n_classes;
  } cases[] = {
      /* what is given wins */
      {{1, -1, 1, .5, {0}, 0, {0}, 0, 0}, true, .5, 0},
      {{1, -1, 0, .5, {.25, .75}, 2, {0}, 0, 0}, false, .5, 2},
      {{1, 1, 0, .5, {0}, 0, {0}, 0, 0}, false, .5, 0},
      {{1, 0, 1, .5, {.25, .75}, 2, {9, -9}, 2, 0}, true, .5, 2},
      /* correct from pred_label, and only then from the maximum */
      {{1, 1, -1, .5, {0}, 0, {0}, 0, 0}, true, .5, 0},
      {{1, 0, -1, .5, {.25, .75}, 2, {0}, 0, 0}, false, .5, 2},
      {{1, -1, -1, NONE, {.25, .75}, 2, {0}, 0, 0}, true, .75, 2},
      {{0, -1, -1, NONE, {.25, .75}, 2, {0}, 0, 0}, false, .25, 2},
      /* the first maximum wins */
      {{0, -1, -1, NONE, {.5, .5}, 2, {0}, 0, 0}, true, .5, 2},
      {{1, -1, -1, NONE, {.5, .5}, 2, {0}, 0, 0}, false, .5, 2},
      {{2, -1, -1, NONE, {.1, .2, .35, .35}, 4, {0}, 0, 0}, true, .35, 4},
      {{3, -1, -1, NONE, {.1, .2, .35, .35}, 4, {0}, 0, 0}, false, .35, 4},
      /* probs before logits */
      {{1, -1, -1, NONE, {.75, .25}, 2, {0, 5}, 2, 0}, false, .25, 2},
      /* softmax */
      {{0, -1, -1, NONE, {0}, 0, {2, 2}, 2, 0}, true, .5, 2},
      {{1, -1, -1, NONE, {0}, 0, {2, 2}, 2, 0}, false, .5, 2},
      {{0, -1, -1, NONE, {0}, 0, {5000, 0}, 2, 0}, true, 1, 2}, /* nothing overflows */
      {{1, -1, -1, NONE, {0}, 0, {5000, 0}, 2, 0}, false, 0, 2},
      {{1, -1, -1, NONE, {0}, 0, {-5000, -5000}, 2, 0}, false, .5, 2},
      {{0, -1, -1, NONE, {0}, 0, {1, -inf}, 2, 0}, true, 1, 2},
      /* a label that is no class may stand beside a given label_probs */
      {{7, -1, -1, .5, {.5, .5}, 2, {0}, 0, 0}, false, .5, 2},
      /* label_index decides, whether the label would be a class or not */
      {{7, -1, -1, NONE, {.25, .75}, 2, {0}, 0, 2}, true, .75, 2},
      {{1, -1, -1, NONE, {.25, .75}, 2, {0}, 0, 1}, false, .25, 2},
      {{0, -1, -1, NONE, {.25, .75}, 2, {0}, 0, 2}, true, .75, 2},
      {{3, -1, -1, NONE, {0}, 0, {0, 0, 5000}, 3, 3}, true, 1, 3},
      {{7, 7, -1, .5, {.75, .25}, 2, {0}, 0, 2}, true, .5, 2}, /* pred_label before it */
      {{7, -1, 1, .5, {0}, 0, {0}, 0, 2000000}, true, .5, 0},  /* unused */
      /* with a NaN there is no prediction, wherever it is */
      {{0, -1, -1, NONE, {.5, nan}, 2, {0}, 0, 0}, false, .5, 2},
      {{0, -1, -1, .5, {nan, nan}, 2, {0}, 0, 0}, false, .5, 2},
      {{1, -1, -1, .5, {nan, .5}, 2, {0}, 0, 0}, false, .5, 2},
      {{0, -1, -1, .5, {0}, 0, {2, nan}, 2, 0}, false, .5, 2},
      {{0, 0, -1, .5, {0}, 0, {nan, nan}, 2, 0}, true, .5, 2},
      {{1, -1, 1, .5, {nan, nan}, 2, {0}, 0, 0}, true, .5, 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_batch batch = {0};
    dm_batch_reset(&batch, &(dm_keep){0});
    dm_fields fields = fields_of(&cases[i].given);
    dm_error err;
    if (CHECK_INT(dm_event_add(&batch, &fields, 5, 77, NULL, &err), DM_OK)) {
      CHECK_UINT(batch.n_events, 1);
      CHECK_INT(batch.events[0].correct, cases[i].correct);
      CHECK_DOUBLE(batch.events[0].label_probs, cases[i].label_probs);
      CHECK_UINT(batch.events[0].n_classes, cases[i].n_classes);
      CHECK_UINT(batch.events[0].line, 5);
      CHECK_UINT(batch.events[0].offset, 77);
    }
    dm_batch_release(&batch);
  }
}

static void test_missing(void) {
  static const struct {
    line given;
    dm_status want;
    const char *key;
  } cases[] = {
      {{-1, -1, 1, .5, {0}, 0, {0}, 0, 0}, DM_E_FIELD, "label"},
      {{1, -1, -1, .5, {0}, 0, {0}, 0, 0}, DM_E_FIELD, "correct"},
      {{1, 1, -1, NONE, {0}, 0, {0}, 0, 0}, DM_E_FIELD, "label_probs"},
      {{1, -1, 1, NONE, {0}, 0, {0}, 0, 0}, DM_E_FIELD, "label_probs"},
      {{2, -1, -1, NONE, {.5, .5}, 2, {0}, 0, 0}, DM_E_RANGE, "label"},
      {{2, -1, 1, NONE, {0}, 0, {1, 2}, 2, 0}, DM_E_RANGE, "label"},
      /* one number is no distribution, whatever else is given */
      {{0, -1, -1, NONE, {1}, 1, {0}, 0, 0}, DM_E_FIELD, "probs"},
      {{0, -1, 1, .5, {.5}, 1, {0}, 0, 0}, DM_E_FIELD, "probs"},
      {{0, -1, -1, NONE, {0}, 0, {-2}, 1, 0}, DM_E_FIELD, "logits"},
      {{1, 1, 1, .5, {0}, 0, {-2}, 1, 0}, DM_E_FIELD, "logits"},
      {{1, 1, 1, .5, {.5, .5}, 2, {-2}, 1, 0}, DM_E_FIELD, "logits"},
      {{5, -1, 1, .5, {.5, .5}, 2, {0}, 0, 3}, DM_E_RANGE, "label_index"},
      {{0, -1, -1, NONE, {0}, 0, {1, 2}, 2, 3}, DM_E_RANGE, "label_index"},
      {{0, -1, 1, .5, {0}, 0, {0}, 0, -1}, DM_E_RANGE, "label_index"},
      {{0, -1, 1, .5, {0}, 0, {0}, 0, DM_CLASS_MAX + 1}, DM_E_RANGE, "label_index"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_batch batch = {0};
    dm_fields fields = fields_of(&cases[i].given);
    dm_error err;
    memset(&err, 0xA5, sizeof err);
    CHECK_INT(dm_event_add(&batch, &fields, 0, 0, NULL, &err), cases[i].want);
    CHECK_INT(err.status, cases[i].want);
    CHECK_STR(err.key, cases[i].key);
    CHECK(err.expected[0] != '\0' && err.found[0] != '\0');
    CHECK_UINT(batch.n_events, 0);
    dm_batch_release(&batch);
  }
  dm_batch batch = {0};
  dm_error err;
  dm_fields fields = fields_of(&cases[0].given);
  fields.id.kind = DM_IDENT_NONE;
  CHECK_INT(dm_event_add(&batch, &fields, 0, 0, NULL, &err), DM_E_FIELD);
  CHECK_STR(err.key, "id"); /* before the label */
  double probs[] = {.25, .75};
  fields = (dm_fields){.id = dm_ident_from_int(1),
                       .label = dm_ident_from_text("cat", 3),
                       .probs = probs,
                       .n_probs = 2};
  CHECK_INT(dm_event_add(&batch, &fields, 0, 0, NULL, &err), DM_E_FIELD);
  CHECK_STR(err.key, "label"); /* a name is no place among the classes */
  CHECK(strstr(err.advice, "\"label_index\"") != NULL);
  fields.has_label_probs = true; /* and nobody can tell whether it is right */
  CHECK_INT(dm_event_add(&batch, &fields, 0, 0, NULL, &err), DM_E_FIELD);
  CHECK_STR(err.key, "label");
  CHECK(strstr(err.expected, "\"correct\"") != NULL);
  fields.has_label_probs = false;
  fields.has_label_index = true; /* unless the line says it */
  fields.label_index = 1;
  CHECK_INT(dm_event_add(&batch, &fields, 0, 0, NULL, &err), DM_OK);
  CHECK_DOUBLE(batch.events[0].label_probs, .75);
  CHECK_UINT(batch.events[0].label_index, 2);
  CHECK(batch.events[0].correct && batch.has_label_index);
  fields.has_label_index = false;
  fields.label = dm_ident_from_text("1", 1); /* the same label as 1 */
  CHECK_INT(dm_event_add(&batch, &fields, 0, 0, NULL, &err), DM_OK);
  CHECK_DOUBLE(batch.events[1].label_probs, .75);
  CHECK_UINT(batch.events[1].label_index, 0);
  double one = .5;
  fields.probs = &one;
  for (fields.n_probs = 0; fields.n_probs < 2; fields.n_probs++) {
    CHECK_INT(dm_event_add(&batch, &fields, 0, 0, NULL, &err), DM_E_FIELD);
    CHECK(strstr(err.advice, "[1 - p, p]") != NULL);
    CHECK_STR(err.found, fields.n_probs ? "one number" : "an empty list");
  }
  fields.probs = probs;
  fields.label = dm_ident_from_int(-1);
  CHECK_INT(dm_event_add(&batch, &fields, 0, 0, NULL, &err), DM_E_RANGE);
  CHECK_STR(err.found, "-1");
  dm_batch_release(&batch);
}

/* --- disagreements -------------------------------------------------------------------
 */

static void test_noted(void) {
  const double nan = (double)NAN, inf = (double)INFINITY;
  const struct {
    line given;
    int kinds; /* bit per dm_problem_kind */
  } cases[] = {
#define BIT(kind) (1 << DM_PROBLEM_##kind)
      {{1, -1, 1, 0, {0}, 0, {0}, 0, 0}, 0},
      {{1, -1, 1, 1, {0}, 0, {0}, 0, 0}, 0},
      {{1, -1, 1, 1.000001, {0}, 0, {0}, 0, 0}, 0},
      {{1, -1, 1, -0.000001, {0}, 0, {0}, 0, 0}, 0},
      {{1, -1, 1, 1.0000011, {0}, 0, {0}, 0, 0}, BIT(PROB_RANGE)},
      {{1, -1, 1, -0.0000011, {0}, 0, {0}, 0, 0}, BIT(PROB_RANGE)},
      {{1, -1, 1, nan, {0}, 0, {0}, 0, 0}, 0}, /* see below: NaN is not > -9 */
      {{1, -1, 1, inf, {0}, 0, {0}, 0, 0}, BIT(NOT_FINITE)},
      {{1, -1, 1, .5009, {.5, .5009}, 2, {0}, 0, 0}, 0},
      {{1, -1, 1, .5011, {.5, .5011}, 2, {0}, 0, 0}, BIT(PROB_SUM)},
      {{1, -1, 1, .4991, {.5, .4991}, 2, {0}, 0, 0}, BIT(CORRECT)},
      {{1, -1, 0, .4989, {.5, .4989}, 2, {0}, 0, 0}, BIT(PROB_SUM)},
      {{0, -1, -1, NONE, {.5, 1.5}, 2, {0}, 0, 0}, BIT(PROB_RANGE) | BIT(PROB_SUM)},
      {{1, -1, 1, 1.5, {-.5, 1.5}, 2, {0}, 0, 0}, BIT(PROB_RANGE)},
      {{1, -1, 1, .5, {nan, .5}, 2, {0}, 0, 0}, BIT(PROB_SUM)},
      {{1, -1, 0, .5, {.5, nan}, 2, {0}, 0, 0}, BIT(PROB_SUM)},
      {{0, -1, 1, .5, {nan, .5}, 2, {0}, 0, 0}, BIT(PROB_SUM)},
      {{1, -1, -1, NONE, {.5, inf}, 2, {0}, 0, 0}, BIT(PROB_SUM) | BIT(NOT_FINITE)},
      /* a NaN where the prediction is looked for stands for the sum as well */
      {{1, -1, -1, NONE, {nan, .5}, 2, {0}, 0, 0}, BIT(NAN_CLASS)},
      {{0, -1, -1, NONE, {nan, .5}, 2, {0}, 0, 0}, BIT(NAN_CLASS) | BIT(NOT_FINITE)},
      {{1, -1, -1, .5, {0}, 0, {nan, nan}, 2, 0}, BIT(NAN_CLASS)},
      {{1, 1, -1, .5, {0}, 0, {nan, nan}, 2, 0}, 0},
      {{1, -1, 1, .5, {0}, 0, {nan, nan}, 2, 0}, 0},
      /* label_probs that is not in the vector at the label's place */
      {{1, -1, -1, .25, {.25, .75}, 2, {0}, 0, 0}, BIT(LABEL_PROBS)},
      {{0, -1, -1, .25, {.25, .75}, 2, {0}, 0, 0}, 0},
      {{0, -1, 1, .25, {.25, .75}, 2, {0}, 0, 2}, BIT(LABEL_PROBS)},
      {{0, -1, 1, .75, {.25, .75}, 2, {0}, 0, 2}, 0},
      {{9, -1, 1, .75, {.25, .75}, 2, {0}, 0, 0}, 0}, /* which has none */
      {{1, -1, 1, .7500009, {.25, .75}, 2, {0}, 0, 0}, 0},
      {{1, -1, 1, .7499991, {.25, .75}, 2, {0}, 0, 0}, 0},
      {{1, -1, 1, .7500011, {.25, .75}, 2, {0}, 0, 0}, BIT(LABEL_PROBS)},
      {{1, -1, 1, .7499989, {.25, .75}, 2, {0}, 0, 0}, BIT(LABEL_PROBS)},
      {{1, 1, 1, .5, {0}, 0, {0, 0}, 2, 0}, 0},
      {{1, 1, 1, .5, {0}, 0, {0, 1}, 2, 0}, BIT(LABEL_PROBS)}, /* 0.731 */
      {{1, 1, 1, inf, {.25, .75}, 2, {0}, 0, 0}, BIT(NOT_FINITE)},
      {{1, 1, 1, .5, {0}, 0, {0}, 0, 0}, 0},
      {{1, 0, 0, .5, {0}, 0, {0}, 0, 0}, 0},
      {{1, 1, 0, .5, {0}, 0, {0}, 0, 0}, BIT(CORRECT)},
      {{1, 0, 1, .5, {0}, 0, {0}, 0, 0}, BIT(CORRECT)},
      {{1, -1, 1, .25, {.75, .25}, 2, {0}, 0, 0}, BIT(CORRECT)},
      {{1, -1, 0, .75, {.25, .75}, 2, {0}, 0, 0}, BIT(CORRECT)},
      {{7, -1, 0, .75, {.25, .75}, 2, {0}, 0, 2}, BIT(CORRECT)},
      {{0, -1, 1, .75, {.25, .75}, 2, {0}, 0, 2}, 0},
      {{0, -1, 0, .5, {.5, .5}, 2, {0}, 0, 0}, 0}, /* a shared maximum: either may be */
      {{1, -1, 1, .5, {.5, .5}, 2, {0}, 0, 0}, 0},
      {{1, -1, 1, .5, {0}, 0, {2, 1}, 2, 0}, BIT(CORRECT) | BIT(LABEL_PROBS)},
      {{5, -1, 1, .5, {0}, 0, {2, 1}, 2, 0}, 0}, /* no class to compare with */
      {{1, -1, 1, .25, {.75, .25}, 2, {1, 2}, 2, 0}, BIT(CORRECT)}, /* probs count */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_batch batch = {0};
    dm_fields fields = fields_of(&cases[i].given);
    dm_error err;
    int want = cases[i].kinds;
    if (isnan(cases[i].given.label_probs)) {
      fields.has_label_probs = true;
      want = BIT(NOT_FINITE);
    }
    CHECK_INT(dm_event_add(&batch, &fields, 3, 0, NULL, &err), DM_OK);
    int got = 0;
    uint64_t sum = 0;
    for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
      got |= batch.problems.count[kind] ? 1 << kind : 0;
      sum += batch.problems.count[kind];
    }
    CHECK_INT(got, want);
    CHECK_UINT(sum, batch.problems.n_kept);
    for (size_t k = 0; k < batch.problems.n_kept; k++) {
      CHECK_UINT(batch.problems.kept[k].line, 3);
      CHECK(batch.problems.kept[k].key[0] && batch.problems.kept[k].expected[0] &&
            batch.problems.kept[k].actual[0]);
    }
    CHECK_UINT(batch.n_events, 1); /* kept and counted all the same */
    dm_batch_release(&batch);
  }
}

/* The short way of lines with probs, which a label_index is kept from: with one that says
   what the label says, there has to be the same event and the same to note. */
static void test_usual_probs(void) {
  const double odd[] = {(double)NAN, (double)INFINITY, -1e-7, 1 + 1e-9, 1e-3, -.25,
                        1e308};
  uint64_t seed = 1;
  unsigned long n_noted = 0;
  for (int i = 0; i < 20000; i++) {
    DM_CASE("case %d", i);
    line l = {.n_probs = 2 + naive_below(&seed, 3), .label_probs = NONE};
    double left = 1;
    for (size_t k = 0; k < l.n_probs; k++) { /* of few values, so that many are equal */
      double p = k + 1 < l.n_probs ? (double)naive_below(&seed, 5) / 8 * left : left;
      l.probs[k] = naive_below(&seed, 40) ? p : odd[naive_below(&seed, 7)];
      left -= l.probs[k];
    }
    if (naive_below(&seed, 50) == 0) { /* too large, with a sum that is near 1 */
      memset(l.probs, 0, sizeof l.probs);
      l.probs[naive_below(&seed, l.n_probs)] = 1.0005;
    }
    size_t y = naive_below(&seed, l.n_probs);
    l.label = (int)y;
    l.pred_label = (int)naive_below(&seed, 5) - 1;
    l.correct = (int)naive_below(&seed, 3) - 1;
    if (naive_below(&seed, 2)) {
      const double off[] = {0, 0, 9e-7, -9e-7, 2e-6};
      l.label_probs = l.probs[y] + off[naive_below(&seed, 5)];
    }
    dm_batch batches[2] = {{0}, {0}};
    dm_error err;
    for (int is_other = 0; is_other < 2; is_other++) {
      l.index = is_other ? l.label + 1 : 0;
      dm_fields fields = fields_of(&l);
      CHECK_INT(dm_event_add(&batches[is_other], &fields, 0, 0, NULL, &err), DM_OK);
    }
    const dm_event *a = batches[0].events;
    const dm_event *b = batches[1].events;
    CHECK_UINT(dm_double_bits(a->label_probs), dm_double_bits(b->label_probs));
    CHECK_INT(a->correct, b->correct);
    CHECK_UINT(a->n_classes, b->n_classes);
    for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
      CHECK_UINT(batches[0].problems.count[kind], batches[1].problems.count[kind]);
    }
    n_noted += batches[0].problems.n_kept > 0;
    dm_batch_release(&batches[0]);
    dm_batch_release(&batches[1]);
  }
  CHECK(n_noted > 2000 && n_noted < 18000);
}

/* --- batches ------------------------------------------------------------------------ */

static void test_batch(void) {
  enum { N = 1000, SIGNALS = 3 };
  dm_batch batch = {0};
  dm_error err;
  for (int round = 0; round < 2;
       round++) { /* the second time in the first one's memory */
    dm_batch_reset(&batch, &(dm_keep){.n_signals = SIGNALS});
    for (uint32_t i = 0; i < N; i++) {
      char id[32], label[32];
      snprintf(id, sizeof id, "sample %u", i);
      snprintf(label, sizeof label, "%u", i % 7);
      double signals[SIGNALS] = {i, dm_double_from_bits(DM_ABSENT_BITS), -(double)i};
      dm_fields fields = {
          .id = i % 3 ? dm_ident_from_text(id, strlen(id)) : dm_ident_from_int(i),
          .label = dm_ident_from_text(label, strlen(label)),
          .has_correct = true,
          .has_label_probs = true,
          .label_probs = i / 1000.0,
          .step_kind = i % 2 ? DM_STEP_UNIQUE : DM_STEP_NONE,
          .step = i / 4.0,
          .signals = signals};
      CHECK_INT(dm_event_add(&batch, &fields, i, 2 * i, NULL, &err), DM_OK);
    }
    CHECK_UINT(batch.n_events, N);
    unsigned long wrong = 0;
    for (uint32_t i = 0; i < N; i++) {
      char id[32];
      snprintf(id, sizeof id, "sample %u", i);
      const dm_event *event = &batch.events[i];
      dm_ident got = dm_batch_ident(&batch, event->id_kind, event->id);
      dm_ident want = i % 3 ? dm_ident_from_text(id, strlen(id)) : dm_ident_from_int(i);
      wrong += !dm_ident_equal(&got, &want) || got.kind != want.kind;
      got = dm_batch_ident(&batch, event->label_kind, event->label);
      wrong += got.kind != DM_IDENT_INT_TEXT || got.value != i % 7;
      wrong += event->s_label_kind != DM_IDENT_NONE;
      wrong += event->label_probs != i / 1000.0 || event->line != i;
      wrong += event->step_kind != (i % 2 ? DM_STEP_UNIQUE : DM_STEP_NONE);
      wrong += i % 2 && batch.steps[i] != i / 4.0;
      const double *signals = batch.signals + (size_t)i * SIGNALS;
      wrong += signals[0] != i || signals[2] != -(double)i ||
               dm_double_bits(signals[1]) != DM_ABSENT_BITS;
    }
    CHECK_UINT(wrong, 0);
  }
  dm_batch_reset(&batch, &(dm_keep){0});
  CHECK_UINT(batch.n_events, 0);
  CHECK_UINT(batch.text.len, 0);
  dm_batch_release(&batch);
  dm_batch_release(&batch);
}

/* A signalling NaN is another one once x87 has loaded it. */
static void test_absent(void) {
  CHECK(isnan(dm_double_from_bits(DM_ABSENT_BITS)));
  CHECK_UINT(DM_ABSENT_BITS >> 51 & 1, 1);
}

int main(void) {
  DM_RUN(test_absent);
  DM_RUN(test_derived);
  DM_RUN(test_missing);
  DM_RUN(test_noted);
  DM_RUN(test_usual_probs);
  DM_RUN(test_batch);
  return dm_test_end();
}
