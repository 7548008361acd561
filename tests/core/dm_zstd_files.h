/* zstd streams for test programs: real ones where the library is there, and frames by
   hand anywhere. */
#ifndef DM_ZSTD_FILES_H
#define DM_ZSTD_FILES_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef DM_HAS_ZSTD
#include <zstd.h>

/* One frame of the bytes, with a checksum or without, and the size in its header or not;
   in memory to be freed. */
static inline unsigned char *files_zstd(const void *bytes, size_t len, int level,
                                        bool has_checksum, bool has_size,
                                        size_t *packed_len) {
  ZSTD_CCtx *context = ZSTD_createCCtx();
  size_t room = ZSTD_compressBound(len);
  unsigned char *out = malloc(room);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, has_checksum);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, has_size);
  *packed_len = out ? ZSTD_compress2(context, out, room, bytes, len) : 0;
  if (!out || ZSTD_isError(*packed_len)) {
    exit(2);
  }
  ZSTD_freeCCtx(context);
  return out;
}
#endif

/* Puts a frame of one block as it is, of fewer than 256 bytes, into out, and returns its
   length, which is n + 9. */
static inline size_t files_zstd_stored(unsigned char *out, const void *bytes, size_t n) {
  static const unsigned char magic[] = {0x28, 0xB5, 0x2F, 0xFD};
  unsigned block = 1 | (unsigned)n << 3; /* the last one, raw */
  memcpy(out, magic, 4);
  out[4] = 0x20; /* one segment, of a size in one byte */
  out[5] = (unsigned char)n;
  out[6] = (unsigned char)block;
  out[7] = (unsigned char)(block >> 8);
  out[8] = 0;
  memcpy(out + 9, bytes, n);
  return n + 9;
}

/* A frame to be skipped, of n bytes; n + 8 in all. */
static inline size_t files_zstd_skipped(unsigned char *out, unsigned char kind,
                                        size_t n) {
  static const unsigned char magic[] = {0x50, 0x2A, 0x4D, 0x18};
  memcpy(out, magic, 4);
  out[0] = (unsigned char)(out[0] | kind);
  out[4] = (unsigned char)n;
  out[5] = (unsigned char)(n >> 8);
  out[6] = (unsigned char)(n >> 16);
  out[7] = 0;
  memset(out + 8, 'x', n);
  return n + 8;
}

#endif
