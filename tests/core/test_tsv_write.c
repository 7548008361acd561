/* dm_tsv_write.c: what is written, of each style, and what is not. */
#define _XOPEN_SOURCE 700
#include <string.h>

#include "base/dm_text.h"
#include "dm_test.h"
#include "dm_tsv_files.h"
#include "number/dm_number.h"

static double missing_double, infinity;

static dm_status write_table(const dm_tsv_column *columns, size_t n_columns,
                             size_t n_rows, dm_error *err) {
  return write_as("table", columns, n_columns, n_rows, err);
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
  static char name[10002];
  memset(name, 'x', sizeof name - 1);
  const dm_tsv_column too_long = {name, DM_TSV_INT32, first};
  CHECK_INT(write_table(&too_long, 1, 2, &err), DM_E_INPUT);
  CHECK(strstr(err.expected, "10000 bytes") != NULL);
  const dm_tsv_column good = {"first", DM_TSV_INT32, first};
  CHECK_INT(write_table(&good, 1, 2, &err), DM_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s: %s", cases[i].column.name, cases[i].found);
    const dm_tsv_column columns[] = {good, cases[i].column};
    if (CHECK_INT(write_as("summary", columns, 2, 2, &err), DM_E_INPUT)) {
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

/* What would come back as something else. */
static void test_checked(void) {
  static const double numbers[] = {1, 2};
  static const int32_t bools[] = {0, 1};
  const struct {
    dm_tsv_column column;
    const char *texts[2];
    uint64_t row;
    const char *found; /* NULL: nothing is wrong */
  } cases[] = {
      {{"x", DM_TSV_TEXT, NULL}, {"1", "2"}, 0, "would come back as numbers"},
      {{"x", DM_TSV_TEXT, NULL}, {NULL, "1e5"}, 0, "such as \"1e5\""},
      {{"x", DM_TSV_TEXT, NULL}, {"NaN", "100000.0"}, 0, "as numbers"},
      {{"x", DM_TSV_TEXT, NULL}, {"TRUE", "FALSE"}, 0, "as logical values"},
      {{"x", DM_TSV_TEXT, NULL}, {"x", "NA"}, 2, "a missing value"},
      {{"guid", DM_TSV_TEXT, NULL}, {"1", "2"}, 0, "as numbers"}, /* beside id */
      {{"s_label", DM_TSV_TEXT, NULL}, {"a", "b"}, 0, "could not be read"},
      {{"confidence", DM_TSV_TEXT, NULL}, {"1", "2"}, 0, "could not be read"},
      {{"avg_probs", DM_TSV_BOOL, bools}, {0}, 0, "could not be read"},
      {{"x", DM_TSV_TEXT, NULL}, {"TRUE", "1"}, 0, NULL},
      {{"x", DM_TSV_TEXT, NULL}, {"007", "12e3"}, 0, NULL},
      {{"x", DM_TSV_TEXT, NULL},
       {"10000000000000000000000000000000000000000000000000000000000000000000", "1"},
       0,
       NULL},
      {{"x", DM_TSV_TEXT, NULL}, {"inf", "1"}, 0, NULL},
      {{"x", DM_TSV_TEXT, NULL}, {NULL, NULL}, 0, NULL},
      {{"label", DM_TSV_TEXT, NULL}, {"NA", "1"}, 0, NULL},
      {{"x", DM_TSV_BOOL, bools}, {0}, 0, NULL},
      {{"avg_probs", DM_TSV_DOUBLE, numbers}, {0}, 0, NULL},
  };
  dm_error err;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    dm_tsv_column columns[] = {{"id", DM_TSV_DOUBLE, numbers}, cases[i].column};
    if (columns[1].kind == DM_TSV_TEXT) {
      columns[1].data = cases[i].texts;
    }
    memset(&err, 0, sizeof err);
    if (CHECK_INT(write_as("summary", columns, 2, 2, &err),
                  cases[i].found ? DM_E_INPUT : DM_OK) &&
        cases[i].found) {
      CHECK(strstr(err.found, cases[i].found) != NULL);
      CHECK_UINT(err.line, cases[i].row);
      CHECK_STR(err.key, columns[1].name);
    }
  }
  static const char *const names[] = {"\"a", "{a", "a,b"};
  for (size_t i = 0; i < 3; i++) {
    DM_CASE("%s", names[i]);
    const dm_tsv_column columns[] = {{names[i], DM_TSV_DOUBLE, numbers},
                                     {"x", DM_TSV_DOUBLE, numbers}};
    CHECK_INT(write_as("summary", columns, 1, 2, &err), DM_E_INPUT);
    CHECK_STR(err.key, names[i]);
    CHECK_INT(write_as("summary", columns, 2, 2, &err), i < 2 ? DM_E_INPUT : DM_OK);
  }
}

static void test_styles(void) {
  const double numbers[] = {1, 2};
  const char *const texts[] = {"1", "2"};
  const dm_tsv_column columns[] = {{"id", DM_TSV_DOUBLE, numbers},
                                   {"x", DM_TSV_TEXT, texts}};
  dm_error err;
  CHECK_INT(write_as("table", columns, 2, 2, &err), DM_OK);
  check_written("id\tx\n1\t1\n2\t2\n");
  CHECK_INT(write_as("summary", columns, 2, 2, &err), DM_E_INPUT);
  CHECK_INT(write_as("summary", columns, 1, 2, &err), DM_OK);
  check_written("id\n1\n2\n");
  CHECK_INT(write_as("summery", columns, 1, 2, &err), DM_E_INPUT);
  CHECK_STR(err.found, "\"summery\"");
  check_written("id\n1\n2\n");
  /* an id or label of a table is a number as any other */
  const double labels[] = {0.5, missing_double};
  const int32_t places[] = {missing.int32, 3};
  const dm_tsv_column label = {"label", DM_TSV_DOUBLE, labels};
  CHECK_INT(write_as("table", &label, 1, 2, &err), DM_OK);
  check_written("label\n0.5\nNA\n");
  const char *const odd[] = {"a,b",        "\"", "",    "NA",
                             "two\nlines", " x", "x\t", "it's \xC3\xA9"};
  const dm_tsv_column csv[] = {{"label", DM_TSV_DOUBLE, labels},
                               {"id", DM_TSV_INT32, places},
                               {"a,\"b", DM_TSV_TEXT, odd}};
  CHECK_INT(write_as("csv", csv, 3, 2, &err), DM_OK);
  check_written("label,id,\"a,\"\"b\"\n0.5,NA,\"a,b\"\nNA,3,\"\"\"\"\n");
  CHECK_INT(write_as("csv", csv + 2, 1, 8, &err), DM_OK);
  check_written(
      "\"a,\"\"b\"\n\"a,b\"\n\"\"\"\"\n\"\"\n\"NA\"\n\"two\nlines\"\n\" x\"\n\"x\t\"\n"
      "it's \xC3\xA9\n");
  const double whole[] = {1, 2};
  const dm_tsv_column plain = {"x", DM_TSV_DOUBLE, whole};
  CHECK_INT(write_as("csv", &plain, 1, 2, &err), DM_OK);
  check_written("x\n1\n2\n");
}

int main(void) {
  missing_double = dm_double_from_bits(missing.double_bits);
  infinity = dm_double_from_bits(0x7FF0000000000000u);
  open_path();
  DM_RUN(test_not_written);
  DM_RUN(test_checked);
  DM_RUN(test_styles);
  unlink(path);
  return dm_test_end();
}
