/* dm_ident: which texts are integers, which idents are the same, how they are shown. */
#include <stdlib.h>

#include "dm_test.h"
#include "signals/dm_ident.h"

static void test_ident_from_text(void) {
  static const struct {
    const char *text;
    bool is_integer;
    int64_t value;
  } cases[] = {
      {"0", true, 0},
      {"7", true, 7},
      {"-7", true, -7},
      {"10", true, 10},
      {"4734364254410", true, INT64_C(4734364254410)},
      {"9223372036854775807", true, INT64_MAX},
      {"-9223372036854775808", true, INT64_MIN},
      {"9223372036854775808", false, 0},
      {"-9223372036854775809", false, 0},
      {"99999999999999999999", false, 0},
      {"100000000000000000000000000", false, 0},
      {"", false, 0},
      {"-", false, 0},
      {"-0", false, 0},
      {"00", false, 0},
      {"07", false, 0},
      {"-07", false, 0},
      {"+7", false, 0},
      {" 7", false, 0},
      {"7 ", false, 0},
      {"7.0", false, 0},
      {"7e0", false, 0},
      {"1_000", false, 0},
      {"0x7", false, 0},
      {"seven", false, 0},
      {"NA", false, 0},
      {"7\xC3\xA9", false, 0},
      {"\xEF\xBC\x97", false, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("\"%s\"", cases[i].text);
    size_t len = strlen(cases[i].text);
    char *exact = malloc(len + !len); /* no byte behind it */
    memcpy(exact, cases[i].text, len);
    dm_ident ident = dm_ident_from_text(exact, len);
    if (cases[i].is_integer) {
      CHECK_INT(ident.kind, DM_IDENT_INT_TEXT);
      CHECK_INT(ident.value, cases[i].value);
      dm_ident same = dm_ident_from_int(cases[i].value);
      CHECK(dm_ident_equal(&ident, &same) && dm_ident_equal(&same, &ident));
      dm_ident other = dm_ident_from_int(cases[i].value ^ 1);
      CHECK(!dm_ident_equal(&ident, &other));
    } else {
      CHECK_INT(ident.kind, DM_IDENT_TEXT);
      CHECK_BYTES(ident.text, ident.len, exact, len);
      dm_ident number = dm_ident_from_int(0);
      CHECK(!dm_ident_equal(&ident, &number) && !dm_ident_equal(&number, &ident));
      dm_ident same = {.kind = DM_IDENT_BIG, .text = cases[i].text, .len = len};
      CHECK(dm_ident_equal(&ident, &same));
      dm_ident longer = {.kind = DM_IDENT_TEXT, .text = cases[i].text, .len = len + 1};
      CHECK(!dm_ident_equal(&ident, &longer));
    }
    free(exact);
  }
  CHECK_INT(dm_ident_from_text("7\0", 2).kind, DM_IDENT_TEXT);
}

static void test_ident_print(void) {
  char out[32];
  dm_ident ident = dm_ident_from_int(INT64_MIN);
  dm_ident_print(&ident, out, sizeof out);
  CHECK_STR(out, "-9223372036854775808");
  ident = dm_ident_from_text("a\n\xFF", 3);
  dm_ident_print(&ident, out, sizeof out);
  CHECK_STR(out, "a\\x0A\\xFF");
  ident = dm_ident_from_text("a name that is much longer than the room for it", 47);
  dm_ident_print(&ident, out, sizeof out);
  CHECK_STR(out, "a name that is much longer t...");
}

/* Computed by another program. States of shares made elsewhere, and earlier, must fit. */
static void test_ident_hash(void) {
  static const struct {
    dm_ident ident;
    uint64_t want;
  } cases[] = {
      {{.kind = DM_IDENT_INT, .value = 0}, 0},
      {{.kind = DM_IDENT_INT, .value = 1}, UINT64_C(0x5692161D100B05E5)},
      {{.kind = DM_IDENT_INT_TEXT, .value = 1}, UINT64_C(0x5692161D100B05E5)},
      {{.kind = DM_IDENT_INT, .value = -7}, UINT64_C(0xDB9C3218F1ACF6F3)},
      {{.kind = DM_IDENT_INT, .value = INT64_C(4734364254410)},
       UINT64_C(0x66E0FEC1C05284AF)},
      {{.kind = DM_IDENT_TEXT, .text = "", .len = 0}, UINT64_C(0xF52A15E9A9B5E89B)},
      {{.kind = DM_IDENT_TEXT, .text = "a", .len = 1}, UINT64_C(0x02C0BDBF481420F8)},
      {{.kind = DM_IDENT_TEXT, .text = "\xC3\xA9", .len = 2},
       UINT64_C(0x233403617480019E)},
      {{.kind = DM_IDENT_TEXT, .text = "07", .len = 2}, UINT64_C(0xAFF04D04746F417A)},
      {{.kind = DM_IDENT_BIG, .text = "9223372036854775808", .len = 19},
       UINT64_C(0x466641A8F7C08C78)},
      {{.kind = DM_IDENT_TEXT, .text = "9223372036854775808", .len = 19},
       UINT64_C(0x466641A8F7C08C78)},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    CHECK_UINT(dm_ident_hash(&cases[i].ident), cases[i].want);
  }
}

int main(void) {
  DM_RUN(test_ident_from_text);
  DM_RUN(test_ident_hash);
  DM_RUN(test_ident_print);
  return dm_test_end();
}
