/* Turns bytes into a file that appears all at once: they go to a temporary file beside it
   that takes its name when it is complete. Devices and FIFOs can't be replaced, so they
   get the bytes as they come. A file that is added to gets them in its place, and is cut
   back where that fails. Where the name asks for a compression, the bytes pass through an
   encoder. */
#include "base/dm_os.h"

#include "io/dm_writer.h"

#include <stdio.h>
#include <string.h>

#include "base/dm_mem.h"
#include "base/dm_text.h"
#include "io/dm_codec.h"
#include "io/dm_file.h"
#include "io/dm_path.h"

enum {
  BUFFER_SIZE = 1 << 18,
  NAME_KEPT = 180,    /* bytes of the target's name that the temporary one begins with */
  TEMPORARY_MAX = 64, /* what is added to that */
  ATTEMPTS_MAX = 10000,
  PIECE_MAX = 1 << 20, /* written at once, between two checks of the host */
  DIRECT_MAX = 4096    /* that a pipe with any room takes at once, so nothing blocks */
};

struct dm_writer {
  dm_host host;
  uint64_t written;
  int fd;
  bool is_direct;  /* a device or FIFO: nothing to replace */
  bool is_append;  /* written in its place */
  uint64_t size;   /* of the file that is added to */
  char *target;    /* without symbolic links at its end; absolute if it is added to */
  char *temporary; /* NULL while no such file exists */
  bool has_old;    /* there is a file to replace */
  mode_t old_mode;
#ifndef _WIN32
  uid_t old_user;
  gid_t old_group;
#endif
  const dm_encoder *encoder; /* NULL: the bytes as they are */
  void *encoding;            /* its state; NULL between the streams of a file added to */
  dm_buf encoded;
  size_t used; /* of buf */
  char buf[BUFFER_SIZE];
};

static dm_status find_target(dm_writer *writer, const char *path, dm_error *err);
static dm_status open_temporary(dm_writer *writer, dm_error *err);
static char *temporary_name(const char *target, unsigned attempt);
static dm_status find_encoder(dm_writer *writer, const char *path, dm_error *err);
static dm_status flush(dm_writer *writer, bool is_end, dm_error *err);
static dm_status encode_stream(dm_writer *writer, const char *bytes, size_t n,
                               const dm_host *host, dm_error *err);
static dm_status write_all(dm_writer *writer, const char *bytes, size_t n, dm_error *err);
static dm_status check_place(const dm_writer *writer, dm_error *err);
static dm_status go_to_end(dm_writer *writer, dm_error *err);

/* The system's part; each sets errno when it fails. */
static dm_status make_absolute(dm_writer *writer, dm_error *err);
static int64_t write_some(dm_writer *writer, const char *bytes, size_t n);
static bool keep_permissions(const dm_writer *writer);
static unsigned long process_id(void);
static dm_status resolve_links(dm_writer *writer, dm_error *err);
static dm_status open_direct(dm_writer *writer, dm_error *err);

dm_status dm_writer_open(dm_writer **out, const char *path, const dm_host *host,
                         dm_error *err) {
  *out = NULL;
  dm_writer *writer = dm_malloc(sizeof *writer);
  if (!writer) {
    return dm_error_memory(err);
  }
  memset(writer, 0, offsetof(dm_writer, buf));
  writer->fd = -1;
  if (host) {
    writer->host = *host;
  }
  dm_status status = find_encoder(writer, path, err);
  if (!status && writer->encoder) {
    status = writer->encoder->open(&writer->encoding, err);
  }
  if (!status) {
    status = find_target(writer, path, err);
  }
  if (!status) {
    status = writer->is_direct ? open_direct(writer, err) : open_temporary(writer, err);
  }
  if (status) {
    dm_writer_close(writer);
    return status;
  }
  *out = writer;
  return DM_OK;
}

dm_status dm_writer_room(dm_writer *writer, size_t n, char **out, dm_error *err) {
  if (n > BUFFER_SIZE - writer->used) {
    DM_TRY(flush(writer, false, err));
  }
  *out = writer->buf + writer->used;
  return DM_OK;
}

void dm_writer_advance(dm_writer *writer, const char *end) {
  writer->used = (size_t)(end - writer->buf);
}

dm_status dm_writer_write(dm_writer *writer, const void *bytes, size_t n, dm_error *err) {
  const char *next = bytes;
  while (n > 0) {
    if (writer->used == BUFFER_SIZE) {
      DM_TRY(flush(writer, false, err));
    }
    size_t room = BUFFER_SIZE - writer->used;
    size_t step = n < room ? n : room;
    memcpy(writer->buf + writer->used, next, step);
    writer->used += step;
    next += step;
    n -= step;
  }
  return DM_OK;
}

dm_status dm_writer_commit(dm_writer *writer, dm_error *err) {
  if (writer->is_append && !writer->is_direct) {
    DM_TRY(check_place(writer, err));
  }
  if (!writer->is_append) {
    DM_TRY(flush(writer, true, err));
  }
  bool is_good = writer->is_direct || ((writer->is_append || keep_permissions(writer)) &&
                                       dm_file_sync(writer->fd));
  int saved = errno;
  int fd = writer->fd;
  writer->fd = -1;
  if (close(fd) != 0 && is_good) {
    is_good = false;
    saved = errno;
  }
  if (!is_good) {
    return dm_error_io(err, saved, "a file that can be written");
  }
  if (writer->is_direct || writer->is_append) {
    return DM_OK;
  }
  if (!dm_file_replace(writer->temporary, writer->target)) {
    return dm_error_io(err, errno, "a file that can be replaced");
  }
  dm_free(writer->temporary);
  writer->temporary = NULL;
  dm_file_sync_folder(writer->target);
  return DM_OK;
}

void dm_writer_close(dm_writer *writer) {
  if (!writer) {
    return;
  }
  if (writer->fd >= 0) {
    close(writer->fd);
  }
  if (writer->temporary) {
    dm_file_remove(writer->temporary);
    dm_free(writer->temporary);
  }
  if (writer->encoding) {
    writer->encoder->close(writer->encoding);
  }
  dm_buf_release(&writer->encoded);
  dm_free(writer->target);
  dm_free(writer);
}

/* --- appending --- */

dm_status dm_writer_open_append(dm_writer **out, const char *path, bool is_new,
                                const dm_host *host, dm_error *err) {
  *out = NULL;
  dm_writer *writer = dm_malloc(sizeof *writer);
  if (!writer) {
    return dm_error_memory(err);
  }
  memset(writer, 0, offsetof(dm_writer, buf));
  writer->fd = -1;
  writer->is_append = true;
  if (host) {
    writer->host = *host;
  }
  dm_status status = find_encoder(writer, path, err);
  if (!status) {
    status = find_target(writer, path, err);
  }
  if (!status && writer->is_direct) {
    status = open_direct(writer, err);
  } else if (!status) {
    status = make_absolute(writer, err);
  }
  if (!status && !writer->is_direct) {
    /* not both at once: what another process makes in between is not written to */
    writer->fd =
        writer->has_old ? dm_file_open(writer->target) : dm_file_create(writer->target);
    if (writer->fd < 0 || !dm_file_size(writer->fd, &writer->size)) {
      status = dm_error_io(err, errno, "a file that can be written");
    } else if (is_new && writer->size > 0) {
      status = dm_error_io(err, EEXIST, "a new file");
    }
  }
  if (status) {
    dm_writer_close(writer);
    return status;
  }
  writer->host = (dm_host){0};
  *out = writer;
  return DM_OK;
}

dm_status dm_writer_append(dm_writer *writer, const void *bytes, size_t n,
                           const dm_host *host, bool *is_broken, dm_error *err) {
  *is_broken = false;
  if (writer->encoder && n > 0) {
    DM_TRY(encode_stream(writer, bytes, n, host, err));
    bytes = writer->encoded.data;
    n = writer->encoded.len;
  }
  if (!writer->is_direct) {
    DM_TRY(check_place(writer, err));
    DM_TRY(go_to_end(writer, err));
  }
  writer->host = host ? *host : (dm_host){0};
  writer->written = 0;
  dm_status status = write_all(writer, bytes, n, err);
  writer->host = (dm_host){0};
  if (!status) {
    writer->size += writer->is_direct ? 0 : n;
  } else if (writer->is_direct || !dm_file_cut(writer->fd, writer->size)) {
    *is_broken = true;
  }
  return status;
}

/* The bytes as one stream in encoded: they are in the file as a whole or not at all. */
static dm_status encode_stream(dm_writer *writer, const char *bytes, size_t n,
                               const dm_host *host, dm_error *err) {
  writer->encoded.len = 0;
  DM_TRY(writer->encoder->open(&writer->encoding, err));
  dm_status status = DM_OK;
  while (!status && n > 0) {
    size_t piece = n < PIECE_MAX ? n : PIECE_MAX;
    status = writer->encoder->add(writer->encoding, bytes, piece, piece == n,
                                  &writer->encoded, err);
    bytes += piece;
    n -= piece;
    if (!status && host) {
      status = dm_host_check(host, 0, err);
    }
  }
  writer->encoder->close(writer->encoding);
  writer->encoding = NULL;
  return status;
}

/* Whoever deletes a file that is open, or puts another in its place, leaves a file
   without a name: what is written to that is lost when it is closed. */
static dm_status check_place(const dm_writer *writer, dm_error *err) {
  dm_place state = dm_file_place(writer->fd, writer->target);
  if (state == DM_PLACE_SAME) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_IO, "the file where it was opened");
  dm_error_found(err, state == DM_PLACE_EMPTY ? "none: it was deleted or moved away"
                                              : "another one in its place");
  dm_error_advice(err, "open a new file to go on, or put this one back");
  return DM_E_IO;
}

/* What others do to the file in the meantime is noticed, though not what they do from
   here until the bytes are written. */
static dm_status go_to_end(dm_writer *writer, dm_error *err) {
  uint64_t size = 0;
  if (!dm_file_size(writer->fd, &size) || !dm_file_seek(writer->fd, writer->size)) {
    return dm_error_io(err, errno, "a file that can be written");
  }
  if (size != writer->size) {
    dm_error_expected(err, DM_E_IO, "a file of %llu bytes, as this process left it",
                      (unsigned long long)writer->size);
    dm_error_found(err, "%llu bytes", (unsigned long long)size);
    dm_error_advice(err, "let one process at a time write to it");
    return DM_E_IO;
  }
  return DM_OK;
}

uint64_t dm_writer_size(const dm_writer *writer) {
  return writer->size;
}

const char *dm_writer_temporary(const dm_writer *writer) {
  return writer->encoder ? NULL : writer->temporary;
}

bool dm_writer_is_device(const dm_writer *writer) {
  return writer->is_direct;
}

dm_status dm_writer_cut(dm_writer *writer, uint64_t size, dm_error *err) {
  if (!dm_file_cut(writer->fd, size)) {
    return dm_error_io(err, errno, "a file that can be cut");
  }
  writer->size = size;
  return DM_OK;
}

/* --- the file and its name --- */

static dm_status find_target(dm_writer *writer, const char *path, dm_error *err) {
  writer->target = dm_file_copy_path(path);
  if (!writer->target) {
    return dm_error_memory(err);
  }
  struct stat info;
  bool exists = dm_file_look_up(path, &info) == 0;
  if (!exists && errno != ENOENT) {
    return dm_error_io(err, errno, "a file that can be written");
  }
  if (exists && S_ISDIR(info.st_mode)) {
    return dm_error_io(err, EISDIR, "a file");
  }
  DM_TRY(resolve_links(writer, err));
  writer->is_direct = writer->is_direct || (exists && !S_ISREG(info.st_mode));
  if (writer->is_direct || !exists) {
    return DM_OK;
  }
  /* whoever made a file read-only did not mean that it may be replaced */
  if (!dm_file_is_writable(writer->target)) {
    return dm_error_io(err, errno, "a file that may be written to");
  }
  writer->has_old = true;
  writer->old_mode = info.st_mode;
#ifndef _WIN32
  writer->old_user = info.st_uid;
  writer->old_group = info.st_gid;
#endif
  return DM_OK;
}

static dm_status open_temporary(dm_writer *writer, dm_error *err) {
  for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    char *name = temporary_name(writer->target, attempt);
    if (!name) {
      return dm_error_memory(err);
    }
    writer->fd = dm_file_create(name);
    if (writer->fd >= 0) {
      writer->temporary = name;
      return DM_OK;
    }
    int saved = errno;
    dm_free(name);
    /* another writer of this process, or one that was killed and had the same id */
    if (saved != EEXIST) {
      dm_status status = dm_error_io(err, saved, "a folder where a file can be created");
      if (status == DM_E_IO && saved != ENOENT) {
        dm_error_advice(err, "a temporary file is written beside the file, then renamed");
      }
      return status;
    }
  }
  dm_error_io(err, EEXIST, "a folder where a file can be created");
  dm_error_advice(err, "remove the files whose names end in " DM_WRITER_SUFFIX);
  return DM_E_IO;
}

static char *temporary_name(const char *target, unsigned attempt) {
  size_t folder = dm_file_folder(target);
  size_t base = strlen(target + folder);
  if (base > NAME_KEPT) { /* a name as long as allowed has no room for more */
    base = dm_utf8_valid_prefix(target + folder, NAME_KEPT);
  }
  char *name = dm_malloc(folder + base + TEMPORARY_MAX);
  if (name) {
    memcpy(name, target, folder + base);
    snprintf(name + folder + base, TEMPORARY_MAX, ".%lu-%u" DM_WRITER_SUFFIX,
             process_id(), attempt);
  }
  return name;
}

static dm_status find_encoder(dm_writer *writer, const char *path, dm_error *err) {
  return dm_codec_encoder(dm_codec_of_path(path), &writer->encoder, err);
}

static dm_status flush(dm_writer *writer, bool is_end, dm_error *err) {
  const char *bytes = writer->buf;
  size_t n = writer->used;
  if (writer->encoder) {
    writer->encoded.len = 0;
    DM_TRY(
        writer->encoder->add(writer->encoding, bytes, n, is_end, &writer->encoded, err));
    bytes = writer->encoded.data;
    n = writer->encoded.len;
  }
  DM_TRY(write_all(writer, bytes, n, err));
  writer->used = 0;
  return DM_OK;
}

static dm_status write_all(dm_writer *writer, const char *bytes, size_t n,
                           dm_error *err) {
  size_t done = 0;
  while (done < n) {
    if (writer->is_direct) {
      DM_TRY(dm_host_wait(&writer->host, writer->fd, DM_READY_TO_WRITE, writer->written,
                          err));
    }
    size_t piece = n - done < PIECE_MAX ? n - done : PIECE_MAX;
    int64_t step = write_some(writer, bytes + done, piece);
    if (step > 0) {
      done += (size_t)step;
      writer->written += (uint64_t)step;
      if (done < n) {
        DM_TRY(dm_host_check(&writer->host, writer->written, err));
      }
    } else if (step < 0 && (errno == EINTR || errno == EAGAIN)) {
      DM_TRY(dm_host_check(&writer->host, writer->written, err));
    } else {
      return dm_error_io(err, step < 0 ? errno : EIO, "a file that can be written");
    }
  }
  return dm_host_check(&writer->host, writer->written, err);
}

#ifdef _WIN32

/* The system deletes, moves and replaces no file that is open as this one is. */
static dm_status make_absolute(dm_writer *writer, dm_error *err) {
  (void)writer;
  (void)err;
  return DM_OK;
}

static int64_t write_some(dm_writer *writer, const char *bytes, size_t n) {
  return _write(writer->fd, bytes, (unsigned)n);
}

static bool keep_permissions(const dm_writer *writer) {
  (void)writer; /* a new file inherits the folder's */
  return true;
}

static unsigned long process_id(void) {
  return (unsigned long)_getpid();
}

static dm_status resolve_links(dm_writer *writer, dm_error *err) {
  (void)writer;
  (void)err;
  return DM_OK;
}

static dm_status open_direct(dm_writer *writer, dm_error *err) {
  wchar_t *wide = dm_path_utf16(writer->target);
  if (!wide) {
    return dm_error_io(err, errno, "a device that can be written to");
  }
  writer->fd = _wopen(wide, _O_WRONLY | _O_BINARY | _O_NOINHERIT);
  int saved = errno;
  dm_free(wide);
  if (writer->fd < 0) {
    return dm_error_io(err, saved, "a device that can be written to");
  }
  return DM_OK;
}

#else

/* So that the file is found when the working folder is another one. */
static dm_status make_absolute(dm_writer *writer, dm_error *err) {
  enum { FOLDER_SIZE = 4096 };
  char folder[FOLDER_SIZE];
  bool is_relative = writer->target[0] && writer->target[0] != '/';
  if (!is_relative || !getcwd(folder, sizeof folder)) {
    return DM_OK;
  }
  size_t len = strlen(folder);
  size_t rest = strlen(writer->target) + 1;
  char *path = dm_malloc(len + 1 + rest);
  if (!path) {
    return dm_error_memory(err);
  }
  memcpy(path, folder, len);
  path[len] = '/';
  memcpy(path + len + 1, writer->target, rest);
  dm_free(writer->target);
  writer->target = path;
  return DM_OK;
}

/* A FIFO whose reader has gone raises SIGPIPE, whose handler may end the process or jump
   out of here: it is held back and taken off, so that only EPIPE is left. */
static int64_t write_some(dm_writer *writer, const char *bytes, size_t n) {
  if (!writer->is_direct) {
    return write(writer->fd, bytes, n);
  }
  n = n < DIRECT_MAX ? n : DIRECT_MAX;
  sigset_t pipe_only, before, pending;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  sigpending(&pending);
  bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
  ssize_t step = write(writer->fd, bytes, n);
  int saved = errno;
  if (step < 0 && saved == EPIPE && !was_pending) {
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE) == 1) {
      int taken;
      sigwait(&pipe_only, &taken);
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = saved;
  return step;
}

static bool keep_permissions(const dm_writer *writer) {
  struct stat info;
  if (!writer->has_old) {
    return true;
  }
  if (fstat(writer->fd, &info) != 0) {
    return false;
  }
  bool is_same = info.st_uid == writer->old_user && info.st_gid == writer->old_group;
  if (!is_same && fchown(writer->fd, writer->old_user, writer->old_group) != 0 &&
      fchown(writer->fd, info.st_uid, writer->old_group) != 0) {
    /* only root may give files away: the new one is then its writer's own */
  }
  return fchmod(writer->fd, writer->old_mode & 0777) == 0;
}

static unsigned long process_id(void) {
  return (unsigned long)getpid();
}

/* Makes target what its symbolic links lead to, whether or not that exists. */
static dm_status resolve_links(dm_writer *writer, dm_error *err) {
  enum { LINKS_MAX = 40, LINK_SIZE = 4096 };
  char link[LINK_SIZE];
  for (int i = 0; i < LINKS_MAX; i++) {
    /* these name open files, which have to be written to and not replaced */
    if (strncmp(writer->target, "/proc/", 6) == 0 ||
        strncmp(writer->target, "/dev/fd/", 8) == 0) {
      writer->is_direct = true;
      return DM_OK;
    }
    ssize_t n = readlink(writer->target, link, sizeof link - 1);
    if (n < 0) { /* no link, or nothing there yet */
      return DM_OK;
    }
    link[n] = '\0';
    size_t folder = link[0] == '/' ? 0 : dm_file_folder(writer->target);
    char *next = dm_malloc(folder + (size_t)n + 1);
    if (!next) {
      return dm_error_memory(err);
    }
    memcpy(next, writer->target, folder);
    memcpy(next + folder, link, (size_t)n + 1);
    dm_free(writer->target);
    writer->target = next;
  }
  return dm_error_io(err, ELOOP, "a file that can be written");
}

/* The descriptor that a path names, or -1. */
static int named_descriptor(const char *path) {
  static const char *const folders[] = {"/proc/self/fd/", "/dev/fd/"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    size_t len = strlen(folders[i]);
    if (strncmp(path, folders[i], len) == 0) {
      int fd = 0;
      const char *digit = path + len;
      while (*digit >= '0' && *digit <= '9' && fd < 100000) {
        fd = fd * 10 + (*digit++ - '0');
      }
      return *digit || digit == path + len ? -1 : fd;
    }
  }
  return -1;
}

static dm_status open_direct(dm_writer *writer, dm_error *err) {
  int named = named_descriptor(writer->target);
  for (;;) {
    /* A duplicate of the standard output goes on where that stands, also in a file. A
       FIFO is opened so that the wait for its reader lets Ctrl-C through. */
    writer->fd = named >= 0 ? fcntl(named, F_DUPFD_CLOEXEC, 0)
                            : open(writer->target, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (writer->fd >= 0) {
      return DM_OK;
    }
    int saved = errno;
    struct stat info;
    bool is_waiting =
        saved == ENXIO && stat(writer->target, &info) == 0 && S_ISFIFO(info.st_mode);
    if (!is_waiting && saved != EINTR) {
      return dm_error_io(err, saved, "a device that can be written to");
    }
    if (is_waiting) {
      poll(NULL, 0, DM_HOST_MILLISECONDS);
    }
    DM_TRY(dm_host_check(&writer->host, writer->written, err));
  }
}

#endif
