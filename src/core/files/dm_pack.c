/* Writing collects bytes, counts and sums them on their way out. Reading never hands out
   the last bytes of a source, whatever is asked for: they are the trailer. */
#include "files/dm_pack.h"

#include <string.h>
#include <zlib.h>

#include "base/dm_text.h"

enum { MAGIC_SIZE = 8, BLOCK = 1 << 16 /* bytes that are read or written at once */ };

static const char magic[MAGIC_SIZE] = {'d', 'a', 't', 'a', 'm', 'a', 'p', '\n'};

static size_t size_in_file(dm_pack_type type);
static size_t size_in_memory(dm_pack_type type);
static void start_table(dm_pack_table *table, const dm_pack_column *columns,
                        size_t n_columns, uint64_t n_rows);
static size_t rows_of_group(const dm_pack_table *table);
static dm_status make_vectors(dm_pack_table *table, dm_error *err);
static void release_table(dm_pack_table *table);
static size_t n_values_of(const dm_pack_table *table, size_t column);
static dm_status append_number(dm_buf *to, uint64_t value, size_t n_bytes, dm_error *err);
static dm_status append_name(dm_buf *to, const char *name, dm_error *err);
static dm_status append_column(dm_pack_writer *out, size_t column, dm_error *err);
static void encode(char *to, dm_pack_type type, const void *values, size_t n);
static dm_status send(dm_pack_writer *out, size_t at_least, dm_error *err);
static uint32_t add_to_sum(uint32_t sum, const void *bytes, size_t n);
static dm_status fill(dm_pack_reader *in, dm_error *err);
static size_t n_at_hand(const dm_pack_reader *in);
static const char *pass(dm_pack_reader *in, size_t n);
static dm_status take(dm_pack_reader *in, dm_buf *to, uint64_t n, dm_error *err);
static dm_status take_number(dm_pack_reader *in, size_t n_bytes, uint64_t *out,
                             dm_error *err);
static dm_status take_name(dm_pack_reader *in, const char *expected, const char *what,
                           dm_error *err);
static dm_status take_column(dm_pack_reader *in, dm_pack_column *column, dm_error *err);
static dm_status take_values(dm_pack_reader *in, dm_error *err);
static void decode(void *to, dm_pack_type type, const char *from, size_t n);
static dm_status take_texts(dm_pack_reader *in, dm_error *err);
static dm_status check_text(const dm_pack_reader *in, size_t column, size_t i,
                            dm_error *err);
static dm_status check_start(const dm_pack_reader *in, dm_error *err);
static dm_status wrong(const char *key, dm_error *err);
static dm_status damaged(const char *found, dm_error *err);

/* With a constant size the compiler makes one store or load of these. */
DM_INLINE void put_number(char *to, uint64_t value, size_t n_bytes) {
  for (size_t i = 0; i < n_bytes; i++) {
    to[i] = (char)(unsigned char)(value >> 8 * i & 0xFF);
  }
}

DM_INLINE uint64_t get_number(const char *from, size_t n_bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < n_bytes; i++) {
    value |= (uint64_t)(unsigned char)from[i] << 8 * i;
  }
  return value;
}

/* --- tables --- */

/* 0: there is no such type. */
static size_t size_in_file(dm_pack_type type) {
  switch (type) {
    case DM_PACK_FLAG:
      return 1;
    case DM_PACK_INT32:
    case DM_PACK_TEXT:
      return 4;
    case DM_PACK_INT64:
    case DM_PACK_DOUBLE:
      return 8;
  }
  return 0;
}

static size_t size_in_memory(dm_pack_type type) {
  size_t size = size_in_file(type);
  return type == DM_PACK_TEXT ? sizeof(dm_pack_text) : size < 4 ? 4 : size;
}

static void start_table(dm_pack_table *table, const dm_pack_column *columns,
                        size_t n_columns, uint64_t n_rows) {
  table->columns = columns;
  table->n_columns = n_columns;
  table->n_rows = n_rows;
  table->first = table->n = 0;
  table->row_size = 0;
  for (size_t c = 0; c < n_columns; c++) {
    table->row_size += (uint64_t)columns[c].width * size_in_file(columns[c].type);
  }
  table->group_rows = table->row_size ? DM_PACK_GROUP / table->row_size : DM_PACK_GROUP;
  table->group_rows += table->group_rows == 0;
}

static size_t rows_of_group(const dm_pack_table *table) {
  uint64_t left = table->n_rows - table->first;
  return (size_t)(left < table->group_rows ? left : table->group_rows);
}

/* Room for the n rows of the group. */
static dm_status make_vectors(dm_pack_table *table, dm_error *err) {
  if (table->n_columns > table->n_values) {
    size_t n = table->n_columns;
    void *values = dm_realloc(table->values, n * sizeof *table->values);
    table->values = values ? values : table->values;
    void *caps = dm_realloc(table->cap_values, n * sizeof *table->cap_values);
    table->cap_values = caps ? caps : table->cap_values;
    if (!values || !caps) {
      return dm_error_memory(err);
    }
    for (; table->n_values < n; table->n_values++) {
      table->values[table->n_values] = NULL;
      table->cap_values[table->n_values] = 0;
    }
  }
  for (size_t c = 0; c < table->n_columns; c++) {
    size_t size;
    if (!dm_size_mul(table->n, table->columns[c].width, &size) ||
        !dm_size_mul(size, size_in_memory(table->columns[c].type), &size)) {
      return dm_error_memory(err);
    }
    char *vector = table->values[c];
    DM_GROW(vector, table->cap_values[c], size + 1, err); /* so that there is one */
    table->values[c] = vector;
  }
  return DM_OK;
}

static void release_table(dm_pack_table *table) {
  for (size_t c = 0; c < table->n_values; c++) {
    dm_free(table->values[c]);
  }
  dm_free(table->values);
  dm_free(table->cap_values);
}

/* In the group; they are there, so it is no overflow. */
static size_t n_values_of(const dm_pack_table *table, size_t column) {
  return table->n * table->columns[column].width;
}

static uint32_t add_to_sum(uint32_t sum, const void *bytes, size_t n) {
  return (uint32_t)crc32(sum, bytes, (uInt)n);
}

/* --- out --- */

dm_status dm_pack_start(dm_pack_writer *out, const dm_pack_sink *sink, uint32_t version,
                        dm_error *err) {
  *out = (dm_pack_writer){.sink = *sink};
  DM_TRY(dm_buf_append(&out->bytes, magic, MAGIC_SIZE, err));
  return append_number(&out->bytes, version, 4, err);
}

dm_status dm_pack_begin(dm_pack_writer *out, const char *name,
                        const dm_pack_column *columns, size_t n_columns, uint64_t n_rows,
                        dm_error *err) {
  DM_TRY(append_name(&out->bytes, name, err));
  DM_TRY(append_number(&out->bytes, n_columns, 4, err));
  for (size_t c = 0; c < n_columns; c++) {
    DM_TRY(append_number(&out->bytes, (uint64_t)columns[c].type, 1, err));
    DM_TRY(append_name(&out->bytes, columns[c].name, err));
    DM_TRY(append_number(&out->bytes, columns[c].width, 4, err));
  }
  DM_TRY(append_number(&out->bytes, n_rows, 8, err));
  start_table(&out->table, columns, n_columns, n_rows);
  out->table.n = rows_of_group(&out->table);
  return make_vectors(&out->table, err);
}

bool dm_pack_room(const dm_pack_writer *out) {
  return out->table.n > 0;
}

dm_status dm_pack_put(dm_pack_writer *out, dm_error *err) {
  dm_pack_table *table = &out->table;
  for (size_t c = 0; c < table->n_columns; c++) {
    DM_TRY(append_column(out, c, err));
    DM_TRY(send(out, BLOCK, err));
  }
  for (size_t c = 0; c < table->n_columns; c++) {
    const dm_pack_text *texts = table->values[c];
    size_t n = table->columns[c].type == DM_PACK_TEXT ? n_values_of(table, c) : 0;
    for (size_t i = 0; i < n; i++) {
      DM_TRY(dm_buf_append(&out->bytes, texts[i].text, texts[i].len, err));
      DM_TRY(send(out, BLOCK, err));
    }
  }
  table->first += table->n;
  table->n = rows_of_group(table);
  return DM_OK;
}

static dm_status append_column(dm_pack_writer *out, size_t column, dm_error *err) {
  const dm_pack_table *table = &out->table;
  dm_pack_type type = table->columns[column].type;
  size_t n = n_values_of(table, column);
  size_t size = n * size_in_file(type);
  DM_TRY(dm_buf_reserve(&out->bytes, size, err));
  encode(out->bytes.data + out->bytes.len, type, table->values[column], n);
  out->bytes.len += size;
  return DM_OK;
}

static void encode(char *to, dm_pack_type type, const void *values, size_t n) {
  switch (type) {
    case DM_PACK_FLAG:
      for (size_t i = 0; i < n; i++) {
        put_number(to + i, (uint32_t)((const int32_t *)values)[i], 1);
      }
      break;
    case DM_PACK_INT32:
      for (size_t i = 0; i < n; i++) {
        put_number(to + 4 * i, (uint32_t)((const int32_t *)values)[i], 4);
      }
      break;
    case DM_PACK_TEXT:
      for (size_t i = 0; i < n; i++) {
        put_number(to + 4 * i, ((const dm_pack_text *)values)[i].len, 4);
      }
      break;
    case DM_PACK_INT64:
    case DM_PACK_DOUBLE:
      for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, (const char *)values + 8 * i, sizeof bits);
        put_number(to + 8 * i, bits, 8);
      }
      break;
  }
}

dm_status dm_pack_end(dm_pack_writer *out, dm_error *err) {
  DM_TRY(append_number(&out->bytes, out->size + out->bytes.len, 8, err));
  DM_TRY(send(out, 0, err));
  DM_TRY(append_number(&out->bytes, out->sum, 4, err));
  return send(out, 0, err);
}

void dm_pack_writer_release(dm_pack_writer *out) {
  release_table(&out->table);
  dm_buf_release(&out->bytes);
}

static dm_status append_number(dm_buf *to, uint64_t value, size_t n_bytes,
                               dm_error *err) {
  char bytes[8];
  put_number(bytes, value, n_bytes);
  return dm_buf_append(to, bytes, n_bytes, err);
}

static dm_status append_name(dm_buf *to, const char *name, dm_error *err) {
  size_t len = strlen(name);
  DM_TRY(append_number(to, len, 1, err));
  return dm_buf_append(to, name, len, err);
}

/* Sends what waits, if it is so much. */
static dm_status send(dm_pack_writer *out, size_t at_least, dm_error *err) {
  if (out->bytes.len < at_least) {
    return DM_OK;
  }
  for (size_t at = 0, n; at < out->bytes.len; at += n) {
    size_t left = out->bytes.len - at;
    n = left < BLOCK ? left : BLOCK;
    out->sum = add_to_sum(out->sum, out->bytes.data + at, n);
    DM_TRY(out->sink.write(out->sink.ctx, out->bytes.data + at, n, err));
    out->size += n;
  }
  out->bytes.len = 0;
  return DM_OK;
}

/* --- in --- */

dm_status dm_pack_open(dm_pack_reader *in, dm_source *source, uint32_t *version,
                       dm_error *err) {
  *in = (dm_pack_reader){.source = source, .name = ""};
  in->block = dm_malloc(BLOCK);
  if (!in->block) {
    return dm_error_memory(err);
  }
  DM_TRY(fill(in, err));
  DM_TRY(check_start(in, err));
  uint64_t number;
  DM_TRY(take(in, &in->bytes, MAGIC_SIZE, err));
  DM_TRY(take_number(in, 4, &number, err));
  *version = (uint32_t)number;
  return DM_OK;
}

static dm_status check_start(const dm_pack_reader *in, dm_error *err) {
  size_t n = in->end < MAGIC_SIZE ? in->end : MAGIC_SIZE;
  if (n == 0 || memcmp(in->block, magic, n) != 0) {
    dm_error_expected(err, DM_E_SYNTAX, "a file that datamap_save_state() wrote");
    dm_error_found(err, n ? "another kind of file" : "an empty file");
    return DM_E_SYNTAX;
  }
  return in->end < DM_PACK_HEADER + DM_PACK_TRAILER
             ? damaged("one that is cut off near its start", err)
             : DM_OK;
}

dm_status dm_pack_expect(dm_pack_reader *in, const char *name, dm_pack_column *columns,
                         size_t n_columns, dm_error *err) {
  DM_TRY(take_name(in, name, "the table", err));
  in->name = name;
  uint64_t n;
  DM_TRY(take_number(in, 4, &n, err));
  if (n != n_columns) {
    dm_error_expected(err, DM_E_SYNTAX, "%llu columns", (unsigned long long)n_columns);
    dm_error_found(err, "%llu", (unsigned long long)n);
    return wrong(name, err);
  }
  for (size_t c = 0; c < n_columns; c++) {
    DM_TRY(take_column(in, &columns[c], err));
  }
  DM_TRY(take_number(in, 8, &n, err));
  start_table(&in->table, columns, n_columns, n);
  return DM_OK;
}

static dm_status take_column(dm_pack_reader *in, dm_pack_column *column, dm_error *err) {
  uint64_t type;
  uint64_t width;
  DM_TRY(take_number(in, 1, &type, err));
  DM_TRY(take_name(in, column->name, "the column", err));
  DM_TRY(take_number(in, 4, &width, err));
  bool is_type = column->type ? type == (uint64_t)column->type
                              : size_in_file((dm_pack_type)type) > 0;
  if (!is_type || (column->width && width != column->width)) {
    dm_error_expected(err, DM_E_SYNTAX, "another type or width");
    dm_error_found(err, "type %u, width %u", (unsigned)type, (unsigned)width);
    return wrong(column->name, err);
  }
  column->type = (dm_pack_type)type;
  column->width = (uint32_t)width;
  return DM_OK;
}

dm_status dm_pack_next(dm_pack_reader *in, dm_error *err) {
  dm_pack_table *table = &in->table;
  table->first += table->n;
  table->n = rows_of_group(table);
  DM_TRY(take_values(in, err));
  return take_texts(in, err);
}

bool dm_pack_is_done(const dm_pack_reader *in) {
  return in->table.n_rows - in->table.first == in->table.n;
}

/* First the bytes, then memory for what they say. */
static dm_status take_values(dm_pack_reader *in, dm_error *err) {
  dm_pack_table *table = &in->table;
  in->bytes.len = 0;
  DM_TRY(take(in, &in->bytes, table->n * table->row_size, err));
  DM_TRY(make_vectors(table, err));
  const char *from = in->bytes.data;
  for (size_t c = 0; c < table->n_columns; c++) {
    size_t n = n_values_of(table, c);
    dm_pack_type type = table->columns[c].type;
    decode(table->values[c], type, from, n);
    from += n ? n * size_in_file(type) : 0;
  }
  return DM_OK;
}

static void decode(void *to, dm_pack_type type, const char *from, size_t n) {
  switch (type) {
    case DM_PACK_FLAG:
      for (size_t i = 0; i < n; i++) {
        ((int32_t *)to)[i] = (int32_t)get_number(from + i, 1);
      }
      break;
    case DM_PACK_INT32:
      for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)get_number(from + 4 * i, 4);
        memcpy((char *)to + 4 * i, &bits, sizeof bits);
      }
      break;
    case DM_PACK_TEXT:
      for (size_t i = 0; i < n; i++) {
        size_t len = (size_t)get_number(from + 4 * i, 4);
        ((dm_pack_text *)to)[i] = (dm_pack_text){.len = len};
      }
      break;
    case DM_PACK_INT64:
    case DM_PACK_DOUBLE:
      for (size_t i = 0; i < n; i++) {
        uint64_t bits = get_number(from + 8 * i, 8);
        memcpy((char *)to + 8 * i, &bits, sizeof bits);
      }
      break;
  }
}

/* All of them, before anything points into a buffer that moves as it grows. */
static dm_status take_texts(dm_pack_reader *in, dm_error *err) {
  dm_pack_table *table = &in->table;
  in->texts.len = 0;
  for (int is_read = 0; is_read < 2; is_read++) {
    const char *next = in->texts.data;
    for (size_t c = 0; c < table->n_columns; c++) {
      dm_pack_text *texts = table->values[c];
      size_t n = table->columns[c].type == DM_PACK_TEXT ? n_values_of(table, c) : 0;
      for (size_t i = 0; i < n; i++) {
        if (!is_read) {
          DM_TRY(take(in, &in->texts, texts[i].len, err));
          continue;
        }
        texts[i].text = texts[i].len ? next : "";
        next = texts[i].len ? next + texts[i].len : next;
        DM_TRY(check_text(in, c, i, err));
      }
    }
  }
  return DM_OK;
}

static dm_status check_text(const dm_pack_reader *in, size_t column, size_t i,
                            dm_error *err) {
  const dm_pack_table *table = &in->table;
  const dm_pack_text *text = (const dm_pack_text *)table->values[column] + i;
  bool has_nul = memchr(text->text, '\0', text->len) != NULL;
  if (!has_nul && dm_utf8_valid_prefix(text->text, text->len) == text->len) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_SYNTAX, "UTF-8 without U+0000");
  char shown[DM_TEXT_MAX];
  dm_text_excerpt(shown, sizeof shown, text->text, text->len);
  dm_error_found(err, "%s", shown);
  err->line = table->first + i % table->n + 1;
  return wrong(in->name, err);
}

dm_status dm_pack_finish(dm_pack_reader *in, dm_status status, dm_error *err) {
  if (status == DM_E_IO || status == DM_E_MEMORY || status == DM_E_INTERRUPT) {
    return status;
  }
  dm_error own;
  bool is_more = false;
  for (;;) {
    dm_status failed = fill(in, &own);
    if (failed) {
      *err = own;
      return failed;
    }
    if (n_at_hand(in) == 0) {
      break;
    }
    is_more = true;
    pass(in, n_at_hand(in));
  }
  uint64_t size = in->size;
  const char *trailer = pass(in, 8);
  if (get_number(trailer, 8) != size || get_number(trailer + 8, 4) != in->sum) {
    return damaged("one whose checksum does not fit", err);
  }
  if (!status && is_more) {
    dm_error_expected(err, DM_E_SYNTAX, "the end behind the table");
    dm_error_found(err, "more bytes");
    return wrong(in->name, err);
  }
  return status;
}

void dm_pack_reader_release(dm_pack_reader *in) {
  release_table(&in->table);
  dm_free(in->block);
  dm_buf_release(&in->bytes);
  dm_buf_release(&in->texts);
}

/* Reads on where nothing is at hand. */
static dm_status fill(dm_pack_reader *in, dm_error *err) {
  if (n_at_hand(in) > 0) {
    return DM_OK;
  }
  size_t kept = in->end - in->at;
  memmove(in->block, in->block + in->at, kept);
  size_t got = 0;
  DM_TRY(dm_source_read(in->source, in->block + kept, BLOCK - kept, &got, err));
  in->at = 0;
  in->end = kept + got;
  return DM_OK;
}

/* What may be the trailer is not. */
static size_t n_at_hand(const dm_pack_reader *in) {
  size_t n = in->end - in->at;
  return n > DM_PACK_TRAILER ? n - DM_PACK_TRAILER : 0;
}

/* Where the n bytes are that are taken. */
static const char *pass(dm_pack_reader *in, size_t n) {
  const char *bytes = in->block + in->at;
  in->sum = add_to_sum(in->sum, bytes, n);
  in->size += n;
  in->at += n;
  return bytes;
}

static dm_status take(dm_pack_reader *in, dm_buf *to, uint64_t n, dm_error *err) {
  while (n > 0) {
    DM_TRY(fill(in, err));
    size_t step = n_at_hand(in);
    if (step == 0) {
      dm_error_expected(err, DM_E_SYNTAX, "more bytes");
      dm_error_found(err, "the end");
      return wrong(in->name, err);
    }
    step = n < step ? (size_t)n : step;
    DM_TRY(dm_buf_append(to, pass(in, step), step, err));
    n -= step;
  }
  return DM_OK;
}

static dm_status take_number(dm_pack_reader *in, size_t n_bytes, uint64_t *out,
                             dm_error *err) {
  in->bytes.len = 0;
  DM_TRY(take(in, &in->bytes, n_bytes, err));
  *out = get_number(in->bytes.data, n_bytes);
  return DM_OK;
}

static dm_status take_name(dm_pack_reader *in, const char *expected, const char *what,
                           dm_error *err) {
  uint64_t len;
  DM_TRY(take_number(in, 1, &len, err));
  in->bytes.len = 0;
  DM_TRY(take(in, &in->bytes, len, err));
  if (len == strlen(expected) && memcmp(in->bytes.data, expected, (size_t)len) == 0) {
    return DM_OK;
  }
  char shown[DM_KEY_MAX];
  dm_text_excerpt(shown, sizeof shown, in->bytes.data, (size_t)len);
  dm_error_expected(err, DM_E_SYNTAX, "%s %s", what, expected);
  dm_error_found(err, "%s", shown);
  return wrong(expected, err);
}

/* The error has its texts; key says what it is about. */
static dm_status wrong(const char *key, dm_error *err) {
  dm_error_key(err, key, strlen(key));
  return DM_E_SYNTAX;
}

dm_status dm_pack_wrong(dm_error *err, const char *key, uint64_t row,
                        const char *expected) {
  dm_error_expected(err, DM_E_SYNTAX, "%s", expected);
  err->line = row;
  return wrong(key, err);
}

static dm_status damaged(const char *found, dm_error *err) {
  dm_error_expected(err, DM_E_IO, "a whole file of a state");
  dm_error_found(err, "%s", found);
  dm_error_advice(err, "it was cut off or changed later: use a copy, or write it again");
  return DM_E_IO;
}
