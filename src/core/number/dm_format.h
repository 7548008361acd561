/* Numbers to the shortest text that reads back to the same bits, in every locale. */
#ifndef DM_FORMAT_H
#define DM_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* The room that any number needs. */
enum { DM_FORMAT_MAX = 40 };

/* Writes value to out, which has room for DM_FORMAT_MAX bytes (all of which may be
   written to); returns the length of the text, which has no NUL behind it. The digits are
   the fewest that dm_number() reads back to the same double, and among those the nearest
   to it. They stand in fixed or in exponent notation ("0.25", "1.5e-7"), whichever is
   shorter, fixed where both are as long; whole numbers have no ".0". "NaN" for every NaN,
   "Inf", "-Inf", "-0". Any thread. */
size_t dm_format_double(double value, char *out);

/* The same for an integer. */
size_t dm_format_int64(int64_t value, char *out);

#endif
