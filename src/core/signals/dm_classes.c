/* Names are sorted, so that a label is found among thousands. */
#include "signals/dm_classes.h"

#include <stdlib.h>
#include <string.h>

#include "base/dm_mem.h"
#include "signals/dm_scores.h"

/* Integers by their value, before texts by their bytes. */
static int compare_idents(const dm_ident *a, const dm_ident *b) {
  bool is_text = dm_is_text(a->kind);
  if (is_text != dm_is_text(b->kind)) {
    return is_text ? 1 : -1;
  }
  if (!is_text) {
    return (a->value > b->value) - (a->value < b->value);
  }
  if (a->len != b->len) {
    return a->len > b->len ? 1 : -1;
  }
  return a->len ? memcmp(a->text, b->text, a->len) : 0;
}

static int compare_names(const void *a, const void *b) {
  const dm_class_name *first = a;
  const dm_class_name *second = b;
  return compare_idents(&first->ident, &second->ident);
}

dm_status dm_classes_init(dm_classes *classes, const char *const *names, size_t n,
                          dm_error *err) {
  classes->sorted = dm_calloc(n + 1, sizeof *classes->sorted);
  classes->names = dm_calloc(n + 1, sizeof *classes->names);
  if (!classes->sorted || !classes->names) {
    return dm_error_memory(err);
  }
  classes->n = n;
  classes->are_whole = n > 0;
  for (size_t place = 0; place < n; place++) {
    dm_ident ident = dm_ident_from_text(names[place], strlen(names[place]));
    bool is_whole = !dm_is_text(ident.kind);
    classes->names[place] = ident;
    classes->sorted[place] = (dm_class_name){.ident = ident, .place = place};
    classes->has_whole |= is_whole;
    classes->are_whole &= is_whole;
    classes->is_predicting |= !is_whole || ident.value != (int64_t)place;
  }
  qsort(classes->sorted, n, sizeof *classes->sorted, compare_names);
  for (size_t i = 1; i < n; i++) {
    if (compare_names(&classes->sorted[i - 1], &classes->sorted[i]) == 0) {
      return dm_error_expected(err, DM_E_INPUT, "different names of classes");
    }
  }
  return DM_OK;
}

void dm_classes_release(dm_classes *classes) {
  dm_free(classes->sorted);
  dm_free(classes->names);
  *classes = (dm_classes){0};
}

bool dm_classes_find(const dm_classes *classes, const dm_ident *label, size_t *place) {
  dm_class_name key = {.ident = *label};
  const dm_class_name *found =
      bsearch(&key, classes->sorted, classes->n, sizeof *classes->sorted, compare_names);
  if (found) {
    *place = found->place;
  }
  return found != NULL;
}

/* None where a NaN is among the scores, or the label itself has another type. */
static dm_ident predict(const dm_classes *classes, const dm_ident *label,
                        const double *scores) {
  if (dm_has_nan(scores, classes->n)) {
    return (dm_ident){0};
  }
  dm_ident name = classes->names[dm_first_maximum(scores, classes->n)];
  return classes->are_whole && label->kind == DM_IDENT_INT ? dm_ident_from_int(name.value)
                                                           : name;
}

static dm_status no_class(const dm_ident *label, dm_error *err) {
  char shown[64];
  dm_ident_print(label, shown, sizeof shown);
  dm_error_expected(err, DM_E_RANGE, "a label among the names of the classes");
  dm_error_key(err, "label", 5);
  dm_error_found(err, "%s", shown);
  return DM_E_RANGE;
}

dm_status dm_classes_tell(const dm_classes *classes, dm_fields *fields, dm_error *err) {
  const double *scores = fields->probs ? fields->probs : fields->logits;
  size_t n = fields->probs ? fields->n_probs : fields->n_logits;
  const dm_ident *label = &fields->label;
  if (!scores || label->kind == DM_IDENT_NONE) {
    return DM_OK;
  }
  if (n != classes->n) {
    const char *key = fields->probs ? "probs" : "logits";
    dm_error_expected(err, DM_E_FIELD, "a number for each of the %llu classes",
                      (unsigned long long)classes->n);
    dm_error_key(err, key, strlen(key));
    dm_error_found(err, "%llu", (unsigned long long)n);
    return DM_E_FIELD;
  }
  if (fields->has_label_index) {
    return DM_OK;
  }
  size_t place;
  bool is_whole = label->kind == DM_IDENT_INT || label->kind == DM_IDENT_INT_TEXT;
  if (!dm_classes_find(classes, label, &place)) {
    return is_whole && !classes->has_whole ? DM_OK : no_class(label, err);
  }
  if (classes->is_predicting && fields->pred_label.kind == DM_IDENT_NONE) {
    fields->pred_label = predict(classes, label, scores);
  }
  fields->has_label_index = label->kind != DM_IDENT_INT || label->value != (int64_t)place;
  fields->label_index = (int64_t)place;
  return DM_OK;
}
