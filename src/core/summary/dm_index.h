/* Idents to rows: which sample (or label) is this, in order of first appearance. */
#ifndef DM_INDEX_H
#define DM_INDEX_H

#include "base/dm_grow.h"
#include "signals/dm_ident.h"

enum { DM_ROW_MAX = 0x7FFFFFFE };

/* Integers per chunk of the dense table. */
enum { DM_DENSE_SHIFT = 13, DM_DENSE_CHUNK = 1 << DM_DENSE_SHIFT };

/* How a column of all idents is typed. */
typedef enum dm_ident_type {
  DM_TYPE_INT32, /* all are integers that fit 32 bits and are not the smallest of those */
  DM_TYPE_DOUBLE, /* all are integers up to 2^53 */
  DM_TYPE_TEXT    /* one is a string, or an integer that only its digits hold exactly */
} dm_ident_type;

/* What an ident is found by. Its bytes in memory are those of the text, then zeros; the
   last one is the length + 1, or one of these. A text that is too long stands elsewhere,
   and the first word is its length; of one that is long even for that, the second word
   is where it stands. */
enum {
  DM_KEY_TEXT = 23, /* bytes at most */
  DM_MIDDLE_TEXT = 63,
  DM_KEY_INTEGER = 0xFD,
  DM_KEY_MIDDLE = 0xFE,
  DM_KEY_LONG = 0xFF
};
typedef struct dm_index_key {
  uint64_t word[3];
} dm_index_key;

/* The second word of a text that is looked up and too long for a key; no text of UTF-8
   has it. */
#define DM_KEY_NOWHERE UINT64_MAX

/* As large as a cache line. */
typedef struct dm_middle_text {
  char bytes[DM_MIDDLE_TEXT];
  uint8_t len; /* 0: none */
} dm_middle_text;

/* A part of the hash table, as large as a cache line: the entries whose hash leads here,
   or to a full one before. Those in use come first. */
enum { DM_BUCKET_ENTRIES = 8 };
typedef struct dm_bucket {
  uint32_t hash[DM_BUCKET_ENTRIES]; /* whose low bits say which bucket */
  uint32_t row[DM_BUCKET_ENTRIES];  /* + 1; 0 = free */
} dm_bucket;

typedef struct dm_index {
  dm_rows values;     /* int64_t per row: the integer; none while there is none */
  dm_rows kinds;      /* uint8_t per row: dm_ident_kind as first given */
  dm_rows keys;       /* dm_index_key per row; none while there is no text */
  dm_rows middles;    /* dm_middle_text per row; none while there is none */
  dm_buf text;        /* the long ones */
  size_t n;           /* rows */
  uint32_t **dense;   /* row + 1 by integer, in chunks; NULL where there is none */
  uint8_t *is_hashed; /* per chunk: its integers are in the hash table for good */
  size_t n_dense;
  size_t n_dense_chunks;
  dm_bucket *buckets;
  size_t n_buckets; /* a power of 2, or 0 */
  size_t n_hashed;  /* entries */
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

/* dm_index_row() in three steps, for one that has many idents to look up and other things
   to do while memory is fetched. */
typedef struct dm_lookup {
  dm_index_key key; /* not of an integer that lies densely */
  uint32_t hash;
  uint32_t row;    /* + 1; 0: none is known yet */
  bool is_certain; /* the row is the ident's, and the third step can be left out */
} dm_lookup;

/* The first brings the place where the ident is looked up into the cache. */
void dm_index_begin(const dm_index *index, const dm_ident *ident, dm_lookup *lookup);

/* The same in two parts: what any thread may do, and what only the one that adds rows. */
void dm_index_hash(const dm_index *index, const dm_ident *ident, dm_lookup *lookup);
static inline void dm_index_fetch(const dm_index *index, const dm_lookup *lookup) {
  if (index->n_buckets) {
    __builtin_prefetch(&index->buckets[lookup->hash & (index->n_buckets - 1)]);
  }
}

/* The second says which row the ident probably has, by its hash alone where it is hashed,
   and brings what it is to be compared with into the cache. */
void dm_index_guess(const dm_index *index, const dm_ident *ident, dm_lookup *lookup);

/* The same two for an integer that lies densely, which is nearly every line's case. The
   first is false for other integers, the second for those that have no row yet as well:
   then ask the functions above. */
static inline bool dm_index_begin_dense(const dm_index *index, int64_t value) {
  uint64_t chunk = (uint64_t)value >> DM_DENSE_SHIFT; /* large for a negative one */
  if (DM_UNLIKELY(chunk >= index->n_dense || !index->dense[chunk])) {
    return false;
  }
  __builtin_prefetch(index->dense[chunk] + (value & (DM_DENSE_CHUNK - 1)));
  return true;
}

static inline bool dm_index_find(const dm_index *index, int64_t value, uint32_t *row) {
  uint64_t chunk = (uint64_t)value >> DM_DENSE_SHIFT;
  if (DM_UNLIKELY(chunk >= index->n_dense || !index->dense[chunk])) {
    return false;
  }
  *row = index->dense[chunk][value & (DM_DENSE_CHUNK - 1)] - 1;
  return *row != UINT32_MAX;
}

/* dm_index_row() for one that nearly always is an integer that has been seen. */
DM_MUST_CHECK static inline dm_status dm_index_row_soon(dm_index *index,
                                                        const dm_ident *ident,
                                                        uint32_t *row, dm_error *err) {
  return ident->kind == DM_IDENT_INT && dm_index_find(index, ident->value, row)
             ? DM_OK
             : dm_index_row(index, ident, row, err);
}

/* The value of a row that is known to be an integer of 64 bits. */
static inline int64_t dm_index_integer(const dm_index *index, size_t row) {
  return *(const int64_t *)dm_rows_at(&index->values, row);
}

static inline bool dm_index_is_integer(const dm_index *index, size_t row) {
  return !(index->has_text || index->has_big) || /* which needs no other memory */
         !dm_is_text((dm_ident_kind) * (const uint8_t *)dm_rows_at(&index->kinds, row));
}

/* Whether an ident of the kind INT (and this value) or a short one of the kind TEXT has
   the row that was guessed, for certain; false: ask the third step. */
static inline bool dm_index_confirm(const dm_index *index, dm_ident_kind kind,
                                    int64_t value, const dm_lookup *lookup) {
  if (!lookup->row) {
    return false;
  }
  size_t row = lookup->row - 1;
  if (kind == DM_IDENT_INT) {
    return dm_index_is_integer(index, row) && dm_index_integer(index, row) == value;
  }
  if (kind != DM_IDENT_TEXT || !index->has_text ||
      lookup->key.word[1] == DM_KEY_NOWHERE) { /* its key tells too little */
    return false;
  }
  const dm_index_key *a = &lookup->key;
  const dm_index_key *b = dm_rows_at(&index->keys, row);
  return ((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) |
          (a->word[2] ^ b->word[2])) == 0;
}

/* The third: as dm_index_row(). */
dm_status dm_index_end(dm_index *index, const dm_ident *ident, const dm_lookup *lookup,
                       uint32_t *row, dm_error *err) DM_MUST_CHECK;

/* The ident of a row, as first given; text is borrowed until the next new row. */
static inline dm_ident dm_index_ident(const dm_index *index, size_t row) {
  dm_ident ident = {.kind = (dm_ident_kind) *
                            (const uint8_t *)dm_rows_at(&index->kinds, row)};
  if (!dm_is_text(ident.kind)) {
    ident.value = dm_index_integer(index, row);
    return ident;
  }
  const dm_index_key *key = dm_rows_at(&index->keys, row);
  ident.text = (const char *)key;
  ident.len = (size_t)(unsigned char)ident.text[sizeof *key - 1] - 1;
  if (DM_UNLIKELY(ident.len == DM_KEY_MIDDLE - 1)) {
    ident.text = ((const dm_middle_text *)dm_rows_at(&index->middles, row))->bytes;
    ident.len = (size_t)dm_in_memory(key->word[0]);
  } else if (DM_UNLIKELY(ident.len == DM_KEY_LONG - 1)) {
    ident.text = index->text.data + dm_in_memory(key->word[1]);
    ident.len = (size_t)dm_in_memory(key->word[0]);
  }
  return ident;
}

dm_ident_type dm_index_type(const dm_index *index);

/* Writes the rows in the order of a summary to out (index->n elements): ascending where
   all were written as integers, else in order of first appearance. DM_E_MEMORY. */
dm_status dm_index_order(const dm_index *index, uint32_t *out,
                         dm_error *err) DM_MUST_CHECK;

/* Gives up the memory that only dm_index_row() needs. */
void dm_index_freeze(dm_index *index);

#endif
