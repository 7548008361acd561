/* The summary file: a table of tab-separated values with a header, out and in; also in,
   one with commas, and JSON Lines. */
#ifndef DM_TSV_H
#define DM_TSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_error.h"
#include "io/dm_source.h"
#include "io/dm_writer.h"
#include "number/dm_missing.h"

typedef enum dm_tsv_kind {
  DM_TSV_INT32,
  DM_TSV_DOUBLE,
  DM_TSV_TEXT,
  DM_TSV_BOOL
} dm_tsv_kind;

/* A column to be written; all is borrowed. */
typedef struct dm_tsv_column {
  const char *name;
  dm_tsv_kind kind;
  const void *data; /* const int32_t * (also of BOOL, not 0: true), const double *,
                       const char *const * (UTF-8) */
} dm_tsv_column;

/* Writes a header and n_rows lines, ended by '\n'. Doubles are the shortest texts that
   read back to the same bits, whole ids and labels integers, missing values "NA". Opens
   and commits nothing, and writes nothing before all that does not depend on the single
   row is known to be right. style:
   - "summary", fields between tabs that dm_tsv_read() gives back as they were (columns
     without a value as INT32). Where every value of a double column would be read as an
     integer, it is written with ".0", save in the columns that dm_tsv_read() knows.
   - "table", the same of any columns.
   - "csv", fields between commas. A text stands in quotes as in RFC 4180 where it has to,
     and where it is empty, "NA" or has a blank at an end.
   DM_E_INPUT with the column as key, the row (from 1) as line: a text or name with
   invalid UTF-8 or, between tabs, a tab or line break; an empty or repeated name. Of a
   summary also: an id or label that is missing or a fraction or beyond 2^53; texts of the
   user's own that all read as numbers or all as TRUE and FALSE, the text "NA", anything
   but numbers in a column of numbers, a first name that makes the file look like another.
   Without a key: a style that is none. What dm_writer_write() returns. */
dm_status dm_tsv_write(dm_writer *writer, const char *style, const dm_tsv_column *columns,
                       size_t n_columns, size_t n_rows, const dm_missing *missing,
                       dm_error *err) DM_MUST_CHECK;

typedef struct dm_tsv_table dm_tsv_table;

/* The usual block_size of dm_tsv_read(). */
enum { DM_TSV_BLOCK = 1 << 20 };

/* Reads a table to its end: JSON Lines where the first line that is not blank starts with
   a brace; else a header and lines with tabs or, where the header has none, commas
   between the fields, which may stand in quotes as in RFC 4180 behind commas or where the
   first name does. Each column gets the first of these kinds that holds every value:
   - id and its other names, label: int32 or double where all are integers within its
     exact range, else text ("NA" is a text there);
   - the summary's columns of real numbers, confidence, variability: double; its counts,
     correctness: int32 or double. A text there is an error;
   - any other: int32, double, bool (TRUE, FALSE), text. "NA" is missing, a number what
     programs write as one ("1", "0.5", "1e-05", "NaN", "Inf"); "007", "12e3", "1.50",
     "inf" and more digits than a double holds are texts, and so is what stands in quotes.
     Another name of id, confidence, variability and correctness are such where id,
     avg_probs, label_var or correct_times stands in the header as well.
   The integer that means missing is no int32. In known columns a number is one of JSON's
   grammar, "NaN", "nan", "Inf", "inf", "-Inf" or "-inf". In JSON Lines the types are
   those of the values; null and what a line does not have is missing. *out is NULL on
   failure, else released by dm_tsv_release(); source stays the caller's. block_size bytes
   are read at a time. With as_texts every column is text, as it stands between tabs:
   nothing is a number, a quote, missing or JSON, and no line is left out. DM_E_SYNTAX
   (number of fields, quotes, no header, invalid UTF-8, lone carriage returns, NUL, broken
   JSON), DM_E_FIELD (a text where a number must be, a list or object, a name that is
   empty, repeated, too long or has U+0000), DM_E_RANGE (a number beyond the largest
   double), DM_E_LIMIT, and what dm_lines_next() returns; with line, column, byte and key.
 */
dm_status dm_tsv_read(dm_tsv_table **out, dm_source *source, size_t block_size,
                      bool as_texts, const dm_missing *missing,
                      dm_error *err) DM_MUST_CHECK;

size_t dm_tsv_n_rows(const dm_tsv_table *table);
size_t dm_tsv_n_columns(const dm_tsv_table *table);

/* The rest is about one column, by its index. What is returned lives as long as the
   column; dm_tsv_kind_of() says which of the three to call. */
const char *dm_tsv_name(const dm_tsv_table *table, size_t column);
dm_tsv_kind dm_tsv_kind_of(const dm_tsv_table *table, size_t column);
const int32_t *dm_tsv_int32(const dm_tsv_table *table, size_t column); /* or BOOL */
const double *dm_tsv_double(const dm_tsv_table *table, size_t column);
/* One text, without a NUL behind it; NULL if missing. */
const char *dm_tsv_text(const dm_tsv_table *table, size_t column, size_t row,
                        size_t *len);

/* Frees the values of a column that has been copied. */
void dm_tsv_drop(dm_tsv_table *table, size_t column);

/* NULL is allowed. */
void dm_tsv_release(dm_tsv_table *table);

#endif
