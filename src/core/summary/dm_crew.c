/* Workers add what is placed, then parse what waits. The owner places and concludes in
   order, reads what workers can't, and does their work when it has nothing else to do. A
   job is touched by one thread at a time until it is placed, and then each of its lanes
   is: job states and lanes, under the mutex, say whether by any. */
#include "summary/dm_crew.h"

#include "base/dm_pool.h"

enum { JOB_FREE, JOB_WAITING, JOB_TAKEN, JOB_PARSED }; /* dm_job.state */

typedef struct lane {
  uint64_t next; /* the job that it comes to next */
  bool is_taken;
} lane;

struct dm_crew {
  dm_pool pool;     /* has_work: a job waits, or is placed */
  dm_cond has_news; /* a job is parsed, or added by a lane */
  uint64_t news;    /* how often */
  uint64_t seen;    /* how often when the owner last looked */
  dm_states *states;
  dm_mutex wide; /* of the states' */
  dm_job *jobs;
  size_t n_jobs;
  uint64_t first;    /* oldest job under way, counted from the crew's start */
  uint64_t unadded;  /* the oldest that is not added by all lanes */
  uint64_t unplaced; /* the oldest that is not placed */
  uint64_t next;     /* the next one to be filled */
  lane lanes[DM_LANES_MAX];
  size_t n_lanes;      /* 0: all is done when jobs are placed */
  bool is_keeping;     /* lanes only keep what a summary does not need */
  dm_parser **parsers; /* one for each thread; the first is the owner's */
  size_t n_parsers;
  size_t n_taken;   /* parsers that a thread has for its own */
  dm_status status; /* of what failed first, in a lane or when concluded */
  dm_error error;
};

/* What a thread has taken: a job to be parsed, or one to be added by a lane. */
typedef struct task {
  dm_job *job; /* NULL: nothing */
  lane *lane;  /* NULL: parse it */
} task;

static void work(void *data);
static task take_task(dm_crew *crew);
static task take_placed(dm_crew *crew);
static void do_task(dm_crew *crew, const task *t, dm_parser *parser);
static dm_status place_part(dm_crew *crew, const dm_sink *sink, dm_part *part,
                            dm_origin *origin, dm_error *err);
static void hand_over(dm_crew *crew, const dm_job *job);
static void fail(dm_crew *crew, dm_status status, const dm_error *error);
static dm_status conclude(dm_crew *crew, dm_error *err);
static dm_status add_job(const dm_crew *crew, const task *t, dm_error *err);
static void leave_lane(dm_crew *crew, lane *left);
static void count_added(dm_crew *crew);
static void parse_job(const dm_crew *crew, dm_job *job, dm_parser *parser);
static dm_job *job_at(const dm_crew *crew, uint64_t i);

/* As many as there are threads, or a few more; none where lines that are plain for what
   is read have more to them. */
static size_t lanes_for(const dm_states *states, const dm_keep *keep) {
  bool can_be_plain = !states->has_window && !dm_keep_is_any(keep);
  size_t n = dm_states_keep_more(states) || can_be_plain;
  while (n > 0 && n < DM_LANES_MAX && n < (size_t)states->options.threads) {
    n *= 2;
  }
  return n;
}

dm_status dm_crew_new(dm_crew **out, dm_states *states, const dm_keep *keep,
                      dm_error *err) {
  size_t threads = (size_t)states->options.threads;
  dm_crew *crew = dm_calloc(1, sizeof *crew);
  *out = crew;
  if (!crew) {
    return dm_error_memory(err);
  }
  dm_pool_init(&crew->pool);
  dm_cond_init(&crew->has_news);
  dm_mutex_init(&crew->wide);
  crew->states = states;
  states->kept.lock = &crew->wide;
  crew->n_lanes = lanes_for(states, keep);
  crew->is_keeping = dm_states_keep_more(states);
  /* where there are lanes, about as many jobs wait for them as to be parsed */
  crew->n_jobs = threads * (crew->n_lanes ? 2 : 1) + 2;
  crew->jobs = dm_calloc(crew->n_jobs, sizeof *crew->jobs);
  crew->parsers = dm_calloc(threads, sizeof *crew->parsers);
  if (!crew->jobs || !crew->parsers) {
    return dm_error_memory(err);
  }
  crew->n_parsers = threads;
  for (size_t i = 0; i < crew->n_parsers; i++) {
    DM_TRY(dm_parser_new(&crew->parsers[i], &states->options, keep, err));
  }
  crew->n_taken = 1;
  (void)dm_pool_start(&crew->pool, crew->n_parsers - 1, work, crew);
  return DM_OK;
}

void dm_crew_free(dm_crew *crew) {
  if (!crew) {
    return;
  }
  dm_pool_end(&crew->pool);
  for (size_t i = 0; i < crew->n_parsers; i++) {
    dm_parser_free(crew->parsers[i]);
  }
  for (size_t i = 0; crew->jobs && i < crew->n_jobs; i++) {
    dm_stretch_release(&crew->jobs[i].stretch);
    dm_block_release(&crew->jobs[i].block);
    dm_part_release(&crew->jobs[i].edge);
    dm_part_release(&crew->jobs[i].lines);
  }
  crew->states->kept.lock = NULL;
  dm_mutex_release(&crew->wide);
  dm_cond_release(&crew->has_news);
  dm_pool_release(&crew->pool);
  dm_free(crew->parsers);
  dm_free(crew->jobs);
  dm_free(crew);
}

/* --- the owner's --- */

dm_status dm_crew_look(dm_crew *crew, dm_job **empty, dm_job **parsed, dm_error *err) {
  dm_mutex_lock(&crew->pool.mutex);
  dm_status status = conclude(crew, err);
  bool has_room = crew->next - crew->first < crew->n_jobs;
  *empty = has_room ? job_at(crew, crew->next) : NULL;
  dm_job *oldest = job_at(crew, crew->unplaced);
  bool is_parsed = crew->unplaced < crew->next && oldest->state == JOB_PARSED;
  *parsed = is_parsed ? oldest : NULL;
  crew->seen = crew->news;
  dm_mutex_unlock(&crew->pool.mutex);
  return status;
}

void dm_crew_submit(dm_crew *crew) {
  dm_mutex_lock(&crew->pool.mutex);
  dm_job *job = job_at(crew, crew->next);
  job->state = JOB_WAITING;
  dm_lanes_clear(&job->edge.lanes); /* there may be no such line */
  crew->next++;
  dm_cond_signal(&crew->pool.has_work);
  dm_mutex_unlock(&crew->pool.mutex);
}

static bool has_edge_of(const dm_job *job) {
  return job->is_stretch && job->block.len > 0;
}

/* Of a run without class vectors so far, those of both parts have to be equally long.
   Where no lanes were made, or they only keep, no batch is plain. */
static bool is_plain_job(const dm_crew *crew, const dm_job *job, const dm_sink *sink) {
  const dm_batch *edge = &job->edge.batch;
  const dm_batch *lines = &job->lines.batch;
  return dm_fold_is_plain(crew->states, sink, lines) &&
         (!has_edge_of(job) || (dm_fold_is_plain(crew->states, sink, edge) &&
                                (edge->n_classes == 0 || lines->n_classes == 0 ||
                                 edge->n_classes == lines->n_classes)));
}

dm_status dm_crew_place(dm_crew *crew, const dm_sink *sink, dm_origin *origin,
                        dm_error *err) {
  dm_job *job = job_at(crew, crew->unplaced); /* which only the owner moves on */
  bool has_edge = has_edge_of(job);
  const dm_block *lines = job->is_stretch ? &job->stretch.lines : &job->block;
  bool is_plain = is_plain_job(crew, job, sink); /* then there are lanes */
  size_t n_lanes = is_plain || crew->is_keeping ? crew->n_lanes : 0;
  job->lines.lanes.is_plain = is_plain;
  job->edge.lanes.is_plain = is_plain && has_edge;
  job->lines.lanes.n_lanes = job->edge.lanes.n_lanes = n_lanes;
  if (!crew->is_keeping && !is_plain) { /* what lanes work on is looked at */
    DM_TRY(dm_crew_settle(crew, err));
  }
  if (has_edge) {
    origin->first_byte = job->block.first_byte;
    DM_TRY(place_part(crew, sink, &job->edge, origin, err));
  }
  origin->first_byte = lines->first_byte;
  DM_TRY(place_part(crew, sink, &job->lines, origin, err));
  hand_over(crew, job);
  return DM_OK;
}

static dm_status place_part(dm_crew *crew, const dm_sink *sink, dm_part *part,
                            dm_origin *origin, dm_error *err) {
  dm_states *states = crew->states;
  DM_TRY(dm_fold_place(states, sink, part, origin, err));
  origin->first_line += part->batch.n_lines;
  const dm_widths *widths = &part->lanes.widths;
  if (!dm_states_has_room(states, widths)) { /* now and then */
    DM_TRY(dm_crew_settle(crew, err));
  }
  DM_TRY(dm_states_grow_rows(states, err));
  return dm_states_grow_kept(states, widths, err);
}

static void hand_over(dm_crew *crew, const dm_job *job) {
  bool is_done =
      dm_lanes_are_empty(&job->edge.lanes) && dm_lanes_are_empty(&job->lines.lanes);
  dm_mutex_lock(&crew->pool.mutex);
  job_at(crew, crew->unplaced)->state = JOB_FREE;
  crew->unplaced++;
  for (size_t i = 0; is_done && i < crew->n_lanes; i++) {
    crew->lanes[i].next += crew->lanes[i].next + 1 == crew->unplaced; /* nothing for it */
  }
  count_added(crew);
  if (crew->unadded < crew->unplaced) {
    dm_cond_broadcast(&crew->pool.has_work);
  }
  dm_mutex_unlock(&crew->pool.mutex);
}

/* The mutex is held. */
static void fail(dm_crew *crew, dm_status status, const dm_error *error) {
  if (status && !crew->status) {
    crew->status = status;
    crew->error = *error;
  }
}

/* What all lanes have done with. The mutex is held. */
static dm_status conclude(dm_crew *crew, dm_error *err) {
  while (!crew->status && crew->first < crew->unadded) {
    dm_job *job = job_at(crew, crew->first);
    dm_mutex_unlock(&crew->pool.mutex);
    dm_error error;
    dm_status status = dm_fold_conclude(crew->states, &job->edge, &error);
    status = status ? status : dm_fold_conclude(crew->states, &job->lines, &error);
    if (job->is_stretch && job->block.cap > crew->states->options.block_size) {
      dm_block_release(&job->block); /* a line that is long: jobs need not keep it */
    }
    dm_mutex_lock(&crew->pool.mutex);
    fail(crew, status, &error);
    crew->first++;
  }
  if (crew->status) {
    *err = crew->error;
  }
  return crew->status;
}

bool dm_crew_is_busy(dm_crew *crew) {
  dm_mutex_lock(&crew->pool.mutex);
  bool is_busy = crew->first < crew->next;
  dm_mutex_unlock(&crew->pool.mutex);
  return is_busy;
}

void dm_crew_help(dm_crew *crew) {
  dm_mutex_lock(&crew->pool.mutex);
  task t = take_task(crew);
  while (!t.job && crew->seen == crew->news) {
    dm_cond_wait(&crew->has_news, &crew->pool.mutex);
  }
  dm_mutex_unlock(&crew->pool.mutex);
  if (t.job) {
    do_task(crew, &t, crew->parsers[0]);
  }
}

dm_status dm_crew_settle(dm_crew *crew, dm_error *err) {
  dm_mutex_lock(&crew->pool.mutex);
  while (crew->unadded < crew->unplaced) {
    task t = take_placed(crew);
    if (t.job) {
      dm_mutex_unlock(&crew->pool.mutex);
      do_task(crew, &t, NULL);
      dm_mutex_lock(&crew->pool.mutex);
    } else {
      dm_cond_wait(&crew->has_news, &crew->pool.mutex);
    }
  }
  dm_status status = conclude(crew, err);
  dm_mutex_unlock(&crew->pool.mutex);
  return status;
}

void dm_crew_cancel(dm_crew *crew) {
  dm_mutex_lock(&crew->pool.mutex);
  for (uint64_t i = crew->unplaced; i < crew->next; i++) {
    dm_job *job = job_at(crew, i);
    while (job->state == JOB_TAKEN) {
      dm_cond_wait(&crew->has_news, &crew->pool.mutex);
    }
    job->state = JOB_FREE;
  }
  /* not before: lanes would come to them */
  crew->first = crew->unadded = crew->unplaced = crew->next;
  for (size_t i = 0; i < crew->n_lanes; i++) {
    crew->lanes[i].next = crew->next;
  }
  dm_mutex_unlock(&crew->pool.mutex);
}

/* --- anyone's --- */

static dm_job *job_at(const dm_crew *crew, uint64_t i) {
  return &crew->jobs[i % crew->n_jobs];
}

/* The oldest placed job that a lane nobody has taken has come to. The mutex is held. */
static task take_placed(dm_crew *crew) {
  lane *oldest = NULL;
  for (size_t i = 0; i < crew->n_lanes; i++) {
    lane *one = &crew->lanes[i];
    if (!one->is_taken && one->next < crew->unplaced &&
        (!oldest || one->next < oldest->next)) {
      oldest = one;
    }
  }
  if (!oldest) {
    return (task){0};
  }
  oldest->is_taken = true;
  return (task){.job = job_at(crew, oldest->next), .lane = oldest};
}

/* Anything that nobody has begun, now taken. The mutex is held. */
static task take_task(dm_crew *crew) {
  task t = take_placed(crew);
  for (uint64_t i = crew->unplaced; !t.job && i < crew->next; i++) {
    dm_job *job = job_at(crew, i);
    if (job->state == JOB_WAITING) {
      job->state = JOB_TAKEN;
      t.job = job;
    }
  }
  return t;
}

static void do_task(dm_crew *crew, const task *t, dm_parser *parser) {
  dm_error error;
  dm_status status = DM_OK;
  if (t->lane) {
    status = add_job(crew, t, &error);
  } else {
    parse_job(crew, t->job, parser);
  }
  dm_mutex_lock(&crew->pool.mutex);
  fail(crew, status, &error);
  if (t->lane) {
    leave_lane(crew, t->lane);
  } else {
    t->job->state = JOB_PARSED;
  }
  crew->news++;
  dm_cond_broadcast(&crew->has_news);
  dm_mutex_unlock(&crew->pool.mutex);
}

static dm_status add_job(const dm_crew *crew, const task *t, dm_error *err) {
  dm_job *job = t->job;
  size_t number = (size_t)(t->lane - crew->lanes);
  dm_states *states = crew->states;
  DM_TRY(dm_part_do_lane(&job->edge, number, states, err));
  return dm_part_do_lane(&job->lines, number, states, err);
}

/* The mutex is held. */
static void leave_lane(dm_crew *crew, lane *left) {
  left->is_taken = false;
  left->next++;
  count_added(crew);
  if (left->next < crew->unplaced) { /* more came while it was taken */
    dm_cond_signal(&crew->pool.has_work);
  }
}

/* The mutex is held. */
static void count_added(dm_crew *crew) {
  crew->unadded = crew->unplaced;
  for (size_t i = 0; i < crew->n_lanes; i++) {
    uint64_t next = crew->lanes[i].next;
    crew->unadded = next < crew->unadded ? next : crew->unadded;
  }
}

static void parse_job(const dm_crew *crew, dm_job *job, dm_parser *parser) {
  const dm_block *lines = job->is_stretch ? &job->stretch.lines : &job->block;
  dm_status status = DM_OK;
  if (job->is_stretch) {
    DM_TRY_DONE(dm_stretch_read(&job->stretch, &job->error));
  }
  DM_TRY_DONE(dm_parse_block(parser, lines, &job->lines.batch, &job->error));
  DM_TRY_DONE(dm_part_begin(&job->lines, crew->states, &job->error));
done:
  job->status = status;
}

static void work(void *data) {
  dm_crew *crew = data;
  dm_mutex_lock(&crew->pool.mutex);
  dm_parser *parser = crew->parsers[crew->n_taken++];
  while (!crew->pool.is_ending) {
    task t = take_task(crew);
    if (!t.job) {
      dm_cond_wait(&crew->pool.has_work, &crew->pool.mutex);
      continue;
    }
    dm_mutex_unlock(&crew->pool.mutex);
    do_task(crew, &t, parser);
    dm_mutex_lock(&crew->pool.mutex);
  }
  dm_mutex_unlock(&crew->pool.mutex);
}
