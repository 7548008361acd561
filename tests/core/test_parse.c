/* dm_parse.c: what a line means depends on no line before it, and what a user signal may
   be does not depend on where it stands. Each case is one that fuzzing found. */
#include <stdlib.h>

#include "dm_test.h"
#include "signals/dm_parse.h"

/* Parses lines as one block, under skip; the lines' events are in the batch. */
static void parse(dm_batch *batch, const char *lines, size_t max_line) {
  dm_options options = {.is_skipping = true, .max_line = max_line, .block_size = 1};
  dm_parser *parser = NULL;
  dm_error err;
  dm_block block = {.len = strlen(lines)};
  block.data = calloc(block.len + DM_BLOCK_PAD, 1);
  if (!block.data || dm_parser_new(&parser, &options, NULL, &err) != DM_OK) {
    exit(2);
  }
  memcpy(block.data, lines, block.len);
  CHECK_INT(dm_parse_block(parser, &block, batch, &err), DM_OK);
  dm_parser_free(parser);
  free(block.data);
  batch->data = NULL;
  batch->len = 0;
}

/* The dialect of a line decides about its keys, even where the bytes are those that a
   line of the other dialect had there. */
static void test_keys_of_the_other_dialect(void) {
  dm_batch batch = {0};
  parse(&batch,
        "{'id': 1, 'label': 0, 'correct': True, 'label_probs': 0.5}\n"
        "{\"id\": 1, 'label': 0, \"correct\": true, \"label_probs\": 0.5}\n"
        "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}\n"
        "{'id': 1, \"label\": 0, 'correct': True, 'label_probs': 0.5}\n"
        "{\"id\": 1, \"label\": 0, 'correct': true, \"label_probs\": 0.5}\n",
        1000);
  CHECK_UINT(batch.n_events, 3);
  if (CHECK_UINT(batch.problems.n_kept, 2)) {
    CHECK_UINT(batch.problems.kept[0].line, 1);
    CHECK_UINT(batch.problems.kept[0].column, 11);
    CHECK_STR(batch.problems.kept[0].expected, "a key in double quotes");
    CHECK_UINT(batch.problems.kept[1].line, 4);
  }
  dm_batch_release(&batch);
}

/* A first key too long to be remembered does not change what is remembered of it. */
static void test_long_first_key_of_the_other_dialect(void) {
  dm_batch batch = {0};
  parse(&batch,
        "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}\n"
        "{'a key of more than eighty bytes, which is so long that no slot of the layout "
        "can hold it': None, 'id': 1, "
        "'label': 0, 'correct': True, 'label_probs': 0.5}\n"
        "{\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5}\n",
        1000);
  CHECK_UINT(batch.n_events, 3);
  CHECK_UINT(batch.n_bad, 0);
  dm_batch_release(&batch);
}

/* A key is not taken for one where it can't stand: that of a line's start, with its
   bracket, in the midst of a line, or that of a later member, with its comma, at a start.
   Neither behind a key too long to be remembered, nor when there were more keys than can
   be, so that others stand in their places. */
static void test_keys_in_other_places(void) {
#define LONG_KEY                                              \
  "a key of more bytes than a slot can hold, ..............." \
  "......................................................."
#define MEMBERS "\"id\": 1, \"label\": 0, \"correct\": true, \"label_probs\": 0.5"
  enum { N_KEYS = 100 };
  char lines[200 + 40 * N_KEYS];
  for (int n_keys = 1; n_keys <= N_KEYS; n_keys++) {
    for (int kind = 0; kind < 3; kind++) {
      DM_CASE("kind %d behind %d keys", kind, n_keys);
      size_t len = 0;
#define APPEND(...) len += (size_t)snprintf(lines + len, sizeof lines - len, __VA_ARGS__)
      APPEND("{\"z\": 1, " MEMBERS "}\n{\"a\": 1, " MEMBERS);
      if (kind == 0) { /* of a line's members */
        for (int k = 0; k < n_keys; k++) {
          APPEND(", \"k%d\": 1", k);
        }
        APPEND("}\n, \"k%d\": 1, " MEMBERS "}\n", n_keys - 1);
      } else { /* each the first of a line, which has nothing else and is bad */
        APPEND("}\n");
        for (int k = 0; k < n_keys; k++) {
          APPEND("{\"k%d\": 1}\n", k);
        }
        APPEND("{\"%s\": 1{\"k%d\": 1, " MEMBERS "}\n", kind == 1 ? "a" : LONG_KEY,
               n_keys - 1);
      }
#undef APPEND
#undef MEMBERS
#undef LONG_KEY
      dm_batch batch = {0};
      parse(&batch, lines, sizeof lines);
      CHECK_UINT(batch.n_events, 2);
      CHECK_UINT(batch.n_bad, kind == 0 ? 1 : n_keys + 1);
      dm_batch_release(&batch);
    }
  }
}

/* The step of a line is the number in its own key. */
static void test_epoch_of_a_remembered_key(void) {
  dm_batch batch = {0};
  parse(&batch,
        "{\"gold\": 0, \"guid\": 1, \"x\": 1, \"logits_epoch_0\": [1, 2]}\n"
        "{\"gold\": 0, \"guid\": 1, \"logits_epoch_7\": [1, 2]}\n"
        "{\"gold\": 0, \"guid\": 1, \"x\": 1, \"logits_epoch_0\": [1, 2]}\n"
        "{\"gold\": 0, \"guid\": 1, \"x\": 1, \"logits_epoch_0\": [1, 2]}\n",
        1000);
  if (CHECK_UINT(batch.n_events, 4)) {
    CHECK_DOUBLE(batch.steps[0], 0);
    CHECK_DOUBLE(batch.steps[1], 7);
    CHECK_DOUBLE(batch.steps[2], 0);
    CHECK_DOUBLE(batch.steps[3], 0);
  }
  dm_batch_release(&batch);
}

/* A string that can't be an id is one that a user signal may be, before the id or not. */
static void test_second_name_with_nul(void) {
  dm_batch batch = {0};
  parse(&batch,
        "{\"id\":1,\"guid\":\"\\u0000\",\"label\":0,\"correct\":true,"
        "\"label_probs\":0.5}\n"
        "{\"guid\":\"\\u0000\",\"id\":1,\"label\":0,\"correct\":true,"
        "\"label_probs\":0.5}\n"
        "{\"guid\":\"\\u0000\",\"label\":0,\"correct\":true,\"label_probs\":0.5}\n"
        "{\"guid\":\"\\u00\",\"id\":1,\"label\":0,\"correct\":true,"
        "\"label_probs\":0.5}\n",
        1000);
  CHECK_UINT(batch.n_events, 2);
  if (CHECK_UINT(batch.problems.n_kept, 2)) {
    CHECK_UINT(batch.problems.kept[0].line, 2);
    CHECK_STR(batch.problems.kept[0].key, "guid");
    CHECK_UINT(batch.problems.kept[1].line, 3);
  }
  dm_batch_release(&batch);
}

/* probs come before logits, also where they are only needed to be checked. */
static void test_probs_beside_logits(void) {
#define LINE                                                    \
  "{\"id\":1,\"label\":1,\"probs\":[0.4,0.6],\"correct\":true," \
  "\"label_probs\":0.6,\"logits\":[5,1,0]}\n"
  dm_batch batch = {0};
  parse(&batch, LINE LINE LINE, 1000);
  CHECK_UINT(batch.problems.n_kept, 0);
  if (CHECK_UINT(batch.n_events, 3)) {
    for (size_t i = 0; i < 3; i++) {
      CHECK_UINT(batch.events[i].n_classes, 2);
    }
  }
  dm_batch_release(&batch);
#undef LINE
}

static void test_escapes_in_correct(void) {
  dm_batch batch = {0};
  parse(&batch,
        "{\"id\":1,\"label\":0,\"correct\":\"tru\\u0065\",\"label_probs\":0.5}\n"
        "{\"id\":1,\"label\":0,\"correct\":\"\\u0046alse\",\"label_probs\":0.5}\n"
        "{'id':1,'label':0,'correct':'\\x54rue','label_probs':0.5}\n"
        "{\"id\":1,\"label\":0,\"correct\":\"true\\u0000\",\"label_probs\":0.5}\n"
        "{\"id\":1,\"label\":0,\"correct\":\"\\n\",\"label_probs\":0.5}\n",
        1000);
  if (CHECK_UINT(batch.n_events, 3)) {
    CHECK(batch.events[0].correct);
    CHECK(!batch.events[1].correct);
    CHECK(batch.events[2].correct);
  }
  CHECK_UINT(batch.n_bad, 2);
  dm_batch_release(&batch);
}

/* A line that is too long has no column, whatever keys it starts with. */
static void test_column_of_a_long_line(void) {
  dm_batch batch = {0};
  parse(&batch, "{\"x\": 1, \"id\": 1, \"label\": 0}\n", 20);
  if (CHECK_UINT(batch.problems.n_kept, 1)) {
    CHECK_UINT(batch.problems.kept[0].column, 1);
    CHECK_STR(batch.problems.kept[0].key, "");
  }
  dm_batch_release(&batch);
}

/* The advice comes from the bytes that every block size shows of such a line. */
static void test_carriage_return_behind_max_line(void) {
  dm_options options = {.max_line = 10, .block_size = 1};
  const struct {
    const char *line;
    bool has_return;
  } cases[] = {{"0123456789\r1234\n", true}, {"0123456789a\r1234\n", false}};
  for (size_t i = 0; i < 2; i++) {
    DM_CASE("case %zu", i);
    dm_parser *parser = NULL;
    dm_batch batch = {0};
    dm_error err;
    dm_block block = {.len = strlen(cases[i].line)};
    block.data = calloc(block.len + DM_BLOCK_PAD, 1);
    if (!block.data || !CHECK_INT(dm_parser_new(&parser, &options, NULL, &err), DM_OK)) {
      exit(2);
    }
    memcpy(block.data, cases[i].line, block.len);
    CHECK_INT(dm_parse_block(parser, &block, &batch, &err), DM_OK);
    CHECK(batch.has_error);
    CHECK_INT(batch.error.status, DM_E_LIMIT);
    CHECK((strstr(batch.error.advice, "carriage") != NULL) == cases[i].has_return);
    dm_batch_release(&batch);
    dm_parser_free(parser);
    free(block.data);
  }
}

/* A margin is the user's beside what it stands for, whichever comes first, and then of
   any type; in lines of its own it goes on being the field. */
static void test_stand_ins(void) {
#define HALVES "\"probs\":[0.5,0.5]"
  static const struct {
    const char *line;   /* behind the id */
    double label_probs; /* -1: it is bad */
    bool correct;
  } cases[] = {
      {"\"margin\":0", .5, true},
      {"\"margin\":1e308", 1, true},
      {"\"margin\":-1e308", 0, false},
      {"\"margin\":-1e308,\"label\":1", 1, true},
      {"\"margin\":2,\"label\":1,\"label_index\":0,\"correct\":false", 0.8807970779778823,
       false},
      {"\"label\":1,\"margin\":9," HALVES, .5, false},
      {"\"label\":1," HALVES ",\"margin\":9", .5, false},
      {"\"label\":0," HALVES ",\"margin\":[\"own\"]", .5, true},
      {"\"label\":0,\"margin\":[\"own\"]," HALVES, .5, true},
      {"\"label\":0,\"n_tok\":0,\"sum_logp\":1," HALVES, .5, true},
      {"\"label\":0,\"probs\":null,\"margin\":9", -1, false},
      {"\"label\":0,\"margin\":9,\"probs\":null", -1, false},
      {"\"label\":0,\"margin\":null", -1, false},
      {"\"label\":0,\"margin\":[1]", -1, false},
      {"\"label\":0,\"margin\":1,\"margin\":1", -1, false},
      {"\"label\":2,\"margin\":1", -1, false},
      {"\"label\":7,\"correct\":true,\"sum_logp\":-6,\"n_tok\":3", 0.1353352832366127,
       true},
      {"\"label\":7,\"correct\":true,\"sum_logp\":-6", -1, false},
      {"\"label\":7,\"correct\":true,\"n_tok\":6", -1, false},
      {"\"label\":7,\"sum_logp\":-6,\"n_tok\":3", -1, false},
      {"\"sum_logp\":-6,\"n_tok\":\"x\",\"margin\":0", .5, true},
  };
  enum { N = sizeof cases / sizeof *cases };
  /* one after the other, and each behind each, so that none is learnt from */
  for (size_t first = 0; first < N; first++) {
    for (size_t second = 0; second < N; second++) {
      DM_CASE("%s behind %s", cases[second].line, cases[first].line);
      char text[400];
      dm_batch batch = {0};
      (void)snprintf(text, sizeof text, "{\"id\":1,%s}\n{\"id\":2,%s}\n",
                     cases[first].line, cases[second].line);
      parse(&batch, text, 1000);
      bool is_good = cases[second].label_probs >= 0;
      size_t n = (size_t)(cases[first].label_probs >= 0) + (size_t)is_good;
      if (CHECK_UINT(batch.n_events, n) && is_good) {
        CHECK_DOUBLE(batch.events[n - 1].label_probs, cases[second].label_probs);
        CHECK_INT(batch.events[n - 1].correct, cases[second].correct);
      }
      dm_batch_release(&batch);
    }
  }
#undef HALVES
}

int main(void) {
  DM_RUN(test_keys_of_the_other_dialect);
  DM_RUN(test_long_first_key_of_the_other_dialect);
  DM_RUN(test_keys_in_other_places);
  DM_RUN(test_epoch_of_a_remembered_key);
  DM_RUN(test_second_name_with_nul);
  DM_RUN(test_probs_beside_logits);
  DM_RUN(test_escapes_in_correct);
  DM_RUN(test_column_of_a_long_line);
  DM_RUN(test_carriage_return_behind_max_line);
  DM_RUN(test_stand_ins);
  return dm_test_end();
}
