/* dm_keys.c: names of fields, and which of several in one line is the field. */
#include <stdlib.h>

#include "dm_test.h"
#include "signals/dm_keys.h"
#include "signals/dm_parse.h"

static dm_parser *parser_of(const dm_options *options) {
  dm_parser *parser = NULL;
  dm_error err;
  if (!CHECK_INT(dm_parser_new(&parser, options, NULL, &err), DM_OK)) {
    exit(2);
  }
  return parser;
}

/* The text has DM_BLOCK_PAD bytes behind it. */
static void parse_text(dm_parser *parser, char *text, dm_batch *batch) {
  dm_error err;
  dm_block block = {.data = text, .len = strlen(text)};
  CHECK_INT(dm_parse_block(parser, &block, batch, &err), DM_OK);
}

/* A line of these and of what it needs beside an id. Of the batch only what is no text
   outlives the call. */
static void parse_names(dm_parser *parser, const char *names, dm_batch *batch) {
  char text[400 + DM_BLOCK_PAD];
  (void)snprintf(text, 400, "{%s,\"label\":0,\"correct\":true,\"label_probs\":0.5}\n",
                 names);
  parse_text(parser, text, batch);
}

/* The first names are those of the fields, and no name stands in the table twice. */
static void test_table(void) {
  CHECK(dm_n_keys > DM_N_FIELDS);
  for (int key = 0; key < dm_n_keys; key++) {
    DM_CASE("%s", dm_keys[key].name);
    char name[40];
    (void)snprintf(name, sizeof name, "%s%s", dm_keys[key].name,
                   dm_keys[key].form == DM_KEY_NUMBERED ? "12" : "");
    CHECK_INT(dm_key_find(NULL, name, strlen(name)), key);
    CHECK(key >= DM_N_FIELDS || (int)dm_keys[key].field == key);
    CHECK(!(dm_key_before(key) & DM_KEY_BIT(key)));
    CHECK((dm_key_before(key) == 0) == (key < DM_KEYS_SURE));
    CHECK(key < DM_N_FIELDS || dm_key_before(key) & DM_KEY_BIT(dm_keys[key].field));
    CHECK(dm_key_is_shown(key) == (key >= DM_KEYS_SURE && key < DM_N_FIELDS));
  }
}

/* What stands for others is left to the user where one of those is there. */
static void test_stand_ins(void) {
  const dm_field others[] = {DM_FIELD_PROBS, DM_FIELD_LOGITS, DM_FIELD_LABEL_PROBS};
  const dm_field stand_ins[] = {DM_FIELD_MARGIN, DM_FIELD_SUM_LOGP, DM_FIELD_N_TOK};
  uint32_t want = DM_KEY_BIT(dm_key_find(NULL, "logits_epoch_7", 14));
  for (size_t i = 0; i < 3; i++) {
    want |= DM_KEY_BIT(others[i]);
  }
  for (size_t i = 0; i < 3; i++) {
    CHECK_UINT(dm_key_before((int)stand_ins[i]), want);
    want |= DM_KEY_BIT(DM_FIELD_MARGIN);
  }
}

static void test_no_name(void) {
  const char *const names[] = {"",
                               "i",
                               "idd",
                               "ID",
                               "id ",
                               "idx_",
                               "logits_epoch_",
                               "logits_epoch_x",
                               "lOss",
                               "steps",
                               "logits_epoch_1234567890123456"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    DM_CASE("%s", names[i]);
    CHECK_INT(dm_key_find(NULL, names[i], strlen(names[i])), DM_KEY_OTHER);
  }
  CHECK_INT(dm_key_find(NULL, "id\0x", 4), DM_KEY_OTHER);
}

static void test_field_names(void) {
  char names[240];
  dm_field_names(NULL, DM_FIELD_ID, names, sizeof names);
  CHECK_STR(names, "\"id\" (or \"guid\", \"sample_id\", \"uuid\", \"idx\")");
  dm_field_names(NULL, DM_FIELD_LOGITS, names, sizeof names);
  CHECK_STR(names, "\"logits\" (or \"logits_epoch_N\")");
  dm_field_names(NULL, DM_FIELD_LOSS, names, sizeof names);
  CHECK_STR(names, "\"loss\"");
  for (size_t cap = 1; cap < 60; cap++) { /* what does not fit is left out */
    DM_CASE("%zu bytes", cap);
    dm_field_names(NULL, DM_FIELD_ID, names, cap);
    CHECK(strlen(names) < cap);
  }
}

/* Whatever the order in the line, the first name of the table is the field: all orders of
   three names, each alone or with one of the others, after lines that taught it. */
static void test_first_of_the_table(void) {
  const char *const names[] = {"id", "guid", "uuid"};
  const char *const values[] = {"1", "2", "3"};
  dm_options options = {.is_skipping = true, .max_line = 1000, .block_size = 1};
  dm_parser *parser = parser_of(&options);
  for (int line = 0; line < 3 * 64; line++) {
    int at[3] = {line % 4, line / 4 % 4, line / 16 % 4}; /* 3: no name */
    char text[400 + DM_BLOCK_PAD] = "{\"label\":0";
    int first = 3;
    bool is_again = false;
    for (int i = 0; i < 3; i++) {
      for (int k = 0; k < i; k++) {
        is_again |= at[i] < 3 && at[i] == at[k];
      }
      if (at[i] < 3) {
        (void)snprintf(text + strlen(text), 100, ",\"%s\":%s", names[at[i]],
                       values[at[i]]);
        first = at[i] < first ? at[i] : first;
      }
    }
    strcat(text, ",\"correct\":true,\"label_probs\":0.5}\n");
    DM_CASE("%.200s", text);
    dm_batch batch = {0};
    parse_text(parser, text, &batch);
    bool is_good = first < 3 && !is_again;
    if (CHECK_UINT(batch.n_events, is_good) && is_good) {
      CHECK_INT(batch.events[0].id, first + 1);
    }
    dm_span value;
    uint64_t column;
    bool is_found = dm_line_find(NULL, text, "id", &value, &column);
    CHECK(is_found == (first < 3));
    if (is_found && !is_again) {
      CHECK_INT(*value.start - '0', first + 1);
    }
    dm_batch_release(&batch);
  }
  dm_parser_free(parser);
}

/* A name that is not the field may be a signal of any type; the one that is may not. */
static void test_wrong_types(void) {
  const struct {
    const char *names;
    const char *key; /* of the error, NULL: none */
  } cases[] = {
      {"\"idx\":[1],\"uuid\":2", NULL},
      {"\"uuid\":2,\"idx\":[1]", NULL},
      {"\"uuid\":[1],\"idx\":2", "uuid"},
      {"\"idx\":2,\"uuid\":[1]", "uuid"},
      {"\"idx\":{},\"uuid\":[1]", "uuid"},
      {"\"idx\":{},\"uuid\":[1],\"id\":2", NULL},
      {"\"idx\":{},\"uuid\":[1],\"id\":null", "id"},
  };
  dm_options options = {.is_skipping = true, .max_line = 1000, .block_size = 1};
  dm_parser *parser = parser_of(&options);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].names);
    dm_batch batch = {0};
    parse_names(parser, cases[i].names, &batch);
    CHECK_UINT(batch.n_bad, cases[i].key != NULL);
    if (cases[i].key && batch.n_bad) {
      CHECK_STR(batch.problems.kept[0].key, cases[i].key);
      CHECK_STR(batch.problems.kept[0].expected, "an integer or a string");
    } else if (CHECK_UINT(batch.n_events, 1)) {
      CHECK_INT(batch.events[0].id, 2);
    }
    dm_batch_release(&batch);
  }
  dm_parser_free(parser);
}

/* Two names of one field, both asked for as signals: each is one where it is not the
   field. */
static void test_signals(void) {
  const char *const signals[] = {"idx", "guid"};
  dm_options options = {
      .max_line = 1000, .block_size = 1, .signals = signals, .n_signals = 2};
  const struct {
    const char *names;
    double idx, guid; /* 0: none */
  } cases[] = {{"\"id\":1,\"guid\":2,\"idx\":3", 3, 2}, {"\"idx\":3,\"guid\":2", 3, 0},
               {"\"guid\":2,\"idx\":3,\"id\":1", 3, 2}, {"\"idx\":3", 0, 0},
               {"\"id\":1,\"idx\":null", 0, 0},         {"\"guid\":2,\"id\":1", 0, 2}};
  dm_parser *parser = parser_of(&options);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].names);
    dm_batch batch = {0};
    parse_names(parser, cases[i].names, &batch);
    if (CHECK_UINT(batch.n_events, 1)) {
      const double want[] = {cases[i].idx, cases[i].guid};
      for (int s = 0; s < 2; s++) {
        bool is_absent = want[s] == 0;
        CHECK(is_absent ? batch.signals[s] != batch.signals[s]
                        : batch.signals[s] == want[s]);
      }
    }
    dm_batch_release(&batch);
  }
  dm_parser_free(parser);
}

/* A field that is named stands there and nowhere else; one of its usual names keeps its
   form, and a name that another field has usually is that field's no more. */
static void test_named(void) {
  const dm_names names = {.of = {[DM_FIELD_ID] = "row",
                                 [DM_FIELD_LABEL] = "id",
                                 [DM_FIELD_STEP] = "epoch",
                                 [DM_FIELD_LOGITS] = "logits_epoch_N"}};
  const struct {
    const char *name;
    int field; /* DM_N_FIELDS: none */
  } cases[] = {{"row", DM_FIELD_ID},
               {"guid", DM_N_FIELDS},
               {"id", DM_FIELD_LABEL},
               {"label", DM_N_FIELDS},
               {"gold", DM_N_FIELDS},
               {"epoch", DM_FIELD_STEP},
               {"step", DM_N_FIELDS},
               {"logits_epoch_7", DM_FIELD_LOGITS},
               {"logits_epoch_N", DM_FIELD_LOGITS},
               {"logits", DM_N_FIELDS},
               {"loss", DM_FIELD_LOSS},
               {"noisy_label", DM_FIELD_S_LABEL},
               {"ro", DM_N_FIELDS},
               {"rows", DM_N_FIELDS}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("%s", cases[i].name);
    int key = dm_key_find(&names, cases[i].name, strlen(cases[i].name));
    CHECK_INT(key == DM_KEY_OTHER ? DM_N_FIELDS : (int)dm_keys[key].field,
              cases[i].field);
  }
  int epoch = dm_key_find(&names, "epoch", 5);
  CHECK(epoch < DM_KEY_OTHER && dm_keys[epoch].form == DM_KEY_REPEATED);
  CHECK_STR(dm_field_key(&names, "id"), "row");
  CHECK_STR(dm_field_key(&names, "loss"), "loss");
  CHECK_STR(dm_field_key(&names, "row"), "row");
  CHECK_STR(dm_field_key(NULL, "id"), "id");
  CHECK(dm_key_is_taken(&names, "step", 4) && dm_key_is_taken(&names, "label", 5));
  CHECK(!dm_key_is_taken(&names, "id", 2) && !dm_key_is_taken(&names, "guid", 4));
  CHECK(!dm_key_is_taken(&names, "loss", 4) && !dm_key_is_taken(NULL, "id", 2));
  char shown[40];
  dm_field_names(&names, DM_FIELD_ID, shown, sizeof shown);
  CHECK_STR(shown, "\"row\"");
}

/* Of lines: what was read, which keys there were, and what messages call the fields. */
static void test_named_lines(void) {
  const dm_names names = {
      .of = {[DM_FIELD_ID] = "row", [DM_FIELD_LABEL] = "y", [DM_FIELD_LOSS] = "nll"}};
  const char *const signals[] = {"guid", "loss"};
  dm_options options = {.is_skipping = true,
                        .max_line = 1000,
                        .block_size = 1,
                        .names = &names,
                        .signals = signals,
                        .n_signals = 2};
  dm_parser *parser = parser_of(&options);
  dm_batch batch = {0};
  char text[600 + DM_BLOCK_PAD] =
      "{\"id\":8,\"guid\":7,\"row\":1,\"y\":0,\"label\":9,\"nll\":0.5,\"loss\":\"x\","
      "\"probs\":[0.9,0.1]}\n"
      "{\"id\":7,\"y\":0,\"probs\":[0.9,0.1]}\n"
      "{\"row\":2,\"y\":5,\"probs\":[0.9,0.1]}\n"
      "{\"row\":3,\"y\":0,\"probs\":[0.8,0.1]}\n";
  parse_text(parser, text, &batch);
  if (CHECK_UINT(batch.n_events, 2)) {
    CHECK_INT(batch.events[0].id, 1);
    CHECK_INT(batch.events[0].label, 0);
    CHECK(batch.signals[0] == 7);
    CHECK(batch.signals[1] == 0.5);
  }
  CHECK_UINT(batch.keys, DM_KEY_BIT(DM_FIELD_ID) | DM_KEY_BIT(DM_FIELD_LABEL) |
                             DM_KEY_BIT(DM_FIELD_LOSS) | DM_KEY_BIT(DM_FIELD_PROBS));
  if (CHECK_UINT(batch.problems.n_kept, 3)) {
    const dm_problem *kept = batch.problems.kept;
    CHECK_STR(kept[0].key, "row");
    CHECK_STR(kept[0].expected, "\"row\"");
    CHECK_STR(kept[1].key, "y");
    CHECK_UINT(kept[1].column, 14);
    CHECK_STR(kept[2].key, "probs");
  }
  dm_batch_release(&batch);
  dm_parser_free(parser);
}

int main(void) {
  DM_RUN(test_table);
  DM_RUN(test_stand_ins);
  DM_RUN(test_no_name);
  DM_RUN(test_field_names);
  DM_RUN(test_first_of_the_table);
  DM_RUN(test_wrong_types);
  DM_RUN(test_signals);
  DM_RUN(test_named);
  DM_RUN(test_named_lines);
  return dm_test_end();
}
