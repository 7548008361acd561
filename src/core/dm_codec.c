/* The table of compressions. */
#include "dm_codec.h"

#include <string.h>

#include "dm_gzip.h"

static const dm_codec codecs[] = {
    {.name = "gzip",
     .magic = "\x1F\x8B",
     .magic_len = 2,
     .open = dm_gzip_open,
     .read = dm_gzip_read,
     .close = dm_gzip_close},
    {.name = "zstd",
     .magic = "\x28\xB5\x2F\xFD",
     .magic_len = 4,
     .advice = "decompress it first"},
    {.name = "bzip2",
     .magic = "BZh",
     .magic_len = 3,
     .advice = "give it as bzfile(path)"},
    {.name = "xz",
     .magic = "\xFD\x37\x7A\x58\x5A\x00",
     .magic_len = 6,
     .advice = "give it as xzfile(path)"},
    {.name = "zip",
     .magic = "PK\x03\x04",
     .magic_len = 4,
     .advice = "give it as unz(path, name)"},
};

const dm_codec *dm_codec_find(const char *bytes, size_t n) {
  for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
    const dm_codec *codec = &codecs[i];
    if (n >= codec->magic_len && memcmp(bytes, codec->magic, codec->magic_len) == 0) {
      return codec;
    }
  }
  return NULL;
}
