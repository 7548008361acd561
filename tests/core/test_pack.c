/* dm_pack.c: the bytes of a small file by hand; tables of every shape there and back;
   what a file may claim, and what comes of it. */
#include "dm_mem_fault.h"
#include "dm_naive.h"
#include "dm_resume.h"
#include "dm_seal.h"
#include "dm_server.h"
#include "dm_test.h"
#include "files/dm_pack.h"

static dm_status open_bytes(dm_pack_reader *in, dm_source **source, const void *bytes,
                            size_t len, uint32_t *version, dm_error *err) {
  memset(in, 0, sizeof *in);
  DM_TRY(dm_source_open_memory(source, bytes, len, NULL, err));
  return dm_pack_open(in, *source, version, err);
}

/* --- by hand --- */

static const dm_pack_column small_columns[] = {
    {"f", DM_PACK_FLAG, 1},   {"int", DM_PACK_INT32, 2}, {"l", DM_PACK_INT64, 1},
    {"d", DM_PACK_DOUBLE, 1}, {"t", DM_PACK_TEXT, 1},
};

enum { N_SMALL = sizeof small_columns / sizeof *small_columns };

static const unsigned char small_bytes[] = {
    'd',  'a',  't',  'a',  'm',  'a',  'p',  '\n', 4,    3,    2,    1, /* version */
    3,    'o',  'n',  'e',  5,    0,    0,    0,                         /* table */
    'f',  1,    'f',  1,    0,    0,    0,                               /* columns */
    'i',  3,    'i',  'n',  't',  2,    0,    0,    0,                   /**/
    'l',  1,    'l',  1,    0,    0,    0,                               /**/
    'd',  1,    'd',  1,    0,    0,    0,                               /**/
    't',  1,    't',  1,    0,    0,    0,                               /**/
    2,    0,    0,    0,    0,    0,    0,    0,                         /* rows */
    0,    1,                                                             /* f */
    1,    0,    0,    0,    0xFE, 0xFF, 0xFF, 0xFF, 3,    0,    0,    0,
    4,    0,    0,    0, /* int */
    0,    0,    0,    0,    1,    0,    0,    0,    0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, /* l */
    0,    0,    0,    0,    0,    0,    0xF0, 0x3F, 1,    0,    0,    0,
    0,    0,    0xF8, 0x7F,                                     /* d */
    2,    0,    0,    0,    0,    0,    0,    0,    0xC3, 0xA9, /* t */
};

static void small_file(dm_buf *out, uint32_t version, dm_error *err) {
  dm_pack_writer writer;
  dm_pack_sink sink = {add_bytes, out};
  CHECK_INT(dm_pack_start(&writer, &sink, version, err), DM_OK);
  CHECK_INT(dm_pack_begin(&writer, "one", small_columns, N_SMALL, 2, err), DM_OK);
  CHECK(dm_pack_room(&writer));
  CHECK_UINT(writer.table.n, 2);
  void **values = writer.table.values;
  memcpy(values[0], (const int32_t[]){0, 1}, 8);
  memcpy(values[1], (const int32_t[]){1, -2, 3, 4}, 16);
  memcpy(values[2], (const int64_t[]){INT64_C(1) << 32, -1}, 16);
  memcpy(values[3], (const uint64_t[]){0x3FF0000000000000, 0x7FF8000000000001}, 16);
  memcpy(values[4], (const dm_pack_text[]){{"\xC3\xA9", 2}, {NULL, 0}},
         2 * sizeof(dm_pack_text));
  CHECK_INT(dm_pack_put(&writer, err), DM_OK);
  CHECK(!dm_pack_room(&writer));
  CHECK_INT(dm_pack_end(&writer, err), DM_OK);
  dm_pack_writer_release(&writer);
}

static void test_layout(void) {
  unsigned char want[sizeof small_bytes + SEAL_SIZE];
  memcpy(want, small_bytes, sizeof small_bytes);
  seal(want, sizeof small_bytes);
  dm_buf got = {0};
  dm_error err;
  small_file(&got, 0x01020304, &err);
  CHECK_BYTES(got.data, got.len, want, sizeof want);
  dm_buf_release(&got);

  dm_pack_reader in;
  dm_source *source = NULL;
  uint32_t version = 0;
  CHECK_INT(open_bytes(&in, &source, want, sizeof want, &version, &err), DM_OK);
  CHECK_UINT(version, 0x01020304);
  dm_pack_column columns[N_SMALL];
  memcpy(columns, small_columns, sizeof columns);
  columns[1].width = 0; /* may be any */
  columns[2].type = 0;
  CHECK_INT(dm_pack_expect(&in, "one", columns, N_SMALL, &err), DM_OK);
  CHECK_UINT(columns[1].width, 2);
  CHECK_INT(columns[2].type, DM_PACK_INT64);
  CHECK_UINT(in.table.n_rows, 2);
  CHECK_INT(dm_pack_next(&in, &err), DM_OK);
  CHECK(dm_pack_is_done(&in));
  void *const *values = in.table.values;
  CHECK_INT(((const int32_t *)values[0])[1], 1);
  CHECK_INT(((const int32_t *)values[1])[1], -2);
  CHECK_INT(((const int32_t *)values[1])[2], 3);
  CHECK_INT(((const int64_t *)values[2])[0], INT64_C(1) << 32);
  CHECK_INT(((const int64_t *)values[2])[1], -1);
  CHECK_DOUBLE(((const double *)values[3])[0], 1);
  uint64_t bits;
  memcpy(&bits, (const double *)values[3] + 1, sizeof bits);
  CHECK_UINT(bits, 0x7FF8000000000001);
  const dm_pack_text *text = values[4];
  CHECK_BYTES(text[0].text, text[0].len, "\xC3\xA9", 2);
  CHECK_UINT(text[1].len, 0);
  CHECK(text[1].text != NULL);
  CHECK_INT(dm_pack_next(&in, &err), DM_OK);
  CHECK_UINT(in.table.n, 0);
  CHECK_INT(dm_pack_finish(&in, DM_OK, &err), DM_OK);
  dm_pack_reader_release(&in);
  dm_source_close(source);
}

/* --- there and back --- */

/* Value k of row i of a column, whatever the type. */
static uint64_t value_of(uint64_t row, size_t column, size_t k) {
  uint64_t seed = row * 1000003 + column * 101 + k;
  return naive_below(&seed, 1000000007);
}

static size_t text_of(uint64_t value, char *out) {
  size_t len = value % 41;
  for (size_t i = 0; i < len; i++) {
    out[i] = (char)('a' + (value + i) % 26);
  }
  return len;
}

static void check_shape(const dm_pack_column *columns, size_t n_columns, uint64_t n_rows,
                        size_t piece) {
  DM_CASE("%zu columns, the first of type %c and width %u, %llu rows, pieces of %zu",
          n_columns, (char)columns[0].type, (unsigned)columns[0].width,
          (unsigned long long)n_rows, piece);
  dm_buf bytes = {0};
  dm_buf texts = {0};
  dm_error err;
  dm_pack_writer out;
  dm_pack_sink sink = {add_bytes, &bytes};
  CHECK_INT(dm_pack_start(&out, &sink, 5, &err), DM_OK);
  for (int table = 0; table < 2; table++) {
    const char *name = table ? "second" : "first";
    CHECK_INT(dm_pack_begin(&out, name, columns, n_columns, n_rows, &err), DM_OK);
    while (dm_pack_room(&out)) {
      const dm_pack_table *t = &out.table;
      texts.len = 0;
      CHECK_INT(dm_buf_reserve(&texts, t->n * n_columns * 64, &err), DM_OK);
      for (size_t c = 0; c < n_columns; c++) {
        for (size_t at = 0; at < t->n * columns[c].width; at++) {
          uint64_t value = value_of(t->first + at % t->n, c, at / t->n);
          if (columns[c].type == DM_PACK_TEXT) {
            char *text = texts.data + texts.len;
            size_t len = text_of(value, text);
            texts.len += len;
            ((dm_pack_text *)t->values[c])[at] = (dm_pack_text){text, len};
          } else if (columns[c].type == DM_PACK_DOUBLE) {
            ((double *)t->values[c])[at] = (double)value / 3;
          } else if (columns[c].type == DM_PACK_INT64) {
            ((int64_t *)t->values[c])[at] = -(int64_t)value * 1000003;
          } else {
            int32_t small =
                columns[c].type == DM_PACK_FLAG ? (int32_t)(value % 2) : (int32_t)value;
            ((int32_t *)t->values[c])[at] = small;
          }
        }
      }
      CHECK_INT(dm_pack_put(&out, &err), DM_OK);
    }
  }
  CHECK_INT(dm_pack_end(&out, &err), DM_OK);
  dm_pack_writer_release(&out);
  dm_buf_release(&texts);

  server s = {.bytes = bytes.data, .len = bytes.len, .piece = piece};
  dm_source *source = NULL;
  dm_pack_reader in;
  uint32_t version;
  CHECK_INT(dm_source_open_callback(&source, serve, &s, NULL, &err), DM_OK);
  CHECK_INT(dm_pack_open(&in, source, &version, &err), DM_OK);
  dm_pack_column found[8];
  memcpy(found, columns, n_columns * sizeof *columns);
  size_t n_wrong = 0;
  for (int table = 0; table < 2; table++) {
    const char *name = table ? "second" : "first";
    CHECK_INT(dm_pack_expect(&in, name, found, n_columns, &err), DM_OK);
    CHECK_UINT(in.table.n_rows, n_rows);
    uint64_t n_read = 0;
    do {
      const dm_pack_table *t = &in.table;
      CHECK_INT(dm_pack_next(&in, &err), DM_OK);
      CHECK_UINT(t->first, n_read);
      n_read += t->n;
      for (size_t c = 0; c < n_columns; c++) {
        for (size_t at = 0; at < t->n * columns[c].width; at++) {
          uint64_t value = value_of(t->first + at % t->n, c, at / t->n);
          if (columns[c].type == DM_PACK_TEXT) {
            char text[64];
            size_t len = text_of(value, text);
            const dm_pack_text *got = (const dm_pack_text *)t->values[c] + at;
            n_wrong += got->len != len || memcmp(got->text, text, len) != 0;
          } else if (columns[c].type == DM_PACK_DOUBLE) {
            n_wrong += ((const double *)t->values[c])[at] != (double)value / 3;
          } else if (columns[c].type == DM_PACK_INT64) {
            n_wrong += ((const int64_t *)t->values[c])[at] != -(int64_t)value * 1000003;
          } else {
            int32_t small =
                columns[c].type == DM_PACK_FLAG ? (int32_t)(value % 2) : (int32_t)value;
            n_wrong += ((const int32_t *)t->values[c])[at] != small;
          }
        }
      }
    } while (!dm_pack_is_done(&in));
    CHECK_UINT(n_read, n_rows);
  }
  CHECK_UINT(n_wrong, 0);
  CHECK_INT(dm_pack_finish(&in, DM_OK, &err), DM_OK);
  dm_pack_reader_release(&in);
  dm_source_close(source);
  dm_buf_release(&bytes);
}

static void test_there_and_back(void) {
  static const dm_pack_type types[] = {DM_PACK_FLAG, DM_PACK_INT32, DM_PACK_INT64,
                                       DM_PACK_DOUBLE, DM_PACK_TEXT};
  static const uint64_t rows[] = {0, 1, 2, 65535, 65536, 70000};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      dm_pack_column one = {"only", types[t], 1};
      check_shape(&one, 1, rows[i], 1 << 20);
    }
  }
  static const dm_pack_column mixed[] = {{"a", DM_PACK_TEXT, 1},
                                         {"", DM_PACK_FLAG, 3},
                                         {"b", DM_PACK_TEXT, 2},
                                         {"\xC3\xA9", DM_PACK_DOUBLE, 1}};
  check_shape(mixed, 4, 20000, 4000);
  check_shape(mixed, 4, 3, 1);
  static const dm_pack_column wide[] = {{"wide", DM_PACK_DOUBLE, 40000},
                                        {"more", DM_PACK_TEXT, 1}};
  check_shape(wide, 2, 3, 100000); /* a row is more than a group */
  static const dm_pack_column none[] = {{"none", DM_PACK_DOUBLE, 0}};
  check_shape(none, 1, 600000, 100000);
}

/* --- what can't be --- */

/* Reads small_bytes with the trailer, some bytes changed. */
static dm_status read_small(const unsigned char *bytes, size_t len, dm_error *err) {
  dm_pack_reader in;
  dm_source *source = NULL;
  uint32_t version;
  dm_status status = open_bytes(&in, &source, bytes, len, &version, err);
  if (!status) {
    dm_pack_column columns[N_SMALL];
    memcpy(columns, small_columns, sizeof columns);
    status = dm_pack_expect(&in, "one", columns, N_SMALL, err);
    while (!status && !dm_pack_is_done(&in)) {
      status = dm_pack_next(&in, err);
    }
    status = dm_pack_finish(&in, status, err);
  }
  dm_pack_reader_release(&in);
  dm_source_close(source);
  return status;
}

static void test_damage(void) {
  unsigned char file[sizeof small_bytes + SEAL_SIZE + 1];
  size_t len = sizeof file - 1;
  memcpy(file, small_bytes, sizeof small_bytes);
  seal(file, sizeof small_bytes);
  dm_error err;
  CHECK_INT(read_small(file, len, &err), DM_OK);
  for (size_t i = 0; i < len; i++) {
    for (int bit = 0; bit < 8; bit++) {
      DM_CASE("bit %d of byte %zu", bit, i);
      file[i] = (unsigned char)(file[i] ^ 1u << bit);
      CHECK_INT(read_small(file, len, &err), i < 8 ? DM_E_SYNTAX : DM_E_IO);
      file[i] = (unsigned char)(file[i] ^ 1u << bit);
    }
  }
  for (size_t cut = 0; cut < len; cut++) {
    DM_CASE("%zu bytes left", cut);
    CHECK_INT(read_small(file, cut, &err), cut == 0 ? DM_E_SYNTAX : DM_E_IO);
  }
  DM_CASE("one more");
  file[len] = 0;
  CHECK_INT(read_small(file, len + 1, &err), DM_E_IO);
  DM_CASE("another file");
  CHECK_INT(read_small((const unsigned char *)"id\tlabel\n1\t2\n", 13, &err),
            DM_E_SYNTAX);
}

/* At that byte of small_bytes these; then the trailer is made to fit. */
typedef struct lie {
  size_t at;
  const char *bytes;
  size_t len;
  const char *key;
} lie;

static void test_lies(void) {
  static const lie lies[] = {
      {13, "O", 1, "one"},                /* name of the table */
      {12, "\4", 1, "one"},               /* its length */
      {12, "\xFF", 1, ""},                /* beyond the file */
      {16, "\6", 1, "one"},               /* number of columns */
      {16, "\xFF\xFF\xFF\xFF", 4, "one"}, /**/
      {20, "d", 1, "f"},                  /* type */
      {20, "z", 1, "f"},                  /**/
      {22, "g", 1, "f"},                  /* name */
      {23, "\2", 1, "f"},                 /* width */
      {23, "\xFF\xFF\xFF\xFF", 4, "f"},   /**/
      {57, "\3", 1, "one"},               /* rows */
      {57, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, "one"},
      {57, "\0\0\0\0\0\0\0\x80", 8, "one"}, /**/
      {57, "\1", 1, "one"},                 /* so that bytes are left */
      {115, "\xFF\xFF\xFF\x7F", 4, "one"},  /* length of a text */
      {115, "\1", 1, "one"},                /* which is cut then */
      {123, "\xC3\xC3", 2, "one"},          /* the text */
      {123, "\xC3\0", 2, "one"},            /**/
      {123, "a\0", 2, "one"},               /**/
  };
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    DM_CASE("%zu bytes at %zu, lie %zu", lies[i].len, lies[i].at, i);
    unsigned char file[sizeof small_bytes + SEAL_SIZE];
    memcpy(file, small_bytes, sizeof small_bytes);
    memcpy(file + lies[i].at, lies[i].bytes, lies[i].len);
    seal(file, sizeof small_bytes);
    dm_error err;
    CHECK_INT(read_small(file, sizeof file, &err), DM_E_SYNTAX);
    CHECK_STR(err.key, lies[i].key);
    CHECK(err.expected[0] != '\0');
    file[sizeof file - 1] ^= 1; /* it may be the damage that lies */
    CHECK_INT(read_small(file, sizeof file, &err), DM_E_IO);
  }
}

/* An error of the caller's comes back, unless the file is why. */
static void test_finish(void) {
  dm_buf file = {0};
  dm_error err;
  small_file(&file, 3, &err);
  for (int is_damaged = 0; is_damaged < 2; is_damaged++) {
    file.data[file.len - 1] = (char)(file.data[file.len - 1] ^ is_damaged);
    for (int status = DM_OK; status <= DM_E_INTERRUPT; status++) {
      DM_CASE("status %d, damaged: %d", status, is_damaged);
      dm_pack_reader in;
      dm_source *source = NULL;
      uint32_t version;
      CHECK_INT(open_bytes(&in, &source, file.data, file.len, &version, &err), DM_OK);
      dm_error_expected(&err, (dm_status)status, "this");
      bool is_about_bytes =
          status != DM_E_IO && status != DM_E_MEMORY && status != DM_E_INTERRUPT;
      int want = is_damaged && is_about_bytes ? DM_E_IO
                 : status == DM_OK            ? DM_E_SYNTAX /* tables are left */
                                              : status;
      CHECK_INT(dm_pack_finish(&in, (dm_status)status, &err), want);
      CHECK_INT(err.status, want);
      dm_pack_reader_release(&in);
      dm_source_close(source);
    }
  }
  dm_buf_release(&file);
}

static dm_status write_some(void *ctx, const void *bytes, size_t n, dm_error *err) {
  (void)bytes;
  size_t *left = ctx;
  if (n > *left) {
    return dm_error_io(err, 0, "more room");
  }
  *left -= n;
  return DM_OK;
}

/* A sink that is full ends the writing, wherever that is. */
static void test_sink(void) {
  for (size_t room = 0; room < 400000; room += 30011) {
    size_t left = room;
    dm_pack_sink sink = {write_some, &left};
    dm_pack_writer out;
    dm_pack_column column = {"value", DM_PACK_INT64, 1};
    dm_error err;
    dm_status status = dm_pack_start(&out, &sink, 1, &err);
    status = status ? status : dm_pack_begin(&out, "t", &column, 1, 60000, &err);
    while (!status && dm_pack_room(&out)) {
      memset(out.table.values[0], 0, out.table.n * sizeof(int64_t));
      status = dm_pack_put(&out, &err);
    }
    status = status ? status : dm_pack_end(&out, &err);
    CHECK_INT(status, DM_E_IO);
    dm_pack_writer_release(&out);
  }
}

static int64_t fail_late(void *ctx, char *buf, size_t n) {
  server *s = ctx;
  return s->at == s->len ? -1 : serve(s, buf, n);
}

/* Reading that fails is no damage, also on the way to the end. */
static void test_source(void) {
  dm_buf file = {0};
  dm_error err;
  small_file(&file, 3, &err);
  server s = {.bytes = file.data, .len = file.len, .piece = 5};
  dm_source *source = NULL;
  dm_pack_reader in;
  uint32_t version;
  CHECK_INT(dm_source_open_callback(&source, fail_late, &s, NULL, &err), DM_OK);
  CHECK_INT(dm_pack_open(&in, source, &version, &err), DM_E_INTERRUPT);
  dm_pack_reader_release(&in);
  dm_source_close(source);
  dm_buf_release(&file);

  static char large[200000] = "datamap\n\2";
  s = (server){.bytes = large, .len = sizeof large, .piece = sizeof large};
  CHECK_INT(dm_source_open_callback(&source, fail_late, &s, NULL, &err), DM_OK);
  CHECK_INT(dm_pack_open(&in, source, &version, &err), DM_OK);
  CHECK_INT(dm_pack_finish(&in, DM_E_SYNTAX, &err), DM_E_INTERRUPT);
  CHECK_INT(err.status, DM_E_INTERRUPT);
  dm_pack_reader_release(&in);
  dm_source_close(source);
}

static dm_status write_and_read(dm_error *err) {
  dm_buf file = {0};
  dm_pack_writer out;
  dm_pack_reader in = {.source = NULL};
  dm_source *source = NULL;
  dm_pack_sink sink = {add_bytes, &file};
  dm_pack_column columns[] = {{"a", DM_PACK_INT32, 1}, {"b", DM_PACK_TEXT, 1}};
  uint32_t version;
  dm_status status;
  DM_TRY_DONE(dm_pack_start(&out, &sink, 1, err));
  DM_TRY_DONE(dm_pack_begin(&out, "t", columns, 2, 10, err));
  memset(out.table.values[0], 0, 10 * sizeof(int32_t));
  for (size_t i = 0; i < 10; i++) {
    ((dm_pack_text *)out.table.values[1])[i] = (dm_pack_text){"text", 4};
  }
  DM_TRY_DONE(dm_pack_put(&out, err));
  DM_TRY_DONE(dm_pack_end(&out, err));
  DM_TRY_DONE(open_bytes(&in, &source, file.data, file.len, &version, err));
  DM_TRY_DONE(dm_pack_expect(&in, "t", columns, 2, err));
  DM_TRY_DONE(dm_pack_next(&in, err));
  DM_TRY_DONE(dm_pack_finish(&in, status, err));
done:
  dm_pack_writer_release(&out);
  dm_pack_reader_release(&in);
  dm_source_close(source);
  dm_buf_release(&file);
  return status;
}

static void test_memory(void) {
  for (size_t k = 1;; k++) {
    DM_CASE("allocation %zu", k);
    size_t before = fault_live_blocks();
    dm_error err;
    fault_arm_memory(k, false);
    dm_status status = write_and_read(&err);
    bool has_fired = fault_has_fired();
    fault_arm_memory(0, false);
    CHECK_INT(status, has_fired ? DM_E_MEMORY : DM_OK);
    CHECK_UINT(fault_live_blocks(), before);
    if (!has_fired) {
      CHECK(k > 8);
      break;
    }
  }
}

int main(void) {
  DM_RUN(test_layout);
  DM_RUN(test_there_and_back);
  DM_RUN(test_damage);
  DM_RUN(test_lies);
  DM_RUN(test_finish);
  DM_RUN(test_sink);
  DM_RUN(test_source);
  DM_RUN(test_memory);
  return dm_test_end();
}
