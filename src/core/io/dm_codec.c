/* The table of compressions. */
#include "io/dm_codec.h"

#include <string.h>

#include "io/dm_gzip.h"

static const dm_codec codecs[] = {
    {.name = "gzip", .magic = "\x1F\x8B", .magic_len = 2, .decoder = &dm_gzip},
    {.name = "zstd",
     .magic = "\x28\xB5\x2F\xFD",
     .magic_len = 4,
     .advice = "decompress it first"},
    {.name = "lz4",
     .magic = "\x04\x22\x4D\x18",
     .magic_len = 4,
     .advice = "decompress it first"},
    {.name = "lzma",
     .magic = "\x5D\x00\x00",
     .magic_len = 3,
     .advice = "decompress it first"},
    {.name = "compress",
     .magic = "\x1F\x9D",
     .magic_len = 2,
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
     .is_archive = true,
     .advice = "unpack it first, or give it as unz(path, name)"},
    {.name = "7z",
     .magic = "7z\xBC\xAF\x27\x1C",
     .magic_len = 6,
     .is_archive = true,
     .advice = "unpack it first"},
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
