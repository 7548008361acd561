/* dm_lanes.c: what is left to do of events, in whatever order the lanes do it. */
#include "dm_reading.h"
#include "dm_test.h"
#include "summary/dm_fold.h"

enum { LANES = 4, ROWS = 300, TIMES = 3 };

/* Every event is in the lane of its sample, in order. */
static void test_next(void) {
  dm_lanes lanes = {.is_plain = true, .n_lanes = LANES};
  dm_error err;
  CHECK(dm_lanes_are_empty(&lanes));
  CHECK_INT(dm_lanes_reserve(&lanes, ROWS, &err), DM_OK);
  CHECK(dm_lanes_are_empty(&lanes));
  for (uint32_t i = 0; i < ROWS; i++) {
    uint32_t row = i * 7 % ROWS;
    lanes.plain[dm_lanes_next(&lanes, row)] = (dm_plain){.event = i, .row = row};
  }
  CHECK(!dm_lanes_are_empty(&lanes));
  size_t n = 0;
  uint64_t lane_of[ROWS] = {0}; /* a bit for each */
  for (size_t lane = 0; lane < LANES; lane++) {
    CHECK(lanes.n[lane] >= ROWS / LANES / 2);
    n += lanes.n[lane];
    for (size_t i = 0; i < lanes.n[lane]; i++) {
      const dm_plain *event = &lanes.plain[lane * lanes.room + i];
      lane_of[event->row] |= UINT64_C(1) << lane;
      CHECK(i == 0 || event[-1].event < event->event);
    }
  }
  CHECK_UINT(n, ROWS);
  for (size_t row = 0; row + 1 < ROWS; row++) {
    uint64_t lane = lane_of[row];
    CHECK(lane != 0 && (lane & (lane - 1)) == 0);
    /* what shares a page of memory, or a line of it, is of one lane */
    CHECK(row % 64 == 63 || lane_of[row + 1] == lane);
  }
  dm_lanes_clear(&lanes);
  CHECK(dm_lanes_are_empty(&lanes));
  dm_lanes_release(&lanes);
}

/* A part of plain lines on its way into the states of a run. */
static void add_part(dm_run *run, dm_part *part, const char *text, size_t len) {
  dm_error err;
  const dm_sink none = {0};
  const dm_origin origin = {.first_line = 1};
  const dm_block block = {.data = (char *)(uintptr_t)text, .len = len};
  CHECK_INT(dm_parse_block(run->parser, &block, &part->batch, &err), DM_OK);
  CHECK_INT(dm_part_begin(part, &run->states, &err), DM_OK);
  CHECK(dm_fold_is_plain(&run->states, &none, &part->batch));
  part->lanes.is_plain = true;
  part->lanes.n_lanes = LANES;
  CHECK_INT(dm_fold_place(&run->states, &none, part, &origin, &err), DM_OK);
  CHECK_INT(dm_states_grow(&run->states, &err), DM_OK);
  for (size_t lane = LANES; lane-- > 0;) {
    CHECK_INT(dm_part_do_lane(part, lane, &run->states, &err), DM_OK);
  }
  CHECK_UINT(run->states.problems.n_kept, 0);
  CHECK_INT(dm_fold_conclude(&run->states, part, &err), DM_OK);
}

static size_t make_text(char *out) {
  size_t len = 0;
  for (int t = 0; t < TIMES; t++) {
    for (int i = 0; i < ROWS; i++) {
      len += (size_t)sprintf(out + len,
                             "{\"id\": \"%d\", \"label\": %d, \"s_label\": %d, "
                             "\"probs\": [0.%03d, 0.%03d]}\n",
                             (i * 11 + t * 5) % ROWS, t == 1 && i % 4 == 0,
                             t == 2 && i % 8 == 0, i + 1, 999 - i);
    }
  }
  return len;
}

/* Lanes that are done one behind the other, from the last one, give what no lanes do, and
   what contradicts itself comes out in the order of the lines. */
static void test_plain(void) {
  static char text[ROWS * TIMES * 100 + DM_BLOCK_PAD];
  size_t len = make_text(text);
  dm_error err;
  dm_run *run = NULL;
  dm_options options = options_in_blocks(0, 1 << 16);
  dm_run *whole = run_of(&options, text, len);
  CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
  dm_states *states = &run->states;
  dm_part part = {0};
  add_part(run, &part, text, len);
  CHECK_UINT(states->ids.n, ROWS);
  CHECK_UINT(states->common_classes, 2);
  for (uint32_t row = 0; row < ROWS; row++) {
    CHECK_BYTES(dm_states_accum(states, row), sizeof(dm_accum),
                dm_states_accum(&whole->states, row), sizeof(dm_accum));
  }
  const dm_problems *problems = &states->problems;
  CHECK_UINT(problems->count[DM_PROBLEM_LABEL], ROWS / 4);
  CHECK_UINT(problems->count[DM_PROBLEM_S_LABEL], (ROWS + 7) / 8);
  CHECK_UINT(problems->n_kept, whole->states.problems.n_kept);
  for (size_t i = 0; i < problems->n_kept; i++) {
    CHECK_UINT(problems->kept[i].line, whole->states.problems.kept[i].line);
    CHECK_STR(problems->kept[i].actual, whole->states.problems.kept[i].actual);
    CHECK_STR(problems->kept[i].expected, whole->states.problems.kept[i].expected);
    CHECK(i == 0 || problems->kept[i - 1].line < problems->kept[i].line);
  }
  dm_part_release(&part);
  dm_run_free(run);
  dm_run_free(whole);
}

/* A sample that had other classes first than the run. */
static void test_classes(void) {
  static const char first[] =
      "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.3, 0.2]}\n"
      "{\"id\": 2, \"label\": 0, \"probs\": [0.5, 0.5]}\n";
  static const char then[300 + DM_BLOCK_PAD] =
      "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.3, 0.2]}\n"
      "{\"id\": 2, \"label\": 0, \"probs\": [0.5, 0.3, 0.2]}\n"
      "{\"id\": 3, \"label\": 0, \"correct\": 1, \"label_probs\": 0.5}\n"
      "{\"id\": 3, \"label\": 0, \"probs\": [0.5, 0.3, 0.2]}\n";
  dm_options options = options_in_blocks(0, 1 << 16);
  dm_run *run = run_of(&options, first, strlen(first));
  dm_part part = {0};
  add_part(run, &part, then, strlen(then));
  const dm_problems *problems = &run->states.problems;
  if (CHECK_UINT(problems->n_kept, 1)) {
    CHECK_INT(problems->kept[0].kind, DM_PROBLEM_PROB_COUNT);
    CHECK_UINT(problems->kept[0].line, 2);
    CHECK_STR(problems->kept[0].actual, "3");
    CHECK_STR(problems->kept[0].expected, "2 classes, as at first for this id");
  }
  for (uint32_t row = 0; row < 3; row++) {
    CHECK_UINT(dm_states_classes(&run->states, row), row == 1 ? 2 : 3);
  }
  dm_part_release(&part);
  dm_run_free(run);
}

/* What is not plain for a run. */
static void test_is_plain(void) {
  static const struct {
    const char *text;
    bool want;
  } cases[] = {
      {"{\"id\": 1, \"label\": 0, \"correct\": 1, \"label_probs\": 0.5}\n", true},
      {"{\"id\": \"a\", \"label\": \"b\", \"correct\": 1, \"label_probs\": 0.5}\n", true},
      {"{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.3, 0.2]}\n", true},
      {"{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.5]}\n", false},
      {"{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.3, 0.2]}\n"
       "{\"id\": 2, \"label\": 0, \"probs\": [0.5, 0.5]}\n",
       false},
      {"{\"id\": 1, \"label\": 0, \"correct\": 1, \"label_probs\": 0.5, \"step\": 1}\n",
       false},
      {"{\"id\": 1, \"label\": \"b\", \"label_index\": 0, \"probs\": [0.5, 0.3, 0.2]}\n",
       false},
  };
  static const char first[] = "{\"id\": 7, \"label\": 0, \"probs\": [0.5, 0.3, 0.2]}\n";
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    DM_CASE("case %zu", i);
    char text[300 + DM_BLOCK_PAD] = {0};
    strcpy(text, cases[i].text);
    dm_error err;
    dm_options options = options_in_blocks(0, 100);
    dm_run *run = run_of(&options, first, strlen(first));
    dm_block block = {.data = text, .len = strlen(text)};
    CHECK_INT(dm_parse_block(run->parser, &block, &run->batch, &err), DM_OK);
    const dm_sink none = {0};
    CHECK_INT(dm_fold_is_plain(&run->states, &none, &run->batch), cases[i].want);
    dm_run_free(run);
  }
}

static dm_status take_any(void *ctx, const dm_batch *batch, size_t i, uint32_t row,
                          const dm_origin *origin, dm_error *err) {
  (void)ctx, (void)batch, (void)i, (void)row, (void)origin, (void)err;
  return DM_OK;
}

/* A line that is, where a run asks for more, or had more before. */
static void test_is_plain_for_run(void) {
  static char text[200 + DM_BLOCK_PAD] =
      "{\"id\": 1, \"label\": 0, \"correct\": 1, \"label_probs\": 0.5}\n";
  for (int what = 0; what < 6; what++) {
    DM_CASE("%d", what);
    dm_options options = options_in_blocks(what == 1   ? WINDOW
                                           : what == 2 ? METRICS
                                                       : 0,
                                           99);
    dm_sink sink = {.take = what == 3 ? take_any : NULL};
    dm_run *run = NULL;
    dm_error err;
    CHECK_INT(dm_run_new(&run, &options, NULL, &err), DM_OK);
    run->states.has_steps = what == 4;
    dm_block block = {.data = text, .len = strlen(text)};
    CHECK_INT(dm_parse_block(run->parser, &block, &run->batch, &err), DM_OK);
    run->batch.has_error = what == 5;
    CHECK_INT(dm_fold_is_plain(&run->states, &sink, &run->batch), what == 0);
    dm_run_free(run);
  }
}

int main(void) {
  DM_RUN(test_next);
  DM_RUN(test_plain);
  DM_RUN(test_classes);
  DM_RUN(test_is_plain);
  DM_RUN(test_is_plain_for_run);
  return dm_test_end();
}
