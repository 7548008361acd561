/* A block of lines in, a batch of events out. */
#ifndef DM_PARSE_H
#define DM_PARSE_H

#include "dm_event.h"
#include "dm_keys.h"
#include "dm_lines.h"
#include "dm_token.h"

typedef enum dm_format { DM_FORMAT_AUTO, DM_FORMAT_JSON, DM_FORMAT_PYTHON } dm_format;

/* How signals are read. Zero-initialised fields mean: automatic, stop at a bad line. */
typedef struct dm_options {
  dm_format format;
  bool is_skipping;    /* leave bad lines out and go on */
  bool is_cut_allowed; /* ignore an incomplete last line */
  size_t max_line;     /* bytes, 1 to DM_LINE_MAX */
  size_t block_size;   /* bytes read at a time, at least 1 */
  int threads; /* that parse side by side; 0 and 1: the caller alone. Changes no result */
  const char *const *signals; /* names of requested user signals, UTF-8 */
  size_t n_signals;           /* at most DM_SIGNALS_MAX */
  uint32_t metrics;           /* bits of dm_metric */
  uint32_t burn_out;   /* of each sample the first so many evaluations count; 0: all */
  bool has_step_range; /* only evaluations with a step (else their order of occurrence, */
  double first_step;   /* from 0) in this range count, ends included; the burn_out are */
  double last_step;    /* the first of those */
  uint64_t seed;       /* of the hash of ids; does not change any result */
} dm_options;

/* What a thread needs for parsing, apart from the batch. */
typedef struct dm_parser dm_parser;

/* options and what it points to must outlive the parser. DM_E_MEMORY. */
dm_status dm_parser_new(dm_parser **out, const dm_options *options,
                        dm_error *err) DM_MUST_CHECK;
void dm_parser_free(dm_parser *parser);

/* Parses every line of the block into the batch, which is reset first and borrows the
   block's bytes. A bad line is skipped and noted, or ends the batch with has_error, as
   options say. Fails only with DM_E_MEMORY. Different parsers may work side by side. */
dm_status dm_parse_block(dm_parser *parser, const dm_block *block, dm_batch *batch,
                         dm_error *err) DM_MUST_CHECK;

/* The fields of one line that has been parsed before, probs in full; borrowed from the
   parser until the next call, and from the line. DM_E_MEMORY. */
dm_status dm_parse_fields(dm_parser *parser, const char *line, dm_fields *out,
                          dm_error *err) DM_MUST_CHECK;

#endif
