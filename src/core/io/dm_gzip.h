/* gzip by zlib: any number of members one behind the other; the checksum and the length
   of each are checked. */
#ifndef DM_GZIP_H
#define DM_GZIP_H

#include "io/dm_decoder.h"

extern const dm_decoder dm_gzip;

#endif
