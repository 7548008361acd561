/* Lists of numbers, as nearly all of them are written, without a call for each. */
#ifndef DM_NUMBERS_H
#define DM_NUMBERS_H

#include "number/dm_number.h"

/* Reads numbers of JSON's grammar with a comma or a comma and a space in between, from
   the first byte of one, at most room of them. Returns the byte behind the last that was
   taken, and *n, how many these are; p and 0 where none is. Each is finite, and a comma
   or a bracket stands behind it; what has another form, or none, is left to be read in
   full. DM_NUMBER_PAD bytes behind the list must be readable; none before it is read. */
const char *dm_numbers(const char *p, double *out, size_t room, size_t *n);

/* The same by what any processor can, which dm_numbers() is as well where no more is
   known of it: the same numbers to the bit. */
const char *dm_numbers_portable(const char *p, double *out, size_t room, size_t *n);

#endif
