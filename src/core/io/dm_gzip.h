/* gzip by zlib: a row of the table of compressions, see dm_codec.h. */
#ifndef DM_GZIP_H
#define DM_GZIP_H

#include "io/dm_codec.h"

/* Any number of members one behind the other; the checksum and the length of each are
   checked. */
dm_status dm_gzip_open(void **out, dm_error *err) DM_MUST_CHECK;
dm_status dm_gzip_read(void *decoder, const dm_codec_input *input, char *buf, size_t n,
                       size_t *got, dm_error *err) DM_MUST_CHECK;
void dm_gzip_close(void *decoder);

#endif
