/* dm_metric: what metrics need of lines, and the average of losses by its weights. */
#include <math.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "number/dm_number.h"
#include "summary/dm_metric.h"

static bool is_near(double got, double want, double tolerance) {
  return fabs(got - want) <= tolerance * (1 + fabs(want));
}

static void test_keep(void) {
  static const struct {
    uint32_t metrics;
    const char *measures[2];
    bool has_probs, has_prediction, needs_probs;
  } cases[] = {
#define METRIC(name) DM_METRIC_BIT(DM_METRIC_##name)
      {0, {NULL}, 0, 0, 0},
      {METRIC(AUM), {"log_margin"}, 0, 0, 1},
      {METRIC(PROB_MARGIN), {"prob_margin"}, 0, 0, 1},
      {METRIC(EL2N), {"error_norm"}, 0, 0, 1},
      {METRIC(EL2N) | METRIC(EL2N_LAST), {"error_norm"}, 0, 0, 1},
      {METRIC(MEAN_ENTROPY), {"entropy"}, 0, 0, 1},
      {METRIC(ENTROPY_OF_MEAN), {NULL}, 1, 0, 1},
      /* of these, label_probs tells all */
      {METRIC(ALEATORIC) | METRIC(MEAN_LOG2_PROB), {"aleatoric", "log2_prob"}, 0, 0, 0},
      {METRIC(LOSS_EMA) | METRIC(FIRST_CORRECT) | METRIC(LEARNED_FOR_GOOD) |
           METRIC(FORGOTTEN_FOR_GOOD),
       {NULL},
       0,
       0,
       0},
      {METRIC(PRED_DIST), {NULL}, 0, 1, 1},
      {METRIC(PRED_DIST) | METRIC(AUM), {"log_margin"}, 0, 1, 1},
  };
  const char *names[] = {"grad", "losses", "mine"};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_keep keep = dm_metric_keep(names, 3, cases[i].metrics);
    CHECK_UINT(keep.n_signals, 3);
    dm_measures want = 0;
    for (size_t k = 0; k < 2 && cases[i].measures[k]; k++) {
      want |= dm_measure_find(cases[i].measures[k]);
    }
    CHECK_UINT(keep.measures, want);
    CHECK_UINT(keep.loss, 0);
    names[1] = "loss";
    keep = dm_metric_keep(names, 3, cases[i].metrics);
    CHECK_UINT(keep.loss_signal, 1);
    CHECK_UINT(keep.loss, dm_measure_find("loss"));
    CHECK_UINT(keep.measures, want | keep.loss);
    CHECK(keep.loss > want); /* the last */
    names[1] = "losses";
    CHECK_INT(keep.has_probs, cases[i].has_probs);
    CHECK_INT(keep.has_prediction, cases[i].has_prediction);
    CHECK_INT(keep.needs_probs, cases[i].needs_probs);
  }
}

/* Every row has what it needs, and every member its column. */
static void test_rows(void) {
  for (int i = 0; i < DM_N_METRICS; i++) {
    const dm_metric_info *info = &dm_metrics[i];
    DM_CASE("%s", info->name);
    CHECK_INT(dm_metric_find(info->name), i);
    CHECK(!info->measure || dm_measure_find(info->measure) != 0);
    CHECK(info->measure || info->value || info->kind == DM_METRIC_TEXT);
  }
  CHECK_INT(dm_metric_find("loss"), DM_N_METRICS);
  size_t n;
  size_t size = 0;
  const dm_state_field *fields = dm_metric_fields(&n);
  for (size_t i = 0; i < n; i++) {
    size += fields[i].type == DM_STATE_DOUBLE ? sizeof(double) : sizeof(int32_t);
    for (size_t k = 0; k < i; k++) {
      CHECK(fields[k].offset != fields[i].offset);
    }
  }
  CHECK_UINT((size + sizeof(double) - 1) / sizeof(double) * sizeof(double),
             sizeof(dm_metric_accum));
}

/* What no sample of three evaluations can have. */
static void test_wrong(void) {
  const struct {
    dm_metric_accum a;
    const char *key;
  } cases[] = {
      {{.n_probs = 0}, NULL},
      {{.n_probs = 3, .has_loss = DM_LOSS_DERIVED}, NULL},
      {{.n_probs = 4}, "n_probs"},
      {{.n_probs = -1}, "n_probs"},
      {{.has_loss = DM_N_LOSS_KINDS}, "has_loss"},
      {{.has_loss = -1}, "has_loss"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    const char *expected = NULL;
    const char *key = dm_metric_wrong(&cases[i].a, 3, &expected);
    CHECK((key != NULL) == (cases[i].key != NULL));
    CHECK((expected != NULL) == (cases[i].key != NULL));
    if (key && cases[i].key) {
      CHECK_STR(key, cases[i].key);
    }
  }
}

/* --- losses --------------------------------------------------------------------------
 */

/* The weights written out: d^n of the first, (1 - d) d^k of the one k before the last. */
static double naive_average(const double *loss, size_t n) {
  long double d = 0.9L, weight = 1, sum = 0;
  for (size_t k = 0; k + 1 < n; k++) {
    sum += (1 - d) * weight * (long double)loss[n - 1 - k];
    weight *= d;
  }
  return (double)(sum + weight * (long double)loss[0]);
}

/* Of lines whose second signal is the loss, given or derived. */
static void add_kind(dm_metric_accum *a, const double *loss, size_t n, bool is_given) {
  static const char *const names[] = {"mine", "loss"};
  const double absent = dm_double_from_bits(DM_ABSENT_BITS);
  const dm_keep keep = dm_metric_keep(names, 2, 0);
  for (size_t k = 0; k < n; k++) {
    const double values[3] = {-5, is_given ? loss[k] : absent,
                              is_given ? absent : loss[k]};
    dm_metric_add(a, METRIC(LOSS_EMA),
                  &(dm_metric_line){.keep = &keep, .values = values});
  }
}

static dm_metric_accum add_losses(const double *loss, size_t n) {
  dm_metric_accum a = {0};
  add_kind(&a, loss, n, true);
  return a;
}

/* What nobody asks for is not added. */
static void test_no_loss(void) {
  static const char *const names[] = {"loss"};
  dm_metric_accum a = {0};
  dm_keep keep = dm_metric_keep(NULL, 0, 0);
  const double values[] = {3, dm_double_from_bits(DM_ABSENT_BITS)};
  dm_metric_line line = {.keep = &keep, .values = values};
  dm_metric_add(&a, METRIC(LOSS_EMA), &line);
  CHECK_INT(a.has_loss, 0);
  keep = dm_metric_keep(names, 1, 0);
  dm_metric_add(&a, METRIC(ENTROPY_OF_MEAN), &line);
  CHECK_INT(a.has_loss, 0);
  dm_metric_add(&a, METRIC(LOSS_EMA), &line);
  CHECK_DOUBLE(a.loss_average, 3);
}

/* Derived losses count only for a sample that is given none, wherever those come. */
static void test_loss_kinds(void) {
  static const double loss[] = {3, 1, 2, 5};
  for (unsigned given = 0; given < 16; given++) {
    double counted[4];
    size_t n = 0;
    for (size_t k = 0; k < 4; k++) {
      if (given == 0 || given >> k & 1) {
        counted[n++] = loss[k];
      }
    }
    double want = naive_average(counted, n);
    for (size_t cut = 0; cut <= 4; cut++) {
      DM_CASE("given %u, cut at %zu", given, cut);
      dm_metric_accum parts[2] = {{.n_probs = 0}, {.n_probs = 0}};
      for (size_t k = 0; k < 4; k++) {
        add_kind(&parts[k >= cut], loss + k, 1, given >> k & 1);
      }
      dm_metric_merge(&parts[0], &parts[1]);
      CHECK(is_near(parts[0].loss_average, want, 1e-15));
      CHECK_INT(parts[0].has_loss, given ? DM_LOSS_GIVEN : DM_LOSS_DERIVED);
    }
  }
}

static void test_loss(void) {
  static const double by_hand[] = {1, 2, 4};
  dm_metric_accum a = add_losses(by_hand, 3);
  CHECK(is_near(a.loss_average, 0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 4, 1e-15));
  CHECK_DOUBLE(add_losses(by_hand, 1).loss_average, 1);
  uint64_t seed = 201;
  double loss[400];
  for (int round = 0; round < 200; round++) {
    size_t n = 1 + naive_below(&seed, 400);
    for (size_t k = 0; k < n; k++) {
      loss[k] = -log(naive_uniform(&seed));
    }
    DM_CASE("round %d of %zu", round, n);
    double want = naive_average(loss, n);
    CHECK(is_near(add_losses(loss, n).loss_average, want, 1e-13));
    dm_metric_accum merged = {0}; /* in stretches of any length, also empty ones */
    for (size_t from = 0; from < n;) {
      size_t len = naive_below(&seed, 20);
      len = len < n - from ? len : n - from;
      dm_metric_accum b = add_losses(loss + from, len);
      b.n_probs = (int32_t)len;
      dm_metric_merge(&merged, &b);
      from += len;
    }
    CHECK(is_near(merged.loss_average, want, 1e-13));
    CHECK_UINT(merged.n_probs, n);
  }
}

/* Finite ones never give more than the largest double. */
static void test_loss_far(void) {
  static const double of[] = {0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023, 1e308, 1};
  for (size_t i = 0; i < 256; i++) {
    const double loss[] = {of[i % 4], of[i / 4 % 4], of[i / 16 % 4], of[i / 64]};
    double scaled[4];
    for (size_t k = 0; k < 4; k++) {
      scaled[k] = loss[k] * 0x1p-10;
    }
    double want = naive_average(scaled, 4);
    for (size_t cut = 0; cut <= 4; cut++) {
      DM_CASE("losses %zu, cut at %zu", i, cut);
      dm_metric_accum a = add_losses(loss, cut);
      dm_metric_accum b = add_losses(loss + cut, 4 - cut);
      dm_metric_merge(&a, &b);
      CHECK(isfinite(a.loss_average));
      CHECK(fabs(a.loss_average * 0x1p-10 - want) <= 1e-14 * 0x1p1014);
    }
  }
}

/* Infinities and NaN end where they end when the losses come one by one. */
static void test_loss_not_finite(void) {
  static const double of[] = {1, 2.5, (double)INFINITY, (double)-INFINITY, (double)NAN};
  for (size_t i = 0; i < 625; i++) {
    const double loss[] = {of[i % 5], of[i / 5 % 5], of[i / 25 % 5], of[i / 125]};
    double want = add_losses(loss, 4).loss_average;
    for (size_t cut = 0; cut <= 4; cut++) {
      DM_CASE("losses %zu, cut at %zu", i, cut);
      dm_metric_accum a = add_losses(loss, cut);
      dm_metric_accum b = add_losses(loss + cut, 4 - cut);
      dm_metric_merge(&a, &b);
      CHECK(isnan(want)   ? isnan(a.loss_average)
            : isinf(want) ? a.loss_average == want
                          : is_near(a.loss_average, want, 1e-14));
    }
  }
}

int main(void) {
  DM_RUN(test_keep);
  DM_RUN(test_rows);
  DM_RUN(test_wrong);
  DM_RUN(test_no_loss);
  DM_RUN(test_loss);
  DM_RUN(test_loss_kinds);
  DM_RUN(test_loss_far);
  DM_RUN(test_loss_not_finite);
  return dm_test_end();
}
