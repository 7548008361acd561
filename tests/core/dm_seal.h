/* The trailer of a packed file, by its definition. */
#ifndef DM_SEAL_H
#define DM_SEAL_H

#include <stddef.h>
#include <stdint.h>

enum { SEAL_SIZE = 12 };

/* As RFC 1952 has it, bit by bit. */
static inline uint32_t seal_crc(const unsigned char *bytes, size_t n) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < n; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xEDB88320) : crc >> 1;
    }
  }
  return ~crc;
}

/* Writes it behind the n bytes. */
static inline void seal(unsigned char *bytes, size_t n) {
  for (int i = 0; i < 8; i++) {
    bytes[n + (size_t)i] = (unsigned char)((uint64_t)n >> 8 * i & 0xFF);
  }
  uint32_t crc = seal_crc(bytes, n + 8);
  for (int i = 0; i < 4; i++) {
    bytes[n + 8 + (size_t)i] = (unsigned char)(crc >> 8 * i & 0xFF);
  }
}

#endif
