/* Turns R's paths, raw vectors and connections into sources of the core, and its values
   into idents. */
#include "ffi_signals.h"

#include <string.h>

#include "ffi_text.h"
#include "number/dm_format.h"
#include "signals/dm_keys.h"
#include "summary/dm_metric.h"

static const char *const format_names[] = {
    [DM_FORMAT_AUTO] = "auto", [DM_FORMAT_JSON] = "json", [DM_FORMAT_PYTHON] = "python"};
enum { N_FORMATS = sizeof format_names / sizeof *format_names };

/* The keys that fields stand in: a character vector named by the fields, or NULL. */
static const dm_names *names_of(SEXP fields) {
  R_xlen_t n = Rf_xlength(fields);
  if (n == 0) {
    return NULL;
  }
  dm_names *names = (dm_names *)R_alloc(1, sizeof *names);
  *names = (dm_names){0};
  for (int field = 0; field < DM_N_FIELDS; field++) {
    R_xlen_t at = ffi_place(fields, dm_keys[field].name);
    names->of[field] = at < 0 ? NULL : CHAR(STRING_ELT(fields, at));
  }
  return names;
}

dm_options ffi_options(SEXP options_sexp) {
  int format = ffi_choice(ffi_element(options_sexp, "format"), format_names, N_FORMATS);
  static const char *const last = "last";
  dm_options options = {
      .format = format < 0 ? DM_FORMAT_AUTO : (dm_format)format,
      .is_skipping = Rf_asLogical(ffi_element(options_sexp, "is_skipping")) == 1,
      .is_cut_allowed = Rf_asLogical(ffi_element(options_sexp, "is_cut_allowed")) == 1,
      .max_line = (size_t)Rf_asReal(ffi_element(options_sexp, "max_line")),
      .block_size = (size_t)Rf_asReal(ffi_element(options_sexp, "block_size")),
      .threads = Rf_asInteger(ffi_element(options_sexp, "threads")),
      .keeps_last_probs = ffi_choice(ffi_element(options_sexp, "probs"), &last, 1) == 0,
      .burn_out = (uint32_t)Rf_asReal(ffi_element(options_sexp, "burn_out")),
      .seed = ffi_seed()};
  SEXP steps = ffi_element(options_sexp, "steps");
  if (steps != R_NilValue) {
    options.has_step_range = true;
    options.first_step = REAL(steps)[0];
    options.last_step = REAL(steps)[1];
  }
  SEXP ids = ffi_element(options_sexp, "ids");
  if (ids != R_NilValue) {
    options.share = (uint32_t)REAL(ids)[0] - 1;
    options.n_shares = (uint32_t)REAL(ids)[1];
  }
  SEXP metrics = ffi_element(options_sexp, "metrics");
  for (R_xlen_t i = 0; i < Rf_xlength(metrics); i++) {
    dm_metric metric = dm_metric_find(CHAR(STRING_ELT(metrics, i)));
    options.metrics |= metric == DM_N_METRICS ? 0 : DM_METRIC_BIT(metric);
  }
  SEXP signals = ffi_element(options_sexp, "signals");
  options.n_signals = (size_t)Rf_xlength(signals);
  const char **names = (const char **)R_alloc(options.n_signals + 1, sizeof *names);
  for (size_t i = 0; i < options.n_signals; i++) {
    names[i] = CHAR(STRING_ELT(signals, (R_xlen_t)i));
  }
  options.signals = names;
  SEXP classes = ffi_element(options_sexp, "classes");
  options.n_classes = (size_t)Rf_xlength(classes);
  options.classes = options.n_classes ? ffi_texts(classes) : NULL;
  options.names = names_of(ffi_element(options_sexp, "fields"));
  return options;
}

/* Element i of a vector of class integer64, whose doubles have the bits of integers;
   INT64_MIN is its NA. */
static int64_t int64_of(SEXP column, R_xlen_t i) {
  int64_t value;
  memcpy(&value, &REAL_RO(column)[i], sizeof value);
  return value;
}

SEXP ffi_integer64(SEXP x_sexp, SEXP is_text_sexp) {
  bool is_text = Rf_asLogical(is_text_sexp) == 1;
  R_xlen_t n = TYPEOF(x_sexp) == REALSXP ? Rf_xlength(x_sexp) : 0;
  SEXP out = PROTECT(Rf_allocVector(is_text ? STRSXP : REALSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    int64_t value = int64_of(x_sexp, i);
    if (is_text) {
      dm_ident ident = dm_ident_from_int(value);
      ffi_set_ident(out, i, &ident);
      if (value == INT64_MIN) {
        SET_STRING_ELT(out, i, NA_STRING);
      }
    } else {
      REAL(out)[i] = value == INT64_MIN ? NA_REAL : (double)value;
    }
  }
  UNPROTECT(1);
  return out;
}

static bool is_ascii(const char *text, size_t len) {
  unsigned char bits = 0;
  for (size_t i = 0; i < len; i++) {
    bits |= (unsigned char)text[i];
  }
  return bits < 0x80;
}

/* Whether all strings are of ASCII, so that there is nothing to find out about their
   encodings; FALSE for what is no vector of strings. */
SEXP ffi_is_ascii(SEXP x_sexp) {
  bool is_fine = TYPEOF(x_sexp) == STRSXP;
  R_xlen_t n = is_fine ? Rf_xlength(x_sexp) : 0;
  ffi_text_view view = is_fine ? ffi_text_look(x_sexp) : (ffi_text_view){0};
  for (R_xlen_t i = 0; i < n && is_fine; i++) {
    if (view.strings && i + FFI_TEXTS_AHEAD < n) {
      ffi_prefetch_text(view.strings, i + FFI_TEXTS_AHEAD);
    }
    size_t len;
    const char *text = ffi_text_at(&view, i, &len);
    is_fine = is_ascii(text, len);
  }
  return Rf_ScalarLogical(is_fine);
}

/* The type that holds the whole numbers up to 2^53 that n texts stand for, each written
   as the number is; NILSXP if one stands for none. */
static SEXPTYPE whole_type(const ffi_text_view *view, R_xlen_t n) {
  const int64_t most = INT64_C(1) << 53;
  SEXPTYPE type = INTSXP;
  for (R_xlen_t i = 0; i < n; i++) {
    size_t len;
    const char *text = ffi_text_at(view, i, &len);
    dm_ident ident = dm_ident_from_text(text, len);
    if (ident.kind != DM_IDENT_INT_TEXT || ident.value < -most || ident.value > most) {
      return NILSXP;
    }
    if (ident.value <= INT32_MIN || ident.value > INT32_MAX) {
      type = REALSXP;
    }
  }
  return type;
}

/* A vector of strings as numbers, integer or double; NULL if one of them is none that is
   written so, and for what is no vector of strings. */
SEXP ffi_whole_numbers(SEXP x_sexp) {
  if (TYPEOF(x_sexp) != STRSXP) {
    return R_NilValue;
  }
  R_xlen_t n = Rf_xlength(x_sexp);
  ffi_text_view view = ffi_text_look(x_sexp);
  SEXPTYPE type = whole_type(&view, n);
  if (type == NILSXP) {
    return R_NilValue;
  }
  SEXP out = PROTECT(Rf_allocVector(type, n));
  for (R_xlen_t i = 0; i < n; i++) {
    size_t len;
    const char *text = ffi_text_at(&view, i, &len);
    dm_ident ident = dm_ident_from_text(text, len);
    if (type == INTSXP) {
      INTEGER(out)[i] = (int)ident.value;
    } else {
      REAL(out)[i] = (double)ident.value;
    }
  }
  UNPROTECT(1);
  return out;
}

dm_status ffi_check_idents(SEXP column, const char *name, R_xlen_t n, dm_error *err) {
  SEXPTYPE type = TYPEOF(column);
  bool is_of_idents = type == INTSXP || type == REALSXP || type == STRSXP;
  return column == R_NilValue
             ? DM_OK
             : ffi_check_vector(column, name, is_of_idents ? type : STRSXP, n, err);
}

dm_ident ffi_ident(SEXP column, R_xlen_t i) {
  dm_ident none = {0};
  switch (TYPEOF(column)) {
    case INTSXP:
      return INTEGER(column)[i] == NA_INTEGER ? none
                                              : dm_ident_from_int(INTEGER(column)[i]);
    case REALSXP:
      if (Rf_isObject(column)) { /* of class integer64 */
        int64_t value = int64_of(column, i);
        return value == INT64_MIN ? none : dm_ident_from_int(value);
      }
      /* whole and within 2^53, as R has checked; NA or not */
      return ISNAN(REAL(column)[i]) ? none : dm_ident_from_int((int64_t)REAL(column)[i]);
    case STRSXP: {
      SEXP text = STRING_ELT(column, i);
      return text == NA_STRING ? none
                               : dm_ident_from_text(CHAR(text), (size_t)LENGTH(text));
    }
    default:
      return none;
  }
}

SEXP ffi_ident_column(dm_ident_type type, R_xlen_t n) {
  return Rf_allocVector(type == DM_TYPE_INT32    ? INTSXP
                        : type == DM_TYPE_DOUBLE ? REALSXP
                                                 : STRSXP,
                        n);
}

void ffi_set_ident(SEXP out, R_xlen_t i, const dm_ident *ident) {
  if (TYPEOF(out) == INTSXP) {
    INTEGER(out)[i] = (int)ident->value;
  } else if (TYPEOF(out) == REALSXP) {
    REAL(out)[i] = (double)ident->value;
  } else if (ident->text) {
    SET_STRING_ELT(out, i, ffi_char(ident->text, ident->len));
  } else {
    char digits[DM_FORMAT_MAX];
    SET_STRING_ELT(out, i, ffi_char(digits, dm_format_int64(ident->value, digits)));
  }
}

typedef struct read_data {
  SEXP function;
  char *buf;
  size_t n;
  int64_t got;
} read_data;

static SEXP read_in_r(void *data) {
  read_data *read = data;
  SEXP n = PROTECT(Rf_ScalarInteger((int)read->n));
  SEXP call = PROTECT(Rf_lang2(read->function, n));
  SEXP bytes = PROTECT(Rf_eval(call, R_BaseEnv));
  if (TYPEOF(bytes) != RAWSXP || (size_t)Rf_xlength(bytes) > read->n) {
    Rf_error("the connection did not give raw bytes");
  }
  read->got = (int64_t)Rf_xlength(bytes);
  if (read->got) {
    memcpy(read->buf, RAW(bytes), (size_t)read->got);
  }
  UNPROTECT(3);
  return R_NilValue;
}

static int64_t read_from_r(void *ctx, char *buf, size_t n) {
  ffi_reader *reader = ctx;
  read_data data = {.function = reader->function, .buf = buf, .n = n};
  return ffi_unwind_try(reader->unwind, read_in_r, &data, NULL) ? data.got : -1;
}

dm_status ffi_open_source(dm_source **out, SEXP source_sexp, ffi_reader *reader,
                          const dm_host *host, dm_error *err) {
  if (TYPEOF(source_sexp) == RAWSXP) {
    return dm_source_open_memory(out, RAW(source_sexp), (size_t)Rf_xlength(source_sexp),
                                 host, err);
  }
  reader->function = source_sexp;
  return dm_source_open_callback(out, read_from_r, reader, host, err);
}
