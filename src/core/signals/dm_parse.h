/* A block of lines in, a batch of events out. */
#ifndef DM_PARSE_H
#define DM_PARSE_H

#include "io/dm_lines.h"
#include "signals/dm_event.h"
#include "signals/dm_options.h"

/* What a thread needs for parsing, apart from the batch. */
typedef struct dm_parser dm_parser;

/* options and what it points to must outlive the parser. keep is what batches get of each
   line beside its event; NULL: the requested signals. DM_E_MEMORY. */
dm_status dm_parser_new(dm_parser **out, const dm_options *options, const dm_keep *keep,
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
