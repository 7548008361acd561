/* dm_path.c: paths as Windows takes them. Cases of the catalogue of faults
   (tests/testthat/faults/) that R can't run elsewhere. */
#include <errno.h>

#include "base/dm_mem.h"
#include "dm_test.h"
#include "io/dm_path.h"

/* A path of this kind: before, then parts of 25 units up to at least n units. */
static char *long_path(const char *before, size_t n) {
  char *path = malloc(n + 64);
  strcpy(path, before);
  while (strlen(path) < n) {
    strcat(path, "/2345678901234567890123456");
  }
  return path;
}

/* Whether the units are those of text: ASCII, but "~" stands for U+00E9. */
static bool is_text(const uint16_t *units, const char *text) {
  size_t i = 0;
  for (; text[i]; i++) {
    if (units[i] != (text[i] == '~' ? 0xE9 : (unsigned char)text[i])) {
      return false;
    }
  }
  return units[i] == 0;
}

static void check_path(const char *path, const char *want) {
  DM_CASE("%.100s", path);
  uint16_t *got = dm_path_utf16(path);
  if (CHECK(got != NULL)) {
    CHECK(is_text(got, want));
  }
  dm_free(got);
}

static void test_backslash(void) {
  static const char *const cases[][2] = {
      {"", ""},
      {"a", "a"},
      {"runs/a.jsonl", "runs\\a.jsonl"},
      {"runs\\a.jsonl", "runs\\a.jsonl"},
      {"runs\\b/a.jsonl", "runs\\b\\a.jsonl"},
      {"runs//b\\/a", "runs\\b\\a"},
      {"./a/../b", ".\\a\\..\\b"},
      {"/a", "\\a"},
      {"C:/runs/a", "C:\\runs\\a"},
      {"C:a", "C:a"},
      {"C:\\caf\xC3\xA9 b\\", "C:\\caf~ b\\"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    check_path(cases[i][0], cases[i][1]);
  }
  DM_CASE("beyond 16 bits");
  uint16_t *got = dm_path_utf16("\xF0\x9F\x98\x80/\xE4\xB8\xAD");
  if (CHECK(got != NULL)) {
    const uint16_t want[] = {0xD83D, 0xDE00, '\\', 0x4E2D, 0};
    CHECK_BYTES(got, sizeof want, want, sizeof want);
  }
  dm_free(got);
  DM_CASE("no UTF-8");
  errno = 0;
  CHECK(dm_path_utf16("caf\xE9") == NULL);
  CHECK_INT(errno, ENOENT);
}

static void test_server(void) {
  static const char *const cases[][2] = {
      {"//server/share/a", "\\\\server\\share\\a"},
      {"\\\\server\\share\\a", "\\\\server\\share\\a"},
      {"//server//share/a", "\\\\server\\share\\a"},
      {"\\\\?\\C:\\a", "\\\\?\\C:\\a"},
      {"//./pipe/a", "//./pipe/a"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    check_path(cases[i][0], cases[i][1]);
  }
}

/* path comes out as prefix and what stands in it from the byte from on, in backslashes.
 */
static void check_long(char *path, size_t from, const char *prefix) {
  char *want = malloc(strlen(path) + 16);
  strcpy(want, prefix);
  strcat(want, path + from);
  for (char *c = want; *c; c++) {
    *c = *c == '/' ? '\\' : *c;
  }
  check_path(path, want);
  free(want);
  free(path);
}

static void test_long_path(void) {
  check_long(long_path("C:", 300), 0, "\\\\?\\");
  check_long(long_path("c:/a b", 4000), 0, "\\\\?\\");
  check_long(long_path("//server/share", 300), 2, "\\\\?\\UNC\\");
  check_long(long_path("\\\\server\\share", 32000), 2, "\\\\?\\UNC\\");
  /* what the prefix would change stays without it */
  check_long(long_path("C:/..", 300), 0, "");
  check_long(long_path("C:/a/./b", 300), 0, "");
  check_long(long_path("runs", 300), 0, "");
  check_long(long_path("/runs", 300), 0, "");
  /* names that begin or end with dots are no such parts */
  check_long(long_path("C:/.a/b./..c/d..", 300), 0, "\\\\?\\");
  check_path("\\\\?\\C:\\a\\..\\b/c", "\\\\?\\C:\\a\\..\\b/c");
  /* the first length that needs it */
  for (size_t n = DM_PATH_LONG - 1; n <= DM_PATH_LONG; n++) {
    char *path = malloc(n + 1);
    memset(path, 'a', n);
    memcpy(path, "C:/", 3);
    path[n] = '\0';
    check_long(path, 0, n < DM_PATH_LONG ? "" : "\\\\?\\");
  }
}

int main(void) {
  DM_RUN_FAULT("F14", test_backslash);
  DM_RUN_FAULT("F15", test_server);
  DM_RUN_FAULT("F16", test_long_path);
  return dm_test_end();
}
