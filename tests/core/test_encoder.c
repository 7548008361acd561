/* dm_encoder: what is written compressed, by encoders alone, by writers and by recorders,
   is what readers find; and a file that was cut is repaired to its last whole stream. */
#include "dm_writing.h"
#include "files/dm_recorder.h"
#include "io/dm_codec.h"
#include "io/dm_zstd.h"

enum { TEXT_MAX = 3000000 };

/* What the file says when its compression, if there is one, is undone; "" and a failure
   where it can't be read. */
static char *read_text(const char *path, size_t *len) {
  static char text[TEXT_MAX + 1];
  dm_error err;
  dm_source *source;
  *len = 0;
  if (CHECK_INT(dm_source_open_file(&source, path, NULL, &err), DM_OK)) {
    CHECK_INT(dm_source_read(source, text, TEXT_MAX, len, &err), DM_OK);
    dm_source_close(source);
  }
  text[*len] = '\0';
  return text;
}

#define CHECK_TEXT(path, want)           \
  do {                                   \
    size_t len_;                         \
    char *got_ = read_text(path, &len_); \
    CHECK_STR(got_, want);               \
  } while (0)

static size_t size_of(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? (size_t)info.st_size : 0;
}

static const char *compression_of(const char *path) {
  static char magic[DM_MAGIC_SIZE];
  const dm_codec *codec = dm_codec_find(magic, slurp(path, magic, sizeof magic), NULL);
  return codec ? codec->name : "none";
}

/* Those that are written here. */
static const char *const suffixes[] = {".gz", ".zst"};
static size_t n_suffixes(void) {
  return dm_zstd_encoder.open ? 2 : 1;
}

/* --- the table --- */

static void test_suffixes(void) {
  static const struct {
    const char *path;
    const char *name; /* NULL: none */
    bool is_written;
  } cases[] = {
      {"a.gz", "gzip", true},    {"a.jsonl.gz", "gzip", true},
      {"a.b/c", NULL, true},     {"a.gz/b", NULL, true},
      {"gz", NULL, true},        {".gz", NULL, true},
      {"", NULL, true},          {"a.bz2", "bzip2", false},
      {"a.xz", "xz", false},     {"a.tsv.zip", "zip", false},
      {"a.7z", "7z", false},     {"a.lz4", "lz4", false},
      {"a.br", "brotli", false}, {"a.Z", "compress", false},
      {"a.lzma", "lzma", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].path);
    const dm_codec *codec = dm_codec_of_path(cases[i].path);
    CHECK(!codec == !cases[i].name);
    CHECK(!codec || !cases[i].name || strcmp(codec->name, cases[i].name) == 0);
    const dm_encoder *encoder;
    dm_error err;
    dm_status status = dm_codec_encoder(codec, &encoder, &err);
    CHECK_INT(status, cases[i].is_written ? DM_OK : DM_E_IO);
    CHECK(status || !codec == !encoder);
    if (status) {
      CHECK(strstr(err.found, cases[i].name) && strstr(err.expected, "gzip (.gz)"));
      CHECK(err.advice[0] && err.sys_errno == 0);
    }
  }
  const dm_codec *zstd = dm_codec_of_path("a.zst");
  const dm_encoder *encoder;
  dm_error err;
  if (CHECK(zstd) && dm_codec_encoder(zstd, &encoder, &err) != DM_OK) {
    CHECK(!dm_zstd.open && strstr(err.advice, "install zstd's library"));
  }
}

static void test_refused_names(void) {
  dm_error err;
  dm_writer *writer;
  CHECK_INT(dm_writer_open(&writer, "table.tsv.bz2", NULL, &err), DM_E_IO);
  CHECK(!writer && strstr(err.found, ".bz2"));
  CHECK_INT(dm_writer_open_append(&writer, "lines.xz", true, NULL, &err), DM_E_IO);
  CHECK(!writer && strstr(err.found, ".xz"));
  CHECK_INT(access("lines.xz", F_OK), -1);
  CHECK_INT(count_temporaries(), 0);
}

/* --- writers --- */

static char *numbered_text(size_t len) {
  char *text = malloc(len + 32);
  size_t n = 0;
  for (unsigned i = 0; n < len; i++) {
    n += (size_t)snprintf(text + n, 32, "%u,%u\n", i, i * 2654435761u);
  }
  text[len] = '\0';
  return text;
}

/* Lengths around those of buffers and of pieces. */
static void test_whole_files(void) {
  static const size_t lengths[] = {0,       1,       1000,          (1 << 18) - 1,
                                   1 << 18, 1 << 20, (1 << 20) + 1, 2500000};
  for (size_t s = 0; s < n_suffixes(); s++) {
    char path[32];
    snprintf(path, sizeof path, "whole%s", suffixes[s]);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i += dm_test_step()) {
      DM_CASE("%zu bytes to %s", lengths[i], path);
      dm_error err;
      char *text = numbered_text(lengths[i]);
      CHECK_INT(write_text(path, text, &err), DM_OK);
      CHECK_STR(compression_of(path), dm_codec_of_path(path)->name);
      CHECK(lengths[i] < 10000 || size_of(path) < lengths[i] * 3 / 4);
      size_t len;
      char *got = read_text(path, &len);
      CHECK(len == lengths[i] && memcmp(got, text, len) == 0);
      free(text);
    }
  }
  CHECK_INT(count_temporaries(), 0);
}

static void test_appended_files(void) {
  for (size_t s = 0; s < n_suffixes(); s++) {
    char path[32];
    snprintf(path, sizeof path, "appended%s", suffixes[s]);
    DM_CASE("%s", path);
    dm_error err;
    dm_writer *writer;
    bool is_broken;
    CHECK_INT(dm_writer_open_append(&writer, path, true, NULL, &err), DM_OK);
    CHECK_INT(dm_writer_append(writer, "a\n", 2, NULL, &is_broken, &err), DM_OK);
    CHECK_INT(dm_writer_append(writer, "", 0, NULL, &is_broken, &err), DM_OK);
    CHECK_TEXT(path, "a\n"); /* also before it is closed */
    CHECK_UINT(dm_writer_size(writer), size_of(path));
    size_t before = size_of(path);
    CHECK_INT(dm_writer_append(writer, "b\n", 2, NULL, &is_broken, &err), DM_OK);
    CHECK_TEXT(path, "a\nb\n");
    CHECK_INT(dm_writer_cut(writer, before, &err), DM_OK);
    CHECK_TEXT(path, "a\n");
    char *text = numbered_text(2500000);
    CHECK_INT(dm_writer_append(writer, text, 2500000, NULL, &is_broken, &err), DM_OK);
    CHECK_INT(dm_writer_commit(writer, &err), DM_OK);
    dm_writer_close(writer);
    size_t len;
    char *got = read_text(path, &len);
    CHECK(len == 2500002 && memcmp(got + 2, text, 2500000) == 0);
    free(text);
  }
}

/* Between two pieces of what is compressed. */
static void test_interrupted(void) {
  dm_error err;
  dm_writer *writer;
  bool is_broken;
  char *text = numbered_text(2500000);
  CHECK_INT(dm_writer_open_append(&writer, "interrupted.gz", true, NULL, &err), DM_OK);
  CHECK_INT(dm_writer_append(writer, "a\n", 2, NULL, &is_broken, &err), DM_OK);
  int n_stopped = 0;
  for (int calls = 0;; calls++) {
    int left = calls;
    dm_host host = {.check = count_down, .ctx = &left};
    dm_status status = dm_writer_append(writer, text, 2500000, &host, &is_broken, &err);
    if (!status) {
      break;
    }
    CHECK_INT(status, DM_E_INTERRUPT);
    CHECK(!is_broken);
    CHECK_TEXT("interrupted.gz", "a\n");
    n_stopped++;
  }
  CHECK(n_stopped > 2);
  dm_writer_close(writer);
  free(text);
}

static void test_allocations(void) {
  for (size_t s = 0; s < n_suffixes(); s++) {
    for (int is_append = 0; is_append < 2; is_append++) {
      char path[32];
      snprintf(path, sizeof path, "memory%s", suffixes[s]);
      dm_error err;
      unlink(path);
      CHECK_INT(write_text(path, "old\n", &err), DM_OK);
      size_t k = 1;
      for (;; k++) {
        DM_CASE("%s, allocation %zu", path, k);
        dm_writer *writer = NULL;
        bool is_broken = false;
        fault_arm_memory(k, false);
        dm_status status;
        if (is_append) {
          status = dm_writer_open_append(&writer, path, false, NULL, &err);
          if (!status) {
            status = dm_writer_append(writer, "new\n", 4, NULL, &is_broken, &err);
          }
          dm_writer_close(writer);
        } else {
          status = write_text(path, "old\nnew\n", &err);
        }
        bool is_over = !fault_has_fired();
        fault_arm_memory(0, false);
        CHECK(status == DM_E_MEMORY || status == DM_OK);
        CHECK(!is_broken);
        CHECK_TEXT(path, status ? "old\n" : "old\nnew\n");
        CHECK_UINT(fault_live_blocks(), 0);
        if (is_over) {
          CHECK_INT(status, DM_OK);
          break;
        }
        if (!status) { /* the last one only served to sync the folder */
          CHECK_INT(write_text(path, "old\n", &err), DM_OK);
        }
      }
      CHECK(k > 4);
    }
  }
}

/* --- decoders that say where a stream was cut --- */

static void test_is_cut(void) {
  for (size_t s = 0; s < n_suffixes(); s++) {
    char path[32];
    char bytes[400];
    snprintf(path, sizeof path, "two%s", suffixes[s]);
    dm_error err;
    dm_writer *writer;
    bool is_broken;
    CHECK_INT(dm_writer_open_append(&writer, path, true, NULL, &err), DM_OK);
    CHECK_INT(dm_writer_append(writer, "first\n", 6, NULL, &is_broken, &err), DM_OK);
    size_t first = size_of(path);
    CHECK_INT(dm_writer_append(writer, "second\n", 7, NULL, &is_broken, &err), DM_OK);
    dm_writer_close(writer);
    size_t all = slurp(path, bytes, sizeof bytes);
    for (size_t len = DM_MAGIC_SIZE; len <= all; len++) {
      DM_CASE("%zu of %zu bytes of %s", len, all, path);
      dm_source *source;
      char text[100];
      size_t got;
      uint64_t whole = 0;
      CHECK_INT(dm_source_open_memory(&source, bytes, len, NULL, &err), DM_OK);
      dm_status status = dm_source_read(source, text, sizeof text, &got, &err);
      CHECK_INT(status, len == first || len == all ? DM_OK : DM_E_IO);
      CHECK_INT(dm_source_is_cut(source, &whole), status != DM_OK);
      CHECK_UINT(whole, len < first ? 0 : len < all ? first : all);
      dm_source_close(source);
      /* a byte that was changed is no cut */
      if (status == DM_OK) {
        bytes[len - 6] ^= 1;
        CHECK_INT(dm_source_open_memory(&source, bytes, len, NULL, &err), DM_OK);
        CHECK_INT(dm_source_read(source, text, sizeof text, &got, &err), DM_E_IO);
        CHECK(!dm_source_is_cut(source, &whole));
        dm_source_close(source);
        bytes[len - 6] ^= 1;
      }
    }
  }
  uint64_t whole;
  dm_error err;
  dm_source *source;
  CHECK_INT(dm_source_open_memory(&source, "plain\n", 6, NULL, &err), DM_OK);
  CHECK(!dm_source_is_cut(source, &whole));
  dm_source_close(source);
}

/* --- recorders --- */

static const dm_json_nulls nulls = {.missing = {.int32 = INT32_MIN, .double_bits = 1954}};
static const dm_options options = {
    .max_line = 1 << 20, .block_size = 64, .threads = 1, .seed = 7};

static dm_status open_recorder(dm_recorder **out, const char *path,
                               dm_recorder_start start, dm_error *err) {
  return dm_recorder_open(out, path, start, (dm_declared_ids){0}, &options, NULL, err);
}

static dm_status add(dm_recorder *recorder, int32_t id, dm_error *err) {
  static const int32_t label = 0, correct = 1;
  static const double label_probs = 0.5;
  const dm_json_column columns[] = {
      {.name = "id", .kind = DM_JSON_INT32, .data = &id},
      {.name = "label", .kind = DM_JSON_INT32, .data = &label},
      {.name = "correct", .kind = DM_JSON_BOOL, .data = &correct},
      {.name = "label_probs", .kind = DM_JSON_DOUBLE, .data = &label_probs},
  };
  return dm_recorder_add(recorder, columns, 4, 1, &nulls, NULL, err);
}

#define LINE(id) "{\"id\":" #id ",\"label\":0,\"correct\":true,\"label_probs\":0.5}\n"

/* Cut anywhere, as by a crash: whole calls stay, and others go on behind them. */
static void test_recorder_repairs(void) {
  for (size_t s = 0; s < n_suffixes(); s++) {
    char path[32];
    char bytes[600];
    snprintf(path, sizeof path, "recorded%s", suffixes[s]);
    dm_error err;
    dm_recorder *recorder;
    CHECK_INT(open_recorder(&recorder, path, DM_RECORDER_NEW, &err), DM_OK);
    CHECK_INT(add(recorder, 1, &err), DM_OK);
    size_t first = size_of(path);
    CHECK_INT(add(recorder, 2, &err), DM_OK);
    CHECK_TEXT(path, LINE(1) LINE(2));
    CHECK_INT(dm_recorder_close(recorder, &err), DM_OK);
    dm_recorder_free(recorder);
    size_t all = slurp(path, bytes, sizeof bytes);
    for (size_t len = DM_MAGIC_SIZE; len <= all; len++) {
      DM_CASE("%zu of %zu bytes of %s", len, all, path);
      bool is_whole = len == first || len == all;
      CHECK_INT(truncate(path, (off_t)len), 0);
      dm_status status = open_recorder(&recorder, path, DM_RECORDER_APPEND, &err);
      CHECK_INT(status, is_whole ? DM_OK : DM_E_IO);
      if (status) {
        CHECK(strstr(err.advice, "repair") && err.file == 0);
        CHECK_UINT(size_of(path), len);
        dm_recorder_free(recorder);
        CHECK_INT(open_recorder(&recorder, path, DM_RECORDER_REPAIR, &err), DM_OK);
      }
      CHECK_INT(add(recorder, 3, &err), DM_OK);
      CHECK_TEXT(path, len < first ? LINE(3)
                       : len < all ? LINE(1) LINE(3)
                                   : LINE(1) LINE(2) LINE(3));
      CHECK_UINT(dm_recorder_run(recorder)->states.ids.n, len < first ? 1
                                                          : len < all ? 2
                                                                      : 3);
      dm_recorder_free(recorder);
      FILE *file = fopen(path, "wb");
      CHECK(file && fwrite(bytes, 1, all, file) == all && fclose(file) == 0);
    }
    CHECK_INT(open_recorder(&recorder, path, DM_RECORDER_OVERWRITE, &err), DM_OK);
    CHECK_UINT(size_of(path), 0);
    dm_recorder_free(recorder);
  }
}

/* A file that is not what its name says is nobody's to add to. */
static void test_recorder_refuses(void) {
  dm_error err;
  dm_recorder *recorder;
  spit("plain.gz", LINE(1));
  CHECK_INT(open_recorder(&recorder, "plain.gz", DM_RECORDER_APPEND, &err), DM_E_INPUT);
  CHECK_STR(err.expected, "a gzip file to add lines to, as its name says");
  CHECK_STR(err.found, "a plain one");
  dm_recorder_free(recorder);
  CHECK_TEXT("plain.gz", LINE(1));
  CHECK_INT(write_text("packed.gz", LINE(1), &err), DM_OK);
  CHECK_INT(rename("packed.gz", "packed"), 0);
  CHECK_INT(open_recorder(&recorder, "packed", DM_RECORDER_REPAIR, &err), DM_E_INPUT);
  CHECK_STR(err.expected, "a plain file to add lines to, as its name says");
  CHECK_STR(err.found, "a gzip one");
  CHECK(err.advice[0] && err.file == 0);
  dm_recorder_free(recorder);
  CHECK_TEXT("packed", LINE(1));
  /* nor is a line repaired that a whole stream ends in the midst of */
  CHECK_INT(write_text("line.gz", LINE(1) "{\"id\":", &err), DM_OK);
  CHECK_INT(open_recorder(&recorder, "line.gz", DM_RECORDER_REPAIR, &err), DM_E_SYNTAX);
  CHECK(!strstr(err.advice, "repair"));
  dm_recorder_free(recorder);
  CHECK_TEXT("line.gz", LINE(1) "{\"id\":");
}

int main(void) {
  if (!enter_folder()) {
    return 1;
  }
  DM_RUN(test_suffixes);
  DM_RUN(test_refused_names);
  DM_RUN(test_whole_files);
  DM_RUN(test_appended_files);
  DM_RUN(test_interrupted);
  DM_RUN(test_allocations);
  DM_RUN(test_is_cut);
  DM_RUN(test_recorder_repairs);
  DM_RUN(test_recorder_refuses);
  leave_folder();
  return dm_test_end();
}
