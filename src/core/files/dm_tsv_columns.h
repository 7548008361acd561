/* What the readers and the writer of summary files share: which columns there are, which
   texts are numbers, and a table in the making. */
#ifndef DM_TSV_COLUMNS_H
#define DM_TSV_COLUMNS_H

#include <stdbool.h>

#include "base/dm_grow.h"
#include "base/dm_mem.h"
#include "files/dm_tsv.h"

enum { DM_TSV_COLUMNS_MAX = 100000 };

/* What the name of a column says about its values. */
typedef enum dm_tsv_rule {
  DM_TSV_ANY,
  DM_TSV_ID,    /* integers or texts, never missing */
  DM_TSV_COUNT, /* numbers, integers if possible */
  DM_TSV_REAL   /* numbers, always double */
} dm_tsv_rule;

dm_tsv_rule dm_tsv_rule_of(const char *name);

/* Whether both columns mean the same and that of the other name is it ("id" beside
   "guid", "avg_probs" beside "confidence"), so that this one is the user's own. */
bool dm_tsv_gives_way(const char *name, const char *other);

/* A field, of which len bytes at text are the value; DM_NUMBER_PAD bytes behind them can
   be read, and the first of those is in no number. */
typedef enum dm_tsv_form {
  DM_TSV_AS_READ,   /* what it is is told by its text */
  DM_TSV_AS_TEXT,   /* it stood in quotes, or all are texts */
  DM_TSV_AS_NUMBER, /* number is its value */
  DM_TSV_AS_NULL
} dm_tsv_form;

typedef struct dm_tsv_field {
  dm_tsv_form form;
  const char *text;
  size_t len;
  const char *at; /* where it stands in the line */
  double number;
} dm_tsv_field;

/* Whether a text is how programs write a number: R, Python and this package, each with
   as few digits as it takes. "007", "12e3", "1.50", "inf" and more digits than a double
   holds are texts. */
bool dm_tsv_is_number(const char *text, size_t len);
bool dm_tsv_is_bool(const char *text, size_t len); /* TRUE or FALSE */

/* Reads a field of an integer as it is usually written, of 32 bits but for the lowest,
   which hosts take for a missing value. Returns its end, at the delimiter or the line's
   end, or NULL. */
const char *dm_tsv_take_int32(const char *p, char delimiter, int32_t *out);

/* A number that its text can't be made from: 1.0, 1e-05. */
typedef struct dm_tsv_spelling {
  size_t row;
  size_t start; /* in the column's bytes */
  size_t len;
} dm_tsv_spelling;

/* A column on its way in. */
typedef struct dm_tsv_in {
  size_t name; /* where it starts in the table's names */
  dm_tsv_rule rule;
  dm_tsv_kind kind;
  void *values; /* int32_t, double, or size_t: the end of each text in bytes, with
                   DM_TSV_MISSING_TEXT where it is missing */
  size_t n;     /* values so far; in JSON Lines a line need not have each */
  dm_buf bytes;
  dm_tsv_spelling *spellings; /* only of DM_TSV_ANY and DM_TSV_DOUBLE; by row */
  size_t n_spellings;
  size_t cap_spellings;
} dm_tsv_in;

#define DM_TSV_MISSING_TEXT (~(SIZE_MAX >> 1))

typedef enum dm_tsv_layout {
  DM_TSV_UNKNOWN,
  DM_TSV_DELIMITED,
  DM_TSV_JSON
} dm_tsv_layout;

struct dm_tsv_table {
  dm_missing missing;
  dm_tsv_layout layout;
  char delimiter;
  bool is_quoting; /* fields may stand in quotes */
  bool as_texts;   /* all fields are texts, as they stand between tabs */
  dm_tsv_in *columns;
  size_t n_columns;
  size_t cap_columns;
  size_t n_rows;
  size_t cap_rows; /* that every column has room for */
  dm_buf names;
  dm_buf unquoted; /* the value of a field in quotes, or of a string */
  uint64_t line;   /* that is being read, from 1 */
  uint64_t line_byte;
  const char *line_start;
};

/* Adds a column without values, of which at says where its name stands. DM_E_FIELD,
   DM_E_LIMIT, DM_E_MEMORY. */
dm_status dm_tsv_add_column(dm_tsv_table *table, const char *name, size_t len,
                            const char *at, dm_error *err) DM_MUST_CHECK;

/* The index of the column, n_columns where there is none. */
size_t dm_tsv_find(const dm_tsv_table *table, const char *name, size_t len);

/* Makes room for another row. DM_E_LIMIT, DM_E_MEMORY. */
dm_status dm_tsv_grow(dm_tsv_table *table, dm_error *err) DM_MUST_CHECK;

/* Puts a value behind those that the column has; there is room. DM_E_FIELD, DM_E_RANGE,
   DM_E_MEMORY. */
dm_status dm_tsv_add(dm_tsv_table *table, dm_tsv_in *column, const dm_tsv_field *field,
                     dm_error *err) DM_MUST_CHECK;

/* Reads a line of JSON. DM_E_SYNTAX, DM_E_FIELD and what the above return. */
dm_status dm_tsv_read_json(dm_tsv_table *table, const char *line,
                           dm_error *err) DM_MUST_CHECK;

/* Fills in where at stands in the line; returns the error's status. */
dm_status dm_tsv_place(const dm_tsv_table *table, const char *at, dm_error *err);

#endif
