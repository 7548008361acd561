/* dm_recorder.c: what is recorded is what a reader of the file finds, and a call that
   fails leaves no trace. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#ifndef _WIN32
#include <sys/resource.h>
#endif

#include "dm_child.h"
#include "dm_columns.h"
#include "dm_mem_fault.h"
#include "dm_system.h"
#include "dm_test.h"
#include "files/dm_recorder.h"
#include "number/dm_number.h"
#include "summary/dm_table.h"

static char folder[] = SYSTEM_TEMPORARY "dm-recorder-XXXXXX";

static char *slurp(const char *path, size_t *len) {
  static char bytes[4000000];
  FILE *file = fopen(path, "rb");
  *len = file ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
  bytes[*len] = '\0';
  if (file) {
    fclose(file);
  }
  return bytes;
}

static void spit(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  if (CHECK(file)) {
    fputs(text, file);
    fclose(file);
  }
}

#define CHECK_FILE(path, want)       \
  do {                               \
    size_t len_;                     \
    char *got_ = slurp(path, &len_); \
    CHECK_STR(got_, want);           \
  } while (0)

/* --- recording in a line or two --- */

static const dm_json_nulls nulls = {.missing = {.int32 = INT32_MIN, .double_bits = 1954}};
static const dm_options options = {
    .max_line = 1 << 20, .block_size = 64, .threads = 1, .seed = 7};

static dm_recorder *open_recorder(const char *path, dm_recorder_start start) {
  dm_recorder *recorder;
  dm_error err;
  CHECK_INT(dm_recorder_open(&recorder, path, start, (dm_declared_ids){0}, &options, NULL,
                             &err),
            DM_OK);
  return recorder;
}

/* n samples, all with label 0; step may be NULL. */
static dm_status add(dm_recorder *recorder, size_t n, const int32_t *id,
                     const double *label_probs, const double *step, dm_error *err) {
  static const int32_t zeros[8];
  static const int32_t correct[8] = {1, 0, 1, 1, 0, 1, 0, 0};
  const dm_json_column columns[] = {
      {.name = "id", .kind = DM_JSON_INT32, .data = id},
      {.name = "label", .kind = DM_JSON_INT32, .data = zeros},
      {.name = "correct", .kind = DM_JSON_BOOL, .data = correct},
      {.name = "label_probs", .kind = DM_JSON_DOUBLE, .data = label_probs},
      {.name = "step", .kind = DM_JSON_DOUBLE, .data = step},
  };
  return dm_recorder_add(recorder, columns, step ? 5 : 4, n, &nulls, NULL, err);
}

/* The recorder's summary against that of its file, bit by bit. */
static void check_summary(const dm_recorder *recorder, const char *path) {
  dm_error err;
  dm_run *run = NULL;
  dm_source *source = NULL;
  dm_table live = {0}, read = {0};
  const dm_run *own = dm_recorder_run(recorder);
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  CHECK_INT(dm_source_open_file(&source, path, NULL, &err), DM_OK);
  CHECK_INT(dm_run_source(run, source, 0, &err), DM_OK);
  CHECK_INT(dm_table_init_live(&live, &own->states, &err), DM_OK);
  CHECK_INT(dm_table_init(&read, &run->states, &err), DM_OK);
  CHECK(memcmp(&own->states.counts, &run->states.counts, sizeof run->states.counts) == 0);
  CHECK_UINT(own->states.problems.n_kept, run->states.problems.n_kept);
  for (size_t i = 0; i < run->states.problems.n_kept && i < own->states.problems.n_kept;
       i++) {
    const dm_problem *a = &own->states.problems.kept[i],
                     *b = &run->states.problems.kept[i];
    CHECK(a->line == b->line && a->column == b->column && a->file == b->file);
    CHECK(a->kind == b->kind && strcmp(a->actual, b->actual) == 0);
  }
  if (CHECK_UINT(live.n, read.n)) {
    for (int column = DM_COLUMN_CORRECT_TIMES; column <= DM_COLUMN_EVALUATIONS;
         column++) {
      int32_t a[4096], b[4096];
      fill_counts(&live, (dm_count_column)column, a);
      fill_counts(&read, (dm_count_column)column, b);
      CHECK(memcmp(a, b, sizeof *a * live.n) == 0);
    }
    for (int column = DM_COLUMN_CORRECT_RATIO; column <= DM_COLUMN_MIN_LABEL_PROBS;
         column++) {
      double a[4096], b[4096];
      fill_numbers(&live, (dm_number_column)column, -1, a);
      fill_numbers(&read, (dm_number_column)column, -1, b);
      CHECK(memcmp(a, b, sizeof *a * live.n) == 0);
    }
    for (size_t i = 0; i < live.n; i++) {
      dm_ident a = dm_table_ident(&live, DM_COLUMN_ID, i);
      dm_ident b = dm_table_ident(&read, DM_COLUMN_ID, i);
      CHECK(dm_ident_equal(&a, &b));
    }
  }
  dm_table_release(&live);
  dm_table_release(&read);
  dm_source_close(source);
  dm_run_free(run);
}

static const int32_t two_ids[] = {1, 2};
static const double two_probs[] = {0.5, 0.25};

#define LINE_1 "{\"id\":1,\"label\":0,\"correct\":true,\"label_probs\":0.5"
#define LINE_2 "{\"id\":2,\"label\":0,\"correct\":false,\"label_probs\":0.25"

static void test_plain(void) {
  dm_error err;
  dm_recorder *recorder = open_recorder("plain", DM_RECORDER_NEW);
  static const int32_t swapped[] = {2, 1};
  CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_OK);
  CHECK_FILE("plain", LINE_1 "}\n" LINE_2 "}\n");
  CHECK_INT(add(recorder, 2, swapped, two_probs, NULL, &err), DM_OK);
  CHECK_INT(add(recorder, 0, NULL, NULL, NULL, &err), DM_OK);
  check_summary(recorder, "plain");
  CHECK_INT(dm_recorder_close(recorder, &err), DM_OK);
  CHECK(!dm_recorder_is_open(recorder));
  CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_E_INPUT);
  check_summary(recorder, "plain"); /* stays after the file is closed */
  CHECK_INT(dm_recorder_close(recorder, &err), DM_OK);
  dm_recorder_free(recorder);
  dm_recorder_free(NULL);
}

static void test_memory_only(void) {
  dm_error err;
  dm_recorder *recorder = open_recorder(NULL, DM_RECORDER_NEW);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_OK);
  CHECK_INT(add(recorder, 1, two_ids, two_probs, NULL, &err), DM_OK);
  const dm_run *run = dm_recorder_run(recorder);
  CHECK_UINT(run->states.ids.n, 2);
  CHECK_UINT(run->states.counts.good, 3);
  CHECK_INT(dm_recorder_close(recorder, &err), DM_OK);
  dm_recorder_free(recorder);
}

/* A call of four samples that is refused is as if it had never been. */
static void check_refused(dm_recorder *recorder, const int32_t id[4],
                          const double probs[4], const double step[4], const char *key,
                          uint64_t row, dm_status want) {
  dm_error err;
  size_t len, len_after;
  slurp("refused", &len);
  CHECK_INT(add(recorder, 4, id, probs, step, &err), want);
  CHECK_STR(err.key, key);
  CHECK_UINT(err.line, row);
  CHECK_INT(err.file, -1);
  CHECK(err.expected[0]);
  slurp("refused", &len_after);
  CHECK_UINT(len_after, len);
  CHECK(dm_recorder_is_open(recorder));
  check_summary(recorder, "refused");
}

static void test_refused(void) {
  dm_error err;
  dm_recorder *recorder = open_recorder("refused", DM_RECORDER_NEW);
  static const double probs[] = {0.5, 0.5, 0.5, 0.5};
  static const double ones[] = {1, 1, 1, 1}, rising[] = {2, 3, 4, 5},
                      back[] = {2, 2, 0, 3};
  static const double mixed[] = {1, NAN, 1, 1};
  static const int32_t ids[] = {1, 2, 3, 4}, twice[] = {9, 8, 9, 7};
  double absent[] = {0.5, 0.5, 0.5, 0.5};
  absent[2] = dm_double_from_bits(UINT64_C(0x7FF00000000007A2));
  double first_absent[] = {1, 1, 1, 1};
  first_absent[0] = absent[2];
  static const int32_t no_id[] = {1, INT32_MIN, 2, 3};

  CHECK_INT(add(recorder, 4, ids, probs, ones, &err), DM_OK);
  check_refused(recorder, ids, probs, ones, "step", 1, DM_E_FIELD);
  check_refused(recorder, ids, probs, back, "step", 3, DM_E_FIELD);
  check_refused(recorder, ids, probs, NULL, "step", 1, DM_E_FIELD);
  check_refused(recorder, ids, probs, first_absent, "step", 1, DM_E_FIELD);
  check_refused(recorder, twice, probs, ones, "step", 3, DM_E_FIELD);
  check_refused(recorder, twice, probs, NULL, "id", 3, DM_E_FIELD);
  check_refused(recorder, ids, absent, rising, "label_probs", 3, DM_E_FIELD);
  check_refused(recorder, no_id, probs, rising, "id", 2, DM_E_FIELD);
  check_refused(recorder, twice, probs, mixed, "step", 2, DM_E_RANGE);
  /* and the same ids go on as if nothing had been */
  CHECK_INT(add(recorder, 4, twice, probs, rising, &err), DM_OK);
  CHECK_INT(add(recorder, 4, ids, probs, rising, &err), DM_OK);
  check_summary(recorder, "refused");
  dm_recorder_free(recorder);
}

static void test_declared(void) {
  static const dm_ident ids[] = {
      {.kind = DM_IDENT_INT, .value = 2},
      {.kind = DM_IDENT_TEXT, .text = "a", .len = 1},
      {.kind = DM_IDENT_INT_TEXT, .value = 1},
      {.kind = DM_IDENT_INT, .value = 1},
  };
  dm_error err;
  dm_recorder *recorder;
  CHECK_INT(dm_recorder_open(&recorder, NULL, DM_RECORDER_NEW, (dm_declared_ids){ids, 4},
                             &options, NULL, &err),
            DM_E_FIELD);
  CHECK_UINT(err.line, 4);
  CHECK_STR(err.key, "id");
  dm_recorder_free(recorder);

  CHECK_INT(dm_recorder_open(&recorder, "declared", DM_RECORDER_NEW,
                             (dm_declared_ids){ids, 3}, &options, NULL, &err),
            DM_OK);
  static const int32_t known[] = {1, 2}, unknown[] = {2, 3};
  CHECK_INT(add(recorder, 2, known, two_probs, NULL, &err), DM_OK);
  for (int i = 0; i < 2; i++) { /* it stays unknown */
    CHECK_INT(add(recorder, 2, unknown, two_probs, NULL, &err), DM_E_FIELD);
    CHECK_STR(err.key, "id");
    CHECK_UINT(err.line, 2);
    CHECK_STR(err.found, "id 3");
  }
  check_summary(recorder, "declared");
  CHECK_UINT(dm_recorder_run(recorder)->states.ids.n, 2); /* those that have lines */
  dm_recorder_free(recorder);
  /* a file with ids that were not declared is not gone on with */
  CHECK_INT(dm_recorder_open(&recorder, "declared", DM_RECORDER_APPEND,
                             (dm_declared_ids){ids, 2}, &options, NULL, &err),
            DM_E_FIELD);
  CHECK_STR(err.found, "id 1");
  CHECK(err.advice[0]);
  dm_recorder_free(recorder);
}

static void test_append(void) {
  dm_error err;
  static const double first[] = {1, 1}, second[] = {1.5, 1.5};
  dm_recorder *recorder = open_recorder("appended", DM_RECORDER_NEW);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, first, &err), DM_OK);
  CHECK_INT(dm_recorder_close(recorder, &err), DM_OK);
  dm_recorder_free(recorder);
  CHECK_INT(dm_recorder_open(&recorder, "appended", DM_RECORDER_NEW, (dm_declared_ids){0},
                             &options, NULL, &err),
            DM_E_IO);
  dm_recorder_free(recorder);

  recorder = open_recorder("appended", DM_RECORDER_APPEND);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, first, &err), DM_E_FIELD);
  CHECK_STR(err.found, "step 1");
  CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_E_FIELD);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, second, &err), DM_OK);
  CHECK_FILE("appended", LINE_1 ",\"step\":1}\n" LINE_2 ",\"step\":1}\n" LINE_1
                                ",\"step\":1.5}\n" LINE_2 ",\"step\":1.5}\n");
  check_summary(recorder, "appended");
  dm_recorder_free(recorder);

  recorder = open_recorder("appended", DM_RECORDER_OVERWRITE);
  CHECK_FILE("appended", "");
  CHECK_INT(add(recorder, 1, two_ids, two_probs, NULL, &err), DM_OK);
  CHECK_FILE("appended", LINE_1 "}\n");
  check_summary(recorder, "appended");
  dm_recorder_free(recorder);
}

/* An existing file in every state that its last line can be in. */
static void test_cut(void) {
  static const char whole[] = LINE_1 "}\n" LINE_2 "}\n";
  size_t first = strlen(LINE_1 "}\n");
  for (size_t len = 0; len < sizeof whole; len++) {
    DM_CASE("%zu bytes", len);
    char text[sizeof whole] = {0};
    memcpy(text, whole, len);
    spit("cut", text);
    dm_error err;
    dm_recorder *recorder;
    bool is_whole =
        len == 0 || len == first - 1 || len == first || len >= sizeof whole - 2;
    dm_status status = dm_recorder_open(&recorder, "cut", DM_RECORDER_APPEND,
                                        (dm_declared_ids){0}, &options, NULL, &err);
    CHECK_INT(status, is_whole ? DM_OK : DM_E_SYNTAX);
    if (!is_whole) {
      CHECK(strstr(err.advice, "repair"));
      CHECK_UINT(err.line, len < first ? 1 : 2);
      CHECK_FILE("cut", text);
      dm_recorder_free(recorder);
      recorder = open_recorder("cut", DM_RECORDER_REPAIR);
      text[len < first ? 0 : first] = '\0';
      CHECK_FILE("cut", text);
    } else {
      CHECK_FILE("cut", text);
    }
    static const int32_t id[] = {3};
    CHECK_INT(add(recorder, 1, id, two_probs, NULL, &err), DM_OK);
    char want[600];
    bool is_gap = text[0] && text[strlen(text) - 1] != '\n';
    snprintf(want, sizeof want, "%s%s%s", text, is_gap ? "\n" : "",
             "{\"id\":3,\"label\":0,\"correct\":true,\"label_probs\":0.5}\n");
    CHECK_FILE("cut", want);
    check_summary(recorder, "cut");
    CHECK_INT(add(recorder, 1, id, two_probs, NULL, &err), DM_OK);
    check_summary(recorder, "cut");
    dm_recorder_free(recorder);
  }
}

static void test_existing(void) {
  dm_error err;
  dm_recorder *recorder;
  /* a bad line that is not the last, or has its newline, is nobody's to repair */
  static const char *const bad[] = {
      "nonsense\n" LINE_1 "}\n",
      LINE_1 "}\n{\"id\":\n",
      "{\"id\":1}",
      "{\"id\":1}\n",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    DM_CASE("%zu", i);
    spit("existing", bad[i]);
    CHECK(dm_recorder_open(&recorder, "existing", DM_RECORDER_REPAIR,
                           (dm_declared_ids){0}, &options, NULL, &err) != DM_OK);
    CHECK_INT(err.file, 0);
    CHECK(err.line > 0);
    dm_recorder_free(recorder);
    CHECK_FILE("existing", bad[i]);
  }
  /* other writers' files are gone on with: byte order mark, blank lines, Python, epochs
   */
  spit("existing",
       "\xEF\xBB\xBF\n{'id': 1, 'label': 0, 'correct': 'true', 'label_probs': 0.5, "
       "'epoch': "
       "3}\r\n"
       "{'id': 1, 'label': 0, 'correct': True, 'label_probs': 0.25, 'epoch': 3}");
  recorder = open_recorder("existing", DM_RECORDER_APPEND);
  static const double three[] = {3, 3}, four[] = {4, 4};
  CHECK_INT(add(recorder, 2, two_ids, two_probs, three, &err), DM_E_FIELD);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, four, &err), DM_OK);
  check_summary(recorder, "existing");
  dm_recorder_free(recorder);
  /* gzip */
  static const unsigned char gzip[] = {31,  139, 8, 0,   0,   0,  0,   0, 0, 3, 171, 174,
                                       229, 2,   0, 150, 180, 11, 175, 3, 0, 0, 0};
  FILE *file = fopen("existing", "wb");
  if (CHECK(file)) {
    fwrite(gzip, 1, sizeof gzip, file);
    fclose(file);
  }
  CHECK(dm_recorder_open(&recorder, "existing", DM_RECORDER_APPEND, (dm_declared_ids){0},
                         &options, NULL, &err) == DM_E_INPUT);
  CHECK(strstr(err.found, "gzip"));
  dm_recorder_free(recorder);
  size_t len;
  slurp("existing", &len);
  CHECK_UINT(len, sizeof gzip);
}

/* Problems of lines are found in memory as in the file, also behind what was read. */
static void test_problems(void) {
  dm_error err;
  spit("problems", "\n" LINE_1 "}\n" LINE_2 "}");
  dm_recorder *recorder = open_recorder("problems", DM_RECORDER_APPEND);
  static const double odd[] = {1.5, NAN};
  CHECK_INT(add(recorder, 2, two_ids, odd, NULL, &err), DM_OK);
  static const int32_t labels[] = {1, 0};
  static const double lists[] = {0.5, 0.7, 0.25, 0.3};
  const dm_json_column columns[] = {
      {.name = "id", .kind = DM_JSON_INT32, .data = two_ids},
      {.name = "label", .kind = DM_JSON_INT32, .data = labels},
      {.name = "probs", .kind = DM_JSON_LIST, .data = lists, .width = 2, .stride = 2},
  };
  CHECK_INT(dm_recorder_add(recorder, columns, 3, 2, &nulls, NULL, &err), DM_OK);
  check_summary(recorder, "problems");
  CHECK(dm_recorder_run(recorder)->states.problems.n_kept == 4);
  /* a label that is not among the classes */
  static const int32_t beyond[] = {1, 2};
  const dm_json_column wrong[] = {
      columns[0], {.name = "label", .kind = DM_JSON_INT32, .data = beyond}, columns[2]};
  CHECK_INT(dm_recorder_add(recorder, wrong, 3, 2, &nulls, NULL, &err), DM_E_RANGE);
  CHECK_STR(err.key, "label");
  CHECK_UINT(err.line, 2);
  check_summary(recorder, "problems");
  dm_recorder_free(recorder);
}

/* More than one part per call. */
static void test_large(void) {
  enum { N = 30000, WIDTH = 20 };
  int32_t *id = malloc(N * sizeof *id);
  int32_t *label = calloc(N, sizeof *label);
  double *probs = malloc(N * WIDTH * sizeof *probs);
  for (size_t i = 0; i < N; i++) {
    id[i] = (int32_t)(i * 7919 % N);
  }
  for (size_t i = 0; i < N * WIDTH; i++) {
    probs[i] = 1.0 / (double)(i + 3);
  }
  const dm_json_column columns[] = {
      {.name = "id", .kind = DM_JSON_INT32, .data = id},
      {.name = "label", .kind = DM_JSON_INT32, .data = label},
      {.name = "probs", .kind = DM_JSON_LIST, .data = probs, .width = WIDTH, .stride = N},
  };
  dm_error err;
  dm_recorder *recorder = open_recorder("large", DM_RECORDER_NEW);
  CHECK_INT(dm_recorder_add(recorder, columns, 3, N, &nulls, NULL, &err), DM_OK);
  struct stat info;
  CHECK(stat("large", &info) == 0 && info.st_size > 9000000);
  label[N - 1] = WIDTH; /* found in the last part, before anything is written */
  CHECK_INT(dm_recorder_add(recorder, columns, 3, N, &nulls, NULL, &err), DM_E_RANGE);
  CHECK_UINT(err.line, N);
  off_t size = info.st_size;
  CHECK(stat("large", &info) == 0 && info.st_size == size);
  label[N - 1] = 0;
  CHECK_INT(dm_recorder_add(recorder, columns, 3, N, &nulls, NULL, &err), DM_OK);
  const dm_run *own = dm_recorder_run(recorder);
  CHECK_UINT(own->states.counts.lines, 2 * N);
  dm_run *run;
  dm_source *source;
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  CHECK_INT(dm_source_open_file(&source, "large", NULL, &err), DM_OK);
  CHECK_INT(dm_run_source(run, source, 0, &err), DM_OK);
  CHECK_UINT(run->states.ids.n, N);
  size_t n_same = 0;
  for (size_t i = 0; i < run->states.ids.n; i++) {
    dm_ident a = dm_index_ident(&own->states.ids, i),
             b = dm_index_ident(&run->states.ids, i);
    n_same += dm_ident_equal(&a, &b) &&
              memcmp(dm_rows_at(&own->states.accum, i), dm_rows_at(&run->states.accum, i),
                     sizeof(dm_accum)) == 0;
  }
  CHECK_UINT(n_same, N);
  CHECK_UINT(own->states.problems.count[DM_PROBLEM_PROB_SUM],
             run->states.problems.count[DM_PROBLEM_PROB_SUM]);
  dm_source_close(source);
  dm_run_free(run);
  dm_recorder_free(recorder);
  unlink("large");
  free(id);
  free(label);
  free(probs);
}

#ifndef _WIN32
static void record_until_full(void) {
  signal(SIGXFSZ, SIG_IGN);
  dm_error err;
  dm_recorder *recorder = open_recorder("full", DM_RECORDER_NEW);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_OK);
  struct rlimit cap = {.rlim_cur = 200, .rlim_max = RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &cap);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_E_IO);
  CHECK(err.sys_errno != 0);
  CHECK(dm_recorder_is_open(recorder));
  check_summary(recorder, "full");
  cap.rlim_cur = RLIM_INFINITY;
  setrlimit(RLIMIT_FSIZE, &cap);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_OK);
  check_summary(recorder, "full");
  CHECK_UINT(dm_recorder_run(recorder)->states.counts.lines, 4);
  dm_recorder_free(recorder);
}

static void test_full(void) {
  in_child(record_until_full);
  /* a device can't take anything back: closed */
  dm_error err;
  dm_recorder *recorder = open_recorder("/dev/full", DM_RECORDER_NEW);
  CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_E_IO);
  CHECK(!dm_recorder_is_open(recorder) && !dm_recorder_is_lost(recorder));
  CHECK_UINT(dm_recorder_run(recorder)->states.counts.lines, 0);
  dm_recorder_free(recorder);
}
#endif

static int refuse(void *ctx, uint64_t bytes) {
  (void)ctx;
  (void)bytes;
  return 1;
}

static void test_interrupt(void) {
  dm_error err;
  dm_recorder *recorder = open_recorder("stopped", DM_RECORDER_NEW);
  dm_host host = {.check = refuse};
  static const int32_t zeros[2];
  const dm_json_column columns[] = {
      {.name = "id", .kind = DM_JSON_INT32, .data = two_ids},
      {.name = "label", .kind = DM_JSON_INT32, .data = zeros},
      {.name = "correct", .kind = DM_JSON_BOOL, .data = zeros},
      {.name = "label_probs", .kind = DM_JSON_DOUBLE, .data = two_probs},
  };
  CHECK_INT(dm_recorder_add(recorder, columns, 4, 2, &nulls, &host, &err),
            DM_E_INTERRUPT);
  CHECK_FILE("stopped", "");
  CHECK_INT(dm_recorder_add(recorder, columns, 4, 2, &nulls, NULL, &err), DM_OK);
  check_summary(recorder, "stopped");
  dm_recorder_free(recorder);
}

static void test_signals(void) {
  static const char *const names[] = {"loss", "mine"};
  dm_options with = options;
  char copies[2][8];
  const char *const given[] = {copies[0], copies[1]};
  for (int i = 0; i < 2; i++) {
    snprintf(copies[i], sizeof copies[i], "%s", names[i]);
  }
  with.signals = given;
  with.n_signals = 2;
  dm_error err;
  dm_recorder *recorder;
  CHECK_INT(dm_recorder_open(&recorder, NULL, DM_RECORDER_NEW, (dm_declared_ids){0},
                             &with, NULL, &err),
            DM_OK);
  memset(copies, 'x', sizeof copies); /* the recorder has its own */
  static const int32_t zeros[2];
  static const double loss[] = {3, 4}, mine[] = {-1, 1e-300};
  const dm_json_column columns[] = {
      {.name = "id", .kind = DM_JSON_INT32, .data = two_ids},
      {.name = "label", .kind = DM_JSON_INT32, .data = zeros},
      {.name = "correct", .kind = DM_JSON_BOOL, .data = zeros},
      {.name = "label_probs", .kind = DM_JSON_DOUBLE, .data = two_probs},
      {.name = "loss", .kind = DM_JSON_DOUBLE, .data = loss},
      {.name = "mine", .kind = DM_JSON_DOUBLE, .data = mine},
  };
  CHECK_INT(dm_recorder_add(recorder, columns, 6, 2, &nulls, NULL, &err), DM_OK);
  dm_table table = {0};
  CHECK_INT(dm_table_init_live(&table, &dm_recorder_run(recorder)->states, &err), DM_OK);
  double out[2];
  fill_signal(&table, 0, DM_SIGNAL_MEAN, -1, out);
  CHECK(out[0] == 3 && out[1] == 4);
  fill_signal(&table, 1, DM_SIGNAL_LAST, -1, out);
  CHECK(out[0] == -1 && out[1] == 1e-300);
  dm_table_release(&table);
  dm_recorder_free(recorder);
}

/* Every allocation fails once: the file has what was recorded before, or all. */
static void test_allocations(void) {
  static const char one[] = LINE_1 "}\n" LINE_2 "}\n";
  static const dm_ident ids[] = {{.kind = DM_IDENT_INT, .value = 1},
                                 {.kind = DM_IDENT_INT, .value = 2},
                                 {.kind = DM_IDENT_TEXT, .text = "t", .len = 1}};
  size_t i = 1;
  for (;; i++) {
    DM_CASE("allocation %zu", i);
    spit("memory", one);
    dm_error err;
    dm_recorder *recorder;
    fault_arm_memory(i, false);
    dm_status status = dm_recorder_open(&recorder, "memory", DM_RECORDER_APPEND,
                                        (dm_declared_ids){ids, 3}, &options, NULL, &err);
    dm_status added = DM_OK;
    if (!status) {
      added = add(recorder, 2, two_ids, two_probs, NULL, &err);
    }
    bool is_over = !fault_has_fired();
    fault_arm_memory(0, false);
    size_t len;
    char *got = slurp("memory", &len);
    if (status || added) {
      CHECK_INT(status ? status : added, DM_E_MEMORY);
      CHECK_STR(got, one);
    } else {
      CHECK_UINT(len, 2 * strlen(one));
    }
    if (added && dm_recorder_is_open(recorder)) { /* it can be tried again */
      CHECK_INT(add(recorder, 2, two_ids, two_probs, NULL, &err), DM_OK);
      check_summary(recorder, "memory");
    }
    CHECK(!recorder || !dm_recorder_is_lost(recorder) || !dm_recorder_is_open(recorder));
    dm_recorder_free(recorder);
    if (is_over) {
      CHECK_INT(status, DM_OK);
      CHECK_INT(added, DM_OK);
      break;
    }
  }
  CHECK(i > 20);
}

int main(void) {
  if (!mkdtemp(folder) || chdir(folder) != 0) {
    perror(folder);
    return 1;
  }
  DM_RUN(test_plain);
  DM_RUN(test_memory_only);
  DM_RUN(test_refused);
  DM_RUN(test_declared);
  DM_RUN(test_append);
  DM_RUN(test_cut);
  DM_RUN(test_existing);
  DM_RUN(test_problems);
  DM_RUN(test_large);
  DM_RUN_POSIX(test_full);
  DM_RUN(test_interrupt);
  DM_RUN(test_signals);
  DM_RUN(test_allocations);
  CHECK(leave_and_remove(folder));
  return dm_test_end();
}
