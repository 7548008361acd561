/* gzip by zlib: any number of members one behind the other, of which the checksum and the
   length are checked; written as one member. */
#ifndef DM_GZIP_H
#define DM_GZIP_H

#include "io/dm_decoder.h"
#include "io/dm_encoder.h"

extern const dm_decoder dm_gzip;
extern const dm_encoder dm_gzip_encoder;

#endif
