/* Keys by name, and a walk through the keys of a line that is known to be good. */
#include "signals/dm_keys.h"

#include <stdio.h>
#include <string.h>

#include "base/dm_text.h"
#include "number/dm_scan.h"

const dm_key_info dm_keys[] = {
    [DM_FIELD_ID] = {"id", DM_FIELD_ID, DM_KEY_PLAIN},
    [DM_FIELD_LABEL] = {"label", DM_FIELD_LABEL, DM_KEY_PLAIN},
    [DM_FIELD_LABEL_INDEX] = {"label_index", DM_FIELD_LABEL_INDEX, DM_KEY_PLAIN},
    [DM_FIELD_PRED_LABEL] = {"pred_label", DM_FIELD_PRED_LABEL, DM_KEY_PLAIN},
    [DM_FIELD_S_LABEL] = {"s_label", DM_FIELD_S_LABEL, DM_KEY_PLAIN},
    [DM_FIELD_CORRECT] = {"correct", DM_FIELD_CORRECT, DM_KEY_PLAIN},
    [DM_FIELD_LOSS] = {"loss", DM_FIELD_LOSS, DM_KEY_PLAIN},
    [DM_FIELD_PROBS] = {"probs", DM_FIELD_PROBS, DM_KEY_PLAIN},
    [DM_FIELD_LOGITS] = {"logits", DM_FIELD_LOGITS, DM_KEY_PLAIN},
    [DM_FIELD_LABEL_PROBS] = {"label_probs", DM_FIELD_LABEL_PROBS, DM_KEY_PLAIN},
    [DM_FIELD_STEP] = {"step", DM_FIELD_STEP, DM_KEY_PLAIN},
    [DM_FIELD_MARGIN] = {"margin", DM_FIELD_MARGIN, DM_KEY_PLAIN},
    [DM_FIELD_SUM_LOGP] = {"sum_logp", DM_FIELD_SUM_LOGP, DM_KEY_PLAIN},
    [DM_FIELD_N_TOK] = {"n_tok", DM_FIELD_N_TOK, DM_KEY_PLAIN},
    {"guid", DM_FIELD_ID, DM_KEY_PLAIN},
    {"sample_id", DM_FIELD_ID, DM_KEY_PLAIN},
    {"uuid", DM_FIELD_ID, DM_KEY_PLAIN},
    {"idx", DM_FIELD_ID, DM_KEY_PLAIN},
    {"gold", DM_FIELD_LABEL, DM_KEY_PLAIN},
    {"noisy_label", DM_FIELD_S_LABEL, DM_KEY_PLAIN},
    {"logits_epoch_", DM_FIELD_LOGITS, DM_KEY_NUMBERED},
    {"epoch", DM_FIELD_STEP, DM_KEY_REPEATED},
};

enum { N_KEYS = sizeof dm_keys / sizeof *dm_keys };
_Static_assert((int)N_KEYS <= (int)DM_KEYS_MAX, "a bit for each key");

const int dm_n_keys = N_KEYS;

/* Whether digits stand behind the first so many bytes, as many as a double holds. */
static bool is_numbered(const char *name, size_t len, size_t own) {
  enum { DIGITS_MAX = 15 };
  if (len <= own || len > own + DIGITS_MAX) {
    return false;
  }
  size_t i = own;
  while (i < len && dm_is_digit(name[i])) {
    i++;
  }
  return i == len;
}

static bool is_text(const char *text, const char *name, size_t len) {
  return strlen(text) == len && memcmp(text, name, len) == 0;
}

/* Whether a field was given this one of its usual names. */
static bool is_kept(int key, const char *given) {
  size_t own = strlen(dm_keys[key].name);
  return strncmp(given, dm_keys[key].name, own) == 0 &&
         strcmp(given + own, dm_keys[key].form == DM_KEY_NUMBERED ? "N" : "") == 0;
}

static int find_usual(const char *name, size_t len) {
  for (int key = 0; key < N_KEYS; key++) {
    size_t own = strlen(dm_keys[key].name);
    bool is_it =
        dm_keys[key].form == DM_KEY_NUMBERED ? is_numbered(name, len, own) : len == own;
    if (is_it && memcmp(name, dm_keys[key].name, own) == 0) {
      return key;
    }
  }
  return DM_KEY_OTHER;
}

int dm_key_find(const dm_names *names, const char *name, size_t len) {
  int usual = find_usual(name, len);
  if (!names) {
    return usual;
  }
  const char *given = usual == DM_KEY_OTHER ? NULL : names->of[dm_keys[usual].field];
  if (given && is_kept(usual, given)) {
    return usual;
  }
  for (int field = 0; field < DM_N_FIELDS; field++) {
    if (names->of[field] && is_text(names->of[field], name, len)) {
      return field;
    }
  }
  return given ? DM_KEY_OTHER : usual;
}

bool dm_key_is_taken(const dm_names *names, const char *name, size_t len) {
  int usual = names ? find_usual(name, len) : DM_KEY_OTHER;
  return usual < DM_N_FIELDS && dm_key_find(names, name, len) == DM_KEY_OTHER;
}

dm_field dm_field_find(const char *name) {
  int field = 0;
  while (field < DM_N_FIELDS && strcmp(dm_keys[field].name, name) != 0) {
    field++;
  }
  return (dm_field)field;
}

const char *dm_field_key(const dm_names *names, const char *field) {
  int at = names ? (int)dm_field_find(field) : DM_N_FIELDS;
  return at < DM_N_FIELDS && names->of[at] ? names->of[at] : field;
}

void dm_error_rename(const dm_names *names, dm_error *err) {
  const char *key = dm_field_key(names, err->key);
  if (key != err->key) {
    dm_error_key(err, key, strlen(key));
  }
}

/* Whether a field is left to the user's signals where the other one is given. */
static bool is_for_want_of(dm_field field, dm_field other) {
  switch (other) {
    case DM_FIELD_PROBS:
    case DM_FIELD_LOGITS:
    case DM_FIELD_LABEL_PROBS:
      return (int)field >= DM_KEYS_SURE;
    case DM_FIELD_MARGIN:
      return (int)field > DM_FIELD_MARGIN;
    default:
      return false;
  }
}

uint32_t dm_key_before(int key) {
  dm_field field = dm_keys[key].field;
  uint32_t before = 0;
  for (int other = 0; other < N_KEYS; other++) {
    bool is_earlier_name = other < key && dm_keys[other].field == field;
    if (is_earlier_name || is_for_want_of(field, dm_keys[other].field)) {
      before |= DM_KEY_BIT(other);
    }
  }
  return before;
}

uint32_t dm_keys_late(uint32_t keys) {
  uint32_t late = 0;
  for (int key = DM_KEYS_SURE; key < N_KEYS && keys >> key; key++) {
    bool is_there = keys >> key & 1;
    if (is_there && (dm_key_is_shown(key) || (keys & dm_key_before(key)))) {
      late |= DM_KEY_BIT(key);
    }
  }
  return late;
}

void dm_field_names(const dm_names *names, dm_field field, char *out, size_t cap) {
  if (names && names->of[field]) {
    (void)snprintf(out, cap, "\"%s\"", names->of[field]);
    return;
  }
  size_t n = (size_t)snprintf(out, cap, "\"%s\"", dm_keys[field].name);
  const char *open = " (or ";
  for (int key = DM_N_FIELDS; key < N_KEYS; key++) {
    if (dm_keys[key].field == field && n < cap) {
      const char *number = dm_keys[key].form == DM_KEY_NUMBERED ? "N" : "";
      n += (size_t)snprintf(out + n, cap - n, "%s\"%s%s\"", open, dm_keys[key].name,
                            number);
      open = ", ";
    }
  }
  if (open[0] == ',' && n < cap) {
    (void)snprintf(out + n, cap - n, ")");
  }
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
  walk->at = c->p;
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
  walk->key = dm_key_find(walk->names, walk->name, walk->name_len);
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

bool dm_line_find(const dm_names *names, const char *line, const char *field,
                  dm_span *value, uint64_t *column) {
  int own = (int)dm_field_find(field);
  int found = DM_KEY_OTHER;
  for (int is_python = 0; is_python < 2 && found == DM_KEY_OTHER; is_python++) {
    dm_line_walk walk = {.cursor = {.p = line, .line = line, .is_python = is_python},
                         .names = names};
    while (found != own && dm_line_next(&walk)) {
      if (walk.key < found && (int)dm_keys[walk.key].field == own) {
        *value = walk.value;
        *column = 1 + dm_utf8_count(line, (size_t)(walk.value.start - line));
        found = walk.key;
      }
    }
  }
  return found != DM_KEY_OTHER;
}
