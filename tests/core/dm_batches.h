/* Arrow arrays, schemas and streams made by hand. Buffers are borrowed; what is handed
   out counts how often it is given back. */
#ifndef DM_BATCHES_H
#define DM_BATCHES_H

#include <string.h>

#include "dm_test.h"
#include "signals/dm_arrow.h"

enum { COLUMNS_MAX = 16 };

/* A schema and an array with up to three buffers, that belong together. */
typedef struct column {
  dm_arrow_schema schema;
  dm_arrow_array array;
  const void *buffers[5];
  dm_arrow_schema *child_schemas[COLUMNS_MAX];
  dm_arrow_array *child_arrays[COLUMNS_MAX];
} column;

static int schemas_released;
static int arrays_released;

static void release_schema(dm_arrow_schema *schema) {
  schemas_released++;
  schema->release = NULL;
}

static void release_array(dm_arrow_array *array) {
  arrays_released++;
  array->release = NULL;
}

static void keep_stream(dm_arrow_stream *stream) {
  stream->release = NULL;
}

static inline void make_column(column *c, const char *name, const char *format,
                               int64_t length, int64_t n_buffers,
                               const void *const *buffers) {
  *c = (column){.schema = {.format = format, .name = name, .release = release_schema},
                .array = {.length = length,
                          .null_count = buffers && buffers[0] ? -1 : 0,
                          .n_buffers = n_buffers,
                          .release = release_array}};
  for (int i = 0; buffers && i < 3; i++) {
    c->buffers[i] = buffers[i];
  }
  c->array.buffers = c->buffers;
}

static inline void add_child(column *c, column *child) {
  c->child_schemas[c->schema.n_children++] = &child->schema;
  c->child_arrays[c->array.n_children++] = &child->array;
  c->schema.children = c->child_schemas;
  c->array.children = c->child_arrays;
}

static inline void set_dictionary(column *c, column *values) {
  c->schema.dictionary = &values->schema;
  c->array.dictionary = &values->array;
}

/* A table of such columns. */
static inline void make_batch(column *batch, column *columns, size_t n, int64_t length) {
  make_column(batch, "", "+s", length, 1, NULL);
  for (size_t i = 0; i < n; i++) {
    add_child(batch, &columns[i]);
  }
}

/* A stream that hands out the same batch n times, and then fails with a code, or ends. */
typedef struct batches {
  dm_arrow_stream stream;
  const column *batch;
  int n_left;
  int code;         /* of what fails at the end, or 0 */
  const char *said; /* of that */
  int schema_code;  /* of get_schema() */
  int given;        /* schemas and batches */
} batches;

static int give_schema(dm_arrow_stream *stream, dm_arrow_schema *out) {
  batches *b = stream->private_data;
  if (b->schema_code) {
    return b->schema_code;
  }
  *out = b->batch->schema;
  b->given++;
  return 0;
}

static int give_batch(dm_arrow_stream *stream, dm_arrow_array *out) {
  batches *b = stream->private_data;
  if (b->n_left-- > 0) {
    *out = b->batch->array;
    b->given++;
    return 0;
  }
  *out = (dm_arrow_array){0};
  return b->code;
}

static const char *give_error(dm_arrow_stream *stream) {
  const batches *b = stream->private_data;
  return b->said;
}

static inline void make_stream(batches *b, const column *batch, int n) {
  *b = (batches){.stream = {.get_schema = give_schema,
                            .get_next = give_batch,
                            .get_last_error = give_error,
                            .release = keep_stream},
                 .batch = batch,
                 .n_left = n};
  b->stream.private_data = b;
}

#endif
