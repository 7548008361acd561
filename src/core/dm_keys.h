/* The keys of a line: which field is meant by a name, and where the keys stand. */
#ifndef DM_KEYS_H
#define DM_KEYS_H

#include "dm_token.h"

/* Keys of the fields. The first five have a second name each, in the same order. */
typedef enum dm_key {
  DM_KEY_ID,
  DM_KEY_LABEL,
  DM_KEY_S_LABEL,
  DM_KEY_STEP,
  DM_KEY_LOGITS,
  DM_KEY_PRED_LABEL,
  DM_KEY_CORRECT,
  DM_KEY_LOSS,
  DM_KEY_PROBS,
  DM_KEY_LABEL_PROBS,
  DM_KEY_LABEL_INDEX,
  DM_KEY_GUID,
  DM_KEY_GOLD,
  DM_KEY_NOISY_LABEL,
  DM_KEY_EPOCH,
  DM_KEY_LOGITS_EPOCH,
  DM_KEYS,
  DM_KEY_OTHER = DM_KEYS,
  DM_KEY_SIGNAL, /* and above: requested user signals */
  DM_FIRST_SECOND_NAME = DM_KEY_GUID
} dm_key;

enum { DM_SECOND_NAMES = 5 };

/* How a key is written; of DM_KEY_LOGITS_EPOCH what stands before its number. */
extern const char *const dm_key_names[DM_KEYS];

dm_key dm_key_find(const char *name, size_t len);

/* Walks through the keys of a line that has been parsed. Start with the cursor at the
   line's first byte, in the dialect that was asked for if one was. A key with escapes of
   more than DM_WALK_ROOM bytes is given as it stands. */
enum { DM_WALK_ROOM = 256 };

typedef struct dm_line_walk {
  dm_cursor cursor; /* behind the value */
  dm_span value;    /* where it stands */
  const char *key;  /* where it stands, with its quote */
  const char *name; /* the key; borrowed until the next step */
  size_t name_len;
  int field; /* the same number for both names of a field; -1: no field */
  bool is_second_name;
  bool has_escape; /* still, since it is too long */
  char room[DM_WALK_ROOM];
} dm_line_walk;

/* False: no further key. */
bool dm_line_next(dm_line_walk *walk);

/* Finds the value of a field in a line that has been parsed, for messages: by its first
   name, else by its other name, in either dialect. *column counts characters from 1.
   False: not there. */
bool dm_line_find(const char *line, const char *field, dm_span *value, uint64_t *column);

#endif
