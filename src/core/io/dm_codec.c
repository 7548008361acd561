/* The table of compressions. */
#include "io/dm_codec.h"

#include <string.h>

#include "io/dm_gzip.h"
#include "io/dm_igzip.h"
#include "io/dm_zstd.h"

#define INSTALL_ZSTD                                                                   \
  "install zstd's library (Debian: libzstd-dev, Fedora: libzstd-devel) and datacarto " \
  "again"
#define READ_ZSTD INSTALL_ZSTD ", or decompress it first"
#define WRITE_ZSTD INSTALL_ZSTD ", or let the name end otherwise"

static const char *write_names(void);

static const dm_codec codecs[] = {
    {.name = "gzip",
     .suffix = ".gz",
     .magic = "\x1F\x8B",
     .magic_len = 2,
     .decoders = {&dm_igzip, &dm_gzip},
     .encoder = &dm_gzip_encoder},
    {.name = "zstd",
     .suffix = ".zst",
     .magic = "\x28\xB5\x2F\xFD",
     .magic_len = 4,
     .decoders = {&dm_zstd},
     .encoder = &dm_zstd_encoder,
     .advice = READ_ZSTD,
     .write_advice = WRITE_ZSTD},
    {.name = "zstd", /* a skippable frame comes first */
     .suffix = ".zst",
     .magic = "\x50\x2A\x4D\x18",
     .magic_len = 4,
     .free_bits = 0x0F,
     .decoders = {&dm_zstd},
     .advice = READ_ZSTD},
    {.name = "lz4",
     .suffix = ".lz4",
     .magic = "\x04\x22\x4D\x18",
     .magic_len = 4,
     .advice = "decompress it first"},
    {.name = "lzma",
     .suffix = ".lzma",
     .magic = "\x5D\x00\x00",
     .magic_len = 3,
     .advice = "decompress it first"},
    {.name = "compress",
     .suffix = ".Z",
     .magic = "\x1F\x9D",
     .magic_len = 2,
     .advice = "decompress it first"},
    {.name = "brotli", .suffix = ".br", .advice = "decompress it first"},
    {.name = "bzip2",
     .suffix = ".bz2",
     .magic = "BZh",
     .magic_len = 3,
     .advice = "give it as bzfile(path)"},
    {.name = "xz",
     .suffix = ".xz",
     .magic = "\xFD\x37\x7A\x58\x5A\x00",
     .magic_len = 6,
     .advice = "give it as xzfile(path)"},
    {.name = "zip",
     .suffix = ".zip",
     .magic = "PK\x03\x04",
     .magic_len = 4,
     .is_archive = true,
     .advice = "unpack it first, or give it as unz(path, name)"},
    {.name = "7z",
     .suffix = ".7z",
     .magic = "7z\xBC\xAF\x27\x1C",
     .magic_len = 6,
     .is_archive = true,
     .advice = "unpack it first"},
};

static bool ends_with_suffix(const char *path, const dm_codec *codec) {
  size_t len = strlen(path);
  size_t n = strlen(codec->suffix);
  return len > n && strcmp(path + len - n, codec->suffix) == 0;
}

static bool starts_with_magic(const char *bytes, size_t n, const dm_codec *codec) {
  unsigned char differing = (unsigned char)(n ? bytes[0] ^ codec->magic[0] : 0);
  return n >= codec->magic_len && !(differing & ~codec->free_bits) &&
         memcmp(bytes + 1, codec->magic + 1, codec->magic_len - 1) == 0;
}

const dm_codec *dm_codec_find(const char *bytes, size_t n, const char *path) {
  const dm_codec *named = NULL;
  for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
    const dm_codec *codec = &codecs[i];
    if (codec->magic && starts_with_magic(bytes, n, codec)) {
      return codec;
    }
    if (!codec->magic && path && ends_with_suffix(path, codec)) {
      named = codec;
    }
  }
  return named;
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

const dm_codec *dm_codec_of_path(const char *path) {
  for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
    if (ends_with_suffix(path, &codecs[i])) {
      return &codecs[i];
    }
  }
  return NULL;
}

dm_status dm_codec_encoder(const dm_codec *codec, const dm_encoder **out, dm_error *err) {
  *out = codec ? codec->encoder : NULL;
  if (!codec || (*out && (*out)->open)) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_IO, "a file to be written as %s", write_names());
  dm_error_found(err, "a name that ends in %s, as of %s", codec->suffix, codec->name);
  dm_error_advice(err, "%s", *out ? codec->write_advice : "let the name end otherwise");
  return DM_E_IO;
}

/* What can be written here, for a message. */
static const char *write_names(void) {
  return dm_zstd_encoder.open ? "plain text, gzip (.gz) or zstd (.zst)"
                              : "plain text or gzip (.gz)";
}

const char *dm_codec_read_names(void) {
  return dm_zstd.open ? "plain text, gzip or zstd" : "plain text or gzip";
}
