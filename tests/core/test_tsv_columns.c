/* dm_tsv_columns.c: what a column is called decides what it may hold; which texts are
   numbers; tables in the making. */
#include "dm_test.h"
#include "files/dm_tsv_columns.h"
#include "number/dm_format.h"
#include "number/dm_number.h"

static void test_rules(void) {
  static const struct {
    const char *name;
    dm_tsv_rule want;
  } cases[] = {{"id", DM_TSV_ID},
               {"guid", DM_TSV_ID},
               {"label", DM_TSV_ID},
               {"s_label", DM_TSV_COUNT},
               {"correct_times", DM_TSV_COUNT},
               {"evaluations", DM_TSV_COUNT},
               {"avg_probs", DM_TSV_REAL},
               {"confidence", DM_TSV_REAL},
               {"correct_ratio", DM_TSV_REAL},
               {"ID", DM_TSV_ANY},
               {"ids", DM_TSV_ANY},
               {"", DM_TSV_ANY},
               {"aum", DM_TSV_ANY}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].name);
    CHECK_INT(dm_tsv_rule_of(cases[i].name), cases[i].want);
  }
  CHECK(dm_tsv_gives_way("guid", "id"));
  CHECK(!dm_tsv_gives_way("id", "guid"));
  CHECK(dm_tsv_gives_way("confidence", "avg_probs"));
  CHECK(!dm_tsv_gives_way("confidence", "id"));
  CHECK(!dm_tsv_gives_way("x", "x"));
}

static bool is_number(const char *text) {
  char padded[64 + DM_NUMBER_PAD] = "";
  size_t len = strlen(text);
  memcpy(padded, text, len);
  padded[len] = '\t';
  return dm_tsv_is_number(padded, len);
}

static void test_numbers(void) {
  static const char *const numbers[] = {
      "0",   "7",   "-3",  "1.5",  "-0.25", "1e-05",    "1e+300",
      "1e5", "NaN", "Inf", "-Inf", "1.0",   "100000.0", "123456789012"};
  static const char *const texts[] = {
      "",      "007", "12e3", "1.50",  "inf",
      "+1",    ".5",  "5.",   "1e",    "0x1",
      "1E-05", "1 ",  " 1",   "1,5",   "--1",
      "a1",    "NA",  "TRUE", "1.5.2", "0.1000000000000000055511151231257827"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    DM_CASE("%s", numbers[i]);
    CHECK(is_number(numbers[i]));
  }
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    DM_CASE("%s", texts[i]);
    CHECK(!is_number(texts[i]));
  }
  uint64_t bits = 88172645463325252u; /* what this package writes is one */
  for (int i = 0; i < 20000; i++) {
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    char text[64] = "";
    size_t len = dm_format_double(dm_double_from_bits(bits), text);
    text[len] = '\0';
    DM_CASE("%s", text);
    if (!is_number(text)) {
      FAIL("%s is no number", text);
    }
  }
  CHECK(dm_tsv_is_bool("TRUE", 4) && dm_tsv_is_bool("FALSE", 5));
  CHECK(!dm_tsv_is_bool("true", 4) && !dm_tsv_is_bool("TRUE", 3));
  CHECK(!dm_tsv_is_bool("T", 1) && !dm_tsv_is_bool("", 0));
}

static void test_int32(void) {
  static const struct {
    const char *text;
    int64_t want; /* -77: not taken */
  } cases[] = {{"0", 0},
               {"42", 42},
               {"-5", -5},
               {"2147483647", 2147483647},
               {"-2147483647", -2147483647},
               {"2147483648", -77},
               {"-2147483648", -77},
               {"99999999999", -77},
               {"007", -77},
               {"-0", -77},
               {"", -77},
               {"1.0", -77},
               {"+1", -77},
               {"1a", -77},
               {"-", -77}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int is_last = 0; is_last < 2; is_last++) {
      DM_CASE("%s, %d", cases[i].text, is_last);
      char padded[64] = "";
      size_t len = strlen(cases[i].text);
      memcpy(padded, cases[i].text, len);
      padded[len] = is_last ? '\n' : '\t';
      int32_t got = -77;
      const char *end = dm_tsv_take_int32(padded, '\t', &got);
      if (cases[i].want == -77) {
        CHECK(end == NULL);
      } else {
        CHECK(end == padded + len);
        CHECK_INT(got, cases[i].want);
      }
    }
  }
}

/* Columns by name, and rows as their columns want them. */
static void test_table(void) {
  dm_tsv_table table = {.missing = {.int32 = INT32_MIN}, .line_start = "line"};
  dm_error err;
  CHECK_INT(dm_tsv_add_column(&table, "id", 2, table.line_start, &err), DM_OK);
  CHECK_INT(dm_tsv_add_column(&table, "x", 1, table.line_start, &err), DM_OK);
  CHECK_INT(dm_tsv_add_column(&table, "x", 1, table.line_start + 1, &err), DM_E_FIELD);
  CHECK_UINT(err.column, 2);
  CHECK_UINT(table.n_columns, 2);
  CHECK_UINT(dm_tsv_find(&table, "x", 1), 1);
  CHECK_UINT(dm_tsv_find(&table, "i", 1), 2);
  CHECK_INT(dm_tsv_grow(&table, &err), DM_OK);
  CHECK(table.cap_rows >= 1);
  const char digits[64] = "7\t";
  const dm_tsv_field seven = {
      .form = DM_TSV_AS_READ, .text = digits, .len = 1, .at = table.line_start};
  CHECK_INT(dm_tsv_add(&table, &table.columns[0], &seven, &err), DM_OK);
  CHECK_UINT(table.columns[0].n, 1);
  CHECK_INT(table.columns[0].kind, DM_TSV_INT32);
  const dm_tsv_field none = {.form = DM_TSV_AS_NULL, .at = table.line_start};
  CHECK_INT(dm_tsv_add(&table, &table.columns[1], &none, &err), DM_OK);
  dm_tsv_table *made = dm_malloc(sizeof *made); /* as a reader's own */
  *made = table;
  dm_tsv_release(made);
}

int main(void) {
  DM_RUN(test_rules);
  DM_RUN(test_numbers);
  DM_RUN(test_int32);
  DM_RUN(test_table);
  return dm_test_end();
}
