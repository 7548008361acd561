/* Values of the form that nearly all of their field have: read in a short way, while one
   of another form is left to be read in full. In line, since they are the hot path. */
#ifndef DM_USUAL_H
#define DM_USUAL_H

#include <math.h>
#include <string.h>

#include "number/dm_numbers.h"
#include "signals/dm_fields.h"
#include "signals/dm_layout.h"
#include "signals/dm_token.h"

/* Most integers: up to 18 digits. The first byte after it; NULL: read it in full. */
static inline const char *dm_pass_plain_integer(const char *p, int64_t *out) {
  if (dm_is_digit(p[0]) && !dm_is_digit(p[1])) { /* a label */
    *out = p[0] - '0';
    return p + 1;
  }
  uint64_t word = dm_load8(p);
  unsigned n = dm_leading_digits(word);
  if (DM_LIKELY(n - 1 < 7 && *p != '0')) {
    *out = dm_few_digits(word, n);
    return p + n;
  }
  bool is_negative = *p == '-';
  const char *first = p + is_negative;
  const char *s = first;
  uint64_t value = 0;
  while (dm_is_digit(*s)) {
    value = value * 10 + (uint64_t)(*s++ - '0');
  }
  if (DM_UNLIKELY(s == first || s - first > 18 || (*first == '0' && s - first > 1))) {
    return NULL;
  }
  *out = is_negative ? -(int64_t)value : (int64_t)value;
  return s;
}

/* Checks a number without a sign whose value is not asked for; the first byte after it,
   or NULL where something else stands. So short that it is in a double's range. */
DM_INLINE const char *dm_pass_plain_unsigned(const char *p) {
  const char *s = p;
  if (DM_UNLIKELY(!dm_is_digit(*s))) {
    return NULL;
  }
  if (DM_LIKELY(*s == '0' || !dm_is_digit(s[1]))) {
    s++;
  } else {
    const char *first = s;
    s = dm_pass_digits(s);
    if (s - first > 200) {
      return NULL;
    }
  }
  if (*s == '.') {
    const char *fraction = s + 1;
    s = dm_pass_digits(fraction);
    if (s == fraction) {
      return NULL;
    }
  }
  if (DM_UNLIKELY((*s | 0x20) == 'e')) { /* a third digit is left to be stumbled on */
    s += s[1] == '-' || s[1] == '+' ? 2 : 1;
    if (!dm_is_digit(*s)) {
      return NULL;
    }
    s += dm_is_digit(s[1]) ? 2 : 1;
  }
  return s;
}

static DM_NOINLINE const char *dm_pass_plain_negative(const char *p) {
  return dm_pass_plain_unsigned(p + 1);
}

/* The same with a sign or without: which one is guessed, so that the first digit's place
   need not be waited for. */
static inline const char *dm_pass_plain_number(const char *p) {
  return DM_UNLIKELY(*p == '-') ? dm_pass_plain_negative(p) : dm_pass_plain_unsigned(p);
}

/* True or false as the dialect writes it, or "true" or "false" in quotes. */
static inline const char *dm_pass_plain_correct(const char *p, bool is_python,
                                                bool *out) {
  if (*p == '"' || (*p == '\'' && is_python)) {
    const char quote = *p++;
    *out = memcmp(p, "true", 4) == 0;
    if (*out) {
      return p[4] == quote ? p + 5 : NULL;
    }
    return memcmp(p, "false", 5) == 0 && p[5] == quote ? p + 6 : NULL;
  }
  *out = memcmp(p, is_python ? "True" : "true", 4) == 0;
  if (*out) {
    return p + 4;
  }
  return memcmp(p, is_python ? "False" : "false", 5) == 0 ? p + 5 : NULL;
}

/* Elements of probs, cut off to 1e-8, in units of that. */
enum { DM_ROUGH_MAX = 4096 /* so that no sum overflows */ };

typedef struct dm_rough_probs {
  const char *at; /* the list that was only read roughly; NULL: none */
  size_t n;
  uint64_t sum;
  /* what the prediction may be derived from; not set where it was given before */
  uint32_t largest;
  uint32_t second; /* largest but for one element */
  uint32_t values[DM_ROUGH_MAX];
} dm_rough_probs;

/* Where a line gives label_probs and correct, its probs serve only to be checked, and
   eight digits of each nearly always decide that. Takes lists of 0.digits in brackets,
   checking every byte; the first byte after it, or NULL where anything else stands. */
DM_INLINE const char *dm_pass_rough_probs(dm_rough_probs *rough, const char *list,
                                          bool has_prediction) {
  const char *p = list;
  uint32_t *to = rough->values;
  uint64_t sum = 0;
  uint32_t largest = 0;
  uint32_t second = 0;
  if (*p != '[') {
    return NULL;
  }
  p++;
  for (;;) {
    if (DM_UNLIKELY(memcmp(p, "0.", 2) != 0 || to == rough->values + DM_ROUGH_MAX)) {
      return NULL;
    }
    uint64_t word = dm_load8(p + 2);
    size_t digits = dm_count_digits(p + 2);
    uint32_t value;
    if (DM_LIKELY(digits >= 8)) {
      value = dm_eight_digits(word);
    } else if (digits > 0) { /* zeros take the place of what stands behind the digits */
      uint64_t kept = ((uint64_t)1 << (8 * digits)) - 1;
      value = dm_eight_values((word ^ UINT64_C(0x3030303030303030)) & kept);
    } else {
      return NULL;
    }
    sum += value;
    *to++ = value;
    if (!has_prediction) { /* else correct is held against that, and not against these */
      uint32_t smaller = value < largest ? value : largest;
      largest = value < largest ? largest : value;
      second = smaller < second ? second : smaller;
    }
    p += 2 + digits;
    if (DM_LIKELY(memcmp(p, ", ", 2) == 0)) { /* a branch, so that p is known soon */
      p += 2;
    } else if (*p == ',') {
      p++;
    } else {
      break;
    }
  }
  if (DM_UNLIKELY(*p != ']')) {
    return NULL;
  }
  rough->at = list;
  rough->n = (size_t)(to - rough->values);
  rough->sum = sum;
  rough->largest = largest;
  rough->second = second;
  return p + 1;
}

/* Whether nothing is derived from the probs of a line, nor is there anything that would
   be taken in their place, were they not given. */
static inline bool dm_are_for_checks_only(const dm_fields *f) {
  return f->has_label_probs && f->has_correct && !f->logits;
}

/* Whether the line needs no exact value of its probs and they contradict nothing: each
   lies in [0, 1) by its form; true values are up to one unit above the rough ones. */
static inline bool dm_rough_probs_are_fine(const dm_rough_probs *rough,
                                           const dm_fields *f) {
  const uint64_t unit = 100000000;
  const double near = 98; /* of label_probs from that in probs: 1e-6, but for rounding */
  const uint64_t tolerance = unit / 1000 - 10;
  uint64_t above = rough->sum - (unit - tolerance); /* large where it is below */
  if (!dm_are_for_checks_only(f) || rough->n < 2 || above > 2 * tolerance - rough->n) {
    return false;
  }
  size_t place = (size_t)f->label.value;
  if (DM_UNLIKELY(f->has_label_index || f->label.kind != DM_IDENT_INT ||
                  place >= rough->n) &&
      !dm_find_class(f, rough->n, &place)) {
    return !f->has_label_index; /* there is nothing to hold the others against */
  }
  uint32_t of_label = rough->values[place];
  if (!(fabs(f->label_probs * (double)unit - of_label) <= near)) {
    return false;
  }
  if (f->pred_label.kind != DM_IDENT_NONE) {
    return true; /* correct is held against that */
  }
  return f->correct ? of_label == rough->largest && rough->second + 1 < of_label
                    : of_label + 1 < rough->largest;
}

/* Where the numbers of a list go that is read in full; it grows elsewhere. */
typedef struct dm_vector {
  double *values;
  size_t cap;
} dm_vector;

/* Takes probs, as long as there is room for them, in brackets and without needless
   spaces; the first byte after them, or NULL where anything else stands. */
static inline const char *dm_pass_vector(dm_fields *f, const dm_vector *vector,
                                         const char *list) {
  if (DM_UNLIKELY(*list != '[')) {
    return NULL;
  }
  const char *end = dm_numbers(list + 1, vector->values, vector->cap, &f->n_probs);
  if (DM_UNLIKELY(*end != ']' || f->n_probs == 0)) {
    return NULL;
  }
  f->probs = vector->values;
  return end + 1;
}

DM_INLINE dm_ident *dm_ident_at(dm_fields *fields, size_t offset) {
  return (dm_ident *)(void *)((char *)fields + offset);
}

/* Takes the values of the keys that are joined in a slot, which stands at p. */
DM_INLINE void dm_take_digits(dm_fields *fields, const dm_slot *slot, const char *p) {
  size_t n = slot->n_digits;
  for (size_t i = 0; i < n; i++) {
    dm_ident *ident = dm_ident_at(fields, slot->digits[i].ident);
    ident->kind = DM_IDENT_INT;
    ident->value = (unsigned char)p[slot->digits[i].at] - (unsigned)'0';
  }
}

/* Reads the value if it has the usual form of its field; the first byte after it. NULL
   where it has another, or where none can end, and then it is to be read in full. */
DM_INLINE const char *dm_read_usual(dm_fields *f, dm_rough_probs *rough,
                                    const dm_vector *probs, bool is_python, dm_slot *slot,
                                    const char *p) {
  const char *end;
  dm_ident *ident;
  switch (slot->usual) {
    case DM_USUAL_IDENT:
      if (*p == '"' || (*p == '\'' && is_python)) {
        end = dm_pass_plain_text(p + 1, *p);
        if (DM_UNLIKELY(*end != *p)) {
          return NULL;
        }
        *dm_ident_at(f, slot->ident) = dm_ident_from_text(p + 1, (size_t)(end - p - 1));
        slot->is_long = true;
        end++;
        break;
      }
      /* fall through */
    case DM_USUAL_INTEGER:
      ident = dm_ident_at(f, slot->ident);
      end = dm_pass_plain_integer(p, &ident->value);
      ident->kind = DM_IDENT_INT;
      slot->is_long |= end != p + 1;
      break;
    case DM_USUAL_SKIPPED:
      end = dm_pass_plain_number(p);
      break;
    case DM_USUAL_CORRECT:
      end = dm_pass_plain_correct(p, is_python, &f->correct);
      f->has_correct = true;
      break;
    case DM_USUAL_LABEL_PROBS:
      end = dm_number(p, &f->label_probs);
      f->has_label_probs = true;
      if (DM_UNLIKELY(!dm_is_finite(f->label_probs))) {
        return NULL;
      }
      break;
    case DM_USUAL_LOSS:
      end = dm_number(p, &f->loss);
      f->has_loss = true;
      if (DM_UNLIKELY(!dm_is_finite(f->loss))) {
        return NULL;
      }
      break;
    case DM_USUAL_PROBS:
      end = f->pred_label.kind != DM_IDENT_NONE ? dm_pass_rough_probs(rough, p, true)
                                                : dm_pass_rough_probs(rough, p, false);
      break;
    case DM_USUAL_VECTOR:
      end = dm_pass_vector(f, probs, p);
      break;
    case DM_USUAL_NONE:
      return NULL;
    default:
      DM_UNREACHABLE();
  }
  bool is_end = end && (*end == ',' || dm_is_delimiter(*end));
  return DM_LIKELY(is_end) ? end : NULL;
}

#endif
