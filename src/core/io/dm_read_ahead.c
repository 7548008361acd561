/* Opens gzip files ahead of their turn and inflates each into a ring of blocks. Any
   thread that has nothing else to do, the reading one among them, inflates the next block
   of the earliest file with room. A file is touched by one thread at a time: is_busy,
   under the mutex, says whether by any. */
#include "io/dm_read_ahead.h"

#include <assert.h>
#include <string.h>

#include "base/dm_mem.h"
#include "base/dm_pool.h"

enum {
  BLOCK_SIZE = 1 << 18,
  STREAMS_MAX = 16, /* files at once */
  BLOCKS_MAX = DM_READ_AHEAD_ROOM / BLOCK_SIZE
};

typedef struct block {
  char *data; /* made when first needed */
  size_t len;
  uint64_t consumed; /* compressed bytes up to its end */
} block;

/* A file that is being inflated; free where source is NULL. */
typedef struct stream {
  dm_read_ahead *ahead;
  dm_source *source;
  size_t index; /* of its path */
  block blocks[BLOCKS_MAX];
  uint64_t first; /* oldest block that is not read to its end, counted from the start */
  uint64_t next;  /* the next one to be filled */
  size_t used;    /* bytes of the first one that are read */
  bool is_busy;
  bool is_end;      /* nothing follows */
  dm_status status; /* how it ended */
  dm_error error;
} stream;

struct dm_read_ahead {
  const char *const *paths;
  size_t n;
  size_t n_streams;
  size_t n_blocks; /* of a stream */
  stream *streams; /* NULL where nothing is read ahead */
  size_t next;     /* path that has not been opened */
  dm_host host;
  dm_pool pool;     /* has_work: a block is full or empty, or a file came */
  size_t n_threads; /* that may be started */
};

static stream *find_stream(const dm_read_ahead *ahead, const dm_source *source);
static void add_stream(dm_read_ahead *ahead, dm_source *source, size_t index);
static void open_ahead(dm_read_ahead *ahead);
static void work(void *data);
static stream *take_stream(dm_read_ahead *ahead);
static void inflate_block(stream *s);
static dm_status fill_block(stream *s, block *b, dm_error *err);
static dm_status read_stream(void *ctx, char *buf, size_t n, size_t *got, dm_error *err);
static bool wait_for_block(stream *s);
static void close_stream(void *ctx);

dm_status dm_read_ahead_new(dm_read_ahead **out, const char *const *paths, size_t n,
                            int threads, const dm_host *host, dm_error *err) {
  *out = NULL;
  dm_read_ahead *ahead = dm_calloc(1, sizeof *ahead);
  if (!ahead) {
    return dm_error_memory(err);
  }
  ahead->paths = paths;
  ahead->n = n;
  if (host) {
    ahead->host = *host;
  }
  ahead->n_streams = threads < STREAMS_MAX ? (size_t)threads : STREAMS_MAX;
  ahead->n_threads = threads > 1 ? ahead->n_streams - 1 : 0;
  ahead->n_blocks = threads > 1 ? BLOCKS_MAX / ahead->n_streams : 0;
  dm_pool_init(&ahead->pool);
  *out = ahead;
  return DM_OK;
}

void dm_read_ahead_free(dm_read_ahead *ahead) {
  if (!ahead) {
    return;
  }
  dm_pool_end(&ahead->pool);
  for (size_t i = 0; ahead->streams && i < ahead->n_streams; i++) {
    dm_source_close(ahead->streams[i].source);
    for (size_t k = 0; k < BLOCKS_MAX; k++) {
      dm_free(ahead->streams[i].blocks[k].data);
    }
  }
  dm_pool_release(&ahead->pool);
  dm_free(ahead->streams);
  dm_free(ahead);
}

dm_status dm_read_ahead_open(dm_read_ahead *ahead, size_t i, dm_source **out,
                             dm_error *err) {
  assert(i < ahead->n && ahead->paths[i]);
  *out = NULL;
  for (size_t k = 0; ahead->streams && k < ahead->n_streams; k++) {
    stream *s = &ahead->streams[k];
    if (s->source && s->index == i) {
      *out = s->source;
    }
  }
  if (!*out) {
    ahead->next = i + 1;
    DM_TRY(dm_source_open_file(out, ahead->paths[i], &ahead->host, err));
    if (!ahead->n_threads || !dm_source_is_regular_compressed(*out)) {
      return DM_OK;
    }
    if (!ahead->streams) {
      ahead->streams = dm_calloc(ahead->n_streams, sizeof *ahead->streams);
    }
    if (ahead->streams) { /* without memory for them, it is read as usual */
      add_stream(ahead, *out, i);
    }
  }
  if (ahead->streams) {
    open_ahead(ahead);
    /* where the system has no more to give, it is not asked again */
    ahead->n_threads = dm_pool_start(&ahead->pool, ahead->n_threads, work, ahead);
  }
  return DM_OK;
}

/* --- files --- */

/* The stream of a source, or with NULL one that is free; NULL: none. */
static stream *find_stream(const dm_read_ahead *ahead, const dm_source *source) {
  for (size_t i = 0; i < ahead->n_streams; i++) {
    if (ahead->streams[i].source == source) {
      return &ahead->streams[i];
    }
  }
  return NULL;
}

/* There must be a free stream. */
static void add_stream(dm_read_ahead *ahead, dm_source *source, size_t index) {
  dm_mutex_lock(&ahead->pool.mutex);
  stream *s = find_stream(ahead, NULL);
  assert(s);
  s->ahead = ahead;
  s->source = source;
  s->index = index;
  s->first = s->next = s->used = 0;
  s->is_end = false;
  s->status = DM_OK;
  dm_source_lend(source,
                 &(dm_borrower){.read = read_stream, .close = close_stream, .ctx = s});
  dm_cond_broadcast(&ahead->pool.has_work);
  dm_mutex_unlock(&ahead->pool.mutex);
}

/* The files behind the last one opened, up to the first that is none to read ahead. What
   can't be opened now is opened, and reported, when it is its turn. */
static void open_ahead(dm_read_ahead *ahead) {
  while (ahead->next < ahead->n && find_stream(ahead, NULL)) {
    const char *path = ahead->paths[ahead->next];
    dm_source *source = path ? dm_source_open_compressed(path) : NULL;
    if (!source) {
      return;
    }
    add_stream(ahead, source, ahead->next++);
  }
}

/* --- threads --- */

static void work(void *data) {
  dm_read_ahead *ahead = data;
  dm_mutex_lock(&ahead->pool.mutex);
  while (!ahead->pool.is_ending) {
    stream *s = take_stream(ahead);
    if (s) {
      inflate_block(s);
    } else {
      dm_cond_wait(&ahead->pool.has_work, &ahead->pool.mutex);
    }
  }
  dm_mutex_unlock(&ahead->pool.mutex);
}

/* The earliest file with room that nobody inflates, now taken; NULL: none. The mutex is
   held. */
static stream *take_stream(dm_read_ahead *ahead) {
  stream *earliest = NULL;
  for (size_t i = 0; i < ahead->n_streams; i++) {
    stream *s = &ahead->streams[i];
    bool has_room = s->source && !s->is_end && s->next - s->first < ahead->n_blocks;
    if (has_room && !s->is_busy && (!earliest || s->index < earliest->index)) {
      earliest = s;
    }
  }
  if (earliest) {
    earliest->is_busy = true;
  }
  return earliest;
}

/* The mutex is held, but not meanwhile. */
static void inflate_block(stream *s) {
  dm_read_ahead *ahead = s->ahead;
  block *b = &s->blocks[s->next % ahead->n_blocks];
  dm_mutex_unlock(&ahead->pool.mutex);
  dm_status status = fill_block(s, b, &s->error);
  dm_mutex_lock(&ahead->pool.mutex);
  s->next += b->len > 0; /* also of a broken one: what stands before the fault */
  s->status = status;
  s->is_end = s->is_end || status || b->len < BLOCK_SIZE;
  s->is_busy = false;
  dm_cond_broadcast(&ahead->pool.has_work);
}

static dm_status fill_block(stream *s, block *b, dm_error *err) {
  b->len = 0;
  if (!b->data) {
    b->data = dm_malloc(BLOCK_SIZE);
    if (!b->data) {
      return dm_error_memory(err);
    }
  }
  dm_status status = dm_source_read_lent(s->source, b->data, BLOCK_SIZE, &b->len, err);
  b->consumed = dm_source_bytes(s->source);
  return status;
}

/* --- reading --- */

/* Takes the place of dm_source_read(). */
static dm_status read_stream(void *ctx, char *buf, size_t n, size_t *got, dm_error *err) {
  stream *s = ctx;
  dm_read_ahead *ahead = s->ahead;
  *got = 0;
  while (*got < n && wait_for_block(s)) {
    const block *b = &s->blocks[s->first % ahead->n_blocks];
    size_t left = b->len - s->used;
    size_t step = n - *got < left ? n - *got : left;
    memcpy(buf + *got, b->data + s->used, step);
    *got += step;
    s->used += step;
    uint64_t consumed = b->consumed;
    if (s->used == b->len) {
      s->used = 0;
      dm_mutex_lock(&ahead->pool.mutex);
      s->first++;
      dm_cond_broadcast(&ahead->pool.has_work);
      dm_mutex_unlock(&ahead->pool.mutex);
    }
    DM_TRY(dm_host_check(&ahead->host, consumed, err));
  }
  if (*got < n && s->status) {
    *err = s->error;
    return s->status;
  }
  return DM_OK;
}

/* Whether there is a block to read, which may have to be inflated first; where it is
   being inflated, something else is. */
static bool wait_for_block(stream *s) {
  dm_read_ahead *ahead = s->ahead;
  dm_mutex_lock(&ahead->pool.mutex);
  while (s->first == s->next && !s->is_end) {
    stream *other = take_stream(ahead);
    if (other) {
      inflate_block(other);
    } else {
      dm_cond_wait(&ahead->pool.has_work, &ahead->pool.mutex);
    }
  }
  bool has_block = s->first < s->next;
  dm_mutex_unlock(&ahead->pool.mutex);
  return has_block;
}

/* Before the source is closed. */
static void close_stream(void *ctx) {
  stream *s = ctx;
  dm_mutex_lock(&s->ahead->pool.mutex);
  s->is_end = true; /* nobody takes it any more */
  while (s->is_busy) {
    dm_cond_wait(&s->ahead->pool.has_work, &s->ahead->pool.mutex);
  }
  s->source = NULL;
  dm_mutex_unlock(&s->ahead->pool.mutex);
}
