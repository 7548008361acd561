/* What a reading is asked for, and the limits of that. */
#ifndef DM_OPTIONS_H
#define DM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  DM_SIGNALS_MAX = 64,      /* user signals at a time */
  DM_LINE_MAX = 0x7FFFFF00, /* offsets within a block fit 32 bits */
  DM_CLASS_MAX = 0x7FFFFF00 /* places of classes that a label_index may name */
};

typedef enum dm_format { DM_FORMAT_AUTO, DM_FORMAT_JSON, DM_FORMAT_PYTHON } dm_format;

/* How signals are read. Zero-initialised fields mean: automatic, stop at a bad line. */
typedef struct dm_options {
  dm_format format;
  bool is_skipping;    /* leave bad lines out and go on */
  bool is_cut_allowed; /* ignore an incomplete last line */
  size_t max_line;     /* bytes, 1 to DM_LINE_MAX */
  size_t block_size;   /* bytes read at a time, at least 1 */
  int threads; /* that parse side by side; 0 and 1: the caller alone. Changes no result */
  const struct dm_names *names; /* of fields, see dm_keys.h; NULL: the usual ones */
  const char *const *classes;   /* by their places, UTF-8; only lines need them */
  size_t n_classes;             /* 0: labels are places, or label_index tells them */
  const char *const *signals;   /* names of requested user signals, UTF-8 */
  size_t n_signals;             /* at most DM_SIGNALS_MAX */
  uint32_t metrics;             /* bits of dm_metric */
  bool keeps_last_probs; /* the class sums of a sample are its last class vector. No other
                            run may be merged with such a one, or go on from it */
  uint32_t burn_out;     /* of each sample the first so many evaluations count; 0: all */
  bool has_step_range; /* only evaluations with a step (else their order of occurrence, */
  double first_step;   /* from 0) in this range count, ends included; the burn_out are */
  double last_step;    /* the first of those */
  uint32_t share;    /* lines of other ids than this share's, from 0, are left out, as */
  uint32_t n_shares; /* if they were in no file; of so many, 0: all ids. See dm_event.h */
  uint64_t seed;     /* of the hash of ids; does not change any result */
} dm_options;

#endif
