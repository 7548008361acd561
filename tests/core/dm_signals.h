/* Signals made up for tests, and all that a run has to say about them. */
#ifndef DM_SIGNALS_H
#define DM_SIGNALS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm_columns.h"
#include "dm_naive.h"
#include "summary/dm_run.h"
#include "summary/dm_table.h"

/* What the lines of a run are made of. */
enum {
  PYTHON = 1,
  TEXT_IDS = 2,
  BIG_IDS = 4,
  ESCAPES = 8,
  LOGITS = 16,
  STEPS = 32,
  SIGNALS = 64,
  DISAGREE = 128, /* in everything that can */
  BAD_LINES = 256,
  SKIP = 512, /* bad lines, that is */
  GZIP = 1024,
  MANY_IDS = 2048, /* many chunks of rows, in descending order */
  CUT = 4096,      /* in the middle of the last line, which may be */
  LONG_LINE = 8192,
  STEP_BACK = 16384,
  THREADS = 32768,   /* three of them */
  METRICS = 65536,   /* all of them */
  WINDOW = 131072,   /* not all evaluations count */
  INDEXES = 262144,  /* some labels are names with a label_index */
  MORE_IDS = 524288, /* a few chunks of rows */
  GAPS = 1048576     /* lines without a class vector, which predict many labels */
};

/* The answer of a scenario, all its bytes. Not the core's memory. */
static char *answer;
static size_t answer_len;
static size_t answer_cap;

static inline void say(const void *bytes, size_t n) {
  if (answer_cap - answer_len < n) {
    answer_cap = 2 * (answer_cap + n);
    answer = realloc(answer, answer_cap);
  }
  if (n) {
    memcpy(answer + answer_len, bytes, n);
  }
  answer_len += n;
}

/* Lines of six evaluations as the flags say; to be freed. */
static inline char *make_lines(unsigned flags, size_t *len) {
  size_t n_ids = flags & MANY_IDS ? 3000 : flags & MORE_IDS ? 1100 : 40;
  size_t n_times = flags & MANY_IDS ? 1 : 6;
  char *text = malloc(n_ids * n_times * 400 + 10000);
  char *p = text;
  char q = flags & PYTHON ? '\'' : '"';
  uint64_t seed = flags;
  for (size_t t = 0; t < n_times; t++) {
    for (size_t i = 0; i < n_ids; i++) {
      bool is_odd = flags & DISAGREE && t > 0 && naive_below(&seed, 3) == 0;
      p += sprintf(p, "{%cid%c: ", q, q);
      unsigned long long id = (unsigned long long)(n_ids - i) * 3;
      if (flags & BIG_IDS) {
        p += sprintf(p, "%s473436425441000000000%03llu", i % 5 ? "" : "-", id);
      } else if (flags & TEXT_IDS) {
        p += sprintf(p, "%csample %s%llu%c", q, flags & ESCAPES ? "\\n\\u00e9" : "", id,
                     q);
      } else {
        p += sprintf(p, "%llu", id);
      }
      bool is_second = is_odd && i % 4 == 0;
      if (flags & INDEXES && i % 5 < 2) { /* the second class's label is "a" */
        p += sprintf(p, ", %clabel%c: %c%s%c, %clabel_index%c: %d", q, q, q,
                     (i % 5 == 0) != is_second ? "a" : "b", q, q, q,
                     ((i % 5 == 0) != is_second) != (is_odd && i % 4 == 3));
      } else {
        p += sprintf(p, ", %clabel%c: %d", q, q, is_second);
      }
      if (flags & STEPS) {
        p += sprintf(p, ", %cstep%c: %d", q, q,
                     flags & STEP_BACK && t == 3 && i == 20 ? 1
                     : is_odd                               ? (int)t
                                                            : (int)t + 1);
      }
      p += sprintf(p, ", %cs_label%c: %d, %cother%c: {%ca%c: [1, 2]}", q, q,
                   is_odd && i % 4 == 1 ? 2 : (int)i % 3, q, q, q, q);
      if (flags & SIGNALS && i % 3) {
        p += sprintf(p, ", %cgrad%c: %.4f", q, q, (double)naive_below(&seed, 9999) / 7);
      }
      double prob = (double)naive_below(&seed, 1000) / 1000;
      bool is_gap = flags & GAPS && i % 7 == 3 && t % 2 == 1;
      if (is_gap) {
        p += sprintf(p, ", %clabel_probs%c: %.3f, %cpred_label%c: %c%zu of %zu%c", q, q,
                     prob, q, q, q, i % 40, t, q);
      } else if (flags & LOGITS) {
        p += sprintf(p, ", %clogits%c: [%.3f, 0.5%s]", q, q, prob * 4 - 2,
                     is_odd && i % 4 == 2 ? ", 0.1" : "");
      } else {
        p += sprintf(p, ", %cprobs%c: [%.3f, %.3f]", q, q, prob, is_odd ? 0.5 : 1 - prob);
      }
      if (is_odd && !is_gap) {
        p += sprintf(p, ", %ccorrect%c: %ctrue%c, %cpred_label%c: 1", q, q, q, q, q, q);
      }
      if (flags & LONG_LINE && i == 7 && t == 0) {
        p += sprintf(p, ", %cnote%c: %c%0500d%c", q, q, q, 0, q);
      }
      p += sprintf(p, "}\n");
      if (flags & BAD_LINES && i % 10 == 9) {
        static const char *const bad[] = {"{\"id\": 1\n", "x\n", "{}\n", "\xFF\n", "\n"};
        p += sprintf(p, "%s", bad[naive_below(&seed, 5)]);
      }
    }
  }
  *len = (size_t)(p - text) - (flags & CUT ? 9 : 0);
  return text;
}

/* All columns of the run's table, its problems and its counts. */
static inline dm_status say_run(dm_run *run, dm_error *err) {
  dm_table table = {0};
  dm_status status;
  int32_t *counts = NULL;
  double *numbers = NULL;
  double **signals = NULL;
  dm_columns columns = {.missing = missing_as(-1)};
  DM_TRY_DONE(dm_table_init(&table, &run->states, err));
  size_t n = table.n;
  size_t n_statistics = run->states.options.n_signals * DM_N_STATISTICS;
  size_t n_numbers = DM_N_NUMBERS + n_statistics + DM_N_METRICS;
  counts = malloc((DM_N_COUNTS + DM_N_METRICS) * (n + 1) * sizeof *counts);
  numbers = malloc(n_numbers * (n + 1) * sizeof *numbers);
  signals = malloc((n_statistics + 1) * sizeof *signals);
  for (size_t c = 0; c < DM_N_COUNTS; c++) {
    columns.counts[c] = counts + c * n;
  }
  for (size_t c = 0; c < DM_N_NUMBERS; c++) {
    columns.numbers[c] = numbers + c * n;
  }
  columns.signals = signals;
  for (size_t c = 0; c < n_statistics; c++) {
    signals[c] = numbers + (DM_N_NUMBERS + c) * n;
  }
  for (size_t c = 0; c < DM_N_METRICS; c++) {
    if (!(run->states.options.metrics & DM_METRIC_BIT(c)) ||
        dm_metrics[c].kind == DM_METRIC_TEXT) {
      continue;
    }
    if (dm_metrics[c].kind == DM_METRIC_TIME) {
      columns.times[c] = counts + (DM_N_COUNTS + c) * n;
    } else {
      columns.metrics[c] = numbers + (DM_N_NUMBERS + n_statistics + c) * n;
    }
  }
  dm_table_fill(&table, &columns, 1);
  for (size_t c = 0; c < DM_N_COUNTS; c++) {
    say(columns.counts[c], n * sizeof *counts);
  }
  for (size_t c = 0; c < DM_N_NUMBERS; c++) {
    say(columns.numbers[c], n * sizeof *numbers);
  }
  for (size_t c = 0; c < n_statistics; c++) {
    say(signals[c], n * sizeof *numbers);
  }
  for (int c = 0; c < DM_N_METRICS; c++) {
    if (columns.times[c]) {
      say(columns.times[c], n * sizeof *counts);
    } else if (columns.metrics[c]) {
      say(columns.metrics[c], n * sizeof *numbers);
    } else if (run->states.options.metrics & DM_METRIC_BIT(c)) {
      for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *text = dm_table_pred_dist(&table, i, &len);
        say(text, len);
      }
    }
  }
  for (int c = DM_COLUMN_ID; c <= DM_COLUMN_S_LABEL; c++) {
    for (size_t i = 0; i < table.n; i++) {
      dm_ident ident = dm_table_ident(&table, (dm_ident_column)c, i);
      say(&ident.kind, sizeof ident.kind);
      say(&ident.value, sizeof ident.value);
      say(ident.text, ident.len);
    }
  }
  say(run->states.problems.count, sizeof run->states.problems.count);
  for (size_t i = 0; i < run->states.problems.n_kept; i++) {
    const dm_problem *problem = &run->states.problems.kept[i];
    say(&problem->line, sizeof problem->line);
    say(&problem->column, sizeof problem->column);
    say(problem->key, strlen(problem->key));
    say(problem->expected, strlen(problem->expected));
    say(problem->actual, strlen(problem->actual));
  }
  say(&run->states.counts, sizeof run->states.counts);
  for (uint32_t row = 0; row < run->states.ids.n; row++) {
    uint32_t n_classes = dm_states_classes(&run->states, row);
    say(&n_classes, sizeof n_classes);
  }
done:
  free(counts);
  free(numbers);
  free(signals);
  dm_table_release(&table);
  return status;
}

#endif
