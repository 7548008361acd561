/* dm_metric: what metrics need of lines, and the average of losses by its weights. */
#include <math.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "summary/dm_metric.h"

static bool is_near(double got, double want, double tolerance) {
  return fabs(got - want) <= tolerance * (1 + fabs(want));
}

static void test_keep(void) {
  static const struct {
    uint32_t metrics;
    uint32_t measures;
    bool has_probs, has_prediction, needs_probs;
  } cases[] = {
#define METRIC(name) DM_METRIC_BIT(DM_METRIC_##name)
#define MEASURE(name) DM_MEASURE_BIT(DM_MEASURE_##name)
      {0, 0, 0, 0, 0},
      {METRIC(AUM), MEASURE(LOG_MARGIN), 0, 0, 1},
      {METRIC(PROB_MARGIN), MEASURE(PROB_MARGIN), 0, 0, 1},
      {METRIC(EL2N), MEASURE(ERROR_NORM), 0, 0, 1},
      {METRIC(EL2N) | METRIC(EL2N_LAST), MEASURE(ERROR_NORM), 0, 0, 1},
      {METRIC(MEAN_ENTROPY), MEASURE(ENTROPY), 0, 0, 1},
      {METRIC(ENTROPY_OF_MEAN), 0, 1, 0, 1},
      /* of these, label_probs tells all */
      {METRIC(ALEATORIC) | METRIC(MEAN_LOG2_PROB),
       MEASURE(ALEATORIC) | MEASURE(LOG2_PROB), 0, 0, 0},
      {METRIC(LOSS_EMA) | METRIC(FIRST_CORRECT) | METRIC(LEARNED_FOR_GOOD) |
           METRIC(FORGOTTEN_FOR_GOOD),
       0, 0, 0, 0},
      {METRIC(PRED_DIST), 0, 0, 1, 1},
      {METRIC(PRED_DIST) | METRIC(AUM), MEASURE(LOG_MARGIN), 0, 1, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_keep keep = dm_metric_keep(3, cases[i].metrics);
    CHECK_UINT(keep.n_signals, 3);
    CHECK_UINT(keep.measures, cases[i].measures);
    CHECK_INT(keep.has_probs, cases[i].has_probs);
    CHECK_INT(keep.has_prediction, cases[i].has_prediction);
    CHECK_INT(keep.needs_probs, cases[i].needs_probs);
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

static dm_metric_accum add_losses(const double *loss, size_t n) {
  dm_metric_accum a = {0};
  for (size_t k = 0; k < n; k++) {
    dm_metric_add(&a, DM_METRIC_BIT(DM_METRIC_LOSS_EMA),
                  &(dm_metric_line){.loss = loss[k], .has_loss = true});
  }
  return a;
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
  DM_RUN(test_loss);
  DM_RUN(test_loss_far);
  DM_RUN(test_loss_not_finite);
  return dm_test_end();
}
