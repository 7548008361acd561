/* dm_lines: whatever the size of the blocks and of the reads, the same lines at the same
   places, whole. */
#include "dm_naive.h"
#include "dm_server.h"
#include "dm_test.h"
#include "io/dm_lines.h"

static const size_t sizes[] = {1, 2, 3, 5, 8, 13, 64, 1000, 1 << 20};

/* A text whose lines have been found so far. */
typedef struct walk {
  const char *text;
  size_t len;
  size_t max_line;
  size_t at; /* the next line's place in the text */
  bool is_good;
  bool was_open;
} walk;

static walk walk_begin(const char *text, size_t len, size_t max_line) {
  bool has_bom = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
  return (walk){text, len, max_line, has_bom ? 3 : 0, true, false};
}

/* What the lines of a text must be: naively, one at a time. Of a line that is too long
   the reader may keep its first bytes only; that it is too long must show. */
static void walk_block(walk *w, const dm_block *block, uint64_t open_line) {
  bool is_good =
      !w->was_open && block->first_byte == w->at && block->data[block->len - 1] == '\n';
  for (size_t i = 0; i < DM_BLOCK_PAD; i++) {
    is_good = is_good && block->data[block->len + i] == 0;
  }
  for (size_t i = 0; i < block->len && is_good;) {
    const char *line = block->data + i;
    size_t n = (size_t)((const char *)memchr(line, '\n', block->len - i) - line);
    const char *end = memchr(w->text + w->at, '\n', w->len - w->at);
    size_t want = end ? (size_t)(end - (w->text + w->at)) : w->len - w->at;
    is_good = memcmp(line, w->text + w->at, n) == 0 &&
              (n == want || (want > w->max_line && n == w->max_line + 1));
    i += n + 1;
    w->at += want + (end != NULL);
    bool is_long = want > w->max_line; /* then it does not matter how it ends */
    w->was_open = i == block->len && !end;
    is_good = is_good && (is_long || block->is_last_line_open == w->was_open);
    uint64_t want_open = w->was_open ? w->at - want : UINT64_MAX;
    is_good = is_good && (is_long || open_line == want_open);
  }
  w->is_good = w->is_good && is_good;
}

/* The blocks that are left in lines, and that nothing follows. */
static dm_status walk_rest(walk *w, dm_lines *lines, dm_block *block, dm_error *err) {
  dm_status status = DM_OK;
  while (w->is_good) {
    status = dm_lines_next(lines, block, err);
    if (status || block->len == 0) {
      break;
    }
    CHECK(block->cap >= block->len + DM_BLOCK_PAD);
    walk_block(w, block, lines->open_line);
  }
  w->is_good = w->is_good && status == DM_OK && w->at == w->len;
  CHECK_INT(dm_lines_next(lines, block, err), DM_OK); /* still the end */
  CHECK_UINT(block->len, 0);
  return status;
}

/* A text in stretches, of which the last is read first. */
static void check_stretches(const char *text, size_t len, size_t max_line) {
  static dm_stretch stretches[20010];
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    dm_source *source;
    dm_error err;
    dm_lines lines;
    dm_block block = {0};
    CHECK_INT(dm_source_open_memory(&source, text, len, NULL, &err), DM_OK);
    CHECK(dm_source_has_places(source));
    dm_lines_init(&lines, source, sizes[k], max_line);
    walk w = walk_begin(text, len, max_line);
    CHECK_INT(dm_lines_next(&lines, &block, &err), DM_OK);
    if (block.len) {
      walk_block(&w, &block, lines.open_line);
    }
    size_t n = 0;
    do {
      CHECK_INT(dm_lines_next_stretch(&lines, &stretches[n], &err), DM_OK);
    } while (stretches[n].len && ++n < sizeof stretches / sizeof *stretches);
    for (size_t i = n; i-- > 0;) {
      CHECK_INT(dm_stretch_read(&stretches[i], &err), DM_OK);
    }
    for (size_t i = 0; i < n && w.is_good; i++) {
      CHECK_INT(dm_lines_join(&lines, &stretches[i], &block, &err), DM_OK);
      CHECK(block.len == 0 || memchr(block.data, '\n', block.len) ==
                                  block.data + block.len - 1); /* one line */
      if (block.len) {
        walk_block(&w, &block, UINT64_MAX);
      }
      if (stretches[i].lines.len) {
        walk_block(&w, &stretches[i].lines, UINT64_MAX);
      }
    }
    CHECK_INT(walk_rest(&w, &lines, &block, &err), DM_OK);
    if (!CHECK(w.is_good)) {
      fprintf(stderr, "  stretches of %zu: %zu of %zu bytes\n", sizes[k], w.at, len);
    }
    dm_block_release(&block);
    dm_lines_release(&lines);
    dm_source_close(source);
    for (size_t i = 0; i <= n; i++) {
      dm_stretch_release(&stretches[i]);
    }
  }
}

static void check_lines(const char *text, size_t len, size_t max_line) {
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    for (size_t piece = 1; piece < 100; piece += 33) {
      server s = {.bytes = text, .len = len, .piece = piece};
      dm_source *source;
      dm_error err;
      dm_lines lines;
      dm_block block = {0};
      CHECK_INT(dm_source_open_callback(&source, serve, &s, NULL, &err), DM_OK);
      CHECK(!dm_source_has_places(source));
      dm_lines_init(&lines, source, sizes[k], max_line);
      walk w = walk_begin(text, len, max_line);
      CHECK_INT(walk_rest(&w, &lines, &block, &err), DM_OK);
      if (!CHECK(w.is_good)) {
        fprintf(stderr, "  blocks of %zu, reads of %zu: %zu of %zu bytes\n", sizes[k],
                piece, w.at, len);
      }
      dm_block_release(&block);
      dm_lines_release(&lines);
      dm_source_close(source);
    }
  }
  check_stretches(text, len, max_line);
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

/* The same in stretches, behind a first line. */
static void test_endless_line_in_stretches(void) {
  size_t size = 1 << 20;
  char *text = malloc(size);
  memset(text, 'x', size);
  memcpy(text, "a\n", 2);
  memcpy(text + size - 3, "\nz\n", 3);
  dm_source *source;
  dm_error err;
  dm_lines lines;
  dm_block block = {0};
  dm_stretch stretch = {0};
  size_t n_blocks = 0;
  CHECK_INT(dm_source_open_memory(&source, text, size, NULL, &err), DM_OK);
  dm_lines_init(&lines, source, 100, 1000);
  CHECK_INT(dm_lines_next(&lines, &block, &err), DM_OK);
  CHECK_BYTES(block.data, block.len, "a\n", 2);
  for (;;) {
    CHECK_INT(dm_lines_next_stretch(&lines, &stretch, &err), DM_OK);
    if (stretch.len == 0) {
      break;
    }
    CHECK_INT(dm_stretch_read(&stretch, &err), DM_OK);
    CHECK_INT(dm_lines_join(&lines, &stretch, &block, &err), DM_OK);
    CHECK_UINT(block.len, block.len ? 1002 : 0);
    n_blocks += block.len > 0;
  }
  CHECK_UINT(n_blocks, 1);
  CHECK_BYTES(stretch.lines.data, stretch.lines.len, "z\n", 2);
  CHECK_UINT(lines.next_byte, size);
  CHECK(block.cap <= 4 * 1100 && lines.carry.cap <= 4 * 1100 && stretch.cap <= 4 * 300);
  dm_stretch_release(&stretch);
  dm_block_release(&block);
  dm_lines_release(&lines);
  dm_source_close(source);
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
  DM_RUN(test_endless_line_in_stretches);
  DM_RUN(test_encodings);
  DM_RUN(test_archives);
  DM_RUN(test_failing_source);
  return dm_test_end();
}
