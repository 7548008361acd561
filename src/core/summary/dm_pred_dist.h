/* How often each label was predicted, as text. */
#ifndef DM_PRED_DIST_H
#define DM_PRED_DIST_H

#include "summary/dm_index.h"

/* Prints counts by label as a Python dict does: {'0': 1, '1': 7}. All labels of an index
   are in it, ascending: integers by value, then strings by their bytes. */
typedef struct dm_pred_dist {
  char *text;       /* room for the longest */
  uint32_t *column; /* of the counts, which is the label's row in the index */
  size_t *key_end;  /* in keys */
  dm_buf keys;      /* "'0': " and so on, one behind the other */
  size_t n;
} dm_pred_dist;

/* Zero-initialise; release also where this fails: DM_E_MEMORY. */
dm_status dm_pred_dist_init(dm_pred_dist *dist, const dm_index *labels,
                            dm_error *err) DM_MUST_CHECK;
void dm_pred_dist_release(dm_pred_dist *dist);
/* Prints to dist->text and returns how many bytes; 0 where all of the counts, one per row
   of the index, are 0. */
size_t dm_pred_dist_print(const dm_pred_dist *dist, const double *counts);

#endif
