/* Columns of Apache Arrow, as its C data interface hands them over: what their types are,
   and the value of a row as an ident, a number, a truth or a class vector. */
#ifndef DM_ARROW_H
#define DM_ARROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_error.h"
#include "signals/dm_arrow_type.h"
#include "signals/dm_ident.h"

/* The three structs of the C data and C stream interfaces, which are the same in every
   library. Who has one gives it back by release(), which sets release to NULL. */
typedef struct dm_arrow_schema dm_arrow_schema;
struct dm_arrow_schema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  dm_arrow_schema **children;
  dm_arrow_schema *dictionary;
  void (*release)(dm_arrow_schema *schema);
  void *private_data;
};

typedef struct dm_arrow_array dm_arrow_array;
struct dm_arrow_array {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  dm_arrow_array **children;
  dm_arrow_array *dictionary;
  void (*release)(dm_arrow_array *array);
  void *private_data;
};

typedef struct dm_arrow_stream dm_arrow_stream;
struct dm_arrow_stream {
  int (*get_schema)(dm_arrow_stream *stream, dm_arrow_schema *out);
  int (*get_next)(dm_arrow_stream *stream, dm_arrow_array *out);
  const char *(*get_last_error)(dm_arrow_stream *stream);
  void (*release)(dm_arrow_stream *stream);
  void *private_data;
};

/* What a column is read as. A type that can't be is refused for the column; where only
   missing values fit, as of a column of booleans that R made of nothing but NA, row by
   row. */
typedef enum dm_arrow_use {
  DM_ARROW_AS_ID,     /* integers and strings */
  DM_ARROW_AS_LABEL,  /* booleans too */
  DM_ARROW_AS_WHOLE,  /* integers, or a dictionary of strings that look like some */
  DM_ARROW_AS_NUMBER, /* integers and floating point */
  DM_ARROW_AS_TRUTH,  /* booleans, 0 and 1, "true" and "false" */
  DM_ARROW_AS_VECTOR  /* lists and structs of numbers */
} dm_arrow_use;

/* A column, its type and then the arrays of a batch. */
typedef struct dm_arrow_column dm_arrow_column;
struct dm_arrow_column {
  const char *name; /* borrowed from the schema */
  dm_arrow_type type;
  bool is_dictionary;     /* type is that of the indexes, parts[0] are the values */
  int64_t width;          /* of a FIXED_LIST */
  dm_arrow_column *parts; /* items of lists, fields of a struct, values of a dictionary */
  size_t n_parts;

  const uint8_t *valid; /* bits; NULL: all are */
  int64_t offset;       /* of row 0 in all buffers */
  int64_t length;       /* rows */
  const void *values;   /* numbers, bits, offsets or views; NULL only without rows */
  const char *bytes;    /* of strings */
  int64_t n_bytes;      /* that the offsets of strings, and of lists, may reach */
  const void **views;   /* the buffers that views point into, and how long they are */
  const int64_t *view_sizes;
  int64_t n_views;
  char digits[24]; /* of an integer beyond 64 bits */
};

/* The type of the values, also of a dictionary. */
static inline dm_arrow_type dm_arrow_value_type(const dm_arrow_column *column) {
  return column->is_dictionary ? column->parts[0].type : column->type;
}

/* Describes a column for one use; the schema must outlive it. To be released also when
   this fails. DM_E_FIELD for a type that can't be used so, with the column as its key;
   DM_E_IO for a schema that is none; DM_E_MEMORY. */
dm_status dm_arrow_column_init(dm_arrow_column *column, const dm_arrow_schema *schema,
                               dm_arrow_use use, dm_error *err) DM_MUST_CHECK;
/* The same for a struct of columns that stand side by side: n of the schema's children.
 */
dm_status dm_arrow_columns_init(dm_arrow_column *column, const dm_arrow_schema *schema,
                                const int32_t *at, size_t n, dm_error *err) DM_MUST_CHECK;
void dm_arrow_column_release(dm_arrow_column *column);

/* Turns to the rows from first on of an array of that type, n of them, which are then
   rows 0 to n - 1. DM_E_IO where the array can't be one: what it says of itself is
   checked as far as it says it. */
dm_status dm_arrow_bind(dm_arrow_column *column, const dm_arrow_array *array,
                        int64_t first, int64_t n, dm_error *err) DM_MUST_CHECK;
dm_status dm_arrow_columns_bind(dm_arrow_column *column, const dm_arrow_array *batch,
                                const int32_t *at, dm_error *err) DM_MUST_CHECK;

/* The value of a row. Missing values are idents of the kind NONE, *is_given false, and
   vectors without values. DM_E_FIELD for a value that the use does not allow, DM_E_IO for
   one that lies outside of the array. */
dm_status dm_arrow_ident(dm_arrow_column *column, int64_t row, dm_arrow_use use,
                         dm_ident *out, dm_error *err) DM_MUST_CHECK;
dm_status dm_arrow_number(const dm_arrow_column *column, int64_t row, double *out,
                          bool *is_given, dm_error *err) DM_MUST_CHECK;
dm_status dm_arrow_truth(const dm_arrow_column *column, int64_t row, bool *out,
                         bool *is_given, dm_error *err) DM_MUST_CHECK;

/* The numbers of a class vector: in the array, or in room, which grows with them.
   Zero-initialise; room is to be freed. */
typedef struct dm_arrow_vector {
  const double *values; /* NULL: none */
  size_t n;
  double *room;
  size_t cap;
} dm_arrow_vector;

/* Missing numbers are NaN, but those at the end are none where vectors are as long as the
   longest (of a FIXED_LIST and a STRUCT), nor is a list of nothing but a missing one.
   order: which part of a STRUCT is which class's; NULL: as they are. DM_E_MEMORY as
   well. */
dm_status dm_arrow_read_vector(const dm_arrow_column *column, int64_t row,
                               const int32_t *order, dm_arrow_vector *out,
                               dm_error *err) DM_MUST_CHECK;

/* For the structs that a caller has: gives back what has not been given back yet. */
void dm_arrow_release_array(dm_arrow_array *array);
void dm_arrow_release_schema(dm_arrow_schema *schema);

#endif
