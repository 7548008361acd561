/* dm_accum against compensated sums over all values kept. */
#include <math.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "summary/dm_accum.h"

static void test_size(void) {
  CHECK_UINT(sizeof(dm_accum), 64); /* one cache line */
}

typedef struct naive {
  double mean, variance, least, most;
  unsigned n_correct, n_forgetting, n_learning, first_forgetting, first_learning;
  int first_correct, learned_for_good, forgotten_for_good; /* -1: never */
} naive;

/* A sum and what rounding has cost it so far (Neumaier 1974). */
typedef struct exact_sum {
  double sum, lost;
} exact_sum;

static void add(exact_sum *s, double x) {
  double sum = s->sum + x;
  s->lost += fabs(s->sum) >= fabs(x) ? s->sum - sum + x : x - sum + s->sum;
  s->sum = sum;
}

static naive summarise(const double *p, const bool *c, size_t n) {
  naive s = {.least = p[0],
             .most = p[0],
             .first_correct = -1,
             .learned_for_good = -1,
             .forgotten_for_good = -1};
  exact_sum sum = {0}, squares = {0};
  for (size_t t = 0; t < n; t++) {
    add(&sum, p[t]);
    s.least = p[t] < s.least ? p[t] : s.least;
    s.most = p[t] > s.most ? p[t] : s.most;
    s.n_correct += c[t];
    if (t > 0 && c[t - 1] && !c[t]) {
      s.n_forgetting++;
      s.first_forgetting = s.first_forgetting ? s.first_forgetting : (unsigned)t;
    }
    if (t > 0 && !c[t - 1] && c[t]) {
      s.n_learning++;
      s.first_learning = s.first_learning ? s.first_learning : (unsigned)t;
    }
  }
  for (size_t t = n; t-- > 0;) {
    s.first_correct = c[t] ? (int)t : s.first_correct;
  }
  for (size_t t = n; t-- > 0 && c[t] == c[n - 1];) { /* the run at the end */
    s.learned_for_good = c[n - 1] ? (int)t : -1;
    s.forgotten_for_good = c[n - 1] || s.n_correct == 0 ? -1 : (int)t;
  }
  s.mean = (sum.sum + sum.lost) / (double)n;
  for (size_t t = 0; t < n; t++) {
    add(&squares, (p[t] - s.mean) * (p[t] - s.mean));
  }
  s.variance = (squares.sum + squares.lost) / (double)n;
  return s;
}

static bool is_near(double got, double want, double tolerance) {
  return fabs(got - want) <= tolerance;
}

static void check_state(const dm_accum *a, const naive *want, size_t n,
                        double tolerance) {
  CHECK_UINT(a->n, n);
  CHECK_UINT(a->n_correct, want->n_correct);
  CHECK_UINT(a->n_forgetting, want->n_forgetting);
  CHECK_UINT(dm_accum_n_learning(a), want->n_learning);
  CHECK_UINT(a->first_forgetting, want->first_forgetting);
  CHECK_UINT(a->first_learning, want->first_learning);
  CHECK_INT(dm_accum_first_correct(a), want->first_correct);
  CHECK_INT(dm_accum_learned_for_good(a), want->learned_for_good);
  CHECK_INT(dm_accum_forgotten_for_good(a), want->forgotten_for_good);
  CHECK_DOUBLE(dm_accum_correct_ratio(a), (double)want->n_correct / (double)n);
  CHECK_DOUBLE(dm_accum_max(a), want->most);
  CHECK_DOUBLE(dm_accum_min(a), want->least);
  if (!CHECK(is_near(dm_accum_mean(a), want->mean, tolerance))) {
    fprintf(stderr, "  mean %.17g, want %.17g\n", dm_accum_mean(a), want->mean);
  }
  if (!CHECK(is_near(dm_accum_variance(a), want->variance, tolerance))) {
    fprintf(stderr, "  variance %.17g, want %.17g\n", dm_accum_variance(a),
            want->variance);
  }
  CHECK(dm_accum_variance(a) >= 0);
}

static dm_accum add_all(const double *p, const bool *c, size_t n) {
  dm_accum a = {0};
  for (size_t t = 0; t < n; t++) {
    dm_accum_add(&a, p[t], c[t]);
  }
  return a;
}

static void check(const double *p, const bool *c, size_t n, double tolerance) {
  dm_accum a = add_all(p, c, n);
  naive want = summarise(p, c, n);
  check_state(&a, &want, n, tolerance);
}

static void test_by_hand(void) {
  DM_CASE("0 1 1 0 1");
  check((double[]){.2, .6, .8, .4, .9}, (bool[]){0, 1, 1, 0, 1}, 5, 1e-15);
  dm_accum a = {0};
  static const double p[] = {.2, .6, .8, .4, .9};
  static const bool c[] = {0, 1, 1, 0, 1};
  for (int t = 0; t < 5; t++) {
    dm_accum_add(&a, p[t], c[t]);
  }
  CHECK(is_near(dm_accum_mean(&a), .58, 1e-15));
  CHECK(is_near(dm_accum_variance(&a), .0656, 1e-15));
  CHECK_UINT(a.n_correct, 3);
  CHECK_UINT(a.n_forgetting, 1);
  CHECK_UINT(dm_accum_n_learning(&a), 2);
  CHECK_UINT(a.first_forgetting, 3);
  CHECK_UINT(a.first_learning, 1);
  DM_CASE("1 1 1");
  check((double[]){.5, .6, .7}, (bool[]){1, 1, 1}, 3, 1e-15);
  DM_CASE("a single one");
  for (int is_right = 0; is_right < 2; is_right++) {
    a = (dm_accum){0};
    dm_accum_add(&a, 0.3, is_right);
    CHECK_DOUBLE(dm_accum_mean(&a), 0.3);
    CHECK_DOUBLE(dm_accum_variance(&a), 0.0);
    CHECK_DOUBLE(dm_accum_max(&a), 0.3);
    CHECK_DOUBLE(dm_accum_min(&a), 0.3);
    CHECK_UINT(
        a.n_forgetting + dm_accum_n_learning(&a) + a.first_forgetting + a.first_learning,
        0);
  }
}

/* Every history of up to ten evaluations. */
static void test_every_history(void) {
  for (size_t n = 1; n <= 10; n++) {
    for (unsigned bits = 0; bits < 1u << n; bits++) {
      double p[10];
      bool c[10];
      for (size_t t = 0; t < n; t++) {
        c[t] = bits >> t & 1;
        p[t] = c[t] ? 0.75 : 0.125;
      }
      DM_CASE("%zu evaluations, history %x", n, bits);
      check(p, c, n, 1e-15);
    }
  }
}

static void test_random(void) {
  uint64_t seed = 90;
  enum { MOST = 3000 };
  static double p[MOST];
  static bool c[MOST];
  for (int i = 0; i < 300; i++) {
    size_t n = 1 + naive_below(&seed, i % 3 ? 20 : MOST);
    for (size_t t = 0; t < n; t++) {
      double u = naive_uniform(&seed);
      switch (i % 4) { /* anywhere, all near 1, all near 0, one of two */
        case 0:
          p[t] = u;
          break;
        case 1:
          p[t] = 1 - u * 1e-9;
          break;
        case 2:
          p[t] = u * 1e-300;
          break;
        default:
          p[t] = u < 0.5;
      }
      c[t] = naive_below(&seed, 2);
    }
    DM_CASE("round %d", i);
    check(p, c, n, 1e-14);
  }
}

/* The variance of nearly equal values is the hard one: squares minus square would be
   wrong in every digit. */
static void test_cancellation(void) {
  dm_accum a = {0};
  for (int t = 0; t < 1000000; t++) {
    dm_accum_add(&a, 0.999999 + (t % 2 ? 1e-9 : -1e-9), t % 2);
  }
  CHECK_UINT(a.n, 1000000);
  CHECK(fabs(dm_accum_variance(&a) / 1e-18 - 1) < 1e-6);
  CHECK(is_near(dm_accum_mean(&a), 0.999999, 1e-15));
  CHECK_UINT(a.n_forgetting, 499999);
  CHECK_UINT(dm_accum_n_learning(&a), 500000);
  a = (dm_accum){0};
  for (int t = 0; t < 1000; t++) {
    dm_accum_add(&a, 0.1, true);
  }
  CHECK_DOUBLE(dm_accum_variance(&a), 0.0); /* of a constant */
  CHECK_DOUBLE(dm_accum_mean(&a), 0.1);
}

static void test_not_finite(void) {
  static const double odd[] = {(double)NAN, (double)INFINITY, (double)-INFINITY};
  for (size_t i = 0; i < 3; i++) {
    for (int at = 0; at < 4; at++) {
      DM_CASE("%g at %d", odd[i], at);
      dm_accum a = {0};
      for (int t = 0; t < 4; t++) {
        dm_accum_add(&a, t == at ? odd[i] : 0.5, t % 2);
      }
      CHECK(isnan(dm_accum_mean(&a)));
      CHECK(isnan(dm_accum_variance(&a)));
      CHECK(isnan(dm_accum_max(&a)));
      CHECK(isnan(dm_accum_min(&a)));
      CHECK_DOUBLE(dm_accum_correct_ratio(&a), 0.5);
      CHECK_UINT(dm_accum_n_learning(&a), 2);
      CHECK_UINT(a.n_forgetting, 1);
    }
  }
}

/* --- merging --- */

/* Every history of up to nine evaluations, in three stretches of which any may be empty.
 */
static void test_merge_every_cut(void) {
  enum { MOST = 9 };
  double p[MOST];
  bool c[MOST];
  for (size_t n = 1; n <= MOST; n++) {
    for (unsigned bits = 0; bits < 1u << n; bits++) {
      for (size_t t = 0; t < n; t++) {
        c[t] = bits >> t & 1;
        p[t] = (double)((t * 5 + bits) % 7) / 8;
      }
      naive want = summarise(p, c, n);
      for (size_t i = 0; i <= n; i++) {
        for (size_t k = i; k <= n; k++) {
          DM_CASE("%zu evaluations, history %x, cut at %zu and %zu", n, bits, i, k);
          dm_accum a = add_all(p, c, i);
          dm_accum b = add_all(p + i, c + i, k - i);
          dm_accum last = add_all(p + k, c + k, n - k);
          dm_accum_merge(&a, &b);
          dm_accum_merge(&a, &last);
          check_state(&a, &want, n, 1e-15);
          a = add_all(p, c, i); /* the other way to put brackets */
          dm_accum_merge(&b, &last);
          dm_accum_merge(&a, &b);
          check_state(&a, &want, n, 1e-15);
        }
      }
    }
  }
}

/* Up to 64 stretches of long histories. */
static void test_merge_random(void) {
  uint64_t seed = 92;
  enum { MOST = 2000 };
  static double p[MOST];
  static bool c[MOST];
  for (int round = 0; round < 300; round++) {
    size_t n = 1 + naive_below(&seed, MOST);
    double scale = round % 3 ? 1 : 1e-9;
    for (size_t t = 0; t < n; t++) {
      p[t] = 1 - scale * naive_uniform(&seed);
      c[t] = naive_below(&seed, 4) < 3;
    }
    DM_CASE("round %d", round);
    size_t stretch = 1 + n / (1 + naive_below(&seed, 64));
    dm_accum a = {0};
    for (size_t t = 0; t < n; t += stretch) {
      dm_accum b = add_all(p + t, c + t, n - t < stretch ? n - t : stretch);
      dm_accum_merge(&a, &b);
    }
    naive want = summarise(p, c, n);
    check_state(&a, &want, n, 1e-12);
    CHECK(is_near(dm_accum_variance(&a), want.variance, want.variance * 1e-6));
  }
}

static void test_merge_keeps(void) {
  dm_accum empty = {.label = 3, .s_label = 5, .classes = DM_CLASSES_OTHER};
  dm_accum b = add_all((double[]){.5, (double)NAN}, (bool[]){1, 0}, 2);
  b.label = 7;
  dm_accum a = empty;
  dm_accum_merge(&a, &b);
  CHECK_UINT(a.n, 2);
  CHECK_UINT(a.label, 3);
  CHECK_UINT(a.s_label, 5);
  CHECK_UINT(a.classes, DM_CLASSES_OTHER);
  CHECK(isnan(dm_accum_mean(&a)));
  dm_accum_merge(&a, &empty);
  CHECK_UINT(a.n, 2);
  dm_accum whole = add_all((double[]){.25, .5}, (bool[]){1, 1}, 2);
  dm_accum_merge(&whole, &b); /* NaN in one stretch is NaN in all */
  CHECK(isnan(dm_accum_mean(&whole)));
  CHECK(isnan(dm_accum_max(&whole)));
}

/* --- values that lie anywhere --------------------------------------------------------
 */

static dm_signal_accum add_signals(const double *values, size_t n);

static bool is_close(double got, double want) {
  return got == want || fabs(got - want) <= 1e-12 * fabs(want);
}

/* As label_probs and as a signal, in one stretch and in two. */
static void check_moments(const double *values, size_t n, double mean, double variance) {
  static const bool unused[64];
  double tolerance = 0;
  for (size_t t = 0; t < n; t++) {
    tolerance = fmax(tolerance, 1e-14 * fabs(values[t]));
  }
  for (size_t cut = 0; cut <= n; cut++) {
    dm_accum a = add_all(values, unused, cut);
    dm_accum b = add_all(values + cut, unused, n - cut);
    dm_accum_merge(&a, &b);
    dm_signal_accum s = add_signals(values, cut);
    dm_signal_accum t = add_signals(values + cut, n - cut);
    dm_signal_merge(&s, &t);
    const double got[] = {dm_accum_mean(&a), dm_signal_mean(&s)};
    const double got_variance[] = {dm_accum_variance(&a), dm_signal_variance(&s)};
    for (int k = 0; k < 2; k++) {
      bool is_same = CHECK(is_near(got[k], mean, tolerance));
      is_same &= CHECK(is_close(got_variance[k], variance));
      is_same &= CHECK(isfinite(got[k]));
      is_same &= CHECK(got_variance[k] >= 0);
      if (!is_same) {
        fprintf(stderr, "  cut at %zu: %.17g and %.17g, want %.17g and %.17g\n", cut,
                got[k], got_variance[k], mean, variance);
      }
    }
    CHECK(a.moments.mean >= a.moments.smallest && a.moments.mean <= a.moments.largest);
    CHECK(a.moments.sum_of_squares >= 0 && isfinite(a.moments.sum_of_squares));
  }
}

static void test_far_by_hand(void) {
  const double inf = (double)INFINITY, most = 0x1.fffffffffffffp1023;
  const struct {
    double values[6];
    size_t n;
    double mean, variance;
  } cases[] = {
      {{1e308, -1e308}, 2, 0, inf},
      {{-1e308, 1e308}, 2, 0, inf},
      {{1e308, 1e308, 1e308}, 3, 1e308, 0},
      {{most, most, -most}, 3, most / 3, inf},
      {{most, most, most, most, most, -most}, 6, most / 6 * 4, inf},
      {{-most, .5, most, .5}, 4, .25, inf}, /* 0.25 is lost beside them */
      /* the sum of squares is beyond a double, the variance is not */
      {{1e154, -1e154}, 2, 0, 1e308},
      {{1e154, -1e154, 1e154, -1e154, 1e154, -1e154}, 6, 0, 1e308},
      {{0x1p511, -0x1p511}, 2, 0, 0x1p1022},
      {{0x1p512, -0x1p512}, 2, 0, inf},
      /* nearly alike, far from 0 */
      {{1e308, 1e308 + 0x1p971}, 2, 1e308, inf},
      {{0x1p700, 0x1p700 + 0x1p650}, 2, 0x1p700, inf},
      {{0x1p500, 0x1p500 + 0x1p450}, 2, 0x1p500, 0x1p898},
      /* what was added up before is of another unit */
      {{1, 2, 3, 0x1p500}, 4, 0x1p498, 0x1p1000 * 3 / 16},
      {{0x1p500, 3, 2, 1}, 4, 0x1p498, 0x1p1000 * 3 / 16},
      {{0x1p470, -0x1p470, 0x1p481, -0x1p481}, 4, 0, 0x1p961 * (1 + 0x1p-22)},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    check_moments(cases[i].values, cases[i].n, cases[i].mean, cases[i].variance);
  }
}

/* Common values times a power of two have the mean and the variance of the common ones
   times powers of two. */
static void test_far_scaled(void) {
  uint64_t seed = 93;
  for (int round = 0; round < 3000; round++) {
    static const bool unused[64];
    double common[64];
    double values[64];
    size_t n = 1 + naive_below(&seed, 64);
    int power = (int)naive_below(&seed, 1525) - 501;
    double offset = round % 2 ? 0 : 0.5;
    for (size_t t = 0; t < n; t++) {
      common[t] = (double)(int64_t)naive_random(&seed) * 0x1p-64 + offset;
      values[t] = ldexp(common[t], power);
    }
    DM_CASE("round %d, 2^%d", round, power);
    naive want = summarise(common, unused, n);
    check_moments(values, n, ldexp(want.mean, power), ldexp(want.variance, 2 * power));
    dm_accum a = add_all(values, unused, n);
    CHECK_DOUBLE(dm_accum_max(&a), ldexp(want.most, power));
    CHECK_DOUBLE(dm_accum_min(&a), ldexp(want.least, power));
  }
}

/* Infinities and NaN among them, which end as they do among common values. */
static void test_far_not_finite(void) {
  static const double odd[] = {(double)NAN, (double)INFINITY, (double)-INFINITY};
  for (size_t i = 0; i < 3; i++) {
    for (int at = 0; at < 4; at++) {
      DM_CASE("%g at %d", odd[i], at);
      dm_accum a = {0};
      for (int t = 0; t < 4; t++) {
        dm_accum_add(&a, t == at ? odd[i] : t % 2 ? 1e308 : -1e308, true);
      }
      dm_accum b = {0};
      dm_accum_add(&b, 1e308, true);
      dm_accum_merge(&b, &a);
      CHECK(isnan(dm_accum_mean(&a)) && isnan(dm_accum_mean(&b)));
      CHECK(isnan(dm_accum_variance(&a)) && isnan(dm_accum_variance(&b)));
      CHECK(isnan(dm_accum_max(&a)) && isnan(dm_accum_min(&b)));
    }
  }
}

/* --- user signals --------------------------------------------------------------------
 */

static void test_signal_table(void) {
  const double inf = (double)INFINITY, nan = (double)NAN;
  const struct {
    double values[4];
    size_t n;
    double mean, variance, least, most, last;
  } cases[] = {
      {{7}, 1, 7, 0, 7, 7, 7},
      {{-1, 1}, 2, 0, 1, -1, 1, 1},
      {{4, 2, 6}, 3, 4, 8.0 / 3, 2, 6, 6},
      {{1e300, 1e300}, 2, 1e300, 0, 1e300, 1e300, 1e300},
      {{1, nan}, 2, nan, nan, nan, nan, nan},
      {{nan, 1}, 2, nan, nan, nan, nan, 1},
      {{nan}, 1, nan, nan, nan, nan, nan},
      {{1, inf}, 2, inf, nan, 1, inf, inf},
      {{inf, 1, 2}, 3, inf, nan, 1, inf, 2},
      {{1, -inf, 3}, 3, -inf, nan, -inf, 3, 3},
      {{inf, -inf}, 2, nan, nan, -inf, inf, -inf},
      {{inf, -inf, 1}, 3, nan, nan, -inf, inf, 1},
      {{inf}, 1, inf, nan, inf, inf, inf},
      {{-inf}, 1, -inf, nan, -inf, -inf, -inf},
      {{inf, inf}, 2, inf, nan, inf, inf, inf},
      {{inf, nan}, 2, nan, nan, nan, nan, nan},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    dm_signal_accum a = {0};
    for (size_t k = 0; k < cases[i].n; k++) {
      dm_signal_add(&a, cases[i].values[k]);
    }
    const double got[] = {dm_signal_mean(&a), dm_signal_variance(&a), dm_signal_min(&a),
                          dm_signal_max(&a), a.last};
    const double want[] = {cases[i].mean, cases[i].variance, cases[i].least,
                           cases[i].most, cases[i].last};
    CHECK(a.is_given);
    for (size_t k = 0; k < 5; k++) {
      bool is_same = isnan(want[k]) ? isnan(got[k])
                                    : got[k] == want[k] || fabs(got[k] - want[k]) < 1e-15;
      if (!CHECK(is_same)) {
        fprintf(stderr, "  statistic %zu is %g, want %g\n", k, got[k], want[k]);
      }
    }
  }
}

static void test_signal_random(void) {
  uint64_t seed = 91;
  static double values[2000];
  static bool unused[2000];
  for (int i = 0; i < 200; i++) {
    size_t n = 1 + naive_below(&seed, 2000);
    dm_signal_accum a = {0};
    for (size_t k = 0; k < n; k++) {
      values[k] = (double)(int64_t)naive_random(&seed) * 0x1p-60 + 100;
      dm_signal_add(&a, values[k]);
    }
    naive want = summarise(values, unused, n);
    DM_CASE("round %d of %zu", i, n);
    CHECK(is_near(dm_signal_mean(&a), want.mean, 1e-12));
    CHECK(is_near(dm_signal_variance(&a), want.variance, 1e-10));
    CHECK_DOUBLE(dm_signal_min(&a), want.least);
    CHECK_DOUBLE(dm_signal_max(&a), want.most);
    CHECK_DOUBLE(a.last, values[n - 1]);
    CHECK_UINT(a.n_finite, n);
  }
}

static dm_signal_accum add_signals(const double *values, size_t n) {
  dm_signal_accum a = {0};
  for (size_t k = 0; k < n; k++) {
    dm_signal_add(&a, values[k]);
  }
  return a;
}

/* All sequences of up to four of these values, cut everywhere. */
static void test_signal_merge(void) {
  static const double of[] = {
      1, -2.5, 1e9, (double)NAN, (double)INFINITY, (double)-INFINITY};
  enum { KINDS = sizeof of / sizeof of[0], MOST = 4 };
  for (size_t n = 0; n <= MOST; n++) {
    size_t n_sequences = 1;
    for (size_t k = 0; k < n; k++) {
      n_sequences *= KINDS;
    }
    for (size_t sequence = 0; sequence < n_sequences; sequence++) {
      double values[MOST] = {0};
      for (size_t k = 0, rest = sequence; k < n; k++, rest /= KINDS) {
        values[k] = of[rest % KINDS];
      }
      dm_signal_accum whole = add_signals(values, n);
      for (size_t cut = 0; cut <= n; cut++) {
        DM_CASE("sequence %zu of %zu, cut at %zu", sequence, n, cut);
        dm_signal_accum a = add_signals(values, cut);
        dm_signal_accum b = add_signals(values + cut, n - cut);
        dm_signal_merge(&a, &b);
        CHECK_UINT(a.is_given, n > 0);
        CHECK_UINT(a.n_finite, whole.n_finite);
        if (n == 0) {
          continue;
        }
        const double got[] = {dm_signal_mean(&a), dm_signal_variance(&a),
                              dm_signal_min(&a), dm_signal_max(&a), a.last};
        const double want[] = {dm_signal_mean(&whole), dm_signal_variance(&whole),
                               dm_signal_min(&whole), dm_signal_max(&whole), whole.last};
        for (size_t k = 0; k < 5; k++) {
          bool is_same = isnan(want[k]) ? isnan(got[k])
                                        : got[k] == want[k] ||
                                              is_near(got[k], want[k],
                                                      fabs(want[k]) * 1e-12 + 1e-12);
          if (!CHECK(is_same)) {
            fprintf(stderr, "  statistic %zu is %g, want %g\n", k, got[k], want[k]);
          }
        }
      }
    }
  }
}

int main(void) {
  DM_RUN(test_size);
  DM_RUN(test_by_hand);
  DM_RUN(test_every_history);
  DM_RUN(test_random);
  DM_RUN(test_cancellation);
  DM_RUN(test_not_finite);
  DM_RUN(test_merge_every_cut);
  DM_RUN(test_merge_random);
  DM_RUN(test_merge_keeps);
  DM_RUN(test_far_by_hand);
  DM_RUN(test_far_scaled);
  DM_RUN(test_far_not_finite);
  DM_RUN(test_signal_table);
  DM_RUN(test_signal_random);
  DM_RUN(test_signal_merge);
  return dm_test_end();
}
