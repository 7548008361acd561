/* dm_codec: compressions are known by their first bytes, and each row of the table either
   says how it is read or what to do with it. */
#include "dm_test.h"
#include "io/dm_codec.h"

static void test_first_bytes(void) {
  static const struct {
    const char *bytes;
    size_t n;
    const char *name;
  } cases[] = {
      {"\x1F\x8B\x08\x00\x00\x00", 6, "gzip"}, {"\x1F\x8B", 2, "gzip"},
      {"\x28\xB5\x2F\xFD\x04\x00", 6, "zstd"}, {"\x50\x2A\x4D\x18", 4, "zstd"},
      {"\x5F\x2A\x4D\x18\1\0", 6, "zstd"},     {"BZh91A", 6, "bzip2"},
      {"\xFD\x37\x7A\x58\x5A\x00", 6, "xz"},   {"PK\x03\x04\x14\x00", 6, "zip"},
      {"7z\xBC\xAF\x27\x1C", 6, "7z"},         {"\x04\x22\x4D\x18", 4, "lz4"},
      {"\x5D\x00\x00\x80", 4, "lzma"},         {"\x1F\x9D\x90", 3, "compress"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu: %s", i, cases[i].name);
    const dm_codec *codec = dm_codec_find(cases[i].bytes, cases[i].n, "a.br");
    CHECK(codec != NULL);
    if (codec) {
      CHECK_STR(codec->name, cases[i].name);
      const dm_decoder *decoder = dm_codec_decoder(codec);
      CHECK(decoder || codec->advice);
      CHECK(!decoder || (decoder->open && decoder->read && decoder->close));
      for (size_t k = 0; k < DM_DECODERS_MAX && codec->decoders[k]; k++) {
        CHECK(codec->decoders[k]->name[0]);
      }
      CHECK(codec->magic_len <= DM_MAGIC_SIZE);
    }
  }
}

static void test_plain_bytes(void) {
  static const char *const plain[] = {"",        "\x1F",
                                      "{\"id\"", "BZ",
                                      "PK\x03",  "\x4F\x2A\x4D\x18",
                                      "P*M",     "\xFD\x37\x7A\x58\x5A\x01"};
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
    CHECK(dm_codec_find(plain[i], strlen(plain[i]), NULL) == NULL);
    CHECK(dm_codec_find(plain[i], strlen(plain[i]), "a.gz") == NULL);
  }
}

/* One without first bytes of its own is known by its name's end. */
static void test_path(void) {
  const dm_codec *codec = dm_codec_find("\x8B\x02", 2, "b/a.jsonl.br");
  CHECK(codec && !codec->magic && strcmp(codec->name, "brotli") == 0);
  CHECK(dm_codec_find("\x8B\x02", 2, NULL) == NULL);
  CHECK(dm_codec_find("\x8B\x02", 2, "a.br.jsonl") == NULL);
  CHECK(dm_codec_find("\x8B\x02", 2, ".br") == NULL);
}

static void test_libraries(void) {
  size_t n = 0;
  for (; dm_codec_library(n); n++) {
    CHECK(strcmp(dm_codec_library(n)->name, "zlib") != 0);
  }
  CHECK_STR(dm_codec_library(0)->name, "zstd");
  CHECK(strstr(dm_codec_read_names(), "gzip") != NULL);
  CHECK_INT(strstr(dm_codec_read_names(), "zstd") != NULL,
            dm_codec_library(0)->open != NULL);
}

int main(void) {
  DM_RUN(test_libraries);
  DM_RUN(test_first_bytes);
  DM_RUN(test_plain_bytes);
  DM_RUN(test_path);
  return dm_test_end();
}
