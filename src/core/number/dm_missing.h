/* How the host's vectors say that a value is missing. */
#ifndef DM_MISSING_H
#define DM_MISSING_H

#include "number/dm_number.h"

/* By this integer, and by a NaN whose low 32 bits are those of these bits (where R's NA
   is; what arithmetic makes of an NA keeps them). A missing text is NULL. */
typedef struct dm_missing {
  int32_t int32;
  uint64_t double_bits;
} dm_missing;

static inline double dm_missing_double(const dm_missing *missing) {
  return dm_double_from_bits(missing->double_bits);
}

static inline bool dm_is_missing(double value, const dm_missing *missing) {
  return value != value &&
         (uint32_t)dm_double_bits(value) == (uint32_t)missing->double_bits;
}

#endif
