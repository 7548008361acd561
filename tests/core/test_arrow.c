/* dm_arrow.c: values of every type, with offsets and missing ones, and arrays that can't
   be what they say. */
#include <math.h>

#include "base/dm_mem.h"
#include "dm_batches.h"
#include "number/dm_number.h"

static dm_status open_column(dm_arrow_column *c, const column *from, dm_arrow_use use,
                             int64_t first, int64_t n, dm_error *err) {
  DM_TRY(dm_arrow_column_init(c, &from->schema, use, err));
  return dm_arrow_bind(c, &from->array, first, n, err);
}

static double number_of(const dm_arrow_column *c, int64_t row) {
  dm_error err;
  double value = -1;
  bool is_given = false;
  CHECK_INT(dm_arrow_number(c, row, &value, &is_given, &err), DM_OK);
  return is_given ? value : -99;
}

/* The text of an ident, "-" for a missing one. */
static const char *ident_of(dm_arrow_column *c, int64_t row, dm_arrow_use use) {
  static char shown[64];
  dm_error err;
  dm_ident ident;
  dm_status status = dm_arrow_ident(c, row, use, &ident, &err);
  if (status) {
    return dm_status_names[status];
  }
  dm_ident_print(&ident, shown, sizeof shown);
  return ident.kind == DM_IDENT_NONE ? "-" : shown;
}

static const uint8_t second_missing[] = {0xFD}; /* of rows 0 to 7 */

static void test_numbers(void) {
  static const int8_t i8[] = {-5, 1, 127};
  static const uint8_t u8[] = {250, 1, 127};
  static const int16_t i16[] = {-300, 1, 127};
  static const uint16_t u16[] = {65535, 1, 127};
  static const int32_t i32[] = {-70000, 1, 127};
  static const uint32_t u32[] = {4000000000u, 1, 127};
  static const int64_t i64[] = {-5000000000, 1, 127};
  static const uint64_t u64[] = {UINT64_C(9007199254740992), 1, 127};
  static const uint16_t half[] = {0xC000, 0, 0x57F0};
  static const float f32[] = {-0.5f, 1, 127};
  static const double f64[] = {0.1, 1, 127};
  static const struct {
    const char *format;
    const void *values;
    double first;
  } cases[] = {{"c", i8, -5},      {"C", u8, 250},
               {"s", i16, -300},   {"S", u16, 65535},
               {"i", i32, -70000}, {"I", u32, 4e9},
               {"l", i64, -5e9},   {"L", u64, 9007199254740992.0},
               {"e", half, -2},    {"f", f32, -0.5},
               {"g", f64, 0.1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].format);
    column from;
    make_column(&from, "x", cases[i].format, 3, 2,
                (const void *[3]){second_missing, cases[i].values});
    dm_arrow_column c;
    dm_error err;
    CHECK_INT(open_column(&c, &from, DM_ARROW_AS_NUMBER, 0, 3, &err), DM_OK);
    CHECK_DOUBLE(number_of(&c, 0), cases[i].first);
    CHECK_DOUBLE(number_of(&c, 1), -99);
    CHECK_DOUBLE(number_of(&c, 2), 127);
    CHECK_STR(ident_of(&c, 1, DM_ARROW_AS_ID), "-");
    CHECK_STR(ident_of(&c, 2, DM_ARROW_AS_ID), "127");
    bool is_fraction = cases[i].first != trunc(cases[i].first);
    CHECK(is_fraction == (strcmp(ident_of(&c, 0, DM_ARROW_AS_ID), "field") == 0));
    dm_arrow_column_release(&c);
    /* the offset of the array, and that of the rows */
    from.array.length = 2;
    from.array.offset = 1;
    CHECK_INT(open_column(&c, &from, DM_ARROW_AS_NUMBER, 1, 1, &err), DM_OK);
    CHECK_DOUBLE(number_of(&c, 0), 127);
    dm_arrow_column_release(&c);
  }
}

static void test_half(void) {
  static const uint16_t halves[] = {0x0001, 0x03FF, 0x0400, 0x3C00, 0x7BFF,
                                    0x7C00, 0xFC00, 0x8000, 0x7E00};
  static const double want[] = {0x1p-24, 0x3FFp-24, 0x1p-14,   1,
                                65504,   INFINITY,  -INFINITY, -0.0};
  column from;
  dm_arrow_column c;
  dm_error err;
  make_column(&from, "x", "e", 9, 2, (const void *[3]){NULL, halves});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_NUMBER, 0, 9, &err), DM_OK);
  for (int i = 0; i < 8; i++) {
    CHECK_DOUBLE(number_of(&c, i), want[i]);
  }
  CHECK(dm_is_nan(number_of(&c, 8)));
  dm_arrow_column_release(&c);
}

static void test_idents(void) {
  static const uint64_t big[] = {UINT64_MAX, UINT64_C(1) << 63, INT64_MAX};
  static const double doubles[] = {
      9007199254740992.0, 9007199254740994.0, 0.5, NAN, INFINITY, -7};
  static const uint8_t bits[] = {2};
  column from;
  dm_arrow_column c;
  dm_error err;
  make_column(&from, "id", "L", 3, 2, (const void *[3]){NULL, big});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, 3, &err), DM_OK);
  CHECK_STR(ident_of(&c, 0, DM_ARROW_AS_ID), "18446744073709551615");
  CHECK_STR(ident_of(&c, 1, DM_ARROW_AS_ID), "9223372036854775808");
  CHECK_STR(ident_of(&c, 2, DM_ARROW_AS_ID), "9223372036854775807");
  dm_arrow_column_release(&c);

  make_column(&from, "id", "g", 6, 2, (const void *[3]){NULL, doubles});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, 6, &err), DM_OK);
  const char *const want[] = {"9007199254740992", "field", "field", "-", "field", "-7"};
  for (int i = 0; i < 6; i++) {
    CHECK_STR(ident_of(&c, i, DM_ARROW_AS_ID), want[i]);
  }
  dm_arrow_column_release(&c);

  make_column(&from, "label", "b", 2, 2, (const void *[3]){NULL, bits});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_LABEL, 0, 2, &err), DM_OK);
  CHECK_STR(ident_of(&c, 0, DM_ARROW_AS_LABEL), "0");
  CHECK_STR(ident_of(&c, 1, DM_ARROW_AS_LABEL), "1");
  CHECK_STR(ident_of(&c, 1, DM_ARROW_AS_WHOLE), "field");
  dm_arrow_column_release(&c);

  make_column(&from, "label", "n", 2, 0, NULL);
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_LABEL, 0, 2, &err), DM_OK);
  CHECK_STR(ident_of(&c, 1, DM_ARROW_AS_LABEL), "-");
  CHECK_DOUBLE(number_of(&c, 1), -99);
  dm_arrow_column_release(&c);
}

/* "a", "", "12", "longer than twelve", and no UTF-8 */
static const char letters[] = "a12longer than twelve\xFF";
static const int32_t ends[] = {0, 1, 1, 3, 21, 22};
static const int64_t large_ends[] = {0, 1, 1, 3, 21, 22};
enum { N_TEXTS = 5 };
static const char *const texts[] = {"a", "", "12", "longer than twelve", "field"};

static void make_views(char *views) {
  memset(views, 0, 16 * N_TEXTS);
  for (int i = 0; i < N_TEXTS; i++) {
    int32_t place[4] = {ends[i + 1] - ends[i], 0, 0, ends[i]};
    memcpy(views + 16 * i, place, sizeof place);
    if (place[0] <= 12) {
      memcpy(views + 16 * i + 4, letters + ends[i], (size_t)place[0]);
    }
  }
}

static void test_strings(void) {
  static char views[16 * N_TEXTS];
  static const int64_t sizes[] = {sizeof letters - 1};
  make_views(views);
  for (int kind = 0; kind < 3; kind++) {
    DM_CASE("kind %d", kind);
    const char *const formats[] = {"u", "U", "vu"};
    const void *const values[] = {ends, large_ends, views};
    column from;
    make_column(&from, "id", formats[kind], N_TEXTS, kind == 2 ? 4 : 3,
                (const void *[3]){NULL, values[kind], letters});
    from.buffers[3] = sizes;
    dm_arrow_column c;
    dm_error err;
    CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, N_TEXTS, &err), DM_OK);
    for (int i = 0; i < N_TEXTS; i++) {
      CHECK_STR(ident_of(&c, i, DM_ARROW_AS_ID), texts[i]);
    }
    CHECK_STR(ident_of(&c, 2, DM_ARROW_AS_WHOLE), "12");
    CHECK_STR(ident_of(&c, 0, DM_ARROW_AS_WHOLE), "field");
    dm_arrow_column_release(&c);
    from.array.offset = 2;
    from.array.length = 2;
    CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 1, 1, &err), DM_OK);
    CHECK_STR(ident_of(&c, 0, DM_ARROW_AS_ID), texts[3]);
    dm_arrow_column_release(&c);
  }
  static const int32_t nul_ends[] = {0, 3};
  column from;
  dm_arrow_column c;
  dm_error err;
  make_column(&from, "id", "u", 1, 3, (const void *[3]){NULL, nul_ends, "a\0b"});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, 1, &err), DM_OK);
  CHECK_STR(ident_of(&c, 0, DM_ARROW_AS_ID), "field");
  dm_arrow_column_release(&c);
}

static void test_truth(void) {
  static const char words[] = "trueTrueTRUE1falseFalseFALSE0yes";
  static const int32_t places[] = {0, 4, 8, 12, 13, 18, 23, 28, 29, 32};
  static const double doubles[] = {1, 0, NAN, 2};
  static const uint8_t bits[] = {1};
  static const int8_t codes[] = {8, 0, 4};
  column from;
  column values;
  dm_arrow_column c;
  dm_error err;
  bool is_true = false;
  bool is_given;
  make_column(&from, "correct", "u", 9, 3, (const void *[3]){NULL, places, words});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_TRUTH, 0, 9, &err), DM_OK);
  for (int i = 0; i < 8; i++) {
    CHECK_INT(dm_arrow_truth(&c, i, &is_true, &is_given, &err), DM_OK);
    CHECK(is_given && is_true == (i < 4));
  }
  CHECK_INT(dm_arrow_truth(&c, 8, &is_true, &is_given, &err), DM_E_FIELD);
  CHECK_STR(err.found, "yes");
  CHECK_STR(err.key, "correct");
  dm_arrow_column_release(&c);

  make_column(&values, "", "u", 9, 3, (const void *[3]){NULL, places, words});
  make_column(&from, "correct", "c", 3, 2, (const void *[3]){second_missing, codes});
  set_dictionary(&from, &values);
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_TRUTH, 0, 3, &err), DM_OK);
  CHECK_INT(dm_arrow_truth(&c, 0, &is_true, &is_given, &err), DM_E_FIELD);
  CHECK_INT(dm_arrow_truth(&c, 1, &is_true, &is_given, &err), DM_OK);
  CHECK(!is_given);
  CHECK_INT(dm_arrow_truth(&c, 2, &is_true, &is_given, &err), DM_OK);
  CHECK(is_given && !is_true);
  dm_arrow_column_release(&c);

  make_column(&from, "correct", "g", 4, 2, (const void *[3]){NULL, doubles});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_TRUTH, 0, 4, &err), DM_OK);
  for (int i = 0; i < 4; i++) {
    CHECK_INT(dm_arrow_truth(&c, i, &is_true, &is_given, &err),
              i == 3 ? DM_E_FIELD : DM_OK);
    CHECK(i == 3 || is_given == (i < 2));
    CHECK(i > 1 || is_true == (i == 0));
  }
  dm_arrow_column_release(&c);

  make_column(&from, "correct", "b", 2, 2, (const void *[3]){NULL, bits});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_TRUTH, 0, 2, &err), DM_OK);
  CHECK_INT(dm_arrow_truth(&c, 0, &is_true, &is_given, &err), DM_OK);
  CHECK(is_given && is_true);
  double number;
  CHECK_INT(dm_arrow_number(&c, 0, &number, &is_given, &err), DM_E_FIELD);
  dm_arrow_column_release(&c);
}

static void test_dictionaries(void) {
  static const uint8_t codes[] = {3, 2, 0, 1};
  static const uint8_t none_at_one[] = {0xFD};
  static const double doubles[] = {0.5, 1, 2, 3};
  column values;
  column from;
  dm_arrow_column c;
  dm_error err;
  make_column(&values, "", "u", 4, 3, (const void *[3]){none_at_one, ends, letters});
  make_column(&from, "label", "C", 4, 2, (const void *[3]){NULL, codes});
  set_dictionary(&from, &values);
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_LABEL, 0, 4, &err), DM_OK);
  CHECK(dm_arrow_value_type(&c) == DM_ARROW_STRING);
  const char *const want[] = {texts[3], "12", "a", "-"};
  for (int i = 0; i < 4; i++) {
    CHECK_STR(ident_of(&c, i, DM_ARROW_AS_LABEL), want[i]);
  }
  dm_arrow_column_release(&c);
  values.array.length = 3; /* which index 3 is beyond */
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_LABEL, 0, 4, &err), DM_OK);
  CHECK_STR(ident_of(&c, 0, DM_ARROW_AS_LABEL), "io");
  dm_arrow_column_release(&c);

  make_column(&values, "", "g", 4, 2, (const void *[3]){none_at_one, doubles});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_NUMBER, 0, 4, &err), DM_OK);
  CHECK_DOUBLE(number_of(&c, 0), 3);
  CHECK_DOUBLE(number_of(&c, 3), -99);
  dm_arrow_column_release(&c);
  values.array.offset = 1; /* the dictionary may be a part of an array as well */
  values.array.length = 3;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_NUMBER, 0, 4, &err), DM_OK);
  CHECK_DOUBLE(number_of(&c, 1), 3);
  CHECK_DOUBLE(number_of(&c, 2), -99);
  CHECK_DOUBLE(number_of(&c, 3), 2);
  dm_arrow_column_release(&c);
  from.array.dictionary = NULL;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_NUMBER, 0, 4, &err), DM_E_IO);
  dm_arrow_column_release(&c);
  from.schema.format = "g"; /* no type of indexes */
  CHECK_INT(dm_arrow_column_init(&c, &from.schema, DM_ARROW_AS_NUMBER, &err), DM_E_IO);
  dm_arrow_column_release(&c);
}

/* The vector of a row as "0.5 NaN", "-" for none. */
static const char *vector_of(const dm_arrow_column *c, int64_t row,
                             const int32_t *order) {
  static char shown[128];
  dm_arrow_vector v = {0};
  dm_error err;
  dm_status status = dm_arrow_read_vector(c, row, order, &v, &err);
  size_t at = 0;
  shown[0] = '\0';
  for (size_t k = 0; !status && k < v.n; k++) {
    const char *space = k ? " " : "";
    int n = dm_is_nan(v.values[k])
                ? snprintf(shown + at, sizeof shown - at, "%sNaN", space)
                : snprintf(shown + at, sizeof shown - at, "%s%g", space, v.values[k]);
    at += (size_t)n;
  }
  CHECK(status || (v.values == NULL) == (v.n == 0));
  dm_free(v.room);
  return status ? dm_status_names[status] : v.n ? shown : "-";
}

static void test_vectors(void) {
  static const double doubles[] = {0, 1, 2, 3, 4, 5, 6, 7};
  static const float floats[] = {0, 1, 2, 3, 4, 5, 6, 7};
  static const uint8_t some[] = {0x9B}; /* all but 2, 5, 6 */
  static const int32_t list_ends[] = {0, 2, 2, 4, 7, 8, 8};
  static const int64_t large_list_ends[] = {0, 2, 2, 4, 7, 8, 8};
  column items;
  column from;
  dm_arrow_column c;
  dm_error err;
  for (int kind = 0; kind < 2; kind++) {
    DM_CASE("kind %d", kind);
    make_column(&items, "item", "g", 8, 2, (const void *[3]){NULL, doubles});
    make_column(&from, "probs", kind ? "+L" : "+l", 5, 2,
                (const void *[3]){second_missing,
                                  kind ? (const void *)large_list_ends : list_ends});
    add_child(&from, &items);
    CHECK_INT(open_column(&c, &from, DM_ARROW_AS_VECTOR, 0, 5, &err), DM_OK);
    CHECK_STR(vector_of(&c, 0, NULL), "0 1");
    CHECK_STR(vector_of(&c, 1, NULL), "-");
    CHECK_STR(vector_of(&c, 3, NULL), "4 5 6");
    dm_arrow_column_release(&c);
    /* missing items, and the offset of the items */
    make_column(&items, "item", "f", 8, 2, (const void *[3]){some, floats});
    CHECK_INT(open_column(&c, &from, DM_ARROW_AS_VECTOR, 2, 3, &err), DM_OK);
    CHECK_STR(vector_of(&c, 0, NULL), "NaN 3");
    CHECK_STR(vector_of(&c, 1, NULL), "4 NaN NaN");
    CHECK_STR(vector_of(&c, 2, NULL), "7");
    dm_arrow_column_release(&c);
  }
  make_column(&items, "item", "g", 7, 2, (const void *[3]){some, doubles});
  items.array.offset = 1;
  make_column(&from, "probs", "+w:2", 3, 1, (const void *[3]){second_missing});
  add_child(&from, &items);
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_VECTOR, 0, 3, &err), DM_OK);
  CHECK_STR(vector_of(&c, 0, NULL), "1"); /* as long as the longest */
  CHECK_STR(vector_of(&c, 1, NULL), "-");
  CHECK_STR(vector_of(&c, 2, NULL), "-");
  dm_arrow_column_release(&c);
  from.array.length = 4;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_VECTOR, 0, 4, &err), DM_E_IO);
  dm_arrow_column_release(&c);
}

static void test_structs(void) {
  static const double a[] = {9, 0.25, 0.5};
  static const double b[] = {9, 0.75, 0.5};
  static const uint8_t third_missing[] = {0xFB};
  column parts[2];
  column from;
  dm_arrow_column c;
  dm_error err;
  make_column(&parts[0], "a", "g", 3, 2, (const void *[3]){third_missing, a});
  make_column(&parts[1], "b", "g", 3, 2, (const void *[3]){NULL, b});
  make_column(&from, "probs", "+s", 2, 1, NULL);
  add_child(&from, &parts[0]);
  add_child(&from, &parts[1]);
  from.array.offset = 1;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_VECTOR, 0, 2, &err), DM_OK);
  const int32_t turned[] = {1, 0};
  CHECK_STR(vector_of(&c, 0, turned), "0.75 0.25");
  CHECK_STR(vector_of(&c, 1, turned), "0.5");
  CHECK_STR(vector_of(&c, 1, NULL), "NaN 0.5");
  dm_arrow_column_release(&c);
  /* the same as columns of a table */
  const int32_t at[] = {1, 0};
  CHECK_INT(dm_arrow_columns_init(&c, &from.schema, at, 2, &err), DM_OK);
  CHECK_INT(dm_arrow_columns_bind(&c, &from.array, at, &err), DM_OK);
  CHECK_STR(vector_of(&c, 0, NULL), "0.75 0.25");
  dm_arrow_column_release(&c);
}

/* Types that a use can't have are named. */
static void test_types(void) {
  static const struct {
    const char *format;
    const char *item; /* NULL: no list */
    dm_arrow_use use;
    const char *found;
  } cases[] = {
      {"tsu:", NULL, DM_ARROW_AS_ID, "timestamp"},
      {"tdD", NULL, DM_ARROW_AS_NUMBER, "date"},
      {"d:38,2", NULL, DM_ARROW_AS_NUMBER, "decimal"},
      {"z", NULL, DM_ARROW_AS_ID, "binary"},
      {"+m", NULL, DM_ARROW_AS_VECTOR, "map"},
      {"+vl", NULL, DM_ARROW_AS_VECTOR, "list view"},
      {"+w:-1", NULL, DM_ARROW_AS_VECTOR, "another"},
      {"+w:111111111111111111111", NULL, DM_ARROW_AS_VECTOR, "another"},
      {"x", NULL, DM_ARROW_AS_TRUTH, "another"},
      {"", NULL, DM_ARROW_AS_TRUTH, "another"},
      {"u", NULL, DM_ARROW_AS_NUMBER, "string"},
      {"u", NULL, DM_ARROW_AS_WHOLE, "string"},
      {"b", NULL, DM_ARROW_AS_ID, "boolean"},
      {"g", NULL, DM_ARROW_AS_VECTOR, "double"},
      {"+s", NULL, DM_ARROW_AS_ID, "struct"},
      {"+l", "u", DM_ARROW_AS_VECTOR, "list of string"},
      {"+w:2", "tsu:", DM_ARROW_AS_VECTOR, "list of timestamp"},
      {"+l", "g", DM_ARROW_AS_NUMBER, "list of double"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].format);
    column from;
    column item;
    make_column(&from, "x", cases[i].format, 0, 2, NULL);
    if (cases[i].item) {
      make_column(&item, "item", cases[i].item, 0, 2, NULL);
      add_child(&from, &item);
    }
    dm_arrow_column c;
    dm_error err;
    CHECK_INT(dm_arrow_column_init(&c, &from.schema, cases[i].use, &err), DM_E_FIELD);
    char want[80];
    snprintf(want, sizeof want, "one of the Arrow type %s", cases[i].found);
    CHECK_STR(err.found, want);
    CHECK_STR(err.key, "x");
    dm_arrow_column_release(&c);
  }
}

/* What no array and no schema can say. */
static void test_malformed(void) {
  static const double doubles[] = {0, 1, 2, 3};
  static const int32_t falling[] = {0, 3, 1, 3};
  static const int32_t negative[] = {0, 1, 2, -3};
  static char views[2][16];
  static const int64_t sizes[] = {5};
  column from;
  column item;
  dm_arrow_column c;
  dm_error err;
  const struct {
    int64_t length, offset, n_buffers, first, n;
    bool has_values;
  } cases[] = {
      {-1, 0, 2, 0, 0, true},        {3, -1, 2, 0, 3, true}, {3, 0, 3, 0, 3, true},
      {3, 0, 1, 0, 3, true},         {3, 0, 2, 2, 2, true},  {3, 0, 2, 4, 0, true},
      {INT64_MAX, 1, 2, 0, 3, true}, {3, 0, 2, 0, 3, false}, {3, 0, 2, -1, 3, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    make_column(&from, "x", "g", cases[i].length, cases[i].n_buffers,
                (const void *[3]){NULL, cases[i].has_values ? doubles : NULL});
    from.array.offset = cases[i].offset;
    CHECK_INT(
        open_column(&c, &from, DM_ARROW_AS_NUMBER, cases[i].first, cases[i].n, &err),
        DM_E_IO);
    CHECK_STR(err.key, "x");
    dm_arrow_column_release(&c);
  }
  DM_CASE("released");
  make_column(&from, "x", "g", 3, 2, (const void *[3]){NULL, doubles});
  from.array.release = NULL;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_NUMBER, 0, 3, &err), DM_E_IO);
  dm_arrow_column_release(&c);
  DM_CASE("no buffers");
  make_column(&from, "x", "g", 3, 2, (const void *[3]){NULL, doubles});
  from.array.buffers = NULL;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_NUMBER, 0, 3, &err), DM_E_IO);
  dm_arrow_column_release(&c);

  DM_CASE("offsets");
  make_column(&from, "x", "u", 3, 3, (const void *[3]){NULL, falling, "abc"});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, 3, &err), DM_OK);
  CHECK_STR(ident_of(&c, 0, DM_ARROW_AS_ID), "abc");
  CHECK_STR(ident_of(&c, 1, DM_ARROW_AS_ID), "io");
  dm_arrow_column_release(&c);
  make_column(&from, "x", "u", 3, 3, (const void *[3]){NULL, negative, "abc"});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, 3, &err), DM_E_IO);
  dm_arrow_column_release(&c);
  make_column(&from, "x", "u", 3, 3, (const void *[3]){NULL, falling});
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, 3, &err), DM_E_IO);
  dm_arrow_column_release(&c);

  DM_CASE("views");
  for (int i = 0; i < 5; i++) {
    const int32_t places[][4] = {
        {-1, 0, 0, 0}, {13, 0, 1, 0}, {13, 0, -1, 0}, {13, 0, 0, 0}, {13, 0, 0, -1}};
    memcpy(views[0], places[i], sizeof places[i]);
    make_column(&from, "x", "vu", 1, 4, (const void *[3]){NULL, views, "abcde"});
    from.buffers[3] = sizes;
    CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, 1, &err), DM_OK);
    CHECK_STR(ident_of(&c, 0, DM_ARROW_AS_ID), "io");
    dm_arrow_column_release(&c);
  }
  from.buffers[3] = NULL;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_ID, 0, 1, &err), DM_E_IO);
  dm_arrow_column_release(&c);

  DM_CASE("lists");
  make_column(&item, "item", "g", 2, 2, (const void *[3]){NULL, doubles});
  make_column(&from, "x", "+l", 3, 2, (const void *[3]){NULL, falling});
  add_child(&from, &item);
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_VECTOR, 0, 3, &err), DM_E_IO);
  dm_arrow_column_release(&c);
  item.array.length = 3;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_VECTOR, 0, 3, &err), DM_OK);
  CHECK_STR(vector_of(&c, 0, NULL), "0 1 2");
  CHECK_STR(vector_of(&c, 1, NULL), "io");
  dm_arrow_column_release(&c);
  from.array.n_children = 0;
  CHECK_INT(open_column(&c, &from, DM_ARROW_AS_VECTOR, 0, 3, &err), DM_E_IO);
  dm_arrow_column_release(&c);

  DM_CASE("schemas");
  make_column(&from, "x", "+l", 3, 2, (const void *[3]){NULL, falling});
  CHECK_INT(dm_arrow_column_init(&c, &from.schema, DM_ARROW_AS_VECTOR, &err), DM_E_IO);
  dm_arrow_column_release(&c);
  from.schema.n_children = 1;
  CHECK_INT(dm_arrow_column_init(&c, &from.schema, DM_ARROW_AS_VECTOR, &err), DM_E_IO);
  from.schema.children = from.child_schemas;
  CHECK_INT(dm_arrow_column_init(&c, &from.schema, DM_ARROW_AS_VECTOR, &err), DM_E_IO);
  add_child(&from, &item);
  item.schema.format = NULL;
  from.schema.n_children = 1;
  from.child_schemas[0] = &item.schema;
  CHECK_INT(dm_arrow_column_init(&c, &from.schema, DM_ARROW_AS_VECTOR, &err), DM_E_IO);
  dm_arrow_column_release(&c);
}

int main(void) {
  DM_RUN(test_numbers);
  DM_RUN(test_half);
  DM_RUN(test_idents);
  DM_RUN(test_strings);
  DM_RUN(test_truth);
  DM_RUN(test_dictionaries);
  DM_RUN(test_vectors);
  DM_RUN(test_structs);
  DM_RUN(test_types);
  DM_RUN(test_malformed);
  return dm_test_end();
}
