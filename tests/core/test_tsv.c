/* dm_tsv.c: tables out and in again, to the bit; kinds of columns; broken tables. */
#define _XOPEN_SOURCE 700
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "dm_mem_fault.h"
#include "dm_number.h"
#include "dm_test.h"
#include "dm_text.h"
#include "dm_tsv.h"

static const dm_tsv_missing missing = {INT32_MIN, 0x7FF00000000007A2u};
static double missing_double, nan_double, infinity;

static char path[] = "/tmp/dm-tsv-XXXXXX";

static dm_status read_bytes(dm_tsv_table **table, const char *text, size_t len,
                            size_t block_size, dm_error *err) {
  *table = NULL;
  dm_source *source;
  DM_TRY(dm_source_open_memory(&source, text, len, NULL, err));
  dm_status status = dm_tsv_read(table, source, block_size, &missing, err);
  dm_source_close(source);
  return status;
}

static dm_status read_text(dm_tsv_table **table, const char *text, dm_error *err) {
  return read_bytes(table, text, strlen(text), DM_TSV_BLOCK, err);
}

static dm_status write_table(const dm_tsv_column *columns, size_t n_columns,
                             size_t n_rows, dm_error *err) {
  dm_writer *writer;
  DM_TRY(dm_writer_open(&writer, path, NULL, err));
  dm_status status = dm_tsv_write(writer, columns, n_columns, n_rows, &missing, err);
  if (!status) {
    status = dm_writer_commit(writer, err);
  }
  dm_writer_close(writer);
  return status;
}

static dm_status read_back(dm_tsv_table **table, size_t block_size, dm_error *err) {
  *table = NULL;
  dm_source *source;
  DM_TRY(dm_source_open_file(&source, path, NULL, err));
  dm_status status = dm_tsv_read(table, source, block_size, &missing, err);
  dm_source_close(source);
  return status;
}

static void check_written(const char *want) {
  char got[4096];
  FILE *file = fopen(path, "rb");
  if (CHECK(file)) {
    size_t n = fread(got, 1, sizeof got, file);
    CHECK_BYTES(got, n, want, strlen(want));
    fclose(file);
  }
}

/* What a table holds as one text: kinds in the header, "~" for a missing value. */
static void show(const dm_tsv_table *table, char *out, size_t cap) {
  size_t used = 0;
  for (size_t i = 0; i < dm_tsv_n_columns(table); i++) {
    used += (size_t)snprintf(out + used, cap - used, "%s%s:%c", i ? " " : "",
                             dm_tsv_name(table, i), "idt"[dm_tsv_kind_of(table, i)]);
  }
  for (size_t row = 0; row < dm_tsv_n_rows(table); row++) {
    for (size_t i = 0; i < dm_tsv_n_columns(table); i++) {
      out[used++] = i ? ' ' : '|';
      if (dm_tsv_kind_of(table, i) == DM_TSV_INT32) {
        int32_t value = dm_tsv_int32(table, i)[row];
        used += (size_t)(value == missing.int32
                             ? snprintf(out + used, cap - used, "~")
                             : snprintf(out + used, cap - used, "%d", value));
      } else if (dm_tsv_kind_of(table, i) == DM_TSV_DOUBLE) {
        double value = dm_tsv_double(table, i)[row];
        used += (size_t)(dm_double_bits(value) == missing.double_bits
                             ? snprintf(out + used, cap - used, "~")
                             : snprintf(out + used, cap - used, "%.17g", value));
      } else {
        size_t len;
        const char *text = dm_tsv_text(table, i, row, &len);
        used += (size_t)(text ? snprintf(out + used, cap - used, "'%.*s'", (int)len, text)
                              : snprintf(out + used, cap - used, "~"));
      }
    }
  }
}

static void test_kinds(void) {
  static const struct {
    const char *text;
    const char *want;
  } cases[] = {
      {"a\n", "a:i"},
      {"a", "a:i"},
      {"a\tavg_probs\n", "a:i avg_probs:d"},
      {"a\n1\n2\n", "a:i|1|2"},
      {"a\n1\nNA\n", "a:i|1|~"},
      {"a\nNA\nNA\n", "a:i|~|~"},
      {"a\n0\n-0\n", "a:d|0|-0"},
      {"a\n2147483647\n-2147483647\n", "a:i|2147483647|-2147483647"},
      {"a\nNA\n2147483648\n", "a:d|~|2147483648"},
      {"a\n-2147483648\n", "a:d|-2147483648"},
      {"a\n1\n1.0\n", "a:d|1|1"},
      {"a\n1e-05\nNaN\nnan\nInf\ninf\n-Inf\n-inf\nNA\n",
       "a:d|1.0000000000000001e-05|nan|nan|inf|inf|-inf|-inf|~"},
      {"a\n0.1\n1E5\n", "a:d|0.10000000000000001|100000"},
      {"a\n1\n007\n", "a:t|'1'|'007'"},
      {"a\n1\n+1\n", "a:t|'1'|'+1'"},
      {"a\n1\n1e999\n", "a:t|'1'|'1e999'"},
      {"a\n1\n 1\n", "a:t|'1'|' 1'"},
      {"a\nTRUE\nNA\nFALSE\n", "a:t|'TRUE'|~|'FALSE'"},
      {"a\n12\nNA\n1e-05\n1.50\nnan\n1234.0\n1e3\n1000\n-0\nx\n",
       "a:t|'12'|~|'1e-05'|'1.50'|'nan'|'1234.0'|'1e3'|'1000'|'-0'|'x'"},
      {"a\tb\n1\t\n", "a:i b:t|1 ''"},
      {"a\n1\n\n2\n", "a:t|'1'|''|'2'"}, /* one column: a record of its own */
      {"a\tb\n1\t2\n\n\r\n3\t4\n\n", "a:i b:i|1 2|3 4"},
      {"\n\r\na\n1\n", "a:i|1"},
      {"a\tb\r\n1\tx\r\n2\ty\r\n", "a:i b:t|1 'x'|2 'y'"},
      {"a\tb\r\n1\t2.5", "a:i b:d|1 2.5"},
      {"\xEF\xBB\xBF"
       "a\n1\n",
       "a:i|1"},
      {"a\n\"q\"\n'\n\xC3\xA9\n", "a:t|'\"q\"'|'''|'\xC3\xA9'"},
      {"id\n1\n-5\n0\n", "id:i|1|-5|0"},
      {"id\n1\n4734364254410\n", "id:d|1|4734364254410"},
      {"id\n9007199254740992\n", "id:d|9007199254740992"},
      {"id\n7\n9007199254740993\n", "id:t|'7'|'9007199254740993'"},
      {"id\n4734364254410\n36893488147419103232\n",
       "id:t|'4734364254410'|'36893488147419103232'"},
      {"id\n-2147483648\n", "id:d|-2147483648"},
      {"id\n1\nNA\n", "id:t|'1'|'NA'"},
      {"id\n1\n1.0\n", "id:t|'1'|'1.0'"},
      {"id\n0\n-0\n", "id:t|'0'|'-0'"},
      {"id\n1\n01\n", "id:t|'1'|'01'"},
      {"id\tlabel\n\tNA\n", "id:t label:t|'' 'NA'"},
      {"avg_probs\n1\n0\nNA\nNaN\n", "avg_probs:d|1|0|~|nan"},
      {"s_label\n1\nNA\n", "s_label:i|1|~"},
      {"correct_times\n1\n8.0\n0.5\n", "correct_times:d|1|8|0.5"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    static const size_t block_sizes[] = {1, 2, 3, 7, DM_TSV_BLOCK};
    for (size_t j = 0; j < sizeof block_sizes / sizeof *block_sizes; j++) {
      DM_CASE("%s, blocks of %zu", cases[i].want, block_sizes[j]);
      dm_tsv_table *table;
      dm_error err;
      dm_status status =
          read_bytes(&table, cases[i].text, strlen(cases[i].text), block_sizes[j], &err);
      if (CHECK_INT(status, DM_OK)) {
        char got[512] = "";
        show(table, got, sizeof got);
        CHECK_STR(got, cases[i].want);
      }
      dm_tsv_release(table);
    }
  }
}

static void test_broken(void) {
  static const struct {
    const char *text;
    dm_status status;
    uint64_t line, column, byte;
    const char *key;
    const char *found;
  } cases[] = {
      {"", DM_E_SYNTAX, 0, 0, 0, "", "an empty file"},
      {"\n\n", DM_E_SYNTAX, 0, 0, 0, "", "an empty file"},
      {"a\tb\n1\t2\n3\n", DM_E_SYNTAX, 3, 2, 9, "", "1"},
      {"a\tb\n1\t2\n3", DM_E_SYNTAX, 3, 2, 9, "", "1"},
      {"a\tb\n\xC3\xA9\t2\t3\t4\n", DM_E_SYNTAX, 2, 5, 9, "", "4"},
      {"a\tb\tavg_probs\n1\tx\n", DM_E_SYNTAX, 2, 4, 17, "", "2"},
      {"a\tavg_probs\n1\tx\t0.5\n", DM_E_SYNTAX, 2, 5, 16, "", "3"},
      {"a\ta\n", DM_E_FIELD, 1, 3, 2, "a", "the same name twice"},
      {"a\t\n", DM_E_FIELD, 1, 3, 2, "", "an empty name"},
      {"a\tavg_probs\n\xC3\xA9\tx y\n", DM_E_FIELD, 2, 3, 15, "avg_probs", "\"x y\""},
      {"label_var\n1\n\"0.5\"\n", DM_E_FIELD, 3, 1, 12, "label_var", "\"\"0.5\"\""},
      {"a\tavg_probs\n1\t\n", DM_E_FIELD, 2, 3, 14, "avg_probs", "\"\""},
      {"a\tavg_probs\n1\t-1e999\n", DM_E_RANGE, 2, 3, 14, "avg_probs", "\"-1e999\""},
      {"correct_times\n1\nx\n", DM_E_FIELD, 3, 1, 16, "correct_times", "\"x\""},
      {"s_label\n.5\n", DM_E_FIELD, 2, 1, 8, "s_label", "\".5\""},
      {"a\n\xC3\xA9\xFFz\n", DM_E_SYNTAX, 2, 2, 4, "", "byte \\xFF"},
      {"a\nb\rc\n", DM_E_SYNTAX, 2, 2, 3, "", "a carriage return that ends no line"},
      {"a\rb\r", DM_E_SYNTAX, 1, 2, 1, "", "a carriage return that ends no line"},
      {"\xFF\xFE"
       "a",
       DM_E_SYNTAX, 1, 1, 0, "", "a file that looks like UTF-16"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (size_t block_size = 1; block_size <= 64; block_size *= 8) {
      DM_CASE("%s, blocks of %zu", cases[i].text, block_size);
      dm_tsv_table *table;
      dm_error err;
      dm_status status =
          read_bytes(&table, cases[i].text, strlen(cases[i].text), block_size, &err);
      CHECK(table == NULL);
      if (CHECK_INT(status, cases[i].status)) {
        CHECK_UINT(err.line, cases[i].line);
        CHECK_UINT(err.column, cases[i].column);
        CHECK_UINT(err.byte, cases[i].byte);
        CHECK_STR(err.key, cases[i].key);
        CHECK_STR(err.found, cases[i].found);
      }
      dm_tsv_release(table);
    }
  }
  dm_tsv_table *table;
  dm_error err;
  CHECK_INT(read_bytes(&table, "ab\nc\0d\n", 7, 64, &err), DM_E_SYNTAX);
  CHECK_UINT(err.line, 2);
  CHECK_STR(err.found, "a NUL byte");
}

static void test_limits(void) {
  dm_error err;
  dm_tsv_table *table;
  size_t size = ((size_t)64 << 20) + 16;
  char *text = malloc(size);
  if (!CHECK(text)) {
    return;
  }
  memset(text, 'x', size);
  text[1] = '\n';
  CHECK_INT(read_bytes(&table, text, size, DM_TSV_BLOCK, &err), DM_E_LIMIT);
  CHECK_UINT(err.line, 2);
  memset(text, '\t', size);
  CHECK_INT(read_bytes(&table, text, 200000, DM_TSV_BLOCK, &err), DM_E_LIMIT);
  free(text);
}

static void test_written(void) {
  const int32_t count[] = {3, missing.int32, -7};
  const double number[] = {0.1, missing_double, 1e-7};
  const double whole[] = {1, missing_double, 12};
  const double known[] = {1, 0, nan_double};
  const double id[] = {1, -5, 4734364254410};
  const char *text[] = {"a b", NULL, ""};
  const char *label[] = {"NA", "\"q\"", "\xC3\xA9"};
  const double big[] = {1, 1000, 1e300};
  const dm_tsv_column columns[] = {
      {"id", DM_TSV_DOUBLE, id},         {"label", DM_TSV_TEXT, label},
      {"count", DM_TSV_INT32, count},    {"number", DM_TSV_DOUBLE, number},
      {"whole", DM_TSV_DOUBLE, whole},   {"avg_probs", DM_TSV_DOUBLE, known},
      {"s_label", DM_TSV_DOUBLE, whole}, {"text", DM_TSV_TEXT, text},
      {"big", DM_TSV_DOUBLE, big},
  };
  dm_error err;
  CHECK_INT(write_table(columns, 9, 3, &err), DM_OK);
  check_written(
      "id\tlabel\tcount\tnumber\twhole\tavg_probs\ts_label\ttext\tbig\n"
      "1\tNA\t3\t0.1\t1.0\t1\t1\ta b\t1\n"
      "-5\t\"q\"\tNA\tNA\tNA\t0\tNA\tNA\t1e3\n"
      "4734364254410\t\xC3\xA9\t-7\t1e-7\t12.0\tNaN\t12\t\t1e300\n");
  dm_tsv_table *table;
  if (CHECK_INT(read_back(&table, DM_TSV_BLOCK, &err), DM_OK)) {
    char got[512];
    show(table, got, sizeof got);
    CHECK_STR(got,
              "id:d label:t count:i number:d whole:d avg_probs:d s_label:i text:t big:d"
              "|1 'NA' 3 0.10000000000000001 1 1 1 'a b' 1"
              "|-5 '\"q\"' ~ ~ ~ 0 ~ ~ 1000"
              "|4734364254410 '\xC3\xA9' -7 9.9999999999999995e-08 12 nan 12 '' "
              "1.0000000000000001e+300");
  }
  dm_tsv_release(table);
  CHECK_INT(write_table(columns, 9, 0, &err), DM_OK);
  check_written("id\tlabel\tcount\tnumber\twhole\tavg_probs\ts_label\ttext\tbig\n");
}

static void test_not_written(void) {
  const double fraction[] = {1, 0.5};
  const double beyond[] = {1, 9007199254740994};
  const double gap[] = {1, missing_double};
  const double not_finite[] = {1, infinity};
  const int32_t int_gap[] = {1, missing.int32};
  const char *tab[] = {"a", "b\tc"};
  const char *newline[] = {"a", "b\nc"};
  const char *carriage[] = {"a", "\r"};
  const char *broken[] = {"a", "\xFF"};
  const char *no_text[] = {"a", NULL};
  const struct {
    dm_tsv_column column;
    uint64_t row;
    const char *found;
  } cases[] = {
      {{"id", DM_TSV_DOUBLE, fraction}, 2, "0.5"},
      {{"label", DM_TSV_DOUBLE, beyond}, 2, "9007199254740994"},
      {{"id", DM_TSV_DOUBLE, not_finite}, 2, "Inf"},
      {{"id", DM_TSV_DOUBLE, gap}, 2, "a missing value"},
      {{"id", DM_TSV_INT32, int_gap}, 2, "a missing value"},
      {{"label", DM_TSV_TEXT, no_text}, 2, "a missing value"},
      {{"id", DM_TSV_TEXT, tab}, 2, "a tab or line break in \"b\\x09c\""},
      {{"x", DM_TSV_TEXT, newline}, 2, "a tab or line break in \"b\\x0Ac\""},
      {{"x", DM_TSV_TEXT, carriage}, 2, "a tab or line break in \"\\x0D\""},
      {{"x", DM_TSV_TEXT, broken}, 2, "invalid UTF-8 in \"\\xFF\""},
      {{"x\ty", DM_TSV_INT32, int_gap}, 0, "a tab or line break in \"x\\x09y\""},
      {{"", DM_TSV_INT32, int_gap}, 0, "an empty name"},
      {{"first", DM_TSV_INT32, int_gap}, 0, "the same name twice"},
  };
  const int32_t first[] = {1, 2};
  dm_error err;
  const dm_tsv_column good = {"first", DM_TSV_INT32, first};
  CHECK_INT(write_table(&good, 1, 2, &err), DM_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s: %s", cases[i].column.name, cases[i].found);
    const dm_tsv_column columns[] = {good, cases[i].column};
    if (CHECK_INT(write_table(columns, 2, 2, &err), DM_E_INPUT)) {
      CHECK_UINT(err.line, cases[i].row);
      CHECK_STR(err.found, cases[i].found);
      char key[DM_KEY_MAX];
      dm_text_excerpt(key, sizeof key, cases[i].column.name,
                      strlen(cases[i].column.name));
      CHECK_STR(err.key, key);
    }
    check_written("first\n1\n2\n");
  }
}

static uint64_t random_state = 42;

static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state * 2685821657736338717u;
}

/* More rows and columns than any buffer holds at once. */
static void test_round_trip(void) {
  enum { N = 3000, WIDE = 1200 };
  static double number[N];
  static int32_t whole[N];
  static char texts[N][24];
  static const char *text[N];
  static dm_tsv_column columns[WIDE];
  static char names[WIDE][16];
  for (int i = 0; i < N; i++) {
    number[i] = dm_double_from_bits(random_bits());
    if (number[i] != number[i]) {
      number[i] = i % 2 ? missing_double : nan_double;
    }
    whole[i] = i % 17 ? (int32_t)(uint32_t)random_bits() : missing.int32;
    snprintf(texts[i], sizeof texts[i], "t%d\xC3\xA9", i);
    text[i] = i % 19 ? texts[i] : NULL;
  }
  for (int i = 0; i < WIDE; i++) {
    snprintf(names[i], sizeof names[i], "c%d", i);
    columns[i].name = names[i];
    columns[i].kind = (dm_tsv_kind)(i % 3);
    columns[i].data = i % 3 == 0   ? (const void *)whole
                      : i % 3 == 1 ? (const void *)number
                                   : (const void *)text;
  }
  static const size_t widths[] = {3, 511, 512, 513, WIDE};
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
    size_t n_rows = widths[w] > 3 ? 40 : N;
    DM_CASE("%zu columns", widths[w]);
    dm_error err;
    CHECK_INT(write_table(columns, widths[w], n_rows, &err), DM_OK);
    dm_tsv_table *table;
    if (!CHECK_INT(read_back(&table, 1000, &err), DM_OK)) {
      continue;
    }
    CHECK_UINT(dm_tsv_n_rows(table), n_rows);
    CHECK_UINT(dm_tsv_n_columns(table), widths[w]);
    for (size_t i = 0; i < widths[w]; i++) {
      bool is_same = dm_tsv_kind_of(table, i) == columns[i].kind;
      for (size_t row = 0; row < n_rows && is_same; row++) {
        if (i % 3 == 0) {
          is_same = dm_tsv_int32(table, i)[row] == whole[row];
        } else if (i % 3 == 1) {
          is_same =
              dm_double_bits(dm_tsv_double(table, i)[row]) == dm_double_bits(number[row]);
        } else {
          size_t len;
          const char *got = dm_tsv_text(table, i, row, &len);
          is_same = got && text[row]
                        ? len == strlen(text[row]) && memcmp(got, text[row], len) == 0
                        : got == text[row];
        }
      }
      CHECK(is_same);
      dm_tsv_drop(table, i);
    }
    dm_tsv_release(table);
  }
}

static void test_allocations(void) {
  static const char text[] =
      "id\ta\tb\n1\t1\t1.0\n5000000000\t2.50\t2\nx\ty\tz\n\tNA\tNA\n";
  size_t k = 1;
  for (;; k++) {
    fault_arm_memory(k, false);
    dm_error err;
    dm_tsv_table *table;
    dm_status status = read_text(&table, text, &err);
    dm_tsv_release(table);
    if (!fault_has_fired()) {
      CHECK_INT(status, DM_OK);
      break;
    }
    CHECK_INT(status, DM_E_MEMORY);
  }
  CHECK(k > 20);
  const int32_t count[] = {3};
  const dm_tsv_column column = {"count", DM_TSV_INT32, count};
  for (k = 1;; k++) {
    fault_arm_memory(k, false);
    dm_error err;
    dm_status status = write_table(&column, 1, 1, &err);
    if (!fault_has_fired()) {
      CHECK_INT(status, DM_OK);
      break;
    }
    CHECK(status == DM_E_MEMORY || status == DM_OK); /* the last one syncs the folder */
  }
  fault_arm_memory(0, false);
  CHECK_UINT(fault_live_blocks(), 0);
}

int main(void) {
  missing_double = dm_double_from_bits(missing.double_bits);
  nan_double = dm_double_from_bits(0x7FF8000000000000u);
  infinity = dm_double_from_bits(0x7FF0000000000000u);
  int fd = mkstemp(path);
  if (fd < 0) {
    perror(path);
    return 1;
  }
  close(fd);
  DM_RUN(test_kinds);
  DM_RUN(test_broken);
  DM_RUN(test_limits);
  DM_RUN(test_written);
  DM_RUN(test_not_written);
  DM_RUN(test_round_trip);
  DM_RUN(test_allocations);
  unlink(path);
  return dm_test_end();
}
