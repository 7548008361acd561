/* The table of compressions. */
#include "io/dm_codec.h"

#include <string.h>

#include "io/dm_gzip.h"
#include "io/dm_igzip.h"
#include "io/dm_zstd.h"

#define ZSTD_ADVICE                                                                    \
  "install zstd's library (Debian: libzstd-dev, Fedora: libzstd-devel) and datacarto " \
  "again, or decompress it first"

static const dm_codec codecs[] = {
    {.name = "gzip",
     .magic = "\x1F\x8B",
     .magic_len = 2,
     .decoders = {&dm_igzip, &dm_gzip}},
    {.name = "zstd",
     .magic = "\x28\xB5\x2F\xFD",
     .magic_len = 4,
     .decoders = {&dm_zstd},
     .advice = ZSTD_ADVICE},
    {.name = "zstd", /* a skippable frame comes first */
     .magic = "\x50\x2A\x4D\x18",
     .magic_len = 4,
     .free_bits = 0x0F,
     .decoders = {&dm_zstd},
     .advice = ZSTD_ADVICE},
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

static bool starts_with_magic(const char *bytes, size_t n, const dm_codec *codec) {
  unsigned char differing = (unsigned char)(n ? bytes[0] ^ codec->magic[0] : 0);
  return n >= codec->magic_len && !(differing & ~codec->free_bits) &&
         memcmp(bytes + 1, codec->magic + 1, codec->magic_len - 1) == 0;
}

const dm_codec *dm_codec_find(const char *bytes, size_t n) {
  for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
    if (starts_with_magic(bytes, n, &codecs[i])) {
      return &codecs[i];
    }
  }
  return NULL;
}

const dm_decoder *dm_codec_decoder(const dm_codec *codec) {
  for (size_t i = 0; i < DM_DECODERS_MAX && codec->decoders[i]; i++) {
    if (codec->decoders[i]->open) {
      return codec->decoders[i];
    }
  }
  return NULL;
}

const dm_decoder *dm_codec_library(size_t i) {
  static const dm_decoder *const libraries[] = {&dm_zstd, &dm_igzip};
  return i < sizeof libraries / sizeof *libraries ? libraries[i] : NULL;
}

const char *dm_codec_read_names(void) {
  return dm_zstd.open ? "plain text, gzip or zstd" : "plain text or gzip";
}
