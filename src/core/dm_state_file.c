/* The checksum comes before anything else is believed, but for the first 8 bytes: they
   tell a damaged file from one of another kind. */
#include "dm_state_file.h"

#include <string.h>
#include <zlib.h>

#include "dm_writer.h"

enum { MAGIC_SIZE = 8, SUM_AT = 20, PIECE = 1 << 20 };

static const char magic[MAGIC_SIZE] = {'d', 'a', 't', 'a', 'm', 'a', 'p', '\n'};

static void put_number(char *out, uint64_t value, size_t n_bytes);
static uint64_t get_number(const char *from, size_t n_bytes);
static uint32_t checksum(const char *header, const void *bytes, size_t n);
static dm_status damaged(const char *found, dm_error *err);

dm_status dm_state_file_write(const char *path, uint32_t version, const void *bytes,
                              size_t n, const dm_host *host, dm_error *err) {
  char header[DM_STATE_FILE_HEADER];
  memcpy(header, magic, MAGIC_SIZE);
  put_number(header + MAGIC_SIZE, version, 4);
  put_number(header + MAGIC_SIZE + 4, n, 8);
  put_number(header + SUM_AT, checksum(header, bytes, n), 4);
  dm_writer *writer = NULL;
  dm_status status;
  DM_TRY_DONE(dm_writer_open(&writer, path, host, err));
  DM_TRY_DONE(dm_writer_write(writer, header, sizeof header, err));
  DM_TRY_DONE(dm_writer_write(writer, bytes, n, err));
  DM_TRY_DONE(dm_writer_commit(writer, err));
done:
  dm_writer_close(writer);
  return status;
}

dm_status dm_state_file_read(dm_source *source, uint32_t *version, dm_buf *out,
                             dm_error *err) {
  char header[DM_STATE_FILE_HEADER];
  size_t got;
  DM_TRY(dm_source_read(source, header, sizeof header, &got, err));
  if (got < MAGIC_SIZE || memcmp(header, magic, MAGIC_SIZE) != 0) {
    size_t n_begun = got < MAGIC_SIZE ? got : MAGIC_SIZE;
    if (n_begun > 0 && memcmp(header, magic, n_begun) == 0) {
      return damaged("one that is cut off in its header", err);
    }
    dm_error_expected(err, DM_E_SYNTAX, "a file that datamap_save_state() wrote");
    dm_error_found(err, got ? "another kind of file" : "an empty file");
    return DM_E_SYNTAX;
  }
  if (got < sizeof header) {
    return damaged("one that is cut off in its header", err);
  }
  uint64_t n_left = get_number(header + MAGIC_SIZE + 4, 8);
  size_t start = out->len;
  DM_TRY(dm_buf_reserve(out, 1, err)); /* so that there is memory to speak of */
  /* piece by piece, since the number may be damaged as well */
  while (n_left > 0) {
    size_t n = n_left < PIECE ? (size_t)n_left : PIECE;
    DM_TRY(dm_buf_reserve(out, n, err));
    DM_TRY(dm_source_read(source, out->data + out->len, n, &got, err));
    out->len += got;
    n_left -= got;
    if (got < n) {
      return damaged("one that ends too early", err);
    }
  }
  char next;
  DM_TRY(dm_source_read(source, &next, 1, &got, err));
  if (got) {
    return damaged("more bytes behind its end", err);
  }
  uint32_t sum = checksum(header, out->data + start, out->len - start);
  if (sum != get_number(header + SUM_AT, 4)) {
    return damaged("one whose checksum does not fit", err);
  }
  *version = (uint32_t)get_number(header + MAGIC_SIZE, 4);
  return DM_OK;
}

static dm_status damaged(const char *found, dm_error *err) {
  dm_error_expected(err, DM_E_IO, "a whole file of a state");
  dm_error_found(err, "%s", found);
  dm_error_advice(err, "it was damaged after it was written");
  return DM_E_IO;
}

static void put_number(char *out, uint64_t value, size_t n_bytes) {
  for (size_t i = 0; i < n_bytes; i++) {
    out[i] = (char)(unsigned char)(value >> 8 * i & 0xFF);
  }
}

static uint64_t get_number(const char *from, size_t n_bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < n_bytes; i++) {
    value |= (uint64_t)(unsigned char)from[i] << 8 * i;
  }
  return value;
}

static uint32_t checksum(const char *header, const void *bytes, size_t n) {
  uLong sum = crc32(0, (const Bytef *)header, SUM_AT);
  const Bytef *from = bytes;
  while (n > 0) {
    uInt piece = n < PIECE ? (uInt)n : PIECE;
    sum = crc32(sum, from, piece);
    from += piece;
    n -= piece;
  }
  return (uint32_t)sum;
}
