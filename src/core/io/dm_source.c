/* Turns a path, a piece of memory or a callback into one stream of plain bytes: raw bytes
   come in through read_raw(), and pass through a decoder where they start like what a
   compression made. */
#include "base/dm_os.h"

#include "io/dm_source.h"

#include <limits.h>
#include <string.h>

#include "base/dm_mem.h"
#include "io/dm_codec.h"
#include "io/dm_path.h"

enum { READ_MAX = 1 << 20 }; /* at most so many bytes between two checks of the host */

typedef enum source_kind { SOURCE_FILE, SOURCE_MEMORY, SOURCE_CALLBACK } source_kind;

struct dm_source {
  source_kind kind;
  dm_host host;
  dm_borrower borrower; /* read is NULL: nobody */
  uint64_t consumed;    /* raw bytes so far */

  int fd;             /* SOURCE_FILE */
  bool is_regular;    /* has a size that is known when opened */
  uint64_t size;      /* of a regular file when opened */
  const char *memory; /* SOURCE_MEMORY */
  size_t memory_len;
  dm_read_fn read; /* SOURCE_CALLBACK */
  void *ctx;

  char magic[DM_MAGIC_SIZE]; /* the first bytes, read when opened, given out first */
  size_t magic_len;
  size_t magic_used;

  bool is_end;           /* the raw bytes have ended; nobody is asked again */
  const dm_codec *codec; /* NULL: plain bytes */
  const dm_decoder *decoder;
  void *decoding; /* its state */
};

static dm_source *source_new(source_kind kind, const dm_host *host);
static dm_status source_start(dm_source **source, const char *path, dm_error *err);
static dm_status read_raw(dm_source *source, char *buf, size_t n, size_t *got,
                          dm_error *err);
static dm_status read_file(dm_source *source, char *buf, size_t n, size_t *got,
                           dm_error *err);
static dm_status file_shrank(const dm_source *source, uint64_t end, dm_error *err);
static dm_status read_decoded(dm_source *source, char *buf, size_t n, size_t *got,
                              dm_error *err);
static int open_path(const char *path);
static bool is_regular_path(const char *path);

dm_status dm_source_open_file(dm_source **out, const char *path, const dm_host *host,
                              dm_error *err) {
  *out = NULL;
  dm_source *source = source_new(SOURCE_FILE, host);
  if (!source) {
    return dm_error_memory(err);
  }
  source->fd = open_path(path);
  struct stat info;
  if (source->fd < 0 || fstat(source->fd, &info) != 0) {
    dm_status status = dm_error_io(err, errno, "a file that can be opened");
    dm_source_close(source);
    return status;
  }
  if (S_ISDIR(info.st_mode)) {
    dm_source_close(source);
    return dm_error_io(err, EISDIR, "a file");
  }
  /* files under /proc call themselves regular and empty: those are read to their end */
  source->is_regular = S_ISREG(info.st_mode) && info.st_size > 0;
  source->size = source->is_regular ? (uint64_t)info.st_size : 0;
  DM_TRY(source_start(&source, path, err));
  *out = source;
  return DM_OK;
}

dm_status dm_source_open_memory(dm_source **out, const void *memory, size_t len,
                                const dm_host *host, dm_error *err) {
  *out = NULL;
  dm_source *source = source_new(SOURCE_MEMORY, host);
  if (!source) {
    return dm_error_memory(err);
  }
  source->memory = memory;
  source->memory_len = len;
  DM_TRY(source_start(&source, NULL, err));
  *out = source;
  return DM_OK;
}

dm_status dm_source_open_callback(dm_source **out, dm_read_fn read, void *ctx,
                                  const dm_host *host, dm_error *err) {
  *out = NULL;
  dm_source *source = source_new(SOURCE_CALLBACK, host);
  if (!source) {
    return dm_error_memory(err);
  }
  source->read = read;
  source->ctx = ctx;
  DM_TRY(source_start(&source, NULL, err));
  *out = source;
  return DM_OK;
}

dm_source *dm_source_open_compressed(const char *path) {
  dm_error unused;
  dm_source *source = NULL;
  if (is_regular_path(path) &&
      dm_source_open_file(&source, path, NULL, &unused) == DM_OK &&
      !dm_source_is_regular_compressed(source)) {
    dm_source_close(source);
    source = NULL;
  }
  return source;
}

bool dm_source_is_regular_compressed(const dm_source *source) {
  return source->codec && source->is_regular;
}

void dm_source_lend(dm_source *source, const dm_borrower *borrower) {
  source->borrower = *borrower;
  source->host = (dm_host){0};
}

bool dm_source_is_lent(const dm_source *source) {
  return source->borrower.read != NULL;
}

dm_status dm_source_read(dm_source *source, char *buf, size_t n, size_t *got,
                         dm_error *err) {
  const dm_borrower *borrower = &source->borrower;
  return borrower->read ? borrower->read(borrower->ctx, buf, n, got, err)
                        : dm_source_read_lent(source, buf, n, got, err);
}

dm_status dm_source_read_lent(dm_source *source, char *buf, size_t n, size_t *got,
                              dm_error *err) {
  *got = 0;
  return source->codec ? read_decoded(source, buf, n, got, err)
                       : read_raw(source, buf, n, got, err);
}

bool dm_source_has_places(const dm_source *source) {
#ifdef _WIN32
  bool is_file = false; /* it has no pread() */
#else
  bool is_file = source->is_regular;
#endif
  return (is_file || source->kind == SOURCE_MEMORY) && !source->codec;
}

dm_status dm_source_skip(dm_source *source, size_t n, uint64_t *from, size_t *got,
                         dm_error *err) {
  uint64_t size = source->kind == SOURCE_MEMORY ? source->memory_len : source->size;
  *from = source->consumed - (source->magic_len - source->magic_used);
  uint64_t left = size - *from;
  n = n < READ_MAX ? n : READ_MAX;
  *got = n < left ? n : (size_t)left;
  source->magic_used = source->magic_len; /* is read again where it stands */
  source->consumed = *from + *got;
  return *got ? dm_host_check(&source->host, source->consumed, err) : DM_OK;
}

dm_status dm_source_read_at(const dm_source *source, uint64_t from, char *buf, size_t n,
                            dm_error *err) {
  if (source->kind == SOURCE_MEMORY) {
    memcpy(buf, source->memory + from, n);
    return DM_OK;
  }
#ifndef _WIN32
  for (size_t done = 0; done < n;) {
    ssize_t step = pread(source->fd, buf + done, n - done, (off_t)(from + done));
    if (step > 0) {
      done += (size_t)step;
    } else if (step == 0) {
      return file_shrank(source, from + done, err);
    } else if (errno != EINTR && errno != EAGAIN) {
      return dm_error_io(err, errno, "a file that can be read");
    }
  }
#else
  (void)err; /* nothing fails */
#endif
  return DM_OK;
}

uint64_t dm_source_bytes(const dm_source *source) {
  return source->consumed;
}

const char *dm_source_compression(const dm_source *source) {
  return source->codec ? source->codec->name : NULL;
}

bool dm_source_is_cut(const dm_source *source, uint64_t *whole) {
  return source->codec && source->decoder->is_cut(source->decoding, whole);
}

bool dm_source_has_grown(const dm_source *source) {
  struct stat info;
  return source->fd >= 0 && fstat(source->fd, &info) == 0 && S_ISREG(info.st_mode) &&
         (uint64_t)info.st_size > source->size;
}

void dm_source_close(dm_source *source) {
  if (!source) {
    return;
  }
  if (source->borrower.close) {
    source->borrower.close(source->borrower.ctx);
  }
  if (source->decoding) {
    source->decoder->close(source->decoding);
  }
  if (source->fd >= 0) {
    close(source->fd);
  }
  dm_free(source);
}

static dm_source *source_new(source_kind kind, const dm_host *host) {
  dm_source *source = dm_calloc(1, sizeof *source);
  if (source) {
    source->kind = kind;
    source->fd = -1;
    if (host) {
      source->host = *host;
    }
  }
  return source;
}

/* Looks at the first bytes, and at the path if there is one, and prepares a decoder.
   Closes the source when it fails. */
static dm_status source_start(dm_source **out, const char *path, dm_error *err) {
  dm_source *source = *out;
  dm_status status =
      read_raw(source, source->magic, DM_MAGIC_SIZE, &source->magic_len, err);
  if (status) {
    goto done;
  }
  source->codec = dm_codec_find(source->magic, source->magic_len, path);
  source->decoder = source->codec ? dm_codec_decoder(source->codec) : NULL;
  if (source->decoder) {
    status = source->decoder->open(&source->decoding, err);
  } else if (source->codec) {
    status = dm_error_io(err, 0, dm_codec_read_names());
    dm_error_found(err, source->codec->is_archive ? "a %s archive" : "%s compression",
                   source->codec->name);
    dm_error_advice(err, "%s", source->codec->advice);
  }
done:
  if (status) {
    dm_source_close(source);
    *out = NULL;
  }
  return status;
}

/* Fills buf with raw bytes, fewer than n only at the end. */
static dm_status read_raw(dm_source *source, char *buf, size_t n, size_t *got,
                          dm_error *err) {
  size_t done = source->magic_len - source->magic_used;
  done = done < n ? done : n;
  memcpy(buf, source->magic + source->magic_used, done);
  source->magic_used += done;
  while (done < n && !source->is_end) {
    size_t want = n - done < READ_MAX ? n - done : READ_MAX;
    size_t step = 0;
    if (source->kind == SOURCE_FILE) {
      DM_TRY(read_file(source, buf + done, want, &step, err));
    } else if (source->kind == SOURCE_MEMORY) {
      size_t left = source->memory_len - (size_t)source->consumed;
      step = want < left ? want : left;
      if (step) {
        memcpy(buf + done, source->memory + source->consumed, step);
      }
    } else {
      int64_t read = source->read(source->ctx, buf + done, want);
      if (read < 0) {
        return dm_error_set(err, DM_E_INTERRUPT);
      }
      step = (size_t)read;
    }
    if (step == 0) {
      source->is_end = true;
      break;
    }
    source->consumed += step;
    done += step;
    DM_TRY(dm_host_check(&source->host, source->consumed, err));
  }
  *got = done;
  return DM_OK;
}

static dm_status read_file(dm_source *source, char *buf, size_t n, size_t *got,
                           dm_error *err) {
  if (source->is_regular) {
    uint64_t left = source->size - source->consumed;
    n = n < left ? n : (size_t)left;
  }
  *got = 0;
  while (n > 0) {
    if (!source->is_regular) {
      DM_TRY(dm_host_wait(&source->host, source->fd, DM_READY_TO_READ, source->consumed,
                          err));
    }
#ifdef _WIN32
    int step = _read(source->fd, buf, (unsigned)n);
#else
    ssize_t step = read(source->fd, buf, n);
#endif
    if (step > 0) {
      *got = (size_t)step;
      return DM_OK;
    }
    if (step == 0) {
      break;
    }
    if (errno != EINTR && errno != EAGAIN) {
      return dm_error_io(err, errno, "a file that can be read");
    }
    DM_TRY(dm_host_check(&source->host, source->consumed, err));
  }
  if (source->is_regular && source->consumed < source->size) {
    return file_shrank(source, source->consumed, err);
  }
  return DM_OK;
}

static dm_status file_shrank(const dm_source *source, uint64_t end, dm_error *err) {
  dm_error_expected(err, DM_E_IO, "%llu bytes, the size of the file when it was opened",
                    (unsigned long long)source->size);
  dm_error_found(err, "an end after %llu bytes: the file shrank",
                 (unsigned long long)end);
  dm_error_advice(err, "read it again when nothing rewrites it");
  return DM_E_IO;
}

/* What a decoder asks for. */
static dm_status read_compressed(void *ctx, char *buf, size_t n, size_t *got,
                                 dm_error *err) {
  return read_raw(ctx, buf, n, got, err);
}

static dm_status check_host(void *ctx, dm_error *err) {
  const dm_source *source = ctx;
  return dm_host_check(&source->host, source->consumed, err);
}

static dm_status read_decoded(dm_source *source, char *buf, size_t n, size_t *got,
                              dm_error *err) {
  const dm_decoder_input input = {
      .read = read_compressed, .check = check_host, .ctx = source};
  return source->decoder->read(source->decoding, &input, buf, n, got, err);
}

#ifdef _WIN32

static int open_path(const char *path) {
  wchar_t *wide = dm_path_utf16(path);
  if (!wide) {
    return -1;
  }
  int fd = _wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT);
  int saved = errno;
  DWORD found = fd < 0 && saved == EACCES ? GetFileAttributesW(wide) : 0;
  if (found != INVALID_FILE_ATTRIBUTES && (found & FILE_ATTRIBUTE_DIRECTORY)) {
    saved = EISDIR; /* as other systems call it */
  }
  dm_free(wide);
  errno = saved;
  return fd;
}

static bool is_regular_path(const char *path) {
  struct _stat64 info;
  wchar_t *wide = dm_path_utf16(path);
  bool is_regular =
      wide && _wstat64(wide, &info) == 0 && (info.st_mode & S_IFMT) == S_IFREG;
  dm_free(wide);
  return is_regular;
}

#else

/* Not blocking, so that a FIFO without a writer opens at once and the wait for one is
   dm_host_wait()'s, which lets Ctrl-C through. */
static int open_path(const char *path) {
  return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static bool is_regular_path(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

#endif
