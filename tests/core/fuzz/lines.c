#include "lines.h"

#include <math.h>

#include "fuzz.h"
#include "number/dm_number.h"

static const char *const signal_names[NAIVE_SIGNALS] = {"loss", "x", "epoch", "uuid",
                                                        "margin"};

static void check_ident(const dm_ident *got, const naive_ident *want) {
  FUZZ_CHECK((got->kind != DM_IDENT_NONE) == want->is_given);
  if (!want->is_given) {
    return;
  }
  bool is_string = got->kind == DM_IDENT_TEXT || got->kind == DM_IDENT_INT_TEXT;
  FUZZ_CHECK(is_string == want->is_string);
  char digits[32];
  const char *text = got->text;
  size_t len = got->len;
  if (!text) {
    len = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)got->value);
    text = digits;
  }
  FUZZ_CHECK(len == want->len && memcmp(text, want->text, len) == 0);
  /* the same ident in another way of writing is the same */
  dm_ident again = dm_ident_from_text(want->text, want->len);
  FUZZ_CHECK(dm_ident_equal(got, &again));
}

static void check_event(const dm_batch *batch, size_t i, const naive_line *want) {
  const dm_event *event = &batch->events[i];
  dm_ident id = dm_batch_ident(batch, event->id_kind, event->id);
  dm_ident label = dm_batch_ident(batch, event->label_kind, event->label);
  dm_ident s_label = dm_batch_ident(batch, event->s_label_kind, event->s_label);
  check_ident(&id, &want->id);
  check_ident(&label, &want->label);
  check_ident(&s_label, &want->s_label);
  FUZZ_CHECK(event->correct == want->correct);
  FUZZ_CHECK(fuzz_same_double(event->label_probs, want->label_probs) ||
             (isnan(event->label_probs) && isnan(want->label_probs)));
  FUZZ_CHECK(event->n_classes == want->n_classes);
  FUZZ_CHECK(event->label_index ==
             (want->has_label_index ? (uint32_t)want->label_index + 1 : 0));
  FUZZ_CHECK(event->step_kind == want->step_kind);
  FUZZ_CHECK(want->step_kind == DM_STEP_NONE ||
             fuzz_same_double(batch->steps[i], want->step));
  for (size_t s = 0; s < batch->n_values; s++) {
    double got = batch->signals[i * batch->n_values + s];
    bool is_given = dm_double_bits(got) != DM_ABSENT_BITS;
    FUZZ_CHECK(is_given == want->has_signal[s]);
    FUZZ_CHECK(!is_given || fuzz_same_double(got, want->signals[s]) ||
               (isnan(got) && isnan(want->signals[s])));
  }
}

/* The problems of one line: those in the batch from *next on. */
static void check_problems(const dm_batch *batch, size_t *next, uint64_t line,
                           unsigned want) {
  unsigned got = 0;
  for (; *next < batch->problems.n_kept && batch->problems.kept[*next].line == line;
       ++*next) {
    const dm_problem *problem = &batch->problems.kept[*next];
    FUZZ_CHECK((got & 1u << problem->kind) == 0);
    got |= 1u << problem->kind;
    fuzz_check_text(problem->key, sizeof problem->key);
    fuzz_check_text(problem->expected, sizeof problem->expected);
    fuzz_check_text(problem->actual, sizeof problem->actual);
    FUZZ_CHECK(problem->expected[0] && problem->actual[0]);
  }
  FUZZ_CHECK(got == want);
}

static void check_error(const dm_error *err, const char *line, size_t len,
                        const naive_line *want) {
  fuzz_check_error(err, err->status);
  if ((want->statuses >> err->status & 1) == 0) {
    fuzz_show_error("core", err);
    fprintf(stderr, "the naive reader allows %x\n", want->statuses);
    FUZZ_CHECK(want->statuses >> err->status & 1);
  }
  FUZZ_CHECK(err->byte <= len);
  uint64_t column = 1;
  for (size_t i = 0; i < err->byte; column++) {
    size_t n = naive_utf8((const unsigned char *)line + i, len - i);
    i += n ? n : 1;
  }
  FUZZ_CHECK(err->column == column);
}

/* The line as a block of its own, by a parser that knows nothing yet; the block's bytes,
   which the batch borrows. */
static char *read_alone(const dm_options *options, const char *line, size_t len,
                        dm_batch *batch) {
  dm_options stop = *options;
  stop.is_skipping = false;
  dm_parser *parser = NULL;
  dm_error err;
  FUZZ_CHECK(dm_parser_new(&parser, &stop, NULL, &err) == DM_OK);
  dm_block block = {.data = fuzz_copy(line, len + 1, DM_BLOCK_PAD), .len = len + 1};
  FUZZ_CHECK(dm_parse_block(parser, &block, batch, &err) == DM_OK);
  dm_parser_free(parser);
  return block.data;
}

/* The events of one line, read alone and among others. */
static void check_same_event(const dm_batch *alone, const dm_batch *batch, size_t i) {
  const dm_event *a = &alone->events[0];
  const dm_event *b = &batch->events[i];
  FUZZ_CHECK(a->id_kind == b->id_kind && a->label_kind == b->label_kind &&
             a->s_label_kind == b->s_label_kind && a->step_kind == b->step_kind &&
             a->n_classes == b->n_classes && a->correct == b->correct &&
             (a->s_label == b->s_label || a->s_label_kind != DM_IDENT_INT) &&
             fuzz_same_double(a->label_probs, b->label_probs));
}

static void check_block(const dm_block *block, const dm_options *options) {
  dm_parser *parser = NULL;
  dm_batch batch = {0};
  dm_batch alone = {0};
  dm_error err;
  FUZZ_CHECK(dm_parser_new(&parser, options, NULL, &err) == DM_OK);
  FUZZ_CHECK(dm_parse_block(parser, block, &batch, &err) == DM_OK);
  FUZZ_CHECK(!batch.has_error);
  FUZZ_CHECK(batch.n_events + batch.n_bad + batch.n_blank + batch.n_cut == batch.n_lines);
  size_t i = 0;
  size_t next_problem = 0;
  uint64_t n_lines = 0;
  uint64_t n_blank = 0;
  const char *end = block->data + block->len;
  for (const char *line = block->data; line < end; n_lines++) {
    size_t len = (size_t)((const char *)memchr(line, '\n', (size_t)(end - line)) - line);
    naive_line want =
        naive_read_line(line, len, options->format, options->signals, options->n_signals);
    char *alone_line = read_alone(options, line, len, &alone);
    FUZZ_CHECK(alone.n_blank == want.is_blank);
    n_blank += want.is_blank;
    bool is_good = i < batch.n_events && batch.events[i].line == n_lines;
    FUZZ_CHECK(is_good == (alone.n_events == 1));
    if (want.is_blank) {
      FUZZ_CHECK(!is_good && !alone.has_error);
    } else if (is_good) {
      FUZZ_CHECK(want.statuses == 1 << DM_OK);
      FUZZ_CHECK(!alone.has_error);
      FUZZ_CHECK(block->data + batch.events[i].offset == line);
      check_event(&batch, i, &want);
      check_event(&alone, 0, &want);
      check_same_event(&alone, &batch, i);
      check_problems(&batch, &next_problem, n_lines, want.problems);
      i++;
    } else {
      FUZZ_CHECK(alone.has_error && alone.error.line == 0);
      check_error(&alone.error, line, len, &want);
      FUZZ_CHECK(next_problem < batch.problems.n_kept);
      const dm_problem *problem = &batch.problems.kept[next_problem];
      dm_problem again = dm_problem_from_error(DM_PROBLEM_BAD_LINE, &alone.error);
      FUZZ_CHECK(problem->kind == DM_PROBLEM_BAD_LINE &&
                 problem->column == again.column && !strcmp(problem->key, again.key) &&
                 !strcmp(problem->expected, again.expected) &&
                 !strcmp(problem->actual, again.actual));
      check_problems(&batch, &next_problem, n_lines, 1u << DM_PROBLEM_BAD_LINE);
    }
    free(alone_line);
    line += len + 1;
  }
  FUZZ_CHECK(n_lines == batch.n_lines && n_blank == batch.n_blank);
  FUZZ_CHECK(next_problem == batch.problems.n_kept && i == batch.n_events);
  dm_batch_release(&batch);
  dm_batch_release(&alone);
  dm_parser_free(parser);
  naive_forget();
}

void lines_check(const uint8_t *data, size_t size, dm_format format) {
  char *bytes = fuzz_alloc(size + 1 + DM_BLOCK_PAD);
  if (size) {
    memcpy(bytes, data, size);
  }
  if (size && bytes[size - 1] != '\n') {
    bytes[size++] = '\n';
  }
  dm_block block = {.data = fuzz_copy(bytes, size, DM_BLOCK_PAD), .len = size};
  free(bytes);
  dm_options options = {
      .format = format, .is_skipping = true, .max_line = 1 << 20, .block_size = 1};
  check_block(&block, &options);
  options.format = DM_FORMAT_AUTO;
  options.signals = signal_names;
  options.n_signals = NAIVE_SIGNALS;
  check_block(&block, &options);
  free(block.data);
}
