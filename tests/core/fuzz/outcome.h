/* All that a run over sources ends with, to be compared with what another run of the same
   bytes ends with. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "summary/dm_run.h"

enum { OUTCOME_COUNTS = 6, OUTCOME_NUMBERS = 5, OUTCOME_STATISTICS = 5 };

typedef struct outcome {
  dm_status status;
  dm_error err; /* where status is not DM_OK */
  dm_counts counts;
  dm_problem *problems;
  size_t n_problems;
  uint64_t problem_counts[DM_PROBLEM_KINDS];
  size_t n; /* rows; none where status is not DM_OK */
  dm_ident_type types[3];
  dm_ident *idents[3]; /* texts are the run's, which is kept */
  int32_t *integers[OUTCOME_COUNTS];
  double *numbers[OUTCOME_NUMBERS];
  double *signals; /* n times 5 per signal */
  size_t n_signals;
  double *metrics; /* n per metric that the run was asked for; times as numbers */
  size_t n_metrics;
  char **pred_dists; /* NULL where missing; all of it NULL where not asked for */
  dm_run *run;
} outcome;

/* Takes over the run, which ended with status. */
void outcome_take(outcome *out, dm_run *run, dm_status status, const dm_error *err);
void outcome_release(outcome *out);

/* Ends the program where the two differ. */
void outcome_check_same(const outcome *a, const outcome *b);

/* What holds for one alone. */
void outcome_check(const outcome *out);

#endif
