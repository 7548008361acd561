/* Whole runs. The first eight bytes choose the options and how the rest is cut: into
   files, blocks, pieces that a callback hands over, gzip members, threads. Whatever they
   choose, the same bytes end with the same table or the same error; and a run that skips
   bad lines finds as its first one that which stops a run that does not. */
#define _DEFAULT_SOURCE
#include "../dm_server.h"
#include "dm_files.h"
#include "fuzz.h"
#include "naive_run.h"
#include "outcome.h"

enum { HEADER = 8, FILES_MAX = 3 };

typedef struct cut {
  size_t block_size;
  size_t piece; /* of a callback; 0: from memory */
  bool is_gzip;
  int threads;
  bool is_piecewise; /* blocks are parsed last first by parsers of their own */
} cut;

typedef struct input {
  const char *bytes[FILES_MAX];
  size_t len[FILES_MAX];
  size_t n;
} input;

/* Two members, or one where there is little. */
static char *zip(const char *bytes, size_t len, size_t *gz_len) {
  size_t half = len / 2;
  size_t n1 = 0;
  size_t n2 = 0;
  unsigned char *first = files_gzip(bytes, half, 1, &n1);
  unsigned char *second = files_gzip(bytes + half, len - half, 6, &n2);
  char *out = fuzz_alloc(n1 + n2);
  memcpy(out, first, n1);
  memcpy(out + n1, second, n2);
  free(first);
  free(second);
  *gz_len = n1 + n2;
  return out;
}

/* What dm_run_source() does, but for the order of parsing. */
static dm_status read_piecewise(dm_run *run, dm_source *source, int32_t file,
                                dm_error *err) {
  dm_lines lines;
  dm_lines_init(&lines, source, run->states.options.block_size,
                run->states.options.max_line);
  dm_block *blocks = NULL;
  size_t n = 0;
  dm_status lines_status;
  dm_error lines_err;
  for (;;) {
    dm_block block = {0};
    lines_status = dm_lines_next(&lines, &block, &lines_err);
    if (lines_status || block.len == 0) {
      dm_block_release(&block);
      break;
    }
    if ((n & (n + 1)) == 0) {
      blocks = realloc(blocks, (2 * n + 1) * sizeof *blocks);
    }
    blocks[n++] = block;
  }
  dm_lines_release(&lines);
  dm_batch *batches = fuzz_alloc(n * sizeof *batches);
  for (size_t i = n; i-- > 0;) {
    dm_parser *parser = NULL;
    FUZZ_CHECK(dm_parser_new(&parser, &run->states.options, &run->states.keep, err) ==
               DM_OK);
    FUZZ_CHECK(dm_parse_block(parser, &blocks[i], &batches[i], err) == DM_OK);
    dm_parser_free(parser);
  }
  dm_status status = DM_OK;
  dm_origin origin = {.file = file, .first_line = 1};
  for (size_t i = 0; i < n && !status; i++) {
    origin.first_byte = blocks[i].first_byte;
    status = dm_fold_batch(&run->states, &run->sink, &batches[i], &origin, err);
    origin.first_line += batches[i].n_lines;
  }
  if (!status && lines_status) {
    status = lines_status;
    *err = lines_err;
    err->file = file;
  }
  for (size_t i = 0; i < n; i++) {
    dm_batch_release(&batches[i]);
    dm_block_release(&blocks[i]);
  }
  free(batches);
  free(blocks);
  return status;
}

static void run_over(const input *in, const dm_options *base, const cut *how,
                     outcome *out) {
  dm_options options = *base;
  options.block_size = how->block_size;
  options.threads = how->threads;
  options.seed = how->block_size * 977;
  dm_run *run = NULL;
  dm_error err;
  dm_status status = dm_run_new(&run, &options, NULL, &err);
  FUZZ_CHECK(status == DM_OK);
  for (size_t f = 0; f < in->n && !status; f++) {
    char *zipped = NULL;
    server s = {.bytes = in->bytes[f], .len = in->len[f], .piece = how->piece};
    if (how->is_gzip) {
      zipped = zip(s.bytes, s.len, &s.len);
      s.bytes = zipped;
    }
    dm_source *source = NULL;
    status = how->piece ? dm_source_open_callback(&source, serve, &s, NULL, &err)
                        : dm_source_open_memory(&source, s.bytes, s.len, NULL, &err);
    if (status) {
      err.file = (int32_t)f;
    } else {
      status = how->is_piecewise ? read_piecewise(run, source, (int32_t)f, &err)
                                 : dm_run_source(run, source, (int32_t)f, &err);
    }
    dm_source_close(source);
    free(zipped);
  }
  outcome_take(out, run, status, &err);
  outcome_check(out);
}

/* The first bad line of a run that skips is where one that does not stops. */
static void check_stop_and_skip(const outcome *stop, const outcome *skip) {
  const dm_problem *first = NULL;
  for (size_t i = 0; i < skip->n_problems && !first; i++) {
    first = skip->problems[i].kind == DM_PROBLEM_BAD_LINE ? &skip->problems[i] : NULL;
  }
  if (!first) {
    outcome_check_same(stop, skip);
    return;
  }
  FUZZ_CHECK(stop->status != DM_OK);
  dm_problem want = dm_problem_from_error(DM_PROBLEM_BAD_LINE, &stop->err);
  FUZZ_CHECK(first->line == want.line && first->column == want.column &&
             first->file == want.file && !strcmp(first->key, want.key) &&
             !strcmp(first->expected, want.expected) &&
             !strcmp(first->actual, want.actual));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const size_t block_sizes[] = {1, 2, 3, 5, 8, 17, 64, 300};
  static const size_t pieces[] = {0, 1, 2, 3, 7, 50, 1000, 100000};
  static const size_t max_lines[] = {8, 40, 150, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 200};
  static const char *const signals[] = {"loss", "x", "gold"};
  if (size < HEADER) {
    return 0;
  }
  const uint8_t *h = data;
  char *bytes = fuzz_copy(data + HEADER, size - HEADER, 0);
  size_t len = size - HEADER;
  dm_options options = {.format = (dm_format)(h[0] % 8 < 3 ? h[0] % 8 : 0),
                        .is_cut_allowed = h[1] & 1,
                        .max_line = max_lines[h[2] % 8],
                        .signals = signals,
                        .n_signals = h[3] % 4,
                        .burn_out = h[3] >> 3 & 3,
                        .has_step_range = h[3] >> 5 & 1,
                        .first_step = h[3] >> 6 & 1,
                        .last_step = 1 + (h[3] >> 7)};
  if (h[3] >> 2 & 1) { /* all metrics; that of the loss needs the signal */
    options.metrics = DM_METRIC_BIT(DM_N_METRICS) - 1;
    options.metrics &= ~(options.n_signals ? 0 : DM_METRIC_BIT(DM_METRIC_LOSS_EMA));
  }
  input in = {.n = 1 + h[4] % FILES_MAX};
  size_t at = 0;
  for (size_t f = 0; f < in.n; f++) {
    size_t end = f + 1 == in.n ? len : at + (len - at) * (size_t)(h[5 + f % 2] / 2) / 128;
    in.bytes[f] = bytes + at;
    in.len[f] = end - at;
    at = end;
  }
  cut plain = {.block_size = 1 << 16};
  cut small = {.block_size = block_sizes[h[7] % 8], .piece = pieces[h[7] / 8 % 8]};
  cut third = {.block_size = block_sizes[h[6] % 8], .piece = pieces[h[6] / 8 % 8]};
  third.is_gzip = h[1] >> 1 & 1;
  third.threads = h[1] >> 2 & 3;
  third.is_piecewise = h[1] >> 4 & 1;
  outcome stop, skip, other;
  options.is_skipping = false;
  run_over(&in, &options, &plain, &stop);
  run_over(&in, &options, &third, &other);
  /* compressed files are opened where plain ones of another kind are refused */
  bool is_comparable = !third.is_gzip || stop.status != DM_E_IO;
  if (is_comparable) {
    outcome_check_same(&stop, &other);
  }
  outcome_release(&other);
  options.is_skipping = true;
  run_over(&in, &options, &plain, &skip);
  run_over(&in, &options, &small, &other);
  outcome_check_same(&skip, &other);
  outcome_release(&other);
  if (is_comparable && !skip.status) {
    run_over(&in, &options, &third, &other);
    outcome_check_same(&skip, &other);
    outcome_release(&other);
  }
  check_stop_and_skip(&stop, &skip);
  if (!skip.status) {
    naive_run_check(in.bytes, in.len, in.n, &options, &skip);
  }
  outcome_release(&stop);
  outcome_release(&skip);
  free(bytes);
  return 0;
}
