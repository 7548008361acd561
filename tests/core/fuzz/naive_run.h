/* A second summary, of lines that the naive reader reads. */
#ifndef NAIVE_RUN_H
#define NAIVE_RUN_H

#include "outcome.h"

/* Holds the outcome of a run under skip over plain files against the definitions. */
void naive_run_check(const char *const *bytes, const size_t *len, size_t n_files,
                     const dm_options *options, const outcome *got);

#endif
