/* Workers take the oldest job that nobody has begun; the owner applies in order, reads
   what workers can't, and does their work when it has nothing else to do. Every job is
   touched by one thread at a time: its state, under the mutex, says by whom. */
#include "signals/dm_crew.h"

#include "base/dm_pool.h"

enum { JOB_FREE, JOB_WAITING, JOB_TAKEN, JOB_PARSED }; /* dm_job.state */

struct dm_crew {
  dm_pool pool;       /* has_work: a job waits */
  dm_cond has_parsed; /* a job is parsed */
  dm_job *jobs;
  size_t n_jobs;
  uint64_t first;      /* oldest job under way, counted from the crew's start */
  uint64_t next;       /* the next one to be filled */
  dm_parser **parsers; /* one for each thread; the first is the owner's */
  size_t n_parsers;
  size_t n_taken; /* parsers that a thread has for its own */
};

static void work(void *data);
static dm_job *take_job(dm_crew *crew);
static void parse_job(dm_crew *crew, dm_job *job, dm_parser *parser);
static dm_job *job_at(const dm_crew *crew, uint64_t i);

dm_status dm_crew_new(dm_crew **out, const dm_options *options, const dm_keep *keep,
                      int threads, dm_error *err) {
  dm_crew *crew = dm_calloc(1, sizeof *crew);
  *out = crew;
  if (!crew) {
    return dm_error_memory(err);
  }
  dm_pool_init(&crew->pool);
  dm_cond_init(&crew->has_parsed);
  crew->n_jobs = (size_t)threads + 2;
  crew->jobs = dm_calloc(crew->n_jobs, sizeof *crew->jobs);
  crew->parsers = dm_calloc((size_t)threads, sizeof *crew->parsers);
  if (!crew->jobs || !crew->parsers) {
    return dm_error_memory(err);
  }
  crew->n_parsers = (size_t)threads;
  for (size_t i = 0; i < crew->n_parsers; i++) {
    DM_TRY(dm_parser_new(&crew->parsers[i], options, keep, err));
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
    dm_batch_release(&crew->jobs[i].batch);
  }
  dm_cond_release(&crew->has_parsed);
  dm_pool_release(&crew->pool);
  dm_free(crew->parsers);
  dm_free(crew->jobs);
  dm_free(crew);
}

dm_job *dm_crew_free_job(dm_crew *crew) {
  return crew->next - crew->first < crew->n_jobs ? job_at(crew, crew->next) : NULL;
}

void dm_crew_submit(dm_crew *crew) {
  dm_mutex_lock(&crew->pool.mutex);
  job_at(crew, crew->next)->state = JOB_WAITING;
  crew->next++;
  dm_cond_signal(&crew->pool.has_work);
  dm_mutex_unlock(&crew->pool.mutex);
}

dm_job *dm_crew_parsed_job(dm_crew *crew) {
  dm_job *job = NULL;
  dm_mutex_lock(&crew->pool.mutex);
  if (crew->first < crew->next && job_at(crew, crew->first)->state == JOB_PARSED) {
    job = job_at(crew, crew->first);
  }
  dm_mutex_unlock(&crew->pool.mutex);
  return job;
}

void dm_crew_finish(dm_crew *crew) {
  dm_mutex_lock(&crew->pool.mutex);
  job_at(crew, crew->first)->state = JOB_FREE;
  crew->first++;
  dm_mutex_unlock(&crew->pool.mutex);
}

bool dm_crew_is_busy(const dm_crew *crew) {
  return crew->first < crew->next;
}

void dm_crew_help(dm_crew *crew) {
  dm_mutex_lock(&crew->pool.mutex);
  dm_job *job = take_job(crew);
  while (!job && job_at(crew, crew->first)->state != JOB_PARSED) {
    dm_cond_wait(&crew->has_parsed, &crew->pool.mutex);
  }
  dm_mutex_unlock(&crew->pool.mutex);
  if (job) {
    parse_job(crew, job, crew->parsers[0]);
  }
}

void dm_crew_cancel(dm_crew *crew) {
  dm_mutex_lock(&crew->pool.mutex);
  for (; crew->first < crew->next; crew->first++) {
    dm_job *job = job_at(crew, crew->first);
    while (job->state == JOB_TAKEN) {
      dm_cond_wait(&crew->has_parsed, &crew->pool.mutex);
    }
    job->state = JOB_FREE;
  }
  dm_mutex_unlock(&crew->pool.mutex);
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
  const dm_block *lines = job->is_stretch ? &job->stretch.lines : &job->block;
  job->status = job->is_stretch ? dm_stretch_read(&job->stretch, &job->error) : DM_OK;
  if (!job->status) {
    job->status = dm_parse_block(parser, lines, &job->batch, &job->error);
  }
  dm_mutex_lock(&crew->pool.mutex);
  job->state = JOB_PARSED;
  dm_cond_broadcast(&crew->has_parsed);
  dm_mutex_unlock(&crew->pool.mutex);
}

static void work(void *data) {
  dm_crew *crew = data;
  dm_mutex_lock(&crew->pool.mutex);
  dm_parser *parser = crew->parsers[crew->n_taken++];
  while (!crew->pool.is_ending) {
    dm_job *job = take_job(crew);
    if (!job) {
      dm_cond_wait(&crew->pool.has_work, &crew->pool.mutex);
      continue;
    }
    dm_mutex_unlock(&crew->pool.mutex);
    parse_job(crew, job, parser);
    dm_mutex_lock(&crew->pool.mutex);
  }
  dm_mutex_unlock(&crew->pool.mutex);
}
