/* dm_state_file.c: a run through a file is the same run, also for what it reads after
   that; a file with any byte changed, or cut anywhere, is refused, and so is one that is
   whole but lies. */
#define _DEFAULT_SOURCE
#include "dm_files.h"
#include "dm_mem_fault.h"
#include "dm_reading.h"
#include "dm_resume.h"
#include "dm_seal.h"
#include "dm_signals.h"
#include "dm_test.h"
#include "files/dm_state_file.h"
#include "summary/dm_state.h"

static dm_options options_of(unsigned flags) {
  dm_options options = reading_options(flags);
  options.burn_out = flags & WINDOW ? 3 : 0;
  options.has_step_range = flags & WINDOW;
  options.first_step = 1;
  options.last_step = 4;
  options.share = 0;
  options.n_shares = flags & WINDOW ? 1 : 0;
  return options;
}

static dm_run *run_over(const char *text, size_t len, unsigned flags) {
  dm_options options = options_of(flags);
  return run_of(&options, text, len);
}

static dm_status make_about(dm_texts about[DM_N_ABOUT], dm_error *err) {
  memset(about, 0, DM_N_ABOUT * sizeof *about);
  DM_TRY(dm_texts_add(&about[DM_ABOUT_PACKAGE], "1.2.3", 5, err));
  DM_TRY(dm_texts_add(&about[DM_ABOUT_FILES], "a \xC3\xA9.jsonl", 10, err));
  DM_TRY(dm_texts_add(&about[DM_ABOUT_FILES], "", 0, err));
  DM_TRY(dm_texts_add(&about[DM_ABOUT_SIGNALS], "grad", 4, err));
  return dm_texts_add(&about[DM_ABOUT_METRICS], "bald", 4, err);
}

static void release_about(dm_texts about[DM_N_ABOUT]) {
  for (size_t i = 0; i < DM_N_ABOUT; i++) {
    dm_texts_release(&about[i]);
  }
}

static dm_status put(const dm_states *states, dm_buf *out, dm_error *err) {
  dm_texts about[DM_N_ABOUT];
  dm_pack_sink sink = {add_bytes, out};
  dm_status status;
  DM_TRY_DONE(make_about(about, err));
  DM_TRY_DONE(dm_state_file_put(states, about, &sink, err));
done:
  release_about(about);
  return status;
}

static dm_status get(dm_state_file *out, const void *bytes, size_t len, dm_error *err) {
  *out = (dm_state_file){0};
  dm_source *source = NULL;
  DM_TRY(dm_source_open_memory(&source, bytes, len, NULL, err));
  dm_status status = dm_state_file_read(out, source, 17, err);
  dm_source_close(source);
  return status;
}

/* --- there and back --- */

/* Reads a part of the lines, goes through a file, and reads the rest. */
static void check_flags(unsigned flags, size_t tenths) {
  DM_CASE("flags %u, cut at %zu", flags, tenths);
  size_t len;
  char *text = make_lines(flags, &len);
  size_t cut = line_end(text, len, len / 10 * tenths);
  dm_run *whole = run_over(text, cut, flags);
  dm_run *begun = run_over(text, cut, flags);
  dm_buf bytes = {0};
  dm_state_file file;
  dm_error err;
  CHECK_INT(put(&begun->states, &bytes, &err), DM_OK);
  if (CHECK_INT(get(&file, bytes.data, bytes.len, &err), DM_OK)) {
    CHECK_DOUBLE(file.states.step_distance, begun->states.step_distance);
    CHECK_DOUBLE(file.states.largest_step, begun->states.largest_step);
    dm_buf again = {0};
    CHECK_INT(put(&file.states, &again, &err), DM_OK);
    CHECK_BYTES(again.data, again.len, bytes.data, bytes.len);
    dm_buf_release(&again);
    dm_run *read = resume(&file.states);
    check_same_answer(begun, read);
    dm_run_free(read);
  }
  dm_state_file_release(&file);
  if (CHECK_INT(get(&file, bytes.data, bytes.len, &err), DM_OK)) {
    file.states.options.is_skipping = flags & SKIP;
    dm_run *gone_on = resume(&file.states);
    CHECK_INT(read_text(whole, text + cut, len - cut, 1, &err), DM_OK);
    CHECK_INT(read_text(gone_on, text + cut, len - cut, 1, &err), DM_OK);
    check_same_answer(whole, gone_on);
    dm_run_free(gone_on);
  }
  dm_state_file_release(&file);
  dm_buf_release(&bytes);
  dm_run_free(whole);
  dm_run_free(begun);
  free(text);
}

static void test_there_and_back(void) {
  static const unsigned flags[] = {0,
                                   TEXT_IDS | SIGNALS | ESCAPES,
                                   BIG_IDS | STEPS,
                                   STEPS | SIGNALS | DISAGREE,
                                   LOGITS | DISAGREE,
                                   BAD_LINES | SKIP | DISAGREE | TEXT_IDS,
                                   SIGNALS | METRICS,
                                   SIGNALS | METRICS | WINDOW | STEPS | TEXT_IDS,
                                   LOGITS | DISAGREE | WINDOW,
                                   MANY_IDS | SIGNALS};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    check_flags(flags[i], 3);
    check_flags(flags[i], 7);
  }
}

static void test_what_is_kept(void) {
  static const char text[] =
      "{\"id\":\"x\",\"label\":5000000000,\"correct\":1,\"label_probs\":1,\"grad\":2}\n"
      "{\"id\":7,\"label\":1,\"probs\":[0.25,0.75],\"s_label\":3}\n";
  dm_run *run = run_over(text, sizeof text - 1, SIGNALS | METRICS | WINDOW);
  dm_buf bytes = {0};
  dm_state_file file;
  dm_error err;
  CHECK_INT(put(&run->states, &bytes, &err), DM_OK);
  if (CHECK_INT(get(&file, bytes.data, bytes.len, &err), DM_OK)) {
    CHECK_UINT(file.version, DM_STATE_FILE_VERSION);
    CHECK_STR(dm_texts_at(&file.about[DM_ABOUT_PACKAGE], 0), "1.2.3");
    CHECK_UINT(file.about[DM_ABOUT_FILES].n, 2);
    CHECK_STR(dm_texts_at(&file.about[DM_ABOUT_FILES], 0), "a \xC3\xA9.jsonl");
    CHECK_STR(dm_texts_at(&file.about[DM_ABOUT_FILES], 1), "");
    CHECK_STR(dm_texts_at(&file.about[DM_ABOUT_SIGNALS], 0), "grad");
    CHECK_STR(dm_texts_at(&file.about[DM_ABOUT_METRICS], 0), "bald");
    const dm_options *options = &file.states.options;
    CHECK_UINT(options->n_signals, 2);
    CHECK_STR(options->signals[1], "loss");
    CHECK_UINT(options->metrics, run->states.options.metrics);
    CHECK_UINT(options->burn_out, 3);
    CHECK(options->has_step_range);
    CHECK_DOUBLE(options->first_step, 1);
    CHECK_DOUBLE(options->last_step, 4);
    CHECK_UINT(options->share, 0);
    CHECK_UINT(options->n_shares, 1);
    CHECK(file.states.ids.has_text && !file.states.labels.has_text);
    CHECK_INT(dm_index_type(&file.states.labels), DM_TYPE_DOUBLE);
    CHECK_INT(dm_index_ident(&file.states.labels, 0).value, INT64_C(5000000000));
    dm_ident seven = dm_index_ident(&file.states.ids, 1);
    CHECK_INT(seven.kind, DM_IDENT_INT_TEXT);
    CHECK_INT(seven.value, 7);
  }
  dm_state_file_release(&file);
  dm_buf_release(&bytes);
  dm_run_free(run);
}

/* --- damage --- */

static dm_buf small_file(void) {
  dm_run *run = run_over(small_text, strlen(small_text), SMALL);
  dm_buf bytes = {0};
  dm_error err;
  CHECK_INT(put(&run->states, &bytes, &err), DM_OK);
  dm_run_free(run);
  return bytes;
}

static void check_refused(const void *bytes, size_t len, dm_status want) {
  dm_state_file file;
  dm_error err;
  CHECK_INT(get(&file, bytes, len, &err), want);
  CHECK_INT(err.status, want);
  CHECK(err.expected[0] != '\0');
  dm_state_file_release(&file);
}

/* Of the bits of a file those that are tried: where chunks of rows are as large as in
   use, each file that is read has to zero a lot of memory. */
enum { BIT_STEP = DM_ROWS_SHIFT > 10 ? 61 : 1 };

static void test_damage(void) {
  dm_buf file = small_file();
  for (size_t k = 0; k < 8 * file.len; k += BIT_STEP * dm_test_step()) {
    size_t i = k / 8;
    int bit = (int)(k % 8);
    DM_CASE("bit %d of byte %zu", bit, i);
    file.data[i] = (char)(file.data[i] ^ 1 << bit);
    check_refused(file.data, file.len, i < 8 ? DM_E_SYNTAX : DM_E_IO);
    file.data[i] = (char)(file.data[i] ^ 1 << bit);
  }
  for (size_t cut = 0; cut < file.len; cut += BIT_STEP * dm_test_step()) {
    DM_CASE("%zu bytes left", cut);
    check_refused(file.data, cut, cut == 0 ? DM_E_SYNTAX : DM_E_IO);
    unsigned char *sealed = malloc(cut + SEAL_SIZE);
    memcpy(sealed, file.data, cut);
    seal(sealed, cut);
    bool is_whole = cut == file.len - SEAL_SIZE;
    if (cut >= DM_PACK_HEADER && !is_whole) {
      check_refused(sealed, cut + SEAL_SIZE, DM_E_SYNTAX);
    }
    free(sealed);
  }
  DM_CASE("one more");
  dm_error err;
  CHECK_INT(dm_buf_append(&file, "", 1, &err), DM_OK);
  check_refused(file.data, file.len, DM_E_IO);
  dm_buf_release(&file);
}

static void test_gzip(void) {
  dm_buf file = small_file();
  size_t len;
  unsigned char *gz = files_gzip(file.data, file.len, 6, &len);
  dm_state_file got;
  dm_error err;
  CHECK_INT(get(&got, gz, len, &err), DM_OK);
  dm_state_file_release(&got);
  check_refused(gz, len - 4, DM_E_IO);
  free(gz);
  dm_buf_release(&file);
}

static void test_versions(void) {
  static const struct {
    const char *bytes;
    bool has_package;
  } cases[] = {{"\5\0\0\0", true}, {"\0\0\0\2", true}, {"\0\0\0\0", true}};
  dm_buf file = small_file();
  size_t n = file.len - SEAL_SIZE;
  dm_state_file got;
  dm_error err;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("version %zu", i);
    memcpy(file.data + 8, cases[i].bytes, 4);
    check_refused(file.data, file.len, DM_E_IO);
    seal((unsigned char *)file.data, n);
    CHECK_INT(get(&got, file.data, file.len, &err), DM_E_INPUT);
    CHECK_STR(err.key, "version");
    CHECK(got.states.ids.n == 0 && got.version != DM_STATE_FILE_VERSION);
    CHECK_STR(dm_texts_at(&got.about[DM_ABOUT_PACKAGE], 0), "1.2.3");
    dm_state_file_release(&got);
  }
  DM_CASE("unknown tables");
  unsigned char newer[60] = "datamap\n\5\0\0\0\7another";
  seal(newer, 48);
  CHECK_INT(get(&got, newer, 60, &err), DM_E_INPUT);
  CHECK_UINT(got.about[DM_ABOUT_PACKAGE].n, 0);
  dm_state_file_release(&got);
  DM_CASE("an object of R");
  check_refused("datamap\n\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, DM_E_INPUT);
  dm_buf_release(&file);
}

/* --- lies --- */

/* Where a table of a small file is: all of it is one group. */
typedef struct place {
  size_t start;
  size_t end;
  size_t n_rows;
  size_t width; /* of the column */
  size_t size;
  size_t values; /* of the column */
  size_t texts;  /* behind the rows */
} place;

static size_t number_at(const unsigned char *bytes, size_t n) {
  size_t value = 0;
  for (size_t i = n; i-- > 0;) {
    value = value << 8 | bytes[i];
  }
  return value;
}

/* The first table of that name whose start is not before at, and a column of it. */
static place find(const dm_buf *file, const char *table, const char *column, size_t at) {
  const unsigned char *bytes = (const unsigned char *)file->data;
  for (;;) {
    if (at >= file->len - SEAL_SIZE) {
      printf("no table %s with %s\n", table, column ? column : "columns");
      exit(2);
    }
    place p = {.start = at};
    bool is_it =
        bytes[at] == strlen(table) && memcmp(bytes + at + 1, table, strlen(table)) == 0;
    at += 1 + bytes[at];
    size_t n_columns = number_at(bytes + at, 4);
    at += 4;
    size_t before = 0;
    size_t row = 0;
    size_t n_texts = 0;
    size_t texts_before[8]; /* where their lengths stand in a row */
    bool has_column = !column;
    for (size_t c = 0; c < n_columns; c++) {
      char type = (char)bytes[at];
      size_t size = type == 'f' ? 1 : type == 'i' || type == 't' ? 4 : 8;
      size_t len = bytes[at + 1];
      size_t width = number_at(bytes + at + 2 + len, 4);
      if (column && len == strlen(column) && !memcmp(bytes + at + 2, column, len)) {
        has_column = true;
        p.width = width;
        p.size = size;
        before = row;
      }
      if (type == 't') {
        texts_before[n_texts++] = row;
      }
      row += width * size;
      at += 6 + len;
    }
    p.n_rows = number_at(bytes + at, 8);
    at += 8;
    p.values = at + before * p.n_rows;
    size_t lengths = at;
    at += row * p.n_rows;
    p.texts = at;
    for (size_t i = 0; i < n_texts * p.n_rows; i++) {
      size_t first = texts_before[i / p.n_rows] * p.n_rows + 4 * (i % p.n_rows);
      at += number_at(bytes + lengths + first, 4);
    }
    p.end = at;
    if (is_it && has_column) {
      return p;
    }
  }
}

static void check_lie(dm_buf *file, const char *key, uint64_t line) {
  size_t n = file->len - SEAL_SIZE;
  seal((unsigned char *)file->data, n);
  dm_state_file got;
  dm_error err;
  CHECK_INT(get(&got, file->data, file->len, &err), DM_E_SYNTAX);
  CHECK_STR(err.key, key);
  CHECK_UINT(err.line, line);
  CHECK(err.expected[0] != '\0' && err.advice[0] != '\0');
  dm_state_file_release(&got);
}

typedef struct lie {
  const char *table;
  const char *column;
  size_t row;
  const char *bytes;
  const char *key;
  uint64_t line;
} lie;

#define NONE "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
#define NAN_BYTES "\0\0\0\0\0\0\xF8\x7F"
#define LARGE "\1\0\0\0\0\0\x20\0" /* 2^53 + 1 */

static const lie lies[] = {
    {"run", "burn_out", 0, NONE, "burn_out", 0},
    {"run", "burn_out", 0, "\0\0\0\x80\0\0\0\0", "burn_out", 0},
    {"run", "has_step_range", 0, "\2", "has_step_range", 0},
    {"run", "first_step", 0, NAN_BYTES, "first_step", 0},
    {"run", "last_step", 0, NAN_BYTES, "last_step", 0},
    {"run", "share", 0, "\1\0\0\0\0\0\0\0", "share", 0},
    {"run", "share", 0, NONE, "share", 0},
    {"run", "n_shares", 0, "\0\0\0\x80\0\0\0\0", "share", 0},
    {"run", "has_steps", 0, "\xFF", "has_steps", 0},
    {"run", "has_steps", 0, "\0", "signal", 0},
    {"run", "step_distance", 0, NAN_BYTES, "step_distance", 0},
    {"run", "step_distance", 0, "\0\0\0\0\0\0\xF0\xBF", "step_distance", 1},
    {"run", "lines", 0, LARGE, "lines", 0},
    {"run", "lines", 0, "\5\0\0\0\0\0\0\0", "lines", 1},
    {"run", "good", 0, NONE, "good", 0},
    {"run", "blank", 0, NONE, "blank", 0},
    {"run", "bad", 0, LARGE, "bad", 0},
    {"run", "cut", 0, NONE, "cut", 0},
    {"run", "ids_have_text", 0, "\3", "ids_have_text", 0},
    {"run", "predicted_have_text", 0, "\3", "predicted_have_text", 0},
    {"ids", "value", 1, "\7\0\0\0\0\0\0\0", "ids", 2},
    {"samples", "label", 1, "\3\0\0\0", "label", 2},
    {"samples", "s_label", 1, "\2\0\0\0", "s_label", 2},
    {"samples", "was_correct", 0, "\2", "was_correct", 1},
    {"samples", "evaluations", 0, NONE, "evaluations", 1},
    {"steps", "last", 0, NAN_BYTES, "last", 1},
    {"steps", "file", 0, "\3\0\0\0", "file", 1},
    {"signal", "n_finite", 0, "\4\0\0\0", "n_finite", 1},
    {"metrics", "n_probs", 0, "\4\0\0\0", "n_probs", 1},
    {"seen", "lines", 1, "\0\0\0\0\0\0\xF8\x3F", "lines", 2},
    {"predictions", "value", 0, "\0\0\0\0\0\0\xE0\x3F", "predictions", 1},
    {"problem_counts", "count", 1, NONE, "problem_counts", 2},
    {"problem_counts", "count", 1, "\0\0\0\0\0\0\0\0", "problem_counts", 2},
    {"problems", "file", 0, NONE, "problems", 1},
    {"problems", "file", 0, "\3\0\0\0", "file", 1},
    {"problems", "line", 0, NONE, "problems", 1},
    {"problems", "column", 0, LARGE, "problems", 1},
};

static void test_lies(void) {
  dm_buf whole = small_file();
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    const lie *at = &lies[i];
    DM_CASE("%s of %s, lie %zu", at->column, at->table, i);
    dm_buf file = {0};
    dm_error err;
    CHECK_INT(dm_buf_append(&file, whole.data, whole.len, &err), DM_OK);
    place p = find(&file, at->table, at->column, DM_PACK_HEADER);
    memcpy(file.data + p.values + at->row * p.size, at->bytes, p.size);
    check_lie(&file, at->key, at->line);
    dm_buf_release(&file);
  }
  dm_buf_release(&whole);
}

/* All that a file claims to be long. */
static void test_claims(void) {
  dm_buf whole = small_file();
  size_t at = DM_PACK_HEADER;
  size_t n = 0;
  while (at < whole.len - SEAL_SIZE) {
    char name[64] = "";
    memcpy(name, whole.data + at + 1, (unsigned char)whole.data[at]);
    place p = find(&whole, name, NULL, at);
    size_t n_columns = number_at((unsigned char *)whole.data + at + 1 + strlen(name), 4);
    size_t column = at + 5 + strlen(name);
    for (size_t c = 0; c <= n_columns; c++) {
      size_t width = column + 2 + (unsigned char)whole.data[column + 1];
      size_t number = c < n_columns ? width : column; /* at last that of the rows */
      size_t size = c < n_columns ? 4 : 8;
      for (size_t bit = 0; bit < 8 * size; bit++) {
        if (n++ % BIT_STEP != 0) {
          continue;
        }
        DM_CASE("%s, column %zu, bit %zu", name, c, bit);
        unsigned char *byte = (unsigned char *)whole.data + number + bit / 8;
        *byte = (unsigned char)(*byte ^ 1u << bit % 8);
        seal((unsigned char *)whole.data, whole.len - SEAL_SIZE);
        check_refused(whole.data, whole.len, DM_E_SYNTAX);
        *byte = (unsigned char)(*byte ^ 1u << bit % 8);
      }
      column = width + 4;
    }
    at = p.end;
  }
  dm_buf_release(&whole);
}

/* Replaces bytes of the file, and seals it. */
static dm_buf splice(const dm_buf *file, size_t start, size_t end, const void *bytes,
                     size_t n) {
  dm_buf out = {0};
  dm_error err;
  CHECK_INT(dm_buf_append(&out, file->data, start, &err), DM_OK);
  CHECK_INT(dm_buf_append(&out, bytes, n, &err), DM_OK);
  CHECK_INT(dm_buf_append(&out, file->data + end, file->len - end, &err), DM_OK);
  return out;
}

/* Every table twice, and every table left out. */
static void test_tables(void) {
  dm_buf whole = small_file();
  size_t n = 0;
  for (size_t at = DM_PACK_HEADER; at < whole.len - SEAL_SIZE; n++) {
    char name[64] = "";
    memcpy(name, whole.data + at + 1, (unsigned char)whole.data[at]);
    place p = find(&whole, name, NULL, at);
    char next[64] = "problems"; /* the last one is the end */
    if (p.end < whole.len - SEAL_SIZE) {
      memset(next, 0, sizeof next);
      memcpy(next, whole.data + p.end + 1, (unsigned char)whole.data[p.end]);
    }
    bool is_repeated = strcmp(next, name) == 0 && strcmp(name, "signal") == 0;
    DM_CASE("%s, again", name);
    dm_buf twice = splice(&whole, p.end, p.end, whole.data + p.start, p.end - p.start);
    check_lie(&twice, is_repeated ? "metrics" : next, 0);
    dm_buf_release(&twice);
    DM_CASE("no %s", name);
    dm_buf none = splice(&whole, p.start, p.end, "", 0);
    seal((unsigned char *)none.data, none.len - SEAL_SIZE);
    check_refused(none.data, none.len, DM_E_SYNTAX);
    dm_buf_release(&none);
    at = p.end;
  }
  CHECK_UINT(n, 30);
  DM_CASE("another one");
  dm_buf more = splice(&whole, whole.len - SEAL_SIZE, whole.len - SEAL_SIZE,
                       "\3new\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  check_lie(&more, "problems", 0);
  dm_buf_release(&more);
  dm_buf_release(&whole);
}

/* A table of texts in the place of another. */
static void check_texts(const dm_buf *whole, const char *table, const char *column,
                        const dm_pack_text *texts, uint64_t n, const char *key,
                        uint64_t line) {
  DM_CASE("%s: %llu texts, the first %s", table, (unsigned long long)n,
          n ? texts[0].text : "");
  dm_buf bytes = {0};
  dm_error err;
  dm_pack_writer out;
  dm_pack_sink sink = {add_bytes, &bytes};
  dm_pack_column text = {column, DM_PACK_TEXT, 1};
  CHECK_INT(dm_pack_start(&out, &sink, 1, &err), DM_OK);
  CHECK_INT(dm_pack_begin(&out, table, &text, 1, n, &err), DM_OK);
  if (n) {
    memcpy(out.table.values[0], texts, n * sizeof *texts);
    CHECK_INT(dm_pack_put(&out, &err), DM_OK);
  }
  CHECK_INT(dm_pack_end(&out, &err), DM_OK);
  dm_pack_writer_release(&out);
  place p = find(whole, table, NULL, DM_PACK_HEADER);
  dm_buf file = splice(whole, p.start, p.end, bytes.data + DM_PACK_HEADER,
                       bytes.len - DM_PACK_HEADER - SEAL_SIZE);
  if (key) {
    check_lie(&file, key, line);
  } else {
    seal((unsigned char *)file.data, file.len - SEAL_SIZE);
    dm_state_file got;
    CHECK_INT(get(&got, file.data, file.len, &err), DM_OK);
    dm_state_file_release(&got);
  }
  dm_buf_release(&file);
  dm_buf_release(&bytes);
}

static void test_texts(void) {
  dm_buf whole = small_file();
  const dm_pack_text good[] = {{"grad", 4}, {"loss", 4}};
  const dm_pack_text not_utf8[] = {{"grad", 4}, {"\xE9", 1}};
  const dm_pack_text cut[] = {{"grad", 4}, {"\xC3", 1}};
  const dm_pack_text joined[] = {{"\xC3", 1}, {"\xA9", 1}}; /* together they are */
  const dm_pack_text has_nul[] = {{"a\0b", 3}, {"loss", 4}};
  const dm_pack_text twice[] = {{"loss", 4}, {"loss", 4}};
  const dm_pack_text no_loss[] = {{"grad", 4}, {"lost", 4}};
  const dm_pack_text one_more[] = {{"grad", 4}, {"loss", 4}, {"more", 4}};
  check_texts(&whole, "run_signals", "text", good, 2, NULL, 0);
  static const char *const names[] = {"package",       "files",       "asked_signals",
                                      "asked_metrics", "run_signals", "run_metrics"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    check_texts(&whole, names[i], "text", not_utf8, 2, names[i], 2);
    check_texts(&whole, names[i], "text", cut, 2, names[i], 2);
    check_texts(&whole, names[i], "text", joined, 2, names[i], 1);
    check_texts(&whole, names[i], "text", has_nul, 2, names[i], 1);
    check_texts(&whole, names[i], "name", good, 2, "text", 0);
  }
  check_texts(&whole, "package", "text", good, 2, "package", 0);
  check_texts(&whole, "package", "text", good, 0, "package", 0);
  check_texts(&whole, "files", "text", good, 1, NULL, 0);
  check_texts(&whole, "files", "text", good, 0, "file", 1);
  check_texts(&whole, "asked_metrics", "text", good, 2, NULL, 0); /* the host's */
  check_texts(&whole, "run_metrics", "text", good, 1, "run_metrics", 1);
  check_texts(&whole, "run_signals", "text", twice, 2, "run_signals", 2);
  check_texts(&whole, "run_signals", "text", one_more, 3, "signal", 0);
  check_texts(&whole, "run_signals", "text", no_loss, 2, "", 0);
  dm_pack_text many[65];
  char digits[65][4];
  for (size_t i = 0; i < 65; i++) {
    (void)snprintf(digits[i], sizeof digits[i], "%zu", i);
    many[i] = (dm_pack_text){digits[i], strlen(digits[i])};
  }
  check_texts(&whole, "run_signals", "text", many, 65, "run_signals", 0);

  const dm_pack_text ids[] = {{"7", 1}, {"8", 1}};
  const dm_pack_text same[] = {{"7", 1}, {"7", 1}};
  const dm_pack_text no_integer[] = {{"7", 1}, {"seven", 5}};
  const dm_pack_text empty[] = {{"7", 1}, {"", 0}};
  const dm_pack_text minus[] = {{"7", 1}, {"-", 1}};
  const dm_pack_text large[] = {{"99999999999999999999", 20}, {"8", 1}};
  check_texts(&whole, "ids", "value", ids, 2, NULL, 0);
  check_texts(&whole, "ids", "value", large, 2, NULL, 0);
  check_texts(&whole, "ids", "value", same, 2, "ids", 2);
  check_texts(&whole, "ids", "value", no_integer, 2, "ids", 2);
  check_texts(&whole, "ids", "value", empty, 2, "ids", 2);
  check_texts(&whole, "ids", "value", minus, 2, "ids", 2);
  check_texts(&whole, "ids", "value", not_utf8, 2, "ids", 2);
  check_texts(&whole, "ids", "value", ids, 1, "samples", 0);
  dm_buf_release(&whole);
}

/* A label that is predicted, in a state that has no such metric; an index of doubles. */
static void test_odd_tables(void) {
  dm_run *run = run_over("", 0, 0);
  dm_buf plain = {0};
  dm_error err;
  CHECK_INT(put(&run->states, &plain, &err), DM_OK);
  dm_run_free(run);
  const dm_pack_text one = {"1", 1};
  check_texts(&plain, "predicted", "value", &one, 1, "predicted", 0);
  check_texts(&plain, "labels", "value", &one, 1, NULL, 0);
  check_texts(&plain, "problem_counts", "count", &one, 1, "problem_counts", 0);
  place p = find(&plain, "labels", "value", DM_PACK_HEADER);
  plain.data[p.start + 11] = 'd';
  check_lie(&plain, "labels", 0);
  dm_buf_release(&plain);
}

/* --- faults --- */

static dm_status write_file(const char *path) {
  dm_run *run = run_over("", 0, 0);
  dm_texts about[DM_N_ABOUT];
  dm_error err;
  CHECK_INT(make_about(about, &err), DM_OK);
  dm_status status = dm_state_file_write(path, &run->states, about, NULL, &err);
  CHECK(status == DM_OK || err.sys_errno != 0);
  release_about(about);
  dm_run_free(run);
  return status;
}

static void test_files(void) {
  CHECK_INT(write_file(files_path("no/such/folder")), DM_E_IO);
#ifndef _WIN32
  CHECK_INT(write_file("/dev/full"), DM_E_IO);
#endif
  const char *path = files_path("state");
  CHECK_INT(write_file(path), DM_OK);
  dm_source *source = NULL;
  dm_error err;
  dm_state_file file = {0};
  CHECK_INT(dm_source_open_file(&source, path, NULL, &err), DM_OK);
  CHECK_INT(dm_state_file_read(&file, source, 1, &err), DM_OK);
  CHECK_UINT(file.states.ids.n, 0);
  dm_source_close(source);
  dm_state_file_release(&file);
  files_remove("state");
}

static dm_status there_and_back(const dm_run *run, dm_error *err) {
  dm_buf bytes = {0};
  dm_state_file file = {0};
  dm_status status;
  DM_TRY_DONE(put(&run->states, &bytes, err));
  DM_TRY_DONE(get(&file, bytes.data, bytes.len, err));
done:
  dm_state_file_release(&file);
  dm_buf_release(&bytes);
  return status;
}

static void test_memory(void) {
  static const char text[] =
      "{\"id\":\"x\",\"label\":\"a\",\"correct\":1,\"label_probs\":1,\"step\":1,\"grad\":"
      "2}\n"
      "{\"id\":8,\"label\":1,\"probs\":[0.25,0.75],\"step\":1,\"s_label\":2}\n"
      "{\"id\":8,\"label\":2,\"probs\":[0.5,0.2,0.3],\"step\":2}\n";
  dm_run *run = run_over(text, sizeof text - 1, SMALL);
  for (size_t k = 1;; k++) {
    DM_CASE("allocation %zu", k);
    size_t before = fault_live_blocks();
    dm_error err;
    fault_arm_memory(k, false);
    dm_status status = there_and_back(run, &err);
    bool has_fired = fault_has_fired();
    fault_arm_memory(0, false);
    CHECK_INT(status, has_fired ? DM_E_MEMORY : DM_OK);
    CHECK_UINT(fault_live_blocks(), before);
    if (!has_fired) {
      CHECK(k > 50);
      break;
    }
  }
  dm_run_free(run);
}

int main(void) {
  DM_RUN(test_there_and_back);
  DM_RUN(test_what_is_kept);
  DM_RUN(test_damage);
  DM_RUN(test_gzip);
  DM_RUN(test_versions);
  DM_RUN(test_lies);
  DM_RUN(test_claims);
  DM_RUN(test_tables);
  DM_RUN(test_texts);
  DM_RUN(test_odd_tables);
  DM_RUN(test_files);
  DM_RUN(test_memory);
  CHECK(files_end());
  free(answer);
  return dm_test_end();
}
