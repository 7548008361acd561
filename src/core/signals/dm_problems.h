/* What was wrong with lines that did not stop the reading: bad lines that were skipped
   and disagreements. Counted in full, kept up to a bound. */
#ifndef DM_PROBLEMS_H
#define DM_PROBLEMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/dm_error.h"

typedef enum dm_problem_kind {
  DM_PROBLEM_BAD_LINE,    /* skipped */
  DM_PROBLEM_LABEL,       /* label differs from the sample's first */
  DM_PROBLEM_S_LABEL,     /* s_label differs from the sample's first */
  DM_PROBLEM_CORRECT,     /* correct contradicts the prediction */
  DM_PROBLEM_STEP,        /* the same step twice for a sample */
  DM_PROBLEM_PROB_RANGE,  /* a probability outside [-1e-6, 1 + 1e-6] */
  DM_PROBLEM_PROB_SUM,    /* probs that do not sum to 1 within 1e-3 */
  DM_PROBLEM_PROB_COUNT,  /* probs of another length than the sample's first */
  DM_PROBLEM_NOT_FINITE,  /* label_probs that is NaN or infinite */
  DM_PROBLEM_LABEL_INDEX, /* label_index differs from the first of the sample's label */
  DM_PROBLEM_NAN_CLASS, /* NaN among the class vector that the prediction is read from */
  DM_PROBLEM_LABEL_PROBS, /* label_probs is not that of the class vector within 1e-6 */
  DM_PROBLEM_KINDS
} dm_problem_kind;

extern const char *const dm_problem_kind_names[DM_PROBLEM_KINDS];

/* The kind of that name; DM_PROBLEM_KINDS: there is none. */
dm_problem_kind dm_problem_kind_find(const char *name, size_t len);

enum { DM_PROBLEM_TEXT_MAX = 120, DM_PROBLEMS_KEPT = 10000 };

typedef struct dm_problem {
  uint64_t line;
  uint64_t column; /* character, from 1; 0 = unknown */
  int32_t file;
  dm_problem_kind kind;
  char key[DM_KEY_MAX];
  char expected[DM_PROBLEM_TEXT_MAX];
  char actual[DM_PROBLEM_TEXT_MAX];
} dm_problem;

/* Zero-initialise. */
typedef struct dm_problems {
  const struct dm_names *names; /* of fields in the lines, see dm_keys.h */
  dm_problem *kept; /* the first DM_PROBLEMS_KEPT of the order in which they were added */
  size_t n_kept;
  size_t cap_kept;
  uint64_t count[DM_PROBLEM_KINDS];
} dm_problems;

/* Counts the problem and keeps a copy while there is room. DM_E_MEMORY. */
dm_status dm_problems_add(dm_problems *problems, const dm_problem *problem,
                          dm_error *err) DM_MUST_CHECK;

/* A problem of a line, as dm_problem_note() takes it. */
typedef struct dm_note {
  dm_problem_kind kind;
  int32_t file;
  uint64_t line;      /* counted as those that are there */
  const char *text;   /* the line itself, or NULL */
  const char *key;    /* whose value the column is that of */
  const char *actual; /* what there is */
} dm_note;

/* Counts it and keeps its texts while there is room; expected (printf format) is what
   there should be. DM_E_MEMORY. */
dm_status dm_problem_note(dm_problems *problems, const dm_note *note, dm_error *err,
                          const char *expected, ...) DM_PRINTF(4, 5) DM_MUST_CHECK;

/* A problem of the kind with the texts of err: line, column, key, expected, found. */
dm_problem dm_problem_from_error(dm_problem_kind kind, const dm_error *err);

/* Empties, keeping the memory. */
void dm_problems_reset(dm_problems *problems);
void dm_problems_release(dm_problems *problems);

#endif
