/* Rows of sums that grow in both directions. */
#ifndef DM_SUMS_H
#define DM_SUMS_H

#include "base/dm_error.h"

/* Rows of sums, each as wide as the widest needs to be so far; what no row was given is
   0. Zero-initialise; release once. */
typedef struct dm_sums {
  double *values; /* row by row */
  size_t width;
  size_t n_rows;
  size_t cap_rows;
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

static inline double *dm_sums_row(const dm_sums *sums, size_t row) {
  return sums->values + row * sums->width;
}

#endif
