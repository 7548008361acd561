/* Values of fields, read in full: which forms each field takes, and what is said of
 * others.
 */
#include "signals/dm_value.h"

#include <math.h>
#include <string.h>

#include "number/dm_numbers.h"

/* Whether it is a number that stands for an integer, whichever way it is written: 1.0. */
static bool is_whole(const dm_value *token, int64_t *out) {
  const double exact = 9007199254740992.0; /* 2^53 */
  if (token->type != DM_VALUE_NUMBER || !(fabs(token->number) <= exact)) {
    return false;
  }
  *out = (int64_t)token->number;
  return (double)*out == token->number;
}

dm_status dm_value_ident(dm_cursor *c, dm_ident_use use, dm_buf *decoded, dm_ident *out,
                         dm_error *err) {
  const char *at = c->p;
  bool is_fit = false;
  int64_t value = 0;
  *out = (dm_ident){0};
  dm_value token;
  DM_TRY(dm_token_value(c, &token, err));
  bool is_text = token.type == DM_VALUE_STRING && use != DM_USE_S_LABEL;
  if (is_text && !token.text.has_nul) {
    const char *text = token.text.start;
    size_t len = (size_t)(token.text.end - token.text.start);
    if (token.text.has_escape) {
      decoded->len = 0;
      DM_TRY(dm_token_unescape(&token.text, c->is_python, decoded, err));
      text = decoded->data;
      len = decoded->len;
    }
    *out = dm_ident_from_text(text, len);
    return DM_OK;
  }
  if (token.type == DM_VALUE_NUMBER && token.is_integer) {
    (void)dm_integer(token.text.start, &value, &is_fit);
    *out = is_fit ? dm_ident_from_int(value)
                  : (dm_ident){.kind = DM_IDENT_BIG,
                               .text = token.text.start,
                               .len = (size_t)(token.text.end - token.text.start)};
    return DM_OK;
  }
  if (token.type == DM_VALUE_NULL &&
      (use == DM_USE_S_LABEL || use == DM_USE_PRED_LABEL)) {
    return DM_OK;
  }
  bool is_label = use == DM_USE_LABEL || use == DM_USE_PRED_LABEL; /* ids are stricter */
  if (is_label && token.type == DM_VALUE_BOOL) {
    *out = dm_ident_from_int(token.is_true);
    return DM_OK;
  }
  if (is_label && is_whole(&token, &value)) {
    *out = dm_ident_from_int(value);
    return DM_OK;
  }
  if (is_text) {
    return dm_token_error(c, at, DM_E_SYNTAX, err, "a string without U+0000");
  }
  return dm_token_error(c, at, DM_E_FIELD, err,
                        use == DM_USE_S_LABEL ? "an integer" : "an integer or a string");
}

dm_status dm_value_place(dm_cursor *c, int64_t *out, bool *is_null, dm_error *err) {
  const char *at = c->p;
  dm_value token;
  DM_TRY(dm_token_value(c, &token, err));
  *is_null = token.type == DM_VALUE_NULL;
  if (*is_null || is_whole(&token, out)) {
    return DM_OK;
  }
  return dm_token_error(c, at, DM_E_FIELD, err, "an integer from 0");
}

dm_status dm_value_number(dm_cursor *c, double *out, bool *is_null, dm_error *err) {
  const char *at = c->p;
  const char *end = dm_number(at, out);
  *is_null = false;
  if (DM_LIKELY(end && dm_is_delimiter(*end) && dm_is_finite(*out))) {
    c->p = end;
    return DM_OK;
  }
  dm_value token;
  DM_TRY(dm_token_value(c, &token, err));
  if (token.type == DM_VALUE_NULL) {
    *is_null = true;
    return DM_OK;
  }
  if (token.type != DM_VALUE_NUMBER) {
    return dm_token_error(c, at, DM_E_FIELD, err, "a number");
  }
  if (token.is_finite_text && !dm_is_finite(token.number)) {
    dm_token_error(c, at, DM_E_RANGE, err, "a number within the range of a double");
    dm_error_advice(err, "it is out of range: no double is that large");
    return DM_E_RANGE;
  }
  *out = token.number;
  return DM_OK;
}

dm_status dm_value_numbers(dm_cursor *c, double **array, size_t *cap, size_t *n,
                           bool *is_null, dm_error *err) {
  const char *at = c->p;
  *is_null = false;
  *n = 0;
  char close = *at == '[' ? ']' : *at == '(' && c->is_python ? ')' : '\0';
  if (!close) {
    dm_value token;
    DM_TRY(dm_token_value(c, &token, err));
    *is_null = token.type == DM_VALUE_NULL;
    return *is_null ? DM_OK : dm_token_error(c, at, DM_E_FIELD, err, "a list of numbers");
  }
  c->p++;
  bool has_comma = false;
  bool may_end = true;
  for (;;) {
    dm_token_space(c);
    if (*c->p == close && may_end) {
      break;
    }
    DM_GROW(*array, *cap, *n + 1, err);
    size_t n_usual;
    c->p = dm_numbers(c->p, *array + *n, *cap - *n, &n_usual);
    if (DM_UNLIKELY(n_usual == 0)) {
      bool is_missing;
      const char *element = c->p;
      DM_TRY(dm_value_number(c, &(*array)[*n], &is_missing, err));
      if (is_missing) {
        return dm_token_error(c, element, DM_E_FIELD, err, "a number");
      }
      n_usual = 1;
    }
    *n += n_usual;
    has_comma |= n_usual > 1;
    dm_token_space(c);
    if (*c->p == close && (close == ']' || has_comma)) {
      break;
    }
    if (*c->p != ',') {
      return dm_token_error(c, c->p, DM_E_SYNTAX, err, "',' or '%c'", close);
    }
    c->p++;
    has_comma = true;
    may_end = c->is_python;
  }
  c->p++;
  if (!*array) { /* an empty list is not an absent one */
    DM_GROW(*array, *cap, 1, err);
  }
  return DM_OK;
}

dm_status dm_value_correct(dm_cursor *c, dm_buf *decoded, bool *out, bool *is_null,
                           dm_error *err) {
  const char *at = c->p;
  dm_value token;
  DM_TRY(dm_token_value(c, &token, err));
  *is_null = token.type == DM_VALUE_NULL;
  if (token.type == DM_VALUE_STRING) {
    size_t len = (size_t)(token.text.end - token.text.start);
    const char *text = token.text.start;
    if (token.text.has_escape) {
      decoded->len = 0;
      DM_TRY(dm_token_unescape(&token.text, c->is_python, decoded, err));
      len = decoded->len;
      text = decoded->data;
    }
    *out = len == 4 && (text[0] | 0x20) == 't' && memcmp(text + 1, "rue", 3) == 0;
    if (*out ||
        (len == 5 && (text[0] | 0x20) == 'f' && memcmp(text + 1, "alse", 4) == 0)) {
      return DM_OK;
    }
  } else if (token.type == DM_VALUE_BOOL) {
    *out = token.is_true;
    return DM_OK;
  } else if (token.type == DM_VALUE_NUMBER && (token.number == 0 || token.number == 1)) {
    *out = token.number == 1;
    return DM_OK;
  } else if (*is_null) {
    return DM_OK;
  }
  return dm_token_error(c, at, DM_E_FIELD, err, "true or false");
}
