/* Ids and labels as values: what they are, which are the same, how a message shows them.
 */
#ifndef DM_IDENT_H
#define DM_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "number/dm_scan.h"

/* How an id or label was given. INT and INT_TEXT with the same value are the same id, as
   are BIG and TEXT with the same bytes. */
typedef enum dm_ident_kind {
  DM_IDENT_NONE = 0,
  DM_IDENT_INT,      /* an integer that fits 64 bits */
  DM_IDENT_INT_TEXT, /* a string that looks exactly like such an integer */
  DM_IDENT_TEXT,     /* any other string */
  DM_IDENT_BIG /* an integer beyond 64 bits, kept as its digits: text from TEXT on */
} dm_ident_kind;

static inline bool dm_is_text(dm_ident_kind kind) {
  return kind >= DM_IDENT_TEXT;
}

typedef struct dm_ident {
  dm_ident_kind kind;
  int64_t value;    /* INT, INT_TEXT */
  const char *text; /* TEXT, BIG: UTF-8, not NUL-terminated, borrowed */
  size_t len;
} dm_ident;

/* dm_ident_from_text() for a text that starts like an integer. */
dm_ident dm_ident_from_digits(const char *text, size_t len);

/* Classifies a string: INT_TEXT if it is written as the integer would be ("7", "-3", not
   "07", "+7", "-0"), else TEXT. */
static inline dm_ident dm_ident_from_text(const char *text, size_t len) {
  if (DM_LIKELY(len == 0 || (!dm_is_digit(text[0]) && text[0] != '-'))) {
    return (dm_ident){.kind = DM_IDENT_TEXT, .text = text, .len = len};
  }
  return dm_ident_from_digits(text, len);
}

static inline dm_ident dm_ident_from_int(int64_t value) {
  return (dm_ident){.kind = DM_IDENT_INT, .value = value};
}

/* The same without the short cut for integers. */
bool dm_ident_equal_slow(const dm_ident *a, const dm_ident *b);

static inline bool dm_ident_equal(const dm_ident *a, const dm_ident *b) {
  return DM_LIKELY(a->kind == DM_IDENT_INT && b->kind == DM_IDENT_INT)
             ? a->value == b->value
             : dm_ident_equal_slow(a, b);
}

/* A number by which idents go to shares: equal ones have the same, on every machine and
   in every version, since shares that were made apart are put together again. */
uint64_t dm_ident_hash(const dm_ident *ident);

/* Writes an ident as a message shows it; out has cap >= 32 bytes. */
void dm_ident_print(const dm_ident *ident, char *out, size_t cap);

#endif
