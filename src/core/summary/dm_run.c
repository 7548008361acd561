/* Drives the reading: blocks are parsed into batches, and batches are applied in file
   order to the running states. Where there are threads, they read as well, if the source
   has places; the few lines that lie across the ends of what they read are parsed here.
 */
#include "summary/dm_run.h"

#include "signals/dm_keys.h"

static dm_status apply_next(dm_run *run, const dm_block *block, const dm_batch *batch,
                            dm_origin *origin, dm_error *err);
static dm_status read_side_by_side(dm_run *run, dm_lines *lines, dm_origin *origin,
                                   dm_error *err);
static dm_status fill_job(dm_job *job, dm_lines *lines, bool *is_end, dm_error *err);
static dm_status place_job(dm_run *run, dm_lines *lines, dm_job *job, dm_origin *origin,
                           dm_error *err);
static dm_status take_bad_row(dm_run *run, const dm_error *found, uint64_t number,
                              bool has_id, dm_error *err);

/* --- life --- */

dm_status dm_run_new(dm_run **out, const dm_options *options, const dm_host *host,
                     dm_error *err) {
  dm_run *run = dm_calloc(1, sizeof *run);
  *out = run;
  if (!run) {
    return dm_error_memory(err);
  }
  if (host) {
    run->host = *host;
  }
  run->table = -1;
  DM_TRY(dm_states_init(&run->states, options, err));
  run->keep = run->states.keep;
  dm_batch_reset(&run->batch, &run->keep);
  run->batch.problems.names = options->names;
  if (options->max_line < 1 || options->max_line > DM_LINE_MAX) {
    return dm_error_expected(err, DM_E_INPUT, "max_line from 1 to %d", DM_LINE_MAX);
  }
  if (options->block_size < 1 || options->block_size > DM_LINE_MAX) {
    return dm_error_expected(err, DM_E_INPUT, "block_size from 1 to %d", DM_LINE_MAX);
  }
  if (options->threads < 0 || options->threads > DM_THREADS_MAX) {
    return dm_error_expected(err, DM_E_INPUT, "threads from 0 to %d", DM_THREADS_MAX);
  }
  return dm_parser_new(&run->parser, &run->states.options, &run->keep, err);
}

dm_status dm_run_set_sink(dm_run *run, const dm_sink *sink, bool with_label,
                          bool with_class, dm_error *err) {
  run->sink = *sink;
  run->keep.has_row = true;
  run->keep.has_row_label = with_label;
  run->keep.has_row_class = with_class;
  dm_batch_reset(&run->batch, &run->keep);
  dm_parser_free(run->parser);
  return dm_parser_new(&run->parser, &run->states.options, &run->keep, err);
}

void dm_run_free(dm_run *run) {
  if (!run) {
    return;
  }
  dm_run_end_threads(run);
  dm_states_release(&run->states);
  dm_batch_release(&run->batch);
  dm_block_release(&run->block);
  dm_parser_free(run->parser);
  dm_free(run);
}

/* --- sources and rows --- */

dm_status dm_run_source(dm_run *run, dm_source *source, int32_t file, dm_error *err) {
  dm_lines lines;
  dm_lines_init(&lines, source, run->states.options.block_size,
                run->states.options.max_line);
  dm_origin origin = {.file = file, .first_line = 1};
  dm_status status;
  /* the first block is parsed here: most of ten thousand files have no second one */
  DM_TRY_DONE(dm_lines_next(&lines, &run->block, err));
  while (run->block.len) {
    DM_TRY_DONE(dm_parse_block(run->parser, &run->block, &run->batch, err));
    DM_TRY_DONE(apply_next(run, &run->block, &run->batch, &origin, err));
    /* what threads inflate ahead keeps them busy enough */
    if (run->states.options.threads > 1 && !dm_source_is_lent(source)) {
      DM_TRY_DONE(read_side_by_side(run, &lines, &origin, err));
    }
    DM_TRY_DONE(dm_lines_next(&lines, &run->block, err));
  }
done:
  if (status) {
    err->file = file;
  }
  run->open_line = lines.open_line;
  run->next_byte = lines.next_byte;
  dm_lines_release(&lines);
  return status;
}

static dm_status apply_next(dm_run *run, const dm_block *block, const dm_batch *batch,
                            dm_origin *origin, dm_error *err) {
  origin->first_byte = block->first_byte;
  DM_TRY(dm_fold_batch(&run->states, &run->sink, batch, origin, err));
  origin->first_line += batch->n_lines;
  return DM_OK;
}

/* Where workers read as well, they come first: there are jobs for them as long as there
   is room, since what they have parsed can wait to be applied, and no more blocks than
   there are jobs are held. Elsewhere reading may have to wait for whoever writes, and
   what is parsed comes first. What can't be read is told once all that came before it is
   applied, as one thread would tell it, but for an interrupt, which ends all at once. */
static dm_status read_side_by_side(dm_run *run, dm_lines *lines, dm_origin *origin,
                                   dm_error *err) {
  dm_status status = DM_OK;
  dm_status reading = DM_OK;
  dm_error failure = {0};
  bool is_end = false;
  bool has_places = dm_source_has_places(lines->source);
  if (!run->crew) {
    status = dm_crew_new(&run->crew, &run->states, &run->keep, err);
    if (status) {
      dm_run_end_threads(run);
      return status;
    }
  }
  while (!status && reading != DM_E_INTERRUPT) {
    dm_job *empty;
    dm_job *parsed;
    status = dm_crew_look(run->crew, &empty, &parsed, err);
    if (status) {
      break;
    }
    bool can_fill = empty && !is_end;
    if (parsed && !(can_fill && has_places)) {
      status = place_job(run, lines, parsed, origin, err);
    } else if (can_fill) {
      reading = fill_job(empty, lines, &is_end, &failure);
      is_end |= reading != DM_OK;
      if (!is_end) {
        dm_crew_submit(run->crew);
      }
    } else if (dm_crew_is_busy(run->crew)) {
      dm_crew_help(run->crew);
    } else {
      break;
    }
  }
  if (!status && reading) {
    *err = failure;
    status = reading;
  }
  dm_status keeping = dm_crew_settle(run->crew, err); /* lines before all that */
  status = keeping ? keeping : status;
  dm_crew_cancel(run->crew);
  return status;
}

/* With what comes next; *is_end: nothing does. */
static dm_status fill_job(dm_job *job, dm_lines *lines, bool *is_end, dm_error *err) {
  job->is_stretch = dm_source_has_places(lines->source);
  if (job->is_stretch) {
    DM_TRY(dm_lines_next_stretch(lines, &job->stretch, err));
    *is_end = job->stretch.len == 0;
  } else {
    DM_TRY(dm_lines_next(lines, &job->block, err));
    *is_end = job->block.len == 0;
  }
  return DM_OK;
}

static dm_status place_job(dm_run *run, dm_lines *lines, dm_job *job, dm_origin *origin,
                           dm_error *err) {
  if (job->status) {
    *err = job->error;
    return job->status;
  }
  if (job->is_stretch) {
    DM_TRY(dm_lines_join(lines, &job->stretch, &job->block, err));
    if (job->block.len) {
      DM_TRY(dm_parse_block(run->parser, &job->block, &job->edge.batch, err));
    }
  }
  return dm_crew_place(run->crew, &run->sink, origin, err);
}

void dm_run_end_threads(dm_run *run) {
  dm_crew_free(run->crew);
  run->crew = NULL;
}

static dm_status count_row(dm_run *run, dm_error *err) {
  enum { ROWS_AT_ONCE = 1024 };
  run->batch.n_lines++;
  return run->batch.n_lines < ROWS_AT_ONCE ? DM_OK : dm_run_end_rows(run, err);
}

dm_status dm_run_row(dm_run *run, const dm_fields *fields, uint64_t number,
                     dm_error *err) {
  dm_error found;
  if (!dm_is_of_share(&run->states.options, &fields->id)) {
    run->batch.n_elsewhere++;
    return count_row(run, err);
  }
  if (dm_event_add(&run->batch, fields, (uint32_t)(number - 1), 0, NULL, &found)) {
    return take_bad_row(run, &found, number, fields->id.kind != DM_IDENT_NONE, err);
  }
  return count_row(run, err);
}

dm_status dm_run_bad_row(dm_run *run, const dm_error *found, uint64_t number,
                         dm_error *err) {
  return take_bad_row(run, found, number, false, err);
}

static dm_status take_bad_row(dm_run *run, const dm_error *found, uint64_t number,
                              bool has_id, dm_error *err) {
  dm_batch *batch = &run->batch;
  dm_error bad = *found;
  dm_error_rename(run->states.options.names, &bad);
  if (bad.status == DM_E_MEMORY || !run->states.options.is_skipping) {
    DM_TRY(dm_run_end_rows(run, err)); /* what came before may fail first */
    *err = bad;
    err->file = run->table;
    err->line = run->rows_before + number;
    return bad.status;
  }
  if (dm_is_left_to_first(&run->states.options, has_id)) {
    batch->n_elsewhere++;
    return count_row(run, err);
  }
  batch->n_bad++;
  bad.line = number - 1;
  dm_problem problem = dm_problem_from_error(DM_PROBLEM_BAD_LINE, &bad);
  DM_TRY(dm_problems_add(&batch->problems, &problem, err));
  return count_row(run, err);
}

dm_status dm_run_end_rows(dm_run *run, dm_error *err) {
  dm_origin origin = {.file = run->table, .first_line = run->rows_before + 1};
  dm_status status = dm_fold_batch(&run->states, &run->sink, &run->batch, &origin, err);
  dm_batch_reset(&run->batch, &run->keep);
  return status;
}
