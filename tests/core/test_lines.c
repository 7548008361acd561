/* dm_lines: whatever the size of the blocks and of the reads, the same lines at the same
   places, whole. */
#include "dm_naive.h"
#include "dm_server.h"
#include "dm_test.h"
#include "io/dm_lines.h"

static const size_t sizes[] = {1, 2, 3, 5, 8, 13, 64, 1000, 1 << 20};

/* What the lines of a text must be: naively, one at a time. Of a line that is too long
   the reader may keep its first bytes only; that it is too long must show. */
static void check_lines(const char *text, size_t len, size_t max_line) {
  size_t bom = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    for (size_t piece = 1; piece < 100; piece += 33) {
      server s = {.bytes = text, .len = len, .piece = piece};
      dm_source *source;
      dm_error err;
      dm_lines lines;
      dm_block block = {0};
      CHECK_INT(dm_source_open_callback(&source, serve, &s, NULL, &err), DM_OK);
      dm_lines_init(&lines, source, sizes[k], max_line);
      size_t at = bom; /* the next line's place in the text */
      bool is_good = true;
      bool was_open = false;
      dm_status status = DM_OK;
      while (is_good) {
        status = dm_lines_next(&lines, &block, &err);
        if (status || block.len == 0) {
          break;
        }
        is_good = !was_open && block.first_byte == at &&
                  block.data[block.len - 1] == '\n' && block.cap >= block.len + 64;
        for (size_t i = 0; i < DM_BLOCK_PAD; i++) {
          is_good = is_good && block.data[block.len + i] == 0;
        }
        for (size_t i = 0; i < block.len && is_good;) {
          const char *line = block.data + i;
          size_t n = (size_t)((const char *)memchr(line, '\n', block.len - i) - line);
          const char *end = memchr(text + at, '\n', len - at);
          size_t want = end ? (size_t)(end - (text + at)) : len - at;
          is_good = memcmp(line, text + at, n) == 0 &&
                    (n == want || (want > max_line && n == max_line + 1));
          i += n + 1;
          at += want + (end != NULL);
          bool is_long = want > max_line; /* then it does not matter how it ends */
          was_open = i == block.len && !end;
          is_good = is_good && (is_long || block.is_last_line_open == was_open);
          uint64_t open_line = was_open ? at - want : UINT64_MAX;
          is_good = is_good && (is_long || lines.open_line == open_line);
        }
      }
      is_good = is_good && status == DM_OK && at == len;
      CHECK_INT(dm_lines_next(&lines, &block, &err), DM_OK); /* still the end */
      CHECK_UINT(block.len, 0);
      if (!CHECK(is_good)) {
        fprintf(stderr, "  blocks of %zu, reads of %zu: %zu of %zu bytes\n", sizes[k],
                piece, at, len);
      }
      dm_block_release(&block);
      dm_lines_release(&lines);
      dm_source_close(source);
    }
  }
}

static void test_texts(void) {
  static const struct {
    const char *text;
    size_t len;
  } cases[] = {
#define TEXT(text) {text, sizeof(text) - 1}
      TEXT(""),
      TEXT("\n"),
      TEXT("\n\n\n"),
      TEXT("a"),
      TEXT("a\n"),
      TEXT("ab"),
      TEXT("abc"),
      TEXT("abcd"),
      TEXT("a\nb"),
      TEXT("a\n\nb\n"),
      TEXT("one\r\ntwo\r\n"),
      TEXT("one\r\ntwo"),
      TEXT("\r"),
      TEXT("one\rtwo\r"), /* no line ends: the parser says so */
      TEXT("\xEF\xBB\xBF"),
      TEXT("\xEF\xBB\xBF\n"),
      TEXT("\xEF\xBB\xBF"
           "a\nb\n"),
      TEXT("\xEF\xBB\xBF\xEF\xBB\xBF"
           "a\n"), /* only the first */
      TEXT("\xEF\xBB"),
      TEXT("\xEF\xBB\xBE"
           "a"),
      TEXT("a\n\xEF\xBB\xBF"
           "b\n"),
      TEXT("a b\0c\nd\n"),
      TEXT("abcd\0\0\0\0\nd"),
      TEXT("{\"id\": 1, \"text\": \"\xC3\xA9\xF0\x9F\x98\x80\"}\n{\"id\": 2}\n\n{\"id\": "
           "3}"),
      TEXT("a line of more than sixty-four bytes, that no block of that size can hold at "
           "once\nshort\nand one more of more than sixty-four bytes, which has no end of "
           "its own"),
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DM_CASE("case %zu", i);
    check_lines(cases[i].text, cases[i].len, 1 << 20);
  }
}

static void test_random_texts(void) {
  uint64_t seed = 80;
  for (int i = 0; i < 120; i++) {
    char text[3000];
    size_t len = 0;
    size_t longest = 1 + naive_below(&seed, 200);
    while (len < 2000 && naive_below(&seed, 40)) {
      size_t n = naive_below(&seed, longest);
      for (size_t k = 0; k < n; k++) {
        text[len++] = (char)('a' + naive_below(&seed, 26));
      }
      text[len++] = '\n';
    }
    if (len && naive_below(&seed, 2)) {
      len--;
    }
    DM_CASE("round %d", i);
    check_lines(text, len, 1 << 20);
    check_lines(text, len, 1 + naive_below(&seed, 250));
  }
}

static void test_long_lines(void) {
  static const size_t lengths[] = {8, 9, 10, 11, 12, 20, 100, 5000};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    char text[20000];
    size_t n = lengths[i];
    DM_CASE("lines of %zu bytes, at most 10", n);
    memset(text, 'x', sizeof text);
    check_lines(text, n, 10);
    text[n] = '\n';
    check_lines(text, n + 1, 10);
    memcpy(text + n + 1, "short\n", 6);
    check_lines(text, n + 7, 10);
    memset(text + n + 7, 'y', n);
    check_lines(text, 2 * n + 7, 10);
    text[2 * n + 7] = '\n';
    text[2 * n + 8] = '\n';
    check_lines(text, 2 * n + 9, 10);
    check_lines(text, 2 * n + 8, n);
    check_lines(text, 2 * n + 8, n - 1);
  }
}

/* A line without an end takes no more memory than it may. */
static void test_endless_line(void) {
  size_t size = 8 << 20;
  char *text = malloc(size);
  memset(text, 'x', size);
  memcpy(text + size - 3, "\nz\n", 3);
  for (size_t block_size = 100; block_size <= 100000; block_size *= 1000) {
    dm_source *source;
    dm_error err;
    dm_lines lines;
    dm_block block = {0};
    CHECK_INT(dm_source_open_memory(&source, text, size, NULL, &err), DM_OK);
    dm_lines_init(&lines, source, block_size, 1000);
    CHECK_INT(dm_lines_next(&lines, &block, &err), DM_OK);
    CHECK_UINT(block.len, 1002);
    CHECK_INT(dm_lines_next(&lines, &block, &err), DM_OK);
    CHECK_BYTES(block.data, block.len, "z\n", 2);
    CHECK_UINT(block.first_byte, size - 2);
    CHECK(block.cap <= 4 * (block_size + 1000));
    CHECK(lines.carry.cap <= 4 * (block_size + 1000));
    CHECK_INT(dm_lines_next(&lines, &block, &err), DM_OK);
    CHECK_UINT(block.len, 0);
    dm_block_release(&block);
    dm_lines_release(&lines);
    dm_source_close(source);
  }
  free(text);
}

static void test_encodings(void) {
  static const struct {
    const char *text;
    size_t len;
    const char *found; /* NULL: fine */
  } cases[] = {
#define FOUND(text, found) {text, sizeof(text) - 1, found}
      FOUND("\xFF\xFE{\0\"\0", "UTF-16"),
      FOUND("\xFE\xFF\0{\0\"", "UTF-16"),
      FOUND("{\0\"\0i\0", "UTF-16"),
      FOUND("\0{\0\"\0i", "UTF-16"),
      FOUND("\xFF\xFE", "UTF-16"),
      FOUND("\xFE\xFF", "UTF-16"),
      FOUND("{\0", "UTF-16"),
      FOUND("\0{", "UTF-16"),
      FOUND("\n\0", "UTF-16"),
      FOUND("\xFF\xFE\n", "UTF-16"),
      FOUND("\xFF\xFE\0\0{\0\0\0", "UTF-32"),
      FOUND("\0\0\xFE\xFF\0\0\0{", "UTF-32"),
      FOUND("{\0\0\0\"\0\0\0", "UTF-32"),
      FOUND("\0\0\0{\0\0\0\"", "UTF-32"),
      FOUND("{", NULL),
      FOUND("\xFF", NULL),
      FOUND("\xFE\xFE", NULL),
      FOUND("\xEF\xBB\xBF{\0", NULL), /* the parser's business */
      FOUND("{\"\0\"", NULL),
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
      DM_CASE("case %zu, blocks of %zu", i, sizes[k]);
      dm_source *source;
      dm_error err;
      memset(&err, 0xA5, sizeof err);
      dm_lines lines;
      dm_block block = {0};
      CHECK_INT(dm_source_open_memory(&source, cases[i].text, cases[i].len, NULL, &err),
                DM_OK);
      dm_lines_init(&lines, source, sizes[k], 1000);
      dm_status status = dm_lines_next(&lines, &block, &err);
      if (cases[i].found) {
        CHECK_INT(status, DM_E_SYNTAX);
        CHECK(strstr(err.found, cases[i].found) != NULL);
        CHECK(strstr(err.advice, "convert") != NULL);
        CHECK_UINT(err.line, 1);
        CHECK_UINT(err.column, 1);
        CHECK_UINT(err.byte, 0);
      } else {
        CHECK_INT(status, DM_OK);
      }
      dm_block_release(&block);
      dm_lines_release(&lines);
      dm_source_close(source);
    }
  }
}

/* The header of a tar archive's first file, and texts that are none although they hold
   its sign. */
static void test_archives(void) {
  for (int kind = 0; kind < 5; kind++) {
    char text[600] = "signals.jsonl";
    size_t len = kind == 1 ? 262 : sizeof text;
    memcpy(text + 257, "ustar", 5);
    if (kind == 1) {
      memcpy(text, "a\0", 2); /* which looks like UTF-16 */
    } else if (kind == 2) {
      memset(text, 'x', sizeof text);
      memcpy(text + 257, "ustar\n", 6);
      text[100] = '\n';
    } else if (kind == 3) {
      len = 261;
    } else if (kind == 4) {
      text[257] = 'U';
    }
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
      DM_CASE("kind %d, blocks of %zu", kind, sizes[k]);
      dm_source *source;
      dm_error err;
      dm_lines lines;
      dm_block block = {0};
      CHECK_INT(dm_source_open_memory(&source, text, len, NULL, &err), DM_OK);
      dm_lines_init(&lines, source, sizes[k], 1000);
      dm_status status = dm_lines_next(&lines, &block, &err);
      if (kind < 2 && CHECK_INT(status, DM_E_IO)) {
        CHECK(strstr(err.found, "tar archive") != NULL);
        CHECK(strstr(err.advice, "unpack") != NULL);
      } else if (kind >= 2) {
        CHECK_INT(status, DM_OK);
      }
      dm_block_release(&block);
      dm_lines_release(&lines);
      dm_source_close(source);
    }
  }
}

static int64_t fail_late(void *ctx, char *buf, size_t n) {
  int *n_calls = ctx;
  memset(buf, (*n_calls)++ ? '\n' : 'x', n < 10 ? n : 10);
  return *n_calls > 3 ? -1 : (int64_t)(n < 10 ? n : 10);
}

static void test_failing_source(void) {
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    int n_calls = 0;
    dm_source *source;
    dm_error err;
    dm_lines lines;
    dm_block block = {0};
    CHECK_INT(dm_source_open_callback(&source, fail_late, &n_calls, NULL, &err), DM_OK);
    dm_lines_init(&lines, source, sizes[k], 1000);
    dm_status status = DM_OK;
    int n_blocks = 0;
    while (!status && n_blocks++ < 100) {
      status = dm_lines_next(&lines, &block, &err);
    }
    CHECK_INT(status, DM_E_INTERRUPT);
    dm_block_release(&block);
    dm_lines_release(&lines);
    dm_source_close(source);
  }
}

int main(void) {
  DM_RUN(test_texts);
  DM_RUN(test_random_texts);
  DM_RUN(test_long_lines);
  DM_RUN(test_endless_line);
  DM_RUN(test_encodings);
  DM_RUN(test_archives);
  DM_RUN(test_failing_source);
  return dm_test_end();
}
