/* What is kept of the numbers of a sample's lines: its signals, and the measures that
   metrics are means of. */
#ifndef DM_KEPT_H
#define DM_KEPT_H

#include "base/dm_grow.h"
#include "base/dm_threads.h"
#include "signals/dm_measure.h"
#include "summary/dm_accum.h"

/* Values are numbered as those of a line: signals, then measures. A signal has a
   dm_signal_accum; a derived loss has that of the signal, as long as no line gives one.
   Of a measure the mean is enough, 8 bytes, since its count is that of the sample's
   evaluations; and where a metric is the last value, that. The few means for which this
   does not do are in wide. Zero-initialise, then dm_kept_init(). */
typedef struct dm_kept {
  dm_rows rows; /* per row of ids: a dm_signal_accum per signal, then the means, then the
                   last values */
  dm_rows wide; /* dm_signal_accum of means that 8 bytes do not hold: of samples whose
                   measure is not there in all lines, or far beyond what numbers are */
  size_t n_wide;
  dm_keep keep;
  size_t n;       /* values of a line */
  size_t n_means; /* measures but for the loss */
  size_t n_lasts;
  uint8_t last_of[DM_MEASURES_MAX]; /* which measure a last value is of */
  dm_mutex *lock; /* of wide, while several threads add to different rows; else NULL */
} dm_kept;

void dm_kept_init(dm_kept *kept, const dm_keep *keep);
void dm_kept_release(dm_kept *kept);

/* Makes rows 0 to rows - 1 exist. DM_E_MEMORY. */
DM_MUST_CHECK static inline dm_status dm_kept_grow(dm_kept *kept, size_t rows,
                                                   dm_error *err) {
  return kept->n ? dm_rows_grow(&kept->rows, rows, err) : DM_OK;
}

/* Adds the values of a line, its sample's n-th that counts. DM_E_MEMORY, DM_E_LIMIT. */
dm_status dm_kept_add(dm_kept *kept, size_t row, uint32_t n, const double *values,
                      dm_error *err) DM_MUST_CHECK;

/* Value i of a sample with n evaluations. Of a measure only the mean is meant, and the
   last value where that is kept. */
dm_signal_accum dm_kept_get(const dm_kept *kept, size_t row, uint32_t n, size_t i);

/* The mean of value i, where it is one of a measure that is a number; false: ask
   dm_kept_get(), which gives the same where this is true. */
bool dm_kept_mean(const dm_kept *kept, size_t row, uint32_t n, size_t i, double *out);

/* Keeps it; the signals before the measures. A derived loss is not kept where one is
   given. DM_E_MEMORY, DM_E_LIMIT. */
dm_status dm_kept_set(dm_kept *kept, size_t row, uint32_t n, size_t i,
                      const dm_signal_accum *value, dm_error *err) DM_MUST_CHECK;

/* A signal, whose loss is derived where no line gives it. */
static inline const dm_signal_accum *dm_kept_signal(const dm_kept *kept, size_t row,
                                                    size_t i) {
  return (const dm_signal_accum *)dm_rows_at(&kept->rows, row) + i;
}

#endif
