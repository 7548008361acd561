/* Cuts a stream of bytes behind its last newline: what is left over is carried to the
   front of the next block, so every block holds whole lines. Stretches are cut in front
   too; what is carried, and what the stretch begins with, is a block by itself. */
#include "io/dm_lines.h"

#include <assert.h>
#include <string.h>

/* Where a tar archive says so, in the header of its first file. */
#define TAR_MAGIC "ustar"
enum { TAR_MAGIC_AT = 257, TAR_START = TAR_MAGIC_AT + sizeof TAR_MAGIC - 1 };

static bool is_start_known(const dm_block *block);
static dm_status check_archive(const dm_block *block, dm_error *err);
static dm_status check_encoding(const dm_block *block, dm_error *err);
static size_t find_last_newline(const char *data, size_t from, size_t len);
static void drop_rest_of_line(dm_lines *lines, dm_block *block);
static void begin_block(const dm_lines *lines, dm_block *block);

void dm_block_release(dm_block *block) {
  dm_free(block->data);
  *block = (dm_block){0};
}

void dm_lines_init(dm_lines *lines, dm_source *source, size_t block_size,
                   size_t max_line) {
  *lines = (dm_lines){.source = source,
                      .block_size = block_size,
                      .max_line = max_line,
                      .open_line = UINT64_MAX};
}

void dm_lines_release(dm_lines *lines) {
  dm_buf_release(&lines->carry);
}

static void begin_block(const dm_lines *lines, dm_block *block) {
  block->len = 0;
  block->first_byte = lines->next_byte;
  block->is_last_line_open = false;
}

dm_status dm_lines_next(dm_lines *lines, dm_block *block, dm_error *err) {
  begin_block(lines, block);
  size_t n_whole = 0;    /* bytes up to and with the last newline */
  size_t n_searched = 0; /* bytes known to hold no newline */
  while (n_whole == 0) {
    size_t old = block->len + lines->carry.len;
    DM_GROW(block->data, block->cap, old + lines->block_size + DM_BLOCK_PAD + 1, err);
    if (lines->carry.len) { /* only the first time round, when the block is empty */
      memcpy(block->data, lines->carry.data, lines->carry.len);
      n_searched = lines->carry.len;
      lines->carry.len = 0;
    }
    size_t got = 0;
    if (!lines->is_end) {
      DM_TRY(
          dm_source_read(lines->source, block->data + old, lines->block_size, &got, err));
      lines->is_end = got < lines->block_size;
    }
    block->len = old + got;
    if (!lines->is_started) {
      if (!lines->is_end && !is_start_known(block)) {
        continue;
      }
      lines->is_started = true;
      DM_TRY(check_archive(block, err));
      DM_TRY(check_encoding(block, err));
      if (block->len >= 3 && memcmp(block->data, "\xEF\xBB\xBF", 3) == 0) {
        block->len -= 3;
        memmove(block->data, block->data + 3, block->len);
        block->first_byte = lines->next_byte = 3;
      }
    }
    if (lines->is_discarding) {
      drop_rest_of_line(lines, block);
      n_searched = 0;
    }
    n_whole = find_last_newline(block->data, n_searched, block->len);
    n_searched = block->len;
    if (n_whole == 0 && block->len > lines->max_line) {
      lines->is_discarding = !lines->is_end;
      lines->next_byte += block->len - lines->max_line - 1;
      block->len = lines->max_line + 1;
      block->data[block->len++] = '\n';
      lines->next_byte--; /* that newline is not the source's */
      n_whole = block->len;
    } else if (n_whole == 0 && lines->is_end) {
      if (block->len) {
        block->data[block->len++] = '\n';
        block->is_last_line_open = true;
        lines->open_line = block->first_byte;
      }
      n_whole = block->len;
      break;
    }
  }
  size_t left = block->len - n_whole;
  if (left) {
    DM_TRY(dm_buf_append(&lines->carry, block->data + n_whole, left, err));
  }
  block->len = n_whole;
  lines->next_byte += n_whole;
  memset(block->data + block->len, 0, DM_BLOCK_PAD);
  return DM_OK;
}

/* Whether there is enough to know what it is: an encoding takes four bytes, an archive
   has no line end before its sign. */
static bool is_start_known(const dm_block *block) {
  return block->len >= TAR_START ||
         (block->len >= 4 && memchr(block->data, '\n', block->len));
}

static dm_status check_archive(const dm_block *block, dm_error *err) {
  if (block->len < TAR_START ||
      memcmp(block->data + TAR_MAGIC_AT, TAR_MAGIC, sizeof TAR_MAGIC - 1) != 0 ||
      memchr(block->data, '\n', TAR_START)) {
    return DM_OK;
  }
  dm_error_io(err, 0, "a file of lines");
  dm_error_found(err, "a tar archive");
  dm_error_advice(err, "unpack it first");
  return DM_E_IO;
}

/* Nothing that this package reads starts with a NUL or has one in second place. */
static dm_status check_encoding(const dm_block *block, dm_error *err) {
  const unsigned char *b = (const unsigned char *)block->data;
  const char *name = NULL;
  if (block->len >= 4 && ((b[0] == 0 && b[1] == 0) || (b[2] == 0 && b[3] == 0))) {
    name = "UTF-32";
  } else if (block->len >= 2 &&
             (b[0] == 0 || b[1] == 0 || (b[0] == 0xFF && b[1] == 0xFE) ||
              (b[0] == 0xFE && b[1] == 0xFF))) {
    name = "UTF-16";
  }
  if (!name) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_SYNTAX, "text in UTF-8");
  dm_error_found(err, "a file that looks like %s", name);
  dm_error_advice(err, "convert it to UTF-8 first");
  err->line = 1;
  err->column = 1;
  return DM_E_SYNTAX;
}

/* The number of bytes up to and with the last newline; 0 when there is none. Bytes before
   from are known to hold none. */
static size_t find_last_newline(const char *data, size_t from, size_t len) {
  for (size_t i = len; i > from; i--) {
    if (data[i - 1] == '\n') {
      return i;
    }
  }
  return 0;
}

static void drop_rest_of_line(dm_lines *lines, dm_block *block) {
  const char *newline = memchr(block->data, '\n', block->len);
  size_t n = newline ? (size_t)(newline - block->data) + 1 : block->len;
  block->len -= n;
  memmove(block->data, block->data + n, block->len);
  lines->next_byte += n;
  block->first_byte = lines->next_byte;
  lines->is_discarding = !newline;
}

/* --- stretches --- */

void dm_stretch_release(dm_stretch *stretch) {
  dm_free(stretch->room);
  dm_buf_release(&stretch->tail);
  *stretch = (dm_stretch){0};
}

dm_status dm_lines_next_stretch(dm_lines *lines, dm_stretch *stretch, dm_error *err) {
  assert(lines->is_started);
  stretch->source = lines->source;
  stretch->len = 0;
  if (!lines->is_end) {
    DM_TRY(dm_source_skip(lines->source, lines->block_size, &stretch->first_byte,
                          &stretch->len, err));
    lines->is_end = stretch->len == 0;
  }
  return DM_OK;
}

dm_status dm_stretch_read(dm_stretch *stretch, dm_error *err) {
  /* Some processors copy five times as slowly to 16 bytes behind where a page starts,
     which is where large memory does, as to where a cache line starts. */
  enum { LINE = 64 };
  size_t len = stretch->len;
  stretch->tail.len = 0;
  DM_GROW(stretch->room, stretch->cap, LINE + len + DM_BLOCK_PAD, err);
  char *data = stretch->room + LINE - (uintptr_t)stretch->room % LINE;
  stretch->data = data;
  DM_TRY(dm_source_read_at(stretch->source, stretch->first_byte, data, len, err));
  const char *newline = memchr(data, '\n', len);
  size_t head = newline ? (size_t)(newline - data) + 1 : len;
  size_t end = find_last_newline(data, head, len);
  end = end ? end : head;
  DM_TRY(dm_buf_append(&stretch->tail, data + end, len - end, err));
  memset(data + end, 0, DM_BLOCK_PAD);
  stretch->head = head;
  stretch->lines = (dm_block){
      .data = data + head, .len = end - head, .first_byte = stretch->first_byte + head};
  return DM_OK;
}

dm_status dm_lines_join(dm_lines *lines, const dm_stretch *stretch, dm_block *block,
                        dm_error *err) {
  begin_block(lines, block);
  size_t head = stretch->head;
  size_t begun = lines->carry.len;
  bool has_newline = stretch->data[head - 1] == '\n';
  if (lines->is_discarding) {
    lines->is_discarding = !has_newline;
    lines->next_byte += head;
  } else if (!has_newline && begun + head <= lines->max_line) {
    return dm_buf_append(&lines->carry, stretch->data, head, err);
  } else {
    DM_GROW(block->data, block->cap, begun + head + DM_BLOCK_PAD + 1, err);
    if (begun) {
      memcpy(block->data, lines->carry.data, begun);
    }
    memcpy(block->data + begun, stretch->data, head);
    lines->carry.len = 0;
    lines->next_byte += begun + head;
    block->len = begun + head;
    if (!has_newline) {
      lines->is_discarding = true;
      block->len = lines->max_line + 1;
      block->data[block->len++] = '\n';
    }
    memset(block->data + block->len, 0, DM_BLOCK_PAD);
  }
  assert(lines->next_byte == stretch->lines.first_byte);
  lines->next_byte += stretch->lines.len;
  return dm_buf_append(&lines->carry, stretch->tail.data, stretch->tail.len, err);
}
