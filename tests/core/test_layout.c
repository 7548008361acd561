/* dm_layout.c: what a line means depends on no line before it, however alike or unlike
   they are. Lines are read one after the other, and each by a parser of its own. */
#include <stdlib.h>

#include "dm_naive.h"
#include "dm_test.h"
#include "signals/dm_parse.h"

enum { LINE_MAX = 400 };

static const dm_options options = {
    .is_skipping = true, .max_line = 1000, .block_size = 1000};

/* The texts of the last two lines, which their batches borrow. */
static char *texts[2];

/* Reads one line into the batch. */
static void read_line(dm_parser *parser, const char *line, dm_batch *batch) {
  dm_error err;
  dm_block block = {.len = strlen(line)};
  free(texts[0]);
  texts[0] = texts[1];
  block.data = calloc(block.len + DM_BLOCK_PAD, 1);
  if (!block.data) {
    exit(2);
  }
  memcpy(block.data, line, block.len);
  texts[1] = block.data;
  CHECK_INT(dm_parse_block(parser, &block, batch, &err), DM_OK);
}

static dm_parser *new_parser(void) {
  dm_parser *parser = NULL;
  dm_error err;
  if (dm_parser_new(&parser, &options, NULL, &err)) {
    exit(2);
  }
  return parser;
}

static bool is_same_ident(const dm_batch *a, const dm_batch *b, uint8_t kind_a,
                          uint8_t kind_b, int64_t value_a, int64_t value_b) {
  dm_ident x = dm_batch_ident(a, kind_a, value_a);
  dm_ident y = dm_batch_ident(b, kind_b, value_b);
  return kind_a == kind_b && dm_ident_equal(&x, &y);
}

static bool is_same(const dm_batch *a, const dm_batch *b) {
  if (a->n_events != b->n_events || a->n_bad != b->n_bad ||
      a->problems.n_kept != b->problems.n_kept) {
    return false;
  }
  for (size_t i = 0; i < a->problems.n_kept; i++) {
    const dm_problem *x = &a->problems.kept[i];
    const dm_problem *y = &b->problems.kept[i];
    if (x->kind != y->kind || x->column != y->column || strcmp(x->key, y->key) ||
        strcmp(x->expected, y->expected) || strcmp(x->actual, y->actual)) {
      return false;
    }
  }
  if (a->n_events == 0) {
    return true;
  }
  const dm_event *x = a->events;
  const dm_event *y = b->events;
  return is_same_ident(a, b, x->id_kind, y->id_kind, x->id, y->id) &&
         is_same_ident(a, b, x->label_kind, y->label_kind, x->label, y->label) &&
         (x->s_label_kind == DM_IDENT_NONE) == (y->s_label_kind == DM_IDENT_NONE) &&
         (x->s_label_kind == DM_IDENT_NONE || x->s_label == y->s_label) &&
         memcmp(&x->label_probs, &y->label_probs, sizeof x->label_probs) == 0 &&
         x->correct == y->correct && x->n_classes == y->n_classes &&
         x->step_kind == y->step_kind;
}

/* A member of a line, in its usual form or not. */
static void add_member(char *line, uint64_t *seed, const char *key, const char *usual,
                       bool is_odd) {
  static const char *const odd[] = {
      "12",         "-3",        "\"x\"", "\"\\u0041\"", "null", "1.5",         "01",
      "[0.5, 0.5]", "1e0",       "\"3\"", "true",        "{}",   "7x",          "0.5e400",
      "",           "\"true\" ", "9 ",    "[1, 0]",      "NaN",  "\"\xC3\xA4\""};
  size_t n = sizeof odd / sizeof *odd;
  strcat(line, line[1] ? ", \"" : "\"");
  strcat(line, key);
  strcat(line, "\": ");
  strcat(line, is_odd ? odd[naive_below(seed, n)] : usual);
}

static void make_line(char *line, uint64_t *seed, size_t one_odd_in) {
  static const char *const keys[] = {"id",      "label", "pred_label", "noisy_label",
                                     "correct", "loss",  "probs",      "label_probs"};
  enum { KEYS = sizeof keys / sizeof *keys };
  char digit[2] = {(char)('0' + naive_below(seed, 3)), '\0'};
  char id[20];
  snprintf(id, sizeof id, "%zu", naive_below(seed, 3000));
  const char *const usual[KEYS] = {id,
                                   digit,
                                   digit,
                                   "0",
                                   "\"true\"",
                                   "0.25",
                                   digit[0] == '0' ? "[0.6, 0.4]" : "[0.4, 0.6]",
                                   "0.6"};
  strcpy(line, "{");
  for (size_t k = 0; k < KEYS; k++) {
    bool is_odd = naive_below(seed, one_odd_in) == 0;
    if (is_odd && naive_below(seed, 4) == 0) { /* not there, twice, or by another name */
      static const char *const others[] = {"gold",    "guid", "idx",  "uuid",
                                           "s_label", "x",    "label"};
      if (naive_below(seed, 2)) {
        add_member(line, seed, others[naive_below(seed, 7)], "1", false);
      }
      continue;
    }
    add_member(line, seed, keys[k], usual[k], is_odd);
  }
  strcat(line, naive_below(seed, one_odd_in) ? "}\n" : "} \n");
}

static void test_same_as_alone(void) {
  dm_batch together = {0};
  dm_batch alone = {0};
  unsigned long n_good = 0;
  unsigned long n_bad = 0;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    uint64_t state = seed;
    dm_parser *parser = new_parser();
    for (int i = 0; i < 400; i++) {
      char line[LINE_MAX + 200];
      /* at first alike, so that keys are joined */
      make_line(line, &state, i < 60 ? 100000 : 5 + 20 * (size_t)(seed % 5));
      dm_parser *own = new_parser();
      read_line(parser, line, &together);
      read_line(own, line, &alone);
      dm_parser_free(own);
      n_good += alone.n_events;
      n_bad += alone.n_bad;
      if (!is_same(&together, &alone)) {
        DM_CASE("seed %d, line %d: %.150s", (int)seed, i, line);
        CHECK(false);
      }
    }
    dm_parser_free(parser);
  }
  CHECK(n_good > 4000 && n_bad > 2000);
  dm_batch_release(&together);
  dm_batch_release(&alone);
}

/* The key that is named is the one whose value is bad, also behind joined ones. */
static void test_error_behind_joined_keys(void) {
  dm_batch batch = {0};
  dm_parser *parser = new_parser();
  const char *good =
      "{\"id\": 10, \"label\": 1, \"pred_label\": 1, \"correct\": true, "
      "\"label_probs\": 0.5}\n";
  for (int i = 0; i < 50; i++) {
    read_line(parser, good, &batch);
    CHECK_UINT(batch.n_events, 1);
  }
  read_line(parser,
            "{\"id\": 10, \"label\": 1, \"pred_label\": 1, \"correct\": 2, "
            "\"label_probs\": 0.5}\n",
            &batch);
  if (CHECK_UINT(batch.problems.n_kept, 1)) {
    CHECK_STR(batch.problems.kept[0].key, "correct");
    CHECK_UINT(batch.problems.kept[0].column, 52);
  }
  dm_parser_free(parser);
  dm_batch_release(&batch);
}

/* More layouts than are remembered. */
static void test_many_layouts(void) {
  dm_batch batch = {0};
  dm_parser *parser = new_parser();
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 100; i++) {
      char line[LINE_MAX];
      snprintf(line, sizeof line,
               "{\"key %d\": %d, \"id\": %d, \"label\": 1, \"correct\": true, "
               "\"label_probs\": 0.5}\n",
               i, i, i);
      read_line(parser, line, &batch);
      if (CHECK_UINT(batch.n_events, 1)) {
        CHECK_INT(batch.events[0].id, i);
      }
    }
  }
  dm_parser_free(parser);
  dm_batch_release(&batch);
}

int main(void) {
  DM_RUN(test_same_as_alone);
  DM_RUN(test_error_behind_joined_keys);
  DM_RUN(test_many_layouts);
  free(texts[0]);
  free(texts[1]);
  return dm_test_end();
}
