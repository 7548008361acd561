/* dm_state_problems.c: problems through their tables are the same problems; a kind is
   known by its name, wherever that stands; what no state can have is refused. */
#include "dm_resume.h"
#include "dm_test.h"
#include "files/dm_state_problems.h"

/* Reads what was written, into states that are to be released. */
static dm_status get(const dm_buf *file, dm_states *states, uint64_t *counts,
                     dm_error *err) {
  dm_options options = {.threads = 1};
  dm_pack_reader in = {0};
  dm_source *source = NULL;
  uint32_t version;
  dm_status status;
  memset(states, 0, sizeof *states);
  DM_TRY_DONE(dm_states_init(states, &options, err));
  DM_TRY_DONE(dm_source_open_memory(&source, file->data, file->len, NULL, err));
  DM_TRY_DONE(dm_pack_open(&in, source, &version, err));
  status = dm_state_problems_get(&in, states, counts, err);
done:
  status = source ? dm_pack_finish(&in, status, err) : status;
  dm_pack_reader_release(&in);
  dm_source_close(source);
  return status;
}

static void test_there_and_back(void) {
  dm_problems problems = {0};
  dm_error err;
  for (int i = 0; i < 3 * DM_PROBLEM_KINDS; i++) {
    dm_problem problem = {.line = (uint64_t)i * 1000,
                          .column = (uint64_t)i % 3,
                          .file = i % 4 - 1,
                          .kind = (dm_problem_kind)(i % DM_PROBLEM_KINDS)};
    (void)snprintf(problem.key, sizeof problem.key, "key %d", i);
    (void)snprintf(problem.expected, sizeof problem.expected, "%0*d", i * 3, i);
    (void)snprintf(problem.actual, sizeof problem.actual, "\xC3\xA9 %d", i);
    CHECK_INT(dm_problems_add(&problems, &problem, &err), DM_OK);
  }
  problems.count[DM_PROBLEM_STEP] = UINT64_C(1) << 53; /* most are not kept */
  dm_buf file = {0};
  dm_pack_writer out;
  CHECK_INT(dm_pack_start(&out, &(dm_pack_sink){add_bytes, &file}, 1, &err), DM_OK);
  CHECK_INT(dm_state_problems_put(&out, &problems, &err), DM_OK);
  CHECK_INT(dm_pack_end(&out, &err), DM_OK);
  dm_pack_writer_release(&out);
  dm_states states;
  uint64_t counts[DM_PROBLEM_KINDS];
  if (CHECK_INT(get(&file, &states, counts, &err), DM_OK)) {
    CHECK_UINT(states.problems.n_kept, problems.n_kept);
    for (size_t i = 0; i < problems.n_kept; i++) {
      DM_CASE("problem %zu", i);
      const dm_problem *want = &problems.kept[i];
      const dm_problem *got = &states.problems.kept[i];
      CHECK_UINT(got->line, want->line);
      CHECK_UINT(got->column, want->column);
      CHECK_INT(got->file, want->file);
      CHECK_INT(got->kind, want->kind);
      CHECK_STR(got->key, want->key);
      CHECK_STR(got->expected, want->expected);
      CHECK_STR(got->actual, want->actual);
    }
    CHECK(memcmp(counts, problems.count, sizeof counts) == 0);
  }
  dm_states_release(&states);
  dm_buf_release(&file);
  dm_problems_release(&problems);
}

/* --- tables by hand --- */

typedef struct tables {
  const char *kinds[DM_PROBLEM_KINDS + 1]; /* of the counts */
  size_t n_kinds;
  int64_t count; /* of the first */
  int32_t file;
  int64_t line;
  int64_t column;
  const char *texts[4]; /* kind, key, expected and actual of the one problem */
} tables;

static tables good_tables(void) {
  tables t = {.n_kinds = DM_PROBLEM_KINDS, .line = 1, .column = 2, .count = 3};
  for (size_t i = 0; i < DM_PROBLEM_KINDS; i++) {
    t.kinds[i] = dm_problem_kind_names[DM_PROBLEM_KINDS - 1 - i]; /* the last one first */
  }
  t.kinds[DM_PROBLEM_KINDS] = "more";
  const char *const texts[] = {"prob_sum", "probs", "1", "0.5"};
  memcpy(t.texts, texts, sizeof texts);
  return t;
}

static dm_pack_text text_of(const char *text) {
  return (dm_pack_text){text, strlen(text)};
}

static dm_status read_tables(const tables *t, dm_states *states, uint64_t *counts,
                             dm_error *err) {
  static const dm_pack_column count_columns[] = {{"kind", DM_PACK_TEXT, 1},
                                                 {"count", DM_PACK_INT64, 1}};
  static const dm_pack_column columns[] = {
      {"file", DM_PACK_INT32, 1},   {"line", DM_PACK_INT64, 1},
      {"column", DM_PACK_INT64, 1}, {"kind", DM_PACK_TEXT, 1},
      {"key", DM_PACK_TEXT, 1},     {"expected", DM_PACK_TEXT, 1},
      {"actual", DM_PACK_TEXT, 1}};
  dm_buf file = {0};
  dm_pack_writer out;
  CHECK_INT(dm_pack_start(&out, &(dm_pack_sink){add_bytes, &file}, 1, err), DM_OK);
  CHECK_INT(dm_pack_begin(&out, "problem_counts", count_columns, 2, t->n_kinds, err),
            DM_OK);
  for (size_t i = 0; i < t->n_kinds; i++) {
    ((dm_pack_text *)out.table.values[0])[i] = text_of(t->kinds[i]);
    ((int64_t *)out.table.values[1])[i] = i == 0 ? t->count : 0;
  }
  CHECK_INT(dm_pack_put(&out, err), DM_OK);
  CHECK_INT(dm_pack_begin(&out, "problems", columns, 7, 1, err), DM_OK);
  *(int32_t *)out.table.values[0] = t->file;
  *(int64_t *)out.table.values[1] = t->line;
  *(int64_t *)out.table.values[2] = t->column;
  for (size_t i = 0; i < 4; i++) {
    *(dm_pack_text *)out.table.values[3 + i] = text_of(t->texts[i]);
  }
  CHECK_INT(dm_pack_put(&out, err), DM_OK);
  CHECK_INT(dm_pack_end(&out, err), DM_OK);
  dm_pack_writer_release(&out);
  dm_status status = get(&file, states, counts, err);
  dm_buf_release(&file);
  return status;
}

static void check_refused(const tables *t, dm_status want, const char *key,
                          uint64_t line) {
  dm_states states;
  uint64_t counts[DM_PROBLEM_KINDS];
  dm_error err;
  CHECK_INT(read_tables(t, &states, counts, &err), want);
  CHECK_STR(err.key, key);
  CHECK_UINT(err.line, line);
  CHECK(err.expected[0] != '\0');
  dm_states_release(&states);
}

static void test_order_of_kinds(void) {
  tables t = good_tables();
  dm_states states;
  uint64_t counts[DM_PROBLEM_KINDS];
  dm_error err;
  if (CHECK_INT(read_tables(&t, &states, counts, &err), DM_OK)) {
    for (size_t i = 0; i < DM_PROBLEM_KINDS; i++) {
      CHECK_UINT(counts[i], i == DM_PROBLEM_KINDS - 1 ? 3 : 0);
    }
    CHECK_UINT(states.problems.n_kept, 1);
    CHECK_INT(states.problems.kept[0].kind, DM_PROBLEM_PROB_SUM);
    CHECK_INT(states.problems.kept[0].file, -1);
  }
  dm_states_release(&states);
}

static void test_kinds(void) {
  tables t = good_tables();
  t.n_kinds--;
  check_refused(&t, DM_E_SYNTAX, "problem_counts", 0);
  t.n_kinds += 2;
  check_refused(&t, DM_E_SYNTAX, "problem_counts", 0);
  static const char *const names[] = {"", "prob_su", "prob_sums", "PROB_SUM", "7"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    DM_CASE("kind %s", names[i]);
    t = good_tables();
    t.kinds[2] = names[i];
    check_refused(&t, DM_E_SYNTAX, "kind", 3);
    t = good_tables();
    t.texts[0] = names[i];
    check_refused(&t, DM_E_INPUT, "kind", 1);
  }
  DM_CASE("a kind twice");
  t = good_tables();
  t.kinds[2] = t.kinds[0];
  check_refused(&t, DM_E_SYNTAX, "kind", 3);
}

static void test_numbers(void) {
  const int64_t bad[] = {-1, INT64_MIN, INT64_MAX, (INT64_C(1) << 53) + 1};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    DM_CASE("number %zu", i);
    tables t = good_tables();
    t.count = bad[i];
    check_refused(&t, DM_E_SYNTAX, "problem_counts", 1);
    t = good_tables();
    t.line = bad[i];
    check_refused(&t, DM_E_SYNTAX, "problems", 1);
    t = good_tables();
    t.column = bad[i];
    check_refused(&t, DM_E_SYNTAX, "problems", 1);
  }
  tables t = good_tables();
  t.file = -1;
  check_refused(&t, DM_E_SYNTAX, "problems", 1);
}

/* As long as there is room for, and one byte more. */
static void test_texts(void) {
  static const char *const names[] = {"key", "expected", "actual"};
  static const size_t room[] = {DM_KEY_MAX, DM_PROBLEM_TEXT_MAX, DM_PROBLEM_TEXT_MAX};
  char text[DM_PROBLEM_TEXT_MAX + 1];
  for (size_t i = 0; i < 3; i++) {
    DM_CASE("%s", names[i]);
    memset(text, 'a', sizeof text);
    text[room[i]] = '\0';
    tables t = good_tables();
    t.texts[1 + i] = text;
    check_refused(&t, DM_E_SYNTAX, names[i], 1);
    text[room[i] - 1] = '\0';
    dm_states states;
    uint64_t counts[DM_PROBLEM_KINDS];
    dm_error err;
    if (CHECK_INT(read_tables(&t, &states, counts, &err), DM_OK)) {
      const dm_problem *got = &states.problems.kept[0];
      const char *const texts[] = {got->key, got->expected, got->actual};
      CHECK_STR(texts[i], text);
    }
    dm_states_release(&states);
  }
}

int main(void) {
  DM_RUN(test_there_and_back);
  DM_RUN(test_order_of_kinds);
  DM_RUN(test_kinds);
  DM_RUN(test_numbers);
  DM_RUN(test_texts);
  return dm_test_end();
}
