/* How lines are laid out: what stood between two values is expected there again, so that
   one comparison stands for comma, key and colon. */
#ifndef DM_LAYOUT_H
#define DM_LAYOUT_H

#include "number/dm_scan.h"
#include "signals/dm_keys.h"

/* Forms that nearly all values of a field have, and that take little to read. */
typedef enum dm_usual {
  DM_USUAL_NONE,
  DM_USUAL_IDENT,   /* an integer or a string without escapes */
  DM_USUAL_INTEGER, /* of an ident that can't be a string */
  DM_USUAL_SKIPPED, /* a number that nobody asks for */
  DM_USUAL_CORRECT,
  DM_USUAL_LABEL_PROBS,
  DM_USUAL_LOSS,  /* where it is asked for */
  DM_USUAL_PROBS, /* a list of 0.digits, of which eight are enough */
  DM_USUAL_VECTOR /* probs of which all digits are asked for */
} dm_usual;

enum {
  DM_SLOT_BYTES = 80, /* longer ones are not learnt */
  DM_SLOT_DIGITS = 4,
  DM_SLOTS_MAX = 32
};

/* What other slots are expected behind and stands for no bytes: the start of a line, and
   a key too long for a slot. */
enum { DM_SLOT_START, DM_SLOT_LONG, DM_SLOTS_OWN };

/* The bytes from behind one value to the start of the next, and what that value is. Where
   the values of a few keys in a row have all been single digits, those keys are joined in
   one slot. */
typedef struct dm_slot {
  _Alignas(16) uint8_t bytes[DM_SLOT_BYTES]; /* '0' for a joined digit */
  _Alignas(16) uint8_t slack[DM_SLOT_BYTES]; /* see dm_is_like(); 255 behind the end */
  size_t n_compared; /* len, but a multiple of 16; 0: this is what stands for no slot */
  size_t len;
  int key; /* the last one, whose value comes behind the slot */
  dm_usual usual;
  size_t ident;         /* IDENT, INTEGER: offset of the dm_ident in dm_fields */
  uint32_t bit;         /* of the key; DM_KEY_OTHER_BIT: of no field */
  uint32_t joined_bits; /* of the others */
  uint32_t all_bits;    /* of all */
  uint32_t unless_bits; /* if one of these keys stood before, values are not usual */
  bool is_long;         /* the value was once more than a single digit */
  size_t n_digits;
  struct {
    size_t at;
    size_t ident;
  } digits[DM_SLOT_DIGITS];
  size_t last_at;        /* where the last key's part starts */
  struct dm_slot *first; /* the slot of the first key alone, if others are joined to it */
  struct dm_slot *next;  /* what came behind it last */
} dm_slot;

typedef struct dm_layout {
  dm_slot slots[DM_SLOTS_MAX]; /* from DM_SLOTS_OWN on those that were learnt */
  size_t n_slots;
  unsigned n_lines; /* counted until slots are joined */
  bool is_python;   /* the dialect of the lines that it was learnt from */
  bool has_loss;    /* somebody asks for loss, so that it isn't skipped */
  bool has_probs;   /* all of probs is asked for */
  bool has_other;   /* another name of a field may be a user signal */
} dm_layout;

/* Forgets everything but what has_ says: to be called once that is set, and whenever the
   slots are no longer right. */
void dm_layout_forget(dm_layout *layout, bool is_python);

/* The slot of these bytes, an old or a new one, which will be expected behind before;
   that of long keys where they are too many. All others are forgotten when there is no
   room for one more. */
dm_slot *dm_layout_learn(dm_layout *layout, dm_slot *before, const char *from,
                         const char *to, int key);

/* Joins slots, once enough lines have shown which values are single digits. */
void dm_layout_join(dm_layout *layout);

/* To be called for each line. */
static inline void dm_layout_count_line(dm_layout *layout) {
  enum { ENOUGH = 32 };
  if (DM_UNLIKELY(layout->n_lines < ENOUGH) && ++layout->n_lines == ENOUGH) {
    dm_layout_join(layout);
  }
}

static inline bool dm_slot_is_at(const dm_slot *slot, const char *p) {
  return slot->n_compared && dm_is_like(p, slot->bytes, slot->slack, slot->n_compared);
}

/* The slot that came behind this one last, if it stands here; NULL: none that is known.
 */
static inline dm_slot *dm_layout_expect(dm_slot *before, const char *p) {
  dm_slot *slot = before->next;
  if (DM_LIKELY(dm_slot_is_at(slot, p))) {
    return slot;
  }
  if (slot->first) { /* one of its digits is no longer alone: never mind */
    before->next = slot->first;
    return dm_slot_is_at(slot->first, p) ? slot->first : NULL;
  }
  return NULL;
}

#endif
