/* UTF-8 as RFC 3629 defines it: every byte sequence is either one of the nine forms of
   its table or invalid. */
#include "base/dm_text.h"

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

/* C0, DEL, and the C1 controls, which are two bytes long. */
static bool is_control(const char *s, size_t len) {
  unsigned char first = (unsigned char)s[0];
  return first < 0x20 || first == 0x7F ||
         (len == 2 && first == 0xC2 && (unsigned char)s[1] < 0xA0);
}

void dm_text_excerpt(char *out, size_t cap, const char *bytes, size_t len) {
  static const char hex[] = "0123456789ABCDEF";
  size_t used = 0;
  size_t cut = 0; /* so far 3 dots and the NUL fit */
  for (size_t i = 0; i < len;) {
    size_t step = dm_utf8_char(bytes + i, len - i);
    bool is_shown = step > 0 && !is_control(bytes + i, step);
    size_t need = is_shown ? step : 4;
    if (used + need + 1 > cap) {
      memcpy(out + cut, "...", 3);
      used = cut + 3;
      break;
    }
    if (is_shown) {
      memcpy(out + used, bytes + i, step);
    } else {
      unsigned char c = (unsigned char)bytes[i];
      out[used] = '\\';
      out[used + 1] = 'x';
      out[used + 2] = hex[c >> 4];
      out[used + 3] = hex[c & 15];
      step = 1;
    }
    used += need;
    i += step;
    if (used + 4 <= cap) {
      cut = used;
    }
  }
  out[used] = '\0';
}
