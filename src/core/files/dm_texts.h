/* Lists of texts, and tables of them. */
#ifndef DM_TEXTS_H
#define DM_TEXTS_H

#include "files/dm_pack.h"

/* Texts, each with a NUL behind it. Zero-initialise, release once. */
typedef struct dm_texts {
  dm_buf bytes;
  size_t *starts;
  size_t n;
  size_t cap;
} dm_texts;

/* DM_E_MEMORY. */
dm_status dm_texts_add(dm_texts *texts, const char *text, size_t len,
                       dm_error *err) DM_MUST_CHECK;
void dm_texts_release(dm_texts *texts);

static inline const char *dm_texts_at(const dm_texts *texts, size_t i) {
  return texts->bytes.data + texts->starts[i];
}

/* Writes them as a table of that name, and adds those of one to out. DM_E_MEMORY and what
   dm_pack_put(), dm_pack_expect() and dm_pack_next() fail with. */
dm_status dm_texts_put(dm_pack_writer *out, const char *name, const dm_texts *texts,
                       dm_error *err) DM_MUST_CHECK;
dm_status dm_texts_get(dm_pack_reader *in, const char *name, dm_texts *out,
                       dm_error *err) DM_MUST_CHECK;

#endif
