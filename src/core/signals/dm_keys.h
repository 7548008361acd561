/* The keys of a line: which field is meant by a name, and where the keys stand. */
#ifndef DM_KEYS_H
#define DM_KEYS_H

#include "signals/dm_token.h"

typedef enum dm_field {
  DM_FIELD_ID,
  DM_FIELD_LABEL,
  DM_FIELD_LABEL_INDEX,
  DM_FIELD_PRED_LABEL,
  DM_FIELD_S_LABEL,
  DM_FIELD_CORRECT,
  DM_FIELD_LOSS,
  DM_FIELD_PROBS,
  DM_FIELD_LOGITS,
  DM_FIELD_LABEL_PROBS,
  DM_FIELD_STEP,
  DM_FIELD_MARGIN, /* this and the following: only in lines that have none of the names */
  DM_FIELD_SUM_LOGP, /* that come before, see dm_key_before() */
  DM_FIELD_N_TOK,
  DM_N_FIELDS
} dm_field;

typedef enum dm_key_form {
  DM_KEY_PLAIN,
  DM_KEY_REPEATED, /* a step that may stay the same over several evaluations */
  DM_KEY_NUMBERED  /* the name and digits behind it, which are the step of the line */
} dm_key_form;

/* A name of a field. Where several of a field stand in one line, the one that comes first
   in the table is the field, and the others are the user's signals; so is "margin" beside
   class vectors or label_probs, which it stands for. */
typedef struct dm_key_info {
  const char *name;
  dm_field field;
  dm_key_form form;
} dm_key_info;

/* A key is its place in the table, so that a set of them is 32 bits; behind those are
   what is no field. */
enum {
  DM_KEYS_MAX = 31,
  DM_KEYS_SURE = DM_FIELD_MARGIN, /* the first ones: the field wherever they stand */
  DM_KEY_OTHER = DM_KEYS_MAX,
  DM_KEY_SIGNAL /* and above: requested user signals */
};

#define DM_KEY_BIT(key) (UINT32_C(1) << (key))
#define DM_KEY_OTHER_BIT DM_KEY_BIT(DM_KEY_OTHER) /* any key of no field */

/* The first DM_N_FIELDS are the fields' own names, in the order of dm_field. */
extern const dm_key_info dm_keys[];
extern const int dm_n_keys;

/* The keys that fields stand in where somebody says so; NULL: under its usual names. A
   field that is named has no other name, and its usual ones are those of no field; one of
   them keeps its form ("epoch", "logits_epoch_N"). Texts are borrowed. */
typedef struct dm_names {
  const char *of[DM_N_FIELDS];
} dm_names;

/* The key of that name, DM_KEY_OTHER: none. names may be NULL here and below: all fields
   have their usual ones. */
int dm_key_find(const dm_names *names, const char *name, size_t len);

/* Whether a key has the own name of a field that stands elsewhere. It is no user's
   signal: what is read of the field is called so. */
bool dm_key_is_taken(const dm_names *names, const char *name, size_t len);

/* The field of that own name; DM_N_FIELDS: there is none. */
dm_field dm_field_find(const char *name);

/* What a message calls the field of that own name: the key that it stands in; and calls
   it so in an error whose key is that name. */
const char *dm_field_key(const dm_names *names, const char *field);
void dm_error_rename(const dm_names *names, dm_error *err);

/* The names that come before a key, of its field and of those that its field stands for:
   where one of them stands in the line, that is the field. */
uint32_t dm_key_before(int key);

/* Of the keys that a line has, those of fields that stand among the user's signals too:
   beside a name that comes before them, or shown anyway. */
uint32_t dm_keys_late(uint32_t keys);

/* Whether a key stands among the user's signals in a table also where it is a field. */
static inline bool dm_key_is_shown(int key) {
  return key >= DM_KEYS_SURE && key < DM_N_FIELDS;
}

/* Writes the names of a field as a message shows them: "id" (or "guid", "uuid"). */
void dm_field_names(const dm_names *names, dm_field field, char *out, size_t cap);

/* Walks through the keys of a line that has been parsed. Start with the cursor at the
   line's first byte, in the dialect that was asked for if one was. A key with escapes of
   more than DM_WALK_ROOM bytes is given as it stands. */
enum { DM_WALK_ROOM = 256 };

typedef struct dm_line_walk {
  dm_cursor cursor; /* behind the value */
  const dm_names *names;
  dm_span value;    /* where it stands */
  const char *at;   /* where the key stands, with its quote */
  const char *name; /* the key; borrowed until the next step */
  size_t name_len;
  int key;         /* DM_KEY_OTHER: of no field */
  bool has_escape; /* still, since it is too long */
  char room[DM_WALK_ROOM];
} dm_line_walk;

/* False: no further key. */
bool dm_line_next(dm_line_walk *walk);

/* Finds the value of a field, by its own name, in a line that has been parsed, for
   messages: under whichever of its names it stands, in either dialect. *column counts
   characters from 1. False: not there. */
bool dm_line_find(const dm_names *names, const char *line, const char *field,
                  dm_span *value, uint64_t *column);

#endif
