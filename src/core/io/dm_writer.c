/* Turns bytes into a file that appears all at once: they go to a temporary file beside it
   that takes its name when it is complete. Devices and FIFOs can't be replaced, so they
   get the bytes as they come. A file that is added to gets them in its place, and is cut
   back where that fails. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64 /* as in dm_source.c */
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "io/dm_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#ifdef _WIN32
#include <io.h>
#include <process.h>
#include <windows.h>
#else
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#endif

#include "base/dm_mem.h"
#ifdef _WIN32
#include "io/dm_path.h"
#endif
#include "base/dm_text.h"

enum {
  BUFFER_SIZE = 1 << 18,
  NAME_KEPT = 180,    /* bytes of the target's name that the temporary one begins with */
  TEMPORARY_MAX = 64, /* what is added to that */
  ATTEMPTS_MAX = 10000,
  PIECE_MAX = 1 << 20, /* written at once, between two checks of the host */
  DIRECT_MAX = 4096    /* that a pipe with any room takes at once, so nothing blocks */
};

/* What stands where a file was opened. */
typedef enum place_state { PLACE_SAME, PLACE_EMPTY, PLACE_OTHER } place_state;

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
  size_t used; /* of buf */
  char buf[BUFFER_SIZE];
};

static dm_status find_target(dm_writer *writer, const char *path, dm_error *err);
static dm_status open_temporary(dm_writer *writer, dm_error *err);
static char *temporary_name(const char *target, unsigned attempt);
static dm_status flush(dm_writer *writer, dm_error *err);
static dm_status write_all(dm_writer *writer, const char *bytes, size_t n, dm_error *err);
static dm_status check_place(const dm_writer *writer, dm_error *err);
static dm_status go_to_end(dm_writer *writer, dm_error *err);
static size_t folder_length(const char *path);
static char *copy_text(const char *text);

/* The system's part; each sets errno when it fails. */
static bool is_writable(const char *path);
static int open_new(const char *path);
static int open_existing(const char *path);
static dm_status make_absolute(dm_writer *writer, dm_error *err);
static place_state look_at_place(int fd, const char *path);
static bool file_size(int fd, uint64_t *size);
static bool seek_file(int fd, uint64_t place);
static bool cut_file(int fd, uint64_t size);
static int64_t write_some(dm_writer *writer, const char *bytes, size_t n);
static bool sync_file(int fd);
static bool keep_permissions(const dm_writer *writer);
static bool replace_file(const char *from, const char *to);
static void remove_file(const char *path);
static void sync_folder(const char *path);
static unsigned long process_id(void);
static dm_status resolve_links(dm_writer *writer, dm_error *err);
static dm_status open_direct(dm_writer *writer, dm_error *err);
static int look_up(const char *path, struct stat *info);

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
  dm_status status = find_target(writer, path, err);
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
    DM_TRY(flush(writer, err));
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
      DM_TRY(flush(writer, err));
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
  DM_TRY(flush(writer, err));
  bool is_good = writer->is_direct || ((writer->is_append || keep_permissions(writer)) &&
                                       sync_file(writer->fd));
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
  if (!replace_file(writer->temporary, writer->target)) {
    return dm_error_io(err, errno, "a file that can be replaced");
  }
  dm_free(writer->temporary);
  writer->temporary = NULL;
  sync_folder(writer->target);
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
    remove_file(writer->temporary);
    dm_free(writer->temporary);
  }
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
  dm_status status = find_target(writer, path, err);
  if (!status && writer->is_direct) {
    status = open_direct(writer, err);
  } else if (!status) {
    status = make_absolute(writer, err);
  }
  if (!status && !writer->is_direct) {
    /* not both at once: what another process makes in between is not written to */
    writer->fd =
        writer->has_old ? open_existing(writer->target) : open_new(writer->target);
    if (writer->fd < 0 || !file_size(writer->fd, &writer->size)) {
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
  } else if (writer->is_direct || !cut_file(writer->fd, writer->size)) {
    *is_broken = true;
  }
  return status;
}

/* Whoever deletes a file that is open, or puts another in its place, leaves a file
   without a name: what is written to that is lost when it is closed. */
static dm_status check_place(const dm_writer *writer, dm_error *err) {
  place_state state = look_at_place(writer->fd, writer->target);
  if (state == PLACE_SAME) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_IO, "the file where it was opened");
  dm_error_found(err, state == PLACE_EMPTY ? "none: it was deleted or moved away"
                                           : "another one in its place");
  dm_error_advice(err, "open a new file to go on, or put this one back");
  return DM_E_IO;
}

/* What others do to the file in the meantime is noticed, though not what they do from
   here until the bytes are written. */
static dm_status go_to_end(dm_writer *writer, dm_error *err) {
  uint64_t size = 0;
  if (!file_size(writer->fd, &size) || !seek_file(writer->fd, writer->size)) {
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

bool dm_writer_is_device(const dm_writer *writer) {
  return writer->is_direct;
}

dm_status dm_writer_cut(dm_writer *writer, uint64_t size, dm_error *err) {
  if (!cut_file(writer->fd, size)) {
    return dm_error_io(err, errno, "a file that can be cut");
  }
  writer->size = size;
  return DM_OK;
}

/* --- the file and its name --- */

static dm_status find_target(dm_writer *writer, const char *path, dm_error *err) {
  writer->target = copy_text(path);
  if (!writer->target) {
    return dm_error_memory(err);
  }
  struct stat info;
  bool exists = look_up(path, &info) == 0;
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
  if (!is_writable(writer->target)) {
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
    writer->fd = open_new(name);
    if (writer->fd >= 0) {
      writer->temporary = name;
      return DM_OK;
    }
    int saved = errno;
    dm_free(name);
    /* another writer of this process, or one that was killed and had the same id */
    if (saved != EEXIST) {
      dm_error_io(err, saved, "a folder where a file can be created");
      if (saved != ENOENT) {
        dm_error_advice(err, "a temporary file is written beside the file, then renamed");
      }
      return DM_E_IO;
    }
  }
  dm_error_io(err, EEXIST, "a folder where a file can be created");
  dm_error_advice(err, "remove the files whose names end in " DM_WRITER_SUFFIX);
  return DM_E_IO;
}

static char *temporary_name(const char *target, unsigned attempt) {
  size_t folder = folder_length(target);
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

static dm_status flush(dm_writer *writer, dm_error *err) {
  DM_TRY(write_all(writer, writer->buf, writer->used, err));
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

/* Of the part of path that ends in its last separator. */
static size_t folder_length(const char *path) {
  size_t len = 0;
  for (size_t i = 0; path[i]; i++) {
    bool is_separator = path[i] == '/';
#ifdef _WIN32
    is_separator = is_separator || path[i] == '\\' || path[i] == ':';
#endif
    if (is_separator) {
      len = i + 1;
    }
  }
  return len;
}

static char *copy_text(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = dm_malloc(size);
  if (copy) {
    memcpy(copy, text, size);
  }
  return copy;
}

#ifdef _WIN32

static int look_up(const char *path, struct stat *info) {
  wchar_t *wide = dm_path_utf16(path);
  if (!wide) {
    return -1;
  }
  struct _stat64 wide_info;
  int code = _wstat64(wide, &wide_info);
  int saved = errno;
  dm_free(wide);
  errno = saved;
  memset(info, 0, sizeof *info);
  if (code == 0) {
    info->st_mode = wide_info.st_mode;
  }
  return code;
}

static bool is_writable(const char *path) {
  enum { WRITE_MODE = 2 };
  wchar_t *wide = dm_path_utf16(path);
  bool is_allowed = wide && _waccess(wide, WRITE_MODE) == 0;
  int saved = errno;
  dm_free(wide);
  errno = saved;
  return is_allowed;
}

static int open_new(const char *path) {
  wchar_t *wide = dm_path_utf16(path);
  if (!wide) {
    return -1;
  }
  int flags = _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT;
  int fd = _wopen(wide, flags, _S_IREAD | _S_IWRITE);
  int saved = errno;
  dm_free(wide);
  errno = saved;
  return fd;
}

static int open_existing(const char *path) {
  wchar_t *wide = dm_path_utf16(path);
  if (!wide) {
    return -1;
  }
  int fd = _wopen(wide, _O_WRONLY | _O_BINARY | _O_NOINHERIT);
  int saved = errno;
  dm_free(wide);
  errno = saved;
  return fd;
}

/* The system deletes, moves and replaces no file that is open as this one is. */
static dm_status make_absolute(dm_writer *writer, dm_error *err) {
  (void)writer;
  (void)err;
  return DM_OK;
}

static place_state look_at_place(int fd, const char *path) {
  (void)fd;
  (void)path;
  return PLACE_SAME;
}

static bool file_size(int fd, uint64_t *size) {
  struct _stat64 info;
  if (_fstat64(fd, &info) != 0) {
    return false;
  }
  *size = (uint64_t)info.st_size;
  return true;
}

static bool seek_file(int fd, uint64_t place) {
  return _lseeki64(fd, (int64_t)place, SEEK_SET) >= 0;
}

static bool cut_file(int fd, uint64_t size) {
  errno_t code = _chsize_s(fd, (int64_t)size);
  if (code) {
    errno = code;
  }
  return code == 0;
}

static int64_t write_some(dm_writer *writer, const char *bytes, size_t n) {
  return _write(writer->fd, bytes, (unsigned)n);
}

static bool sync_file(int fd) {
  return _commit(fd) == 0;
}

static bool keep_permissions(const dm_writer *writer) {
  (void)writer; /* a new file inherits the folder's */
  return true;
}

static bool replace_file(const char *from, const char *to) {
  wchar_t *wide_from = dm_path_utf16(from);
  wchar_t *wide_to = dm_path_utf16(to);
  bool is_done = wide_from && wide_to &&
                 MoveFileExW(wide_from, wide_to,
                             MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0;
  DWORD code = is_done ? 0 : GetLastError();
  dm_free(wide_from);
  dm_free(wide_to);
  if (!is_done) {
    bool is_held = code == ERROR_ACCESS_DENIED || code == ERROR_SHARING_VIOLATION ||
                   code == ERROR_LOCK_VIOLATION;
    errno = is_held ? EACCES : EIO;
  }
  return is_done;
}

static void remove_file(const char *path) {
  wchar_t *wide = dm_path_utf16(path);
  if (wide) {
    DeleteFileW(wide);
    dm_free(wide);
  }
}

static void sync_folder(const char *path) {
  (void)path; /* MOVEFILE_WRITE_THROUGH did */
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

static int look_up(const char *path, struct stat *info) {
  return stat(path, info);
}

static bool is_writable(const char *path) {
  return access(path, W_OK) == 0;
}

static int open_new(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

static int open_existing(const char *path) {
  return open(path, O_WRONLY | O_CLOEXEC);
}

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

/* Where the folder can't be looked into just now, the file may be there still unless it
   has no name left. */
static place_state look_at_place(int fd, const char *path) {
  struct stat open_one;
  struct stat there;
  if (fstat(fd, &open_one) != 0) {
    return PLACE_SAME; /* the next step will tell what is wrong */
  }
  if (stat(path, &there) != 0) {
    bool is_gone = errno == ENOENT || errno == ENOTDIR || open_one.st_nlink == 0;
    return is_gone ? PLACE_EMPTY : PLACE_SAME;
  }
  bool is_same = there.st_dev == open_one.st_dev && there.st_ino == open_one.st_ino;
  return is_same ? PLACE_SAME : PLACE_OTHER;
}

static bool file_size(int fd, uint64_t *size) {
  struct stat info;
  if (fstat(fd, &info) != 0) {
    return false;
  }
  *size = (uint64_t)info.st_size;
  return true;
}

static bool seek_file(int fd, uint64_t place) {
  return lseek(fd, (off_t)place, SEEK_SET) >= 0;
}

static bool cut_file(int fd, uint64_t size) {
  return ftruncate(fd, (off_t)size) == 0;
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

static bool sync_file(int fd) {
  /* some file systems have no such thing */
  return fsync(fd) == 0 || errno == EINVAL || errno == ENOSYS;
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

static bool replace_file(const char *from, const char *to) {
  return rename(from, to) == 0;
}

static void remove_file(const char *path) {
  unlink(path);
}

/* Makes the new name survive a power failure; where that can't be done, the file is
   complete under either name all the same. */
static void sync_folder(const char *path) {
  size_t len = folder_length(path);
  char *folder = copy_text(len ? path : ".");
  if (!folder) {
    return;
  }
  if (len) {
    folder[len] = '\0';
  }
  int fd = open(folder, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    (void)sync_file(fd);
    close(fd);
  }
  dm_free(folder);
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
    size_t folder = link[0] == '/' ? 0 : folder_length(writer->target);
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
