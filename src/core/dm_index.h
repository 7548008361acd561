/* Idents to rows: which sample (or label) is this, in order of first appearance. */
#ifndef DM_INDEX_H
#define DM_INDEX_H

#include "dm_event.h"

enum { DM_ROW_MAX = 0x7FFFFFFE };

/* Integers per chunk of the dense table. */
enum { DM_DENSE_SHIFT = 13, DM_DENSE_CHUNK = 1 << DM_DENSE_SHIFT };

/* How a column of all idents is typed. */
typedef enum dm_ident_type {
  DM_TYPE_INT32, /* all are integers that fit 32 bits and are not the smallest of those */
  DM_TYPE_DOUBLE, /* all are integers up to 2^53 */
  DM_TYPE_TEXT    /* one is a string, or an integer that only its digits hold exactly */
} dm_ident_type;

typedef struct dm_index_slot {
  uint64_t key; /* the integer, or the hash of the text */
  uint32_t row; /* row + 1; 0 = free */
  uint32_t is_text;
} dm_index_slot;

typedef struct dm_index {
  dm_rows values;     /* int64_t per row: the integer, or where in text */
  dm_rows kinds;      /* uint8_t per row: dm_ident_kind as first given */
  dm_buf text;        /* per text: its length as uint32_t, then its bytes */
  size_t n;           /* rows */
  uint32_t **dense;   /* row + 1 by integer, in chunks; NULL where there is none */
  uint8_t *is_hashed; /* per chunk: its integers are in the hash table for good */
  size_t n_dense;
  size_t n_dense_chunks;
  dm_index_slot *slots;
  size_t n_slots; /* a power of 2, or 0 */
  size_t n_used;
  uint64_t seed;
  bool has_text; /* an ident was given as a string, whatever it looks like */
  bool has_big;
  int64_t smallest; /* of the integers */
  int64_t largest;
} dm_index;

/* seed makes the hash differ from run to run, so that no file can be written whose ids
   collide; results do not depend on it. */
void dm_index_init(dm_index *index, uint64_t seed);
void dm_index_release(dm_index *index);

/* The row of the ident, a new one where it is seen for the first time (then *row is
   index->n - 1). DM_E_MEMORY; DM_E_LIMIT beyond DM_ROW_MAX rows. */
dm_status dm_index_row(dm_index *index, const dm_ident *ident, uint32_t *row,
                       dm_error *err) DM_MUST_CHECK;

/* The same for an integer that has a row in the dense table already, which is nearly
   every line's case; false: ask dm_index_row(). */
static inline bool dm_index_find(const dm_index *index, int64_t value, uint32_t *row) {
  uint64_t chunk = (uint64_t)value >> DM_DENSE_SHIFT; /* large for a negative one */
  if (DM_UNLIKELY(chunk >= index->n_dense || !index->dense[chunk])) {
    return false;
  }
  *row = index->dense[chunk][value & (DM_DENSE_CHUNK - 1)] - 1;
  return *row != UINT32_MAX;
}

/* Brings the place where ident will be looked up into the cache. */
void dm_index_prefetch(const dm_index *index, const dm_ident *ident);

/* The same for an integer of the dense table; false: it is not one. */
static inline bool dm_index_prefetch_dense(const dm_index *index, int64_t value) {
  uint64_t chunk = (uint64_t)value >> DM_DENSE_SHIFT;
  if (DM_UNLIKELY(chunk >= index->n_dense || !index->dense[chunk])) {
    return false;
  }
  __builtin_prefetch(index->dense[chunk] + (value & (DM_DENSE_CHUNK - 1)));
  return true;
}

/* The ident of a row, as first given; text is borrowed until the next new row. */
dm_ident dm_index_ident(const dm_index *index, size_t row);

dm_ident_type dm_index_type(const dm_index *index);

/* Writes the rows in the order of a summary to out (index->n elements): ascending where
   all were written as integers, else in order of first appearance. DM_E_MEMORY. */
dm_status dm_index_order(const dm_index *index, uint32_t *out,
                         dm_error *err) DM_MUST_CHECK;

/* Gives up the memory that only dm_index_row() needs. */
void dm_index_freeze(dm_index *index);

#endif
