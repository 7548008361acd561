/* Integers that lie densely are looked up in a table of chunks; all else in a hash table
   with open addressing. A chunk of the dense table is either there or given up for good
   (its integers are in the hash table), so each integer has one place. */
#include "dm_index.h"

#include <string.h>

#include "dm_number.h"

enum { FIRST_SLOTS = 1024 };
enum { TEXT_UNIT = 8 };                /* texts start at multiples of this */
#define DENSE_LIMIT (INT64_C(1) << 31) /* integers from here on are hashed */
/* Chunks may be made for this many integers at once and for so many more per row: ids
   counted from 0 in any order stay dense, scattered ones do not take memory. */
#define DENSE_FREE (UINT64_C(1) << 24)
#define DENSE_PER_ROW 8

static bool is_text_kind(dm_ident_kind kind);
static dm_status dense_slot(dm_index *index, int64_t value, uint32_t **out,
                            dm_error *err);
static dm_status grow_dense(dm_index *index, size_t need, dm_error *err);
static uint64_t hash_integer(const dm_index *index, uint64_t value);
static uint64_t hash_text(const dm_index *index, const char *text, size_t len);
static uint64_t load_up_to_8(const char *text, size_t len);
static dm_status grow_slots(dm_index *index, dm_error *err);
static uint64_t hash_ident(const dm_index *index, const dm_ident *ident);
static const char *text_at(const dm_index *index, uint32_t place);
static bool is_text_at(const dm_index *index, uint32_t place, const dm_ident *ident);
static dm_status new_row(dm_index *index, const dm_ident *ident, dm_error *err);
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
}

void dm_index_freeze(dm_index *index) {
  for (size_t i = 0; i < index->n_dense; i++) {
    dm_free(index->dense[i]);
  }
  dm_free(index->dense);
  dm_free(index->is_hashed);
  dm_free(index->slots);
  index->dense = NULL;
  index->is_hashed = NULL;
  index->slots = NULL;
  index->n_dense = index->n_dense_chunks = index->n_slots = index->n_used = 0;
}

void dm_index_release(dm_index *index) {
  dm_index_freeze(index);
  dm_rows_release(&index->values);
  dm_rows_release(&index->kinds);
  dm_buf_release(&index->text);
  index->n = 0;
}

dm_status dm_index_row(dm_index *index, const dm_ident *ident, uint32_t *row,
                       dm_error *err) {
  return dm_index_end(index, ident, hash_ident(index, ident), row, err);
}

uint64_t dm_index_begin(const dm_index *index, const dm_ident *ident) {
  if (!is_text_kind(ident->kind) && dm_index_prefetch_dense(index, ident->value)) {
    return 0;
  }
  uint64_t hash = hash_ident(index, ident);
  if (index->n_slots) {
    __builtin_prefetch(&index->slots[hash & (index->n_slots - 1)]);
  }
  return hash;
}

uint32_t dm_index_guess(const dm_index *index, const dm_ident *ident, uint64_t begun) {
  bool is_text = is_text_kind(ident->kind);
  uint32_t row;
  if (!is_text && dm_index_find(index, ident->value, &row)) {
    return row;
  }
  if (index->n_slots == 0) {
    return UINT32_MAX;
  }
  uint64_t key = is_text ? begun : (uint64_t)ident->value;
  size_t mask = index->n_slots - 1;
  for (size_t i = (size_t)begun & mask; index->slots[i].row; i = (i + 1) & mask) {
    const dm_index_slot *slot = &index->slots[i];
    if (slot->key == key && (slot->place != 0) == is_text) {
      if (is_text) {
        const char *text = text_at(index, slot->place);
        __builtin_prefetch(text);
        __builtin_prefetch(text + sizeof(uint32_t) + ident->len - 1); /* the next line */
      }
      return slot->row - 1;
    }
  }
  return UINT32_MAX;
}

dm_status dm_index_end(dm_index *index, const dm_ident *ident, uint64_t begun,
                       uint32_t *row, dm_error *err) {
  bool is_text = is_text_kind(ident->kind);
  index->has_text |= ident->kind == DM_IDENT_TEXT || ident->kind == DM_IDENT_INT_TEXT;
  index->has_big |= ident->kind == DM_IDENT_BIG;
  if (!is_text && ident->value >= 0 && ident->value < DENSE_LIMIT) {
    uint32_t *dense = NULL;
    DM_TRY(dense_slot(index, ident->value, &dense, err));
    if (DM_LIKELY(dense != NULL)) {
      if (DM_UNLIKELY(*dense == 0)) {
        DM_TRY(new_row(index, ident, err));
        *dense = (uint32_t)index->n;
      }
      *row = *dense - 1;
      return DM_OK;
    }
  }
  if (DM_UNLIKELY(index->n_used * 8 >= index->n_slots * 5)) {
    DM_TRY(grow_slots(index, err));
  }
  uint64_t key = is_text ? begun : (uint64_t)ident->value;
  size_t mask = index->n_slots - 1;
  /* an integer's chunk may have been dense when this began */
  size_t i = (size_t)(is_text ? begun : hash_integer(index, key)) & mask;
  for (;; i = (i + 1) & mask) {
    dm_index_slot *slot = &index->slots[i];
    if (slot->row == 0) {
      size_t place = is_text ? index->text.len / TEXT_UNIT + 1 : 0;
      if (place > UINT32_MAX) {
        return dm_error_expected(err, DM_E_LIMIT, "at most 32 GB of ids");
      }
      DM_TRY(new_row(index, ident, err));
      *slot = (dm_index_slot){
          .key = key, .row = (uint32_t)index->n, .place = (uint32_t)place};
      index->n_used++;
      *row = slot->row - 1;
      return DM_OK;
    }
    if (slot->key == key && (slot->place != 0) == is_text &&
        (!is_text || is_text_at(index, slot->place, ident))) {
      *row = slot->row - 1;
      return DM_OK;
    }
  }
}

dm_ident dm_index_ident(const dm_index *index, size_t row) {
  int64_t value = *(const int64_t *)dm_rows_at(&index->values, row);
  dm_ident ident = {.kind = (dm_ident_kind) *
                            (const uint8_t *)dm_rows_at(&index->kinds, row)};
  if (is_text_kind(ident.kind)) {
    uint32_t len;
    memcpy(&len, index->text.data + value, sizeof len);
    ident.text = index->text.data + value + sizeof len;
    ident.len = len;
  } else {
    ident.value = value;
  }
  return ident;
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

static bool is_text_kind(dm_ident_kind kind) {
  return kind == DM_IDENT_TEXT || kind == DM_IDENT_BIG;
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

static dm_status new_row(dm_index *index, const dm_ident *ident, dm_error *err) {
  if (index->n > DM_ROW_MAX) {
    dm_error_expected(err, DM_E_LIMIT, "at most %d different ids", DM_ROW_MAX + 1);
    dm_error_found(err, "one more");
    return DM_E_LIMIT;
  }
  DM_TRY(dm_rows_grow(&index->values, index->n + 1, err));
  DM_TRY(dm_rows_grow(&index->kinds, index->n + 1, err));
  int64_t value = ident->value;
  if (is_text_kind(ident->kind)) {
    uint32_t len = (uint32_t)ident->len;
    value = (int64_t)index->text.len;
    static const char padding[TEXT_UNIT] = {0};
    size_t n_padding =
        TEXT_UNIT - 1 - (sizeof len + ident->len + TEXT_UNIT - 1) % TEXT_UNIT;
    size_t cap = index->text.cap;
    DM_TRY(dm_buf_reserve(&index->text, sizeof len + ident->len + n_padding, err));
    if (DM_UNLIKELY(index->text.cap != cap)) {
      dm_advise_large(index->text.data, index->text.cap);
    }
    DM_TRY(dm_buf_append(&index->text, &len, sizeof len, err));
    DM_TRY(dm_buf_append(&index->text, ident->text, ident->len, err));
    DM_TRY(dm_buf_append(&index->text, padding, n_padding, err));
  } else {
    index->smallest = value < index->smallest ? value : index->smallest;
    index->largest = value > index->largest ? value : index->largest;
  }
  *(int64_t *)dm_rows_at(&index->values, index->n) = value;
  *(uint8_t *)dm_rows_at(&index->kinds, index->n) = (uint8_t)ident->kind;
  index->n++;
  return DM_OK;
}

static const char *text_at(const dm_index *index, uint32_t place) {
  return index->text.data + (size_t)(place - 1) * TEXT_UNIT;
}

/* As memcmp() == 0, sooner for the few bytes that an id has. */
static inline bool is_same(const char *a, const char *b, size_t len) {
  for (; len > 8; a += 8, b += 8, len -= 8) {
    if (dm_load8(a) != dm_load8(b)) {
      return false;
    }
  }
  return load_up_to_8(a, len) == load_up_to_8(b, len);
}

static bool is_text_at(const dm_index *index, uint32_t place, const dm_ident *ident) {
  const char *stored = text_at(index, place);
  uint32_t len;
  memcpy(&len, stored, sizeof len);
  return len == ident->len && is_same(stored + sizeof len, ident->text, len);
}

/* --- hashing --- */

/* Multiplies and folds: every bit of the input reaches every bit of the result. */
static uint64_t fold(uint64_t a, uint64_t b) {
  uint64_t low;
  uint64_t high = dm_multiply(a, b, &low);
  return high ^ low;
}

static uint64_t hash_integer(const dm_index *index, uint64_t value) {
  uint64_t odd = index->seed | 1;
  return fold(fold(value ^ index->seed, odd ^ UINT64_C(0x9E3779B97F4A7C14)), odd);
}

static uint64_t hash_text(const dm_index *index, const char *text, size_t len) {
  const uint64_t factor = (index->seed | 1) ^ UINT64_C(0xD1B54A32D192ED02);
  uint64_t hash = fold(index->seed ^ len, factor); /* so that no byte can undo it */
  for (; len > 8; text += 8, len -= 8) {
    hash = fold(dm_load8(text) ^ hash, factor);
  }
  return fold(fold(load_up_to_8(text, len) ^ hash, factor), hash | 1);
}

/* A number that differs for different texts of the same length. */
static inline uint64_t load_up_to_8(const char *text, size_t len) {
  uint32_t low = 0;
  uint32_t high = 0;
  if (len == 8) {
    return dm_load8(text);
  }
  if (len >= 4) { /* some bytes are in both */
    memcpy(&low, text, sizeof low);
    memcpy(&high, text + len - sizeof high, sizeof high);
  } else if (len > 0) {
    low = (uint32_t)(unsigned char)text[0] << 8 | (unsigned char)text[len / 2];
    high = (unsigned char)text[len - 1];
  }
  return (uint64_t)high << 32 | low;
}

static uint64_t hash_ident(const dm_index *index, const dm_ident *ident) {
  return is_text_kind(ident->kind) ? hash_text(index, ident->text, ident->len)
                                   : hash_integer(index, (uint64_t)ident->value);
}

static dm_status grow_slots(dm_index *index, dm_error *err) {
  size_t n = index->n_slots ? index->n_slots * 2 : FIRST_SLOTS;
  dm_index_slot *slots = dm_calloc(n, sizeof *slots);
  if (!slots) {
    return dm_error_memory(err);
  }
  dm_advise_large(slots, n * sizeof *slots);
  for (size_t i = 0; i < index->n_slots; i++) {
    const dm_index_slot *old = &index->slots[i];
    if (old->row) {
      uint64_t hash = old->place ? old->key : hash_integer(index, old->key);
      size_t to = (size_t)hash & (n - 1);
      while (slots[to].row) {
        to = (to + 1) & (n - 1);
      }
      slots[to] = *old;
    }
  }
  dm_free(index->slots);
  index->slots = slots;
  index->n_slots = n;
  return DM_OK;
}

/* --- order --- */

/* Whether all rows are in the dense table and it is short enough to be read through. */
static bool is_dense(const dm_index *index) {
  return !index->has_text && index->n_dense && index->n_used == 0 &&
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
  int64_t value = *(const int64_t *)dm_rows_at(&index->values, row);
  return (uint64_t)value ^ UINT64_C(0x8000000000000000); /* orders like the integer */
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
