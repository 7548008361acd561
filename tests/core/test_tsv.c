/* dm_tsv_read.c: kinds of columns; broken tables; tables out and in again, to the bit. */
#define _XOPEN_SOURCE 700
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/dm_text.h"
#include "dm_mem_fault.h"
#include "dm_test.h"
#include "dm_tsv_files.h"
#include "files/dm_tsv.h"
#include "number/dm_number.h"

static double missing_double, nan_double, infinity;

static bool as_texts; /* how read_bytes() reads */

static dm_status read_bytes(dm_tsv_table **table, const char *text, size_t len,
                            size_t block_size, dm_error *err) {
  *table = NULL;
  dm_source *source;
  DM_TRY(dm_source_open_memory(&source, text, len, NULL, err));
  dm_status status = dm_tsv_read(table, source, block_size, as_texts, &missing, err);
  dm_source_close(source);
  return status;
}

static dm_status read_text(dm_tsv_table **table, const char *text, dm_error *err) {
  return read_bytes(table, text, strlen(text), DM_TSV_BLOCK, err);
}

static dm_status write_table(const dm_tsv_column *columns, size_t n_columns,
                             size_t n_rows, dm_error *err) {
  return write_as("table", columns, n_columns, n_rows, err);
}

static dm_status read_back(dm_tsv_table **table, size_t block_size, dm_error *err) {
  *table = NULL;
  dm_source *source;
  DM_TRY(dm_source_open_file(&source, path, NULL, err));
  dm_status status = dm_tsv_read(table, source, block_size, false, &missing, err);
  dm_source_close(source);
  return status;
}

/* What a table holds as one text: kinds in the header, "~" for a missing value. */
static void show(const dm_tsv_table *table, char *out, size_t cap) {
  size_t used = 0;
  for (size_t i = 0; i < dm_tsv_n_columns(table); i++) {
    used += (size_t)snprintf(out + used, cap - used, "%s%s:%c", i ? " " : "",
                             dm_tsv_name(table, i), "idtb"[dm_tsv_kind_of(table, i)]);
  }
  for (size_t row = 0; row < dm_tsv_n_rows(table); row++) {
    for (size_t i = 0; i < dm_tsv_n_columns(table); i++) {
      out[used++] = i ? ' ' : '|';
      if (dm_tsv_kind_of(table, i) == DM_TSV_INT32 ||
          dm_tsv_kind_of(table, i) == DM_TSV_BOOL) {
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
      {"a\n1e-05\nNaN\nInf\n-Inf\nNA\n", "a:d|1.0000000000000001e-05|nan|inf|-inf|~"},
      {"a\n0.1\n1e5\n", "a:d|0.10000000000000001|100000"},
      /* as R, Python and this package write numbers */
      {"a\n1e+05\n1e-05\n1e-5\n100000.0\n0.0001\n-1.5e-07\n1e+16\n1e22\n",
       "a:d|100000|1.0000000000000001e-05|1.0000000000000001e-05|100000|0.0001|"
       "-1.4999999999999999e-07|10000000000000000|1e+22"},
      {"a\n0.0\n-0.0\n", "a:d|0|-0"},
      {"a\n4734364254410\n-9007199254740992\n", "a:d|4734364254410|-9007199254740992"},
      {"a\n123456789012345680\n1.7976931348623157e308\n5e-324\n",
       "a:d|1.2345678901234568e+17|1.7976931348623157e+308|4.9406564584124654e-324"},
      /* what they don't */
      {"a\n12e3\n", "a:t|'12e3'"},
      {"a\n1E5\n", "a:t|'1E5'"},
      {"a\ninf\n", "a:t|'inf'"},
      {"a\nnan\n", "a:t|'nan'"},
      {"a\n-inf\n1\n", "a:t|'-inf'|'1'"},
      {"a\n1.50\n", "a:t|'1.50'"},
      {"a\n1.00\n", "a:t|'1.00'"},
      {"a\n1.5\n1.0e5\n", "a:t|'1.5'|'1.0e5'"},
      {"a\n0e0\n", "a:t|'0e0'"},
      {"a\n0.1e5\n", "a:t|'0.1e5'"},
      {"a\n0.10000000000000001\n", "a:t|'0.10000000000000001'"},
      {"a\n9007199254740993\n", "a:t|'9007199254740993'"},
      {"a\n100000000000000000000000000000\n", "a:t|'100000000000000000000000000000'"},
      {"a\n123456789012345678901234567890\n1\n",
       "a:t|'123456789012345678901234567890'|'1'"},
      {"a\n1\nNA\n12e3\n", "a:t|'1'|~|'12e3'"},
      {"a\nTRUE\nNA\nFALSE\n", "a:b|1|~|0"},
      {"a\nNA\nFALSE\n", "a:b|~|0"},
      {"a\nTRUE\n1\n", "a:t|'TRUE'|'1'"},
      {"a\n1\nTRUE\n", "a:t|'1'|'TRUE'"},
      {"a\n0.5\nTRUE\n", "a:t|'0.5'|'TRUE'"},
      {"a\nFALSE\nNA\nfalse\n", "a:t|'FALSE'|~|'false'"},
      {"a\nTrue\n", "a:t|'True'"},
      /* other names */
      {"guid\tconfidence\tvariability\tcorrectness\n07\t1\tNA\t5\n",
       "guid:t confidence:d variability:d correctness:i|'07' 1 ~ 5"},
      {"guid\tid\tconfidence\tavg_probs\nNA\t1\tx\t1\n",
       "guid:i id:i confidence:t avg_probs:d|~ 1 'x' 1"},
      {"idx\n07\n", "idx:t|'07'"},
      {"idx\tuuid\nNA\t1\n", "idx:i uuid:i|~ 1"},
      {"uuid\tidx\tguid\nx\tTRUE\t1\n", "uuid:t idx:b guid:i|'x' 1 1"},
      {"correctness\n3\n0.5\n", "correctness:d|3|0.5"},
      /* commas and quotes */
      {"a,b\n1,x\n", "a:i b:t|1 'x'"},
      {"a,b\n1,\"2\"\n", "a:i b:t|1 '2'"},
      {"\"a,b\",avg_probs\r\n\"x, \"\"y\"\"\",\"0.5\"\r\n",
       "a,b:t avg_probs:d|'x, \"y\"' 0.5"},
      {"a,b\nNA,\"NA\"\n", "a:i b:t|~ 'NA'"},
      {"a,b\n,\"\"\n", "a:t b:t|'' ''"},
      {"id,a\n\"1\",\"TRUE\"\n2,\"\"\n", "id:t a:t|'1' 'TRUE'|'2' ''"},
      {"a,b\n1,\"\xC3\xA9\tz\"\n2,NA", "a:i b:t|1 '\xC3\xA9\tz'|2 ~"},
      {"\"a\"\t\"b\"\n1\t\"x\"\n", "a:i b:t|1 'x'"},
      {"a\t\"b\"\n1\t\"x\"\n", "a:i \"b\":t|1 '\"x\"'"},
      {"a\tb,c\n1\t2,3\n", "a:i b,c:t|1 '2,3'"},
      {"\"a\"\n\"1\"\n2\n", "a:t|'1'|'2'"},
      /* JSON Lines */
      {"{\"a\": 1, \"b\": \"x\"}\n", "a:i b:t|1 'x'"},
      {"\n{\"a\":1.0,\"b\":true}\r\n\n{\"b\":false,\"a\":12e3}", "a:d b:b|1 1|12000 0"},
      {"{\"a\":1}\n{\"b\":2}\n{\"a\":3,\"c\":\"1\"}\n{}\n",
       "a:i b:i c:t|1 ~ ~|~ 2 ~|3 ~ '1'|~ ~ ~"},
      {"{\"a\":null}\n{\"a\":\"007\"}\n{\"a\":\"NA\"}\n", "a:t|~|'007'|'NA'"},
      {"{\"a\":1.50}\n{\"a\":true}\n{\"a\":null}\n", "a:t|'1.50'|'TRUE'|~"},
      {"{\"a\":true}\n{\"a\":2}\n", "a:t|'TRUE'|'2'"},
      {"{\"id\":1,\"avg_probs\":1}\n{\"avg_probs\":NaN,\"id\":4734364254410}\n",
       "id:d avg_probs:d|1 1|4734364254410 nan"},
      {"{\"id\":1}\n{\"id\":\"1\"}\n", "id:t|'1'|'1'"},
      {"{\"guid\":\"a\",\"x\":-0,\"y\":-Infinity}\n", "guid:t x:d y:d|'a' -0 -inf"},
      {"{ \"\\u0061\\n\" : \"\\u00e9\\t\" }\n", "a\n:t|'\xC3\xA9\t'"},
      {"{\"correct_times\":5,\"label_var\":null}\n", "correct_times:i label_var:d|5 ~"},
      {"a\n1\n007\n", "a:t|'1'|'007'"},
      {"a\n1\n+1\n", "a:t|'1'|'+1'"},
      {"a\n1\n1e999\n", "a:t|'1'|'1e999'"},
      {"a\n1\n 1\n", "a:t|'1'|' 1'"},
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
      {"a,b\n1,\"x\n", DM_E_SYNTAX, 2, 3, 6, "", ""},
      {"a,b\n1,\"x\"y\n", DM_E_SYNTAX, 2, 6, 9, "", ""},
      {"a,b\n1,x\"y\n", DM_E_SYNTAX, 2, 4, 7, "", ""},
      {"a,b\n1,\"x,y\",\"\"\"\"\n", DM_E_SYNTAX, 2, 9, 12, "", "3"},
      {"a,avg_probs,b\nx,y\n", DM_E_SYNTAX, 2, 4, 17, "", "2"},
      {"a,avg_probs\n1,\"x\"\n", DM_E_FIELD, 2, 3, 14, "avg_probs", "\"x\""},
      {"a,\"\"\n", DM_E_FIELD, 1, 3, 2, "", "an empty name"},
      {"confidence\tb\nx\t1\n", DM_E_FIELD, 2, 1, 13, "confidence", "\"x\""},
      {"{\"a\":1}\nb\n", DM_E_SYNTAX, 2, 1, 8, "", "`b`"},
      {"{\"a\":1}\n{\"a\":1,\"a\":2}\n", DM_E_FIELD, 2, 8, 15, "a", "`\"a\"`"},
      {"{\"a\":[1]}\n", DM_E_FIELD, 1, 6, 5, "a", "`[1]}`"},
      {"{\"\xC3\xA9\":1e999}\n", DM_E_RANGE, 1, 6, 6, "\xC3\xA9", "`1e999`"},
      {"{\"a\":\"\\u0000\"}\n", DM_E_FIELD, 1, 6, 5, "a", "`\"\\u0000\"`"},
      {"{\"a\\u0000\":1}\n", DM_E_FIELD, 1, 2, 1, "a\\x00", "U+0000"},
      {"{\"\":1}\n", DM_E_FIELD, 1, 2, 1, "", "an empty name"},
      {"{\"a\":1}}\n", DM_E_SYNTAX, 1, 8, 7, "", "`}`"},
      {"{\"a\" 1}\n", DM_E_SYNTAX, 1, 6, 5, "", "`1`"},
      {"{\"a\":1 2}\n", DM_E_SYNTAX, 1, 8, 7, "", "`2`"},
      {"{\"a\":1,}\n", DM_E_SYNTAX, 1, 8, 7, "", "`}`"},
      {"{'a':1}\n", DM_E_SYNTAX, 1, 2, 1, "", "`'a'`"},
      {"{\"a\":x}\n", DM_E_SYNTAX, 1, 6, 5, "a", "`x`"},
      {"{\"a\":\"\\q\"}\n", DM_E_SYNTAX, 1, 7, 6, "a", "`\\`"},
      {"{\"a\\q\":1}\n", DM_E_SYNTAX, 1, 4, 3, "", "`\\`"},
      {"{\"avg_probs\":\"x\"}\n", DM_E_FIELD, 1, 14, 13, "avg_probs", "\"x\""},
      {"{\"s_label\":true}\n", DM_E_FIELD, 1, 12, 11, "s_label", "\"TRUE\""},
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
  char name[10100]; /* one byte too long, at the second column */
  memset(name, 'x', sizeof name);
  memcpy(name, "a\t", 2);
  name[2 + 10001] = '\0';
  CHECK_INT(read_text(&table, name, &err), DM_E_FIELD);
  CHECK_UINT(err.line, 1);
  CHECK_UINT(err.column, 3);
  CHECK_STR(err.found, "more than 10000 bytes");
  name[2 + 10000] = '\0';
  CHECK_INT(read_text(&table, name, &err), DM_OK);
  dm_tsv_release(table);
  CHECK_INT(read_bytes(&table, "ab\nc\0d\n", 7, 64, &err), DM_E_SYNTAX);
  CHECK_UINT(err.line, 2);
  CHECK_STR(err.found, "a NUL byte");
}

/* Every field as it stands between tabs; no line is left out. */
static void test_texts(void) {
  static const struct {
    const char *text;
    const char *want; /* NULL: too few or too many fields */
    uint64_t line;
  } cases[] = {
      {"id\tavg_probs\tx\n1\t0.5\tNA\n", "id:t avg_probs:t x:t|'1' '0.5' 'NA'", 0},
      {"a\tb\n", "a:t b:t", 0},
      {"a,b\n1,2\n", "a,b:t|'1,2'", 0},
      {"\"a\"\tb\n\"x\t\"\"\r\n", "\"a\":t b:t|'\"x' '\"\"'", 0},
      {"{\"a\":1}\n{}\n", "{\"a\":1}:t|'{}'", 0},
      {"a\n1\n\nTRUE\n", "a:t|'1'|''|'TRUE'", 0},
      {"a\tb\n\t\n007\t1e5", "a:t b:t|'' ''|'007' '1e5'", 0},
      {"\xEF\xBB\xBF"
       "id\n1\n",
       "id:t|'1'", 0},
      {"a\tb\n1\t2\n\n3\t4\n", NULL, 3},
      {"a\tb\n1\t2\t3\n", NULL, 2},
      {"a\tb\n\"1\t2\"\t3\n", NULL, 2},
      {"\n", NULL, 1},
  };
  as_texts = true;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (size_t block_size = 1; block_size <= 64; block_size *= 4) {
      DM_CASE("%s, blocks of %zu", cases[i].text, block_size);
      dm_tsv_table *table;
      dm_error err;
      dm_status status =
          read_bytes(&table, cases[i].text, strlen(cases[i].text), block_size, &err);
      if (cases[i].want && CHECK_INT(status, DM_OK)) {
        char got[512] = "";
        show(table, got, sizeof got);
        CHECK_STR(got, cases[i].want);
      } else if (!cases[i].want && CHECK(status != DM_OK)) {
        CHECK_UINT(err.line, cases[i].line);
      }
      dm_tsv_release(table);
    }
  }
  as_texts = false;
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
  const int32_t flag[] = {1, missing.int32, 0};
  const dm_tsv_column columns[] = {
      {"id", DM_TSV_DOUBLE, id},         {"label", DM_TSV_TEXT, label},
      {"count", DM_TSV_INT32, count},    {"number", DM_TSV_DOUBLE, number},
      {"whole", DM_TSV_DOUBLE, whole},   {"avg_probs", DM_TSV_DOUBLE, known},
      {"s_label", DM_TSV_DOUBLE, whole}, {"text", DM_TSV_TEXT, text},
      {"big", DM_TSV_DOUBLE, big},       {"flag", DM_TSV_BOOL, flag},
  };
  dm_error err;
  CHECK_INT(write_table(columns, 10, 3, &err), DM_OK);
  check_written(
      "id\tlabel\tcount\tnumber\twhole\tavg_probs\ts_label\ttext\tbig\tflag\n"
      "1\tNA\t3\t0.1\t1.0\t1\t1\ta b\t1\tTRUE\n"
      "-5\t\"q\"\tNA\tNA\tNA\t0\tNA\tNA\t1e3\tNA\n"
      "4734364254410\t\xC3\xA9\t-7\t1e-7\t12.0\tNaN\t12\t\t1e300\tFALSE\n");
  dm_tsv_table *table;
  if (CHECK_INT(read_back(&table, DM_TSV_BLOCK, &err), DM_OK)) {
    char got[512];
    show(table, got, sizeof got);
    CHECK_STR(got,
              "id:d label:t count:i number:d whole:d avg_probs:d s_label:i text:t big:d "
              "flag:b"
              "|1 'NA' 3 0.10000000000000001 1 1 1 'a b' 1 1"
              "|-5 '\"q\"' ~ ~ ~ 0 ~ ~ 1000 ~"
              "|4734364254410 '\xC3\xA9' -7 9.9999999999999995e-08 12 nan 12 '' "
              "1.0000000000000001e+300 0");
  }
  dm_tsv_release(table);
  CHECK_INT(write_table(columns, 10, 0, &err), DM_OK);
  check_written("id\tlabel\tcount\tnumber\twhole\tavg_probs\ts_label\ttext\tbig\tflag\n");
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
  static const char *const texts[] = {
      "id\ta\tb\n1\t1\t1.0\n5000000000\t2.50\t2\nx\ty\tz\n\tNA\tNA\n",
      "id,a\n1,\"\"\"x\"\n",
      "{\"id\":1,\"a\":1.0,\"b\":true}\n{\"\\u0061\":\"x\",\"c\":null}\n",
  };
  size_t k = 1;
  for (size_t i = 0; i < 3; i++) {
    for (k = 1;; k++) {
      fault_arm_memory(k, false);
      dm_error err;
      dm_tsv_table *table;
      dm_status status = read_text(&table, texts[i], &err);
      dm_tsv_release(table);
      if (!fault_has_fired()) {
        CHECK_INT(status, DM_OK);
        break;
      }
      CHECK_INT(status, DM_E_MEMORY);
    }
    CHECK(k > 6);
  }
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
  open_path();
  DM_RUN(test_kinds);
  DM_RUN(test_broken);
  DM_RUN(test_texts);
  DM_RUN(test_limits);
  DM_RUN(test_written);
  DM_RUN(test_round_trip);
  DM_RUN(test_allocations);
  unlink(path);
  return dm_test_end();
}
