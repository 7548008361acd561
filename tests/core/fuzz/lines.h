/* The targets "json" and "python": lines, read by the core and by the naive reader. */
#ifndef LINES_H
#define LINES_H

#include "naive.h"

/* Reads all lines as one block and each on its own, with and without signals, and holds
   both against the naive reader. */
void lines_check(const uint8_t *data, size_t size, dm_format format);

#endif
