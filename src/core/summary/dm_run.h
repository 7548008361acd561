/* A summary in the making: sources or rows of signals in, running states of samples out.
 */
#ifndef DM_RUN_H
#define DM_RUN_H

#include "signals/dm_parse.h"
#include "summary/dm_crew.h"
#include "summary/dm_fold.h"

typedef struct dm_run {
  dm_states states; /* what was read; read it freely */
  dm_host host;
  dm_sink sink; /* see dm_run_set_sink(); take is NULL: none */
  dm_keep keep; /* of each line: the states', and for the sink */
  dm_parser *parser;
  dm_crew *crew; /* NULL until a source has more than a block, and with one thread */
  dm_batch batch;
  dm_block block;
  uint64_t open_line;   /* of the source that was read last, as dm_lines has it */
  uint64_t next_byte;   /* the same: how many bytes it has, once read to its end */
  uint64_t rows_before; /* of tables, which the numbers of rows count from */
  int32_t table; /* the index that errors and problems call the rows' table by, as a
                    source's; -1, as at first: they have none */
} dm_run;

/* options is copied, what it points to must outlive the run; host may be NULL. *out is to
   be freed also when this fails. DM_E_MEMORY; DM_E_INPUT for an option out of its range.
 */
dm_status dm_run_new(dm_run **out, const dm_options *options, const dm_host *host,
                     dm_error *err) DM_MUST_CHECK;
/* NULL is allowed. */
void dm_run_free(dm_run *run);

/* Gives the sink every line from now on, its batches with their rows; with_label: these
   with the predicted label that the line gives, with_class: or else the most probable
   class. To be called before anything is read. DM_E_MEMORY. */
dm_status dm_run_set_sink(dm_run *run, const dm_sink *sink, bool with_label,
                          bool with_class, dm_error *err) DM_MUST_CHECK;

/* Reads the source to its end. file is what errors and problems call it. Everything that
   dm_source_read(), dm_lines_next() and a bad line can fail with. */
dm_status dm_run_source(dm_run *run, dm_source *source, int32_t file,
                        dm_error *err) DM_MUST_CHECK;

/* Ends the threads; the run may read on, and then starts them again. */
void dm_run_end_threads(dm_run *run);

/* Takes one row of a table; number is its place, from 1 to 2^32. What fails is reported
   like a line of a file, bad rows are skipped if the options say so. Call
   dm_run_end_rows() at last; a table that goes on, as a stream does, may be ended and its
   rows counted from rows_before, which is then to be set. */
dm_status dm_run_row(dm_run *run, const dm_fields *fields, uint64_t number,
                     dm_error *err) DM_MUST_CHECK;
dm_status dm_run_end_rows(dm_run *run, dm_error *err) DM_MUST_CHECK;

/* The same for a row that can't even be read: found says why, and may be what err is. */
dm_status dm_run_bad_row(dm_run *run, const dm_error *found, uint64_t number,
                         dm_error *err) DM_MUST_CHECK;

#endif
