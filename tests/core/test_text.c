/* dm_text: UTF-8 against a decoder that shares nothing with it. */
#include "base/dm_text.h"
#include "dm_naive.h"
#include "dm_test.h"

static size_t naive_prefix(const unsigned char *s, size_t len) {
  size_t i = 0;
  for (size_t step; (step = naive_utf8(s + i, len - i)) > 0;) {
    i += step;
  }
  return i;
}

static uint64_t naive_count(const unsigned char *s, size_t len) {
  uint64_t n = 0;
  for (size_t i = 0; i < len; n++) {
    size_t step = naive_utf8(s + i, len - i);
    i += step ? step : 1;
  }
  return n;
}

/* Whether all functions agree with the naive ones on the bytes. */
static bool is_same(const unsigned char *s, size_t len) {
  const char *text = (const char *)s;
  return dm_utf8_char(text, len) == naive_utf8(s, len) &&
         dm_utf8_valid_prefix(text, len) == naive_prefix(s, len) &&
         dm_utf8_count(text, len) == naive_count(s, len);
}

static void test_table(void) {
  static const struct {
    const char *bytes;
    size_t len;
    size_t want;
  } cases[] = {
      {"", 0, 0},
      {"\0", 1, 1}, /* NUL is a character */
      {"\x7F", 1, 1},
      {"\x80", 1, 0},
      {"\xBF", 1, 0},
      /* UTF8-2 = %xC2-DF UTF8-tail */
      {"\xC0\x80", 2, 0},
      {"\xC1\xBF", 2, 0},
      {"\xC2\x80", 2, 2},
      {"\xC2\x7F", 2, 0},
      {"\xC2\xC0", 2, 0},
      {"\xDF\xBF", 2, 2},
      {"\xC2", 1, 0},
      /* UTF8-3 = %xE0 %xA0-BF tail / %xE1-EC 2(tail) / %xED %x80-9F tail / %xEE-EF .. */
      {"\xE0\x80\x80", 3, 0},
      {"\xE0\x9F\xBF", 3, 0},
      {"\xE0\xA0\x80", 3, 3},
      {"\xE1\x80\x80", 3, 3},
      {"\xEC\xBF\xBF", 3, 3},
      {"\xED\x9F\xBF", 3, 3},
      {"\xED\xA0\x80", 3, 0}, /* U+D800 */
      {"\xED\xBF\xBF", 3, 0}, /* U+DFFF */
      {"\xEE\x80\x80", 3, 3},
      {"\xEF\xBF\xBE", 3, 3}, /* noncharacters are characters here */
      {"\xEF\xBF\xBF", 3, 3},
      {"\xEF\xBF\x7F", 3, 0},
      {"\xEF\xBF\xC0", 3, 0},
      {"\xE2\x82", 2, 0},
      {"\xE2", 1, 0},
      /* UTF8-4 = %xF0 %x90-BF 2(tail) / %xF1-F3 3(tail) / %xF4 %x80-8F 2(tail) */
      {"\xF0\x80\x80\x80", 4, 0},
      {"\xF0\x8F\xBF\xBF", 4, 0},
      {"\xF0\x90\x80\x80", 4, 4},
      {"\xF3\xBF\xBF\xBF", 4, 4},
      {"\xF4\x8F\xBF\xBF", 4, 4}, /* U+10FFFF */
      {"\xF4\x90\x80\x80", 4, 0}, /* U+110000 */
      {"\xF5\x80\x80\x80", 4, 0},
      {"\xF8\x88\x80\x80\x80", 5, 0},
      {"\xFC\x84\x80\x80\x80\x80", 6, 0},
      {"\xFE", 1, 0},
      {"\xFF", 1, 0},
      {"\xF0\x9F\x98\x7F", 4, 0},
      {"\xF0\x9F\x98\xC0", 4, 0},
      {"\xF0\x9F\x7F\x80", 4, 0},
      {"\xF0\x9F\x98", 3, 0},
      {"\xF0\x9F", 2, 0},
      {"\xF0", 1, 0},
      {"\xED\xA0\xBD\xED\xB8\x80", 6, 0}, /* CESU-8 */
      {"\xEF\xBB\xBFx", 4, 3},            /* a byte order mark */
      {"ab", 2, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    /* exactly as long as it says, so that the sanitizer sees a byte too many */
    char *exact = malloc(cases[i].len ? cases[i].len : 1);
    memcpy(exact, cases[i].bytes, cases[i].len);
    CHECK_UINT(dm_utf8_char(exact, cases[i].len), cases[i].want);
    CHECK_UINT(naive_utf8((unsigned char *)exact, cases[i].len), cases[i].want);
    CHECK(is_same((unsigned char *)exact, cases[i].len));
    free(exact);
  }
}

static void test_all_of_two_and_three_bytes(void) {
  unsigned char s[3];
  for (unsigned a = 0; a < 256; a++) {
    s[0] = (unsigned char)a;
    unsigned long wrong = is_same(s, 1) ? 0 : 1;
    for (unsigned b = 0; b < 256; b++) {
      s[1] = (unsigned char)b;
      wrong += !is_same(s, 2);
      for (unsigned c = 0; c < 256; c++) {
        s[2] = (unsigned char)c;
        wrong += dm_utf8_char((char *)s, 3) != naive_utf8(s, 3);
        wrong += a >= 0xC0 && !is_same(s, 3);
      }
    }
    DM_CASE("first byte %02X", a);
    CHECK_UINT(wrong, 0);
  }
}

static void test_sample_of_four_bytes(void) {
  static const unsigned char tails[] = {0x00, 0x41, 0x7F, 0x80, 0x81, 0x8E, 0x8F,
                                        0x90, 0x91, 0x9F, 0xA0, 0xBE, 0xBF, 0xC0,
                                        0xC1, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF};
  enum { N = sizeof tails };
  unsigned char s[4];
  for (unsigned a = 0xC0; a < 256; a++) {
    s[0] = (unsigned char)a;
    unsigned long wrong = 0;
    for (size_t i = 0; i < (size_t)N * N * N; i++) {
      s[1] = tails[i / N / N];
      s[2] = tails[i / N % N];
      s[3] = tails[i % N];
      wrong += !is_same(s, 4);
    }
    DM_CASE("first byte %02X", a);
    CHECK_UINT(wrong, 0);
  }
}

static void test_every_code_point(void) {
  unsigned long wrong = 0, n = 0;
  for (uint32_t c = 0; c <= 0x10FFFF; c++) {
    if (c >= 0xD800 && c <= 0xDFFF) {
      continue;
    }
    char out[5] = {'#', '#', '#', '#', '#'};
    size_t len = dm_utf8_encode(c, out);
    size_t want = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    /* decode by arithmetic: every tail byte is a digit in base 64 */
    uint32_t back =
        len == 1 ? (unsigned char)out[0] : (unsigned char)out[0] % (1u << (7 - len));
    for (size_t i = 1; i < len && i < 4; i++) {
      back = back * 64 + ((unsigned char)out[i] - 0x80u);
    }
    wrong += len != want || back != c || out[len] != '#' ||
             naive_utf8((unsigned char *)out, len) != len ||
             dm_utf8_char(out, len) != len;
    n++;
  }
  CHECK_UINT(wrong, 0);
  CHECK_UINT(n, 0x110000 - 0x800);
}

/* One odd sequence at every place of a text, so that it meets every border of the words
   that the validation reads at a time. */
static void test_places(void) {
  static const struct {
    const char *bytes;
    size_t len;
  } odd[] = {
      {"\x80", 1},         {"\xFF", 1},     {"\xC2\x80", 2},     {"\xC2", 1},
      {"\xE2\x82\xAC", 3}, {"\xE2\x82", 2}, {"\xED\xA0\x80", 3}, {"\xF0\x9F\x98\x80", 4},
      {"\xF0\x9F\x98", 3}, {"\0", 1}};
  for (size_t k = 0; k < sizeof odd / sizeof odd[0]; k++) {
    for (size_t len = odd[k].len; len < 40; len++) {
      unsigned char *s = malloc(len);
      unsigned long wrong = 0;
      for (size_t at = 0; at + odd[k].len <= len; at++) {
        memset(s, 'x', len);
        memcpy(s + at, odd[k].bytes, odd[k].len);
        wrong += !is_same(s, len);
      }
      free(s);
      DM_CASE("sequence %zu in %zu bytes", k, len);
      CHECK_UINT(wrong, 0);
    }
  }
}

static void test_random_texts(void) {
  static const char *const pieces[] = {
      "a",    "xyzxyzxyz",        "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
      "\xC3", "\xF4\x90\x80\x80", "\x80"};
  uint64_t seed = 3;
  unsigned long wrong = 0;
  for (int i = 0; i < dm_test_rounds(100000); i++) {
    unsigned char s[200];
    size_t len = 0;
    /* the last ones are not valid, and seldom */
    while (len < 180 && naive_below(&seed, 30)) {
      size_t k = naive_below(&seed, naive_below(&seed, 12) ? 5 : 8);
      memcpy(s + len, pieces[k], strlen(pieces[k]));
      len += strlen(pieces[k]);
    }
    wrong += !is_same(s, len);
  }
  CHECK_UINT(wrong, 0);
}

int main(void) {
  DM_RUN(test_table);
  DM_RUN(test_all_of_two_and_three_bytes);
  DM_RUN(test_sample_of_four_bytes);
  DM_RUN(test_every_code_point);
  DM_RUN(test_places);
  DM_RUN(test_random_texts);
  return dm_test_end();
}
