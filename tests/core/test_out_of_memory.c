/* Every allocation and every read of every scenario is made to fail once, and once with
   all that follow it: each time there is a clean error and no block is left, and without
   a failure the answer is the same as before. */
#define _DEFAULT_SOURCE
#include <errno.h>

#include "dm_files.h"
#include "dm_mem_fault.h"
#include "dm_naive.h"
#include "dm_server.h"
#include "dm_signals.h"
#include "dm_test.h"
#include "files/dm_tsv.h"
#include "io/dm_writer.h"

/* --- scenarios ---------------------------------------------------------------------- */

typedef enum input {
  INPUT_MEMORY,
  INPUT_CALLBACK,
  INPUT_FILE,
} input;

typedef struct scenario {
  const char *name;
  dm_status (*perform)(const struct scenario *scenario, dm_error *err);
  unsigned flags;
  input from;
  size_t block_size;
  dm_status want;
  const char *bytes; /* scenarios of a source or table: what it holds */
  size_t len;
} scenario;

/* The host of the scenario at hand: stops at one of the checks. */
static size_t check_left;
static bool has_stopped;

static int check(void *ctx, uint64_t bytes) {
  (void)ctx;
  (void)bytes;
  if (check_left && --check_left == 0) {
    has_stopped = true;
  }
  return has_stopped;
}

static const dm_host host = {check, NULL};
static server only_server;

static dm_status open_input(const scenario *s, const char *bytes, size_t len,
                            dm_source **out, dm_error *err) {
  switch (s->from) {
    case INPUT_MEMORY:
      return dm_source_open_memory(out, bytes, len, &host, err);
    case INPUT_CALLBACK:
      only_server = (server){.bytes = bytes, .len = len, .piece = 700};
      return dm_source_open_callback(out, serve, &only_server, &host, err);
    default:
      return dm_source_open_file(out, files_write("fault", bytes, len), &host, err);
  }
}

static dm_status perform_source(const scenario *s, dm_error *err) {
  dm_source *source = NULL;
  dm_status status = open_input(s, s->bytes, s->len, &source, err);
  if (status) {
    CHECK(source == NULL);
    return status;
  }
  char buf[64];
  size_t got = sizeof buf;
  while (status == DM_OK && got == sizeof buf) {
    status = dm_source_read(source, buf, sizeof buf, &got, err);
    say(buf, status ? 0 : got);
  }
  dm_source_close(source);
  return status;
}

static dm_status perform_missing(const scenario *s, dm_error *err) {
  (void)s;
  dm_source *source = NULL;
  dm_status status = dm_source_open_file(&source, files_path("missing"), &host, err);
  CHECK(source == NULL);
  return status;
}

static dm_status perform_lines(const scenario *s, dm_error *err) {
  dm_source *source = NULL;
  dm_block block = {0};
  dm_lines lines = {0};
  dm_status status;
  DM_TRY_DONE(open_input(s, s->bytes, s->len, &source, err));
  dm_lines_init(&lines, source, s->block_size, 100);
  do {
    DM_TRY_DONE(dm_lines_next(&lines, &block, err));
    say(block.data, block.len);
  } while (block.len);
done:
  dm_lines_release(&lines);
  dm_block_release(&block);
  dm_source_close(source);
  return status;
}

static char *lines; /* that perform_run() made last */

static dm_status perform_run(const scenario *s, dm_error *err) {
  static const char *const signals[] = {"grad", "loss"};
  dm_options options = {
      .is_skipping = s->flags & SKIP,
      .is_cut_allowed = s->flags & CUT,
      .max_line = s->flags & LONG_LINE ? 400 : 1 << 20,
      .block_size = s->block_size,
      .threads = s->flags & THREADS ? 3 : 1,
      .signals = signals,
      .n_signals = s->flags & (SIGNALS | METRICS) ? 2 : 0,
      .metrics = s->flags & METRICS ? DM_METRIC_BIT(DM_N_METRICS) - 1 : 0,
      .burn_out = s->flags & WINDOW ? 2 : 0,
      .seed = 17,
  };
  static const scenario *made_for = NULL; /* the text is the same for all its failures */
  static size_t len;
  if (made_for != s) {
    free(lines);
    lines = make_lines(s->flags, &len);
    made_for = s;
    if (s->flags & GZIP) {
      char *gz = (char *)files_gzip(lines, len, 6, &len);
      free(lines);
      lines = gz;
    }
  }
  dm_run *run = NULL;
  dm_source *source = NULL;
  dm_status status;
  DM_TRY_DONE(dm_run_new(&run, &options, &host, err));
  DM_TRY_DONE(open_input(s, lines, len, &source, err));
  DM_TRY_DONE(dm_run_source(run, source, 0, err));
  DM_TRY_DONE(say_run(run, err));
done:
  dm_source_close(source);
  dm_run_free(run);
  return status;
}

/* The rows of a table in place of lines. */
static dm_status perform_rows(const scenario *s, dm_error *err) {
  dm_options options = {.is_skipping = s->flags & SKIP,
                        .max_line = 1 << 20,
                        .block_size = 1 << 20,
                        .n_signals = 0};
  dm_run *run = NULL;
  dm_status status;
  DM_TRY_DONE(dm_run_new(&run, &options, NULL, err));
  for (uint64_t i = 1; i <= 3000; i++) {
    char id[32];
    double probs[3] = {(double)(i % 10) / 10, 1 - (double)(i % 10) / 10, 0};
    dm_fields fields = {.label = dm_ident_from_int((int64_t)i % 2),
                        .probs = probs,
                        .n_probs = i % 100 == 7 && s->flags & DISAGREE ? 3 : 2};
    snprintf(id, sizeof id, "row %d", (int)(i % 400));
    fields.id = s->flags & TEXT_IDS ? dm_ident_from_text(id, strlen(id))
                                    : dm_ident_from_int((int64_t)(i * 7919 % 500));
    if (s->flags & BAD_LINES && i % 1000 == 5) {
      fields.id.kind = DM_IDENT_NONE;
    }
    DM_TRY_DONE(dm_run_row(run, &fields, i, err));
  }
  DM_TRY_DONE(dm_run_end_rows(run, err));
  DM_TRY_DONE(say_run(run, err));
done:
  dm_run_free(run);
  return status;
}

static const dm_missing missing = {INT32_MIN, UINT64_C(0x7FF00000000007A2)};

static dm_status perform_tsv_read(const scenario *s, dm_error *err) {
  dm_source *source = NULL;
  dm_tsv_table *table = NULL;
  dm_status status;
  DM_TRY_DONE(open_input(s, s->bytes, s->len, &source, err));
  DM_TRY_DONE(dm_tsv_read(&table, source, s->block_size, false, &missing, err));
  size_t n = dm_tsv_n_rows(table);
  for (size_t c = 0; c < dm_tsv_n_columns(table); c++) {
    say(dm_tsv_name(table, c), strlen(dm_tsv_name(table, c)));
    switch (dm_tsv_kind_of(table, c)) {
      case DM_TSV_INT32:
      case DM_TSV_BOOL:
        say(dm_tsv_int32(table, c), n * sizeof(int32_t));
        break;
      case DM_TSV_DOUBLE:
        say(dm_tsv_double(table, c), n * sizeof(double));
        break;
      case DM_TSV_TEXT:
        for (size_t i = 0; i < n; i++) {
          size_t len = 0;
          const char *text = dm_tsv_text(table, c, i, &len);
          say(text, text ? len : 0);
        }
    }
  }
done:
  CHECK(status == DM_OK || table == NULL);
  dm_tsv_release(table);
  dm_source_close(source);
  return status;
}

static dm_status perform_tsv_write(const scenario *s, dm_error *err) {
  (void)s;
  enum { ROWS = 200 };
  static const char *const names[] = {"a", "b", NULL, "\xC3\xA9"};
  const char *texts[ROWS];
  double numbers[ROWS];
  int32_t counts[ROWS];
  for (int i = 0; i < ROWS; i++) {
    texts[i] = names[i % 4];
    numbers[i] = i / 7.0;
    counts[i] = i;
  }
  const dm_tsv_column columns[] = {{"note", DM_TSV_TEXT, texts},
                                   {"id", DM_TSV_INT32, counts},
                                   {"avg_probs", DM_TSV_DOUBLE, numbers}};
  const char *path = files_write("written", "old", 3);
  dm_writer *writer = NULL;
  dm_status status;
  DM_TRY_DONE(dm_writer_open(&writer, path, NULL, err));
  DM_TRY_DONE(dm_tsv_write(writer, "table", columns, 3, ROWS, &missing, err));
  DM_TRY_DONE(dm_writer_commit(writer, err));
done:
  dm_writer_close(writer);
  char got[20000];
  FILE *file = fopen(path, "rb");
  size_t len = fread(got, 1, sizeof got, file);
  fclose(file);
  files_remove("written");
  if (status) { /* nothing is lost */
    CHECK_BYTES(got, len, "old", 3);
  } else {
    say(got, len);
  }
  return status;
}

/* --- the table ---------------------------------------------------------------------- */

#define TEXT_AND_LENGTH(text) text, sizeof text - 1
#define LINES                                                        \
  TEXT_AND_LENGTH(                                                   \
      "one\ntwo\n\nthree, which is longer than the blocks\nfour\n"   \
      "five: a line of more than a hundred bytes 012345678901234567" \
      "8901234567890123456789012345678901234567890123456789\nsix")
#define TABLE                                                       \
  TEXT_AND_LENGTH(                                                  \
      "id\tlabel\tnote\tavg_probs\textra\nfirst\t1\tNA\t0.5\t1.5\n" \
      "second\t0\ttext\t0.25\tNA\nthird\t-3\t\xC3\xA9\t1\t2\n")
#define GZ                                                               \
  TEXT_AND_LENGTH(                                                       \
      "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\xCB\x48\xCD\xC9\xC9\x57" \
      "\x48\xAF\x82\x92\x05\x00\x65\x7E\xDA\xE4\x0D\x00\x00\x00")

static const scenario scenarios[] = {
    {"plain", perform_source, 0, INPUT_MEMORY, 0, DM_OK, LINES},
    {"plain file", perform_source, 0, INPUT_FILE, 0, DM_OK, LINES},
    {"plain callback", perform_source, 0, INPUT_CALLBACK, 0, DM_OK, LINES},
    {"empty file", perform_source, 0, INPUT_FILE, 0, DM_OK, TEXT_AND_LENGTH("")},
    {"broken gz", perform_source, 0, INPUT_MEMORY, 0, DM_E_IO, GZ},
    {"broken gz file", perform_source, 0, INPUT_FILE, 0, DM_E_IO, GZ},
    {"broken gz callback", perform_source, 0, INPUT_CALLBACK, 0, DM_E_IO, GZ},
    {"broken zstd", perform_source, 0, INPUT_MEMORY, 0, DM_E_IO,
     TEXT_AND_LENGTH("\x28\xB5\x2F\xFD....")},
    {"lz4", perform_source, 0, INPUT_MEMORY, 0, DM_E_IO,
     TEXT_AND_LENGTH("\x04\x22\x4D\x18....")},
    {"zip file", perform_source, 0, INPUT_FILE, 0, DM_E_IO, TEXT_AND_LENGTH("PK\3\4..")},
    {"missing file", perform_missing, 0, INPUT_FILE, 0, DM_E_IO, NULL, 0},
    {"lines by 1", perform_lines, 0, INPUT_MEMORY, 1, DM_OK, LINES},
    {"lines by 7", perform_lines, 0, INPUT_MEMORY, 7, DM_OK, LINES},
    {"lines by 1000", perform_lines, 0, INPUT_FILE, 1000, DM_OK, LINES},
    {"lines of UTF-16", perform_lines, 0, INPUT_FILE, 10, DM_E_SYNTAX,
     TEXT_AND_LENGTH("\xFF\xFE{\0")},
    {"table", perform_tsv_read, 0, INPUT_MEMORY, 1 << 16, DM_OK, TABLE},
    {"table by 5", perform_tsv_read, 0, INPUT_MEMORY, 5, DM_OK, TABLE},
    {"table file", perform_tsv_read, 0, INPUT_FILE, 100, DM_OK, TABLE},
    {"broken table", perform_tsv_read, 0, INPUT_MEMORY, 100, DM_E_SYNTAX,
     TEXT_AND_LENGTH("id\tlabel\n1\t2\n3\n")},
    {"text for a count", perform_tsv_read, 0, INPUT_MEMORY, 100, DM_E_FIELD,
     TEXT_AND_LENGTH("id\tavg_probs\na\t2\nb\thigh\n")},
    {"writing a table", perform_tsv_write, 0, INPUT_MEMORY, 0, DM_OK, NULL, 0},
#define RUN(name, flags, from, block, want) \
  { name, perform_run, flags, from, block, want, NULL, 0 }
    RUN("integers", 0, INPUT_MEMORY, 1 << 20, DM_OK),
    RUN("integers by 64", 0, INPUT_MEMORY, 64, DM_OK),
    RUN("integers by 4096", 0, INPUT_FILE, 4096, DM_OK),
    RUN("integers from a callback", 0, INPUT_CALLBACK, 4096, DM_OK),
    RUN("integers, Python", PYTHON, INPUT_MEMORY, 4096, DM_OK),
    RUN("texts", TEXT_IDS, INPUT_MEMORY, 4096, DM_OK),
    RUN("texts, Python", TEXT_IDS | PYTHON, INPUT_FILE, 4096, DM_OK),
    RUN("escapes", TEXT_IDS | ESCAPES, INPUT_MEMORY, 4096, DM_OK),
    RUN("escapes, Python", TEXT_IDS | ESCAPES | PYTHON, INPUT_MEMORY, 300, DM_OK),
    RUN("big integers", BIG_IDS, INPUT_MEMORY, 4096, DM_OK),
    RUN("logits", LOGITS, INPUT_MEMORY, 4096, DM_OK),
    RUN("logits, Python", LOGITS | PYTHON, INPUT_CALLBACK, 4096, DM_OK),
    RUN("steps", STEPS, INPUT_MEMORY, 4096, DM_OK),
    RUN("steps, texts", STEPS | TEXT_IDS, INPUT_MEMORY, 4096, DM_OK),
    RUN("a step back", STEPS | STEP_BACK, INPUT_MEMORY, 4096, DM_E_FIELD),
    RUN("a step back, skipped", STEPS | STEP_BACK | SKIP, INPUT_MEMORY, 4096, DM_OK),
    RUN("signals", SIGNALS, INPUT_MEMORY, 4096, DM_OK),
    RUN("signals, texts, gzip", SIGNALS | TEXT_IDS | GZIP, INPUT_FILE, 4096, DM_OK),
    RUN("metrics", METRICS, INPUT_MEMORY, 4096, DM_OK),
    RUN("metrics, texts, logits", METRICS | TEXT_IDS | LOGITS, INPUT_FILE, 999, DM_OK),
    RUN("metrics, disagreements", METRICS | DISAGREE | WINDOW, INPUT_MEMORY, 500, DM_OK),
    RUN("metrics, threads", METRICS | THREADS, INPUT_MEMORY, 300, DM_OK),
    RUN("metrics with gaps, threads", METRICS | THREADS | MORE_IDS | GAPS, INPUT_MEMORY,
        3000, DM_OK),
    RUN("disagreements", DISAGREE, INPUT_MEMORY, 4096, DM_OK),
    RUN("disagreements by 64", DISAGREE, INPUT_MEMORY, 64, DM_OK),
    RUN("disagreements, steps", DISAGREE | STEPS, INPUT_MEMORY, 4096, DM_OK),
    RUN("disagreements, logits", DISAGREE | LOGITS, INPUT_MEMORY, 4096, DM_OK),
    RUN("disagreements, Python", DISAGREE | PYTHON | TEXT_IDS, INPUT_FILE, 999, DM_OK),
    RUN("bad lines", BAD_LINES, INPUT_MEMORY, 4096, DM_E_SYNTAX),
    RUN("bad lines, skipped", BAD_LINES | SKIP, INPUT_MEMORY, 4096, DM_OK),
    RUN("bad lines, skipped by 1", BAD_LINES | SKIP, INPUT_MEMORY, 1, DM_OK),
    RUN("bad lines, skipped, gzip", BAD_LINES | SKIP | GZIP, INPUT_FILE, 512, DM_OK),
    RUN("bad lines, Python", BAD_LINES | SKIP | PYTHON, INPUT_CALLBACK, 512, DM_OK),
    RUN("gzip", GZIP, INPUT_MEMORY, 4096, DM_OK),
    RUN("gzip file", GZIP, INPUT_FILE, 4096, DM_OK),
    RUN("gzip callback", GZIP, INPUT_CALLBACK, 4096, DM_OK),
    RUN("a cut line", CUT, INPUT_MEMORY, 4096, DM_OK),
    RUN("a cut line, Python", CUT | PYTHON, INPUT_FILE, 4096, DM_OK),
    RUN("a long line", LONG_LINE, INPUT_MEMORY, 4096, DM_E_LIMIT),
    RUN("a long line, skipped", LONG_LINE | SKIP, INPUT_MEMORY, 100, DM_OK),
    RUN("threads", THREADS, INPUT_MEMORY, 1000, DM_OK),
    RUN("threads, small blocks", THREADS | TEXT_IDS | PYTHON, INPUT_FILE, 100, DM_OK),
    RUN("threads, a file", THREADS | SIGNALS, INPUT_FILE, 700, DM_OK),
    RUN("threads, a long line of a file", THREADS | LONG_LINE | SKIP, INPUT_FILE, 100,
        DM_OK),
    RUN("threads, disagreements", THREADS | DISAGREE, INPUT_CALLBACK, 500, DM_OK),
    RUN("threads, bad lines", THREADS | BAD_LINES, INPUT_MEMORY, 300, DM_E_SYNTAX),
    RUN("threads, a step back", THREADS | STEPS | STEP_BACK, INPUT_MEMORY, 300,
        DM_E_FIELD),
    RUN("threads, skipping", THREADS | BAD_LINES | SKIP | GZIP, INPUT_FILE, 300, DM_OK),
    RUN("many integers", MANY_IDS, INPUT_MEMORY, 1 << 20, DM_OK),
    RUN("many texts", MANY_IDS | TEXT_IDS, INPUT_MEMORY, 1 << 20, DM_OK),
    RUN("many big integers", MANY_IDS | BIG_IDS, INPUT_MEMORY, 1 << 20, DM_OK),
    RUN("many of everything",
        MANY_IDS | TEXT_IDS | PYTHON | STEPS | SIGNALS | DISAGREE | GZIP | SKIP |
            BAD_LINES,
        INPUT_FILE, 1 << 16, DM_OK),
#define ROWS(name, flags, want) \
  { name, perform_rows, flags, INPUT_MEMORY, 0, want, NULL, 0 }
    ROWS("rows", 0, DM_OK),
    ROWS("rows, texts", TEXT_IDS, DM_OK),
    ROWS("rows, disagreements", DISAGREE, DM_OK),
    ROWS("rows, bad", BAD_LINES, DM_E_FIELD),
    ROWS("rows, bad, skipped", BAD_LINES | SKIP, DM_OK),
};

/* --- the torture -------------------------------------------------------------------- */

typedef enum failing { MEMORY_ONCE, MEMORY_LASTING, READ_EIO, READ_EINTR, STOP } failing;

static unsigned long n_failures;
static unsigned long n_memory_failures;
static unsigned long n_read_failures;

/* One scenario with one of its calls failing; whether there was such a call. */
static bool fail_at(const scenario *s, failing what, size_t k, const char *want_answer,
                    size_t want_len) {
  static const dm_status codes[] = {DM_E_MEMORY, DM_E_MEMORY, DM_E_IO, DM_OK,
                                    DM_E_INTERRUPT};
  answer_len = 0;
  check_left = what == STOP ? k : 0;
  has_stopped = false;
  bool is_memory = what == MEMORY_ONCE || what == MEMORY_LASTING;
  fault_arm_memory(is_memory ? k : 0, what == MEMORY_LASTING);
  fault_arm_read(what == READ_EIO || what == READ_EINTR ? k : 0, what == READ_EIO,
                 what == READ_EIO ? EIO : EINTR);
  dm_error err;
  memset(&err, 0xA5, sizeof err);
  dm_status status = s->perform(s, &err);
  bool has_failed = fault_has_fired() || has_stopped;
  fault_arm_memory(0, false);
  fault_arm_read(0, false, 0);
  check_left = 0;
  has_stopped = false;
  dm_status want = has_failed && what != READ_EINTR ? codes[what] : s->want;
  if ((is_memory && status == DM_OK) || (s->flags & THREADS && status == s->want)) {
    want = s->want; /* it managed without, or a thread ahead failed: nothing is missing */
  }
  bool is_good = status == want && fault_live_blocks() == 0;
  is_good = is_good && (status == DM_OK || err.status == status);
  if (status == DM_OK || !has_failed) {
    is_good =
        is_good && answer_len == want_len && memcmp(answer, want_answer, want_len) == 0;
  }
  if (has_failed && what == READ_EIO && status == DM_E_IO) {
    is_good = is_good && err.sys_errno == EIO;
  }
  if (!is_good) {
    DM_CASE("%s: kind %d of failure, call %zu", s->name, (int)what, k);
    FAIL("status %d for %d, %zu blocks left, answer of %zu for %zu bytes", (int)status,
         (int)want, fault_live_blocks(), answer_len, want_len);
  }
  n_failures += has_failed;
  n_memory_failures += has_failed && is_memory;
  n_read_failures += has_failed && (what == READ_EIO || what == READ_EINTR);
  return is_good && has_failed;
}

static void test_scenarios(void) {
  size_t n = sizeof scenarios / sizeof scenarios[0];
  CHECK(n >= 50);
#ifdef _WIN32
  DM_LEAVE_OUT("reads that fail");
#endif
  for (size_t i = 0; i < n; i++) {
    const scenario *s = &scenarios[i];
    DM_CASE("%s", s->name);
    answer_len = 0;
    dm_error err;
    CHECK_INT(s->perform(s, &err), s->want);
    CHECK_UINT(fault_live_blocks(), 0);
    size_t len = answer_len;
    char *want = malloc(len + 1);
    memcpy(want, answer, len);
    for (int what = MEMORY_ONCE; what <= STOP; what++) {
      if ((what == READ_EIO || what == READ_EINTR) && s->from != INPUT_FILE) {
        continue;
      }
      /* the many calls of a long run are alike: fewer and fewer of them */
      size_t k = 1;
      while (fail_at(s, (failing)what, k, want, len)) {
        k += s->flags & MANY_IDS ? 1 + k / 4 : 1 + k / 25;
      }
      DM_CASE("%s: kind %d of failure", s->name, what);
      CHECK(k > 1 || what == READ_EIO || what == READ_EINTR || what == STOP ||
            s->perform == perform_missing);
    }
    free(want);
  }
  CHECK(n_failures > 2000);
}

int main(void) {
  answer_cap = 1 << 20;
  answer = malloc(answer_cap);
  DM_RUN(test_scenarios);
  free(answer);
  free(lines);
  files_remove("fault");
  CHECK(files_end());
  printf("%lu calls failed\n", n_failures);
  if (dm_test_state.failed == 0) { /* the cases of the catalogue, see test_catalogue.c */
    printf("fault M1 %lu\nfault M2 %lu\n", n_memory_failures, n_read_failures);
  }
  return dm_test_end();
}
