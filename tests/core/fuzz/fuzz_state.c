/* State files, states and merges. The first byte chooses what the rest is: a file as it
   is; one or two files without their trailers, which are made here, so that a checksum
   stops nothing; or signals, whose states are written, with some bytes of the file
   changed by the numbers before them. What is read is written again and read again: the
   same table, and then the same bytes; also by way of columns, after more lines, and
   merged with the other file. */
#define _DEFAULT_SOURCE
#include "../dm_resume.h"
#include "../dm_server.h"
#include "dm_seal.h"
#include "files/dm_state_file.h"
#include "fuzz.h"
#include "outcome.h"
#include "summary/dm_merge.h"
#include "summary/dm_state.h"

enum { N_EDITS = 8, EDIT_SIZE = 4, HEADER = 4 + N_EDITS * EDIT_SIZE, PARTS_MAX = 80 };

static const char *const signals[] = {"loss", "x", "gold"};

/* --- files --- */

static dm_buf file_of(const dm_states *states, const dm_texts *about) {
  dm_buf out = {0};
  dm_error err;
  dm_pack_sink sink = {add_bytes, &out};
  dm_status status = dm_state_file_put(states, about, &sink, &err);
  FUZZ_CHECK(status == DM_OK);
  return out;
}

static dm_status read_file(dm_state_file *out, const char *bytes, size_t len,
                           size_t piece, dm_error *err) {
  *out = (dm_state_file){0};
  server s = {.bytes = bytes, .len = len, .piece = piece};
  dm_source *source = NULL;
  dm_status status = piece ? dm_source_open_callback(&source, serve, &s, NULL, err)
                           : dm_source_open_memory(&source, bytes, len, NULL, err);
  if (!status) {
    status = dm_state_file_read(out, source, len + piece, err);
  }
  dm_source_close(source);
  if (status) {
    fuzz_check_error(err, status);
    FUZZ_CHECK(status != DM_E_MEMORY && status != DM_E_INTERRUPT);
  }
  return status;
}

/* With the trailer that they need, after the edits: where, what to do, with what. */
static char *with_trailer(const char *bytes, size_t len, const uint8_t *edits,
                          size_t *out_len) {
  char *out = fuzz_copy(bytes, len, SEAL_SIZE);
  for (size_t i = 0; edits && len > 0 && i < N_EDITS; i++) {
    const uint8_t *edit = edits + i * EDIT_SIZE;
    size_t at = (edit[0] | (size_t)edit[1] << 8) % len;
    if (edit[2] % 4 == 1) {
      out[at] = (char)edit[3];
    } else if (edit[2] % 4 == 2) {
      out[at] = (char)(out[at] ^ edit[3]);
    } else if (edit[2] % 4 == 3) { /* a number of 8 bytes */
      for (size_t k = 0; k < 8 && at + k < len; k++) {
        out[at + k] = edit[3] < 128 ? (char)0xFF : (char)(k == 7 ? edit[3] : 0);
      }
    }
  }
  seal((unsigned char *)out, len);
  *out_len = len + SEAL_SIZE;
  return out;
}

/* --- states --- */

static dm_status copy_idents(dm_index *to, const dm_index *from, dm_error *err) {
  for (size_t i = 0; i < from->n; i++) {
    dm_ident ident = dm_index_ident(from, i);
    DM_TRY(dm_state_add_ident(to, &ident, from->has_text, "ident", err));
  }
  to->has_text |= from->has_text;
  return DM_OK;
}

static dm_status copy_part(dm_states *to, const dm_states *from, dm_state_part part,
                           size_t signal, dm_error *err) {
  size_t n;
  const dm_state_field *fields = dm_state_fields(part, &n);
  void *columns[DM_STATE_FIELDS_MAX];
  for (size_t f = 0; f < n; f++) {
    columns[f] = fuzz_alloc(from->ids.n * sizeof(double));
    FUZZ_CHECK(fields[f].name[0]);
  }
  dm_state_get(from, part, signal, dm_state_all_rows(from), columns);
  dm_status status = dm_state_set(to, part, signal, dm_state_all_rows(from),
                                  (const void *const *)columns, err);
  for (size_t f = 0; f < n; f++) {
    free(columns[f]);
  }
  return status;
}

static dm_status copy_matrix(dm_states *to, const dm_states *from, dm_state_matrix which,
                             dm_error *err) {
  size_t width = dm_state_width(from, which);
  double *values = fuzz_alloc(from->ids.n * width * sizeof *values);
  dm_state_get_matrix(from, which, width, dm_state_all_rows(from), values);
  dm_status status =
      dm_state_set_matrix(to, which, width, dm_state_all_rows(from), values, err);
  free(values);
  return status;
}

/* As the glue does it, all rows at once. */
static dm_status copy_states(dm_states *to, const dm_states *from, int32_t n_files,
                             dm_error *err) {
  DM_TRY(dm_states_init(to, &from->options, err));
  DM_TRY(copy_idents(&to->ids, &from->ids, err));
  DM_TRY(copy_idents(&to->labels, &from->labels, err));
  DM_TRY(copy_idents(&to->s_labels, &from->s_labels, err));
  DM_TRY(copy_idents(&to->predicted, &from->predicted, err));
  for (int part = DM_STATE_SAMPLES; part <= DM_STATE_SEEN; part++) {
    size_t n = dm_state_has(from, (dm_state_part)part);
    n = n && part == DM_STATE_SIGNAL ? from->kept.n : n;
    for (size_t s = 0; s < n; s++) {
      DM_TRY(copy_part(to, from, (dm_state_part)part, s, err));
    }
  }
  for (int which = DM_STATE_CLASS_SUMS; which <= DM_STATE_PLACES; which++) {
    if (dm_state_has_matrix(from, (dm_state_matrix)which)) {
      DM_TRY(copy_matrix(to, from, (dm_state_matrix)which, err));
    }
  }
  for (size_t i = 0; i < from->n_class_labels; i++) {
    DM_TRY(dm_state_add_class(to, dm_state_class(from, i), err));
  }
  for (size_t i = 0; i < from->problems.n_kept; i++) {
    DM_TRY(dm_state_add_problem(to, &from->problems.kept[i], err));
  }
  dm_state_totals totals = {
      .counts = from->counts, .step_distance = from->step_distance, .n_files = n_files};
  memcpy(totals.problems, from->problems.count, sizeof totals.problems);
  return dm_state_finish(to, &totals, err);
}

static int32_t n_files_of(const dm_texts *about) {
  return (int32_t)about[DM_ABOUT_FILES].n;
}

static void check_same_bytes(const dm_buf *a, const dm_buf *b) {
  FUZZ_CHECK(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

/* What a file of the run is read as: written again, the same bytes. Returns the run that
   was read. */
static dm_run *check_kept(const dm_run *run, const dm_texts *about) {
  dm_buf once = file_of(&run->states, about);
  dm_state_file file;
  dm_error err;
  dm_status status = read_file(&file, once.data, once.len, 0, &err);
  if (status) {
    fuzz_show_error("again", &err);
  }
  FUZZ_CHECK(status == DM_OK);
  dm_buf twice = file_of(&file.states, file.about);
  check_same_bytes(&once, &twice);
  dm_buf_release(&twice);
  dm_states copy = {0};
  status = copy_states(&copy, &file.states, n_files_of(file.about), &err);
  if (status) {
    fuzz_show_error("columns", &err);
  }
  FUZZ_CHECK(status == DM_OK);
  dm_buf copied = file_of(&copy, file.about);
  check_same_bytes(&once, &copied);
  dm_buf_release(&copied);
  dm_buf_release(&once);
  dm_run *out = resume(&file.states); /* which may not look at its signals' names then */
  dm_state_file_release(&file);
  dm_states_release(&copy);
  return out;
}

/* Where one ident is a string, a file holds the text of all: 1 and "1" are the same. */
static void forget_kinds(outcome *out) {
  const dm_run *run = out->run;
  const bool have_text[3] = {run->states.ids.has_text, run->states.labels.has_text,
                             run->states.s_labels.has_text};
  for (size_t c = 0; c < 3; c++) {
    for (size_t i = 0; have_text[c] && i < out->n; i++) {
      dm_ident_kind *kind = &out->idents[c][i].kind;
      *kind = *kind == DM_IDENT_INT   ? DM_IDENT_INT_TEXT
              : *kind == DM_IDENT_BIG ? DM_IDENT_TEXT
                                      : *kind;
    }
  }
}

/* The table of the run, which is given away, and the same by another way. */
static void check_table(dm_run *run, const dm_texts *about, bool is_honest) {
  dm_run *again = check_kept(run, about);
  dm_error unused;
  outcome one, other;
  outcome_take(&one, run, DM_OK, &unused);
  outcome_take(&other, again, DM_OK, &unused);
  forget_kinds(&one);
  forget_kinds(&other);
  outcome_check_same(&one, &other);
  if (is_honest) {
    outcome_check(&one);
  }
  outcome_release(&one);
  outcome_release(&other);
}

/* --- more lines, and merges --- */

static const char more[] =
    "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.25, 0.25], \"step\": 9, \"loss\": 1}\n"
    "{\"id\": \"a\", \"label\": 1, \"logits\": [1, 2], \"step\": 10, \"s_label\": 2}\n"
    "{\"id\": 2, \"label\": \"x\", \"correct\": 1, \"label_probs\": 0.5, \"step\": 9}\n"
    "{\"id\": 1, \"label\": 0, \"probs\": [0.5, 0.25, 0.25], \"step\": 9, \"loss\": 2}\n"
    "{\"id\": 7, \"label\": 0}\n";

/* A run that was read goes on: with whatever it has, what it is then can be kept. */
static void go_on(dm_state_file *file) {
  dm_run *run = resume(&file->states);
  run->states.options.is_skipping = true;
  dm_source *source = NULL;
  dm_error err;
  dm_status status = dm_source_open_memory(&source, more, sizeof more - 1, NULL, &err);
  FUZZ_CHECK(status == DM_OK);
  status = dm_texts_add(&file->about[DM_ABOUT_FILES], "more", 4, &err);
  FUZZ_CHECK(status == DM_OK);
  uint64_t n_good = run->states.counts.good;
  uint64_t n_lines = run->states.counts.lines;
  status = dm_run_source(run, source, n_files_of(file->about) - 1, &err);
  dm_source_close(source);
  if (status) {
    fuzz_check_error(&err, status);
    dm_run_free(run);
    return;
  }
  uint64_t n_more = run->states.counts.lines - n_lines;
  FUZZ_CHECK((run->states.options.n_shares ? n_more <= 5 : n_more == 5) &&
             run->states.counts.good <= n_good + 4);
  dm_run_free(check_kept(run, file->about));
  dm_run_free(run);
}

static bool is_same_request(const dm_options *a, const dm_options *b) {
  bool is_same = a->n_signals == b->n_signals && a->metrics == b->metrics &&
                 a->burn_out == b->burn_out && a->has_step_range == b->has_step_range &&
                 a->first_step == b->first_step && a->last_step == b->last_step &&
                 a->share == b->share && a->n_shares == b->n_shares;
  for (size_t i = 0; is_same && i < a->n_signals; i++) {
    is_same = strcmp(a->signals[i], b->signals[i]) == 0;
  }
  return is_same;
}

static uint64_t n_evaluations(const dm_states *states, size_t row) {
  return ((const dm_accum *)dm_rows_at(&states->accum, row))->n;
}

static uint64_t n_seen(const dm_states *states, size_t row) {
  return *(const uint32_t *)dm_rows_at(&states->seen, row);
}

static void check_merge(dm_state_file *a, dm_state_file *b) {
  dm_states *states = &a->states;
  const dm_states *other = &b->states;
  if (!is_same_request(&states->options, &other->options)) {
    return;
  }
  dm_error err;
  dm_counts counts = states->counts;
  uint64_t problems = 0;
  for (size_t kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
    problems += states->problems.count[kind] + other->problems.count[kind];
  }
  size_t n = states->ids.n;
  uint64_t *before = fuzz_alloc(n * sizeof *before);
  for (size_t row = 0; row < n; row++) {
    before[row] = n_evaluations(states, row);
  }
  dm_status status = dm_merge(states, other, n_files_of(a->about), NULL, &err);
  if (status) {
    fuzz_check_error(&err, status);
    free(before);
    return;
  }
  FUZZ_CHECK(states->counts.good == counts.good + other->counts.good);
  FUZZ_CHECK(states->counts.lines == counts.lines + other->counts.lines);
  bool is_full = false; /* too much for a file */
  size_t n_both = 0;
  for (size_t from = 0; from < other->ids.n; from++) {
    dm_ident id = dm_index_ident(&other->ids, from);
    uint32_t row;
    FUZZ_CHECK(dm_index_row(&states->ids, &id, &row, &err) == DM_OK);
    uint64_t had = row < n ? before[row] : 0;
    uint64_t now = n_evaluations(states, row);
    n_both += row < n;
    FUZZ_CHECK(now == had + n_evaluations(other, from) ||
               (states->has_window && now == had));
    is_full |= states->has_window && n_seen(states, row) == UINT32_MAX;
  }
  free(before);
  FUZZ_CHECK(states->ids.n == n + other->ids.n - n_both);
  for (size_t kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
    problems -= states->problems.count[kind];
  }
  FUZZ_CHECK((int64_t)problems <= 0);
  dm_texts *files = &a->about[DM_ABOUT_FILES];
  for (size_t i = 0; i < b->about[DM_ABOUT_FILES].n; i++) {
    const char *name = dm_texts_at(&b->about[DM_ABOUT_FILES], i);
    FUZZ_CHECK(dm_texts_add(files, name, strlen(name), &err) == DM_OK);
  }
  if (!is_full) {
    check_table(resume(states), a->about, false);
  }
}

/* --- inputs --- */

static void check_files(const char *bytes, size_t len, const char *other_bytes,
                        size_t other_len, size_t piece) {
  dm_state_file file, again, other;
  dm_error err, other_err;
  dm_status status = read_file(&file, bytes, len, 0, &err);
  dm_status pieces_status = read_file(&again, bytes, len, piece + 1, &other_err);
  FUZZ_CHECK(status == pieces_status && file.version == again.version);
  if (status) {
    FUZZ_CHECK(fuzz_same_error(&err, &other_err));
    dm_state_file_release(&file);
    dm_state_file_release(&again);
    return;
  }
  check_table(resume(&file.states), file.about, false);
  dm_state_file_release(&file);
  if (other_bytes && !read_file(&other, other_bytes, other_len, 0, &other_err)) {
    status = read_file(&file, bytes, len, 0, &err);
    FUZZ_CHECK(status == DM_OK);
    check_merge(&file, &other);
    dm_state_file_release(&file);
  }
  if (other_bytes) {
    dm_state_file_release(&other);
  }
  go_on(&again);
  dm_state_file_release(&again);
}

/* The file of a run over the lines, or no bytes where they have a fault of a file. */
static dm_buf file_of_lines(const dm_options *options, const char *bytes, size_t len,
                            const char *name) {
  dm_run *run = NULL;
  dm_source *source = NULL;
  dm_error err;
  dm_buf out = {0};
  dm_texts about[DM_N_ABOUT] = {{.n = 0}};
  FUZZ_CHECK(!dm_texts_add(&about[DM_ABOUT_PACKAGE], "1.0", 3, &err));
  FUZZ_CHECK(!dm_texts_add(&about[DM_ABOUT_FILES], name, strlen(name), &err));
  FUZZ_CHECK(dm_run_new(&run, options, NULL, &err) == DM_OK);
  dm_status status = dm_source_open_memory(&source, bytes, len, NULL, &err);
  if (!status) {
    status = dm_run_source(run, source, 0, &err);
  }
  dm_source_close(source);
  if (!status) {
    out = file_of(&run->states, about);
    check_table(run, about, true);
    run = NULL;
  }
  dm_run_free(run);
  for (size_t i = 0; i < DM_N_ABOUT; i++) {
    dm_texts_release(&about[i]);
  }
  return out;
}

static void check_lines(const uint8_t *h, const char *bytes, size_t len) {
  dm_options options = {.max_line = 1 << 20,
                        .block_size = 1 << 16,
                        .is_skipping = true,
                        .is_cut_allowed = true,
                        .signals = signals,
                        .n_signals = h[1] % 4,
                        .burn_out = h[1] >> 3 & 3,
                        .has_step_range = h[1] >> 5 & 1,
                        .first_step = h[1] >> 6 & 1,
                        .last_step = 1 + (h[1] >> 7)};
  if (h[1] >> 2 & 1) { /* all metrics; that of the loss needs the signal */
    options.metrics = DM_METRIC_BIT(DM_N_METRICS) - 1;
    options.metrics &= ~(options.n_signals ? 0 : DM_METRIC_BIT(DM_METRIC_LOSS_EMA));
  }
  size_t first = len * h[2] / 255;
  dm_buf one = file_of_lines(&options, bytes, first, "one");
  dm_buf other = file_of_lines(&options, bytes + first, len - first, "other");
  if (one.len && other.len) {
    size_t edited_len;
    char *edited = with_trailer(one.data, one.len - SEAL_SIZE, h + 4, &edited_len);
    check_files(edited, edited_len, other.data, other.len, h[3]);
    free(edited);
  }
  dm_buf_release(&one);
  dm_buf_release(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < HEADER) {
    return 0;
  }
  size_t len = size - HEADER;
  char *bytes = fuzz_copy(data + HEADER, len, 0);
  if (data[0] % 4 == 0) {
    check_files(bytes, len, NULL, 0, data[3]);
  } else if (data[0] % 4 == 1) {
    check_lines(data, bytes, len);
  } else {
    size_t first = data[0] % 4 == 2 ? len : (data[1] | (size_t)data[2] << 8) % (len + 1);
    size_t one_len, other_len;
    char *one = with_trailer(bytes, first, data + 4, &one_len);
    char *other = with_trailer(bytes + first, len - first, NULL, &other_len);
    check_files(one, one_len, data[0] % 4 == 2 ? one : other,
                data[0] % 4 == 2 ? one_len : other_len, data[3]);
    free(one);
    free(other);
  }
  free(bytes);
  return 0;
}
