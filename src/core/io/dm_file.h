/* What the system does with files: the same calls on either one, by paths in UTF-8. Where
   one fails, it is false or -1, and errno says why. The includer asks for 64-bit offsets,
   as dm_os.h does. */
#ifndef DM_FILE_H
#define DM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Of the part of path that ends in its last separator. */
size_t dm_file_folder(const char *path);
/* NULL: no memory. */
char *dm_file_copy_path(const char *text);

/* As stat(); on Windows only the mode is filled in. */
int dm_file_look_up(const char *path, struct stat *info);
bool dm_file_is_writable(const char *path);

/* For writing: one that was not there, one that was. */
int dm_file_create(const char *path);
int dm_file_open(const char *path);
bool dm_file_size(int fd, uint64_t *size);
bool dm_file_seek(int fd, uint64_t place);
bool dm_file_cut(int fd, uint64_t size);
bool dm_file_sync(int fd);

/* What stands where a file was opened. */
typedef enum dm_place { DM_PLACE_SAME, DM_PLACE_EMPTY, DM_PLACE_OTHER } dm_place;
dm_place dm_file_place(int fd, const char *path);

/* Renames, also where there is a file of that name. */
bool dm_file_replace(const char *from, const char *to);
void dm_file_remove(const char *path);
/* Of the folder that the path's file is in, as far as can be. */
void dm_file_sync_folder(const char *path);

#endif
