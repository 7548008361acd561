/* dm_fields.c: what a margin, and the log-probability of a sequence, stand for. */
#include <math.h>

#include "dm_test.h"
#include "signals/dm_fields.h"

static const double halves[] = {.5, .5};

static void test_margin(void) {
  const double margins[] = {1.5, 0, -1e308, (double)NAN};
  for (size_t i = 0; i < sizeof margins / sizeof *margins; i++) {
    DM_CASE("margin %zu", i);
    dm_fields given = {.has_margin = true, .margin = margins[i]};
    dm_fields out;
    double logits[2];
    dm_error err;
    CHECK(dm_fields_are_short(&given));
    CHECK_INT(dm_fields_complete(&given, logits, &out, &err), DM_OK);
    CHECK(out.logits == logits);
    CHECK_UINT(out.n_logits, 2);
    CHECK_DOUBLE(logits[0], margins[i]);
    CHECK_DOUBLE(logits[1], 0);
    CHECK_INT(out.label.kind, DM_IDENT_INT);
    CHECK_INT(out.label.value, 0);
    CHECK(!out.has_label_probs);
    given.label = dm_ident_from_int(1); /* the rejected one was right */
    CHECK_INT(dm_fields_complete(&given, logits, &out, &err), DM_OK);
    CHECK_INT(out.label.value, 1);
  }
}

static void test_sequence(void) {
  static const struct {
    double sum, n, log_probs, label_probs;
  } cases[] = {
      {0, 1, 0, 1},
      {-6, 3, -2, 0.1353352832366127},
      {-4000, 2, -2000, 0}, /* whose logarithm is known all the same */
      {2, 2, 1, 2.718281828459045},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    dm_fields given = {.has_sum_logp = true,
                       .sum_logp = cases[i].sum,
                       .has_n_tok = true,
                       .n_tok = cases[i].n};
    dm_fields out;
    double logits[2];
    dm_error err;
    CHECK(dm_fields_are_short(&given));
    CHECK_INT(dm_fields_complete(&given, logits, &out, &err), DM_OK);
    CHECK(out.has_label_probs && out.has_log_probs);
    CHECK_DOUBLE(out.log_probs, cases[i].log_probs);
    CHECK_DOUBLE(out.label_probs, cases[i].label_probs);
    CHECK(!out.logits && out.label.kind == DM_IDENT_NONE);
  }
}

static void test_bad_count(void) {
  const double counts[] = {0, -1, 0.5, 1.5, (double)NAN, (double)INFINITY, 1e17};
  for (size_t i = 0; i <= sizeof counts / sizeof *counts; i++) {
    DM_CASE("count %zu", i);
    dm_fields given = {.has_sum_logp = true, .sum_logp = -1};
    if (i > 0) {
      given.has_n_tok = true;
      given.n_tok = counts[i - 1];
    }
    dm_fields out;
    double logits[2];
    dm_error err = {0};
    dm_status want = i ? DM_E_RANGE : DM_E_FIELD;
    CHECK_INT(dm_fields_complete(&given, logits, &out, &err), want);
    CHECK_STR(err.key, "n_tok");
    CHECK(err.expected[0] && err.found[0]);
  }
}

/* What is given wins: nothing stands for it. */
static void test_given(void) {
  for (int i = 0; i < 4; i++) {
    DM_CASE("given %d", i);
    dm_fields given = {.has_margin = true,
                       .margin = 3,
                       .has_sum_logp = true,
                       .sum_logp = -1,
                       .has_n_tok = i % 2,
                       .label = dm_ident_from_int(1)};
    given.probs = i == 0 ? halves : NULL;
    given.logits = i == 1 ? halves : NULL;
    given.n_probs = given.n_logits = 2;
    given.has_label_probs = i == 2;
    given.label_probs = .25;
    dm_fields out;
    double logits[2];
    dm_error err;
    CHECK_INT(dm_fields_complete(&given, logits, &out, &err), DM_OK);
    CHECK(out.probs == given.probs);
    CHECK(out.logits == (i == 3 ? logits : given.logits));
    CHECK_INT(out.has_label_probs, i == 2);
    CHECK_INT(out.has_margin, i == 3);
    CHECK(!out.has_sum_logp && !out.has_log_probs);
    CHECK_DOUBLE(out.label_probs, .25);
  }
  dm_fields nothing = {.has_n_tok = true, .n_tok = 0}; /* the user's, whatever it is */
  CHECK(!dm_fields_are_short(&nothing));
}

int main(void) {
  DM_RUN(test_margin);
  DM_RUN(test_sequence);
  DM_RUN(test_bad_count);
  DM_RUN(test_given);
  return dm_test_end();
}
