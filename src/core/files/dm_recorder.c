/* Records by reading: the lines of a call are formatted, parsed by the parser that will
   read the file, checked against what is known of their ids, written, and applied to the
   running summary. So whatever is in the file can be read, and the summary in memory is
   that of the file. Nothing is kept of a call that fails. */
#include "files/dm_recorder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "io/dm_codec.h"
#include "io/dm_writer.h"
#include "number/dm_format.h"

/* Lines are parsed in blocks of about this size. */
enum { PART_SIZE = 1 << 22 };

/* How an id's lines give their steps. */
typedef enum steps_kind { STEPS_UNKNOWN = 0, STEPS_ABSENT, STEPS_GIVEN } steps_kind;

/* What is known of an id: the last line that was recorded, and the last one of the call
   that is being checked. */
typedef struct id_state {
  double step;
  double new_step;
  uint64_t call; /* number of the last call that had it */
  uint8_t kind;  /* steps_kind */
  uint8_t new_kind;
} id_state;

struct dm_recorder {
  dm_writer *writer; /* NULL: memory only, or closed */
  bool is_open;
  bool is_lost;
  bool is_gap; /* the file's last line has no newline yet */
  int32_t file;
  uint64_t next_byte; /* where the next line will stand */
  dm_run *run;
  char **names; /* of the signals */
  size_t n_names;
  bool is_declared;
  dm_index ids; /* beside those of the run, which has no samples without a line */
  size_t n_declared;
  dm_rows states; /* id_state per row of ids */
  uint64_t n_calls;
  uint32_t *rows; /* of ids, per line of the call */
  size_t cap_rows;
  dm_buf text;      /* the lines of the call */
  size_t *part_end; /* where its parts end */
  size_t cap_parts;
  size_t n_parts;
};

static dm_status copy_names(dm_recorder *recorder, dm_options *options, dm_error *err);
static dm_status declare_ids(dm_recorder *recorder, const dm_ident *ids, size_t n,
                             dm_error *err);
static dm_status open_file(dm_recorder *recorder, const char *path,
                           dm_recorder_start start, const dm_options *options,
                           const dm_host *host, dm_error *err);
static dm_status read_file(dm_recorder *recorder, const char *path, const dm_host *host,
                           uint64_t *cut_at, dm_error *err);
static dm_status check_compression(const char *path, const char *found, dm_error *err);
static dm_status learn_ids(dm_recorder *recorder, dm_error *err);
static dm_status find_id(dm_recorder *recorder, const dm_ident *id, uint32_t *row,
                         dm_error *err);
static dm_status check_lines(dm_recorder *recorder, const dm_json_column *columns,
                             size_t n_columns, size_t n_rows, const dm_json_nulls *nulls,
                             const dm_host *host, dm_error *err);
static size_t part_start(const dm_recorder *recorder, size_t part);
static dm_status check_part(dm_recorder *recorder, size_t first_row, dm_error *err);
static dm_status check_event(dm_recorder *recorder, const dm_batch *batch, size_t i,
                             size_t row, dm_error *err);
static dm_status batch_error(const dm_batch *batch, size_t first_row, dm_error *err);
static dm_status apply_lines(dm_recorder *recorder, dm_error *err);
static dm_status parse_part(dm_recorder *recorder, size_t part, dm_error *err);
static int ask(const dm_host *host);

/* --- life --- */

dm_status dm_recorder_open(dm_recorder **out, const char *path, dm_recorder_start start,
                           dm_declared_ids ids, const dm_options *options,
                           const dm_host *host, dm_error *err) {
  dm_recorder *recorder = dm_calloc(1, sizeof *recorder);
  *out = recorder;
  if (!recorder) {
    return dm_error_memory(err);
  }
  dm_index_init(&recorder->ids, options->seed);
  dm_rows_init(&recorder->states, sizeof(id_state));
  recorder->file = path ? 0 : -1;
  dm_options copy = *options;
  copy.is_skipping = false;
  copy.is_cut_allowed = false;
  copy.threads = 1;
  DM_TRY(copy_names(recorder, &copy, err));
  DM_TRY(declare_ids(recorder, ids.ids, ids.n, err));
  if (path) {
    DM_TRY(open_file(recorder, path, start, &copy, host, err));
  } else {
    DM_TRY(dm_run_new(&recorder->run, &copy, NULL, err));
  }
  recorder->is_open = true;
  return DM_OK;
}

dm_status dm_recorder_close(dm_recorder *recorder, dm_error *err) {
  dm_status status = recorder->writer ? dm_writer_commit(recorder->writer, err) : DM_OK;
  dm_writer_close(recorder->writer);
  recorder->writer = NULL;
  recorder->is_open = false;
  return status;
}

void dm_recorder_free(dm_recorder *recorder) {
  if (!recorder) {
    return;
  }
  dm_writer_close(recorder->writer);
  dm_run_free(recorder->run);
  for (size_t i = 0; i < recorder->n_names; i++) {
    dm_free(recorder->names[i]);
  }
  dm_free(recorder->names);
  dm_index_release(&recorder->ids);
  dm_rows_release(&recorder->states);
  dm_free(recorder->rows);
  dm_buf_release(&recorder->text);
  dm_free(recorder->part_end);
  dm_free(recorder);
}

const dm_run *dm_recorder_run(const dm_recorder *recorder) {
  return recorder->run;
}

bool dm_recorder_is_open(const dm_recorder *recorder) {
  return recorder->is_open;
}

bool dm_recorder_is_lost(const dm_recorder *recorder) {
  return recorder->is_lost;
}

static dm_status copy_names(dm_recorder *recorder, dm_options *options, dm_error *err) {
  recorder->names = dm_calloc(options->n_signals, sizeof *recorder->names);
  if (!recorder->names) {
    return dm_error_memory(err);
  }
  for (size_t i = 0; i < options->n_signals; i++) {
    size_t size = strlen(options->signals[i]) + 1;
    recorder->names[i] = dm_malloc(size);
    if (!recorder->names[i]) {
      return dm_error_memory(err);
    }
    recorder->n_names++;
    memcpy(recorder->names[i], options->signals[i], size);
  }
  options->signals = (const char *const *)recorder->names;
  return DM_OK;
}

static dm_status declare_ids(dm_recorder *recorder, const dm_ident *ids, size_t n,
                             dm_error *err) {
  for (size_t i = 0; i < n; i++) {
    uint32_t row;
    DM_TRY(dm_index_row(&recorder->ids, &ids[i], &row, err));
    if (row != i) {
      char shown[64];
      dm_ident_print(&ids[i], shown, sizeof shown);
      dm_error_expected(err, DM_E_FIELD, "every id once");
      dm_error_found(err, "id %s twice", shown);
      dm_error_key(err, "id", 2);
      err->line = i + 1;
      return DM_E_FIELD;
    }
  }
  recorder->is_declared = n > 0;
  recorder->n_declared = n;
  return dm_rows_grow(&recorder->states, n, err);
}

static int ask(const dm_host *host) {
  return host && host->check ? host->check(host->ctx, 0) : 0;
}

/* --- an existing file --- */

static dm_status open_file(dm_recorder *recorder, const char *path,
                           dm_recorder_start start, const dm_options *options,
                           const dm_host *host, dm_error *err) {
  DM_TRY(dm_writer_open_append(&recorder->writer, path, start == DM_RECORDER_NEW, host,
                               err));
  if (start == DM_RECORDER_OVERWRITE && dm_writer_size(recorder->writer) > 0) {
    DM_TRY(dm_writer_cut(recorder->writer, 0, err));
  }
  DM_TRY(dm_run_new(&recorder->run, options, NULL, err));
  if (dm_writer_size(recorder->writer) > 0) {
    uint64_t cut_at = 0;
    dm_status status = read_file(recorder, path, host, &cut_at, err);
    if (status && cut_at < UINT64_MAX && start == DM_RECORDER_REPAIR) {
      DM_TRY(dm_writer_cut(recorder->writer, cut_at, err));
      recorder->is_gap = false;
      dm_run_free(recorder->run);
      DM_TRY(dm_run_new(&recorder->run, options, NULL, err));
      status = cut_at > 0 ? read_file(recorder, path, host, &cut_at, err) : DM_OK;
    }
    DM_TRY(status);
    DM_TRY(learn_ids(recorder, err));
    recorder->next_byte = recorder->run->next_byte + recorder->is_gap;
  }
  return DM_OK;
}

/* Reads what is there into the run. Where that fails because its end was cut off, cut_at
   is set to where the last line starts, or in a compressed file the last call; else to
   UINT64_MAX. */
static dm_status read_file(dm_recorder *recorder, const char *path, const dm_host *host,
                           uint64_t *cut_at, dm_error *err) {
  dm_run *run = recorder->run;
  dm_source *source = NULL;
  *cut_at = UINT64_MAX;
  dm_status status = dm_source_open_file(&source, path, host, err);
  err->file = status ? 0 : err->file;
  DM_TRY(status);
  const char *compression = dm_source_compression(source);
  uint64_t whole;
  DM_TRY_DONE(check_compression(path, compression, err));
  status = dm_run_source(run, source, 0, err);
  recorder->is_gap = run->open_line < UINT64_MAX;
  if (status == DM_E_IO && dm_source_is_cut(source, &whole)) {
    *cut_at = whole;
    dm_error_advice(err,
                    "as after a crash: let the recorder repair the file, which cuts the "
                    "last call off");
  } else if (status == DM_E_SYNTAX && recorder->is_gap && !compression &&
             err->byte >= run->open_line) {
    *cut_at = run->open_line;
    dm_error_advice(err,
                    "the file ends in the middle of a line, as after a crash: let the "
                    "recorder repair it, which cuts that line off");
  }
done:
  dm_source_close(source);
  return status;
}

/* What is added is compressed as the name says; what is there has to be so too. */
static dm_status check_compression(const char *path, const char *found, dm_error *err) {
  const dm_codec *codec = dm_codec_of_path(path);
  const char *wanted = codec ? codec->name : "";
  if (strcmp(wanted, found ? found : "") == 0) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_INPUT, "a %s file to add lines to, as its name says",
                    codec ? wanted : "plain");
  dm_error_found(err, "a %s one", found ? found : "plain");
  dm_error_advice(err, "let the name say what the file is");
  err->file = 0;
  return DM_E_INPUT;
}

/* Takes over the ids of the run and their last steps. */
static dm_status learn_ids(dm_recorder *recorder, dm_error *err) {
  const dm_run *run = recorder->run;
  for (size_t i = 0; i < run->states.ids.n; i++) {
    dm_ident id = dm_index_ident(&run->states.ids, i);
    uint32_t row;
    dm_status status = find_id(recorder, &id, &row, err);
    if (status == DM_E_FIELD) {
      dm_error_advice(err, "the file that is added to has it");
    }
    DM_TRY(status);
    id_state *state = dm_rows_at(&recorder->states, row);
    state->kind = STEPS_ABSENT;
    if (run->states.has_steps && i < dm_rows_cap(&run->states.steps)) {
      const dm_step_state *last = dm_rows_at(&run->states.steps, i);
      if (last->is_given) {
        state->kind = STEPS_GIVEN;
        state->step = last->step;
      }
    }
  }
  return DM_OK;
}

/* The row of an id, which is made where any are accepted. */
static dm_status find_id(dm_recorder *recorder, const dm_ident *id, uint32_t *row,
                         dm_error *err) {
  if (id->kind != DM_IDENT_INT || !dm_index_find(&recorder->ids, id->value, row)) {
    DM_TRY(dm_index_row(&recorder->ids, id, row, err));
  }
  DM_TRY(dm_rows_grow(&recorder->states, recorder->ids.n, err));
  /* an id that was refused has a row too, behind those declared */
  if (recorder->is_declared && *row >= recorder->n_declared) {
    char shown[64];
    dm_ident_print(id, shown, sizeof shown);
    dm_error_expected(err, DM_E_FIELD, "one of the %llu ids that were declared",
                      (unsigned long long)recorder->n_declared);
    dm_error_found(err, "id %s", shown);
    dm_error_key(err, "id", 2);
    return DM_E_FIELD;
  }
  return DM_OK;
}

/* --- recording --- */

dm_status dm_recorder_add(dm_recorder *recorder, const dm_json_column *columns,
                          size_t n_columns, size_t n_rows, const dm_json_nulls *nulls,
                          const dm_host *host, dm_error *err) {
  if (!recorder->is_open) {
    return dm_error_expected(err, DM_E_INPUT, "a recorder that is open");
  }
  if (n_rows == 0) {
    return DM_OK;
  }
  DM_GROW(recorder->rows, recorder->cap_rows, n_rows, err);
  recorder->n_calls++;
  DM_TRY(check_lines(recorder, columns, n_columns, n_rows, nulls, host, err));
  size_t skipped = recorder->is_gap ? 0 : 1;
  uint64_t size_before = 0;
  if (recorder->writer) {
    bool is_broken;
    size_before = dm_writer_size(recorder->writer);
    dm_status status =
        dm_writer_append(recorder->writer, recorder->text.data + skipped,
                         recorder->text.len - skipped, host, &is_broken, err);
    if (status && is_broken) {
      dm_writer_close(recorder->writer);
      recorder->writer = NULL;
      recorder->is_open = false;
    }
    DM_TRY(status);
  }
  dm_status status = apply_lines(recorder, err);
  if (status) {
    /* the lines are right, only the summary can't take them: out with them again */
    dm_error unused;
    if (recorder->writer) {
      if (!dm_writer_is_device(recorder->writer)) {
        (void)!dm_writer_cut(recorder->writer, size_before, &unused);
      }
      dm_writer_close(recorder->writer);
      recorder->writer = NULL;
    }
    recorder->is_open = false;
    recorder->is_lost = true;
    return status;
  }
  recorder->is_gap = false;
  recorder->next_byte += recorder->text.len - 1;
  for (size_t i = 0; i < n_rows; i++) {
    id_state *state = dm_rows_at(&recorder->states, recorder->rows[i]);
    state->step = state->new_step;
    state->kind = state->new_kind;
  }
  return DM_OK;
}

/* Formats the rows part by part, and has each parsed and checked. */
static dm_status check_lines(dm_recorder *recorder, const dm_json_column *columns,
                             size_t n_columns, size_t n_rows, const dm_json_nulls *nulls,
                             const dm_host *host, dm_error *err) {
  enum { ROWS_AT_ONCE = 256 };
  recorder->text.len = 0;
  recorder->n_parts = 0;
  /* ends an existing last line; written only where that lacks it */
  DM_TRY(dm_buf_append(&recorder->text, "\n", 1, err));
  size_t first = 0; /* row of the part */
  size_t start = 1; /* of the part */
  for (size_t row = 0; row < n_rows;) {
    size_t to = n_rows - row < ROWS_AT_ONCE ? n_rows : row + ROWS_AT_ONCE;
    DM_TRY(dm_json_lines(columns, n_columns, row, to, nulls, &recorder->text, err));
    row = to;
    if (recorder->text.len - start < PART_SIZE && row < n_rows) {
      continue;
    }
    if (recorder->text.len - start > DM_LINE_MAX) {
      return dm_error_expected(err, DM_E_LIMIT, "lines of less than %d bytes",
                               DM_LINE_MAX / ROWS_AT_ONCE);
    }
    DM_GROW(recorder->part_end, recorder->cap_parts, recorder->n_parts + 1, err);
    recorder->part_end[recorder->n_parts++] = recorder->text.len;
    DM_TRY(parse_part(recorder, recorder->n_parts - 1, err));
    DM_TRY(check_part(recorder, first, err));
    if (ask(host)) {
      return dm_error_set(err, DM_E_INTERRUPT);
    }
    first = row;
    start = recorder->text.len;
  }
  return DM_OK;
}

/* Into the run's batch, which borrows the text. */
static dm_status parse_part(dm_recorder *recorder, size_t part, dm_error *err) {
  dm_buf *text = &recorder->text;
  DM_TRY(dm_buf_reserve(text, DM_BLOCK_PAD, err));
  memset(text->data + text->len, 0, DM_BLOCK_PAD);
  size_t start = part_start(recorder, part);
  dm_block block = {.data = text->data + start,
                    .len = recorder->part_end[part] - start,
                    .first_byte = recorder->next_byte + start - 1};
  return dm_parse_block(recorder->run->parser, &block, &recorder->run->batch, err);
}

static size_t part_start(const dm_recorder *recorder, size_t part) {
  return part ? recorder->part_end[part - 1] : 1;
}

/* The part that was parsed last, whose first line is that of first_row. */
static dm_status check_part(dm_recorder *recorder, size_t first_row, dm_error *err) {
  const dm_batch *batch = &recorder->run->batch;
  for (size_t i = 0; i < batch->n_events; i++) {
    dm_status status = check_event(recorder, batch, i, first_row + i, err);
    if (status && status != DM_E_MEMORY) {
      err->line = first_row + i + 1;
    }
    DM_TRY(status);
  }
  DM_TRY(batch_error(batch, first_row, err));
  assert(batch->n_blank == 0 && batch->n_events == batch->n_lines);
  return DM_OK;
}

/* What was wrong with a line of a batch whose first one is that of first_row. */
static dm_status batch_error(const dm_batch *batch, size_t first_row, dm_error *err) {
  if (!batch->has_error) {
    return DM_OK;
  }
  *err = batch->error;
  err->line += first_row + 1;
  err->column = 0; /* the line was never written, so its places say nothing */
  err->byte = 0;
  return err->status;
}

static dm_status check_event(dm_recorder *recorder, const dm_batch *batch, size_t i,
                             size_t row, dm_error *err) {
  const dm_event *event = &batch->events[i];
  dm_ident id = dm_batch_ident(batch, event->id_kind, event->id);
  uint32_t id_row;
  DM_TRY(find_id(recorder, &id, &id_row, err));
  recorder->rows[row] = id_row;
  id_state *state = dm_rows_at(&recorder->states, id_row);
  bool is_again = state->call == recorder->n_calls;
  double last = is_again ? state->new_step : state->step;
  uint8_t kind = is_again ? state->new_kind : state->kind;
  bool is_given = event->step_kind != DM_STEP_NONE;
  double step = is_given ? batch->steps[i] : 0;
  const dm_step_state before = {.step = last, .is_given = kind == STEPS_GIVEN};
  dm_steps_fault fault =
      dm_steps_check(&before, kind == STEPS_UNKNOWN, is_given, step, false);
  if (DM_UNLIKELY(fault == DM_STEPS_MIXED)) {
    dm_steps_error(fault, &before, is_given, step, &id, err);
    dm_error_found(err, "%s", ""); /* the line of the call shows it */
    return DM_E_FIELD;
  }
  if (DM_UNLIKELY(is_again && !is_given)) {
    char shown[64];
    dm_ident_print(&id, shown, sizeof shown);
    dm_error_expected(err, DM_E_FIELD, "every id once in a call without steps");
    dm_error_found(err, "id %s again", shown);
    dm_error_key(err, "id", 2);
    dm_error_advice(err, "record one evaluation after the other, or give steps");
    return DM_E_FIELD;
  }
  if (DM_UNLIKELY(fault == DM_STEPS_NOT_ABOVE)) {
    dm_steps_error(fault, &before, is_given, step, &id, err);
    return DM_E_FIELD;
  }
  state->call = recorder->n_calls;
  state->new_kind = is_given ? STEPS_GIVEN : STEPS_ABSENT;
  state->new_step = step;
  return DM_OK;
}

static dm_status apply_lines(dm_recorder *recorder, dm_error *err) {
  dm_run *run = recorder->run;
  for (size_t part = 0; part < recorder->n_parts; part++) {
    if (recorder->n_parts > 1) { /* a single one is in the batch still */
      DM_TRY(parse_part(recorder, part, err));
    }
    dm_origin origin = {
        .file = recorder->file,
        .first_line = run->states.counts.lines + 1,
        .first_byte = recorder->next_byte + part_start(recorder, part) - 1};
    DM_TRY(dm_fold_batch(&run->states, &run->sink, &run->batch, &origin, err));
  }
  return DM_OK;
}

/* --- whole tables --- */

dm_status dm_recorder_write(const char *path, const dm_json_column *columns,
                            size_t n_columns, size_t n_rows, const dm_json_nulls *nulls,
                            const dm_host *host, dm_error *err) {
  enum { ROWS_AT_ONCE = 1024 };
  const dm_options options = {
      .format = DM_FORMAT_JSON, .max_line = DM_LINE_MAX, .block_size = PART_SIZE};
  dm_writer *writer = NULL;
  dm_parser *parser = NULL;
  dm_batch batch = {0};
  dm_buf text = {0};
  dm_status status = dm_parser_new(&parser, &options, NULL, err);
  if (status) {
    goto done;
  }
  DM_TRY_DONE(dm_writer_open(&writer, path, host, err));
  for (size_t row = 0; row < n_rows; row += ROWS_AT_ONCE) {
    size_t to = n_rows - row < ROWS_AT_ONCE ? n_rows : row + ROWS_AT_ONCE;
    text.len = 0;
    DM_TRY_DONE(dm_json_lines(columns, n_columns, row, to, nulls, &text, err));
    if (!nulls->missing_is_null) {
      DM_TRY_DONE(dm_buf_reserve(&text, DM_BLOCK_PAD, err));
      memset(text.data + text.len, 0, DM_BLOCK_PAD);
      dm_block block = {.data = text.data, .len = text.len};
      DM_TRY_DONE(dm_parse_block(parser, &block, &batch, err));
      DM_TRY_DONE(batch_error(&batch, row, err));
    }
    DM_TRY_DONE(dm_writer_write(writer, text.data, text.len, err));
  }
  status = dm_writer_commit(writer, err);
done:
  dm_writer_close(writer);
  dm_parser_free(parser);
  dm_batch_release(&batch);
  dm_buf_release(&text);
  return status;
}
