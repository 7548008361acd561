/* A list of texts, and the table of a file that holds one. */
#include "files/dm_texts.h"

#include <string.h>

dm_status dm_texts_add(dm_texts *texts, const char *text, size_t len, dm_error *err) {
  DM_GROW(texts->starts, texts->cap, texts->n + 1, err);
  size_t start = texts->bytes.len;
  DM_TRY(dm_buf_reserve(&texts->bytes, len + 1, err));
  DM_TRY(dm_buf_append(&texts->bytes, text, len, err));
  DM_TRY(dm_buf_append(&texts->bytes, "", 1, err));
  texts->starts[texts->n++] = start;
  return DM_OK;
}

void dm_texts_release(dm_texts *texts) {
  dm_buf_release(&texts->bytes);
  dm_free(texts->starts);
}

static const dm_pack_column text_column = {"text", DM_PACK_TEXT, 1};

dm_status dm_texts_put(dm_pack_writer *out, const char *name, const dm_texts *texts,
                       dm_error *err) {
  DM_TRY(dm_pack_begin(out, name, &text_column, 1, texts->n, err));
  while (dm_pack_room(out)) {
    dm_pack_text *to = out->table.values[0];
    for (size_t i = 0; i < out->table.n; i++) {
      to[i].text = dm_texts_at(texts, (size_t)out->table.first + i);
      to[i].len = strlen(to[i].text);
    }
    DM_TRY(dm_pack_put(out, err));
  }
  return DM_OK;
}

dm_status dm_texts_get(dm_pack_reader *in, const char *name, dm_texts *out,
                       dm_error *err) {
  dm_pack_column column = text_column;
  DM_TRY(dm_pack_expect(in, name, &column, 1, err));
  do {
    DM_TRY(dm_pack_next(in, err));
    const dm_pack_text *from = in->table.values[0];
    for (size_t i = 0; i < in->table.n; i++) {
      DM_TRY(dm_texts_add(out, from[i].text, from[i].len, err));
    }
  } while (!dm_pack_is_done(in));
  return DM_OK;
}
