/* Collects problems: a count per kind that is always true, texts up to a bound. */
#include "signals/dm_problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/dm_grow.h"
#include "base/dm_text.h"
#include "signals/dm_keys.h"

const char *const dm_problem_kind_names[DM_PROBLEM_KINDS] = {
    [DM_PROBLEM_BAD_LINE] = "bad_line",
    [DM_PROBLEM_LABEL] = "label",
    [DM_PROBLEM_S_LABEL] = "s_label",
    [DM_PROBLEM_CORRECT] = "correct",
    [DM_PROBLEM_STEP] = "step",
    [DM_PROBLEM_PROB_RANGE] = "prob_range",
    [DM_PROBLEM_PROB_SUM] = "prob_sum",
    [DM_PROBLEM_PROB_COUNT] = "prob_count",
    [DM_PROBLEM_NOT_FINITE] = "not_finite",
    [DM_PROBLEM_LABEL_INDEX] = "label_index",
    [DM_PROBLEM_NAN_CLASS] = "nan_class",
    [DM_PROBLEM_LABEL_PROBS] = "label_probs",
};

static void copy_text(char *out, size_t cap, const char *text);

dm_problem_kind dm_problem_kind_find(const char *name, size_t len) {
  int kind = 0;
  while (kind < DM_PROBLEM_KINDS &&
         (strlen(dm_problem_kind_names[kind]) != len ||
          memcmp(dm_problem_kind_names[kind], name, len) != 0)) {
    kind++;
  }
  return (dm_problem_kind)kind;
}

dm_status dm_problems_add(dm_problems *problems, const dm_problem *problem,
                          dm_error *err) {
  if (problems->n_kept < DM_PROBLEMS_KEPT) {
    DM_GROW(problems->kept, problems->cap_kept, problems->n_kept + 1, err);
    problems->kept[problems->n_kept++] = *problem;
  }
  problems->count[problem->kind]++;
  return DM_OK;
}

dm_status dm_problem_note(dm_problems *problems, const dm_note *note, dm_error *err,
                          const char *expected, ...) {
  if (problems->n_kept >= DM_PROBLEMS_KEPT) {
    problems->count[note->kind]++;
    return DM_OK;
  }
  dm_problem problem = {.line = note->line, .file = note->file, .kind = note->kind};
  va_list args;
  va_start(args, expected);
  (void)vsnprintf(problem.expected, sizeof problem.expected, expected, args);
  va_end(args);
  copy_text(problem.key, sizeof problem.key, dm_field_key(problems->names, note->key));
  (void)snprintf(problem.actual, sizeof problem.actual, "%s", note->actual);
  dm_span value;
  if (note->text) {
    (void)dm_line_find(problems->names, note->text, note->key, &value, &problem.column);
  }
  return dm_problems_add(problems, &problem, err);
}

dm_problem dm_problem_from_error(dm_problem_kind kind, const dm_error *err) {
  dm_problem problem = {
      .line = err->line, .column = err->column, .file = err->file, .kind = kind};
  copy_text(problem.key, sizeof problem.key, err->key);
  copy_text(problem.expected, sizeof problem.expected, err->expected);
  copy_text(problem.actual, sizeof problem.actual, err->found);
  return problem;
}

void dm_problems_reset(dm_problems *problems) {
  problems->n_kept = 0;
  memset(problems->count, 0, sizeof problems->count);
}

void dm_problems_release(dm_problems *problems) {
  dm_free(problems->kept);
  *problems = (dm_problems){0};
}

static void copy_text(char *out, size_t cap, const char *text) {
  size_t n = strlen(text);
  if (n >= cap) {
    n = dm_utf8_valid_prefix(text, cap - 1);
  }
  memcpy(out, text, n);
  out[n] = '\0';
}
