/* Signals from an Arrow stream: batches of columns, row by row, into a run. */
#ifndef DM_STREAM_H
#define DM_STREAM_H

#include "base/dm_host.h"
#include "signals/dm_arrow.h"
#include "summary/dm_run.h"

/* The fields that have a column of their own; loss is a signal like the user's, and only
   its type is looked at. */
typedef enum dm_stream_field {
  DM_STREAM_ID,
  DM_STREAM_LABEL,
  DM_STREAM_PRED_LABEL,
  DM_STREAM_S_LABEL,
  DM_STREAM_CORRECT,
  DM_STREAM_LABEL_INDEX,
  DM_STREAM_LABEL_PROBS,
  DM_STREAM_STEP,
  DM_STREAM_MARGIN,
  DM_STREAM_SUM_LOGP,
  DM_STREAM_N_TOK,
  DM_STREAM_LOSS,
  DM_N_STREAM_FIELDS
} dm_stream_field;

/* What a host calls them. */
extern const char *const dm_stream_field_names[DM_N_STREAM_FIELDS];

/* Where class vectors are: in one column of lists or structs, or in a column for each
   class. parts are these columns, or the parts of a struct, in the order of the
   classes. */
typedef struct dm_stream_vector {
  int32_t column; /* -1: none, but parts if there are any */
  const int32_t *parts;
  size_t n_parts;
  bool is_second; /* the only part is the probability of the second of two classes */
} dm_stream_vector;

/* Which column of the stream, from 0, is what; -1: none is. */
typedef struct dm_stream_plan {
  int32_t fields[DM_N_STREAM_FIELDS];
  bool is_epoch; /* the step is one that may stay the same */
  dm_stream_vector probs;
  dm_stream_vector logits;
  const int32_t *signals;     /* as many as the run is asked for */
  const char *const *classes; /* names of the classes by which labels tell their places;
                                 NULL: labels are places, or label_index tells them */
  size_t n_classes;
  bool is_predicting; /* the prediction is told by these names too */
} dm_stream_plan;

/* Zero-initialise; to be released at last, whatever failed before. */
typedef struct dm_stream {
  dm_arrow_stream *source; /* borrowed, and its owner's to release */
  const dm_stream_plan *plan;
  dm_run *run;
  const dm_host *host;
  dm_arrow_schema schema;
  dm_arrow_array batch; /* that is being read */
  dm_arrow_column fields[DM_N_STREAM_FIELDS];
  dm_arrow_column probs, logits;
  dm_arrow_column *signals;
  size_t n_signals;
  double *values; /* of the signals of a row */
  dm_arrow_vector probs_of_row, logits_of_row;
  double both[2];   /* of two classes, where the stream has the second only */
  dm_index classes; /* rows are places */
  bool are_whole;   /* predictions are numbers, as labels are and all names look like */
  uint64_t n_rows;  /* so far */
} dm_stream;

/* Gets the schema and looks at the columns that the plan names. What is borrowed must
   outlive the stream. DM_E_FIELD for a column of another type, DM_E_INPUT for one that
   there is not, DM_E_IO where the source fails or is broken, DM_E_MEMORY. */
dm_status dm_stream_open(dm_stream *stream, dm_arrow_stream *source,
                         const dm_stream_plan *plan, dm_run *run, const dm_host *host,
                         dm_error *err) DM_MUST_CHECK;

/* Takes the rows of a batch that was got from the source before, and stays its owner's.
 */
dm_status dm_stream_take(dm_stream *stream, const dm_arrow_array *batch,
                         dm_error *err) DM_MUST_CHECK;

/* Takes all batches that are left, and ends the rows. Rows are numbered from the first
   batch on. Everything that dm_run_row() can fail with, DM_E_IO, DM_E_INTERRUPT. */
dm_status dm_stream_rest(dm_stream *stream, dm_error *err) DM_MUST_CHECK;

void dm_stream_release(dm_stream *stream);

#endif
