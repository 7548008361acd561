/* dm_metric against its formulas in extended precision, and by hand. */
#include <math.h>
#include <stdlib.h>

#include "dm_metric.h"
#include "dm_naive.h"
#include "dm_test.h"

static double uniform(uint64_t *seed) {
  return (double)(naive_random(seed) >> 11) * 0x1p-53;
}

static bool is_near(double got, double want, double tolerance) {
  return fabs(got - want) <= tolerance * (1 + fabs(want));
}

/* --- lines ---------------------------------------------------------------------------
 */

enum { ALL_MEASURES = (1 << DM_N_MEASURES) - 1 };

static bool is_absent(double value) {
  return dm_double_bits(value) == DM_ABSENT_BITS;
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
  CHECK_UINT(dm_metric_place(ALL_MEASURES, DM_MEASURE_ENTROPY), DM_MEASURE_ENTROPY);
  CHECK_UINT(
      dm_metric_place(MEASURE(PROB_MARGIN) | MEASURE(LOG2_PROB), DM_MEASURE_LOG2_PROB),
      1);
}

static void test_measures_by_hand(void) {
  static const double probs[] = {.125, .5, .375};
  dm_fields fields = {.label = dm_ident_from_int(1)};
  double got[DM_N_MEASURES];
  dm_metric_measure(ALL_MEASURES, &fields, probs, 3, .5, got);
  CHECK(is_near(got[DM_MEASURE_LOG_MARGIN], log(4.0 / 3), 1e-15));
  CHECK_DOUBLE(got[DM_MEASURE_PROB_MARGIN], .125);
  CHECK(is_near(got[DM_MEASURE_ERROR_NORM], sqrt(.015625 + .25 + .140625), 1e-15));
  CHECK(is_near(got[DM_MEASURE_ENTROPY], 0.97431475, 1e-8)); /* 3/8 ln 8 + ... */
  CHECK_DOUBLE(got[DM_MEASURE_ALEATORIC], .25);
  CHECK_DOUBLE(got[DM_MEASURE_LOG2_PROB], -1);

  /* a part of them stands close together */
  dm_metric_measure(MEASURE(PROB_MARGIN) | MEASURE(LOG2_PROB), &fields, probs, 3, .25,
                    got);
  CHECK_DOUBLE(got[0], .125);
  CHECK_DOUBLE(got[1], -2);

  /* logits give the margin themselves, also beside other probs */
  static const double logits[] = {-1, 800, 798.5};
  fields.logits = logits;
  fields.n_logits = 3;
  dm_metric_measure(MEASURE(LOG_MARGIN) | MEASURE(PROB_MARGIN), &fields, probs, 3, .5,
                    got);
  CHECK_DOUBLE(got[0], 1.5);
  CHECK_DOUBLE(got[1], .125);
}

/* From logits also where the probability is too small for a double, or too near to 1. */
static void test_log2_prob_of_logits(void) {
  static const struct {
    double logits[3];
    int64_t label;
    double want; /* in nats */
  } cases[] = {
      {{0, 2000, 0}, 0, -2000},
      {{0, 2000, 1000}, 2, -1000},
      {{5, 5, 5}, 1, -1.0986122886681098},
      {{0, -800, -900}, 0, 0},
      {{1e300, 0, 0}, 1, -1e300},
      {{0, -40, -1000}, 0, -4.248354255291589e-18},
      {{-1e5, -1e5, -1e6}, 0, -0.6931471805599453},
      {{0, 745, 750}, 0, -750.0067153484891},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_fields fields = {.label = dm_ident_from_int(cases[i].label),
                        .logits = cases[i].logits,
                        .n_logits = 3};
    double got;
    double p = dm_softmax(cases[i].logits, 3, (size_t)cases[i].label);
    dm_metric_measure(MEASURE(LOG2_PROB), &fields, NULL, 0, p, &got);
    double want = cases[i].want / 0.6931471805599453;
    CHECK(fabs(got - want) <= 1e-14 * fabs(want));
    fields.has_label_probs = true; /* what is given wins */
    dm_metric_measure(MEASURE(LOG2_PROB), &fields, NULL, 0, .25, &got);
    CHECK_DOUBLE(got, -2);
  }
  static const double odd[] = {(double)NAN, (double)INFINITY};
  for (size_t i = 0; i < 2; i++) {
    const double logits[] = {odd[i], 0};
    dm_fields fields = {.label = dm_ident_from_int(1), .logits = logits, .n_logits = 2};
    double got;
    dm_metric_measure(MEASURE(LOG2_PROB), &fields, NULL, 0, (double)NAN, &got);
    CHECK(isnan(got));
  }
}

/* What a line does not have, and values at the edge. */
static void test_measures_edges(void) {
  const double inf = (double)INFINITY, nan = (double)NAN;
  const struct {
    int64_t label;
    double probs[3];
    size_t n;
    double log_margin, margin, norm; /* -77: absent */
  } cases[] = {
      {0, {0}, 0, -77, -77, -77},
      {3, {.2, .3, .5}, 3, -77, -77, -77}, /* no such class */
      {-1, {.2, .3, .5}, 3, -77, -77, -77},
      {0, {1, 0}, 2, inf, 1, 0},
      {1, {1, 0}, 2, -inf, -1, sqrt(2)},
      {2, {1, 0, 0}, 3, -inf, -1, sqrt(2)},
      {0, {0, 0}, 2, nan, 0, 1},
      {0, {.5, nan, .5}, 3, nan, nan, nan},
      {0, {.5, .5, nan}, 3, nan, nan, nan},
      {0, {nan, .5, .5}, 3, nan, nan, nan},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_fields fields = {.label = dm_ident_from_int(cases[i].label)};
    double got[DM_N_MEASURES];
    const double *probs = cases[i].n ? cases[i].probs : NULL;
    dm_metric_measure(ALL_MEASURES, &fields, probs, cases[i].n, .5, got);
    const double want[] = {cases[i].log_margin, cases[i].margin, cases[i].norm};
    for (size_t k = 0; k < 3; k++) {
      CHECK(want[k] == -77       ? is_absent(got[k])
            : want[k] != want[k] ? got[k] != got[k] && !is_absent(got[k])
                                 : got[k] == want[k]);
    }
    CHECK_INT(is_absent(got[DM_MEASURE_ENTROPY]), cases[i].n == 0);
    CHECK_DOUBLE(got[DM_MEASURE_ALEATORIC], .25);
  }
  /* a name is no class, unless the line says of which */
  dm_fields fields = {.label = dm_ident_from_text("cat", 3)};
  double got[DM_N_MEASURES];
  dm_metric_measure(ALL_MEASURES, &fields, (double[]){.5, .5}, 2, .5, got);
  CHECK(is_absent(got[DM_MEASURE_LOG_MARGIN]) && is_absent(got[DM_MEASURE_PROB_MARGIN]) &&
        is_absent(got[DM_MEASURE_ERROR_NORM]));
  CHECK(is_near(got[DM_MEASURE_ENTROPY], log(2), 1e-15));
  for (int is_text = 0; is_text < 2; is_text++) {
    fields.label = is_text ? dm_ident_from_text("cat", 3) : dm_ident_from_int(0);
    fields.has_label_index = true;
    fields.label_index = 1;
    dm_metric_measure(ALL_MEASURES, &fields, (double[]){.25, .75}, 2, .75, got);
    CHECK_DOUBLE(got[DM_MEASURE_PROB_MARGIN], .5);
    CHECK(is_near(got[DM_MEASURE_LOG_MARGIN], log(3), 1e-15));
    CHECK(is_near(got[DM_MEASURE_ERROR_NORM], sqrt(.125), 1e-15));
  }
  /* "1" is the same label as 1 */
  fields = (dm_fields){.label = dm_ident_from_text("1", 1)};
  dm_metric_measure(ALL_MEASURES, &fields, (double[]){.25, .75}, 2, .75, got);
  CHECK_DOUBLE(got[DM_MEASURE_PROB_MARGIN], .5);
}

static void test_measures_random(void) {
  uint64_t seed = 200;
  for (int round = 0; round < 3000; round++) {
    static const size_t sizes[] = {2, 3, 30};
    size_t n = sizes[round % 3];
    double probs[30];
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
      sum += probs[k] = pow(uniform(&seed), 8) + 1e-12;
    }
    long double norm = 0, entropy = 0, rival = 0;
    size_t y = naive_below(&seed, n);
    for (size_t k = 0; k < n; k++) {
      probs[k] /= sum;
      long double p = (long double)probs[k];
      norm += k == y ? (1 - p) * (1 - p) : p * p;
      entropy -= p * logl(p);
      rival = k != y && p > rival ? p : rival;
    }
    long double p = (long double)probs[y];
    dm_fields fields = {.label = dm_ident_from_int((int64_t)y)};
    double got[DM_N_MEASURES];
    dm_metric_measure(ALL_MEASURES, &fields, probs, n, probs[y], got);
    DM_CASE("round %d", round);
    CHECK(is_near(got[DM_MEASURE_LOG_MARGIN], (double)(logl(p) - logl(rival)), 1e-14));
    CHECK(is_near(got[DM_MEASURE_PROB_MARGIN], (double)(p - rival), 1e-15));
    CHECK(is_near(got[DM_MEASURE_ERROR_NORM], (double)sqrtl(norm), 1e-14));
    CHECK(is_near(got[DM_MEASURE_ENTROPY], (double)entropy, 1e-14));
    CHECK(is_near(got[DM_MEASURE_ALEATORIC], (double)(p * (1 - p)), 1e-15));
    CHECK(is_near(got[DM_MEASURE_LOG2_PROB], (double)(logl(p) / logl(2)), 1e-14));
    double doubled[30];
    for (size_t k = 0; k < n; k++) {
      doubled[k] = 2 * probs[k];
    }
    CHECK_DOUBLE(dm_entropy(doubled, n, 2), got[DM_MEASURE_ENTROPY]);
  }
  CHECK_DOUBLE(dm_entropy((double[]){1, 0, 0}, 3, 1), 0.0); /* and not -0 */
  CHECK_DOUBLE(dm_entropy((double[]){0, 4}, 2, 4), 0.0);
  CHECK(isnan(dm_entropy((double[]){-.5, 1.5}, 2, 1)));
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
    dm_metric_add_loss(&a, loss[k]);
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
      loss[k] = -log(uniform(&seed));
    }
    DM_CASE("round %d of %zu", round, n);
    double want = naive_average(loss, n);
    CHECK(is_near(add_losses(loss, n).loss_average, want, 1e-13));
    dm_metric_accum merged = {0}; /* in stretches of any length, also empty ones */
    for (size_t from = 0; from < n;) {
      size_t len = naive_below(&seed, 20);
      len = len < n - from ? len : n - from;
      dm_metric_accum b = add_losses(loss + from, len);
      b.n_probs = (uint32_t)len;
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

/* --- sums ----------------------------------------------------------------------------
 */

static void test_sums(void) {
  enum { ROWS = 300, WIDTH = 50 };
  static double want[ROWS][WIDTH];
  uint64_t seed = 202;
  dm_sums sums = {0};
  dm_error err;
  size_t n = 0;
  CHECK_INT(dm_sums_grow(&sums, 5, 0, &err), DM_OK); /* rows before any width */
  for (int i = 0; i < 5000; i++) {
    size_t row = naive_below(&seed, 1 + (size_t)i * ROWS / 5000);
    size_t column = naive_below(&seed, 1 + (size_t)i * WIDTH / 5000);
    n = row + 1 > n ? row + 1 : n;
    if (!CHECK_INT(dm_sums_grow(&sums, n, column + 1, &err), DM_OK)) {
      break;
    }
    dm_sums_row(&sums, row)[column] += i;
    want[row][column] += i;
  }
  for (size_t row = 0; row < n; row++) {
    for (size_t column = 0; column < sums.width; column++) {
      double value = column < WIDTH ? want[row][column] : 0;
      if (dm_sums_row(&sums, row)[column] != value) {
        FAIL("row %zu, column %zu", row, column);
      }
    }
  }
  CHECK_UINT(sums.n_rows, n);
  CHECK(sums.width >= WIDTH);
  dm_sums_release(&sums);
  CHECK(sums.values == NULL);
}

/* --- predicted labels ----------------------------------------------------------------
 */

static void test_pred_dist(void) {
  static const char *const texts[] = {"b",
                                      "10",
                                      "B",
                                      "it's",
                                      "a\\b",
                                      "-3",
                                      "\xC3\xA9",
                                      "a\tb",
                                      "\x01\n",
                                      "",
                                      "18446744073709551616"};
  enum { TEXTS = sizeof texts / sizeof texts[0] };
  dm_index labels;
  dm_error err;
  uint32_t row;
  double counts[TEXTS + 2];
  dm_index_init(&labels, 7);
  for (size_t i = 0; i < TEXTS; i++) {
    dm_ident ident = dm_ident_from_text(texts[i], strlen(texts[i]));
    CHECK_INT(dm_index_row(&labels, &ident, &row, &err), DM_OK);
    counts[row] = (double)i;
  }
  dm_ident two = dm_ident_from_int(2);
  CHECK_INT(dm_index_row(&labels, &two, &row, &err), DM_OK);
  counts[row] = 0x7FFFFFFF;
  dm_pred_dist dist = {0};
  CHECK_INT(dm_pred_dist_init(&dist, &labels, &err), DM_OK);
  static const char want[] =
      "{'-3': 5, '2': 2147483647, '10': 1, '': 9, '\\x01\\n': 8, "
      "'18446744073709551616': 10, 'B': 2, 'a\\tb': 7, 'a\\\\b': 4, 'b': 0, "
      "'it\\'s': 3, '\xC3\xA9': 6}";
  size_t len = dm_pred_dist_print(&dist, counts);
  CHECK_BYTES(dist.text, len, want, strlen(want));
  memset(counts, 0, sizeof counts);
  CHECK_UINT(dm_pred_dist_print(&dist, counts), 0);
  dm_pred_dist_release(&dist);
  dm_index_release(&labels);

  dm_index none;
  dm_index_init(&none, 7);
  CHECK_INT(dm_pred_dist_init(&dist, &none, &err), DM_OK);
  CHECK_UINT(dm_pred_dist_print(&dist, NULL), 0);
  dm_pred_dist_release(&dist);
  dm_index_release(&none);
}

int main(void) {
  DM_RUN(test_keep);
  DM_RUN(test_measures_by_hand);
  DM_RUN(test_log2_prob_of_logits);
  DM_RUN(test_measures_edges);
  DM_RUN(test_measures_random);
  DM_RUN(test_loss);
  DM_RUN(test_loss_far);
  DM_RUN(test_loss_not_finite);
  DM_RUN(test_sums);
  DM_RUN(test_pred_dist);
  return dm_test_end();
}
