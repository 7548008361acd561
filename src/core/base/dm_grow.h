/* Sizes that do not overflow, and containers that grow: byte buffers, arrays, rows. */
#ifndef DM_GROW_H
#define DM_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dm_error.h"
#include "base/dm_mem.h"

/* a + b and a * b; false on overflow, and then *out is not written. */
bool dm_size_add(size_t a, size_t b, size_t *out);
bool dm_size_mul(size_t a, size_t b, size_t *out);

/* A byte buffer that grows by doubling. Zero-initialise it; release it once. */
typedef struct dm_buf {
  char *data;
  size_t len;
  size_t cap;
} dm_buf;

/* Makes room for extra more bytes behind len (which stays). DM_E_MEMORY. */
dm_status dm_buf_reserve(dm_buf *buf, size_t extra, dm_error *err) DM_MUST_CHECK;
/* Appends n bytes. DM_E_MEMORY. */
dm_status dm_buf_append(dm_buf *buf, const void *bytes, size_t n,
                        dm_error *err) DM_MUST_CHECK;
void dm_buf_release(dm_buf *buf);

/* The array, moved if it had to be, with room for at least need elements of elem_size
   bytes; *cap is how many are allocated. New elements are not initialised. NULL when out
   of memory, and then the array and *cap are as before. */
void *dm_grow(void *array, size_t *cap, size_t need, size_t elem_size);

/* Makes array hold at least need elements, or returns DM_E_MEMORY from the caller. */
#define DM_GROW(array, cap, need, err)                                     \
  do {                                                                     \
    if ((need) > (cap)) {                                                  \
      void *dm_grown_ = dm_grow((array), &(cap), (need), sizeof *(array)); \
      if (!dm_grown_) {                                                    \
        return dm_error_memory(err);                                       \
      }                                                                    \
      (array) = dm_grown_;                                                 \
    }                                                                      \
  } while (0)

/* Rows of fixed size in chunks that never move: growing to ten million rows copies
   nothing, and new rows are zero. A chunk starts where a cache line does, so that a row
   of 64 bytes is one line. Zero-initialise, then dm_rows_init(). */
#ifndef DM_ROWS_SHIFT /* tests make chunks small, so that they have many */
#define DM_ROWS_SHIFT 17
#endif
enum { DM_ROWS_CHUNK = 1 << DM_ROWS_SHIFT };

typedef struct dm_rows {
  char **chunk;
  size_t n_chunks;
  size_t cap_chunks;
  size_t elem_size;
} dm_rows;

void dm_rows_init(dm_rows *rows, size_t elem_size);
void dm_rows_release(dm_rows *rows);

/* The row, which must exist. */
static inline void *dm_rows_at(const dm_rows *rows, size_t row) {
  return rows->chunk[row >> DM_ROWS_SHIFT] +
         (row & (DM_ROWS_CHUNK - 1)) * rows->elem_size;
}

static inline size_t dm_rows_cap(const dm_rows *rows) {
  return rows->n_chunks << DM_ROWS_SHIFT;
}

/* Makes rows 0 to need - 1 exist. DM_E_MEMORY. */
dm_status dm_rows_grow_more(dm_rows *rows, size_t need, dm_error *err) DM_MUST_CHECK;
DM_MUST_CHECK static inline dm_status dm_rows_grow(dm_rows *rows, size_t need,
                                                   dm_error *err) {
  return DM_LIKELY(need <= dm_rows_cap(rows)) ? DM_OK
                                              : dm_rows_grow_more(rows, need, err);
}

#endif
