/* Rows of sums: wider by copying, longer by growing. */
#include "summary/dm_sums.h"

#include <string.h>

#include "base/dm_grow.h"

dm_status dm_sums_grow_more(dm_sums *sums, size_t rows, size_t width, dm_error *err) {
  if (width > sums->width) {
    /* labels come one by one, class vectors are as long as the first */
    size_t wider = sums->width ? 2 * sums->width : width;
    wider = wider < width ? width : wider;
    size_t bytes;
    if (!dm_size_mul(sums->cap_rows, wider, &bytes) ||
        !dm_size_mul(bytes, sizeof *sums->values, &bytes)) {
      return dm_error_memory(err);
    }
    double *values = dm_calloc(1, bytes);
    if (!values) {
      return dm_error_memory(err);
    }
    for (size_t i = 0; i < sums->n_rows && sums->width; i++) {
      memcpy(values + i * wider, dm_sums_row(sums, i), sums->width * sizeof *values);
    }
    dm_free(sums->values);
    sums->values = values;
    sums->width = wider;
  }
  if (rows > sums->cap_rows) {
    size_t cap = sums->cap_rows;
    size_t size = (sums->width ? sums->width : 1) * sizeof *sums->values;
    void *grown = dm_grow(sums->values, &cap, rows, size);
    if (!grown) {
      return dm_error_memory(err);
    }
    sums->values = grown;
    sums->cap_rows = cap;
  }
  if (rows > sums->n_rows) {
    if (sums->width) {
      memset(dm_sums_row(sums, sums->n_rows), 0,
             (rows - sums->n_rows) * sums->width * sizeof *sums->values);
    }
    sums->n_rows = rows;
  }
  return DM_OK;
}

void dm_sums_release(dm_sums *sums) {
  dm_free(sums->values);
  *sums = (dm_sums){0};
}
