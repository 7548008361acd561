/* One value, in a field that nobody reads and in each that is read: what is no value in
   the first is none in the others, and what is one there is nowhere a syntax error. */
#include "fuzz.h"
#include "naive.h"

static const char *const keys[] = {
    "other", "id",     "label", "pred_label",     "s_label", "correct",     "loss",
    "probs", "logits", "epoch", "logits_epoch_1", "step",    "label_probs", "guid"};

/* What the core makes of a line with the value under a key. */
static dm_status read_under(const char *key, const char *value, size_t len,
                            bool is_python, const char *const *signals) {
  static const char *const rest[][2] = {{"id", "1"},
                                        {"label", "0"},
                                        {"correct", "1"},
                                        {"label_probs", "0.5"},
                                        {NULL, NULL}};
  char quote = is_python ? '\'' : '"';
  char *line = fuzz_alloc(len + 400);
  size_t n = (size_t)sprintf(line, "{%c%s%c: ", quote, key, quote);
  memcpy(line + n, value, len);
  n += len;
  for (size_t i = 0; rest[i][0]; i++) {
    if (strcmp(rest[i][0], key) != 0) {
      n +=
          (size_t)sprintf(line + n, ", %c%s%c: %s", quote, rest[i][0], quote, rest[i][1]);
    }
  }
  n += (size_t)sprintf(line + n, "}\n");
  dm_block block = {.data = fuzz_copy(line, n, DM_BLOCK_PAD), .len = n};
  free(line);
  dm_options options = {.max_line = 1 << 20, .block_size = 1};
  options.signals = signals;
  options.n_signals = signals != NULL;
  dm_parser *parser = NULL;
  dm_batch batch = {0};
  dm_error err;
  FUZZ_CHECK(dm_parser_new(&parser, &options, NULL, &err) == DM_OK);
  FUZZ_CHECK(dm_parse_block(parser, &block, &batch, &err) == DM_OK);
  FUZZ_CHECK(batch.n_events + batch.has_error == 1);
  dm_status status = batch.has_error ? batch.error.status : DM_OK;
  dm_batch_release(&batch);
  dm_parser_free(parser);
  free(block.data);
  return status;
}

static void check_value(const char *value, size_t len, bool is_python) {
  static const char *const signals[] = {"other"};
  naive_value read;
  dm_status want = naive_read_value(value, len, is_python, 1, &read);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    dm_status got = read_under(keys[i], value, len, is_python, NULL);
    if (i == 0) {
      /* what closes the record would have to be counted out of it */
      FUZZ_CHECK(got == want);
      continue;
    }
    if (want) {
      FUZZ_CHECK(got != DM_OK);
    } else {
      bool has_nul = read.type == NAIVE_STRING && memchr(read.text, '\0', read.len);
      FUZZ_CHECK(got == DM_OK || got == DM_E_FIELD || got == DM_E_RANGE ||
                 (got == DM_E_SYNTAX && has_nul));
    }
  }
  dm_status as_signal = read_under("other", value, len, is_python, signals);
  FUZZ_CHECK(want ? as_signal != DM_OK : as_signal != DM_E_SYNTAX);
  naive_forget();
}

/* The value may hold what ends it early: then it is several members or records. */
static bool is_one_value(const uint8_t *data, size_t size) {
  int depth = 0;
  char quote = '\0';
  for (size_t i = 0; i < size; i++) {
    char c = (char)data[i];
    if (c == '\n') {
      return false;
    }
    if (quote) {
      i += c == '\\';
      quote = c == quote ? '\0' : quote;
      continue;
    }
    quote = c == '"' || c == '\'' ? c : quote;
    depth += (c == '[' || c == '{' || c == '(') - (c == ']' || c == '}' || c == ')');
    if (depth < 0 || (depth == 0 && c == ',')) {
      return false;
    }
  }
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!is_one_value(data, size)) {
    return 0;
  }
  char *value = fuzz_copy(data, size, 1);
  check_value(value, size, false);
  check_value(value, size, true);
  free(value);
  return 0;
}
