/* What an array says of itself is all that can be known of it: the lengths of its buffers
   are not handed over. So counts and pointers are checked once a batch, and offsets and
   indexes against each other where a value is read. */
#include "signals/dm_arrow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dm_grow.h"
#include "base/dm_text.h"
#include "number/dm_format.h"
#include "number/dm_number.h"

static const double EXACT = 9007199254740992.0; /* 2^53 */

/* --- errors --- */

static dm_status column_error(const dm_arrow_column *column, dm_status status,
                              const char *expected, dm_error *err) {
  dm_error_expected(err, status, "%s", expected);
  dm_error_key(err, column->name, strlen(column->name));
  return status;
}

static dm_status broken(const dm_arrow_column *column, const char *expected,
                        const char *found, dm_error *err) {
  column_error(column, DM_E_IO, expected, err);
  dm_error_found(err, "%s", found);
  return DM_E_IO;
}

static const char *const expected_of[] = {
    [DM_ARROW_AS_ID] = "a column of integers or strings",
    [DM_ARROW_AS_LABEL] = "a column of integers, strings or booleans",
    [DM_ARROW_AS_WHOLE] = "a column of integers",
    [DM_ARROW_AS_NUMBER] = "a column of numbers",
    [DM_ARROW_AS_TRUTH] =
        "a column of booleans, of 0 and 1, or of \"true\" and \"false\"",
    [DM_ARROW_AS_VECTOR] = "lists of numbers, or a column of numbers for each class",
};

/* --- describing --- */

static bool fits(const dm_arrow_column *column, dm_arrow_use use) {
  dm_arrow_type type = dm_arrow_value_type(column);
  if (type == DM_ARROW_NULL) {
    return true;
  }
  switch (use) {
    case DM_ARROW_AS_ID:
      return dm_arrow_is_number(type) || dm_arrow_is_string(type);
    case DM_ARROW_AS_LABEL:
    case DM_ARROW_AS_TRUTH:
      return dm_arrow_is_number(type) || dm_arrow_is_string(type) ||
             type == DM_ARROW_BOOL;
    case DM_ARROW_AS_WHOLE:
      return dm_arrow_is_number(type) || type == DM_ARROW_BOOL ||
             (column->is_dictionary && dm_arrow_is_string(type));
    case DM_ARROW_AS_NUMBER:
      return dm_arrow_is_number(type) || type == DM_ARROW_BOOL;
    case DM_ARROW_AS_VECTOR:
      break;
  }
  if (column->is_dictionary || type < DM_ARROW_LIST) {
    return false;
  }
  for (size_t k = 0; k < column->n_parts; k++) {
    if (!fits(&column->parts[k], DM_ARROW_AS_NUMBER)) {
      return false;
    }
  }
  return true;
}

static dm_status make_parts(dm_arrow_column *column, size_t n, dm_error *err) {
  column->parts = dm_calloc(n ? n : 1, sizeof *column->parts);
  if (!column->parts) {
    return dm_error_memory(err);
  }
  column->n_parts = n;
  return DM_OK;
}

/* A schema has a format and children as many as it says. */
static bool is_schema(const dm_arrow_schema *schema) {
  if (!schema || !schema->release || !schema->format || schema->n_children < 0 ||
      (schema->n_children > 0 && !schema->children)) {
    return false;
  }
  for (int64_t k = 0; k < schema->n_children; k++) {
    if (!schema->children[k]) {
      return false;
    }
  }
  return true;
}

static dm_status no_schema(const dm_arrow_column *column, dm_error *err) {
  return broken(column, "a schema of columns with names", "a broken one", err);
}

/* One level: parts have no parts. */
static dm_status describe_flat(dm_arrow_column *column, const dm_arrow_schema *schema,
                               const char *name, dm_error *err) {
  column->name = name;
  if (!is_schema(schema)) {
    return no_schema(column, err);
  }
  column->type = schema->dictionary ? DM_ARROW_OTHER
                                    : dm_arrow_type_of(schema->format, &column->width);
  return DM_OK;
}

static dm_status describe(dm_arrow_column *column, const dm_arrow_schema *schema,
                          dm_error *err) {
  column->name = "";
  if (!is_schema(schema)) {
    return no_schema(column, err);
  }
  column->name = schema->name ? schema->name : "";
  column->type = dm_arrow_type_of(schema->format, &column->width);
  if (schema->dictionary) {
    if (column->type < DM_ARROW_INT8 || column->type > DM_ARROW_UINT64) {
      return no_schema(column, err);
    }
    column->is_dictionary = true;
    DM_TRY(make_parts(column, 1, err));
    return describe_flat(&column->parts[0], schema->dictionary, column->name, err);
  }
  if (column->type < DM_ARROW_LIST) {
    return DM_OK;
  }
  if (column->type != DM_ARROW_STRUCT && schema->n_children != 1) {
    return no_schema(column, err);
  }
  DM_TRY(make_parts(column, (size_t)schema->n_children, err));
  for (size_t k = 0; k < column->n_parts; k++) {
    DM_TRY(describe_flat(&column->parts[k], schema->children[k], column->name, err));
  }
  return DM_OK;
}

dm_status dm_arrow_column_init(dm_arrow_column *column, const dm_arrow_schema *schema,
                               dm_arrow_use use, dm_error *err) {
  *column = (dm_arrow_column){0};
  DM_TRY(describe(column, schema, err));
  if (fits(column, use)) {
    return DM_OK;
  }
  column_error(column, DM_E_FIELD, expected_of[use], err);
  bool is_list = column->type >= DM_ARROW_LIST && column->type < DM_ARROW_STRUCT;
  const dm_arrow_schema *value = schema->dictionary ? schema->dictionary
                                 : is_list          ? schema->children[0]
                                                    : schema;
  dm_arrow_type type =
      schema->dictionary || is_list ? column->parts[0].type : column->type;
  const char *name = dm_arrow_type_name(type, value->format);
  dm_error_found(err, "one of the Arrow type %s%s",
                 schema->dictionary ? "dictionary of "
                 : is_list          ? "list of "
                                    : "",
                 name);
  dm_error_advice(err, "cast the column to such a type, or leave it out");
  return DM_E_FIELD;
}

dm_status dm_arrow_columns_init(dm_arrow_column *column, const dm_arrow_schema *schema,
                                const int32_t *at, size_t n, dm_error *err) {
  *column = (dm_arrow_column){.name = "", .type = DM_ARROW_STRUCT};
  DM_TRY(make_parts(column, n, err));
  for (size_t k = 0; k < n; k++) {
    DM_TRY(dm_arrow_column_init(&column->parts[k], schema->children[at[k]],
                                DM_ARROW_AS_NUMBER, err));
  }
  return DM_OK;
}

void dm_arrow_column_release(dm_arrow_column *column) {
  for (size_t k = 0; k < column->n_parts; k++) {
    dm_arrow_column_release(&column->parts[k]);
  }
  dm_free(column->parts);
  *column = (dm_arrow_column){0};
}

/* --- the arrays of a batch --- */

static bool is_offset(int64_t value, int64_t before, int64_t most) {
  return value >= before && value <= most;
}

static int64_t offset_at(const dm_arrow_column *column, int64_t at) {
  bool is_large =
      column->type == DM_ARROW_LARGE_STRING || column->type == DM_ARROW_LARGE_LIST;
  return is_large ? ((const int64_t *)column->values)[at]
                  : ((const int32_t *)column->values)[at];
}

static int64_t buffers_of(dm_arrow_type type) {
  switch (type) {
    case DM_ARROW_OTHER:
    case DM_ARROW_NULL:
      return 0;
    case DM_ARROW_STRING:
    case DM_ARROW_LARGE_STRING:
    case DM_ARROW_STRING_VIEW: /* at least */
      return 3;
    case DM_ARROW_FIXED_LIST:
    case DM_ARROW_STRUCT:
      return 1;
    default:
      return 2;
  }
}

/* Buffers of strings and lists. */
static dm_status bind_buffers(dm_arrow_column *column, const dm_arrow_array *array,
                              dm_error *err) {
  int64_t n = column->length;
  if (column->type == DM_ARROW_STRING_VIEW) {
    column->n_views = array->n_buffers - 3;
    column->views = array->buffers + 2;
    column->view_sizes = array->buffers[array->n_buffers - 1];
    if (column->n_views > 0 && !column->view_sizes) {
      return broken(column, "the sizes of its buffers", "none", err);
    }
    return DM_OK;
  }
  bool has_offsets = dm_arrow_is_string(column->type) || column->type == DM_ARROW_LIST ||
                     column->type == DM_ARROW_LARGE_LIST;
  if (!has_offsets || n == 0) {
    return DM_OK;
  }
  column->n_bytes = offset_at(column, column->offset + n);
  if (!is_offset(column->n_bytes, 0, INT64_MAX)) {
    return broken(column, "offsets that ascend from 0", "a negative one", err);
  }
  if (dm_arrow_is_string(column->type)) {
    column->bytes = array->buffers[2];
    if (column->n_bytes > 0 && !column->bytes) {
      return broken(column, "a buffer of text", "none", err);
    }
  }
  return DM_OK;
}

dm_status dm_arrow_bind(dm_arrow_column *column, const dm_arrow_array *array,
                        int64_t first, int64_t n, dm_error *err) {
  if (!array || !array->release) {
    return broken(column, "an array for each column", "none", err);
  }
  if (array->length < 0 || array->offset < 0 || first < 0 || n < 0 ||
      array->length > INT64_MAX - 1 - array->offset) {
    return broken(column, "lengths and offsets from 0", "a negative or too large one",
                  err);
  }
  if (first > array->length || n > array->length - first) {
    return broken(column, "a value for each row", "fewer", err);
  }
  int64_t n_buffers = buffers_of(column->type);
  bool is_enough = column->type == DM_ARROW_STRING_VIEW ? array->n_buffers >= n_buffers
                                                        : array->n_buffers == n_buffers;
  if (column->type != DM_ARROW_NULL && (!is_enough || !array->buffers)) {
    return broken(column, "the buffers of its type", "another number of them", err);
  }
  column->offset = array->offset + first;
  column->length = n;
  column->valid =
      column->type == DM_ARROW_NULL || array->null_count == 0 ? NULL : array->buffers[0];
  column->values = n_buffers > 1 ? array->buffers[1] : NULL;
  if (n_buffers > 1 && n > 0 && !column->values) {
    return broken(column, "a buffer of values", "none", err);
  }
  DM_TRY(bind_buffers(column, array, err));
  if (column->is_dictionary) {
    const dm_arrow_array *values = array->dictionary;
    return dm_arrow_bind(&column->parts[0], values, 0, values ? values->length : 0, err);
  }
  if (column->type < DM_ARROW_LIST) {
    return DM_OK;
  }
  if (array->n_children != (int64_t)column->n_parts ||
      (column->n_parts && !array->children)) {
    return broken(column, "the children of its type", "another number of them", err);
  }
  for (size_t k = 0; k < column->n_parts; k++) {
    const dm_arrow_array *child = array->children[k];
    bool is_struct = column->type == DM_ARROW_STRUCT;
    int64_t n_child = is_struct ? n : child ? child->length : 0;
    DM_TRY(dm_arrow_bind(&column->parts[k], child, is_struct ? column->offset : 0,
                         n_child, err));
  }
  if (column->type == DM_ARROW_LIST || column->type == DM_ARROW_LARGE_LIST) {
    return column->n_bytes <= column->parts[0].length
               ? DM_OK
               : broken(column, "offsets within its items", "one beyond", err);
  }
  if (column->type == DM_ARROW_FIXED_LIST && column->width > 0 &&
      column->offset + n > column->parts[0].length / column->width) {
    return broken(column, "items for each row", "fewer", err);
  }
  return DM_OK;
}

dm_status dm_arrow_columns_bind(dm_arrow_column *column, const dm_arrow_array *batch,
                                const int32_t *at, dm_error *err) {
  for (size_t k = 0; k < column->n_parts; k++) {
    DM_TRY(dm_arrow_bind(&column->parts[k], batch->children[at[k]], batch->offset,
                         batch->length, err));
  }
  column->length = batch->length;
  return DM_OK;
}

void dm_arrow_release_array(dm_arrow_array *array) {
  if (array->release) {
    array->release(array);
  }
  *array = (dm_arrow_array){0};
}

void dm_arrow_release_schema(dm_arrow_schema *schema) {
  if (schema->release) {
    schema->release(schema);
  }
  *schema = (dm_arrow_schema){0};
}

/* --- values --- */

static inline bool bit_at(const void *bits, int64_t at) {
  return ((const uint8_t *)bits)[at >> 3] >> (at & 7) & 1;
}

static inline bool is_missing(const dm_arrow_column *column, int64_t at) {
  return column->type == DM_ARROW_NULL || (column->valid && !bit_at(column->valid, at));
}

/* Of the types of integers but UINT64, whose values may lie beyond. */
static inline int64_t integer_at(const dm_arrow_column *column, int64_t at) {
  switch (column->type) {
    case DM_ARROW_INT8:
      return ((const int8_t *)column->values)[at];
    case DM_ARROW_UINT8:
      return ((const uint8_t *)column->values)[at];
    case DM_ARROW_INT16:
      return ((const int16_t *)column->values)[at];
    case DM_ARROW_UINT16:
      return ((const uint16_t *)column->values)[at];
    case DM_ARROW_INT32:
      return ((const int32_t *)column->values)[at];
    case DM_ARROW_UINT32:
      return ((const uint32_t *)column->values)[at];
    default:
      return ((const int64_t *)column->values)[at];
  }
}

/* A half float is a double of another bias, but for the smallest and what is none. */
static double half(uint16_t bits) {
  uint64_t exponent = bits >> 10 & 31;
  uint64_t fraction = bits & 1023;
  double size = (double)fraction * 0x1p-24;
  if (exponent) {
    uint64_t biased = exponent == 31 ? 2047 : exponent + 1023 - 15;
    size = dm_double_from_bits(biased << 52 | fraction << 42);
  }
  return bits >> 15 ? -size : size;
}

static inline double double_at(const dm_arrow_column *column, int64_t at) {
  switch (column->type) {
    case DM_ARROW_DOUBLE:
      return ((const double *)column->values)[at];
    case DM_ARROW_FLOAT:
      return (double)((const float *)column->values)[at];
    case DM_ARROW_HALF:
      return half(((const uint16_t *)column->values)[at]);
    case DM_ARROW_UINT64:
      return (double)((const uint64_t *)column->values)[at];
    default:
      return (double)integer_at(column, at);
  }
}

/* The bytes of a string. */
static dm_status text_at(const dm_arrow_column *column, int64_t at, const char **text,
                         size_t *len, dm_error *err) {
  if (column->type != DM_ARROW_STRING_VIEW) {
    int64_t start = offset_at(column, at);
    int64_t end = offset_at(column, at + 1);
    if (DM_UNLIKELY(!is_offset(start, 0, end) || end > column->n_bytes)) {
      return broken(column, "offsets that ascend", "others", err);
    }
    *len = (size_t)(end - start);
    *text = *len ? column->bytes + start : "";
    return DM_OK;
  }
  enum { SHORT = 12 };
  const char *view = (const char *)column->values + 16 * at;
  int32_t size;
  memcpy(&size, view, sizeof size);
  *len = (size_t)size;
  *text = view + sizeof size;
  if (size >= 0 && size <= SHORT) {
    return DM_OK;
  }
  int32_t buffer;
  int32_t start;
  memcpy(&buffer, view + 8, sizeof buffer);
  memcpy(&start, view + 12, sizeof start);
  if (size < 0 || buffer < 0 || buffer >= column->n_views || start < 0 ||
      !column->views[buffer] || column->view_sizes[buffer] - start < size) {
    return broken(column, "views within its buffers", "one beyond", err);
  }
  *text = (const char *)column->views[buffer] + start;
  return DM_OK;
}

/* From a dictionary to its value: a column without dictionary, and the place in it. */
static inline dm_status look_up(const dm_arrow_column **column, int64_t *at,
                                dm_error *err) {
  const dm_arrow_column *values = (*column)->parts;
  int64_t index = integer_at(*column, *at);
  if (DM_UNLIKELY(index < 0 || index >= values->length)) {
    return broken(*column, "indexes within its dictionary", "one beyond", err);
  }
  *column = values;
  *at = index + values->offset;
  return DM_OK;
}

static dm_status bad_value(const dm_arrow_column *column, const char *expected,
                           double value, dm_error *err) {
  char shown[DM_FORMAT_MAX + 1];
  shown[dm_format_double(value, shown)] = '\0';
  column_error(column, DM_E_FIELD, expected, err);
  dm_error_found(err, "%s", shown);
  return DM_E_FIELD;
}

static dm_status bad_text(const dm_arrow_column *column, const char *expected,
                          const char *text, size_t len, dm_error *err) {
  char shown[128];
  dm_text_excerpt(shown, sizeof shown, text, len);
  column_error(column, DM_E_FIELD, expected, err);
  dm_error_found(err, "%s", shown);
  return DM_E_FIELD;
}

static dm_status text_ident(const dm_arrow_column *column, int64_t at, dm_ident *out,
                            dm_error *err) {
  const char *text;
  size_t len;
  DM_TRY(text_at(column, at, &text, &len, err));
  if (DM_UNLIKELY(dm_utf8_valid_prefix(text, len) < len)) {
    return bad_text(column, "valid UTF-8", text, len, err);
  }
  if (DM_UNLIKELY(len && memchr(text, '\0', len))) {
    return bad_text(column, "a string without U+0000", text, len, err);
  }
  *out = dm_ident_from_text(text, len);
  return DM_OK;
}

/* Whole numbers that are not of a type of integers, and those beyond 64 bits. */
static dm_status whole_ident(dm_arrow_column *owner, const dm_arrow_column *column,
                             int64_t at, dm_ident *out, dm_error *err) {
  if (column->type == DM_ARROW_UINT64) {
    uint64_t value = ((const uint64_t *)column->values)[at];
    if (value <= INT64_MAX) {
      *out = dm_ident_from_int((int64_t)value);
      return DM_OK;
    }
    size_t len = dm_format_int64((int64_t)(value / 10), owner->digits);
    owner->digits[len] = (char)('0' + value % 10);
    *out = (dm_ident){.kind = DM_IDENT_BIG, .text = owner->digits, .len = len + 1};
    return DM_OK;
  }
  double value = double_at(column, at);
  if (dm_is_nan(value)) {
    return DM_OK; /* missing */
  }
  if (!(value >= -EXACT && value <= EXACT) || value != (double)(int64_t)value) {
    return bad_value(column, "a whole number up to 2^53", value, err);
  }
  *out = dm_ident_from_int((int64_t)value);
  return DM_OK;
}

dm_status dm_arrow_ident(dm_arrow_column *column, int64_t row, dm_arrow_use use,
                         dm_ident *out, dm_error *err) {
  const dm_arrow_column *from = column;
  int64_t at = column->offset + row;
  *out = (dm_ident){0};
  if (is_missing(from, at)) {
    return DM_OK;
  }
  if (from->is_dictionary) {
    DM_TRY(look_up(&from, &at, err));
    if (is_missing(from, at)) {
      return DM_OK;
    }
  }
  if (DM_LIKELY(from->type >= DM_ARROW_INT8 && from->type < DM_ARROW_UINT64)) {
    *out = dm_ident_from_int(integer_at(from, at));
    return DM_OK;
  }
  if (from->type == DM_ARROW_BOOL) {
    if (use != DM_ARROW_AS_LABEL) {
      return bad_text(from, "an integer", "a boolean", strlen("a boolean"), err);
    }
    *out = dm_ident_from_int(bit_at(from->values, at));
    return DM_OK;
  }
  if (!dm_arrow_is_string(from->type)) {
    return whole_ident(column, from, at, out, err);
  }
  DM_TRY(text_ident(from, at, out, err));
  if (use == DM_ARROW_AS_WHOLE) {
    if (out->kind != DM_IDENT_INT_TEXT) {
      return bad_text(from, "an integer", out->text, out->len, err);
    }
    out->kind = DM_IDENT_INT;
  }
  return DM_OK;
}

static inline dm_status number_at(const dm_arrow_column *column, int64_t at, double *out,
                                  bool *is_given, dm_error *err) {
  *is_given = !is_missing(column, at);
  if (!*is_given) {
    return DM_OK;
  }
  if (DM_UNLIKELY(column->type == DM_ARROW_BOOL)) {
    return bad_text(column, "a number", "a boolean", strlen("a boolean"), err);
  }
  *out = double_at(column, at);
  return DM_OK;
}

dm_status dm_arrow_number(const dm_arrow_column *column, int64_t row, double *out,
                          bool *is_given, dm_error *err) {
  int64_t at = column->offset + row;
  if (column->is_dictionary) {
    *is_given = !is_missing(column, at);
    if (!*is_given) {
      return DM_OK;
    }
    DM_TRY(look_up(&column, &at, err));
  }
  return number_at(column, at, out, is_given, err);
}

dm_status dm_arrow_truth(const dm_arrow_column *column, int64_t row, bool *out,
                         bool *is_given, dm_error *err) {
  static const struct {
    const char *text;
    bool value;
  } words[] = {{"true", true},   {"True", true},   {"TRUE", true},   {"1", true},
               {"false", false}, {"False", false}, {"FALSE", false}, {"0", false}};
  const char *expected = "true or false";
  int64_t at = column->offset + row;
  *is_given = !is_missing(column, at);
  if (!*is_given) {
    return DM_OK;
  }
  if (column->is_dictionary) {
    DM_TRY(look_up(&column, &at, err));
    *is_given = !is_missing(column, at);
    if (!*is_given) {
      return DM_OK;
    }
  }
  if (column->type == DM_ARROW_BOOL) {
    *out = bit_at(column->values, at);
    return DM_OK;
  }
  if (dm_arrow_is_number(column->type)) {
    double value = double_at(column, at);
    *is_given = !dm_is_nan(value);
    *out = value == 1;
    return *is_given && value != 0 && value != 1 ? bad_value(column, expected, value, err)
                                                 : DM_OK;
  }
  const char *text;
  size_t len;
  DM_TRY(text_at(column, at, &text, &len, err));
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strlen(words[i].text) == len && memcmp(words[i].text, text, len) == 0) {
      *out = words[i].value;
      return DM_OK;
    }
  }
  return bad_text(column, expected, text, len, err);
}

/* --- class vectors --- */

static dm_status copy_items(const dm_arrow_column *items, int64_t start, size_t n,
                            double *room, size_t *last, dm_error *err) {
  *last = 0;
  for (size_t k = 0; k < n; k++) {
    bool is_given;
    room[k] = NAN;
    DM_TRY(number_at(items, start + (int64_t)k, &room[k], &is_given, err));
    *last = is_given ? k + 1 : *last;
  }
  return DM_OK;
}

static dm_status read_struct(const dm_arrow_column *column, int64_t row,
                             const int32_t *order, dm_arrow_vector *out, dm_error *err) {
  DM_GROW(out->room, out->cap, column->n_parts, err);
  for (size_t k = 0; k < column->n_parts; k++) {
    bool is_given;
    out->room[k] = NAN;
    const dm_arrow_column *part = &column->parts[order ? order[k] : (int32_t)k];
    DM_TRY(dm_arrow_number(part, row, &out->room[k], &is_given, err));
    out->n = is_given ? k + 1 : out->n;
  }
  out->values = out->n ? out->room : NULL;
  return DM_OK;
}

dm_status dm_arrow_read_vector(const dm_arrow_column *column, int64_t row,
                               const int32_t *order, dm_arrow_vector *out,
                               dm_error *err) {
  int64_t at = column->offset + row;
  out->values = NULL;
  out->n = 0;
  if (is_missing(column, at)) {
    return DM_OK;
  }
  if (column->type == DM_ARROW_STRUCT) {
    return read_struct(column, row, order, out, err);
  }
  const dm_arrow_column *items = column->parts;
  bool is_fixed = column->type == DM_ARROW_FIXED_LIST;
  int64_t start = is_fixed ? at * column->width : offset_at(column, at);
  int64_t end = is_fixed ? start + column->width : offset_at(column, at + 1);
  if (DM_UNLIKELY(!is_offset(start, 0, end) || end > items->length)) {
    return broken(column, "offsets that ascend", "others", err);
  }
  size_t len = (size_t)(end - start);
  start += items->offset;
  if (items->type == DM_ARROW_DOUBLE && !items->valid) {
    out->n = len;
    out->values = len ? (const double *)items->values + start : NULL;
    return DM_OK;
  }
  size_t last = 0;
  DM_GROW(out->room, out->cap, len, err);
  DM_TRY(copy_items(items, start, len, out->room, &last, err));
  out->n = is_fixed || (len == 1 && last == 0) ? last : len;
  out->values = out->n ? out->room : NULL;
  return DM_OK;
}
