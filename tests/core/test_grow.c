/* dm_mem.h: sizes that cannot overflow, and containers that grow and stay whole. */
#include "base/dm_grow.h"
#include "dm_naive.h"
#include "dm_test.h"

/* The sanitizer ends a program that asks for too much, unless told that this is meant. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "allocator_may_return_null=1";
}

#define HALF ((size_t)1 << (sizeof(size_t) * 4))

/* More than any memory has; and more than half of it is doubled to that. Half of all
   addresses may be had where they have 32 bits; where they have 64, valgrind takes more
   than half for a negative number. */
#if SIZE_MAX > UINT32_MAX
#define TOO_MUCH ((size_t)PTRDIFF_MAX)
#else
#define TOO_MUCH ((size_t)PTRDIFF_MAX + 2)
#endif

static void test_sizes(void) {
  static const struct {
    size_t a, b;
    bool is_sum;
    size_t sum;
    bool is_product;
    size_t product;
  } cases[] = {
      {0, 0, true, 0, true, 0},
      {0, SIZE_MAX, true, SIZE_MAX, true, 0},
      {1, SIZE_MAX, false, 0, true, SIZE_MAX},
      {1, SIZE_MAX - 1, true, SIZE_MAX, true, SIZE_MAX - 1},
      {2, SIZE_MAX, false, 0, false, 0},
      {2, SIZE_MAX / 2, true, SIZE_MAX / 2 + 2, true, SIZE_MAX - 1},
      {2, SIZE_MAX / 2 + 1, true, SIZE_MAX / 2 + 3, false, 0},
      {SIZE_MAX, SIZE_MAX, false, 0, false, 0},
      {HALF, HALF, true, 2 * HALF, false, 0},
      {HALF, HALF - 1, true, 2 * HALF - 1, true, SIZE_MAX - HALF + 1},
      {HALF + 1, HALF - 1, true, 2 * HALF, true, SIZE_MAX},
      {HALF + 1, HALF, true, 2 * HALF + 1, false, 0},
      {3, SIZE_MAX / 3, true, SIZE_MAX / 3 + 3, true, SIZE_MAX / 3 * 3},
      {3, SIZE_MAX / 3 + 1, true, SIZE_MAX / 3 + 4, false, 0},
      {12, 34, true, 46, true, 408},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int swap = 0; swap < 2; swap++) {
      DM_CASE("case %zu%s", i, swap ? " swapped" : "");
      size_t a = swap ? cases[i].b : cases[i].a;
      size_t b = swap ? cases[i].a : cases[i].b;
      size_t out = 777;
      CHECK_INT(dm_size_add(a, b, &out), cases[i].is_sum);
      CHECK_UINT(out, cases[i].is_sum ? cases[i].sum : 777);
      out = 777;
      CHECK_INT(dm_size_mul(a, b, &out), cases[i].is_product);
      CHECK_UINT(out, cases[i].is_product ? cases[i].product : 777);
    }
  }
}

static void test_allocator(void) {
  dm_free(NULL);
  char *p = dm_malloc(0);
  CHECK(p != NULL);
  p[0] = 'x'; /* a size of 0 counts as 1 */
  dm_free(p);
  static const size_t sizes[][2] = {{0, 0}, {0, 8}, {8, 0}, {3, 5}};
  for (size_t i = 0; i < 4; i++) {
    DM_CASE("%zu x %zu", sizes[i][0], sizes[i][1]);
    size_t n = sizes[i][0] * sizes[i][1];
    p = dm_calloc(sizes[i][0], sizes[i][1]);
    if (!CHECK(p != NULL)) {
      return;
    }
    bool is_zero = true;
    for (size_t k = 0; k < (n ? n : 1); k++) {
      is_zero = is_zero && p[k] == 0;
    }
    CHECK(is_zero);
    dm_free(p);
  }
  p = dm_realloc(NULL, 4);
  memcpy(p, "abc", 4);
  p = dm_realloc(p, 4000);
  CHECK_STR(p, "abc");
  p = dm_realloc(p, 0);
  if (CHECK(p != NULL)) {
    CHECK_INT(p[0], 'a');
  }
  dm_free(p);
  CHECK(dm_calloc(SIZE_MAX, 2) == NULL);
  CHECK(dm_calloc(2, SIZE_MAX) == NULL);
  CHECK(dm_malloc(TOO_MUCH) == NULL);
  p = dm_malloc(3);
  memcpy(p, "ab", 3);
  CHECK(dm_realloc(p, TOO_MUCH) == NULL);
  CHECK_STR(p, "ab");
  dm_free(p);
}

static void test_grow_table(void) {
  static const struct {
    size_t cap, need, want;
  } cases[] = {{0, 0, 16},   {0, 1, 16},       {0, 16, 16},  {0, 17, 32}, {16, 17, 32},
               {32, 33, 64}, {16, 1000, 1024}, {24, 25, 48}, {1, 2, 2},   {5, 100, 160}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("from %zu to %zu", cases[i].cap, cases[i].need);
    size_t cap = cases[i].cap;
    uint32_t *array = cap ? dm_malloc(cap * sizeof *array) : NULL;
    for (size_t k = 0; k < cap; k++) {
      array[k] = (uint32_t)k * 7;
    }
    uint32_t *grown = dm_grow(array, &cap, cases[i].need, sizeof *array);
    if (!CHECK(grown != NULL)) {
      dm_free(array);
      continue;
    }
    CHECK_UINT(cap, cases[i].want);
    bool is_same = true;
    for (size_t k = 0; k < cases[i].cap; k++) {
      is_same = is_same && grown[k] == (uint32_t)k * 7;
    }
    CHECK(is_same);
    memset(grown, 1, cap * sizeof *grown); /* all of it is there */
    dm_free(grown);
  }
}

static void test_grow_overflow(void) {
  static const struct {
    size_t need, elem_size;
  } cases[] = {{SIZE_MAX, 1},         {SIZE_MAX / 2 + 2, 1}, {SIZE_MAX / 8, 16},
               {SIZE_MAX / 2 + 1, 2}, {1, SIZE_MAX / 8},     {17, SIZE_MAX / 16},
               {TOO_MUCH / 2 + 1, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("%zu x %zu", cases[i].need, cases[i].elem_size);
    size_t cap = 16;
    char *array = dm_malloc(16);
    memcpy(array, "as it was", 10);
    CHECK(dm_grow(array, &cap, cases[i].need, cases[i].elem_size) == NULL);
    CHECK_UINT(cap, 16);
    CHECK_STR(array, "as it was");
    dm_free(array);
  }
}

static dm_status grow_by_macro(double **array, size_t *cap, size_t need, dm_error *err) {
  DM_GROW(*array, *cap, need, err);
  return DM_OK;
}

static void test_grow_macro(void) {
  dm_error err;
  double *array = NULL;
  size_t cap = 0;
  CHECK_INT(grow_by_macro(&array, &cap, 0, &err), DM_OK);
  CHECK(array == NULL);
  CHECK_INT(grow_by_macro(&array, &cap, 1, &err), DM_OK);
  CHECK_UINT(cap, 16);
  array[15] = 1.5;
  double *before = array;
  CHECK_INT(grow_by_macro(&array, &cap, 16, &err), DM_OK);
  CHECK(array == before);
  CHECK_UINT(cap, 16);
  CHECK_INT(grow_by_macro(&array, &cap, 17, &err), DM_OK);
  CHECK_UINT(cap, 32);
  CHECK_DOUBLE(array[15], 1.5);
  before = array;
  CHECK_INT(grow_by_macro(&array, &cap, SIZE_MAX, &err), DM_E_MEMORY);
  CHECK_INT(err.status, DM_E_MEMORY);
  CHECK(array == before);
  CHECK_UINT(cap, 32);
  dm_free(array);
}

static void test_buf(void) {
  dm_error err;
  dm_buf buf = {0};
  dm_buf_release(&buf); /* of an empty one */
  CHECK_INT(dm_buf_append(&buf, NULL, 0, &err), DM_OK);
  CHECK_UINT(buf.len, 0);
  CHECK(buf.data == NULL);

  char want[5000];
  size_t len = 0;
  uint64_t seed = 2;
  while (len < 4800) {
    char piece[100];
    size_t n = naive_below(&seed, sizeof piece);
    for (size_t i = 0; i < n; i++) {
      piece[i] = (char)naive_random(&seed);
    }
    memcpy(want + len, piece, n);
    len += n;
    CHECK_INT(dm_buf_append(&buf, piece, n, &err), DM_OK);
    CHECK_BYTES(buf.data ? buf.data : "", buf.len, want, len);
    CHECK(buf.cap >= buf.len);
  }

  CHECK_INT(dm_buf_reserve(&buf, 100000, &err), DM_OK);
  CHECK(buf.cap - buf.len >= 100000);
  CHECK_BYTES(buf.data, buf.len, want, len);
  memset(buf.data + buf.len, 'z', 100000);
  size_t cap = buf.cap;
  CHECK_INT(dm_buf_reserve(&buf, 0, &err), DM_OK);
  CHECK_INT(dm_buf_reserve(&buf, cap - buf.len, &err), DM_OK);
  CHECK_UINT(buf.cap, cap);
  CHECK_INT(dm_buf_reserve(&buf, cap - buf.len + 1, &err), DM_OK);
  CHECK_UINT(buf.cap, 2 * cap);

  static const size_t too_much[] = {SIZE_MAX, SIZE_MAX - 100, SIZE_MAX / 2 + 1,
                                    TOO_MUCH / 2 + 1};
  for (size_t i = 0; i < sizeof too_much / sizeof too_much[0]; i++) {
    DM_CASE("%zu more bytes", too_much[i]);
    memset(&err, 0xA5, sizeof err);
    cap = buf.cap;
    CHECK_INT(dm_buf_reserve(&buf, too_much[i], &err), DM_E_MEMORY);
    CHECK_INT(err.status, DM_E_MEMORY);
    CHECK_UINT(buf.cap, cap);
    CHECK_BYTES(buf.data, buf.len, want, len);
    CHECK_INT(dm_buf_append(&buf, want, too_much[i], &err), DM_E_MEMORY);
    CHECK_UINT(buf.len, len);
  }
  dm_buf_release(&buf);
  CHECK(buf.data == NULL);
  CHECK_UINT(buf.len, 0);
  CHECK_UINT(buf.cap, 0);
  dm_buf_release(&buf); /* a second time does no harm */
}

static void test_rows(void) {
  static const size_t sizes[] = {1, 8, 24};
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    size_t size = sizes[s];
    DM_CASE("rows of %zu bytes", size);
    dm_error err;
    dm_rows rows;
    dm_rows_init(&rows, size);
    CHECK_UINT(dm_rows_cap(&rows), 0);
    CHECK_INT(dm_rows_grow(&rows, 0, &err), DM_OK);
    CHECK_UINT(dm_rows_cap(&rows), 0);
    CHECK_INT(dm_rows_grow(&rows, 1, &err), DM_OK);
    CHECK_UINT(dm_rows_cap(&rows), DM_ROWS_CHUNK);
    char *first = dm_rows_at(&rows, 0);
    memset(first, 'f', size);
    CHECK_INT(dm_rows_grow(&rows, DM_ROWS_CHUNK, &err), DM_OK);
    CHECK_UINT(dm_rows_cap(&rows), DM_ROWS_CHUNK);
    CHECK_INT(dm_rows_grow(&rows, DM_ROWS_CHUNK + 1, &err), DM_OK);
    CHECK_UINT(dm_rows_cap(&rows), 2 * DM_ROWS_CHUNK);
    /* twenty chunks move the list of chunks, never the rows */
    size_t n = 20 * (size_t)DM_ROWS_CHUNK;
    CHECK_INT(dm_rows_grow(&rows, n, &err), DM_OK);
    CHECK_UINT(dm_rows_cap(&rows), n);
    CHECK_INT(dm_rows_grow(&rows, 5, &err), DM_OK); /* never smaller */
    CHECK_UINT(dm_rows_cap(&rows), n);
    CHECK(dm_rows_at(&rows, 0) == first);
    CHECK_INT(first[size - 1], 'f');
    memset(first, 0, size);
    for (size_t i = 0; i < n; i += DM_ROWS_CHUNK) { /* where a cache line starts */
      CHECK_UINT((uintptr_t)dm_rows_at(&rows, i) % 64, 0);
    }
    size_t n_not_zero = 0;
    for (size_t i = 0; i < n; i++) {
      const char *row = dm_rows_at(&rows, i);
      for (size_t k = 0; k < size; k++) {
        n_not_zero += row[k] != 0;
      }
      memset(dm_rows_at(&rows, i), (int)(i % 251), size);
    }
    CHECK_UINT(n_not_zero, 0);
    size_t n_wrong = 0; /* no two rows share a byte */
    for (size_t i = 0; i < n; i++) {
      const unsigned char *row = dm_rows_at(&rows, i);
      for (size_t k = 0; k < size; k++) {
        n_wrong += row[k] != i % 251;
      }
    }
    CHECK_UINT(n_wrong, 0);
    dm_rows_release(&rows);
    CHECK_UINT(dm_rows_cap(&rows), 0);
    CHECK(rows.chunk == NULL);
    dm_rows_release(&rows);
  }
}

static void test_rows_too_big(void) {
  dm_error err;
  dm_rows rows;
  dm_rows_init(&rows, SIZE_MAX / 2);
  CHECK_INT(dm_rows_grow(&rows, 1, &err), DM_E_MEMORY);
  CHECK_INT(err.status, DM_E_MEMORY);
  CHECK_UINT(dm_rows_cap(&rows), 0);
  dm_rows_release(&rows);
}

int main(void) {
  DM_RUN(test_sizes);
  DM_RUN(test_allocator);
  DM_RUN(test_grow_table);
  DM_RUN(test_grow_overflow);
  DM_RUN(test_grow_macro);
  DM_RUN(test_buf);
  DM_RUN(test_rows);
  DM_RUN(test_rows_too_big);
  return dm_test_end();
}
