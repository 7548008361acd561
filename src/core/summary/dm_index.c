/* Integers that lie densely are looked up in a table of chunks; all else in a hash table
   of buckets, which gives a row whose ident is then compared. A chunk of the dense table
   is either there or given up for good (its integers are in the hash table), so each
   integer has one place. */
#include "summary/dm_index.h"

#include <string.h>

#include "number/dm_number.h"

enum { FIRST_BUCKETS = 128, BUCKET_FULL = 5 /* entries in the mean before they grow */ };
#define DENSE_LIMIT (INT64_C(1) << 31) /* integers from here on are hashed */
/* Chunks may be made for this many integers at once and for so many more per row: ids
   counted from 0 in any order stay dense, scattered ones do not take memory. */
#define DENSE_FREE (UINT64_C(1) << 24)
#define DENSE_PER_ROW 8

static dm_status dense_slot(dm_index *index, int64_t value, uint32_t **out,
                            dm_error *err);
static dm_status grow_dense(dm_index *index, size_t need, dm_error *err);
static uint32_t make_key(const dm_index *index, const dm_ident *ident, dm_index_key *key);
static unsigned matches(const dm_bucket *bucket, uint32_t hash);
DM_INLINE void prefetch_row(const dm_index *index, const dm_ident *ident, size_t row);
static bool is_row(const dm_index *index, uint32_t row, const dm_index_key *key,
                   const dm_ident *ident);
static dm_status grow_buckets(dm_index *index, dm_error *err);
static void add_entry(dm_bucket *bucket, uint32_t hash, uint32_t row);
static dm_status new_row(dm_index *index, const dm_ident *ident, const dm_index_key *key,
                         dm_error *err);
static bool is_dense(const dm_index *index);
static void take_dense(const dm_index *index, uint32_t *out);
static dm_status sort_by_value(const dm_index *index, uint32_t *rows, size_t n,
                               dm_error *err);
static dm_status sort_big(const dm_index *index, uint32_t *rows, size_t n, dm_error *err);

void dm_index_init(dm_index *index, uint64_t seed) {
  /* mixed, since some seeds (all ones, for one) would make a constant of the hash */
  seed = seed * UINT64_C(0x9E3779B97F4A7C15) + UINT64_C(0x8CB92BA72F3D8DD7);
  *index = (dm_index){.seed = seed, .smallest = INT64_MAX, .largest = INT64_MIN};
  dm_rows_init(&index->values, sizeof(int64_t));
  dm_rows_init(&index->kinds, sizeof(uint8_t));
  dm_rows_init(&index->keys, sizeof(dm_index_key));
  dm_rows_init(&index->middles, sizeof(dm_middle_text));
}

void dm_index_freeze(dm_index *index) {
  for (size_t i = 0; i < index->n_dense; i++) {
    dm_free(index->dense[i]);
  }
  dm_free(index->dense);
  dm_free(index->is_hashed);
  dm_free_in_line(index->buckets);
  index->dense = NULL;
  index->is_hashed = NULL;
  index->buckets = NULL;
  index->n_dense = index->n_dense_chunks = index->n_buckets = index->n_hashed = 0;
}

void dm_index_release(dm_index *index) {
  dm_index_freeze(index);
  dm_rows_release(&index->values);
  dm_rows_release(&index->kinds);
  dm_rows_release(&index->keys);
  dm_rows_release(&index->middles);
  dm_buf_release(&index->text);
  index->n = 0;
}

dm_status dm_index_row(dm_index *index, const dm_ident *ident, uint32_t *row,
                       dm_error *err) {
  dm_lookup lookup;
  lookup.row = 0;
  lookup.hash = make_key(index, ident, &lookup.key);
  return dm_index_end(index, ident, &lookup, row, err);
}

void dm_index_begin(const dm_index *index, const dm_ident *ident, dm_lookup *lookup) {
  if (!dm_is_text(ident->kind) && dm_index_begin_dense(index, ident->value)) {
    lookup->row = 0;
    lookup->is_certain = false;
    return;
  }
  dm_index_hash(index, ident, lookup);
  dm_index_fetch(index, lookup);
}

void dm_index_hash(const dm_index *index, const dm_ident *ident, dm_lookup *lookup) {
  lookup->row = 0;
  lookup->is_certain = false;
  lookup->hash = make_key(index, ident, &lookup->key);
}

void dm_index_guess(const dm_index *index, const dm_ident *ident, dm_lookup *lookup) {
  bool is_text = dm_is_text(ident->kind);
  uint32_t row;
  if (!is_text && dm_index_begin_dense(index, ident->value)) {
    if (dm_index_find(index, ident->value, &row)) {
      lookup->row = row + 1;
      lookup->is_certain = ident->kind == DM_IDENT_INT || index->has_text;
    }
    return;
  }
  if (index->n_buckets == 0) {
    return;
  }
  size_t mask = index->n_buckets - 1;
  for (size_t i = lookup->hash & mask;; i = (i + 1) & mask) {
    const dm_bucket *bucket = &index->buckets[i];
    unsigned bits = matches(bucket, lookup->hash);
    if (DM_LIKELY(bits != 0)) {
      const dm_rows *rows = is_text ? &index->keys : &index->values;
      row = bucket->row[__builtin_ctz(bits)];
      if (DM_LIKELY(row <= dm_rows_cap(rows))) { /* else it is of the other type */
        lookup->row = row;
        prefetch_row(index, ident, row - 1);
      }
      return;
    }
    if (bucket->row[DM_BUCKET_ENTRIES - 1] == 0) {
      return;
    }
  }
}

dm_status dm_index_end(dm_index *index, const dm_ident *ident, const dm_lookup *lookup,
                       uint32_t *row, dm_error *err) {
  index->has_text |= ident->kind == DM_IDENT_TEXT || ident->kind == DM_IDENT_INT_TEXT;
  index->has_big |= ident->kind == DM_IDENT_BIG;
  if (lookup->row && dm_is_text(ident->kind) &&
      is_row(index, lookup->row - 1, &lookup->key, ident)) {
    *row = lookup->row - 1;
    return DM_OK;
  }
  if (!dm_is_text(ident->kind) && ident->value >= 0 && ident->value < DENSE_LIMIT) {
    uint32_t *dense = NULL;
    DM_TRY(dense_slot(index, ident->value, &dense, err));
    if (DM_LIKELY(dense != NULL)) {
      if (DM_UNLIKELY(*dense == 0)) {
        DM_TRY(new_row(index, ident, NULL, err));
        *dense = (uint32_t)index->n;
      }
      *row = *dense - 1;
      return DM_OK;
    }
  }
  if (DM_UNLIKELY(index->n_hashed >= BUCKET_FULL * index->n_buckets)) {
    DM_TRY(grow_buckets(index, err));
  }
  size_t mask = index->n_buckets - 1;
  for (size_t i = lookup->hash & mask;; i = (i + 1) & mask) {
    dm_bucket *bucket = &index->buckets[i];
    for (unsigned bits = matches(bucket, lookup->hash); bits; bits &= bits - 1) {
      uint32_t found = bucket->row[__builtin_ctz(bits)] - 1;
      if (is_row(index, found, &lookup->key, ident)) {
        *row = found;
        return DM_OK;
      }
    }
    if (bucket->row[DM_BUCKET_ENTRIES - 1] == 0) {
      *row = (uint32_t)index->n;
      DM_TRY(new_row(index, ident, &lookup->key, err));
      add_entry(bucket, lookup->hash, *row + 1);
      index->n_hashed++;
      return DM_OK;
    }
  }
}

dm_ident_type dm_index_type(const dm_index *index) {
  const int64_t exact = INT64_C(1) << 53;
  if (index->has_text || index->has_big) {
    return DM_TYPE_TEXT;
  }
  if (index->n == 0 || (index->smallest > INT32_MIN && index->largest <= INT32_MAX)) {
    return DM_TYPE_INT32;
  }
  return index->smallest >= -exact && index->largest <= exact ? DM_TYPE_DOUBLE
                                                              : DM_TYPE_TEXT;
}

dm_status dm_index_order(const dm_index *index, uint32_t *out, dm_error *err) {
  if (is_dense(index)) {
    take_dense(index, out);
    return DM_OK;
  }
  for (size_t i = 0; i < index->n; i++) {
    out[i] = (uint32_t)i;
  }
  if (index->has_text) {
    return DM_OK;
  }
  if (!index->has_big) {
    return sort_by_value(index, out, index->n, err);
  }
  /* negative ones beyond 64 bits, those within, positive ones beyond */
  size_t n_negative = 0;
  size_t n_within = 0;
  for (size_t pass = 0; pass < 3; pass++) {
    size_t to = pass == 0 ? 0 : pass == 1 ? n_negative : n_negative + n_within;
    for (size_t i = 0; i < index->n; i++) {
      dm_ident ident = dm_index_ident(index, i);
      size_t group = ident.kind != DM_IDENT_BIG ? 1 : ident.text[0] == '-' ? 0 : 2;
      if (group == pass) {
        out[to++] = (uint32_t)i;
        n_negative += pass == 0;
        n_within += pass == 1;
      }
    }
  }
  DM_TRY(sort_big(index, out, n_negative, err));
  DM_TRY(sort_by_value(index, out + n_negative, n_within, err));
  size_t below = n_negative + n_within;
  return sort_big(index, out + below, index->n - below, err);
}

/* The place of an integer in the dense table; NULL if its chunk is hashed. */
static dm_status dense_slot(dm_index *index, int64_t value, uint32_t **out,
                            dm_error *err) {
  size_t chunk = (size_t)value >> DM_DENSE_SHIFT;
  if (DM_UNLIKELY(chunk >= index->n_dense)) {
    DM_TRY(grow_dense(index, chunk + 1, err));
  }
  if (DM_UNLIKELY(!index->dense[chunk] && !index->is_hashed[chunk])) {
    uint64_t allowed = DENSE_FREE + DENSE_PER_ROW * (uint64_t)index->n;
    if ((index->n_dense_chunks + 1) * (uint64_t)DM_DENSE_CHUNK > allowed) {
      index->is_hashed[chunk] = 1;
    } else {
      index->dense[chunk] = dm_calloc(DM_DENSE_CHUNK, sizeof **index->dense);
      if (!index->dense[chunk]) {
        return dm_error_memory(err);
      }
      index->n_dense_chunks++;
    }
  }
  *out =
      index->dense[chunk] ? index->dense[chunk] + (value & (DM_DENSE_CHUNK - 1)) : NULL;
  return DM_OK;
}

static dm_status grow_dense(dm_index *index, size_t need, dm_error *err) {
  size_t old = index->n_dense;
  size_t cap = old;
  size_t cap_hashed = old;
  void *hashed = dm_grow(index->is_hashed, &cap_hashed, need, sizeof *index->is_hashed);
  if (!hashed) {
    return dm_error_memory(err);
  }
  index->is_hashed = hashed;
  void *dense = dm_grow(index->dense, &cap, need, sizeof *index->dense);
  if (!dense) {
    return dm_error_memory(err);
  }
  index->dense = dense;
  index->n_dense = cap; /* both grow alike */
  memset(index->is_hashed + old, 0, (cap - old) * sizeof *index->is_hashed);
  memset(index->dense + old, 0, (cap - old) * sizeof *index->dense);
  return DM_OK;
}

/* Whether a text is too long for a key, but not for a row of its own. */
static inline bool is_middle(const dm_ident *ident) {
  return ident->len > DM_KEY_TEXT && ident->len <= DM_MIDDLE_TEXT;
}

/* key: of a text. */
static dm_status new_row(dm_index *index, const dm_ident *ident, const dm_index_key *key,
                         dm_error *err) {
  if (index->n > DM_ROW_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "at most %d different ids", DM_ROW_MAX + 1);
    dm_error_found(err, "one more");
    return DM_E_LIMIT;
  }
  size_t n = index->n + 1;
  DM_TRY(dm_rows_grow(&index->kinds, n, err));
  if (dm_is_text(ident->kind)) {
    DM_TRY(dm_rows_grow(&index->keys, n, err));
    dm_index_key *own = dm_rows_at(&index->keys, index->n);
    *own = *key;
    if (DM_UNLIKELY(is_middle(ident))) {
      DM_TRY(dm_rows_grow(&index->middles, n, err));
      dm_middle_text *middle = dm_rows_at(&index->middles, index->n);
      memcpy(middle->bytes, ident->text, ident->len);
      middle->len = (uint8_t)ident->len;
      own->word[1] = 0; /* so that it equals no key that is looked up */
    } else if (DM_UNLIKELY(ident->len > DM_MIDDLE_TEXT)) {
      own->word[1] = dm_in_memory(index->text.len);
      size_t cap = index->text.cap;
      DM_TRY(dm_buf_append(&index->text, ident->text, ident->len, err));
      if (DM_UNLIKELY(index->text.cap != cap)) {
        dm_advise_large(index->text.data, index->text.cap);
      }
    }
  } else {
    DM_TRY(dm_rows_grow(&index->values, n, err));
    *(int64_t *)dm_rows_at(&index->values, index->n) = ident->value;
    index->smallest = ident->value < index->smallest ? ident->value : index->smallest;
    index->largest = ident->value > index->largest ? ident->value : index->largest;
  }
  *(uint8_t *)dm_rows_at(&index->kinds, index->n) = (uint8_t)ident->kind;
  index->n = n;
  return DM_OK;
}

/* --- hashing --- */

/* Multiplies and folds: every bit of the input reaches every bit of the result. */
static inline uint64_t fold(uint64_t a, uint64_t b) {
  uint64_t low;
  uint64_t high = dm_multiply(a, b, &low);
  return high ^ low;
}

/* Makes the key of an ident and returns its hash. */
static inline uint32_t make_key(const dm_index *index, const dm_ident *ident,
                                dm_index_key *key) {
  const uint64_t factor = (index->seed | 1) ^ UINT64_C(0xD1B54A32D192ED02);
  uint64_t hash = index->seed;
  const char *text = ident->text;
  size_t len = ident->len;
  uint64_t first = 0;
  uint64_t second = 0;
  uint64_t third = 0;
  if (DM_UNLIKELY(!dm_is_text(ident->kind))) {
    first = (uint64_t)ident->value;
    third = (uint64_t)DM_KEY_INTEGER << 56;
  } else if (DM_UNLIKELY(len > DM_KEY_TEXT)) {
    const char *last = text + len - 8;
    for (; text < last; text += 8) {
      hash = fold(dm_load8(text) ^ hash, factor);
    }
    hash = fold(dm_load8(last) ^ hash, factor);
    first = len;
    second = DM_KEY_NOWHERE;
    third = (uint64_t)(len > DM_MIDDLE_TEXT ? DM_KEY_LONG : DM_KEY_MIDDLE) << 56;
  } else if (DM_LIKELY(len >= 8)) {
    /* the last bytes without those that came before; in two steps, since no shift takes
       64 bits */
    size_t n_before = 8 * (8 - len % 8);
    uint64_t last = dm_load8(text + len - 8) >> (n_before - 1) >> 1;
    first = dm_load8(text);
    second = len >= 16 ? dm_load8(text + 8) : last;
    third = (len >= 16 ? last : 0) | (uint64_t)(len + 1) << 56;
  } else {
    for (size_t i = len; i-- > 0;) {
      first = first << 8 | (unsigned char)text[i];
    }
    third = (uint64_t)(len + 1) << 56;
  }
  key->word[0] = dm_in_memory(first);
  key->word[1] = dm_in_memory(second);
  key->word[2] = dm_in_memory(third);
  hash = fold(first ^ hash, factor);
  hash = fold(second ^ hash, factor);
  hash = fold(third ^ hash, factor);
  return (uint32_t)fold(hash, hash | 1);
}

/* Brings what the ident of a row is compared with into the cache. A function that does
   nothing else must be inline: gcc takes a call of it for one without effect. */
DM_INLINE void prefetch_row(const dm_index *index, const dm_ident *ident, size_t row) {
  if (!dm_is_text(ident->kind)) {
    __builtin_prefetch(dm_rows_at(&index->values, row));
    return;
  }
  if (DM_UNLIKELY(is_middle(ident))) {
    if (row < dm_rows_cap(&index->middles)) {
      __builtin_prefetch(dm_rows_at(&index->middles, row));
    }
    return;
  }
  const dm_index_key *key = dm_rows_at(&index->keys, row);
  __builtin_prefetch(key);
  __builtin_prefetch((const char *)(key + 1) - 1); /* the next line */
}

/* Whether the row is that of the ident, whose key this is. */
static bool is_row(const dm_index *index, uint32_t row, const dm_index_key *key,
                   const dm_ident *ident) {
  if (dm_index_is_integer(index, row) == dm_is_text(ident->kind)) {
    return false;
  }
  if (!dm_is_text(ident->kind)) {
    return dm_index_integer(index, row) == ident->value;
  }
  if (DM_UNLIKELY(is_middle(ident))) {
    if (row >= dm_rows_cap(&index->middles)) {
      return false;
    }
    const dm_middle_text *middle = dm_rows_at(&index->middles, row);
    return middle->len == ident->len &&
           memcmp(middle->bytes, ident->text, ident->len) == 0;
  }
  const dm_index_key *found = dm_rows_at(&index->keys, row);
  if (DM_LIKELY(ident->len <= DM_KEY_TEXT)) {
    return memcmp(found, key, sizeof *key) == 0;
  }
  return found->word[0] == key->word[0] && found->word[2] == key->word[2] &&
         memcmp(dm_index_ident(index, row).text, ident->text, ident->len) == 0;
}

/* Which entries of a bucket have that hash: bit k for the k-th. A free one has none. */
static inline unsigned matches(const dm_bucket *bucket, uint32_t hash) {
#ifdef __SSE2__
  const __m128i *hashes = (const void *)bucket->hash;
  const __m128i *rows = (const void *)bucket->row;
  __m128i wanted = _mm_set1_epi32((int)hash);
  __m128i zero = _mm_setzero_si128();
  __m128i low = _mm_andnot_si128(_mm_cmpeq_epi32(_mm_load_si128(rows), zero),
                                 _mm_cmpeq_epi32(_mm_load_si128(hashes), wanted));
  __m128i high = _mm_andnot_si128(_mm_cmpeq_epi32(_mm_load_si128(rows + 1), zero),
                                  _mm_cmpeq_epi32(_mm_load_si128(hashes + 1), wanted));
  return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(low)) |
         (unsigned)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
  unsigned bits = 0;
  for (unsigned k = 0; k < DM_BUCKET_ENTRIES; k++) { /* without a branch */
    bits |= (unsigned)(bucket->hash[k] == hash && bucket->row[k]) << k;
  }
  return bits;
#endif
}

static inline void add_entry(dm_bucket *bucket, uint32_t hash, uint32_t row) {
  size_t k = 0;
  while (bucket->row[k]) {
    k++;
  }
  bucket->hash[k] = hash;
  bucket->row[k] = row;
}

/* What a bucket has goes to two others (or, where those are full, behind them), so that
   both tables are walked through in order. */
static dm_status grow_buckets(dm_index *index, dm_error *err) {
  size_t n = index->n_buckets ? index->n_buckets * 2 : FIRST_BUCKETS;
  size_t bytes;
  dm_bucket *buckets =
      dm_size_mul(n, sizeof *buckets, &bytes) ? dm_calloc_in_line(bytes) : NULL;
  if (!buckets) {
    return dm_error_memory(err);
  }
  for (size_t i = 0; i < index->n_buckets; i++) {
    const dm_bucket *old = &index->buckets[i];
    for (size_t k = 0; k < DM_BUCKET_ENTRIES && old->row[k]; k++) {
      size_t to = old->hash[k] & (n - 1);
      while (buckets[to].row[DM_BUCKET_ENTRIES - 1]) {
        to = (to + 1) & (n - 1);
      }
      add_entry(&buckets[to], old->hash[k], old->row[k]);
    }
  }
  dm_free_in_line(index->buckets);
  index->buckets = buckets;
  index->n_buckets = n;
  return DM_OK;
}

/* --- order --- */

/* Whether all rows are in the dense table and it is short enough to be read through. */
static bool is_dense(const dm_index *index) {
  return !index->has_text && index->n_dense && index->n_hashed == 0 &&
         index->n_dense_chunks * (uint64_t)DM_DENSE_CHUNK / DENSE_PER_ROW <= index->n;
}

static void take_dense(const dm_index *index, uint32_t *out) {
  for (size_t chunk = 0; chunk < index->n_dense; chunk++) {
    const uint32_t *dense = index->dense[chunk];
    for (size_t i = 0; dense && i < DM_DENSE_CHUNK; i++) {
      if (dense[i]) {
        *out++ = dense[i] - 1;
      }
    }
  }
}

static uint64_t sort_key(const dm_index *index, uint32_t row) {
  /* orders like the integer */
  return (uint64_t)dm_index_integer(index, row) ^ UINT64_C(0x8000000000000000);
}

/* Radix sort by 11 bits at a time; digits that all share cost one pass of counting. */
static dm_status sort_by_value(const dm_index *index, uint32_t *rows, size_t n,
                               dm_error *err) {
  enum { BITS = 11, BUCKETS = 1 << BITS };
  bool is_sorted = true;
  for (size_t i = 1; i < n && is_sorted; i++) {
    is_sorted = sort_key(index, rows[i - 1]) <= sort_key(index, rows[i]);
  }
  if (is_sorted) {
    return DM_OK;
  }
  uint64_t differing = 0;
  for (size_t i = 0; i < n; i++) {
    differing |= sort_key(index, rows[0]) ^ sort_key(index, rows[i]);
  }
  uint32_t *other = dm_malloc(n * sizeof *other);
  if (!other) {
    return dm_error_memory(err);
  }
  uint32_t *from = rows;
  uint32_t *to = other;
  for (unsigned shift = 0; shift < 64; shift += BITS) {
    if ((differing >> shift & (BUCKETS - 1)) == 0) {
      continue;
    }
    size_t start[BUCKETS] = {0};
    for (size_t i = 0; i < n; i++) {
      start[sort_key(index, from[i]) >> shift & (BUCKETS - 1)]++;
    }
    size_t below = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
      size_t count = start[b];
      start[b] = below;
      below += count;
    }
    for (size_t i = 0; i < n; i++) {
      to[start[sort_key(index, from[i]) >> shift & (BUCKETS - 1)]++] = from[i];
    }
    uint32_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != rows) {
    memcpy(rows, from, n * sizeof *rows);
  }
  dm_free(other);
  return DM_OK;
}

/* Integers beyond 64 bits, all of one sign, by their digits. */
static bool is_big_below(const dm_index *index, uint32_t a, uint32_t b) {
  dm_ident x = dm_index_ident(index, a);
  dm_ident y = dm_index_ident(index, b);
  bool is_negative = x.text[0] == '-';
  if (x.len != y.len) {
    return (x.len < y.len) != is_negative;
  }
  int order = memcmp(x.text, y.text, x.len);
  return is_negative ? order > 0 : order < 0;
}

/* Merge sort, from runs of one upwards. */
static dm_status sort_big(const dm_index *index, uint32_t *rows, size_t n,
                          dm_error *err) {
  uint32_t *other = dm_malloc(n * sizeof *other);
  if (!other) {
    return dm_error_memory(err);
  }
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t low = 0; low < n; low += 2 * width) {
      size_t middle = low + width < n ? low + width : n;
      size_t high = middle + width < n ? middle + width : n;
      size_t a = low;
      size_t b = middle;
      for (size_t to = low; to < high; to++) {
        bool is_from_b =
            b < high && (a == middle || is_big_below(index, rows[b], rows[a]));
        other[to] = is_from_b ? rows[b++] : rows[a++];
      }
    }
    memcpy(rows, other, n * sizeof *rows);
  }
  dm_free(other);
  return DM_OK;
}
