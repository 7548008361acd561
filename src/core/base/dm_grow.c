/* Checked sizes, byte buffers, arrays and rows that grow. */
#ifdef __linux__
#define _DEFAULT_SOURCE
#include <sys/mman.h>
#endif

#include <string.h>

#include "base/dm_grow.h"

void dm_advise_large(void *p, size_t size) {
#ifdef MADV_HUGEPAGE
  /* whole pages within the memory only; a refusal costs nothing but speed */
  const uintptr_t page = 4096;
  uintptr_t first = ((uintptr_t)p + page - 1) & ~(page - 1);
  uintptr_t last = ((uintptr_t)p + size) & ~(page - 1);
  if (last > first) {
    (void)madvise((void *)first, last - first, MADV_HUGEPAGE);
  }
#else
  (void)p;
  (void)size;
#endif
}

bool dm_size_add(size_t a, size_t b, size_t *out) {
  if (a > SIZE_MAX - b) {
    return false;
  }
  *out = a + b;
  return true;
}

bool dm_size_mul(size_t a, size_t b, size_t *out) {
  if (b && a > SIZE_MAX / b) {
    return false;
  }
  *out = a * b;
  return true;
}

dm_status dm_buf_reserve(dm_buf *buf, size_t extra, dm_error *err) {
  size_t need;
  if (!dm_size_add(buf->len, extra, &need)) {
    return dm_error_memory(err);
  }
  DM_GROW(buf->data, buf->cap, need, err);
  return DM_OK;
}

dm_status dm_buf_append(dm_buf *buf, const void *bytes, size_t n, dm_error *err) {
  DM_TRY(dm_buf_reserve(buf, n, err));
  if (n) {
    memcpy(buf->data + buf->len, bytes, n);
  }
  buf->len += n;
  return DM_OK;
}

void dm_buf_release(dm_buf *buf) {
  dm_free(buf->data);
  *buf = (dm_buf){0};
}

void *dm_grow(void *array, size_t *cap, size_t need, size_t elem_size) {
  size_t n = *cap ? *cap : 16;
  while (n < need) {
    if (!dm_size_mul(n, 2, &n)) {
      return NULL;
    }
  }
  size_t bytes;
  if (!dm_size_mul(n, elem_size, &bytes)) {
    return NULL;
  }
  void *grown = dm_realloc(array, bytes);
  if (grown) {
    *cap = n;
  }
  return grown;
}

void dm_rows_init(dm_rows *rows, size_t elem_size) {
  *rows = (dm_rows){.elem_size = elem_size};
}

void *dm_calloc_in_line(size_t size) {
  enum { LINE = 64, LARGE_PAGE = 1 << 21 };
  size_t step = size >= 2 * (size_t)LARGE_PAGE ? LARGE_PAGE : LINE;
  size_t whole;
  char *allocated = dm_size_add(size, step, &whole) ? dm_calloc(1, whole) : NULL;
  if (!allocated) {
    return NULL;
  }
  /* at least the allocator's alignment, which leaves room for a pointer */
  char *aligned = allocated + step - (uintptr_t)allocated % step;
  memcpy(aligned - sizeof allocated, &allocated, sizeof allocated);
  dm_advise_large(aligned, size);
  return aligned;
}

void dm_free_in_line(void *memory) {
  char *allocated = NULL;
  if (memory) {
    memcpy(&allocated, (char *)memory - sizeof allocated, sizeof allocated);
  }
  dm_free(allocated);
}

dm_status dm_rows_grow_more(dm_rows *rows, size_t need, dm_error *err) {
  while (dm_rows_cap(rows) < need) {
    DM_GROW(rows->chunk, rows->cap_chunks, rows->n_chunks + 1, err);
    char *chunk = dm_calloc_in_line(DM_ROWS_CHUNK * rows->elem_size);
    if (!chunk) {
      return dm_error_memory(err);
    }
    rows->chunk[rows->n_chunks++] = chunk;
  }
  return DM_OK;
}

void dm_rows_release(dm_rows *rows) {
  for (size_t i = 0; i < rows->n_chunks; i++) {
    dm_free_in_line(rows->chunk[i]);
  }
  dm_free(rows->chunk);
  *rows = (dm_rows){0};
}
