/* Drives the reading: blocks are parsed into batches, and batches are applied in file
   order to the running states. Parsing knows no sample; applying knows no text. */
#include "summary/dm_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "number/dm_format.h"
#include "number/dm_number.h"
#include "signals/dm_keys.h"

/* How many events' memory is asked for at a time. */
enum { GROUP = 32 };

static dm_status apply_next(dm_run *run, const dm_block *block, const dm_batch *batch,
                            dm_origin *origin, dm_error *err);
static dm_status read_side_by_side(dm_run *run, dm_lines *lines, dm_origin *origin,
                                   dm_error *err);
static void begin_rows(const dm_run *run, const dm_batch *batch, size_t first,
                       dm_lookup *out);
static void guess_rows(const dm_run *run, const dm_batch *batch, size_t first,
                       dm_lookup *out);
static dm_status apply_events(dm_run *run, const dm_batch *batch, size_t first,
                              const dm_lookup *guesses, const dm_origin *origin,
                              size_t *next_problem, dm_error *err);
DM_INLINE void prefetch_more(const dm_run *run, uint32_t row);
static dm_status find_row(dm_run *run, const dm_batch *batch, const dm_event *event,
                          const dm_lookup *lookup, uint32_t *row, dm_error *err);
static dm_status grow_rows(dm_run *run, dm_error *err);
static dm_status grow_more(dm_run *run, dm_error *err);
DM_INLINE dm_status apply_group(dm_run *run, const dm_batch *batch, size_t first,
                                const dm_lookup *guesses, const dm_origin *origin,
                                size_t *next_problem, bool is_plain, dm_error *err);
DM_INLINE dm_status apply_event(dm_run *run, const dm_batch *batch, size_t i,
                                uint32_t row, const dm_origin *origin, bool is_plain,
                                dm_error *err);
static dm_status check_more(dm_run *run, const dm_batch *batch, size_t i, uint32_t row,
                            const dm_origin *origin, bool *is_refused, dm_error *err);
static dm_status add_more(dm_run *run, const dm_batch *batch, size_t i, uint32_t row,
                          dm_error *err);
static dm_status add_prediction(dm_run *run, const dm_batch *batch, size_t i,
                                uint32_t row, dm_error *err);
static inline bool is_first(const dm_run *run, const dm_accum *a, uint32_t row);
static bool is_in_window(dm_run *run, const dm_batch *batch, size_t i, uint32_t row);
static dm_status check_step(dm_run *run, const dm_batch *batch, size_t i, uint32_t row,
                            const dm_origin *origin, dm_error *err);
static dm_status check_label(dm_run *run, const dm_batch *batch, const dm_event *event,
                             dm_accum *a, uint32_t row, const dm_origin *origin,
                             dm_error *err);
static dm_status check_s_label(dm_run *run, const dm_batch *batch, const dm_event *event,
                               dm_accum *a, const dm_origin *origin, dm_error *err);
static dm_status check_classes(dm_run *run, const dm_batch *batch, const dm_event *event,
                               dm_accum *a, uint32_t row, const dm_origin *origin,
                               dm_error *err);
static dm_status check_index(dm_run *run, const dm_batch *batch, const dm_event *event,
                             uint32_t row, const dm_origin *origin, dm_error *err);
static dm_status take_problems(dm_run *run, const dm_batch *batch,
                               const dm_origin *origin, size_t *next, uint64_t last_line,
                               dm_error *err);
static void place_error(dm_error *err, const dm_origin *origin);
static const char *line_text(const dm_batch *batch, const dm_event *event);
static dm_note note_at(const dm_batch *batch, const dm_event *event,
                       const dm_origin *origin);
static void print_step(double step, char *out);

static inline bool has_metric(const dm_run *run, dm_metric metric) {
  return run->options.metrics & DM_METRIC_BIT(metric);
}

/* --- life --- */

dm_status dm_run_new(dm_run **out, const dm_options *options, const dm_host *host,
                     dm_error *err) {
  dm_run *run = dm_calloc(1, sizeof *run);
  *out = run;
  if (!run) {
    return dm_error_memory(err);
  }
  run->options = *options;
  if (host) {
    run->host = *host;
  }
  run->largest_step = -INFINITY;
  dm_index_init(&run->ids, options->seed);
  dm_index_init(&run->labels, options->seed);
  dm_index_init(&run->s_labels, options->seed);
  dm_rows_init(&run->accum, sizeof(dm_accum));
  dm_rows_init(&run->steps, sizeof(dm_step_state));
  dm_rows_init(&run->classes, sizeof(uint32_t));
  dm_rows_init(&run->indexes, sizeof(uint32_t));
  run->keep = dm_metric_keep(options->n_signals, options->metrics);
  dm_batch_reset(&run->batch, &run->keep);
  dm_rows_init(&run->signals, sizeof(dm_signal_accum) * run->batch.n_values);
  dm_rows_init(&run->metrics, sizeof(dm_metric_accum));
  dm_rows_init(&run->seen, sizeof(uint32_t));
  dm_index_init(&run->predicted, options->seed);
  run->has_window = options->burn_out > 0 || options->has_step_range;
  if (options->max_line < 1 || options->max_line > DM_LINE_MAX) {
    return dm_error_expected(err, DM_E_INPUT, "max_line from 1 to %d", DM_LINE_MAX);
  }
  if (options->block_size < 1 || options->block_size > DM_LINE_MAX) {
    return dm_error_expected(err, DM_E_INPUT, "block_size from 1 to %d", DM_LINE_MAX);
  }
  if (options->threads < 0 || options->threads > DM_THREADS_MAX) {
    return dm_error_expected(err, DM_E_INPUT, "threads from 0 to %d", DM_THREADS_MAX);
  }
  if (options->n_signals > DM_SIGNALS_MAX) {
    return dm_error_expected(err, DM_E_INPUT, "at most %d signals", DM_SIGNALS_MAX);
  }
  while (run->loss_signal < options->n_signals &&
         strcmp(options->signals[run->loss_signal], "loss") != 0) {
    run->loss_signal++;
  }
  if (has_metric(run, DM_METRIC_LOSS_EMA) && run->loss_signal == options->n_signals) {
    return dm_error_expected(err, DM_E_INPUT, "the signal loss, for its moving average");
  }
  return dm_parser_new(&run->parser, &run->options, &run->keep, err);
}

void dm_run_free(dm_run *run) {
  if (!run) {
    return;
  }
  dm_run_rest(run);
  dm_index_release(&run->ids);
  dm_index_release(&run->labels);
  dm_index_release(&run->s_labels);
  dm_rows_release(&run->accum);
  dm_rows_release(&run->steps);
  dm_rows_release(&run->classes);
  dm_rows_release(&run->indexes);
  dm_rows_release(&run->signals);
  dm_rows_release(&run->metrics);
  dm_rows_release(&run->seen);
  dm_sums_release(&run->class_sums);
  dm_sums_release(&run->predictions);
  dm_index_release(&run->predicted);
  dm_sums_release(&run->places);
  dm_free(run->class_labels);
  dm_problems_release(&run->problems);
  dm_batch_release(&run->batch);
  dm_block_release(&run->block);
  dm_parser_free(run->parser);
  dm_free(run);
}

/* --- sources and rows --- */

dm_status dm_run_source(dm_run *run, dm_source *source, int32_t file, dm_error *err) {
  dm_lines lines;
  dm_lines_init(&lines, source, run->options.block_size, run->options.max_line);
  dm_origin origin = {.file = file, .first_line = 1};
  dm_status status;
  /* the first block is parsed here: most of ten thousand files have no second one */
  DM_TRY_DONE(dm_lines_next(&lines, &run->block, err));
  while (run->block.len) {
    DM_TRY_DONE(dm_parse_block(run->parser, &run->block, &run->batch, err));
    DM_TRY_DONE(apply_next(run, &run->block, &run->batch, &origin, err));
    /* what threads inflate ahead keeps them busy enough */
    if (run->options.threads > 1 && !dm_source_is_lent(source)) {
      DM_TRY_DONE(read_side_by_side(run, &lines, &origin, err));
      break;
    }
    DM_TRY_DONE(dm_lines_next(&lines, &run->block, err));
  }
done:
  if (status) {
    err->file = file;
  }
  dm_lines_release(&lines);
  return status;
}

static dm_status apply_next(dm_run *run, const dm_block *block, const dm_batch *batch,
                            dm_origin *origin, dm_error *err) {
  origin->first_byte = block->first_byte;
  DM_TRY(dm_run_apply(run, batch, origin, err));
  origin->first_line += batch->n_lines;
  return DM_OK;
}

/* Applying comes before reading, and reading before parsing: so the workers never wait
   for long, and no more blocks than there are jobs are held. */
static dm_status read_side_by_side(dm_run *run, dm_lines *lines, dm_origin *origin,
                                   dm_error *err) {
  dm_status status = DM_OK;
  bool is_end = false;
  while (!status) {
    dm_job *job = run->crew ? dm_crew_parsed_job(run->crew) : NULL;
    if (job) {
      status = job->status;
      if (status) {
        *err = job->error;
      } else {
        status = apply_next(run, &job->block, &job->batch, origin, err);
      }
      dm_crew_finish(run->crew);
      continue;
    }
    if (!run->crew) {
      status =
          dm_crew_new(&run->crew, &run->options, &run->keep, run->options.threads, err);
      if (status) {
        dm_run_rest(run);
        return status;
      }
    }
    job = is_end ? NULL : dm_crew_free_job(run->crew);
    if (job) {
      status = dm_lines_next(lines, &job->block, err);
      is_end = job->block.len == 0;
      if (!status && !is_end) {
        dm_crew_submit(run->crew);
      }
    } else if (dm_crew_is_busy(run->crew)) {
      dm_crew_help(run->crew);
    } else {
      return DM_OK;
    }
  }
  dm_crew_cancel(run->crew);
  return status;
}

void dm_run_rest(dm_run *run) {
  dm_crew_free(run->crew);
  run->crew = NULL;
}

dm_status dm_run_row(dm_run *run, const dm_fields *fields, uint64_t number,
                     dm_error *err) {
  enum { ROWS_AT_ONCE = 1024 };
  dm_batch *batch = &run->batch;
  uint32_t line = (uint32_t)(number - 1);
  dm_error found;
  dm_status status = dm_event_add(batch, fields, line, 0, NULL, &found);
  if (status && status != DM_E_MEMORY && run->options.is_skipping) {
    batch->n_bad++;
    found.line = line;
    dm_problem problem = dm_problem_from_error(DM_PROBLEM_BAD_LINE, &found);
    DM_TRY(dm_problems_add(&batch->problems, &problem, err));
  } else if (status) {
    DM_TRY(dm_run_end_rows(run, err)); /* what came before may fail first */
    *err = found;
    err->line = number;
    return status;
  }
  batch->n_lines++;
  return batch->n_lines < ROWS_AT_ONCE ? DM_OK : dm_run_end_rows(run, err);
}

dm_status dm_run_end_rows(dm_run *run, dm_error *err) {
  dm_origin origin = {.file = -1, .first_line = 1};
  dm_status status = dm_run_apply(run, &run->batch, &origin, err);
  dm_batch_reset(&run->batch, &run->keep);
  return status;
}

/* --- applying --- */

/* As dm_rows_at(), whose multiplication by the size becomes a shift here. */
static inline dm_accum *accum_at(const dm_run *run, uint32_t row) {
  return (dm_accum *)(void *)run->accum.chunk[row >> DM_ROWS_SHIFT] +
         (row & (DM_ROWS_CHUNK - 1));
}

dm_status dm_run_apply(dm_run *run, const dm_batch *batch, const dm_origin *origin,
                       dm_error *err) {
  /* Three stages, each a group of events behind the one before, so that the memory that
     one waits for is fetched while others are worked on: where the id is looked up, the
     row, the state itself. */
  dm_lookup guesses[3][GROUP];
  size_t next_problem = 0;
  size_t n_groups = (batch->n_events + GROUP - 1) / GROUP;
  for (size_t g = 0; g < n_groups + 2; g++) {
    if (g < n_groups) {
      begin_rows(run, batch, g * GROUP, guesses[g % 3]);
    }
    if (g >= 1 && g - 1 < n_groups) {
      guess_rows(run, batch, (g - 1) * GROUP, guesses[(g - 1) % 3]);
    }
    if (g >= 2) {
      DM_TRY(apply_events(run, batch, (g - 2) * GROUP, guesses[(g - 2) % 3], origin,
                          &next_problem, err));
    }
  }
  DM_TRY(take_problems(run, batch, origin, &next_problem, UINT64_MAX, err));
  run->counts.lines += batch->n_lines;
  run->counts.blank += batch->n_blank;
  run->counts.bad += batch->n_bad;
  run->counts.cut += batch->n_cut;
  if (batch->has_error) {
    *err = batch->error;
    err->line += origin->first_line;
    err->byte += origin->first_byte;
    err->file = origin->file;
    return err->status;
  }
  return DM_OK;
}

/* The end of the group that starts with this event. */
static inline size_t group_end(const dm_batch *batch, size_t first) {
  return batch->n_events - first < GROUP ? batch->n_events : first + GROUP;
}

static void begin_rows(const dm_run *run, const dm_batch *batch, size_t first,
                       dm_lookup *out) {
  size_t end = group_end(batch, first);
  for (size_t i = first; i < end; i++, out++) {
    const dm_event *event = &batch->events[i];
    if (event->id_kind == DM_IDENT_INT && dm_index_begin_dense(&run->ids, event->id)) {
      out->row = 0;
    } else {
      dm_ident id = dm_batch_ident(batch, event->id_kind, event->id);
      dm_index_begin(&run->ids, &id, out);
    }
  }
}

static void guess_rows(const dm_run *run, const dm_batch *batch, size_t first,
                       dm_lookup *out) {
  size_t end = group_end(batch, first);
  for (size_t i = first; i < end; i++, out++) {
    const dm_event *event = &batch->events[i];
    uint32_t row;
    out->is_certain =
        event->id_kind == DM_IDENT_INT && dm_index_find(&run->ids, event->id, &row);
    if (DM_LIKELY(out->is_certain)) {
      out->row = row + 1;
    } else {
      dm_ident id = dm_batch_ident(batch, event->id_kind, event->id);
      dm_index_guess(&run->ids, &id, out);
    }
    if (DM_LIKELY(out->row != 0)) {
      row = out->row - 1;
      __builtin_prefetch(accum_at(run, row), 1);
      if (DM_UNLIKELY(batch->is_keeping)) {
        prefetch_more(run, row);
      }
    }
  }
}

/* Most runs and batches have nothing beside what a summary needs. */
static bool has_nothing_more(const dm_run *run, const dm_batch *batch) {
  return !run->has_steps && !batch->has_steps && !run->sink.take && !run->has_window &&
         !batch->is_keeping && !batch->has_label_index;
}

static dm_status apply_events(dm_run *run, const dm_batch *batch, size_t first,
                              const dm_lookup *guesses, const dm_origin *origin,
                              size_t *next_problem, dm_error *err) {
  return DM_LIKELY(has_nothing_more(run, batch))
             ? apply_group(run, batch, first, guesses, origin, next_problem, true, err)
             : apply_group(run, batch, first, guesses, origin, next_problem, false, err);
}

DM_INLINE dm_status apply_group(dm_run *run, const dm_batch *batch, size_t first,
                                const dm_lookup *guesses, const dm_origin *origin,
                                size_t *next_problem, bool is_plain, dm_error *err) {
  size_t end = group_end(batch, first);
  for (size_t i = first; i < end; i++, guesses++) {
    const dm_event *event = &batch->events[i];
    uint32_t row = guesses->row - 1;
    if (DM_UNLIKELY(*next_problem < batch->problems.n_kept)) {
      DM_TRY(take_problems(run, batch, origin, next_problem, event->line, err));
    }
    if (!guesses->is_certain &&
        !dm_index_confirm(&run->ids, (dm_ident_kind)event->id_kind, event->id, guesses)) {
      DM_TRY(find_row(run, batch, event, guesses, &row, err));
    }
    DM_TRY(apply_event(run, batch, i, row, origin, is_plain, err));
  }
  return DM_OK;
}

DM_INLINE void prefetch_bytes(const void *p, size_t n) {
  enum { LINE = 64 };
  for (size_t i = 0; i < n; i += LINE) {
    __builtin_prefetch((const char *)p + i, 1);
  }
}

/* What add_more() will write to. Inline, else gcc drops it as a call without effect. */
DM_INLINE void prefetch_more(const dm_run *run, uint32_t row) {
  if (run->signals.elem_size) {
    prefetch_bytes(dm_rows_at(&run->signals, row), run->signals.elem_size);
  }
  if (run->metrics.n_chunks) {
    __builtin_prefetch(dm_rows_at(&run->metrics, row), 1);
  }
  if (run->class_sums.width) {
    __builtin_prefetch(dm_sums_row(&run->class_sums, row), 1);
  }
  if (run->predictions.width) {
    __builtin_prefetch(dm_sums_row(&run->predictions, row), 1);
  }
  if (run->places.width) {
    __builtin_prefetch(dm_sums_row(&run->places, row), 1);
  }
}

static dm_status find_row(dm_run *run, const dm_batch *batch, const dm_event *event,
                          const dm_lookup *lookup, uint32_t *row, dm_error *err) {
  dm_ident id = dm_batch_ident(batch, event->id_kind, event->id);
  DM_TRY(dm_index_end(&run->ids, &id, lookup, row, err));
  return grow_rows(run, err);
}

dm_status dm_run_sample(dm_run *run, const dm_ident *id, uint32_t *row, dm_error *err) {
  DM_TRY(dm_index_row(&run->ids, id, row, err));
  return dm_run_grow(run, err);
}

dm_status dm_run_grow(dm_run *run, dm_error *err) {
  if (run->has_steps) {
    DM_TRY(dm_rows_grow(&run->steps, run->ids.n, err));
  }
  return grow_rows(run, err);
}

/* The same but for steps, which check_step() makes. */
static dm_status grow_rows(dm_run *run, dm_error *err) {
  DM_TRY(dm_rows_grow(&run->accum, run->ids.n, err));
  return run->batch.is_keeping || run->has_window ? grow_more(run, err) : DM_OK;
}

/* All rows that are kept beside dm_accum, except for those of check_ functions. */
static dm_status grow_more(dm_run *run, dm_error *err) {
  size_t n = run->ids.n;
  if (run->batch.n_values) {
    DM_TRY(dm_rows_grow(&run->signals, n, err));
  }
  if (run->has_window) {
    DM_TRY(dm_rows_grow(&run->seen, n, err));
  }
  if (dm_run_has_metrics(run)) {
    DM_TRY(dm_rows_grow(&run->metrics, n, err));
  }
  if (run->keep.has_probs) {
    DM_TRY(dm_sums_grow(&run->class_sums, n, 0, err));
  }
  if (run->keep.has_prediction) {
    DM_TRY(dm_sums_grow(&run->predictions, n, 0, err));
    DM_TRY(dm_sums_grow(&run->places, n, 0, err));
  }
  return DM_OK;
}

DM_INLINE dm_status apply_event(dm_run *run, const dm_batch *batch, size_t i,
                                uint32_t row, const dm_origin *origin, bool is_plain,
                                dm_error *err) {
  const dm_event *event = &batch->events[i];
  dm_accum *a = accum_at(run, row);
  if (!is_plain) {
    bool is_refused = false;
    DM_TRY(check_more(run, batch, i, row, origin, &is_refused, err));
    if (is_refused) {
      return DM_OK;
    }
  }
  if (DM_UNLIKELY(a->n == DM_EVALUATIONS_MAX)) {
    dm_error_expected(err, DM_E_LIMIT, "at most %d evaluations of a sample",
                      DM_EVALUATIONS_MAX);
    err->line = event->line;
    place_error(err, origin);
    return DM_E_LIMIT;
  }
  uint32_t label;
  if (DM_UNLIKELY(event->label_kind != DM_IDENT_INT || a->n == 0 ||
                  !dm_index_find(&run->labels, event->label, &label) ||
                  label != a->label)) {
    DM_TRY(check_label(run, batch, event, a, row, origin, err));
  }
  if (event->s_label_kind != DM_IDENT_NONE &&
      DM_UNLIKELY(event->s_label_kind != DM_IDENT_INT ||
                  !dm_index_find(&run->s_labels, event->s_label, &label) ||
                  label + 1 != a->s_label)) {
    DM_TRY(check_s_label(run, batch, event, a, origin, err));
  }
  if (event->n_classes && DM_UNLIKELY(event->n_classes != run->common_classes ||
                                      a->classes != DM_CLASSES_COMMON)) {
    DM_TRY(check_classes(run, batch, event, a, row, origin, err));
  }
  if (!is_plain && event->label_index) {
    DM_TRY(check_index(run, batch, event, row, origin, err));
  }
  run->counts.good++;
  if (!is_plain && run->has_window && !is_in_window(run, batch, i, row)) {
    return DM_OK;
  }
  dm_accum_add(a, event->label_probs, event->correct);
  return !is_plain && batch->is_keeping ? add_more(run, batch, i, row, err) : DM_OK;
}

/* What most runs need not ask of an event. */
static dm_status check_more(dm_run *run, const dm_batch *batch, size_t i, uint32_t row,
                            const dm_origin *origin, bool *is_refused, dm_error *err) {
  dm_status status = DM_OK;
  if (batch->events[i].step_kind != DM_STEP_NONE || run->has_steps) {
    status = check_step(run, batch, i, row, origin, err);
  }
  if (run->sink.take && !status) {
    status = run->sink.take(run->sink.ctx, batch, i, row, origin, err);
  }
  if (DM_LIKELY(!status)) {
    return DM_OK;
  }
  if ((status != DM_E_FIELD && status != DM_E_SYNTAX) || !run->options.is_skipping) {
    return status;
  }
  *is_refused = true;
  run->counts.bad++;
  dm_problem problem = dm_problem_from_error(DM_PROBLEM_BAD_LINE, err);
  return dm_problems_add(&run->problems, &problem, err);
}

/* What is kept of an event beside the event itself, to its sample's states. */
static dm_status add_more(dm_run *run, const dm_batch *batch, size_t i, uint32_t row,
                          dm_error *err) {
  if (batch->n_values) {
    dm_signal_accum *signals = dm_rows_at(&run->signals, row);
    const double *values = batch->signals + i * batch->n_values;
    for (size_t s = 0; s < batch->n_values; s++) {
      if (dm_double_bits(values[s]) != DM_ABSENT_BITS) {
        dm_signal_add(&signals[s], values[s]);
      }
    }
    if (has_metric(run, DM_METRIC_LOSS_EMA) &&
        dm_double_bits(values[run->loss_signal]) != DM_ABSENT_BITS) {
      dm_metric_add_loss(dm_rows_at(&run->metrics, row), values[run->loss_signal]);
    }
  }
  if (batch->keep.has_probs) {
    size_t from = i ? batch->probs_end[i - 1] : 0;
    size_t n = batch->probs_end[i] - from;
    DM_TRY(dm_sums_grow(&run->class_sums, run->ids.n, n, err));
    double *sums = dm_sums_row(&run->class_sums, row);
    for (size_t k = 0; k < n; k++) {
      sums[k] += batch->probs[from + k];
    }
    ((dm_metric_accum *)dm_rows_at(&run->metrics, row))->n_probs += n > 0;
  }
  return batch->keep.has_prediction ? add_prediction(run, batch, i, row, err) : DM_OK;
}

static dm_status add_prediction(dm_run *run, const dm_batch *batch, size_t i,
                                uint32_t row, dm_error *err) {
  const dm_prediction *prediction = &batch->predictions[i];
  uint32_t column;
  dm_ident label = dm_index_ident(&run->labels, accum_at(run, row)->label);
  DM_TRY(dm_index_row(&run->predicted, &label, &column, err)); /* is listed as well */
  if (prediction->kind == DM_IDENT_NONE) {
    return DM_OK;
  }
  if (prediction->is_place) {
    size_t place = (size_t)prediction->label;
    DM_TRY(dm_sums_grow(&run->places, run->ids.n, place + 1, err));
    dm_sums_row(&run->places, row)[place]++;
    return DM_OK;
  }
  label = dm_batch_ident(batch, prediction->kind, prediction->label);
  DM_TRY(dm_index_row(&run->predicted, &label, &column, err));
  DM_TRY(dm_sums_grow(&run->predictions, run->ids.n, run->predicted.n, err));
  dm_sums_row(&run->predictions, row)[column]++;
  return DM_OK;
}

/* Whether the line's sample has had none before, that counts or not. */
static inline bool is_first(const dm_run *run, const dm_accum *a, uint32_t row) {
  return DM_UNLIKELY(run->has_window)
             ? *(const uint32_t *)dm_rows_at(&run->seen, row) == 0
             : a->n == 0;
}

/* Whether the line counts, and that it was seen. */
static bool is_in_window(dm_run *run, const dm_batch *batch, size_t i, uint32_t row) {
  const dm_options *options = &run->options;
  uint32_t *seen = dm_rows_at(&run->seen, row);
  double step = batch->events[i].step_kind == DM_STEP_NONE ? *seen : batch->steps[i];
  *seen += *seen < UINT32_MAX;
  if (options->has_step_range &&
      !(step >= options->first_step && step <= options->last_step)) {
    return false;
  }
  return options->burn_out == 0 || accum_at(run, row)->n < options->burn_out;
}

static dm_status check_step(dm_run *run, const dm_batch *batch, size_t i, uint32_t row,
                            const dm_origin *origin, dm_error *err) {
  const dm_event *event = &batch->events[i];
  const dm_accum *a = accum_at(run, row);
  run->has_steps |= event->step_kind != DM_STEP_NONE;
  DM_TRY(dm_rows_grow(&run->steps, run->ids.n, err));
  dm_step_state *last = dm_rows_at(&run->steps, row);
  bool is_given = event->step_kind != DM_STEP_NONE;
  double step = is_given ? batch->steps[i] : 0;
  bool is_mixed = !is_first(run, a, row) && is_given != (last->is_given != 0);
  bool is_back = is_given && last->is_given && step < last->step;
  run->has_back_steps |= is_back;
  if (DM_UNLIKELY(is_mixed || (is_back && !run->sink.take))) {
    char id[64];
    dm_ident ident = dm_index_ident(&run->ids, row);
    dm_ident_print(&ident, id, sizeof id);
    char now[DM_FORMAT_MAX + 1];
    char before[DM_FORMAT_MAX + 1];
    print_step(step, now);
    print_step(last->step, before);
    if (is_mixed) {
      dm_error_expected(err, DM_E_FIELD, "%s step, like the lines of id %s before",
                        is_given ? "no" : "a", id);
      dm_error_found(err, is_given ? "step %s" : "a line without it", now);
      dm_error_advice(err, "give all lines of an id a step, or none");
    } else {
      dm_error_expected(err, DM_E_FIELD, "a step of at least %s, the last of id %s",
                        before, id);
      dm_error_found(err, "step %s", now);
      dm_error_advice(err,
                      "give the files in time order, or read them as a table, which is "
                      "sorted by step within id");
      err->other_file = last->file;
      err->other_line = last->line;
    }
    dm_error_key(err, "step", 4);
    err->line = event->line;
    err->byte = event->offset;
    err->column = 1;
    dm_span unused;
    const char *text = line_text(batch, event);
    if (text) {
      (void)dm_line_find(text, "step", &unused, &err->column);
    }
    place_error(err, origin);
    return DM_E_FIELD;
  }
  if (!is_given) {
    return DM_OK;
  }
  if (DM_UNLIKELY(last->is_given && step == last->step &&
                  event->step_kind == DM_STEP_UNIQUE)) {
    char shown[DM_FORMAT_MAX + 1];
    print_step(step, shown);
    dm_note note = note_at(batch, event, origin);
    note.kind = DM_PROBLEM_STEP;
    note.key = "step";
    note.actual = shown;
    DM_TRY(dm_problem_note(&run->problems, &note, err,
                           "a step above %s, which this id had before", shown));
  }
  if (!last->is_given) {
    last->first = step;
    last->is_given = 1;
    last->is_first_unique = event->step_kind == DM_STEP_UNIQUE;
  }
  last->step = step;
  last->line = origin->first_line + event->line;
  last->file = origin->file;
  if (step > run->largest_step) {
    double distance = step - run->largest_step;
    if (run->largest_step > -INFINITY && distance > run->step_distance) {
      run->step_distance = distance;
    }
    run->largest_step = step;
  }
  return DM_OK;
}

static dm_status check_label(dm_run *run, const dm_batch *batch, const dm_event *event,
                             dm_accum *a, uint32_t row, const dm_origin *origin,
                             dm_error *err) {
  uint32_t label;
  if (event->label_kind != DM_IDENT_INT ||
      !dm_index_find(&run->labels, event->label, &label)) {
    dm_ident ident = dm_batch_ident(batch, event->label_kind, event->label);
    DM_TRY(dm_index_row(&run->labels, &ident, &label, err));
  }
  if (is_first(run, a, row)) {
    a->label = label;
  } else if (a->label != label) {
    char first[64];
    char now[64];
    dm_ident ident = dm_batch_ident(batch, event->label_kind, event->label);
    dm_ident first_label = dm_index_ident(&run->labels, a->label);
    dm_ident_print(&first_label, first, sizeof first);
    dm_ident_print(&ident, now, sizeof now);
    dm_note note = note_at(batch, event, origin);
    note.kind = DM_PROBLEM_LABEL;
    note.key = "label";
    note.actual = now;
    return dm_problem_note(&run->problems, &note, err, "label %s, the first of this id",
                           first);
  }
  return DM_OK;
}

static dm_status check_s_label(dm_run *run, const dm_batch *batch, const dm_event *event,
                               dm_accum *a, const dm_origin *origin, dm_error *err) {
  uint32_t s_label;
  if (event->s_label_kind != DM_IDENT_INT ||
      !dm_index_find(&run->s_labels, event->s_label, &s_label)) {
    dm_ident ident = dm_batch_ident(batch, event->s_label_kind, event->s_label);
    DM_TRY(dm_index_row(&run->s_labels, &ident, &s_label, err));
  }
  if (a->s_label == 0) {
    if (s_label >= DM_S_LABELS_MAX) {
      return dm_error_expected(err, DM_E_LIMIT, "at most %d different s_labels",
                               DM_S_LABELS_MAX);
    }
    a->s_label = (s_label + 1) & 0x7FFFFFF;
  } else if (DM_UNLIKELY(a->s_label != s_label + 1)) {
    char first[64];
    char now[64];
    dm_ident ident = dm_batch_ident(batch, event->s_label_kind, event->s_label);
    dm_ident first_label = dm_index_ident(&run->s_labels, a->s_label - 1);
    dm_ident_print(&first_label, first, sizeof first);
    dm_ident_print(&ident, now, sizeof now);
    dm_note note = note_at(batch, event, origin);
    note.kind = DM_PROBLEM_S_LABEL;
    note.key = "s_label";
    note.actual = now;
    return dm_problem_note(&run->problems, &note, err, "s_label %s, the first of this id",
                           first);
  }
  return DM_OK;
}

/* Lengths that differ between samples are fine (the choices of a question); one that
   changes for a sample is not. */
static dm_status check_classes(dm_run *run, const dm_batch *batch, const dm_event *event,
                               dm_accum *a, uint32_t row, const dm_origin *origin,
                               dm_error *err) {
  uint32_t n = event->n_classes;
  if (a->classes == DM_CLASSES_NONE) {
    return dm_run_set_classes(run, row, n, err);
  }
  uint32_t first = dm_run_classes(run, row);
  if (first == n) {
    return DM_OK;
  }
  char now[32];
  (void)snprintf(now, sizeof now, "%llu", (unsigned long long)n);
  const char *text = line_text(batch, event);
  dm_span unused_span;
  uint64_t unused;
  bool is_probs = !text || dm_line_find(text, "probs", &unused_span, &unused);
  dm_note note = note_at(batch, event, origin);
  note.kind = DM_PROBLEM_PROB_COUNT;
  note.key = is_probs ? "probs" : "logits";
  note.actual = now;
  return dm_problem_note(&run->problems, &note, err,
                         "%llu classes, as at first for this id",
                         (unsigned long long)first);
}

uint32_t dm_run_classes(const dm_run *run, uint32_t row) {
  switch ((dm_classes)accum_at(run, row)->classes) {
    case DM_CLASSES_COMMON:
      return run->common_classes;
    case DM_CLASSES_OTHER:
      return *(const uint32_t *)dm_rows_at(&run->classes, row);
    default:
      return 0;
  }
}

dm_status dm_run_set_classes(dm_run *run, uint32_t row, uint32_t n_classes,
                             dm_error *err) {
  if (n_classes == 0) {
    return DM_OK;
  }
  if (run->common_classes == 0) {
    run->common_classes = n_classes;
  }
  bool is_common = n_classes == run->common_classes;
  accum_at(run, row)->classes = is_common ? DM_CLASSES_COMMON : DM_CLASSES_OTHER;
  if (!is_common) {
    DM_TRY(dm_rows_grow(&run->classes, (size_t)row + 1, err));
    *(uint32_t *)dm_rows_at(&run->classes, row) = n_classes;
  }
  return DM_OK;
}

/* Only for the label that the sample had first: another one has a place of its own. */
static dm_status check_index(dm_run *run, const dm_batch *batch, const dm_event *event,
                             uint32_t row, const dm_origin *origin, dm_error *err) {
  uint32_t label;
  dm_ident ident = dm_batch_ident(batch, event->label_kind, event->label);
  DM_TRY(dm_index_row(&run->labels, &ident, &label, err)); /* which is there */
  if (event->label_index <= event->n_classes) {
    DM_TRY(dm_run_name_class(run, event->label_index - 1, label + 1, err));
  }
  if (label != accum_at(run, row)->label) {
    return DM_OK;
  }
  uint32_t first = dm_run_label_index(run, row);
  if (first == 0) {
    return dm_run_set_label_index(run, row, event->label_index, err);
  }
  if (first == event->label_index) {
    return DM_OK;
  }
  char now[32];
  (void)snprintf(now, sizeof now, "%lu", (unsigned long)event->label_index - 1);
  dm_note note = note_at(batch, event, origin);
  note.kind = DM_PROBLEM_LABEL_INDEX;
  note.key = "label_index";
  note.actual = now;
  return dm_problem_note(&run->problems, &note, err, "%lu, the first for this id's label",
                         (unsigned long)first - 1);
}

uint32_t dm_run_label_index(const dm_run *run, size_t row) {
  return row < dm_rows_cap(&run->indexes)
             ? *(const uint32_t *)dm_rows_at(&run->indexes, row)
             : 0;
}

dm_status dm_run_set_label_index(dm_run *run, size_t row, uint32_t index_plus_1,
                                 dm_error *err) {
  if (index_plus_1 > 0) {
    DM_TRY(dm_rows_grow(&run->indexes, row + 1, err));
    *(uint32_t *)dm_rows_at(&run->indexes, row) = index_plus_1;
  }
  return DM_OK;
}

dm_status dm_run_name_class(dm_run *run, size_t place, uint32_t label_plus_1,
                            dm_error *err) {
  DM_GROW(run->class_labels, run->cap_class_labels, place + 1, err);
  while (run->n_class_labels <= place) {
    run->class_labels[run->n_class_labels++] = 0;
  }
  uint32_t *label = &run->class_labels[place];
  if (*label == 0) {
    *label = label_plus_1;
  } else if (label_plus_1 > 0 && *label != label_plus_1) {
    *label = DM_LABELS_SEVERAL;
  }
  return DM_OK;
}

dm_ident dm_run_class_label(const dm_run *run, size_t place) {
  uint32_t label = place < run->n_class_labels ? run->class_labels[place] : 0;
  return label > 0 && label != DM_LABELS_SEVERAL ? dm_index_ident(&run->labels, label - 1)
                                                 : dm_ident_from_int((int64_t)place);
}

/* --- problems --- */

/* Moves the batch's problems up to a line (within the batch) to the run's. */
static dm_status take_problems(dm_run *run, const dm_batch *batch,
                               const dm_origin *origin, size_t *next, uint64_t last_line,
                               dm_error *err) {
  const dm_problems *from = &batch->problems;
  for (; *next < from->n_kept && from->kept[*next].line <= last_line; ++*next) {
    dm_problem problem = from->kept[*next];
    problem.line += origin->first_line;
    problem.file = origin->file;
    DM_TRY(dm_problems_add(&run->problems, &problem, err));
  }
  if (last_line == UINT64_MAX) { /* those that were only counted */
    uint64_t kept[DM_PROBLEM_KINDS] = {0};
    for (size_t i = 0; i < from->n_kept; i++) {
      kept[from->kept[i].kind]++;
    }
    for (int kind = 0; kind < DM_PROBLEM_KINDS; kind++) {
      run->problems.count[kind] += from->count[kind] - kept[kind];
    }
  }
  return DM_OK;
}

static void place_error(dm_error *err, const dm_origin *origin) {
  err->line += origin->first_line;
  err->byte += origin->first_byte;
  err->file = origin->file;
}

static const char *line_text(const dm_batch *batch, const dm_event *event) {
  return batch->data ? batch->data + event->offset : NULL;
}

/* A note of nothing yet, placed at the event's line. */
static dm_note note_at(const dm_batch *batch, const dm_event *event,
                       const dm_origin *origin) {
  return (dm_note){.file = origin->file,
                   .line = origin->first_line + event->line,
                   .text = line_text(batch, event)};
}

static void print_step(double step, char *out) {
  out[dm_format_double(step, out)] = '\0';
}
