/* System calls on files, with a branch for Windows each. */
#include "base/dm_os.h"

#include "io/dm_file.h"

#include <stdio.h>
#include <string.h>

#include "base/dm_mem.h"
#include "io/dm_path.h"

/* Of the part of path that ends in its last separator. */
size_t dm_file_folder(const char *path) {
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

char *dm_file_copy_path(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = dm_malloc(size);
  if (copy) {
    memcpy(copy, text, size);
  }
  return copy;
}

#ifdef _WIN32

int dm_file_look_up(const char *path, struct stat *info) {
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

bool dm_file_is_writable(const char *path) {
  enum { WRITE_MODE = 2 };
  wchar_t *wide = dm_path_utf16(path);
  bool is_allowed = wide && _waccess(wide, WRITE_MODE) == 0;
  int saved = errno;
  dm_free(wide);
  errno = saved;
  return is_allowed;
}

int dm_file_create(const char *path) {
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

int dm_file_open(const char *path) {
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

dm_place dm_file_place(int fd, const char *path) {
  (void)fd;
  (void)path;
  return DM_PLACE_SAME;
}

bool dm_file_size(int fd, uint64_t *size) {
  struct _stat64 info;
  if (_fstat64(fd, &info) != 0) {
    return false;
  }
  *size = (uint64_t)info.st_size;
  return true;
}

bool dm_file_seek(int fd, uint64_t place) {
  return _lseeki64(fd, (int64_t)place, SEEK_SET) >= 0;
}

bool dm_file_cut(int fd, uint64_t size) {
  errno_t code = _chsize_s(fd, (int64_t)size);
  if (code) {
    errno = code;
  }
  return code == 0;
}

bool dm_file_sync(int fd) {
  return _commit(fd) == 0;
}

/* As other systems call it. */
static int replace_errno(DWORD code, const wchar_t *to) {
  DWORD found = GetFileAttributesW(to);
  if (found != INVALID_FILE_ATTRIBUTES && (found & FILE_ATTRIBUTE_DIRECTORY)) {
    return EISDIR;
  }
  switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
      return ENOENT;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
      return EACCES;
    case ERROR_DISK_FULL:
      return ENOSPC;
    case ERROR_INVALID_NAME: /* also for one that is too long */
      return to[0] ? EINVAL : ENOENT;
    default:
      return EIO;
  }
}

bool dm_file_replace(const char *from, const char *to) {
  wchar_t *wide_from = dm_path_utf16(from);
  wchar_t *wide_to = wide_from ? dm_path_utf16(to) : NULL;
  int saved = errno;
  bool is_done =
      wide_to && MoveFileExW(wide_from, wide_to,
                             MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0;
  if (wide_to && !is_done) {
    saved = replace_errno(GetLastError(), wide_to);
  }
  dm_free(wide_from);
  dm_free(wide_to);
  errno = saved;
  return is_done;
}

void dm_file_remove(const char *path) {
  wchar_t *wide = dm_path_utf16(path);
  wchar_t short_one[MAX_PATH];
  if (wide) {
    DeleteFileW(wide);
    dm_free(wide);
  } else if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, short_one,
                                 MAX_PATH)) {
    DeleteFileW(short_one); /* nothing stays behind where memory is short either */
  }
}

void dm_file_sync_folder(const char *path) {
  (void)path; /* MOVEFILE_WRITE_THROUGH did */
}

#else

int dm_file_look_up(const char *path, struct stat *info) {
  return stat(path, info);
}

bool dm_file_is_writable(const char *path) {
  return access(path, W_OK) == 0;
}

int dm_file_create(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

int dm_file_open(const char *path) {
  return open(path, O_WRONLY | O_CLOEXEC);
}

/* Where the folder can't be looked into just now, the file may be there still unless it
   has no name left. */
dm_place dm_file_place(int fd, const char *path) {
  struct stat open_one;
  struct stat there;
  if (fstat(fd, &open_one) != 0) {
    return DM_PLACE_SAME; /* the next step will tell what is wrong */
  }
  if (stat(path, &there) != 0) {
    bool is_gone = errno == ENOENT || errno == ENOTDIR || open_one.st_nlink == 0;
    return is_gone ? DM_PLACE_EMPTY : DM_PLACE_SAME;
  }
  bool is_same = there.st_dev == open_one.st_dev && there.st_ino == open_one.st_ino;
  return is_same ? DM_PLACE_SAME : DM_PLACE_OTHER;
}

bool dm_file_size(int fd, uint64_t *size) {
  struct stat info;
  if (fstat(fd, &info) != 0) {
    return false;
  }
  *size = (uint64_t)info.st_size;
  return true;
}

bool dm_file_seek(int fd, uint64_t place) {
  return lseek(fd, (off_t)place, SEEK_SET) >= 0;
}

bool dm_file_cut(int fd, uint64_t size) {
  return ftruncate(fd, (off_t)size) == 0;
}

bool dm_file_sync(int fd) {
  /* some file systems have no such thing */
  return fsync(fd) == 0 || errno == EINVAL || errno == ENOSYS;
}

bool dm_file_replace(const char *from, const char *to) {
  return rename(from, to) == 0;
}

void dm_file_remove(const char *path) {
  unlink(path);
}

/* Makes the new name survive a power failure; where that can't be done, the file is
   complete under either name all the same. */
void dm_file_sync_folder(const char *path) {
  size_t len = dm_file_folder(path);
  char *folder = dm_file_copy_path(len ? path : ".");
  if (!folder) {
    return;
  }
  if (len) {
    folder[len] = '\0';
  }
  int fd = open(folder, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    (void)dm_file_sync(fd);
    close(fd);
  }
  dm_free(folder);
}

#endif
