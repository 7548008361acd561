/* Paths in the form that Windows' functions take. Pure text: used there only, tested
   everywhere. */
#ifndef DM_PATH_H
#define DM_PATH_H

#include <stdint.h>

/* From this many UTF-16 units on, Windows takes a path only with a prefix. */
enum { DM_PATH_LONG = 248 };

/* The path (UTF-8) as UTF-16 with backslashes, NUL-terminated, freed by the caller with
   dm_free(). A long absolute one, C:\... or \\server\share\..., gets the prefix that
   lifts the limit of its length; since that also switches off the reading of "." and
   "..", not where it holds these. What has such a prefix already stays as it is. NULL
   with errno set: ENOENT for what is no UTF-8, ENOMEM. */
uint16_t *dm_path_utf16(const char *path);

#endif
