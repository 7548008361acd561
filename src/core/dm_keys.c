/* Keys by name, and a walk through the keys of a line that is known to be good. */
#include "dm_keys.h"

#include <string.h>

#include "dm_scan.h"
#include "dm_text.h"

const char *const dm_key_names[DM_KEYS] = {
    "id",      "label",       "s_label", "step",          "logits",      "pred_label",
    "correct", "loss",        "probs",   "label_probs",   "label_index", "guid",
    "gold",    "noisy_label", "epoch",   "logits_epoch_",
};

dm_key dm_key_find(const char *name, size_t len) {
  enum { DIGITS_MAX = 15 }; /* a double holds them exactly */
  for (int key = 0; key < DM_KEY_LOGITS_EPOCH; key++) {
    if (strlen(dm_key_names[key]) == len && memcmp(name, dm_key_names[key], len) == 0) {
      return (dm_key)key;
    }
  }
  size_t prefix = strlen(dm_key_names[DM_KEY_LOGITS_EPOCH]);
  if (len <= prefix || len > prefix + DIGITS_MAX ||
      memcmp(name, dm_key_names[DM_KEY_LOGITS_EPOCH], prefix) != 0) {
    return DM_KEY_OTHER;
  }
  for (size_t i = prefix; i < len; i++) {
    if (!dm_is_digit(name[i])) {
      return DM_KEY_OTHER;
    }
  }
  return DM_KEY_LOGITS_EPOCH;
}

bool dm_line_next(dm_line_walk *walk) {
  dm_cursor *c = &walk->cursor;
  dm_error unused;
  dm_token_space(c);
  if (*c->p != '{' && *c->p != ',') {
    return false;
  }
  c->p++;
  dm_token_space(c);
  c->is_python |= *c->p == '\'';
  if (*c->p != '"' && *c->p != '\'') {
    return false;
  }
  dm_span name;
  walk->key = c->p;
  if (dm_token_string(c, &name, &unused)) {
    return false;
  }
  walk->name = name.start;
  walk->name_len = (size_t)(name.end - name.start);
  walk->has_escape = name.has_escape && walk->name_len > sizeof walk->room;
  if (name.has_escape && !walk->has_escape) {
    /* needs no memory that could be missing just when there is an error to tell */
    dm_buf decoded = {.data = walk->room, .cap = sizeof walk->room};
    if (dm_token_unescape(&name, c->is_python, &decoded, &unused)) {
      return false;
    }
    walk->name = decoded.data;
    walk->name_len = decoded.len;
  }
  dm_key key = dm_key_find(walk->name, walk->name_len);
  walk->is_second_name = key >= DM_FIRST_SECOND_NAME && key < DM_KEYS;
  walk->field =
      key >= DM_KEYS ? -1 : (int)key - walk->is_second_name * DM_FIRST_SECOND_NAME;
  dm_token_space(c);
  c->p += *c->p == ':';
  dm_token_space(c);
  walk->value.start = c->p;
  if (dm_token_skip(c, &unused)) {
    return false;
  }
  walk->value.end = c->p;
  return true;
}

bool dm_line_find(const char *line, const char *field, dm_span *value, uint64_t *column) {
  int key = (int)dm_key_find(field, strlen(field));
  bool is_found = false;
  for (int is_python = 0; is_python < 2 && !is_found; is_python++) {
    dm_line_walk walk = {.cursor = {.p = line, .line = line, .is_python = is_python}};
    while (dm_line_next(&walk)) {
      if (walk.field == key && !(walk.is_second_name && is_found)) {
        *value = walk.value;
        *column = 1 + dm_utf8_count(line, (size_t)(walk.value.start - line));
        is_found = true;
        if (!walk.is_second_name) {
          break;
        }
      }
    }
  }
  return is_found;
}
