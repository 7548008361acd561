/* The glue's own tools: unwinding, interrupts and progress, errors as lists. */
#include "ffi.h"

#include <R_ext/Utils.h>
#include <limits.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

static void jump_out(void *target, Rboolean is_jump) {
  if (is_jump) {
    longjmp(*(jmp_buf *)target, 1);
  }
}

bool ffi_unwind_try(ffi_unwind *unwind, SEXP (*fn)(void *), void *data, SEXP *out) {
  jmp_buf target;
  if (setjmp(target)) {
    unwind->is_jumping = true;
    return false;
  }
  SEXP value = R_UnwindProtect(fn, data, jump_out, &target, unwind->token);
  if (out) {
    *out = value;
  }
  return true;
}

void ffi_unwind_continue(ffi_unwind *unwind) {
  if (unwind->is_jumping) {
    unwind->is_jumping = false;
    R_ContinueUnwind(unwind->token);
  }
}

static double seconds(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct check_data {
  ffi_host *host;
  uint64_t bytes;
} check_data;

static SEXP check_in_r(void *data) {
  check_data *check = data;
  R_CheckUserInterrupt();
  if (check->host->progress != R_NilValue && seconds() >= check->host->next_progress) {
    double bytes = (double)(check->host->bytes_before + check->bytes);
    SEXP value = PROTECT(Rf_ScalarReal(bytes));
    SEXP call = PROTECT(Rf_lang2(check->host->progress, value));
    Rf_eval(call, R_BaseEnv);
    UNPROTECT(2);
    check->host->next_progress = seconds() + 0.1;
  }
  return R_NilValue;
}

static int check_host(void *ctx, uint64_t bytes) {
  ffi_host *host = ctx;
  check_data data = {.host = host, .bytes = bytes};
  return !ffi_unwind_try(host->unwind, check_in_r, &data, NULL);
}

dm_host ffi_host_for_core(ffi_host *host) {
  return (dm_host){.check = check_host, .ctx = host};
}

static SEXP number_or_na(uint64_t value, bool is_known) {
  return Rf_ScalarReal(is_known ? (double)value : NA_REAL);
}

SEXP ffi_error(const dm_error *err) {
  const char *names[] = {"class",      "reason",     "file",  "line",     "column",
                         "byte",       "key",        "found", "expected", "advice",
                         "other_file", "other_line", ""};
  SEXP out = PROTECT(Rf_mkNamed(VECSXP, names));
  SET_VECTOR_ELT(out, 0, Rf_mkString(dm_status_names[err->status]));
  SET_VECTOR_ELT(out, 1, Rf_mkString(err->sys_errno ? strerror(err->sys_errno) : ""));
  SET_VECTOR_ELT(out, 2, Rf_ScalarInteger(err->file < 0 ? NA_INTEGER : err->file + 1));
  SET_VECTOR_ELT(out, 3, number_or_na(err->line, err->line > 0));
  SET_VECTOR_ELT(out, 4, number_or_na(err->column, err->column > 0));
  SET_VECTOR_ELT(out, 5, number_or_na(err->byte, err->line > 0));
  const char *texts[] = {err->key, err->found, err->expected, err->advice};
  for (int i = 0; i < 4; i++) {
    SET_VECTOR_ELT(out, 6 + i, Rf_ScalarString(ffi_char(texts[i], strlen(texts[i]))));
  }
  int other = err->other_file < 0 ? NA_INTEGER : err->other_file + 1;
  SET_VECTOR_ELT(out, 10, Rf_ScalarInteger(other));
  SET_VECTOR_ELT(out, 11, number_or_na(err->other_line, err->other_line > 0));
  Rf_setAttrib(out, R_ClassSymbol, Rf_mkString("dm_error"));
  UNPROTECT(1);
  return out;
}

int ffi_choice(SEXP text_sexp, const char *const *names, int n) {
  bool is_text = TYPEOF(text_sexp) == STRSXP && Rf_xlength(text_sexp) == 1;
  for (int i = 0; is_text && i < n; i++) {
    if (strcmp(CHAR(STRING_ELT(text_sexp, 0)), names[i]) == 0) {
      return i;
    }
  }
  return -1;
}

R_xlen_t ffi_place(SEXP vector, const char *name) {
  SEXP names = Rf_getAttrib(vector, R_NamesSymbol);
  bool is_named = TYPEOF(names) == STRSXP && Rf_xlength(names) == Rf_xlength(vector);
  R_xlen_t n = is_named ? Rf_xlength(names) : 0;
  for (R_xlen_t i = 0; i < n; i++) {
    if (strcmp(CHAR(STRING_ELT(names, i)), name) == 0) {
      return i;
    }
  }
  return -1;
}

SEXP ffi_element(SEXP list, const char *name) {
  R_xlen_t at = TYPEOF(list) == VECSXP ? ffi_place(list, name) : -1;
  return at < 0 ? R_NilValue : VECTOR_ELT(list, at);
}

static const char *type_name(SEXPTYPE type) {
  return type == REALSXP  ? "a double vector"
         : type == INTSXP ? "an integer vector"
         : type == LGLSXP ? "a logical vector"
         : type == STRSXP ? "a character vector"
                          : "a list";
}

dm_status ffi_check_vector(SEXP vector, const char *name, SEXPTYPE type, R_xlen_t n,
                           dm_error *err) {
  bool is_type = TYPEOF(vector) == type;
  if (is_type && Rf_xlength(vector) == n) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_INPUT, "%s of length %lld", type_name(type), (long long)n);
  if (is_type) {
    dm_error_found(err, "length %lld", (long long)Rf_xlength(vector));
  } else {
    dm_error_found(err, vector == R_NilValue ? "none" : "another type");
  }
  dm_error_key(err, name, strlen(name));
  return DM_E_INPUT;
}

dm_status ffi_check_matrix(SEXP matrix, const char *name, R_xlen_t n, dm_error *err) {
  SEXP dim = Rf_getAttrib(matrix, R_DimSymbol);
  if (TYPEOF(matrix) == REALSXP && TYPEOF(dim) == INTSXP && Rf_xlength(dim) == 2 &&
      INTEGER_RO(dim)[0] == n) {
    return DM_OK;
  }
  dm_error_expected(err, DM_E_INPUT, "a double matrix of %lld rows", (long long)n);
  dm_error_found(err, "another type or size");
  dm_error_key(err, name, strlen(name));
  return DM_E_INPUT;
}

dm_status ffi_typed_element(SEXP *out, SEXP list, const char *name, SEXPTYPE type,
                            R_xlen_t n, dm_error *err) {
  *out = ffi_element(list, name);
  return ffi_check_vector(*out, name, type, n, err);
}

dm_missing ffi_missing(void) {
  return (dm_missing){.int32 = NA_INTEGER, .double_bits = dm_double_bits(NA_REAL)};
}

uint64_t ffi_seed(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  uint64_t place = (uint64_t)(uintptr_t)&now; /* differs by address randomisation */
  uint64_t seed = place ^ (uint64_t)now.tv_nsec << 20 ^ (uint64_t)now.tv_sec << 40;
  seed = (seed ^ seed >> 31) * UINT64_C(0xA24BAED4963EE407);
  return seed ^ seed >> 29;
}

SEXP ffi_char(const char *text, size_t len) {
  return Rf_mkCharLenCE(text, (int)len, CE_UTF8);
}

const char *ffi_utf8(SEXP text) {
  return Rf_getCharCE(text) == CE_BYTES ? CHAR(text) : Rf_translateCharUTF8(text);
}

const char *const *ffi_texts(SEXP column) {
  R_xlen_t n = Rf_xlength(column);
  const char **texts = (const char **)R_alloc((size_t)n, sizeof *texts);
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP text = STRING_ELT(column, i);
    texts[i] = text == NA_STRING ? NULL : ffi_utf8(text);
  }
  return texts;
}
