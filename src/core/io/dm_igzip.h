/* gzip by ISA-L's igzip, where that was there when the core was built: as dm_gzip, in
   less than half the time. */
#ifndef DM_IGZIP_H
#define DM_IGZIP_H

#include "io/dm_decoder.h"

extern const dm_decoder dm_igzip;

#endif
