/* zstd by its own library, where that was there when the core was built: any number of
   frames one behind the other, those to be skipped among them. */
#ifndef DM_ZSTD_H
#define DM_ZSTD_H

#include "io/dm_decoder.h"
#include "io/dm_encoder.h"

extern const dm_decoder dm_zstd;
extern const dm_encoder dm_zstd_encoder;

#endif
