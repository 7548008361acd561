/* Rows of sums that grow in both directions. */
#ifndef DM_SUMS_H
#define DM_SUMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/dm_compiler.h"
#include "base/dm_error.h"

/* Rows of sums, each as wide as the widest needs to be so far; what no row was given is
   0. They lie in chunks of about as many bytes, which move only when rows get wider.
   Zero-initialise; release once. */
typedef struct dm_sums {
  double **chunk; /* row by row */
  size_t n_chunks;
  size_t cap_chunks;
  unsigned shift; /* a chunk has 2^shift rows */
  size_t width;
  size_t n_rows;
} dm_sums;

/* Makes rows 0 to rows - 1 exist, at least so wide. DM_E_MEMORY. */
dm_status dm_sums_grow_more(dm_sums *sums, size_t rows, size_t width,
                            dm_error *err) DM_MUST_CHECK;
DM_MUST_CHECK static inline dm_status dm_sums_grow(dm_sums *sums, size_t rows,
                                                   size_t width, dm_error *err) {
  return DM_LIKELY(rows <= sums->n_rows && width <= sums->width)
             ? DM_OK
             : dm_sums_grow_more(sums, rows, width, err);
}
void dm_sums_release(dm_sums *sums);

/* Whether dm_sums_grow() leaves all memory where it is. */
static inline bool dm_sums_has_room(const dm_sums *sums, size_t rows, size_t width) {
  return width <= sums->width &&
         (sums->width == 0 || rows <= sums->n_chunks << sums->shift);
}

/* The row, which must exist; NULL while it has no width. */
static inline double *dm_sums_row(const dm_sums *sums, size_t row) {
  if (sums->width == 0) {
    return NULL;
  }
  size_t mask = ((size_t)1 << sums->shift) - 1;
  return sums->chunk[row >> sums->shift] + (row & mask) * sums->width;
}

/* Asks for the row, which need not exist, before it is needed. Inline, else gcc drops it
   as a call without effect. */
DM_INLINE void dm_sums_prefetch(const dm_sums *sums, size_t row) {
  if (row >> sums->shift < sums->n_chunks) {
    const double *first = dm_sums_row(sums, row);
    __builtin_prefetch(first, 1);
    __builtin_prefetch(first + sums->width - 1, 1);
  }
}

#endif
