/* Means in 8 bytes. Which kind a mean is, its bits say: a number is the mean of all n
   evaluations, each of which had one and none of which was NEAR_MAX or more; what is not
   finite stays the mean whatever is added, but for NaN; two NaN of our own say that no
   evaluation had one, and where the mean is among the wide ones. */
#include "summary/dm_kept.h"

#include <math.h>
#include <string.h>

/* Of numbers up to here no two are far apart (DM_FAR), and which of them stands for the
   smallest or the largest of them is lost beside one from which any of them is. So a mean
   is the same to the bit, whether the two are known or not. */
#define NEAR_MAX 0x1p400

static const uint64_t WIDE_BITS = UINT64_C(0x7FFA31DE00000000); /* + its row */

static inline double *means_at(const dm_kept *kept, size_t row) {
  return (double *)((dm_signal_accum *)dm_rows_at(&kept->rows, row) +
                    kept->keep.n_signals);
}

static bool is_loss(const dm_kept *kept, size_t i) {
  return kept->keep.loss && i == kept->n - 1;
}

/* Where the last value of a measure is; NULL: it is not kept. */
static double *last_at(const dm_kept *kept, size_t row, size_t measure) {
  double *last = means_at(kept, row) + kept->n_means;
  for (size_t i = 0; i < kept->n_lasts; i++) {
    if (kept->last_of[i] == measure) {
      return &last[i];
    }
  }
  return NULL;
}

void dm_kept_init(dm_kept *kept, const dm_keep *keep) {
  kept->keep = *keep;
  kept->n = dm_keep_values(keep);
  kept->n_means = dm_measure_count(keep->measures & ~keep->loss);
  for (dm_measures rest = keep->lasts; rest; rest &= rest - 1) {
    size_t place = dm_measure_place(keep->measures, rest & (~rest + 1));
    kept->last_of[kept->n_lasts++] = (uint8_t)place;
  }
  dm_rows_init(&kept->rows, sizeof(dm_signal_accum) * keep->n_signals +
                                sizeof(double) * (kept->n_means + kept->n_lasts));
  dm_rows_init(&kept->wide, sizeof(dm_signal_accum));
}

void dm_kept_release(dm_kept *kept) {
  dm_rows_release(&kept->rows);
  dm_rows_release(&kept->wide);
}

/* --- means --- */

static inline bool is_wide(uint64_t bits) {
  return bits >> 32 == WIDE_BITS >> 32;
}

/* A mean of n evaluations as it is kept, and as it is worked with. */
static dm_signal_accum widen(const dm_kept *kept, double mean, uint32_t n) {
  uint64_t bits = dm_double_bits(mean);
  dm_signal_accum out = {0};
  if (n == 0 || bits == DM_ABSENT_BITS) {
    return out;
  }
  if (is_wide(bits)) {
    return *(const dm_signal_accum *)dm_rows_at(&kept->wide, (uint32_t)bits);
  }
  out.is_given = 1;
  if (dm_is_finite(mean)) {
    out.moments = (dm_moments){.mean = mean, .smallest = mean, .largest = mean};
    out.n_finite = n;
  } else {
    out.has_nan = dm_is_nan(mean);
    out.has_above = mean > 0;
    out.has_below = mean < 0;
  }
  return out;
}

static dm_status narrow(dm_kept *kept, const dm_signal_accum *wide, uint32_t n,
                        double *mean, dm_error *err) {
  const dm_moments *m = &wide->moments;
  uint64_t bits = dm_double_bits(*mean);
  if (!wide->is_given) {
    *mean = n ? dm_double_from_bits(DM_ABSENT_BITS) : 0;
    return DM_OK;
  }
  if (wide->has_nan || wide->has_above || wide->has_below ||
      (wide->n_finite == n && m->smallest >= -NEAR_MAX && m->largest <= NEAR_MAX)) {
    *mean = dm_signal_mean(wide);
    return DM_OK;
  }
  if (!is_wide(bits)) {
    if (kept->n_wide > UINT32_MAX) {
      return dm_error_expected(err, DM_E_LIMIT, "metrics of fewer samples with gaps");
    }
    DM_TRY(dm_rows_grow(&kept->wide, kept->n_wide + 1, err));
    bits = WIDE_BITS + kept->n_wide++;
    *mean = dm_double_from_bits(bits);
  }
  *(dm_signal_accum *)dm_rows_at(&kept->wide, (uint32_t)bits) = *wide;
  return DM_OK;
}

static DM_NOINLINE dm_status add_wide(dm_kept *kept, uint32_t n, double value,
                                      double *mean, dm_error *err) {
  if (kept->lock) {
    dm_mutex_lock(kept->lock);
  }
  dm_signal_accum wide = widen(kept, *mean, n - 1);
  if (dm_double_bits(value) != DM_ABSENT_BITS) {
    dm_signal_add(&wide, value);
  }
  dm_status status = narrow(kept, &wide, n, mean, err);
  if (kept->lock) {
    dm_mutex_unlock(kept->lock);
  }
  return status;
}

/* --- lines --- */

static void add_signals(const dm_kept *kept, dm_signal_accum *signals,
                        const double *values) {
  const dm_keep *keep = &kept->keep;
  for (size_t i = 0; i < keep->n_signals; i++) {
    dm_signal_accum *signal = &signals[i];
    double value = values[i];
    if (keep->loss && i == keep->loss_signal) {
      bool is_derived = dm_double_bits(value) == DM_ABSENT_BITS;
      if (is_derived && !(signal->is_given && !signal->is_derived)) {
        value = values[kept->n - 1];
        signal->is_derived = 1;
      } else if (!is_derived && signal->is_derived) { /* none of those counts any more */
        *signal = (dm_signal_accum){0};
      }
    }
    if (dm_double_bits(value) != DM_ABSENT_BITS) {
      dm_signal_add(signal, value);
    }
  }
}

dm_status dm_kept_add(dm_kept *kept, size_t row, uint32_t n, const double *values,
                      dm_error *err) {
  const dm_keep *keep = &kept->keep;
  add_signals(kept, dm_rows_at(&kept->rows, row), values);
  double *means = means_at(kept, row);
  values += keep->n_signals;
  for (size_t i = 0; i < kept->n_means; i++) {
    double mean = means[i];
    double value = values[i];
    if (DM_LIKELY(fabs(value) <= NEAR_MAX && fabs(mean) <= NEAR_MAX)) {
      means[i] = mean + (value - mean) / (double)n; /* as dm_moments_add() */
    } else if (dm_double_bits(value) != DM_ABSENT_BITS ||
               dm_double_bits(mean) != DM_ABSENT_BITS) {
      DM_TRY(add_wide(kept, n, value, &means[i], err));
    }
  }
  double *lasts = means + kept->n_means;
  for (size_t i = 0; i < kept->n_lasts; i++) {
    double value = values[kept->last_of[i]];
    lasts[i] = dm_double_bits(value) == DM_ABSENT_BITS ? lasts[i] : value;
  }
  return DM_OK;
}

/* --- states --- */

dm_signal_accum dm_kept_get(const dm_kept *kept, size_t row, uint32_t n, size_t i) {
  const dm_keep *keep = &kept->keep;
  if (i < keep->n_signals || is_loss(kept, i)) {
    dm_signal_accum value =
        *dm_kept_signal(kept, row, is_loss(kept, i) ? keep->loss_signal : i);
    bool is_other = value.is_derived != is_loss(kept, i);
    value.is_derived = 0;
    return is_other ? (dm_signal_accum){0} : value;
  }
  size_t measure = i - keep->n_signals;
  dm_signal_accum value = widen(kept, means_at(kept, row)[measure], n);
  const double *last = last_at(kept, row, measure);
  value.last = last ? *last : 0;
  return value;
}

bool dm_kept_mean(const dm_kept *kept, size_t row, uint32_t n, size_t i, double *out) {
  if (n == 0 || i < kept->keep.n_signals || is_loss(kept, i)) {
    return false;
  }
  *out = means_at(kept, row)[i - kept->keep.n_signals];
  return dm_is_finite(*out);
}

dm_status dm_kept_set(dm_kept *kept, size_t row, uint32_t n, size_t i,
                      const dm_signal_accum *value, dm_error *err) {
  const dm_keep *keep = &kept->keep;
  if (i < keep->n_signals || is_loss(kept, i)) {
    dm_signal_accum *signals = dm_rows_at(&kept->rows, row);
    dm_signal_accum *to = &signals[is_loss(kept, i) ? keep->loss_signal : i];
    if (value->is_given && !(is_loss(kept, i) && to->is_given && !to->is_derived)) {
      *to = *value;
      to->is_derived = is_loss(kept, i);
    }
    return DM_OK;
  }
  size_t measure = i - keep->n_signals;
  double *last = last_at(kept, row, measure);
  if (last) {
    *last = value->last;
  }
  return narrow(kept, value, n, means_at(kept, row) + measure, err);
}
