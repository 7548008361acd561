/* Learns slots from lines that were read in full. Those behind the start of a line begin
   with its bracket, all others with a comma; a slot is right wherever one of its kind can
   stand, so that a wrong guess costs a comparison and no more. That is why no slot is
   given other bytes while one is left that expects it. */
#include "signals/dm_layout.h"

#include <stddef.h>
#include <string.h>

#include "signals/dm_fields.h"

enum { WORD = 16 };

static dm_slot *new_slot(dm_layout *layout);
static void set_bytes(dm_slot *slot, const char *from, size_t len);
static void set_usual(const dm_layout *layout, dm_slot *slot);
static bool is_joinable(const dm_slot *joined, const dm_slot *last);
static void join(dm_slot *joined, const dm_slot *last, const dm_slot *next);

void dm_layout_forget(dm_layout *layout, bool is_python) {
  for (size_t i = 0; i < DM_SLOTS_OWN; i++) {
    layout->slots[i] = (dm_slot){.next = layout->slots};
  }
  layout->n_slots = DM_SLOTS_OWN;
  layout->n_lines = 0;
  layout->is_python = is_python;
}

dm_slot *dm_layout_learn(dm_layout *layout, dm_slot *before, const char *from,
                         const char *to, int key) {
  size_t len = (size_t)(to - from);
  if (len > DM_SLOT_BYTES) {
    return &layout->slots[DM_SLOT_LONG];
  }
  for (dm_slot *s = layout->slots + DM_SLOTS_OWN; s < layout->slots + layout->n_slots;
       s++) {
    if (!s->first && s->len == len && memcmp(s->bytes, from, len) == 0) {
      before->next = s;
      return s;
    }
  }
  dm_slot *slot = new_slot(layout);
  *slot = (dm_slot){.key = key, .next = layout->slots};
  set_bytes(slot, from, len);
  set_usual(layout, slot);
  before->next = slot;
  return slot;
}

/* One that may be filled. */
static dm_slot *new_slot(dm_layout *layout) {
  if (layout->n_slots == DM_SLOTS_MAX) {
    dm_layout_forget(layout, layout->is_python);
  }
  return &layout->slots[layout->n_slots++];
}

/* Appends bytes that have to stand there just so. */
static void set_bytes(dm_slot *slot, const char *from, size_t len) {
  memcpy(slot->bytes + slot->len, from, len);
  memset(slot->slack + slot->len, 0, len);
  slot->len += len;
  slot->n_compared = (slot->len + WORD - 1) / WORD * WORD;
  memset(slot->slack + slot->len, UINT8_MAX, slot->n_compared - slot->len);
}

static void set_usual(const dm_layout *layout, dm_slot *slot) {
  int key = slot->key;
  if (key == DM_KEY_OTHER) {
    slot->usual = DM_USUAL_SKIPPED;
    slot->bit = slot->all_bits = DM_KEY_OTHER_BIT;
    return;
  }
  if (key >= DM_KEY_SIGNAL) {
    return;
  }
  slot->bit = slot->all_bits = DM_KEY_BIT(key);
  slot->unless_bits = slot->bit | dm_key_before(key);
  if (layout->has_other && key >= DM_KEYS_SURE) {
    return;
  }
  switch (dm_keys[key].field) {
    case DM_FIELD_ID:
      slot->usual = DM_USUAL_IDENT;
      slot->ident = offsetof(dm_fields, id);
      break;
    case DM_FIELD_LABEL:
      slot->usual = DM_USUAL_IDENT;
      slot->ident = offsetof(dm_fields, label);
      break;
    case DM_FIELD_PRED_LABEL:
      slot->usual = DM_USUAL_IDENT;
      slot->ident = offsetof(dm_fields, pred_label);
      break;
    case DM_FIELD_S_LABEL:
      slot->usual = DM_USUAL_INTEGER;
      slot->ident = offsetof(dm_fields, s_label);
      break;
    case DM_FIELD_CORRECT:
      slot->usual = DM_USUAL_CORRECT;
      break;
    case DM_FIELD_LABEL_PROBS:
      slot->usual = DM_USUAL_LABEL_PROBS;
      break;
    case DM_FIELD_PROBS:
      slot->usual = layout->has_probs ? DM_USUAL_VECTOR : DM_USUAL_PROBS;
      break;
    case DM_FIELD_LOSS:
      slot->usual = layout->has_loss ? DM_USUAL_LOSS : DM_USUAL_SKIPPED;
      break;
    default:
      break;
  }
}

void dm_layout_join(dm_layout *layout) {
  dm_slot *before = layout->slots;
  for (size_t i = 0; i < DM_SLOTS_MAX && before->next->n_compared; i++) {
    dm_slot *first = before->next;
    dm_slot joined = *first;
    joined.first = first;
    const dm_slot *last = first;
    while (is_joinable(&joined, last)) {
      join(&joined, last, last->next);
      last = last->next;
    }
    if (joined.n_digits) {
      if (layout->n_slots == DM_SLOTS_MAX) {
        return;
      }
      before->next = new_slot(layout);
      *before->next = joined;
    }
    before = before->next;
  }
}

/* Whether what comes behind the last slot's value can be joined as well. */
static bool is_joinable(const dm_slot *joined, const dm_slot *last) {
  const dm_slot *next = last->next;
  bool is_digit = (last->usual == DM_USUAL_IDENT || last->usual == DM_USUAL_INTEGER) &&
                  !last->is_long;
  return is_digit && next->n_compared && !next->first &&
         joined->n_digits < DM_SLOT_DIGITS &&
         joined->len + 1 + next->len <= DM_SLOT_BYTES &&
         !(joined->all_bits & next->unless_bits);
}

/* Appends the last one's value and the next one. */
static void join(dm_slot *joined, const dm_slot *last, const dm_slot *next) {
  joined->digits[joined->n_digits].at = joined->len;
  joined->digits[joined->n_digits].ident = last->ident;
  joined->n_digits++;
  joined->joined_bits |= joined->bit;
  set_bytes(joined, "0", 1);
  joined->slack[joined->len - 1] = 9;
  joined->last_at = joined->len;
  set_bytes(joined, (const char *)next->bytes, next->len);
  joined->key = next->key;
  joined->usual = next->usual;
  joined->ident = next->ident;
  joined->bit = next->bit;
  joined->all_bits |= next->bit;
  joined->unless_bits |= next->unless_bits;
  joined->is_long = next->is_long;
  joined->next = next->next;
}
