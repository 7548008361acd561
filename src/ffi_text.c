/* Columns of strings that R has yet to ask for. R keeps every string once, in a table of
   all strings of the session, and half a million of them take longer to enter there than
   their signals take to be read. So a column holds the bytes, and an element becomes a
   string of R when it is looked at, once. */
#include "ffi_text.h"

#include <R_ext/Altrep.h>
#include <string.h>

#include "number/dm_format.h"

/* The data of such a column. data1: a list of the bytes of all texts (raw) and of where
   each of them starts (size_t in a raw vector, one more than there are texts), or NULL
   when all strings are made. data2: the strings, "" where one is not made yet (and where
   the text is empty, which comes to the same), or NULL before the first. */
enum { PART_BYTES, PART_STARTS };

static R_altrep_class_t text_class;

static R_xlen_t text_length(SEXP x) {
  SEXP parts = R_altrep_data1(x);
  return parts == R_NilValue
             ? Rf_xlength(R_altrep_data2(x))
             : Rf_xlength(VECTOR_ELT(parts, PART_STARTS)) / (R_xlen_t)sizeof(size_t) - 1;
}

static SEXP text_elt(SEXP x, R_xlen_t i) {
  SEXP parts = R_altrep_data1(x);
  if (R_altrep_data2(x) == R_NilValue) {
    R_set_altrep_data2(x, Rf_allocVector(STRSXP, text_length(x)));
  }
  SEXP strings = R_altrep_data2(x);
  if (parts != R_NilValue && STRING_ELT(strings, i) == R_BlankString) {
    ffi_text_view view = ffi_text_look(x);
    size_t len;
    const char *text = ffi_text_at(&view, i, &len);
    SET_STRING_ELT(strings, i, ffi_char(text, len));
  }
  return STRING_ELT(strings, i);
}

/* Makes all strings and gives the bytes up. */
static SEXP make_all(SEXP x) {
  if (R_altrep_data1(x) != R_NilValue) {
    R_xlen_t n = text_length(x);
    for (R_xlen_t i = 0; i < n; i++) {
      (void)text_elt(x, i);
    }
    if (n == 0) {
      R_set_altrep_data2(x, Rf_allocVector(STRSXP, 0));
    }
    R_set_altrep_data1(x, R_NilValue);
  }
  return R_altrep_data2(x);
}

static void text_set_elt(SEXP x, R_xlen_t i, SEXP value) {
  SET_STRING_ELT(make_all(x), i, value);
}

static void *text_dataptr(SEXP x, Rboolean is_writable) {
  (void)is_writable;
  union { /* R asks for it without the const that it gives it with */
    const SEXP *const_strings;
    void *strings;
  } place = {.const_strings = STRING_PTR_RO(make_all(x))};
  return place.strings;
}

static const void *text_dataptr_or_null(SEXP x) {
  return R_altrep_data1(x) == R_NilValue ? STRING_PTR_RO(R_altrep_data2(x)) : NULL;
}

static int text_no_na(SEXP x) {
  return R_altrep_data1(x) != R_NilValue; /* then nothing was set to NA either */
}

void ffi_text_init(DllInfo *info) {
  text_class = R_make_altstring_class("datamap_text", "datacarto", info);
  R_set_altrep_Length_method(text_class, text_length);
  R_set_altvec_Dataptr_method(text_class, text_dataptr);
  R_set_altvec_Dataptr_or_null_method(text_class, text_dataptr_or_null);
  R_set_altstring_Elt_method(text_class, text_elt);
  R_set_altstring_Set_elt_method(text_class, text_set_elt);
  R_set_altstring_No_NA_method(text_class, text_no_na);
}

/* --- looked at and made by the glue --- */

ffi_text_view ffi_text_look(SEXP x) {
  ffi_text_view view = {0};
  SEXP parts = R_altrep_inherits(x, text_class) ? R_altrep_data1(x) : R_NilValue;
  if (parts != R_NilValue) {
    view.bytes = (const char *)RAW_RO(VECTOR_ELT(parts, PART_BYTES));
    view.starts = RAW_RO(VECTOR_ELT(parts, PART_STARTS));
  } else if (Rf_xlength(x)) {
    view.strings = STRING_PTR_RO(x);
  }
  return view;
}

ffi_text_fill ffi_text_begin(size_t n, size_t len) {
  ffi_text_fill fill = {.parts = PROTECT(Rf_allocVector(VECSXP, 2))};
  SEXP starts = Rf_allocVector(RAWSXP, (R_xlen_t)((n + 1) * sizeof fill.len));
  SET_VECTOR_ELT(fill.parts, PART_STARTS, starts);
  SEXP bytes = Rf_allocVector(RAWSXP, (R_xlen_t)len);
  SET_VECTOR_ELT(fill.parts, PART_BYTES, bytes);
  fill.next_start = RAW(starts);
  fill.bytes = RAW(bytes);
  memcpy(fill.next_start, &fill.len, sizeof fill.len);
  UNPROTECT(1);
  return fill;
}

SEXP ffi_text_end(const ffi_text_fill *fill) {
  return R_new_altrep(text_class, fill->parts, R_NilValue);
}

/* The id of a row as text, with room for its digits if it is an integer. Inline, since it
   is asked for twice a row, unlike dm_table_ident(). */
static inline dm_ident id_at(const dm_table *table, size_t i, char *digits) {
  dm_ident id = dm_index_ident(&table->states->ids, table->order[i]);
  if (!id.text) {
    id.len = dm_format_int64(id.value, digits);
    id.text = digits;
  }
  return id;
}

SEXP ffi_text_column(const dm_table *table) {
  char digits[DM_FORMAT_MAX];
  size_t len = 0;
  for (size_t i = 0; i < table->n; i++) {
    len += id_at(table, i, digits).len;
  }
  ffi_text_fill fill = ffi_text_begin(table->n, len);
  PROTECT(fill.parts);
  for (size_t i = 0; i < table->n; i++) {
    dm_ident id = id_at(table, i, digits);
    ffi_text_add(&fill, id.text, id.len);
  }
  SEXP out = ffi_text_end(&fill);
  UNPROTECT(1);
  return out;
}
