/* Arrow streams that R holds, by the plan that R makes of their columns. */
#include "ffi_stream.h"

#include <string.h>

bool ffi_is_stream(SEXP input) {
  return ffi_element(input, "stream") != R_NilValue;
}

/* The struct behind a pointer of a class of the package nanoarrow; NULL where it is
   another thing, or has been released. */
static void *pointer_of(SEXP pointer, const char *class) {
  return TYPEOF(pointer) == EXTPTRSXP && Rf_inherits(pointer, class)
             ? R_ExternalPtrAddr(pointer)
             : NULL;
}

static int32_t place_of(int value) {
  return value == NA_INTEGER ? -1 : (int32_t)(value - 1);
}

/* A column of integers as places, in memory of R_alloc(). */
static dm_status places_of(const int32_t **out, SEXP list, const char *name, R_xlen_t n,
                           dm_error *err) {
  SEXP values;
  DM_TRY(ffi_typed_element(&values, list, name, INTSXP, n, err));
  int32_t *places = (int32_t *)R_alloc((size_t)n + 1, sizeof *places);
  for (R_xlen_t i = 0; i < n; i++) {
    places[i] = place_of(INTEGER_RO(values)[i]);
  }
  *out = places;
  return DM_OK;
}

static dm_status vector_of(dm_stream_vector *out, SEXP input, const char *name,
                           dm_error *err) {
  SEXP list = ffi_element(input, name);
  const int32_t *column;
  R_xlen_t n = Rf_xlength(ffi_element(list, "parts"));
  DM_TRY(places_of(&column, list, "column", 1, err));
  DM_TRY(places_of(&out->parts, list, "parts", n, err));
  out->column = *column;
  out->n_parts = (size_t)n;
  out->is_second = Rf_asLogical(ffi_element(list, "is_second")) == 1;
  return DM_OK;
}

static dm_status plan_of(dm_stream_plan *plan, SEXP input, size_t n_signals,
                         dm_error *err) {
  SEXP fields = ffi_element(input, "fields");
  for (int i = 0; i < DM_N_STREAM_FIELDS; i++) {
    const int32_t *place;
    DM_TRY(places_of(&place, fields, dm_stream_field_names[i], 1, err));
    plan->fields[i] = *place;
  }
  plan->is_epoch = Rf_asLogical(ffi_element(input, "is_epoch")) == 1;
  DM_TRY(vector_of(&plan->probs, input, "probs", err));
  DM_TRY(vector_of(&plan->logits, input, "logits", err));
  DM_TRY(places_of(&plan->signals, input, "signals", (R_xlen_t)n_signals, err));
  R_xlen_t n_classes = Rf_xlength(ffi_element(input, "classes"));
  SEXP classes;
  DM_TRY(ffi_typed_element(&classes, input, "classes", STRSXP, n_classes, err));
  plan->classes = ffi_texts(classes);
  plan->n_classes = (size_t)n_classes;
  plan->is_predicting = Rf_asLogical(ffi_element(input, "is_predicting")) == 1;
  return DM_OK;
}

dm_status ffi_read_stream(dm_stream *stream, dm_run *run, SEXP input, const dm_host *host,
                          dm_error *err) {
  dm_stream_plan *plan = (dm_stream_plan *)R_alloc(1, sizeof *plan);
  DM_TRY(plan_of(plan, input, run->states.options.n_signals, err));
  dm_arrow_stream *source =
      pointer_of(ffi_element(input, "stream"), "nanoarrow_array_stream");
  DM_TRY(dm_stream_open(stream, source, plan, run, host, err));
  SEXP batches = ffi_element(input, "batches");
  for (R_xlen_t i = 0; i < Rf_xlength(batches); i++) {
    const dm_arrow_array *batch = pointer_of(VECTOR_ELT(batches, i), "nanoarrow_array");
    if (!batch || !batch->release) {
      return dm_error_expected(err, DM_E_IO, "batches that have not been released");
    }
    DM_TRY(dm_stream_take(stream, batch, err));
  }
  return dm_stream_rest(stream, err);
}
