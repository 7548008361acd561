/* dm_scan.h against loops over single bytes. test_scan_portable.c is the same without
   the processor's vectors. */
#include <stdlib.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "number/dm_scan.h"

enum { TEXT = 100 };

/* Text whose memory ends where the pad does, so that a sanitizer sees what goes beyond.
 */
static char *new_text(void) {
  char *text = calloc(TEXT + DM_SCAN_PAD, 1);
  if (!text) {
    exit(2);
  }
  return text;
}

static void test_pass_digits(void) {
  char *text = new_text();
  for (size_t n = 0; n < TEXT; n++) {
    for (int c = 0; c < 256; c++) { /* behind the digits; itself one of them at times */
      for (size_t i = 0; i < TEXT; i++) {
        text[i] = (char)('0' + i % 10);
      }
      text[n] = (char)c;
      size_t want = c >= '0' && c <= '9' ? TEXT : n;
      if (dm_pass_digits(text) != text + want) {
        DM_CASE("%zu digits, then byte %d", n, c);
        CHECK(false);
      }
    }
  }
  text[0] = '7';
  text[1] = '\0';
  CHECK(dm_pass_digits(text) == text + 1);
  free(text);
}

static void test_pass_plain_text(void) {
  char *text = new_text();
  uint64_t seed = 60;
  unsigned long wrong = 0;
  for (int i = 0; i < dm_test_rounds(100000); i++) {
    char quote = i % 2 ? '"' : '\'';
    for (size_t k = 0; k < TEXT; k++) { /* any byte, mostly plain ones */
      text[k] = (char)(naive_below(&seed, 40) ? 'a' : naive_below(&seed, 256));
    }
    size_t want = 0;
    while (want < TEXT) {
      unsigned char c = (unsigned char)text[want];
      if (c == (unsigned char)quote || c == '\\' || c < 0x20 || c >= 0x80) {
        break;
      }
      want++;
    }
    wrong += dm_pass_plain_text(text, quote) != text + want;
  }
  CHECK_UINT(wrong, 0);
  free(text);
}

static void test_is_like(void) {
  enum { WORDS = 3, BYTES = 16 * WORDS };
  _Alignas(16) uint8_t bytes[BYTES];
  _Alignas(16) uint8_t slack[BYTES];
  char text[BYTES];
  uint64_t seed = 61;
  unsigned long wrong = 0;
  unsigned long n_like = 0;
  for (int i = 0; i < dm_test_rounds(100000); i++) {
    for (size_t k = 0; k < BYTES; k++) {
      static const uint8_t slacks[] = {0, 9, 255};
      bytes[k] = (uint8_t)naive_random(&seed);
      slack[k] = slacks[naive_below(&seed, 3)];
      text[k] = (char)(bytes[k] + naive_below(&seed, (size_t)slack[k] + 1));
    }
    if (naive_below(&seed, 2)) {
      text[naive_below(&seed, BYTES)] = (char)naive_random(&seed);
    }
    for (size_t n = 1; n <= WORDS; n++) {
      bool want = true;
      for (size_t k = 0; k < 16 * n; k++) {
        int above = ((unsigned char)text[k] - bytes[k] + 256) % 256;
        want &= above <= slack[k];
      }
      wrong += dm_is_like(text, bytes, slack, 16 * n) != want;
      n_like += want;
    }
  }
  CHECK_UINT(wrong, 0);
  unsigned long n = (unsigned long)dm_test_rounds(300000);
  CHECK(n_like > n / 2 && n_like < n);
}

/* Behind the end of a text, which no expected byte is like, the pad is enough. */
static void test_is_like_at_an_end(void) {
  enum { WORDS = 5, BYTES = 16 * WORDS };
  _Alignas(16) uint8_t bytes[BYTES];
  _Alignas(16) uint8_t slack[BYTES] = {0};
  char *text = new_text();
  memset(bytes, 'a', sizeof bytes);
  for (size_t at = 0; at < BYTES; at++) {
    char *p = text + TEXT - at;
    memset(p, 'a', at);
    DM_CASE("an end behind %zu bytes", at);
    CHECK(!dm_is_like(p, bytes, slack, BYTES));
  }
  free(text);
}

static void test_few_digits(void) {
  for (unsigned n = 0; n < 8; n++) {
    char text[16];
    unsigned want = 0;
    memset(text, '/', sizeof text); /* next to the digits */
    for (unsigned i = 0; i < n; i++) {
      text[i] = (char)('9' - i);
      want = want * 10 + 9 - i;
    }
    DM_CASE("%u digits", n);
    CHECK_UINT(dm_few_digits(dm_load8(text), n), want);
  }
}

static void test_words_of_digits(void) {
  unsigned long wrong = 0;
  for (unsigned at = 0; at < 8; at++) {
    for (unsigned c = 0; c < 256; c++) {
      for (unsigned behind = 0; behind < 256; behind += 5) {
        char text[8];
        memset(text, '0' + (char)(c % 10), sizeof text);
        memset(text + at, (int)behind, sizeof text - at);
        text[at] = (char)c;
        unsigned want = 0;
        while (want < 8 && text[want] >= '0' && text[want] <= '9') {
          want++;
        }
        wrong += dm_leading_digits(dm_load8(text)) != want;
      }
    }
  }
  CHECK_UINT(wrong, 0);
  uint64_t seed = 40;
  for (int i = 0; i < dm_test_rounds(100000); i++) {
    char text[9];
    uint32_t want = (uint32_t)naive_below(&seed, 100000000);
    snprintf(text, sizeof text, "%08" PRIu32, want);
    wrong += dm_eight_digits(dm_load8(text)) != want;
  }
  CHECK_UINT(wrong, 0);
  CHECK_UINT(dm_eight_digits(dm_load8("00000000")), 0);
  CHECK_UINT(dm_eight_digits(dm_load8("99999999")), 99999999);
  CHECK_UINT(dm_eight_digits(dm_load8("12345678")), 12345678);
}

int main(void) {
  DM_RUN(test_pass_digits);
  DM_RUN(test_pass_plain_text);
  DM_RUN(test_is_like);
  DM_RUN(test_is_like_at_an_end);
  DM_RUN(test_few_digits);
  DM_RUN(test_words_of_digits);
  return dm_test_end();
}
