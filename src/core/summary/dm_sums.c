/* Rows of sums: wider by copying, longer by chunks. */
#include "summary/dm_sums.h"

#include <string.h>

#include "base/dm_grow.h"

/* Sums in a chunk, if rows are not wider: 8 MB, where large pages serve them. */
enum { CHUNK_SHIFT = DM_ROWS_SHIFT + 3 };

/* So few rows, no wider than that, are copied in no time. */
enum { FEW_ROWS = 4096, NARROW = 16 };

static unsigned shift_of(size_t width) {
  unsigned shift = CHUNK_SHIFT;
  while (shift > 0 && width > (size_t)1 << (CHUNK_SHIFT - shift)) {
    shift--;
  }
  return shift;
}

static dm_status lengthen(dm_sums *sums, size_t rows, dm_error *err) {
  while (sums->width > 0 && sums->n_chunks << sums->shift < rows) {
    size_t bytes;
    DM_GROW(sums->chunk, sums->cap_chunks, sums->n_chunks + 1, err);
    double *chunk = dm_size_mul(sums->width, sizeof **sums->chunk << sums->shift, &bytes)
                        ? dm_calloc_in_line(bytes)
                        : NULL;
    if (!chunk) {
      return dm_error_memory(err);
    }
    sums->chunk[sums->n_chunks++] = chunk;
  }
  sums->n_rows = rows > sums->n_rows ? rows : sums->n_rows;
  return DM_OK;
}

static dm_status widen(dm_sums *sums, size_t width, dm_error *err) {
  /* Class vectors are as long as the first. Labels come one by one, a few of them among
     the first rows: those then need no more memory than they have to. */
  bool is_cheap = sums->n_rows <= FEW_ROWS && width <= NARROW;
  size_t wider = is_cheap || 2 * sums->width < width ? width : 2 * sums->width;
  dm_sums wide = {.width = wider, .shift = shift_of(wider)};
  dm_status status = lengthen(&wide, sums->n_rows, err);
  if (status) {
    dm_sums_release(&wide);
    return status;
  }
  for (size_t row = 0; row < sums->n_rows && sums->width > 0; row++) {
    memcpy(dm_sums_row(&wide, row), dm_sums_row(sums, row),
           sums->width * sizeof **sums->chunk);
  }
  dm_sums_release(sums);
  *sums = wide;
  return DM_OK;
}

dm_status dm_sums_grow_more(dm_sums *sums, size_t rows, size_t width, dm_error *err) {
  if (width > sums->width) {
    DM_TRY(widen(sums, width, err));
  }
  return lengthen(sums, rows, err);
}

void dm_sums_release(dm_sums *sums) {
  for (size_t i = 0; i < sums->n_chunks; i++) {
    dm_free_in_line(sums->chunk[i]);
  }
  dm_free(sums->chunk);
  *sums = (dm_sums){0};
}
