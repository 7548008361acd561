/* Ids and labels: integers and what looks like them, or texts. */
#include "signals/dm_ident.h"

#include <stdio.h>
#include <string.h>

#include "base/dm_text.h"
#include "number/dm_number.h"

dm_ident dm_ident_from_digits(const char *text, size_t len) {
  enum { LONGEST = 20 }; /* "-9223372036854775808" */
  dm_ident ident = {.kind = DM_IDENT_TEXT, .text = text, .len = len};
  if (len > LONGEST) {
    return ident;
  }
  char copy[LONGEST + DM_NUMBER_PAD] = {0};
  memcpy(copy, text, len);
  bool is_fit = false;
  int64_t value = 0;
  const char *end = dm_integer(copy, &value, &is_fit);
  if (end == copy + len && is_fit && !(value == 0 && len > 1)) {
    ident = (dm_ident){.kind = DM_IDENT_INT_TEXT, .value = value};
  }
  return ident;
}

bool dm_ident_equal_slow(const dm_ident *a, const dm_ident *b) {
  if (dm_is_text(a->kind) != dm_is_text(b->kind)) {
    return false;
  }
  return dm_is_text(a->kind) ? a->len == b->len && memcmp(a->text, b->text, a->len) == 0
                             : a->value == b->value;
}

/* Sends the bits of a number all over it, and no two numbers to the same one: that of
   the generator SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

uint64_t dm_ident_hash(const dm_ident *ident) {
  if (!dm_is_text(ident->kind)) {
    return mix((uint64_t)ident->value);
  }
  uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
  for (size_t i = 0; i < ident->len; i++) {
    hash = (hash ^ (unsigned char)ident->text[i]) * UINT64_C(0x100000001B3);
  }
  return mix(hash);
}

void dm_ident_print(const dm_ident *ident, char *out, size_t cap) {
  if (dm_is_text(ident->kind)) {
    dm_text_excerpt(out, cap, ident->text, ident->len);
  } else {
    (void)snprintf(out, cap, "%lld", (long long)ident->value);
  }
}
