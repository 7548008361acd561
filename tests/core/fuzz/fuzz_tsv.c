/* Summary files, and tables of texts. The first byte chooses which, and how they are cut;
   however they are, the same bytes give the same table or the same error. Of a file of
   tabs without quotes each cell is held against its text, and a table of any file that
   can be written as a summary is the same when it is read again. */
#define _DEFAULT_SOURCE
#include <math.h>

#include "../dm_server.h"
#include "dm_files.h"
#include "files/dm_tsv.h"
#include "fuzz.h"
#include "number/dm_number.h"

static const dm_missing missing = {INT32_MIN, UINT64_C(0x7FF00000000007A2)};

static bool as_texts;

static dm_status read_table(dm_tsv_table **out, const char *bytes, size_t len,
                            size_t block_size, size_t piece, dm_error *err) {
  server s = {.bytes = bytes, .len = len, .piece = piece};
  dm_source *source = NULL;
  *out = NULL;
  dm_status status = piece ? dm_source_open_callback(&source, serve, &s, NULL, err)
                           : dm_source_open_memory(&source, bytes, len, NULL, err);
  if (!status) {
    status = dm_tsv_read(out, source, block_size, as_texts, &missing, err);
  }
  dm_source_close(source);
  FUZZ_CHECK((*out == NULL) == (status != DM_OK));
  if (status) {
    fuzz_check_error(err, status);
  }
  return status;
}

static bool is_missing(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return isnan(value) && (uint32_t)bits == (uint32_t)missing.double_bits;
}

/* The value of a cell of numbers; NULL-like NaN of missing for a missing one. */
static double number_at(const dm_tsv_table *table, size_t column, size_t row) {
  if (dm_tsv_kind_of(table, column) == DM_TSV_DOUBLE) {
    return dm_tsv_double(table, column)[row];
  }
  int32_t value = dm_tsv_int32(table, column)[row];
  double none;
  memcpy(&none, &missing.double_bits, sizeof none);
  return value == missing.int32 ? none : value;
}

/* A column in which "NA" is a text, and a text of digits an integer. */
static bool is_ident(const char *name) {
  static const char *const names[] = {"id", "guid", "sample_id", "uuid", "idx", "label"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

/* Ids that stood in quotes are integers once they are written. */
static void check_ids(const dm_tsv_table *a, const dm_tsv_table *b, size_t c) {
  FUZZ_CHECK(is_ident(dm_tsv_name(a, c)) || dm_tsv_n_rows(a) == 0);
  for (size_t row = 0; row < dm_tsv_n_rows(a); row++) {
    size_t len;
    const char *text = dm_tsv_text(a, c, row, &len);
    char digits[32];
    snprintf(digits, sizeof digits, "%.0f", number_at(b, c, row));
    FUZZ_CHECK(text && strlen(digits) == len && memcmp(digits, text, len) == 0);
  }
}

static void check_same(const dm_tsv_table *a, const dm_tsv_table *b, bool is_kind_same) {
  FUZZ_CHECK(dm_tsv_n_rows(a) == dm_tsv_n_rows(b));
  FUZZ_CHECK(dm_tsv_n_columns(a) == dm_tsv_n_columns(b));
  for (size_t c = 0; c < dm_tsv_n_columns(a); c++) {
    FUZZ_CHECK(strcmp(dm_tsv_name(a, c), dm_tsv_name(b, c)) == 0);
    dm_tsv_kind kind = dm_tsv_kind_of(a, c);
    FUZZ_CHECK(!is_kind_same || dm_tsv_kind_of(b, c) == kind);
    if (!is_kind_same && kind == DM_TSV_TEXT && dm_tsv_kind_of(b, c) != DM_TSV_TEXT) {
      check_ids(a, b, c);
      continue;
    }
    FUZZ_CHECK((dm_tsv_kind_of(b, c) == DM_TSV_TEXT) == (kind == DM_TSV_TEXT));
    for (size_t row = 0; row < dm_tsv_n_rows(a); row++) {
      if (kind == DM_TSV_TEXT) {
        size_t a_len, b_len;
        const char *x = dm_tsv_text(a, c, row, &a_len);
        const char *y = dm_tsv_text(b, c, row, &b_len);
        FUZZ_CHECK((x == NULL) == (y == NULL));
        FUZZ_CHECK(!x || (a_len == b_len && memcmp(x, y, a_len) == 0));
      } else {
        double x = number_at(a, c, row);
        double y = number_at(b, c, row);
        FUZZ_CHECK(fuzz_same_double(x, y) ||
                   (isnan(x) && isnan(y) && is_missing(x) == is_missing(y)));
      }
    }
  }
}

/* Whether the first line that is not blank tells of tabs without quotes. */
static bool is_plain(const char *bytes, size_t len) {
  const char *end = bytes + len;
  while (bytes < end && (*bytes == '\n' || (*bytes == '\r' && bytes + 1 < end))) {
    bytes++;
  }
  const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
  size_t n = (size_t)((newline ? newline : end) - bytes);
  return bytes < end && *bytes != '{' && *bytes != '"' &&
         (memchr(bytes, '\t', n) || !memchr(bytes, ',', n));
}

/* Cells against their texts, for a file that could be read. */
static void check_cells(const dm_tsv_table *table, const char *bytes, size_t len) {
  const char *end = bytes + len;
  bool has_header = false;
  size_t n_columns = dm_tsv_n_columns(table);
  size_t row = 0;
  while (bytes < end) {
    const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
    const char *next = newline ? newline + 1 : end;
    const char *line_end = newline ? newline : end;
    line_end -= line_end > bytes && line_end[-1] == '\r';
    bool is_blank = line_end == bytes && !as_texts;
    if (is_blank && (!has_header || n_columns > 1)) {
      bytes = next;
      continue;
    }
    size_t column = 0;
    for (const char *p = bytes;; column++) {
      const char *tab = memchr(p, '\t', (size_t)(line_end - p));
      size_t n = (size_t)((tab ? tab : line_end) - p);
      char *text = fuzz_copy(p, n, 1);
      FUZZ_CHECK(column < n_columns);
      if (!has_header) {
        FUZZ_CHECK(strcmp(text, dm_tsv_name(table, column)) == 0);
      } else if (dm_tsv_kind_of(table, column) == DM_TSV_TEXT) {
        size_t got_len;
        const char *got = dm_tsv_text(table, column, row, &got_len);
        bool is_na =
            !as_texts && !is_ident(dm_tsv_name(table, column)) && strcmp(text, "NA") == 0;
        FUZZ_CHECK((got == NULL) == is_na);
        FUZZ_CHECK(!got || (got_len == n && memcmp(got, text, n) == 0));
      } else {
        FUZZ_CHECK(!as_texts);
        double got = number_at(table, column, row);
        bool is_bool = dm_tsv_kind_of(table, column) == DM_TSV_BOOL;
        char *rest;
        double want = is_bool ? strcmp(text, "TRUE") == 0 : strtod(text, &rest);
        if (is_bool) {
          rest = text + (strcmp(text, "TRUE") == 0    ? 4
                         : strcmp(text, "FALSE") == 0 ? 5
                                                      : 0);
        }
        bool is_na = strcmp(text, "NA") == 0;
        FUZZ_CHECK(is_na ? is_missing(got) : *rest == '\0' && n > 0);
        FUZZ_CHECK(is_na || fuzz_same_double(got, want) || (isnan(got) && isnan(want)));
        FUZZ_CHECK(is_na || !is_missing(got));
      }
      free(text);
      if (!tab) {
        break;
      }
      p = tab + 1;
    }
    FUZZ_CHECK(column + 1 == n_columns);
    row += has_header;
    has_header = true;
    bytes = next;
  }
  FUZZ_CHECK(row == dm_tsv_n_rows(table));
}

/* What can't be written, or not so that it comes back: texts with tabs (of commas, quotes
   and JSON), missing ids (of JSON), texts that are all numbers (of quotes and JSON). */
static bool is_refused(const dm_error *err, dm_status status) {
  fuzz_check_error(err, status);
  FUZZ_CHECK(status == DM_E_INPUT);
  return true;
}

/* NULL where the table can't be written. */
static char *write_table(const dm_tsv_table *table, size_t *len) {
  size_t n = dm_tsv_n_columns(table);
  size_t n_rows = dm_tsv_n_rows(table);
  dm_tsv_column *columns = fuzz_alloc(n * sizeof *columns);
  for (size_t c = 0; c < n; c++) {
    columns[c] = (dm_tsv_column){dm_tsv_name(table, c), dm_tsv_kind_of(table, c), NULL};
    if (columns[c].kind == DM_TSV_INT32 || columns[c].kind == DM_TSV_BOOL) {
      columns[c].data = dm_tsv_int32(table, c);
    } else if (columns[c].kind == DM_TSV_DOUBLE) {
      columns[c].data = dm_tsv_double(table, c);
    } else {
      char **texts = fuzz_alloc(n_rows * sizeof *texts);
      for (size_t row = 0; row < n_rows; row++) {
        size_t text_len;
        const char *text = dm_tsv_text(table, c, row, &text_len);
        texts[row] = text ? fuzz_copy(text, text_len, 1) : NULL;
      }
      columns[c].data = texts;
    }
  }
  const char *path = files_path("table");
  dm_writer *writer = NULL;
  dm_error err;
  dm_status status = dm_writer_open(&writer, path, NULL, &err);
  FUZZ_CHECK(status == DM_OK);
  status = dm_tsv_write(writer, "summary", columns, n, n_rows, &missing, &err);
  bool is_written = !status || !is_refused(&err, status);
  if (is_written) {
    status = dm_writer_commit(writer, &err);
    FUZZ_CHECK(status == DM_OK);
  }
  dm_writer_close(writer);
  for (size_t c = 0; c < n; c++) {
    if (columns[c].kind == DM_TSV_TEXT) {
      char **texts = (char **)(uintptr_t)columns[c].data;
      for (size_t row = 0; row < n_rows; row++) {
        free(texts[row]);
      }
      free(texts);
    }
  }
  free(columns);
  if (!is_written) {
    return NULL;
  }
  FILE *file = fopen(path, "rb");
  FUZZ_CHECK(file != NULL);
  size_t cap = 1 << 20;
  char *bytes = fuzz_alloc(cap);
  *len = fread(bytes, 1, cap, file);
  FUZZ_CHECK(*len < cap);
  fclose(file);
  return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const size_t block_sizes[] = {1, 2, 3, 5, 8, 17, 64, 300};
  static const size_t pieces[] = {0, 1, 2, 3, 7, 50, 1000, 100000};
  if (size < 1) {
    return 0;
  }
  as_texts = data[0] / 64 % 2;
  size_t len = size - 1;
  char *bytes = fuzz_copy(data + 1, len, 0);
  dm_tsv_table *table = NULL;
  dm_tsv_table *other = NULL;
  dm_error err, other_err;
  dm_status status = read_table(&table, bytes, len, 1 << 16, 0, &err);
  dm_status other_status = read_table(&other, bytes, len, block_sizes[data[0] % 8],
                                      pieces[data[0] / 8 % 8], &other_err);
  /* A fault of a compressed file comes before or after those of the lines in front of it,
     by how much is read at a time. */
  bool is_damaged = status && (status == DM_E_IO || other_status == DM_E_IO);
  if (!is_damaged &&
      (status != other_status || (status && !fuzz_same_error(&err, &other_err)))) {
    fuzz_show_error("one", &err);
    fuzz_show_error("other", &other_err);
    FUZZ_CHECK(status == other_status && fuzz_same_error(&err, &other_err));
  }
  FUZZ_CHECK(!status == !other_status);
  if (!status) {
    check_same(table, other, true);
    bool has_mark = len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    if ((len < 2 || memcmp(bytes, "\x1F\x8B", 2) != 0) &&
        (as_texts || is_plain(bytes + 3 * has_mark, len - 3 * has_mark))) {
      check_cells(table, bytes + 3 * has_mark, len - 3 * has_mark);
    }
    dm_tsv_release(other);
    other = NULL;
    if (dm_tsv_n_columns(table) == 0) { /* of JSON */
      dm_tsv_release(table);
      free(bytes);
      return 0;
    }
    const char *first = dm_tsv_name(table, 0);
    if (strncmp(first, "\xEF\xBB\xBF", 3) == 0 || strncmp(first, "BZh", 3) == 0 ||
        strncmp(first, "\x04\"M\x18", 4) == 0 || strncmp(first, "PK\003\004", 4) == 0) {
      dm_tsv_release(table); /* at a file's start such a name is a sign */
      free(bytes);
      return 0;
    }
    size_t written_len;
    char *written = as_texts ? NULL : write_table(table, &written_len);
    if (written) {
      status = read_table(&other, written, written_len, 64, 0, &err);
      if (status) {
        fuzz_show_error("again", &err);
      }
      FUZZ_CHECK(status == DM_OK);
      check_same(table, other, false);
    }
    free(written);
  }
  dm_tsv_release(table);
  dm_tsv_release(other);
  free(bytes);
  return 0;
}
