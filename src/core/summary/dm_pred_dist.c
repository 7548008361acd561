/* Prints counts by label as a Python dict. */
#include "summary/dm_pred_dist.h"

#include <stdlib.h>
#include <string.h>

#include "number/dm_format.h"

static dm_status append_key(dm_buf *keys, const dm_ident *label, dm_error *err);

typedef struct placed_label {
  dm_ident label;
  uint32_t column;
} placed_label;

static int compare_labels(const void *left, const void *right) {
  const dm_ident *a = &((const placed_label *)left)->label;
  const dm_ident *b = &((const placed_label *)right)->label;
  if (!a->text && !b->text) {
    return (a->value > b->value) - (a->value < b->value);
  }
  if (!a->text || !b->text) {
    return a->text ? 1 : -1;
  }
  int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

dm_status dm_pred_dist_init(dm_pred_dist *dist, const dm_index *labels, dm_error *err) {
  enum { DIGITS_MAX = 10 }; /* of a count, at most DM_EVALUATIONS_MAX */
  dm_status status = DM_OK;
  size_t n = labels->n;
  placed_label *placed = dm_calloc(n, sizeof *placed);
  dist->column = dm_calloc(n, sizeof *dist->column);
  dist->key_end = dm_calloc(n, sizeof *dist->key_end);
  if (!placed || !dist->column || !dist->key_end) {
    status = dm_error_memory(err);
    goto done;
  }
  for (size_t i = 0; i < n; i++) {
    placed[i] = (placed_label){.label = dm_index_ident(labels, i), .column = (uint32_t)i};
  }
  qsort(placed, n, sizeof *placed, compare_labels);
  for (size_t i = 0; i < n; i++) {
    DM_TRY_DONE(append_key(&dist->keys, &placed[i].label, err));
    dist->key_end[i] = dist->keys.len;
    dist->column[i] = placed[i].column;
  }
  dist->n = n;
  dist->text = dm_malloc(dist->keys.len + n * (DIGITS_MAX + sizeof ", ") + sizeof "{}");
  status = dist->text ? DM_OK : dm_error_memory(err);
done:
  dm_free(placed);
  return status;
}

void dm_pred_dist_release(dm_pred_dist *dist) {
  dm_free(dist->text);
  dm_free(dist->column);
  dm_free(dist->key_end);
  dm_buf_release(&dist->keys);
  *dist = (dm_pred_dist){0};
}

/* As Python's repr(), but always in single quotes. */
static dm_status append_key(dm_buf *keys, const dm_ident *label, dm_error *err) {
  static const char hex[] = "0123456789abcdef";
  char digits[DM_FORMAT_MAX];
  const char *text = label->text;
  size_t len = label->len;
  if (!text) {
    text = digits;
    len = dm_format_int64(label->value, digits);
  }
  DM_TRY(dm_buf_append(keys, "'", 1, err));
  for (size_t i = 0; i < len; i++) {
    char c = text[i];
    char escape[] = {'\\', c, 0, 0};
    size_t n = 2;
    if (c == '\n' || c == '\r' || c == '\t') {
      escape[1] = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
    } else if ((unsigned char)c < 0x20 || c == 0x7F) {
      escape[1] = 'x';
      escape[2] = hex[c >> 4];
      escape[3] = hex[c & 15];
      n = 4;
    } else if (c != '\'' && c != '\\') {
      escape[0] = c;
      n = 1;
    }
    DM_TRY(dm_buf_append(keys, escape, n, err));
  }
  return dm_buf_append(keys, "': ", 3, err);
}

size_t dm_pred_dist_print(const dm_pred_dist *dist, const double *counts) {
  char *p = dist->text;
  bool is_any = false;
  *p++ = '{';
  for (size_t i = 0, start = 0; i < dist->n; i++) {
    double count = counts[dist->column[i]];
    if (i > 0) {
      *p++ = ',';
      *p++ = ' ';
    }
    memcpy(p, dist->keys.data + start, dist->key_end[i] - start);
    p += dist->key_end[i] - start;
    start = dist->key_end[i];
    p += dm_format_int64((int64_t)count, p);
    is_any |= count > 0;
  }
  *p++ = '}';
  return is_any ? (size_t)(p - dist->text) : 0;
}
