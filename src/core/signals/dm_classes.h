/* Classes that have names: the place of a label in the class vectors by its name, and the
   label that a class vector predicts. */
#ifndef DM_CLASSES_H
#define DM_CLASSES_H

#include "base/dm_error.h"
#include "signals/dm_fields.h"

typedef struct dm_class_name {
  dm_ident ident;
  size_t place;
} dm_class_name;

/* Zero-initialise; to be released at last, whatever failed before. */
typedef struct dm_classes {
  dm_class_name *sorted;
  dm_ident *names; /* by their places */
  size_t n;
  bool has_whole;     /* a name is a whole number, */
  bool are_whole;     /* or all are */
  bool is_predicting; /* they are more than the places themselves */
} dm_classes;

/* The names are borrowed, in the order of the class vectors. DM_E_INPUT where one stands
   there twice, DM_E_MEMORY. */
dm_status dm_classes_init(dm_classes *classes, const char *const *names, size_t n,
                          dm_error *err) DM_MUST_CHECK;
void dm_classes_release(dm_classes *classes);

/* The place of a label; false: it is none of the names. */
bool dm_classes_find(const dm_classes *classes, const dm_ident *label, size_t *place);

/* As a table's: of fields with a class vector and without a label_index, that index by
   the label's name, and pred_label where none is given. A number is a place itself where
   no name is one. DM_E_FIELD for a class vector of another length, DM_E_RANGE for a label
   that is none of the names. */
dm_status dm_classes_tell(const dm_classes *classes, dm_fields *fields,
                          dm_error *err) DM_MUST_CHECK;

#endif
