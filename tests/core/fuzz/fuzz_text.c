/* Bytes that may be UTF-8, against the naive decoder; excerpts of them; idents. */
#include <errno.h>

#include "base/dm_text.h"
#include "fuzz.h"
#include "number/dm_number.h"
#include "signals/dm_event.h"
#include "summary/dm_index.h"

/* The code point of a valid character of n bytes. */
static uint32_t decode(const unsigned char *s, size_t n) {
  uint32_t c = n == 1 ? s[0] : s[0] & (0xFFu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    c = c << 6 | (s[i] & 0x3F);
  }
  return c;
}

static void check_utf8(const char *text, size_t len) {
  size_t valid = len;
  uint64_t n_characters = 0;
  for (size_t i = 0; i < len; n_characters++) {
    const unsigned char *at = (const unsigned char *)text + i;
    size_t n = naive_utf8(at, len - i);
    FUZZ_CHECK(dm_utf8_char(text + i, len - i) == n);
    if (n == 0) {
      valid = valid < i ? valid : i;
      i++;
      continue;
    }
    char again[4];
    FUZZ_CHECK(dm_utf8_encode(decode(at, n), again) == n && !memcmp(again, at, n));
    i += n;
  }
  FUZZ_CHECK(dm_utf8_valid_prefix(text, len) == valid);
  FUZZ_CHECK(dm_utf8_count(text, len) == n_characters);
}

/* What an excerpt shows is the bytes again, up to a cut. */
static void check_excerpt(const char *text, size_t len, size_t cap) {
  char *out = fuzz_alloc(cap);
  dm_text_excerpt(out, cap, text, len);
  fuzz_check_text(out, cap);
  size_t n = strlen(out);
  size_t i = 0; /* in text */
  size_t o = 0;
  while (o < n && i < len) {
    size_t step = naive_utf8((const unsigned char *)text + i, len - i);
    unsigned char c = (unsigned char)text[i];
    bool is_control =
        c < 0x20 || c == 0x7F || (step == 2 && c == 0xC2 && (uint8_t)text[i + 1] < 0xA0);
    char want[5];
    if (step && !is_control) {
      memcpy(want, text + i, step);
      want[step] = '\0';
    } else {
      (void)snprintf(want, sizeof want, "\\x%02X", c);
      step = 1;
    }
    if (strncmp(out + o, want, strlen(want)) != 0) {
      break;
    }
    o += strlen(want);
    i += step;
  }
  bool is_whole = o == n && i == len;
  FUZZ_CHECK(is_whole || n - o <= 3);
  FUZZ_CHECK(is_whole || strcmp(out + n - 3, "...") == 0);
  FUZZ_CHECK(is_whole || n + 8 > cap); /* cut only where there is no more room */
  free(out);
}

static void check_error_texts(const char *text, size_t len) {
  dm_error err;
  char *string = fuzz_copy(text, len, 1);
  dm_error_expected(&err, DM_E_FIELD, "an excerpt");
  dm_error_key(&err, text, len);
  /* a text given as such is valid before, so that only the cut matters */
  string[dm_utf8_valid_prefix(string, strlen(string))] = '\0';
  dm_error_found(&err, "%s", string);
  dm_error_advice(&err, "%s%s", string, string);
  fuzz_check_error(&err, DM_E_FIELD);
  dm_problem problem = dm_problem_from_error(DM_PROBLEM_BAD_LINE, &err);
  fuzz_check_text(problem.key, sizeof problem.key);
  fuzz_check_text(problem.actual, sizeof problem.actual);
  free(string);
}

static void check_ident(const char *text, size_t len) {
  dm_ident ident = dm_ident_from_text(text, len);
  char *string = fuzz_copy(text, len, 1);
  errno = 0;
  long long value = strtoll(string, NULL, 10);
  char digits[32];
  int n = snprintf(digits, sizeof digits, "%lld", value);
  bool is_integer = errno == 0 && (size_t)n == len && memcmp(digits, text, len) == 0;
  FUZZ_CHECK(ident.kind == (is_integer ? DM_IDENT_INT_TEXT : DM_IDENT_TEXT));
  FUZZ_CHECK(!is_integer || ident.value == value);
  char shown[32];
  dm_ident_print(&ident, shown, sizeof shown);
  fuzz_check_text(shown, sizeof shown);
  free(string);
}

/* Lines of the text as ids: rows are found again, and are as many as differ. */
static void check_index(const char *text, size_t len) {
  enum { IDS_MAX = 64 };
  dm_index index;
  dm_error err;
  dm_index_init(&index, len * 7919);
  dm_ident seen[IDS_MAX];
  size_t n = 0;
  size_t n_lines = 0;
  for (size_t i = 0; i < len && n_lines < IDS_MAX; n_lines++) {
    const char *newline = memchr(text + i, '\n', len - i);
    size_t length = newline ? (size_t)(newline - text) - i : len - i;
    dm_ident ident = dm_ident_from_text(text + i, length);
    size_t row = 0;
    while (row < n && !dm_ident_equal(&seen[row], &ident)) {
      row++;
    }
    uint32_t got;
    FUZZ_CHECK(dm_index_row(&index, &ident, &got, &err) == DM_OK);
    FUZZ_CHECK(got == row);
    if (row == n) {
      seen[n++] = ident;
    }
    i += length + 1;
  }
  FUZZ_CHECK(index.n == n);
  uint32_t order[IDS_MAX];
  FUZZ_CHECK(dm_index_order(&index, order, &err) == DM_OK);
  for (size_t i = 0; i < n; i++) {
    dm_ident ident = dm_index_ident(&index, i);
    FUZZ_CHECK(dm_ident_equal(&ident, &seen[i]));
    FUZZ_CHECK(order[i] == i); /* strings stay in the order of their appearance */
  }
  dm_index_release(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const size_t caps[] = {16, 17, 18, 19, 20, 33, DM_KEY_MAX, DM_TEXT_MAX};
  char *text = fuzz_copy(data, size, 0);
  check_utf8(text, size);
  for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
    check_excerpt(text, size, caps[i]);
  }
  check_error_texts(text, size);
  check_ident(text, size);
  check_index(text, size);
  free(text);
  return 0;
}
