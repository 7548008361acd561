/* Workers take the oldest block that nobody has begun; the owner reads, applies in order,
   and parses when it has nothing else to do. Every job is touched by one thread at a
   time: its state, under the mutex, says by whom. */
#include "dm_crew.h"

#include "dm_threads.h"

enum { JOB_FREE, JOB_WAITING, JOB_TAKEN, JOB_PARSED }; /* dm_job.state */

typedef struct worker {
  dm_thread thread;
  dm_crew *crew;
  dm_parser *parser;
  bool is_started;
} worker;

struct dm_crew {
  dm_mutex mutex;
  dm_cond has_work;   /* a job waits, or the crew ends */
  dm_cond has_parsed; /* a job is parsed */
  dm_job *jobs;
  size_t n_jobs;
  uint64_t first; /* oldest job under way, counted from the crew's start */
  uint64_t next;  /* the next one to be filled */
  bool is_ending;
  worker *workers;
  size_t n_workers;
  dm_parser *parser; /* the owner's */
};

static void work(void *data);
static dm_job *take_job(dm_crew *crew);
static void parse_job(dm_crew *crew, dm_job *job, dm_parser *parser);
static dm_job *job_at(const dm_crew *crew, uint64_t i);

dm_status dm_crew_new(dm_crew **out, const dm_options *options, int threads,
                      dm_error *err) {
  dm_crew *crew = dm_calloc(1, sizeof *crew);
  *out = crew;
  if (!crew) {
    return dm_error_memory(err);
  }
  dm_mutex_init(&crew->mutex);
  dm_cond_init(&crew->has_work);
  dm_cond_init(&crew->has_parsed);
  crew->n_jobs = (size_t)threads + 2;
  crew->jobs = dm_calloc(crew->n_jobs, sizeof *crew->jobs);
  crew->workers = dm_calloc((size_t)threads, sizeof *crew->workers);
  if (!crew->jobs || !crew->workers) {
    return dm_error_memory(err);
  }
  DM_TRY(dm_parser_new(&crew->parser, options, err));
  for (; crew->n_workers + 1 < (size_t)threads; crew->n_workers++) {
    worker *w = &crew->workers[crew->n_workers];
    w->crew = crew;
    dm_status status = dm_parser_new(&w->parser, options, err);
    if (status) {
      dm_parser_free(w->parser);
      return status;
    }
    w->is_started = dm_thread_start(&w->thread, work, w);
  }
  return DM_OK;
}

void dm_crew_free(dm_crew *crew) {
  if (!crew) {
    return;
  }
  dm_mutex_lock(&crew->mutex);
  crew->is_ending = true;
  dm_cond_broadcast(&crew->has_work);
  dm_mutex_unlock(&crew->mutex);
  for (size_t i = 0; i < crew->n_workers; i++) {
    if (crew->workers[i].is_started) {
      dm_thread_join(&crew->workers[i].thread);
    }
    dm_parser_free(crew->workers[i].parser);
  }
  for (size_t i = 0; crew->jobs && i < crew->n_jobs; i++) {
    dm_block_release(&crew->jobs[i].block);
    dm_batch_release(&crew->jobs[i].batch);
  }
  dm_parser_free(crew->parser);
  dm_cond_release(&crew->has_parsed);
  dm_cond_release(&crew->has_work);
  dm_mutex_release(&crew->mutex);
  dm_free(crew->workers);
  dm_free(crew->jobs);
  dm_free(crew);
}

dm_job *dm_crew_free_job(dm_crew *crew) {
  return crew->next - crew->first < crew->n_jobs ? job_at(crew, crew->next) : NULL;
}

void dm_crew_submit(dm_crew *crew) {
  dm_mutex_lock(&crew->mutex);
  job_at(crew, crew->next)->state = JOB_WAITING;
  crew->next++;
  dm_cond_signal(&crew->has_work);
  dm_mutex_unlock(&crew->mutex);
}

dm_job *dm_crew_parsed_job(dm_crew *crew) {
  dm_job *job = NULL;
  dm_mutex_lock(&crew->mutex);
  if (crew->first < crew->next && job_at(crew, crew->first)->state == JOB_PARSED) {
    job = job_at(crew, crew->first);
  }
  dm_mutex_unlock(&crew->mutex);
  return job;
}

void dm_crew_finish(dm_crew *crew) {
  dm_mutex_lock(&crew->mutex);
  job_at(crew, crew->first)->state = JOB_FREE;
  crew->first++;
  dm_mutex_unlock(&crew->mutex);
}

bool dm_crew_is_busy(const dm_crew *crew) {
  return crew->first < crew->next;
}

void dm_crew_help(dm_crew *crew) {
  dm_mutex_lock(&crew->mutex);
  dm_job *job = take_job(crew);
  while (!job && job_at(crew, crew->first)->state != JOB_PARSED) {
    dm_cond_wait(&crew->has_parsed, &crew->mutex);
  }
  dm_mutex_unlock(&crew->mutex);
  if (job) {
    parse_job(crew, job, crew->parser);
  }
}

void dm_crew_cancel(dm_crew *crew) {
  dm_mutex_lock(&crew->mutex);
  for (; crew->first < crew->next; crew->first++) {
    dm_job *job = job_at(crew, crew->first);
    while (job->state == JOB_TAKEN) {
      dm_cond_wait(&crew->has_parsed, &crew->mutex);
    }
    job->state = JOB_FREE;
  }
  dm_mutex_unlock(&crew->mutex);
}

static dm_job *job_at(const dm_crew *crew, uint64_t i) {
  return &crew->jobs[i % crew->n_jobs];
}

/* The oldest job that nobody has begun, now taken; NULL: none. The mutex is held. */
static dm_job *take_job(dm_crew *crew) {
  for (uint64_t i = crew->first; i < crew->next; i++) {
    dm_job *job = job_at(crew, i);
    if (job->state == JOB_WAITING) {
      job->state = JOB_TAKEN;
      return job;
    }
  }
  return NULL;
}

static void parse_job(dm_crew *crew, dm_job *job, dm_parser *parser) {
  job->status = dm_parse_block(parser, &job->block, &job->batch, &job->error);
  dm_mutex_lock(&crew->mutex);
  job->state = JOB_PARSED;
  dm_cond_broadcast(&crew->has_parsed);
  dm_mutex_unlock(&crew->mutex);
}

static void work(void *data) {
  worker *w = data;
  dm_crew *crew = w->crew;
  for (;;) {
    dm_mutex_lock(&crew->mutex);
    dm_job *job = NULL;
    while (!crew->is_ending && !(job = take_job(crew))) {
      dm_cond_wait(&crew->has_work, &crew->mutex);
    }
    dm_mutex_unlock(&crew->mutex);
    if (!job) {
      return;
    }
    parse_job(crew, job, w->parser);
  }
}
