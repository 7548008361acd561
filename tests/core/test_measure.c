/* dm_measure against their formulas in extended precision, and by hand.
 */
#include <float.h>
#include <math.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "number/dm_number.h"
#include "signals/dm_measure.h"
#include "signals/dm_scores.h"

/* Those that are tested, which are all; in the order of the bits. */
static const char *const names[] = {"log_margin", "prob_margin", "error_norm", "entropy",
                                    "aleatoric",  "log2_prob",   "loss"};
enum {
  LOG_MARGIN,
  PROB_MARGIN,
  ERROR_NORM,
  ENTROPY,
  ALEATORIC,
  LOG2_PROB,
  LOSS,
  N_MEASURES
};

#define MEASURE(i) dm_measure_find(names[i])
#define ALL_MEASURES ((dm_measures)(1 << N_MEASURES) - 1)

static bool is_near(double got, double want, double tolerance) {
  return fabs(got - want) <= tolerance * (1 + fabs(want));
}

static bool is_absent(double value) {
  return dm_double_bits(value) == DM_ABSENT_BITS;
}

static void test_sets(void) {
  dm_measures all = 0;
  for (int i = 0; i < N_MEASURES; i++) {
    CHECK_UINT(MEASURE(i), 1u << i);
    CHECK_UINT(dm_measure_place(ALL_MEASURES, MEASURE(i)), i);
    all |= MEASURE(i);
  }
  CHECK_UINT(all, ALL_MEASURES);
  CHECK_UINT(dm_measure_find("norm"), 0);
  CHECK_UINT(dm_measure_count(0), 0);
  CHECK_UINT(dm_measure_count(ALL_MEASURES), N_MEASURES);
  CHECK_UINT(
      dm_measure_place(MEASURE(PROB_MARGIN) | MEASURE(LOG2_PROB), MEASURE(LOG2_PROB)), 1);
}

static void test_measures_by_hand(void) {
  static const double probs[] = {.125, .5, .375};
  dm_fields fields = {.label = dm_ident_from_int(1)};
  double got[N_MEASURES];
  dm_measure_line(ALL_MEASURES, &fields, probs, 3, .5, got);
  CHECK(is_near(got[LOG_MARGIN], log(4.0 / 3), 1e-15));
  CHECK_DOUBLE(got[PROB_MARGIN], .125);
  CHECK(is_near(got[ERROR_NORM], sqrt(.015625 + .25 + .140625), 1e-15));
  CHECK(is_near(got[ENTROPY], 0.97431475, 1e-8)); /* 3/8 ln 8 + ... */
  CHECK_DOUBLE(got[ALEATORIC], .25);
  CHECK_DOUBLE(got[LOG2_PROB], -1);
  CHECK_DOUBLE(got[LOSS], -log(.5));

  /* a part of them stands close together */
  dm_measure_line(MEASURE(PROB_MARGIN) | MEASURE(LOG2_PROB), &fields, probs, 3, .25, got);
  CHECK_DOUBLE(got[0], .125);
  CHECK_DOUBLE(got[1], -2);

  /* logits give the margin themselves, also beside other probs */
  static const double logits[] = {-1, 800, 798.5};
  fields.logits = logits;
  fields.n_logits = 3;
  dm_measure_line(MEASURE(LOG_MARGIN) | MEASURE(PROB_MARGIN), &fields, probs, 3, .5, got);
  CHECK_DOUBLE(got[0], 1.5);
  CHECK_DOUBLE(got[1], .125);
}

/* Of a sequence it is known where the probability is too small for a double. */
static void test_log_probs_of_a_sequence(void) {
  dm_fields fields = {.has_log_probs = true, .log_probs = -2000};
  double got[2];
  dm_measure_line(MEASURE(LOG2_PROB) | MEASURE(LOSS), &fields, NULL, 0, 0, got);
  CHECK_DOUBLE(got[0], -2000 * 1.4426950408889634);
  CHECK_DOUBLE(got[1], 2000);
  fields.log_probs = 0;
  dm_measure_line(MEASURE(LOSS), &fields, NULL, 0, 1, got);
  CHECK_DOUBLE(got[0], 0);
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
    dm_measure_line(MEASURE(LOG2_PROB), &fields, NULL, 0, p, &got);
    double want = cases[i].want / 0.6931471805599453;
    CHECK(fabs(got - want) <= 1e-14 * fabs(want));
    dm_measure_line(MEASURE(LOSS), &fields, NULL, 0, p, &got);
    CHECK(fabs(got + cases[i].want) <= 1e-14 * fabs(cases[i].want));
    fields.has_label_probs = true; /* what is given wins */
    dm_measure_line(MEASURE(LOG2_PROB), &fields, NULL, 0, .25, &got);
    CHECK_DOUBLE(got, -2);
  }
  static const double odd[] = {(double)NAN, (double)INFINITY};
  for (size_t i = 0; i < 2; i++) {
    const double logits[] = {odd[i], 0};
    dm_fields fields = {.label = dm_ident_from_int(1), .logits = logits, .n_logits = 2};
    double got;
    dm_measure_line(MEASURE(LOG2_PROB), &fields, NULL, 0, (double)NAN, &got);
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
    double got[N_MEASURES];
    const double *probs = cases[i].n ? cases[i].probs : NULL;
    dm_measure_line(ALL_MEASURES, &fields, probs, cases[i].n, .5, got);
    const double want[] = {cases[i].log_margin, cases[i].margin, cases[i].norm};
    for (size_t k = 0; k < 3; k++) {
      CHECK(want[k] == -77       ? is_absent(got[k])
            : want[k] != want[k] ? got[k] != got[k] && !is_absent(got[k])
                                 : got[k] == want[k]);
    }
    CHECK_INT(is_absent(got[ENTROPY]), cases[i].n == 0);
    CHECK_DOUBLE(got[ALEATORIC], .25);
  }
  /* a name is no class, unless the line says of which */
  dm_fields fields = {.label = dm_ident_from_text("cat", 3)};
  double got[N_MEASURES];
  dm_measure_line(ALL_MEASURES, &fields, (double[]){.5, .5}, 2, .5, got);
  CHECK(is_absent(got[LOG_MARGIN]) && is_absent(got[PROB_MARGIN]) &&
        is_absent(got[ERROR_NORM]));
  CHECK(is_near(got[ENTROPY], log(2), 1e-15));
  for (int is_text = 0; is_text < 2; is_text++) {
    fields.label = is_text ? dm_ident_from_text("cat", 3) : dm_ident_from_int(0);
    fields.has_label_index = true;
    fields.label_index = 1;
    dm_measure_line(ALL_MEASURES, &fields, (double[]){.25, .75}, 2, .75, got);
    CHECK_DOUBLE(got[PROB_MARGIN], .5);
    CHECK(is_near(got[LOG_MARGIN], log(3), 1e-15));
    CHECK(is_near(got[ERROR_NORM], sqrt(.125), 1e-15));
  }
  /* "1" is the same label as 1 */
  fields = (dm_fields){.label = dm_ident_from_text("1", 1)};
  dm_measure_line(ALL_MEASURES, &fields, (double[]){.25, .75}, 2, .75, got);
  CHECK_DOUBLE(got[PROB_MARGIN], .5);
}

/* Finite numbers of any size never give an infinity, and the right one where there is. */
static void test_measures_far(void) {
  const double most = DBL_MAX;
  static const double of[] = {1e308,    -1e308, DBL_MAX, -DBL_MAX, 1e200,
                              -0x1p513, 0,      1,       -745,     5e-324};
  enum { N = sizeof of / sizeof of[0] };
  for (size_t i = 0; i < N * N * N; i++) {
    const double values[] = {of[i % N], of[i / N % N], of[i / N / N]};
    dm_fields logits = {.label = dm_ident_from_int(0), .logits = values, .n_logits = 3};
    dm_fields probs = {.label = dm_ident_from_int(0)};
    double p[3];
    double got[N_MEASURES];
    dm_softmax_all(values, 3, p);
    DM_CASE("values %zu", i);
    dm_measure_line(ALL_MEASURES, &logits, p, 3, p[0], got);
    for (int m = 0; m < N_MEASURES; m++) {
      CHECK(isfinite(got[m]));
    }
    /* in extended precision nothing overflows; without it, what does is the most */
    long double rival = (long double)fmax(values[1], values[2]);
    long double margin = (long double)values[0] - rival;
    double want = margin > (long double)most    ? most
                  : margin < -(long double)most ? -most
                                                : (double)margin;
    CHECK_DOUBLE(got[LOG_MARGIN], want);

    dm_measure_line(MEASURE(PROB_MARGIN) | MEASURE(ERROR_NORM), &probs, values, 3, 0,
                    got);
    CHECK_DOUBLE(got[0], want);
    /* the same without it: valgrind has none */
    const double off[] = {values[0] - 1, values[1], values[2]};
    double largest = fmax(fmax(fabs(off[0]), fabs(off[1])), fabs(off[2]));
    double times = 0;
    for (int k = 0; k < 3 && largest > 0; k++) {
      times = hypot(times, off[k] / largest);
    }
    want = largest * times > most ? most : largest * times;
    CHECK(is_near(got[1], want, 1e-15));

    const double sizes[] = {fabs(values[0]), fabs(values[1]), fabs(values[2])};
    dm_measure_line(MEASURE(ENTROPY) | MEASURE(ALEATORIC), &probs, sizes, 3, values[0],
                    got);
    CHECK(isfinite(got[0]) && isfinite(got[1]));
  }
  /* what is infinite stays so */
  const double odd[] = {(double)-INFINITY, 0};
  dm_fields fields = {.label = dm_ident_from_int(0), .logits = odd, .n_logits = 2};
  double got[N_MEASURES];
  dm_measure_line(ALL_MEASURES, &fields, odd, 2, 0, got);
  CHECK(got[LOG_MARGIN] == (double)-INFINITY);
  CHECK(got[PROB_MARGIN] == (double)-INFINITY);
  CHECK(got[ERROR_NORM] == (double)INFINITY);
  CHECK(got[LOG2_PROB] == (double)-INFINITY);
}

static void test_measures_random(void) {
  uint64_t seed = 200;
  for (int round = 0; round < 3000; round++) {
    static const size_t sizes[] = {2, 3, 30};
    size_t n = sizes[round % 3];
    double probs[30];
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
      sum += probs[k] = pow(naive_uniform(&seed), 8) + 1e-12;
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
    double got[N_MEASURES];
    dm_measure_line(ALL_MEASURES, &fields, probs, n, probs[y], got);
    DM_CASE("round %d", round);
    CHECK(is_near(got[LOG_MARGIN], (double)(logl(p) - logl(rival)), 1e-14));
    CHECK(is_near(got[PROB_MARGIN], (double)(p - rival), 1e-15));
    CHECK(is_near(got[ERROR_NORM], (double)sqrtl(norm), 1e-14));
    CHECK(is_near(got[ENTROPY], (double)entropy, 1e-14));
    CHECK(is_near(got[ALEATORIC], (double)(p * (1 - p)), 1e-15));
    CHECK(is_near(got[LOG2_PROB], (double)(logl(p) / logl(2)), 1e-14));
    double doubled[30];
    for (size_t k = 0; k < n; k++) {
      doubled[k] = 2 * probs[k];
    }
    CHECK_DOUBLE(dm_entropy(doubled, n, 2), got[ENTROPY]);
  }
}

int main(void) {
  DM_RUN(test_sets);
  DM_RUN(test_measures_by_hand);
  DM_RUN(test_log2_prob_of_logits);
  DM_RUN(test_log_probs_of_a_sequence);
  DM_RUN(test_measures_edges);
  DM_RUN(test_measures_far);
  DM_RUN(test_measures_random);
  return dm_test_end();
}
