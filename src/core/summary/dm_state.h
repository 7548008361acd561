/* The states of a run as plain columns: what a host keeps of a run that is to go on
   later, or elsewhere, and a run made of it again. */
#ifndef DM_STATE_H
#define DM_STATE_H

#include "summary/dm_state_field.h"
#include "summary/dm_states.h"

/* What the columns are about: each has one element per row of ids. */
typedef enum dm_state_part {
  DM_STATE_SAMPLES, /* dm_run.accum, dm_run.classes and dm_run.indexes */
  DM_STATE_STEPS,   /* dm_run.steps */
  DM_STATE_SIGNAL,  /* dm_run.signals, of one of them */
  DM_STATE_METRICS, /* dm_run.metrics */
  DM_STATE_SEEN     /* dm_run.seen */
} dm_state_part;

/* And what is a matrix: a row per row of ids. */
typedef enum dm_state_matrix {
  DM_STATE_CLASS_SUMS,  /* dm_run.class_sums */
  DM_STATE_PREDICTIONS, /* dm_run.predictions, a column per row of dm_run.predicted */
  DM_STATE_PLACES       /* dm_run.places */
} dm_state_matrix;

/* Whether there is that part or matrix at all. Of signals there are n_values. */
bool dm_state_has(const dm_states *states, dm_state_part part);
bool dm_state_has_matrix(const dm_states *states, dm_state_matrix which);

static inline bool dm_state_is_count(int64_t value) {
  return value >= 0 && value <= DM_COUNT_MAX;
}

/* The columns of a part, in their order; at most DM_STATE_FIELDS_MAX. */
const dm_state_field *dm_state_fields(dm_state_part part, size_t *n);

/* Rows that are given or taken at once. */
typedef struct dm_state_rows {
  size_t first;
  size_t n;
} dm_state_rows;

/* All of them. */
static inline dm_state_rows dm_state_all_rows(const dm_states *states) {
  return (dm_state_rows){.n = states->ids.n};
}

/* Fills one vector per field of the part, with an element for each of the rows. signal
   matters for DM_STATE_SIGNAL only. */
void dm_state_get(const dm_states *states, dm_state_part part, size_t signal,
                  dm_state_rows rows, void *const *out);

/* How many columns a matrix has; those behind the last that is not 0, or is of a class,
   are left out of class sums and places. dm_state_get_matrix() writes the rows column by
   column. */
size_t dm_state_width(const dm_states *states, dm_state_matrix which);
void dm_state_get_matrix(const dm_states *states, dm_state_matrix which, size_t width,
                         dm_state_rows rows, double *out);

/* Which label stands at a place of the class vectors, of n_class_labels: a row of labels,
   from 1; 0: none; -1: several. */
int32_t dm_state_class(const dm_states *states, size_t place);

/* --- the way back, into a run that has just been made ---

   Nothing that is given is trusted. Errors are DM_E_INPUT with the name of the column as
   key and the element (from 1) as line, or DM_E_MEMORY, DM_E_LIMIT; the run is then good
   for dm_run_free() only. Idents come first, then the parts, SAMPLES before the others,
   and the matrices, then problems; the totals come last. */

/* Gives an index of the run, which key names, its next row. has_text says that an ident
   of this index was given as a string; if not, a string must be the digits of an integer.
 */
dm_status dm_state_add_ident(dm_index *index, const dm_ident *ident, bool has_text,
                             const char *key, dm_error *err) DM_MUST_CHECK;

/* Take rows of a part, and of a matrix of so many columns: all rows at once, or some
   after the other from the first on. */
dm_status dm_state_set(dm_states *states, dm_state_part part, size_t signal,
                       dm_state_rows rows, const void *const *in,
                       dm_error *err) DM_MUST_CHECK;

dm_status dm_state_set_matrix(dm_states *states, dm_state_matrix which, size_t width,
                              dm_state_rows rows, const double *in,
                              dm_error *err) DM_MUST_CHECK;

/* Takes what dm_state_class() says of the next place. */
dm_status dm_state_add_class(dm_states *states, int32_t label,
                             dm_error *err) DM_MUST_CHECK;

/* Adds one of the problems that are kept; a kind of DM_PROBLEM_KINDS is refused. */
dm_status dm_state_add_problem(dm_states *states, const dm_problem *problem,
                               dm_error *err) DM_MUST_CHECK;

/* What is not of a sample. */
typedef struct dm_state_totals {
  dm_counts counts;
  uint64_t problems[DM_PROBLEM_KINDS]; /* also those that are not kept */
  double step_distance;
  int32_t n_files;
} dm_state_totals;

/* Takes the totals and checks that all of it can be of one run. */
dm_status dm_state_finish(dm_states *states, const dm_state_totals *totals,
                          dm_error *err) DM_MUST_CHECK;

#endif
