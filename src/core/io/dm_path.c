/* Turns a path in UTF-8 into UTF-16 with the separators and the prefix that Windows
   wants. */
#include "io/dm_path.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/dm_mem.h"
#include "base/dm_text.h"

typedef enum path_kind {
  PATH_RELATIVE, /* also \folder and C:file: relative to a drive or its folder */
  PATH_DRIVE,
  PATH_SERVER,
  PATH_VERBATIM
} path_kind;

static const char DRIVE_PREFIX[] = "\\\\?\\";
static const char SERVER_PREFIX[] = "\\\\?\\UNC\\";

static bool is_separator(uint16_t unit) {
  return unit == '/' || unit == '\\';
}

static path_kind kind_of(const uint16_t *path) {
  uint16_t letter = path[0] | 0x20;
  if (letter >= 'a' && letter <= 'z' && path[1] == ':' && is_separator(path[2])) {
    return PATH_DRIVE;
  }
  if (!is_separator(path[0]) || !is_separator(path[1])) {
    return PATH_RELATIVE;
  }
  bool is_device = (path[2] == '?' || path[2] == '.') && is_separator(path[3]);
  return is_device ? PATH_VERBATIM : PATH_SERVER;
}

/* Whether a part of the path is "." or "..". */
static bool has_dots(const uint16_t *path) {
  bool is_start = true;
  for (; *path; path++) {
    if (is_start && path[0] == '.') {
      const uint16_t *behind = path[1] == '.' ? path + 2 : path + 1;
      if (!*behind || is_separator(*behind)) {
        return true;
      }
    }
    is_start = is_separator(*path);
  }
  return false;
}

/* One character of valid UTF-8, of len bytes. */
static uint32_t decode(const char *s, size_t len) {
  static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  uint32_t c = (unsigned char)s[0] & first_bits[len];
  for (size_t i = 1; i < len; i++) {
    c = c << 6 | ((unsigned char)s[i] & 0x3F);
  }
  return c;
}

/* Returns where the text ends: before its NUL. */
static uint16_t *append(uint16_t *to, const char *ascii) {
  while (*ascii) {
    *to++ = (uint16_t)*ascii++;
  }
  return to;
}

/* Separators become single backslashes. */
static void normalise(uint16_t *path) {
  uint16_t *to = path;
  for (const uint16_t *from = path; *from; from++) {
    bool is_again = to > path && is_separator(*from) && to[-1] == '\\';
    if (!is_again) {
      *to++ = is_separator(*from) ? '\\' : *from;
    }
  }
  *to = 0;
}

uint16_t *dm_path_utf16(const char *path) {
  size_t left = strlen(path);
  /* no character has more units than bytes */
  uint16_t *units = dm_malloc((left + sizeof SERVER_PREFIX) * sizeof *units);
  if (!units) {
    errno = ENOMEM;
    return NULL;
  }
  /* the prefix goes before the path once it is known */
  uint16_t *text = units + sizeof SERVER_PREFIX - 1;
  uint16_t *to = text;
  while (left) {
    size_t n = dm_utf8_char(path, left);
    if (n == 0) {
      dm_free(units);
      errno = ENOENT;
      return NULL;
    }
    uint32_t c = decode(path, n);
    if (c < 0x10000) {
      *to++ = (uint16_t)c;
    } else {
      *to++ = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
      *to++ = (uint16_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
    path += n;
    left -= n;
  }
  *to = 0;
  path_kind kind = kind_of(text);
  uint16_t *start = units;
  if (kind == PATH_VERBATIM) {
    ;
  } else if (to - text < DM_PATH_LONG || kind == PATH_RELATIVE || has_dots(text)) {
    normalise(kind == PATH_SERVER ? text + 1 : text);
    text[0] = is_separator(text[0]) ? '\\' : text[0];
  } else if (kind == PATH_DRIVE) {
    normalise(text);
    start = append(units, DRIVE_PREFIX);
  } else {
    text += 2;
    while (is_separator(*text)) {
      text++;
    }
    normalise(text);
    start = append(units, SERVER_PREFIX);
  }
  size_t n = 0;
  while (text[n]) {
    n++;
  }
  memmove(start, text, (n + 1) * sizeof *start);
  return units;
}
