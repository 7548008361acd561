/* dm_kept: means in 8 bytes are, to the bit, those of a dm_signal_accum, whatever is
   missing, not finite or far beyond; also merged, and as columns. */
#include <math.h>

#include "dm_test.h"
#include "summary/dm_kept.h"
#include "summary/dm_metric.h"

static double absent(void) {
  return dm_double_from_bits(DM_ABSENT_BITS);
}

static uint64_t state = 1;

static uint32_t random_below(uint32_t n) {
  state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (uint32_t)(state >> 33) % n;
}

static double random_value(uint32_t kind) {
  static const double odd[] = {0,        -0.0,     0x1p-1074, 0x1.8p-1073,
                               0x1p400,  -0x1p400, 0x1p401,   0x1p480,
                               -0x1p480, 0x1p479,  1e308,     -1e308};
  static const double others[] = {INFINITY, -INFINITY, NAN};
  uint32_t of = random_below(100);
  if (kind == 1 && of < 20) {
    return absent();
  }
  if (kind == 2 && of < 10) {
    return others[random_below(3)];
  }
  if (kind >= 3 && of < 70) {
    return odd[random_below(sizeof odd / sizeof *odd)];
  }
  return kind == 4 && of < 80 ? absent() : random_below(1000) / 999.0 - .2;
}

static const char *const loss[] = {"grad", "loss"};

static dm_kept made(uint32_t metrics, size_t n_signals, size_t rows) {
  dm_kept kept = {0};
  dm_keep keep = dm_metric_keep(loss, n_signals, metrics);
  dm_error err;
  dm_kept_init(&kept, &keep);
  CHECK_INT(dm_kept_grow(&kept, rows, &err), DM_OK);
  return kept;
}

static void add(dm_signal_accum *to, double value) {
  if (dm_double_bits(value) != DM_ABSENT_BITS) {
    dm_signal_add(to, value);
  }
}

static void check_mean(const dm_kept *kept, size_t row, uint32_t n, size_t i,
                       const dm_signal_accum *want) {
  dm_signal_accum got = dm_kept_get(kept, row, n, i);
  CHECK_INT(got.is_given, want->is_given);
  if (want->is_given) {
    CHECK_DOUBLE(dm_signal_mean(&got), dm_signal_mean(want));
  }
  double mean;
  if (dm_kept_mean(kept, row, n, i, &mean)) { /* the short way says the same */
    CHECK(want->is_given);
    CHECK_DOUBLE(mean, dm_signal_mean(want));
  }
}

enum { SAMPLES = 300, LINES = 9 };
static const uint32_t two = DM_METRIC_BIT(DM_METRIC_AUM) | DM_METRIC_BIT(DM_METRIC_EL2N) |
                            DM_METRIC_BIT(DM_METRIC_EL2N_LAST);

/* Lines one by one, two stretches of them merged at every place, and the columns. */
static void test_means(void) {
  dm_error err;
  dm_kept kept = made(two, 0, SAMPLES);
  dm_kept joined = made(two, 0, SAMPLES * LINES * 2);
  CHECK_UINT(kept.n, 2);
  CHECK_UINT(kept.rows.elem_size, 3 * sizeof(double));
  for (uint32_t row = 0; row < SAMPLES; row++) {
    DM_CASE("sample %u", row);
    double values[LINES][2];
    dm_signal_accum want[2];
    memset(want, 0, sizeof want);
    for (uint32_t n = 0; n < LINES; n++) {
      for (size_t i = 0; i < 2; i++) {
        values[n][i] = random_value(row % 5);
        add(&want[i], values[n][i]);
      }
      CHECK_INT(dm_kept_add(&kept, row, n + 1, values[n], &err), DM_OK);
      check_mean(&kept, row, n + 1, 0, &want[0]);
      check_mean(&kept, row, n + 1, 1, &want[1]);
      if (want[1].is_given) {
        CHECK_DOUBLE(dm_kept_get(&kept, row, n + 1, 1).last, want[1].last);
      }
    }
    for (uint32_t cut = 0; cut <= LINES; cut++) {
      dm_signal_accum parts[2];
      memset(parts, 0, sizeof parts);
      size_t at[2] = {(size_t)row * 2 * LINES, (size_t)row * 2 * LINES + 1};
      memset(dm_rows_at(&joined.rows, at[0]), 0, joined.rows.elem_size);
      memset(dm_rows_at(&joined.rows, at[1]), 0, joined.rows.elem_size);
      for (uint32_t n = 0; n < LINES; n++) {
        bool is_second = n >= cut;
        CHECK_INT(dm_kept_add(&joined, at[is_second], n + 1 - (is_second ? cut : 0),
                              values[n], &err),
                  DM_OK);
        add(&parts[is_second], values[n][1]);
      }
      dm_signal_accum a = dm_kept_get(&joined, at[0], cut, 1);
      dm_signal_accum b = dm_kept_get(&joined, at[1], LINES - cut, 1);
      dm_signal_merge(&a, &b);
      CHECK_INT(dm_kept_set(&joined, at[0], LINES, 1, &a, &err), DM_OK);
      dm_signal_merge(&parts[0], &parts[1]);
      check_mean(&joined, at[0], LINES, 1, &parts[0]);
      /* what was kept elsewhere, in full, is the same */
      CHECK_INT(dm_kept_set(&joined, at[1], LINES, 1, &want[1], &err), DM_OK);
      check_mean(&joined, at[1], LINES, 1, &want[1]);
    }
  }
  CHECK(kept.n_wide > 0 && kept.n_wide < SAMPLES * 2);
  dm_kept_release(&kept);
  dm_kept_release(&joined);
}

/* One place for losses: what is given takes that of what is derived. */
static void test_loss(void) {
  static const struct {
    double given[3];
    double derived[3];
    double want; /* mean */
    bool is_derived;
  } cases[] = {
      {{1, 2, 3}, {NAN, NAN, NAN}, 2, false},
      {{-1, -1, -1}, {1, 2, 6}, 3, true},
      {{-1, -1, 4}, {1, 2, -1}, 4, false},
      {{-1, 5, -1}, {1, -1, 2}, 5, false},
      {{-1, -1, -1}, {1, INFINITY, 2}, INFINITY, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    dm_error err;
    dm_kept kept = made(0, 2, 2);
    CHECK_UINT(kept.n, 3);
    CHECK_UINT(kept.rows.elem_size, 2 * sizeof(dm_signal_accum));
    for (uint32_t n = 0; n < 3; n++) { /* -1: none */
      double given = cases[i].given[n];
      bool has_loss = given >= 0;
      double values[3] = {n, has_loss ? given : absent(),
                          has_loss ? absent() : cases[i].derived[n]};
      CHECK_INT(dm_kept_add(&kept, 0, n + 1, values, &err), DM_OK);
    }
    CHECK_DOUBLE(dm_signal_mean(dm_kept_signal(&kept, 0, 0)), 1);
    CHECK_DOUBLE(dm_signal_mean(dm_kept_signal(&kept, 0, 1)), cases[i].want);
    for (int way = 0; way < 2; way++) { /* as it is, and as its columns */
      dm_signal_accum given = dm_kept_get(&kept, (size_t)way, 3, 1);
      dm_signal_accum derived = dm_kept_get(&kept, (size_t)way, 3, 2);
      CHECK_INT(given.is_given, !cases[i].is_derived);
      CHECK_INT(derived.is_given, cases[i].is_derived);
      CHECK_DOUBLE(dm_signal_mean(given.is_given ? &given : &derived), cases[i].want);
      CHECK_INT(dm_kept_set(&kept, 1, 3, 1, &given, &err), DM_OK);
      CHECK_INT(dm_kept_set(&kept, 1, 3, 2, &derived, &err), DM_OK);
    }
    dm_signal_accum other = {.is_given = 1};
    CHECK_INT(dm_kept_set(&kept, 0, 3, 2, &other, &err),
              DM_OK); /* no more than derived */
    CHECK_INT(dm_kept_get(&kept, 0, 3, 1).is_given, !cases[i].is_derived);
    CHECK_INT(dm_kept_get(&kept, 0, 3, 2).is_given, cases[i].is_derived);
    dm_kept_release(&kept);
  }
}

static void test_nothing(void) {
  dm_error err;
  dm_kept kept = made(0, 0, 5);
  CHECK_UINT(kept.n, 0);
  CHECK_INT(dm_kept_grow(&kept, 1000, &err), DM_OK);
  CHECK_UINT(dm_rows_cap(&kept.rows), 0);
  dm_kept_release(&kept);
}

int main(void) {
  DM_RUN(test_means);
  DM_RUN(test_loss);
  DM_RUN(test_nothing);
  return dm_test_end();
}
