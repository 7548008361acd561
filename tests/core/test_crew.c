/* dm_crew and the reading side by side: any number of threads gives the bits of one, also
   where lines are bad, wherever the threads' bytes end and whether they read them
   themselves; and everything ends when the reading is given up. */
#define _DEFAULT_SOURCE
#include "dm_columns.h"
#include "dm_files.h"
#include "dm_server.h"
#include "dm_test.h"

enum { SAMPLES = 97, EVALUATIONS = 40 };

/* Signals of a few thousand lines, in another order of samples at every evaluation. Every
   bad_every-th line is cut (0: none). */
static dm_buf make_lines(size_t bad_every) {
  dm_buf text = {0};
  dm_error err;
  for (size_t t = 0; t < EVALUATIONS; t++) {
    for (size_t k = 0; k < SAMPLES; k++) {
      size_t id = (k * 31 + t * 7) % SAMPLES;
      size_t line = t * SAMPLES + k + 1;
      bool is_bad = bad_every && line % bad_every == 0;
      char out[200];
      double p = (double)((id * 7919 + t * 104729) % 1000) / 1000;
      int n =
          snprintf(out, sizeof out,
                   "{\"id\": %zu, \"label\": %zu, \"correct\": %s, "
                   "\"label_probs\": %.3f, \"note\": [\"%zu\", {}]%s\n",
                   id, id % 5, p > 0.4 ? "true" : "false", p, line, is_bad ? "" : "}");
      if (dm_buf_append(&text, out, (size_t)n, &err)) {
        abort();
      }
    }
  }
  return text;
}

typedef struct result {
  dm_status status;
  dm_error err;
  dm_counts counts;
  uint64_t open_line;
  uint64_t next_byte;
  size_t n;
  double numbers[5][SAMPLES];
  int32_t counted[6][SAMPLES];
  int64_t ids[SAMPLES];
  size_t n_problems;
  uint64_t problem_lines[SAMPLES * EVALUATIONS];
} result;

/* Where the bytes are. */
typedef enum door { MEMORY, CALLBACK, WRITTEN /* the file "lines" */ } door;

static dm_status open_door(dm_source **out, door from, const dm_buf *text, server *s,
                           const dm_host *host, dm_error *err) {
  *s = (server){.bytes = text->data, .len = text->len, .piece = 1000};
  return from == MEMORY     ? dm_source_open_memory(out, text->data, text->len, host, err)
         : from == CALLBACK ? dm_source_open_callback(out, serve, s, host, err)
                            : dm_source_open_file(out, files_path("lines"), host, err);
}

static void read_door(door from, const dm_buf *text, const dm_options *asked,
                      const dm_host *host, result *out) {
  dm_options options = *asked;
  options.seed = 1;
  server s;
  dm_run *run = NULL;
  dm_source *source = NULL;
  dm_table table = {0};
  memset(out, 0, sizeof *out);
  dm_status status;
  DM_TRY_DONE(dm_run_new(&run, &options, host, &out->err));
  DM_TRY_DONE(open_door(&source, from, text, &s, host, &out->err));
  DM_TRY_DONE(dm_run_source(run, source, 0, &out->err));
  dm_run_end_threads(run);
  out->open_line = run->open_line;
  out->next_byte = run->next_byte;
  out->counts = run->states.counts;
  out->n_problems = run->states.problems.n_kept;
  for (size_t i = 0; i < out->n_problems; i++) {
    out->problem_lines[i] = run->states.problems.kept[i].line;
  }
  DM_TRY_DONE(dm_table_init(&table, &run->states, &out->err));
  out->n = table.n;
  for (int c = 0; c < 5; c++) {
    fill_numbers(&table, (dm_number_column)c, -1, out->numbers[c]);
  }
  for (int c = 0; c < 6; c++) {
    fill_counts(&table, (dm_count_column)c, out->counted[c]);
  }
  for (size_t i = 0; i < table.n; i++) {
    out->ids[i] = dm_table_ident(&table, DM_COLUMN_ID, i).value;
  }
done:
  out->status = status;
  dm_table_release(&table);
  dm_source_close(source);
  dm_run_free(run);
}

static void read_lines(const dm_buf *text, int threads, size_t block_size,
                       bool is_skipping, const dm_host *host, result *out) {
  dm_options options = {.max_line = 1 << 20,
                        .block_size = block_size,
                        .threads = threads,
                        .is_skipping = is_skipping};
  read_door(MEMORY, text, &options, host, out);
}

static result one;
static result many;

static void test_same_bits(void) {
  for (size_t bad_every = 0; bad_every <= 300; bad_every += 100) {
    dm_buf text = make_lines(bad_every);
    for (int is_skipping = 0; is_skipping < 2; is_skipping++) {
      read_lines(&text, 1, 1 << 18, is_skipping, NULL, &one);
      bool is_stopped = bad_every && !is_skipping;
      CHECK_INT(one.status, is_stopped ? DM_E_SYNTAX : DM_OK);
      CHECK_UINT(one.err.line, is_stopped ? bad_every : 0);
      CHECK_UINT(one.n, is_stopped ? 0 : SAMPLES);
      CHECK_UINT(one.n_problems,
                 bad_every && is_skipping ? SAMPLES * EVALUATIONS / bad_every : 0);
      for (int threads = 0; threads <= 5; threads++) {
        for (size_t block = 64; block <= 1 << 16; block *= 8) {
          DM_CASE("every %zu bad, skipping %d, %d threads, blocks of %zu", bad_every,
                  is_skipping, threads, block);
          read_lines(&text, threads, block, is_skipping, NULL, &many);
          CHECK_BYTES(&many, sizeof many, &one, sizeof one);
        }
      }
    }
    dm_buf_release(&text);
  }
}

/* The same lines by every door. */
static void test_doors(void) {
  dm_buf text = make_lines(100);
  files_write("lines", text.data, text.len);
  for (int threads = 1; threads <= 4; threads++) {
    for (size_t block = 100; block <= 1 << 16; block *= 6) {
      dm_options options = {.max_line = 1 << 20,
                            .block_size = block,
                            .threads = threads,
                            .is_skipping = true};
      read_door(MEMORY, &text, &options, NULL, &one);
      CHECK_INT(one.status, DM_OK);
      for (int from = CALLBACK; from <= WRITTEN; from++) {
        DM_CASE("door %d, %d threads, blocks of %zu", from, threads, block);
        read_door((door)from, &text, &options, NULL, &many);
        CHECK_BYTES(&many, sizeof many, &one, sizeof one);
      }
    }
  }
  files_remove("lines");
  dm_buf_release(&text);
}

/* A stream that is cut: a bad line shortly before is told first, however far others have
   read. */
static void test_cut_stream(void) {
  int n_bad = 0;
  int n_cut = 0;
  for (size_t bad = 3300; bad <= 3600; bad += 20) { /* the only one */
    dm_buf text = make_lines(bad);
    size_t len;
    unsigned char *packed = files_gzip(text.data, text.len, 6, &len);
    dm_buf cut = {.data = (char *)packed, .len = len * 9 / 10};
    read_lines(&cut, 1, 1 << 10, false, NULL, &one);
    n_bad += one.status == DM_E_SYNTAX && one.err.line == bad;
    n_cut += one.status == DM_E_IO;
    for (int i = 0; i < 12; i++) {
      DM_CASE("line %zu is bad, %d", bad, i);
      read_lines(&cut, 2 + i % 3, 1 << 10, false, NULL, &many);
      CHECK_BYTES(&many, sizeof many, &one, sizeof one);
    }
    free(packed);
    dm_buf_release(&text);
  }
  CHECK(n_bad > 0 && n_cut > 0 && n_bad + n_cut == 16);
}

static void append(dm_buf *text, const char *more) {
  dm_error err;
  if (dm_buf_append(text, more, strlen(more), &err)) {
    abort();
  }
}

/* A few lines, with the line ends, the mark in front and the end that they may have. */
static dm_buf make_file(const char *mark, const char *line_end, const char *file_end,
                        bool has_broken) {
  const char *const lines[] = {
      "{\"id\": 0, \"label\": 1, \"probs\": [0.25, 0.75]}",
      "{\"id\": 1, \"label\": 1, \"probs\": [0.5, 0.5]}",
      "",
      has_broken ? "{\"id\": 1, broken" : " ",
      "{\"id\": 0, \"label\": 0, \"probs\": [1, 0], \"note\": \"longer than others\"}",
      "{\"id\": 2, \"label\": 1, \"probs\": [0.1, 0.9]}",
  };
  enum { LINES = sizeof lines / sizeof *lines };
  dm_buf text = {0};
  append(&text, mark);
  for (size_t i = 0; i < LINES; i++) {
    append(&text, lines[i]);
    append(&text, i + 1 < LINES ? line_end : file_end);
  }
  return text;
}

/* Stretches that end at every byte of a file. */
static void test_ends_of_stretches(void) {
  static const char *const marks[] = {"", "\xEF\xBB\xBF"};
  static const char *const line_ends[] = {"\n", "\r\n"};
  static const char *const file_ends[] = {"", "\n", "\n\n{\"id\": 1, \"la"};
  for (int k = 0; k < 96; k++) {
    bool is_skipping = k / 12 % 2;
    dm_options options = {.max_line = k / 24 % 2 ? 60 : 1 << 20,
                          .block_size = 1 << 16,
                          .threads = 1,
                          .is_skipping = is_skipping,
                          .is_cut_allowed = k / 48};
    dm_buf text =
        make_file(marks[k % 2], line_ends[k / 2 % 2], file_ends[k / 4 % 3], is_skipping);
    read_door(CALLBACK, &text, &options, NULL, &one);
    CHECK(one.status == DM_OK || !is_skipping);
    options.threads = 2;
    for (size_t block = 1; block <= 110; block++) {
      DM_CASE("kind %d, stretches of %zu", k, block);
      options.block_size = block;
      read_door(MEMORY, &text, &options, NULL, &many);
      CHECK_BYTES(&many, sizeof many, &one, sizeof one);
    }
    dm_buf_release(&text);
  }
}

/* Bad lines across the ends of stretches, then stretches within a line, across whose ends
   no line comes to its end: what was wrong at the ends before is not told again. */
static void test_stretches_within_lines(void) {
  enum { LINE = 40, BLOCK = 500, N_SHORT = 250, N_LONG = 20 };
  static char line[5 * BLOCK + 2];
  dm_buf text = {0};
  for (int i = 0; i < N_SHORT; i++) {
    snprintf(line, sizeof line, "%*s\n", LINE - 1, i % 8 ? "{\"id\": 1" : "");
    append(&text, line);
  }
  for (int i = 0; i < N_LONG; i++) {
    snprintf(line, sizeof line,
             "{\"id\": %d, \"label\": 0, \"probs\": [0.25, 0.75], \"note\": \"%0*d\"}\n",
             i, 4 * BLOCK, 0);
    append(&text, line);
  }
  read_lines(&text, 1, BLOCK, true, NULL, &one);
  CHECK_INT(one.status, DM_OK);
  CHECK_UINT(one.n, N_LONG);
  CHECK_UINT(one.n_problems, one.counts.bad);
  CHECK(one.counts.bad > N_SHORT / 2 && one.counts.good == N_LONG);
  for (int threads = 2; threads <= 5; threads++) {
    DM_CASE("%d threads", threads);
    read_lines(&text, threads, BLOCK, true, NULL, &many);
    CHECK_BYTES(&many, sizeof many, &one, sizeof one);
  }
  dm_buf_release(&text);
}

/* A file that is cut, or added to, while it is read. */
typedef struct change {
  uint64_t at; /* byte from which on its size is changed */
  off_t size;  /* to this one */
} change;

static int change_later(void *ctx, uint64_t bytes) {
  const change *c = ctx;
  return bytes >= c->at && truncate(files_path("lines"), c->size) != 0;
}

static void test_changing_files(void) {
  dm_buf text = make_lines(0);
  read_lines(&text, 1, 1 << 18, false, NULL, &one);
  for (int threads = 1; threads <= 4; threads++) {
    for (size_t block = 500; block <= 50000; block *= 10) {
      DM_CASE("%d threads, blocks of %zu", threads, block);
      dm_options options = {.max_line = 1 << 20, .block_size = block, .threads = threads};
      change c = {.at = text.len / 2, .size = (off_t)text.len / 3};
      dm_host host = {change_later, &c};
      files_write("lines", text.data, text.len);
      read_door(WRITTEN, &text, &options, &host, &many);
      CHECK_INT(many.status, DM_E_IO);
      CHECK_INT(many.err.file, 0);
      CHECK(strstr(many.err.found, "the file shrank") != NULL);
      CHECK_UINT(strtoull(many.err.expected, NULL, 10), text.len);
      c.size = (off_t)text.len + 100000; /* which is not read */
      files_write("lines", text.data, text.len);
      read_door(WRITTEN, &text, &options, &host, &many);
      CHECK_BYTES(&many, sizeof many, &one, sizeof one);
    }
  }
  files_remove("lines");
  dm_buf_release(&text);
}

/* Stops after a number of calls. */
static int stop_later(void *ctx, uint64_t bytes) {
  (void)bytes;
  return --*(int *)ctx < 0;
}

static void test_giving_up(void) {
  dm_buf text = make_lines(0);
  for (int after = 1; after < 60; after += 7) {
    for (int threads = 1; threads <= 4; threads++) {
      DM_CASE("after %d checks, %d threads", after, threads);
      int left = after;
      dm_host host = {.check = stop_later, .ctx = &left};
      read_lines(&text, threads, 256, false, &host, &many);
      CHECK_INT(many.status, DM_E_INTERRUPT);
    }
  }
  dm_buf_release(&text);
}

/* A run reads one source after the other with the same crew, and rests in between. */
static void test_several_sources(void) {
  dm_buf text = make_lines(0);
  dm_error err;
  uint64_t lines[3];
  for (int threads = 1; threads <= 3; threads++) {
    dm_options options = {
        .max_line = 1 << 20, .block_size = 512, .threads = threads, .seed = 9};
    dm_run *run;
    if (!CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK)) {
      return;
    }
    for (int i = 0; i < 4; i++) {
      dm_source *source;
      CHECK_INT(dm_source_open_memory(&source, text.data, text.len, NULL, &err), DM_OK);
      CHECK_INT(dm_run_source(run, source, i, &err), DM_OK);
      dm_source_close(source);
      if (i == 1) {
        dm_run_end_threads(run);
        CHECK(run->crew == NULL);
      }
    }
    CHECK((run->crew != NULL) == (threads > 1));
    lines[threads - 1] = run->states.counts.lines;
    CHECK_UINT(lines[threads - 1], 4 * SAMPLES * EVALUATIONS);
    dm_run_free(run);
  }
  dm_buf_release(&text);
}

static void test_options(void) {
  dm_error err;
  dm_run *run;
  const int threads[] = {-1, DM_THREADS_MAX + 1};
  for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
    dm_options options = {.max_line = 1, .block_size = 1, .threads = threads[i]};
    CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_E_INPUT);
    dm_run_free(run);
  }
}

int main(void) {
  DM_RUN(test_same_bits);
  DM_RUN(test_doors);
  DM_RUN(test_cut_stream);
  DM_RUN(test_ends_of_stretches);
  DM_RUN(test_stretches_within_lines);
  DM_RUN(test_changing_files);
  DM_RUN(test_giving_up);
  DM_RUN(test_several_sources);
  DM_RUN(test_options);
  CHECK(files_end());
  return dm_test_end();
}
