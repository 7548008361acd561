/* UTF-8 as RFC 3629 defines it: every byte sequence is either one of the nine forms of
   its table or invalid. */
#include "dm_text.h"

#include <string.h>

static bool is_tail(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

size_t dm_utf8_char(const char *s, size_t len) {
  if (len == 0) {
    return 0;
  }
  const unsigned char *b = (const unsigned char *)s;
  if (b[0] < 0x80) {
    return 1;
  }
  if (b[0] < 0xC2 || len < 2 || !is_tail(b[1])) {
    return 0;
  }
  if (b[0] < 0xE0) {
    return 2;
  }
  if (b[0] < 0xF0) {
    bool is_overlong = b[0] == 0xE0 && b[1] < 0xA0;
    bool is_surrogate = b[0] == 0xED && b[1] > 0x9F;
    return len < 3 || !is_tail(b[2]) || is_overlong || is_surrogate ? 0 : 3;
  }
  bool is_overlong = b[0] == 0xF0 && b[1] < 0x90;
  bool is_above = b[0] > 0xF4 || (b[0] == 0xF4 && b[1] > 0x8F);
  return len < 4 || !is_tail(b[2]) || !is_tail(b[3]) || is_overlong || is_above ? 0 : 4;
}

size_t dm_utf8_valid_prefix(const char *s, size_t len) {
  size_t i = 0;
  while (i < len) {
    uint64_t word;
    if (len - i >= sizeof word) {
      memcpy(&word, s + i, sizeof word);
      if ((word & 0x8080808080808080u) == 0) {
        i += sizeof word;
        continue;
      }
    }
    size_t step = dm_utf8_char(s + i, len - i);
    if (step == 0) {
      return i;
    }
    i += step;
  }
  return i;
}

uint64_t dm_utf8_count(const char *s, size_t len) {
  uint64_t n = 0;
  for (size_t i = 0; i < len; n++) {
    size_t step = dm_utf8_char(s + i, len - i);
    i += step ? step : 1;
  }
  return n;
}

size_t dm_utf8_encode(uint32_t code_point, char *out) {
  if (code_point < 0x80) {
    out[0] = (char)code_point;
    return 1;
  }
  if (code_point < 0x800) {
    out[0] = (char)(0xC0 | code_point >> 6);
    out[1] = (char)(0x80 | (code_point & 0x3F));
    return 2;
  }
  if (code_point < 0x10000) {
    out[0] = (char)(0xE0 | code_point >> 12);
    out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code_point & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | code_point >> 18);
  out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
  out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
  out[3] = (char)(0x80 | (code_point & 0x3F));
  return 4;
}
