/* dm_arrow_type.c: formats, and what they are called. */
#include "dm_test.h"
#include "signals/dm_arrow_type.h"

static void test_formats(void) {
  static const struct {
    const char *format;
    dm_arrow_type type;
    const char *name;
    int64_t width;
  } cases[] = {
      {"n", DM_ARROW_NULL, "null", -1},
      {"b", DM_ARROW_BOOL, "boolean", -1},
      {"e", DM_ARROW_HALF, "half float", -1},
      {"U", DM_ARROW_LARGE_STRING, "large string", -1},
      {"vu", DM_ARROW_STRING_VIEW, "string view", -1},
      {"+l", DM_ARROW_LIST, "list", -1},
      {"+L", DM_ARROW_LARGE_LIST, "large list", -1},
      {"+s", DM_ARROW_STRUCT, "struct", -1},
      {"+w:12", DM_ARROW_FIXED_LIST, "fixed-size list", 12},
      {"+w:0", DM_ARROW_FIXED_LIST, "fixed-size list", 0},
      {"tdD", DM_ARROW_OTHER, "date", -1},
      {"vz", DM_ARROW_OTHER, "binary view", -1},
      {"+vL", DM_ARROW_OTHER, "large list view", -1},
      {"ng", DM_ARROW_OTHER, "another", -1},
      {"", DM_ARROW_OTHER, "another", -1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].format);
    int64_t width = -1;
    dm_arrow_type type = dm_arrow_type_of(cases[i].format, &width);
    CHECK_INT((int)type, (int)cases[i].type);
    CHECK_STR(dm_arrow_type_name(type, cases[i].format), cases[i].name);
    CHECK_INT(width, cases[i].width);
  }
}

static void test_widths(void) {
  static const char *const none[] = {"+w:",
                                     "+w:-1",
                                     "+w:x",
                                     "+w:1x",
                                     "+w:99999999999999999999",
                                     "+w:999999999999999999999"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    DM_CASE("%s", none[i]);
    int64_t width;
    CHECK(dm_arrow_type_of(none[i], &width) == DM_ARROW_OTHER);
  }
}

int main(void) {
  DM_RUN(test_formats);
  DM_RUN(test_widths);
  return dm_test_end();
}
