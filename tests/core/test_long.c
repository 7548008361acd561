/* dm_long.c: the table of all lines, cell by cell, and under every failing allocation. */
#include <stdio.h>
#include <string.h>

#include "dm_mem_fault.h"
#include "dm_test.h"
#include "summary/dm_long.h"

enum { ALL = 2 * DM_LONG_OWN - 1 };

/* Lists of names end with NULL. */
static const char *const none[1];

static dm_status read_text(dm_long *table, dm_run **run, const char *text,
                           const dm_options *options, unsigned want,
                           const char *const *names, dm_error *err) {
  size_t n_names = 0;
  while (names[n_names]) {
    n_names++;
  }
  dm_source *source = NULL;
  dm_status status = dm_run_new(run, options, NULL, err);
  if (!status) {
    status = dm_long_init(table, *run, want, names, n_names, err);
  }
  if (!status) {
    status = dm_source_open_memory(&source, text, strlen(text), NULL, err);
  }
  if (!status) {
    status = dm_run_source(*run, source, 0, err);
  }
  if (!status) {
    status = dm_long_finish(table, err);
  }
  dm_source_close(source);
  return status;
}

static const dm_options plain = {
    .max_line = 1 << 20, .block_size = 200, .threads = 1, .seed = 7};

static const char lines[] =
    "{\"id\":1,\"label\":0,\"probs\":[0.25,0.75],\"loss\":2,\"n\":1,\"m\":true}\n"
    "{'id':'a','label':1,'logits':[0,0,0],'s_label':2,'t':'x\\n','m':0.5,'step':4}\n"
    "{\"guid\":1,\"label\":\"z\",\"label_probs\":0.5,\"correct\":1,\"pred_label\":\"y\","
    "\"n\":null,\"t\":\"x\\n\",\"m\":\"q\",\"gold\":[2],\"o\":{\"k\":1}}\n";

#define CHECK_TEXT(column, row, want)                                              \
  do {                                                                             \
    dm_ident ident_ = dm_index_ident((column)->idents, dm_long_text(column, row)); \
    char shown_[64];                                                               \
    dm_ident_print(&ident_, shown_, sizeof shown_);                                \
    CHECK_STR(shown_, want);                                                       \
  } while (0)

static void test_cells(void) {
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_text(&table, &run, lines, &plain, ALL, none, &err), DM_OK);
  CHECK_UINT(table.n, 3);
  CHECK_TEXT(&table.id, 0, "1");
  CHECK_TEXT(&table.id, 1, "a");
  CHECK_TEXT(&table.id, 2, "1");
  CHECK_TEXT(&table.label, 2, "z");
  CHECK_TEXT(&table.pred_label, 0, "1");
  CHECK_TEXT(&table.pred_label, 1, "0");
  CHECK_TEXT(&table.pred_label, 2, "y");
  CHECK(dm_long_is_missing(&table.s_label, 0));
  CHECK_TEXT(&table.s_label, 1, "2");
  CHECK_DOUBLE(dm_long_number(&table.step, 0), 0);
  CHECK_DOUBLE(dm_long_number(&table.step, 1), 4);
  CHECK_DOUBLE(dm_long_number(&table.step, 2), 1);
  CHECK(!dm_long_bool(&table.correct, 0));
  CHECK(dm_long_bool(&table.correct, 2));
  CHECK_DOUBLE(dm_long_number(&table.loss, 0), 2);
  CHECK(dm_long_is_missing(&table.loss, 1));
  CHECK_DOUBLE(dm_long_number(&table.label_probs, 0), 0.25);
  CHECK_UINT(table.probs.n, 3);
  CHECK_DOUBLE(dm_long_number(&table.probs.columns[1], 0), 0.75);
  CHECK_DOUBLE(dm_long_number(&table.probs.columns[2], 1), 1.0 / 3);
  CHECK(dm_long_is_missing(&table.probs.columns[2], 0));
  CHECK_UINT(table.logits.n, 3);
  CHECK(dm_long_is_missing(&table.logits.columns[0], 0));
  CHECK_DOUBLE(dm_long_number(&table.logits.columns[2], 1), 0);
  if (CHECK_UINT(table.n_own, 5)) {
    const char *const names[] = {"n", "m", "t", "o", "gold"};
    const dm_long_kind kinds[] = {DM_LONG_NUMBER, DM_LONG_TEXT, DM_LONG_TEXT,
                                  DM_LONG_EMPTY, DM_LONG_EMPTY};
    for (size_t k = 0; k < 5; k++) {
      DM_CASE("%s", names[k]);
      CHECK_STR(table.own[k].name, names[k]);
      CHECK_INT((int)table.own[k].kind, (int)kinds[k]);
    }
    CHECK_DOUBLE(dm_long_number(&table.own[0], 0), 1);
    CHECK(dm_long_is_missing(&table.own[0], 2));
    CHECK_TEXT(&table.own[1], 0, "true");
    CHECK_TEXT(&table.own[1], 1, "0.5");
    CHECK_TEXT(&table.own[1], 2, "q");
    CHECK(dm_long_is_missing(&table.own[2], 0));
    CHECK_UINT(dm_long_text(&table.own[2], 1), dm_long_text(&table.own[2], 2));
  }
  dm_long_release(&table);
  dm_run_free(run);
}

/* A dialect that is asked for is not told by the quotes of the keys. */
static void test_python_in_double_quotes(void) {
  dm_options options = plain;
  options.format = DM_FORMAT_PYTHON;
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_text(&table, &run,
                      "{\"id\":1,\"label\":0,\"correct\":True,\"label_probs\":1.5,"
                      "\"n\":(3,),\"m\":4}\n",
                      &options, ALL, none, &err),
            DM_OK);
  if (CHECK_UINT(table.n_own, 2)) {
    CHECK_STR(table.own[1].name, "m");
    CHECK_DOUBLE(dm_long_number(&table.own[1], 0), 4);
  }
  if (CHECK_UINT(run->states.problems.n_kept, 1)) {
    CHECK_UINT(run->states.problems.kept[0].column, 48);
  }
  dm_long_release(&table);
  dm_run_free(run);
}

/* A class that was predicted is the label that some line says to stand at its place. */
static void test_label_index(void) {
  static const char text[] =
      "{\"id\":1,\"label\":\"cat\",\"label_index\":1,\"probs\":[0.5,0.25,0.25]}\n"
      "{\"id\":2,\"label\":\"dog\",\"label_index\":0,\"probs\":[0.5,0.25,0.25]}\n"
      "{\"id\":3,\"label\":\"dog\",\"label_index\":0,\"probs\":[0.2,0.6,0.2]}\n"
      "{\"id\":4,\"label\":\"dog\",\"label_index\":0,\"probs\":[0.2,0.2,0.6]}\n"
      "{\"id\":5,\"label\":1,\"probs\":[0.2,0.6,0.2]}\n"
      "{\"id\":6,\"label\":1,\"logits\":[NaN,0,1]}\n";
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_text(&table, &run, text, &plain, ALL | DM_LONG_LABEL_INDEX, none, &err),
            DM_OK);
  CHECK_UINT(table.n, 6);
  static const char *const want[] = {"dog", "dog", "cat", "2", "1"};
  static const bool is_right[] = {false, true, false, false, true, false};
  for (size_t i = 0; i < 6; i++) {
    DM_CASE("row %zu", i);
    if (i < 5) {
      CHECK_TEXT(&table.pred_label, i, want[i]);
    } else {
      CHECK(dm_long_is_missing(&table.pred_label, i));
    }
    CHECK_INT(dm_long_bool(&table.correct, i), is_right[i]);
    CHECK_INT(dm_long_is_missing(&table.label_index, i), i > 3);
  }
  CHECK_DOUBLE(dm_long_number(&table.label_index, 0), 1);
  CHECK_DOUBLE(dm_long_number(&table.label_probs, 0), .25);
  dm_long_release(&table);
  dm_run_free(run);
}

/* What stands for others is shown as it is, and as what it stands for. */
static void test_stand_ins(void) {
  static const char text[] =
      "{\"id\":1,\"margin\":2}\n"
      "{\"id\":2,\"label\":0,\"probs\":[0.5,0.5],\"margin\":-1}\n"
      "{\"id\":3,\"label\":7,\"correct\":true,\"n_tok\":2,\"sum_logp\":0}\n";
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_text(&table, &run, text, &plain, ALL, none, &err), DM_OK);
  CHECK_UINT(table.n, 3);
  if (CHECK_UINT(table.n_own, 3)) {
    CHECK_STR(table.own[0].name, "margin");
    CHECK_DOUBLE(dm_long_number(&table.own[0], 0), 2);
    CHECK_DOUBLE(dm_long_number(&table.own[0], 1), -1);
    CHECK(dm_long_is_missing(&table.own[0], 2));
    CHECK_STR(table.own[1].name, "n_tok");
    CHECK_STR(table.own[2].name, "sum_logp");
    CHECK_DOUBLE(dm_long_number(&table.own[1], 2), 2);
  }
  if (CHECK_UINT(table.logits.n, 2)) {
    CHECK_DOUBLE(dm_long_number(&table.logits.columns[0], 0), 2);
    CHECK_DOUBLE(dm_long_number(&table.logits.columns[1], 0), 0);
    CHECK(dm_long_is_missing(&table.logits.columns[0], 1));
  }
  CHECK_TEXT(&table.label, 0, "0");
  CHECK_TEXT(&table.pred_label, 0, "0");
  CHECK_DOUBLE(dm_long_number(&table.label_probs, 2), 1);
  dm_long_release(&table);
  dm_run_free(run);
}

/* What is not asked for takes no memory. */
static void test_chosen(void) {
  const char *const names[] = {"t", "none", NULL};
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_text(&table, &run, lines, &plain, DM_LONG_ID, names, &err), DM_OK);
  CHECK_UINT(table.n, 3);
  CHECK_UINT(table.n_own, 1);
  CHECK_STR(table.own[0].name, "t");
  CHECK_UINT(dm_rows_cap(&table.label.cells), 0);
  CHECK_UINT(dm_rows_cap(&table.loss.cells), 0);
  CHECK_UINT(table.probs.n, 0);
  CHECK_UINT(table.logits.n, 0);
  dm_long_release(&table);
  dm_run_free(run);
}

static void test_refused(void) {
  static const struct {
    const char *more;
    dm_status want;
  } cases[] = {
      {"\"a\":1,\"a\":2", DM_E_FIELD},
      {"\"a\":1e999", DM_E_FIELD},
      {"\"a\":\"\\u0000\"", DM_E_SYNTAX},
      {"\"a\":{\"b\":\"\\u0000\"}", DM_OK},
      {"\"a\":null,\"a\":2", DM_OK},
      {"\"a\":\"x\",\"a\":5", DM_E_FIELD},
      {"\"b\":1,\"a\":\"x\",\"b\":true", DM_E_FIELD},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].more);
    char text[400];
    const char key[] = {cases[i].more[1], '\0'}; /* the first one is at fault */
    const char *rest = "\"label\":0,\"probs\":[1,0]";
    snprintf(text, sizeof text,
             "{\"id\":1,%s,\"a\":7}\n{\"id\":1,%s,%s}\n{\"id\":1,%s}\n", rest, rest,
             cases[i].more, rest);
    for (int skips = 0; skips < 2; skips++) {
      dm_options options = plain;
      options.is_skipping = skips;
      dm_long table = {0};
      dm_run *run = NULL;
      dm_error err = {0};
      dm_status status = read_text(&table, &run, text, &options, DM_LONG_OWN, none, &err);
      if (!skips && cases[i].want) {
        CHECK_INT(status, cases[i].want);
        CHECK_UINT(err.line, 2);
        CHECK_STR(err.key, key);
        CHECK(err.column > 0);
      } else {
        CHECK_INT(status, DM_OK);
        CHECK_UINT(table.n, cases[i].want ? 2 : 3);
        CHECK(dm_long_is_missing(&table.own[0], table.n - 1)); /* nothing was left */
        if (cases[i].want) {
          CHECK_INT((int)table.own[0].kind, DM_LONG_NUMBER);
          CHECK(table.n_own < 2 || table.own[1].kind == DM_LONG_EMPTY);
        }
        CHECK_UINT(run->states.counts.bad, cases[i].want ? 1 : 0);
      }
      dm_long_release(&table);
      dm_run_free(run);
    }
  }
}

/* A line may come with a step below that of a line before; equal ones one behind the
   other are told, and a step on some lines only is refused as ever. */
static void test_steps_in_any_order(void) {
  static const char text[] =
      "{\"id\":1,\"label\":0,\"probs\":[0.9,0.1],\"step\":2}\n"
      "{\"id\":1,\"label\":0,\"probs\":[0.9,0.1],\"step\":0}\n"
      "{\"id\":1,\"label\":0,\"probs\":[0.9,0.1],\"step\":0}\n"
      "{\"id\":1,\"label\":0,\"probs\":[0.9,0.1],\"step\":1}\n"
      "{\"id\":1,\"label\":0,\"probs\":[0.9,0.1]}\n";
  static const double steps[] = {2, 0, 0, 1};
  dm_options options = plain;
  options.is_skipping = true;
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_text(&table, &run, text, &options, DM_LONG_STEP, none, &err), DM_OK);
  if (CHECK_UINT(table.n, 4)) {
    for (size_t i = 0; i < 4; i++) {
      CHECK_DOUBLE(dm_long_number(&table.step, i), steps[i]);
    }
  }
  CHECK(run->states.has_back_steps);
  CHECK_UINT(run->states.counts.bad, 1);
  CHECK_UINT(run->states.problems.count[DM_PROBLEM_STEP], 1);
  dm_long_release(&table);
  dm_run_free(run);
}

/* Names that no column can have: an error at the key, or the line is left out. Nobody
   minds them in keys that are not asked for. */
static void test_names(void) {
  static const struct {
    const char *start, *end;
    size_t n; /* of the letters between */
    const char *expected;
  } cases[] = {
      {"a", "\\u0000", 0, "U+0000"},
      {"\\u0000", "b", 0, "U+0000"},
      {"\\u0061", "", 251, "256 bytes"},
      {"", "\\u0000", 300, "256 bytes"},
      {"", "", 10001, "10000 bytes"},
      {"\\u0061", "", 250, NULL},
      {"", "", 10000, NULL},
      {"a", "b", 0, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    static char letters[10002];
    static char text[10200];
    memset(letters, 'x', cases[i].n);
    letters[cases[i].n] = '\0';
    snprintf(text, sizeof text,
             "\n{\"id\":1,\"label\":0,\"probs\":[0.9,0.1],\"%s%s%s\":1}\n",
             cases[i].start, letters, cases[i].end);
    for (int mode = 0; mode < 3; mode++) {
      dm_options options = plain;
      options.is_skipping = mode == 1;
      dm_long table = {0};
      dm_run *run = NULL;
      dm_error err = {0};
      dm_status status = read_text(&table, &run, text, &options,
                                   mode == 2 ? DM_LONG_ID : DM_LONG_OWN, none, &err);
      if (mode == 0 && cases[i].expected) {
        CHECK_INT(status, DM_E_FIELD);
        CHECK_UINT(err.line, 2);
        CHECK_UINT(err.column, 37);
        CHECK(strstr(err.expected, cases[i].expected) != NULL);
        CHECK(err.key[0] != '\0');
      } else {
        CHECK_INT(status, DM_OK);
        CHECK_UINT(run->states.counts.bad, mode == 1 && cases[i].expected ? 1 : 0);
      }
      dm_long_release(&table);
      dm_run_free(run);
    }
  }
}

static void test_many_keys(void) {
  static char text[20 * DM_LONG_OWN_MAX + 200];
  char *p = text;
  p += sprintf(p, "{\"id\":1,\"label\":0,\"probs\":[1,0]");
  for (int k = 0; k <= DM_LONG_OWN_MAX; k++) {
    p += sprintf(p, ",\"k%d\":1", k);
  }
  sprintf(p, "}\n");
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_text(&table, &run, text, &plain, DM_LONG_OWN, none, &err), DM_E_LIMIT);
  dm_long_release(&table);
  dm_run_free(run);
}

static void test_allocations(void) {
  for (size_t k = 1;; k++) {
    size_t before = fault_live_blocks();
    dm_long table = {0};
    dm_run *run = NULL;
    dm_error err;
    fault_arm_memory(k, false);
    dm_status status = read_text(&table, &run, lines, &plain, ALL, none, &err);
    bool has_fired = fault_has_fired();
    fault_arm_memory(0, false);
    CHECK(status == (has_fired ? DM_E_MEMORY : DM_OK));
    dm_long_release(&table);
    dm_run_free(run);
    CHECK_UINT(fault_live_blocks(), before);
    if (!has_fired) {
      return;
    }
  }
}

/* --- in parts --- */

/* What take() found of each part: rows, and the text of "m" in the first of them. */
typedef struct seen_parts {
  dm_long *table;
  size_t rows[8];
  char first[8][16];
  size_t n;
} seen_parts;

static dm_status see_part(void *ctx, dm_error *err) {
  seen_parts *seen = ctx;
  const dm_long *table = seen->table;
  const dm_long_column *m = &table->own[1];
  (void)err;
  seen->rows[seen->n] = table->n;
  dm_ident ident = dm_index_ident(m->idents, dm_long_text(m, 0));
  dm_ident_print(&ident, seen->first[seen->n], sizeof seen->first[0]);
  seen->n++;
  return seen->n < 3 ? DM_OK : dm_error_set(err, DM_E_INTERRUPT);
}

static dm_status read_parts(dm_long *table, dm_run **run, const dm_long_parts *parts,
                            dm_error *err) {
  dm_source *source = NULL;
  dm_status status = dm_run_new(run, &plain, NULL, err);
  if (!status) {
    status = dm_long_init(table, *run, ALL, none, 0, err);
  }
  if (!status) {
    status = dm_long_read_parts(table, parts, err);
  }
  if (!status) {
    status = dm_source_open_memory(&source, lines, strlen(lines), NULL, err);
  }
  if (!status) {
    status = dm_run_source(*run, source, 0, err);
  }
  dm_source_close(source);
  return status;
}

/* Of the rows only the last part is left, of the types all. */
static void test_parts(void) {
  const char *const texts[] = {"m"};
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  seen_parts seen = {.table = &table};
  dm_long_parts parts = {
      .rows = 1, .take = see_part, .ctx = &seen, .texts = texts, .n_texts = 1};
  CHECK_INT(read_parts(&table, &run, &parts, &err), DM_E_INTERRUPT);
  CHECK_UINT(seen.n, 3);
  CHECK_STR(seen.first[0], "true");
  CHECK_STR(seen.first[1], "0.5");
  CHECK_STR(seen.first[2], "q");
  CHECK_UINT(seen.rows[2], 1);
  dm_long_release(&table);
  dm_run_free(run);

  parts = (dm_long_parts){.rows = 2};
  CHECK_INT(read_parts(&table, &run, &parts, &err), DM_OK);
  CHECK_INT(dm_long_finish(&table, &err), DM_OK);
  CHECK_UINT(table.n, 1);
  CHECK_TEXT(&table.id, 0, "1");
  CHECK_TEXT(&table.pred_label, 0, "y");
  CHECK_DOUBLE(dm_long_number(&table.step, 0), 1);
  CHECK_DOUBLE(dm_long_number(&table.label_probs, 0), 0.5);
  CHECK(dm_long_is_missing(&table.probs.columns[2], 0));
  CHECK_INT((int)table.own[0].kind, DM_LONG_NUMBER);
  CHECK_TEXT(&table.own[1], 0, "q");
  CHECK_UINT(table.texts.n, 2);
  CHECK_UINT(table.pred_labels.n, 1); /* no prediction that the lines do not give */
  CHECK_INT((int)table.label_index.kind, DM_LONG_EMPTY);
  dm_long_release(&table);
  dm_run_free(run);
}

/* sum_logp is in the place of label_probs, or beside what is derived of it. */
static void test_sums_in_parts(void) {
  static const char sums[] =
      "{\"id\":1,\"label\":0,\"correct\":true,\"sum_logp\":-4,\"n_tok\":2}\n";
  for (int keeps = 0; keeps < 2; keeps++) {
    dm_long table = {0};
    dm_run *run = NULL;
    dm_error err;
    dm_source *source = NULL;
    const dm_long_parts parts = {.rows = 9, .keeps_sums = keeps};
    CHECK_INT(dm_run_new(&run, &plain, NULL, &err), DM_OK);
    CHECK_INT(dm_long_init(&table, run, ALL, none, 0, &err), DM_OK);
    CHECK_INT(dm_long_read_parts(&table, &parts, &err), DM_OK);
    CHECK_INT(dm_source_open_memory(&source, sums, strlen(sums), NULL, &err), DM_OK);
    CHECK_INT(dm_run_source(run, source, 0, &err), DM_OK);
    CHECK_UINT(table.n, 1);
    CHECK_INT((int)table.label_probs.kind, keeps ? DM_LONG_EMPTY : DM_LONG_NUMBER);
    dm_source_close(source);
    dm_long_release(&table);
    dm_run_free(run);
  }
}

/* How often memory is asked for in reading these lines in parts, whose columns are all
   but those of classes. */
static size_t count_allocations(const char *text) {
  const unsigned want = ALL & ~(unsigned)(DM_LONG_PROBS | DM_LONG_LOGITS);
  const dm_long_parts parts = {.rows = 9};
  dm_options options = plain;
  options.block_size = 1 << 16;
  for (size_t k = 1;; k++) {
    dm_long table = {0};
    dm_run *run = NULL;
    dm_source *source = NULL;
    dm_error err;
    fault_arm_memory(k, false);
    dm_status status = dm_run_new(&run, &options, NULL, &err);
    status = status ? status : dm_long_init(&table, run, want, none, 0, &err);
    status = status ? status : dm_long_read_parts(&table, &parts, &err);
    status =
        status ? status : dm_source_open_memory(&source, text, strlen(text), NULL, &err);
    status = status ? status : dm_run_source(run, source, 0, &err);
    bool has_fired = fault_has_fired();
    fault_arm_memory(0, false);
    CHECK(status == (has_fired ? DM_E_MEMORY : DM_OK));
    dm_source_close(source);
    dm_long_release(&table);
    dm_run_free(run);
    if (!has_fired) {
      return k - 1;
    }
  }
}

/* A prediction that is dropped has no probs read: so more of them take no more memory. */
static void test_no_probs_in_parts(void) {
  enum { MANY = 1000, LEN = 7 * MANY };
  static const char first[] =
      "{\"id\":1,\"label\":0,\"correct\":true,\"probs\":null,"
      "\"label_probs\":0.5}\n"; /* is read in full */
  static const char second[] = "{\"id\":1,\"label\":0,\"correct\":true,\"probs\":[";
  static char text[2][LEN + 200];
  for (int is_many = 0; is_many < 2; is_many++) {
    char list[LEN + 20] = "0.5005,0.4995";
    for (int k = 1; is_many && k < MANY; k++) {
      memcpy(list + 7 * k - 1, ",0.0005", 8);
    }
    sprintf(text[is_many], "%s%s%s],\"label_probs\":0.5005%*s}\n", first, second, list,
            LEN - (int)strlen(list), "");
  }
  CHECK_UINT(strlen(text[0]), strlen(text[1]));
  CHECK_UINT(count_allocations(text[0]), count_allocations(text[1]));
}

/* --- ways of reading --- */

static void append(dm_buf *out, const char *text) {
  dm_error err;
  CHECK_INT(dm_buf_append(out, text, strlen(text), &err), DM_OK);
}

/* Layouts in turn: of fields alone, with keys of the user's in front and behind, in the
   other dialect, with names beside those that come before them, with a prediction that
   only all digits of probs tell, and with nothing but probs. */
static void make_ways(dm_buf *out, int n) {
  static const char *const forms[] = {
      "{\"id\":%d,\"label\":%d,\"pred_label\":1,\"correct\":%s,\"loss\":0.%d,"
      "\"probs\":[0.25,0.75],\"label_probs\":0.%d}\n",
      "{\"u\":\"a\\n\",\"id\":%d,\"label\":%d,\"pred_label\":1,\"correct\":%s,"
      "\"loss\":%d,\"label_probs\":0.%d,\"v\":1.5}\n",
      "{'guid':1000%d,'label':%d,'correct':%s,'epoch':%d,'label_probs':0.%d,'u':None}\n",
      "{\"sample_id\":7,\"id\":%d,\"label\":%d,\"correct\":%s,\"margin\":%d,"
      "\"label_probs\":0.%d,\"s_label\":1,\"noisy_label\":\"w\"}\n",
      "{\"id\":%d,\"label\":%d,\"correct\":%s,\"loss\":-%d,"
      "\"probs\":[0.333333333,0.333333334,0.333333333],\"label_probs\":0.%d}\n",
      "{\"id\":%d,\"label\":%d,\"correct\":%s,\"w\":%d,\"probs\":[0.5,0.%d]}\n"};
  for (int i = 0; i < n; i++) {
    char line[256];
    int form = (i / 40 + i % 7 / 6) % 6;
    const char *is_right =
        form == 2 ? (i % 2 ? "True" : "False") : (i % 2 ? "true" : "false");
    (void)snprintf(line, sizeof line, forms[form], i % 97, i % 2, is_right, i % 9,
                   form == 5   ? 5
                   : form == 4 ? 333333333
                   : i % 2     ? 75
                               : 25);
    append(out, line);
  }
}

static void print_column(const dm_long *table, const dm_long_column *column,
                         dm_buf *out) {
  append(out, column->name ? column->name : "");
  for (size_t i = 0; i < table->n; i++) {
    char shown[64] = "-";
    if (dm_long_is_missing(column, i)) {
      /* as it is */
    } else if (column->kind == DM_LONG_NUMBER) {
      (void)snprintf(shown, sizeof shown, "%a", dm_long_number(column, i));
    } else if (column->kind == DM_LONG_BOOL) {
      (void)snprintf(shown, sizeof shown, "%d", dm_long_bool(column, i));
    } else {
      dm_ident ident = dm_index_ident(column->idents, dm_long_text(column, i));
      dm_ident_print(&ident, shown, sizeof shown);
    }
    append(out, " ");
    append(out, shown);
  }
  append(out, "\n");
}

static void print_table(const char *text, const dm_options *options, unsigned want,
                        dm_buf *out) {
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  CHECK_INT(read_text(&table, &run, text, options, want, none, &err), DM_OK);
  const dm_long_column *columns[] = {&table.id,         &table.step,       &table.label,
                                     &table.pred_label, &table.s_label,    &table.correct,
                                     &table.loss,       &table.label_probs};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    print_column(&table, columns[i], out);
  }
  for (size_t i = 0; i < table.n_own; i++) {
    print_column(&table, &table.own[i], out);
  }
  append(out, "");
  dm_long_release(&table);
  dm_run_free(run);
}

/* Whether a text stands in a buffer. */
static bool has(const dm_buf *buf, const char *text) {
  size_t len = strlen(text);
  for (size_t i = 0; i + len <= buf->len; i++) {
    if (memcmp(buf->data + i, text, len) == 0) {
      return true;
    }
  }
  return false;
}

static void test_ways(void) {
  dm_buf text = {0};
  make_ways(&text, 400);
  CHECK_INT(dm_buf_append(&text, "", 1, &(dm_error){0}), DM_OK);
  const unsigned wants[] = {ALL & ~(unsigned)(DM_LONG_PROBS | DM_LONG_LOGITS), ALL};
  dm_options options = plain;
  options.block_size = 1 << 20;
  dm_buf whole = {0};
  print_table(text.data, &options, wants[0], &whole);
  CHECK(has(&whole, "\nsample_id "));
  CHECK(has(&whole, "\nmargin "));
  CHECK(has(&whole, "\nnoisy_label "));
  CHECK(has(&whole, "\nv "));
  CHECK(has(&whole, "\nw "));
  CHECK(!has(&whole, "\nguid "));
  CHECK(!has(&whole, "\nloss "));
  static const size_t sizes[] = {64, 1000, 7000};
  for (size_t i = 0; i < 18; i++) {
    dm_buf other = {0};
    options.threads = 1 + (int)(i % 3);
    options.block_size = sizes[i / 3 % 3];
    print_table(text.data, &options, wants[i / 9], &other);
    CHECK_UINT(other.len, whole.len);
    CHECK(other.len == whole.len && memcmp(other.data, whole.data, whole.len) == 0);
    dm_buf_release(&other);
  }
  dm_buf_release(&whole);
  dm_buf_release(&text);
}

/* What only all digits of probs tell, and what no line before has led to expect. */
static void test_rough_predictions(void) {
  dm_buf text = {0};
  for (int i = 0; i < 40; i++) {
    append(&text,
           "{\"id\":1,\"label\":0,\"correct\":false,\"loss\":0.5,\"probs\":"
           "[0.2000000000,0.3999999999,0.4000000001],\"label_probs\":0.2}\n");
  }
  append(&text,
         "{\"id\":1,\"label\":0,\"correct\":true,\"loss\":null,\"loss2\":3,"
         "\"label_probs\":0.5}\n");
  CHECK_INT(dm_buf_append(&text, "", 1, &(dm_error){0}), DM_OK);
  dm_long table = {0};
  dm_run *run = NULL;
  dm_error err;
  unsigned want = ALL & ~(unsigned)(DM_LONG_PROBS | DM_LONG_LOGITS);
  CHECK_INT(read_text(&table, &run, text.data, &plain, want, none, &err), DM_OK);
  for (size_t i = 0; i < 40; i++) {
    CHECK_TEXT(&table.pred_label, i, "2");
    CHECK_DOUBLE(dm_long_number(&table.loss, i), 0.5);
  }
  CHECK(dm_long_is_missing(&table.pred_label, 40));
  CHECK(dm_long_is_missing(&table.loss, 40));
  CHECK_UINT(table.n_own, 1);
  CHECK_DOUBLE(dm_long_number(&table.own[0], 40), 3);
  dm_long_release(&table);
  dm_run_free(run);
  dm_buf_release(&text);
}

int main(void) {
  DM_RUN(test_cells);
  DM_RUN(test_python_in_double_quotes);
  DM_RUN(test_label_index);
  DM_RUN(test_stand_ins);
  DM_RUN(test_chosen);
  DM_RUN(test_refused);
  DM_RUN(test_steps_in_any_order);
  DM_RUN(test_names);
  DM_RUN(test_many_keys);
  DM_RUN(test_parts);
  DM_RUN(test_sums_in_parts);
  DM_RUN(test_no_probs_in_parts);
  DM_RUN(test_ways);
  DM_RUN(test_rough_predictions);
  DM_RUN(test_allocations);
  return dm_test_end();
}
