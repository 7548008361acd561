/* The types of Arrow by their formats, and what messages call them. */
#include "signals/dm_arrow_type.h"

#include <string.h>

#include "number/dm_number.h"

/* By the letter of the format; those of several letters are told below. */
static const struct {
  char letter;
  dm_arrow_type type;
} letters[] = {
    {'n', DM_ARROW_NULL},   {'b', DM_ARROW_BOOL},   {'c', DM_ARROW_INT8},
    {'C', DM_ARROW_UINT8},  {'s', DM_ARROW_INT16},  {'S', DM_ARROW_UINT16},
    {'i', DM_ARROW_INT32},  {'I', DM_ARROW_UINT32}, {'l', DM_ARROW_INT64},
    {'L', DM_ARROW_UINT64}, {'e', DM_ARROW_HALF},   {'f', DM_ARROW_FLOAT},
    {'g', DM_ARROW_DOUBLE}, {'u', DM_ARROW_STRING}, {'U', DM_ARROW_LARGE_STRING},
};

/* How messages call the types that no signal has, by the start of their format; the
   longest that fits. */
static const struct {
  const char *start;
  const char *name;
} others[] = {
    {"z", "binary"},       {"Z", "large binary"},
    {"vz", "binary view"}, {"w:", "fixed-size binary"},
    {"d:", "decimal"},     {"tdD", "date"},
    {"tdm", "date"},       {"tt", "time of day"},
    {"ts", "timestamp"},   {"tD", "duration"},
    {"ti", "interval"},    {"+m", "map"},
    {"+u", "union"},       {"+r", "run-end encoded"},
    {"+vl", "list view"},  {"+vL", "large list view"},
};

static const char *const type_names[DM_N_ARROW_TYPES] = {
    [DM_ARROW_NULL] = "null",
    [DM_ARROW_BOOL] = "boolean",
    [DM_ARROW_INT8] = "int8",
    [DM_ARROW_UINT8] = "uint8",
    [DM_ARROW_INT16] = "int16",
    [DM_ARROW_UINT16] = "uint16",
    [DM_ARROW_INT32] = "int32",
    [DM_ARROW_UINT32] = "uint32",
    [DM_ARROW_INT64] = "int64",
    [DM_ARROW_UINT64] = "uint64",
    [DM_ARROW_HALF] = "half float",
    [DM_ARROW_FLOAT] = "float",
    [DM_ARROW_DOUBLE] = "double",
    [DM_ARROW_STRING] = "string",
    [DM_ARROW_LARGE_STRING] = "large string",
    [DM_ARROW_STRING_VIEW] = "string view",
    [DM_ARROW_LIST] = "list",
    [DM_ARROW_LARGE_LIST] = "large list",
    [DM_ARROW_FIXED_LIST] = "fixed-size list",
    [DM_ARROW_STRUCT] = "struct",
};

dm_arrow_type dm_arrow_type_of(const char *format, int64_t *width) {
  if (format[0] && !format[1]) {
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
      if (letters[i].letter == format[0]) {
        return letters[i].type;
      }
    }
    return DM_ARROW_OTHER;
  }
  if (strncmp(format, "+w:", 3) == 0) {
    bool is_fit = false;
    char digits[20 + DM_NUMBER_PAD] = {0};
    size_t len = strlen(format + 3);
    if (len > 20) {
      return DM_ARROW_OTHER;
    }
    memcpy(digits, format + 3, len);
    const char *end = dm_integer(digits, width, &is_fit);
    return is_fit && end == digits + len && *width >= 0 ? DM_ARROW_FIXED_LIST
                                                        : DM_ARROW_OTHER;
  }
  return strcmp(format, "vu") == 0   ? DM_ARROW_STRING_VIEW
         : strcmp(format, "+l") == 0 ? DM_ARROW_LIST
         : strcmp(format, "+L") == 0 ? DM_ARROW_LARGE_LIST
         : strcmp(format, "+s") == 0 ? DM_ARROW_STRUCT
                                     : DM_ARROW_OTHER;
}

const char *dm_arrow_type_name(dm_arrow_type type, const char *format) {
  if (type != DM_ARROW_OTHER) {
    return type_names[type];
  }
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (strncmp(format, others[i].start, strlen(others[i].start)) == 0) {
      return others[i].name;
    }
  }
  return "another";
}
